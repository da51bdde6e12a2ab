//! `quitus token mint`: tokens for the tools that send, so that a reply or a click on "unsubscribe" names its person (B1).
//!
//! What comes out is a table that a mail merge reads. A list with a mistake mints nothing, so that nobody is left out unseen.

use super::contacts::list_refused;
use super::{Answer, Desk, Refusal, address};
use crate::record::{Address, Suppression, TokenKind};
use crate::register::{ImportError, Reader};
use crate::service::{ImportFailure, Issued, NotMinted, WantedTokens, issue_tokens};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Cursor;

/// For whom, each named.
#[derive(Deserialize)]
pub struct Named {
    #[serde(flatten)]
    wanted: WantedTokens,
    addresses: Vec<String>,
}

/// For whom, as a list: what [`WantedTokens`] says, in a query.
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
    let wanted = WantedTokens {
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

impl From<NotMinted> for Refusal {
    fn from(why: NotMinted) -> Self {
        let (what, fix) = (why.to_string(), why.fix());
        match why {
            _ if why.is_usage() => Self::unclear(what, fix),
            NotMinted::NoRoom(_) => Self::not_now(what, fix),
            NotMinted::Commit(_) => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                what,
                "make room on the disk of the store",
            ),
            _ => Self::broken(what),
        }
    }
}

async fn minted(
    desk: &Desk,
    wanted: &WantedTokens,
    people: Vec<Address>,
) -> Result<Answer, Refusal> {
    told(&issue_tokens(&desk.office, wanted, &people).await?)
}

/// As a table, and as data.
fn told(issued: &Issued) -> Result<Answer, Refusal> {
    let broken = |e: &dyn std::fmt::Display| Refusal::broken(e.to_string());
    let day = issued.day();
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["address", "token", "mail_to", "until", "suppression"];
    let headers = issued.kind == TokenKind::Unsubscribe;
    if headers {
        header.extend(["list_unsubscribe", "list_unsubscribe_post"]);
    }
    table.write_record(header).map_err(|e| broken(&e))?;
    for m in &issued.tokens {
        let held = m.suppression.as_ref().map(|s| s.suppression);
        let word = held.map_or("none", Suppression::word);
        let (list, post) = m.list_unsubscribe();
        let mut row = vec![m.address.as_str(), &m.token, m.to.as_str(), &day, word];
        if headers {
            row.extend([list.as_str(), post.unwrap_or_default()]);
        }
        table.write_record(row).map_err(|e| broken(&e))?;
    }
    let text = table.into_inner().map_err(|e| broken(&e))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(Answer::good(issued.data(), text))
}
