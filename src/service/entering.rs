//! A request that no watched mailbox received: by telephone, on paper, on LinkedIn, or passed on by a colleague (B6).
//!
//! No form and no channel may be imposed (rights.md), so it counts like a mail: it takes effect at once, its clock runs from
//! the day on which it arrived, and its letter is a draft. Who asks is not proved by a voice or a forward, so what needs
//! proof (B8) waits for it. What the person asked before and waits for gets no second clock, and takes effect all the same.

use super::drafting::is_open;
use super::gathering::{self, Trouble};
use super::house::{House, Office};
use super::notices;
use super::paper::Handed;
use super::people;
use crate::record::{
    Address, CaseId, Channel, Event, Flood, KeyId, KeyKind, Language, LetterHead, LetterId,
    LetterKind, Note, Noted, PersonId, Proof, RequestKind, RequestState, Review, RuleId,
    SuppressionReason, Timestamp,
};
use crate::request::{Correspondent, Expectation, Known, LetterPlan, Release, rule};
use crate::store::Reader;

/// What a human says of it.
pub struct Entry {
    /// What is asked; in the order of the parts of a letter.
    pub kinds: Vec<RequestKind>,
    /// Who asks, by address.
    pub address: Option<Address>,
    /// Who asks, as the log names people.
    pub person: Option<PersonId>,
    /// When it arrived.
    pub received: Timestamp,
    /// How.
    pub channel: Channel,
    /// In which language it is answered; that of the register, or of the house.
    pub language: Option<Language>,
    /// Who enters it.
    pub by: String,
    /// What else there is to say.
    pub note: Option<String>,
    /// What came on paper.
    pub scans: Vec<Handed>,
    /// The postal address at which it is answered, the name first; none if it is answered by mail.
    pub postal: Option<Vec<String>>,
    /// The case in which it was proposed.
    pub previous: Option<CaseId>,
}

/// What becomes of it.
pub struct Entered {
    /// The new case; the first of those that are open, if all of it was asked before.
    pub case: CaseId,
    /// What has a clock in the new case.
    pub kinds: Vec<RequestKind>,
    /// What was asked before and waits for its answer, and where.
    pub already: Vec<(RequestKind, CaseId)>,
    /// One frame.
    pub events: Vec<Event>,
    /// What must still be true.
    pub expectations: Vec<Expectation>,
    /// The last day of the law.
    pub due: Timestamp,
    /// What the draft answers; the rest is answered by hand.
    pub drafted: Vec<RequestKind>,
    /// Whether anybody is known to be suppressed or paused.
    pub suppressed: bool,
}

/// Why nothing was entered.
pub enum NotEntered {
    /// The same was asked, the case is open, and what it entails holds, proved.
    Open(CaseId),
    /// The store's.
    Trouble(Trouble),
}

impl<E: Into<Trouble>> From<E> for NotEntered {
    fn from(e: E) -> Self {
        Self::Trouble(e.into())
    }
}

/// Whether somebody must prove who they are before this is answered (B8).
pub fn needs_proof(kind: RequestKind) -> bool {
    matches!(kind, RequestKind::Access | RequestKind::Erasure)
}

/// Plans it; nothing is committed here.
pub fn enter(office: &Office, house: &House, entry: &Entry) -> Result<Entered, NotEntered> {
    let known = who(office, entry)?;
    let already = already_open(office, known.as_ref(), &entry.kinds)?;
    let is_new = |k: &RequestKind| already.iter().all(|(open, _)| open != k);
    let kinds: Vec<RequestKind> = entry.kinds.iter().copied().filter(is_new).collect();
    if let (Some(known), Some((_, open)), true) = (&known, already.first(), kinds.is_empty()) {
        let open = *open;
        return said_again(office, house, entry, known, (open, already));
    }
    let (case, mut events) = (gathering::fresh_case()?, Vec::new());
    let person = known.as_ref().map(|k| k.person);
    if let Some(known) = &known {
        takes_effect(house, entry, known, case, &mut events);
    }
    opened(office, (entry, &kinds), known.as_ref(), case, &mut events)?;
    let dates = house.config.policy.calendar.deadlines(entry.received);
    events.extend(kinds.iter().map(|request| Event::RequestOpened {
        case,
        request: *request,
        received: entry.received,
        target: dates.target,
        due: dates.due,
    }));
    waits((entry, &kinds), case, &mut events);
    let drafted = draft(house, (entry, &kinds), known.as_ref(), case, &mut events);
    let rule = match kinds.iter().any(|k| needs_proof(*k)) {
        true => rule::IDENTITY,
        false => rule::ENTERED,
    };
    events.push(Event::CaseHeld { case, rule });
    let mut expectations = vec![Expectation::Case {
        id: case,
        version: 0,
    }];
    expectations.extend(known.map(|k| Expectation::Person {
        id: k.person,
        version: k.row.version,
    }));
    tell_senders(office, house, entry, &mut events)?;
    Ok(Entered {
        case,
        kinds,
        already,
        events,
        expectations,
        due: dates.due,
        drafted,
        suppressed: person.is_some(),
    })
}

