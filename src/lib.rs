//! Quitus answers the people who reply to prospecting e-mail.
#![forbid(unsafe_code)]
pub mod faults;
pub mod intent;
pub mod mail;
pub mod proof;
pub mod record;
pub mod store;
