//! `quitus activate`: what leaves the house; alone it says what leaves now and what waits.

use super::ask::{self, Ask};
use super::edge::End;
use crate::record::Mode;
use serde_json::json;
use std::path::Path;

/// `quitus activate [shadow|review|live]`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// shadow: nothing leaves; review: every letter waits for a human; live: letters leave where the policy says auto
    #[arg(value_name = "MODE")]
    mode: Option<Mode>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let ask = match arguments.mode {
        None => Ask::Get("/mode".into()),
        Some(mode) => Ask::Post("/mode".into(), json!({"mode": mode, "by": ask::by()})),
    };
    ask::once(named, arguments.json, arguments.mode.is_some(), ask)
}
