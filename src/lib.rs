//! Quitus answers the people who reply to prospecting e-mail.
#![forbid(unsafe_code)]
<<<<<<< HEAD
pub mod config;
=======
pub mod delivery;
>>>>>>> delivery
pub mod intent;
pub mod mail;
pub mod record;
