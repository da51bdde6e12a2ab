//! Reads a letter before anybody else does, and says what must not be sent: rule A8, "linter not clean".
//!
//! Templates are edited by people, facts come from registers; the linter trusts neither. It looks at the finished letter,
//! both as text and as HTML, and asks: is a claim made that is not ours to make, or that the facts do not prove? Is
//! everything there that the law asks for? It never repairs: a finding holds the letter for a human.

use super::claims;
use super::compose::Letter;
use super::facts::LetterFacts;
use super::layout::{self, Block};
use super::obligations::must_hold;
use super::part::Part;
use super::phrases::{places, says};
use aho_corasick::AhoCorasick;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Where in the letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Its subject.
    Subject,
    /// The plain text.
    Text,
    /// The HTML.
    Html,
    /// What goes with it.
    Attachment,
}

/// Something that must not be sent so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// A word that stays the same: `claim`, `unproved`, `missing`, `placeholder`, `invented_name`, `first_person`,
    /// `remote`, `calendar`, `vague_source`, `too_long`, `subject`.
    pub rule: &'static str,
    /// What was found, or what is missing.
    pub what: String,
    /// Where.
    pub place: Place,
}

impl Finding {
    /// What a writer or reviewer does about it.
    pub fn advice(&self) -> &'static str {
        match self.rule {
            "claim" => "take the claim out: it is not ours to make",
            "unproved" => {
                "put the sentence inside {% if suppression.in_force and suppression.state == \"suppressed\" %}"
            }
            "missing" => "say it in the letter; the law asks for it",
            "placeholder" => "replace the placeholder with a variable",
            "invented_name" => "greet by {{ person.salutation }} or by no name",
            "first_person" => "say \"we\", or configure the name of the human who signs",
            "remote" | "calendar" => {
                "take it out: a letter fetches nothing, follows nobody and sells nothing"
            }
            "vague_source" => "name the provider or the page the data come from",
            "too_long" => "make it shorter",
            _ => "write a subject of one line",
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match self.place {
            Place::Subject => "subject",
            Place::Text => "text",
            Place::Html => "HTML",
            Place::Attachment => "attachments",
        };
        write!(f, "{} ({place}): {}", self.rule, self.what)
    }
}

/// Everything that must not be sent in this letter; empty if it may leave.
pub fn lint(letter: &Letter, facts: &LetterFacts, parts: &[Part]) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let subject = normal(&letter.subject);
    let text = normal(&letter.text);
    let html = normal(&layout::text_of(&letter.html));
    for (place, said) in [
        (Place::Subject, &subject),
        (Place::Text, &text),
        (Place::Html, &html),
    ] {
        claims_in(&without_copy(said, facts), place, facts, &mut findings);
    }
    for (place, said) in [(Place::Text, &text), (Place::Html, &html)] {
        must_hold(said, place, facts, parts, &mut findings);
    }
    if letter.subject.trim().is_empty() || letter.subject.contains(['\r', '\n']) {
        findings.add(
            "subject",
            Place::Subject,
            "it is empty, or more than one line",
        );
    }
    remote(letter, &mut findings);
    let blocks = layout::blocks(&letter.text);
    shape(&blocks, facts, parts, &mut findings);
    vague(facts, parts, &mut findings);
    greeting(&blocks, facts, &mut findings);
    if parts.contains(&Part::Access)
        && !letter
            .attachments
            .iter()
            .any(|a| a.media_type == "application/json")
    {
        findings.add("missing", Place::Attachment, "the copy as JSON");
    }
    findings.0
}

pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, rule: &'static str, place: Place, what: impl Into<String>) {
        let what = what.into();
        self.0.push(Finding { rule, what, place });
    }
}

/// Lower case, plain apostrophes and spaces, no line breaks: so that no wrapping hides a phrase.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' => out.push(c),
            '’' => out.push('\''),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// The normal text without what the copy quotes: a person's own data and our past subjects claim nothing now.
