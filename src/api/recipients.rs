//! Recipients of data of a case (Art. 19): a human orders that they are told, and sees what each was told and said.
//!
//! The order is the decision that the erasure, the rectification or the restriction is carried out: what each recipient
//! gets is written and sealed in its very frame. An answer is heard by the daemon; a human can tick with `requests done`.

use super::deciding::{as_read, open_case};
use super::{Answer, Desk, Refusal};
use crate::config::{RecipientSettings, TOLD_OF};
use crate::record::{
    Clock, Mode, RecipientRow, RecipientState, RecipientWay, RequestKind, RequestState, Timestamp,
};
use crate::service::{
    CaseFile, House, NotAsked, Proposal, ToTell, ask_recipients, recipients_left,
    recipients_told_and_open,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// An order.
#[derive(Deserialize)]
pub struct Tell {
    by: String,
    /// Of which request; of all that are open, if none is named.
    request: Option<RequestKind>,
    /// Whom; everybody who is left, if nobody is named. Who is named is told again.
    recipient: Option<String>,
    /// What exactly is to be done.
    #[serde(default)]
    words: String,
}

/// `quitus requests tell`.
pub async fn tell(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Tell>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let house = desk.office.house.load_full();
    may_be_told(&desk, &case, &word)?;
    let (mut events, mut told, details) = (Vec::new(), Vec::new(), word.words.trim());
    for request in asked(&case, &word).map(|r| r.request) {
        let recipients = whom(&house, &case, request, &word)?;
        let task = ToTell {
            case: case.id,
            proof_key: case.row.proof_key,
            contact: case.contact.as_ref(),
            from: case.proof.as_ref().and_then(|p| p.from.as_ref()),
            request,
            details: Some(details).filter(|d| !d.is_empty()),
            by: &word.by,
            automatic: false,
        };
        events.extend(ask_recipients(&desk.office, &house, &task, &recipients).map_err(unwritten)?);
        told.extend(recipients.iter().map(|r| (request, r.name.clone())));
    }
    if told.is_empty() {
        return Err(Refusal::not_now(
            format!("no recipient of {} is left to be told", case.id),
            "look at it with `quitus requests show`; --recipient NAME tells one again",
        ));
    }
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let mut text = String::new();
    for (request, name) in &told {
        text += &format!("{}: {name} is told of the {request}\n", case.id);
    }
    let told: Vec<Value> = told
        .into_iter()
        .map(|(request, name)| json!({"request": request, "recipient": name}))
        .collect();
    let data = json!({"case": case.id.to_string(), "told": told, "frame": frame});
    Ok(Answer::good(data, text))
}

/// The open requests of which recipients are told.
fn asked<'a>(case: &'a CaseFile, word: &'a Tell) -> impl Iterator<Item = &'a Clock> {
    let wanted = |k: RequestKind| word.request.is_none_or(|r| r == k);
    let all = case.open_requests();
    all.filter(move |r| TOLD_OF.contains(&r.request) && wanted(r.request))
}

fn may_be_told(desk: &Desk, case: &CaseFile, word: &Tell) -> Result<(), Refusal> {
    let mode = desk.office.sequencer.reader().state().mode()?;
    if mode.is_none_or(|m| m.mode == Mode::Shadow) {
        return Err(Refusal::not_now(
            "the mode is shadow: nothing leaves",
            "run `quitus activate review` first",
        ));
    }
    let mut kinds = asked(case, word);
    let Some(first) = kinds.next() else {
        return Err(Refusal::not_now(
            "no erasure, rectification or restriction is open in this case",
            "look at it with `quitus requests show`",
        ));
    };
    let all: Vec<&Clock> = std::iter::once(first).chain(kinds).collect();
    if all
        .iter()
        .any(|r| r.state == RequestState::AwaitingIdentity)
    {
        return Err(Refusal::not_now(
            "it is not proved who asks (B8)",
            format!("send a code with `quitus requests identify {}`", case.id),
        ));
    }
    let corrects = all.iter().any(|r| r.request == RequestKind::Rectification);
    if corrects && word.words.trim().is_empty() {
        return Err(Refusal::unclear(
            "what is to be corrected?",
            "say it with --words, as the recipient should read it",
        ));
    }
    Ok(())
}

/// Who is told of this request: whoever is named, or everybody who was not told, or could not be.
fn whom<'h>(
    house: &'h House,
    case: &CaseFile,
    request: RequestKind,
    word: &Tell,
) -> Result<Vec<&'h RecipientSettings>, Refusal> {
    let all = &house.config.recipients;
    if let Some(name) = &word.recipient {
        let under_way = |r: &RecipientRow| {
            let state = matches!(r.state, RecipientState::Queued | RecipientState::Leaving);
            state && r.item.request == request && r.item.recipient == *name
        };
        if case.recipients.iter().any(under_way) {
            return Err(Refusal::not_now(
                format!("{name} is being told already"),
                "look at it with `quitus requests show`",
            ));
        }
        let named: Vec<_> = all.iter().filter(|r| r.name == *name).collect();
        let names: Vec<&str> = all.iter().map(|r| r.name.as_str()).collect();
        return match named.is_empty() {
            false => Ok(named),
            true => Err(Refusal::unknown(
                format!("no [[recipient]] is called {name}"),
                format!("there are: {}", names.join(", ")),
            )),
        };
    }
    let left = recipients_left(house, case, request);
    let anew = |r: &RecipientRow| matches!(r.state, RecipientState::Failed(_));
    let due = left.iter().filter(|l| l.row.is_none_or(anew));
    let due: Vec<&str> = due.map(|l| l.name.as_str()).collect();
    let named = |r: &&RecipientSettings| due.contains(&r.name.as_str());
    Ok(all.iter().filter(named).collect())
}

