//! In which language the report speaks: French or English, each sentence beside its translation.

use crate::record::{Language, RequestKind};

/// The report's language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tongue {
    /// English.
    En,
    /// French.
    Fr,
}

impl Tongue {
    /// The one for people who speak this; English where there is none.
    pub fn of(language: Language) -> Self {
        match language {
            Language::Fr => Self::Fr,
            _ => Self::En,
        }
    }

    /// Its code, for `lang="…"`.
    pub fn code(self) -> &'static str {
        self.say("en", "fr")
    }

    /// One of the two.
    pub fn say<T>(self, en: T, fr: T) -> T {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }

    /// A number of things, in words; in French zero is singular.
    pub fn many(self, n: u64, en: (&str, &str), fr: (&str, &str)) -> String {
        let word = match self {
            Self::En if n == 1 => en.0,
            Self::En => en.1,
            Self::Fr if n < 2 => fr.0,
            Self::Fr => fr.1,
        };
        format!("{n} {word}")
    }

    /// What was asked, as people say it.
    pub fn kind(self, kind: RequestKind) -> &'static str {
        match kind {
            RequestKind::Stop => "STOP",
            RequestKind::Source => self.say("source", "source"),
            RequestKind::Access => self.say("access", "accès"),
            RequestKind::Erasure => self.say("erasure", "effacement"),
            RequestKind::Rectification => self.say("rectification", "rectification"),
            RequestKind::Restriction => self.say("restriction", "limitation"),
            RequestKind::Portability => self.say("portability", "portabilité"),
            RequestKind::Complaint => self.say("complaint", "plainte"),
        }
    }

    /// Several, in their order.
    pub fn kinds(self, kinds: &[RequestKind]) -> String {
        let words: Vec<&str> = kinds.iter().map(|k| self.kind(*k)).collect();
        words.join(" + ")
    }
}
