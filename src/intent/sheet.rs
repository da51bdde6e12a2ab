//! Reads a lexicon's TOML as a person wrote it, and collects every mistake with its line and what to do.
//!
//! Walked by hand rather than deserialised, because serde stops at the first mistake and a writer wants them all.
//! Deliberately absent: what the rules mean; that is `lexicon.rs`.

use super::nearest::nearest;
use crate::record::Fault;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text and where it stands in the file (bytes).
#[derive(Clone, Debug)]
pub struct Said {
    /// The text.
    pub text: String,
    /// Where.
    pub at: usize,
}

/// One `[[stop]]`, `[[trap]]`, `[[stance.question]]`, … as written.
#[derive(Clone, Debug, Default)]
pub struct RuleSheet {
    /// `stop`, `trap`, `stance.question`.
    pub section: String,
    /// Where the rule begins.
    pub at: usize,
    /// Its name.
    pub id: Option<Said>,
    /// The phrases.
    pub say: Vec<Said>,
    /// `anywhere`, `start`, `clause`, `whole`.
    pub place: Option<Said>,
    /// `words`, `sentence`, `text` (traps).
    pub reach: Option<Said>,
    /// Kinds that a trap explains away.
    pub explains: Vec<Said>,
    /// A trap that says no to what its words ask.
    pub negates: bool,
    /// Kinds that this request stands in for.
    pub beats: Vec<Said>,
    /// A reason for a human to see the request.
    pub human: Option<Said>,
    /// Confidence.
    pub sure: Option<f64>,
    /// A human sees it even without a request.
    pub alone: bool,
    /// Only in a sentence that ends with a question mark.
    pub question: bool,
}

/// One `[[test]]`.
#[derive(Clone, Debug, Default)]
pub struct TestSheet {
    /// Where.
    pub at: usize,
    /// The reply.
    pub say: String,
    /// Kinds that must be found, exactly.
    pub expect: Vec<Said>,
    /// Whether a human must see it.
    pub hold: bool,
}

/// A lexicon as written.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// ISO 639-1, or `any`.
    pub language: Option<Said>,
    /// Function words.
    pub words: Vec<Said>,
    /// Words that say nothing.
    pub filler: Vec<Said>,
    /// Words that open a letter.
    pub greeting: Vec<Said>,
    /// Words that refuse what is said beside them.
    pub negation: Vec<Said>,
    /// Words that are forgiven a letter.
    pub typo: Vec<Said>,
    /// Words by which a quoted footer says that an answer is an opt-out.
    pub optout: Vec<Said>,
    /// Answers that say yes and nothing else.
    pub yes: Vec<Said>,
    /// Answers that say no and nothing else.
    pub no: Vec<Said>,
    /// How a mail offers to stop.
    pub asks_to_stop: Vec<Said>,
    /// How a mail asks whether it may go on.
    pub asks_to_go_on: Vec<Said>,
    /// In the order of the file.
    pub classes: Vec<(Said, Vec<Said>)>,
    /// All rules.
    pub rules: Vec<RuleSheet>,
    /// All examples.
    pub tests: Vec<TestSheet>,
}

/// Sections that hold rules, apart from `stance`.
pub const SECTIONS: &[&str] = &[
    "stop",
    "source",
    "access",
    "erasure",
    "rectification",
    "restriction",
    "portability",
    "complaint",
    "trap",
    "human",
    "unsure",
];
const TOP: &[&str] = &[
    "language",
    "words",
    "filler",
    "greeting",
    "negation",
    "typo",
    "optout",
    "yes",
    "no",
    "asks_to_stop",
    "asks_to_go_on",
    "classes",
    "stance",
    "test",
];
const RULE: &[&str] = &[
    "id", "say", "where", "reach", "explains", "negates", "beats", "human", "sure", "alone",
    "question", "note",
];

/// Reads the file; faults are appended.
pub fn read(path: &str, text: &str, faults: &mut Vec<Fault>) -> Sheet {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = SheetReader {
        path,
        text,
        faults,
        sheet: Sheet::default(),
    };
    for error in errors {
        let at = error.span().map_or(0, |s| s.start);
        reader.fault(
            at,
            error.message().to_owned(),
            "see config/README.md for how a lexicon is written",
        );
    }
    for (key, value) in table.get_ref() {
        reader.top(key.get_ref(), key.span(), value);
    }
    // A TOML table is sorted by name; a class may use those above it in the file.
    reader.sheet.classes.sort_by_key(|(name, _)| name.at);
    reader.sheet.rules.sort_by_key(|r| r.at);
    reader.sheet
}