fn without_copy<'t>(normal_text: &'t str, facts: &LetterFacts) -> Cow<'t, str> {
    let Some(copy) = &facts.copy else {
        return Cow::Borrowed(normal_text);
    };
    let mut text = normal_text.to_owned();
    let values = copy.fields.iter().map(|f| &f.value);
    for quoted in values.chain(copy.mails.iter().filter_map(|m| m.subject.as_ref())) {
        let quoted = normal(quoted);
        if quoted.len() > 3 {
            // As words of their own: a person called Elio must not cut a word in two.
            for at in places(&text, &quoted).into_iter().rev() {
                text.replace_range(at..at + quoted.len(), " ");
            }
        }
    }
    Cow::Owned(text)
}

fn claims_in(text: &str, place: Place, facts: &LetterFacts, findings: &mut Findings) {
    let said = claims::ALL.said(text);
    for claim in said.of(claims::Of::Forbidden as usize) {
        findings.add("claim", place, format!("\"{claim}\""));
    }
    if !facts.suppression.as_ref().is_some_and(|s| s.is_removal()) {
        let announced = |c: &str| {
            claims::ANNOUNCED
                .iter()
                .any(|a| a.contains(c) && says(text, a))
        };
        for claim in said
            .of(claims::Of::Removed as usize)
            .filter(|c| !announced(c))
        {
            findings.add(
                "unproved",
                place,
                format!("\"{claim}\" is said, but not proved"),
            );
        }
    }
    for mark in said.of(claims::Of::Placeholders as usize) {
        findings.add("placeholder", place, format!("\"{mark}\""));
    }
    if let Some(hole) = bracketed(text) {
        findings.add("placeholder", place, format!("\"{hole}\""));
    }
    for place_to_meet in said.of(claims::Of::Calendars as usize) {
        findings.add("calendar", place, format!("\"{place_to_meet}\""));
    }
    if facts.controller.signatory.is_none() && place != Place::Subject {
        let ours = claims::first_person(facts.language);
        let i = said
            .of(claims::Of::FirstPerson as usize)
            .find(|i| ours.contains(i));
        findings.0.extend(i.map(|i| Finding {
            rule: "first_person",
            what: format!("\"{i}\""),
            place,
        }));
    }
}

/// "[nom]": a bracket around words only.
fn bracketed(text: &str) -> Option<&str> {
    let start = text.find('[')?;
    let end = start + text[start..].find(']')?;
    let inside = &text[start + 1..end];
    let hole = !inside.is_empty()
        && inside.len() < 60
        && inside
            .chars()
            .all(|c| c.is_alphabetic() || " '-_".contains(c));
    let mark = matches!(inside, "ext" | "external" | "extern" | "externe" | "spam");
    if hole && !mark {
        Some(&text[start..=end])
    } else {
        bracketed(&text[end + 1..])
    }
}

/// Lengths and headings: what a letter looks like, whatever it says.
fn shape(blocks: &[Block], facts: &LetterFacts, parts: &[Part], findings: &mut Findings) {
    if parts == [Part::Stop] {
        stop_is_short(blocks, facts, findings);
    }
    if parts.iter().any(|p| p.informs()) {
        objection_is_apart(blocks, facts, findings);
        notice_is_a_list(blocks, findings);
    }
}

/// At most three lines of ninety characters between greeting and closing, and nothing to answer or to click.
fn stop_is_short(blocks: &[Block], facts: &LetterFacts, findings: &mut Findings) {
    let middle = blocks
        .get(1..blocks.len().saturating_sub(1))
        .unwrap_or_default();
    let said: Vec<&str> = middle.iter().flat_map(lines_of).collect();
    let said = said.join(" ").replace(facts.controller.name.as_str(), "");
    if middle.len() > 3 || said.chars().count() > 270 {
        findings.add("too_long", Place::Text, "a STOP is answered in three lines");
    }
    if said.contains('?')
        || said.contains("www.")
        || blocks.iter().any(|b| matches!(b, Block::Heading(_)))
    {
        findings.add(
            "too_long",
            Place::Text,
            "a STOP is answered without a question, a link or a heading",
        );
    }
}

