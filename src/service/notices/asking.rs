//! Which senders must be told what, by the events of a frame: in every mode, since a mode governs only what leaves.

use crate::record::{
    Address, CaseId, Concerned, Contact, Event, KeyKind, Notice, NoticeAct, NoticeEnd, PersonId,
    State, Suppression, SuppressionRow, Timestamp, Told, Whom,
};
use crate::sender::Connector;
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};
use crate::service::people;
use crate::store::Reader;
use std::collections::BTreeMap;

mod disproved;
mod grouped;
mod nobody;
mod sight;

pub use disproved::ask_disproved;
pub use grouped::ask_anew;
pub use nobody::{ask_by_hand, ask_unread};
use sight::Sight;

/// A sender that obeyed within so many hours is not told the same again: two messages of one person on one day.
const FRESH_HOURS: i64 = 24;
/// Rows of the register that are looked at when a domain is told to a sender that knows only people.
const PAGE: usize = 1_000;

/// Addresses and domains in plain words, from which those are picked whom the events are about.
#[derive(Default)]
pub struct InSight {
    /// Of people.
    pub addresses: Vec<Address>,
    /// Of firms.
    pub domains: Vec<String>,
    /// Whether it was asked a while ago: the message stood in a backlog, or the order is about many.
    pub backlog: bool,
}

impl InSight {
    /// Only this address.
    pub fn address(address: &Address) -> Self {
        Self {
            addresses: vec![address.clone()],
            ..Self::default()
        }
    }
}

/// Whether an event is a notice about them: what entered a request has asked the senders already.
fn is_due(event: &Event, whom: &Concerned) -> bool {
    matches!(event, Event::Notice(Notice::Due { about, .. }) if about == whom)
}

/// What is asked of the senders, for one person or domain.
struct Ask {
    act: NoticeAct,
    case: Option<CaseId>,
    /// Whatever the senders were told before.
    anew: bool,
}

/// The notices that belong to these events. Nobody can be told of somebody of whom only fingerprints are known.
pub fn ask(
    office: &Office,
    house: &House,
    events: &[Event],
    sight: &InSight,
) -> Result<Vec<Event>, Trouble> {
    if house.senders.is_empty() {
        return Ok(Vec::new());
    }
    let (reader, now) = (office.sequencer.reader(), office.clock.now());
    let mut notices = Vec::new();
    let known = |about: &Concerned| events.iter().any(|e| is_due(e, about));
    let asked = asked(&reader.state(), events)?;
    let seen = match asked.is_empty() {
        true => Sight::default(),
        false => Sight::of(reader, sight)?,
    };
    for (about, ask) in asked {
        if known(&about) {
            continue;
        }
        let desk = Desk {
            house,
            reader,
            now,
            backlog: sight.backlog,
        };
        match about {
            Concerned::Person(person) => {
                if let Some(whom) = desk.grouped(events, person, &seen)? {
                    let ask = desk.with_domain(&whom, ask)?;
                    notices.extend(
                        desk.notices(about, &whom, &ask, |_, told| desk.needs(told, &ask))?,
                    );
                }
            }
            Concerned::Domain(domain) => {
                if let Some(name) = seen.domains.get(&domain) {
                    notices.extend(desk.domain(about, name, &ask)?);
                }
            }
        }
    }
    Ok(notices)
}

/// The notices for one person, whatever was asked before: a sender is new, or a human wants it told again.
pub fn ask_again(
    office: &Office,
    house: &House,
    person: PersonId,
    suppression: Suppression,
    sender: &str,
) -> Result<Vec<Event>, Trouble> {
    let (reader, now) = (office.sequencer.reader(), office.clock.now());
    let desk = Desk {
        house,
        reader,
        now,
        backlog: true,
    };
    let Some(whom) = desk.whom(person, &Sight::default())? else {
        return Ok(Vec::new());
    };
    let ask = Ask {
        act: act_of(suppression),
        case: None,
        anew: false,
    };
    let about = Concerned::Person(person);
    // What it said before is not believed; only what it is being told already is not asked twice.
    let under_way = |told: &Told| told.act == ask.act && told.is_open() && !told.stuck;
    desk.notices(about, &whom, &ask, |connector, told| {
        connector.name() == sender && !told.is_some_and(under_way)
    })
}