fn unwritten(why: NotAsked) -> Refusal {
    match why {
        NotAsked::Trouble(trouble) => trouble.into(),
        NotAsked::Nobody => Refusal::not_now(
            why.to_string(),
            "tell the recipients by hand, then `quitus requests done`",
        ),
        NotAsked::Unwritten(why) => Refusal::not_now(why, "correct it, then tell them"),
    }
}

/// Nothing is answered for good while a recipient has not acknowledged.
pub fn acknowledged(house: &House, case: &CaseFile, request: RequestKind) -> Result<(), Refusal> {
    let left = recipients_left(house, case, request);
    let names = |told: bool| -> Vec<&str> {
        let of = left.iter().filter(|l| l.row.is_some() == told);
        of.map(|l| l.name.as_str()).collect()
    };
    let (untold, silent) = (names(false), names(true));
    if !untold.is_empty() {
        return Err(Refusal::not_now(
            format!("{request}: not told yet: {}", untold.join(", ")),
            format!("tell them with `quitus requests tell {}`", case.id),
        ));
    }
    if !silent.is_empty() {
        return Err(Refusal::not_now(
            format!("{request}: not acknowledged by {}", silent.join(", ")),
            format!(
                "wait for the answer, or `quitus requests done {} --system NAME --words …`",
                case.id
            ),
        ));
    }
    Ok(())
}

/// What was told to somebody is not refused to the person without a word about it.
pub fn nobody_waits(case: &CaseFile) -> Result<(), Refusal> {
    let open: Vec<&str> = recipients_told_and_open(case)
        .iter()
        .map(|r| r.item.recipient.as_str())
        .collect();
    match open.is_empty() {
        true => Ok(()),
        false => Err(Refusal::not_now(
            format!("recipients were told already: {}", open.join(", ")),
            format!(
                "tell them that it does not hold, then `quitus requests done {} --system NAME --words …`",
                case.id
            ),
        )),
    }
}

/// The recipients of a case: what each was told and said, and what is left.
pub fn show(house: &House, case: &CaseFile, now: Timestamp, text: &mut String) -> Value {
    let mut data = Vec::new();
    for row in &case.recipients {
        let (item, words) = (&row.item, stands(case, row, now));
        *text += &format!("recipient  {}: {}: {words}\n", item.recipient, item.request);
        if matches!(row.state, RecipientState::Failed(_)) || row.is_overdue(now) {
            *text += &format!(
                "to do      tell {0} by hand, then `quitus requests done {1} --system \"{0}\" --words …`; or again: `quitus requests tell {1} --recipient \"{0}\"`\n",
                item.recipient, case.id
            );
        }
        data.push(json!({
            "recipient": item.recipient, "request": item.request, "state": row.state, "open": row.is_open(),
            "told": row.told.map(|t| t.to_string()), "acknowledged": row.acknowledged.map(|t| t.to_string()),
            "answer_by": row.answer_by.to_string(), "overdue": row.is_overdue(now), "attempts": row.attempts,
            "reply": row.reply.as_ref().map(|r| format!("{}: {}", r.phase, r.text)),
        }));
    }
    for request in case.open_requests().map(|r| r.request) {
        let untold = recipients_left(house, case, request).into_iter();
        for left in untold.filter(|l| l.row.is_none()) {
            let name = left.name;
            *text += &format!(
                "to tell    {request}: {name}, with `quitus requests tell {}`\n",
                case.id
            );
            data.push(json!({"recipient": name, "request": request, "state": null, "open": true}));
        }
    }
    Value::Array(data)
}

/// Where it stands, in words.
fn stands(case: &CaseFile, row: &RecipientRow, now: Timestamp) -> String {
    let why = row
        .reply
        .as_ref()
        .map_or_else(String::new, |r| format!(" ({}: {})", r.phase, r.text));
    let on = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    match row.state {
        RecipientState::Queued if row.attempts > 0 => {
            format!("tried again at {}{why}", row.next)
        }
        RecipientState::Queued => "to be told at once".to_owned(),
        RecipientState::Leaving => "being told".to_owned(),
        RecipientState::Told if row.is_overdue(now) => format!(
            "told on {}, NOT acknowledged by {}",
            on(row.told),
            row.answer_by
        ),
        RecipientState::Told => format!(
            "told on {}, to be acknowledged by {}",
            on(row.told),
            row.answer_by
        ),
        RecipientState::Acknowledged => {
            let how = match row.way {
                RecipientWay::Mail => "by mail",
                RecipientWay::Webhook => "by its webhook",
            };
            let message = case
                .messages
                .iter()
                .find(|(key, ..)| Some(*key) == row.message);
            let which = message.map_or_else(String::new, |(_, m, _)| {
                format!(" (message of {})", m.received)
            });
            let told = row
                .told
                .map_or_else(String::new, |at| format!("told on {at}, "));
            let on = on(row.acknowledged);
            format!("{told}acknowledged on {on} {how}{which}")
        }
        RecipientState::ByHand => "done by hand".to_owned(),
        RecipientState::Failed(trouble) => format!("NOT told: {}{why}", trouble.words()),
    }
}
