//! What flags mean for the state: up until a human takes them down, and a damaged place is known for ever.

use super::{Done, Step, Table};
use crate::record::alarm::{DAMAGE, place_key};
use crate::record::{Alarm, Flag, FlagRow};

impl Step<'_> {
    pub(super) fn alarm(&mut self, alarm: &Alarm) -> Done {
        match alarm {
            Alarm::Damaged { places } => self.damaged(places)?,
            Alarm::Acknowledged { flag, .. } => {
                let row: &[u8] = match flag {
                    Flag::Damage => DAMAGE,
                    Flag::ForeignInstance => b"foreign",
                };
                self.tables.delete(Table::Meta, row);
            }
        }
        Ok(())
    }

    fn damaged(&mut self, places: &[String]) -> Done {
        let up: Option<FlagRow> = self.state().row(Table::Meta, DAMAGE)?;
        let mut row = up.unwrap_or(FlagRow {
            flag: Flag::Damage,
            since: self.at,
            what: Vec::new(),
        });
        for place in places {
            self.put(Table::Meta, &place_key(place), &());
            if !row.what.contains(place) {
                row.what.push(place.clone());
            }
        }
        self.put(Table::Meta, DAMAGE, &row);
        Ok(())
    }
}
