//! `quitus status`: how everything is; exit code 1 if a human should look.

use super::ask::{self, Ask};
use super::edge::End;
use std::path::Path;

/// `quitus status`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    ask::shown(named, arguments.json, Ask::Get("/status".into()))
}
