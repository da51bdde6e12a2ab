//! `quitus templates`: the whole set checked, a letter shown as a person would get it, and better texts put in force.
//!
//! The facts are a sample, and the firm's own where there is a configuration; nobody's data stand in a preview. What
//! changes a file asks the daemon, so that who did it stands in the log.

use super::ask::{self, Ask};
use super::edge::{self, DONE, End, WRONG};
use super::output::{self, CARE, FAINT, STRONG, painted};
use crate::answer::{DIGEST, Finding, Letter, OWNER, Part, RECIPIENT, Templates};
use crate::config::{Config, Specimen};
use crate::record::Language;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `quitus templates …`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Check every template: every mistake at once
    Check,
    /// Show a letter with sample facts
    Preview {
        /// fr, en, de, es, it, nl, pt, …
        language: Language,
        /// stop, source, acknowledgement, access, erasure, identity, extension, apology; several: two at once; digest: the
        /// mail to your own reviewers; recipient: the mail to who received data; owner: the notice to a colleague
        kind: Specimen,
        /// Print the HTML page instead of subject and text
        #[arg(long)]
        html: bool,
        /// One JSON object: subject, text, html
        #[arg(long, conflicts_with = "html")]
        json: bool,
    },
    #[command(flatten)]
    Shelf(Shelf),
}

