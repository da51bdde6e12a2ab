//! One person, or one domain: may they be written to, or no more of it.
//!
//! What is asked is an address, or `@domain`. Of an address it is said, too, if the whole firm is held: whoever lifts must know.

use super::{Answer, Desk, Refusal, address, incidents, words};
use crate::record::{
    Address, Event, Fingerprint, Listing, Noted, PersonId, State as Rows, Suppression,
    SuppressionReason, SuppressionRow, domain_to_ascii,
};
use crate::register::{self, Key};
use crate::service::InSight;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Who is asked about.
#[derive(Deserialize)]
pub struct Whom {
    address: String,
}

/// An order about them.
#[derive(Deserialize)]
pub struct Order {
    pub(super) address: String,
    pub(super) by: String,
    /// Only until somebody has looked.
    #[serde(default)]
    pause: bool,
    /// Why.
    #[serde(default)]
    pub(super) reason: String,
}

/// An address or a whole domain, in ASCII.
pub enum Target {
    One(Address),
    Domain(String),
}

/// One of them as somebody typed it: an address, or `@domain`.
pub fn target(text: &str) -> Result<Target, Refusal> {
    let Some(domain) = text.trim().strip_prefix('@') else {
        return Ok(Target::One(address(text)?));
    };
    match domain_to_ascii(domain) {
        Some(ascii) if ascii.contains('.') => Ok(Target::Domain(ascii)),
        _ => Err(Refusal::unclear(
            "this is no domain",
            "write it as @example.org",
        )),
    }
}

/// What holds against calling a telephone, or writing through a profile or by an id; wrong (exit code 1) if something does.
fn check_key(desk: &Desk, asked: &str, key: &Key) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (many, row) = key.held(&reader.state(), reader.fingerprinter())?;
    let text = match (&row, key) {
        (None, Key::Phone(_)) => format!("{asked}: may be called\n"),
        (None, _) => format!("{asked}: may be written to\n"),
        (Some(row), Key::Phone(_)) => {
            let who = match many {
                1 => "one person who has it must".to_owned(),
                many => format!("{many} people who have it must"),
            };
            format!("{asked}: {who} not be called: {}\n", in_words(row))
        }
        (Some(row), _) => format!("{asked}: {}\n", in_words(row)),
    };
    let holds = row.as_ref().map(in_data);
    let data = json!({"address": asked, "suppression": holds, "people": many});
    Ok(Answer::good(data, text).wrong_if(row.is_some()))
}

/// A telephone, profile or id as somebody typed it; `None` = it is an address, or a domain.
pub fn key(desk: &Desk, text: &str) -> Result<Option<Key>, Refusal> {
    let home = desk.office.house.load().config.controller.country.clone();
    match Key::read(text, &home) {
        None => Ok(None),
        Some(Some(key)) => Ok(Some(key)),
        Some(None) => Err(Refusal::unclear(
            "this is no telephone, no page of a person and no id",
            "write a telephone as +33612345678, a page as linkedin.com/in/NAME, an id as crm:ID",
        )),
    }
}

/// What holds against writing to somebody, and by whose word.
struct Holding {
    row: Option<SuppressionRow>,
    /// What is said of the person themselves, whatever holds of their firm.
    own: Option<SuppressionRow>,
    /// Where it is noted who ordered it.
    about: Noted,
    list: Option<Listing>,
    /// The domain of an address, if all of that is suppressed.
    firm: Option<(String, SuppressionRow)>,
}

fn holding(desk: &Desk, target: Target) -> Result<Holding, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let address = match target {
        Target::One(address) => address,
        Target::Domain(domain) => {
            let domain = keys.of_domain(&domain);
            return Ok(Holding {
                row: state.domain(&domain)?,
                own: None,
                about: Noted::Domain(domain),
                list: None,
                firm: None,
            });
        }
    };
    let found = register::find(&state, keys, &address)?;
    let fingerprints = keys.of_address(&address);
    let firm = firm(desk, &address)?;
    let own = state.suppression(&fingerprints, None)?;
    // As in the state: what is said of the person themselves comes first.
    let by_own = own.as_ref().map(|own| own.suppression);
    let by_firm = by_own < firm.as_ref().map(|(_, row)| row.suppression);
    Ok(Holding {
        about: match by_firm {
            true => Noted::Domain(keys.of_domain(address.domain())),
            false => Noted::Person(found.person),
        },
        list: list_of(&state, &fingerprints, &found.suppression)?,
        row: found.suppression,
        own,
        firm,
    })
}

/// The domain of an address and what holds against all of it, if something does.
pub(super) fn firm(
    desk: &Desk,
    address: &Address,
) -> Result<Option<(String, SuppressionRow)>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let domain = reader.fingerprinter().of_domain(address.domain());
    let row = reader.state().domain(&domain)?;
    Ok(row.map(|row| (address.domain().to_owned(), row)))
}

