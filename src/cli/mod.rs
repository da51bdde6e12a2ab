//! The commands: one file each, no knowledge of their own.

#[cfg(feature = "demo")]
pub mod demo;
pub mod run;
