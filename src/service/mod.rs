//! The daemon: takes what the mailboxes hand over, has it read, decided and answered, commits it, and sees that letters leave.
//!
//! `reception` (bytes in) → `gathering` (what is known) → `request::decide` → `composing` (the letter) → `sequencer` (one
//! commit) → `outbox` (bytes out). This is the one room that knows all others; knowledge about mail, letters or storage
//! does not belong here.

mod clock;
mod composing;
mod daemon;
mod deciding;
mod desks;
mod filing;
mod gathering;
mod house;
mod importing;
mod outbox;
mod people;
mod reception;
mod sent_index;
mod sequencer;
mod settling;
mod status;

pub use clock::Clock;
pub use composing::{Occasion, Unwritten, freeze as freeze_letter, write as write_letter};
pub use daemon::{Daemon, Extras, StartError};
pub use filing::FilingReport;
pub use gathering::Trouble;
pub use house::{House, Office};
pub use importing::{ImportFailure, import};
pub use people::contact;
pub use reception::{Ending, Witness};
pub use sequencer::{Committed, Proposal, Running, Sequencer};
pub use settling::{arrived, frozen_letter, looked_for};
pub use status::{MailboxReport, Status};
