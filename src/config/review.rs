//! `[review]`: the humans who decide what was held, and when they hear of it.

use super::absence::Absence;
use crate::record::{Address, EscalationStep, Language};
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// `[review]`: the humans who decide what was held, and when they hear of it.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewSettings {
    /// Who gets the daily digest and the alarms. Default: nobody, so look at `quitus status`.
    pub reviewers: Vec<Reviewer>,
    /// The hour of the digest in the controller's time zone, 0 to 23. Default 8.
    pub digest_hour: u8,
    /// Whether there is a digest too when nothing waits and nothing happened. Default no.
    pub digest_when_empty: bool,
    /// From how many days before its legal end a request counts as due soon. Default 7, at most 60.
    pub due_soon_days: u32,
    /// From how many days before its legal end an unanswered request is told at once, and once. Default 3, at most 60.
    pub alarm_days: u32,
    /// Who may stand in for a reviewer and is no reviewer: written as these are. Default nobody.
    pub deputies: Vec<Reviewer>,
    /// `[review.escalation]`: who hears of it when nobody acts, and when.
    pub escalation: EscalationSettings,
    /// Whether the register's owner of a contact is told when a letter to them has left; `true`: in review mode too.
    /// Default: in live mode.
    pub tell_owners: Option<bool>,
}

impl Default for ReviewSettings {
    fn default() -> Self {
        Self {
            reviewers: Vec::new(),
            digest_hour: 8,
            digest_when_empty: false,
            due_soon_days: 7,
            alarm_days: 3,
            deputies: Vec::new(),
            escalation: EscalationSettings::default(),
            tell_owners: None,
        }
    }
}

/// `[review.escalation]`: who hears of it when nobody acts, and when.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EscalationSettings {
    /// The day of its month on which a case that waits for a human is brought to the reviewers again. Default 20.
    pub reviewer_day: u8,
    /// The day on which it is brought to their deputies too. Default 25.
    pub deputy_day: u8,
    /// The day on which it is brought to `controller` too. Default 28.
    pub controller_day: u8,
    /// Who is above the reviewers, written as these are. Default: the controller's `privacy_email`.
    pub controller: Vec<Reviewer>,
    /// After how many hours a complaint at which nobody has looked is brought to the deputies, 1 to 72. Default 4.
    pub complaint_hours: u32,
}

impl Default for EscalationSettings {
    fn default() -> Self {
        Self {
            reviewer_day: 20,
            deputy_day: 25,
            controller_day: 28,
            controller: Vec::new(),
            complaint_hours: 4,
        }
    }
}

impl EscalationSettings {
    /// The day of a step.
    pub const fn day(&self, step: EscalationStep) -> u8 {
        match step {
            EscalationStep::Reviewer => self.reviewer_day,
            EscalationStep::Deputy => self.deputy_day,
            EscalationStep::Controller => self.controller_day,
        }
    }
}

impl ReviewSettings {
    /// A reviewer or a deputy by their address.
    pub fn known(&self, address: &Address) -> Option<&Reviewer> {
        let mut all = self.reviewers.iter().chain(&self.deputies);
        all.find(|one| one.address.same_person(address))
    }

    /// Who reads instead of each reviewer on this day: themselves, or their deputy while they are absent.
    pub fn reading(&self, day: Date) -> Vec<&Reviewer> {
        let reads = |one| {
            self.deputy_of(one)
                .filter(|_| one.is_absent(day))
                .unwrap_or(one)
        };
        once(self.reviewers.iter().map(reads))
    }

    /// The deputies who are there on this day.
    pub fn standing_by(&self, day: Date) -> Vec<&Reviewer> {
        let all = self.reviewers.iter().filter_map(|one| self.deputy_of(one));
        once(all.filter(|deputy| !deputy.is_absent(day)))
    }

    fn deputy_of(&self, one: &Reviewer) -> Option<&Reviewer> {
        one.deputy.as_ref().and_then(|deputy| self.known(deputy))
    }
}

/// Each once, in their order.
fn once<'r>(all: impl Iterator<Item = &'r Reviewer>) -> Vec<&'r Reviewer> {
    let mut each: Vec<&Reviewer> = Vec::new();
    for one in all {
        if !each.iter().any(|e| e.address.same_person(&one.address)) {
            each.push(one);
        }
    }
    each
}

/// One of them: `"dpo@acme.example"`, or `{ address = "dpo@acme.example", language = "fr", deputy = "lea@acme.example",
/// absent = ["2026-12-21..2027-01-03"] }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reviewer {
    /// Where the mail goes.
    pub address: Address,
    /// Theirs; default: `[policy] default_language`.
    pub language: Option<Language>,
    /// Who stands in for them: an address of `reviewers` or `deputies`.
    pub deputy: Option<Address>,
    /// When they are away, both days included.
    pub absent: Vec<Absence>,
}

impl Reviewer {
    /// One of whom only the address is known.
    pub const fn of(address: Address) -> Self {
        Self {
            address,
            language: None,
            deputy: None,
            absent: Vec::new(),
        }
    }

    /// Whether they are away on this day.
    pub fn is_absent(&self, day: Date) -> bool {
        self.absent.iter().any(|absence| absence.holds(day))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Full {
    address: Address,
    language: Option<Language>,
    deputy: Option<Address>,
    #[serde(default)]
    absent: Vec<Absence>,
}

impl<'de> Deserialize<'de> for Reviewer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReviewerVisitor)
    }
}

impl JsonSchema for Reviewer {
    fn schema_name() -> Cow<'static, str> {
        "Reviewer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let [address, full] = [
            Address::json_schema(generator),
            Full::json_schema(generator),
        ];
        json_schema!({ "title": "address, or a table", "anyOf": [address, full] })
    }
}

struct ReviewerVisitor;

impl<'de> Visitor<'de> for ReviewerVisitor {
    type Value = Reviewer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, or { address = \"dpo@acme.example\", language = \"fr\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Reviewer, E> {
        Ok(Reviewer::of(Address::deserialize(
            text.into_deserializer(),
        )?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reviewer, A::Error> {
        let full = Full::deserialize(MapAccessDeserializer::new(map))?;
        let Full {
            address,
            language,
            deputy,
            absent,
        } = full;
        Ok(Reviewer {
            address,
            language,
            deputy,
            absent,
        })
    }
}
