//! A human's word about a held case: a letter leaves, or none does and the person is refused.
//!
//! What is approved is the hash of what was shown: a letter that would read differently by now is shown again instead.
//! Every decision expects the case as it was read, so of two reviewers one decides; the other is told that something
//! came between.

use super::copy_first::copy_first;
use super::draft::{self, Shown};
use super::in_the_way::{may_leave, proved, systems_done};
use super::requests::reference;
use super::{Answer, Desk, Refusal, recipients, rewriting};
use crate::record::{
    Event, KeyId, LetterKind, LetterRow, LetterState, MessageState, RequestKind, RequestState,
    RuleId, Sealed,
};
use crate::request::{Expectation, rule};
use crate::service::{
    CaseFile, Draft, House, Proposal, erased_when_answered, erased_when_copy_refused, is_open,
    left_to_a_human,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// A decision. A field that is not known is refused: whoever sends one means something that would not be done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    by: String,
    /// Why it is refused.
    #[serde(default)]
    reason: String,
    /// The hash of the letter that was shown.
    #[serde(default)]
    hash: String,
    /// What the letter says instead, as it was shown when it was rewritten: subject and text.
    rewritten: Option<(String, String)>,
}

/// The letter is frozen and queued, once. Without the hash of what would leave now nothing leaves, and it is shown.
pub async fn approve(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let house = desk.office.house.load_full();
    let mut drafts = draft::drafts(&desk, &house, &case)?;
    if let Some((subject, text)) = &word.rewritten {
        drafts = rewriting::all(&house, drafts, (subject, text));
    }
    if drafts.is_empty() {
        return Err(Refusal::not_now(
            "no letter waits in this case",
            "look at it with `quitus requests show`",
        ));
    }
    let hash = word.hash.trim().to_ascii_lowercase();
    let is_it = |(_, written): &Shown<'_>| written.as_ref().is_ok_and(|d| d.hash() == hash);
    let Some(at) = drafts.iter().position(is_it) else {
        return not_what_was_shown(&case, &drafts, hash.is_empty());
    };
    let (row, draft) = drafts.swap_remove(at);
    may_leave(&desk, &case, row, desk.office.clock.now())?;
    let draft = draft.map_err(|e| draft::unwritten(&e))?;
    if draft.plan.to.is_none() {
        return Err(Refusal::not_now(
            "this case is answered on paper",
            format!("`quitus requests print {} --output letter.html`", case.id),
        ));
    }
    let events = queued(&desk, &house, &case, (row, &draft), &word)?;
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let text = format!(
        "{}: the letter is queued: {}\n",
        case.id, draft.letter.subject
    );
    let data = json!({"case": case.id.to_string(), "queued": true, "hash": hash, "frame": frame});
    Ok(Answer::good(data, text))
}

/// Nothing is approved: the letters as they would leave now.
fn not_what_was_shown(
    case: &CaseFile,
    drafts: &[Shown<'_>],
    unsaid: bool,
) -> Result<Answer, Refusal> {
    if let [(_, Err(why))] = drafts {
        return Err(draft::unwritten(why));
    }
    let mut text = match unsaid {
        true => "nothing was approved: read what would leave, and approve it by its hash\n",
        false => "nothing was approved: no letter of this case has this hash (any more); this is what would leave now\n",
    }
    .to_owned();
    let letters = draft::tell(case, drafts, &mut text);
    let data = json!({"case": case.id.to_string(), "queued": false, "letters": letters});
    Ok(Answer::good(data, text).wrong_if(true))
}

/// The case as a reviewer sees it, if something is left to decide in it.
pub fn open_case(desk: &Desk, text: &str) -> Result<CaseFile, Refusal> {
    let case = draft::case(desk, reference(text)?)?;
    match case.row.closed {
        None => Ok(case),
        Some(at) => Err(Refusal::not_now(
            format!("{} was closed at {at}", case.id),
            "nothing is to be done",
        )),
    }
}

fn queued(
    desk: &Desk,
    house: &House,
    case: &CaseFile,
    (row, draft): (&LetterRow, &Draft<'_>),
    word: &Word,
) -> Result<Vec<Event>, Refusal> {
    let (reader, now) = (desk.office.sequencer.reader(), desk.office.clock.now());
    let frozen = draft
        .freeze(&desk.office, house, false)
        .map_err(|e| draft::unwritten(&e))?;
    let days = i64::from(house.config.policy.settings.letter_expiry_days);
    let mut events = vec![Event::LetterQueued {
        head: draft.plan.head(false),
        mail: reader.fingerprinter().mail_id(&frozen.message_id),
        not_before: now,
        expires: now.plus_days(days),
        digest: Sha256::digest(&frozen.bytes).into(),
        frozen: reader.seal(case.row.proof_key, &frozen)?,
        by: word.by.clone(),
    }];
    if row.head.kind == LetterKind::Apology {
        events.push(released(case, &word.by, None));
    }
    if row.head.kind != LetterKind::Answer {
        // An acknowledgement, a code or an extension ends nothing.
        return Ok(events);
    }
    let others = |l: &&LetterRow| l.head.letter != row.head.letter;
    let on_their_way = case
        .letters
        .iter()
        .filter(|l| l.state != LetterState::Draft)
        .chain([row]);
    let on_their_way: Vec<&LetterRow> = on_their_way.collect();
    // While something is left to answer, its messages and the case wait.
    if left_to_a_human(&case.row, on_their_way).is_empty() {
        let late = case.drafts().filter(others);
        events.extend(late.map(|l| cancelled(l, rule::APPROVED, &word.by)));
        events.extend(decided(case, MessageState::Answered, rule::APPROVED));
        let how =
            (word.rewritten.as_ref()).map(|_| note(desk, case.row.proof_key, rewriting::BY_HAND));
        events.push(released(case, &word.by, how.transpose()?.flatten()));
    }
    Ok(events)
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
            "say it with --reason, and how the person was told of it (Art. 12(4)), as an auditor should read it",
        ));
    }
    let case = open_case(&desk, &case)?;
    recipients::nobody_waits(&case)?;
    let mut events = ended(&desk, &case, &word, (RequestState::Refused, rule::REFUSED))?;
    // An erasure that was answered waits for a copy no longer that nobody gets.
    let copy = |r: &crate::record::Clock| r.request == RequestKind::Access;
    if case.open_requests().any(copy) {
        let reader = desk.office.sequencer.reader();
        events.extend(erased_when_copy_refused(reader, case.id)?);
    }
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let text = format!(
        "{}: refused and closed; what was suppressed stays so\nno letter says so: tell the person why within the month, if you have not (Art. 12(4))\n",
        case.id
    );
    let data = json!({"case": case.id.to_string(), "refused": true, "frame": frame});
    Ok(Answer::good(data, text))
}

