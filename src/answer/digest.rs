//! The mail to our own reviewers: what waits for them, what happened, and how to deal with it.
//!
//! It is no letter to a person whose data we hold, so the linter does not read it; but people edit it like a letter, in
//! their own language, and its variables are checked when it is saved. Nothing in it names anybody: cases stand there by
//! their reference, addresses masked.

use super::compose::{ComposeError, Letter};
use super::templates::{Source, Templates, one_line};
use super::{Line, layout, mistakes};
use crate::record::{Fault, Language};
use serde::Serialize;
use tera::Context;

/// Its folder in each language.
pub const DIGEST: &str = "digest";

/// What it may speak of; every field is a variable of its templates.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DigestFacts {
    /// The reviewer's.
    pub language: Language,
    /// The firm.
    pub controller: DigestFirm,
    /// The day, as 2026-11-24.
    pub day: String,
    /// Something cannot wait for the daily mail.
    pub urgent: bool,
    /// Why it is brought to this reader, if that is why: `reviewer`, `deputy`, `controller`; `complaint`, `unseen`.
    pub escalation: Option<String>,
    /// Whose place the reader takes while they are away, masked.
    pub stands_in_for: Option<Line>,
    /// `shadow`, `review` or `live`.
    pub mode: String,
    /// What waits, the most urgent first; in an urgent mail only what is new.
    pub needs: Vec<DigestNeed>,
    /// How many more wait than stand there.
    pub more: u64,
    /// What happened since the digest before; nothing in an urgent mail.
    pub happened: Option<Happened>,
    /// In shadow mode: who asked to be left alone since then, for the hands that must do it.
    pub stops: Vec<StopSeen>,
}

/// The firm.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct DigestFirm {
    /// As people call it.
    pub name: Line,
}

/// One thing that waits.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct DigestNeed {
    /// Why, the most urgent reason first: `overdue`, `draft` …
    pub why: Vec<String>,
    /// Which: a case, a mailbox, where a message lies.
    pub about: Option<Line>,
    /// How many things it stands for.
    pub count: u64,
    /// The day since when.
    pub since: Option<String>,
    /// The day by which the law wants it done.
    pub due: Option<String>,
    /// Whole days until then; nothing once it is past.
    pub days_left: Option<i64>,
    /// To whom it was brought because nobody acted: `reviewer`, `deputy`, `controller`.
    pub escalated: Option<String>,
    /// What to type or to do.
    pub command: Line,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Happened {
    /// Messages read.
    pub messages: u64,
    /// People who asked to be left alone.
    pub stops: u64,
    /// Letters that left.
    pub letters: u64,
    /// Cases closed.
    pub closed: u64,
}

/// Somebody who asked to be left alone.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct StopSeen {
    /// Their case.
    pub reference: Line,
    /// Their address, masked.
    pub address: Option<Line>,
}

/// Writes it.
///
/// # Errors
/// No template in this language, or one that fails on these facts.
pub fn compose_digest(templates: &Templates, facts: &DigestFacts) -> Result<Letter, ComposeError> {
    let language = facts.language;
    if !templates.has(language, DIGEST) {
        return Err(ComposeError::NoTemplate {
            language,
            folder: DIGEST,
        });
    }
    rendered(templates, facts).map_err(|(path, e)| ComposeError::Template {
        path,
        what: e.to_string(),
    })
}

fn rendered(templates: &Templates, facts: &DigestFacts) -> Result<Letter, (String, tera::Error)> {
    mail(templates, facts.language, DIGEST, facts)
}

/// Writes a mail that is no letter to a person from its folder: subject, text, and the page made of the text. In error, the
/// file and what is wrong with it.
pub(super) fn mail(
    templates: &Templates,
    language: Language,
    folder: &str,
    facts: &impl Serialize,
) -> Result<Letter, (String, tera::Error)> {
    let name = |file: &str| format!("{language}/{folder}/{file}");
    let mut context = Context::from_serialize(facts).map_err(|e| (name("body.txt"), e))?;
    let render = |file: &str, context: &Context| {
        let path = name(file);
        templates.render(&path, context).map_err(|e| (path, e))
    };
    let subject = one_line(&render("subject.txt", &context)?);
    let text = layout::tidy(&render("body.txt", &context)?);
    context.insert("text", &text);
    let html = render("body.html", &context)?;
    Ok(Letter {
        language,
        subject,
        text,
        html,
        attachments: Vec::new(),
    })
}

