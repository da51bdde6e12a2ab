//! What a human adds to the cases: a request that came another way, more time, and the proof of who asks.
//!
//! Each is written down with who said it; the words are sealed. Nothing leaves here: letters become drafts.

use super::deciding::{as_read, note, open_case};
use super::{Answer, Desk, Refusal, address};
use crate::record::{
    Channel, Event, Language, LetterHead, LetterId, LetterKind, LetterState, PersonId, RequestKind,
    RequestState, Review, RuleId, Table, Timestamp, unhex,
};
use crate::request::rule;
use crate::service::{
    CODE_DAYS, CaseFile, Entered, Entry, NotEntered, Proposal, enter, has_template,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

/// A request by telephone, letter, LinkedIn.
#[derive(Deserialize)]
pub struct New {
    kinds: Vec<RequestKind>,
    address: Option<String>,
    person: Option<String>,
    /// The day on which it arrived: `2026-11-20`.
    received: String,
    channel: Channel,
    language: Option<Language>,
    note: Option<String>,
    by: String,
}

/// A reason, and who gives it.
#[derive(Deserialize)]
pub struct Reason {
    by: String,
    #[serde(default)]
    reason: String,
    /// The person is who they say: no code is sent.
    #[serde(default)]
    proved: bool,
}

/// `quitus requests new`.
pub async fn new(State(desk): State<Desk>, Json(new): Json<New>) -> Result<Answer, Refusal> {
    let entry = entry(&desk, new)?;
    let house = desk.office.house.load_full();
    let entered = enter(&desk.office, &house, &entry).map_err(not_entered)?;
    let proposal = Proposal::new(entered.events.clone()).expecting(entered.expectations.clone());
    let frame = desk.commit(proposal).await?;
    let text = told(&entry, &entered, desk.office.clock.now());
    let data = json!({
        "case": entered.case.to_string(), "due": entered.due.to_string(), "drafted": entered.drafted,
        "suppressed": entered.suppressed, "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// Why nothing was entered.
pub fn not_entered(why: NotEntered) -> Refusal {
    match why {
        NotEntered::Open(case) => Refusal::not_now(
            format!("{case} is open for this already"),
            format!("look at it with `quitus requests show {case}`; its clock runs"),
        ),
        NotEntered::Trouble(e) => e.into(),
    }
}

/// What was said, checked.
fn entry(desk: &Desk, new: New) -> Result<Entry, Refusal> {
    let mut kinds = new.kinds;
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return Err(Refusal::unclear(
            "nothing is asked",
            "say what with --kind, as in --kind access",
        ));
    }
    let person = new.person.map(|p| person(desk, &p)).transpose()?;
    Ok(Entry {
        kinds,
        address: new.address.map(|a| address(&a)).transpose()?,
        person,
        received: received(desk, &new.received)?,
        channel: new.channel,
        language: new.language,
        by: new.by,
        note: new.note.filter(|n| !n.trim().is_empty()),
        previous: None,
    })
}

/// A day as it was typed; a day to come has not arrived.
pub fn received(desk: &Desk, text: &str) -> Result<Timestamp, Refusal> {
    let unclear = |why: String| Refusal::unclear(why, "write it as 2026-11-20");
    let day = text.trim().parse::<jiff::civil::Date>();
    let day = day.map_err(|_| unclear(format!("\"{text}\" is no day")))?;
    let house = desk.office.house.load();
    let (calendar, now) = (&house.config.policy.calendar, desk.office.clock.now());
    if day > calendar.day(now) {
        return Err(unclear(format!("{day} has not come yet")));
    }
    Ok(calendar.noon(day).min(now))
}

/// A person as the log names them: the first eight or more digits of their id.
fn person(desk: &Desk, text: &str) -> Result<PersonId, Refusal> {
    let unknown = |why: &str| {
        Refusal::unknown(
            format!("{why} is known as person {text}"),
            "take the digits from `quitus log` or `quitus contacts show`, or use --address",
        )
    };
    let digits = text.trim().to_ascii_lowercase();
    let start = unhex::<4>(digits.get(..8).unwrap_or_default());
    let start = start.ok_or_else(|| unknown("nobody"))?;
    let state = desk.office.sequencer.reader().state();
    let found = state.0.scan(Table::Person, &start, &[], 100)?;
    let mut all = found
        .into_iter()
        .filter_map(|(key, _)| key.try_into().ok().map(PersonId))
        .filter(|p| crate::record::hex(&p.0).starts_with(&digits));
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(unknown("more than one")),
        _ => Err(unknown("nobody")),
    }
}

/// What was done, and what is left to do by hand.
fn told(entry: &Entry, entered: &Entered, now: Timestamp) -> String {
    let case = entered.case;
    let asked = super::words::kinds(&entry.kinds);
    let mut text = format!(
        "{case}: {asked}, received {}, due {}\n",
        entry.received, entered.due
    );
    if entered.due < now {
        text += "it is OVERDUE: answer at once\n";
    }
    text += if entered.suppressed {
        "no prospecting to this person from now on\n"
    } else {
        "NOBODY is suppressed: say who it is with --address or --person\n"
    };
    let by_hand = entry.kinds.iter().copied();
    let by_hand: Vec<RequestKind> = by_hand.filter(|k| !entered.drafted.contains(k)).collect();
    if !entered.drafted.is_empty() {
        text += &format!("a draft waits: `quitus requests show {case}`\n");
    }
    if !by_hand.is_empty() {
        let kinds = super::words::kinds(&by_hand);
        text += &format!("no letter is made for {kinds}: answer by hand\n");
    }
    if entry.kinds.iter().any(|k| crate::service::needs_proof(*k)) {
        text += &format!("it is not proved who asks: `quitus requests identify {case}`\n");
    }
    text
}

/// The head of the next letter of a case.
fn next_letter(case: &CaseFile, kind: LetterKind) -> LetterHead {
    LetterHead {
        letter: LetterId {
            case: case.id,
            step: case.row.steps,
            series: 0,
        },
        kind,
        answers: Vec::new(),
        person: case.row.person,
        domain: None,
        message: case.row.messages.last().copied(),
        automatic: false,
    }
}

fn language(desk: &Desk, case: &CaseFile) -> Language {
    let of_contact = case.contact.as_ref().and_then(|c| c.language);
    let default = desk
        .office
        .house
        .load()
        .config
        .policy
        .settings
        .default_language;
    case.row.language.or(of_contact).unwrap_or(default)
}

fn a_reason(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim().trim_end_matches('.');
    if reason.is_empty() {
        return Err(Refusal::unclear(
            "this is done for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    Ok(reason)
}

/// `quitus requests extend`: two months more, told within the first (Art. 12(3)).
pub async fn extend(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Reason>,
) -> Result<Answer, Refusal> {
    let reason = a_reason(&word.reason)?;
    let case = open_case(&desk, &case)?;
    let house = desk.office.house.load_full();
    let (calendar, now) = (&house.config.policy.calendar, desk.office.clock.now());
    let first = case
        .open_requests()
        .map(|r| calendar.deadlines(r.received).due);
    let Some(tell_by) = first.min() else {
        return Err(Refusal::not_now(
            "nothing is open in this case",
            "nothing is to be done",
        ));
    };
    if case.row.review.extended.is_some() {
        return Err(Refusal::not_now(
            "it was extended before",
            "answer it; there is no second extension",
        ));
    }
    if now > tell_by {
        return Err(Refusal::not_now(
            format!("the first month ended at {tell_by}, and an extension is told within it"),
            "answer at once",
        ));
    }
    let mut events: Vec<Event> = case
        .open_requests()
        .map(|r| Event::RequestExtended {
            case: case.id,
            request: r.request,
            due: calendar.extension(r.received),
            by: word.by.clone(),
        })
        .collect();
    events.push(Event::Reviewed(Review::Extended {
        case: case.id,
        by: word.by.clone(),
        reason: note(&desk, case.row.proof_key, reason)?,
    }));
    let head = next_letter(&case, LetterKind::Extension);
    let drafted = has_template(&house, language(&desk, &case), LetterKind::Extension, &[]);
    if drafted {
        let rule = rule::EXTENDED;
        events.push(Event::LetterDrafted { head, rule });
    }
    let due = calendar.extension(
        case.open_requests()
            .map(|r| r.received)
            .min()
            .unwrap_or(now),
    );
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let next = match drafted {
        true => format!(
            "approve the draft that says so before {tell_by}: `quitus requests show {}`",
            case.id
        ),
        false => format!(
            "no template says so in this language: write to the person before {tell_by} that it takes until {due}, and why; that they may complain to the authority or go to court"
        ),
    };
    let text = format!("{}: due {due} now\n{next}\n", case.id);
    let data = json!({
        "case": case.id.to_string(), "due": due.to_string(), "tell_by": tell_by.to_string(), "drafted": drafted,
        "frame": frame,
    });
    Ok(Answer::good(data, text))
}

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
    let waits = |r: &&crate::record::Clock| r.state == RequestState::AwaitingIdentity;
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
    let waited = |l: &&crate::record::LetterRow| l.rule.as_ref() == Some(&rule::IDENTITY);
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
    let by_hand = "ask the person another way, then record it with --proved --reason";
    if case.contact.as_ref().is_none_or(|c| c.addresses.is_empty()) {
        return Err(Refusal::not_now(
            "no address of this person is on file, so a code would prove nothing",
            by_hand,
        ));
    }
    let house = desk.office.house.load_full();
    let language = language(desk, case);
    if !has_template(&house, language, LetterKind::Identity, &[]) {
        return Err(Refusal::not_now(
            format!("there is no template for identity in {language}"),
            by_hand,
        ));
    }
    let under_way = |l: &&crate::record::LetterRow| {
        let kinds = l.head.kind == LetterKind::Identity;
        kinds
            && matches!(
                l.state,
                LetterState::Queued | LetterState::Sending | LetterState::Deferred
            )
    };
    if case.letters.iter().find(under_way).is_some() {
        return Err(Refusal::not_now(
            "a code is on its way",
            "wait for the reply",
        ));
    }
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
        .filter(|r| r.state == RequestState::Open);
    let open = open.filter(|r| crate::service::needs_proof(r.request));
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

/// How it came, the reasons that were given, and what is known of who asks.
pub fn tell(desk: &Desk, case: &CaseFile, text: &mut String) -> Result<(), Refusal> {
    let (review, reader) = (&case.row.review, desk.office.sequencer.reader());
    if let Some(position) = review.entered
        && let Event::Reviewed(Review::Entered {
            channel, by, note, ..
        }) = reader.event(position)?
    {
        *text += &format!("came by    {}, entered by {by}\n", channel.word());
        let note = note.map(|n| reader.open_sealed::<String>(&n)).transpose()?;
        if let Some(note) = note.flatten() {
            *text += &format!("note       {note}\n");
        }
    }
    if let Some(reason) = &case.extended {
        *text += &format!("extended   {reason}\n");
    }
    match (&review.proved, &review.identity) {
        (Some(at), _) => *text += &format!("identity   proved {at}\n"),
        (None, Some(i)) => {
            *text += &format!(
                "identity   a code was asked {}, good until {}\n",
                i.asked, i.expires
            )
        }
        (None, None) => {}
    }
    Ok(())
}
