//! Reads what the operator wrote: so far, the one way in which every room is given a password.
//!
//! A secret never stands in the configuration itself, in a command line or in a log; the configuration says where it is.
//! Deliberately absent here: what the settings of a room mean; each room defines its own.

mod secret;

pub use secret::{Secret, SecretError, SecretSource};
