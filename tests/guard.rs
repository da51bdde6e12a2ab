//! Who asks whether somebody may be written to: what mail servers, tools and people with a link are told, and that no answer is never a yes.
//!
//! With the real Postfix where it is asked for; hostile clients speak for themselves.

#[path = "support/alone.rs"]
mod alone;
#[path = "guard/mail_server.rs"]
mod mail_server;
#[path = "support/maildir.rs"]
mod maildir;
#[path = "guard/pages.rs"]
mod pages;
#[path = "support/port.rs"]
mod port;
#[path = "support/postfix.rs"]
mod postfix;
#[path = "guard/stage.rs"]
mod stage;
#[path = "support/tls.rs"]
mod tls;
#[path = "guard/tools.rs"]
mod tools;
#[path = "guard/wire.rs"]
mod wire;
