//! Puts a list of contacts into the register: each person sealed under a key of their own.
//!
//! What a list does not say is not lost: a row is laid over what is known. So the same list again changes nothing and
//! commits nothing, and a suppressed person stays suppressed, because suppression belongs to the person and not to the
//! row: whoever comes again under another address, with the profile or CRM id of before, is the same person, unless names or
//! firm contradict an id alone. Each row expects its person as it was read. The tools that send are told of a new address of
//! somebody who is suppressed in the very frame that stores it.

use super::laying::laid_over;
use super::{Handover, ImportFailure, Planned, Run, Tally};
use crate::record::{
    CaseId, Contact, Event, Fault, Fingerprint, Grouping, KeyId, KeyKind, PersonId, Timestamp, hex,
};
use crate::register::{
    self, By, ContactPlan, Matched, RegisterSettings, Summary, contradicts, identifying, matched,
    plan_row,
};
use crate::request::Expectation;
use crate::service::composing::day;
use crate::service::gathering::Trouble;
use crate::service::house::{House, Office};
use crate::service::notices;
use crate::service::people;
use crate::service::sequencer::Sequencer;
use crate::store::Reader;
use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read};
use std::sync::Arc;

/// A row with its line.
type Row = (u64, Contact);

/// What the rows of a frame came to.
#[derive(Default)]
struct Told {
    summary: Summary,
    /// Lines that name somebody who was erased.
    erased: Vec<(u64, CaseId)>,
    /// Lines that name several people.
    several: Vec<(u64, By, PersonId)>,
}

/// By what rows are planned.
#[derive(Clone)]
struct Rules {
    settings: RegisterSettings,
    /// Whose tools are told of new addresses of suppressed people, and what time it is.
    told: Option<(Arc<House>, Timestamp)>,
    dry_run: bool,
}

/// Imports a list into the register of a house, or says what it would do (`dry_run`). Returns the counts and each bad row with
/// its line.
///
/// # Errors
/// If the list cannot be understood at all, or the store does not take it; single bad rows are no error.
pub async fn import_contacts(
    office: &Office,
    handed: Handover<'_>,
    source: impl Read,
    dry_run: bool,
) -> Result<(Summary, Vec<Fault>), ImportFailure> {
    let (house, now) = (office.house.load_full(), office.clock.now());
    let rules = Rules {
        settings: house.config.register.clone(),
        told: Some((house, now)),
        dry_run,
    };
    imported(&office.sequencer, rules, handed, source).await
}

/// The same where no tool sends, and so none is to be told of anybody.
///
/// # Errors
/// As [`import_contacts`].
pub async fn import<'a>(
    sequencer: &Sequencer,
    settings: &RegisterSettings,
    list: impl Into<Handover<'a>>,
    source: impl Read,
    dry_run: bool,
) -> Result<(Summary, Vec<Fault>), ImportFailure> {
    let rules = Rules {
        settings: settings.clone(),
        told: None,
        dry_run,
    };
    imported(sequencer, rules, list.into(), source).await
}

async fn imported(
    sequencer: &Sequencer,
    rules: Rules,
    handed: Handover<'_>,
    source: impl Read,
) -> Result<(Summary, Vec<Fault>), ImportFailure> {
    let (file_name, list) = (handed.file, super::whole(source)?);
    let mut run = Run::of(sequencer, handed, &list, rules.dry_run)?;
    let (mut sum, mut faults) = (Summary::default(), Vec::new());
    let mut reader = register::Reader::open(file_name, Cursor::new(list), &BTreeMap::new())?;
    if let Some((house, now)) = &rules.told {
        reader = reader.read_on(day(house, *now));
    }
    while let Some(chunk) = reader.chunk()? {
        sum.refused += chunk.faults.len() as u64;
        faults.extend(chunk.faults);
        faults.extend(chunk.unclear);
        for rows in apart(sequencer, chunk.rows) {
            let rules = rules.clone();
            let plan = move |reader: &Reader, number: u64| plan(reader, &rows, &rules, number);
            let told = run.frame(plan).await?;
            sum.add(&told.summary);
            faults.extend(told.several.iter().map(|s| several(file_name, s)));
            faults.extend(told.erased.iter().map(|e| not_again(file_name, e)));
        }
    }
    faults.extend(reader.doubt());
    run.end(Tally {
        stored: sum.stored,
        unchanged: sum.unchanged,
        refused: sum.refused,
    })
    .await?;
    faults.sort_by_key(|f| f.line);
    Ok((sum, faults))
}

