//! Passwords and tokens: the configuration says where one is kept, and nothing ever prints it.
//!
//! In TOML: `password = { file = "/etc/quitus/imap.password" }`, `password = { env = "IMAP_PASSWORD" }`,
//! `password = { command = ["pass", "show", "imap"] }` or `password = { credential = "imap.password" }`, which systemd hands
//! over. It is read again at every login, so that a rotated password is found without a restart. Writing the password itself is refused, because configurations end up in backups,
//! tickets and repositories.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a password command may take.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// How long its first line may take once it has ended: it is in the pipe, or nobody writes it any more.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Nothing longer is a password or a token.
const LONGEST: u64 = 64 * 1024;
/// Where systemd puts the credentials of a service (systemd.exec(5), LoadCredential=).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Nothing longer is the name of a credential.
const LONGEST_NAME: usize = 255;

/// Where a secret is kept. Contains no secret, so it may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretSource {
    /// The whole file, without the line end that editors add.
    File(PathBuf),
    /// An environment variable of the daemon.
    Env(String),
    /// The first line that a program prints; program and arguments, no shell.
    Command(Vec<String>),
    /// A credential that systemd hands over to the service, by its name.
    Credential(String),
}

/// A secret in memory: zeroed when it is dropped, `…` when it is printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a secret that was obtained elsewhere (a token that was refreshed).
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Why a secret could not be read; says where it was looked for, never what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The file is not there, not readable, or not text.
    #[error("the password file {path} cannot be read: {why}")]
    File {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The variable is not set.
    #[error("the environment variable {0}, which should hold the password, is not set")]
    Env(String),
    /// The program could not be run, failed, or took too long.
    #[error("the password command {program} {why}")]
    Command {
        /// The program, without its arguments.
        program: String,
        /// What happened.
        why: String,
    },
    /// There is no such credential, or none at all.
    #[error("the credential {name}, which should hold the password, {why}")]
    Credential {
        /// Its name.
        name: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// There was nothing in it, or more than a password.
    #[error("{0} holds no usable password: {1}")]
    Unusable(String, &'static str),
}

impl SecretSource {
    /// Makes a relative file path relative to the folder of the configuration.
    pub fn resolve_in(&mut self, folder: &Path) {
        if let Self::File(path) = self
            && path.is_relative()
        {
            *path = folder.join(&*path);
        }
    }

    /// Reads the secret. Blocks (file, program): call it from a blocking thread.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::File(path) => read_file(path)?,
            Self::Env(name) => {
                Zeroizing::new(std::env::var(name).map_err(|_| SecretError::Env(name.clone()))?)
            }
            Self::Command(words) => run(words)?,
            Self::Credential(name) => read_credential(name, std::env::var_os(CREDENTIALS))?,
        };
        let first = text.strip_suffix('\n').unwrap_or(&text);
        let first = first.strip_suffix('\r').unwrap_or(first);
        // Some editors of Windows write a mark that nobody sees before the first letter.
        let first = first.strip_prefix('\u{feff}').unwrap_or(first);
        let wrong = match first {
            "" => Some("it is empty"),
            _ if first.contains(['\n', '\r', '\0']) => {
                Some("more than the password stands in it; keep one line")
            }
            _ => None,
        };
        if let Some(why) = wrong {
            return Err(SecretError::Unusable(self.to_string(), why));
        }
        Ok(Secret::new(first.to_owned()))
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::Command(words) => {
                let program = words.first().map_or("(none)", String::as_str);
                write!(f, "the command {program}")
            }
            Self::Credential(name) => write!(f, "the credential {name}"),
        }
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let failed = |why: String| SecretError::File {
        path: path.display().to_string(),
        why,
    };
    let file = std::fs::File::open(path).map_err(|e| failed(e.to_string()))?;
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|e| failed(e.to_string()))?;
    Ok(text)
}

/// The file of that name in the folder that systemd made for this service alone.
fn read_credential(name: &str, folder: Option<OsString>) -> Result<Zeroizing<String>, SecretError> {
    let failed = |why: String| SecretError::Credential {
        name: name.to_owned(),
        why,
    };
    let Some(folder) = folder.filter(|f| !f.is_empty()) else {
        return Err(failed(format!(
            "is not there: {CREDENTIALS} is not set, as systemd does for a unit that says LoadCredential={name}:/path/of/its/file"
        )));
    };
    let path = PathBuf::from(folder).join(name);
    read_file(&path).map_err(|_| {
        failed(format!(
            "is not in {}: add LoadCredential={name}:/path/of/its/file to the unit (systemctl edit quitus), then restart it",
            path.parent().unwrap_or(&path).display()
        ))
    })
}

/// Whether systemd would take it as the name of a credential; it is no path, so it leads nowhere else.
pub(super) fn can_name_a_credential(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ':');
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !matches!(name, "." | "..")
        && name.chars().all(plain)
}