/// Writes one of every shape in every language that has it; what fails is a mistake of its file.
pub(super) fn trial(templates: &Templates, sources: &[Source]) -> Vec<Fault> {
    let there = Language::ALL.iter().filter(|l| templates.has(**l, DIGEST));
    let brought = ["reviewer", "deputy", "controller", "complaint", "unseen"];
    let shapes = there.flat_map(|l| {
        let whole = [sample(*l), sample_alarm(*l), sample_quiet(*l)].into_iter();
        whole.chain(brought.map(|why| sample_brought(*l, why)))
    });
    let failed = |facts| rendered(templates, &facts).err();
    shapes
        .filter_map(failed)
        .flat_map(|(path, e)| mistakes::all(&e, sources, &path))
        .collect()
}

fn need(why: &[&str], about: &str, command: &str) -> DigestNeed {
    DigestNeed {
        why: why.iter().map(|w| (*w).to_owned()).collect(),
        about: Some(about.into()),
        count: 1,
        since: Some("2026-11-20".into()),
        due: Some("2026-11-27".into()),
        days_left: Some(3),
        escalated: Some("deputy".into()),
        command: command.into(),
    }
}

/// Everything filled in.
pub fn sample(language: Language) -> DigestFacts {
    DigestFacts {
        language,
        controller: DigestFirm {
            name: "Acme".into(),
        },
        day: "2026-11-24".into(),
        urgent: false,
        escalation: Some("deputy".into()),
        stands_in_for: Some("o***@acme.example".into()),
        mode: "shadow".into(),
        needs: vec![
            DigestNeed {
                days_left: None,
                ..need(
                    &["overdue", "draft"],
                    "Q-7F3K-92MD",
                    "quitus requests show Q-7F3K-92MD",
                )
            },
            need(
                &["due_soon"],
                "Q-2B4C-55XN",
                "quitus requests show Q-2B4C-55XN",
            ),
            DigestNeed {
                about: None,
                count: 4,
                due: None,
                days_left: None,
                ..need(&["incident"], "", "quitus incidents list")
            },
        ],
        more: 12,
        happened: Some(Happened {
            messages: 40,
            stops: 3,
            letters: 2,
            closed: 5,
        }),
        stops: vec![StopSeen {
            reference: "Q-7F3K-92MD".into(),
            address: Some("a***@dune.example".into()),
        }],
    }
}

fn sample_alarm(language: Language) -> DigestFacts {
    let all = sample(language);
    DigestFacts {
        urgent: true,
        escalation: None,
        stands_in_for: None,
        mode: "live".into(),
        needs: vec![DigestNeed {
            why: vec!["damage".into()],
            about: None,
            ..all.needs[2].clone()
        }],
        more: 0,
        happened: None,
        stops: Vec::new(),
        ..all
    }
}

/// One case that is brought to somebody.
fn sample_brought(language: Language, escalation: &str) -> DigestFacts {
    let all = sample(language);
    DigestFacts {
        urgent: true,
        escalation: Some(escalation.to_owned()),
        needs: vec![all.needs[1].clone()],
        ..sample_quiet(language)
    }
}

fn sample_quiet(language: Language) -> DigestFacts {
    DigestFacts {
        escalation: None,
        stands_in_for: None,
        mode: "review".into(),
        needs: Vec::new(),
        more: 0,
        happened: Some(Happened::default()),
        stops: Vec::new(),
        ..sample(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_with_a_mistake_is_told_with_its_place() {
        let own = |text: &str| Source {
            path: "fr/digest/body.txt".into(),
            file: "own/fr/digest/body.txt".into(),
            text: text.into(),
        };
        for (text, what) in [
            ("\n{% if neds %}x{% endif %}", "`neds`"),
            ("\n{% if person.address %}x{% endif %}", "`person.address`"),
            ("\n{{ day | dat }}", "dat"),
        ] {
            let Err(faults) = Templates::compile(&[own(text)]) else {
                panic!("{text} loads");
            };
            let fault = &faults[0];
            assert_eq!((&*fault.file, fault.line), ("own/fr/digest/body.txt", 2));
            assert!(fault.what.contains(what), "{fault}");
        }
    }
}
