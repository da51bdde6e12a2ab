//! A firm with a mailbox in Dovecot, people who reply to it, and a configuration that an operator wrote.
//!
//! People are numbers: `p7@client7.example` was written to by mail 7 and answers with reply 7. Nothing here knows how a
//! reply must end.

use super::dovecot::Dovecot;
use jiff::{SignedDuration, Timestamp};
use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The watched mailbox.
pub const MAILBOX: &str = "claire.morel@ateliervauban.example";

/// Where things are.
pub struct Firm {
    pub dovecot: Dovecot,
    pub folder: tempfile::TempDir,
    /// The configuration.
    pub file: PathBuf,
}

impl Firm {
    /// Its mailbox watched over TLS, letters to this port of 127.0.0.1 in clear text, the store beside the configuration.
    pub fn new(smtp: u16) -> Self {
        let (dovecot, folder) = (Dovecot::start(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("password"), "secret").unwrap();
        let imap = format!(
            "{}\nsecurity = \"tls\"\nca_file = \"{}\"",
            dovecot.imaps,
            dovecot.ca_file().display()
        );
        let text = include_str!("../../src/cli/demo/quitus.toml")
            .replace("@MAILBOX@", MAILBOX)
            .replace("@PRIVACY@", "privacy@ateliervauban.example")
            .replace("@FIRM@", "Atelier Vauban")
            .replace("@AUTHSERV@", "mx.ateliervauban.example")
            .replace(
                "path = \"store\"",
                "path = \"store\"\nballast_mib = 1\nfree_space_floor_mib = 1",
            )
            .replace("@IMAP@\nsecurity = \"none\"", &imap)
            .replace("@SMTP@", &smtp.to_string());
        let file = folder.path().join("quitus.toml");
        std::fs::write(&file, text).unwrap();
        Self {
            dovecot,
            folder,
            file,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the configuration.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Changes the configuration; the first text must stand in it.
    pub fn change(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.file).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        std::fs::write(&self.file, text.replacen(from, to, 1)).unwrap();
    }

    /// The register: people 0 to 19, found on their firm's page by Dropcontact.
    pub fn register(&self) -> PathBuf {
        let mut csv = String::from(
            "email,first_name,last_name,firm,country,language,relation,provider,origin,origin_date,public,why\n",
        );
        for n in 0..20 {
            csv += &format!(
                "p{n}@client{n}.example,Paule,Numéro{n},Client {n},FR,fr,prospect,Dropcontact,site public de Client {n},\
                 2026-10-12,yes,votre fonction chez Client {n} vous rendait pertinente pour notre carnet\n"
            );
        }
        self.write("register.csv", &csv)
    }

    /// Reply `n` with these words, which arrived just now (a moment ahead, since mail counts in whole seconds).
    pub fn reply(&self, n: u32, words: &str) {
        self.replied_at(n, words, Timestamp::now() + SignedDuration::from_secs(2));
    }

    /// The same at another time.
    pub fn replied_at(&self, n: u32, words: &str, at: Timestamp) {
        self.deliver("", &reply(n, words, at), at);
    }

    /// Puts a message into a folder (`""` is INBOX), with this INTERNALDATE.
    pub fn deliver(&self, folder: &str, message: &str, at: Timestamp) {
        let file = self.dovecot.deliver(MAILBOX, folder, message.as_bytes());
        date(&file, at);
    }
}

/// Gives a file of a Maildir its INTERNALDATE.
pub fn date(file: &Path, at: Timestamp) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().unsigned_abs());
    let times = FileTimes::new().set_modified(at).set_accessed(at);
    let file = File::options().write(true).open(file).unwrap();
    file.set_times(times).unwrap();
}

/// Reply `n` with these words.
pub fn reply(n: u32, words: &str, at: Timestamp) -> String {
    let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "Authentication-Results: mx.ateliervauban.example;\r\n\tspf=pass smtp.mailfrom=client{n}.example;\r\n\tdmarc=pass \
         header.from=client{n}.example\r\nDate: {date}\r\nFrom: Paule {n} <p{n}@client{n}.example>\r\nTo: {MAILBOX}\r\n\
         Subject: Re: Le carnet de maintenance\r\nMessage-ID: <reply.{n}@client{n}.example>\r\nIn-Reply-To: \
         <mail.{n}@ateliervauban.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    )
}
