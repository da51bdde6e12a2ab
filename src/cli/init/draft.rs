//! The configuration that the answers make, with comments in the person's language.
//!
//! It is read back by the same code as `quitus check` before it is written, so that no answer can make a file that is wrong.

use super::asking::Tongue;
use super::providers::Protection;
use super::servers::Server;
use super::tokens::ByToken;
use crate::record::Address;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Where the password is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// In a file; relative to the folder of the configuration.
    File(PathBuf),
    /// In an environment variable of the daemon.
    Env(String),
    /// A program prints it.
    Command(Vec<String>),
    /// Nowhere: tokens are asked for.
    Token(ByToken),
}

/// All answers.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The language of the comments, of letters where nothing tells another, and of reviewers.
    pub tongue: Tongue,
    /// The mailbox's address.
    pub address: Address,
    /// Where it is read.
    pub imap: Server,
    /// Where letters leave.
    pub smtp: Server,
    /// The login of both.
    pub username: String,
    /// Its password.
    pub keeping: Keeping,
    /// Certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether the server puts what SMTP takes into Sent.
    pub files_sent: bool,
    /// The name under which the receiving server judges what arrives.
    pub authserv_id: Option<String>,
    /// Folders that the server lacks, by special use; known once it was tried.
    pub lacking: Vec<String>,
    /// Who answers.
    pub firm: Firm,
    /// Who decides what was held.
    pub reviewers: Vec<Address>,
    /// The folder of the store.
    pub store: String,
}

/// Who answers.
#[derive(Clone, Debug)]
pub struct Firm {
    /// As people call the firm.
    pub name: String,
    /// As the register of companies does.
    pub legal_name: String,
    /// Postal address.
    pub postal_address: String,
    /// Two letters.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
    /// Where a human answers.
    pub privacy_email: Address,
}

