//! Quitus answers the people who reply to prospecting e-mail.
#![forbid(unsafe_code)]

pub mod answer;
pub mod api;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod faults;
pub mod intent;
pub mod mail;
pub mod mailbox;
pub mod proof;
pub mod record;
pub mod register;
pub mod request;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod service;
pub mod store;
