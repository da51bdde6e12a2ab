//! Reads a preset and compiles its templates: every mistake with file, line, and what to do.
//!
//! Each template is rendered once with made-up values. So a variable that nobody sets, a filter that does not exist and a
//! body that is no JSON are found when the configuration is read, not when somebody says STOP. Nothing is escaped by
//! itself: `| json` makes a JSON literal, `| url` percent-encodes.

use super::pointer::is_pointer;
use super::preset::{Act, Auth, PagingBy, Preset, Step, Text};
use crate::record::Fault;
use hyper::header::HeaderName;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tera::{Context, Error, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

const GUIDE: &str = "config/senders/README.md lists what a preset may say";

/// The compiled templates of a preset, by the place where they stand.
pub(super) struct Templates(Tera);

impl Templates {
    /// The text of one. The error names the template and no value.
    pub(super) fn render(&self, name: &str, values: &Context) -> Result<String, String> {
        self.0
            .render(name, values)
            .map_err(|_| format!("the template {name} cannot be filled in"))
    }
}

/// The name of a template: `suppress.1.path`.
pub(super) fn name_of(act: Act, number: usize, part: &str) -> String {
    format!("{}.{number}.{part}", act.word())
}

/// Reads the text of a preset. `with` are the operator's values.
pub(super) fn load(
    file: &str,
    text: &str,
    with: &BTreeMap<String, String>,
) -> Result<(Preset, Templates), Vec<Fault>> {
    let preset: Preset = toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |s| s.start);
        vec![Fault::at(file, text, offset, e.message().trim(), GUIDE)]
    })?;
    let mut reading = Reading {
        file,
        text,
        tera: tera(),
        faults: Vec::new(),
    };
    let mut values = Context::new();
    values.insert("with", &sample_with(&preset, with));
    reading.template("base", &preset.base, &values);
    for act in Act::ALL {
        reading.act(act, preset.steps(act), values.clone());
    }
    reading.whole(&preset);
    if reading.faults.is_empty() {
        Ok((preset, Templates(reading.tera)))
    } else {
        Err(reading.faults)
    }
}

/// What the operator wrote, the defaults, and something for what is missing (told elsewhere).
fn sample_with(preset: &Preset, with: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = preset
        .needs
        .keys()
        .map(|k| (k.clone(), "x".to_owned()))
        .collect();
    all.extend(preset.defaults.clone());
    all.extend(with.clone());
    all
}

fn tera() -> Tera {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.register_filter(
        "json",
        |value: &Value, _: Kwargs, _: &State| -> TeraResult<String> {
            serde_json::to_string(value).map_err(|_| Error::message("`json` cannot write this"))
        },
    );
    tera.register_filter("url", |value: &Value, _: Kwargs, _: &State| {
        let wrong = || {
            Error::message(
                "`url` needs a text, and what stands before it is none, or is set nowhere",
            )
        };
        value.as_str().map(encoded).ok_or_else(wrong)
    });
    tera
}

