//! What an operator writes about one watched mailbox: `[[mailbox]]` in the configuration.
//!
//! Every default is in the doc comment of its field. What only the whole configuration can judge (two mailboxes of one
//! name, an alias claimed twice) is judged by `config`; what one block can tell is judged by [`MailboxSettings::faults`].

use super::filing::FilingSettings;
use crate::config::SecretSource;
use crate::oauth::OauthSettings;
use crate::record::{Address, Timestamp, domain_to_ascii};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One mailbox that receives replies; no two have the same name, and no address belongs to two.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxSettings {
    /// The name under which status, log and cursors know it; never changes once it was used.
    pub name: String,
    /// The address that it receives for.
    pub address: Address,
    /// Other addresses that end up in it. Default: none.
    #[serde(default)]
    pub aliases: Vec<Address>,
    /// Groups and distribution addresses that it receives for (A6). Default: none.
    #[serde(default)]
    pub groups: Vec<Address>,
    /// List-Ids or addresses of our own lists, whose headers are not counted against a message (A4). Default: none.
    #[serde(default)]
    pub own_lists: Vec<String>,
    /// Addresses that forward into this mailbox, whose added headers are not counted either (A4). Default: none.
    #[serde(default)]
    pub forwarded_from: Vec<Address>,
    /// The last day of a mailbox that closes, as that of somebody who has left ("2026-12-31"): until its end it is read and obeyed, and letters go
    /// out from `privacy_email` and not in its name; then it is no longer connected. Default: none.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub closing: Option<Date>,
    /// How to reach it.
    pub imap: ImapSettings,
    /// Folders that are read, by name or by special use (`\Junk`). Default: `["INBOX", "\\Junk"]`.
    #[serde(default = "default_folders")]
    pub folders: Vec<String>,
    /// Where sent mail is, by name or special use; `""` = not looked at. Default: `"\\Sent"`.
    #[serde(default = "default_sent")]
    pub sent: String,
    /// Where drafts are, by name or special use; `""` = not looked at. Default: `"\\Drafts"`.
    #[serde(default = "default_drafts")]
    pub drafts: String,
    /// Seconds between two looks at every folder; IDLE makes INBOX quicker, it replaces nothing. Default: 60, at least 1.
    #[serde(default = "default_poll")]
    pub poll_seconds: u64,
    /// How much is read at once.
    #[serde(default)]
    pub read: ReadLimits,
    /// How messages and letters are filed when they are done with. Default: not at all.
    #[serde(default)]
    pub filing: FilingSettings,
}

/// How to reach and enter an IMAP server.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImapSettings {
    /// Name or IP address of the server, as its certificate says it.
    pub host: String,
    /// The TCP port. Default: 993 for `tls`, 143 otherwise.
    pub port: Option<u16>,
    /// How the connection is protected; `none` is for this machine only. Default: `tls`.
    #[serde(default)]
    pub security: Security,
    /// The login name, often the address.
    pub username: String,
    /// Where the password is kept: `{ file = "…" }`, `{ env = "…" }`, `{ command = ["…"] }` or `{ credential = "…" }`.
    pub password: Option<SecretSource>,
    /// A log-in by token instead of a password. Default: none.
    pub oauth: Option<OauthSettings>,
    /// How the password is given. Default: `plain` if the server offers it, else `login`.
    #[serde(default)]
    pub auth: Auth,
    /// Certificates (PEM) to trust beside those of the system: a firm's own authority. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Seconds to wait for any single answer of the server before the connection is given up. Default: 60, at least 1.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

/// How the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// Starts in clear text, and goes on only once TLS is up.
    StartTls,
    /// No protection: allowed for this machine only.
    None,
}

/// How the password is given to the server.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// AUTHENTICATE PLAIN if the server offers it, else LOGIN.
    #[default]
    Auto,
    /// The LOGIN command.
    Login,
    /// AUTHENTICATE PLAIN (RFC 4616).
    Plain,
}

/// How much is read at once: what bounds memory, and what makes reading quick.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadLimits {
    /// Messages in one FETCH. Default: 250.
    pub batch_messages: usize,
    /// Bytes of messages in one FETCH, as far as their sizes allow. Default: 2 MiB.
    pub batch_bytes: u64,
    /// Messages whose sizes are asked for at once; the newest window is read first. Default: 1,000.
    pub window: usize,
    /// Bytes above which only the beginning of a message is read. Default: 10 MiB.
    pub max_message_bytes: u64,
    /// How much of a message above that is read: its headers and the beginning of its text. Default: 256 KiB.
    pub partial_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            batch_messages: 250,
            batch_bytes: 2 << 20,
            window: 1_000,
            max_message_bytes: 10 << 20,
            partial_bytes: 256 << 10,
        }
    }
}

