//! A text of the firm for its letters: one for every language, or one for each.
//!
//! In TOML `team = "Acme"` or `team = { fr = "L'équipe Acme", en = "The Acme team" }`. A letter never mixes languages: where
//! the person's language is missing, the text counts as not known, and a letter that needs it waits for a human.

use crate::record::Language;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// A text in the languages in which the firm wrote it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Wording {
    /// The same in every language: a name.
    Same(String),
    /// One for each language.
    Each(BTreeMap<Language, String>),
}

impl Wording {
    /// The text for a language, if the firm wrote one.
    pub fn in_language(&self, language: Language) -> Option<&str> {
        match self {
            Self::Same(text) => Some(text),
            Self::Each(texts) => texts.get(&language).map(String::as_str),
        }
    }
}

impl<'de> Deserialize<'de> for Wording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordingVisitor)
    }
}

impl JsonSchema for Wording {
    fn schema_name() -> Cow<'static, str> {
        "Wording".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = || serde_json::json!({ "type": "string" });
        json_schema!({
            "title": "text for letters",
            "anyOf": [text(), { "type": "object", "additionalProperties": text() }],
        })
    }
}

struct WordingVisitor;

impl<'de> Visitor<'de> for WordingVisitor {
    type Value = Wording;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or one for each language: { fr = \"…\", en = \"…\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Wording, E> {
        filled(text.to_owned()).map(Wording::Same)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wording, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((code, text)) = map.next_entry::<String, String>()? {
            let language = code.parse::<Language>().map_err(de::Error::custom)?;
            texts.insert(language, filled(text)?);
        }
        if texts.is_empty() {
            return Err(de::Error::custom("no language stands in it"));
        }
        Ok(Wording::Each(texts))
    }
}

fn filled<E: de::Error>(text: String) -> Result<String, E> {
    if text.trim().is_empty() {
        return Err(E::custom("the text is empty"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Settings {
        team: Wording,
    }

    fn team(text: &str) -> Result<Wording, String> {
        let settings: Result<Settings, _> = toml::from_str(text);
        settings.map(|s| s.team).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn a_letter_never_borrows_the_text_of_another_language() {
        let both = team("team = { fr = \"L'équipe Acme\", en = \"The Acme team\" }").unwrap();
        assert_eq!(both.in_language(Language::Fr), Some("L'équipe Acme"));
        assert_eq!(both.in_language(Language::De), None);
        let same = team("team = 'Acme'").unwrap();
        assert_eq!(same.in_language(Language::De), Some("Acme"));
        assert!(team("team = { xx = 'a' }").unwrap_err().contains("xx"));
        assert!(
            team("team = ''").is_err() && team("team = {}").is_err() && team("team = 5").is_err()
        );
    }
}
