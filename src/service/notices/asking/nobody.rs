//! A STOP of somebody of whom no address is known, or can be read: no sender can be told of it, and a human must see that.

use super::{Ask, Desk, Sight};
use crate::record::{Concerned, Event, Notice, NoticeAct, PersonId, Whom};
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};

/// What a human reads of it. Whoever has the tool's list finds the person by asking for each of its addresses.
const NOBODY: &str = "nobody could be told, no address is known: check its list with `quitus suppression check`, and keep them out there by hand; `quitus senders done` takes the digits of such a person, too";
/// The same of somebody whose row of the register is damaged, or could not be read just then.
const UNREAD: &str = "nobody could be told, what the register holds of them cannot be read (`quitus store verify`): check its list with `quitus suppression check`, and keep them out there by hand";

/// A notice to each sender that is a human's from the beginning; nothing if an address is known, since then they are told.
pub fn ask_by_hand(
    office: &Office,
    house: &House,
    person: PersonId,
) -> Result<Vec<Event>, Trouble> {
    let desk = desk(office, house);
    if house.senders.is_empty() || desk.whom(person, &Sight::default())?.is_some() {
        return Ok(Vec::new());
    }
    by_hand(&desk, person, NOBODY)
}

/// The same whatever is known of them, because it cannot be read: that a tool must be told is not forgotten with the answer to
/// one click.
pub fn ask_unread(office: &Office, house: &House, person: PersonId) -> Result<Vec<Event>, Trouble> {
    by_hand(&desk(office, house), person, UNREAD)
}

fn desk<'a>(office: &'a Office, house: &'a House) -> Desk<'a> {
    Desk {
        house,
        reader: office.sequencer.reader(),
        now: office.clock.now(),
        backlog: false,
    }
}

fn by_hand(desk: &Desk<'_>, person: PersonId, why: &str) -> Result<Vec<Event>, Trouble> {
    let ask = Ask {
        act: NoticeAct::Suppress,
        case: None,
        anew: false,
    };
    let (about, nobody) = (Concerned::Person(person), Whom::default());
    let mut events = desk.notices(about, &nobody, &ask, |_, told| desk.needs(told, &ask))?;
    let stuck = |event: &Event| match event {
        Event::Notice(Notice::Due { sender, .. }) => Some(Event::Notice(Notice::Stuck {
            sender: sender.clone(),
            about,
            why: why.to_owned(),
        })),
        _ => None,
    };
    let stuck: Vec<Event> = events.iter().filter_map(stuck).collect();
    events.extend(stuck);
    Ok(events)
}
