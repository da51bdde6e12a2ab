//! `quitus replay --apply`: suppresses everybody of the last report who asked to be left alone, through the same door as `suppression add`.
//!
//! Nobody twice: who is suppressed already stays as they are, with the reason of then. A suppression of their whole firm is none
//! of theirs: once it is lifted, their own word must still hold. Works with the daemon and without.

use super::super::ask::{self, Ask, House};
use super::super::edge::{DONE, End, WRONG};
use super::super::output::{self, harmless};
use crate::record::{Address, Suppression};
use crate::replay::{Findings, Heard};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::Path;

/// How it is to be done.
pub struct Order {
    /// Without asking.
    pub yes: bool,
    /// One JSON object.
    pub json: bool,
    /// Addresses are not shown in full.
    pub masked: bool,
}

/// What became of the list.
#[derive(Default, Serialize)]
struct Applied {
    asked: usize,
    suppressed: usize,
    already: usize,
    failed: usize,
    applied: bool,
}

/// Runs it. 1 if somebody of the list is not suppressed afterwards.
pub fn run(order: &Order, found: &Findings, named: Option<&Path>) -> Result<u8, End> {
    let stops = found.stops();
    let mut done = Applied {
        asked: stops.len(),
        ..Applied::default()
    };
    if !order.json {
        list(order, found, &stops)?;
    }
    if stops.is_empty() || !(order.yes || agreed(order, stops.len())?) {
        let left = !stops.is_empty();
        end(order, &done)?;
        return Ok(if left { WRONG } else { DONE });
    }
    let house = House::open(named, true)?;
    done.applied = true;
    for (who, heard) in &stops {
        match one(&house, who, heard) {
            Ok(true) => done.suppressed += 1,
            Ok(false) => done.already += 1,
            // One that is refused leaves the others as they are.
            Err(end) => {
                done.failed += 1;
                anstream::eprintln!("{}:", shown(order, who));
                let _ = end.tell();
            }
        }
    }
    house.close();
    end(order, &done)?;
    Ok(if done.failed > 0 { WRONG } else { DONE })
}

/// Suppresses one; false if they were.
fn one(house: &House, who: &str, heard: &Heard) -> Result<bool, End> {
    let check = Ask::Post("/suppression/check".into(), json!({"address": who}));
    if is_their_own(&house.ask(check)?.data) {
        return Ok(false);
    }
    let order = json!({
        "address": who, "pause": false, "reason": reason(heard), "by": ask::by(),
    });
    house.ask(Ask::Post("/suppression/add".into(), order))?;
    Ok(true)
}

/// Whether their own word holds already.
fn is_their_own(holds: &Value) -> bool {
    holds["own"]["suppression"].as_str() == Some(Suppression::Suppressed.word())
}

/// Why, as an auditor should read it: what, when, where, in which words.
fn reason(heard: &Heard) -> String {
    let kinds: Vec<&str> = heard.kinds.iter().map(|k| k.word()).collect();
    let kinds = match kinds.is_empty() {
        true => "reported as spam".to_owned(),
        false => kinds.join(" + "),
    };
    let words = match heard.words.is_empty() {
        true => String::new(),
        false => format!(": “{}”", heard.words),
    };
    format!(
        "found by replay: {kinds} of {} in {}{words}",
        heard.at, heard.folder
    )
}

fn list(order: &Order, found: &Findings, stops: &[(&str, &Heard)]) -> io::Result<()> {
    let mut out = output::people();
    writeln!(
        out,
        "{} addresses asked to be left alone (report of {}):",
        stops.len(),
        found.told
    )?;
    for (who, heard) in stops {
        let day = heard.at.to_jiff().strftime("%Y-%m-%d");
        writeln!(out, "  {day}  {}", shown(order, who))?;
    }
    let doubtful = found.doubtful.len();
    if doubtful > 0 {
        writeln!(out, "{doubtful} more may have; they are left to you.")?;
    }
    out.flush()
}

fn shown(order: &Order, who: &str) -> String {
    match (order.masked, Address::parse(who)) {
        (true, Ok(address)) => address.masked(),
        (true, Err(_)) => "…".to_owned(),
        (false, _) => harmless(who),
    }
}

/// Asks on a terminal; elsewhere nobody can say yes.
fn agreed(order: &Order, many: usize) -> io::Result<bool> {
    if order.json || !io::stdin().is_terminal() {
        anstream::eprintln!("nothing was changed\n  → --yes suppresses them");
        return Ok(false);
    }
    anstream::eprint!("Suppress these {many}? Type yes: ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "yes" | "oui"
    ))
}

fn end(order: &Order, done: &Applied) -> io::Result<()> {
    if order.json {
        let mut out = output::programs();
        output::json_line(&mut out, done)?;
        return out.flush();
    }
    let mut out = output::people();
    if done.applied {
        writeln!(
            out,
            "{} suppressed, {} were already, {} failed",
            done.suppressed, done.already, done.failed
        )?;
    } else {
        writeln!(out, "nothing was changed")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{RequestKind, Timestamp};

    #[test]
    fn an_auditor_reads_when_where_and_in_which_words() {
        let heard = Heard {
            who: "anna@client.example".into(),
            also: None,
            at: Timestamp::from_seconds(1_795_428_000),
            language: None,
            kinds: vec![RequestKind::Stop],
            words: "STOP".into(),
            rule: "P.auto".into(),
            answered: None,
            folder: "sales/INBOX".into(),
        };
        assert_eq!(
            reason(&heard),
            "found by replay: stop of 2026-11-23T10:00:00Z in sales/INBOX: “STOP”"
        );
    }
}
