//! Makes a lexicon's rules ready to be matched, from the sheet that a person wrote.
//!
//! People edit these files, so every mistake is reported at once, with its line and what to do. Deliberately absent:
//! how TOML is read (`sheet.rs`), and phrases that get into each other's way (`clash.rs`).

use super::fold::fold;
use super::lexicon::{Effect, Lexicon, LexiconSource, Place, Reach, Rule, Written};
use super::pattern::{self, Classes, Node, Pattern};
use super::sheet::{self, RuleSheet, Said, Sheet};
use super::vocabulary::{Symbol, VocabularyBuilder};
use crate::record::{Fault, Language, RequestKind};
use std::collections::HashMap;

/// Compiles one file; `None` and faults if anything is wrong.
pub fn compile(source: &LexiconSource<'_>, faults: &mut Vec<Fault>) -> Option<Lexicon> {
    let before = faults.len();
    let sheet = sheet::read(source.path, source.text, faults);
    let mut compiler = Compiler {
        source,
        faults,
        words: VocabularyBuilder::default(),
        classes: Classes::new(),
        named: Vec::new(),
    };
    let lexicon = compiler.lexicon(sheet);
    (faults.len() == before).then_some(lexicon).flatten()
}

/// The line of a byte of a text, from 1.
pub fn line_counter(text: &str) -> impl Fn(usize) -> usize {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    move |at| ends.partition_point(|end| *end < at) + 1
}

/// Words, or stems, that are forgiven a letter.
fn forgiven(typo: &[Said]) -> Vec<(String, bool)> {
    let word = |s: &Said| (fold(s.text.trim_end_matches('*')), s.text.ends_with('*'));
    typo.iter().map(word).collect()
}

/// The column of a byte of a text in characters, from 1.
fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.chars().count() + 1
}

struct Compiler<'a, 'f> {
    source: &'a LexiconSource<'a>,
    faults: &'f mut Vec<Fault>,
    words: VocabularyBuilder,
    classes: Classes,
    named: Vec<(Symbol, String)>,
}

impl Compiler<'_, '_> {
    fn fault(&mut self, at: usize, what: impl Into<String>, fix: impl Into<String>) {
        self.faults
            .push(Fault::at(self.source.path, self.source.text, at, what, fix));
    }

    fn lexicon(&mut self, sheet: Sheet) -> Option<Lexicon> {
        let (code, language) = self.language(&sheet)?;
        self.quiet_words(&sheet);
        for (name, members) in &sheet.classes {
            self.class(name, members);
        }
        let (mut rules, mut phrases, mut spoken) = (Vec::new(), Vec::new(), Vec::new());
        let line = line_counter(self.source.text);
        self.unique_names(&sheet.rules);
        for written in &sheet.rules {
            let Some(rule) = self.rule(&code, written) else {
                continue;
            };
            for (n, said) in written.say.iter().enumerate() {
                if let Some(pattern) = self.pattern(said) {
                    phrases.push((pattern, rules.len(), n + 1));
                    spoken.push(Written {
                        text: said.text.clone(),
                        line: line(said.at),
                        column: column(self.source.text, said.at),
                    });
                }
            }
            rules.push(rule);
        }
        let [optout, yes, no, asks_to_stop, asks_to_go_on] = self.lists(&sheet);
        let vocabulary = std::mem::take(&mut self.words).build(&forgiven(&sheet.typo));
        let openings = pattern::openings(&phrases, vocabulary.symbols());
        let words = sheet.words.iter().map(|s| fold(&s.text)).collect();
        Some(Lexicon {
            language,
            words,
            vocabulary,
            rules,
            phrases,
            path: self.source.path.to_owned(),
            written: spoken,
            classes: std::mem::take(&mut self.named),
            openings,
            optout,
            yes,
            no,
            asks_to_stop,
            asks_to_go_on,
            tests: sheet.tests,
        })
    }

    /// What is looked for in the mail that is answered, and in answers to its question.
    fn lists(&mut self, sheet: &Sheet) -> [Vec<Pattern>; 5] {
        let lists = [
            &sheet.optout,
            &sheet.yes,
            &sheet.no,
            &sheet.asks_to_stop,
            &sheet.asks_to_go_on,
        ];
        lists.map(|said| said.iter().filter_map(|s| self.pattern(s)).collect())
    }

    fn quiet_words(&mut self, sheet: &Sheet) {
        for (list, symbol) in [
            (&sheet.filler, Symbol::FILLER),
            (&sheet.greeting, Symbol::GREETING),
            (&sheet.negation, Symbol::NEGATION),
        ] {
            for said in list {
                let (text, stem) = said
                    .text
                    .strip_suffix('*')
                    .map_or((said.text.as_str(), false), |t| (t, true));
                self.words.mean(&fold(text), stem, symbol);
            }
        }
    }

    fn language(&mut self, sheet: &Sheet) -> Option<(String, Option<Language>)> {
        let Some(said) = &sheet.language else {
            self.fault(
                0,
                "the file does not say its language",
                "begin it with language = \"fr\" (or \"any\")",
            );
            return None;
        };
        match (said.text.as_str(), said.text.parse::<Language>()) {
            ("any", _) => Some(("any".to_owned(), None)),
            (code, Ok(language)) => Some((code.to_owned(), Some(language))),
            (_, Err(why)) => {
                self.fault(
                    said.at,
                    why,
                    "use one of these codes, or \"any\" for words of every language",
                );
                None
            }
        }
    }

