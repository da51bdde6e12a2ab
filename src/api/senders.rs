//! The tools that send: how each is, a test, a pull, telling it of everybody, and how they stand to somebody.
//!
//! Whom a tool has not obeyed yet is told by `senders_waiting`. Orders name the sender and who gives them.

use super::{Answer, Desk, Refusal};
use crate::record::{Concerned, Event, NoticeEnd, PersonId, State as Records};
use crate::sender::Connector;
use crate::service::{
    Committed, House, InSight, Proposal, PullFailure, SenderReport, ask_senders, ask_senders_again,
    pull_from_sender,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// People that are told of in one frame.
const CHUNK: usize = 200;
/// Rows read at once.
const PAGE: usize = 1_000;

/// Who gives an order.
#[derive(Deserialize)]
pub struct By {
    by: String,
}

impl Desk {
    /// The events with what the tools that send must be told because of them; the register may be searched for it.
    pub(super) async fn with_notices(
        &self,
        mut events: Vec<Event>,
        sight: InSight,
    ) -> Result<Vec<Event>, Refusal> {
        let (office, house) = (self.office.clone(), self.office.house.load_full());
        if house.senders.is_empty() {
            return Ok(events);
        }
        let asked = events.clone();
        let asking = move || ask_senders(&office, &house, &asked, &sight);
        let asking = tokio::task::spawn_blocking(asking).await;
        events.extend(asking.map_err(|e| Refusal::broken(e.to_string()))??);
        Ok(events)
    }
}

/// The sender of this name.
pub(super) fn named<'a>(house: &'a House, name: &str) -> Result<&'a Connector, Refusal> {
    let names: Vec<&str> = house.senders.iter().map(Connector::name).collect();
    let found = house.senders.iter().find(|s| s.name() == name);
    found.ok_or_else(|| {
        let fix = match names.is_empty() {
            true => "describe it in a [[sender]] of the configuration".to_owned(),
            false => format!("there are: {}", names.join(", ")),
        };
        Refusal::unknown(format!("no sender is called {name}"), fix)
    })
}

/// `quitus senders list`.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let status = (desk.status)()?;
    let (mut text, mut data) = (String::new(), Vec::new());
    let state = desk.office.sequencer.reader().state();
    let (known, left): (Vec<_>, Vec<_>) = status.senders.iter().partition(|s| s.configured);
    for (report, sender) in known.into_iter().zip(&house.senders) {
        text += &format!("{report}\n");
        let pulled = state.last_pull(&report.name)?.map(|t| t.to_string());
        match (&pulled, sender.can_pull()) {
            (Some(at), _) => text += &format!("  its own opt-outs were taken over {at}\n"),
            (None, true) => text += "  its own opt-outs were never taken over yet\n",
            (None, false) => text += "  its own opt-outs cannot be asked for\n",
        }
        for call in sender.unverified() {
            text += &format!("  unverified: {call}\n");
        }
        data.push(json!({
            "sender": report, "pulled": pulled, "can_pull": sender.can_pull(), "unverified": sender.unverified(),
            "channels": sender.channels(), "pause": sender.pauses(),
        }));
    }
    for report in left {
        text += &format!("{report}\n");
        data.push(json!({
            "sender": report, "pulled": null, "can_pull": false, "unverified": [], "channels": [], "pause": null,
        }));
    }
    if data.is_empty() {
        text += "no [[sender]] is configured: a STOP holds here, and in every list that is checked here\n";
    }
    let ill = |r: &SenderReport| r.late > 0 || r.stuck > 0 || !r.configured;
    let wrong = status.senders.iter().any(ill);
    Ok(Answer::good(json!({"senders": data}), text).wrong_if(wrong))
}

/// `quitus senders test`: a harmless round trip.
pub async fn test(State(desk): State<Desk>, Path(name): Path<String>) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let sender = named(&house, &name)?;
    let unverified = sender.unverified();
    let (mut text, wrong, words) = match sender.test().await {
        Ok(words) => (format!("{name}: {words}\n"), false, words),
        Err(trouble) => {
            let words = trouble.words;
            (format!("{name}: FAILED: {words}\n"), true, words)
        }
    };
    let pauses = sender.pauses_in_words();
    text += &format!("  pauses: {pauses}\n");
    for call in &unverified {
        text += &format!("  unverified: {call}\n");
    }
    let data = json!({"sender": name, "pause": sender.pauses(), "pause_words": pauses, "ok": !wrong, "words": words, "unverified": unverified});
    Ok(Answer::good(data, text).wrong_if(wrong))
}

