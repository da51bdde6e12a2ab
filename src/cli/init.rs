//! `quitus init`: from the address of a mailbox to a configuration that works, by questions or by flags.
//!
//! Nothing is on the disk before everything is answered and tried, so whoever leaves leaves nothing behind; and what is there already
//! is never touched. Deliberately absent: the mode. Quitus begins in shadow, and only `quitus activate` changes that.

mod answers;
pub(super) mod asking;
mod autoconfig;
mod draft;
mod finding;
mod providers;
mod published;
mod servers;
mod tokens;
mod trying;
mod usual;
mod writing;

use super::edge::{DONE, End, WRONG};
use super::output::{self, CARE, FAINT, GOOD, painted};
use crate::config::{Config, Secret, SecretSource};
use answers::Setup;
use asking::{Asker, Tongue};
use draft::{Draft, Keeping};
use providers::Providers;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// `quitus init`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The mailbox that receives replies
    #[arg(long)]
    address: Option<String>,
    /// Who runs it, as config/providers.toml calls them [default: by the address's domain, or by where its mail goes]
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// A list of providers of your own, looked through before the built-in one
    #[arg(long, value_name = "FILE")]
    providers: Option<PathBuf>,
    /// The IMAP server: HOST[:PORT][/tls|starttls]
    #[arg(long, value_name = "SERVER")]
    imap: Option<String>,
    /// The SMTP server: HOST[:PORT][/tls|starttls]
    #[arg(long, value_name = "SERVER")]
    smtp: Option<String>,
    /// The login name of both [default: the address]
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// Certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    oauth: tokens::Flags,
    /// The firm, as people call it
    #[arg(long, value_name = "FIRM")]
    name: Option<String>,
    /// The firm, as the register of companies does [default: the name]
    #[arg(long, value_name = "FIRM")]
    legal_name: Option<String>,
    /// Its postal address, on one line
    #[arg(long, value_name = "ADDRESS")]
    postal_address: Option<String>,
    /// Its country, two letters [default: as the mailbox's domain ends; FR in French]
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// Its time zone [default: the country's, else this machine's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Where a human answers requests [default: the mailbox]
    #[arg(long, value_name = "ADDRESS")]
    privacy_email: Option<String>,
    /// Who decides what was held; may stand several times [default: the privacy address]
    #[arg(long, value_name = "ADDRESS")]
    reviewer: Vec<String>,
    /// The folder of the store [default: /var/lib/quitus for a file in /etc, else `store` beside the file]
    #[arg(long, value_name = "PATH")]
    store: Option<String>,
    /// The language of questions, comments and letters [default: that of $LANG]
    #[arg(long)]
    language: Option<Tongue>,
    /// Ask no server and no name server; write without trying
    #[arg(long)]
    offline: bool,
}

/// Where the password comes from, and stays.
#[derive(clap::Args, Debug)]
#[group(multiple = false)]
struct Password {
    /// The password stands in this file, and stays there
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The password is in this environment variable, of the daemon too
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,
    /// This program prints the password: words separated by spaces, no shell
    #[arg(long, value_name = "WORDS")]
    password_command: Option<String>,
    /// The password is the first line of standard input; it goes into a file of its own beside the configuration
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    /// Whether a flag says where it is.
    fn is_given(&self) -> bool {
        self.password_stdin
            || self.password_file.is_some()
            || self.password_env.is_some()
            || self.password_command.is_some()
    }
}

/// The file of a password that init was told.
const PASSWORD_FILE: &str = "quitus.password";

