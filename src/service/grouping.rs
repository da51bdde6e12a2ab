//! A human says that two persons are one, or that one address is somebody else: the events, sealed, expecting what was read.
//!
//! The register keeps one row of two: the fields of the first person hold, and what the second one's said otherwise is kept
//! beside them under the second one's id, so that an access letter still shows it and a split finds it again.

use super::gathering::Trouble;
use super::people;
use crate::record::{
    Address, CaseId, Concerned, Contact, ContactRow, Event, Fingerprint, Grouping, KeyId, KeyKind,
    PersonId, Sealed, hex,
};
use crate::register::{By, RegisterSettings, identifying, plan_row};
use crate::request::{Expectation, Known};
use crate::store::Reader;

/// Why nobody was merged or split.
#[derive(Debug, thiserror::Error)]
pub enum NotGrouped {
    /// The store cannot be read, or nothing can be sealed.
    #[error(transparent)]
    Store(#[from] Trouble),
    /// Nobody is known by any of the addresses.
    #[error("nobody is known by this address")]
    Unknown,
    /// Both addresses are one person's already.
    #[error("both are one person already")]
    Same,
    /// One was erased at their own request, and the register holds the other.
    #[error("one of them was erased at their request ({0}), and the register holds the other")]
    Erased(CaseId),
    /// Nothing would be left of the person.
    #[error("it is the only address that is known of this person")]
    Only,
    /// The address and another one of the same person are one mailbox (B7).
    #[error("another address of this person is the same mailbox")]
    Inseparable,
}

/// What is to be committed as one frame.
pub struct Ordered {
    /// The person who is left, or who is new.
    pub person: PersonId,
    /// What happens.
    pub events: Vec<Event>,
    /// Both persons as they were read.
    pub expectations: Vec<Expectation>,
}

/// Who decides, and why.
#[derive(Clone, Copy)]
pub struct Word<'a> {
    /// A login name.
    pub by: &'a str,
    /// For an auditor; sealed.
    pub reason: &'a str,
}

impl Word<'_> {
    fn sealed(self, reader: &Reader) -> Result<Option<Sealed>, Trouble> {
        let why = self.reason.trim();
        Ok(Some(reader.seal(reader.allocate(KeyKind::Proof)?, why)?))
    }
}

fn expected(reader: &Reader, id: PersonId) -> Result<Expectation, Trouble> {
    let version = reader.state().person(id)?.version;
    Ok(Expectation::Person { id, version })
}

/// The person behind the second address becomes the person behind the first.
pub fn merge(
    reader: &Reader,
    settings: &RegisterSettings,
    [first, second]: [&Address; 2],
    word: Word<'_>,
) -> Result<Ordered, NotGrouped> {
    let (one, other) = (
        people::known(reader, first)?,
        people::known(reader, second)?,
    );
    may_be_one(&one, &other)?;
    let (into, from) = (one.person, other.person);
    let expectations = vec![expected(reader, into)?, expected(reader, from)?];
    let mut events = Vec::new();
    for known in [&one, &other] {
        if !known.fingerprints.is_empty() {
            events.push(Event::Recognised {
                person: known.person,
                fingerprints: known.fingerprints.clone(),
            });
        }
    }
    let why = word.sealed(reader)?;
    let by = word.by.to_owned();
    events.push(Event::Grouped(Grouping::Merged {
        into,
        from,
        by,
        why,
    }));
    if one.row.suppression.is_some() || other.row.suppression.is_some() {
        events.extend(forgotten(reader, from)?);
    }
    let relation = other.contact.as_ref().map(|row| row.facts.relation);
    if let (Some(row), Some(mut theirs)) = (other.contact, other.opened) {
        theirs.relation = theirs.relation.or(relation);
        let contact = match one.opened {
            Some(own) => united(own, theirs, &record(from)),
            None => theirs,
        };
        let key = usable(reader, one.contact.as_ref())?;
        events.extend(stored(reader, settings, into, key, (&row, contact))?);
    }
    Ok(Ordered {
        person: into,
        events,
        expectations,
    })
}

