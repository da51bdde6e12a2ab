//! What a reply asks, with the words that prove it; or that the reader does not know.

use crate::record::{Language, RequestKind, Stance};
use serde::{Deserialize, Serialize};

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// The language of the fresh text, if it could be told.
    pub language: Option<Language>,
    /// The requests, the operative one first; one entry a kind.
    pub requests: Vec<Found>,
    /// What the reply says about the business.
    pub stance: Option<Stance>,
    /// Why a human must see it, whatever was found: other people, conditions, threats, instructions to the bot, …
    pub human: Vec<Signal>,
    /// Something may be asked, but the reader does not know: paused and held.
    pub unsure: Option<Signal>,
    /// The reply says nothing but a stance ("No thanks."): nobody needs a second opinion. Known to the reader only, kept nowhere.
    #[serde(skip)]
    pub is_bare_stance: bool,
    /// The learned reader takes it for a machine's words; the gate is told by [`understand`](super::understand).
    #[serde(skip)]
    pub is_automatic: bool,
    /// Words of the fresh text that have another sense than a request's, by the lexicons. Known to the reader only, too.
    #[serde(skip)]
    pub other_senses: Vec<OtherSense>,
}

/// Where a trap of the lexicons stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSense {
    /// Bytes of the fresh text.
    pub at: std::ops::Range<usize>,
    /// The kinds of which it says that they are not asked; empty means all.
    pub kinds: Vec<RequestKind>,
    /// Its phrase, `en.trap.stop_by/1`.
    pub rule: String,
}

/// One request, and why the reader believes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What is asked.
    pub kind: RequestKind,
    /// 0 to 1; what is below the threshold of its kind is not acted upon by itself.
    pub confidence: f32,
    /// At least one.
    pub evidence: Vec<Evidence>,
}

/// A rule, and the words of the fresh text (or the subject) that it matched, exactly as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `fr.stop.imperative/3`: language, kind, rule; also where to find it in the lexicon. `learned.stop`: no phrase, but the
    /// sentence that moved the learned reader most.
    pub rule: String,
    /// The words.
    pub text: String,
    /// Byte offset in the fresh text; `None` if the words stand in the subject.
    pub start: Option<usize>,
}

/// A reason of another kind than a request, with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// `other_person`, `whole_firm`, `partial`, `conditional`, `threat`, `authority`, `changed_mind`, `death`, `illness`,
    /// `departed`, `instructs_bot`, `other_address`, `on_behalf`, `legal_question`, `internal_note`, `nothing_left`, `too_much`,
    /// `points_elsewhere`, `which_question`, `asked_in_the_subject`, `set_apart`, `encrypted`, `not_all_read`, `attachment`, …; of
    /// the two readers together: `may ask stop`, `the readers differ on stop`, `for a human`.
    pub reason: String,
    /// The rule that fired.
    pub rule: String,
    /// The words, as typed.
    pub text: String,
}

impl Classification {
    /// Whether this kind was asked.
    pub fn asks(&self, kind: RequestKind) -> bool {
        self.requests.iter().any(|f| f.kind == kind)
    }
}
