//! The reference of all settings, made from their structs: name, type, default, meaning.
//!
//! A default is the value that the struct really has. Where that depends on other settings, the struct has none, and the
//! sentence of its documentation that begins with "Default" says it.

use super::sections::{SECTIONS, Section};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One setting of a section, as its struct says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Described {
    /// Within the section, with dots; below a list of tables with its brackets: `[[kept]] what`.
    pub name: String,
    /// What may be written.
    pub kind: String,
    /// What holds where nothing is written; `needed` if something must be.
    pub default: String,
    /// What it means.
    pub meaning: String,
}

/// The whole reference as Markdown.
pub fn reference() -> String {
    let mut text = String::from(HEAD);
    for section in SECTIONS {
        let (open, close) = brackets(section);
        let needed = if section.needed { ", needed" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n## {open}{}{close}{needed}\n", section.key);
        let about = words(&section.schema());
        let head = format!("`{open}{}{close}`", section.key);
        let about = about.strip_prefix(&head).unwrap_or(&about);
        let about = capital(about.trim_start_matches([':', '.', ' ']));
        if !about.is_empty() {
            let _ = writeln!(text, "{about}\n");
        }
        text.push_str("| setting | type | default | meaning |\n| --- | --- | --- | --- |\n");
        for one in described(section) {
            let cells = [&one.kind, &one.default, &one.meaning].map(|c| c.replace('|', "\\|"));
            let _ = writeln!(text, "| `{}` | {} |", one.name, cells.join(" | "));
        }
    }
    text
}

const HEAD: &str = "# Every setting

<!-- Made by `quitus config reference` from the structs that the settings are read into; a test holds it. Do not edit it. -->

[README.md](README.md) tells how they work together. A text for letters is one text for every language, or one for each:
`{ fr = \"…\", en = \"…\" }`. Where a secret is: `{ file = \"…\" }`, `{ env = \"…\" }`, `{ command = [\"…\"] }` or `{ credential = \"…\" }`.
A length of time is `\"30 s\"`, `\"5 min\"`, `\"4 h\"` or `\"3 d\"`.
";

const fn brackets(section: &Section) -> (&'static str, &'static str) {
    if section.many {
        ("[[", "]]")
    } else {
        ("[", "]")
    }
}

/// Every setting of a section.
pub fn described(section: &Section) -> Vec<Described> {
    let mut all = Vec::new();
    tables("", &section.schema(), None, &mut all);
    all
}

/// The settings of a table, and of the tables in it; `defaults` are those of the table that it is part of.
fn tables(above: &str, schema: &Value, defaults: Option<&Value>, all: &mut Vec<Described>) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let required = schema["required"].as_array();
    for (name, property) in properties {
        let needed = required.is_some_and(|r| r.iter().any(|n| n == name.as_str()));
        let default = defaults
            .and_then(|d| d.get(name))
            .or_else(|| property.get("default"))
            .filter(|d| !d.is_null());
        let inner = known(property);
        let path = format!("{above}{name}");
        if inner["properties"].is_object() && inner["title"].is_null() {
            // Of a table that may be left out, what it needs is needed only if it is there.
            let before = all.len();
            tables(&format!("{path}."), inner, default, all);
            for below in all[before..]
                .iter_mut()
                .filter(|_| default.is_none() && !needed)
            {
                if below.default == "needed" {
                    below.default = format!("needed with `{path}`");
                }
            }
            continue;
        }
        let (meaning, said) = apart(&words(property));
        let empty = default.is_none_or(|d| [json!([]), json!({}), json!("")].contains(d));
        let default = match default {
            _ if needed => "needed".to_owned(),
            Some(value) if !empty => code(value),
            _ => said.unwrap_or_else(|| "none".to_owned()),
        };
        all.push(Described {
            name: path.clone(),
            kind: kind(inner),
            default,
            meaning,
        });
        let items = &inner["items"];
        if items["properties"].is_object() {
            tables(&format!("[[{path}]] "), items, None, all);
        }
    }
}

