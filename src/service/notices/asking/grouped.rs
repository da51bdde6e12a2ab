//! Who is to be told of after a human said who is who: a merged person by all addresses of both, a split one by its own.

use super::{Ask, Desk, Sight, act_of, of_contact};
use crate::record::{Concerned, Contact, Event, Grouping, PersonId, State, Timestamp, Whom};
use crate::service::gathering::Trouble;
use crate::service::house::House;
use crate::service::people;
use crate::store::Reader;

/// What holds for whoever was merged or split: what holds for either of two, and for the person that they were before.
pub(super) fn asked(
    state: &State<'_>,
    grouping: &Grouping,
) -> Result<Option<(Concerned, Ask)>, Trouble> {
    let (about, before) = match grouping {
        Grouping::Phones { .. } | Grouping::Firms { .. } => return Ok(None),
        Grouping::Merged { into, from, .. } => (*into, [*into, *from]),
        Grouping::Split { from, person, .. } => (*person, [*from, *from]),
    };
    let mut held = None;
    for person in before {
        let row = state.person(person)?.suppression;
        held = held.max(row.map(|s| (s.suppression, s.case)));
    }
    Ok(held.map(|(suppression, case)| {
        let act = act_of(suppression);
        // Addresses that no sender was told of: whatever they were told before.
        let ask = Ask {
            act,
            case,
            anew: true,
        };
        (Concerned::Person(about), ask)
    }))
}

/// The notices to every sender about somebody of whom the register will hold this, whatever was told before: an address of
/// theirs is new. Nothing, if nothing holds against them.
pub fn ask_anew(
    reader: &Reader,
    (house, now): (&House, Timestamp),
    person: PersonId,
    contact: &Contact,
) -> Result<Vec<Event>, Trouble> {
    let desk = Desk {
        house,
        reader,
        now,
        backlog: true,
    };
    let Some(holds) = reader.state().person(person)?.suppression else {
        return Ok(Vec::new());
    };
    let whom = of_contact(contact.clone());
    let ask = Ask {
        act: act_of(holds.suppression),
        case: None,
        anew: true,
    };
    let ask = desk.with_domain(&whom, ask)?;
    desk.notices(Concerned::Person(person), &whom, &ask, |_, _| true)
}

impl Desk<'_> {
    /// The person as they are once these events are committed.
    pub(super) fn grouped(
        &self,
        events: &[Event],
        person: PersonId,
        sight: &Sight<'_>,
    ) -> Result<Option<Whom>, Trouble> {
        let of_person = |e: &&Grouping| match e {
            Grouping::Merged { into, .. } => *into == person,
            Grouping::Split { person: new, .. } => *new == person,
            Grouping::Phones { .. } | Grouping::Firms { .. } => false,
        };
        let mut groupings = events.iter().filter_map(|e| match e {
            Event::Grouped(grouping) => Some(grouping),
            _ => None,
        });
        match groupings.find(of_person) {
            Some(Grouping::Merged { from, .. }) => self.both(person, *from, sight),
            Some(Grouping::Split { fingerprints, .. }) => {
                let keys = self.reader.fingerprinter();
                let own = sight.all.iter().filter(|a| {
                    let all = keys.of_address(a);
                    all.iter().any(|f| fingerprints.contains(f))
                });
                let addresses = own.cloned().collect();
                Ok(Some(Whom {
                    addresses,
                    ..Whom::default()
                }))
            }
            _ => self.whom(person, sight),
        }
    }

    fn both(
        &self,
        into: PersonId,
        from: PersonId,
        sight: &Sight<'_>,
    ) -> Result<Option<Whom>, Trouble> {
        let mut whom = self.whom(into, sight)?.unwrap_or_default();
        let row = self.reader.state().contact(from)?;
        let row = people::contact(self.reader, row.as_ref())?;
        let theirs = row.map(of_contact).unwrap_or_default();
        for address in theirs
            .addresses
            .into_iter()
            .chain(sight.all.iter().cloned())
        {
            if !whom.addresses.contains(&address) {
                whom.addresses.push(address);
            }
        }
        whom.phone = whom.phone.or(theirs.phone);
        whom.profile_url = whom.profile_url.or(theirs.profile_url);
        whom.crm_id = whom.crm_id.or(theirs.crm_id);
        Ok((!whom.addresses.is_empty()).then_some(whom))
    }
}
