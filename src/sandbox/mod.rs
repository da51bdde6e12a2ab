//! A mail world inside the process: an IMAP server, an SMTP server, a tool that sends, and letters to put into them, on 127.0.0.1.
//!
//! The demo runs the real daemon against it on machines that have nothing but Rust, and the fault tests let it misbehave
//! exactly where they want. The servers keep everything in memory, forget it when they are dropped, and know nothing of
//! Quitus: no other room is used here, so that a mistake of ours cannot hide on both sides of the wire.
//! Deliberately not there: quotas, ACLs, other people's folders, delivery to anywhere, names other than loopback.

pub mod imap;
pub mod samples;
pub mod smtp;
pub mod tool;
mod wire;
