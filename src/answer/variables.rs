//! Finds misspelt variables in a template, even in a branch that no sample letter takes.
//!
//! Tera accepts an unknown name in `{% if … %}` as "no", so a slip of the pen there would silently drop a sentence that
//! the law asks for. What may be named is taken from the facts themselves, so this list cannot go stale.

use super::mistakes::closest;
use super::templates::Source;
use super::{compliance, digest, owner, recipient, samples};
use crate::record::{Fault, Language};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every variable that a template may name: `person.salutation`, and `origins[].date` for an element of a list.
pub fn all() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut paths = BTreeSet::from(["parts", "parts[]", "text"].map(str::to_owned));
        let facts = serde_json::to_value(samples::full(Language::Fr)).unwrap_or_default();
        collect("", &facts, &mut paths);
        paths
    });
    &ALL
}

/// Every variable of the mail to reviewers.
pub fn of_digest() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut paths = BTreeSet::from(["text".to_owned()]);
        let facts = serde_json::to_value(digest::sample(Language::Fr)).unwrap_or_default();
        collect("", &facts, &mut paths);
        paths
    });
    &ALL
}

/// Every variable of the mail to a recipient of data.
pub fn of_recipient() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut paths = BTreeSet::from(["text".to_owned()]);
        let facts = recipient::sample_recipient(Language::Fr);
        let facts = serde_json::to_value(facts).unwrap_or_default();
        collect("", &facts, &mut paths);
        paths
    });
    &ALL
}

/// Every variable of the notice to the owner of a contact.
pub fn of_owner() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut paths = BTreeSet::from(["text".to_owned()]);
        let facts = serde_json::to_value(owner::sample_owner(Language::Fr)).unwrap_or_default();
        collect("", &facts, &mut paths);
        paths
    });
    &ALL
}

/// Every variable of the papers for the firm's own file.
pub fn of_compliance() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let names = ["text", "to_complete[]"].map(str::to_owned);
        let mut paths = BTreeSet::from(names);
        let facts = compliance::sample_compliance(Language::Fr);
        let facts = serde_json::to_value(facts).unwrap_or_default();
        collect("", &facts, &mut paths);
        paths
    });
    &ALL
}

/// What this file may name.
fn known(source: &Source) -> &'static BTreeSet<String> {
    let mut steps = source.path.split('/').skip(1);
    match steps.next() {
        Some(compliance::COMPLIANCE) => of_compliance(),
        Some(digest::DIGEST) => of_digest(),
        Some(recipient::RECIPIENT) => of_recipient(),
        Some(owner::OWNER) => of_owner(),
        _ => all(),
    }
}

fn collect(path: &str, value: &serde_json::Value, paths: &mut BTreeSet<String>) {
    if !path.is_empty() {
        paths.insert(path.to_owned());
    }
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                collect(&format!("{path}{dot}{name}"), value, paths);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                collect(&format!("{path}[]"), item, paths);
            }
        }
        _ => {}
    }
}

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}").ok());
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?x) "[^"]*" | '[^']*' | \|\s*\w+ | \bis\s+(?:not\s+)?\w+ | [A-Za-z_]\w*(?:\.\w+)*(?:\s*(?:==|=|\())? "#).ok()
});

const KEYWORDS: &[&str] = &[
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "in",
    "endfor",
    "set",
    "include",
    "and",
    "or",
    "not",
    "is",
    "true",
    "false",
    "none",
    "null",
    "loop",
    "break",
    "continue",
    "block",
    "endblock",
    "raw",
    "endraw",
    "filter",
    "endfilter",
    "extends",
];

/// Names that stand for an element of a list, or for a value of the template's own.
struct Local {
    name: String,
    path: Option<String>,
}

