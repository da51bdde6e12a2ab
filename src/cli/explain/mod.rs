//! `quitus explain`: why one message is read as it is, and which line of which file to change; changes nothing.
//!
//! Everything is taken from what was really understood (the classification) and from the trace of the lexicons; a rule
//! that no lexicon holds is named too. It shows the operator's own file to the operator, so nothing is masked; what a
//! stranger wrote cannot move the cursor.

mod show;
mod why;

use super::classify::inputs::{self, Input};
use super::edge::{DONE, End, WRONG};
use super::judging::{Bench, Judged};
use super::output;
use crate::intent::{self, Classification, Opinions, Trace};
use crate::mail::{Defect, Elided, InboundMessage};
use crate::record::{Address, Language, Outcome, Reading, Verdict};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use why::{Change, Needed};

/// `quitus explain [--json] FILE|-`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// One message (.eml); `-` reads standard input
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// All that is said of a message.
#[derive(Serialize)]
struct Explanation {
    file: String,
    headers: Headers,
    gate: GateSaid,
    defects: Vec<Defect>,
    fresh_text: String,
    elided: Vec<Elided>,
    language: Option<Language>,
    read: Classification,
    trace: Trace,
    opinions: Opinions,
    outcome: Outcome,
    hold_reason: Option<String>,
    needed: Vec<Needed>,
    sentence: String,
    change: Vec<Change>,
}

/// The headers that matter to what is decided.
#[derive(Serialize)]
struct Headers {
    from: String,
    sender: Option<String>,
    reply_to: Vec<String>,
    to: Vec<String>,
    cc: Vec<String>,
    subject: String,
    /// RFC 3339.
    date: Option<String>,
    message_id: Option<String>,
    in_reply_to: Vec<String>,
    content_type: String,
    /// Fields by which machines say that they are machines.
    automatic: Vec<(String, String)>,
}

#[derive(Serialize)]
struct GateSaid {
    verdict: Verdict,
    reading: Reading,
    rule: String,
    sign: String,
}

/// Runs it. 0, or 1 if the message could not be read.
pub fn run(arguments: &Arguments, config: Option<&Path>) -> Result<u8, End> {
    let bench = Bench::of(config)?;
    let input = one(&arguments.input)?;
    let raw = input
        .place
        .read()
        .map_err(|e| End::Usage(format!("{} cannot be read: {e}", input.name)))?;
    let judged = match bench.judge(&raw) {
        Ok(judged) => judged,
        Err(why) => {
            let file = output::harmless(&input.name);
            anstream::eprintln!(
                "quitus: {file}: {why}\n  → such a message is dead and waits for a human (rule A0); look at it in a mail program"
            );
            return Ok(WRONG);
        }
    };
    let explanation = explain(&bench, &input.name, judged);
    if arguments.json {
        let mut out = output::programs();
        output::json_line(&mut out, &explanation)?;
        out.flush()?;
    } else {
        let mut out = output::people();
        show::show(&mut out, &explanation)?;
        out.flush()?;
    }
    Ok(DONE)
}

fn one(path: &Path) -> Result<Input, End> {
    let mut found = inputs::find(&[path.to_owned()]);
    match (found.pop(), found.len()) {
        (Some(input), 0) => Ok(input),
        (_, more) => Err(End::Usage(format!(
            "{} holds {} messages, and one is explained at a time\n  → `quitus classify` reads them all; name the file of one",
            path.display(),
            more + 1
        ))),
    }
}

fn explain(bench: &Bench, file: &str, judged: Judged) -> Explanation {
    let trace = intent::trace(&bench.reader, &judged.message, &judged.gate);
    let opinions = intent::opinions(&bench.reader, &judged.message, &judged.gate);
    let needed = why::needed(&judged.read, &bench.thresholds);
    let sentence = why::sentence(&judged, &needed);
    let change = why::changes(&judged, &trace);
    let Judged {
        message,
        gate,
        read,
        outcome,
        hold_reason,
    } = judged;
    Explanation {
        file: file.to_owned(),
        headers: headers(&message),
        gate: GateSaid {
            verdict: gate.verdict,
            reading: gate.reading,
            rule: gate.rule.as_str().to_owned(),
            sign: gate.sign,
        },
        defects: message.defects,
        fresh_text: message.fresh.text,
        elided: message.fresh.elided,
        language: read.language,
        read,
        trace,
        opinions,
        outcome,
        hold_reason,
        needed,
        sentence,
        change,
    }
}

/// Header fields that the gate's rules about machines look at.
const AUTOMATIC: &[&str] = &[
    "auto-submitted",
    "precedence",
    "return-path",
    "list-id",
    "list-unsubscribe",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-loop",
    "feedback-id",
];

fn headers(message: &InboundMessage) -> Headers {
    let all = |list: &[Address]| list.iter().map(|a| a.as_str().to_owned()).collect();
    let address = message.from.as_ref().map_or("", Address::as_str);
    let from = match &message.from_name {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    };
    let is_automatic = |(name, _): &&(String, String)| AUTOMATIC.contains(&name.as_str());
    Headers {
        from,
        sender: message.sender.as_ref().map(|a| a.as_str().to_owned()),
        reply_to: all(&message.reply_to),
        to: all(&message.to),
        cc: all(&message.cc),
        subject: message.subject.clone(),
        date: message.date.map(|d| d.to_string()),
        message_id: message.message_id.clone(),
        in_reply_to: message.in_reply_to.clone(),
        content_type: message.signs.content_type.clone(),
        automatic: message
            .signs
            .headers
            .iter()
            .filter(is_automatic)
            .cloned()
            .collect(),
    }
}