/// What is asked of the daemon.
#[derive(clap::Subcommand, Debug)]
enum Shelf {
    /// Every file: whose it is, whether it is good, whether a draft waits
    List {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The text of a file; with --json its hash, its draft and the variables that it may name
    Show {
        /// As `templates list` shows it: fr/stop/body.txt
        path: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Every version that was in force, newest first: when, how, by whom
    History {
        /// As `templates list` shows it
        path: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// What differs between two texts: quitus, in_force, draft, or the number of a version
    Diff {
        /// As `templates list` shows it
        path: String,
        /// [default: in_force if a draft waits, else quitus]
        #[arg(long)]
        from: Option<String>,
        /// [default: draft if one waits, else in_force]
        #[arg(long)]
        to: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Put a text in force: refused if a letter would be broken, or somebody changed the file since
    Publish {
        /// As `templates list` shows it, or a new one
        path: String,
        /// The text; `-` reads standard input; without it the draft is published
        file: Option<PathBuf>,
        /// The hash of the text that you began with [default: of the one that is there now]
        #[arg(long)]
        seen: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Put an earlier version in force again
    RollBack {
        /// As `templates list` shows it
        path: String,
        /// Its number, or `quitus`: your own file is removed
        #[arg(id = "to", value_name = "VERSION")]
        version: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    if let Command::Shelf(shelf) = &arguments.command {
        return ask_for(shelf, named);
    }
    let config = match edge::find_config(named) {
        Some(_) => Some(edge::config(named)?),
        None => None,
    };
    let templates = match &config {
        Some(config) => config.read_templates()?,
        None => Templates::builtin()?,
    };
    match &arguments.command {
        Command::Check => check(&templates, config.as_ref()),
        Command::Preview {
            language,
            kind,
            html,
            json,
        } => {
            let shown = kind.write(&templates, config.as_ref(), *language);
            let shown = shown.map_err(|e| End::Usage(e.to_string()))?;
            preview(kind.word(), shown, (*html, *json))
        }
        Command::Shelf(shelf) => ask_for(shelf, named),
    }
}

/// Asks the daemon, or opens the store for as long as it takes.
fn ask_for(shelf: &Shelf, named: Option<&Path>) -> Result<u8, End> {
    let get =
        |what: &str, path: &str| Ask::Get(format!("/templates/{what}?path={}", ask::quoted(path)));
    let (ask, json) = match shelf {
        Shelf::List { json } => (Ask::Get("/templates".into()), json),
        Shelf::Show { path, json } => (get("show", path), json),
        Shelf::History { path, json } => (get("history", path), json),
        Shelf::Diff {
            path,
            from,
            to,
            json,
        } => {
            let side = |name: &str, value: &Option<String>| {
                let said = value
                    .as_ref()
                    .map(|v| format!("&{name}={}", ask::quoted(v)));
                said.unwrap_or_default()
            };
            let path = ask::quoted(path);
            let (from, to) = (side("from", from), side("to", to));
            (
                Ask::Get(format!("/templates/diff?path={path}{from}{to}")),
                json,
            )
        }
        Shelf::Publish {
            path,
            file,
            seen,
            json,
        } => (publication(path, file.as_deref(), seen, named)?, json),
        Shelf::RollBack {
            path,
            version,
            json,
        } => {
            let seen = in_force(path, named)?;
            let order = json!({"by": ask::by(), "path": path, "version": version, "seen": seen});
            (Ask::Post("/templates/roll_back".into(), order), json)
        }
    };
    ask::once(named, *json, true, ask)
}

fn publication(
    path: &str,
    file: Option<&Path>,
    seen: &Option<String>,
    named: Option<&Path>,
) -> Result<Ask, End> {
    let by = ask::by();
    let order = match file {
        None => json!({"by": by, "drafts": [path]}),
        Some(file) => {
            let text = String::from_utf8(ask::read(file)?)
                .map_err(|_| End::Usage(format!("{} is not UTF-8 text", file.display())))?;
            let seen = match seen {
                Some(seen) => seen.clone(),
                None => in_force(path, named)?,
            };
            json!({"by": by, "files": [{"path": path, "text": text, "seen": seen}]})
        }
    };
    Ok(Ask::Post("/templates/publish".into(), order))
}

/// The hash of the text that is there now; empty for a file that is new.
fn in_force(path: &str, named: Option<&Path>) -> Result<String, End> {
    let house = ask::House::open(named, true)?;
    let files = house.ask(Ask::Get("/templates".into()));
    house.close();
    let files = files?.data;
    let all = files["templates"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|t| t["path"] == path);
    Ok(found
        .and_then(|t| t["hash"].as_str())
        .unwrap_or_default()
        .to_owned())
}

/// All were good, or we would not be here: says which letters there are in which language.
fn check(templates: &Templates, config: Option<&Config>) -> Result<u8, End> {
    let mut out = output::people();
    let own = config.and_then(|c| c.templates.path.as_ref());
    match own {
        Some(path) => writeln!(out, "{} over those of Quitus:", path.display())?,
        None => writeln!(out, "the templates that Quitus brings along:")?,
    }
    for language in Language::ALL {
        let there = Part::ALL
            .iter()
            .filter(|p| templates.has(*language, p.word()));
        let others = [DIGEST, RECIPIENT, OWNER].into_iter();
        let others = others.filter(|folder| templates.has(*language, folder));
        let words: Vec<&str> = there.map(|p| p.word()).chain(others).collect();
        if !words.is_empty() {
            writeln!(
                out,
                "  {}  {}",
                painted(STRONG, language.word()),
                words.join(", ")
            )?;
        }
    }
    writeln!(out, "all good")?;
    out.flush()?;
    Ok(DONE)
}

fn preview(
    kind: &str,
    (letter, findings): (Letter, Vec<Finding>),
    (html, json): (bool, bool),
) -> Result<u8, End> {
    if json {
        let mut out = output::programs();
        let shown = serde_json::json!({
            "language": letter.language, "kind": kind, "subject": letter.subject, "text": letter.text, "html": letter.html,
        });
        output::json_line(&mut out, &shown)?;
        out.flush()?;
    } else if html {
        let mut out = output::programs();
        writeln!(out, "{}", letter.html.trim_end())?;
        out.flush()?;
    } else {
        let mut out = output::people();
        writeln!(out, "{}\n", painted(STRONG, &letter.subject))?;
        writeln!(out, "{}", letter.text.trim_end())?;
        for attachment in &letter.attachments {
            writeln!(out, "{}", painted(FAINT, &format!("+ {}", attachment.name)))?;
        }
        out.flush()?;
    }
    for finding in &findings {
        anstream::eprintln!(
            "{}: {}",
            painted(CARE, &finding.to_string()),
            finding.advice()
        );
    }
    Ok(if findings.is_empty() { DONE } else { WRONG })
}