/// All misspelt variables of a template, and loops that are nested too deeply.
pub fn mistakes(source: &Source) -> Vec<Fault> {
    let (Some(tag), Some(name)) = (TAG.as_ref(), NAME.as_ref()) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    let mut locals: Vec<Local> = Vec::new();
    let mut depth = 0usize;
    for found in tag.find_iter(&source.text) {
        let inside = found.as_str();
        if inside.starts_with("{#") {
            continue;
        }
        let words: Vec<_> = name.find_iter(inside).collect();
        let verb = words.first().map_or("", |w| w.as_str());
        match (inside.starts_with("{%"), verb) {
            (true, "for") => {
                depth += 1;
                locals.extend(element(&words, &locals));
                if depth > 2 {
                    faults.push(fault(
                        source,
                        found.start(),
                        "a loop in a loop in a loop".into(),
                        "two levels are enough for a letter",
                    ));
                }
            }
            (true, "endfor") => depth = depth.saturating_sub(1),
            (true, "set") => locals.extend(words.iter().skip(1).take(1).map(|w| {
                local(
                    w.as_str()
                        .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_'),
                    None,
                )
            })),
            _ => {}
        }
        for word in words {
            faults.extend(misspelt(
                source,
                found.start() + word.start(),
                word.as_str(),
                &locals,
            ));
        }
    }
    faults
}

/// The name that a loop gives to each element of its list.
fn element(words: &[regex::Match<'_>], locals: &[Local]) -> Option<Local> {
    let list = words.iter().skip_while(|w| w.as_str() != "in").nth(1);
    let path = list
        .and_then(|l| resolve(l.as_str(), locals))
        .map(|p| p + "[]");
    words.get(1).map(|w| local(w.as_str(), path))
}

fn local(name: &str, path: Option<String>) -> Local {
    Local {
        name: name.to_owned(),
        path,
    }
}

/// The full path of a name: `origin.date` in a loop over `origins` is `origins[].date`.
fn resolve(name: &str, locals: &[Local]) -> Option<String> {
    let (root, rest) = name.split_once('.').unwrap_or((name, ""));
    let path = match locals.iter().rev().find(|l| l.name == root) {
        Some(local) => local.path.clone()?,
        None => root.to_owned(),
    };
    Some(if rest.is_empty() {
        path
    } else {
        format!("{path}.{rest}")
    })
}

fn misspelt(source: &Source, offset: usize, name: &str, locals: &[Local]) -> Option<Fault> {
    // `name ==` compares a variable, `name=` gives an argument its name, `name(` calls.
    let name = name.trim_end_matches("==").trim_end();
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !name.contains(['(', '=', ' ']);
    if !is_name || KEYWORDS.contains(&name) || name.starts_with("loop.") {
        return None;
    }
    let path = resolve(name, locals)?;
    let all = known(source);
    if all.contains(&path) {
        return None;
    }
    let fix = match closest(&path, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", shown(near, &path, name)),
        None => match path
            .rsplit_once('.')
            .filter(|(parent, _)| all.contains(*parent))
        {
            Some((parent, _)) => format!("`{parent}` has {}", fields_of(all, parent)),
            None => format!("a letter knows {}", fields_of(all, "")),
        },
    };
    Some(fault(
        source,
        offset,
        format!("there is no variable `{name}`"),
        &fix,
    ))
}

/// The near path, spelt with the loop's own name where it was found in a loop.
fn shown(near: &str, path: &str, name: &str) -> String {
    match (near.split_once("[]."), path.split_once("[].")) {
        (Some((a, field)), Some((b, _))) if a == b => {
            format!("{}.{field}", name.split('.').next().unwrap_or(name))
        }
        _ => near.to_owned(),
    }
}

fn fields_of(all: &BTreeSet<String>, parent: &str) -> String {
    let prefix = if parent.is_empty() {
        String::new()
    } else {
        format!("{parent}.")
    };
    let fields: Vec<&str> = all
        .iter()
        .filter_map(|p| p.strip_prefix(&prefix))
        .filter(|p| !p.is_empty() && !p.contains(['.', '[']))
        .collect();
    fields.join(", ")
}

fn fault(source: &Source, offset: usize, what: String, fix: &str) -> Fault {
    Fault::at(&source.file, &source.text, offset, what, fix)
}