/// Percent-encodes everything but the unreserved letters (RFC 3986, 2.3).
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// A preset on its way to being used.
struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    tera: Tera,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, place: &Text, what: impl Into<String>, fix: &str) {
        let fault = Fault::at(self.file, self.text, place.span().start, what, fix);
        self.faults.push(fault);
    }

    fn of_file(&mut self, what: String, fix: &str) {
        self.faults.push(Fault::of_file(self.file, what, fix));
    }

    /// What only all of it can tell.
    fn whole(&mut self, preset: &Preset) {
        if preset.suppress.is_empty() {
            self.of_file(
                "there is no [[suppress]]".to_owned(),
                "add the call that stops all mail to an address",
            );
        }
        if preset.test.is_empty() {
            self.of_file(
                "there is no [[test]]".to_owned(),
                "add a call that changes nothing and needs the key",
            );
        }
        if preset.channels.is_empty() {
            self.of_file(
                "channels is empty".to_owned(),
                "write channels = [\"email\"]",
            );
        }
        if preset.limits.at_once == 0 || preset.limits.per_minute == Some(0) {
            self.of_file(
                "with these [limits] nothing would be told".to_owned(),
                "write at_once and per_minute above 0",
            );
        }
        if let Auth::Header { name } = &preset.auth
            && HeaderName::from_bytes(name.as_bytes()).is_err()
        {
            self.of_file(
                format!("[auth] name = \"{name}\" is not the name of a header"),
                "write it as the vendor does, such as \"x-api-key\"",
            );
        }
        let gathers = |s: &Step| s.items.is_some();
        if !preset.pull.is_empty() && !preset.pull.iter().any(gathers) {
            self.of_file(
                "no step of [[pull]] has items".to_owned(),
                "say which array holds the opt-outs: items = \"/data\"",
            );
        }
    }

    fn act(&mut self, act: Act, steps: &[Step], mut values: Context) {
        let domain = matches!(act, Act::DomainSuppress | Act::DomainLift);
        let person = matches!(act, Act::Suppress | Act::Pause | Act::Lift);
        if domain {
            values.insert("domain", "example.org");
        }
        if person {
            values.insert("address", "jane.doe@example.org");
            for name in ["phone", "profile_url", "crm_id"] {
                values.insert(name, "");
            }
        }
        for (number, step) in steps.iter().enumerate() {
            let mut here = values.clone();
            if let Some(paging) = &step.paging {
                here.insert("offset", &0);
                here.insert("page", &1);
                here.insert("cursor", "");
                self.paging(step, paging);
            }
            self.step(act, number + 1, step, &here);
            for name in step.take.keys() {
                values.insert(name.clone(), "1");
            }
        }
    }

    fn paging(&mut self, step: &Step, paging: &super::preset::Paging) {
        if step.each.is_none() && step.items.is_none() {
            self.fault(
                &step.path,
                "a step with paging has neither items nor each",
                "say which array is paged",
            );
        }
        let wrong = match paging.by {
            PagingBy::Cursor => paging.cursor.is_none(),
            PagingBy::Offset => paging.size == 0,
            PagingBy::Page => false,
        };
        if wrong {
            let fix = "write { by = \"cursor\", cursor = \"/pointer\" } or { by = \"offset\", size = 100 }";
            self.fault(
                &step.path,
                "this paging would never come to a second page",
                fix,
            );
        }
    }

    fn step(&mut self, act: Act, number: usize, step: &Step, values: &Context) {
        let path = self.template(&name_of(act, number, "path"), &step.path, values);
        if path.is_some_and(|p| !p.starts_with('/') || p.contains(['?', '#', ' '])) {
            let fix = "begin it with / and put what follows the ? into query = { … }";
            self.fault(&step.path, "this is not a path", fix);
        }
        if let Some(body) = &step.body
            && let Some(text) = self.template(&name_of(act, number, "body"), body, values)
            && let Err(e) = serde_json::from_str::<serde_json::Value>(&text)
        {
            let fix = "write texts as {{ address | json }}, without quotation marks around them";
            self.fault(body, format!("filled in, this body is no JSON: {e}"), fix);
        }
        for (kind, table) in [
            ("query", &step.query),
            ("where", &step.only),
            ("expect", &step.expect),
        ] {
            for (key, text) in table {
                self.template(
                    &name_of(act, number, &format!("{kind}.{key}")),
                    text,
                    values,
                );
                if kind != "query" && !is_pointer(key) {
                    self.fault(text, format!("\"{key}\" is not a JSON pointer"), POINTER);
                }
            }
        }
        self.pointers(step);
        self.shape(act, step);
        let known = |status: &&u16| !(200..600).contains(*status);
        if let Some(status) = step.done.iter().chain(&step.unknown).find(known) {
            self.fault(
                &step.path,
                format!("{status} is no status of an answer"),
                "write a number from 200 to 599",
            );
        }
    }

    /// What would silently do nothing, or something else than it says.
    fn shape(&mut self, act: Act, step: &Step) {
        let pull = act == Act::Pull;
        let lists = usize::from(step.each.is_some()) + usize::from(step.items.is_some());
        for (wrong, what, fix) in [
            (
                step.items.is_some() == step.address.is_empty(),
                "items and address belong together",
                "items = \"/data\" says where the entries are, address = [\"/email\"] where the address is in one",
            ),
            (
                step.items.is_some() && !pull,
                "items belong to [[pull]]",
                "write each = \"…\" if the next steps shall run for each of them",
            ),
            (
                lists == 2,
                "a step has either each or items",
                "remove one of them",
            ),
            (
                !step.only.is_empty() && lists == 0,
                "where chooses from each or items, and there is neither",
                "say which array it chooses from, or write expect = { … }",
            ),
            (
                !step.unknown.is_empty() && pull,
                "half a list would look like a whole one",
                "remove unknown: a pull that is not answered well is tried again",
            ),
        ] {
            if wrong {
                self.fault(&step.path, what, fix);
            }
        }
    }

    /// Whether what looks into answers can find anything.
    fn pointers(&mut self, step: &Step) {
        let cursor = step.paging.iter().filter_map(|p| p.cursor.as_ref());
        let lists = step
            .each
            .iter()
            .chain(&step.items)
            .chain(&step.address)
            .chain(cursor);
        for pointer in lists.chain(step.take.values()) {
            if !is_pointer(pointer.get_ref()) {
                self.fault(
                    pointer,
                    format!("\"{}\" is not a JSON pointer", pointer.get_ref()),
                    POINTER,
                );
            }
        }
    }

    /// Compiles a template, and what it says with made-up values.
    fn template(&mut self, name: &str, template: &Text, values: &Context) -> Option<String> {
        let made = self
            .tera
            .add_raw_template(name, template.get_ref())
            .and_then(|()| self.all_set(name, values))
            .and_then(|()| self.tera.render(name, values));
        match made {
            Ok(text) => Some(text),
            Err(error) => {
                let fault = self.mistake(template, &error);
                self.faults.push(fault);
                None
            }
        }
    }

    /// Tera itself says of a name that is set nowhere only that a filter gets nothing.
    fn all_set(&self, name: &str, values: &Context) -> TeraResult<()> {
        let mut used: Vec<&str> = self
            .tera
            .get_template_variables(name)?
            .into_iter()
            .collect();
        used.sort_unstable();
        match used.into_iter().find(|one| !values.contains_key(one)) {
            Some(one) => Err(Error::message(format!("nothing sets \"{one}\" here"))),
            None => Ok(()),
        }
    }

    fn mistake(&self, template: &Text, error: &Error) -> Fault {
        let (what, line) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                (report.message().to_owned(), report.span().start_line)
            }
            ErrorKind::Msg(text) => (first_report(text), 1),
            other => (other.to_string(), 1),
        };
        let fix = if what.contains("filter") {
            "the filters of presets are json, url and lower"
        } else {
            "a preset knows address (or domain), with, offset, page, cursor, and what earlier steps take"
        };
        let mut fault = Fault::at(self.file, self.text, template.span().start, what, fix);
        let opening = self.text.get(template.span().start..).unwrap_or_default();
        let long = opening.starts_with("'''\n") || opening.starts_with("\"\"\"\n");
        fault.line += line.saturating_sub(usize::from(!long));
        fault
    }
}

const POINTER: &str = "write it as in \"/data/items\"; * stands for every element";

/// The first of tera's printed reports, without its place in the template.
fn first_report(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_letters_is_percent_encoded() {
        assert_eq!(encoded("a+b@é.fr/x?"), "a%2Bb%40%C3%A9.fr%2Fx%3F");
    }
}
