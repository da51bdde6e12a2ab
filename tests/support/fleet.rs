//! A daemon before many mailboxes of one real Dovecot: their settings, their replies, and what its log says meanwhile.

use super::dovecot::Dovecot;
use quitus::sandbox::samples::{self, AUTHSERV_ID};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Room for a thousand mailboxes: few login processes for all, few mail processes, each with many connections. The last is also
/// because each process that idles needs an inotify instance, of which a user has 128 unless somebody raised it.
const RAISED: &str = "
default_client_limit = 4000
default_process_limit = 400
service imap-login {
 service_count = 0
 process_min_avail = 2
 client_limit = 3000
}
service imap {
 service_count = 0
 client_limit = 50
 process_limit = 200
}
service anvil {
 client_limit = 6000
}
service auth {
 client_limit = 6000
}
";

/// What one STOP says; every person is somebody else.
fn reply(to: &str, n: usize) -> String {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "Authentication-Results: {AUTHSERV_ID}; spf=pass smtp.mailfrom=firm{n}.example; dmarc=pass header.from=firm{n}.example\r\nFrom: Person {n} <person{n}@firm{n}.example>\r\nTo: <{to}>\r\nSubject: Re: our offer\r\nDate: {date}\r\nMessage-ID: <reply-{n}@firm{n}.example>\r\nIn-Reply-To: <offer-{n}@ateliervauban.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSTOP\r\n"
    )
}

/// The register: whoever replies is known.
fn people() -> String {
    let head = "email,first_name,last_name,firm,country,language,relation,provider,origin,origin_date,public,why\n";
    let one = |n| {
        format!(
            "person{n}@firm{n}.example,Paule,Numéro{n},Firm {n},FR,fr,prospect,Dropcontact,site public de Firm {n},2026-10-12,yes,votre fonction chez Firm {n} vous rendait pertinente\n"
        )
    };
    (0..200)
        .map(one)
        .fold(head.to_owned(), |all, row| all + &row)
}

/// The mailboxes, their server, and the configuration of a daemon that watches them.
pub struct Fleet {
    _folder: tempfile::TempDir,
    pub dovecot: Dovecot,
    pub file: PathBuf,
}

fn address(n: usize) -> String {
    format!("sales{n}@ateliervauban.example")
}

impl Fleet {
    /// So many mailboxes; `more` is put behind the configuration.
    pub fn new(mailboxes: usize, more: &str) -> Self {
        let dovecot = match mailboxes {
            0..=50 => Dovecot::start(),
            _ => Dovecot::with(|config, _| config + RAISED),
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "secret").unwrap();
        let imap = format!(
            "{}\nsecurity = \"tls\"\nca_file = \"{}\"",
            dovecot.imaps,
            dovecot.ca_file().display()
        );
        let file = folder.path().join("quitus.toml");
        let text = include_str!("../../src/cli/demo/quitus.toml")
            .replace("@PRIVACY@", samples::PRIVACY)
            .replace("@FIRM@", samples::FIRM)
            .replace("@AUTHSERV@", AUTHSERV_ID)
            .replace("@IMAP@\nsecurity = \"none\"", &imap)
            // Letters are not what is looked at: nobody takes them.
            .replace("@SMTP@", "9");
        let (before, rest) = text.split_once("[[mailbox]]").unwrap();
        let (block, after) = rest.split_once("[smtp]").unwrap();
        let mut text = before.to_owned();
        for n in 0..mailboxes {
            let own = block
                .replace("\"sales\"", &format!("\"sales{n}\""))
                .replace("@MAILBOX@", &address(n))
                .replace("poll_seconds = 1\n", "");
            let own: Vec<&str> = own.lines().filter(|l| !l.starts_with("aliases")).collect();
            text.push_str(&format!("[[mailbox]]{}\n", own.join("\n")));
        }
        text.push_str(&format!(
            "\n[smtp]{after}\n[log]\nformat = \"json\"\n{more}"
        ));
        std::fs::write(&file, text).unwrap();
        let csv = folder.path().join("people.csv");
        std::fs::write(&csv, people()).unwrap();
        let mut import = Command::new(env!("CARGO_BIN_EXE_quitus"));
        import.arg("--config").arg(&file);
        let done = import
            .args(["contacts", "import"])
            .arg(csv)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        Self {
            _folder: folder,
            dovecot,
            file,
        }
    }

    /// Puts a STOP of person `n` into a mailbox.
    pub fn stop(&self, mailbox: usize, n: usize) {
        let to = address(mailbox);
        self.dovecot.deliver(&to, "", reply(&to, n).as_bytes());
    }

    /// What a command of the program prints as JSON, if it can be asked.
    pub fn ask(&self, words: &[&str]) -> Option<serde_json::Value> {
        let mut ask = Command::new(env!("CARGO_BIN_EXE_quitus"));
        let done = ask.arg("--config").arg(&self.file).args(words).output();
        serde_json::from_slice(&done.unwrap().stdout).ok()
    }

    /// Starts the daemon, and reads its log.
    pub fn run(&self) -> Running {
        let mut run = Command::new(env!("CARGO_BIN_EXE_quitus"));
        run.arg("--config").arg(&self.file).arg("run");
        run.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = run.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let told = seen.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                told.0.lock().unwrap().line(&line);
                told.1.notify_all();
            }
        });
        Running { child, seen }
    }
}

/// What the log has said so far.
#[derive(Default, Debug, Clone)]
pub struct Seen {
    /// Mailboxes that were connected.
    pub connected: BTreeSet<String>,
    /// Messages that were decided, and in the same commit obeyed.
    pub acted: usize,
    /// When the last one was.
    pub last: Option<Instant>,
    /// How each was decided.
    pub states: Vec<String>,
    /// Lines that warn.
    pub warnings: Vec<String>,
}

impl Seen {
    fn line(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else {
            return;
        };
        let word = |name: &str| {
            let nested = event["fields"][name].as_str();
            nested
                .or(event[name].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        match word("message").as_str() {
            "connected" => {
                self.connected.insert(word("mailbox"));
            }
            // Whatever becomes of the letter, in this commit the STOP was obeyed.
            "message" => {
                self.acted += 1;
                self.states.push(word("state") + " " + &word("rule"));
                self.last = Some(Instant::now());
            }
            _ if word("level") == "WARN" => self.warnings.push(line.to_owned()),
            _ => {}
        }
    }
}

/// The daemon, ended by its pid.
pub struct Running {
    pub child: Child,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Running {
    /// What its log has said so far.
    pub fn seen(&self) -> Seen {
        self.seen.0.lock().unwrap().clone()
    }

    /// Waits for its log to say something.
    pub fn until<T>(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&Seen) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + patience;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = wanted(&seen) {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now())?;
            (seen, _) = self.seen.1.wait_timeout(seen, left).unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
