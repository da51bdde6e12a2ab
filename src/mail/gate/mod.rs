//! The gate: may a message be answered, and what of it is read? Two verdicts with the id of the rule that spoke (A).
//!
//! The rules run in the order of their ids and the first that matches wins. Robots are never answered; people are never
//! silenced: what might be a person is obeyed, and only the letter waits for a human (A5, A6). The words of the message
//! only make it a doubt (subjects and texts of automatic answers); they prove something in one case, where sender, subject
//! and text of a mail server's report agree (`mail/notice`). A text that only the learned reader takes for a machine's becomes a
//! doubt once it is read (`intent::understand`). A7 to A10 need the case, the register and the outbox, and live
//! in `request`.

mod absences;
mod authentication;
mod house;
mod rules;
mod subjects;

pub use authentication::{Authentication, Dmarc, authentication};
pub use house::{House, Writer, who};

use super::{Gate, InboundMessage};
use crate::record::{Reading, RuleId, Timestamp, Verdict};

/// What is known of a message from outside itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// When it arrived (INTERNALDATE): a token counts if it held then, however late the message is read.
    pub received: Timestamp,
    /// It lies in the Junk folder.
    pub in_junk: bool,
    /// Its Message-ID is one of our outbox.
    pub is_our_message: bool,
    /// It answers, or reports about, a mail of ours to a reviewer.
    pub answers_digest: bool,
    /// In-Reply-To or References names a mail of ours.
    pub answers_ours: bool,
    /// The same sender wrote the same fresh text before.
    pub same_text_before: bool,
    /// Seconds since our last letter to the sender.
    pub seconds_since_letter: Option<i64>,
    /// The mail server's spam flag or keyword (`$Junk`).
    pub spam_flag: bool,
}

/// What one rule found.
pub(super) struct Hit {
    rule: &'static str,
    verdict: Verdict,
    reading: Reading,
    sign: String,
}

impl Hit {
    fn never(rule: &'static str, reading: Reading, sign: impl Into<String>) -> Self {
        Self {
            rule,
            verdict: Verdict::Never,
            reading,
            sign: sign.into(),
        }
    }

    fn doubt(rule: &'static str, sign: impl Into<String>) -> Self {
        Self {
            rule,
            verdict: Verdict::ActOnly,
            reading: Reading::Obey,
            sign: sign.into(),
        }
    }
}

/// Judges one message by A1 to A6 and A11 (A0 is [`read`](super::read)'s error). `A.ok` if no rule matched.
pub fn gate(message: &InboundMessage, house: &House, circumstances: &Circumstances) -> Gate {
    let hit = rules::ourselves(message, house, circumstances)
        .or_else(|| rules::bounce(message, house))
        .or_else(|| beyond_bounces(message, house, circumstances));
    match hit {
        Some(hit) => Gate {
            verdict: hit.verdict,
            reading: hit.reading,
            rule: RuleId::of(hit.rule),
            sign: hit.sign,
        },
        None => Gate {
            verdict: Verdict::Answer,
            reading: Reading::Obey,
            rule: RuleId::of("A.ok"),
            sign: String::new(),
        },
    }
}

/// A mail to our List-Unsubscribe token needs no words and passes A2 only.
fn beyond_bounces(m: &InboundMessage, house: &House, c: &Circumstances) -> Option<Hit> {
    if m.to
        .iter()
        .chain(&m.cc)
        .chain(&m.delivered_to)
        .any(|a| house.is_unsubscribe_token(a, c.received))
    {
        return None;
    }
    rules::automatic(m)
        .or_else(|| rules::list(m, house, c))
        .or_else(|| rules::doubt(m, house, c))
        .or_else(|| rules::not_to_us(m, house, c))
        .or_else(|| rules::warm_up(m, house))
}