    fn class(&mut self, name: &Said, members: &[Said]) {
        let symbol = self.words.fresh();
        self.named.push((symbol, name.text.clone()));
        let mut ways = vec![Node::One(symbol)];
        for said in members {
            let single = !said
                .text
                .contains([' ', '@', '(', '[', '|', '<', '-', '\'', '’']);
            if single {
                let (text, stem) = said
                    .text
                    .strip_suffix('*')
                    .map_or((said.text.as_str(), false), |t| (t, true));
                self.words.mean(&fold(text), stem, symbol);
            } else if let Some(node) = self.node(said) {
                ways.push(node);
            }
        }
        if self
            .classes
            .insert(name.text.clone(), Node::Alt(ways))
            .is_some()
        {
            self.fault(
                name.at,
                format!("class {} is defined twice", name.text),
                "put all its words into one",
            );
        }
    }

    fn node(&mut self, said: &Said) -> Option<Node> {
        pattern::parse(&said.text, &self.classes, &mut self.words)
            .map_err(|(what, fix)| {
                self.faults.push(Fault::at(
                    self.source.path,
                    self.source.text,
                    said.at,
                    what,
                    fix,
                ))
            })
            .ok()
    }

    fn pattern(&mut self, said: &Said) -> Option<Pattern> {
        let node = self.node(said)?;
        Pattern::build(&node)
            .map_err(|(what, fix)| self.fault(said.at, format!("\"{}\": {what}", said.text), fix))
            .ok()
    }

    fn unique_names(&mut self, rules: &[RuleSheet]) {
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        let mut phrases: HashMap<(&str, &str), usize> = HashMap::new();
        let line = line_counter(self.source.text);
        let mut found = Vec::new();
        for rule in rules {
            if let Some(id) = &rule.id
                && let Some(first) = seen.insert((&rule.section, &id.text), id.at)
            {
                found.push((
                    id.at,
                    format!(
                        "a second {} rule \"{}\" (the first is in line {})",
                        rule.section,
                        id.text,
                        line(first)
                    ),
                    "give it another id",
                ));
            }
            for said in &rule.say {
                if let Some(first) = phrases.insert((&rule.section, said.text.trim()), said.at) {
                    found.push((
                        said.at,
                        format!("\"{}\" stands in line {} already", said.text, line(first)),
                        "remove one of them",
                    ));
                }
            }
        }
        for (at, what, fix) in found {
            self.fault(at, what, fix);
        }
    }

    fn rule(&mut self, code: &str, written: &RuleSheet) -> Option<Rule> {
        let Some(id) = &written.id else {
            self.fault(
                written.at,
                format!("a {} rule without a name", written.section),
                "add id = \"some-name\": the log shows it",
            );
            return None;
        };
        if written.say.is_empty() {
            self.fault(
                written.at,
                format!("rule {} says nothing", id.text),
                "add say = [\"…\"], or remove it",
            );
        }
        let effect = self.effect(written, id)?;
        let place = match written.place.as_ref().map(|s| s.text.as_str()) {
            None | Some("anywhere") => Place::Anywhere,
            Some("start") => Place::Start,
            Some("end") => Place::End,
            Some("clause") => Place::Clause,
            Some("whole") => Place::Whole,
            Some(other) => {
                let what = format!("where = \"{other}\" is unknown");
                self.fault(
                    written.place.as_ref().map_or(written.at, |s| s.at),
                    what,
                    "use anywhere, start, end, clause or whole",
                );
                return None;
            }
        };
        Some(Rule {
            name: format!("{code}.{}.{}", written.section, id.text),
            effect,
            place,
            sure: written.sure.unwrap_or(0.95) as f32,
            explains: self.kinds(&written.explains),
            negates: written.negates,
            beats: self.kinds(&written.beats),
            human: written.human.as_ref().map(|s| s.text.clone()),
            question: written.question,
        })
    }

    fn kinds(&mut self, said: &[Said]) -> Vec<RequestKind> {
        let mut kinds = Vec::new();
        for one in said {
            match one.text.parse() {
                Ok(kind) => kinds.push(kind),
                Err(why) => {
                    let why: String = why;
                    self.fault(one.at, why, "use the names of the requests");
                }
            }
        }
        kinds
    }

    fn effect(&mut self, written: &RuleSheet, id: &Said) -> Option<Effect> {
        if let Ok(kind) = written.section.parse() {
            return Some(Effect::Request(kind));
        }
        if let Some(stance) = written.section.strip_prefix("stance.") {
            return match stance.parse() {
                Ok(stance) => Some(Effect::Stance(stance)),
                Err(why) => {
                    let why: String = why;
                    self.fault(
                        written.at,
                        why,
                        "write [[stance.interested]] with one of these words",
                    );
                    None
                }
            };
        }
        match written.section.as_str() {
            "human" => Some(Effect::Human(
                written.human.as_ref().unwrap_or(id).text.clone(),
                written.alone,
            )),
            "unsure" => Some(Effect::Unsure),
            _ => match written.reach.as_ref().map(|s| (s.text.as_str(), s.at)) {
                None | Some(("words", _)) => Some(Effect::Trap(Reach::Words)),
                Some(("sentence", _)) => Some(Effect::Trap(Reach::Sentence)),
                Some(("text", _)) => Some(Effect::Trap(Reach::Text)),
                Some((other, at)) => {
                    self.fault(
                        at,
                        format!("reach = \"{other}\" is unknown"),
                        "use words, sentence or text",
                    );
                    None
                }
            },
        }
    }
}
