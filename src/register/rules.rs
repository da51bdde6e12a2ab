//! Where a contact's data come from, when the list itself does not say: rules by campaign; and what is too vague to be told.
//!
//! *No vague source*: origin and date and provider for each datum, or a human writes the letter (rights.md).

use crate::record::{Contact, Origin, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[register]`: what holds for every contact.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterSettings {
    /// The relation of a contact of whom no list says one. Default: none, so `unknown`.
    pub default_relation: Option<Relation>,
    /// Where the data of a campaign or list come from.
    pub origin: Vec<OriginRule>,
    /// Who supplied data.
    pub provider: Vec<Provider>,
    /// The controller's country: telephone numbers that say none are taken to be of it.
    #[serde(skip)]
    pub home: String,
}

/// `[[origin]]`: contacts of these campaigns have this origin.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginRule {
    /// The campaign's name; `*` stands for any letters.
    pub campaign: String,
    /// The data it speaks of (`email`, `name`, `role`, `firm`, `phone`, `profile`); default: all.
    #[serde(default)]
    pub data: Vec<String>,
    /// Id of the `[[provider]]`.
    pub provider: String,
    /// What the data were taken from.
    pub from: String,
    /// The day, or the first and last day (`2026-03-01..2026-03-12`), on which they were collected.
    pub date: String,
    /// Whether anybody can read that source.
    #[serde(default)]
    pub public: Option<bool>,
    /// Why these people are relevant.
    #[serde(default)]
    pub why: Option<String>,
}

/// What a provider is for the data (GDPR Art. 4(7), 4(8)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderRole {
    /// It gets our instruction; the person is not sent there.
    Processor,
    /// The person is told where to ask it.
    Controller,
}

/// `[[provider]]`: who supplied data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// As origins name it.
    pub id: String,
    /// As letters name it.
    pub name: String,
    /// Its address for requests.
    #[serde(default)]
    pub contact: Option<String>,
    /// What it is.
    pub role: ProviderRole,
}

/// Why a source letter would be vague.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
pub enum WhyVague {
    /// Nothing says where a datum comes from.
    #[error("nothing says where a datum comes from")]
    NoOrigin,
    /// An origin names no provider.
    #[error("an origin names no provider")]
    NoProvider,
    /// An origin does not say what it was taken from.
    #[error("an origin does not say what it was taken from")]
    NoPlace,
    /// An origin has no date.
    #[error("an origin has no date")]
    NoDate,
}

/// The origins of every datum of a contact: its own, else those of the first rule that fits its campaign.
pub fn origins_for(contact: &Contact, rules: &[OriginRule]) -> Result<Vec<Origin>, WhyVague> {
    let campaign = contact.campaign.as_deref().unwrap_or_default();
    let fits = |r: &&OriginRule| campaign_fits(&r.campaign, campaign);
    let mut origins = contact.origins.clone();
    origins.extend(rules.iter().filter(fits).map(OriginRule::origin));
    let mut used: Vec<Origin> = Vec::new();
    for datum in data_of(contact) {
        let about = |o: &&Origin| o.data.iter().any(|d| d == datum || d == "all");
        let mut why = WhyVague::NoOrigin;
        let proved = origins.iter().filter(about).find(|o| match vague(o) {
            None => true,
            Some(reason) => {
                why = reason;
                false
            }
        });
        let proved = proved.ok_or(why)?;
        if !used.contains(proved) {
            used.push(proved.clone());
        }
    }
    Ok(used)
}

impl OriginRule {
    fn origin(&self) -> Origin {
        let all = || vec!["all".to_owned()];
        Origin {
            data: if self.data.is_empty() {
                all()
            } else {
                self.data.clone()
            },
            provider: Some(self.provider.clone()),
            from: Some(self.from.clone()),
            date: Some(self.date.clone()),
            public: self.public,
        }
    }
}

fn data_of(contact: &Contact) -> Vec<&'static str> {
    let held = [
        ("email", !contact.addresses.is_empty()),
        (
            "name",
            contact.first_name.is_some() || contact.last_name.is_some(),
        ),
        ("role", contact.role.is_some()),
        ("firm", contact.firm.is_some()),
        ("phone", contact.phone.is_some()),
        ("profile", contact.profile_url.is_some()),
    ];
    held.iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect()
}

fn vague(origin: &Origin) -> Option<WhyVague> {
    let empty = |text: &Option<String>| text.as_ref().is_none_or(|t| t.trim().is_empty());
    if empty(&origin.provider) {
        Some(WhyVague::NoProvider)
    } else if empty(&origin.from) {
        Some(WhyVague::NoPlace)
    } else if empty(&origin.date) {
        Some(WhyVague::NoDate)
    } else {
        None
    }
}

/// Whether a campaign is meant by this name of one; `*` stands for any letters, case is ignored.
pub fn campaign_fits(pattern: &str, campaign: &str) -> bool {
    matches(&pattern.to_lowercase(), &campaign.to_lowercase())
}

/// Whether `text` fits `pattern`, in which `*` stands for any letters; a pattern is as long as its parts, in order.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').map_or(("", rest), |(m, t)| (m, t));
    let Some(mut text) = text.strip_suffix(tail) else {
        return false;
    };
    for part in middle.split('*').filter(|p| !p.is_empty()) {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    true
}

/// For which share of the people a source letter could leave today, and what is missing for the others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Looked at.
    pub people: u64,
    /// A letter could leave.
    pub covered: u64,
    /// Of the others, why not.
    pub vague: BTreeMap<WhyVague, u64>,
    /// Mailed, but not in the register.
    pub unknown: u64,
}

impl Coverage {
    /// Counts one person, by why their sources are vague, if they are; `None` = not in the register.
    pub fn add(&mut self, why: Option<Option<WhyVague>>) {
        self.people += 1;
        match why {
            None => self.unknown += 1,
            Some(None) => self.covered += 1,
            Some(Some(why)) => *self.vague.entry(why).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_date_is_vague_and_a_rule_makes_it_whole() {
        let mut contact = Contact {
            role: Some("DSI".into()),
            campaign: Some("Produrable 2026".into()),
            origins: vec![Origin {
                data: vec!["all".into()],
                provider: Some("salon".into()),
                from: Some("salon Produrable".into()),
                ..Origin::default()
            }],
            ..Contact::default()
        };
        assert_eq!(origins_for(&contact, &[]), Err(WhyVague::NoDate));
        let settings: RegisterSettings = toml::from_str(
            "[[origin]]\ncampaign = \"produrable*\"\nprovider = \"salon\"\nfrom = \"salon Produrable 2026\"\ndate = \"2026-10-07\"",
        )
        .unwrap();
        assert_eq!(origins_for(&contact, &settings.origin).unwrap().len(), 1);
        let mut coverage = Coverage::default();
        coverage.add(Some(origins_for(&contact, &settings.origin).err()));
        contact.campaign = None;
        coverage.add(Some(origins_for(&contact, &settings.origin).err()));
        coverage.add(None);
        assert_eq!(
            (coverage.people, coverage.covered, coverage.unknown),
            (3, 1, 1)
        );
        assert_eq!(coverage.vague[&WhyVague::NoDate], 1);
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        assert!(matches("a*", "abc") && matches("*c", "abc") && matches("a*b*c", "axxbxxc"));
        assert!(matches("*", "") && matches("abc", "abc"));
        assert!(!matches("a*bc*c", "abc") && !matches("a", "ab") && !matches("ab*ba", "aba"));
    }
}
