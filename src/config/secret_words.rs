//! How the place of a secret is written in TOML, and shown; the secret itself is refused in every shape, and not repeated.

use super::SecretSource;
use super::secret::can_name_a_credential;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

/// For showing only: the arguments of a command may be secret, so nothing but the program is told.
impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::File(path) => map.serialize_entry("file", path)?,
            Self::Env(name) => map.serialize_entry("env", name)?,
            Self::Command(words) => {
                let hidden = words.get(1..).unwrap_or_default().iter().map(|_| "…");
                let shown: Vec<&str> = words
                    .first()
                    .map(String::as_str)
                    .into_iter()
                    .chain(hidden)
                    .collect();
                map.serialize_entry("command", &shown)?;
            }
            Self::Credential(name) => map.serialize_entry("credential", name)?,
        }
        map.end()
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words =
            serde_json::json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
        json_schema!({
            "title": "where a secret is",
            "type": "object",
            "properties": {
                "file": { "type": "string" },
                "env": { "type": "string" },
                "command": words,
                "credential": { "type": "string" },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

const WRITTEN_DOWN: &str = "a password never stands in the configuration; say where it is: { file = \"…\" }, { env = \"…\" }, { command = [\"…\"] } or { credential = \"…\" }";

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "where the password is: { file = \"…\" }, { env = \"…\" }, { command = [\"…\"] } or { credential = \"…\" }",
        )
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom(WRITTEN_DOWN))
    }

    // serde's own words for a value of the wrong type repeat it: a password of digits is no less secret.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(WRITTEN_DOWN))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom(WRITTEN_DOWN))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(WRITTEN_DOWN))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(E::custom(WRITTEN_DOWN))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        const WORDS: &[&str] = &["file", "env", "command", "credential"];
        let Some(key) = map.next_key::<String>()? else {
            return Err(de::Error::custom(
                "say where the password is: file, env, command or credential",
            ));
        };
        let source = match key.as_str() {
            "file" => SecretSource::File(map.next_value()?),
            "env" => SecretSource::Env(map.next_value()?),
            "command" => match map.next_value::<Vec<String>>()? {
                words if words.is_empty() => {
                    return Err(de::Error::custom("the password command is empty"));
                }
                words => SecretSource::Command(words),
            },
            "credential" => match map.next_value::<String>()? {
                name if can_name_a_credential(&name) => SecretSource::Credential(name),
                _ => {
                    return Err(de::Error::custom(
                        "this is not the name of a credential; say where it is: { credential = \"imap.password\" }, as it stands \
                         before the colon of LoadCredential=",
                    ));
                }
            },
            other => return Err(de::Error::unknown_field(other, WORDS)),
        };
        match map.next_key::<String>()? {
            Some(_) => Err(de::Error::custom(
                "a password has one place: file, env, command or credential",
            )),
            None => Ok(source),
        }
    }
}
