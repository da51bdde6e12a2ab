//! What a human adds to the cases: a request that came another way, and more time.
//!
//! Each is written down with who said it; the words are sealed. Nothing leaves here: letters become drafts.

use super::deciding::{as_read, note, open_case};
use super::{Answer, Desk, Refusal, address, paper};
use crate::record::{
    Channel, Event, Language, LetterHead, LetterId, LetterKind, PersonId, RequestKind, Review,
    Timestamp, unhex,
};
use crate::request::{Calendar, rule};
use crate::service::{
    CaseFile, Entered, Entry, Extension, House, NotEntered, Proposal, enter, extension_end,
    extension_told, has_template,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// What came on paper.
    #[serde(default)]
    scans: Vec<paper::File>,
    /// The lines of the postal address at which it is answered.
    #[serde(default)]
    postal: Vec<String>,
    by: String,
}

/// A reason, and who gives it.
#[derive(Deserialize)]
pub struct Reason {
    /// Who.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The person is who they say: no code is sent.
    #[serde(default)]
    pub proved: bool,
    /// The person was told another way that it takes longer, and why: no letter is made.
    #[serde(default)]
    pub told: bool,
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
        "suppressed": entered.suppressed, "already": already(&entered), "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// What waited for its answer before, and where.
fn already(entered: &Entered) -> Vec<Value> {
    let all = entered.already.iter();
    all.map(|(request, case)| json!({"request": request, "case": case.to_string()}))
        .collect()
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
        scans: paper::handed(new.scans)?,
        postal: paper::postal(new.postal)?,
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
    let ids = state.ids_beginning(&start, 100)?;
    let fits = |p: &PersonId| crate::record::hex(&p.0).starts_with(&digits);
    let mut all = Vec::new();
    for id in ids.into_iter().filter(fits) {
        let person = state.standing(id)?;
        if !all.contains(&person) {
            all.push(person);
        }
    }
    match all.as_slice() {
        [one] => Ok(*one),
        [] => Err(unknown("nobody")),
        _ => Err(unknown("more than one")),
    }
}

/// What was done, and what is left to do by hand.
fn told(entry: &Entry, entered: &Entered, now: Timestamp) -> String {
    let case = entered.case;
    let asked = super::words::kinds(&entered.kinds);
    let mut text = String::new();
    if !entered.kinds.is_empty() {
        let (received, due) = (entry.received, entered.due);
        text += &format!("{case}: {asked}, received {received}, due {due}\n");
    }
    for (kind, open) in &entered.already {
        text += &format!("{kind} was asked before: its clock runs in {open}\n");
    }
    if entered.due < now {
        text += "it is OVERDUE: answer at once\n";
    }
    text += if entered.suppressed {
        "no prospecting to this person from now on\n"
    } else {
        "NOBODY is suppressed: say who it is with --address or --person\n"
    };
    if !entry.scans.is_empty() {
        text += &format!(
            "{} scans are kept, sealed, with the case\n",
            entry.scans.len()
        );
    }
    let by_hand = entered.kinds.iter().copied();
    let by_hand: Vec<RequestKind> = by_hand.filter(|k| !entered.drafted.contains(k)).collect();
    if !entered.drafted.is_empty() {
        text += &format!("a draft waits: `quitus requests show {case}`\n");
    }
    if !by_hand.is_empty() {
        let kinds = super::words::kinds(&by_hand);
        text += &format!("no letter is made for {kinds}: answer by hand\n");
    }
    if (entered.kinds.iter()).any(|k| crate::service::needs_proof(*k)) {
        text += &format!("it is not proved who asks: `quitus requests identify {case}`\n");
    }
    text
}

/// The head of the next letter of a case.
pub fn next_letter(case: &CaseFile, kind: LetterKind) -> LetterHead {
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

pub fn a_reason(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim().trim_end_matches('.');
    if reason.is_empty() {
        return Err(Refusal::unclear(
            "this is done for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    Ok(reason)
}

/// `quitus requests extend`: two months more, told within the first (Art. 12(3)); they count once the person is told.
pub async fn extend(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Reason>,
) -> Result<Answer, Refusal> {
    let reason = a_reason(&word.reason)?;
    let case = open_case(&desk, &case)?;
    let (house, now) = (desk.office.house.load_full(), desk.office.clock.now());
    let tell_by = may_extend(&house, &case, now)?;
    let due = extension_end(&house, &case.row).unwrap_or(tell_by);
    let drafted = !word.told;
    let head = next_letter(&case, LetterKind::Extension);
    let language = case.language(&house, &head);
    if drafted && !has_template(&house, language, head.kind, &head.answers) {
        return Err(Refusal::not_now(
            "no template says in this language that it takes longer",
            format!(
                "write to the person before {tell_by} that it takes until {due}, and why, and that they may complain to the authority or go to court; then `quitus requests extend {} --told --reason …`",
                case.id
            ),
        ));
    }
    let mut events = vec![Event::Reviewed(Review::Extended {
        case: case.id,
        by: word.by.clone(),
        reason: note(&desk, case.row.proof_key, reason)?,
    })];
    match drafted {
        true => {
            let rule = rule::EXTENDED;
            events.push(Event::LetterDrafted { head, rule });
        }
        false => events.extend(extension_told(&house, case.id, &case.row, now, &word.by)),
    }
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let text = match drafted {
        true => format!(
            "{0}: due {due} once the person is told, and {tell_by} until then\napprove the draft that says so before {tell_by}: `quitus requests show {0}`\n",
            case.id
        ),
        false => format!("{}: due {due} now\n", case.id),
    };
    let data = json!({
        "case": case.id.to_string(), "due": due.to_string(), "tell_by": tell_by.to_string(), "drafted": drafted,
        "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// The end of the first month.
pub fn tell_by(case: &CaseFile, calendar: &Calendar) -> Option<Timestamp> {
    let open = case.open_requests();
    open.map(|r| calendar.deadlines(r.received).due).min()
}

/// Once, and within the first month: until when the person must be told.
fn may_extend(house: &House, case: &CaseFile, now: Timestamp) -> Result<Timestamp, Refusal> {
    let Some(tell_by) = tell_by(case, &house.config.policy.calendar) else {
        let nothing = "nothing is open in this case";
        return Err(Refusal::not_now(nothing, "nothing is to be done"));
    };
    match Extension::of(house, case) {
        Extension::None => {}
        Extension::InForce => {
            return Err(Refusal::not_now(
                "it was extended before",
                "answer it; there is no second extension",
            ));
        }
        Extension::OnItsWay => {
            return Err(Refusal::not_now(
                "it was extended before, and the letter that says so waits",
                format!("approve it: `quitus requests show {}`", case.id),
            ));
        }
    }
    if now > tell_by {
        return Err(Refusal::not_now(
            format!("the first month ended at {tell_by}, and an extension is told within it"),
            "answer at once",
        ));
    }
    Ok(tell_by)
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
        let house = desk.office.house.load();
        let untold = match Extension::of(&house, case) {
            Extension::InForce => "",
            _ => "; NOT TOLD yet, and the first end holds until then",
        };
        *text += &format!("extended   {reason}{untold}\n");
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
