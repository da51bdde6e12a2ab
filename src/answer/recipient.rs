//! The mail to a recipient of data: what must be erased, corrected or left alone, of whom, and under which reference (Art. 19).
//!
//! It says only what the recipient needs: the address concerned, what is asked, by which article, until when, and the
//! reference. It is no letter to the person, so the linter does not read it; people edit it like one, and its variables
//! are checked when it is saved.

use super::compose::{ComposeError, Letter};
use super::facts::Controller;
use super::templates::{Source, Templates};
use super::{Line, mistakes, samples};
use crate::record::{Fault, Language, RequestKind};
use jiff::civil::Date;
use serde::Serialize;

/// Its folder in each language.
pub const RECIPIENT: &str = "recipient";

/// What it may speak of; every field is a variable of its templates.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RecipientFacts {
    /// The recipient's.
    pub language: Language,
    /// Who passed the data on.
    pub controller: Controller,
    /// The recipient's name.
    pub recipient: Line,
    /// `erasure`, `rectification` or `restriction`.
    pub request: RequestKind,
    /// The article of the GDPR under which the person asked: 16, 17 or 18.
    pub article: u8,
    /// The addresses of the person.
    pub addresses: Vec<Line>,
    /// What exactly is to be done, in the firm's words.
    pub details: Option<Line>,
    /// The case.
    pub reference: Line,
    /// By when an answer is expected.
    pub answer_by: Date,
}

/// The article under which this is asked; none of which no recipient is told.
pub const fn article(request: RequestKind) -> Option<u8> {
    match request {
        RequestKind::Rectification => Some(16),
        RequestKind::Erasure => Some(17),
        RequestKind::Restriction => Some(18),
        _ => None,
    }
}

/// Writes it.
///
/// # Errors
/// No template in this language, or one that fails on these facts.
pub fn compose_recipient(
    templates: &Templates,
    facts: &RecipientFacts,
) -> Result<Letter, ComposeError> {
    let language = facts.language;
    if !templates.has(language, RECIPIENT) {
        return Err(ComposeError::NoTemplate {
            language,
            folder: RECIPIENT,
        });
    }
    rendered(templates, facts).map_err(|(path, e)| ComposeError::Template {
        path,
        what: e.to_string(),
    })
}

fn rendered(
    templates: &Templates,
    facts: &RecipientFacts,
) -> Result<Letter, (String, tera::Error)> {
    super::digest::mail(templates, facts.language, RECIPIENT, facts)
}

/// Writes one of every shape in every language that has it; what fails, or leaves out what a recipient must know, is a
/// mistake of its file.
pub(super) fn trial(templates: &Templates, sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for language in Language::ALL
        .iter()
        .filter(|l| templates.has(**l, RECIPIENT))
    {
        for facts in shapes(*language) {
            match rendered(templates, &facts) {
                Err((path, e)) => faults.extend(mistakes::all(&e, sources, &path)),
                Ok(letter) => faults.extend(unsaid(&letter, &facts, sources)),
            }
        }
    }
    faults
}

/// What the text must say and does not.
fn unsaid(letter: &Letter, facts: &RecipientFacts, sources: &[Source]) -> Option<Fault> {
    let says = |line: &Line| letter.text.contains(line.as_str());
    let missing = match () {
        () if !facts.addresses.iter().all(says) => "addresses",
        () if !facts.details.iter().all(says) => "details",
        () if !says(&facts.reference) => "reference",
        () => return None,
    };
    let path = format!("{}/{RECIPIENT}/body.txt", facts.language);
    let file = sources.iter().find(|s| s.path == path)?;
    Some(Fault::of_file(
        &file.file,
        format!("the mail to a recipient does not say `{missing}`"),
        format!("write {{{{ {missing} }}}} (addresses: in a {{% for %}})"),
    ))
}

fn shapes(language: Language) -> [RecipientFacts; 3] {
    let of = |request, details: Option<&str>| RecipientFacts {
        request,
        article: article(request).unwrap_or_default(),
        details: details.map(Line::new),
        ..sample_recipient(language)
    };
    [
        sample_recipient(language),
        of(RequestKind::Rectification, Some("Smith, not Smyth")),
        of(RequestKind::Restriction, None),
    ]
}

/// An erasure.
pub fn sample_recipient(language: Language) -> RecipientFacts {
    RecipientFacts {
        language,
        controller: samples::full(language).controller,
        recipient: "Dropcontact".into(),
        request: RequestKind::Erasure,
        article: 17,
        addresses: vec![
            "anne@dune.example".into(),
            "anne.zibeline@dune.example".into(),
        ],
        details: Some("2 rows".into()),
        reference: "Q-7F3K-92MD".into(),
        answer_by: jiff::civil::date(2026, 12, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_it_and_it_says_what_the_recipient_must_know() {
        let templates = Templates::builtin().unwrap();
        for language in ["fr", "en", "de", "es", "it", "nl", "pt"] {
            for facts in shapes(language.parse().unwrap()) {
                let letter = compose_recipient(&templates, &facts).unwrap();
                let article = facts.article.to_string();
                for said in ["anne@dune.example", "Q-7F3K-92MD", &article, "19"] {
                    assert!(
                        letter.text.contains(said),
                        "{language}: {said}\n{}",
                        letter.text
                    );
                }
                assert!(letter.subject.contains("Q-7F3K-92MD"), "{}", letter.subject);
                assert!(!letter.text.contains("\n\n\n"), "{}", letter.text);
            }
        }
    }

    #[test]
    fn a_mail_that_names_nobody_or_a_variable_that_is_none_is_told_with_its_place() {
        let own = |text: &str| Source {
            path: "fr/recipient/body.txt".into(),
            file: "own/fr/recipient/body.txt".into(),
            text: text.into(),
        };
        for (text, what) in [
            ("{{ reference }}", "`addresses`"),
            ("{{ adresses }} {{ reference }}", "`adresses`"),
        ] {
            let Err(faults) = Templates::compile(&[own(text)]) else {
                panic!("{text} loads");
            };
            assert_eq!(&*faults[0].file, "own/fr/recipient/body.txt");
            assert!(faults[0].what.contains(what), "{}", faults[0]);
        }
    }
}
