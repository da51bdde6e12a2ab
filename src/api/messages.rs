//! One message, whether or not it belongs to a case: what it said, what was decided by which rule, what it really meant.
//!
//! So that a message that was ignored, or read wrongly, can be found by the log or by its writer's story, and its label
//! corrected, by the same rules as in a case ([`super::learning`]). A correction changes nothing else.

use super::learning::{self, Correcting, Subject};
use super::thread::beginning;
use super::{Answer, Desk, Refusal, requests, words};
use crate::record::{ContentKey, KeptMessage, MessageRow, PersonId, hex, unhex};
use crate::service::{CaseFile, message_kept};
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

/// Octets of a key that the log prints.
const SHORT: usize = 6;
/// Messages of a person's story, the newest.
const STORY: usize = 50;

/// A message by its key, or by the beginning of it that the log shows.
fn found(desk: &Desk, named: &str) -> Result<(ContentKey, MessageRow), Refusal> {
    let state = desk.office.sequencer.reader().state();
    let key = match (unhex(named), unhex::<SHORT>(named)) {
        (Some(key), _) => Some(ContentKey(key)),
        (None, Some(short)) => state.message_beginning(&short)?,
        (None, None) => None,
    };
    let row = key.map(|key| state.message(key)).transpose()?.flatten();
    key.zip(row).ok_or_else(|| {
        Refusal::unknown(
            format!("there is no message {named}"),
            "take its digits from `quitus log` or `quitus contacts show`",
        )
    })
}

fn subject(desk: &Desk, key: ContentKey, row: &MessageRow) -> Result<Subject, Refusal> {
    let reader = desk.office.sequencer.reader();
    let case = row.case.map(|id| CaseFile::open(reader, id)).transpose()?;
    Ok(Subject {
        key,
        kept: message_kept(reader, row)?,
        case: case.flatten(),
    })
}

/// `quitus learning show`.
pub async fn show(State(desk): State<Desk>, Path(named): Path<String>) -> Result<Answer, Refusal> {
    let (key, row) = found(&desk, &named)?;
    let reader = desk.office.sequencer.reader();
    let (state, kept) = (reader.state(), message_kept(reader, &row)?);
    let folder = state.folder(row.location.folder)?;
    let keeps = desk.office.house.load().config.learning.keep && kept.is_some();
    let said = learning::said(&state, key)?;
    let mut text = in_words(key, &row, kept.as_ref());
    text += match keeps {
        true => "corrected, it is counted, and its words are kept in your own set\n",
        false => "corrected, it is counted; its words are not kept\n",
    };
    let kept = kept.as_ref();
    let data = json!({
        "message": hex(&key.0), "received": row.received.to_string(), "decided": row.decided.to_string(),
        "state": row.state, "rule": row.rule.as_str(), "because": crate::request::rule::explain(&row.rule),
        "case": row.case.map(|c| c.to_string()), "person": row.person.map(|p| words::person(&p)),
        "mailbox": folder.as_ref().map(|f| &f.mailbox), "folder": folder.as_ref().map(|f| &f.name),
        "subject": kept.map(|k| &k.subject), "from": kept.and_then(|k| k.from.as_ref()),
        "from_name": kept.and_then(|k| k.from_name.as_ref()), "fresh": kept.map(|k| &k.fresh),
        "elided": kept.map(|k| &k.elided), "understood": kept.map(|k| &k.understood),
        "keeps": keeps, "correction": said,
    });
    Ok(Answer::good(data, text))
}

fn in_words(key: ContentKey, row: &MessageRow, kept: Option<&KeptMessage>) -> String {
    let state = row.state.map_or("not decided", |s| s.word());
    let of = row.case.map(|c| format!(", {c}")).unwrap_or_default();
    let (at, why) = (row.received, requests::because(&row.rule));
    let mut text = format!("message    {} of {at}: {state}{of}{why}\n", key.short());
    match kept {
        None => text += "its text is not kept\n",
        Some(kept) => {
            if let Some(from) = &kept.from {
                text += &format!("from       {}\n", from.as_str());
            }
            text += &format!("subject    {}\n", kept.subject);
            text.extend(kept.fresh.lines().map(|line| format!("  | {line}\n")));
        }
    }
    text
}

/// `quitus learning correct` of a message.
pub async fn correct(
    State(desk): State<Desk>,
    Path(named): Path<String>,
    Json(word): Json<Correcting>,
) -> Result<Answer, Refusal> {
    let (key, row) = found(&desk, &named)?;
    learning::correct_it(&desk, &subject(&desk, key, &row)?, word).await
}

/// `quitus learning suggest` of a message.
pub async fn suggestion(
    State(desk): State<Desk>,
    Path(named): Path<String>,
) -> Result<Answer, Refusal> {
    let (key, row) = found(&desk, &named)?;
    learning::suggest_for(&desk, &subject(&desk, key, &row)?).await
}

/// What a person wrote, the newest first, and how many older ones there are: for their story.
pub fn of_person(
    desk: &Desk,
    person: PersonId,
    text: &mut String,
) -> Result<(Vec<Value>, usize), Refusal> {
    let reader = desk.office.sequencer.reader();
    let state = reader.state();
    let mut keys = state.messages_from(person)?;
    let earlier = keys.len().saturating_sub(STORY);
    let mut all = Vec::new();
    for (at, key) in keys.drain(earlier..).rev() {
        let Some(row) = state.message(key)? else {
            continue;
        };
        let kept = message_kept(reader, &row)?;
        let word = row.state.map_or("not decided", |s| s.word());
        let about = kept.as_ref().map(|k| format!(": {}", k.subject));
        let about = about.unwrap_or_default();
        *text += &format!("message    {} of {at}, {word}{about}\n", key.short());
        all.push(json!({
            "message": hex(&key.0), "received": at.to_string(), "state": row.state, "rule": row.rule.as_str(),
            "case": row.case.map(|c| c.to_string()), "subject": kept.as_ref().map(|k| &k.subject),
            "begins": kept.as_ref().map(|k| beginning(&k.fresh)),
        }));
    }
    Ok((all, earlier))
}
