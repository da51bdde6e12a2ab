//! What a person typed, set apart from what they quoted, signed, forwarded or had appended.
//!
//! Only this text decides (A8, B2), so two mistakes matter: words of ours that seem typed ("répondez STOP" is our own
//! line), and typed words that get lost. Quotation is therefore recognised by marks that clients leave, in HTML by its
//! structure and in plain text by lines; everything else stays typed when in doubt, and what is set apart is kept.
//!
//! Where a message has both, the HTML part is read: it holds the client's marks, while its plain twin is derived from
//! it and has lost them (Outlook's has no mark at all). If nothing typed is left in it, the plain part is read instead.

mod attribution;
mod colour;
mod containers;
mod earlier;
mod footers;
mod html;
mod letter;
mod lines;
mod marks;
mod markup;
mod ours;
mod quotation;
mod signature;
mod speech;
mod tags;
mod words;

pub use earlier::earlier;
pub use ours::{OurLines, line_hash, line_hashes};

pub(super) use signature::closes;

use super::{Elided, ElidedKind, Fresh};
use crate::record::Address;
use lines::Line;
use std::borrow::Cow;

/// Octets of HTML that are read where only the beginning of the text is wanted.
const HTML_SEEN: usize = 64 << 10;

/// One text of a message: its HTML and its plain form, or one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    plain: String,
    html: String,
    flowed: bool,
}

impl Body {
    pub fn add(&mut self, html: bool, text: String, flowed: bool) {
        let to = if html {
            &mut self.html
        } else {
            &mut self.plain
        };
        if to.is_empty() {
            *to = text;
        } else {
            to.push('\n');
            to.push_str(&text);
        }
        self.flowed |= flowed && !html;
    }

    pub fn is_empty(&self) -> bool {
        self.plain.trim().is_empty() && self.html.trim().is_empty()
    }

    /// Its beginning as plain lines, nothing set apart.
    pub fn as_text(&self) -> Cow<'_, str> {
        if self.plain.trim().is_empty() {
            let lines = html::lines(&self.html[..self.html.floor_char_boundary(HTML_SEEN)]);
            let lines: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
            Cow::Owned(lines.join("\n"))
        } else {
            Cow::Borrowed(&self.plain)
        }
    }
}

/// The words by which the writer may sign: display name, address. They only help to find a signature.
#[derive(Clone, Debug, Default)]
pub(super) struct Typist {
    names: Vec<String>,
    address: String,
}

impl Typist {
    pub fn new(name: Option<&str>, address: Option<&Address>) -> Self {
        let mut names = words_of(name.unwrap_or(""));
        let local = address.map_or("", Address::local);
        names.extend(words_of(&local.replace(['.', '_', '-', '+'], " ")));
        let address = address
            .map(|a| a.as_str().to_lowercase())
            .unwrap_or_default();
        Self {
            names,
            address: folded(&address).replace(['-', '.', '_'], ""),
        }
    }

    /// Whether a line names the writer or their firm, before any title or dash.
    pub fn is(&self, line: &str) -> bool {
        let head = line
            .split([',', '|', '–', '—', '·', '/', '<', '(', '•'])
            .next()
            .unwrap_or("");
        let head = head.split(" - ").next().unwrap_or("");
        let words = words_of(head);
        if words.is_empty() || words.len() > 6 || line.len() > 160 {
            return false;
        }
        let mut known = 0;
        for word in &words {
            let letters = word.chars().count();
            let own = self.names.contains(word)
                || (letters >= 4 && words.len() > 1 && self.address.contains(word.as_str()));
            let initial = letters <= 2
                && self
                    .names
                    .iter()
                    .any(|n| n.starts_with(word.chars().next().unwrap_or(' ')));
            let title = TITLES.contains(&word.as_str());
            if !(own || initial || title) {
                return false;
            }
            known += usize::from(own || (initial && head.contains('.')));
        }
        known > 0
    }
}

/// Words that stand beside a name.
const TITLES: &[&str] = &[
    "dr", "mr", "mrs", "ms", "mme", "m", "mlle", "prof", "ing", "dipl", "mag", "me", "maitre",
    "herr", "frau", "sr", "sra", "dott", "dottssa", "ssa", "avv", "geom", "arch", "de", "la", "le",
    "du", "des", "von", "van", "der", "den", "di", "da", "do", "dos", "el", "al", "y", "et", "und",
    "and", "e", "gmbh", "sarl", "sas", "sa", "srl", "spa", "bv", "nv", "ltd", "llc", "inc", "ag",
    "kg", "sl", "ug", "oy", "ab", "mudr", "mgr", "bc", "phd", "msc", "mba",
];

fn words_of(text: &str) -> Vec<String> {
    folded(&text.to_lowercase())
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Without accents: a name is typed with them and mailed without.
fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .collect()
}

/// Sets apart, body by body, and joins what was typed.
pub(super) fn fresh(bodies: &[Body], typist: &Typist, ours: &dyn OurLines) -> Fresh {
    let mut whole = Fresh::default();
    for body in bodies {
        let one = of_body(body, typist, ours);
        if !one.text.is_empty() {
            if !whole.text.is_empty() {
                whole.text.push('\n');
            }
            whole.text.push_str(&one.text);
        }
        whole.elided.extend(one.elided);
    }
    whole
}

fn of_body(body: &Body, typist: &Typist, ours: &dyn OurLines) -> Fresh {
    let plain = || {
        let mut lines = lines::of_plain(&body.plain, body.flowed);
        set_apart(&mut lines, typist, ours)
    };
    if body.html.trim().is_empty() {
        return plain();
    }
    let mut all = html::lines(&body.html);
    let found = set_apart(&mut all, typist, ours);
    if !found.text.is_empty() {
        return found;
    }
    // Typed into the telephone's signature element, as happens: then only words decide what is a signature.
    if all.iter().any(|l| l.signature) {
        for line in &mut all {
            (line.signature, line.kind) = (false, None);
        }
        let again = set_apart(&mut all, typist, ours);
        if !again.text.is_empty() {
            return again;
        }
    }
    let other = plain();
    if other.text.is_empty() { found } else { other }
}

fn set_apart(lines: &mut [Line], typist: &Typist, ours: &dyn OurLines) -> Fresh {
    for line in lines.iter_mut().filter(|l| l.signature && l.quote == 0) {
        // Typed below the name, in the element that the client keeps for signatures.
        if !speech::asks_for_oneself(&line.text) {
            line.kind = Some(ElidedKind::Signature);
        }
    }
    quotation::mark(lines, typist);
    colour::answers(lines);
    ours::mark(lines, ours);
    signature::mark(lines, typist);
    gather(lines)
}

/// Joins the lines by kind; between typed lines at most one empty line stays.
fn gather(lines: &[Line]) -> Fresh {
    let mut fresh = Fresh::default();
    let mut gap = 0;
    for line in lines {
        match line.kind {
            _ if line.blank() => gap += 1,
            None => {
                if !fresh.text.is_empty() {
                    fresh.text.push_str(if gap > 0 { "\n\n" } else { "\n" });
                }
                fresh.text.push_str(line.text.trim());
                gap = 0;
            }
            Some(kind) => {
                let text = line.text.trim_end();
                match fresh.elided.last_mut().filter(|e| e.kind == kind) {
                    Some(last) => {
                        last.text.push('\n');
                        last.text.push_str(text);
                    }
                    None => fresh.elided.push(Elided {
                        kind,
                        text: text.to_owned(),
                    }),
                }
                gap = 1;
            }
        }
    }
    fresh
}
