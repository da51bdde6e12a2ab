//! Who heard of a case and who looked at it: to whom it was brought because nobody acted, and which owners were told.

use super::requests::reference;
use super::{Answer, Desk, Refusal};
use crate::record::{About, Event, Fate, RequestKind, Review};
use crate::service::CaseFile;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// As fields of the case's data, and in lines.
pub fn tell(
    desk: &Desk,
    case: &CaseFile,
    text: &mut String,
) -> Result<Map<String, Value>, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut brought = Vec::new();
    for row in state.escalations(case.id)? {
        let Some((_, to)) = row.about.escalated() else {
            continue;
        };
        let why = match row.about {
            About::Complaint(_) => "complaint",
            About::Unseen(_) => "unseen",
            _ => "escalation",
        };
        let (at, fate) = (row.at.to_string(), row.fate);
        *text += &format!(
            "brought    {at} to the {}{} ({})\n",
            to.word(),
            because(why),
            word(fate)
        );
        brought.push(json!({"at": at, "to": to, "why": why, "fate": fate}));
    }
    let seen = state.looked_at(case.id)?;
    if let Some(seen) = &seen {
        *text += &format!("looked at  {} by {}\n", seen.at, seen.by);
    }
    let mut owners = Vec::new();
    for letter in &case.letters {
        let Some(row) = state.owner_notice(letter.head.letter)? else {
            continue;
        };
        let (at, letter) = (row.at.to_string(), letter.head.letter.to_string());
        let fate = row.fate.map_or("waits", word);
        *text += &format!("owner      {at} told that letter {letter} left ({fate})\n");
        owners.push(json!({"at": at, "letter": letter, "fate": row.fate}));
    }
    let seen = seen.map(|seen| json!({"at": seen.at.to_string(), "by": seen.by}));
    let told = json!({
        "escalations": brought, "looked_at": seen, "unseen": is_unseen(desk, case)?, "owner_notices": owners,
    });
    match told {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

fn because(why: &str) -> &'static str {
    match why {
        "complaint" => ", a complaint",
        "unseen" => ", a complaint that nobody had looked at",
        _ => "",
    }
}

const fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Leaving => "on its way",
        Fate::Sent => "sent",
        Fate::NotSent => "tried again",
        Fate::Uncertain => "perhaps sent",
        Fate::Refused => "refused",
    }
}

/// Whether somebody complains in it and nobody has looked since.
fn is_unseen(desk: &Desk, case: &CaseFile) -> Result<bool, Refusal> {
    let complaints = case.open_requests();
    let complaints = complaints.filter(|clock| clock.request == RequestKind::Complaint);
    let Some(came) = complaints.map(|clock| clock.received).max() else {
        return Ok(false);
    };
    let seen = desk.office.sequencer.reader().state().looked_at(case.id)?;
    Ok(seen.is_none_or(|seen| seen.at < came))
}

/// Who looked.
#[derive(Deserialize)]
pub struct Look {
    by: String,
}

/// Somebody has opened the case. It is written down where it counts: a complaint that nobody had looked at.
pub async fn seen(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(look): Json<Look>,
) -> Result<Answer, Refusal> {
    let case = super::draft::case(&desk, reference(&case)?)?;
    let mut frame = None;
    if is_unseen(&desk, &case)? {
        let by = look.by;
        let seen = Review::Seen { case: case.id, by };
        frame = Some(desk.write(vec![Event::Reviewed(seen)]).await?);
    }
    let text = match frame {
        Some(_) => format!(
            "{}: you have looked at it, and the deputies are not told\n",
            case.id
        ),
        None => format!("{}: nobody waits for you to look at it\n", case.id),
    };
    let data = json!({"case": case.id.to_string(), "seen": frame.is_some(), "frame": frame});
    Ok(Answer::good(data, text))
}
