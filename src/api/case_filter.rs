//! Which cases a list shows: what a row says at once, what its letters and its mailbox say, and what must be opened to be seen.
//!
//! Looking costs: a row little, whose case it is much. A page looks until it is full or until somebody would wait, and its
//! cursor goes on from there; so whoever asks for something rare gets pages with few rows.

use super::{Desk, Refusal, proposing, words};
use crate::record::{
    CaseId, CaseList, CaseRow, Contact, Event, Language, LetterRow, Proof, RequestKind,
    RequestState, Timestamp,
};
use crate::service::{ByHand, contact};
use serde::Deserialize;

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

/// Which cases; what is empty is not asked.
#[derive(Deserialize, Default)]
pub struct Which {
    /// One of [`STATES`]; `open` unless something else is said.
    state: Option<String>,
    /// That ask this, among other things.
    kind: Option<String>,
    /// That were written in this language.
    language: Option<String>,
    /// That came into this mailbox.
    mailbox: Option<String>,
    /// Of this salesperson, by their address.
    owner: Option<String>,
    /// `overdue`, or due within so many days from now.
    due: Option<String>,
    /// Of an address, a reference, or an `@domain`.
    find: Option<String>,
}

/// The same, understood.
pub struct Wanted {
    /// As it was said.
    pub state: &'static str,
    /// A list of one kind is a walk of its own.
    pub kind: Option<RequestKind>,
    language: Option<Language>,
    mailbox: Option<String>,
    owner: Option<String>,
    due_before: Option<Timestamp>,
    /// In lower case, without its @.
    domain: Option<String>,
    /// An address or a reference: no list, but what is known by it.
    pub exact: Option<String>,
}

fn said(word: &Option<String>) -> Option<String> {
    let word = word.as_deref().map(str::trim);
    word.filter(|w| !w.is_empty()).map(str::to_owned)
}

impl Which {
    /// What is asked.
    pub fn understood(&self, now: Timestamp) -> Result<Wanted, Refusal> {
        let state = said(&self.state).unwrap_or_else(|| STATES[0].to_owned());
        let known = STATES.into_iter().find(|s| *s == state);
        let kind = said(&self.kind).map(|kind| {
            let known = kind.parse::<RequestKind>();
            known.map_err(|_| none_of(&kind, &words::kinds(RequestKind::ALL).replace(" + ", ", ")))
        });
        let language = said(&self.language).map(|language| {
            let known = language.parse::<Language>();
            known.map_err(|_| none_of(&language, "the languages, by their two letters"))
        });
        let find = said(&self.find);
        let domain = find.as_deref().and_then(|f| f.strip_prefix('@'));
        Ok(Wanted {
            state: known.ok_or_else(|| none_of(&state, &STATES.join(", ")))?,
            kind: kind.transpose()?,
            language: language.transpose()?,
            mailbox: said(&self.mailbox),
            owner: said(&self.owner),
            due_before: due_before(said(&self.due).as_deref(), now)?,
            domain: domain.map(str::to_ascii_lowercase),
            exact: find.clone().filter(|_| domain.is_none()),
        })
    }

    /// The command that shows this list.
    pub fn command(&self) -> String {
        let flags = [
            ("state", &self.state),
            ("kind", &self.kind),
            ("language", &self.language),
            ("mailbox", &self.mailbox),
            ("owner", &self.owner),
            ("due", &self.due),
        ];
        let said = |(flag, value): (&str, &Option<String>)| {
            let value = said(value).filter(|v| v != STATES[0])?;
            Some(format!(" --{flag} {value}"))
        };
        let flags: String = flags.into_iter().filter_map(said).collect();
        format!("requests list{flags}")
    }
}

fn none_of(word: &str, these: &str) -> Refusal {
    let word: String = word.chars().take(40).collect();
    Refusal::unclear(
        format!("\"{word}\" is nothing that cases are listed by"),
        format!("say one of {these}"),
    )
}