/// Runs it. 1 if a server does not take the settings, and then nothing is written.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let (mut input, mut output) = (io::stdin().lock(), anstream::stderr());
    let mut asker = Asker {
        input: &mut input,
        output: &mut output,
        tongue: Tongue::En,
    };
    let tongue = match arguments.language.or_else(Tongue::of_environment) {
        Some(tongue) => tongue,
        None if terminal => {
            asker.ask("Language / langue: en, fr", Some("en"), |text| match text {
                "en" => Ok(Tongue::En),
                "fr" => Ok(Tongue::Fr),
                _ => Err("en / fr".to_owned()),
            })?
        }
        None => Tongue::En,
    };
    asker.tongue = tongue;
    let environment = std::env::var_os("QUITUS_CONFIG").map(PathBuf::from);
    let file = named.map(Path::to_owned).or(environment);
    let file = file.unwrap_or_else(|| PathBuf::from("config/quitus.toml"));
    if std::fs::symlink_metadata(&file).is_ok() {
        return Err(writing::there(&file, tongue));
    }
    let providers = Providers::read(arguments.providers.as_deref())?;
    if terminal {
        let words = tongue.of(
            "Enter takes what stands in brackets; Ctrl-C leaves nothing behind; nothing is sent. To be written: ",
            "Entrée prend ce qui est entre crochets ; Ctrl-C ne laisse rien ; rien n'est envoyé. À écrire : ",
        );
        asker.tell(&format!("{words}{}", file.display()))?;
    }
    let runtime = Runtime::new()?;
    let mut setup = Setup {
        arguments,
        asker,
        terminal,
        tongue,
        runtime: &runtime,
        file: &file,
    };
    let (draft, password) = setup.answers(&providers)?;
    match setup.tried(draft, password)? {
        Some((draft, password)) => finish(&file, &draft, password.as_ref(), &runtime),
        None => Ok(WRONG),
    }
}

impl Setup<'_> {
    /// Tries the settings until they are good, or the person wants them all the same; nothing if they are to be left.
    fn tried(
        &mut self,
        mut draft: Draft,
        mut password: Option<Secret>,
    ) -> Result<Option<(Draft, Option<Secret>)>, End> {
        let config = judged(self.file, &draft)?;
        if self.arguments.offline {
            return Ok(Some((draft, password)));
        }
        loop {
            let tongue = self.tongue;
            self.asker.tell(tongue.of(
                "Trying the settings; nothing is sent …",
                "Essai des réglages ; rien n'est envoyé …",
            ))?;
            let secret = self.secret_of(&draft, password.as_ref());
            let tried = match &secret {
                Ok(secret) => self.runtime.block_on(trying::servers(&config, secret)),
                Err(why) => trying::Tried::not(why),
            };
            for line in &tried.good {
                self.asker
                    .tell(&format!("  {} {line}", painted(GOOD, "✓")))?;
            }
            for line in &tried.wrong {
                self.asker.tell(&format!("  ✗ {line}"))?;
            }
            draft.lacking = tried.lacking;
            if tried.wrong.is_empty() {
                return Ok(Some((draft, password)));
            }
            if !self.terminal {
                self.asker.tell(tongue.of(
                    "nothing was written\n  → correct the settings, or write them untried with --offline",
                    "rien n'a été écrit\n  → corrigez les réglages, ou écrivez-les sans essai par --offline",
                ))?;
                return Ok(None);
            }
            match self.after_failure(password.is_some())? {
                After::Again => {}
                After::Password => password = Some(self.typed_password()?),
                After::Write => return Ok(Some((draft, password))),
                After::Leave => {
                    self.asker
                        .tell(tongue.of("nothing was written", "rien n'a été écrit"))?;
                    return Ok(None);
                }
            }
        }
    }

    /// The password, typed or where it is kept; none where tokens are asked for.
    fn secret_of(&self, draft: &Draft, typed: Option<&Secret>) -> Result<Option<Secret>, String> {
        if let Some(secret) = typed {
            return Ok(Some(secret.clone()));
        }
        let mut source = match &draft.keeping {
            Keeping::File(path) => SecretSource::File(path.clone()),
            Keeping::Env(name) => SecretSource::Env(name.clone()),
            Keeping::Command(words) => SecretSource::Command(words.clone()),
            Keeping::Token(_) => return Ok(None),
        };
        source.resolve_in(writing::folder_of(self.file));
        source.read().map(Some).map_err(|e| e.to_string())
    }

    fn after_failure(&mut self, typed: bool) -> Result<After, End> {
        let tongue = self.tongue;
        let question = match typed {
            true => tongue.of(
                "Another password (p), try again (t), write all the same (w), or leave (q)?",
                "Autre mot de passe (p), réessayer (t), écrire quand même (w), ou abandonner (q) ?",
            ),
            false => tongue.of(
                "Try again (t), write all the same (w), or leave (q)?",
                "Réessayer (t), écrire quand même (w), ou abandonner (q) ?",
            ),
        };
        self.asker.ask(
            question,
            Some(if typed { "p" } else { "t" }),
            |answer| match answer {
                "p" if typed => Ok(After::Password),
                "t" => Ok(After::Again),
                "w" => Ok(After::Write),
                "q" => Ok(After::Leave),
                _ => Err("p / t / w / q".to_owned()),
            },
        )
    }
}

