//! Reads a TOML text into settings structs, and finds every mistake at once instead of the first one only.
//!
//! serde stops at the first mistake. So the value that it complained about is taken out and the rest is read again, until
//! nothing is left to complain about; the settings are used only if there was no complaint at all.

use crate::record::Fault;
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More mistakes than anybody wants to read at once.
const ENOUGH: usize = 50;

/// A TOML text on its way to becoming settings, with the mistakes found so far.
pub struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: DeTable<'t>,
    /// The whole text, from which nothing is taken: where each key stands.
    places: DeTable<'t>,
    /// What is wrong so far.
    pub faults: Vec<Fault>,
}

impl<'t> Document<'t> {
    /// Parses the text. Broken syntax is a mistake too; what could be read is read on.
    pub fn parse(file: &'t str, text: &'t str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let faults = errors
            .iter()
            .map(|e| {
                at(
                    file,
                    text,
                    e.span(),
                    &shown(e),
                    "correct the TOML here; strings stand in quotes",
                )
            })
            .collect();
        let root = root.into_inner();
        Self {
            file,
            text,
            places: root.clone(),
            root,
            faults,
        }
    }

    /// A mistake of the whole text: something that is not there.
    pub fn fault_of_file(&mut self, what: impl AsRef<str>, fix: impl AsRef<str>) {
        self.faults
            .push(at(self.file, self.text, None, what.as_ref(), fix.as_ref()));
    }

    /// Whether something stands at this path, right or wrong.
    pub fn has(&self, path: &[&str]) -> bool {
        self.look(path).1 == path.len()
    }

    /// Takes out the value of a top-level key and reads it; `None` if it is absent or wrong.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let (name, value) = self.root.remove_entry(key)?;
        self.read(key, name.span(), value)
    }

    /// Takes out an array of tables, `[[key]]`; each that can be read, with its number in the text, from 0.
    pub fn take_all<T: DeserializeOwned>(&mut self, key: &str) -> Vec<(usize, T)> {
        let Some((name, value)) = self.root.remove_entry(key) else {
            return Vec::new();
        };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(array) => array
                .into_iter()
                .enumerate()
                .filter_map(|(number, item)| {
                    let place = item.span();
                    Some((number, self.read(key, place, item)?))
                })
                .collect(),
            _ => {
                let fix = format!("write [[{key}]] with double brackets, once for each");
                self.fault(
                    span,
                    format!(
                        "\"{}\" stands here once, but there may be several",
                        name.get_ref()
                    ),
                    fix,
                );
                Vec::new()
            }
        }
    }

    /// A mistake at a place that was read.
    pub fn fault(&mut self, span: Range<usize>, what: impl AsRef<str>, fix: impl AsRef<str>) {
        self.faults.push(at(
            self.file,
            self.text,
            Some(span),
            what.as_ref(),
            fix.as_ref(),
        ));
    }

    /// A mistake at the place of a value that is found only by looking outside; its words are still to be filled in.
    pub fn fault_at(&self, path: &[&str]) -> Fault {
        at(self.file, self.text, Some(self.place(path)), "", "")
    }

    /// A value that stands in the text, wherever the mistakes are.
    pub fn peek<T: DeserializeOwned>(&self, path: &[&str]) -> Option<T> {
        let (first, rest) = path.split_first()?;
        let mut value = self.places.get(*first)?;
        for step in rest {
            value = match value.get_ref() {
                DeValue::Table(table) => table.get(*step)?,
                DeValue::Array(array) => array.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        T::deserialize(value.clone().into_deserializer()).ok()
    }

    /// Where a value stands, for mistakes that are found after reading: `["policy", "caps", "hour"]`, and in an array of
    /// tables `["mailbox", "0", "name"]`. Of a path that is not in the text, the last part that is.
    pub fn place(&self, path: &[&str]) -> Range<usize> {
        self.look(path).0
    }

    /// The place of the last step of the path that is there, and how many steps are.
    fn look(&self, path: &[&str]) -> (Range<usize>, usize) {
        let first = path.first().and_then(|k| self.places.get_key_value(*k));
        let Some((name, value)) = first else {
            return (0..0, 0);
        };
        let (mut place, mut value, mut steps) = (name.span(), value.get_ref(), 1);
        for step in &path[1..] {
            let inner = match value {
                DeValue::Table(table) => table.get_key_value(*step).map(|(k, v)| (k.span(), v)),
                DeValue::Array(array) => step
                    .parse::<usize>()
                    .ok()
                    .and_then(|n| array.get(n))
                    .map(|v| (v.span(), v)),
                _ => None,
            };
            let Some((span, inside)) = inner else { break };
            (place, value, steps) = (span, inside.get_ref(), steps + 1);
        }
        (place, steps)
    }

    /// What nobody took is unknown. `known` are all keys that there are.
    pub fn finish(mut self, known: &[&str]) -> Vec<Fault> {
        let rest: Vec<_> = self
            .root
            .keys()
            .map(|k| (k.span(), k.get_ref().to_string()))
            .collect();
        for (span, key) in rest {
            let fix = match nearest(&key, known) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("remove it; known are {}", known.join(", ")),
            };
            self.fault(span, format!("\"{key}\" is not a setting"), fix);
        }
        // What stands in other files (a preset) comes last.
        let file = self.file;
        self.faults
            .sort_by_key(|f| (f.file != file, f.line, f.column));
        self.faults
    }

    fn read<T: DeserializeOwned>(
        &mut self,
        key: &str,
        place: Range<usize>,
        mut value: Spanned<DeValue<'t>>,
    ) -> Option<T> {
        let before = self.faults.len();
        let mut taken: Vec<String> = Vec::new();
        loop {
            let error = match T::deserialize(value.clone().into_deserializer()) {
                Ok(settings) => return (self.faults.len() == before).then_some(settings),
                Err(error) => error,
            };
            let span = error
                .span()
                .filter(|s| *s != (0..0))
                .unwrap_or(place.clone());
            let said = shown(&error);
            if taken
                .iter()
                .any(|name| said == format!("missing field `{name}`"))
            {
                return None;
            }
            // What is missing cannot be found by a place inside: the section's own head is what a person looks at.
            let missing = said.starts_with("missing field");
            let span_shown = if missing {
                place.start..place.start
            } else {
                span.clone()
            };
            let (what, fix) = explain(key, &said);
            let fault = at(self.file, self.text, Some(span_shown), &what, &fix);
            if self.faults.contains(&fault) || self.faults.len() >= ENOUGH {
                return None;
            }
            self.faults.push(fault);
            match remove_at(value.get_mut(), &span).filter(|_| !missing) {
                Some(name) => taken.push(name),
                None => return None,
            }
        }
    }
}

