//! Cases by what they are: kind, state, language, mailbox, owner, due; or exactly one person's, one firm's, one reference.
//!
//! Open cases come in the order in which they are due, all cases in the order of their references; both are read from ordered
//! tables, so many rows at a time, and never all. Who asks for something rare gets a page with few rows and a cursor to go on.

use super::paging::no_cursor;
use super::requests::{because, reference};
use super::{Answer, Desk, Refusal, address, proposing};
use crate::record::{
    CaseId, CaseRow, Contact, Event, Language, LetterRow, LetterState, Proof, RequestKind,
    RequestState, RunningClock, State as Rows, Timestamp,
};
use crate::register;
use crate::service::{contact, is_open, left_to_a_human};
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows that are looked at for one page.
const LOOKED_AT: usize = 1_000;
/// Of these, at most so many are opened to see whose they are.
const OPENED: usize = 300;
/// Cases of a page unless somebody asks for another number.
const PAGE: usize = 50;

/// Which cases.
#[derive(Deserialize, Clone, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    kind: Option<RequestKind>,
    /// `open` (the default), `draft`, `held`, `awaiting_identity`, `by_hand`, `proposed`; `answered`, `refused`, `closed`, `all`.
    state: Option<String>,
    language: Option<Language>,
    mailbox: Option<String>,
    /// The salesperson's address.
    owner: Option<String>,
    /// `overdue`, or a number of days from now.
    due: Option<String>,
    /// An address, a reference, or `@domain`.
    find: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// A case of a page.
struct Seen {
    id: CaseId,
    row: CaseRow,
    letters: Vec<LetterRow>,
}

/// What was asked, understood.
struct Filter<'a> {
    wanted: &'a Wanted,
    due_before: Option<Timestamp>,
    domain: Option<String>,
    opened: usize,
}

/// `GET /cases`.
pub async fn list(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
) -> Result<Answer, Refusal> {
    // Rows are read from the disk, some are opened: not on a thread that others wait for.
    let looked = tokio::task::spawn_blocking(move || look(&desk, &wanted)).await;
    looked.map_err(|e| Refusal::broken(e.to_string()))?
}

fn look(desk: &Desk, wanted: &Wanted) -> Result<Answer, Refusal> {
    let find = wanted.find.as_deref().map(str::trim).unwrap_or_default();
    let mut filter = Filter {
        wanted,
        due_before: due_before(desk, wanted)?,
        domain: find.strip_prefix('@').map(str::to_ascii_lowercase),
        opened: 0,
    };
    if let Some(state) = wanted.state.as_deref().filter(|s| !STATES.contains(s)) {
        let fix = format!("one of {}", STATES.join(", "));
        return Err(Refusal::unclear(
            format!("\"{state}\" is no state of a case"),
            fix,
        ));
    }
    let (found, next) = match find {
        "" => filter.walk(desk)?,
        _ if filter.domain.is_some() => filter.walk(desk)?,
        exact => (exactly(desk, exact)?, None),
    };
    let mut data = Vec::new();
    let mut text = String::new();
    for case in &found {
        let one = in_data(desk, case)?;
        let asked = super::words::kinds(
            &case
                .row
                .requests
                .iter()
                .map(|r| r.request)
                .collect::<Vec<_>>(),
        );
        text += &format!(
            "{}  {asked}, due {}\n",
            case.id,
            one["due"].as_str().unwrap_or("-")
        );
        data.push(one);
    }
    text += &format!("{} cases\n", found.len());
    Ok(Answer::good(json!({"cases": data, "next": next}), text))
}

/// The states that one may ask for.
pub const STATES: [&str; 10] = [
    "open",
    "draft",
    "held",
    "awaiting_identity",
    "by_hand",
    "proposed",
    "answered",
    "refused",
    "closed",
    "all",
];

fn due_before(desk: &Desk, wanted: &Wanted) -> Result<Option<Timestamp>, Refusal> {
    let now = desk.office.clock.now();
    match wanted.due.as_deref() {
        None | Some("") => Ok(None),
        Some("overdue") => Ok(Some(now)),
        Some(days) => match days.parse::<u16>() {
            Ok(days) => Ok(Some(now.plus_days(i64::from(days)))),
            Err(_) => Err(Refusal::unclear(
                format!("\"{days}\" is no number of days"),
                "write overdue, or a number of days",
            )),
        },
    }
}

/// The case of this reference, or all that are known of this person.
fn exactly(desk: &Desk, text: &str) -> Result<Vec<Seen>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mut ids = Vec::new();
    if text.contains('@') {
        let found = register::find(&state, keys, &address(text)?)?;
        ids.extend(found.row.open);
        ids.extend(found.row.closed.into_iter().rev());
    } else {
        ids.push(reference(text)?);
    }
    let mut all = Vec::new();
    for id in ids {
        if let Some(row) = state.case(id)? {
            all.push(seen(&state, id, row)?);
        }
    }
    Ok(all)
}