/// The right to object stands apart, under a heading of its own (Art. 21(4)).
fn objection_is_apart(blocks: &[Block], facts: &LetterFacts, findings: &mut Findings) {
    let objection = claims::objection(facts.language);
    let apart = blocks.windows(2).any(|pair| {
        matches!(pair, [Block::Heading(_), Block::Paragraph(lines)] if lines.iter().any(|l| normal(l).contains(objection)))
    });
    if !apart {
        findings.add(
            "missing",
            Place::Text,
            "the right to object, apart, under a heading of its own",
        );
    }
}

/// The items of Article 14 are a list under its heading, and not a long one.
fn notice_is_a_list(blocks: &[Block], findings: &mut Findings) {
    let notice = blocks.windows(2).find_map(|pair| match pair {
        [Block::Heading(title), Block::List(items)] if title.contains("14") => Some(items.len()),
        _ => None,
    });
    match notice {
        None => findings.add(
            "missing",
            Place::Text,
            "the block of Article 14, a list under a heading with \"14\"",
        ),
        Some(n) if n > 12 => findings.add(
            "too_long",
            Place::Text,
            format!("the block of Article 14 has {n} lines, 12 are the most"),
        ),
        Some(_) => {}
    }
}

fn lines_of(block: &Block) -> Vec<&str> {
    match block {
        Block::Heading(line) => vec![line],
        Block::Paragraph(lines) | Block::List(lines) => lines.iter().map(String::as_str).collect(),
    }
}

/// Marks of [`claims::REMOTE`] in any case: most letters have none.
static REMOTE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true);
    builder.build(claims::REMOTE).ok()
});

fn remote(letter: &Letter, findings: &mut Findings) {
    if (REMOTE.as_ref()).is_some_and(|marks| !marks.is_match(&letter.html)) {
        return;
    }
    let html = letter.html.to_lowercase();
    for mark in claims::REMOTE.iter().filter(|m| html.contains(*m)) {
        // Plain text may quote an address of the web (where data were found); only a tag or attribute fetches it.
        let in_tag = mark.starts_with('<') || tags(&html).any(|t| t.contains(*mark));
        if in_tag {
            findings.add("remote", Place::Html, format!("\"{mark}\""));
        }
    }
}

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|t| t.split('>').next())
}

fn vague(facts: &LetterFacts, parts: &[Part], findings: &mut Findings) {
    if !parts.iter().any(|p| p.informs()) {
        return;
    }
    for origin in &facts.origins {
        for source in origin.provider.iter().chain(&origin.from) {
            let said = normal(source);
            let vague = |v: &&&str| says(&said, v) && said.chars().count() < v.chars().count() + 12;
            if let Some(word) = claims::VAGUE.iter().find(vague) {
                findings.add("vague_source", Place::Text, format!("\"{word}\""));
            }
        }
    }
}

/// A greeting names nobody whose name is only guessed from an address.
fn greeting(blocks: &[Block], facts: &LetterFacts, findings: &mut Findings) {
    let Some(first) = blocks.first() else { return };
    let greeting = normal(&lines_of(first).join(" "));
    let known = normal(facts.person.salutation.as_deref().unwrap_or_default());
    let local = facts
        .person
        .address
        .rsplit_once('@')
        .map_or("", |(l, _)| l)
        .to_lowercase();
    let mut guesses = local
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| w.chars().count() > 2);
    if let Some(name) = guesses.find(|w| says(&greeting, w) && !says(&known, w)) {
        findings.add(
            "invented_name",
            Place::Text,
            format!("\"{name}\" is only known from the address"),
        );
    }
}
