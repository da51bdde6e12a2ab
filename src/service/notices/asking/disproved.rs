//! Who is to be told of once more, because a mail has disproved what the senders said.

use super::{Ask, Desk, InSight, Sight, act_of};
use crate::record::{Concerned, Event, PersonId, Told};
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};

/// The notices to every sender for suppressed people whom a mail has reached: that one obeyed an hour ago is no reason to
/// believe it. Only what it is being told at this moment is not asked twice.
pub fn ask_disproved(
    office: &Office,
    house: &House,
    people: &[PersonId],
    sight: &InSight,
) -> Result<Vec<Event>, Trouble> {
    if house.senders.is_empty() {
        return Ok(Vec::new());
    }
    let (reader, now) = (office.sequencer.reader(), office.clock.now());
    let desk = Desk {
        house,
        reader,
        now,
        backlog: sight.backlog,
    };
    let seen = Sight::of(reader, sight)?;
    let mut events = Vec::new();
    for person in people {
        let holds = reader.state().person(*person)?.suppression;
        let whom = desk.whom(*person, &seen)?;
        let (Some(holds), Some(whom)) = (holds, whom) else {
            continue;
        };
        let ask = Ask {
            act: act_of(holds.suppression),
            case: holds.case,
            anew: true,
        };
        let ask = desk.with_domain(&whom, ask)?;
        let under_way = |told: &Told| told.act == ask.act && told.is_open() && !told.stuck;
        let about = Concerned::Person(*person);
        events.extend(desk.notices(about, &whom, &ask, |_, told| !told.is_some_and(under_way))?);
    }
    Ok(events)
}
