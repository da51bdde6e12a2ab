//! One row of a list becomes a contact; a value that cannot be read is a mistake with what to do about it.
//!
//! No value is lost, because an access letter must show it: several telephones stand beside each other, and of other columns
//! that mean the same the first counts and the others are kept under their own names.

use super::columns::{Column, bare};
use crate::record::{Address, Contact, Language, Origin, Relation, is_civility};

/// What is wrong, and what to do.
pub(super) type Wrong = (String, &'static str);

pub(super) fn contact_of(
    columns: &[(String, Column)],
    record: &csv::StringRecord,
) -> Result<Contact, Wrong> {
    let mut contact = Contact::default();
    let mut origin = Origin::default();
    let mut jobs = Vec::new();
    for ((header, column), value) in columns.iter().zip(record.iter()) {
        if value.is_empty() {
            continue;
        }
        match column {
            Column::Title if !is_civility(value) => jobs.push((header, value)),
            _ => fill(&mut contact, &mut origin, header, *column, value)?,
        }
    }
    // Behind all others: a column of roles says better what somebody does than one of titles.
    for (header, job) in jobs {
        fill(&mut contact, &mut origin, header, Column::Role, job)?;
    }
    if contact.addresses.is_empty() {
        return Err((
            "there is no e-mail address".into(),
            "fill the column of addresses, or remove the row",
        ));
    }
    if origin != Origin::default() {
        origin.data = vec!["all".into()];
        contact.origins.push(origin);
    }
    Ok(contact)
}

fn fill(
    contact: &mut Contact,
    origin: &mut Origin,
    header: &str,
    column: Column,
    value: &str,
) -> Result<(), Wrong> {
    if says_already(contact, origin, column) {
        keep(contact, header, value);
        return Ok(());
    }
    let text = Some(value.to_owned());
    match column {
        Column::Email => addresses(contact, value)?,
        // Nobody is greeted by what is none.
        Column::Civility if !is_civility(value) => keep(contact, header, value),
        Column::Civility | Column::Title => contact.civility = text,
        Column::FirstName => contact.first_name = text,
        Column::LastName => contact.last_name = text,
        Column::Role => contact.role = text,
        Column::Firm => contact.firm = text,
        Column::Country => contact.country = Some(country(value).ok_or_else(|| unknown(header, value, "write the two letters of the country (ISO 3166-1), as in FR"))?),
        Column::Language => {
            let code = value.get(..2).unwrap_or(value).to_lowercase();
            let read: Result<Language, _> = code.parse();
            contact.language =
                Some(read.map_err(|_| unknown(header, value, "write its two letters, as in fr"))?);
        }
        Column::Phone => telephone(contact, value),
        Column::Profile => contact.profile_url = text,
        Column::CrmId => contact.crm_id = text,
        Column::Relation => contact.relation = Some(relation(value).ok_or_else(|| unknown(header, value, "write prospect, open_deal, customer, former, supplier, partner, candidate, staff or unknown"))?),
        Column::Owner => contact.owner = text,
        Column::Campaign => contact.campaign = text,
        Column::Basis => contact.basis = text,
        Column::Why => contact.why = text,
        Column::Provider => origin.provider = text,
        Column::From => origin.from = text,
        Column::Date => {
            origin.date = Some(date(value).ok_or_else(|| unknown(header, value, "write the day as 2026-11-23 or 23/11/2026"))?);
        }
        Column::Public => {
            let yes = ["oui", "yes", "ja", "si", "sim", "true", "1", "vrai", "public"];
            origin.public = Some(yes.contains(&bare(value).as_str()));
        }
        Column::Extra => keep(contact, header, value),
    }
    Ok(())
}

fn addresses(contact: &mut Contact, value: &str) -> Result<(), Wrong> {
    for one in value.split([';', ' ', ',']).filter(|a| !a.is_empty()) {
        let address = Address::parse(one)
            .map_err(|e| (e.to_string(), "correct the address, or remove the row"))?;
        contact.addresses.push(address);
    }
    Ok(())
}

/// Whether an earlier column of the row has said it.
fn says_already(contact: &Contact, origin: &Origin, column: Column) -> bool {
    match column {
        Column::Email | Column::Phone | Column::Extra => false,
        Column::Civility | Column::Title => contact.civility.is_some(),
        Column::FirstName => contact.first_name.is_some(),
        Column::LastName => contact.last_name.is_some(),
        Column::Role => contact.role.is_some(),
        Column::Firm => contact.firm.is_some(),
        Column::Country => contact.country.is_some(),
        Column::Language => contact.language.is_some(),
        Column::Profile => contact.profile_url.is_some(),
        Column::CrmId => contact.crm_id.is_some(),
        Column::Relation => contact.relation.is_some(),
        Column::Owner => contact.owner.is_some(),
        Column::Campaign => contact.campaign.is_some(),
        Column::Basis => contact.basis.is_some(),
        Column::Why => contact.why.is_some(),
        Column::Provider => origin.provider.is_some(),
        Column::From => origin.from.is_some(),
        Column::Date => origin.date.is_some(),
        Column::Public => origin.public.is_some(),
    }
}

/// One telephone more; [`super::phones`] takes them apart.
fn telephone(contact: &mut Contact, value: &str) {
    contact.phone = Some(match contact.phone.take() {
        Some(known) if known.split(';').any(|one| one.trim() == value) => known,
        Some(known) => format!("{known}; {value}"),
        None => value.to_owned(),
    });
}

/// A value under the list's own name for it. A second one of that name gets a number: the next import lays values over those
/// of the same name.
fn keep(contact: &mut Contact, header: &str, value: &str) {
    let (mut name, mut number) = (header.to_owned(), 1);
    while contact.extra.iter().any(|(known, _)| *known == name) {
        number += 1;
        name = format!("{header} ({number})");
    }
    contact.extra.push((name, value.to_owned()));
}

fn unknown(header: &str, value: &str, fix: &'static str) -> Wrong {
    let shown: String = value.chars().take(40).collect();
    (format!("\"{shown}\" cannot be read as {header}"), fix)
}

pub(super) fn country(value: &str) -> Option<String> {
    const NAMES: &[(&str, &str)] = &[
        ("france", "FR"),
        ("belgique", "BE"),
        ("belgium", "BE"),
        ("belgie", "BE"),
        ("allemagne", "DE"),
        ("germany", "DE"),
        ("deutschland", "DE"),
        ("espagne", "ES"),
        ("spain", "ES"),
        ("espana", "ES"),
        ("italie", "IT"),
        ("italy", "IT"),
        ("italia", "IT"),
        ("paysbas", "NL"),
        ("netherlands", "NL"),
        ("nederland", "NL"),
        ("portugal", "PT"),
        ("suisse", "CH"),
        ("switzerland", "CH"),
        ("schweiz", "CH"),
        ("luxembourg", "LU"),
        ("autriche", "AT"),
        ("austria", "AT"),
        ("osterreich", "AT"),
        ("irlande", "IE"),
        ("ireland", "IE"),
        ("royaumeuni", "GB"),
        ("unitedkingdom", "GB"),
        ("uk", "GB"),
    ];
    let bare = bare(value);
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == bare) {
        return Some((*code).to_owned());
    }
    let code = bare.len() == 2 && bare.bytes().all(|b| b.is_ascii_lowercase());
    code.then(|| bare.to_uppercase())
}

fn relation(value: &str) -> Option<Relation> {
    const NAMES: &[(&str, Relation)] = &[
        ("lead", Relation::Prospect),
        ("client", Relation::Customer),
        ("kunde", Relation::Customer),
        ("cliente", Relation::Customer),
        ("klant", Relation::Customer),
        ("opportunite", Relation::OpenDeal),
        ("opportunity", Relation::OpenDeal),
        ("ancienclient", Relation::Former),
        ("fournisseur", Relation::Supplier),
        ("partenaire", Relation::Partner),
        ("candidat", Relation::Candidate),
        ("interne", Relation::Staff),
    ];
    let wanted = bare(value);
    let known = NAMES
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, r)| *r);
    known.or_else(|| {
        Relation::ALL
            .iter()
            .copied()
            .find(|r| bare(r.word()) == wanted)
    })
}

/// `YYYY-MM-DD` from what people write.
fn date(value: &str) -> Option<String> {
    Some(day(value.split(['T', ' ']).next()?)?.to_string())
}

/// A day as people write it: ISO first, else day before month.
pub(super) fn day(value: &str) -> Option<jiff::civil::Date> {
    let parts: Vec<&str> = value.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    date.ok().filter(|d| d.year() >= 1990)
}
