//! A click on "unsubscribe": the person whom a token names is suppressed, at once and whoever clicked.
//!
//! The token is the whole proof (RFC 8058): there is no session, no mail and no case. Doing it twice is doing it once.

use super::gathering::Trouble;
use super::house::Office;
use super::notices::{self, InSight};
use super::sequencer::{Committed, Proposal};
use crate::record::{
    Event, Flood, NoToken, PersonId, RequestKind, Suppression, SuppressionReason, Token, TokenKind,
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
/// If it is no such token, or names nobody; or if the store could not take it: then it must be said that nothing was done.
pub async fn obey(office: &Office, text: &str) -> Result<Obeyed, NotObeyed> {
    let token = recognise(office, text)?;
    for _ in 0..TRIES {
        let state = office.sequencer.reader().state();
        let found = state.person_beginning(&token.person)?;
        let person = found.ok_or(NotObeyed::Nobody)?;
        let row = state.person(person)?;
        let holds = row.suppression.as_ref().map(|s| s.suppression);
        if holds == Some(Suppression::Suppressed) && !state.is_unproved(person)? {
            let frame = None;
            return Ok(Obeyed { person, frame });
        }
        let suppressed = Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::Request(RequestKind::Stop),
            case: None,
        };
        let unchanged = Expectation::Person {
            id: person,
            version: row.version,
        };
        let mut events = with_notices(office, suppressed);
        // The token proves what somebody may have written in their name before (B11).
        events.push(Event::Flood(Flood::Confirmed { person }));
        // A STOP is taken even when the disk is nearly full: the room for last words is for this.
        let proposal = Proposal::essential(events).expecting(vec![unchanged]);
        match office.sequencer.commit(proposal).await {
            Committed::Frame(frame) => {
                let frame = Some(frame);
                return Ok(Obeyed { person, frame });
            }
            Committed::Conflict => {}
            Committed::Full(why) | Committed::Failed(why) => return Err(NotObeyed::Commit(why)),
        }
    }
    Err(NotObeyed::Commit("something always came between".into()))
}

/// With what the tools that send must be told. What cannot be looked up for that delays no STOP.
fn with_notices(office: &Office, suppressed: Event) -> Vec<Event> {
    let (house, mut events) = (office.house.load(), vec![suppressed]);
    match notices::ask(office, &house, &events, &InSight::default()) {
        Ok(notices) => events.extend(notices),
        Err(why) => tracing::error!(%why, "the tools that send could not be told of a click"),
    }
    events
}
