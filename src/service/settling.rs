//! What became of letters whose fate is not known, and what follows once a letter has left (C5).
//!
//! A letter that was `sending` when the process ended is uncertain. It is looked for where the configuration says that a
//! copy must lie if the server took it; found, it counts as sent, with the place as its evidence. Not found proves
//! nothing: it stays uncertain, and a human decides. Nothing here ever sends.

use super::desks::Desks;
use super::erasing;
use super::extending;
use super::filing;
use super::gathering::Trouble;
use super::house::Office;
use super::outbox::{held, write};
use super::owners;
use crate::config::Config;
use crate::delivery::SentCheck;
use crate::mailbox::{MailboxSettings, SessionError, holds};
use crate::record::{
    Address, CaseRow, Clock, Damaged, Event, FrozenLetter, Judgement, LetterHead, LetterId,
    LetterKind, LetterRow, LetterState, MessageState, RequestKind, RequestState, RuleId, SmtpReply,
    State, Waiting,
};
use crate::request::rule;
use crate::store::Reader;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The rule by which an uncertain letter waits, with its case and its message.
const UNCERTAIN: RuleId = RuleId::of("C4");
/// The rule by which it was found after all, or a human knew.
const SETTLED: RuleId = RuleId::of("C5");
/// Uncertain letters looked for in one round.
const ROUND: usize = 100;

/// C5: what was `sending` when the process ended is uncertain. How many there are.
pub async fn settle(office: &Office) -> Result<usize, String> {
    let state = office.sequencer.reader().state();
    let found = state
        .waiting_letters(Waiting::Sending, usize::MAX)
        .map_err(|e| e.to_string())?;
    for (_, letter) in &found {
        let reply = SmtpReply {
            phase: "final_dot".into(),
            text: "the process ended while the letter was being sent".into(),
        };
        let letter = *letter;
        let events = vec![Event::LetterUncertain { letter, reply }, held(letter)];
        write(office, events).await;
    }
    Ok(found.len())
}

/// A letter's frozen bytes and envelope; `None` if it was never frozen, or its key was erased.
pub fn frozen_letter(reader: &Reader, row: &LetterRow) -> Result<Option<FrozenLetter>, Trouble> {
    let Some(position) = row.position else {
        return Ok(None);
    };
    match reader.event(position)? {
        Event::LetterQueued { frozen, .. } => Ok(reader.open_sealed(&frozen)?),
        // On paper: see `paper::printed`.
        Event::LetterJudged(Judgement::Printed { .. }) => Ok(None),
        _ => Err(Damaged("a letter's place in the log holds something else".into()).into()),
    }
}

/// What follows when the server has taken a letter: the requests that it answered, the case if nothing is left, and
/// what is to be filed.
pub(super) fn when_sent(office: &Office, letter: LetterId, head: &LetterHead) -> Vec<Event> {
    let case = office.sequencer.reader().state().case(letter.case);
    let case = case.ok().flatten();
    let is_held = case.as_ref().is_some_and(|c| c.held.is_some());
    let mut events = answered(letter, head, case.as_ref(), is_held, "auto");
    let now = office.clock.now();
    events.extend(extending::with_letter(office, head, now, "auto"));
    events.extend(owners::with_letter(office, letter, head));
    events.extend(erasing::with_letter(office, head));
    events.extend(filing::after_letter(office, letter, head));
    events
}

/// What follows when an uncertain letter turns out to have left: as when it was sent, and nobody waits for it any more.
/// The caller writes the word itself ([`Event::LetterSent`] or a judgement) in front of it.
pub fn arrived(
    office: &Office,
    letter: LetterId,
    row: &LetterRow,
    by: &str,
) -> Result<Vec<Event>, Damaged> {
    let state = office.sequencer.reader().state();
    let case = state.case(letter.case)?;
    let only_that = case.as_ref().and_then(|c| c.held.as_ref()) == Some(&UNCERTAIN);
    let mut events = Vec::new();
    if only_that {
        events.push(Event::CaseReleased {
            case: letter.case,
            by: by.to_owned(),
            note: None,
        });
    }
    if let Some(message) = row.head.message
        && let Some(waits) = state.message(message)?
        && (waits.state, &waits.rule) == (Some(MessageState::Held), &UNCERTAIN)
    {
        events.push(Event::Decided {
            message,
            state: MessageState::Answered,
            rule: SETTLED,
            case: Some(letter.case),
        });
    }
    let is_held = !only_that && case.as_ref().is_some_and(|c| c.held.is_some());
    events.extend(answered(letter, &row.head, case.as_ref(), is_held, by));
    // It left when it became uncertain, not when that was found out.
    events.extend(extending::with_letter(office, &row.head, row.changed, by));
    events.extend(owners::with_letter(office, letter, &row.head));
    events.extend(erasing::with_letter(office, &row.head));
    events.extend(filing::after_letter(office, letter, &row.head));
    Ok(events)
}

