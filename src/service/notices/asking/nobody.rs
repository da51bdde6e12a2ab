//! A STOP of somebody of whom no address is known: no sender can be told of it, and a human must see that.

use super::{Ask, Desk, Sight};
use crate::record::{Concerned, Event, Notice, NoticeAct, PersonId, Whom};
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};

/// What a human reads of it. Whoever has the tool's list finds the person by asking for each of its addresses.
const NOBODY: &str = "nobody could be told, no address is known: check its list with `quitus suppression check`, and keep them out there by hand";

/// A notice to each sender that is a human's from the beginning; nothing if an address is known, since then they are told.
pub fn ask_by_hand(
    office: &Office,
    house: &House,
    person: PersonId,
) -> Result<Vec<Event>, Trouble> {
    let (reader, now) = (office.sequencer.reader(), office.clock.now());
    let desk = Desk {
        house,
        reader,
        now,
        backlog: false,
    };
    if house.senders.is_empty() || desk.whom(person, &Sight::default())?.is_some() {
        return Ok(Vec::new());
    }
    let ask = Ask {
        act: NoticeAct::Suppress,
        case: None,
        anew: false,
    };
    let (about, nobody) = (Concerned::Person(person), Whom::default());
    let mut events = desk.notices(about, &nobody, &ask, |_, told| desk.needs(told, &ask))?;
    let by_hand = |event: &Event| match event {
        Event::Notice(Notice::Due { sender, .. }) => Some(Event::Notice(Notice::Stuck {
            sender: sender.clone(),
            about,
            why: NOBODY.to_owned(),
        })),
        _ => None,
    };
    let stuck: Vec<Event> = events.iter().filter_map(by_hand).collect();
    events.extend(stuck);
    Ok(events)
}
