//! What integration tests share: real servers on loopback with directories of their own, and certificates made on the spot.

pub mod dovecot;
mod port;
pub mod tls;
pub mod watched;
