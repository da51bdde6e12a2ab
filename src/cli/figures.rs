//! `quitus figures`: by ISO week and kind, how much was asked, how long answers took, how much a human had to look at.

use super::ask::{self, Ask};
use super::edge::End;
use std::path::Path;

/// `quitus figures [--weeks N] [--until WEEK] [--json]`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// How many weeks
    #[arg(long, value_name = "N", default_value_t = 13)]
    weeks: u32,
    /// The last of them, as in 2026-W48 [default: this week]
    #[arg(long, value_name = "WEEK")]
    until: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let until = arguments.until.as_deref().map(ask::quoted);
    let until = until.map(|u| format!("&until={u}")).unwrap_or_default();
    let path = format!("/figures?weeks={}{until}", arguments.weeks);
    ask::once(named, arguments.json, false, Ask::Get(path))
}
