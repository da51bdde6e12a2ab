//! Who a row of a list is: by its addresses, else by a profile page, else by the CRM's id. Never by a telephone, which may be a
//! switchboard.
//!
//! So a list that was bought again, with another address of somebody who is suppressed, brings nobody back. Where a row names
//! two people it is taken by its address and nothing is merged: that is for a human to decide.
//!
//! An id alone is weak: lists of different makers count from one. So with an address that nobody knows it names the person on
//! file only if the row says nothing else of them ([`contradicts`]).

use super::columns::bare;
use crate::record::{
    Contact, CrmId, Damaged, Fingerprint, Fingerprinter, PersonId, Phone, Profile, State,
};

/// What a row is known by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum By {
    /// An address.
    Address,
    /// A profile page.
    Profile,
    /// The CRM's id.
    CrmId,
}

impl By {
    /// The words for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Address => "an address",
            Self::Profile => "the profile",
            Self::CrmId => "the CRM id",
        }
    }
}

/// Who a row is.
#[derive(Clone, PartialEq, Debug)]
pub struct Matched {
    /// The person; born from the first address if nobody knows them.
    pub person: PersonId,
    /// What they are known by; nothing = they are new.
    pub by: Option<By>,
    /// What of the row belongs to somebody else.
    pub others: Vec<(By, PersonId)>,
}

/// What says who somebody is, each with its fingerprint.
pub fn identifying(keys: &Fingerprinter, contact: &Contact) -> Vec<(By, Fingerprint)> {
    let addresses = contact.addresses.iter().flat_map(|a| keys.of_address(a));
    let mut all: Vec<(By, Fingerprint)> = addresses.map(|f| (By::Address, f)).collect();
    if let Some(profile) = contact.profile_url.as_deref().and_then(Profile::parse) {
        all.push((By::Profile, keys.of(&profile.key_form())));
    }
    if let Some(id) = contact.crm_id.as_deref().and_then(CrmId::parse) {
        all.push((By::CrmId, keys.of(&id.key_form())));
    }
    all
}

/// The telephones of a contact; a cell may hold several. `home` is the country of numbers that say none.
pub fn phones(contact: &Contact, home: &str) -> Vec<Phone> {
    let country = contact.country.as_deref().unwrap_or(home);
    let texts = contact.phone.as_deref().unwrap_or_default();
    let mut all: Vec<Phone> = texts
        .split([';', ',', '|', '\n'])
        .filter_map(|text| Phone::parse(text, Some(country)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Looks a row up. Nobody, if it has no address.
pub fn matched(
    state: &State<'_>,
    keys: &Fingerprinter,
    contact: &Contact,
) -> Result<Option<Matched>, Damaged> {
    let Some(first) = contact.addresses.first() else {
        return Ok(None);
    };
    let mut found: Option<(By, PersonId)> = None;
    let mut others: Vec<(By, PersonId)> = Vec::new();
    for (by, fingerprint) in identifying(keys, contact) {
        let Some(person) = state.alias(&fingerprint)? else {
            continue;
        };
        match found {
            None => found = Some((by, person)),
            Some((_, known)) if known == person => {}
            Some(_) if others.contains(&(by, person)) => {}
            Some(_) => others.push((by, person)),
        }
    }
    Ok(Some(Matched {
        person: found.map_or_else(|| keys.person(first), |(_, person)| person),
        by: found.map(|(by, _)| by),
        others,
    }))
}

/// Whether a row speaks of somebody else than the person on file whom its CRM id names. Compared is only what both know.
///
/// | last name | first name | firm | |
/// | --- | --- | --- | --- |
/// | differs | any | any | somebody else |
/// | any | differs | any | somebody else |
/// | the same | the same | differs | the same person, who changed firm |
/// | one of them not known | | differs | somebody else |
/// | the same or not known | | the same or not known | the same person |
///
/// Whoever is taken for somebody else by mistake is told by their line, and `contacts merge` makes them one; whoever is taken
/// for the same gets another person's data by letter, and nobody sees it.
pub fn contradicts(row: &Contact, known: &Contact) -> bool {
    let last = same(row.last_name.as_deref(), known.last_name.as_deref());
    let first = same(row.first_name.as_deref(), known.first_name.as_deref());
    let firm = same(row.firm.as_deref(), known.firm.as_deref());
    // "J." is no other name than "Jean", and not certainly the same either.
    let first = first.filter(|same| *same || !abbreviated(row, known));
    let named = (last, first) == (Some(true), Some(true));
    [last, first].contains(&Some(false)) || (firm == Some(false) && !named)
}

/// Whether two texts say the same, without case, accents and punctuation; nothing, if one of them says nothing.
fn same(one: Option<&str>, other: Option<&str>) -> Option<bool> {
    let said = |text: Option<&str>| text.map(bare).filter(|t| !t.is_empty());
    Some(said(one)? == said(other)?)
}

/// Whether one given name is the first letter of the other.
fn abbreviated(row: &Contact, known: &Contact) -> bool {
    let given = |c: &Contact| bare(c.first_name.as_deref().unwrap_or_default());
    let (one, other) = (given(row), given(known));
    let letter_of = |a: &str, b: &str| a.chars().count() == 1 && b.starts_with(a);
    letter_of(&one, &other) || letter_of(&other, &one)
}

impl Matched {
    /// Not whom the CRM's id names, because the row contradicts it.
    pub fn by_address_alone(mut self, keys: &Fingerprinter, contact: &Contact) -> Self {
        if let (Some(by), Some(first)) = (self.by.take(), contact.addresses.first()) {
            self.others.push((by, self.person));
            self.person = keys.person(first);
        }
        self
    }
}