struct SheetReader<'a> {
    path: &'a str,
    text: &'a str,
    faults: &'a mut Vec<Fault>,
    sheet: Sheet,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl SheetReader<'_> {
    fn fault(&mut self, at: usize, what: impl Into<String>, fix: impl Into<String>) {
        self.faults
            .push(Fault::at(self.path, self.text, at, what, fix));
    }

    fn top(&mut self, key: &str, span: Range<usize>, value: &Value<'_>) {
        match key {
            "language" => self.sheet.language = self.string(value),
            "words" => self.sheet.words = self.strings(value),
            "filler" => self.sheet.filler = self.strings(value),
            "greeting" => self.sheet.greeting = self.strings(value),
            "negation" => self.sheet.negation = self.strings(value),
            "typo" => self.sheet.typo = self.strings(value),
            "optout" => self.sheet.optout = self.strings(value),
            "yes" => self.sheet.yes = self.strings(value),
            "no" => self.sheet.no = self.strings(value),
            "asks_to_stop" => self.sheet.asks_to_stop = self.strings(value),
            "asks_to_go_on" => self.sheet.asks_to_go_on = self.strings(value),
            "classes" => self.classes(value),
            "stance" => match value.get_ref() {
                DeValue::Table(table) => {
                    for (name, rules) in table {
                        self.rules(&format!("stance.{}", name.get_ref()), rules);
                    }
                }
                _ => self.fault(
                    span.start,
                    "stance is no table",
                    "write [[stance.interested]] and so on",
                ),
            },
            "test" => self.tests(value),
            _ if SECTIONS.contains(&key) => self.rules(key, value),
            _ => self.unknown("section", key, span.start, &[TOP, SECTIONS].concat()),
        }
    }

    fn unknown(&mut self, what: &str, key: &str, at: usize, known: &[&str]) {
        let fix = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known are: {}", known.join(", ")),
        };
        self.fault(at, format!("unknown {what} \"{key}\""), fix);
    }

    fn string(&mut self, value: &Value<'_>) -> Option<Said> {
        match value.get_ref() {
            DeValue::String(text) => Some(Said {
                text: text.to_string(),
                at: value.span().start,
            }),
            _ => {
                self.fault(
                    value.span().start,
                    "a text in quotes is needed here",
                    "put it in \"…\"",
                );
                None
            }
        }
    }

    fn strings(&mut self, value: &Value<'_>) -> Vec<Said> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| self.string(item)).collect(),
            DeValue::String(_) => self.string(value).into_iter().collect(),
            _ => {
                self.fault(
                    value.span().start,
                    "a list of texts is needed here",
                    "write [\"…\", \"…\"]",
                );
                Vec::new()
            }
        }
    }

    fn truth(&mut self, value: &Value<'_>) -> bool {
        match value.get_ref() {
            DeValue::Boolean(yes) => *yes,
            _ => {
                self.fault(
                    value.span().start,
                    "true or false is needed here",
                    "write true or false",
                );
                false
            }
        }
    }

    fn classes(&mut self, value: &Value<'_>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.fault(
                value.span().start,
                "classes is no table",
                "write [classes], then name = [\"word\", …]",
            );
        };
        for (name, members) in table {
            let members = self.strings(members);
            if members.is_empty() {
                self.fault(
                    name.span().start,
                    format!("class {} is empty", name.get_ref()),
                    "give it words, or remove it",
                );
            }
            let name = Said {
                text: name.get_ref().to_string(),
                at: name.span().start,
            };
            self.sheet.classes.push((name, members));
        }
    }

    fn rules(&mut self, section: &str, value: &Value<'_>) {
        let DeValue::Array(items) = value.get_ref() else {
            return self.fault(
                value.span().start,
                format!("{section} is no list of rules"),
                format!("write [[{section}]]"),
            );
        };
        for item in items.iter() {
            let DeValue::Table(table) = item.get_ref() else {
                continue;
            };
            let mut rule = RuleSheet {
                section: section.to_owned(),
                at: item.span().start,
                ..RuleSheet::default()
            };
            for (key, value) in table {
                self.rule_key(&mut rule, key.get_ref(), key.span().start, value);
            }
            self.sheet.rules.push(rule);
        }
    }

    fn rule_key(&mut self, rule: &mut RuleSheet, key: &str, at: usize, value: &Value<'_>) {
        match key {
            "id" => rule.id = self.string(value),
            "say" => rule.say = self.strings(value),
            "where" => rule.place = self.string(value),
            "reach" => rule.reach = self.string(value),
            "explains" => rule.explains = self.strings(value),
            "negates" => rule.negates = self.truth(value),
            "beats" => rule.beats = self.strings(value),
            "human" => rule.human = self.string(value),
            "alone" => rule.alone = self.truth(value),
            "question" => rule.question = self.truth(value),
            "note" => {}
            "sure" => {
                let number = match value.get_ref() {
                    DeValue::Float(f) => f.as_str().parse().ok(),
                    DeValue::Integer(n) => n.as_str().parse().ok(),
                    _ => None,
                };
                match number {
                    Some(n) if (0.0..=1.0).contains(&n) => rule.sure = Some(n),
                    _ => self.fault(
                        value.span().start,
                        "sure must be a number from 0 to 1",
                        "write sure = 0.9, or leave it out",
                    ),
                }
            }
            _ => self.unknown("key", key, at, RULE),
        }
    }

    fn tests(&mut self, value: &Value<'_>) {
        let DeValue::Array(items) = value.get_ref() else {
            return self.fault(value.span().start, "test is no list", "write [[test]]");
        };
        for item in items.iter() {
            let DeValue::Table(table) = item.get_ref() else {
                continue;
            };
            let mut test = TestSheet {
                at: item.span().start,
                ..TestSheet::default()
            };
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "say" => test.say = self.string(value).map(|s| s.text).unwrap_or_default(),
                    "expect" => test.expect = self.strings(value),
                    "hold" => test.hold = self.truth(value),
                    other => {
                        self.unknown("key", other, key.span().start, &["say", "expect", "hold"])
                    }
                }
            }
            self.sheet.tests.push(test);
        }
    }
}
