//! What counts as a flood of STOPs (B11): `[policy.floods]`. It is honoured like any other STOP; a human is told.

use crate::record::{FloodOf, FloodRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[policy.floods]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Floods {
    /// STOPs of one day that came without our token, our thread and a DMARC pass. 0 = off. Default 50.
    pub unproved_day: u64,
    /// STOPs of one campaign, proved or not, in percent of its people. 0 = off. Default 5.
    pub campaign_share: u64,
    /// STOPs of a campaign that are never a flood, whatever the share: small campaigns. Default 20.
    pub campaign_least: u64,
}

impl Default for Floods {
    fn default() -> Self {
        Self {
            unproved_day: 50,
            campaign_share: 5,
            campaign_least: 20,
        }
    }
}

impl Floods {
    /// Whether so many are a flood, whoever has looked.
    pub fn is_flood(&self, of: &FloodOf, row: &FloodRow) -> bool {
        match of {
            FloodOf::Day(_) => self.unproved_day > 0 && row.stops > self.unproved_day,
            FloodOf::Campaign(_) => {
                let share = self.campaign_share > 0 && row.people > 0;
                share
                    && row.stops > self.campaign_least
                    && row.stops * 100 > self.campaign_share * row.people
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Fingerprint;

    #[test]
    fn a_flood_is_more_than_the_setting_and_0_is_off() {
        let row = |stops, people| FloodRow {
            stops,
            people,
            ..FloodRow::default()
        };
        let (floods, day) = (Floods::default(), FloodOf::Day(1));
        assert!(!floods.is_flood(&day, &row(50, 0)));
        assert!(floods.is_flood(&day, &row(51, 0)));
        let campaign = FloodOf::Campaign(Fingerprint([1; 32]));
        assert!(!floods.is_flood(&campaign, &row(20, 40)), "a small one");
        assert!(floods.is_flood(&campaign, &row(21, 400)));
        assert!(!floods.is_flood(&campaign, &row(21, 420)), "5 % exactly");
        assert!(
            !floods.is_flood(&campaign, &row(100, 0)),
            "nobody knows of what"
        );
        let off = Floods {
            unproved_day: 0,
            campaign_share: 0,
            ..floods
        };
        assert!(!off.is_flood(&day, &row(9_999, 0)));
        assert!(!off.is_flood(&campaign, &row(9_999, 9_999)));
    }
}
