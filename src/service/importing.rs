//! Takes a register into the store: chunk by chunk, sealed, and without doing anything twice.
//!
//! An import is begin, frames of at most 1,000 rows (mail is decided between them), end. A row that brings nothing new
//! changes nothing; a person who is suppressed stays so, because an import never speaks of suppression.

use super::clock::Clock;
use super::gathering::Trouble;
use super::sequencer::{Committed, Proposal, Sequencer};
use crate::record::{Contact, Event, Fault, KeyKind};
use crate::register::{self, ContactPlan, ImportError, RegisterSettings, Summary};
use crate::store::{KeyError, Reader};
use std::collections::BTreeMap;
use std::io::Read;

/// Why an import stopped. What was committed before stays, and the same file may be imported again.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file.
    #[error(transparent)]
    File(#[from] ImportError),
    /// The store.
    #[error("{0}")]
    Store(String),
}

impl From<Trouble> for ImportFailure {
    fn from(t: Trouble) -> Self {
        Self::Store(t.to_string())
    }
}

impl From<crate::record::Damaged> for ImportFailure {
    fn from(d: crate::record::Damaged) -> Self {
        Self::Store(d.to_string())
    }
}

impl From<KeyError> for ImportFailure {
    fn from(e: KeyError) -> Self {
        Self::Store(e.to_string())
    }
}

/// Imports a list; with `dry_run` it only says what it would do. Rows with a mistake are returned, the rest is imported.
pub async fn import(
    sequencer: &Sequencer,
    clock: &Clock,
    settings: &RegisterSettings,
    file_name: &str,
    source: impl Read,
    dry_run: bool,
) -> Result<(Summary, Vec<Fault>), ImportFailure> {
    let mut list = register::Reader::open(file_name, source, &BTreeMap::new())?;
    let import = u64::try_from(clock.now().millis()).unwrap_or_default();
    let (mut summary, mut faults, mut begun) = (Summary::default(), Vec::new(), false);
    while let Some(chunk) = list.chunk()? {
        summary.refused += chunk.faults.len() as u64;
        faults.extend(chunk.faults);
        let mut events = Vec::new();
        for row in chunk.rows {
            let reader = sequencer.reader();
            let row = (row.0, merged(reader, row.1)?);
            let plan = register::plan_row(
                &reader.state(),
                reader.fingerprinter(),
                settings.default_relation,
                row,
            )?;
            summary.count(plan.as_ref());
            if let (Some(plan), false) = (plan, dry_run) {
                store(reader, import, plan, &mut events)?;
            }
        }
        if events.is_empty() {
            continue;
        }
        if !begun {
            let (name, digest) = (file_name.to_owned(), [0; 32]);
            commit(
                sequencer,
                vec![Event::ImportBegun {
                    import,
                    name,
                    digest,
                }],
            )
            .await?;
            begun = true;
        }
        commit(sequencer, events).await?;
    }
    if begun {
        let Summary {
            stored,
            unchanged,
            refused,
            ..
        } = summary;
        commit(
            sequencer,
            vec![Event::ImportEnded {
                import,
                stored,
                unchanged,
                refused,
            }],
        )
        .await?;
    }
    Ok((summary, faults))
}

/// What the list does not say is kept as it was known.
fn merged(reader: &Reader, new: Contact) -> Result<Contact, ImportFailure> {
    let Some(address) = new.addresses.first() else {
        return Ok(new);
    };
    let Some(old) = super::gathering::known(reader, address)?.opened else {
        return Ok(new);
    };
    let mut addresses = new.addresses;
    addresses.extend(
        old.addresses
            .into_iter()
            .filter(|a| !addresses.contains(a))
            .collect::<Vec<_>>(),
    );
    Ok(Contact {
        addresses,
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
        origins: if new.origins.is_empty() {
            old.origins
        } else {
            new.origins
        },
        extra: if new.extra.is_empty() {
            old.extra
        } else {
            new.extra
        },
    })
}

fn store(
    reader: &Reader,
    import: u64,
    plan: ContactPlan,
    events: &mut Vec<Event>,
) -> Result<(), ImportFailure> {
    let known = reader.state().contact(plan.person)?;
    let key = match known {
        Some(row) => row.key,
        None => reader.allocate(KeyKind::Contact)?,
    };
    let contact = reader.seal(key, &plan.contact)?;
    let (person, fingerprints) = (plan.person, plan.fingerprints);
    events.push(Event::Recognised {
        person,
        fingerprints,
    });
    events.push(Event::ContactStored {
        person,
        import,
        facts: plan.facts,
        contact,
    });
    Ok(())
}

async fn commit(sequencer: &Sequencer, events: Vec<Event>) -> Result<(), ImportFailure> {
    match sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) | Committed::Conflict => Ok(()),
        Committed::Full(why) | Committed::Failed(why) => Err(ImportFailure::Store(why)),
    }
}
