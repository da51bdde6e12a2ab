//! How the tools that send stand to a person: what a letter may claim.

use crate::record::{Concerned, Damaged, NoticeAct, NoticeEnd, PersonId, State};
use crate::sender::{Channel, Connector};

/// What may be said of a suppression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// There are no senders: the store itself is what every send is checked against, and it obeyed with the commit.
    NoSenders,
    /// Every sender has obeyed; these ways are closed.
    Obeyed(Vec<Channel>),
    /// Somebody is still being told.
    OnTheWay,
    /// Not every sender was told: one that is new or is not told of pauses, or a person of whom no address is known.
    NotTold,
}

impl Standing {
    /// Of the senders of the configuration to a person, if one is known.
    pub fn of(
        state: &State<'_>,
        senders: &[Connector],
        person: Option<PersonId>,
    ) -> Result<Self, Damaged> {
        if senders.is_empty() {
            return Ok(Self::NoSenders);
        }
        let Some(person) = person else {
            return Ok(Self::NotTold);
        };
        let person = state.standing(person)?;
        // Two persons may have become one since the letter was planned.
        let about = Concerned::Person(state.standing(person)?);
        let row = state.senders_told(&about)?;
        let mut channels: Vec<Channel> = Vec::new();
        let mut missing = false;
        for sender in senders {
            let told = row.told.iter().find(|t| t.sender == sender.name());
            match told.filter(|t| t.act != NoticeAct::Lift) {
                None => missing = true,
                Some(told) if told.is_open() => return Ok(Self::OnTheWay),
                Some(told) if matches!(told.ended, Some((NoticeEnd::Left, ..))) => missing = true,
                Some(_) => {
                    let new = sender.channels().iter();
                    channels.extend(new.filter(|c| !channels.contains(c)).collect::<Vec<_>>());
                }
            }
        }
        Ok(match missing {
            true => Self::NotTold,
            false => Self::Obeyed(channels),
        })
    }
}