fn run(words: &[String]) -> Result<Zeroizing<String>, SecretError> {
    let program = words.first().cloned().unwrap_or_default();
    let failed = |why: String| SecretError::Command {
        program: program.clone(),
        why,
    };
    let mut child = Command::new(&program)
        .args(words.get(1..).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| failed(format!("could not be started: {e}")))?;
    let (heard, output) = mpsc::channel();
    if let Some(mut printed) = child.stdout.take() {
        // It may print more than the pipe holds, and what it started may keep the pipe open for ever.
        std::thread::spawn(move || {
            // Whoever waited may have given up; the rest is nobody's.
            let _ = heard.send(first_line(&mut printed));
            let _ = io::copy(&mut printed, &mut io::sink());
        });
    }
    wait(&mut child).map_err(&failed)?;
    let open = |_| failed("left no whole line, and its output open".to_owned());
    let line = output.recv_timeout(LAST_WORDS).map_err(open)?;
    let no_text = |e: &dyn fmt::Display| failed(format!("printed no text: {e}"));
    let line = line.map_err(|e| no_text(&e))?;
    let text = std::str::from_utf8(&line).map_err(|e| no_text(&e))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Octet by octet, so that no buffer is left that is not zeroed; a password is short.
fn first_line(printed: &mut impl io::Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // One that grows leaves what it held before where it was.
    let whole = Vec::with_capacity(LONGEST as usize);
    let (mut line, mut octet) = (Zeroizing::new(whole), [0u8]);
    while line.len() < LONGEST as usize && octet != *b"\n" {
        match printed.read(&mut octet) {
            Ok(0) => break,
            Ok(_) => line.push(octet[0]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(line)
}

/// Waits until the program has ended well; ends it when it takes too long.
fn wait(child: &mut Child) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("failed ({status})")),
            Ok(None) if started.elapsed() < COMMAND_TIME => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(None) => {
                // It may have ended in the meantime; then there is nothing left to end.
                let _ = child.kill();
                let _ = child.wait();
                return Err("took longer than 30 seconds".to_owned());
            }
            Err(e) => return Err(format!("could not be waited for: {e}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    struct Settings {
        password: SecretSource,
    }

    fn parse(text: &str) -> Result<SecretSource, String> {
        toml::from_str::<Settings>(text)
            .map(|s| s.password)
            .map_err(|e| e.message().to_owned())
    }

    #[test]
    fn a_password_in_the_configuration_is_refused_and_not_repeated() {
        let error = parse("password = \"hunter2\"").unwrap_err();
        assert!(
            error.contains("never stands") && !error.contains("hunter2"),
            "{error}"
        );
        for typed in ["271828", "-271828", "2.71828", "true"] {
            let error = parse(&format!("password = {typed}")).unwrap_err();
            assert!(
                error.contains("never stands") && !error.contains(typed),
                "{error}"
            );
        }
        assert!(parse("password = { env = \"A\", file = \"b\" }").is_err());
        assert!(
            parse("password = { vault = \"b\" }")
                .unwrap_err()
                .contains("vault")
        );
    }

    #[test]
    fn a_secret_is_read_without_the_line_end_and_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p"), "s3 cret\r\n").unwrap();
        let mut source = parse("password = { file = \"p\" }").unwrap();
        source.resolve_in(folder.path());
        let secret = source.read().unwrap();
        assert_eq!(secret.expose(), "s3 cret");
        assert_eq!(format!("{secret:?}"), "…");
        std::fs::write(folder.path().join("p"), "\u{feff}s3cret\n").unwrap();
        assert_eq!(source.read().unwrap().expose(), "s3cret");
        for (text, says) in [("\n", "it is empty"), ("s3cret\n\n", "keep one line")] {
            std::fs::write(folder.path().join("p"), text).unwrap();
            let why = source.read().unwrap_err().to_string();
            assert!(why.contains(says) && !why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn a_command_gives_its_first_line_and_says_when_it_fails() {
        let command = |words: &[&str]| {
            SecretSource::Command(words.iter().map(|w| (*w).to_owned()).collect()).read()
        };
        assert_eq!(
            command(&["printf", "one\\ntwo\\n"]).unwrap().expose(),
            "one"
        );
        assert!(matches!(
            command(&["false"]),
            Err(SecretError::Command { .. })
        ));
        assert!(matches!(
            command(&["no-such-program"]),
            Err(SecretError::Command { .. })
        ));
    }

    #[test]
    fn a_command_that_leaves_its_output_open_or_says_more_than_anybody_reads_hangs_nobody() {
        let shell = |script: &str| {
            SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec()).read()
        };
        let began = Instant::now();
        assert_eq!(shell("echo s3cret; sleep 20 &").unwrap().expose(), "s3cret");
        let half = shell("printf half; sleep 20 &").unwrap_err();
        assert!(half.to_string().contains("its output open"), "{half}");
        assert_eq!(shell("seq 1 100000").unwrap().expose(), "1");
        assert!(began.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn a_credential_is_the_file_of_that_name_and_no_other() {
        let named = |name: &str| parse(&format!("password = {{ credential = \"{name}\" }}"));
        assert_eq!(
            named("imap.password"),
            Ok(SecretSource::Credential("imap.password".into()))
        );
        for bad in ["", ".", "..", "../shadow", "/etc/shadow", "a b", "a:b", "é"] {
            let error = named(bad).unwrap_err();
            assert!(error.contains("not the name of a credential"), "{bad}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("imap.password"), "s3 cret\n").unwrap();
        let read = |name| read_credential(name, Some(folder.path().into()));
        assert_eq!(read("imap.password").unwrap().as_str(), "s3 cret\n");
        let error = read("smtp.password").unwrap_err().to_string();
        assert!(
            error.contains("add LoadCredential=smtp.password:") && error.contains("systemctl edit"),
            "{error}"
        );
        for nowhere in [None, Some(OsString::new())] {
            let error = read_credential("imap.password", nowhere).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("CREDENTIALS_DIRECTORY is not set")
            );
        }
    }
}
