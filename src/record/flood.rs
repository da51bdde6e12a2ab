//! Floods of STOPs (answering.md B11): how many of a day were not proved, how many of a campaign there are, and who looked.
//!
//! A STOP is honoured whoever sent it; anybody can write a From, so what came without our token, our thread or DMARC is
//! remembered as unproved until something proves it, and a human may lift such suppressions together. What counts as a
//! flood is a setting, so it is not said here.

use super::{Damaged, Fingerprint, LogPosition, PersonId, Sealed, State, Table, Timestamp, decode};
use serde::{Deserialize, Serialize};

/// Which STOPs are counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum FloodOf {
    /// The unproved ones that arrived on this day (since 1970, the controller's).
    Day(i32),
    /// All from people of this campaign.
    Campaign(Fingerprint),
}

impl FloodOf {
    /// The key of its row: a letter for what it is, then its id.
    pub(super) fn key(&self) -> Vec<u8> {
        match self {
            Self::Day(day) => [b"d", &day.to_be_bytes()[..]].concat(),
            Self::Campaign(id) => [b"c", &id.0[..]].concat(),
        }
    }
}

/// As people name it: the day, or the beginning of the campaign's keyed name.
impl std::fmt::Display for FloodOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => {
                let first = jiff::civil::date(1970, 1, 1);
                let days = jiff::Span::new().try_days(*day);
                let date = days.and_then(|days| first.checked_add(days));
                write!(f, "{}", date.unwrap_or(first))
            }
            Self::Campaign(id) => write!(f, "campaign-{}", super::hex(&id.0[..6])),
        }
    }
}

/// What happens to the counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Flood {
    /// A message suppressed this person, who was not suppressed before.
    Stopped {
        /// Whom.
        person: PersonId,
        /// The day on which it arrived.
        day: i32,
        /// By our token, by our thread, or by DMARC.
        proved: bool,
        /// The campaign through which the register says that they were mailed.
        campaign: Option<Fingerprint>,
    },
    /// What was not proved is proved now: the person said it again, or a human did.
    Confirmed {
        /// Whom.
        person: PersonId,
    },
    /// A human has looked; it raises no alarm again.
    Settled {
        /// At which.
        of: FloodOf,
        /// How many suppressions were lifted.
        lifted: u64,
        /// Who.
        by: String,
        /// Why, sealed under a proof key of its own.
        why: Option<Sealed>,
    },
}

/// The STOPs that are counted together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FloodRow {
    /// Of a campaign: how many people of the register it has.
    pub people: u64,
    /// How many were suppressed by a message; of a day only those that were not proved.
    pub stops: u64,
    /// Of these, not proved when they came.
    pub unproved: u64,
    /// The first and the last.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// The last person counted: through their row the campaign's name is found.
    pub person: Option<PersonId>,
    /// Who looked.
    pub settled: Option<FloodSettled>,
}

impl FloodRow {
    /// How much of the campaign that is, in percent; nothing where the whole is not known.
    pub fn share(&self) -> Option<u64> {
        (self.stops * 100).checked_div(self.people)
    }
}

/// A human's look at a flood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FloodSettled {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How many suppressions were lifted.
    pub lifted: u64,
    /// Where its event stands.
    pub position: LogPosition,
}

/// A suppression that nothing has proved yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnprovedRow {
    /// The day on which the STOP arrived.
    pub day: i32,
    /// The campaign.
    pub campaign: Option<Fingerprint>,
    /// Since when.
    pub at: Timestamp,
}

impl UnprovedRow {
    /// Whether it is counted there.
    pub fn is_of(&self, flood: &FloodOf) -> bool {
        match flood {
            FloodOf::Day(day) => self.day == *day,
            FloodOf::Campaign(id) => self.campaign.as_ref() == Some(id),
        }
    }
}

impl State<'_> {
    /// The count of a day or a campaign.
    pub fn flood(&self, of: &FloodOf) -> Result<FloodRow, Damaged> {
        Ok(self.row(Table::Flood, &of.key())?.unwrap_or_default())
    }

    /// All counts: days, then campaigns.
    pub fn floods(&self) -> Result<Vec<(FloodOf, FloodRow)>, Damaged> {
        let short = || Damaged("a short key of a flood".into());
        let mut all = Vec::new();
        for (key, row) in self.0.scan(Table::Flood, b"d", &[], usize::MAX)? {
            let day: [u8; 4] = key[1..].try_into().map_err(|_| short())?;
            all.push((FloodOf::Day(i32::from_be_bytes(day)), decode(&row)?));
        }
        for (key, row) in self.0.scan(Table::Flood, b"c", &[], usize::MAX)? {
            let id: [u8; 32] = key[1..].try_into().map_err(|_| short())?;
            all.push((FloodOf::Campaign(Fingerprint(id)), decode(&row)?));
        }
        Ok(all)
    }

    /// Whether the suppression of this person is one that nothing has proved.
    pub fn is_unproved(&self, person: PersonId) -> Result<bool, Damaged> {
        Ok(self.0.get(Table::Flood, &unproved_key(person))?.is_some())
    }

    /// Everybody whose suppression nothing has proved.
    pub fn every_unproved(&self) -> Result<Vec<(PersonId, UnprovedRow)>, Damaged> {
        let mut all = Vec::new();
        for (key, row) in self.0.scan(Table::Flood, b"p", &[], usize::MAX)? {
            let id = key[1..].try_into();
            let id: [u8; 16] = id.map_err(|_| Damaged("a short key of a person".into()))?;
            all.push((PersonId(id), decode(&row)?));
        }
        Ok(all)
    }
}

/// The row of a person whose suppression nothing has proved.
pub(super) fn unproved_key(person: PersonId) -> [u8; 17] {
    let mut key = [b'p'; 17];
    key[1..].copy_from_slice(&person.0);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_named_by_its_day_or_its_campaign() {
        assert_eq!(FloodOf::Day(20_785).to_string(), "2026-11-28");
        let campaign = FloodOf::Campaign(Fingerprint([0xab; 32]));
        assert_eq!(campaign.to_string(), "campaign-abababababab");
    }
}
