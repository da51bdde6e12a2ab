//! A human's word about a held case: the letter leaves, or it does not and the person is refused.
//!
//! Both expect the case as it was read, so of two reviewers one decides; the other is told that something came between.

use super::draft::Case;
use super::requests::reference;
use super::{Answer, Desk, Refusal};
use crate::record::{
    Event, KeyId, LetterRow, LetterState, MessageState, Mode, RequestState, Sealed,
};
use crate::request::{Expectation, rule};
use crate::service::{Proposal, freeze_letter};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// A decision.
#[derive(Deserialize)]
pub struct Word {
    by: String,
    /// Why it is refused.
    #[serde(default)]
    reason: String,
}

/// The letter is frozen and queued, once.
pub async fn approve(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let draft = case.draft().ok_or_else(|| {
        Refusal::not_now(
            "no letter waits in this case",
            "look at it with `quitus requests show`",
        )
    })?;
    may_leave(&desk, draft)?;
    let (events, subject) = queued(&desk, &case, draft, &word)?;
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let text = format!("{}: the letter is queued: {subject}\n", case.id);
    let data = json!({"case": case.id.to_string(), "queued": true, "frame": frame});
    Ok(Answer::good(data, text))
}

/// The case as a reviewer sees it, if something is left to decide in it.
fn open_case(desk: &Desk, text: &str) -> Result<Case, Refusal> {
    let case = Case::read(desk, reference(text)?)?;
    match case.row.closed {
        None => Ok(case),
        Some(at) => Err(Refusal::not_now(
            format!("{} was closed at {at}", case.id),
            "nothing is to be done",
        )),
    }
}

/// Nothing leaves in shadow; and what may have left already is never sent again by a keystroke.
fn may_leave(desk: &Desk, draft: &LetterRow) -> Result<(), Refusal> {
    let mode = desk.office.sequencer.reader().state().mode()?;
    if mode.is_none_or(|m| m.mode == Mode::Shadow) {
        return Err(Refusal::not_now(
            "the mode is shadow: nothing leaves",
            "run `quitus activate review` first",
        ));
    }
    if draft.attempts > 0 {
        return Err(Refusal::not_now(
            "this letter was tried before and may have arrived",
            "look into the mailbox, answer by hand if it did not, then refuse the draft",
        ));
    }
    Ok(())
}

fn queued(
    desk: &Desk,
    case: &Case,
    draft: &LetterRow,
    word: &Word,
) -> Result<(Vec<Event>, String), Refusal> {
    let reader = desk.office.sequencer.reader();
    let (house, now) = (desk.office.house.load_full(), desk.office.clock.now());
    let planned = case.plan(&house, draft)?;
    let letter = planned.write(&house)?;
    let frozen = freeze_letter(
        &house,
        reader.fingerprinter(),
        &planned.plan,
        &planned.occasion,
        &letter,
        now,
        false,
    );
    let frozen = frozen.map_err(|e| {
        Refusal::not_now(
            format!("the letter cannot be frozen: {}", e.0),
            "answer by hand, then refuse the draft",
        )
    })?;
    let days = i64::from(house.config.policy.settings.letter_expiry_days);
    let mut events = vec![Event::LetterQueued {
        head: planned.plan.head(false),
        mail: reader.fingerprinter().mail_id(&frozen.message_id),
        not_before: now,
        expires: now.plus_days(days),
        digest: Sha256::digest(&frozen.bytes).into(),
        frozen: reader.seal(case.row.proof_key, &frozen)?,
        by: word.by.clone(),
    }];
    events.extend(decided(case, MessageState::Answered, rule::APPROVED));
    events.push(released(case, word, None));
    Ok((events, letter.subject))
}

/// No letter leaves, and the case is closed with the reason.
pub async fn refuse(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    if word.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "a request is refused for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let case = open_case(&desk, &case)?;
    let events = refused(&desk, &case, &word)?;
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let text = format!(
        "{}: refused and closed; what was suppressed stays so\n",
        case.id
    );
    let data = json!({"case": case.id.to_string(), "refused": true, "frame": frame});
    Ok(Answer::good(data, text))
}

fn refused(desk: &Desk, case: &Case, word: &Word) -> Result<Vec<Event>, Refusal> {
    let by = || word.by.clone();
    let under_way = |l: &&LetterRow| {
        matches!(
            l.state,
            LetterState::Draft | LetterState::Queued | LetterState::Deferred
        )
    };
    let mut events: Vec<Event> = case
        .letters
        .iter()
        .filter(under_way)
        .map(|l| Event::LetterCancelled {
            letter: l.head.letter,
            rule: rule::REFUSED,
            by: by(),
        })
        .collect();
    let open = case
        .row
        .requests
        .iter()
        .filter(|r| matches!(r.state, RequestState::Open | RequestState::AwaitingIdentity));
    events.extend(open.map(|r| Event::RequestMoved {
        case: case.id,
        request: r.request,
        state: RequestState::Refused,
        by: by(),
    }));
    events.extend(decided(case, MessageState::Acted, rule::REFUSED));
    let note = note(desk, case.row.proof_key, word.reason.trim())?;
    events.push(released(case, word, note));
    events.push(Event::CaseClosed {
        case: case.id,
        by: by(),
    });
    Ok(events)
}

/// The reason, sealed with the case's proof; none once that key was erased.
pub fn note(desk: &Desk, key: KeyId, reason: &str) -> Result<Option<Sealed>, Refusal> {
    let reader = desk.office.sequencer.reader();
    if reader.is_erased(key)? {
        return Ok(None);
    }
    Ok(Some(reader.seal(key, reason)?))
}

/// How the held messages of the case end.
fn decided(
    case: &Case,
    state: MessageState,
    rule: crate::record::RuleId,
) -> impl Iterator<Item = Event> {
    let held = |row: &crate::record::MessageRow| row.state == Some(MessageState::Held);
    case.messages
        .iter()
        .filter(move |(_, row, _)| held(row))
        .map(move |(message, ..)| Event::Decided {
            message: *message,
            state,
            rule: rule.clone(),
            case: Some(case.id),
        })
}

fn released(case: &Case, word: &Word, note: Option<Sealed>) -> Event {
    Event::CaseReleased {
        case: case.id,
        by: word.by.clone(),
        note,
    }
}

/// The case, and its person, as they were read.
fn as_read(case: &Case) -> Vec<Expectation> {
    vec![Expectation::Case {
        id: case.id,
        version: case.row.version,
    }]
}
