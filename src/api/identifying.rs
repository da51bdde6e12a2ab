//! Who asks (B8): a code to the address on file, or a human's word.
//!
//! Until one of the two proves it, the letter with personal data cannot be approved. The code is a letter like any other:
//! a draft, released by a human; the reply that carries it is recognised when it is read (`service::identity`).

use super::deciding::{as_read, note, open_case};
use super::entering::{Reason, a_reason, next_letter};
use super::{Answer, Desk, Refusal};
use crate::record::{
    Clock, Event, LetterKind, LetterRow, LetterState, RequestState, Review, RuleId,
};
use crate::request::rule;
use crate::service::{CODE_DAYS, CaseFile, Proposal, has_template, needs_proof};
use axum::Json;
use axum::extract::{Path, State};
use serde_json::json;

/// `quitus requests identify`: a code to the address on file, or a human's word (B8).
pub async fn identify(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Reason>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    if case.row.review.proved.is_some() {
        return Err(Refusal::not_now(
            "it is proved already who asks",
            "approve the letter",
        ));
    }
    let (events, text) = match word.proved {
        true => proved(&desk, &case, &word)?,
        false => asked(&desk, &case, &word)?,
    };
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let data = json!({"case": case.id.to_string(), "proved": word.proved, "frame": frame});
    Ok(Answer::good(data, format!("{}: {text}\n", case.id)))
}

/// A human saw to it: what waited goes on, and no code is needed.
fn proved(
    desk: &Desk,
    case: &CaseFile,
    word: &Reason,
) -> Result<(Vec<Event>, &'static str), Refusal> {
    let reason = a_reason(&word.reason)?;
    let by = || word.by.clone();
    let mut events = vec![Event::Reviewed(Review::IdentityProved {
        case: case.id,
        rule: rule::PROVED,
        message: None,
        by: by(),
        note: note(desk, case.row.proof_key, reason)?,
    })];
    let waits = |r: &&Clock| r.state == RequestState::AwaitingIdentity;
    events.extend(case.row.requests.iter().filter(waits).map(|r| {
        let (case, request, state) = (case.id, r.request, RequestState::Open);
        Event::RequestMoved {
            case,
            request,
            state,
            by: by(),
        }
    }));
    events.extend(unneeded(case, rule::PROVED, &word.by));
    let waited = |l: &&LetterRow| l.rule.as_ref() == Some(&rule::IDENTITY);
    events.extend(case.drafts().filter(waited).map(|l| Event::LetterHeld {
        letter: l.head.letter,
        rule: rule::REVIEW,
    }));
    let (case, rule) = (case.id, rule::PROVED);
    events.push(Event::CaseHeld { case, rule });
    Ok((
        events,
        "it is proved who asks; the letter waits for approval",
    ))
}

/// Codes that were not sent and are not needed any more.
fn unneeded<'a>(case: &'a CaseFile, rule: RuleId, by: &'a str) -> impl Iterator<Item = Event> + 'a {
    let codes = case
        .drafts()
        .filter(|l| l.head.kind == LetterKind::Identity);
    codes.map(move |l| Event::LetterCancelled {
        letter: l.head.letter,
        rule: rule.clone(),
        by: by.to_owned(),
    })
}

/// A draft with a code to the address on file, and to no other.
fn asked(
    desk: &Desk,
    case: &CaseFile,
    word: &Reason,
) -> Result<(Vec<Event>, &'static str), Refusal> {
    may_be_asked(desk, case)?;
    let mut events: Vec<Event> = unneeded(case, rule::IDENTITY, &word.by).collect();
    let head = next_letter(case, LetterKind::Identity);
    events.push(Event::Reviewed(Review::IdentityAsked {
        case: case.id,
        letter: head.letter,
        expires: desk.office.clock.now().plus_days(CODE_DAYS),
        by: word.by.clone(),
    }));
    let open = case
        .open_requests()
        .filter(|r| r.state == RequestState::Open && needs_proof(r.request));
    events.extend(open.map(|r| Event::RequestMoved {
        case: case.id,
        request: r.request,
        state: RequestState::AwaitingIdentity,
        by: word.by.clone(),
    }));
    let rule = rule::IDENTITY;
    events.push(Event::LetterDrafted { head, rule });
    Ok((
        events,
        "a letter with a code waits for approval; it goes to the address on file only",
    ))
}

/// A code proves something only if it goes to an address on file, in words that there are.
fn may_be_asked(desk: &Desk, case: &CaseFile) -> Result<(), Refusal> {
    if case.open_requests().next().is_none() {
        return Err(Refusal::not_now(
            "nothing is asked in this case that would need a proof",
            "see `quitus requests show`",
        ));
    }
    let by_hand = "ask the person another way, then record it with --proved --reason";
    if case.contact.as_ref().is_none_or(|c| c.addresses.is_empty()) {
        return Err(Refusal::not_now(
            "no address of this person is on file, so a code would prove nothing",
            by_hand,
        ));
    }
    let (house, head) = (
        desk.office.house.load(),
        next_letter(case, LetterKind::Identity),
    );
    let language = case.language(&house, &head);
    if !has_template(&house, language, head.kind, &head.answers) {
        return Err(Refusal::not_now(
            format!("there is no template for identity in {language}"),
            by_hand,
        ));
    }
    none_under_way(case)
}

/// What a letter on its way says is done is done when it leaves: until then nothing in it may begin to wait for a proof.
fn none_under_way(case: &CaseFile) -> Result<(), Refusal> {
    use LetterState::{Deferred, Queued, Sending, Uncertain};
    let moving = |l: &LetterRow| matches!(l.state, Queued | Sending | Deferred);
    let is_code = |l: &LetterRow| l.head.kind == LetterKind::Identity;
    let mut all = case.letters.iter();
    if all.any(|l| is_code(l) && moving(l)) {
        return Err(Refusal::not_now(
            "a code is on its way",
            "wait for the reply",
        ));
    }
    let personal = |l: &&LetterRow| l.head.answers.iter().any(|k| needs_proof(*k));
    let mut under_way = (case.letters.iter()).filter(|l| moving(l) || l.state == Uncertain);
    let Some(letter) = under_way.find(personal) else {
        return Ok(());
    };
    let id = letter.head.letter;
    Err(match letter.state {
        Uncertain => Refusal::not_now(
            format!("{id} may have arrived"),
            format!(
                "find out, then `quitus letters settle {id} --sent` or `--not-sent`, with --reason"
            ),
        ),
        _ => Refusal::not_now(
            "the letter with what was asked is on its way",
            format!("cancel it first: `quitus letters cancel {id}`"),
        ),
    })
}
