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
    match known_origins(contact, rules) {
        (origins, None) => Ok(origins),
        (_, Some(why)) => Err(why),
    }
}

/// What is known of where each datum of a contact comes from, and why some of it is vague. An origin of which only a part is
/// known belongs to it: a copy tells any available information (Art. 15(1)(g) GDPR).
pub fn known_origins(contact: &Contact, rules: &[OriginRule]) -> (Vec<Origin>, Option<WhyVague>) {
    let mut origins = contact.origins.clone();
    origins.extend(fitting(contact, rules).map(OriginRule::origin));
    let mut used: Vec<Origin> = Vec::new();
    let mut missing = None;
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
        if proved.is_none() {
            missing = missing.or(Some(why));
        }
        let in_part = |o: &&Origin| is_filled(&o.provider) || is_filled(&o.from);
        let told = proved.or_else(|| origins.iter().filter(about).find(in_part));
        if let Some(told) = told.filter(|o| !used.contains(o)) {
            used.push(told.clone());
        }
    }
    (used, missing)
}

/// Why a contact is relevant, in the firm's words: its own sentence, else that of the first rule with one that fits its campaign.
pub fn why_for(contact: &Contact, rules: &[OriginRule]) -> Option<String> {
    let mut with_one = fitting(contact, rules).filter(|r| is_filled(&r.why));
    let own = contact.why.clone();
    own.or_else(|| with_one.next()?.why.clone())
}

/// The rules that fit a contact's campaign, in their order.
fn fitting<'r>(contact: &Contact, rules: &'r [OriginRule]) -> impl Iterator<Item = &'r OriginRule> {
    let campaign = contact.campaign.as_deref().unwrap_or_default();
    let fits = move |r: &&OriginRule| campaign_fits(&r.campaign, campaign);
    rules.iter().filter(fits)
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
    if !is_filled(&origin.provider) {
        Some(WhyVague::NoProvider)
    } else if !is_filled(&origin.from) {
        Some(WhyVague::NoPlace)
    } else if !is_filled(&origin.date) {
        Some(WhyVague::NoDate)
    } else {
        None
    }
}

fn is_filled(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|t| !t.trim().is_empty())
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
    fn what_is_known_of_a_source_is_told_although_another_datum_has_none() {
        let settings: RegisterSettings = toml::from_str(
            "[[origin]]\ncampaign = \"*\"\ndata = [\"role\"]\nprovider = \"salon\"\nfrom = \"salon Produrable 2026\"\ndate = \"2026-10-07\"",
        )
        .unwrap();
        let in_part = Origin {
            data: vec!["name".into()],
            provider: Some("salon".into()),
            ..Origin::default()
        };
        let nothing = Origin {
            data: vec!["firm".into()],
            date: Some("2026-10-07".into()),
            ..Origin::default()
        };
        let contact = Contact {
            last_name: Some("Dupont".into()),
            role: Some("DSI".into()),
            firm: Some("Dune".into()),
            phone: Some("+33 1 99 00 12 01".into()),
            origins: vec![nothing, in_part.clone()],
            ..Contact::default()
        };
        let (known, why) = known_origins(&contact, &settings.origin);
        assert_eq!(known, [in_part, settings.origin[0].origin()]);
        assert_eq!(why, Some(WhyVague::NoPlace), "of the first that is vague");
        assert!(origins_for(&contact, &settings.origin).is_err());
    }

    #[test]
    fn the_reason_is_that_of_the_first_rule_that_fits_and_has_one() {
        let rule = |campaign: &str, why: Option<&str>| OriginRule {
            campaign: campaign.into(),
            data: Vec::new(),
            provider: "salon".into(),
            from: "salon Produrable 2026".into(),
            date: "2026-10-07".into(),
            public: None,
            why: why.map(str::to_owned),
        };
        let rules = [
            rule("relais-2025*", Some("last year's")),
            rule("relais-2026*", None),
            rule("relais-2026*", Some(" ")),
            rule("RELAIS-*", Some("this one")),
            rule("*", Some("too late")),
        ];
        let mut contact = Contact {
            campaign: Some("Relais-2026-03".into()),
            ..Contact::default()
        };
        assert_eq!(why_for(&contact, &rules).as_deref(), Some("this one"));
        contact.campaign = None;
        assert_eq!(why_for(&contact, &rules).as_deref(), Some("too late"));
        contact.why = Some("its own".into());
        assert_eq!(why_for(&contact, &rules).as_deref(), Some("its own"));
        contact.why = None;
        assert_eq!(why_for(&contact, &rules[..1]), None);
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        assert!(matches("a*", "abc") && matches("*c", "abc") && matches("a*b*c", "axxbxxc"));
        assert!(matches("*", "") && matches("abc", "abc"));
        assert!(!matches("a*bc*c", "abc") && !matches("a", "ab") && !matches("ab*ba", "aba"));
    }
}
