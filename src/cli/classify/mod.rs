//! `quitus classify`: says what messages ask and what would be done about their content; changes nothing.
//!
//! Without `--config` every message counts as addressed to us, and the program's own lexicons read. All cores work,
//! and the rows come out in the order of the arguments. One broken message is a row, not an end.

mod inputs;
mod row;

use super::edge::{self, DONE, End, WRONG};
use super::output;
use crate::intent::{self, Thresholds};
use crate::mail::House;
use crate::record::Outcome;
use inputs::Input;
use row::{Bench, Row};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Messages that a worker takes at once.
const HANDFUL: usize = 16;

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
    let bench = bench(config)?;
    let inputs = inputs::find(&arguments.inputs);
    let mut counts: BTreeMap<Option<Outcome>, usize> = BTreeMap::new();
    if arguments.json {
        let mut out = output::programs();
        all(&bench, &inputs, |row| {
            *counts.entry(row.outcome()).or_default() += 1;
            output::json_line(&mut out, &row)
        })?;
        out.flush()?;
    } else {
        let mut out = output::people();
        all(&bench, &inputs, |row| {
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

/// With `--config` its lexicons, house and thresholds; else the program's own. A configuration that merely lies around is
/// not used: what is said of a message must not depend on the folder in which the command is run.
fn bench(named: Option<&Path>) -> Result<Bench, End> {
    if named.is_none() {
        return Ok(Bench {
            reader: intent::builtin()?,
            house: House::unknown(),
            thresholds: Thresholds::default(),
        });
    }
    let config = edge::config(named)?;
    Ok(Bench {
        reader: config.read_lexicons()?,
        house: config.house(),
        thresholds: config.policy.settings.thresholds.clone(),
    })
}

/// Judges all messages on all cores, and hands the rows over in their order.
fn all(
    bench: &Bench,
    inputs: &[Input],
    mut each: impl FnMut(Row) -> io::Result<()>,
) -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel::<(usize, Vec<Row>)>(cores * 4);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(inputs.len().div_ceil(HANDFUL)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let start = next.fetch_add(HANDFUL, Ordering::Relaxed);
                    let Some(handful) = inputs.get(start..inputs.len().min(start + HANDFUL)) else {
                        break;
                    };
                    let rows = handful.iter().map(|input| judge(bench, input)).collect();
                    // Nobody listens any more when the output was closed.
                    if handful.is_empty() || sender.send((start, rows)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // Owned here, so that an early end hangs up on the workers.
        let receiver = receiver;
        let (mut waiting, mut turn) = (BTreeMap::new(), 0);
        for (start, rows) in &receiver {
            waiting.insert(start, rows);
            while let Some(rows) = waiting.remove(&turn) {
                turn += HANDFUL;
                rows.into_iter().try_for_each(&mut each)?;
            }
        }
        Ok(())
    })
}

/// One message; whatever goes wrong with it stays with it.
fn judge(bench: &Bench, input: &Input) -> Row {
    let raw = match input.place.read() {
        Ok(raw) => raw,
        Err(e) => return Row::broken(&input.name, format!("it cannot be read: {e}")),
    };
    catch_unwind(AssertUnwindSafe(|| bench.row(&input.name, &raw))).unwrap_or_else(|_| {
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
