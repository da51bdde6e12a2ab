//! Puts a list of contacts into the register: each person sealed under a key of their own, a frame for at most 1,000 rows.
//!
//! What a list does not say is not lost: a row is laid over what is known. So the same list again changes nothing and
//! commits nothing, and a suppressed person stays suppressed, because suppression belongs to the person and not to the
//! row. Each row expects its person as it was read; if a message came between, the rows of the frame are planned again.

use super::clock::Clock;
use super::gathering::Trouble;
use super::sequencer::{Committed, Proposal, Sequencer};
use crate::record::{
    CaseId, Contact, Event, Fault, Fingerprint, KeyId, KeyKind, Origin, PersonId, Relation,
    Timestamp,
};
use crate::register::{self, ContactPlan, ImportError, RegisterSettings, Summary, plan_row};
use crate::request::Expectation;
use crate::store::Reader;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read};

/// A list may have this many octets: about two million rows.
const LIMIT: u64 = 256 << 20;
/// How often the rows of a frame are planned again before the import gives up.
const ATTEMPTS: usize = 20;

/// Why an import stopped. What was committed before stays; importing the same list again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The list itself cannot be read.
    #[error(transparent)]
    List(#[from] ImportError),
    /// Larger than a list may be.
    #[error("the list has more than {} MiB: cut it in parts", LIMIT >> 20)]
    TooLarge,
    /// The store cannot be read, or nothing can be sealed.
    #[error(transparent)]
    Store(#[from] Trouble),
    /// The log did not take it.
    #[error("the log did not take the list: {0}")]
    Refused(String),
}

/// A row with its line.
type Row = (u64, Contact);

/// Imports a list, or says what it would do (`dry_run`). Returns the counts and each bad row with its line.
///
/// # Errors
/// If the list cannot be understood at all, or the store does not take it; single bad rows are no error.
pub async fn import(
    sequencer: &Sequencer,
    clock: &Clock,
    settings: &RegisterSettings,
    file_name: &str,
    source: impl Read,
    dry_run: bool,
) -> Result<(Summary, Vec<Fault>), ImportFailure> {
    let mut list = Vec::new();
    let read = source.take(LIMIT + 1).read_to_end(&mut list);
    read.map_err(ImportError::Io)?;
    if list.len() as u64 > LIMIT {
        return Err(ImportFailure::TooLarge);
    }
    let known = sequencer.reader().state().imports();
    let last = known.map_err(Trouble::from)?.last().map_or(0, |(n, _)| *n);
    let mut run = Run {
        sequencer: sequencer.clone(),
        relation: settings.default_relation,
        number: last + 1,
        begin: Some(Event::ImportBegun {
            import: last + 1,
            name: bare_name(file_name),
            digest: Sha256::digest(&list).into(),
        }),
        now: clock.now(),
        dry_run,
        summary: Summary::default(),
        erased: Vec::new(),
    };
    let mut faults = Vec::new();
    let mut reader = register::Reader::open(file_name, Cursor::new(list), &BTreeMap::new())?;
    while let Some(chunk) = reader.chunk()? {
        run.summary.refused += chunk.faults.len() as u64;
        faults.extend(chunk.faults);
        for rows in apart(&run.sequencer, chunk.rows) {
            run.store(rows).await?;
        }
    }
    run.end().await?;
    faults.extend(run.erased.iter().map(|e| not_again(file_name, e)));
    faults.sort_by_key(|f| f.line);
    Ok((run.summary, faults))
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

/// The file's name without its folder: a path may name people.
fn bare_name(file: &str) -> String {
    let name = std::path::Path::new(file).file_name();
    name.map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// Cuts rows where a person comes a second time: their second row must see what the first one stored.
fn apart(sequencer: &Sequencer, rows: Vec<Row>) -> Vec<Vec<Row>> {
    let keys = sequencer.reader().fingerprinter();
    let mut parts = vec![Vec::new()];
    let mut seen: HashSet<Fingerprint> = HashSet::new();
    for row in rows {
        let addresses = row.1.addresses.iter();
        let own: Vec<Fingerprint> = addresses.flat_map(|a| keys.of_address(a)).collect();
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

/// An import under way.
struct Run {
    sequencer: Sequencer,
    relation: Option<Relation>,
    number: u64,
    /// Committed with the first row that changes something.
    begin: Option<Event>,
    now: Timestamp,
    dry_run: bool,
    summary: Summary,
    /// Lines that name somebody who was erased.
    erased: Vec<(u64, CaseId)>,
}

/// Rows as they will be committed.
struct Planned {
    events: Vec<Event>,
    expectations: Vec<Expectation>,
    summary: Summary,
    erased: Vec<(u64, CaseId)>,
}

impl Run {
    /// Commits rows as one frame.
    async fn store(&mut self, rows: Vec<Row>) -> Result<(), ImportFailure> {
        for _ in 0..ATTEMPTS {
            let reader = self.sequencer.reader().clone();
            let (rows, relation, number) = (rows.clone(), self.relation, self.number);
            let dry_run = self.dry_run;
            let plan = move || plan(&reader, rows, relation, number, dry_run);
            let planned = tokio::task::spawn_blocking(plan).await;
            let planned = planned.map_err(|e| ImportFailure::Refused(e.to_string()))??;
            if !self.dry_run && !planned.events.is_empty() {
                let mut events: Vec<Event> = self.begin.iter().cloned().collect();
                events.extend(planned.events);
                let proposal = Proposal::new(events).expecting(planned.expectations);
                match self.sequencer.commit(proposal).await {
                    Committed::Frame(_) => self.begin = None,
                    Committed::Conflict => continue,
                    Committed::Full(why) | Committed::Failed(why) => {
                        return Err(ImportFailure::Refused(why));
                    }
                }
            }
            let (sum, more) = (&mut self.summary, planned.summary);
            sum.stored += more.stored;
            sum.unchanged += more.unchanged;
            sum.freemail += more.freemail;
            sum.sourced += more.sourced;
            sum.refused += more.refused;
            self.erased.extend(planned.erased);
            return Ok(());
        }
        Err(ImportFailure::Refused(
            "the same people kept changing meanwhile".into(),
        ))
    }

    /// Writes down that the import ended, if it changed anything.
    async fn end(&mut self) -> Result<(), ImportFailure> {
        if self.begin.is_some() {
            return Ok(());
        }
        let event = Event::ImportEnded {
            import: self.number,
            stored: self.summary.stored,
            unchanged: self.summary.unchanged,
            refused: self.summary.refused,
        };
        tracing::info!(import = self.number, stored = self.summary.stored, began = %self.now, "register");
        match self.sequencer.commit(Proposal::new(vec![event])).await {
            Committed::Frame(_) | Committed::Conflict => Ok(()),
            Committed::Full(why) | Committed::Failed(why) => Err(ImportFailure::Refused(why)),
        }
    }
}

/// Lays rows over what is known, and seals what changed.
fn plan(
    reader: &Reader,
    rows: Vec<Row>,
    relation: Option<Relation>,
    import: u64,
    dry_run: bool,
) -> Result<Planned, Trouble> {
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let (mut events, mut expectations) = (Vec::new(), Vec::new());
    let (mut summary, mut erased) = (Summary::default(), Vec::new());
    for (line, listed) in rows {
        let addresses = listed.addresses.iter();
        let fingerprints: Vec<Fingerprint> = addresses.flat_map(|a| keys.of_address(a)).collect();
        let person = state.person_of(&fingerprints)?;
        if let Some(person) = person
            && let Some((_, case)) = state.person(person)?.erased
        {
            summary.refused += 1;
            erased.push((line, case));
            continue;
        }
        let known = person.map(|p| state.contact(p)).transpose()?.flatten();
        let old = super::people::contact(reader, known.as_ref())?;
        let contact = match old {
            Some(old) => laid_over(listed, old),
            None => listed,
        };
        let plan = plan_row(&state, keys, relation, (line, contact))?;
        summary.count(plan.as_ref());
        let Some(plan) = plan.filter(|_| !dry_run) else {
            continue;
        };
        let row = state.person(plan.person)?;
        expectations.push(Expectation::Person {
            id: plan.person,
            version: row.version,
        });
        if plan
            .fingerprints
            .iter()
            .any(|f| !row.fingerprints.contains(f))
        {
            events.push(recognised(&plan));
        }
        let key = contact_key(reader, plan.person)?;
        events.push(Event::ContactStored {
            person: plan.person,
            import,
            contact: reader.seal(key, &plan.contact)?,
            facts: plan.facts,
        });
    }
    Ok(Planned {
        events,
        expectations,
        summary,
        erased,
    })
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

/// The new row, with what it does not say from the old one.
fn laid_over(new: Contact, old: Contact) -> Contact {
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
fn addresses(
    mut new: Vec<crate::record::Address>,
    old: Vec<crate::record::Address>,
) -> Vec<crate::record::Address> {
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
