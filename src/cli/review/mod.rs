//! `quitus review`: walks through what waits for a human, the oldest deadline first, and takes one key for each decision.
//!
//! It is the same as `quitus requests show`, `approve`, `refuse` … one after the other: each order goes to the same route,
//! and is refused if something came between. Nothing is decided by a default, and by no key that was not shown.

mod editing;
mod keys;
mod orders;
mod show;

use super::ask::{Ask, House};
use super::edge::{DONE, End};
use super::output::{FAINT, painted};
use super::screen::Screen;
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// `quitus review`
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Only this case
    #[arg(value_name = "REF")]
    case: Option<String>,
}

/// Cases asked for at a time.
const PAGE: usize = 20;

/// What comes after a case.
enum Next {
    /// The next one.
    Case,
    /// The same again: it was changed, or the order was refused.
    Same,
    /// Enough.
    Quit,
}

/// Runs it.
pub fn run(arguments: &Arguments, named: Option<&Path>) -> Result<u8, End> {
    let Some(screen) = Screen::of_stdout().filter(|_| std::io::stdin().is_terminal()) else {
        let why = "a review needs a terminal\n  → without one: quitus requests list, show, approve, refuse";
        return Err(End::Usage(why.to_owned()));
    };
    let zone = super::edge::config(named).ok();
    let zone = zone.and_then(|c| jiff::tz::TimeZone::get(&c.controller.timezone).ok());
    let desk = Desk {
        house: House::open(named, false)?,
        screen,
        zone: zone.unwrap_or(jiff::tz::TimeZone::UTC),
    };
    let walked = desk.walk(arguments);
    desk.house.close();
    walked?;
    Ok(DONE)
}

/// Where the reviewer sits.
struct Desk {
    house: House,
    screen: Screen,
    /// Of the controller: deadlines are days there.
    zone: jiff::tz::TimeZone,
}

impl Desk {
    fn walk(&self, arguments: &Arguments) -> Result<(), End> {
        if !self.house.is_daemon() {
            self.say("no daemon runs: what you approve leaves once one does")?;
        }
        if let Some(case) = &arguments.case {
            self.look_at(case)?;
            return Ok(());
        }
        let (mut after, mut seen) = (String::new(), 0);
        loop {
            let page = self.ask(&format!("/requests?limit={PAGE}{after}"))?;
            for case in page["requests"].as_array().into_iter().flatten() {
                if !waits(case) {
                    continue;
                }
                seen += 1;
                if let Next::Quit = self.look_at(text_of(&case["case"]))? {
                    return self.say("the rest waits: quitus review goes on with it");
                }
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", super::ask::quoted(next)),
                None => break,
            }
        }
        self.say(match seen {
            0 => "nothing waits for a human: held letters and drafts will stand here, the nearest deadline first",
            _ => "that was all",
        })
    }

    /// Shows a case until it is decided or left.
    fn look_at(&self, case: &str) -> Result<Next, End> {
        loop {
            let path = format!("/requests/{}", super::ask::quoted(case));
            let data = self.ask(&path)?;
            if data["unseen"] == true {
                let word = serde_json::json!({"by": super::ask::by()});
                // A disk that is full hides no case.
                let _ = self.house.ask(Ask::Post(format!("{path}/seen"), word));
            }
            if !data["closed"].is_null() {
                self.say(&format!("{case} is closed"))?;
                return Ok(Next::Case);
            }
            let file = show::File::of(self, data)?;
            self.print(&file.lines(self))?;
            match self.decide(&file)? {
                Next::Same => {}
                next => return Ok(next),
            }
        }
    }

    fn ask(&self, path: &str) -> Result<Value, End> {
        Ok(self.house.ask(Ask::Get(path.to_owned()))?.data)
    }

    fn print(&self, lines: &[String]) -> Result<(), End> {
        let mut out = anstream::stdout().lock();
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(out.flush()?)
    }

    /// A sentence of ours.
    fn say(&self, words: &str) -> Result<(), End> {
        let lines = super::screen::folded(words, self.screen.width, 0);
        let faint = |line: &String| painted(FAINT, line);
        self.print(&lines.iter().map(faint).collect::<Vec<_>>())
    }
}

/// Whether a human must look.
fn waits(case: &Value) -> bool {
    let some = |key: &str| case[key].as_u64().is_some_and(|n| n > 0);
    let by_hand = case["by_hand"].as_array().is_some_and(|a| !a.is_empty());
    !case["held"].is_null() || some("drafts") || some("proposed") || by_hand
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
