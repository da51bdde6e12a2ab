//! Raw bytes become an [`InboundMessage`]: who, what they freshly typed, may it be answered, may it be read.

mod enclosed;
mod fields;
mod fresh;
mod gate;
mod limits;
mod message;
mod mime;
mod notice;
mod read;
mod report;

pub use enclosed::{Unread, unread};
pub use fresh::{OurLines, earlier, line_hash, line_hashes};
pub use gate::{Authentication, Circumstances, Dmarc, House, Writer, authentication, gate, who};
pub use limits::Limits;
pub use read::read;

pub use message::{
    Defect, DeliveryStatus, Elided, ElidedKind, Fresh, InboundMessage, Notice, Report, Signs,
    Unreadable,
};

use crate::record::{Reading, RuleId, Verdict};

/// What the gate says of a message, and the rule that said so.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// May it be answered?
    pub verdict: Verdict,
    /// What of it is read?
    pub reading: Reading,
    /// The first rule that matched; `A.ok` if none did.
    pub rule: RuleId,
    /// What exactly matched, in words, without an address: `Auto-Submitted: auto-replied`.
    pub sign: String,
}
