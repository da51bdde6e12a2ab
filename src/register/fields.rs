//! One row of a list becomes a contact; a value that cannot be read is a mistake with what to do about it.
//!
//! No value is lost, because an access letter must show it: several telephones stand beside each other, and of other columns
//! that mean the same the first counts and the others are kept under their own names.

use super::columns::{Column, bare};
use super::days::{Days, NoDays};
use crate::record::{Address, Contact, Language, Origin, Relation, is_civility};

/// What is wrong, and what to do.
pub(super) type Wrong = (String, &'static str);

/// A row as a contact, and what of it says nothing that can be used, although the row is taken.
pub(super) fn contact_of(
    columns: &[(String, Column)],
    record: &csv::StringRecord,
) -> Result<(Contact, Vec<Wrong>), Wrong> {
    if record.len() > columns.len() {
        return Err(too_long(columns, record));
    }
    let mut contact = Contact::default();
    let mut origin = Origin::default();
    let (mut jobs, mut unclear) = (Vec::new(), Vec::new());
    for ((header, column), value) in columns.iter().zip(record.iter()) {
        if value.is_empty() {
            continue;
        }
        match column {
            Column::Title if !is_civility(value) => jobs.push((header, value)),
            // A letter says "not a public source" only of one that the list calls so.
            Column::Public if origin.public.is_none() && is_public(value).is_none() => {
                keep(&mut contact, header, value);
                let fix = "write yes or no; until then letters say neither";
                unclear.push(unknown(header, value, fix));
            }
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
    Ok((contact, unclear))
}

/// Nobody can tell which value of such a row belongs to which column.
fn too_long(columns: &[(String, Column)], record: &csv::StringRecord) -> Wrong {
    let (values, columns) = (record.len(), columns.len());
    (
        format!("the row has {values} values and the header {columns}"),
        "put a value that holds the delimiter in quotation marks",
    )
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
            let days = Days::of_list(value).map_err(|why| no_days(header, value, why))?;
            origin.date = Some(days.to_string());
        }
        Column::Public => origin.public = is_public(value),
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

fn no_days(header: &str, value: &str, why: NoDays) -> Wrong {
    match why {
        NoDays::Unreadable => unknown(
            header,
            value,
            "write the day as 2026-11-23 or 23/11/2026, or the first and the last: 2026-11-20..2026-11-23",
        ),
        NoDays::Reversed => (
            format!("{header} ends before it begins"),
            "write the first day before the last",
        ),
    }
}

/// A source that is public, as lists say it in seven languages.
const YES: &[&str] = &[
    "oui",
    "yes",
    "y",
    "ja",
    "j",
    "si",
    "sim",
    "true",
    "1",
    "vrai",
    "wahr",
    "public",
    "publique",
    "offentlich",
    "publico",
    "publica",
    "pubblico",
    "pubblica",
    "openbaar",
];

/// One that is not.
const NO: &[&str] = &[
    "non",
    "no",
    "n",
    "nein",
    "nee",
    "nao",
    "false",
    "0",
    "faux",
    "falsch",
    "private",
    "prive",
    "privee",
    "privat",
    "privado",
    "privada",
    "privato",
    "privata",
    "nonpublic",
    "nonpublique",
    "notpublic",
    "nichtoffentlich",
    "nopublico",
    "nopublica",
    "nonpubblico",
    "nonpubblica",
    "nietopenbaar",
    "naopublico",
    "naopublica",
];

/// Whether a source is public; nothing, if neither is said.
fn is_public(value: &str) -> Option<bool> {
    let said = bare(value);
    match said.as_str() {
        said if YES.contains(&said) => Some(true),
        said if NO.contains(&said) => Some(false),
        _ => None,
    }
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
