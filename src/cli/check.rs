//! `quitus check`: every mistake of configuration, templates and lexicons at once; with `--online` the servers too.
//!
//! Nothing is sent and nothing changed: `--online` logs in, looks and says goodbye. Where there is no mistake, it says what may be
//! meant and most likely is not (`config::Survey::notes`), which changes no exit code.

use super::edge::{self, DONE, End, MISTAKEN, WRONG};
use super::output::{self, BAD, CARE, FAINT, GOOD, STRONG, painted};
use crate::config::{Config, Survey};
use crate::delivery::{self, Credentials, Problem, Trouble};
use crate::mailbox::{self, MailboxSettings};
use crate::record::Fault;
use crate::sender::{Connector, SenderSettings};
use crate::service::closes_at;
use std::io::Write;
use std::path::Path;

/// `quitus check [--online]`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Log in to every mailbox and to the SMTP server too; sends nothing
    #[arg(long)]
    online: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What one server said.
#[derive(serde::Serialize)]
pub struct Seen {
    name: String,
    /// Whether all is well.
    pub ok: bool,
    /// What was found, or what is wrong.
    pub lines: Vec<String>,
}

/// Runs it. 2 if something that people edit is wrong, 1 if a server or a password is.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let survey = Survey::of(&edge::config_file(named)?);
    let (mut faults, secrets) = (survey.sheets(), survey.secrets());
    let notes = survey.notes(jiff::Timestamp::now().into());
    let config = match survey.config {
        Ok(config) if faults.is_empty() => config,
        wrong => {
            faults.splice(0..0, wrong.err().unwrap_or_default());
            faults.extend(secrets.into_iter().map(|(_, fault)| fault));
            return wrong_files(faults, arguments.json);
        }
    };
    let mut seen: Vec<Seen> = secrets.iter().map(of_secret).collect();
    if arguments.online {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(online(&config, &mut seen));
    }
    let wrong = seen.iter().any(|s| !s.ok);
    if arguments.json {
        let mut out = output::programs();
        let notes: Vec<_> = notes.iter().map(row).collect();
        let all = serde_json::json!({"ok": !wrong, "seen": seen, "notes": notes});
        output::json_line(&mut out, &all)?;
        out.flush()?;
    } else {
        show(&config, &seen, &notes)?;
    }
    Ok(if wrong { WRONG } else { DONE })
}

/// Every mistake in what people edit, in words on standard error, or for programs.
fn wrong_files(faults: Vec<Fault>, json: bool) -> Result<u8, End> {
    if !json {
        return Err(End::Faults(faults));
    }
    let rows: Vec<_> = faults.iter().map(row).collect();
    let mut out = output::programs();
    output::json_line(&mut out, &serde_json::json!({"ok": false, "faults": rows}))?;
    out.flush()?;
    Ok(MISTAKEN)
}

fn row(f: &Fault) -> serde_json::Value {
    serde_json::json!({
        "file": f.file, "line": f.line, "column": f.column, "what": f.what, "fix": f.fix,
    })
}

/// A password that cannot be read; none is shown.
fn of_secret((of, fault): &(String, Fault)) -> Seen {
    Seen {
        name: format!("password of {of}"),
        ok: false,
        lines: fault.to_string().lines().map(str::to_owned).collect(),
    }
}

async fn online(config: &Config, seen: &mut Vec<Seen>) {
    let now = crate::record::Timestamp::from(jiff::Timestamp::now());
    for settings in &config.mailboxes {
        let closed = closes_at(config, settings).is_some_and(|end| now >= end);
        seen.push(match closed {
            true => closed_mailbox(settings),
            false => mailbox(settings).await,
        });
    }
    for settings in &config.senders {
        seen.push(of_sender(settings).await);
    }
    seen.extend(smtp(config).await);
}

/// One whose last day is over is left alone.
fn closed_mailbox(settings: &MailboxSettings) -> Seen {
    Seen {
        name: format!("mailbox {}", settings.name),
        ok: true,
        lines: vec!["closed: its last day is over, and it is no longer connected".to_owned()],
    }
}

/// A log-in at the IMAP server, and a look at the folders.
pub async fn mailbox(settings: &MailboxSettings) -> Seen {
    let name = format!("mailbox {}", settings.name);
    match mailbox::probe(settings).await {
        Ok(probe) => of_mailbox(name, &probe),
        Err(e) => Seen {
            name,
            ok: false,
            lines: vec![e.to_string()],
        },
    }
}

