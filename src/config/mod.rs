//! config
mod collect;
pub use collect::{Document, nearest};
