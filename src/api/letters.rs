//! What became of letters, and what a human does about those that came to nothing: settle, send again, cancel (C4, C5).
//!
//! A letter is never sent again by itself, and by nobody while it may have arrived. Every order expects the letter as it
//! was read, so neither two people nor a person and the outbox decide about it at once.

use super::deciding::note;
use super::in_the_way::may_be_sent;
use super::{Answer, Desk, Refusal, draft, letter_story, words};
use crate::record::{
    CaseRow, Clock, Event, Judgement, LetterId, LetterKind, LetterRow, LetterState, MessageState,
    RequestState, RuleId,
};
use crate::request::{Expectation, rule};
use crate::service::{Extension, Proposal, arrived, extension_undone, frozen_letter};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::json;

/// Letters shown at once.
const SHOWN: usize = 10_000;

/// Which letters.
#[derive(Deserialize)]
pub struct Wanted {
    /// In this state; absent: all that are not done with.
    state: Option<String>,
}

/// `quitus letters list`: the oldest change first.
pub async fn list(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
) -> Result<Answer, Refusal> {
    let wanted: Option<LetterState> = match wanted.state.as_deref() {
        Some(word) => Some(
            word.parse()
                .map_err(|e| Refusal::unclear(e, "see `quitus letters list` without --state"))?,
        ),
        None => None,
    };
    let state = desk.office.sequencer.reader().state();
    let done = |state| matches!(state, LetterState::Sent | LetterState::Cancelled);
    // What is not done with stands in tables of its own, however many letters there were.
    let mut all = match wanted.is_some_and(done) {
        true => state.every_letter()?,
        false => state.letters_not_done()?,
    };
    all.retain(|(_, row)| wanted.map_or(!done(row.state), |w| w == row.state));
    all.sort_by_key(|(id, row)| (row.changed, *id));
    let (mut text, mut data) = (String::new(), Vec::new());
    for (id, row) in all.iter().take(SHOWN) {
        let answers = words::kinds(&row.head.answers);
        let why = row.rule.as_ref().map(|r| format!("; {}", explained(r)));
        let reply = row
            .reply
            .as_ref()
            .map(|r| format!("; {}: {}", r.phase, r.text));
        text += &format!(
            "{id}  {} since {}, {} ({answers}){}{}\n",
            row.state,
            row.changed,
            row.head.kind,
            why.filter(|_| row.state == LetterState::Draft)
                .unwrap_or_default(),
            reply.unwrap_or_default()
        );
        data.push(letter_story::row(*id, row));
    }
    text += &format!("{} letters\n", all.len());
    Ok(Answer::good(json!(data), text))
}

/// A rule with its sentence.
pub fn explained(id: &RuleId) -> String {
    format!("{id}: {}", rule::explain(id).unwrap_or("see the rules"))
}

/// A letter as it stands, with its case.
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// What it is.
    pub row: LetterRow,
    /// Its case.
    pub case: CaseRow,
}

/// The letter that was named.
pub fn letter(desk: &Desk, text: &str) -> Result<Letter, Refusal> {
    let fix = "write it as `quitus letters list` shows it";
    let id: LetterId = text.parse().map_err(|e: String| Refusal::unclear(e, fix))?;
    let state = desk.office.sequencer.reader().state();
    let missing = || Refusal::unknown(format!("there is no letter {id}"), fix);
    let row = state.letter(id)?.ok_or_else(missing)?;
    let case = state.case(id.case)?.ok_or_else(missing)?;
    Ok(Letter { id, row, case })
}

/// What a human says of an uncertain letter.
#[derive(Deserialize)]
pub struct Word {
    by: String,
    /// Whether it arrived.
    arrived: bool,
    /// How they know.
    reason: String,
}