fn may_be_one(one: &Known, other: &Known) -> Result<(), NotGrouped> {
    if one.person == other.person {
        return Err(NotGrouped::Same);
    }
    if one.row.version == 0 && other.row.version == 0 {
        return Err(NotGrouped::Unknown);
    }
    // What a list must not bring back must not come in by this door either.
    match (one.row.erased, other.row.erased) {
        (Some((_, case)), None) if other.contact.is_some() => Err(NotGrouped::Erased(case)),
        (None, Some((_, case))) if one.contact.is_some() => Err(NotGrouped::Erased(case)),
        _ => Ok(()),
    }
}

/// The plain addresses in notices of the second person: the senders are told of both as one.
fn forgotten(reader: &Reader, from: PersonId) -> Result<Option<Event>, Trouble> {
    let told = reader.state().senders_told(&Concerned::Person(from))?.told;
    let mut keys = Vec::new();
    for told in told {
        if !keys.contains(&told.key) && !reader.is_erased(told.key)? {
            keys.push(told.key);
        }
    }
    Ok((!keys.is_empty()).then_some(Event::KeysErased { keys }))
}

/// How what the second person's row said is marked in the first one's.
fn record(person: PersonId) -> String {
    format!(" (record {})", hex(&person.0[..4]))
}

/// Their contact key, or a new one.
fn usable(reader: &Reader, row: Option<&ContactRow>) -> Result<KeyId, Trouble> {
    match row {
        Some(row) if !reader.is_erased(row.key)? => Ok(row.key),
        _ => Ok(reader.allocate(KeyKind::Contact)?),
    }
}

/// The row as it is stored from now on, as of the import that `row` came with; none, if the register holds exactly this.
fn stored(
    reader: &Reader,
    settings: &RegisterSettings,
    person: PersonId,
    key: KeyId,
    (row, contact): (&ContactRow, Contact),
) -> Result<Option<Event>, Trouble> {
    let Event::ContactStored { import, .. } = reader.event(row.position)? else {
        return Ok(None);
    };
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let plan = plan_row(&state, keys, settings, person, (0, contact))?;
    let Some(plan) = plan.filter(|p| !p.unchanged) else {
        return Ok(None);
    };
    Ok(Some(Event::ContactStored {
        person,
        import,
        contact: reader.seal(key, &plan.contact)?,
        facts: plan.facts,
    }))
}

