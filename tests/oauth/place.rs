//! A firm whose mailbox is entered by token: the provider, Dovecot, SMTP, and a configuration.

use crate::bearer_smtp::BearerSmtp;
use crate::dovecot::Dovecot;
use crate::token_server::{SECRET, TokenServer, agree};
use quitus::config::Config;
use quitus::oauth::{Account, Consent};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub const USER: &str = "sales";

/// Where things are.
pub struct Place {
    pub tokens: TokenServer,
    pub folder: tempfile::TempDir,
    pub file: PathBuf,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The block of both log-ins: one account.
pub fn block(tokens: &TokenServer, more: &str) -> String {
    format!(
        "provider = \"custom\"\nclient_id = \"app\"\nclient_secret = {{ file = \"secret\" }}\nauthorize = \"{}\"\ntoken = \"{}\"\n\
         device = \"{}\"\nscope = [\"mail\"]\ntimeout_seconds = 2\n{more}",
        tokens.url("/authorize"),
        tokens.url("/token"),
        tokens.url("/device"),
    )
}

/// A Dovecot that asks the provider about every token, and offers these mechanisms.
pub fn dovecot(tokens: &TokenServer, mechanisms: &str) -> Dovecot {
    let ask = format!(
        "introspection_mode = post\nintrospection_url = {}\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n\
         force_introspection = yes\n",
        tokens.url("/introspect")
    );
    Dovecot::with(|config, root| {
        let file = root.join("oauth2.conf");
        std::fs::write(&file, ask).unwrap();
        let passdb = format!(
            "passdb {{\n driver = oauth2\n mechanisms = {mechanisms}\n args = {}\n}}\npassdb {{",
            file.display()
        );
        config
            .replace(
                "auth_mechanisms = plain login",
                &format!("auth_mechanisms = plain {mechanisms}"),
            )
            .replacen("passdb {", &passdb, 1)
    })
}

/// An SMTP server that asks the provider, too.
pub fn smtp(tokens: &TokenServer, mechanism: &'static str) -> BearerSmtp {
    let tokens = tokens.clone();
    BearerSmtp::start(mechanism, move |token| tokens.world().live.contains(token))
}

impl Place {
    /// With servers at these ports (IMAPS of Dovecot, SMTP in clear text), and more words in both blocks.
    pub fn new(tokens: TokenServer, imap: Option<&Dovecot>, smtp: u16, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), SECRET).unwrap();
        let (port, security) = match imap {
            Some(dovecot) => (
                dovecot.imaps,
                format!(
                    "security = \"tls\"\nca_file = \"{}\"",
                    dovecot.ca_file().display()
                ),
            ),
            None => (1, "security = \"none\"".to_owned()),
        };
        let block = block(&tokens, more);
        let by_token = format!("username = \"{USER}\"\n\n[mailbox.imap.oauth]\n{block}");
        let text = include_str!("../../src/cli/demo/quitus.toml")
            .replace("@MAILBOX@\"\npassword = { file = \"password\" }", "@USER@")
            .replace("username = \"@USER@", &by_token)
            .replace("@MAILBOX@", "sales@acme.example")
            .replace("@PRIVACY@", "privacy@acme.example")
            .replace("@FIRM@", "Acme")
            .replace("@AUTHSERV@", "mx.acme.example")
            .replace(
                "path = \"store\"",
                "path = \"store\"\nballast_mib = 1\nfree_space_floor_mib = 1",
            )
            .replace(
                "@IMAP@\nsecurity = \"none\"",
                &format!("{port}\n{security}"),
            )
            .replace(
                "@SMTP@\nsecurity = \"none\"",
                &format!(
                    "{smtp}\nsecurity = \"none\"\nusername = \"{USER}\"\n\n[smtp.oauth]\n{block}"
                ),
            );
        let file = folder.path().join("quitus.toml");
        std::fs::write(&file, text).unwrap();
        Self {
            tokens,
            folder,
            file,
        }
    }

    /// Without mail servers: only the tokens are looked at.
    pub fn alone(more: &str) -> Self {
        Self::new(TokenServer::start(USER), None, 1, more)
    }

    pub fn config(&self) -> Config {
        Config::load(&self.file).unwrap_or_else(|faults| panic!("{faults:#?}"))
    }

    pub fn account(&self) -> Account {
        Account::of(self.config().oauth().next().unwrap())
    }

    /// Somebody logs in, without the command.
    pub async fn log_in(&self) -> Account {
        let account = self.account();
        let consent = Consent::new(&account, 1).unwrap();
        let code = consent.code(&agree(&consent.link)).unwrap();
        consent.finish(&code).await.unwrap();
        account
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quitus"));
        command.args(words).arg("--config").arg(&self.file);
        command.env_remove("QUITUS_CONFIG").stdin(Stdio::null());
        command
    }

    pub fn ask(&self, words: &[&str]) -> Said {
        let output = self.command(words).output().unwrap();
        let said = Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        self.keeps_its_secrets(&format!("{}{}", said.out, said.err));
        said
    }

    /// No token, code or secret of the provider stands in a text.
    pub fn keeps_its_secrets(&self, text: &str) {
        for planted in &self.tokens.world().told {
            assert!(!text.contains(planted.as_str()), "{planted} in {text}");
        }
    }

    /// Nor in any file of the folder, but the one where the operator put the secret.
    pub fn keeps_its_files_sealed(&self) {
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("secret") && path.is_file() {
                    let bytes = std::fs::read(&path).unwrap();
                    assert!(!bytes.windows(8).any(|w| w == b"planted-"), "{path:?}");
                }
            }
        }
    }
}
