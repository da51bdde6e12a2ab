//! `quitus classify`: says what messages ask and what would be done about their content; changes nothing.
//!
//! Without `--config` every message counts as addressed to us, and the program's own lexicons read. All cores work,
//! and the rows come out in the order of the arguments. One broken message is a row, not an end.

pub(super) mod inputs;
mod row;

use super::edge::{DONE, End, WRONG};
use super::judging::{self, Bench};
use super::output;
use crate::record::Outcome;
use inputs::Input;
use row::Row;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// `quitus classify [--json] FILE…|DIR|-`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Messages (.eml), mbox files, Maildirs or folders of them; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Runs it. 0, or 1 if a message could not be read.
pub fn run(arguments: &Arguments, config: Option<&Path>) -> Result<u8, End> {
    let bench = Bench::of(config)?;
    let work = |input: &Input| judge(&bench, input);
    let inputs = inputs::find(&arguments.inputs);
    let mut counts: BTreeMap<Option<Outcome>, usize> = BTreeMap::new();
    if arguments.json {
        let mut out = output::programs();
        judging::in_order(&inputs, work, |row| {
            *counts.entry(row.outcome()).or_default() += 1;
            output::json_line(&mut out, &row)
        })?;
        out.flush()?;
    } else {
        let mut out = output::people();
        judging::in_order(&inputs, work, |row| {
            *counts.entry(row.outcome()).or_default() += 1;
            row.show(&mut out)
        })?;
        summary(&mut out, &counts)?;
        out.flush()?;
    }
    Ok(if counts.contains_key(&None) {
        WRONG
    } else {
        DONE
    })
}

/// One message; whatever goes wrong with it stays with it.
fn judge(bench: &Bench, input: &Input) -> Row {
    let raw = match input.place.read() {
        Ok(raw) => raw,
        Err(e) => return Row::broken(&input.name, format!("it cannot be read: {e}")),
    };
    catch_unwind(AssertUnwindSafe(|| Row::of(bench, &input.name, &raw))).unwrap_or_else(|_| {
        Row::broken(
            &input.name,
            "the reader failed on it; please report it".to_owned(),
        )
    })
}

fn summary(out: &mut impl Write, counts: &BTreeMap<Option<Outcome>, usize>) -> io::Result<()> {
    let total: usize = counts.values().sum();
    if total < 2 {
        return Ok(());
    }
    let of = |outcome| counts.get(&outcome).copied().unwrap_or_default();
    writeln!(
        out,
        "\n{total} messages: {} act, {} hold, {} ignore, {} not readable",
        of(Some(Outcome::Act)),
        of(Some(Outcome::Hold)),
        of(Some(Outcome::Ignore)),
        of(None)
    )
}