fn act_of(suppression: Suppression) -> NoticeAct {
    match suppression {
        Suppression::Paused => NoticeAct::Pause,
        Suppression::Suppressed => NoticeAct::Suppress,
    }
}

/// What is asked of the senders when this is said beside what holds.
fn act_beside(holds: Option<SuppressionRow>, new: Suppression) -> NoticeAct {
    act_of(holds.map_or(new, |h| h.suppression.max(new)))
}

/// What holds for everybody whom the events are about, once these are committed: a pause weakens no suppression.
fn asked(state: &State<'_>, events: &[Event]) -> Result<BTreeMap<Concerned, Ask>, Trouble> {
    let mut all: BTreeMap<Concerned, Ask> = BTreeMap::new();
    for event in events {
        let (about, act, case) = match event {
            Event::Suppressed {
                person,
                suppression,
                case,
                ..
            } => {
                let act = act_beside(state.person(*person)?.suppression, *suppression);
                (Concerned::Person(*person), act, *case)
            }
            Event::DomainSuppressed {
                domain,
                suppression,
                case,
                ..
            } => {
                let act = act_beside(state.domain(domain)?, *suppression);
                (Concerned::Domain(*domain), act, *case)
            }
            Event::Lifted { person, .. } => (Concerned::Person(*person), NoticeAct::Lift, None),
            Event::DomainLifted { domain, .. } => {
                (Concerned::Domain(*domain), NoticeAct::Lift, None)
            }
            Event::Grouped(grouping) => {
                all.extend(grouped::asked(state, grouping)?);
                continue;
            }
            _ => continue,
        };
        let anew = false;
        let ask = all.entry(about).or_insert(Ask { act, case, anew });
        ask.act = ask.act.max(act);
        ask.case = ask.case.or(case);
    }
    Ok(all)
}

struct Desk<'a> {
    house: &'a House,
    reader: &'a Reader,
    now: Timestamp,
    backlog: bool,
}