impl Draft {
    /// The file.
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.head(&mut text);
        self.controller(&mut text);
        self.places(&mut text);
        self.house(&mut text);
        self.review(&mut text);
        self.further(&mut text);
        text
    }

    /// A table's first line with what it is for.
    fn table(&self, text: &mut String, table: &str, en: &str, fr: &str) {
        line(text, &format!("\n{table:<45} # {}", self.tongue.of(en, fr)));
    }

    /// A setting, and perhaps a word on it.
    fn set(&self, text: &mut String, key: &str, value: &str, comment: Option<(&str, &str)>) {
        let setting = format!("{key} = {value}");
        match comment {
            Some((en, fr)) => line(text, &format!("{setting:<45} # {}", self.tongue.of(en, fr))),
            None => line(text, &setting),
        }
    }

    fn head(&self, text: &mut String) {
        line(text, self.tongue.of(
            "# Written by `quitus init`. Edit it as you like, then run\n#\n#     quitus check            every mistake, with its line\n#     quitus check --online   logs in everywhere, sends nothing\n#\n# Nothing leaves the house: Quitus begins in shadow mode, and only `quitus activate` changes that.\n# Everything that is not here has a default; config/README.md lists all of it.\n# Relative paths count from the folder of this file. Passwords never stand in it.",
            "# Écrit par `quitus init`. Modifiez-le à votre gré, puis lancez\n#\n#     quitus check            toutes les erreurs, avec leur ligne\n#     quitus check --online   se connecte partout, n'envoie rien\n#\n# Rien ne part : Quitus commence en mode shadow (observation), et seul `quitus activate` en change.\n# Tout ce qui n'est pas ici a une valeur par défaut ; config/README.md les énumère.\n# Les chemins relatifs partent du dossier de ce fichier. Aucun mot de passe n'y figure.",
        ));
    }

    fn controller(&self, text: &mut String) {
        self.table(
            text,
            "[controller]",
            "who answers; letters say so",
            "qui répond ; les courriers le disent",
        );
        self.set(text, "name", &quoted(&self.firm.name), None);
        self.set(text, "legal_name", &quoted(&self.firm.legal_name), None);
        self.set(text, "address", &quoted(&self.firm.postal_address), None);
        let privacy = quoted(self.firm.privacy_email.as_str());
        let read = ("a human reads this mailbox", "un humain lit cette boîte");
        self.set(text, "privacy_email", &privacy, Some(read));
        let holidays = (
            "its holidays are no working days",
            "ses jours fériés ne sont pas ouvrés",
        );
        self.set(text, "country", &quoted(&self.firm.country), Some(holidays));
        let counted = ("deadlines are counted in it", "les délais y sont comptés");
        self.set(
            text,
            "timezone",
            &quoted(&self.firm.time_zone),
            Some(counted),
        );
        match authority(&self.firm.country) {
            Some(authority) => {
                let to = ("where complaints go", "où vont les réclamations");
                self.set(text, "authority", authority, Some(to));
            }
            None => line(text, self.tongue.of(
                "# authority = { en = \"…\" }                    # where complaints go; source and access letters need it",
                "# authority = { fr = \"…\" }                    # où vont les réclamations ; les courriers de source et d'accès l'exigent",
            )),
        }
    }

    fn places(&self, text: &mut String) {
        self.table(
            text,
            "[store]",
            "log, keys, index; back up its keys apart",
            "journal, clés, index ; sauvegardez les clés à part",
        );
        self.set(text, "path", &quoted(&self.store), None);
        self.table(
            text,
            "[[mailbox]]",
            "replies arrive here; as many blocks as you like",
            "les réponses arrivent ici ; autant de blocs que nécessaire",
        );
        let name: String = self.address.local().chars().take(64).collect();
        let known = ("never change it later", "ne le changez plus ensuite");
        self.set(text, "name", &quoted(&name), Some(known));
        self.set(text, "address", &quoted(self.address.as_str()), None);
        self.folders(text);
        line(text, "\n[mailbox.imap]");
        self.server(text, &self.imap, true);
        self.table(
            text,
            "[smtp]",
            "letters leave here, once you say so",
            "les courriers partent d'ici, quand vous le direz",
        );
        // A server on this machine, in clear text, asks nobody who they are.
        self.server(text, &self.smtp, self.smtp.protection != Protection::None);
        if self.files_sent {
            let filed = (
                "the server files what it takes",
                "le serveur classe ce qu'il prend",
            );
            self.set(text, "sent_check", "\"imap\"", Some(filed));
        }
    }

    /// Only what differs from the defaults.
    fn folders(&self, text: &mut String) {
        let lacks = |meant: &str| self.lacking.iter().any(|l| l == meant);
        if lacks("\\Junk") {
            let why = (
                "the server has no spam folder that it tells of",
                "le serveur n'annonce aucun dossier d'indésirables",
            );
            self.set(text, "folders", "[\"INBOX\"]", Some(why));
        }
        if lacks("\\Sent") {
            let why = (
                "no Sent folder was found: name it, to know whose reply is whose",
                "aucun dossier d'envoyés trouvé : nommez-le, pour savoir qui répond à quoi",
            );
            self.set(text, "sent", "\"\"", Some(why));
        }
        if lacks("\\Drafts") {
            let why = (
                "no Drafts folder was found",
                "aucun dossier de brouillons trouvé",
            );
            self.set(text, "drafts", "\"\"", Some(why));
        }
    }

    fn server(&self, text: &mut String, server: &Server, login: bool) {
        self.set(text, "host", &quoted(&server.host), None);
        self.set(text, "port", &server.port.to_string(), None);
        self.set(text, "security", &quoted(server.protection.word()), None);
        if login {
            self.login(text);
        }
        if let Some(file) = &self.ca_file {
            self.set(text, "ca_file", &quoted(&file.to_string_lossy()), None);
        }
    }

    fn login(&self, text: &mut String) {
        self.set(text, "username", &quoted(&self.username), None);
        let password = match &self.keeping {
            Keeping::Token(by) => return self.set(text, "oauth", &by.setting(), None),
            Keeping::File(path) => format!("{{ file = {} }}", quoted(&path.to_string_lossy())),
            Keeping::Env(name) => format!("{{ env = {} }}", quoted(name)),
            Keeping::Command(words) => {
                let words: Vec<String> = words.iter().map(|w| quoted(w)).collect();
                format!("{{ command = [{}] }}", words.join(", "))
            }
        };
        self.set(text, "password", &password, None);
    }

    fn house(&self, text: &mut String) {
        let Some(id) = &self.authserv_id else { return };
        self.table(
            text,
            "[house]",
            "what we know of our own mail",
            "ce que nous savons de notre propre courrier",
        );
        let believed = (
            "only its results prove a sender",
            "seuls ses résultats prouvent un expéditeur",
        );
        self.set(text, "authserv_id", &quoted(id), Some(believed));
    }

    fn review(&self, text: &mut String) {
        self.table(
            text,
            "[review]",
            "who decides what was held",
            "qui décide de ce qui est retenu",
        );
        let all: Vec<String> = self.reviewers.iter().map(|a| quoted(a.as_str())).collect();
        self.set(text, "reviewers", &format!("[{}]", all.join(", ")), None);
        line(text, "\n[policy]");
        let language = quoted(self.tongue.of("en", "fr"));
        let when = (
            "when neither message nor register tells one",
            "quand ni le message ni le fichier n'en indique",
        );
        self.set(text, "default_language", &language, Some(when));
    }

    /// What comes next, as comments.
    fn further(&self, text: &mut String) {
        line(text, self.tongue.of(
            "\n# What source and access letters say; without it they wait for a human.\n# [processing]\n# purpose = { en = \"business prospecting\" }\n# basis = { en = \"legitimate interest (Article 6(1)(f) GDPR)\" }\n# categories = [\"email\", \"name\", \"role\", \"firm\"]\n# recipients = []                             # by name; [] says that there are none\n# retention = { en = \"3 years after your last message\" }\n# decisions = { en = \"none\" }\n\n# A tool that sends prospecting, and must obey a STOP; one block for each. config/senders/README.md has all of them.\n# [[sender]]\n# name = \"lemlist\"\n# preset = \"lemlist\"\n# secret = { file = \"lemlist.key\" }",
            "\n# Ce que disent les courriers de source et d'accès ; sans cela ils attendent un humain.\n# [processing]\n# purpose = { fr = \"prospection commerciale auprès de professionnels\" }\n# basis = { fr = \"intérêt légitime (article 6, paragraphe 1, point f, du RGPD)\" }\n# categories = [\"email\", \"name\", \"role\", \"firm\"]\n# recipients = []                             # par leur nom ; [] dit qu'il n'y en a pas\n# retention = { fr = \"3 ans après votre dernier message\" }\n# decisions = { fr = \"aucune\" }\n\n# Un outil qui prospecte et doit obéir à un STOP ; un bloc pour chacun. config/senders/README.md les énumère.\n# [[sender]]\n# name = \"lemlist\"\n# preset = \"lemlist\"\n# secret = { file = \"lemlist.key\" }",
        ));
    }
}

