//! The tests' Postfix as most tests use it: its port for TLS, and what arrived in the Maildir behind it.

#[path = "maildir.rs"]
mod maildir;

use super::postfix::Postfix;

impl Postfix {
    /// TLS from the first byte, if it has a certificate.
    pub fn tls_port(&self) -> u16 {
        self.ports[1]
    }
}