/// A log-in at the SMTP server; nothing if its password cannot be read.
pub async fn smtp(config: &Config) -> Option<Seen> {
    let name = format!("smtp {}:{}", config.smtp.host, config.smtp.port());
    // A password that cannot be read has been told among the passwords.
    if let Some(password) = &config.smtp.password {
        password.read().ok()?;
    }
    let login = Credentials::of(&config.smtp);
    Some(match delivery::probe(&config.smtp, login.as_ref()).await {
        Ok(probe) => {
            let tls = probe.tls.unwrap_or_else(|| "no TLS".to_owned());
            let lines = vec![tls, format!("offers {}", probe.capabilities.join(", "))];
            Seen {
                name,
                ok: true,
                lines,
            }
        }
        Err(e) => Seen {
            name,
            ok: false,
            lines: vec![trouble(&e)],
        },
    })
}

/// A harmless round trip with a tool that sends, and what of its description nobody has confirmed.
pub async fn of_sender(settings: &SenderSettings) -> Seen {
    let name = format!("sender {}", settings.name);
    let wrong = |words: String| Seen {
        name: name.clone(),
        ok: false,
        lines: vec![words],
    };
    let sender = match Connector::new(settings) {
        Ok(sender) => sender,
        Err(faults) => return wrong(faults.iter().map(Fault::to_string).collect()),
    };
    match sender.test().await {
        Ok(words) => {
            let unsure = sender.unverified().into_iter();
            let unsure = unsure.map(|call| format!("unverified: {call}"));
            Seen {
                name: name.clone(),
                ok: true,
                lines: std::iter::once(words).chain(unsure).collect(),
            }
        }
        Err(trouble) => wrong(trouble.words),
    }
}

/// What stands in the way, in words that an operator can act on.
pub fn trouble(problem: &Problem) -> String {
    let what = match problem.trouble {
        Trouble::Dns => "the server's name is not known",
        Trouble::Unreachable => "nobody listens there, or no network leads there",
        Trouble::Tls => "no connection that can be trusted",
        Trouble::Login => "the login was refused",
        Trouble::Refused => "the server sends us away",
        Trouble::Silent => "no reply in time",
        Trouble::Cut => "the connection ended in the middle",
        Trouble::Garbled => "this is not how an SMTP server speaks",
        Trouble::Letter | Trouble::BreakerOpen => "not now",
    };
    format!("{what}: {}", problem.reply)
}

fn of_mailbox(name: String, probe: &mailbox::Probe) -> Seen {
    let tls = if probe.protected {
        "protected"
    } else {
        "in clear text"
    };
    let mut lines = vec![format!("{tls}, offers {}", probe.capabilities.join(", "))];
    let mut ok = true;
    for (meant, opened) in &probe.named {
        lines.push(match opened {
            Ok(o) => {
                let uses = o.folder.uses.join(" ");
                let (folder, exists, next) = (&o.folder.name, o.exists, o.uidnext);
                format!("{meant} is {folder} {uses}: {exists} messages, the next has UID {next}")
            }
            Err(e) => {
                ok = false;
                format!("{meant}: {e}")
            }
        });
    }
    Seen { name, ok, lines }
}

fn show(config: &Config, seen: &[Seen], notes: &[Fault]) -> Result<(), End> {
    let mut out = output::people();
    writeln!(out, "{}", painted(STRONG, &config.file.to_string_lossy()))?;
    for mailbox in &config.mailboxes {
        let imap = &mailbox.imap;
        writeln!(
            out,
            "  mailbox {}  {}:{}",
            mailbox.name,
            imap.host,
            imap.port()
        )?;
    }
    writeln!(
        out,
        "  smtp     {}:{}",
        config.smtp.host,
        config.smtp.port()
    )?;
    writeln!(out, "  store    {}", config.store.path.display())?;
    let own = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map_or("built in".to_owned(), |p| p.display().to_string())
    };
    writeln!(
        out,
        "  templates {}, lexicons {}",
        own(&config.templates.path),
        own(&config.lexicon.path)
    )?;
    tell(&mut out, seen)?;
    for note in notes {
        write!(out, "{} ", painted(CARE, "note:"))?;
        for line in note.to_string().lines() {
            writeln!(out, "{}", output::harmless(line))?;
        }
    }
    if seen.iter().all(|s| s.ok) {
        let good = match notes.len() {
            0 => "all good".to_owned(),
            1 => "all good; 1 note".to_owned(),
            many => format!("all good; {many} notes"),
        };
        writeln!(out, "{}", painted(GOOD, &good))?;
    }
    out.flush()?;
    Ok(())
}

/// What each server said, for people.
pub fn tell(out: &mut impl Write, seen: &[Seen]) -> std::io::Result<()> {
    for one in seen {
        let (style, word) = if one.ok { (GOOD, "ok") } else { (BAD, "wrong") };
        writeln!(
            out,
            "{}: {}",
            output::harmless(&one.name),
            painted(style, word)
        )?;
        for line in &one.lines {
            writeln!(out, "    {}", painted(FAINT, line))?;
        }
    }
    Ok(())
}
