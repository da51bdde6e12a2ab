//! One message's row: the interface that other programs read (`quitus classify --json`), and the same for people.
//!
//! The keys and their order are a promise; a change is a new key at the end.

use super::super::judging::{Bench, Judged};
use super::super::output::{BAD, CARE, FAINT, GOOD, STRONG, harmless, painted};
use crate::intent;
use crate::record::{Language, Outcome, RequestKind, Stance, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What is said of one message.
#[derive(Serialize, Debug)]
#[serde(untagged)]
pub enum Row {
    /// It was read.
    Read(Box<ReadRow>),
    /// It could not be.
    Broken {
        /// The file.
        file: String,
        /// Why, in a sentence.
        error: String,
    },
}

/// A message that was read.
#[derive(Serialize, Debug)]
pub struct ReadRow {
    file: String,
    gate: GateRow,
    language: Option<Language>,
    fresh_text: String,
    requests: Vec<RequestRow>,
    stance: Option<Stance>,
    outcome: Outcome,
    hold_reason: Option<String>,
    readers: ReadersRow,
}

/// What each reader says by itself.
#[derive(Serialize, Debug)]
struct ReadersRow {
    lexicons: BTreeMap<&'static str, f32>,
    /// The first reason why a human must see it.
    lexicons_hold: Option<String>,
    /// Words that may mean something, where nothing else was found.
    lexicons_unsure: bool,
    /// Not there if it was not asked.
    learned: Option<BTreeMap<&'static str, f32>>,
}

impl From<intent::Opinions> for ReadersRow {
    fn from(said: intent::Opinions) -> Self {
        let chances = |list: Vec<intent::Said>| list.iter().map(|s| (s.label, s.chance)).collect();
        let lexicons = said.lexicons;
        let kinds = lexicons.requests.iter();
        Self {
            lexicons: kinds.map(|f| (f.kind.word(), f.confidence)).collect(),
            lexicons_hold: lexicons.human.first().map(|s| s.reason.clone()),
            lexicons_unsure: lexicons.unsure.is_some(),
            learned: said.learned.map(chances),
        }
    }
}

#[derive(Serialize, Debug)]
struct GateRow {
    verdict: Verdict,
    rule: String,
}

#[derive(Serialize, Debug)]
struct RequestRow {
    kind: RequestKind,
    confidence: f32,
    evidence: Vec<EvidenceRow>,
}

#[derive(Serialize, Debug)]
struct EvidenceRow {
    rule: String,
    text: String,
}

fn read_row(bench: &Bench, file: &str, judged: Judged) -> ReadRow {
    let readers = intent::opinions(&bench.reader, &judged.message, &judged.gate).into();
    let Judged {
        message,
        gate,
        read,
        outcome,
        hold_reason,
    } = judged;
    let evidence = |e: intent::Evidence| EvidenceRow {
        rule: e.rule,
        text: e.text,
    };
    let request = |f: intent::Found| RequestRow {
        kind: f.kind,
        confidence: f.confidence,
        evidence: f.evidence.into_iter().map(evidence).collect(),
    };
    ReadRow {
        file: file.to_owned(),
        gate: GateRow {
            verdict: gate.verdict,
            rule: gate.rule.as_str().to_owned(),
        },
        language: read.language,
        fresh_text: message.fresh.text,
        requests: read.requests.into_iter().map(request).collect(),
        stance: read.stance,
        outcome,
        hold_reason,
        readers,
    }
}

impl Row {
    /// Reads, judges and understands one message.
    pub fn of(bench: &Bench, file: &str, raw: &[u8]) -> Self {
        match bench.judge(raw) {
            Err(why) => Self::broken(file, why.to_string()),
            Ok(judged) => Self::Read(Box::new(read_row(bench, file, judged))),
        }
    }

    /// A message that could not be read.
    pub fn broken(file: &str, error: String) -> Self {
        Self::Broken {
            file: file.to_owned(),
            error,
        }
    }

    /// What would be done, for counting; `None` if it could not be read.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Read(row) => Some(row.outcome),
            Self::Broken { .. } => None,
        }
    }

    /// For people: what would be done, and the words that decided.
    pub fn show(&self, out: &mut impl Write) -> io::Result<()> {
        let row = match self {
            Self::Read(row) => row,
            Self::Broken { file, error } => {
                return writeln!(
                    out,
                    "{} {}  {}",
                    painted(BAD, "error "),
                    harmless(file),
                    harmless(error)
                );
            }
        };
        let style = match row.outcome {
            Outcome::Act => GOOD,
            Outcome::Hold => CARE,
            Outcome::Ignore => FAINT,
        };
        let language = row.language.map_or("–", Language::word);
        write!(
            out,
            "{} {}  {language}",
            painted(style, &format!("{:<6}", row.outcome.word())),
            harmless(&row.file)
        )?;
        for request in &row.requests {
            write!(
                out,
                "  {} {:.2}",
                painted(STRONG, request.kind.word()),
                request.confidence
            )?;
        }
        if let Some(stance) = row.stance {
            write!(out, "  {stance}")?;
        }
        if row.gate.verdict != Verdict::Answer {
            write!(out, "  {} ({})", row.gate.verdict, row.gate.rule)?;
        }
        writeln!(out)?;
        if let Some(reason) = &row.hold_reason {
            writeln!(out, "       {}", painted(CARE, &format!("held: {reason}")))?;
        }
        for evidence in row.requests.iter().flat_map(|r| &r.evidence) {
            let words = format!("“{}”", harmless(&evidence.text));
            writeln!(out, "       {words}  {}", painted(FAINT, &evidence.rule))?;
        }
        Ok(())
    }
}
