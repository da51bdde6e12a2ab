//! The answers, each from its flag, from the person at the terminal, or from what is usual; and which flags are missing.

use super::asking::{Asker, Tongue};
use super::draft::{Draft, Firm, Keeping};
use super::providers::Providers;
use super::usual::{
    absolute, addresses, country, known_zone, mail_address, usual_country, usual_zone,
};
use super::{Arguments, PASSWORD_FILE, writing};
use crate::cli::edge::End;
use crate::config::Secret;
use crate::record::Address;
use std::path::Path;
use tokio::runtime::Runtime;

/// Somebody who sets Quitus up.
pub struct Setup<'a> {
    /// The flags.
    pub arguments: &'a Arguments,
    /// The person.
    pub asker: Asker<'a>,
    /// Whether there is one to ask.
    pub terminal: bool,
    /// Their language.
    pub tongue: Tongue,
    /// For servers and name servers.
    pub runtime: &'a Runtime,
    /// The configuration to be.
    pub file: &'a Path,
}

/// A question in English and in French.
pub type Question = (&'static str, &'static str);

const ADDRESS: Question = (
    "Address of the mailbox that receives replies",
    "Adresse de la boîte qui reçoit les réponses",
);
const NAME: Question = (
    "Name of the firm, as people call it",
    "Nom de l'entreprise, tel qu'on l'appelle",
);
const LEGAL_NAME: Question = ("Its legal name", "Sa raison sociale");
const POSTAL: Question = (
    "Its postal address, on one line",
    "Son adresse postale, sur une ligne",
);
const COUNTRY: Question = ("Its country, two letters", "Son pays, deux lettres");
const ZONE: Question = ("Its time zone", "Son fuseau horaire");
const PRIVACY: Question = (
    "Address where a human answers requests",
    "Adresse où un humain répond aux demandes",
);
const REVIEWERS: Question = (
    "Who decides what was held: addresses with commas",
    "Qui décide de ce qui est retenu : adresses séparées par des virgules",
);
const STORE: Question = (
    "Folder of the store (log, keys, index)",
    "Dossier du stockage (journal, clés, index)",
);
const WAY: Question = (
    "Password: typed now and kept in a file (1), in an environment variable (2), or printed by a program (3)",
    "Mot de passe : saisi maintenant et gardé dans un fichier (1), dans une variable d'environnement (2), ou affiché par un programme (3)",
);
const VARIABLE: Question = ("Name of the variable", "Nom de la variable");
const PROGRAM: Question = (
    "Program and arguments, with spaces",
    "Programme et arguments, séparés par des espaces",
);

