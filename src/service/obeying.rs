//! A click on "unsubscribe": the person whom a token names is suppressed, at once and whoever clicked.
//!
//! The token is the whole proof (RFC 8058): there is no session, no mail and no case. Doing it twice is doing it once, except
//! that the tools that send are told now if they could not be the first time. A token names a person and no address: where
//! the register does not know them, or cannot be read, nobody can be told, and a human must see that.

use super::gathering::Trouble;
use super::house::{House, Office};
use super::notices::{self, InSight};
use super::sequencer::{Committed, Proposal};
use crate::record::{
    Concerned, Event, Flood, NoToken, NoticeAct, PersonId, RequestKind, Suppression,
    SuppressionReason, Token, TokenKind,
};
use crate::request::Expectation;

/// How often it is looked at again because something came between.
const TRIES: usize = 20;

/// What a click did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Obeyed {
    /// Who is left alone from now on.
    pub person: PersonId,
    /// The frame that says so; nothing if it held already.
    pub frame: Option<u64>,
}

/// Why a click did nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotObeyed {
    /// It is no token for this, or not any more.
    #[error(transparent)]
    Token(#[from] NoToken),
    /// The token is ours, and nobody is known by it.
    #[error("a token of ours that names nobody who is known")]
    Nobody,
    /// The store.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The log took nothing.
    #[error("the log took nothing: {0}")]
    Commit(String),
    /// The STOP holds, and nobody else knows of it: whoever clicked must do it again.
    #[error("the STOP holds, and the tools that send could not be told: {0}")]
    Untold(Trouble),
}

impl From<crate::record::Damaged> for NotObeyed {
    fn from(e: crate::record::Damaged) -> Self {
        Self::Trouble(e.into())
    }
}

/// Whether a text is a token that [`obey`] would obey now; cheap, nothing is looked up.
///
/// # Errors
/// If it is none.
pub fn recognise(office: &Office, text: &str) -> Result<Token, NoToken> {
    let token = Token::read(office.keys(), text, office.clock.now())?;
    // A reply's token stands in addresses that everybody in copy can read.
    match token.kind {
        TokenKind::Unsubscribe => Ok(token),
        TokenKind::Reply => Err(NoToken::NotOurs),
    }
}

/// Suppresses the person whom a token for unsubscribing names; returns once that is durable.
///
/// # Errors
/// If it is no such token, or names nobody; or if the store could not take it, or what the tools must be told: then it must
/// be said that it was not done, so that it is done again.
pub async fn obey(office: &Office, text: &str) -> Result<Obeyed, NotObeyed> {
    let token = recognise(office, text)?;
    for _ in 0..TRIES {
        let state = office.sequencer.reader().state();
        let found = state.person_beginning(&token.person)?;
        let person = found.ok_or(NotObeyed::Nobody)?;
        let row = state.person(person)?;
        let holds = row.suppression.as_ref().map(|s| s.suppression);
        let held = holds == Some(Suppression::Suppressed) && !state.is_unproved(person)?;
        let (events, untold) = said(office, person, held)?;
        if events.is_empty() {
            let frame = None;
            return Ok(Obeyed { person, frame });
        }
        let unchanged = Expectation::Person {
            id: person,
            version: row.version,
        };
        // A STOP is taken even when the disk is nearly full: the room for last words is for this.
        let proposal = Proposal::essential(events).expecting(vec![unchanged]);
        match office.sequencer.commit(proposal).await {
            Committed::Frame(frame) => {
                let frame = Some(frame);
                return match untold {
                    Some(why) => Err(NotObeyed::Untold(why)),
                    None => Ok(Obeyed { person, frame }),
                };
            }
            Committed::Conflict => {}
            Committed::Full(why) | Committed::Failed(why) => return Err(NotObeyed::Commit(why)),
        }
    }
    Err(NotObeyed::Commit("something always came between".into()))
}

/// What is written down of a click. Where the tools cannot be told, that delays no STOP, and a human keeps the person out there:
/// whoever clicked may never do it again (RFC 8058 asks no client to). Beside it why not even that can be written down.
fn said(
    office: &Office,
    person: PersonId,
    held: bool,
) -> Result<(Vec<Event>, Option<Trouble>), NotObeyed> {
    let why = match events(office, person, held) {
        Ok(events) => return Ok((events, None)),
        Err(why) => why,
    };
    let stop = match held {
        true => Vec::new(),
        false => stop(person),
    };
    match notices::ask_unread(office, &office.house.load(), person) {
        Ok(notices) => {
            tracing::error!(%why, "one click: the tools that send could not be told; it must be done there by hand");
            Ok(([stop, notices].concat(), None))
        }
        Err(_) if held => Err(NotObeyed::Untold(why)),
        Err(_) => Ok((stop, Some(why))),
    }
}

/// What a click says, with what the tools that send must be told of it; nothing if it says nothing new.
fn events(office: &Office, person: PersonId, held: bool) -> Result<Vec<Event>, Trouble> {
    let house = office.house.load();
    if held && is_told(office, &house, person)? {
        return Ok(Vec::new());
    }
    let said = stop(person);
    let mut notices = notices::ask(office, &house, &said, &InSight::default())?;
    notices.extend(notices::ask_by_hand(office, &house, person)?);
    Ok(match held {
        true => notices,
        false => [said, notices].concat(),
    })
}

fn stop(person: PersonId) -> Vec<Event> {
    vec![
        Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::Request(RequestKind::Stop),
            case: None,
        },
        // The token proves what somebody may have written in their name before (B11).
        Event::Flood(Flood::Confirmed { person }),
    ]
}

/// Whether every tool was told to suppress them, whatever it answered.
fn is_told(office: &Office, house: &House, person: PersonId) -> Result<bool, Trouble> {
    let state = office.sequencer.reader().state();
    let row = state.senders_told(&Concerned::Person(person))?;
    let mut senders = house.senders.iter();
    Ok(senders.all(|sender| {
        let mut told = row.told.iter().filter(|t| t.sender == sender.name());
        told.any(|t| t.act == NoticeAct::Suppress)
    }))
}