/// The person, with the register's row opened.
fn who(office: &Office, entry: &Entry) -> Result<Option<Known>, Trouble> {
    let reader = office.sequencer.reader();
    match (entry.person, &entry.address) {
        (Some(person), _) => {
            let known = crate::request::look_up(&reader.state(), person, Vec::new())?;
            people::opened(reader, known).map(Some)
        }
        (None, Some(address)) => people::known(reader, address).map(Some),
        (None, None) => Ok(None),
    }
}

/// Which of these kinds wait for their answer in an open case of this person: they get no second clock.
fn already_open(
    office: &Office,
    known: Option<&Known>,
    kinds: &[RequestKind],
) -> Result<Vec<(RequestKind, CaseId)>, Trouble> {
    let state = office.sequencer.reader().state();
    let mut all: Vec<(RequestKind, CaseId)> = Vec::new();
    for id in known.iter().flat_map(|k| &k.row.open) {
        let row = state.case(*id)?;
        for clock in row.iter().flat_map(|c| &c.requests) {
            let asked = kinds.contains(&clock.request) && is_open(clock.state);
            if asked && all.iter().all(|(k, _)| *k != clock.request) {
                all.push((clock.request, *id));
            }
        }
    }
    Ok(all)
}

/// All of it waits for its answer already: nothing is opened, but what it entails holds from now on, if it did not.
fn said_again(
    office: &Office,
    house: &House,
    entry: &Entry,
    known: &Known,
    (case, already): (CaseId, Vec<(RequestKind, CaseId)>),
) -> Result<Entered, NotEntered> {
    let reader = office.sequencer.reader();
    let entailed = entry.kinds.iter().map(|k| house.config.policy.entails(*k));
    let holds = known.row.suppression.as_ref().map(|s| s.suppression);
    // What somebody may have forged holds from now on by the human's word, and is lifted with no flood (B11).
    let unproved = reader.state().is_unproved(known.person)?;
    let row = reader.state().case(case)?;
    let Some(row) = row.filter(|_| unproved || holds < entailed.max()) else {
        return Err(NotEntered::Open(case));
    };
    let mut events = Vec::new();
    takes_effect(house, entry, known, case, &mut events);
    let erased = reader.is_erased(row.proof_key)? || reader.is_erased(row.content_key)?;
    let note = entry.note.as_ref().filter(|_| !erased);
    events.push(Event::Noted(Note {
        about: Noted::Person(known.person),
        by: entry.by.clone(),
        why: note.map(|n| reader.seal(row.proof_key, n)).transpose()?,
    }));
    if !erased {
        let keys = (case, row.content_key, row.proof_key);
        on_paper(reader, entry, keys, &mut events)?;
    }
    tell_senders(office, house, entry, &mut events)?;
    Ok(Entered {
        case,
        kinds: Vec::new(),
        already,
        events,
        expectations: vec![
            Expectation::Case {
                id: case,
                version: row.version,
            },
            Expectation::Person {
                id: known.person,
                version: known.row.version,
            },
        ],
        due: row.earliest_due().unwrap_or(entry.received),
        drafted: Vec::new(),
        suppressed: true,
    })
}

/// Before anything else (promise 2).
fn takes_effect(
    house: &House,
    entry: &Entry,
    known: &Known,
    case: CaseId,
    events: &mut Vec<Event>,
) {
    let person = known.person;
    if !known.fingerprints.is_empty() {
        let fingerprints = known.fingerprints.clone();
        events.push(Event::Recognised {
            person,
            fingerprints,
        });
    }
    events.extend(entry.kinds.iter().map(|kind| Event::Suppressed {
        person,
        suppression: house.config.policy.entails(*kind),
        reason: SuppressionReason::Request(*kind),
        case: Some(case),
    }));
    // A human says so: it is no forged mail (B11).
    events.push(Event::Flood(Flood::Confirmed { person }));
}