/// Takes the value at `span` out of the tree, and tells the key under which it stood.
fn remove_at(value: &mut DeValue<'_>, span: &Range<usize>) -> Option<String> {
    match value {
        DeValue::Table(table) => {
            let hit = table
                .iter()
                .find(|(k, v)| k.span() == *span || v.span() == *span)
                .map(|(k, _)| k.clone());
            if let Some(key) = hit {
                table.remove(&key);
                return Some(key.get_ref().to_string());
            }
            table
                .iter_mut()
                .find_map(|(_, v)| remove_at(v.get_mut(), span))
        }
        DeValue::Array(array) if array.iter().any(|v| v.span() == *span) => {
            // One element cannot be taken out here, so all go: the mistake has been noted.
            *value = DeValue::Array(Default::default());
            Some(String::new())
        }
        DeValue::Array(array) => array.iter_mut().find_map(|v| remove_at(v.get_mut(), span)),
        _ => None,
    }
}

fn shown(error: &toml::de::Error) -> String {
    error.message().trim().to_owned()
}

/// serde's words, and what to do.
fn explain(section: &str, said: &str) -> (String, String) {
    if let Some(rest) = said.strip_prefix("unknown field `") {
        let (name, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let fix = match nearest(name, &known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "remove it".to_owned(),
            None => format!("remove it; [{section}] knows {}", known.join(", ")),
        };
        return (format!("\"{name}\" is not a setting of [{section}]"), fix);
    }
    if let Some(rest) = said.strip_prefix("missing field `") {
        let name = rest.trim_end_matches('`');
        return (
            format!("[{section}] has no \"{name}\""),
            format!("add a line: {name} = …"),
        );
    }
    if let Some(rest) = said.strip_prefix("unknown variant `") {
        let (name, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        return (
            format!("\"{name}\" is not possible here"),
            format!("write one of {}", known.join(", ")),
        );
    }
    if let Some((what, fix)) = said.split_once("; say where it is: ") {
        return (
            format!("[{section}]: {what}"),
            format!("say where it is: {fix}"),
        );
    }
    (
        format!("[{section}]: {said}"),
        "correct the value; config/README.md lists every setting with its type".to_owned(),
    )
}

fn at(file: &str, text: &str, span: Option<Range<usize>>, what: &str, fix: &str) -> Fault {
    match span {
        Some(span) => Fault::at(file, text, span.start, what, fix),
        None => Fault::of_file(file, what, fix),
    }
}

/// The known word that differs in at most two letters (a third of a short one), if there is one.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let best = known.iter().map(|k| (distance(word, k), *k)).min()?;
    (best.0 <= 2.min(1 + word.len() / 3)).then_some(best.1)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Server {
        host: String,
        port: Option<u16>,
        mode: Option<Mode>,
    }

    #[derive(serde::Deserialize, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Slow,
        Fast,
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let text = "[smtp]\nhost = 5\nprot = 25\nport = \"x\"\nmode = \"fats\"\n\n[[mailbox]]\nport = 1\n\n[[mailbox]]\nhost = \"h\"\n\n[smpt]\nx = 1\n";
        let mut document = Document::parse("q.toml", text);
        assert!(document.take::<Server>("smtp").is_none());
        let read = document.take_all::<Server>("mailbox");
        assert_eq!(
            (read.len(), read[0].0, read[0].1.host.as_str()),
            (1, 1, "h")
        );
        assert!(read[0].1.port.is_none() && read[0].1.mode.is_none());
        let faults = document.finish(&["smtp", "mailbox"]);
        let told: Vec<String> = faults
            .iter()
            .map(|f| format!("{}:{} {} | {}", f.line, f.column, f.what, f.fix))
            .collect();
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(
            told[0].starts_with("2:8 [smtp]: invalid type: integer `5`, expected a string"),
            "{told:#?}"
        );
        assert_eq!(
            told[1],
            "3:1 \"prot\" is not a setting of [smtp] | did you mean \"port\"?"
        );
        assert!(
            told[2].starts_with("4:8 ") && told[3].contains("write one of slow, fast"),
            "{told:#?}"
        );
        assert!(
            told[4].starts_with("7:1 [mailbox] has no \"host\""),
            "{told:#?}"
        );
        assert_eq!(
            told[5],
            "13:2 \"smpt\" is not a setting | did you mean \"smtp\"?"
        );
    }

    #[test]
    fn broken_syntax_is_told_and_the_rest_is_still_read() {
        let mut document = Document::parse("q.toml", "a = \n[smtp]\nhots = 'x'\n");
        let _ = document.take::<Server>("smtp");
        let faults = document.finish(&["smtp"]);
        assert!(faults.len() >= 2 && faults[0].line == 1, "{faults:#?}");
    }
}