/// Writing to a string cannot fail.
fn line(text: &mut String, words: &str) {
    let _ = writeln!(text, "{}", words.trim_end());
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut all = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => all.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(all, "\\u{:04X}", u32::from(c));
            }
            c => all.push(c),
        }
    }
    all + "\""
}

/// The authority for complaints, where a country has one alone.
fn authority(country: &str) -> Option<&'static str> {
    Some(match country {
        "FR" => "{ fr = \"la CNIL\", en = \"the CNIL (France)\" }",
        "BE" => {
            "{ fr = \"l'Autorité de protection des données (Belgique)\", en = \"the Belgian Data Protection Authority\" }"
        }
        "LU" => "{ fr = \"la CNPD (Luxembourg)\", en = \"the CNPD (Luxembourg)\" }",
        "IE" => {
            "{ fr = \"la Data Protection Commission (Irlande)\", en = \"the Data Protection Commission (Ireland)\" }"
        }
        "NL" => {
            "{ fr = \"l'Autoriteit Persoonsgegevens (Pays-Bas)\", en = \"the Autoriteit Persoonsgegevens (Netherlands)\" }"
        }
        "ES" => "{ fr = \"l'AEPD (Espagne)\", en = \"the AEPD (Spain)\" }",
        "IT" => {
            "{ fr = \"le Garante per la protezione dei dati personali (Italie)\", en = \"the Garante per la protezione dei dati personali (Italy)\" }"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::servers::Role;
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    fn draft(tongue: Tongue) -> Draft {
        let server = |text, role| Server::parse(text, role, tongue).unwrap();
        let address = Address::parse("camille@relais.example").unwrap();
        Draft {
            tongue,
            imap: server("imap.relais.example", Role::Imap),
            smtp: server("smtp.relais.example:587", Role::Smtp),
            username: "camille".to_owned(),
            keeping: Keeping::File("quitus.password".into()),
            ca_file: None,
            files_sent: true,
            authserv_id: Some("mx.relais.example".to_owned()),
            lacking: Vec::new(),
            firm: Firm {
                name: "Relais".to_owned(),
                legal_name: "Relais SAS".to_owned(),
                postal_address: "12 rue de la Paix, 75002 Paris, France".to_owned(),
                country: "FR".to_owned(),
                time_zone: "Europe/Paris".to_owned(),
                privacy_email: address.clone(),
            },
            reviewers: vec![address.clone()],
            address,
            store: "store".to_owned(),
        }
    }

    fn read(draft: &Draft) -> Config {
        let text = draft.render();
        Config::read(Path::new("/srv/quitus.toml"), &text)
            .unwrap_or_else(|f| panic!("{f:#?}\n{text}"))
    }

    #[test]
    fn whatever_is_answered_the_file_is_good_and_says_it() {
        for tongue in [Tongue::En, Tongue::Fr] {
            let mut draft = draft(tongue);
            draft.firm.name = "L'\"Équipe\" \\ \u{1}x".to_owned();
            draft.keeping = Keeping::Command(vec!["pass".to_owned(), "a \"b\"".to_owned()]);
            draft.lacking = ["\\Junk", "\\Sent", "\\Drafts"].map(str::to_owned).to_vec();
            draft.ca_file = Some("ca.pem".into());
            for country in ["FR", "BE", "LU", "IE", "NL", "ES", "IT", "DE", "PL"] {
                draft.firm.country = country.to_owned();
                let config = read(&draft);
                assert_eq!(config.controller.name, draft.firm.name);
                assert_eq!(config.controller.country, country);
                assert_eq!(config.mailboxes[0].folders, ["INBOX"]);
                assert!(config.mailboxes[0].sent.is_empty());
                assert_eq!(config.house.authserv_id, draft.authserv_id);
                assert!(config.read_templates().is_ok());
            }
            draft.reviewers.clear();
            draft.keeping = Keeping::Env("P".to_owned());
            assert_eq!(read(&draft).smtp.port(), 587);
        }
    }

    #[test]
    fn comments_are_in_the_language_of_whoever_reads_them() {
        let (en, fr) = (draft(Tongue::En).render(), draft(Tongue::Fr).render());
        assert!(en.contains("who answers") && fr.contains("qui répond"));
        assert!(fr.contains("default_language = \"fr\""));
        assert!(fr.contains(" }  # où") || fr.contains(" } # où"), "{fr}");
        let comments = |text: &str| text.lines().filter(|l| l.contains('#')).count();
        assert_eq!(comments(&en), comments(&fr));
        assert!(!fr.contains(" the ") || fr.contains("the CNIL"), "{fr}");
    }
}
