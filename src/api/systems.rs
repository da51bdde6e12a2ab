//! Other systems that hold data of a person: what is done there, and what is left, for a case of access or erasure.
//!
//! A case is answered only when each is done; the letter names each with the words that are given here, which the person
//! reads. They are sealed with the case's proof.

use super::deciding::{as_read, note, open_case};
use super::{Answer, Desk, Refusal};
use crate::record::{Event, RequestKind, Review};
use crate::service::{CaseFile, House, Proposal};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a human did in a system.
#[derive(Deserialize)]
pub struct Done {
    by: String,
    system: String,
    /// For which request; for all that are left there, if none is named.
    request: Option<RequestKind>,
    /// What happened, as the person reads it.
    words: String,
}

/// `quitus requests done`.
pub async fn done(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(done): Json<Done>,
) -> Result<Answer, Refusal> {
    let words = done.words.trim();
    if words.is_empty() {
        return Err(Refusal::unclear(
            "what happened there?",
            "say it with --words, as the person should read it: \"erased on 23 November 2026\"",
        ));
    }
    let case = open_case(&desk, &case)?;
    let house = desk.office.house.load_full();
    let requests = concerned(&house, &case, &done)?;
    let mut events = Vec::new();
    for request in &requests {
        events.push(Event::Reviewed(Review::SystemDone {
            case: case.id,
            request: *request,
            system: done.system.clone(),
            by: done.by.clone(),
            words: note(&desk, case.row.proof_key, words)?,
        }));
    }
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let kinds = super::words::kinds(&requests);
    let text = format!("{}: {} is done with {kinds}\n", case.id, done.system);
    let data = json!({
        "case": case.id.to_string(), "system": done.system, "requests": requests, "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// The requests of the case that are to be done in this system.
fn concerned(house: &House, case: &CaseFile, done: &Done) -> Result<Vec<RequestKind>, Refusal> {
    let config = &house.config;
    let systems = config.systems.iter().map(|s| (&s.name, &s.requests));
    let recipients = config.recipients.iter().map(|r| (&r.name, &r.requests));
    let mut all = systems.chain(recipients);
    let Some((name, theirs)) = all.clone().find(|(name, _)| **name == done.system) else {
        let names: Vec<&str> = all.by_ref().map(|(name, _)| name.as_str()).collect();
        return Err(Refusal::unknown(
            format!("no [[system]] or [[recipient]] is called {}", done.system),
            format!("there are: {}", names.join(", ")),
        ));
    };
    let asked = case.open_requests().map(|r| r.request);
    let wanted = |k: &RequestKind| done.request.is_none_or(|r| r == *k);
    let all: Vec<RequestKind> = asked.filter(|k| theirs.contains(k) && wanted(k)).collect();
    match all.is_empty() {
        false => Ok(all),
        true => Err(Refusal::not_now(
            format!("nothing of {} is to be done in {name}", case.id),
            "look at it with `quitus requests show`",
        )),
    }
}

/// The list of a case: what is done where, and what is left.
pub fn tell(house: &House, case: &CaseFile, text: &mut String) -> Value {
    let mut data = Vec::new();
    for (request, system, words) in &case.systems {
        *text += &format!("system     {system}: {request}: {words}\n");
        data.push(json!({"system": system, "request": request, "done": true, "words": words}));
    }
    for request in case.open_requests().map(|r| r.request) {
        for system in case.systems_left(&house.config, request) {
            let holds = match system.holds.is_empty() {
                true => String::new(),
                false => format!(" ({})", system.holds),
            };
            *text += &format!(
                "to do      {request} in {}{holds}, then `quitus requests done {} --system \"{}\" --words …`\n",
                system.name, case.id, system.name
            );
            data.push(json!({"system": system.name, "request": request, "done": false}));
        }
    }
    Value::Array(data)
}
