//! What events mean for the suppression of a whole domain: as with a person, what is stricter holds, since when it holds.
//!
//! Older versions let the last word about a domain hold, so that a pause weakened what was asked before. Their index is put
//! right when it is opened, once and from the whole log: what comes out is what applying the log from its beginning makes,
//! since `quitus store verify` compares the two.

use super::{Done, Event, Frame, Step, Table};
use crate::record::rows::SuppressionRow;
use crate::record::tables::{Damaged, Tables, decode, encode};
use crate::record::{LogPosition, MemoryTables, State};

/// The row that says so.
const STRICTEST: &[u8] = b"domains";

/// Says that of each domain the strictest holds: at the log's first frame, or once an older index was put right.
pub fn strictest_domains(tables: &mut dyn Tables) {
    tables.put(Table::Meta, STRICTEST, encode(&1u8));
}

/// Whether a row says so.
pub fn says_strictest(table: Table, key: &[u8]) -> bool {
    table == Table::Meta && key == STRICTEST
}

impl State<'_> {
    /// Whether of each domain the strictest holds; an index of an older version is put right at its next start.
    pub fn has_strictest_domains(&self) -> Result<bool, Damaged> {
        Ok(self.0.get(Table::Meta, STRICTEST)?.is_some())
    }
}

impl Step<'_> {
    pub(super) fn domain(&mut self, event: &Event) -> Done {
        match event {
            Event::DomainSuppressed {
                domain,
                suppression,
                reason,
                case,
            } => {
                let new = self.suppression(*suppression, *reason, *case);
                let held = self.state().domain(domain)?;
                if held.is_none_or(|held| held.suppression < new.suppression) {
                    self.put(Table::Domain, &domain.0, &new);
                }
            }
            Event::DomainLifted { domain, .. } => self.tables.delete(Table::Domain, &domain.0),
            _ => {}
        }
        Ok(())
    }
}

/// Applies of a frame only what it says of whole domains.
pub fn apply_domains(tables: &mut dyn Tables, frame: &Frame) -> Done {
    for event in &frame.events {
        Step {
            tables,
            at: frame.at,
            position: LogPosition::default(),
        }
        .domain(event)?;
    }
    Ok(())
}

/// Puts an older index right, by what the whole log says of domains. What holds more strictly there stays: a part of the log
/// may be damaged.
pub fn hold_strictest(tables: &mut dyn Tables, log: &MemoryTables) -> Done {
    for ((table, key), bytes) in &log.0 {
        let row: SuppressionRow = decode(bytes)?;
        let held = tables.get(*table, key)?;
        let held: Option<SuppressionRow> = held.map(|bytes| decode(&bytes)).transpose()?;
        if held.is_none_or(|held| held.suppression <= row.suppression) {
            tables.put(*table, key, bytes.clone());
        }
    }
    strictest_domains(tables);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Fingerprint, Suppression, SuppressionReason, Timestamp, apply};

    const FIRM: Fingerprint = Fingerprint([7; 32]);

    fn said(suppression: Suppression) -> Event {
        Event::DomainSuppressed {
            domain: FIRM,
            suppression,
            reason: SuppressionReason::ByHand,
            case: None,
        }
    }

    /// Frame by frame, a second each.
    fn frames(events: Vec<Event>) -> Vec<Frame> {
        let frame = |(event, number): (Event, u64)| Frame {
            number,
            at: Timestamp::from_seconds(number as i64),
            events: vec![event],
        };
        events.into_iter().zip(1..).map(frame).collect()
    }

    fn applied(frames: &[Frame]) -> MemoryTables {
        let mut tables = MemoryTables::default();
        for frame in frames {
            apply(&mut tables, LogPosition::default(), frame).unwrap();
        }
        tables
    }

    fn holds(tables: &MemoryTables) -> Option<(Suppression, i64)> {
        let row = State(tables).domain(&FIRM).unwrap();
        row.map(|row| (row.suppression, row.since.millis() / 1_000))
    }

    #[test]
    fn a_pause_never_weakens_the_suppression_of_a_domain_until_that_is_lifted() {
        use Suppression::{Paused, Suppressed};
        let lifted = Event::DomainLifted {
            domain: FIRM,
            by: "odile".into(),
        };
        for (events, wanted) in [
            (vec![said(Suppressed), said(Paused)], Some((Suppressed, 1))),
            (
                vec![said(Suppressed), said(Suppressed)],
                Some((Suppressed, 1)),
            ),
            (vec![said(Paused), said(Suppressed)], Some((Suppressed, 2))),
            (vec![said(Suppressed), lifted.clone()], None),
            (
                vec![said(Suppressed), lifted, said(Paused)],
                Some((Paused, 3)),
            ),
        ] {
            assert_eq!(
                holds(&applied(&frames(events.clone()))),
                wanted,
                "{events:?}"
            );
        }
    }

    #[test]
    fn an_index_that_an_older_version_weakened_is_put_right_with_the_same_result() {
        let frames = frames(vec![
            said(Suppression::Suppressed),
            said(Suppression::Paused),
        ]);
        let tables = applied(&frames);
        let mut old = tables.clone();
        let row = State(&old).domain(&FIRM).unwrap().unwrap();
        let weaker = SuppressionRow {
            suppression: Suppression::Paused,
            since: Timestamp::from_seconds(2),
            ..row
        };
        old.put(Table::Domain, &FIRM.0, encode(&weaker));
        old.delete(Table::Meta, STRICTEST);
        let mut log = MemoryTables::default();
        for frame in &frames {
            apply_domains(&mut log, frame).unwrap();
        }
        hold_strictest(&mut old, &log).unwrap();
        assert!(old == tables);
        // What a damaged log does not say any more is not undone.
        let mut half = MemoryTables::default();
        apply_domains(&mut half, &frames[1]).unwrap();
        hold_strictest(&mut old, &half).unwrap();
        assert!(old == tables);
    }
}
