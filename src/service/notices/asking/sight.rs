//! What is in sight, looked up once: a list of a thousand not again for each of its people.

use super::InSight;
use crate::record::{Address, Fingerprint, PersonId};
use crate::request;
use crate::service::gathering::Trouble;
use crate::store::Reader;
use std::collections::HashMap;

/// Who is in sight, by whom each address belongs to.
#[derive(Default)]
pub(super) struct Sight<'s> {
    pub all: &'s [Address],
    pub of: HashMap<PersonId, Vec<&'s Address>>,
    pub domains: HashMap<Fingerprint, &'s String>,
}

impl<'s> Sight<'s> {
    pub fn of(reader: &Reader, sight: &'s InSight) -> Result<Self, Trouble> {
        let mut of: HashMap<PersonId, Vec<&Address>> = HashMap::new();
        for address in &sight.addresses {
            let known = request::known(&reader.state(), reader.fingerprinter(), address)?;
            of.entry(known.person).or_default().push(address);
        }
        let keys = reader.fingerprinter();
        let domains = sight
            .domains
            .iter()
            .map(|name| (keys.of_domain(name), name));
        Ok(Self {
            all: &sight.addresses,
            of,
            domains: domains.collect(),
        })
    }
}