/// A row that would bring back somebody who asked to be erased.
fn not_again(file_name: &str, (line, case): &(u64, CaseId)) -> Fault {
    let mut fault = Fault::of_file(
        file_name,
        format!("this person was erased at their request ({case}); the row is not stored"),
        "take the row out of the list; if the person has come back by themselves, lift the suppression with a reason",
    );
    fault.line = usize::try_from(*line).unwrap_or(0);
    fault
}

/// A row that names one person by its address and another one otherwise: a human knows whether they are one.
fn several(file_name: &str, (line, by, person): &(u64, By, PersonId)) -> Fault {
    let (what, who) = (by.word(), hex(&person.0[..4]));
    let mut fault = Fault::of_file(
        file_name,
        format!(
            "{what} of this row belongs to another person ({who}); the row is stored by its address, and nothing is merged"
        ),
        "correct the list; or, if they are one person, `quitus contacts merge`",
    );
    fault.line = usize::try_from(*line).unwrap_or(0);
    fault
}

/// Cuts rows where a person comes a second time: their second row must see what the first one stored.
fn apart(sequencer: &Sequencer, rows: Vec<Row>) -> Vec<Vec<Row>> {
    let keys = sequencer.reader().fingerprinter();
    let mut parts = vec![Vec::new()];
    let mut seen: HashSet<Fingerprint> = HashSet::new();
    for row in rows {
        let own = identifying(keys, &row.1).into_iter();
        let own: Vec<Fingerprint> = own.map(|(_, f)| f).collect();
        if own.iter().any(|f| seen.contains(f)) {
            seen.clear();
            parts.push(Vec::new());
        }
        seen.extend(own);
        if let Some(part) = parts.last_mut() {
            part.push(row);
        }
    }
    parts
}

/// Lays rows over what is known, and seals what changed.
fn plan(
    reader: &Reader,
    rows: &[Row],
    rules: &Rules,
    import: u64,
) -> Result<Planned<Told>, Trouble> {
    let mut planned = Planned {
        events: Vec::new(),
        expectations: Vec::new(),
        told: Told::default(),
    };
    for (line, listed) in rows {
        let Some((who, old)) = on_file(reader, listed)? else {
            continue;
        };
        let (state, keys) = (reader.state(), reader.fingerprinter());
        if let Some((_, case)) = state.person(who.person)?.erased {
            planned.told.summary.refused += 1;
            planned.told.erased.push((*line, case));
            if !rules.dry_run {
                known_again(reader, listed, &who, &mut planned)?;
            }
            continue;
        }
        let others = who.others.iter().map(|(by, person)| (*line, *by, *person));
        planned.told.several.extend(others);
        let known = old.as_ref().map(|o| o.addresses.clone());
        let known = known.unwrap_or_default();
        let listed = with_own_id(listed, &who);
        let contact = match old {
            Some(old) => laid_over(listed, old),
            None => listed,
        };
        let plan = plan_row(&state, keys, &rules.settings, who.person, (*line, contact))?;
        planned.told.summary.count(plan.as_ref());
        let Some(plan) = plan.filter(|_| !rules.dry_run) else {
            continue;
        };
        put(reader, &plan, import, &mut planned)?;
        let is_new = plan.contact.addresses.iter().any(|a| !known.contains(a));
        if let Some((house, now)) = rules.told.as_ref().filter(|_| is_new) {
            let told = (&**house, *now);
            let notices = notices::ask_anew(reader, told, who.person, &plan.contact)?;
            planned.events.extend(notices);
        }
    }
    Ok(planned)
}

