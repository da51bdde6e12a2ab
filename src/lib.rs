//! Quitus answers the people who reply to prospecting e-mail.
#![forbid(unsafe_code)]
pub mod intent;
pub mod mail;
pub mod record;
pub mod register;
pub mod request;