impl Desk<'_> {
    /// The person as senders know them: the register's row, and addresses in sight; nothing if no address is known.
    fn whom(&self, person: PersonId, sight: &Sight<'_>) -> Result<Option<Whom>, Trouble> {
        let state = self.reader.state();
        let row = state.contact(person)?;
        let contact = people::contact(self.reader, row.as_ref())?;
        let mut whom = contact.map(of_contact).unwrap_or_default();
        for address in sight.of.get(&person).into_iter().flatten() {
            if !whom.addresses.contains(address) {
                whom.addresses.push((*address).clone());
            }
        }
        Ok((!whom.addresses.is_empty()).then_some(whom))
    }

    /// Whoever is lifted is still not written to while their whole firm is out.
    fn with_domain(&self, whom: &Whom, mut ask: Ask) -> Result<Ask, Trouble> {
        let (state, keys) = (self.reader.state(), self.reader.fingerprinter());
        for address in &whom.addresses {
            if let Some(row) = state.domain(&keys.of_domain(address.domain()))? {
                ask.act = ask.act.max(act_of(row.suppression));
            }
        }
        Ok(ask)
    }

    /// One notice for each sender that is not being told already, nor has just obeyed.
    fn notices(
        &self,
        about: Concerned,
        whom: &Whom,
        ask: &Ask,
        wants: impl Fn(&Connector, Option<&Told>) -> bool,
    ) -> Result<Vec<Event>, Trouble> {
        let row = self.reader.state().senders_told(&about)?;
        let needs = |connector: &&Connector| {
            let told = row.told.iter().find(|t| t.sender == connector.name());
            // Where a tool has no word for a person, a human is told what to do there; for a domain its people are told.
            wants(connector, told) && (whom.domain.is_none() || connector.can(ask.act, whom))
        };
        let senders: Vec<&Connector> = self.house.senders.iter().filter(needs).collect();
        if senders.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.reader.allocate(KeyKind::Notice)?;
        let mut events = Vec::new();
        for sender in senders {
            events.push(Event::Notice(Notice::Due {
                sender: sender.name().to_owned(),
                act: ask.act,
                about,
                whom: self.reader.seal(key, whom)?,
                case: ask.case,
                fresh: !self.backlog,
            }));
        }
        Ok(events)
    }

    fn needs(&self, told: Option<&Told>, ask: &Ask) -> bool {
        ask.anew || needs_telling(told, ask.act, self.now)
    }

    /// A domain is told where there is a word for it; elsewhere everybody of it whom the register holds.
    fn domain(&self, about: Concerned, name: &str, ask: &Ask) -> Result<Vec<Event>, Trouble> {
        let whom = Whom {
            domain: Some(name.to_owned()),
            ..Whom::default()
        };
        let mut events = self.notices(about, &whom, ask, |_, told| self.needs(told, ask))?;
        let only_people = |c: &&Connector| !c.can(ask.act, &whom);
        let names: Vec<&str> = (self.house.senders.iter().filter(only_people))
            .map(Connector::name)
            .collect();
        if names.is_empty() {
            return Ok(events);
        }
        for (person, contact) in self.people_of(name)? {
            let ask = Ask {
                act: self.act_for(person, ask.act)?,
                case: ask.case,
                anew: false,
            };
            let about = Concerned::Person(person);
            let wants = |connector: &Connector, told: Option<&Told>| {
                names.contains(&connector.name()) && self.needs(told, &ask)
            };
            events.extend(self.notices(about, &of_contact(contact), &ask, wants)?);
        }
        Ok(events)
    }

    /// What is asked for a whole domain weakens nothing that one of its people asked.
    fn act_for(&self, person: PersonId, act: NoticeAct) -> Result<NoticeAct, Trouble> {
        let holds = self.reader.state().person(person)?.suppression;
        Ok(holds.map_or(act, |h| act_of(h.suppression).max(act)))
    }

    fn people_of(&self, domain: &str) -> Result<Vec<(PersonId, Contact)>, Trouble> {
        let (mut people, mut from) = (Vec::new(), None);
        loop {
            let page = self.reader.state().contacts(from, PAGE)?;
            let more = page.len() == PAGE;
            let counted = page.len() - usize::from(more);
            for (person, row) in &page[..counted] {
                let contact = people::contact(self.reader, Some(row))?;
                let theirs = |c: &Contact| c.addresses.iter().any(|a| a.domain() == domain);
                people.extend(contact.filter(theirs).map(|c| (*person, c)));
            }
            match page.last().filter(|_| more) {
                Some((last, _)) => from = Some(*last),
                None => return Ok(people),
            }
        }
    }
}

fn of_contact(contact: Contact) -> Whom {
    Whom {
        addresses: contact.addresses,
        domain: None,
        phone: contact.phone,
        profile_url: contact.profile_url,
        crm_id: contact.crm_id,
    }
}

/// Whether a sender that was told so before must be told this. What was never stopped there needs no lifting: a lift would
/// take away an opt-out of the person's own.
fn needs_telling(told: Option<&Told>, act: NoticeAct, now: Timestamp) -> bool {
    let Some(told) = told else {
        return act != NoticeAct::Lift;
    };
    let left = matches!(told.ended, Some((NoticeEnd::Left, ..)));
    if left && act == NoticeAct::Lift {
        return false;
    }
    if told.act != act || told.stuck {
        return true;
    }
    let fresh = |at: Timestamp| now.millis_since(at) < FRESH_HOURS * 3_600_000;
    told.ended.as_ref().is_some_and(|(_, at, _)| !fresh(*at))
}

#[cfg(test)]
mod tests;