/// The requests that a letter answered, and the case if nothing is left.
pub(super) fn answered(
    letter: LetterId,
    head: &LetterHead,
    row: Option<&CaseRow>,
    is_held: bool,
    by: &str,
) -> Vec<Event> {
    let (case, by) = (letter.case, by.to_owned());
    // A code, an extension, an acknowledgement alone; one that comes with a STOP answers the STOP.
    if head.kind == LetterKind::Apology {
        return vec![Event::CaseClosed { case, by }];
    }
    if head.answers.is_empty() {
        return Vec::new();
    }
    let kinds = head.answers.iter().copied();
    let (undone, done): (Vec<RequestKind>, Vec<RequestKind>) =
        kinds.partition(|kind| row.is_some_and(|c| is_erased_later(c, *kind)));
    let moved = done.into_iter().map(|request| Event::RequestMoved {
        case,
        request,
        state: RequestState::Answered,
        by: by.clone(),
    });
    let mut events: Vec<Event> = moved.collect();
    if !undone.is_empty() {
        let rule = rule::IDENTITY;
        events.push(Event::CaseHeld { case, rule });
        return events;
    }
    let is_open = |state| matches!(state, RequestState::Open | RequestState::AwaitingIdentity);
    let open = row.is_some_and(|c| {
        let mut others = c
            .requests
            .iter()
            .filter(|r| !head.answers.contains(&r.request));
        is_held || others.any(|r| is_open(r.state))
    });
    if !open {
        events.push(Event::CaseClosed { case, by });
    }
    events
}

/// Whether nothing is erased with the letter, whatever it says: it is not proved who asks (B8). Then nothing is answered, and
/// a human sees to it.
fn is_erased_later(row: &CaseRow, kind: RequestKind) -> bool {
    let waits = |r: &Clock| r.request == kind && r.state == RequestState::AwaitingIdentity;
    kind == RequestKind::Erasure && row.requests.iter().any(waits)
}

/// The mailbox through which a letter's person wrote; the first one if they did not write.
pub(super) fn mailbox_of(
    state: &State<'_>,
    config: &Config,
    head: &LetterHead,
) -> Result<Option<MailboxSettings>, Damaged> {
    let mailboxes = &config.mailboxes;
    let Some(message) = head
        .message
        .map(|m| state.message(m))
        .transpose()?
        .flatten()
    else {
        return Ok(mailboxes.first().cloned());
    };
    let folder = state.folder(message.location.folder)?;
    let name = folder.map(|f| f.mailbox);
    let named = mailboxes.iter().find(|m| Some(&m.name) == name.as_ref());
    Ok(named.cloned())
}

/// Whether a letter holds what other people's programs that read the mailbox must not see (C6).
pub(super) fn is_personal(head: &LetterHead) -> bool {
    let personal = [
        RequestKind::Access,
        RequestKind::Erasure,
        RequestKind::Portability,
    ];
    head.answers.iter().any(|k| personal.contains(k)) || head.kind == LetterKind::Identity
}

/// Where a blind copy of this letter goes, with `sent_check = "bcc"`.
pub(super) fn blind_copy(office: &Office, row: &LetterRow) -> Option<Address> {
    let house = office.house.load();
    if house.config.smtp.sent_check != SentCheck::Bcc {
        return None;
    }
    let state = office.sequencer.reader().state();
    let mailbox = mailbox_of(&state, &house.config, &row.head).ok()??;
    let may = mailbox.filing.personal || !is_personal(&row.head);
    Some(mailbox.address).filter(|a| may && a.as_str().is_ascii())
}