fn seen(state: &Rows<'_>, id: CaseId, row: CaseRow) -> Result<Seen, Refusal> {
    let letters = state.letters(id)?.into_iter().map(|(_, l)| l).collect();
    Ok(Seen { id, row, letters })
}

type Page = (Vec<Seen>, Option<String>);

impl Filter<'_> {
    fn state(&self) -> &str {
        self.wanted.state.as_deref().unwrap_or("open")
    }

    fn limit(&self) -> usize {
        self.wanted.limit.unwrap_or(PAGE).clamp(1, 500)
    }

    fn walk(&mut self, desk: &Desk) -> Result<Page, Refusal> {
        match self.state() {
            "answered" | "refused" | "closed" | "all" => self.by_reference(desk),
            _ => self.by_due(desk),
        }
    }

    /// All cases, by reference.
    fn by_reference(&mut self, desk: &Desk) -> Result<Page, Refusal> {
        let state = desk.office.sequencer.reader().state();
        let after = self.wanted.after.as_deref();
        let after = after.map(|a| a.parse::<CaseId>().map_err(|_| no_cursor(a)));
        let after = after.transpose()?;
        let rows = state.cases(after, LOOKED_AT + 1)?;
        let all = rows.len();
        let (mut found, mut last) = (Vec::new(), None);
        for (n, (id, row)) in rows.into_iter().enumerate() {
            if Some(id) == after {
                continue;
            }
            if found.len() == self.limit() || self.opened >= OPENED {
                return Ok((found, last));
            }
            last = Some(id.to_string());
            let case = seen(&state, id, row)?;
            if self.wants(desk, &case)? {
                found.push(case);
            }
            if n == LOOKED_AT {
                break;
            }
        }
        Ok((found, last.filter(|_| all > LOOKED_AT)))
    }

    /// Open cases: those with a clock, the one that is due first at the head; then those that are held without one.
    fn by_due(&mut self, desk: &Desk) -> Result<Page, Refusal> {
        let state = desk.office.sequencer.reader().state();
        let place = self.wanted.after.as_deref();
        let place = place.map(|a| Place::read(a).ok_or_else(|| no_cursor(a)));
        let mut place = place.transpose()?.unwrap_or(Place::Clock(None));
        let (mut found, mut left) = (Vec::new(), LOOKED_AT);
        loop {
            let batch = place.next(&state, self.limit().min(left))?;
            if batch.is_empty() {
                match place {
                    Place::Clock(_) => place = Place::Held(None),
                    Place::Held(_) => return Ok((found, None)),
                }
                continue;
            }
            for (at, id) in batch {
                if found.len() == self.limit() || left == 0 || self.opened >= OPENED {
                    return Ok((found, Some(place.written())));
                }
                (place, left) = (at, left - 1);
                let Some(row) = state.case(id)?.filter(|r| r.closed.is_none()) else {
                    continue;
                };
                if place.is_not_the_place_of(&row) {
                    continue;
                }
                let case = seen(&state, id, row)?;
                if self.wants(desk, &case)? {
                    found.push(case);
                }
            }
        }
    }

    fn wants(&mut self, desk: &Desk, case: &Seen) -> Result<bool, Refusal> {
        let (w, row) = (self.wanted, &case.row);
        let kind = w
            .kind
            .is_none_or(|k| row.requests.iter().any(|r| r.request == k));
        let language = w.language.is_none_or(|l| row.language == Some(l));
        let due = self
            .due_before
            .is_none_or(|t| earliest(row).is_some_and(|d| d < t));
        if !(kind && language && due && self.is_in_state(case)) {
            return Ok(false);
        }
        let said = |s: &Option<String>| s.clone().filter(|s| !s.is_empty());
        if let Some(mailbox) = said(&w.mailbox)
            && mailbox_of(desk, row)?.as_deref() != Some(&mailbox)
        {
            return Ok(false);
        }
        let owner = said(&w.owner);
        if owner.is_none() && self.domain.is_none() {
            return Ok(true);
        }
        self.opened += 1;
        let contact = contact_of(desk, row)?;
        let owner = owner.is_none_or(|o| {
            let theirs = contact.as_ref().and_then(|c| c.owner.as_deref());
            theirs.is_some_and(|t| t.eq_ignore_ascii_case(&o))
        });
        let domain = match &self.domain {
            None => true,
            Some(domain) => is_of(desk, row, contact.as_ref(), domain)?,
        };
        Ok(owner && domain)
    }

    fn is_in_state(&self, case: &Seen) -> bool {
        let row = &case.row;
        let any = |state| row.requests.iter().any(|r| r.state == state);
        match self.state() {
            "draft" => case.letters.iter().any(|l| l.state == LetterState::Draft),
            "held" => row.held.is_some(),
            "awaiting_identity" => any(RequestState::AwaitingIdentity),
            "by_hand" => !left_to_a_human(row, &case.letters).is_empty(),
            "proposed" => proposing::undecided(row) > 0,
            "closed" => row.closed.is_some(),
            "answered" => row.closed.is_some() && any(RequestState::Answered),
            "refused" => row.closed.is_some() && any(RequestState::Refused),
            _ => true,
        }
    }
}

