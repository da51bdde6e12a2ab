//! What floods mean for the state: small counts by day and by campaign, and whose suppression nothing has proved.

use super::{Done, Step, Table};
use crate::record::flood::unproved_key;
use crate::record::{
    Fingerprint, Flood, FloodOf, FloodRow, FloodSettled, PersonId, SuppressionReason, UnprovedRow,
};

impl Step<'_> {
    pub(super) fn flood(&mut self, flood: &Flood) -> Done {
        match flood {
            Flood::Stopped {
                person,
                day,
                proved,
                campaign,
            } => {
                let (day, campaign, at) = (*day, *campaign, self.at);
                if !proved {
                    let row = UnprovedRow { day, campaign, at };
                    self.put(Table::Flood, &unproved_key(*person), &row);
                    self.count_stop(FloodOf::Day(day), *person, false)?;
                }
                match campaign {
                    Some(id) => self.count_stop(FloodOf::Campaign(id), *person, *proved),
                    None => Ok(()),
                }
            }
            Flood::Confirmed { person } => {
                self.proved(*person);
                Ok(())
            }
            Flood::Settled { of, lifted, by, .. } => {
                let (by, at, lifted, position) = (by.clone(), self.at, *lifted, self.position);
                self.change_flood(of, |row| {
                    row.settled = Some(FloodSettled {
                        by,
                        at,
                        lifted,
                        position,
                    });
                })
            }
        }
    }

    fn count_stop(&mut self, of: FloodOf, person: PersonId, proved: bool) -> Done {
        let at = self.at;
        self.change_flood(&of, |row| {
            row.stops += 1;
            row.unproved += u64::from(!proved);
            row.seen = Some((row.seen.map_or(at, |(first, _)| first), at));
            row.person = Some(person);
        })
    }

    /// A contact came into a campaign, or left it.
    pub(super) fn count_campaign(&mut self, campaign: Option<Fingerprint>, change: i64) -> Done {
        match campaign {
            Some(id) => self.change_flood(&FloodOf::Campaign(id), |row| {
                row.people = row.people.saturating_add_signed(change);
            }),
            None => Ok(()),
        }
    }

    /// Their suppression needs no proof (any more).
    pub(super) fn proved(&mut self, person: PersonId) {
        self.tables.delete(Table::Flood, &unproved_key(person));
    }

    /// What a human, a list or a tool says of somebody is no mail that anybody could have written.
    pub(super) fn confirmed_by(&mut self, person: PersonId, reason: SuppressionReason) {
        use SuppressionReason::{ByHand, Imported, OptedOut, WholeFirm};
        if matches!(reason, ByHand | Imported | OptedOut | WholeFirm) {
            self.proved(person);
        }
    }

    fn change_flood(&mut self, of: &FloodOf, change: impl FnOnce(&mut FloodRow)) -> Done {
        let mut row = self.state().flood(of)?;
        change(&mut row);
        self.put(Table::Flood, &of.key(), &row);
        Ok(())
    }
}
