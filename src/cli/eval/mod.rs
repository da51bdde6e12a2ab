//! `quitus eval`: reads labelled replies with the whole core and says how many are read rightly, and which are not.
//!
//! A reply is composed as a mail program would send it, so that parsing, fresh text, gate and lexicons all count. All
//! cores work; what is printed is the same on every run. Deliberately absent: what counts as right (`intent::eval`).

mod sets;
mod show;

use super::edge::{self, DONE, End, WRONG};
use super::judging::{self, Bench};
use super::output;
use crate::intent::Classification;
use crate::intent::eval::{Done, Score, Scored, Tally, compose, said};
use crate::record::{Address, Fault, Outcome, Verdict};
use serde::Serialize;
use sets::Row;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// `quitus eval [--json] [--errors N] FILE.jsonl|DIR…`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Labelled replies, one JSON object a line (tests/texts/README.md), or folders of such files
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Show at most N replies that were not read rightly, the worst first; 0 shows totals only
    #[arg(long, value_name = "N", default_value_t = 20)]
    errors: usize,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// All that is said.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    tally: Tally,
    errors: Vec<Mistake>,
    faults: Vec<Told>,
}

/// A reply that was wrong or missed.
#[derive(Serialize)]
struct Mistake {
    id: String,
    file: String,
    line: usize,
    score: Score,
    mild: bool,
    wanted: Vec<&'static str>,
    needs_human: bool,
    must_not_answer: bool,
    read: Vec<&'static str>,
    outcome: Outcome,
    hold_reason: Option<String>,
    /// What fired.
    grounds: Vec<Ground>,
    /// How what was typed begins.
    body: String,
}

#[derive(Serialize)]
struct Ground {
    rule: String,
    text: String,
}

/// A bad line, for programs.
#[derive(Serialize)]
struct Told {
    file: String,
    line: usize,
    what: String,
    fix: String,
}

/// Runs it. 0, or 1 if a line could not be read; the rest is evaluated all the same.
pub fn run(arguments: &Arguments, config: Option<&Path>) -> Result<u8, End> {
    let bench = Bench::of(config)?;
    let (rows, faults) = sets::read(&arguments.inputs);
    let (mut tally, mut errors) = (Tally::default(), Vec::new());
    judging::in_order(
        &rows,
        |row| judge(&bench, row),
        |read: Judgement<'_>| {
            let Judgement { row, scored, .. } = read;
            tally.add(&row.file, &row.reply, &read.read, scored);
            if matches!(scored.score, Score::Wrong | Score::Missed) {
                errors.push(mistake(read));
            }
            Ok(())
        },
    )?;
    errors.sort_by_key(|e| (e.score != Score::Wrong, e.mild));
    errors.truncate(arguments.errors);
    let code = if faults.is_empty() { DONE } else { WRONG };
    if arguments.json {
        let report = Report {
            tally,
            errors,
            faults: faults.iter().map(told).collect(),
        };
        let mut out = output::programs();
        output::json_line(&mut out, &report)?;
        out.flush()?;
        return Ok(code);
    }
    let mut out = output::people();
    show::show(&mut out, &tally, &errors)?;
    out.flush()?;
    if !faults.is_empty() {
        edge::tell_faults(&faults);
    }
    Ok(code)
}

fn told(fault: &Fault) -> Told {
    Told {
        file: fault.file.clone(),
        line: fault.line,
        what: fault.what.clone(),
        fix: fault.fix.clone(),
    }
}

/// A reply with what the core made of it.
struct Judgement<'a> {
    row: &'a Row,
    read: Classification,
    outcome: Outcome,
    hold_reason: Option<String>,
    scored: Scored,
}

fn judge<'a>(bench: &Bench, row: &'a Row) -> Judgement<'a> {
    let us = bench.house.mailboxes.first();
    let raw = compose(&row.reply, us.map_or("us@quitus.example", Address::as_str));
    let judged = catch_unwind(AssertUnwindSafe(|| bench.judge(&raw)));
    let (read, outcome, hold_reason, may_answer) = match judged {
        Ok(Ok(j)) => {
            let may_answer = j.gate.verdict == Verdict::Answer;
            (j.read, j.outcome, j.hold_reason, may_answer)
        }
        // What cannot be read waits for a human.
        Ok(Err(why)) => (
            Classification::default(),
            Outcome::Hold,
            Some(why.to_string()),
            false,
        ),
        Err(_) => {
            let why = "the reader failed on it; please report it".to_owned();
            (Classification::default(), Outcome::Hold, Some(why), false)
        }
    };
    let done = Done {
        outcome,
        kinds: read.requests.iter().map(|f| f.kind).collect(),
        may_answer,
    };
    Judgement {
        scored: row.reply.score(&done),
        row,
        read,
        outcome,
        hold_reason,
    }
}

/// Characters of a body that are shown.
const BEGINNING: usize = 160;

fn mistake(judgement: Judgement<'_>) -> Mistake {
    let Judgement {
        row, read, scored, ..
    } = judgement;
    let ground = |rule: &str, text: &str| Ground {
        rule: rule.to_owned(),
        text: text.to_owned(),
    };
    let evidence = read.requests.iter().flat_map(|f| &f.evidence);
    let evidence = evidence.map(|e| ground(&e.rule, &e.text));
    let signals = read.human.iter().chain(&read.unsure);
    let signals = signals.map(|s| ground(&s.rule, &s.text));
    Mistake {
        id: row.reply.id.clone(),
        file: row.file.clone(),
        line: row.line,
        score: scored.score,
        mild: scored.mild,
        wanted: row.reply.intents.iter().map(|i| i.word()).collect(),
        needs_human: row.reply.needs_human,
        must_not_answer: row.reply.must_not_answer,
        read: said(&read),
        outcome: judgement.outcome,
        hold_reason: judgement.hold_reason,
        grounds: evidence.chain(signals).collect(),
        body: row.reply.body.chars().take(BEGINNING).collect(),
    }
}
