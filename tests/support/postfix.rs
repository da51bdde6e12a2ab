//! A real Postfix on 127.0.0.1 with folders of its own: takes mail for example.com and puts it into a Maildir.
//!
//! Needs root, as Postfix does. Everything lives in one temporary folder; dropping it stops the server by its own pid file.

use super::port::free_port;
use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const NOBODY: u32 = 65_534;

/// A running Postfix.
pub struct Postfix {
    pub(crate) folder: tempfile::TempDir,
    /// In clear text or STARTTLS, and TLS from the first byte.
    pub(super) ports: [u16; 2],
}

impl Postfix {
    /// Starts one with a certificate and its key, as PEM, or without; `settings` are more lines of main.cf.
    pub fn start(certified: Option<[&str; 2]>, settings: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("quitus-postfix")
            .tempdir()
            .unwrap();
        let at = folder.path();
        std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["queue", "data", "mail", "conf"] {
            std::fs::create_dir(at.join(name)).unwrap();
        }
        chown(at.join("data"), Some(postfix_uid()), None).unwrap();
        chown(at.join("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let mut main = main_cf(at);
        if let Some([certificate, secret]) = certified {
            let (cert, key) = (at.join("conf/cert.pem"), at.join("conf/key.pem"));
            std::fs::write(&cert, certificate).unwrap();
            std::fs::write(&key, secret).unwrap();
            writeln!(main, "smtpd_tls_cert_file = {}", cert.display()).unwrap();
            writeln!(main, "smtpd_tls_key_file = {}", key.display()).unwrap();
            writeln!(main, "smtpd_tls_security_level = may").unwrap();
        }
        std::fs::write(at.join("conf/main.cf"), with(&main, settings)).unwrap();
        std::fs::write(at.join("conf/master.cf"), master_cf(port, tls_port)).unwrap();
        let postfix = Self {
            folder,
            ports: [port, tls_port],
        };
        postfix.order("start");
        postfix.wait_until_it_listens();
        postfix
    }

    /// Takes mail; offers STARTTLS if it has a certificate.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// What Postfix logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("postfix.log")).unwrap_or_default()
    }

    /// `postfix start` or `stop`, as its operator would.
    pub fn order(&self, what: &str) {
        let conf: PathBuf = self.folder.path().join("conf");
        let done = Command::new("postfix")
            .arg("-c")
            .arg(conf)
            .arg(what)
            .output();
        let done = done.expect("postfix is not installed; tests/README.md says how");
        let words = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.success() || what == "stop",
            "postfix {what}: {words}"
        );
    }

    fn wait_until_it_listens(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.port())).is_err() {
            assert!(
                Instant::now() < end,
                "Postfix does not listen: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.order("stop");
    }
}

/// Settings, the later instead of the earlier of the same name. Postfix would take both, but its logging service warns of
/// that into the socket that it is about to read, and waits for itself for ever when that socket is full.
fn with(main: &str, settings: &str) -> String {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let later: Vec<String> = settings.lines().map(name).collect();
    let kept = main.lines().filter(|line| !later.contains(&name(line)));
    kept.chain(settings.lines())
        .map(|line| line.to_owned() + "\n")
        .collect()
}

fn postfix_uid() -> u32 {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|l| l.starts_with("postfix:"));
    let uid = line.and_then(|l| l.split(':').nth(2)).map(str::parse);
    uid.expect("there is no user postfix; is Postfix installed?")
        .unwrap()
}

fn main_cf(at: &Path) -> String {
    let at = at.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.com
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_base = {at}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
maillog_file = {at}/postfix.log
maillog_file_prefixes = {at}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
"
    )
}

fn master_cf(port: u16, tls_port: u16) -> String {
    format!(
        "{port} inet n - n - - smtpd
{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}