impl Setup<'_> {
    /// Everything, and the password if it was told.
    pub fn answers(&mut self, providers: &Providers) -> Result<(Draft, Option<Secret>), End> {
        if !self.terminal {
            self.nothing_missing()?;
        }
        let (a, tongue) = (self.arguments, self.tongue);
        let given = a.address.as_deref();
        let address = self.value("--address", given, ADDRESS, None, mail_address)?;
        let found = self.servers(&address, providers)?;
        let (keeping, password) = match self.by_token(&found)? {
            Some(by) => (Keeping::Token(by), None),
            None => self.password()?,
        };
        let firm = self.firm(&address)?;
        let given = (!a.reviewer.is_empty()).then(|| a.reviewer.join(","));
        let (given, usual) = (given.as_deref(), firm.privacy_email.as_str());
        let reviewers = self.value("--reviewer", given, REVIEWERS, Some(usual), addresses)?;
        let usual = match self.file.starts_with("/etc") {
            true => "/var/lib/quitus",
            false => "store",
        };
        let store = self.text("--store", a.store.as_deref(), STORE, Some(usual))?;
        let draft = Draft {
            tongue,
            address,
            imap: found.imap,
            smtp: found.smtp,
            username: found.username,
            keeping,
            ca_file: a.ca_file.as_deref().map(absolute).transpose()?,
            files_sent: found.files_sent,
            authserv_id: found.authserv_id,
            lacking: Vec::new(),
            firm,
            reviewers,
            store,
        };
        Ok((draft, password))
    }

    /// Who answers.
    fn firm(&mut self, address: &Address) -> Result<Firm, End> {
        let (a, tongue) = (self.arguments, self.tongue);
        let name = self.text("--name", a.name.as_deref(), NAME, None)?;
        let given = a.legal_name.as_deref();
        let legal_name = self.text("--legal-name", given, LEGAL_NAME, Some(&name))?;
        let given = a.postal_address.as_deref();
        let postal_address = self.text("--postal-address", given, POSTAL, None)?;
        let (given, usual) = (
            a.country.as_deref(),
            usual_country(address.domain(), tongue),
        );
        let two = |t: &str| country(t, tongue);
        let country = self.value("--country", given, COUNTRY, usual.as_deref(), two)?;
        let (given, usual) = (a.time_zone.as_deref(), usual_zone(&country));
        let known = |t: &str| known_zone(t, tongue);
        let time_zone = self.value("--time-zone", given, ZONE, Some(&usual), known)?;
        let (given, usual) = (a.privacy_email.as_deref(), Some(address.as_str()));
        let privacy_email = self.value("--privacy-email", given, PRIVACY, usual, mail_address)?;
        Ok(Firm {
            name,
            legal_name,
            postal_address,
            country,
            time_zone,
            privacy_email,
        })
    }

    /// Without a terminal: every flag that has no default and is not there.
    fn nothing_missing(&self) -> Result<(), End> {
        let a = self.arguments;
        let password = a.password.is_given() || a.oauth.oauth_client_id.is_some();
        let address = a.address.as_deref().unwrap_or_default();
        let domain = address.rsplit('@').next().unwrap_or_default();
        let usual = usual_country(domain, self.tongue);
        self.none_missing([
            ("--address", a.address.is_some()),
            (
                "--password-file (or -env, -command, -stdin; or --oauth-client-id)",
                password,
            ),
            ("--name", a.name.is_some()),
            ("--postal-address", a.postal_address.is_some()),
            ("--country", a.country.is_some() || usual.is_some()),
        ])
    }

    /// Every flag that is not there, in one sentence.
    pub fn none_missing<const N: usize>(&self, flags: [(&str, bool); N]) -> Result<(), End> {
        let missing = flags.into_iter().filter(|(_, there)| !there);
        let missing: Vec<&str> = missing.map(|(flag, _)| flag).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let why = self.tongue.of(
            "there is no terminal to ask at; these flags are missing",
            "aucun terminal pour poser les questions ; il manque ces options",
        );
        Err(End::Usage(format!("{why}: {}", missing.join(", "))))
    }

    /// A flag's value, or an answer, or what is usual.
    pub fn value<T>(
        &mut self,
        flag: &str,
        given: Option<&str>,
        (en, fr): Question,
        usual: Option<&str>,
        good: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, End> {
        let told = |text: &str| good(text).map_err(|why| End::Usage(format!("{flag}: {why}")));
        match (given, usual) {
            (Some(text), _) => told(text),
            (None, _) if self.terminal => self.asker.ask(self.tongue.of(en, fr), usual, good),
            (None, Some(usual)) => told(usual),
            (None, None) => {
                let missing = self.tongue.of("is missing", "manque");
                Err(End::Usage(format!("{flag} {missing}")))
            }
        }
    }

    /// A line that is not empty.
    pub fn text(
        &mut self,
        flag: &str,
        given: Option<&str>,
        question: Question,
        usual: Option<&str>,
    ) -> Result<String, End> {
        let tongue = self.tongue;
        self.value(flag, given, question, usual, |text| match text.trim() {
            "" => Err(tongue
                .of("this must be said", "une réponse est nécessaire")
                .to_owned()),
            text => Ok(text.to_owned()),
        })
    }

    /// How the password is kept, and the password if it was told here.
    fn password(&mut self) -> Result<(Keeping, Option<Secret>), End> {
        let given = &self.arguments.password;
        let words =
            |text: &str| Keeping::Command(text.split_whitespace().map(str::to_owned).collect());
        if let Some(path) = &given.password_file {
            return Ok((Keeping::File(absolute(path)?), None));
        }
        if let Some(name) = &given.password_env {
            return Ok((Keeping::Env(name.clone()), None));
        }
        if let Some(text) = &given.password_command {
            return Ok((words(text), None));
        }
        if given.password_stdin {
            self.nothing_kept_yet()?;
            let secret = match self.terminal {
                true => self.typed_password()?,
                false => self.handed_password()?,
            };
            return Ok((Keeping::File(PASSWORD_FILE.into()), Some(secret)));
        }
        let way = self
            .asker
            .ask(self.tongue.of(WAY.0, WAY.1), Some("1"), |t| match t {
                "1" | "2" | "3" => Ok(t.to_owned()),
                _ => Err("1 / 2 / 3".to_owned()),
            })?;
        match way.as_str() {
            "2" => {
                let name = self.text("", None, VARIABLE, Some("QUITUS_PASSWORD"))?;
                Ok((Keeping::Env(name), None))
            }
            "3" => Ok((words(&self.text("", None, PROGRAM, None)?), None)),
            _ => {
                self.nothing_kept_yet()?;
                let secret = self.typed_password()?;
                Ok((Keeping::File(PASSWORD_FILE.into()), Some(secret)))
            }
        }
    }

    /// The password as the first line of standard input.
    fn handed_password(&mut self) -> Result<Secret, End> {
        let mut line = zeroize::Zeroizing::new(String::new());
        self.asker.input.read_line(&mut line)?;
        let text = line.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            let none = "--password-stdin: there is no line";
            let none = self.tongue.of(none, "--password-stdin : aucune ligne");
            return Err(End::Usage(none.to_owned()));
        }
        Ok(Secret::new(text.to_owned()))
    }

    /// Before a password is asked for: there must be a place for it.
    fn nothing_kept_yet(&self) -> Result<(), End> {
        let path = writing::folder_of(self.file).join(PASSWORD_FILE);
        match std::fs::symlink_metadata(&path).is_ok() {
            true => Err(writing::there(&path, self.tongue)),
            false => Ok(()),
        }
    }

    /// A password from the keyboard.
    pub fn typed_password(&mut self) -> Result<Secret, End> {
        let question = self
            .tongue
            .of("Password (not shown)", "Mot de passe (non affiché)");
        self.asker.secret(question)
    }
}