/// Where uncertain letters are looked for, in words.
pub fn looked_for(office: &Office) -> &'static str {
    match office.house.load().config.smtp.sent_check {
        SentCheck::Imap => "looked for in Sent at every poll, not found there so far",
        SentCheck::Bcc => "its blind copy is looked for at every poll, not found so far",
        SentCheck::None => "looked for nowhere (sent_check in [smtp])",
    }
}

/// Looks for uncertain letters, on the second connections.
pub struct SentChecks {
    office: Office,
    desks: Arc<Desks>,
}

impl SentChecks {
    /// Nothing is looked for yet.
    pub fn new(office: Office, desks: Arc<Desks>) -> Self {
        Self { office, desks }
    }

    /// Looks at the start, and at every poll, until `stop` becomes true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            // Nothing is changed in the mailbox, so a round that is given up in the middle has done no harm.
            tokio::select! {
                _ = stop.changed() => {}
                () = async {
                    if let Err(why) = self.round().await {
                        tracing::warn!(%why, "uncertain letters cannot be looked for");
                    }
                    tokio::time::sleep(self.pause()).await;
                } => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let house = self.office.house.load();
        let polls = house.config.mailboxes.iter().map(|m| m.poll_every());
        polls.min().unwrap_or(Duration::from_secs(60))
    }

    async fn round(&self) -> Result<(), String> {
        let check = self.office.house.load().config.smtp.sent_check;
        if check == SentCheck::None {
            return Ok(());
        }
        let reader = self.office.sequencer.reader();
        let waiting = reader.state().waiting_letters(Waiting::Uncertain, ROUND);
        for (_, letter) in waiting.map_err(|e| e.to_string())? {
            if let Some(place) = self.look_for(letter, check).await? {
                self.found(letter, &place).await?;
            }
        }
        Ok(())
    }

    /// The folder in which the letter lies.
    async fn look_for(&self, letter: LetterId, check: SentCheck) -> Result<Option<String>, String> {
        let reader = self.office.sequencer.reader();
        let state = reader.state();
        let Some(row) = state.letter(letter).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let config = self.office.house.load_full();
        let mailbox = mailbox_of(&state, &config.config, &row.head).map_err(|e| e.to_string())?;
        let frozen = frozen_letter(reader, &row).map_err(|e| e.to_string())?;
        let (Some(mailbox), Some(frozen)) = (mailbox, frozen) else {
            return Ok(None);
        };
        let folders = match check {
            SentCheck::Imap => vec![mailbox.sent.clone()],
            SentCheck::Bcc => mailbox.folders.clone(),
            SentCheck::None => Vec::new(),
        };
        let Some(mut desk) = self.desks.of(&mailbox.name).await else {
            return Ok(None);
        };
        for folder in folders.iter().filter(|f| !f.is_empty()) {
            let session = desk.session().await?;
            match holds(session, folder, &frozen.message_id).await {
                Ok(true) => return Ok(Some(format!("{folder} of mailbox {}", mailbox.name))),
                Ok(false) => {}
                Err(why @ (SessionError::NoFolder(_) | SessionError::No { .. })) => {
                    tracing::warn!(mailbox = mailbox.name, %why, "an uncertain letter cannot be looked for");
                }
                Err(e) => return Err(e.to_string()),
            }
        }
        Ok(None)
    }

    async fn found(&self, letter: LetterId, place: &str) -> Result<(), String> {
        let state = self.office.sequencer.reader().state();
        let row = state.letter(letter).map_err(|e| e.to_string())?;
        // A human may have settled it while it was looked for.
        let Some(row) = row.filter(|r| r.state == LetterState::Uncertain) else {
            return Ok(());
        };
        let reply = SmtpReply {
            phase: "sent_check".into(),
            text: format!("found in {place}"),
        };
        tracing::info!(%place, case = %letter.case, "an uncertain letter was found: it had left");
        let mut events = vec![Event::LetterSent { letter, reply }];
        let follows = arrived(&self.office, letter, &row, "auto").map_err(|e| e.to_string())?;
        events.extend(follows);
        write(&self.office, events).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
