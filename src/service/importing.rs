//! Puts a list into the log: what every kind of list shares. A frame holds at most 1,000 rows, so that mail never waits long.
//!
//! A list is planned on what is known and committed expecting that; if something came between, the rows of the frame are
//! planned again. The beginning of an import is committed with the first row that changes something, so the same list
//! again commits nothing; its number must still be free then, or it takes the next one (two lists at the same time).

use super::gathering::Trouble;
use super::sequencer::{Committed, Proposal, Sequencer};
use crate::record::{Event, Note, Noted};
use crate::register::ImportError;
use crate::request::Expectation;
use crate::store::Reader;
use sha2::{Digest, Sha256};
use std::io::Read;

mod contacts;
mod laying;
mod sent;

pub use contacts::{import, import_contacts};
pub use sent::{SentSummary, import_sent};

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

/// A list that somebody hands over.
#[derive(Clone, Copy)]
pub struct Handover<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Who hands it over, for the log; nobody, if it is the program itself.
    pub by: &'a str,
}

impl<'a> From<&'a str> for Handover<'a> {
    fn from(file: &'a str) -> Self {
        Self { file, by: "" }
    }
}

/// The whole list, as it is handed over.
fn whole(source: impl Read) -> Result<Vec<u8>, ImportFailure> {
    let mut list = Vec::new();
    let read = source.take(LIMIT + 1).read_to_end(&mut list);
    read.map_err(ImportError::Io)?;
    if list.len() as u64 > LIMIT {
        return Err(ImportFailure::TooLarge);
    }
    Ok(list)
}

/// The file's name without its folder: a path may name people.
fn bare_name(file: &str) -> String {
    let name = std::path::Path::new(file).file_name();
    name.map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// The number after that of the last import.
fn next_number(reader: &Reader) -> Result<u64, Trouble> {
    let known = reader.state().imports()?;
    Ok(known.last().map_or(0, |(n, _)| *n) + 1)
}

/// Rows as they will be committed, and what else the kind of list wants to know of them.
struct Planned<T> {
    events: Vec<Event>,
    expectations: Vec<Expectation>,
    told: T,
}

/// What an import changed, for the log.
struct Tally {
    stored: u64,
    unchanged: u64,
    refused: u64,
}

/// An import under way.
struct Run {
    sequencer: Sequencer,
    /// The file's name and SHA-256; committed with the first row that changes something.
    list: (String, [u8; 32]),
    by: String,
    number: u64,
    begun: bool,
    dry_run: bool,
}

impl Run {
    fn of(
        sequencer: &Sequencer,
        handed: Handover<'_>,
        list: &[u8],
        dry_run: bool,
    ) -> Result<Self, ImportFailure> {
        Ok(Self {
            sequencer: sequencer.clone(),
            list: (bare_name(handed.file), Sha256::digest(list).into()),
            by: handed.by.to_owned(),
            number: next_number(sequencer.reader())?,
            begun: false,
            dry_run,
        })
    }

    /// Plans some rows, on what is known and for an import of this number, and commits them as one frame.
    async fn frame<T: Send + 'static>(
        &mut self,
        plan: impl Fn(&Reader, u64) -> Result<Planned<T>, Trouble> + Clone + Send + 'static,
    ) -> Result<T, ImportFailure> {
        for _ in 0..ATTEMPTS {
            let (reader, number) = (self.sequencer.reader().clone(), self.number);
            let plan = plan.clone();
            let planned = tokio::task::spawn_blocking(move || plan(&reader, number)).await;
            let planned = planned.map_err(|e| ImportFailure::Refused(e.to_string()))??;
            if self.dry_run || planned.events.is_empty() {
                return Ok(planned.told);
            }
            match self.sequencer.commit(self.proposal(&planned)).await {
                Committed::Frame(_) => {
                    self.begun = true;
                    return Ok(planned.told);
                }
                Committed::Conflict if self.begun => {}
                Committed::Conflict => self.number = next_number(self.sequencer.reader())?,
                Committed::Full(why) | Committed::Failed(why) => {
                    return Err(ImportFailure::Refused(why));
                }
            }
        }
        Err(ImportFailure::Refused(
            "what it names kept changing meanwhile".into(),
        ))
    }

    /// The frame; the first one begins the import.
    fn proposal<T>(&self, planned: &Planned<T>) -> Proposal {
        let (mut events, mut expectations) = (Vec::new(), planned.expectations.clone());
        if !self.begun {
            events.push(Event::ImportBegun {
                import: self.number,
                name: self.list.0.clone(),
                digest: self.list.1,
            });
            expectations.push(Expectation::FreeImport(self.number));
            if !self.by.is_empty() {
                events.push(Event::Noted(Note {
                    about: Noted::Import(self.number),
                    by: self.by.clone(),
                    why: None,
                }));
            }
        }
        events.extend_from_slice(&planned.events);
        Proposal::new(events).expecting(expectations)
    }

    /// Writes down that the import ended, if it changed anything.
    async fn end(&self, tally: Tally) -> Result<(), ImportFailure> {
        if !self.begun {
            return Ok(());
        }
        tracing::info!(
            import = self.number,
            stored = tally.stored,
            "a list was imported"
        );
        let event = Event::ImportEnded {
            import: self.number,
            stored: tally.stored,
            unchanged: tally.unchanged,
            refused: tally.refused,
        };
        match self.sequencer.commit(Proposal::new(vec![event])).await {
            Committed::Frame(_) | Committed::Conflict => Ok(()),
            Committed::Full(why) | Committed::Failed(why) => Err(ImportFailure::Refused(why)),
        }
    }
}
