//! Cases in the order in which people look at them: what is due first, what was closed last; found without reading all of them.
//!
//! A case stands once among all, and once among those of each kind that it asks, so that a list of one kind is a walk
//! too. Deliberately absent: languages, mailboxes, owners. Those are read from the rows of a page.

use super::rows::{CaseRow, Clock};
use super::state::fixed;
use super::tables::{Table, Tables};
use super::{CaseId, Damaged, Fingerprint, RequestKind, RequestState, State, Timestamp};
use std::str::FromStr;

/// Lists that stand in an order of their own. The letters are part of the index's format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CaseList {
    /// Open, the one that is due first at the head.
    Open = b'o',
    /// Open and held for a human, in the same order.
    Held = b'h',
    /// Closed, the last one at the head.
    Closed = b'c',
}

/// Where a case stands in a list: by its deadline (or the other way round by when it was closed), then by when it began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CasePlace {
    first: i64,
    opened: i64,
    /// The case.
    pub case: CaseId,
}

impl CasePlace {
    fn of(case: CaseId, row: &CaseRow) -> Self {
        let first = match row.closed {
            Some(at) => i64::MAX - at.millis(),
            None => row.earliest_due().map_or(i64::MAX, Timestamp::millis),
        };
        let opened = row.opened.millis();
        Self {
            first,
            opened,
            case,
        }
    }

    fn key(self, list: CaseList, kind: Option<RequestKind>) -> Vec<u8> {
        let mut key = prefix(list, kind).to_vec();
        key.extend_from_slice(&self.first.to_be_bytes());
        key.extend_from_slice(&self.opened.to_be_bytes());
        key.extend_from_slice(&self.case.bits().to_be_bytes());
        key
    }

    fn of_key(key: &[u8]) -> Result<Self, Damaged> {
        let number = |from: usize| {
            let octets = key.get(from..from + 8).unwrap_or_default();
            Ok::<_, Damaged>(i64::from_be_bytes(fixed(octets)?))
        };
        Ok(Self {
            first: number(2)?,
            opened: number(10)?,
            case: CaseId::from_bits(number(18)? as u64),
        })
    }
}

/// As a cursor names it.
impl std::fmt::Display for CasePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.first, self.opened, self.case)
    }
}

impl FromStr for CasePlace {
    type Err = ();
    fn from_str(cursor: &str) -> Result<Self, ()> {
        let (first, rest) = cursor.split_once('.').ok_or(())?;
        let (opened, case) = rest.split_once('.').ok_or(())?;
        Ok(Self {
            first: first.parse().map_err(drop)?,
            opened: opened.parse().map_err(drop)?,
            case: case.parse().map_err(drop)?,
        })
    }
}

/// A kind is never 0: that stands for all of them.
fn prefix(list: CaseList, kind: Option<RequestKind>) -> [u8; 2] {
    [list as u8, kind.map_or(0, |k| k as u8 + 1)]
}

/// Every key under which a case stands.
pub(super) fn keys(id: CaseId, row: &CaseRow) -> Vec<Vec<u8>> {
    let place = CasePlace::of(id, row);
    let lists: &[CaseList] = match (row.closed, &row.held) {
        (Some(_), _) => &[CaseList::Closed],
        (None, None) => &[CaseList::Open],
        (None, Some(_)) => &[CaseList::Open, CaseList::Held],
    };
    let mut keys = Vec::with_capacity(4);
    for list in lists {
        keys.push(place.key(*list, None));
        keys.extend((row.requests.iter()).map(|c| place.key(*list, Some(c.request))));
    }
    keys
}

/// Under this letter stand cases by the domain to which a letter of theirs goes.
const BY_DOMAIN: u8 = b'd';

/// The key of a case among those of a domain.
pub(super) fn domain_key(domain: &Fingerprint, case: CaseId) -> Vec<u8> {
    let mut key = vec![BY_DOMAIN];
    key.extend_from_slice(&domain.0);
    key.extend_from_slice(&case.bits().to_be_bytes());
    key
}