/// The fields that a row of the register says in one text, by name.
fn texts(contact: &Contact) -> [(&'static str, Option<&str>); 14] {
    [
        ("civility", contact.civility.as_deref()),
        ("first_name", contact.first_name.as_deref()),
        ("last_name", contact.last_name.as_deref()),
        ("role", contact.role.as_deref()),
        ("firm", contact.firm.as_deref()),
        ("country", contact.country.as_deref()),
        ("language", contact.language.map(|l| l.word())),
        ("phone", contact.phone.as_deref()),
        ("profile", contact.profile_url.as_deref()),
        ("crm_id", contact.crm_id.as_deref()),
        ("owner", contact.owner.as_deref()),
        ("campaign", contact.campaign.as_deref()),
        ("basis", contact.basis.as_deref()),
        ("why", contact.why.as_deref()),
    ]
}

/// The first one's row, with what the second one's says otherwise beside it. Telephone, profile and id are filled where there
/// is none, so that the tools that send are told of them.
fn united(first: Contact, second: Contact, mark: &str) -> Contact {
    let mut extra = first.extra.clone();
    for ((name, theirs), (_, own)) in texts(&second).into_iter().zip(texts(&first)) {
        if let Some(value) = theirs.filter(|t| Some(*t) != own) {
            extra.push((format!("{name}{mark}"), value.to_owned()));
        }
    }
    let theirs = second.extra.into_iter();
    extra.extend(theirs.map(|(name, value)| (format!("{name}{mark}"), value)));
    let mut addresses = first.addresses;
    for address in second.addresses {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut origins = first.origins;
    for origin in second.origins {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Contact {
        addresses,
        origins,
        extra,
        phone: first.phone.or(second.phone),
        profile_url: first.profile_url.or(second.profile_url),
        crm_id: first.crm_id.or(second.crm_id),
        relation: first.relation.or(second.relation),
        ..first
    }
}

/// One address of a person becomes a person of its own.
pub fn split(
    reader: &Reader,
    settings: &RegisterSettings,
    address: &Address,
    word: Word<'_>,
) -> Result<Ordered, NotGrouped> {
    let known = people::known(reader, address)?;
    if known.row.version == 0 {
        return Err(NotGrouped::Unknown);
    }
    let from = known.person;
    let mut fingerprints = moving(reader, address, from, known.opened.as_ref())?;
    let theirs = &known.row.fingerprints;
    if theirs.iter().all(|f| fingerprints.contains(f)) {
        return Err(NotGrouped::Only);
    }
    let (person, before) = born(reader, address, from)?;
    if let Some(before) = &before {
        let more = identifying(reader.fingerprinter(), before).into_iter();
        let more = more.filter(|(by, f)| *by != By::Address && theirs.contains(f));
        fingerprints.extend(more.map(|(_, f)| f));
    }
    let expectations = vec![expected(reader, from)?, expected(reader, person)?];
    let (by, why) = (word.by.to_owned(), word.sealed(reader)?);
    let mut events = vec![Event::Grouped(Grouping::Split {
        from,
        person,
        fingerprints,
        by,
        why,
    })];
    if let (Some(row), Some(contact)) = (&known.contact, known.opened) {
        let own = of_its_own(&contact, address, before.clone());
        let key = reader.allocate(KeyKind::Contact).map_err(Trouble::from)?;
        events.extend(stored(reader, settings, person, key, (row, own))?);
        let left = without(contact, address, before, &record(person));
        let key = usable(reader, Some(row))?;
        events.extend(stored(reader, settings, from, key, (row, left))?);
    }
    Ok(Ordered {
        person,
        events,
        expectations,
    })
}

/// The fingerprints of the address that are no other address's of the same person.
fn moving(
    reader: &Reader,
    address: &Address,
    from: PersonId,
    contact: Option<&Contact>,
) -> Result<Vec<Fingerprint>, NotGrouped> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let others = contact
        .iter()
        .flat_map(|c| &c.addresses)
        .filter(|a| *a != address);
    let kept: Vec<Fingerprint> = others.flat_map(|a| keys.of_address(a)).collect();
    if contact.is_some_and(|c| c.addresses.iter().all(|a| a == address)) {
        return Err(NotGrouped::Only);
    }
    let mut own = Vec::new();
    for fingerprint in keys.of_address(address) {
        let theirs = state.alias(&fingerprint).map_err(Trouble::from)? == Some(from);
        if theirs && !kept.contains(&fingerprint) {
            own.push(fingerprint);
        }
    }
    if own.is_empty() {
        return Err(NotGrouped::Inseparable);
    }
    Ok(own)
}

/// The id of the new person: the one that the address had before it was merged, with its row of the register; else a new one.
fn born(
    reader: &Reader,
    address: &Address,
    from: PersonId,
) -> Result<(PersonId, Option<Contact>), Trouble> {
    let state = reader.state();
    let born = reader.fingerprinter().person(address);
    let group = state.group(born)?;
    if born != from && group.into == Some(from) {
        let before = match &group.contact {
            Some(row) if !reader.is_erased(row.key)? => people::contact(reader, Some(row))?,
            _ => None,
        };
        return Ok((born, before));
    }
    if born != from && group.into.is_none() && state.person(born)?.version == 0 {
        return Ok((born, None));
    }
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|_| Trouble::Random)?;
    Ok((PersonId(random), None))
}

/// The row of the new person: the one of before the merge, else what is true of the address itself.
fn of_its_own(contact: &Contact, address: &Address, before: Option<Contact>) -> Contact {
    let addresses = vec![address.clone()];
    let row = before.unwrap_or_else(|| Contact {
        firm: contact.firm.clone(),
        country: contact.country.clone(),
        language: contact.language,
        relation: contact.relation,
        campaign: contact.campaign.clone(),
        basis: contact.basis.clone(),
        why: contact.why.clone(),
        origins: contact.origins.clone(),
        ..Contact::default()
    });
    Contact { addresses, ..row }
}

/// The row of the person who is left.
fn without(
    mut contact: Contact,
    address: &Address,
    before: Option<Contact>,
    mark: &str,
) -> Contact {
    contact.addresses.retain(|a| a != address);
    contact.extra.retain(|(name, _)| !name.ends_with(mark));
    if let Some(before) = before {
        for (own, theirs) in [
            (&mut contact.phone, before.phone),
            (&mut contact.profile_url, before.profile_url),
            (&mut contact.crm_id, before.crm_id),
        ] {
            own.take_if(|value| theirs.as_ref() == Some(value));
        }
    }
    contact
}
