//! Finds one person of the register by an address, exactly: what is known, what holds, and what was sent.

use crate::record::{
    Address, ContactRow, Damaged, Fingerprinter, PersonId, PersonRow, State, SuppressionRow,
    Timestamp,
};

/// What the index knows of an address.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The person; born from the address if nobody knows it.
    pub person: PersonId,
    /// Their row; version 0 if nobody knows them.
    pub row: PersonRow,
    /// Their place in the register.
    pub contact: Option<ContactRow>,
    /// The strictest suppression in force, of the person or the domain.
    pub suppression: Option<SuppressionRow>,
    /// When they were last mailed.
    pub last_mailed: Option<Timestamp>,
}

/// A person by their id, or one that they had before.
pub fn of_person(state: &State<'_>, person: PersonId) -> Result<Found, Damaged> {
    let (person, row) = (state.standing(person)?, state.person(person)?);
    Ok(Found {
        person,
        contact: state.contact(person)?,
        suppression: row.suppression.clone(),
        last_mailed: state.last_mailed(person)?,
        row,
    })
}

/// Looks an address up by its exact and its canonical form (B7).
pub fn find(state: &State<'_>, keys: &Fingerprinter, address: &Address) -> Result<Found, Damaged> {
    let fingerprints = keys.of_address(address);
    let known = state.person_of(&fingerprints)?;
    let person = state.standing(known.unwrap_or_else(|| keys.person(address)))?;
    let domain = keys.of_domain(address.domain());
    Ok(Found {
        person,
        row: state.person(person)?,
        contact: state.contact(person)?,
        suppression: state.suppression(&fingerprints, Some(&domain))?,
        last_mailed: state.last_mailed(person)?,
    })
}