impl CaseRow {
    /// The first deadline of what is not answered yet.
    pub fn running_due(&self) -> Option<Timestamp> {
        let runs =
            |c: &&Clock| matches!(c.state, RequestState::Open | RequestState::AwaitingIdentity);
        self.requests.iter().filter(runs).map(|c| c.due).min()
    }

    /// The same, and of all if nothing is left.
    pub fn earliest_due(&self) -> Option<Timestamp> {
        let all = || self.requests.iter().map(|c| c.due).min();
        self.running_due().or_else(all)
    }
}

impl State<'_> {
    /// Cases of a list, of one kind if one is named, behind a place.
    pub fn case_list(
        &self,
        (list, kind): (CaseList, Option<RequestKind>),
        after: Option<CasePlace>,
        limit: usize,
    ) -> Result<Vec<CasePlace>, Damaged> {
        let from = after.map(|place| {
            let mut key = place.key(list, kind);
            key.push(0);
            key
        });
        let (prefix, from) = (prefix(list, kind), from.unwrap_or_default());
        let found = self.0.scan(Table::CaseOrder, &prefix, &from, limit)?;
        found
            .iter()
            .map(|(key, _)| CasePlace::of_key(key))
            .collect()
    }

    /// Cases in which a letter was written by itself to somebody of this domain, in the order of their references.
    pub fn cases_of_domain(
        &self,
        domain: &Fingerprint,
        limit: usize,
    ) -> Result<Vec<CaseId>, Damaged> {
        let mut prefix = vec![BY_DOMAIN];
        prefix.extend_from_slice(&domain.0);
        let found = self.0.scan(Table::CaseOrder, &prefix, &[], limit)?;
        let case = |key: &Vec<u8>| {
            let bits = key.get(prefix.len()..).unwrap_or_default();
            Ok(CaseId::from_bits(u64::from_be_bytes(fixed(bits)?)))
        };
        found.iter().map(|(key, _)| case(key)).collect()
    }
}

/// Rows read at a time while cases are put in order.
const BATCH: usize = 1024;

