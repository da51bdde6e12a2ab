//! A letter as somebody would get it, with invented facts: what a preview shows. Nobody's data stand in it.
//!
//! The firm's own name, address and authority are shown where there is a configuration, so that the letter reads as it will.

use super::Config;
use crate::answer::{
    self, ComposeError, DIGEST, Finding, Letter, LetterFacts, OWNER, Part, RECIPIENT, SEVERAL,
    Templates,
};
use crate::record::Language;
use std::str::FromStr;

/// What can be shown: a letter of some parts, the mail to reviewers, or the mail to who received data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Specimen {
    /// A letter of these parts.
    Letter(Vec<Part>),
    /// The mail to reviewers.
    Digest,
    /// The mail to a recipient of data.
    Recipient,
    /// The notice to the owner of a contact.
    Owner,
}

impl Specimen {
    /// The word: the folder of its templates.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Letter(parts) => match parts.as_slice() {
                [one] => one.word(),
                _ => SEVERAL,
            },
            Self::Digest => DIGEST,
            Self::Recipient => RECIPIENT,
            Self::Owner => OWNER,
        }
    }

    /// The letter, and what the linter finds in it.
    ///
    /// # Errors
    /// If there is no such template in the language, or it fails.
    pub fn write(
        &self,
        templates: &Templates,
        config: Option<&Config>,
        language: Language,
    ) -> Result<(Letter, Vec<Finding>), ComposeError> {
        match self {
            Self::Letter(parts) => letter(templates, config, language, parts),
            Self::Digest => {
                let mut facts = answer::sample_digest(language);
                if let Some(config) = config {
                    facts.controller.name = config.controller.facts(language).name;
                }
                Ok((answer::compose_digest(templates, &facts)?, Vec::new()))
            }
            Self::Recipient => {
                let mut facts = answer::sample_recipient(language);
                if let Some(config) = config {
                    facts.controller = config.controller.facts(language);
                }
                Ok((answer::compose_recipient(templates, &facts)?, Vec::new()))
            }
            Self::Owner => {
                let mut facts = answer::sample_owner(language);
                if let Some(config) = config {
                    facts.controller.name = config.controller.facts(language).name;
                }
                Ok((answer::compose_owner(templates, &facts)?, Vec::new()))
            }
        }
    }
}

impl FromStr for Specimen {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            DIGEST => Ok(Self::Digest),
            RECIPIENT => Ok(Self::Recipient),
            OWNER => Ok(Self::Owner),
            SEVERAL => Ok(Self::Letter(vec![Part::Stop, Part::Source])),
            word => word.parse().map(|part| Self::Letter(vec![part])),
        }
    }
}

fn letter(
    templates: &Templates,
    config: Option<&Config>,
    language: Language,
    parts: &[Part],
) -> Result<(Letter, Vec<Finding>), ComposeError> {
    let mut facts = sample(language, parts);
    if let Some(config) = config {
        let authority = facts.controller.authority.clone();
        facts.controller = config.controller.facts(language);
        if facts.controller.authority.is_empty() {
            facts.controller.authority = authority;
        }
    }
    let letter = answer::compose(templates, parts, &facts)?;
    let findings = answer::lint(&letter, &facts, parts);
    Ok((letter, findings))
}

/// Facts in which exactly these parts were asked.
fn sample(language: Language, parts: &[Part]) -> LetterFacts {
    match parts {
        [one] => answer::sample_facts(language, *one),
        parts => {
            let mut facts = answer::sample_facts_of_everything(language);
            let each = parts.iter().map(|p| answer::sample_facts(language, *p));
            facts.requests = each.flat_map(|f| f.requests).collect();
            facts
        }
    }
}
