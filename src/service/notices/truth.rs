//! Letters that wait for the senders: written and queued when every one has obeyed, so that they say only what is true.
//!
//! After `letter_waits_minutes` the letter says that a mail already scheduled may still come, or a human sees it first
//! (`unconfirmed`). It is composed by the very path of a draft, with the facts of that moment.

use super::Standing;
use crate::record::{
    CaseId, Concerned, Damaged, Event, LetterHead, LetterId, LetterRow, LetterState, MessageState,
    Mode, RuleId, WAITS_FOR_SENDERS, Waiting,
};
use crate::request::{Expectation, Unconfirmed, rule};
use crate::service::composing::Unwritten;
use crate::service::drafting::CaseFile;
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};
use crate::service::sequencer::{Committed, Proposal};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Between two looks at the letters whose time is over.
const NAP: Duration = Duration::from_millis(500);
/// Letters looked at in one round.
const ROUND: usize = 500;

/// Lets letters go when they can be true.
pub struct Truth {
    office: Office,
    obeyed: mpsc::UnboundedReceiver<Concerned>,
}

impl Truth {
    /// Told of everybody of whom all senders have obeyed.
    pub fn new(office: Office, obeyed: mpsc::UnboundedReceiver<Concerned>) -> Self {
        Self { office, obeyed }
    }

    /// Looks at all that wait once, then at those whose senders have obeyed or whose time is over, until `stop`.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.every(usize::MAX).await;
        while !*stop.borrow_and_update() {
            tokio::select! {
                _ = stop.changed() => {}
                Some(about) = self.obeyed.recv() => self.of(about).await,
                // Those whose time is over, and those that a human has made true.
                () = tokio::time::sleep(NAP) => self.every(ROUND).await,
            }
        }
    }

    /// The letters that wait, the oldest first.
    async fn every(&self, limit: usize) {
        let state = self.office.sequencer.reader().state();
        let waiting = state.waiting_letters(Waiting::Truth, limit);
        for (_, letter) in waiting.unwrap_or_default() {
            self.look(letter).await;
        }
    }

    /// The letters of one person.
    async fn of(&self, about: Concerned) {
        let Concerned::Person(person) = about else {
            return;
        };
        let state = self.office.sequencer.reader().state();
        let cases = state.person(person).map(|p| p.open).unwrap_or_default();
        for case in cases {
            for (letter, row) in state.letters(case).unwrap_or_default() {
                if waits(&row) {
                    self.look(letter).await;
                }
            }
        }
    }

    async fn look(&self, letter: LetterId) {
        // A conflict: a message joined the case meanwhile; it is looked at again at once, and later if need be.
        for _ in 0..5 {
            match self.release(letter).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(why) => return tracing::warn!(case = %letter.case, %why, "a letter waits"),
            }
        }
    }

    /// Whether nothing came between.
    async fn release(&self, letter: LetterId) -> Result<bool, String> {
        let house = self.office.house.load_full();
        let reader = self.office.sequencer.reader();
        let state = reader.state();
        let words = |e: Damaged| e.to_string();
        let mode = state.mode().map_err(words)?;
        let row = state.letter(letter).map_err(words)?;
        let Some(row) = row.filter(waits) else {
            return Ok(true);
        };
        if mode.is_none_or(|m| m.mode != Mode::Live) {
            return Ok(true);
        }
        let obeyed = Standing::of(&state, &house.senders, row.head.person).map_err(words)?;
        let minutes = i64::from(house.config.policy.settings.letter_waits_minutes);
        let over = self.office.clock.now().millis_since(row.changed) >= minutes * 60_000;
        let true_now = matches!(obeyed, Standing::Obeyed(_) | Standing::NoSenders);
        if !true_now && !over {
            return Ok(true);
        }
        let hold = house.config.policy.settings.unconfirmed == Unconfirmed::Hold;
        let (events, version) = match true_now || !hold {
            true => self.queued(&house, &row).map_err(|e| e.to_string())?,
            false => self.held(&row.head, rule::UNCONFIRMED).map_err(words)?,
        };
        let case = Expectation::Case {
            id: letter.case,
            version,
        };
        let proposal = Proposal::new(events).expecting(vec![case]);
        match self.office.sequencer.commit(proposal).await {
            Committed::Frame(_) => Ok(true),
            Committed::Conflict => Ok(false),
            Committed::Full(why) | Committed::Failed(why) => Err(why),
        }
    }

    /// The letter as it leaves now; what cannot be written is held (A8).
    fn queued(&self, house: &House, row: &LetterRow) -> Result<(Vec<Event>, u32), Trouble> {
        let (reader, id) = (self.office.sequencer.reader(), row.head.letter);
        let Some(case) = CaseFile::open(reader, id.case)? else {
            return Err(Damaged("a letter without its case".into()).into());
        };
        let frozen = match case.write(&self.office, house, row)? {
            Ok(draft) => draft.freeze(&self.office, house, true),
            Err(why) => Err(why),
        };
        let frozen = match frozen {
            Ok(frozen) => frozen,
            Err(Unwritten(why)) => {
                tracing::info!(case = %id.case, %why, "a letter could not be written");
                return Ok(self.held(&row.head, rule::UNSURE_LETTER)?);
            }
        };
        let event = Event::LetterQueued {
            head: row.head.clone(),
            mail: reader.fingerprinter().mail_id(&frozen.message_id),
            not_before: row.next,
            expires: row.expires,
            digest: Sha256::digest(&frozen.bytes).into(),
            frozen: reader.seal(case.row.proof_key, &frozen)?,
            by: "auto".into(),
        };
        Ok((vec![event], case.row.version))
    }

    /// A human sees it first.
    fn held(&self, head: &LetterHead, rule: RuleId) -> Result<(Vec<Event>, u32), Damaged> {
        let (letter, state) = (head.letter, self.office.sequencer.reader().state());
        let version = state.case(letter.case)?.map_or(0, |c| c.version);
        let mut events = vec![
            Event::LetterHeld {
                letter,
                rule: rule.clone(),
            },
            held_case(letter.case, rule.clone()),
        ];
        events.extend(head.message.map(|message| Event::Decided {
            message,
            state: MessageState::Held,
            rule,
            case: Some(letter.case),
        }));
        Ok((events, version))
    }
}

fn held_case(case: CaseId, rule: RuleId) -> Event {
    Event::CaseHeld { case, rule }
}

fn waits(row: &LetterRow) -> bool {
    row.state == LetterState::Draft && row.rule.as_ref() == Some(&WAITS_FOR_SENDERS)
}