/// `quitus senders pull`.
pub async fn pull(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Json(order): Json<By>,
) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let sender = named(&house, &name)?;
    if !sender.can_pull() {
        return Err(Refusal::not_now(
            format!("{name} cannot be asked for its opt-outs"),
            "export them there, then `quitus suppression import FILE`",
        ));
    }
    let pulled = pull_from_sender(&desk.office, &house, sender, &order.by).await;
    let summary = pulled.map_err(|failure| match failure {
        PullFailure::Sender(why) => Refusal::not_now(
            format!("{name}: {why}"),
            format!("`quitus senders test {name}` tells more"),
        ),
        PullFailure::Store(e) => e.into(),
        PullFailure::Commit(why) => Refusal::broken(why),
    })?;
    let mut text = format!(
        "{name}: {} opted out there, {} of them new here\n",
        summary.listed, summary.new
    );
    if summary.lifted_here > 0 {
        text += &format!(
            "  {} were lifted here and are still out there: suppressed again; look at them\n",
            summary.lifted_here
        );
    }
    if summary.lost_there > 0 {
        text += &format!(
            "  {} are suppressed here and were let in again there: told again\n",
            summary.lost_there
        );
    }
    if summary.untold > 0 {
        text += &format!(
            "  of {} no address is known any more: keep them out there by hand\n",
            summary.untold
        );
    }
    if summary.unreadable > 0 {
        text += &format!("  {} rows hold no usable address\n", summary.unreadable);
    }
    let data = json!({"sender": name, "pulled": summary});
    Ok(Answer::good(data, text))
}

/// `quitus senders push`: everybody of the register who is suppressed is told to a sender, one that is new above all.
pub async fn push(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Json(order): Json<By>,
) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    named(&house, &name)?;
    let (own, to) = (desk.clone(), name.clone());
    let pushing = tokio::task::spawn_blocking(move || notices_for_all(&own, &house, &to)).await;
    let events = pushing.map_err(|e| Refusal::broken(e.to_string()))??;
    let many = events.len();
    for part in events.chunks(CHUNK) {
        match desk
            .office
            .sequencer
            .commit(Proposal::new(part.to_vec()))
            .await
        {
            Committed::Frame(_) => {}
            Committed::Conflict => return Err(Refusal::broken("a conflict without expectations")),
            Committed::Full(why) | Committed::Failed(why) => return Err(Refusal::broken(why)),
        }
    }
    tracing::info!(by = %order.by, sender = %name, many, "a sender is told of everybody");
    let text = format!("{name}: {many} people of the register are told to it now\n");
    Ok(Answer::good(json!({"sender": name, "told": many}), text))
}

fn notices_for_all(desk: &Desk, house: &Arc<House>, name: &str) -> Result<Vec<Event>, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let (mut events, mut from) = (Vec::new(), None::<PersonId>);
    loop {
        let page = state.contacts(from, PAGE)?;
        let more = page.len() == PAGE;
        let counted = page.len() - usize::from(more);
        for (person, _) in &page[..counted] {
            if let Some(holds) = state.person(*person)?.suppression {
                let suppression = holds.suppression;
                let notices = ask_senders_again(&desk.office, house, *person, suppression, name)?;
                events.extend(notices);
            }
        }
        match page.last().filter(|_| more) {
            Some((last, _)) => from = Some(*last),
            None => return Ok(events),
        }
    }
}

/// How the senders stand to one person or domain, in lines and as data.
pub fn tell(state: &Records<'_>, about: &Concerned, text: &mut String) -> Result<Value, Refusal> {
    let row = state.senders_told(about)?;
    let mut data = Vec::new();
    for told in &row.told {
        let how = match (&told.ended, told.stuck, &told.why) {
            (_, true, why) => {
                format!(
                    "MUST BE DONE THERE BY HAND: {}",
                    why.as_deref().unwrap_or_default()
                )
            }
            (Some((end, at, words)), false, why) => {
                let mut said = match words.is_empty() {
                    true => String::new(),
                    false => format!(" ({words})"),
                };
                if let Some(why) = why {
                    said += &format!("; asked again in vain: {why}");
                }
                let word = match end {
                    NoticeEnd::Obeyed => "obeyed",
                    NoticeEnd::Unknown => "does not know them",
                    NoticeEnd::ByHand => "done by hand",
                    NoticeEnd::Left => "NOT TOLD, mails may go on there",
                };
                format!("{word} {at}{said}")
            }
            (None, false, Some(why)) => format!("not yet, tried {} times: {why}", told.attempts),
            (None, false, None) => "is being told".to_owned(),
        };
        *text += &format!("sender     {}: {}: {how}\n", told.sender, told.act.word());
        data.push(json!({
            "sender": told.sender, "act": told.act, "asked": told.asked.to_string(),
            "ended": told.ended.as_ref().map(|(end, at, words)| json!({"how": end, "at": at.to_string(), "words": words})),
            "why": told.why, "stuck": told.stuck, "attempts": told.attempts,
        }));
    }
    Ok(Value::Array(data))
}