impl ReadLimits {
    /// What is wrong with them, and what to do.
    fn fault(&self) -> Option<(&'static str, String)> {
        let most = 256 << 20;
        if self.batch_messages == 0
            || self.window == 0
            || self.batch_bytes == 0
            || self.partial_bytes < 4096
        {
            let fix = "leave the limits out, or keep partial_bytes at 4096 or more and the others above 0";
            Some((
                "with these [mailbox.read] limits nothing could be read",
                fix.to_owned(),
            ))
        } else if self.max_message_bytes > most
            || self.partial_bytes > most
            || self.window > 100_000
        {
            let fix = "keep max_message_bytes and partial_bytes at 256 MiB or less and window at 100000 or less";
            Some((
                "these [mailbox.read] limits would let one message fill the memory",
                fix.to_owned(),
            ))
        } else {
            None
        }
    }
}

fn default_folders() -> Vec<String> {
    vec!["INBOX".to_owned(), "\\Junk".to_owned()]
}

fn default_sent() -> String {
    "\\Sent".to_owned()
}

fn default_drafts() -> String {
    "\\Drafts".to_owned()
}

const fn default_poll() -> u64 {
    60
}

const fn default_timeout() -> u64 {
    60
}

impl ImapSettings {
    /// The port, or the one that belongs to the kind of protection.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Tls => 993,
            Security::StartTls | Security::None => 143,
        })
    }

    /// How long one answer of the server may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.max(1))
    }

    fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl MailboxSettings {
    /// How long between two looks at every folder.
    pub fn poll_every(&self) -> Duration {
        Duration::from_secs(self.poll_seconds.max(1))
    }

    /// When it is no longer connected: the end of its last day where the firm is.
    pub fn closes_at(&self, zone: &TimeZone) -> Option<Timestamp> {
        let next = self.closing?.tomorrow().ok()?;
        let midnight = zone.to_ambiguous_timestamp(next.at(0, 0, 0, 0));
        Some(midnight.compatible().ok()?.into())
    }

    /// Every address under which mail for this mailbox may arrive.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.address)
            .chain(&self.aliases)
            .chain(&self.groups)
    }

    /// Makes relative file paths relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Some(password) = &mut self.imap.password {
            password.resolve_in(folder);
        }
        if let Some(oauth) = &mut self.imap.oauth {
            oauth.resolve_in(folder);
        }
        if let Some(path) = &mut self.imap.ca_file
            && path.is_relative()
        {
            *path = folder.join(&*path);
        }
    }

    /// By what a log-in is proved: one thing, that can work.
    fn login_faults(&self) -> Vec<(String, String)> {
        let (name, imap) = (&self.name, &self.imap);
        let mut faults = Vec::new();
        if imap.password.is_some() == imap.oauth.is_some() {
            let what = "a log-in needs a password or oauth, one of them";
            let fix = "say in [mailbox.imap] where the password is kept, password = { file = \"…\" }, or how tokens are asked for, oauth = { … }";
            faults.push((what.to_owned(), fix.to_owned()));
        }
        if imap.oauth.is_some() && imap.auth != Auth::Auto {
            let what = "auth is how a password is given, and oauth needs none";
            faults.push((what.to_owned(), "remove auth".to_owned()));
        }
        faults.extend(imap.oauth.iter().flat_map(OauthSettings::faults));
        let told = |(what, fix)| (format!("mailbox {name}: {what}"), fix);
        faults.into_iter().map(told).collect()
    }

    /// What is wrong with this block, as pairs of what and what to do; the caller knows file and line.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut fault = |bad: bool, what: String, fix: &str| {
            if bad {
                faults.push((what, fix.to_owned()));
            }
        };
        let name = &self.name;
        fault(
            name.is_empty() || name.len() > 64 || name.chars().any(char::is_control),
            format!("\"{name}\" cannot be the name of a mailbox"),
            "give it a short name, such as \"sales\"",
        );
        let host = &self.imap.host;
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        fault(
            !address && domain_to_ascii(host).is_none(),
            format!("mailbox {name}: \"{host}\" is not the name of a server"),
            "write host = \"imap.example.com\", without a scheme or a port",
        );
        fault(
            self.imap.security == Security::None && !self.imap.is_loopback(),
            format!("mailbox {name}: the password would cross the network in clear text"),
            "use security = \"tls\" or \"starttls\"; \"none\" is only for 127.0.0.1, ::1 and localhost",
        );
        fault(
            self.imap.username.is_empty() || self.imap.username.chars().any(char::is_control),
            format!("mailbox {name}: the username is empty or holds a control character"),
            "write the login name that the mail provider gave",
        );
        fault(
            self.folders.is_empty() || self.folders.iter().any(String::is_empty),
            format!("mailbox {name}: there is no folder to read"),
            "leave folders out, or name at least \"INBOX\"",
        );
        let limits = self
            .read
            .fault()
            .map(|(what, fix)| (format!("mailbox {name}: {what}"), fix));
        faults.extend(limits);
        faults.extend(self.login_faults());
        let filing = self.filing.faults(&self.folders, &self.sent);
        let told =
            |(what, fix): (String, &str)| (format!("mailbox {name}: {what}"), fix.to_owned());
        faults.extend(filing.into_iter().map(told));
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "name = 'sales'\naddress = 'sales@example.com'\n[imap]\nhost = 'imap.example.com'\nusername = 'sales'\npassword = { env = 'P' }\n";

    fn parse(text: &str) -> MailboxSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_least_that_must_be_written_is_enough() {
        let settings = parse(LEAST);
        assert!(settings.faults().is_empty());
        assert_eq!(settings.imap.port(), 993);
        assert_eq!(settings.folders, ["INBOX", "\\Junk"]);
        assert_eq!(
            (settings.sent.as_str(), settings.poll_seconds),
            ("\\Sent", 60)
        );
    }

    #[test]
    fn a_log_in_is_proved_by_one_thing() {
        let block = "oauth = { provider = 'microsoft', client_id = 'x' }";
        let faults = |password: &str| {
            let text = LEAST.replace("password = { env = 'P' }", password);
            parse(&text).faults().len()
        };
        assert_eq!(faults(block), 0);
        assert_eq!(faults(""), 1, "neither");
        assert_eq!(faults(&format!("password = {{ env = 'P' }}\n{block}")), 1);
        assert_eq!(faults(&format!("auth = 'plain'\n{block}")), 1);
        assert_eq!(faults(&block.replace("microsoft", "gogle")), 1);
    }

    #[test]
    fn clear_text_is_for_this_machine_only() {
        let open = parse(&LEAST.replace("[imap]", "[imap]\nsecurity = 'none'"));
        assert_eq!(open.faults().len(), 1);
        let local = LEAST
            .replace("imap.example.com", "127.0.0.1")
            .replace("[imap]", "[imap]\nsecurity = 'none'");
        assert!(parse(&local).faults().is_empty());
    }

    #[test]
    fn filing_that_cannot_work_is_told_when_it_is_written() {
        let filing = |lines: &str| parse(&format!("{LEAST}[filing]\n{lines}")).faults().len();
        let good = "keyword = '$QuitusDone'\nmove_to = 'Done'\ncopy = true\npersonal = true";
        assert_eq!(filing(good), 0);
        assert_eq!(filing("keyword = '\\Answered'"), 0);
        for bad in ["'\\Seen'", "'\\Deleted'", "'two words'", "''", "'ü'"] {
            assert_eq!(filing(&format!("keyword = {bad}")), 1, "{bad}");
        }
        assert_eq!(filing("move_to = 'INBOX'"), 1, "it would be read again");
        assert_eq!(filing("move_to = ''"), 1);
        let nowhere = LEAST.replace("[imap]", "sent = ''\n[imap]") + "[filing]\ncopy = true";
        assert_eq!(parse(&nowhere).faults().len(), 1);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let bad = LEAST
            .replace("imap.example.com", "imaps://x:993")
            .replace("'sales'\n[", "'sales'\nfolders = []\n[")
            .replace("username = 'sales'", "username = ''")
            .replace("[imap]", "folders = []\nread = { window = 0 }\n[imap]");
        assert_eq!(parse(&bad).faults().len(), 4);
        assert!(toml::from_str::<MailboxSettings>(&format!("{LEAST}pasword = 1")).is_err());
    }
}