/// Puts cases in order that were written before there was one, from one on; the next call begins at what it returns.
/// Those that stand in it already stay where they are.
pub fn order_cases(
    tables: &mut dyn Tables,
    from: Option<CaseId>,
) -> Result<Option<CaseId>, Damaged> {
    let found = State(tables).cases(from, BATCH)?;
    let more = found.len() == BATCH;
    let next = found.last().filter(|_| more);
    let next = next.map(|(id, _)| CaseId::from_bits(id.bits() + 1));
    for (id, row) in found {
        let letters = State(tables).letters(id)?;
        let domains = letters.iter().filter_map(|(_, l)| l.head.domain.as_ref());
        let mut keys = keys(id, &row);
        keys.extend(domains.map(|d| domain_key(d, id)));
        for key in keys {
            tables.put(Table::CaseOrder, &key, Vec::new());
        }
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Event, Frame, KeyId, LogPosition, MemoryTables, RuleId, apply};

    /// Cases that open, are held, extended, answered, closed and opened again, in an order that no list is in.
    fn some(many: u64) -> MemoryTables {
        let mut tables = MemoryTables::default();
        let mut number = 0;
        let mut happens = |at: u64, events: Vec<Event>| {
            number += 1;
            let at = Timestamp::from_millis(1_000_000 + at as i64 * 1000);
            let frame = Frame { number, at, events };
            apply(&mut tables, LogPosition::default(), &frame).unwrap();
        };
        for n in 0..many {
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let case = CaseId::from_bits(mixed);
            happens(n, opens(case, mixed >> 48));
            let by = || "odile".to_owned();
            if n.is_multiple_of(3) {
                let rule = RuleId::of("A7");
                happens(n + 1, vec![Event::CaseHeld { case, rule }]);
            }
            if n.is_multiple_of(5) {
                happens(mixed >> 50, vec![Event::CaseClosed { case, by: by() }]);
            }
            if n.is_multiple_of(7) {
                let (request, by) = (RequestKind::Access, by());
                let due = Timestamp::from_millis((mixed >> 44) as i64);
                happens(
                    n + 1,
                    vec![Event::RequestExtended {
                        case,
                        request,
                        due,
                        by,
                    }],
                );
            }
        }
        tables
    }

    fn opens(case: CaseId, at: u64) -> Vec<Event> {
        let due = Timestamp::from_millis(at as i64);
        let asks = |request| Event::RequestOpened {
            case,
            request,
            received: due,
            target: due,
            due,
        };
        let mut events = vec![Event::CaseOpened {
            case,
            person: None,
            message: None,
            received: due,
            language: None,
            content_key: KeyId(1),
            proof_key: KeyId(2),
            previous: None,
            proof: None,
        }];
        if !at.is_multiple_of(4) {
            events.push(asks(RequestKind::Access));
        }
        if at.is_multiple_of(2) {
            events.push(asks(RequestKind::Erasure));
        }
        events
    }

    /// The same list, by reading everything.
    fn sorted(state: &State<'_>, of: impl Fn(&CaseRow) -> bool) -> Vec<CasePlace> {
        let all = state.cases(None, usize::MAX).unwrap();
        let all = all.iter().filter(|(_, row)| of(row));
        let mut places: Vec<CasePlace> = all.map(|(id, row)| CasePlace::of(*id, row)).collect();
        places.sort();
        places
    }

    #[test]
    fn each_list_is_what_reading_and_sorting_everything_gives_a_page_at_a_time() {
        let tables = some(400);
        let state = State(&tables);
        let open = |row: &CaseRow| row.closed.is_none();
        let asks = |row: &CaseRow| {
            row.requests
                .iter()
                .any(|r| r.request == RequestKind::Erasure)
        };
        let wanted = [
            ((CaseList::Open, None), sorted(&state, open)),
            (
                (CaseList::Held, None),
                sorted(&state, |r| open(r) && r.held.is_some()),
            ),
            ((CaseList::Closed, None), sorted(&state, |r| !open(r))),
            (
                (CaseList::Open, Some(RequestKind::Erasure)),
                sorted(&state, |r| open(r) && asks(r)),
            ),
            (
                (CaseList::Closed, Some(RequestKind::Erasure)),
                sorted(&state, |r| !open(r) && asks(r)),
            ),
        ];
        for (list, wanted) in wanted {
            assert!(wanted.len() > 20, "{list:?} has {}", wanted.len());
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = state.case_list(list, after, 7).unwrap();
                after = page.last().copied();
                found.extend(page);
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{list:?}");
        }
        let empty = state.case_list((CaseList::Open, Some(RequestKind::Stop)), None, 9);
        assert_eq!(empty.unwrap(), Vec::new());
    }

    #[test]
    fn what_is_closed_last_stands_first() {
        let tables = some(200);
        let state = State(&tables);
        let closed = state.case_list((CaseList::Closed, None), None, 99).unwrap();
        let at = |p: &CasePlace| state.case(p.case).unwrap().unwrap().closed.unwrap();
        assert!(closed.windows(2).all(|two| at(&two[0]) >= at(&two[1])));
    }

    #[test]
    fn cases_that_are_older_than_the_order_get_the_same_one() {
        let whole = some(3_000);
        let mut old = whole.clone();
        old.0.retain(|(table, _), _| *table != Table::CaseOrder);
        let (mut from, mut calls) = (None, 0);
        loop {
            (from, calls) = (order_cases(&mut old, from).unwrap(), calls + 1);
            if from.is_none() {
                break;
            }
        }
        assert!(old == whole && calls == 3);
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let tables = some(20);
        let (list, state) = ((CaseList::Open, None), State(&tables));
        for place in state.case_list(list, None, 20).unwrap() {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "1", "1.2", "1.2.3", "x.2.Q-0000-0001"] {
            assert_eq!(bad.parse::<CasePlace>(), Err(()));
        }
    }
}
