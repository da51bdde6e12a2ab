//! `quitus templates`: the whole set checked, or a letter shown as a person would get it.
//!
//! The facts are a sample, and the firm's own where there is a configuration; nobody's data stand in a preview.

use super::edge::{self, DONE, End, WRONG};
use super::output::{self, CARE, FAINT, STRONG, painted};
use crate::answer::{self, DIGEST, Finding, Letter, Part, RECIPIENT, Templates};
use crate::config::Config;
use crate::record::Language;
use std::io::Write;
use std::path::Path;

/// `quitus templates check|preview`
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
        /// stop, source, acknowledgement, access, erasure, identity, extension; digest: the mail to your own reviewers;
        /// recipient: the mail to who received data
        #[arg(value_parser = what)]
        kind: What,
        /// Print the HTML page instead of subject and text
        #[arg(long)]
        html: bool,
        /// One JSON object: subject, text, html
        #[arg(long, conflicts_with = "html")]
        json: bool,
    },
}

/// What can be shown: a letter of one part, or the mail to reviewers.
#[derive(Clone, Copy, Debug)]
enum What {
    Letter(Part),
    Digest,
    Recipient,
}

fn what(word: &str) -> Result<What, String> {
    match word {
        DIGEST => Ok(What::Digest),
        RECIPIENT => Ok(What::Recipient),
        word => word.parse().map(What::Letter),
    }
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
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
            let (word, shown) = match kind {
                What::Letter(part) => {
                    let letter = letter(&templates, config.as_ref(), *language, *part)?;
                    (part.word(), letter)
                }
                What::Digest => {
                    let digest = digest(&templates, config.as_ref(), *language)?;
                    (DIGEST, (digest, Vec::new()))
                }
                What::Recipient => {
                    let mail = recipient(&templates, config.as_ref(), *language)?;
                    (RECIPIENT, (mail, Vec::new()))
                }
            };
            preview(word, shown, (*html, *json))
        }
    }
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
        let others = [DIGEST, RECIPIENT].into_iter();
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

/// A letter with sample facts, and what the linter finds in it.
fn letter(
    templates: &Templates,
    config: Option<&Config>,
    language: Language,
    kind: Part,
) -> Result<(Letter, Vec<Finding>), End> {
    let mut facts = answer::sample_facts(language, kind);
    if let Some(config) = config {
        let sample = facts.controller.authority.clone();
        facts.controller = config.controller.facts(language);
        if facts.controller.authority.is_empty() {
            facts.controller.authority = sample;
        }
    }
    let letter =
        answer::compose(templates, &[kind], &facts).map_err(|e| End::Usage(e.to_string()))?;
    let findings = answer::lint(&letter, &facts, &[kind]);
    Ok((letter, findings))
}

/// The mail to reviewers.
fn digest(
    templates: &Templates,
    config: Option<&Config>,
    language: Language,
) -> Result<Letter, End> {
    let mut facts = answer::sample_digest(language);
    if let Some(config) = config {
        facts.controller.name = config.controller.facts(language).name;
    }
    answer::compose_digest(templates, &facts).map_err(|e| End::Usage(e.to_string()))
}

/// The mail to a recipient of data.
fn recipient(
    templates: &Templates,
    config: Option<&Config>,
    language: Language,
) -> Result<Letter, End> {
    let mut facts = answer::sample_recipient(language);
    if let Some(config) = config {
        facts.controller = config.controller.facts(language);
    }
    answer::compose_recipient(templates, &facts).map_err(|e| End::Usage(e.to_string()))
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
