//! Reads what the operator wrote: settings with the place of every mistake, and where each secret is kept.
//!
//! A secret never stands in the configuration itself, in a command line or in a log; the configuration says where it is.
//! What the settings of a room mean is that room's business: each defines its own.

mod collect;
mod secret;

pub use collect::{Document, nearest};
pub use secret::{Secret, SecretError, SecretSource};
