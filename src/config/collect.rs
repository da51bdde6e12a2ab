//! Reads a TOML text into settings structs, and finds every mistake at once instead of the first one only.
//!
//! serde stops at the first mistake. So the value that it complained about is taken out and the rest is read again, until
//! nothing is left to complain about; the settings are used only if there was no complaint at all.

use super::merge::merge;
use super::pieces::{Kind, Piece, Place, Text, in_a_row, piece_at};
use super::telling::{explain, nearest};
use crate::record::Fault;
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where each setting stands that somebody wrote, by its path with dots; first what is in force, then what it replaced.
pub(super) type Written = BTreeMap<String, Vec<Place>>;

/// More mistakes than anybody wants to read at once.
const ENOUGH: usize = 50;

/// A TOML text on its way to becoming settings, with the mistakes found so far.
pub struct Document<'t> {
    row: Vec<Piece<'t>>,
    root: DeTable<'t>,
    /// The whole text, from which nothing is taken: where each key stands.
    places: DeTable<'t>,
    replaced: Vec<(String, Range<usize>)>,
    /// What is wrong so far.
    pub faults: Vec<Fault>,
}

impl<'t> Document<'t> {
    /// Parses the text. Broken syntax is a mistake too; what could be read is read on.
    pub fn parse(file: &'t str, text: &'t str) -> Self {
        Self::of(vec![Piece {
            name: file,
            text,
            kind: Kind::File,
            start: 0,
        }])
    }

    /// The same for texts that are laid over each other, in this order, and where everything in them stands; `faults` are of
    /// texts that could not be read.
    pub(super) fn merged(texts: &'t [Text], faults: Vec<Fault>) -> (Self, Written) {
        let mut document = Self::of(in_a_row(texts));
        document.faults.extend(faults);
        let written = document.written();
        (document, written)
    }

    fn of(row: Vec<Piece<'t>>) -> Self {
        let merged = merge(&row);
        Self {
            row,
            places: merged.root.clone(),
            root: merged.root,
            replaced: merged.replaced,
            faults: merged.faults,
        }
    }

    fn written(&self) -> Written {
        let mut written = BTreeMap::new();
        for (key, value) in &self.places {
            self.note(key.get_ref(), key.span(), value, &mut written);
        }
        for (path, span) in self.replaced.iter().rev() {
            let places: &mut Vec<Place> = written.entry(path.clone()).or_default();
            places.extend(self.place_of(span.start));
        }
        written
    }

    fn note(
        &self,
        path: &str,
        span: Range<usize>,
        value: &Spanned<DeValue<'t>>,
        written: &mut BTreeMap<String, Vec<Place>>,
    ) {
        written.insert(
            path.to_owned(),
            self.place_of(span.start).into_iter().collect(),
        );
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.note(
                        &format!("{path}.{}", key.get_ref()),
                        key.span(),
                        value,
                        written,
                    );
                }
            }
            DeValue::Array(array) => {
                for (n, value) in array.iter().enumerate() {
                    self.note(&format!("{path}.{n}"), value.span(), value, written);
                }
            }
            _ => {}
        }
    }

    fn place_of(&self, position: usize) -> Option<Place> {
        Some(piece_at(&self.row, position)?.place(position))
    }

    /// `, the other at FILE:LINE`, if two things that clash stand in different texts; else nothing, for one place shows both.
    pub(super) fn elsewhere(&self, here: &Range<usize>, there: &Range<usize>) -> String {
        let start = |span: &Range<usize>| piece_at(&self.row, span.start).map(|p| p.start);
        match self.place_of(there.start) {
            Some(place) if start(here) != start(there) => format!(", the other at {place}"),
            _ => String::new(),
        }
    }

    /// A mistake of the whole text: something that is not there.
    pub fn fault_of_file(&mut self, what: impl AsRef<str>, fix: impl AsRef<str>) {
        let file = self.row.first().map_or("", |p| p.name);
        self.faults
            .push(Fault::of_file(file, what.as_ref(), fix.as_ref()));
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
        let fault = self.at(&span, what.as_ref(), fix.as_ref());
        self.faults.push(fault);
    }

    /// A mistake at the place of a value that is found only by looking outside; its words are still to be filled in.
    pub fn fault_at(&self, path: &[&str]) -> Fault {
        self.at(&self.place(path), "", "")
    }

    fn at(&self, span: &Range<usize>, what: &str, fix: &str) -> Fault {
        match piece_at(&self.row, span.start) {
            Some(piece) => piece.fault(span.start, what, fix),
            None => Fault::of_file("", what, fix),
        }
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
        // In the order of the texts; what stands in other files (a preset) comes last.
        let name = |p: &Piece<'_>| match p.kind {
            Kind::File => p.name.to_owned(),
            Kind::Variable => format!("${}", p.name),
        };
        let names: Vec<String> = self.row.iter().map(name).collect();
        let order = |f: &Fault| {
            names
                .iter()
                .position(|n| *n == f.file)
                .unwrap_or(names.len())
        };
        self.faults.sort_by_key(|f| (order(f), f.line, f.column));
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
            let fault = self.at(&span_shown, &what, &fix);
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