/// The schema of what may be written: an optional setting is one that may be left out, not one that may be null.
fn known(schema: &Value) -> &Value {
    let mut ways = schema["anyOf"].as_array().into_iter().flatten();
    let some = ways.find(|w| w["type"] != "null");
    let optional = schema["title"].is_null().then_some(some).flatten();
    optional.unwrap_or(schema)
}

/// What may be written, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(title) = schema["title"].as_str() {
        return title.to_owned();
    }
    let consts = schema["oneOf"].as_array().into_iter().flatten();
    let consts = consts.filter_map(|one| one.get("const"));
    let listed = schema["enum"].as_array().into_iter().flatten();
    let several = schema["oneOf"].as_array().into_iter().flatten();
    let several = several.filter_map(|one| one["enum"].as_array()).flatten();
    let words: Vec<String> = consts
        .chain(listed)
        .chain(several)
        .filter(|w| !w.is_null())
        .map(code)
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    let typed = match &schema["type"] {
        Value::Array(all) => all.iter().find(|t| *t != "null").and_then(Value::as_str),
        one => one.as_str(),
    };
    match typed {
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("array") if schema["items"]["properties"].is_object() => "tables".to_owned(),
        Some("array") => format!("list: {}", kind(&schema["items"])),
        _ => "table".to_owned(),
    }
}

/// A value as it is written in the file.
pub fn inline(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(table) => {
            let there = table.iter().filter(|(_, v)| !v.is_null());
            let all: Vec<String> = there
                .map(|(k, v)| format!("{} = {}", key(k), inline(v)))
                .collect();
            match all.is_empty() {
                true => "{}".to_owned(),
                false => format!("{{ {} }}", all.join(", ")),
            }
        }
        Value::Number(number) => plain(number).to_string(),
        other => other.to_string(),
    }
}

/// A number as it was written: one that was read in single precision has no more digits than that.
pub fn plain(number: &serde_json::Number) -> serde_json::Number {
    let wide = number.as_f64().filter(|_| number.is_f64());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "that it is the same is looked at"
    )]
    let narrow = wide
        .map(|w| w as f32)
        .filter(|n| Some(f64::from(*n)) == wide);
    let read = narrow.and_then(|n| n.to_string().parse().ok());
    read.and_then(serde_json::Number::from_f64)
        .unwrap_or_else(|| number.clone())
}

/// A key as it is written in the file: quoted if it must be.
pub fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => toml::Value::String(name.to_owned()).to_string(),
    }
}

fn code(value: &Value) -> String {
    match value {
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Object(all) if all.is_empty() => "none".to_owned(),
        value => format!("`{}`", inline(value)),
    }
}

/// The documentation on one line, without the marks of a link.
fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ").replace("[`", "`").replace("`]", "`")
}

/// The meaning, and what is said of the default; what follows a default's comma ("at most 60") belongs to the meaning.
fn apart(text: &str) -> (String, Option<String>) {
    let marks = ["; default: ", "; default ", "Default: ", "Default "];
    let Some((at, mark)) = marks.iter().find_map(|m| Some((text.find(m)?, *m))) else {
        return (ended(text), None);
    };
    let rest = &text[at + mark.len()..];
    let end = rest.find(". ").unwrap_or(rest.len());
    let said = rest[..end].trim_end_matches('.');
    let after = rest.get(end + 1..).unwrap_or_default().trim();
    let limits = [", from ", ", at "].iter().find_map(|l| said.find(l));
    let (said, limit) = match limits {
        Some(comma) => (&said[..comma], said[comma + 2..].to_owned() + "."),
        None => (said, String::new()),
    };
    let before = text[..at].trim_end().trim_end_matches(';');
    let parts = [before, &capital(&limit), after].map(ended);
    let parts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|p| !p.is_empty())
        .collect();
    (parts.join(" "), Some(said.to_owned()))
}

/// A sentence with its end.
fn ended(text: &str) -> String {
    let open = !text.is_empty() && !text.ends_with(['.', '!', '?', ')']);
    format!("{text}{}", if open { "." } else { "" })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