fn opened(
    office: &Office,
    (entry, kinds): (&Entry, &[RequestKind]),
    known: Option<&Known>,
    case: CaseId,
    events: &mut Vec<Event>,
) -> Result<(), Trouble> {
    let reader = office.sequencer.reader();
    let content_key = reader.allocate(KeyKind::Content)?;
    let proof_key = reader.allocate(KeyKind::Proof)?;
    let proof = Proof {
        from: entry.address.clone(),
        evidence: Vec::new(),
        identity: format!("entered by hand ({})", entry.channel.word()),
    };
    events.push(Event::CaseOpened {
        case,
        person: known.map(|k| k.person),
        message: None,
        received: entry.received,
        language: entry.language,
        content_key,
        proof_key,
        proof: Some(reader.seal(proof_key, &proof)?),
        previous: entry.previous,
    });
    let note = entry.note.as_ref();
    events.push(Event::Reviewed(Review::Entered {
        case,
        channel: entry.channel,
        by: entry.by.clone(),
        note: note.map(|n| reader.seal(proof_key, n)).transpose()?,
    }));
    on_paper(reader, entry, (case, content_key, proof_key), events)?;
    if kinds.contains(&RequestKind::Complaint) {
        let (on, by) = (true, entry.by.clone());
        events.push(Event::LegalHold { case, on, by });
    }
    Ok(())
}

/// What came on paper, and where the answer goes on it.
fn on_paper(
    reader: &Reader,
    entry: &Entry,
    (case, content_key, proof_key): (CaseId, KeyId, KeyId),
    events: &mut Vec<Event>,
) -> Result<(), Trouble> {
    for Handed { media, scan } in &entry.scans {
        events.push(Event::Reviewed(Review::Scanned {
            case,
            media: *media,
            octets: scan.bytes.len() as u64,
            by: entry.by.clone(),
            scan: reader.seal(content_key, scan)?,
        }));
    }
    if let Some(lines) = &entry.postal {
        events.push(Event::Reviewed(Review::OnPaper {
            case,
            by: entry.by.clone(),
            to: reader.seal(proof_key, lines)?,
        }));
    }
    Ok(())
}

/// What the tools that send must be told of it.
fn tell_senders(
    office: &Office,
    house: &House,
    entry: &Entry,
    events: &mut Vec<Event>,
) -> Result<(), Trouble> {
    let sight = entry.address.as_ref().map(notices::InSight::address);
    let notices = notices::ask(office, house, events, &sight.unwrap_or_default())?;
    events.extend(notices);
    Ok(())
}

/// What needs proof waits for it.
fn waits((entry, kinds): (&Entry, &[RequestKind]), case: CaseId, events: &mut Vec<Event>) {
    let kinds = kinds.iter().filter(|k| needs_proof(**k));
    events.extend(kinds.map(|request| Event::RequestMoved {
        case,
        request: *request,
        state: RequestState::AwaitingIdentity,
        by: entry.by.clone(),
    }));
}

/// The letter, as far as there are templates and an address; gives what it answers.
fn draft(
    house: &House,
    (entry, kinds): (&Entry, &[RequestKind]),
    known: Option<&Known>,
    case: CaseId,
    events: &mut Vec<Event>,
) -> Vec<RequestKind> {
    let file = known.and_then(|k| k.opened.as_ref());
    let language = entry.language.or(file.and_then(|c| c.language));
    let language = language.unwrap_or(house.config.policy.settings.default_language);
    let has = |k: &RequestKind| gathering::has_template(house, language, LetterKind::Answer, &[*k]);
    let answers: Vec<RequestKind> = kinds.iter().copied().filter(has).collect();
    if answers.is_empty() {
        return answers;
    }
    let head = LetterHead {
        letter: LetterId {
            case,
            step: 0,
            series: 0,
        },
        kind: LetterKind::Answer,
        answers: answers.clone(),
        person: known.map(|k| k.person),
        domain: None,
        message: None,
        automatic: false,
    };
    let rule = held_by(&answers);
    let reader = Correspondent {
        from: entry.address.as_ref(),
        on_file: file.map_or(&[], |c| &c.addresses),
        same: true,
    };
    let release = Release::Held(rule.clone());
    // On paper anybody can be reached, but nothing is known to say to somebody who is not known.
    let reached = match entry.postal {
        Some(_) => known.is_some(),
        None => LetterPlan::of(head.clone(), Vec::new(), language, &reader, release).is_some(),
    };
    if !reached {
        return Vec::new();
    }
    events.push(Event::LetterDrafted { head, rule });
    answers
}

fn held_by(answers: &[RequestKind]) -> RuleId {
    match answers.iter().any(|k| needs_proof(*k)) {
        true => rule::IDENTITY,
        false => rule::ENTERED,
    }
}
