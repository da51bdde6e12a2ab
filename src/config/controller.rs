//! The firm that answers, and what its letters say of what it does with data: `[controller]` and `[processing]`.
//!
//! What is not written here is not said in a letter; a letter that the law wants to say it waits for a human then.

use super::Wording;
use crate::answer;
use crate::record::{Address, Language};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[controller]`: who answers.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerSettings {
    /// As people call it: `Acme`.
    pub name: String,
    /// As the register of companies does: `Acme SAS`.
    pub legal_name: String,
    /// Postal address on one line.
    pub address: String,
    /// ISO 3166-1 alpha-2: its public holidays are no working days. Default `FR`.
    #[serde(default = "france")]
    pub country: String,
    /// IANA time zone: deadlines and office hours are counted in it. Default `Europe/Paris`.
    #[serde(default = "paris")]
    pub timezone: String,
    /// Where a human answers requests.
    pub privacy_email: Address,
    /// The data protection officer, with a way to reach them. Default: none, and no letter names one.
    pub dpo: Option<String>,
    /// The firm's site, as in `acme.example`. Default: none.
    pub website: Option<String>,
    /// The human who signs, by full name; only with one does a letter say "I". Default: none.
    pub signatory: Option<String>,
    /// Who signs otherwise: `{ fr = "L'équipe Acme", en = "The Acme team" }`. Default: the name.
    pub team: Option<Wording>,
    /// The authority for complaints: `la CNIL`. Without it no source or access letter leaves.
    pub authority: Option<Wording>,
}

fn france() -> String {
    "FR".to_owned()
}

fn paris() -> String {
    "Europe/Paris".to_owned()
}

impl ControllerSettings {
    /// What a letter in this language may say of the firm.
    pub fn facts(&self, language: Language) -> answer::Controller {
        answer::Controller {
            name: self.name.as_str().into(),
            legal_name: self.legal_name.as_str().into(),
            address: self.address.as_str().into(),
            privacy_email: self.privacy_email.as_str().into(),
            dpo: line(self.dpo.as_deref()),
            website: line(self.website.as_deref()),
            signatory: line(self.signatory.as_deref()),
            team: said(&self.team, language),
            authority: said(&self.authority, language).unwrap_or_default(),
        }
    }
}

/// `[processing]`: why and how data are used, in the firm's words (Art. 13 to 15 GDPR). Each may be left out; a source or
/// access letter without it waits for a human.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessingSettings {
    /// What is offered: `Relais`.
    pub product: Option<Wording>,
    /// `{ fr = "prospection commerciale auprès de professionnels" }`.
    pub purpose: Option<Wording>,
    /// `{ fr = "intérêt légitime (article 6, paragraphe 1, point f, du RGPD)" }`.
    pub basis: Option<Wording>,
    /// Categories of data, by the register's words (`email`, `name`, `role`, `firm`, `phone`, `profile`).
    /// Default: none, and no source or access letter leaves.
    pub categories: Vec<String>,
    /// Who received the data, by name (CJEU C-154/21). An empty list says that there are none; default: not known.
    pub recipients: Option<Vec<String>>,
    /// `{ fr = "3 ans après votre dernier message" }`.
    pub retention: Option<Wording>,
    /// Transfers out of the EEA with their safeguards. Default: there are none.
    pub transfers: Option<Wording>,
    /// Automated decisions, Art. 15(1)(h): `{ fr = "aucune" }`. An access letter needs it.
    pub decisions: Option<Wording>,
    /// What is kept after an erasure, and why. Default: nothing is named.
    pub kept: Vec<KeptSettings>,
}

/// `[[processing.kept]]`: something that remains after an erasure.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptSettings {
    /// `{ fr = "vos factures" }`.
    pub what: Wording,
    /// `{ fr = "la loi nous y oblige pendant dix ans" }`.
    pub why: Wording,
}

impl ProcessingSettings {
    /// What a letter in this language may say; `why` is why this person is relevant, from the register.
    pub fn facts(&self, language: Language, why: Option<&str>) -> answer::Processing {
        let lines = |texts: &[String]| texts.iter().map(|t| t.as_str().into()).collect();
        answer::Processing {
            why: line(why),
            product: said(&self.product, language),
            purpose: said(&self.purpose, language),
            basis: said(&self.basis, language),
            categories: lines(&self.categories),
            recipients: self.recipients.as_deref().map(lines),
            retention: said(&self.retention, language),
            transfers: said(&self.transfers, language),
            decisions: said(&self.decisions, language),
        }
    }

    /// What an erasure letter in this language says is kept. `None` if something is kept that has no words in it: then
    /// the letter would hide it, and a human writes.
    pub fn kept(&self, language: Language) -> Option<Vec<answer::Kept>> {
        let words = |k: &KeptSettings| {
            Some(answer::Kept {
                what: k.what.in_language(language)?.into(),
                why: k.why.in_language(language)?.into(),
            })
        };
        self.kept.iter().map(words).collect()
    }
}

fn line(text: Option<&str>) -> Option<answer::Line> {
    text.map(answer::Line::new).filter(|l| !l.is_empty())
}

fn said(wording: &Option<Wording>, language: Language) -> Option<answer::Line> {
    line(wording.as_ref().and_then(|w| w.in_language(language)))
}