/// The row without a CRM id that is somebody else's: no tool is told of a person under the id of another, and no copy shows
/// it as theirs. What was handed over is kept all the same.
fn with_own_id(listed: &Contact, who: &Matched) -> Contact {
    let mut own = listed.clone();
    let anothers = who.others.iter().any(|(by, _)| *by == By::CrmId);
    if let Some(id) = own.crm_id.take_if(|_| anothers) {
        own.extra.push(("crm_id".to_owned(), id));
    }
    own
}

/// Who the row is, and what is on file of them.
fn on_file(
    reader: &Reader,
    listed: &Contact,
) -> Result<Option<(Matched, Option<Contact>)>, Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let Some(who) = matched(&state, keys, listed)? else {
        return Ok(None);
    };
    let old = people::contact(reader, state.contact(who.person)?.as_ref())?;
    let by_id = who.by == Some(By::CrmId);
    let another = by_id && old.as_ref().is_some_and(|old| contradicts(listed, old));
    Ok(Some(match another {
        true => (who.by_address_alone(keys, listed), None),
        false => (who, old),
    }))
}

/// Somebody who was erased comes under another address: the row is not stored, and the address is known from now on.
fn known_again(
    reader: &Reader,
    listed: &Contact,
    who: &Matched,
    planned: &mut Planned<Told>,
) -> Result<(), Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mut fingerprints = Vec::new();
    for (_, fingerprint) in identifying(keys, listed) {
        if state.alias(&fingerprint)?.is_none() {
            fingerprints.push(fingerprint);
        }
    }
    if !fingerprints.is_empty() {
        let person = who.person;
        let version = state.person(person)?.version;
        let unchanged = Expectation::Person {
            id: person,
            version,
        };
        planned.expectations.push(unchanged);
        planned.events.push(Event::Recognised {
            person,
            fingerprints,
        });
    }
    Ok(())
}

/// The events of a row that changes something, and what they expect.
fn put(
    reader: &Reader,
    plan: &ContactPlan,
    import: u64,
    planned: &mut Planned<Told>,
) -> Result<(), Trouble> {
    let row = reader.state().person(plan.person)?;
    planned.expectations.push(Expectation::Person {
        id: plan.person,
        version: row.version,
    });
    let is_new = |f: &Fingerprint| !row.fingerprints.contains(f);
    if plan.fingerprints.iter().any(is_new) {
        planned.events.push(recognised(plan));
    }
    let group = reader.state().group(plan.person)?;
    if plan.phones.iter().any(|p| !group.phones.contains(p)) {
        planned.events.push(Event::Grouped(Grouping::Phones {
            person: plan.person,
            phones: plan.phones.clone(),
        }));
    }
    let domains = firms(reader, plan);
    if domains.iter().any(|d| !group.domains.contains(d)) {
        let person = plan.person;
        planned
            .events
            .push(Event::Grouped(Grouping::Firms { person, domains }));
    }
    if plan.unchanged {
        return Ok(());
    }
    let key = contact_key(reader, plan.person)?;
    planned.events.push(Event::ContactStored {
        person: plan.person,
        import,
        contact: reader.seal(key, &plan.contact)?,
        facts: plan.facts.clone(),
    });
    Ok(())
}

/// The domains of somebody who can be found otherwise than by an address, which would say its domain itself.
fn firms(reader: &Reader, plan: &ContactPlan) -> Vec<Fingerprint> {
    let (keys, contact) = (reader.fingerprinter(), &plan.contact);
    let findable = || {
        identifying(keys, contact)
            .iter()
            .any(|(by, _)| *by != By::Address)
    };
    if plan.phones.is_empty() && !findable() {
        return Vec::new();
    }
    let domains = contact.addresses.iter().map(|a| keys.of_domain(a.domain()));
    domains.collect()
}

fn recognised(plan: &ContactPlan) -> Event {
    Event::Recognised {
        person: plan.person,
        fingerprints: plan.fingerprints.clone(),
    }
}

/// The person's contact key: the one that they have, so that erasing it erases every version of their row.
fn contact_key(reader: &Reader, person: PersonId) -> Result<KeyId, Trouble> {
    if let Some(row) = reader.state().contact(person)?
        && !reader.is_erased(row.key)?
    {
        return Ok(row.key);
    }
    Ok(reader.allocate(KeyKind::Contact)?)
}
