//! Mails that went to people after their STOP: the list, and a human's word that one was looked at.
//!
//! An incident names nobody in plain words. It is never deleted; once somebody has looked, it only stops being open.

use super::{Answer, Desk, Refusal, senders, words};
use crate::record::{
    Concerned, Event, KeyKind, MailIdHash, Note, NoteRow, Noted, PersonId, Sealed, hex, unhex,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

/// Who looked, and what they found.
#[derive(Deserialize)]
pub struct Look {
    by: String,
    #[serde(default)]
    reason: String,
}

/// A note about something, its reason sealed under a proof key of its own.
pub fn noted(desk: &Desk, about: Noted, by: &str, why: &str) -> Result<Event, Refusal> {
    let reader = desk.office.sequencer.reader();
    let why: Option<Sealed> = match why.trim() {
        "" => None,
        why => Some(reader.seal(reader.allocate(KeyKind::Proof)?, why)?),
    };
    let by = by.to_owned();
    Ok(Event::Noted(Note { about, by, why }))
}

/// The reason of a note, if it can still be read.
pub fn why(desk: &Desk, row: &NoteRow) -> Result<Option<String>, Refusal> {
    let reader = desk.office.sequencer.reader();
    Ok(match reader.event(row.position)? {
        Event::Noted(Note { why: Some(why), .. }) => reader.open_sealed(&why)?,
        _ => None,
    })
}

/// `quitus incidents list`: wrong (exit code 1) while nobody has looked at one.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut all = state.incidents()?;
    all.sort_by_key(|(mail, row)| (row.at, *mail));
    let (mut text, mut data, mut open) = (String::new(), Vec::new(), 0);
    for (mail, row) in &all {
        let note = state.note(Noted::Incident(*mail))?;
        let reason = note.map(|n| why(&desk, &n)).transpose()?.flatten();
        let seen = match (&row.seen_by, &reason) {
            (None, None) => "OPEN: nobody has looked".to_owned(),
            (None, Some(told)) => format!("OPEN: nobody has looked; {told}"),
            (Some(by), None) => format!("seen by {by}"),
            (Some(by), Some(reason)) => format!("seen by {by}: {reason}"),
        };
        open += u64::from(row.seen_by.is_none());
        let (id, at, who) = (hex(&mail.0), row.at.to_string(), words::person(&row.person));
        let campaign = campaign(&desk, row.person)?;
        let through =
            (campaign.as_deref()).map_or_else(String::new, |c| format!(" (campaign {c})"));
        let apology = row.case.map_or_else(
            || "no apology is drafted: no address is known".to_owned(),
            |case| format!("the apology is in {case}"),
        );
        text += &format!(
            "{id}  a mail of {at} to {who}{through}, who is suppressed; {seen}; {apology}\n"
        );
        // Which tool had said that it obeys is where to look.
        let about = Concerned::Person(state.standing(row.person)?);
        let senders = senders::tell(&state, &about, &mut text)?;
        data.push(json!({
            "id": id, "at": at, "person": row.person, "seen_by": row.seen_by, "reason": reason,
            "campaign": campaign, "senders": senders, "case": row.case.map(|c| c.to_string()),
        }));
    }
    text += &format!("{} mails after a STOP, {open} open\n", all.len());
    Ok(Answer::good(json!(data), text).wrong_if(open > 0))
}

/// The list through which the register says that the person was mailed.
fn campaign(desk: &Desk, person: PersonId) -> Result<Option<String>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let row = reader.state().contact(person)?;
    Ok(crate::service::contact(reader, row.as_ref())?.and_then(|c| c.campaign))
}

/// `quitus incidents seen`: a reason is needed.
pub async fn seen(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(look): Json<Look>,
) -> Result<Answer, Refusal> {
    if look.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "an incident is closed with what was found",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let state = desk.office.sequencer.reader().state();
    let unknown = || {
        Refusal::unknown(
            format!("{id} is no incident"),
            "take the id from `quitus incidents list`",
        )
    };
    let mail = unhex(&id).map(MailIdHash).ok_or_else(unknown)?;
    let mut known = state.incidents()?.into_iter();
    known.find(|(m, _)| *m == mail).ok_or_else(unknown)?;
    let by = look.by.clone();
    let note = noted(&desk, Noted::Incident(mail), &by, &look.reason)?;
    let frame = desk
        .write(vec![Event::IncidentSeen { mail, by }, note])
        .await?;
    let data = json!({"seen": true, "frame": frame});
    Ok(Answer::good(
        data,
        format!("{id}: seen, and the reason is kept\n"),
    ))
}
