//! The person, not the address: telephones that people share, and persons whom a human made one, or parted again.
//!
//! Whoever is merged into another keeps their id as another name of that person: it stands in tokens, in what was sent and in
//! decisions under way. Nothing is lost by it: suppression is the strictest of both, and a split copies it.

use super::state::fixed;
use super::{
    ContactRow, Damaged, Fingerprint, KeyId, LogPosition, PersonId, Sealed, State, SuppressionRow,
    Table, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What was learned or decided about who is who.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Grouping {
    /// They have these telephones; others may have them, too.
    Phones {
        person: PersonId,
        phones: Vec<Fingerprint>,
    },
    /// `from` is the same person as `into`, whose id stays.
    Merged {
        into: PersonId,
        from: PersonId,
        by: String,
        why: Option<Sealed>,
    },
    /// These key forms are a person of their own, not `from`.
    Split {
        from: PersonId,
        person: PersonId,
        fingerprints: Vec<Fingerprint>,
        by: String,
        why: Option<Sealed>,
    },
    /// Their addresses are in these domains: who is found by a telephone, a page or an id is at a firm, too.
    Firms {
        person: PersonId,
        domains: Vec<Fingerprint>,
    },
}

/// What a human decided about who somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traced {
    /// The other became this person.
    Merged,
    /// The other left this person.
    Parted,
    /// This person left the other.
    Left,
}

/// One such decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TraceRow {
    /// Which.
    pub what: Traced,
    /// With whom.
    pub other: PersonId,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Where its event stands, with the reason.
    pub position: LogPosition,
}

/// What is known of a person beside their own row: only of those who have a telephone, or were merged or split.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct GroupRow {
    /// Who they are now; then the rest of this row is only what a split needs.
    pub into: Option<PersonId>,
    /// Ids that mean this person, too.
    pub members: Vec<PersonId>,
    /// Their telephones.
    pub phones: Vec<Fingerprint>,
    /// Keys of rows of the register that were theirs before: erased with theirs.
    pub keys: Vec<KeyId>,
    /// Their row of the register when they became somebody else.
    pub contact: Option<ContactRow>,
    /// What humans decided, oldest first.
    pub trace: Vec<TraceRow>,
    /// The domains of their addresses, if they can be found otherwise than by an address.
    pub domains: Vec<Fingerprint>,
}

impl State<'_> {
    /// What is known of a person beside their own row.
    pub fn group(&self, id: PersonId) -> Result<GroupRow, Damaged> {
        Ok(self.row(Table::Group, &id.0)?.unwrap_or_default())
    }

    /// The person whom this id means today: itself, unless they were merged into another.
    pub fn standing(&self, id: PersonId) -> Result<PersonId, Damaged> {
        Ok(self.group(id)?.into.unwrap_or(id))
    }

    /// Ids that begin so, of persons and of those who were merged into another: `limit` of each.
    pub fn ids_beginning(&self, id: &[u8], limit: usize) -> Result<Vec<PersonId>, Damaged> {
        let mut all = Vec::new();
        for table in [Table::Person, Table::Group] {
            for (key, _) in self.0.scan(table, id, &[], limit)? {
                all.push(PersonId(fixed(&key)?));
            }
        }
        all.extend(self.listed_beginning(id)?);
        Ok(all)
    }

    /// The one known person whose id begins so; nobody, if none or two do.
    pub fn person_beginning(&self, id: &[u8; 8]) -> Result<Option<PersonId>, Damaged> {
        let mut found = None;
        for id in self.ids_beginning(id, 2)? {
            let person = self.standing(id)?;
            if found.is_some_and(|known| known != person) {
                return Ok(None);
            }
            found = Some(person);
        }
        Ok(found)
    }

    /// Everybody who has this telephone.
    pub fn people_at(&self, phone: &Fingerprint) -> Result<Vec<PersonId>, Damaged> {
        let found = self.0.scan(Table::PhoneOf, &phone.0, &[], usize::MAX)?;
        let id = |key: &[u8]| fixed(key.get(phone.0.len()..).unwrap_or_default());
        let people = found.iter().map(|(key, _)| Ok(PersonId(id(key)?)));
        people.collect()
    }

    /// How many of those who have this telephone must not be called, and the strictest of what holds.
    pub fn held_at(&self, phone: &Fingerprint) -> Result<(usize, Option<SuppressionRow>), Damaged> {
        let (mut many, mut strictest) = (0, None::<SuppressionRow>);
        for person in self.people_at(phone)? {
            let held = self.held(person)?;
            many += usize::from(held.is_some());
            strictest = stricter(strictest, held);
        }
        Ok((many, strictest))
    }

    /// What holds against the person of this page or id.
    pub fn held_by_key(&self, key: &Fingerprint) -> Result<Option<SuppressionRow>, Damaged> {
        match self.alias(key)? {
            Some(person) => self.held(person),
            None => Ok(None),
        }
    }

    /// What holds against a person whose address is not said: of their own, or of their firm, the strictest.
    fn held(&self, person: PersonId) -> Result<Option<SuppressionRow>, Damaged> {
        let person = self.standing(person)?;
        let mut held = self.person(person)?.suppression;
        for domain in &self.group(person)?.domains {
            held = stricter(held, self.domain(domain)?);
        }
        Ok(held)
    }
}

fn stricter(a: Option<SuppressionRow>, b: Option<SuppressionRow>) -> Option<SuppressionRow> {
    let of = |row: &Option<SuppressionRow>| row.as_ref().map(|r| r.suppression);
    if of(&a) < of(&b) { b } else { a }
}
