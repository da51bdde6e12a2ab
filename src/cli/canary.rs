//! `quitus canary`: a marked STOP and a marked access request on the whole way, now. Exit code 1: an answer did not come.

use super::ask::{self, Ask, House};
use super::edge::End;
use crate::api::Answer;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// `quitus canary`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Only how the last run was
    #[arg(long)]
    status: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it: until both are answered or given up.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let house = House::open(named, false)?;
    let answer = match arguments.status {
        true => house.ask(Ask::Get("/canary".into())),
        false => flown(&house),
    };
    house.close();
    ask::print(&answer?, arguments.json)
}

fn flown(house: &House) -> Result<Answer, End> {
    let mut answer = house.ask(Ask::Post("/canary".into(), json!({"by": ask::by()})))?;
    // The daemon gives up in [canary] patience_minutes, and so does this.
    while answer.data["running"] == true {
        std::thread::sleep(PAUSE);
        answer = house.ask(Ask::Get("/canary".into()))?;
    }
    Ok(answer)
}
