//! Lays a row of a list over what is on file of a person: what the list does not say is not lost.

use crate::record::{Address, Contact, Origin};

/// The new row, with what it does not say from the old one.
pub(super) fn laid_over(new: Contact, old: Contact) -> Contact {
    Contact {
        addresses: addresses(new.addresses, old.addresses),
        civility: new.civility.or(old.civility),
        first_name: new.first_name.or(old.first_name),
        last_name: new.last_name.or(old.last_name),
        role: new.role.or(old.role),
        firm: new.firm.or(old.firm),
        country: new.country.or(old.country),
        language: new.language.or(old.language),
        phone: new.phone.or(old.phone),
        profile_url: new.profile_url.or(old.profile_url),
        crm_id: new.crm_id.or(old.crm_id),
        relation: new.relation.or(old.relation),
        owner: new.owner.or(old.owner),
        campaign: new.campaign.or(old.campaign),
        basis: new.basis.or(old.basis),
        why: new.why.or(old.why),
        origins: origins(new.origins, old.origins),
        extra: extra(new.extra, old.extra),
    }
}

/// A list that brings no new address does not change which one is on file.
fn addresses(mut new: Vec<Address>, old: Vec<Address>) -> Vec<Address> {
    if new.iter().all(|a| old.contains(a)) {
        return old;
    }
    for address in old {
        if !new.contains(&address) {
            new.push(address);
        }
    }
    new
}

/// A new origin takes the place of the old one for the same data.
fn origins(mut new: Vec<Origin>, old: Vec<Origin>) -> Vec<Origin> {
    if new.iter().all(|o| old.contains(o)) {
        return old;
    }
    let said: Vec<Vec<String>> = new.iter().map(|o| o.data.clone()).collect();
    new.extend(old.into_iter().filter(|o| !said.contains(&o.data)));
    new
}

/// Columns without a meaning of their own keep their order.
fn extra(new: Vec<(String, String)>, mut old: Vec<(String, String)>) -> Vec<(String, String)> {
    for (name, value) in new {
        match old.iter_mut().find(|(known, _)| *known == name) {
            Some(place) => place.1 = value,
            None => old.push((name, value)),
        }
    }
    old
}
