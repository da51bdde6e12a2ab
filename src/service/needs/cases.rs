//! What the open cases wait for: letters, clocks, identity, proposals; each case once.

use super::{LOOKED_AT, Need, Why, days};
use crate::record::{
    CaseId, CaseRow, Damaged, LetterId, LetterRow, MessageState, RecipientRow, RecipientState,
    RequestKind, RequestState, State, Timestamp, Waiting,
};
use crate::service::drafting::{is_open, left_to_a_human};
use std::collections::{BTreeMap, BTreeSet};

/// What one case waits for.
#[derive(Default)]
struct Waits {
    why: Vec<Why>,
    since: Option<Timestamp>,
    due: Option<Timestamp>,
    letter: Option<LetterId>,
    asks: Vec<RequestKind>,
}

/// What a letter waits for, where it waits for a human.
const LETTERS: [(Waiting, Why); 4] = [
    (Waiting::Draft, Why::Draft),
    (Waiting::Uncertain, Why::UncertainLetter),
    (Waiting::Rejected, Why::RejectedLetter),
    (Waiting::Bounced, Why::BouncedLetter),
];

/// Cases that wait.
pub(super) struct Cases<'s> {
    state: &'s State<'s>,
    now: Timestamp,
    all: BTreeMap<u64, Waits>,
}

impl<'s> Cases<'s> {
    /// With messages that are held in them.
    pub(super) fn gathered(
        state: &'s State<'s>,
        now: Timestamp,
        soon: u32,
        held: Vec<(CaseId, Timestamp)>,
    ) -> Result<Self, Damaged> {
        let all = BTreeMap::new();
        let mut cases = Self { state, now, all };
        cases.waiting()?;
        for (case, since) in held {
            if !cases.all.contains_key(&case.bits()) {
                cases.add(case, Why::HeldCase, since);
            }
        }
        let mut running: BTreeSet<u64> = cases.all.keys().copied().collect();
        let due = state.due(LOOKED_AT)?.into_iter();
        running.extend(due.map(|(_, case, _)| case.bits()));
        for case in running.into_iter().map(CaseId::from_bits) {
            if let Some(row) = state.case(case)?.filter(|r| r.closed.is_none()) {
                cases.look(case, &row, soon)?;
            }
        }
        Ok(cases)
    }

    /// This one alone, if it is open: however many wait before it.
    pub(super) fn one(
        state: &'s State<'s>,
        now: Timestamp,
        soon: u32,
        case: CaseId,
    ) -> Result<Self, Damaged> {
        let all = BTreeMap::new();
        let mut cases = Self { state, now, all };
        let Some(row) = state.case(case)?.filter(|r| r.closed.is_none()) else {
            return Ok(cases);
        };
        for (id, letter) in state.letters(case)? {
            let class = letter.waits_as();
            if let Some((_, why)) = LETTERS.iter().find(|(of, _)| class == Some(*of)) {
                cases.letter(id, *why, letter.changed);
            }
        }
        for row in state.recipients_of(case)? {
            if row.is_open() {
                cases.recipient(&row);
            }
        }
        if row.held.is_some() {
            cases.add(case, Why::HeldCase, row.opened);
        }
        for message in &row.messages {
            let message = state.message(*message)?;
            let held = message.filter(|m| m.state == Some(MessageState::Held));
            if let Some(held) = held.filter(|_| cases.all.is_empty()) {
                cases.add(case, Why::HeldCase, held.received);
            }
        }
        cases.look(case, &row, soon)?;
        Ok(cases)
    }

    /// What the index names as waiting.
    fn waiting(&mut self) -> Result<(), Damaged> {
        for (class, why) in LETTERS {
            for (since, letter) in self.state.waiting_letters(class, LOOKED_AT)? {
                self.letter(letter, why, since);
            }
        }
        for row in self.state.recipients_open(LOOKED_AT)? {
            let case = self.state.case(row.item.case)?;
            if case.is_some_and(|c| c.closed.is_none()) {
                self.recipient(&row);
            }
        }
        for (since, id) in self.state.waiting(Waiting::HeldCase, LOOKED_AT)? {
            if let Ok(bits) = <[u8; 8]>::try_from(id.as_slice()) {
                let case = CaseId::from_bits(u64::from_be_bytes(bits));
                self.add(case, Why::HeldCase, since);
            }
        }
        Ok(())
    }

    fn letter(&mut self, letter: LetterId, why: Why, since: Timestamp) {
        let waits = self.add(letter.case, why, since);
        if why != Why::Draft {
            waits.letter = Some(letter);
        }
    }

    fn recipient(&mut self, row: &RecipientRow) {
        if matches!(row.state, RecipientState::Failed(_)) || row.is_overdue(self.now) {
            self.add(row.item.case, Why::Recipient, row.asked);
        }
    }

    fn add(&mut self, case: CaseId, why: Why, since: Timestamp) -> &mut Waits {
        let waits = self.all.entry(case.bits()).or_default();
        if !waits.why.contains(&why) {
            waits.why.push(why);
        }
        waits.since = Some(waits.since.map_or(since, |s| s.min(since)));
        waits
    }

    /// Its clocks, its identity, what is proposed, what no letter answers; whether a draft has words is not in the state, so
    /// `by_hand` adds that.
    fn look(&mut self, case: CaseId, row: &CaseRow, soon: u32) -> Result<(), Damaged> {
        let mut open = row.requests.iter().filter(|r| is_open(r.state));
        let due = row.running_due();
        match due.map(|due| days(self.now, due)) {
            Some(days) if days < 0 => {
                self.add(case, Why::Overdue, row.opened);
            }
            Some(days) if days <= i64::from(soon) => {
                self.add(case, Why::DueSoon, row.opened);
            }
            _ => {}
        }
        let code = row.review.identity.as_ref();
        let asked = code.is_some_and(|code| code.expires > self.now);
        if !asked && open.any(|r| r.state == RequestState::AwaitingIdentity) {
            self.add(case, Why::Identity, row.opened);
        }
        let undecided = (0u16..).zip(&row.proposals);
        if (undecided.map(|(n, _)| n)).any(|n| row.review.settled(n).is_none()) {
            self.add(case, Why::Proposed, row.opened);
        }
        let letters: Vec<LetterRow> = (self.state.letters(case)?.into_iter())
            .map(|(_, l)| l)
            .collect();
        if !left_to_a_human(row, &letters).is_empty() {
            self.add(case, Why::ByHand, row.opened);
        }
        if let Some(waits) = self.all.get_mut(&case.bits()) {
            waits.due = due;
            waits.asks = row.requests.iter().map(|r| r.request).collect();
        }
        Ok(())
    }

    /// One need a case.
    pub(super) fn needs(self) -> Vec<Need> {
        let now = self.now;
        let need = |(bits, mut waits): (u64, Waits)| {
            waits.why.sort_unstable();
            let case = CaseId::from_bits(bits);
            let command = match waits.letter {
                Some(letter) => format!("quitus letters show {letter}"),
                None if waits.why == [Why::Identity] => format!("quitus requests identify {case}"),
                None => format!("quitus requests show {case}"),
            };
            Need {
                why: waits.why,
                subject: Some(case.to_string()),
                asks: waits.asks,
                count: 1,
                since: waits.since.map(|t| t.to_string()),
                due: waits.due.map(|t| t.to_string()),
                days_left: waits.due.map(|due| days(now, due)),
                escalated: None,
                command,
                message: None,
            }
        };
        self.all.into_iter().map(need).collect()
    }
}
