//! Every section that a configuration may have, with the struct that it is read into: one list for what is known, for the
//! reference, and for the schema that editors read.
//!
//! Name, type, default and documentation of a setting come from its struct; nothing is written down twice.

use super::{
    CanarySettings, ControlSettings, ControllerSettings, FolderSettings, HouseSettings,
    LearningSettings, LogSettings, ProcessingSettings, ReaderSettings, RecipientSettings,
    RetentionSettings, ReviewSettings, SecretSource, StoreSettings, SystemSettings,
};
use crate::delivery::SmtpSettings;
use crate::guard::GuardSettings;
use crate::mailbox::{ConnectionSettings, MailboxSettings};
use crate::monitor::{AlertSettings, HealthSettings};
use crate::register::{OriginRule, Provider, RegisterSettings, SentLogSettings};
use crate::request::PolicySettings;
use crate::sender::SenderSettings;
use crate::web::DeskSettings;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// One section.
pub struct Section {
    /// Its name in the file.
    pub key: &'static str,
    /// Whether there may be several, in double brackets.
    pub many: bool,
    /// Whether no configuration is good without it.
    pub needed: bool,
    /// Settings of the struct that are written in another section.
    elsewhere: &'static [&'static str],
    schema: fn(&mut SchemaGenerator) -> Value,
}

const fn one<T: JsonSchema>(key: &'static str) -> Section {
    Section {
        key,
        many: false,
        needed: false,
        elsewhere: &[],
        schema: schema_of::<T>,
    }
}

const fn needed<T: JsonSchema>(key: &'static str) -> Section {
    Section {
        needed: true,
        ..one::<T>(key)
    }
}

const fn many<T: JsonSchema>(key: &'static str) -> Section {
    Section {
        many: true,
        ..one::<T>(key)
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

/// All of them, as the guide tells them.
pub const SECTIONS: &[Section] = &[
    needed::<ControllerSettings>("controller"),
    one::<ProcessingSettings>("processing"),
    needed::<StoreSettings>("store"),
    Section {
        needed: true,
        ..many::<MailboxSettings>("mailbox")
    },
    needed::<SmtpSettings<SecretSource>>("smtp"),
    many::<SenderSettings>("sender"),
    many::<SystemSettings>("system"),
    many::<RecipientSettings>("recipient"),
    many::<SentLogSettings>("sent_log"),
    Section {
        elsewhere: &["country", "timezone"],
        ..one::<PolicySettings>("policy")
    },
    Section {
        elsewhere: &["provider", "origin"],
        ..one::<RegisterSettings>("register")
    },
    many::<Provider>("provider"),
    many::<OriginRule>("origin"),
    one::<ReviewSettings>("review"),
    one::<RetentionSettings>("retention"),
    one::<FolderSettings>("templates"),
    one::<FolderSettings>("lexicon"),
    one::<ReaderSettings>("reader"),
    one::<LogSettings>("log"),
    one::<HouseSettings>("house"),
    one::<ControlSettings>("control"),
    one::<GuardSettings>("guard"),
    one::<HealthSettings>("health"),
    one::<AlertSettings>("alerts"),
    one::<LearningSettings>("learning"),
    one::<DeskSettings>("desk"),
    one::<CanarySettings>("canary"),
    one::<ConnectionSettings>("connections"),
];

/// The names of all sections.
pub fn names() -> Vec<&'static str> {
    SECTIONS.iter().map(|s| s.key).collect()
}

impl Section {
    /// The JSON schema of one such section, with every type written where it is used.
    pub fn schema(&self) -> Value {
        let settings = SchemaSettings::draft07().with(|s| s.inline_subschemas = true);
        let mut schema = (self.schema)(&mut settings.into_generator());
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        if let Some(properties) = properties {
            properties.retain(|name, _| !self.elsewhere.contains(&name.as_str()));
        }
        schema
    }
}

/// The JSON schema of a whole configuration: an editor that knows it completes and checks while one writes.
pub fn schema() -> Value {
    let section = |s: &Section| {
        let one = s.schema();
        let all = match s.many {
            true => json!({ "type": "array", "items": one }),
            false => one,
        };
        (s.key.to_owned(), all)
    };
    let properties: Map<String, Value> = SECTIONS.iter().map(section).collect();
    let needed: Vec<&str> = SECTIONS
        .iter()
        .filter(|s| s.needed)
        .map(|s| s.key)
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The configuration of Quitus",
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    })
}