/// Where a page of open cases ends.
#[derive(Clone, Copy)]
enum Place {
    Clock(Option<RunningClock>),
    Held(Option<(Timestamp, CaseId)>),
}

impl Place {
    fn next(self, state: &Rows<'_>, limit: usize) -> Result<Vec<(Self, CaseId)>, Refusal> {
        let limit = limit.max(1);
        Ok(match self {
            Self::Clock(after) => {
                let all = state.clocks_after(after, limit)?.into_iter();
                all.map(|c| (Self::Clock(Some(c)), c.1)).collect()
            }
            Self::Held(after) => {
                let all = state.held_after(after, limit)?.into_iter();
                all.map(|h| (Self::Held(Some(h)), h.1)).collect()
            }
        })
    }

    /// A case stands where its first clock stands; among the held ones only without a clock.
    fn is_not_the_place_of(self, row: &CaseRow) -> bool {
        let open = row.requests.iter().filter(|r| is_open(r.state));
        let first = open.map(|r| (r.target, r.request)).min();
        match self {
            Self::Clock(Some((at, _, kind))) => first != Some((at, kind)),
            _ => first.is_some(),
        }
    }

    fn written(self) -> String {
        match self {
            Self::Clock(None) => "c".to_owned(),
            Self::Clock(Some((at, case, kind))) => format!("c.{}.{case}.{kind}", at.millis()),
            Self::Held(None) => "h".to_owned(),
            Self::Held(Some((at, case))) => format!("h.{}.{case}", at.millis()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let held = match parts.next()? {
            "c" => false,
            "h" => true,
            _ => return None,
        };
        let Some(at) = parts.next() else {
            return Some(if held {
                Self::Held(None)
            } else {
                Self::Clock(None)
            });
        };
        let at = Timestamp::from_millis(at.parse().ok()?);
        let case = parts.next()?.parse().ok()?;
        Some(match held {
            true => Self::Held(Some((at, case))),
            false => Self::Clock(Some((at, case, parts.next()?.parse().ok()?))),
        })
    }
}

fn earliest(row: &CaseRow) -> Option<Timestamp> {
    let open = row.requests.iter().filter(|r| is_open(r.state));
    open.map(|r| r.due).min()
}

fn contact_of(desk: &Desk, row: &CaseRow) -> Result<Option<Contact>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let of = row.person.map(|p| reader.state().contact(p)).transpose()?;
    Ok(contact(reader, of.flatten().as_ref())?)
}

/// Whether somebody of this domain asks, as the register or their own mail says.
fn is_of(
    desk: &Desk,
    row: &CaseRow,
    contact: Option<&Contact>,
    domain: &str,
) -> Result<bool, Refusal> {
    let mut addresses = contact.iter().flat_map(|c| &c.addresses);
    if addresses.any(|a| a.domain() == domain) {
        return Ok(true);
    }
    let reader = desk.office.sequencer.reader();
    let Event::CaseOpened {
        proof: Some(sealed),
        ..
    } = reader.event(row.position)?
    else {
        return Ok(false);
    };
    let proof: Option<Proof> = reader.open_sealed(&sealed)?;
    let from = proof.and_then(|p| p.from);
    Ok(from.is_some_and(|a| a.domain() == domain))
}

/// The mailbox in which its first message lies.
pub fn mailbox_of(desk: &Desk, row: &CaseRow) -> Result<Option<String>, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let Some(first) = row.messages.first() else {
        return Ok(None);
    };
    let Some(message) = state.message(*first)? else {
        return Ok(None);
    };
    let folder = state.folder(message.location.folder)?;
    Ok(folder.map(|f| f.mailbox))
}

fn in_data(desk: &Desk, case: &Seen) -> Result<Value, Refusal> {
    let row = &case.row;
    let requests: Vec<Value> = row
        .requests
        .iter()
        .map(|r| json!({"request": r.request, "state": r.state, "due": r.due.to_string()}))
        .collect();
    let drafts = case
        .letters
        .iter()
        .filter(|l| l.state == LetterState::Draft);
    Ok(json!({
        "case": case.id.to_string(), "requests": requests, "due": earliest(row).map(|t| t.to_string()),
        "opened": row.opened.to_string(), "closed": row.closed.map(|t| t.to_string()), "language": row.language,
        "held": row.held.as_ref().map(ToString::to_string),
        "because": row.held.as_ref().map(|r| because(r).trim_start_matches("; ").to_owned()),
        "letter": case.letters.last().map(|l| l.state), "drafts": drafts.count(),
        "proposed": proposing::undecided(row), "by_hand": left_to_a_human(row, &case.letters),
        "mailbox": mailbox_of(desk, row)?,
    }))
}
