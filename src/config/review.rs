//! `[review]`: the humans who decide what was held, and when they hear of it.

use crate::record::{Address, Language};
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
}

impl Default for ReviewSettings {
    fn default() -> Self {
        Self {
            reviewers: Vec::new(),
            digest_hour: 8,
            digest_when_empty: false,
            due_soon_days: 7,
            alarm_days: 3,
        }
    }
}

/// One of them: `"dpo@acme.example"`, or `{ address = "dpo@acme.example", language = "fr" }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reviewer {
    /// Where the mail goes.
    pub address: Address,
    /// Theirs; default: `[policy] default_language`.
    pub language: Option<Language>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Full {
    address: Address,
    language: Option<Language>,
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
        let address = Address::deserialize(text.into_deserializer())?;
        let language = None;
        Ok(Reviewer { address, language })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reviewer, A::Error> {
        let full = Full::deserialize(MapAccessDeserializer::new(map))?;
        let Full { address, language } = full;
        Ok(Reviewer { address, language })
    }
}
