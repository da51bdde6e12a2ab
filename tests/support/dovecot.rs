//! A real Dovecot on loopback: its own configuration, mail and ports in a temporary folder, ended by its process id.
//!
//! Started as root it serves mail as `nobody`; started by anybody else it does everything as that user. Password of every user: `secret`.
//! 127.0.0.1 has a valid certificate for that address only (so `localhost` is the wrong name), 127.0.0.2 an expired one.

use super::port::free_port;
use super::tls::Authority;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub struct Dovecot {
    folder: tempfile::TempDir,
    child: Child,
    owner: u32,
    pub imap: u16,
    pub imaps: u16,
}

impl Dovecot {
    pub fn start() -> Self {
        Self::with(|config, _| config)
    }

    /// With its configuration changed; other files of it may be put into the folder.
    pub fn with(change: impl FnOnce(String, &Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        let as_root = rustix::process::geteuid().is_root();
        let owner = if as_root {
            65_534
        } else {
            rustix::process::geteuid().as_raw()
        };
        for sub in ["mail", "run", "state"] {
            std::fs::create_dir(root.join(sub)).unwrap();
        }
        give(&root.join("mail"), owner);
        let authority = Authority::new();
        authority.write(&root.join("ca.pem"));
        authority.issue(root, "good", "127.0.0.1", false);
        authority.issue(root, "expired", "127.0.0.2", true);
        let (imap, imaps) = (free_port(), free_port());
        let config = configuration(root, owner, as_root, imap, imaps);
        let config = change(config, root);
        std::fs::write(root.join("dovecot.conf"), config).unwrap();
        let child = Command::new("dovecot")
            .args(["-F", "-c"])
            .arg(root.join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Dovecot is installed (dovecot-imapd)");
        let server = Self {
            folder,
            child,
            owner,
            imap,
            imaps,
        };
        server.wait();
        server
    }

    fn wait(&self) {
        let started = Instant::now();
        let open = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !open(self.imap) || !open(self.imaps) {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "Dovecot did not start:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where the files of a folder are.
    pub fn maildir(&self, user: &str, folder: &str) -> PathBuf {
        let maildir = self.folder.path().join("mail").join(user).join("Maildir");
        match folder {
            "" => maildir,
            _ => maildir.join(folder),
        }
    }

    /// Puts a message into a folder (`""` = INBOX, else the Maildir++ name, such as `.Sent`), as a delivery agent does.
    pub fn deliver(&self, user: &str, folder: &str, message: &[u8]) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let home = self.folder.path().join("mail").join(user);
        let maildir = home.join("Maildir");
        let place = self.maildir(user, folder);
        for dir in [home, maildir, place.clone()] {
            make(&dir, self.owner);
        }
        for sub in ["tmp", "new", "cur"] {
            make(&place.join(sub), self.owner);
        }
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        // Spread, because Dovecot's table of names is slow with thousands that differ by a running number only.
        let spread = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Octets here and with CRLF, as Dovecot's own delivery agent writes them: else RFC822.SIZE reads every file.
        let bare = message.iter().filter(|b| **b == b'\n').count()
            - message.windows(2).filter(|w| w == b"\r\n").count();
        let (size, sent) = (message.len(), message.len() + bare);
        let pid = std::process::id();
        let name = format!("1700000000.{spread:x}_{pid}.test,S={size},W={sent}");
        let draft = place.join("tmp").join(&name);
        std::fs::write(&draft, message).unwrap();
        give(&draft, self.owner);
        let file = place.join("new").join(&name);
        std::fs::rename(draft, &file).unwrap();
        file
    }

    /// Another client, as `doveadm` is one: `doveadm WORD -u USER …`.
    pub fn doveadm(&self, words: &[&str]) -> String {
        let config = self.folder.path().join("dovecot.conf");
        let output = Command::new("doveadm")
            .arg("-c")
            .arg(config)
            .args(words)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "doveadm {words:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn make(dir: &Path, owner: u32) {
    if std::fs::create_dir(dir).is_ok() {
        give(dir, owner);
    }
}

fn give(path: &Path, owner: u32) {
    chown(path, Some(owner), None).unwrap();
}

fn configuration(root: &Path, owner: u32, as_root: bool, imap: u16, imaps: u16) -> String {
    let dir = root.display();
    let group = if as_root {
        65_534
    } else {
        rustix::process::getegid().as_raw()
    };
    let me = match as_root {
        true => String::new(),
        false => {
            let name = std::env::var("USER").unwrap_or_else(|_| "nobody".to_owned());
            format!(
                "default_internal_user = {name}\ndefault_login_user = {name}\nservice imap-login {{\n chroot =\n}}\nservice anvil {{\n chroot =\n}}\n"
            )
        }
    };
    format!(
        "protocols = imap
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
ssl = yes
ssl_cert = <{dir}/good.crt
ssl_key = <{dir}/good.key
local 127.0.0.2 {{
 ssl_cert = <{dir}/expired.crt
 ssl_key = <{dir}/expired.key
}}
{me}disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 50
first_valid_uid = 1
passdb {{
 driver = static
 args = password=secret
}}
userdb {{
 driver = static
 args = uid={owner} gid={group} home={dir}/mail/%u
}}
mail_location = maildir:~/Maildir
mail_fsync = never
namespace inbox {{
 inbox = yes
 separator = /
 mailbox Sent {{
  auto = create
  special_use = \\Sent
 }}
 mailbox Unwanted {{
  auto = create
  special_use = \\Junk
 }}
 mailbox Entwürfe {{
  auto = create
  special_use = \\Drafts
 }}
}}
service anvil {{
 unix_listener anvil-auth-penalty {{
  mode = 0
 }}
}}
service auth {{
 unix_listener smtp-auth {{
  mode = 0666
 }}
}}
service imap-login {{
 inet_listener imap {{
  address = 127.0.0.1, 127.0.0.2
  port = {imap}
 }}
 inet_listener imaps {{
  address = 127.0.0.1, 127.0.0.2
  port = {imaps}
  ssl = yes
 }}
}}
"
    )
}
