//! The daemon: takes what the mailboxes hand over, has it read, decided and answered, commits it, and sees that letters leave.
//!
//! This is the one room that knows all others; knowledge about mail, letters or storage does not belong here.

mod clock;
mod sequencer;

pub use clock::Clock;
pub use sequencer::{Committed, Proposal, Running, Sequencer};
