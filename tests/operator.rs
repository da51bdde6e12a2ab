//! What the operator lives through on good days and bad ones: the real binary, its commands and signals, Dovecot and Postfix.
//!
//! One program with a module for each sort of day, because they share their firm.

#[path = "operator/backlog.rs"]
mod backlog;
#[path = "support/browser.rs"]
mod browser;
#[path = "operator/canary.rs"]
mod canary;
#[path = "support/certs.rs"]
mod certs;
#[path = "operator/check.rs"]
mod check;
#[path = "operator/clocks.rs"]
mod clocks;
#[path = "operator/commands.rs"]
mod commands;
#[path = "operator/doctor.rs"]
mod doctor;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "operator/faults.rs"]
mod faults;
#[path = "support/firm.rs"]
mod firm;
#[path = "operator/guard.rs"]
mod guard;
#[path = "operator/header.rs"]
mod header;
#[path = "support/hour.rs"]
mod hour;
#[path = "operator/init.rs"]
mod init;
#[path = "operator/logs.rs"]
mod logs;
#[path = "operator/monitoring.rs"]
mod monitoring;
#[path = "support/operator.rs"]
mod operator;
#[path = "operator/pages.rs"]
mod pages;
#[path = "operator/paging.rs"]
mod paging;
#[path = "operator/paper.rs"]
mod paper;
#[path = "support/port.rs"]
mod port;
#[path = "support/postbox.rs"]
mod postbox;
#[path = "support/postfix.rs"]
mod postfix;
#[path = "operator/recipients.rs"]
mod recipients;
#[path = "operator/reload.rs"]
mod reload;
#[path = "operator/replay.rs"]
mod replay;
#[path = "operator/sent.rs"]
mod sent;
#[path = "operator/servers.rs"]
mod servers;
#[path = "operator/supervised.rs"]
mod supervised;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "support/tls.rs"]
mod tls;
#[path = "operator/tokens.rs"]
mod tokens;
#[path = "operator/unit.rs"]
mod unit;
#[path = "operator/watched.rs"]
mod watched;