/// `quitus letters settle`.
pub async fn settle(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let reason = word.reason.trim();
    if reason.is_empty() {
        return Err(Refusal::unclear(
            "how do you know?",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let of = letter(&desk, &id)?;
    if of.row.state != LetterState::Uncertain {
        return Err(Refusal::not_now(
            format!("{} is {}: there is nothing uncertain", of.id, of.row.state),
            "see `quitus letters list --state uncertain`",
        ));
    }
    let judgement = Judgement::Settled {
        letter: of.id,
        arrived: word.arrived,
        by: word.by.clone(),
        note: note(&desk, of.case.proof_key, reason)?,
    };
    let mut events = vec![Event::LetterJudged(judgement)];
    let text = if word.arrived {
        events.extend(arrived(&desk.office, of.id, &of.row, &word.by)?);
        format!("{}: counts as sent\n", of.id)
    } else {
        format!(
            "{0}: did not arrive; its case waits for you: `quitus letters resend {0}`, or answer by hand and refuse the case\n",
            of.id
        )
    };
    ordered(&desk, &of, events, text).await
}

/// Who orders something.
#[derive(Deserialize)]
pub struct Order {
    by: String,
}

/// `quitus letters resend`: the same bytes once more.
pub async fn resend(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(order): Json<Order>,
) -> Result<Answer, Refusal> {
    let of = letter(&desk, &id)?;
    may_be_resent(&desk, &of)?;
    let (now, house) = (desk.office.clock.now(), desk.office.house.load());
    let days = i64::from(house.config.policy.settings.letter_expiry_days);
    let mut events = vec![Event::LetterJudged(Judgement::Resent {
        letter: of.id,
        not_before: now,
        expires: now.plus_days(days),
        by: order.by.clone(),
    })];
    events.extend(message(&desk, &of, MessageState::Answered, rule::APPROVED)?);
    if of.case.held.is_some() {
        events.push(Event::CaseReleased {
            case: of.id.case,
            by: order.by,
            note: None,
        });
    }
    let text = format!("{}: queued again, the same bytes\n", of.id);
    ordered(&desk, &of, events, text).await
}

/// What has left, may have left or is on its way is not sent again; a draft that never left is approved instead; what
/// is answered or erased by now has nothing to say; and what holds a letter back holds it back the second time too.
fn may_be_resent(desk: &Desk, of: &Letter) -> Result<(), Refusal> {
    let (id, reader) = (of.id, desk.office.sequencer.reader());
    came_to_nothing(of)?;
    let answers = &of.row.head.answers;
    let is_open =
        |r: &Clock| matches!(r.state, RequestState::Open | RequestState::AwaitingIdentity);
    let mut asked = of.case.requests.iter();
    let open = asked.any(|r| answers.contains(&r.request) && is_open(r));
    if of.case.closed.is_some() || !(open || answers.is_empty()) {
        return Err(Refusal::not_now(
            format!("what {id} answers is answered or refused by now"),
            "nothing is to be sent again",
        ));
    }
    if frozen_letter(reader, &of.row)?.is_none() {
        return Err(Refusal::not_now(
            format!("the text of {id} was erased"),
            "answer by hand, then refuse the case",
        ));
    }
    let case = draft::case(desk, id.case)?;
    // The person was told another way meanwhile: if this letter came to nothing once more, that would still hold.
    let house = desk.office.house.load();
    let in_force = Extension::of(&house, &case) == Extension::InForce;
    if of.row.head.kind == LetterKind::Extension && in_force {
        return Err(Refusal::not_now(
            "it was extended before",
            "answer it; there is no second extension",
        ));
    }
    may_be_sent(desk, &case, &of.row, desk.office.clock.now())
}

/// Whether it is known that the letter did not arrive.
fn came_to_nothing(of: &Letter) -> Result<(), Refusal> {
    let id = of.id;
    let (error, fix) = match of.row.state {
        LetterState::Rejected | LetterState::Bounced => return Ok(()),
        // Put off by the server, and then held because somebody was faster.
        LetterState::Draft if of.row.position.is_some() && of.row.attempts > 0 => return Ok(()),
        LetterState::Uncertain => (
            format!("{id} may have arrived"),
            format!(
                "find out, then `quitus letters settle {id} --sent` or `--not-sent`, with --reason"
            ),
        ),
        LetterState::Draft => (
            format!("{id} has never left"),
            format!(
                "look at it and let it leave: `quitus requests show {}`",
                id.case
            ),
        ),
        state => (
            format!("{id} is {state}"),
            "nothing is to be sent again".into(),
        ),
    };
    Err(Refusal::not_now(error, fix))
}

/// `quitus letters cancel`: it will not be sent; its case waits for a human.
pub async fn cancel(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(order): Json<Order>,
) -> Result<Answer, Refusal> {
    let of = letter(&desk, &id)?;
    match of.row.state {
        LetterState::Draft
        | LetterState::Queued
        | LetterState::Deferred
        | LetterState::Rejected
        | LetterState::Bounced => {}
        LetterState::Uncertain => {
            return Err(Refusal::not_now(
                format!("{} may have arrived: it cannot be taken back", of.id),
                format!("find out, then `quitus letters settle {}`", of.id),
            ));
        }
        state => {
            return Err(Refusal::not_now(
                format!("{} is {state}", of.id),
                "it is too late to cancel it, or it is done already",
            ));
        }
    }
    let by = order.by;
    let mut events = vec![Event::LetterCancelled {
        letter: of.id,
        rule: rule::REFUSED,
        by: by.clone(),
    }];
    // One that came back took its time with it when it did; what holds since then was told another way.
    let came_back = matches!(of.row.state, LetterState::Rejected | LetterState::Bounced);
    if of.row.head.kind == LetterKind::Extension && !came_back {
        let house = desk.office.house.load();
        let first = extension_undone(&house, of.id.case, &of.case, &by);
        events.extend(first);
    }
    let mut text = format!("{}: cancelled\n", of.id);
    if of.case.closed.is_none() {
        let (case, rule) = (of.id.case, rule::REFUSED);
        events.push(Event::CaseHeld { case, rule });
        events.extend(message(&desk, &of, MessageState::Held, rule::REFUSED)?);
        text += &format!("{case} waits for you: answer by hand, or refuse it\n");
    }
    ordered(&desk, &of, events, text).await
}

/// How the message that the letter answers ends now, if it was held with it, or answered by it.
fn message(
    desk: &Desk,
    of: &Letter,
    state: MessageState,
    rule: RuleId,
) -> Result<Option<Event>, Refusal> {
    let Some(message) = of.row.head.message else {
        return Ok(None);
    };
    let row = desk.office.sequencer.reader().state().message(message)?;
    let moves = row.is_some_and(|m| m.state != Some(state));
    Ok(moves.then_some(Event::Decided {
        message,
        state,
        rule,
        case: Some(of.id.case),
    }))
}

/// Commits an order about a letter that is still as it was read.
async fn ordered(
    desk: &Desk,
    of: &Letter,
    events: Vec<Event>,
    text: String,
) -> Result<Answer, Refusal> {
    let as_read = vec![
        Expectation::letter(of.id, &of.row),
        Expectation::Case {
            id: of.id.case,
            version: of.case.version,
        },
    ];
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read))
        .await?;
    let row = desk.office.sequencer.reader().state().letter(of.id)?;
    let state = row.map(|r| r.state);
    let data = json!({"letter": of.id.to_string(), "state": state, "frame": frame});
    Ok(Answer::good(data, text))
}