/// What holds against writing to them; wrong (exit code 1) if they must not be written to.
pub async fn check(State(desk): State<Desk>, Json(whom): Json<Whom>) -> Result<Answer, Refusal> {
    if let Some(key) = key(&desk, &whom.address)? {
        return check_key(&desk, whom.address.trim(), &key);
    }
    let Holding {
        row,
        own,
        about,
        list,
        firm,
    } = holding(&desk, target(&whom.address)?)?;
    let mut text = match &row {
        None => format!("{}: may be written to\n", whom.address.trim()),
        Some(row) => format!("{}: {}\n", whom.address.trim(), in_words(row)),
    };
    // A note of an older suppression, since lifted, says nothing of this one.
    let by_hand = |row: &SuppressionRow| row.reason == SuppressionReason::ByHand;
    let state = desk.office.sequencer.reader().state();
    let note = row
        .as_ref()
        .filter(|r| by_hand(r))
        .map(|_| state.note(about));
    let since = row.as_ref().map(|r| r.since);
    let note = note.transpose()?.flatten().filter(|n| Some(n.at) >= since);
    let why = note.as_ref().map(|n| incidents::why(&desk, n));
    let why: Option<String> = why.transpose()?.flatten();
    if let Some(note) = &note {
        text += &format!(
            "ordered by {}: {}\n",
            note.by,
            why.as_deref().unwrap_or("no reason was given")
        );
    }
    let (mut by, mut why) = (note.map(|n| n.by), why);
    if let Some(list) = list {
        why = told_of_list(&desk, &list, &mut text)?;
        by = Some(list.by);
    }
    if let Some((name, row)) = &firm {
        text += &format!("the whole firm @{name} is {}\n", row.suppression);
    }
    let data = json!({
        "address": whom.address.trim(), "suppression": row.as_ref().map(in_data), "own": own.as_ref().map(in_data),
        "by": by, "why": why, "domain": firm.map(|(name, _)| name),
    });
    Ok(Answer::good(data, text).wrong_if(row.is_some()))
}

/// Says which list it was, who read it in, and why; gives the reason.
fn told_of_list(desk: &Desk, list: &Listing, text: &mut String) -> Result<Option<String>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let why: Option<Option<String>> = match &list.why {
        Some(why) => Some(reader.open_sealed(why)?),
        None => None,
    };
    let why = why.flatten();
    let reason = why.as_deref().unwrap_or("no reason was given");
    let (origin, by, entries) = (&list.origin, &list.by, list.entries);
    *text += &format!("the list {origin:?} of {entries} key forms, read in by {by}: {reason}\n");
    Ok(why)
}

/// The list whose word it is that holds.
fn list_of(
    state: &Rows<'_>,
    keys: &[Fingerprint],
    holds: &Option<SuppressionRow>,
) -> Result<Option<Listing>, Refusal> {
    for key in keys {
        let list = state.held_by_list(key)?;
        if let Some(list) = list.filter(|l| Some(l.suppression()) == *holds) {
            return Ok(Some(list.listing));
        }
    }
    Ok(None)
}

/// A suppression in a sentence.
pub fn in_words(row: &SuppressionRow) -> String {
    let case = row.case.map(|c| format!(" (case {c})")).unwrap_or_default();
    let (what, why) = (row.suppression, words::reason(&row.reason));
    format!("{what} since {}: {why}{case}", row.since)
}

/// A suppression for programs.
pub fn in_data(row: &SuppressionRow) -> Value {
    json!({
        "suppression": row.suppression, "since": row.since.to_string(), "reason": row.reason,
        "case": row.case.map(|c| c.to_string()),
    })
}

/// The person behind an address, and whether all its fingerprints are theirs already.
pub(super) fn person(
    desk: &Desk,
    address: &Address,
) -> Result<(PersonId, Vec<Fingerprint>, bool), Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let fingerprints = keys.of_address(address);
    let found = register::find(&state, keys, address)?;
    let all = fingerprints
        .iter()
        .all(|f| found.row.fingerprints.contains(f));
    Ok((found.person, fingerprints, all))
}

/// What is asked. A pause of somebody who is suppressed would change nothing, and its reason would stand beside what it did not do.
fn asked(desk: &Desk, target: &Target, order: &Order) -> Result<Suppression, Refusal> {
    if !order.pause {
        return Ok(Suppression::Suppressed);
    }
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let held = match target {
        Target::Domain(domain) => state.domain(&keys.of_domain(domain))?,
        Target::One(address) => register::find(&state, keys, address)?.row.suppression,
    };
    match held.is_some_and(|held| held.suppression == Suppression::Suppressed) {
        false => Ok(Suppression::Paused),
        true => Err(Refusal::not_now(
            format!(
                "{} is suppressed already, which is more than a pause",
                order.address.trim()
            ),
            "lift it first, if a pause is meant",
        )),
    }
}

/// No more prospecting to them.
pub async fn add(State(desk): State<Desk>, Json(order): Json<Order>) -> Result<Answer, Refusal> {
    let target = target(&order.address)?;
    let suppression = asked(&desk, &target, &order)?;
    let (reason, case) = (SuppressionReason::ByHand, None);
    let (mut events, mut sight) = (Vec::new(), InSight::default());
    match target {
        Target::Domain(domain) => {
            events.push(Event::DomainSuppressed {
                domain: desk.office.keys().of_domain(&domain),
                suppression,
                reason,
                case,
            });
            sight.domains.push(domain);
        }
        Target::One(address) => {
            let (person, fingerprints, all) = person(&desk, &address)?;
            sight.addresses.push(address);
            if !all {
                events.push(Event::Recognised {
                    person,
                    fingerprints,
                });
            }
            events.push(Event::Suppressed {
                person,
                suppression,
                reason,
                case,
            });
        }
    }
    let about = match events.last() {
        Some(Event::Suppressed { person, .. }) => Some(Noted::Person(*person)),
        Some(Event::DomainSuppressed { domain, .. }) => Some(Noted::Domain(*domain)),
        _ => None,
    };
    if let Some(about) = about {
        events.push(incidents::noted(&desk, about, &order.by, &order.reason)?);
    }
    let frame = desk.write(desk.with_notices(events, sight).await?).await?;
    tracing::info!(by = %order.by, frame, "suppressed by hand");
    let text = format!("{}: {suppression} from now on\n", order.address.trim());
    Ok(Answer::good(
        json!({"suppression": suppression, "frame": frame}),
        text,
    ))
}
