//! The notice to a colleague: a letter to a contact of theirs has left, and they must not write again.
//!
//! It goes to our own people only, and names the contact as every internal mail does: by the case and a masked address. The
//! linter does not read it; people edit it like a letter, and its variables are checked when it is saved.

use super::compose::{ComposeError, Letter};
use super::digest::{DigestFirm, mail};
use super::templates::{Source, Templates};
use super::{Line, mistakes};
use crate::record::{Fault, Language, LetterKind, RequestKind, Suppression};
use serde::Serialize;

/// Its folder in each language.
pub const OWNER: &str = "owner";

/// What it may speak of; every field is a variable of its templates.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OwnerFacts {
    /// The firm's.
    pub language: Language,
    /// The firm.
    pub controller: DigestFirm,
    /// The case.
    pub reference: Line,
    /// The address that the letter went to, masked.
    pub address: Line,
    /// What the letter is: `answer`, `acknowledgement`, `identity`, `extension`, `apology`.
    pub letter: LetterKind,
    /// What it answers, or what the case asks.
    pub requests: Vec<RequestKind>,
    /// What holds for the person: `suppressed`, `paused`.
    pub state: Option<Suppression>,
    /// The day on which it left, as 2026-11-24.
    pub sent_on: String,
}

/// Writes it.
///
/// # Errors
/// No template in this language, or one that fails on these facts.
pub fn compose_owner(templates: &Templates, facts: &OwnerFacts) -> Result<Letter, ComposeError> {
    let language = facts.language;
    if !templates.has(language, OWNER) {
        let folder = OWNER;
        return Err(ComposeError::NoTemplate { language, folder });
    }
    mail(templates, language, OWNER, facts).map_err(|(path, e)| ComposeError::Template {
        path,
        what: e.to_string(),
    })
}

/// Writes one of every shape in every language that has it; what fails, or does not say which case, is a mistake of its file.
pub(super) fn trial(templates: &Templates, sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let there = Language::ALL.iter().filter(|l| templates.has(**l, OWNER));
    for facts in there.flat_map(|l| shapes(*l)) {
        match mail(templates, facts.language, OWNER, &facts) {
            Err((path, e)) => faults.extend(mistakes::all(&e, sources, &path)),
            Ok(letter) if !letter.text.contains(facts.reference.as_str()) => {
                faults.extend(unsaid(facts.language, sources));
            }
            Ok(_) => {}
        }
    }
    faults.dedup();
    faults
}

fn unsaid(language: Language, sources: &[Source]) -> Option<Fault> {
    let path = format!("{language}/{OWNER}/body.txt");
    let file = sources.iter().find(|s| s.path == path)?;
    Some(Fault::of_file(
        &file.file,
        "the notice to a colleague does not say `reference`",
        "write {{ reference }}: it is how they find the case",
    ))
}

fn shapes(language: Language) -> Vec<OwnerFacts> {
    let of = |letter, requests: &[RequestKind], state| OwnerFacts {
        letter,
        requests: requests.to_vec(),
        state,
        ..sample_owner(language)
    };
    use LetterKind::{Acknowledgement, Answer, Apology, Extension, Identity};
    let mut all = vec![sample_owner(language)];
    for kind in RequestKind::ALL {
        all.push(of(Answer, &[*kind], None));
    }
    for kind in [Acknowledgement, Apology, Extension, Identity] {
        all.push(of(kind, &[], Some(Suppression::Paused)));
    }
    all
}

/// An erasure that is answered.
pub fn sample_owner(language: Language) -> OwnerFacts {
    OwnerFacts {
        language,
        controller: DigestFirm {
            name: "Acme".into(),
        },
        reference: "Q-7F3K-92MD".into(),
        address: "a***@dune.example".into(),
        letter: LetterKind::Answer,
        requests: vec![RequestKind::Stop, RequestKind::Erasure],
        state: Some(Suppression::Suppressed),
        sent_on: "2026-11-24".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_which_case_what_was_done_and_that_nobody_writes_again() {
        let templates = Templates::builtin().unwrap();
        for (language, again, paused) in [
            (Language::Fr, "ne plus lui écrire", "tant que la relecture"),
            (
                Language::En,
                "do not write to them again",
                "until a reviewer has decided",
            ),
        ] {
            for facts in shapes(language) {
                let letter = compose_owner(&templates, &facts).unwrap();
                let text = letter.text.replace('\n', " ");
                assert!(
                    text.contains("Q-7F3K-92MD") && text.contains("a***@dune.example"),
                    "{text}"
                );
                let suppressed = facts.state == Some(Suppression::Suppressed);
                assert_eq!(text.contains(again), suppressed, "{text}");
                let waits = facts.state == Some(Suppression::Paused);
                assert_eq!(text.contains(paused), waits, "{text}");
                assert!(
                    !text.contains('_') && !letter.text.contains("\n\n\n"),
                    "{text}"
                );
                assert!(letter.subject.contains("Q-7F3K-92MD"), "{}", letter.subject);
            }
        }
    }

    #[test]
    fn a_notice_without_the_case_or_with_a_variable_that_is_none_is_told_with_its_place() {
        for (text, what) in [
            ("{{ address }}", "`reference`"),
            ("{{ adress }}", "`adress`"),
        ] {
            let own = Source {
                path: "fr/owner/body.txt".into(),
                file: "own/fr/owner/body.txt".into(),
                text: text.into(),
            };
            let Err(faults) = Templates::compile(&[own]) else {
                panic!("{text} loads");
            };
            assert_eq!(&*faults[0].file, "own/fr/owner/body.txt");
            assert!(faults[0].what.contains(what), "{}", faults[0]);
        }
    }
}
