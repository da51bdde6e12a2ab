//! Recipients of data are told of an erasure, a rectification, a restriction, and their answers are heard (Art. 19 GDPR).
//!
//! `asking`: what each is told; it stands, written and sealed, in the commit of the decision. `telling`: it leaves, at most
//! once, or is tried again. `hearing`: an answer, an absence note, a bounce. `checklist`: what is left in a case.
//! Deliberately absent: when a decision is made; a human orders it, or the decision about the message does.

mod asking;
mod checklist;
mod hearing;
mod telling;

pub use asking::{NotAsked, ToTell, applies, ask};
pub(super) use asking::{ask_at_once, others_are_asked};
pub use checklist::{LeftRecipient, left, told_and_open};
pub(super) use telling::Herald;

/// What is behind the keyed half of a Message-ID, before the `@`.
const MARK: &str = ".recipient.quitus";
