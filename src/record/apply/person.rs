//! What events mean for persons, their suppressions and their cases.

use super::{CaseRow, Clock, Damaged, Done, Event, Step, Table, Waiting};
use crate::record::rows::{PersonRow, SuppressionRow};
use crate::record::{CaseId, PersonId, RequestState};

impl Step<'_> {
    /// Changes a person's row; its version grows, so that a decision made on the old row is made again.
    pub(super) fn change_person(
        &mut self,
        id: PersonId,
        change: impl FnOnce(&mut PersonRow),
    ) -> Done {
        let mut row = self.state().person(id)?;
        let was = row.suppression.as_ref().map(|s| s.suppression);
        change(&mut row);
        row.version += 1;
        let is = row.suppression.as_ref().map(|s| s.suppression);
        if was != is {
            let mut counts = self.state().counts()?;
            if let Some(was) = was {
                counts.suppressed[was as usize] = counts.suppressed[was as usize].saturating_sub(1);
            }
            if let Some(is) = is {
                counts.suppressed[is as usize] += 1;
            }
            self.put(Table::Meta, b"counts", &counts);
        }
        self.put(Table::Person, &id.0, &row);
        Ok(())
    }

    /// Something about the person changed that is not in its row.
    pub(super) fn touch(&mut self, id: PersonId) -> Done {
        self.change_person(id, |_| {})
    }

    pub(super) fn person(&mut self, event: &Event) -> Done {
        match event {
            Event::Recognised {
                person,
                fingerprints,
            } => {
                for fingerprint in fingerprints {
                    if self.state().alias(fingerprint)?.is_none() {
                        self.put(Table::Alias, &fingerprint.0, person);
                    }
                }
                self.change_person(*person, |row| {
                    for f in fingerprints {
                        if !row.fingerprints.contains(f) {
                            row.fingerprints.push(*f);
                        }
                    }
                })
            }
            Event::Suppressed {
                person,
                suppression,
                reason,
                case,
            } => {
                let at = self.at;
                self.change_person(*person, |row| {
                    // A pause never weakens a suppression, and what holds keeps the date since when it holds.
                    if row
                        .suppression
                        .as_ref()
                        .is_none_or(|s| s.suppression < *suppression)
                    {
                        let (suppression, reason, case) = (*suppression, *reason, *case);
                        row.suppression = Some(SuppressionRow {
                            suppression,
                            since: at,
                            reason,
                            case,
                        });
                    }
                })
            }
            Event::Lifted { person, .. } => {
                self.change_person(*person, |row| row.suppression = None)
            }
            Event::DomainSuppressed {
                domain,
                suppression,
                reason,
                case,
            } => {
                let (suppression, reason, case) = (*suppression, *reason, *case);
                let row = SuppressionRow {
                    suppression,
                    since: self.at,
                    reason,
                    case,
                };
                self.put(Table::Domain, &domain.0, &row);
                Ok(())
            }
            Event::DomainLifted { domain, .. } => {
                self.tables.delete(Table::Domain, &domain.0);
                Ok(())
            }
            Event::AddressFailed {
                person,
                until,
                hard,
            } => self.change_person(*person, |row| {
                if *hard {
                    row.failing_until = Some(*until);
                }
            }),
            Event::Spoke { person, words } => {
                let at = self.at;
                self.change_person(*person, |row| row.spoke = Some((*words, at)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn case(&mut self, event: &Event) -> Done {
        match event {
            Event::CaseOpened { .. } => self.open_case(event),
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
                row.requests
                    .iter_mut()
                    .filter(|c| c.request == *request)
                    .for_each(|c| c.state = *state);
            }),
            Event::RequestExtended {
                case, request, due, ..
            } => self.change_case(*case, |row| {
                row.requests
                    .iter_mut()
                    .filter(|c| c.request == *request)
                    .for_each(|c| (c.due, c.target) = (*due, *due));
            }),
            Event::Reminded {
                case,
                request,
                message,
            } => self.change_case(*case, |row| {
                row.messages.push(*message);
                row.requests
                    .iter_mut()
                    .filter(|c| c.request == *request)
                    .for_each(|c| c.reminders += 1);
            }),
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
        let row = CaseRow {
            version: 1,
            person: *person,
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
        };
        self.put(Table::Case, &case.bits().to_be_bytes(), &row);
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

    /// Changes a case's row, and keeps its clocks and its place among what waits in step.
    pub(super) fn change_case(&mut self, id: CaseId, change: impl FnOnce(&mut CaseRow)) -> Done {
        let Some(mut row) = self.state().case(id)? else {
            return Ok(());
        };
        let (clocks, held) = (running(id, &row), row.held.is_some());
        change(&mut row);
        row.version += 1;
        let now = running(id, &row);
        for key in clocks.iter().filter(|k| !now.contains(k)) {
            self.tables.delete(Table::Due, key);
        }
        for key in now.iter().filter(|k| !clocks.contains(k)) {
            self.tables.put(Table::Due, key, Vec::new());
        }
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
