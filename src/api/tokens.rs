//! `quitus token mint`: tokens for the tools that send, so that a reply or a click on "unsubscribe" names its person (B1).
//!
//! What comes out is a table that a mail merge reads. A list with a mistake mints nothing, so that nobody is left out unseen.

use super::contacts::list_refused;
use super::{Answer, Desk, Refusal, address};
use crate::record::{Address, Suppression, Timestamp, TokenKind};
use crate::register::{ImportError, Reader};
use crate::service::{ImportFailure, MintOrder, Minted, mint};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;

/// Addresses of one frame at most.
const CHUNK: usize = 1_000;
/// For how many days a token holds if nothing else is said: a reply comes within a year; a mail lies for three.
const DAYS: [u16; 2] = [365, 1_095];
/// At most: ten years.
const LONGEST: u16 = 3_650;

/// What for, and how long.
#[derive(Deserialize)]
pub struct Wanted {
    kind: TokenKind,
    days: Option<u16>,
    /// The name of a `[[mailbox]]`.
    mailbox: Option<String>,
}

/// For whom, each named.
#[derive(Deserialize)]
pub struct Named {
    #[serde(flatten)]
    wanted: Wanted,
    addresses: Vec<String>,
}

/// For whom, as a list: what [`Wanted`] says, in a query.
#[derive(Deserialize)]
pub struct Listed {
    kind: TokenKind,
    days: Option<u16>,
    mailbox: Option<String>,
    file: String,
}

/// Tokens for some addresses.
pub async fn of_named(
    State(desk): State<Desk>,
    Json(named): Json<Named>,
) -> Result<Answer, Refusal> {
    let addresses: Result<Vec<Address>, Refusal> =
        named.addresses.iter().map(|a| address(a)).collect();
    minted(&desk, &named.wanted, addresses?).await
}

/// Tokens for the addresses of a list.
pub async fn of_list(
    State(desk): State<Desk>,
    Query(listed): Query<Listed>,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let wanted = Wanted {
        kind: listed.kind,
        days: listed.days,
        mailbox: listed.mailbox,
    };
    let addresses =
        addresses(&listed.file, body).map_err(|e| list_refused(ImportFailure::List(e)))?;
    minted(&desk, &wanted, addresses).await
}

/// The addresses of a list of contacts; every bad row at once.
fn addresses(file: &str, list: Bytes) -> Result<Vec<Address>, ImportError> {
    let mut reader = Reader::open(file, Cursor::new(list), &BTreeMap::new())?;
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.chunk()? {
        all.extend(chunk.rows.into_iter().flat_map(|(_, c)| c.addresses));
        faults.extend(chunk.faults);
    }
    match faults.is_empty() {
        true => Ok(all),
        false => Err(ImportError::Columns(faults)),
    }
}

fn too_long() -> Refusal {
    let what = format!("a token holds for 1 to {LONGEST} days");
    Refusal::unclear(what, "say fewer days, or none for what is usual")
}

async fn minted(desk: &Desk, wanted: &Wanted, people: Vec<Address>) -> Result<Answer, Refusal> {
    let [reply, unsubscribe] = DAYS;
    let usual = match wanted.kind {
        TokenKind::Reply => reply,
        TokenKind::Unsubscribe => unsubscribe,
    };
    let order = MintOrder {
        kind: wanted.kind,
        base: base(desk, wanted)?,
        days: wanted.days.unwrap_or(usual),
        now: desk.office.clock.now(),
    };
    if order.days == 0 || order.days > LONGEST {
        return Err(too_long());
    }
    let mut all = Vec::with_capacity(people.len());
    for people in people.chunks(CHUNK) {
        let reader = desk.office.sequencer.reader();
        let (minted, events) = mint(reader, &order, people)?;
        if minted.iter().any(Option::is_none) {
            return Err(Refusal::not_now(
                format!("{} leaves no room for a token", order.base.as_str()),
                "choose an address with at most 32 letters before the at sign",
            ));
        }
        if !events.is_empty() {
            desk.write(events).await?;
        }
        all.extend(minted.into_iter().flatten());
    }
    told(&all, order.now.plus_days(order.days.into()))
}

/// The address of ours that carries the token.
fn base(desk: &Desk, wanted: &Wanted) -> Result<Address, Refusal> {
    let house = desk.office.house.load();
    let mailboxes = &house.config.mailboxes;
    if let Some(name) = &wanted.mailbox {
        let found = mailboxes.iter().find(|m| m.name == *name);
        return found.map(|m| m.address.clone()).ok_or_else(|| {
            let names: Vec<&str> = mailboxes.iter().map(|m| m.name.as_str()).collect();
            let fix = format!("name one of them: {}", names.join(", "));
            Refusal::unclear(format!("there is no mailbox \"{name}\""), fix)
        });
    }
    let own = house.config.house.unsubscribe_address.clone();
    let own = own.filter(|_| wanted.kind == TokenKind::Unsubscribe);
    let first = mailboxes.first().map(|m| m.address.clone());
    own.or(first)
        .ok_or_else(|| Refusal::broken("the configuration names no mailbox"))
}

/// As a table, and as data.
fn told(all: &[Minted], until: Timestamp) -> Result<Answer, Refusal> {
    let broken = |e: &dyn std::fmt::Display| Refusal::broken(e.to_string());
    let day = until.to_jiff().strftime("%Y-%m-%d").to_string();
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = ["address", "token", "mail_to", "until", "suppression"];
    table.write_record(header).map_err(|e| broken(&e))?;
    let mut data: Vec<Value> = Vec::with_capacity(all.len());
    for m in all {
        let held = m.suppression.as_ref().map(|s| s.suppression);
        let word = held.map_or("none", Suppression::word);
        let (who, to) = (m.address.as_str(), m.to.as_str());
        let row = [who, &m.token, to, &day, word];
        table.write_record(row).map_err(|e| broken(&e))?;
        data.push(json!({
            "address": who, "token": m.token, "mail_to": to, "until": day, "suppression": held,
        }));
    }
    let text = table.into_inner().map_err(|e| broken(&e))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(Answer::good(json!({"tokens": data}), text))
}
