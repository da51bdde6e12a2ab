//! The tools that prospect and must obey (sequencers, CRMs): how each is told of a STOP, asked for its own opt-outs, and tested.
//!
//! A sender is described as data. Most are a *preset*: a TOML file that lists the calls of one vendor, so that a call which
//! the vendor changed is corrected in one place by whoever notices it (config/senders/README.md). Tools without a preset are
//! told by a signed webhook, a command, or a line in a file. The way through this room: [`SenderSettings`] → [`Connector`]
//! → `tool` (or `webhook`, `command`, `spool`) → `walk` (one step after the other) → `calling` and [`crate::http`] (one request) → `answer` (what
//! it means).
//!
//! Deliberately absent: what is still to be told, and when to try again (that is the queue's business); redirects (a sender
//! is the host in the configuration and no other); and any log line: what happened is in [`Told`] and [`Trouble`], whose
//! words hold no address, secret, body or query.

mod alert;
mod answer;
mod builtin;
mod calling;
mod command;
mod connector;
mod paging;
mod pointer;
mod preset;
mod recipient;
mod settings;
mod spool;
mod template;
mod told;
mod tool;
mod walk;
mod webhook;

pub use alert::AlertWay;
pub use connector::Connector;
pub use recipient::{HookSaid, RecipientHook};
pub use settings::{Pauses, SenderSettings, WebhookSettings};
pub use told::{Channel, Limits, Pulled, Told, Trouble, TroubleKind};
