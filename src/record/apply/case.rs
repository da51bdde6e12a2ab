//! What events mean for cases: their requests' clocks, and what of them waits for a human.

use super::{CaseRow, Clock, Damaged, Done, Event, Step, Table, Waiting};
use crate::record::{CaseId, RequestKind, RequestState, order};

impl Step<'_> {
    pub(super) fn case(&mut self, event: &Event) -> Done {
        match event {
            Event::CaseOpened { .. } => self.open_case(event),
            Event::MessageAdded { case, message } => self.change_case(*case, |row| {
                if !row.messages.contains(message) {
                    row.messages.push(*message);
                }
            }),
            Event::CaseHeld { case, rule } => {
                self.change_case(*case, |row| row.held = Some(rule.clone()))
            }
            Event::CaseReleased { case, .. } => self.change_case(*case, |row| row.held = None),
            Event::CaseClosed { case, .. } => self.close_case(*case),
            Event::LegalHold { case, on, .. } => {
                self.change_case(*case, |row| row.legal_hold = *on)
            }
            Event::Proposed {
                case: Some(case), ..
            } => {
                let position = self.position;
                self.change_case(*case, |row| row.proposals.push(position))
            }
            _ => Ok(()),
        }
    }

    /// The clocks of what was asked.
    pub(super) fn request(&mut self, event: &Event) -> Done {
        match event {
            Event::RequestOpened {
                case,
                request,
                received,
                target,
                due,
            } => self.change_case(*case, |row| {
                if row.requests.iter().all(|c| c.request != *request) {
                    let (request, state) = (*request, RequestState::Open);
                    let (received, target, due) = (*received, *target, *due);
                    row.requests.push(Clock {
                        request,
                        state,
                        received,
                        target,
                        due,
                        reminders: 0,
                    });
                }
            }),
            Event::RequestMoved {
                case,
                request,
                state,
                ..
            } => self.change_case(*case, |row| {
                clocks_of(row, *request).for_each(|c| c.state = *state);
            }),
            Event::RequestExtended {
                case, request, due, ..
            } => self.change_case(*case, |row| {
                clocks_of(row, *request).for_each(|c| (c.due, c.target) = (*due, *due));
            }),
            Event::Reminded {
                case,
                request,
                message,
            } => self.change_case(*case, |row| {
                // Two requests repeated in one message are one message.
                if !row.messages.contains(message) {
                    row.messages.push(*message);
                }
                clocks_of(row, *request).for_each(|c| c.reminders += 1);
            }),
            _ => Ok(()),
        }
    }

    fn open_case(&mut self, event: &Event) -> Done {
        let Event::CaseOpened {
            case,
            person,
            message,
            language,
            content_key,
            proof_key,
            previous,
            ..
        } = event
        else {
            return Ok(());
        };
        if self.state().case(*case)?.is_some() {
            return Ok(());
        }
        let standing = person.map(|p| self.state().standing(p));
        let row = CaseRow {
            version: 1,
            person: standing.transpose()?,
            opened: self.at,
            language: *language,
            requests: Vec::new(),
            messages: message.iter().copied().collect(),
            steps: 0,
            held: None,
            closed: None,
            content_key: *content_key,
            proof_key: *proof_key,
            legal_hold: false,
            previous: *previous,
            position: self.position,
            proposals: Vec::new(),
            review: Default::default(),
        };
        self.put(Table::Case, &case.bits().to_be_bytes(), &row);
        for key in order::keys(*case, &row) {
            self.tables.put(Table::CaseOrder, &key, Vec::new());
        }
        let mut counts = self.state().counts()?;
        counts.open_cases += 1;
        self.put(Table::Meta, b"counts", &counts);
        match person {
            Some(person) => self.change_person(*person, |p| p.open.push(*case)),
            None => Ok(()),
        }
    }

    fn close_case(&mut self, case: CaseId) -> Done {
        let Some(row) = self.state().case(case)? else {
            return Ok(());
        };
        if row.closed.is_some() {
            return Ok(());
        }
        let mut counts = self.state().counts()?;
        counts.open_cases = counts.open_cases.saturating_sub(1);
        self.put(Table::Meta, b"counts", &counts);
        let at = self.at;
        self.change_case(case, |row| (row.closed, row.held) = (Some(at), None))?;
        let Some(person) = row.person else {
            return Ok(());
        };
        self.change_person(person, |p| {
            p.open.retain(|c| *c != case);
            p.closed.push(case);
            if p.closed.len() > 8 {
                p.closed.remove(0);
            }
        })
    }

    /// What was done is not done after all: the case is open again.
    pub(super) fn reopen_case(&mut self, case: CaseId) -> Done {
        let Some(row) = self.state().case(case)?.filter(|r| r.closed.is_some()) else {
            return Ok(());
        };
        let mut counts = self.state().counts()?;
        counts.open_cases += 1;
        self.put(Table::Meta, b"counts", &counts);
        self.change_case(case, |row| row.closed = None)?;
        let Some(person) = row.person else {
            return Ok(());
        };
        self.change_person(person, |p| {
            p.closed.retain(|c| *c != case);
            p.open.push(case);
        })
    }

    /// Changes a case's row, and keeps its clocks and its place among what waits in step.
    pub(super) fn change_case(&mut self, id: CaseId, change: impl FnOnce(&mut CaseRow)) -> Done {
        let Some(mut row) = self.state().case(id)? else {
            return Ok(());
        };
        let (clocks, held) = (running(id, &row), row.held.is_some());
        let order = order::keys(id, &row);
        change(&mut row);
        row.version += 1;
        self.replace(Table::Due, &clocks, &running(id, &row));
        self.replace(Table::CaseOrder, &order, &order::keys(id, &row));
        let class = |held: bool| held.then_some(Waiting::HeldCase);
        if held != row.held.is_some() {
            self.wait(
                class(held),
                class(row.held.is_some()),
                row.opened,
                &id.bits().to_be_bytes(),
            );
        }
        self.put(Table::Case, &id.bits().to_be_bytes(), &row);
        Ok::<(), Damaged>(())
    }

    /// Keys without values: these stand where those stood.
    fn replace(&mut self, table: Table, old: &[Vec<u8>], new: &[Vec<u8>]) {
        for key in old.iter().filter(|k| !new.contains(k)) {
            self.tables.delete(table, key);
        }
        for key in new.iter().filter(|k| !old.contains(k)) {
            self.tables.put(table, key, Vec::new());
        }
    }
}

fn clocks_of(row: &mut CaseRow, request: RequestKind) -> impl Iterator<Item = &mut Clock> {
    row.requests
        .iter_mut()
        .filter(move |c| c.request == request)
}

/// The keys of the clocks of a case that run.
fn running(id: CaseId, row: &CaseRow) -> Vec<Vec<u8>> {
    let open = |c: &&Clock| matches!(c.state, RequestState::Open | RequestState::AwaitingIdentity);
    let clocks = row
        .requests
        .iter()
        .filter(|_| row.closed.is_none())
        .filter(open);
    clocks
        .map(|c| {
            let mut key = c.target.millis().to_be_bytes().to_vec();
            key.extend_from_slice(&id.bits().to_be_bytes());
            key.push(c.request as u8);
            key
        })
        .collect()
}
