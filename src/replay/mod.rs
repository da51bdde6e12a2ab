//! What would have been: the past of a mailbox, run through the same core, and told as a report. Nothing is sent, nothing is changed.
//!
//! The first thing that a new user sees, before there is a store. The way through this room: each message is read once and leaves a
//! [`Note`] (who, when, what was asked, in which words; never its text), each sent mail another; [`tell`] puts the notes in the
//! order of time and lets `request::decide` decide them one after the other, on rows in memory, as the daemon would have done, and gives
//! [`Findings`]; [`Report`] says them in French or English, as text, as a page ([`html`]) or as a table ([`csv`]).
//! Deliberately absent, because this room is pure: where messages come from, the notes' file, the terminal, and applying
//! anything; `cli/replay` does that.

pub mod csv;
mod findings;
pub mod html;
mod mask;
mod note;
mod past;
mod patterns;
mod report;
mod rules;
mod tell;
mod tongue;

pub use findings::{
    Asked, Bounced, Counts, Findings, Heard, Held, Letters, MailedAfter, Marks, Repeats,
};
pub use note::{Forward, GateSaid, Mail, Note, Passed, Returned, SentMail, seen, sent};
pub use report::{Report, Row, Section, Tone};
pub use tell::{Circumstances, tell};
pub use tongue::Tongue;
