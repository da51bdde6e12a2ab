//! Log-ins by token: a provider in the test, a real Dovecot that asks it about every token, an SMTP server that takes nothing
//! else, and the real binary with a person at it.

#[path = "oauth/accounts.rs"]
mod accounts;
#[path = "support/bearer_smtp.rs"]
mod bearer_smtp;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/faults.rs"]
mod faults;
#[path = "oauth/kills.rs"]
mod kills;
#[path = "oauth/person.rs"]
mod person;
#[path = "oauth/place.rs"]
mod place;
#[path = "support/port.rs"]
mod port;
#[path = "oauth/servers.rs"]
mod servers;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/token_server.rs"]
mod token_server;
