//! The mailboxes that receive replies: IMAP sessions, cursors, the Sent folder, filing. Nothing else knows IMAP's words.
//!
//! The mailbox is the truth about mail; flags and folders are cosmetics; `\Seen` is never touched unasked. The way through this room:
//! [`watch`] keeps a [`Session`] open on one mailbox, opens each folder with EXAMINE, compares it with the cursor that the store gives
//! ([`Cursors`]), reads what is missing in pipelined batches (`fetch`) and hands it to the [`Sink`]; polling is the truth, IDLE a hint. What is
//! done once in a while (was a human faster? file this away) goes through a [`Standby`] connection of its own. What a message *means*
//! is decided elsewhere; here it is bytes with a UID.

mod awaited;
mod bearer;
mod command;
mod connect;
mod cursor;
mod error;
mod fetch;
mod filing;
mod folders;
mod handover;
mod hosts;
mod idle;
mod login;
mod past;
mod plan;
mod probe;
mod reread;
mod sent;
mod session;
mod settings;
mod standby;
mod status;
mod suspects;
mod threads;
mod utf7;
mod watch;
mod wire;

pub use awaited::awaited;
pub use error::{SessionError, TlsProblem};
pub use filing::{
    Filed, FilingSettings, Selection, add_flag, append_once, holds, move_to, outcomes,
};
pub use folders::{Folder, is_junk_name, is_sent_name};
pub use handover::{
    Cursor, Cursors, Fetched, FolderOpened, FolderRole, HeaderKey, Opening, Passed, PassedOver,
    Refused, Sink,
};
pub use hosts::{ConnectionSettings, Hosts};
pub use past::{Head, Past, PastFolder};
pub use probe::{Probe, greet, probe, probe_as};
pub use sent::{Faster, LookAgain, look_again};
pub use session::{Connector, Opened, Session};
pub use settings::{Auth, ImapSettings, MailboxSettings, ReadLimits, Security};
pub use standby::Standby;
pub use status::{FolderStatus, MailboxState, MailboxStatus};
pub use threads::{Threads, threads};
pub use watch::watch;
