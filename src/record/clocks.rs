//! Open cases in the order in which they are due, a page at a time, however many there are.

use super::state::fixed;
use super::{CaseId, Damaged, RequestKind, State, Table, Timestamp, Waiting};

type Look<T> = Result<T, Damaged>;

/// A running clock: internal target, case, request.
pub type RunningClock = (Timestamp, CaseId, RequestKind);

impl State<'_> {
    /// Clocks that run, the one that ends first at the head, behind this one.
    pub fn clocks_after(
        &self,
        after: Option<RunningClock>,
        limit: usize,
    ) -> Look<Vec<RunningClock>> {
        let from = after.map(|(at, case, kind)| {
            let mut key = at.millis().to_be_bytes().to_vec();
            key.extend(case.bits().to_be_bytes());
            // The next key after this one.
            key.extend([kind as u8, 0]);
            key
        });
        let from = from.unwrap_or_default();
        let mut all = Vec::new();
        for (key, _) in self.0.scan(Table::Due, &[], &from, limit)? {
            let short = || Damaged("a short key of a clock".into());
            let (at, rest) = key.split_at_checked(8).ok_or_else(short)?;
            let (case, kind) = rest.split_at_checked(8).ok_or_else(short)?;
            let kind = kind.first().and_then(|k| RequestKind::ALL.get(*k as usize));
            all.push((
                Timestamp::from_millis(i64::from_be_bytes(fixed(at)?)),
                CaseId::from_bits(u64::from_be_bytes(fixed(case)?)),
                *kind.ok_or_else(short)?,
            ));
        }
        Ok(all)
    }

    /// Held cases, oldest first, behind this one.
    pub fn held_after(
        &self,
        after: Option<(Timestamp, CaseId)>,
        limit: usize,
    ) -> Look<Vec<(Timestamp, CaseId)>> {
        let class = Waiting::HeldCase as u8;
        let from = after.map(|(at, case)| {
            let mut key = vec![class];
            key.extend(at.millis().to_be_bytes());
            key.extend(case.bits().to_be_bytes());
            key.push(0);
            key
        });
        let from = from.unwrap_or_default();
        let mut all = Vec::new();
        for (key, _) in self.0.scan(Table::Waiting, &[class], &from, limit)? {
            let short = || Damaged("a short key of what waits".into());
            let (at, case) = key
                .get(1..)
                .and_then(|k| k.split_at_checked(8))
                .ok_or_else(short)?;
            all.push((
                Timestamp::from_millis(i64::from_be_bytes(fixed(at)?)),
                CaseId::from_bits(u64::from_be_bytes(fixed(case)?)),
            ));
        }
        Ok(all)
    }
}
