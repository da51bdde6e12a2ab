//! Looks people up: who an address belongs to, what the register says of them, who is named, reported or forwarded.
//!
//! Rows of the register are opened here and nowhere else in the way of a message.

use super::gathering::Trouble;
use super::house::House;
use crate::intent::Question;
use crate::mail::{self, InboundMessage, Report};
use crate::record::{Address, Contact, Event, is_freemail_domain};
use crate::request::{self, Domain, Forwarded, Known, Reported};
use crate::store::Reader;

/// Contacts of a domain that are looked at before a domain is proposed (B5).
const DOMAIN_SAMPLE: usize = 1_000;

/// The person behind an address, with the register's row opened.
pub fn known(reader: &Reader, address: &Address) -> Result<Known, Trouble> {
    let known = request::known(&reader.state(), reader.fingerprinter(), address)?;
    opened(reader, known)
}

pub fn opened(reader: &Reader, mut known: Known) -> Result<Known, Trouble> {
    known.opened = contact(reader, known.contact.as_ref())?;
    Ok(known)
}

/// Opens a row of the register; `None` once it was erased.
pub fn contact(
    reader: &Reader,
    row: Option<&crate::record::ContactRow>,
) -> Result<Option<Contact>, Trouble> {
    let Some(row) = row else { return Ok(None) };
    match reader.event(row.position)? {
        Event::ContactStored { contact, .. } => Ok(reader.open_sealed(&contact)?),
        _ => Ok(None),
    }
}

pub fn domain(reader: &Reader, address: &Address) -> Result<Domain, Trouble> {
    let fingerprint = reader.fingerprinter().of_domain(address.domain());
    let suppression = reader.state().domain(&fingerprint)?;
    let freemail = is_freemail_domain(address.domain());
    let (contacts, not_prospects) = (0, 0);
    Ok(Domain {
        name: address.domain().to_owned(),
        fingerprint,
        freemail,
        suppression,
        contacts,
        not_prospects,
    })
}

/// How many people of a domain the register holds, by what they are to the firm.
pub type DomainCounts = std::collections::BTreeMap<crate::record::Relation, u64>;

/// B5, for a reviewer: everybody of a domain, counted contact by contact.
pub fn domain_counts(reader: &Reader, domain: &str) -> Result<DomainCounts, Trouble> {
    let (mut counts, mut from) = (DomainCounts::new(), None);
    loop {
        let page = reader.state().contacts(from, DOMAIN_SAMPLE)?;
        // The next page begins with the last of this one, which is counted there.
        let more = page.len() == DOMAIN_SAMPLE;
        let counted = page.len() - usize::from(more);
        for (_, row) in &page[..counted] {
            let contact = contact(reader, Some(row))?;
            if contact.is_some_and(|c| c.addresses.iter().any(|a| a.domain() == domain)) {
                *counts.entry(row.facts.relation).or_default() += 1;
            }
        }
        match page.last().filter(|_| more) {
            Some((last, _)) => from = Some(*last),
            None => return Ok(counts),
        }
    }
}

/// B5: how much of the register a domain is; opened contact by contact, so asked only when somebody speaks for a firm.
pub fn count_domain(reader: &Reader, domain: &mut Domain) -> Result<(), Trouble> {
    for (_, row) in reader.state().contacts(None, DOMAIN_SAMPLE)? {
        let Some(contact) = contact(reader, Some(&row))? else {
            continue;
        };
        if contact.addresses.iter().any(|a| a.domain() == domain.name) {
            domain.contacts += 1;
            domain.not_prospects +=
                u64::from(row.facts.relation != crate::record::Relation::Prospect);
        }
    }
    Ok(())
}

pub fn reported(reader: &Reader, message: &InboundMessage) -> Result<Vec<Reported>, Trouble> {
    let state = reader.state();
    let letter_of = |id: &Option<String>| -> Result<_, Trouble> {
        let Some(id) = id else { return Ok(None) };
        let Some(letter) = state.letter_by_mail(reader.fingerprinter().mail_id(id))? else {
            return Ok(None);
        };
        Ok(state.letter(letter)?.map(|row| (letter, row)))
    };
    match &message.report {
        Some(Report::Delivery {
            recipients,
            original_id,
        }) => {
            let letter = letter_of(original_id)?;
            let named = recipients
                .iter()
                .filter_map(|r| Some((r, r.recipient.as_ref()?)));
            named
                .map(|(r, address)| {
                    let (failed, status) = (r.failed, r.status.clone());
                    Ok(Reported {
                        known: known(reader, address)?,
                        letter: letter.clone(),
                        failed,
                        status,
                    })
                })
                .collect()
        }
        Some(Report::Feedback {
            recipient: Some(address),
            original_id,
        }) => Ok(vec![Reported {
            known: known(reader, address)?,
            letter: letter_of(original_id)?,
            failed: true,
            status: String::new(),
        }]),
        _ => Ok(Vec::new()),
    }
}

/// Other addresses in the fresh text, each with the line in which it stands.
pub fn named(message: &InboundMessage) -> Vec<(Address, String)> {
    let mut found: Vec<(Address, String)> = Vec::new();
    for line in message.fresh.text.lines() {
        let words = line.split(|c: char| c.is_whitespace() || "<>()[],;:\"«»".contains(c));
        for word in words.filter(|w| w.contains('@')) {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            if let Ok(address) = Address::parse(bare)
                && Some(&address) != message.from.as_ref()
                && found.len() < 20
                && !found.iter().any(|(a, _)| *a == address)
            {
                found.push((address, line.trim().chars().take(200).collect()));
            }
        }
    }
    found
}

/// B6: what a colleague forwarded, by the header block of the forwarded mail.
pub fn forwarded(
    reader: &Reader,
    house: &House,
    message: &InboundMessage,
) -> Result<Option<Forwarded>, Trouble> {
    let Some(inner) = message
        .fresh
        .elided
        .iter()
        .find(|e| e.kind == mail::ElidedKind::Forwarded)
    else {
        return Ok(None);
    };
    let address = inner.text.lines().take(8).find_map(|line| {
        let (_, value) = line.split_once(':')?;
        value
            .split(['<', '>', ' ', '[', ']', '"'])
            .find_map(|w| Address::parse(w).ok())
    });
    let from = address.filter(|a| !house.gate.own_domains.iter().any(|d| d == a.domain()));
    let body = inner
        .text
        .split_once("\n\n")
        .map_or(inner.text.as_str(), |(_, body)| body);
    let understood = house.reader.read(&Question {
        fresh: body,
        subject: "",
        subject_is_reply: true,
        elided: "",
        automatic: false,
        from: from.as_ref().map(Address::as_str).unwrap_or_default(),
    });
    Ok(Some(Forwarded {
        known: from.as_ref().map(|a| known(reader, a)).transpose()?,
        from,
        kinds: understood.requests.iter().map(|f| f.kind).collect(),
    }))
}