/// A human answered the person in their own words: no letter leaves, and what the answer completes is done.
pub async fn answered(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    if word.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "how was it answered?",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let case = open_case(&desk, &case)?;
    let answers: Vec<RequestKind> = case.open_requests().map(|r| r.request).collect();
    proved(&case, &answers)?;
    systems_done(&desk, &case, answers.iter().copied())?;
    copy_first(&desk, &case, &answers)?;
    let mut events = ended(
        &desk,
        &case,
        &word,
        (RequestState::Answered, rule::ANSWERED),
    )?;
    let reader = desk.office.sequencer.reader();
    let erased = erased_when_answered(reader, case.id, &answers)?;
    let erases = !erased.is_empty();
    events.extend(erased);
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let mut text = format!("{}: answered by hand and closed\n", case.id);
    if erases {
        text += "the register's row and the texts of this person are erased; their mails in the mailboxes (INBOX, Sent) are yours to delete\n";
    }
    let data =
        json!({"case": case.id.to_string(), "answered": true, "erased": erases, "frame": frame});
    Ok(Answer::good(data, text))
}

/// The case ends by a human's word: letters are cancelled, requests and held messages end, the reason is sealed.
fn ended(
    desk: &Desk,
    case: &CaseFile,
    word: &Word,
    (state, rule): (RequestState, RuleId),
) -> Result<Vec<Event>, Refusal> {
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
        .map(|l| cancelled(l, rule.clone(), &word.by))
        .collect();
    let open = case.row.requests.iter().filter(|r| is_open(r.state));
    events.extend(open.map(|r| Event::RequestMoved {
        case: case.id,
        request: r.request,
        state,
        by: by(),
    }));
    let ends = match state {
        RequestState::Answered => MessageState::Answered,
        _ => MessageState::Acted,
    };
    events.extend(decided(case, ends, rule));
    let note = note(desk, case.row.proof_key, word.reason.trim())?;
    events.push(released(case, &word.by, note));
    events.push(Event::CaseClosed {
        case: case.id,
        by: by(),
    });
    Ok(events)
}

/// This letter will not be sent.
pub fn cancelled(letter: &LetterRow, rule: RuleId, by: &str) -> Event {
    Event::LetterCancelled {
        letter: letter.head.letter,
        rule,
        by: by.to_owned(),
    }
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
pub fn decided(case: &CaseFile, state: MessageState, rule: RuleId) -> impl Iterator<Item = Event> {
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

/// A human has looked.
pub fn released(case: &CaseFile, by: &str, note: Option<Sealed>) -> Event {
    Event::CaseReleased {
        case: case.id,
        by: by.to_owned(),
        note,
    }
}

/// The case, and its person, as they were read.
pub fn as_read(case: &CaseFile) -> Vec<Expectation> {
    vec![Expectation::Case {
        id: case.id,
        version: case.row.version,
    }]
}
