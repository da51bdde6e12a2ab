//! For which share of the people who were mailed, and of the register, a source letter could leave today.
//!
//! Every row of the register is opened for it, which takes seconds where there are a hundred thousand. Whoever looks at a page is
//! not kept waiting: they are shown the last count and the moment of which it is, and a new one begins beside.

use super::{Answer, Desk, Refusal};
use crate::record::{Mode, PersonId, Table, Timestamp};
use crate::register::{Coverage, WhyVague, origins_for};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// A page waits so long for a count.
const SOON: Duration = Duration::from_millis(25);
/// For so many seconds a count is new enough for a page, which says of when it is.
const FRESH: i64 = 60;
/// Rows that are read at a time.
const ROWS: usize = 1_000;

/// How long somebody waits.
#[derive(Deserialize)]
pub struct Asked {
    /// What is known at once is enough.
    #[serde(default)]
    soon: bool,
}

/// The last count.
#[derive(Clone, Default)]
pub struct Counted(Arc<Inner>);

#[derive(Default)]
struct Inner {
    last: Mutex<Option<Shares>>,
    /// One count for pages at a time.
    counting: AtomicBool,
}

/// What was counted.
#[derive(Clone)]
struct Shares {
    at: Timestamp,
    mailed: Coverage,
    register: Coverage,
    live: bool,
}

impl Counted {
    fn last(&self) -> Option<Shares> {
        let last = self.0.last.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, shares: &Shares) {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(shares.clone());
    }
}

/// `quitus contacts coverage`; a page asks for what is known `soon`.
pub async fn show(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Answer, Refusal> {
    let (own, now) = (desk.coverage.clone(), desk.office.clock.now());
    let fresh = |s: &Shares| now < s.at.plus_seconds(FRESH);
    if let Some(shares) = own.last().filter(|s| asked.soon && fresh(s)) {
        return Ok(told(Some(&shares), false));
    }
    if asked.soon && own.0.counting.swap(true, Ordering::AcqRel) {
        return Ok(told(own.last().as_ref(), true));
    }
    let ends = asked.soon.then(|| Ends(own.clone()));
    let counting = tokio::task::spawn_blocking(move || {
        let _ends = ends;
        let counted = count(&desk);
        if let Ok(shares) = &counted {
            desk.coverage.keep(shares);
        }
        counted
    });
    let counted = match asked.soon {
        false => counting.await,
        true => match timeout(SOON, counting).await {
            Ok(counted) => counted,
            Err(_) => return Ok(told(own.last().as_ref(), true)),
        },
    };
    let counted = counted.map_err(|e| Refusal::broken(e.to_string()))?;
    Ok(told(Some(&counted?), false))
}

/// A count for pages ends, however it ends.
struct Ends(Counted);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.0.counting.store(false, Ordering::Release);
    }
}

fn count(desk: &Desk) -> Result<Shares, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, at) = (reader.state(), desk.office.clock.now());
    let rules = desk.office.house.load().config.register.origin.clone();
    let mut register = Coverage::default();
    let mut known: HashMap<PersonId, Option<WhyVague>> = HashMap::new();
    let mut from = None;
    loop {
        let rows = state.contacts(from, ROWS)?;
        let ends = rows.len() < ROWS;
        for (person, row) in rows {
            // The first of a stretch is the last of the one before.
            if from.replace(person) == Some(person) {
                continue;
            }
            if let Some(contact) = crate::service::contact(reader, Some(&row))? {
                let why = origins_for(&contact, &rules).err();
                register.add(Some(why));
                known.insert(person, why);
            }
        }
        if ends {
            break;
        }
    }
    let mut mailed = Coverage::default();
    for (key, _) in state.0.scan(Table::Mailed, &[], &[], usize::MAX)? {
        let Ok(person) = key.try_into().map(PersonId) else {
            continue;
        };
        mailed.add(known.get(&state.standing(person)?).copied());
    }
    let live = state.mode()?.is_some_and(|m| m.mode == Mode::Live);
    Ok(Shares {
        at,
        mailed,
        register,
        live,
    })
}

/// What was counted, and whether it is being counted anew.
fn told(shares: Option<&Shares>, counting: bool) -> Answer {
    let none = Coverage::default();
    let (mailed, register) = shares.map_or((&none, &none), |s| (&s.mailed, &s.register));
    let text = in_words("mailed", mailed) + &in_words("register", register);
    let data = json!({
        "mailed": in_data(mailed), "register": in_data(register), "live": shares.is_some_and(|s| s.live),
        "counted": shares.map(|s| s.at.to_string()), "counting": counting,
    });
    Answer::good(data, text)
}

fn in_words(of: &str, c: &Coverage) -> String {
    let share = (c.covered * 100).checked_div(c.people).unwrap_or(0);
    let mut text = format!(
        "{of:<10} {} people, {} covered ({share} %): a source letter could leave\n",
        c.people, c.covered
    );
    for (why, many) in &c.vague {
        text += &format!("           {many}: {why}\n");
    }
    if c.unknown > 0 {
        text += &format!("           {}: not in the register\n", c.unknown);
    }
    text
}

fn in_data(c: &Coverage) -> Value {
    let vague: Vec<Value> = c
        .vague
        .iter()
        .map(|(why, many)| json!({"why": why.to_string(), "people": many}))
        .collect();
    json!({"people": c.people, "covered": c.covered, "vague": vague, "unknown": c.unknown})
}