fn due_before(due: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    Ok(match due {
        None => None,
        Some("overdue") => Some(now),
        Some(days) => match days.parse::<u16>() {
            Ok(days) => Some(now.plus_days(i64::from(days))),
            Err(_) => return Err(none_of(days, "overdue, or a number of days")),
        },
    })
}

/// What looking at a row costs, if its letters or its mailbox are read, and if it is opened to see whose it is.
const READ: usize = 5;
const OPENED: usize = 16;

impl Wanted {
    /// The ordered lists in which it stands, one after the other.
    pub fn lists(&self) -> &'static [CaseList] {
        match self.state {
            "held" => &[CaseList::Held],
            "answered" | "refused" | "closed" => &[CaseList::Closed],
            "all" => &[CaseList::Open, CaseList::Closed],
            _ => &[CaseList::Open],
        }
    }

    /// Whether something of a list is left out.
    pub fn leaves_out(&self) -> bool {
        let whole = ["open", "held", "closed", "all"].contains(&self.state);
        let all = self.language.is_none() && self.mailbox.is_none() && self.owner.is_none();
        !(whole && all && self.due_before.is_none() && self.domain.is_none())
    }

    /// Whether nothing behind this row of a list is due soon enough.
    pub fn ends_before(&self, list: CaseList, row: &CaseRow) -> bool {
        let by_due = list != CaseList::Closed;
        let late = |before| row.earliest_due().is_none_or(|due| due >= before);
        by_due && self.due_before.is_some_and(late)
    }

    /// Whether this case is one of them, and what it cost to see that.
    pub fn wants(&self, desk: &Desk, id: CaseId, row: &CaseRow) -> Result<(bool, usize), Refusal> {
        let language = self.language.is_none_or(|l| row.language == Some(l));
        let due = |before| row.running_due().is_some_and(|due| due < before);
        if !language || !self.due_before.is_none_or(due) {
            return Ok((false, 1));
        }
        let mut cost = 1;
        if matches!(self.state, "draft" | "by_hand") {
            cost += READ;
        }
        if !self.is_in_state(desk, id, row)? {
            return Ok((false, cost));
        }
        if let Some(mailbox) = &self.mailbox {
            cost += READ;
            if mailbox_of(desk, row)?.as_ref() != Some(mailbox) {
                return Ok((false, cost));
            }
        }
        if self.owner.is_none() && self.domain.is_none() {
            return Ok((true, cost));
        }
        Ok((self.is_theirs(desk, row)?, cost + OPENED))
    }

    fn is_in_state(&self, desk: &Desk, id: CaseId, row: &CaseRow) -> Result<bool, Refusal> {
        let any = |state| row.requests.iter().any(|r| r.state == state);
        let left = || -> Result<ByHand, Refusal> {
            let (reader, house) = (desk.office.sequencer.reader(), desk.office.house.load());
            let letters = reader.state().letters(id)?.into_iter();
            let letters: Vec<LetterRow> = letters.map(|(_, l)| l).collect();
            Ok(ByHand::of(reader, &house, (id, row), &letters)?)
        };
        Ok(match self.state {
            "draft" => left()?.drafts > 0,
            "by_hand" => !left()?.kinds.is_empty(),
            "awaiting_identity" => any(RequestState::AwaitingIdentity),
            "proposed" => proposing::undecided(row) > 0,
            "answered" => any(RequestState::Answered),
            "refused" => any(RequestState::Refused),
            _ => true,
        })
    }

    /// Whether it is this salesperson's, and of this domain.
    fn is_theirs(&self, desk: &Desk, row: &CaseRow) -> Result<bool, Refusal> {
        let contact = contact_of(desk, row)?;
        let theirs = contact.as_ref().and_then(|c| c.owner.as_deref());
        let owns = |owner: &String| theirs.is_some_and(|t| t.eq_ignore_ascii_case(owner));
        if !self.owner.as_ref().is_none_or(owns) {
            return Ok(false);
        }
        match &self.domain {
            None => Ok(true),
            Some(domain) => is_of(desk, row, contact.as_ref(), domain),
        }
    }
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
