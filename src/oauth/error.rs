//! Why there is no token, in words that an operator can act on; none of them holds a token, a code or an address.

use crate::config::SecretError;

/// Why there is no token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OauthError {
    /// Nobody has logged in yet.
    #[error("nobody has logged in yet: quitus oauth login {name}")]
    NobodyYet {
        /// As the command names it.
        name: String,
    },
    /// The provider gives no more tokens; it is not asked again before a person has done something.
    #[error("the log-in has ended ({why}) and is not tried again by itself: {fix}")]
    Ended {
        /// The provider's word and words.
        why: String,
        /// What to do.
        fix: String,
    },
    /// The application's secret could not be read.
    #[error("the client_secret: {0}")]
    Secret(#[from] SecretError),
    /// The provider cannot be asked now.
    #[error("no token for now: {why}")]
    Later {
        /// What happened.
        why: String,
    },
    /// The mail server takes none.
    #[error("the server offers no log-in by token (XOAUTH2, OAUTHBEARER)")]
    NotTaken,
    /// The file of tokens.
    #[error("the tokens cannot be kept: {why}")]
    Disk {
        /// The system's words.
        why: String,
    },
}

impl OauthError {
    /// Whether trying again soon can only do harm: a person must act first.
    pub const fn needs_a_person(&self) -> bool {
        self.is_known_here() || matches!(self, Self::NotTaken)
    }

    /// Whether it is known from files of ours alone: looking again troubles nobody.
    pub const fn is_known_here(&self) -> bool {
        matches!(
            self,
            Self::NobodyYet { .. } | Self::Ended { .. } | Self::Secret(_)
        )
    }

    pub(super) fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into() }
    }
}

impl From<std::io::Error> for OauthError {
    fn from(e: std::io::Error) -> Self {
        Self::Disk { why: e.to_string() }
    }
}

/// A stranger's words on one line: without control characters, addresses and what could be a token.
pub(super) fn clean(text: &str) -> String {
    let harmless = |word: &str| match word {
        word if word.contains('@') || word.len() > 64 => "…".to_owned(),
        word => word.chars().filter(|c| !c.is_control()).collect(),
    };
    let words: Vec<String> = text.split_whitespace().map(harmless).collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(300) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_name_nobody_and_hold_no_token() {
        let long = "e".repeat(80);
        let said = clean(&format!(
            "AADSTS50034: 'anna@acme.example'\r\nhas \x1b[1m {long}"
        ));
        assert_eq!(said, "AADSTS50034: … has [1m …");
        assert!(clean(&"a b ".repeat(400)).chars().count() <= 301);
    }
}