/// What to do when the settings are not taken.
enum After {
    Password,
    Again,
    Write,
    Leave,
}

/// The draft as every command will read it. A mistake here is one of the answers that no question caught.
fn judged(file: &Path, draft: &Draft) -> Result<Config, End> {
    Config::read(file, &draft.render()).map_err(End::Faults)
}

/// Writes, and says what comes next.
fn finish(
    file: &Path,
    draft: &Draft,
    password: Option<&Secret>,
    runtime: &Runtime,
) -> Result<u8, End> {
    // Ctrl-C from here on waits for the two files to be whole: the signal is caught, and nobody asks for it.
    let _caught = runtime.block_on(async {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
    });
    judged(file, draft)?;
    let secret = writing::folder_of(file).join(PASSWORD_FILE);
    let kept = password.map(|p| (secret.as_path(), p));
    writing::write(file, &draft.render(), kept, draft.tongue)?;
    tell_next(file, draft, password.map(|_| secret.as_path()))?;
    Ok(DONE)
}

/// Before all others, where tokens are asked for.
const LOGIN: (&str, &str, &str) = (
    "oauth login",
    "log in at the provider, once, in a browser on any machine",
    "se connecter chez le fournisseur, une fois, dans un navigateur sur n'importe quelle machine",
);

/// The next steps, in the order in which they are taken.
const NEXT: [(&str, &str, &str); 3] = [
    (
        "check --online",
        "every mistake at once; logs in, sends nothing",
        "toutes les erreurs d'un coup ; se connecte, n'envoie rien",
    ),
    (
        "replay",
        "what was missed so far, from the mail that is there",
        "ce qui a été manqué, d'après le courrier déjà là",
    ),
    (
        "run",
        "watch in shadow mode: it reads and decides, nothing leaves",
        "observer en mode shadow : il lit et décide, rien ne part",
    ),
];

fn tell_next(file: &Path, draft: &Draft, secret: Option<&Path>) -> io::Result<()> {
    let mut out = output::people();
    let (shown, tongue) = (file.display(), draft.tongue);
    let with = match ["config/quitus.toml", "/etc/quitus/quitus.toml"].map(Path::new) {
        usual if usual.contains(&file) => String::new(),
        _ => format!(" --config {shown}"),
    };
    let written = format!("{shown} {}", tongue.of("is written", "est écrit"));
    writeln!(out, "{}", painted(GOOD, &written))?;
    if let Some(secret) = secret {
        let only = tongue.of(
            "the password; only its owner reads it",
            "le mot de passe ; seul son propriétaire le lit",
        );
        writeln!(out, "{} ({only})", secret.display())?;
    }
    for lacking in &draft.lacking {
        let none = tongue.of(
            "the server shows no folder",
            "le serveur ne montre aucun dossier",
        );
        writeln!(out, "{}", painted(CARE, &format!("{none} {lacking}")))?;
    }
    writeln!(out, "{}", tongue.of("\nNext:", "\nEnsuite :"))?;
    let login = matches!(draft.keeping, Keeping::Token(_)).then_some(LOGIN);
    for (command, en, fr) in login.into_iter().chain(NEXT) {
        let command = format!("{command}{with}");
        let what = painted(FAINT, tongue.of(en, fr));
        writeln!(out, "  quitus {command:<40}{what}")?;
    }
    out.flush()
}
