//! The second half of the report: what would have been sent and held, what machines said, and what was passed over.

use super::{Row, Section, Teller, Tone};
use crate::replay::findings::{Bounced, Findings, Held, Letters, Repeats};
use crate::replay::rules::why;
use crate::replay::tongue::Tongue;

impl Teller<'_> {
    pub(super) fn letters(&self, found: &Findings) -> Option<Section> {
        let many: u64 = found.letters.iter().map(|l| l.times).sum();
        let kind = |l: &Letters| match l.acknowledgement {
            true => format!(
                "{} ({})",
                self.tongue.kinds(&l.answers),
                self.say("acknowledgement", "accusé de réception")
            ),
            false => self.tongue.kinds(&l.answers),
        };
        let row = |l: &Letters| Row {
            cells: vec![l.times.to_string(), l.language.word().to_owned(), kind(l)],
            detail: Vec::new(),
        };
        let title = self.say(
            "Letters that would have left by themselves",
            "Lettres qui seraient parties d'elles-mêmes",
        );
        Some(Section {
            title: self.titled(title, many),
            tone: Tone::Plain,
            lead: self.say(
                "In live mode, with your policy and without a register; with one, letters about the source of data leave too.",
                "En mode live, avec vos règles et sans registre ; avec un registre, les lettres sur l'origine des données partent aussi.",
            ).to_owned(),
            columns: match (many, self.tongue) {
                (0, _) => Vec::new(),
                (_, Tongue::En) => vec!["letters", "lang", "about"],
                (_, Tongue::Fr) => vec!["lettres", "langue", "sujet"],
            },
            rows: found.letters.iter().map(row).collect(),
            code: Vec::new(),
        })
    }

    pub(super) fn held(&self, found: &Findings) -> Option<Section> {
        if found.held.is_empty() {
            return None;
        }
        let many: u64 = found.held.iter().map(|h| h.times).sum();
        let row = |h: &Held| Row {
            cells: vec![
                h.times.to_string(),
                h.rule.clone(),
                why(self.tongue, &h.rule),
            ],
            detail: Vec::new(),
        };
        let title = self.say("Would wait for a human", "Attendraient une personne");
        Some(Section {
            title: self.titled(title, many),
            tone: Tone::Plain,
            columns: match self.tongue {
                Tongue::En => vec!["messages", "rule", "why"],
                Tongue::Fr => vec!["messages", "règle", "pourquoi"],
            },
            rows: found.held.iter().map(row).collect(),
            ..Section::default()
        })
    }

    pub(super) fn machines(&self, found: &Findings) -> Option<Section> {
        let marks = &found.warm_up;
        if found.robots.is_empty() && marks.tags.is_empty() && marks.headers.is_empty() {
            return None;
        }
        let row = |r: &Repeats| Row {
            cells: vec![r.times.to_string(), r.who.clone()],
            detail: match r.sign.is_empty() {
                true => Vec::new(),
                false => vec![r.sign.clone()],
            },
        };
        let list = |marks: &[(String, usize)]| {
            let quoted = marks.iter().map(|(mark, _)| toml_string(mark));
            quoted.collect::<Vec<_>>().join(", ")
        };
        let mut code = Vec::new();
        if !marks.tags.is_empty() || !marks.headers.is_empty() {
            code.push("[house.warm_up]".to_owned());
            let lists = [("tags", &marks.tags), ("headers", &marks.headers)];
            let lists = lists.iter().filter(|(_, marks)| !marks.is_empty());
            code.extend(lists.map(|(name, marks)| format!("{name} = [{}]", list(marks))));
        }
        let lead = match code.is_empty() {
            true => self.say("They are never answered.", "On ne leur répond jamais."),
            false => self.say(
                "These marks repeat in mails from several firms that nobody wrote to. If you pay for a warm-up tool, put the lines into the configuration.",
                "Ces marques se répètent dans des mails de plusieurs entreprises à qui personne n'a écrit. Si vous payez un outil de préchauffage, mettez ces lignes dans la configuration.",
            ),
        };
        Some(Section {
            title: self
                .say("Robots and warm-up traffic", "Robots et préchauffage")
                .to_owned(),
            tone: Tone::Plain,
            lead: lead.to_owned(),
            columns: match (found.robots.is_empty(), self.tongue) {
                (true, _) => Vec::new(),
                (_, Tongue::En) => vec!["times", "who"],
                (_, Tongue::Fr) => vec!["fois", "qui"],
            },
            rows: found.robots.iter().map(row).collect(),
            code,
        })
    }

    pub(super) fn addresses(&self, found: &Findings) -> Option<Section> {
        if found.bounces.is_empty() && found.left.is_empty() && found.absent == 0 {
            return None;
        }
        let t = self.tongue;
        let bounces = t.many(
            found.bounces.len() as u64,
            ("address", "addresses"),
            ("adresse", "adresses"),
        );
        let people = t.many(
            found.left.len() as u64,
            ("person", "people"),
            ("personne", "personnes"),
        );
        let absent = t.many(
            found.absent,
            ("absence notice", "absence notices"),
            ("avis d'absence", "avis d'absence"),
        );
        Some(Section {
            title: self.say("Addresses", "Adresses").to_owned(),
            tone: Tone::Plain,
            lead: match t {
                Tongue::En => format!("Mail came back from {bounces}; {people} left; {absent}."),
                Tongue::Fr => {
                    format!("Du courrier est revenu de {bounces} ; {people} : départ ; {absent}.")
                }
            },
            columns: match (found.bounces.len() + found.left.len(), t) {
                (0, _) => Vec::new(),
                (_, Tongue::En) => vec!["date", "what", "who"],
                (_, Tongue::Fr) => vec!["date", "quoi", "qui"],
            },
            rows: (found.bounces.iter().map(|b| self.bounce(b)))
                .chain(found.left.iter().map(|h| self.left(h)))
                .collect(),
            code: Vec::new(),
        })
    }

    fn bounce(&self, b: &Bounced) -> Row {
        let what = match b.hard {
            true => self.say("does not exist", "n'existe pas"),
            false => self.say("came back for now", "revenu pour l'instant"),
        };
        Row {
            cells: vec![self.day(b.at), what.to_owned(), b.who.clone()],
            detail: Vec::new(),
        }
    }

    fn left(&self, h: &super::Heard) -> Row {
        let what = self.say("has left", "est parti").to_owned();
        Row {
            cells: vec![self.day(h.at), what, h.who.clone()],
            detail: super::words(&h.words),
        }
    }

    pub(super) fn passed(&self, found: &Findings) -> Option<Section> {
        let counts = &found.counts;
        let row = |n: u64, what: &str| Row {
            cells: vec![n.to_string(), what.to_owned()],
            detail: Vec::new(),
        };
        let mut rows = vec![
            row(counts.read, self.say("messages read", "messages lus")),
            row(
                counts.replies,
                self.say(
                    "of these from people we wrote to",
                    "dont de personnes à qui nous avons écrit",
                ),
            ),
            row(counts.sent, self.say("sent mails", "mails envoyés")),
        ];
        rows.extend(counts.passed.iter().map(|(why, n)| {
            let skipped = self.say("passed over: ", "non lus : ");
            row(*n, &format!("{skipped}{}", self.reason(*why)))
        }));
        Some(Section {
            title: self.say("What was read", "Ce qui a été lu").to_owned(),
            columns: match self.tongue {
                Tongue::En => vec!["number", "what"],
                Tongue::Fr => vec!["nombre", "quoi"],
            },
            rows,
            ..Section::default()
        })
    }
}

/// A TOML basic string; what a stranger's header holds ends no string.
fn toml_string(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}
