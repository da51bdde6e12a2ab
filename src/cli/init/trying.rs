//! Tries the settings before they are written: as `check --online` does, with a password that may stand nowhere yet.

use crate::cli::check;
use crate::config::{Config, Secret};
use crate::delivery::{self, Credentials};
use crate::mailbox::{self, SessionError};

/// What the servers said.
pub struct Tried {
    /// What was found, for people.
    pub good: Vec<String>,
    /// What is wrong.
    pub wrong: Vec<String>,
    /// Folders that the defaults name and the server has not, by special use.
    pub lacking: Vec<String>,
}

/// Logs in to both servers of a configuration; nothing is sent. Without a password they are only greeted: nobody has agreed to tokens yet.
pub async fn servers(config: &Config, password: &Option<Secret>) -> Tried {
    let mut tried = Tried {
        good: Vec::new(),
        wrong: Vec::new(),
        lacking: Vec::new(),
    };
    for settings in &config.mailboxes {
        let place = format!("IMAP {}:{}", settings.imap.host, settings.imap.port());
        let seen = match password {
            Some(password) => mailbox::probe_as(settings, password).await.map(Some),
            None => mailbox::greet(&settings.imap).await.map(|()| None),
        };
        match seen {
            Ok(Some(probe)) => tried.mailbox(&place, probe),
            Ok(None) => tried.good.push(format!(
                "{place}: it is there; quitus oauth login comes next"
            )),
            Err(e) => tried.wrong.push(format!("{place}: {e}")),
        }
    }
    let smtp = &config.smtp;
    let place = format!("SMTP {}:{}", smtp.host, smtp.port());
    let login = smtp.username.as_ref();
    let login = login.zip(password.as_ref());
    let login = login.map(|(user, password)| Credentials::new(user, password.expose()));
    match delivery::probe(smtp, login.as_ref()).await {
        Ok(probe) => {
            let tls = probe.tls.unwrap_or_else(|| "no TLS".to_owned());
            tried.good.push(format!("{place}: {tls}"));
        }
        Err(e) => tried.wrong.push(format!("{place}: {}", check::trouble(&e))),
    }
    tried
}

impl Tried {
    /// The password could not be read: no server was troubled.
    pub fn not(why: &str) -> Self {
        Self {
            good: Vec::new(),
            wrong: vec![why.to_owned()],
            lacking: Vec::new(),
        }
    }

    fn mailbox(&mut self, place: &str, probe: mailbox::Probe) {
        let mut folders = Vec::new();
        for (meant, opened) in probe.named {
            match opened {
                Ok(opened) => folders.push(format!("{} ({})", opened.folder.name, opened.exists)),
                Err(SessionError::NoFolder(_)) => self.lacking.push(meant),
                Err(e) => self.wrong.push(format!("{place}: {meant}: {e}")),
            }
        }
        self.good.push(format!("{place}: {}", folders.join(", ")));
    }
}
