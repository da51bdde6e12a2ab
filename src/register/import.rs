//! Reads a list of contacts as spreadsheets and CRMs export it: any usual delimiter, encoding and header.
//!
//! It streams: a row is read, made a contact, and forgotten. A bad row is a [`Fault`] with its line, and the rest goes on.
//! Importing the same list twice changes nothing, because each row has a keyed digest. Suppression is not looked at here:
//! a contact that is stored again keeps the suppression of its person, so nobody is ever revived.

use super::columns::{Column, bare};
use super::days::{DayOrder, Days};
use super::fields::{Wrong, contact_of};
use super::matching::{identifying, phones};
use super::rules::RegisterSettings;
use super::text::{Decoder, delimiter_of, encoding_of};
use crate::record::{
    Contact, ContactFacts, Damaged, Fault, Fingerprint, Fingerprinter, PersonId, Relation, State,
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::io::Read;

/// Rows of one frame at most: whoever reads one of them reads the frame up to it, and mail is never kept waiting.
const CHUNK: usize = 20;
/// How much of the file is looked at to recognise encoding and delimiter.
const SAMPLE: usize = 64 * 1024;

/// Why a list cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error("the list cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The first line is no header.
    #[error("the header cannot be read: {0}")]
    Csv(#[from] csv::Error),
    /// Nobody can be found again without an address.
    #[error("no column holds e-mail addresses; the header is: {0}")]
    NoAddress(String),
    /// Columns that the list must have are missing or there twice.
    #[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
    Columns(Vec<Fault>),
}

/// How a list is understood; an import says it first, so that a column taken for something else is seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Preview {
    /// The delimiter.
    pub delimiter: char,
    /// The encoding's name.
    pub encoding: &'static str,
    /// Each header and what it is taken for.
    pub columns: Vec<(String, Column)>,
}

impl Preview {
    /// Each header with what its column is taken for, in words; of columns that mean the same the first counts.
    pub fn in_words(&self) -> impl Iterator<Item = (&str, String)> {
        let all = self.columns.iter().enumerate();
        all.map(move |(place, (header, column))| {
            let mut before = self.columns[..place].iter();
            let first = before.find(|(_, c)| c == column && !c.may_repeat());
            let meaning = match first {
                Some((first, _)) => {
                    format!(
                        "{} where \"{first}\" says none, else kept as it is",
                        column.meaning()
                    )
                }
                None => column.meaning().to_owned(),
            };
            (header.as_str(), meaning)
        })
    }
}

/// A person to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactPlan {
    /// The line of the list.
    pub line: u64,
    /// Whose.
    pub person: PersonId,
    /// Of all that identifies them: addresses, profile, CRM id; nothing that is somebody else's.
    pub fingerprints: Vec<Fingerprint>,
    /// Of their telephones.
    pub phones: Vec<Fingerprint>,
    /// The register holds exactly this already; only key forms are new.
    pub unchanged: bool,
    /// What the index may know.
    pub facts: ContactFacts,
    /// To be sealed under the person's contact key.
    pub contact: Contact,
}

/// Rows for one frame.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chunk {
    /// At most 1,000.
    pub rows: Vec<(u64, Contact)>,
    /// Rows that cannot be imported.
    pub faults: Vec<Fault>,
    /// What of the rows says nothing that can be used; they are taken all the same.
    pub unclear: Vec<Fault>,
}

/// What an import did, or would do (`--dry-run`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// New or changed.
    pub stored: u64,
    /// Known as they are.
    pub unchanged: u64,
    /// With a mistake.
    pub refused: u64,
    /// Of the stored: a private address.
    pub freemail: u64,
    /// Of the stored: origin, date and provider stand in the row.
    pub sourced: u64,
}

impl Summary {
    /// Counts one row as [`plan_row`] understood it.
    pub fn count(&mut self, plan: Option<&ContactPlan>) {
        let Some(plan) = plan.filter(|p| !p.unchanged) else {
            self.unchanged += 1;
            return;
        };
        self.stored += 1;
        self.freemail += u64::from(plan.facts.freemail);
        self.sourced += u64::from(plan.facts.sourced);
    }

    /// Adds the counts of other rows.
    pub fn add(&mut self, more: &Self) {
        self.stored += more.stored;
        self.unchanged += more.unchanged;
        self.refused += more.refused;
        self.freemail += more.freemail;
        self.sourced += more.sourced;
    }
}

/// A list that is being read.
pub struct Reader<R: Read> {
    file: String,
    preview: Preview,
    rows: csv::Reader<Decoder<R>>,
    record: csv::StringRecord,
    /// No day of collection is later.
    today: Option<Date>,
    /// The column of the days of collection, and what its values tell of their order.
    dated: Option<usize>,
    order: DayOrder,
}

impl<R: Read> Reader<R> {
    /// Opens a list. `overrides` says for a header (as it stands in the list) what it is.
    pub fn open(
        file: &str,
        source: R,
        overrides: &BTreeMap<String, Column>,
    ) -> Result<Self, ImportError> {
        let Opened {
            mut rows,
            delimiter,
            encoding,
        } = opened(source)?;
        let header = rows.headers()?.clone();
        let columns: Vec<(String, Column)> = header
            .iter()
            .map(|h| {
                let column = overrides.get(h).copied();
                (h.to_owned(), column.unwrap_or_else(|| Column::of_header(h)))
            })
            .collect();
        if columns.iter().all(|(_, c)| *c != Column::Email) {
            let names: Vec<_> = header.iter().collect();
            return Err(ImportError::NoAddress(names.join(", ")));
        }
        let dated = columns.iter().position(|(_, c)| *c == Column::Date);
        let preview = Preview {
            delimiter: char::from(delimiter),
            encoding,
            columns,
        };
        Ok(Self {
            file: file.to_owned(),
            preview,
            rows,
            record: csv::StringRecord::new(),
            today: None,
            dated,
            order: DayOrder::default(),
        })
    }

    /// The same on a certain day: data that were collected later are a mistake.
    #[must_use]
    pub fn read_on(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// How the list is understood.
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// Told once the list was read: that nothing in it says which of two numbers is the month.
    pub fn doubt(&self) -> Option<Fault> {
        let (line, value) = self.order.doubt()?;
        let days = Days::of_list(value).ok()?;
        let what = format!(
            "\"{value}\" was read as {days}, and this column does not say whether the day or the month comes first"
        );
        Some(self.fault(
            line,
            what,
            "if the month does, write the days as 2026-11-23 and import the list again: letters state them",
        ))
    }

    /// The next rows; `None` at the end.
    pub fn chunk(&mut self) -> Result<Option<Chunk>, ImportError> {
        let mut chunk = Chunk::default();
        while chunk.rows.len() + chunk.faults.len() < CHUNK {
            let more = match self.rows.read_record(&mut self.record) {
                Ok(more) => more,
                Err(e) if matches!(e.kind(), csv::ErrorKind::Io(_)) => return Err(e.into()),
                Err(e) => {
                    let line = self.rows.get_ref().line(e.position());
                    chunk.faults.push(self.fault(
                        line,
                        e.to_string(),
                        "write it as a row of the list",
                    ));
                    continue;
                }
            };
            if !more {
                break;
            }
            let line = self.rows.get_ref().line(self.record.position());
            if let Some(value) = self.dated.and_then(|n| self.record.get(n)) {
                self.order.see(line, value);
            }
            let read = contact_of(&self.preview.columns, &self.record);
            match read.and_then(|(contact, unclear)| Ok((self.of_the_past(contact)?, unclear))) {
                Ok((contact, unclear)) => {
                    chunk.rows.push((line, contact));
                    let told = unclear.into_iter();
                    let told = told.map(|(what, fix)| self.fault(line, what, fix));
                    chunk.unclear.extend(told);
                }
                Err((what, fix)) => chunk.faults.push(self.fault(line, what, fix)),
            }
        }
        let empty = chunk.rows.is_empty() && chunk.faults.is_empty();
        Ok((!empty).then_some(chunk))
    }

    /// What is not collected yet is stated by no letter.
    fn of_the_past(&self, contact: Contact) -> Result<Contact, Wrong> {
        let dates = contact.origins.iter().filter_map(|o| o.date.as_deref());
        let last = dates.filter_map(|d| Days::of_rule(d).ok()).map(|d| d.last);
        let is_later = |last: &Date| self.today.is_some_and(|today| *last > today);
        match last.max().filter(is_later) {
            None => Ok(contact),
            Some(last) => Err((
                format!("the day of collection is in the future: {last}"),
                "write the day on which the data were collected",
            )),
        }
    }

    fn fault(&self, line: u64, what: String, fix: &str) -> Fault {
        Fault {
            file: self.file.clone(),
            line: usize::try_from(line).unwrap_or(0),
            column: 0,
            what,
            fix: fix.to_owned(),
        }
    }
}

/// A list whose encoding and delimiter are recognised.
pub(super) struct Opened<R: Read> {
    pub(super) rows: csv::Reader<Decoder<R>>,
    pub(super) delimiter: u8,
    pub(super) encoding: &'static str,
}

/// Opens any list with a header line.
pub(super) fn opened<R: Read>(source: R) -> Result<Opened<R>, ImportError> {
    let (mut builder, delimiter, source) = recognised(source)?;
    Ok(Opened {
        delimiter,
        encoding: source.encoding(),
        rows: builder.trim(csv::Trim::All).from_reader(source),
    })
}

/// How a list is to be read: by its first lines, its encoding and delimiter; rows may be of any length.
pub(super) fn recognised<R: Read>(
    mut source: R,
) -> std::io::Result<(csv::ReaderBuilder, u8, Decoder<R>)> {
    let mut sample = Vec::new();
    let mut some = source.by_ref().take(SAMPLE as u64);
    some.read_to_end(&mut sample)?;
    let encoding = encoding_of(&sample);
    let (text, _, _) = encoding.decode(&sample);
    let delimiter = delimiter_of(&text);
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true);
    Ok((builder, delimiter, Decoder::new(encoding, sample, source)))
}

/// What a row (line and contact) of this person means for the register; `None` if the register holds exactly this already.
pub fn plan_row(
    state: &State<'_>,
    keys: &Fingerprinter,
    settings: &RegisterSettings,
    person: PersonId,
    (line, contact): (u64, Contact),
) -> Result<Option<ContactPlan>, Damaged> {
    let Some(first) = contact.addresses.first() else {
        return Ok(None);
    };
    let mut fingerprints: Vec<Fingerprint> = Vec::new();
    for (_, fingerprint) in identifying(keys, &contact) {
        if state.alias(&fingerprint)?.is_none_or(|p| p == person) {
            fingerprints.push(fingerprint);
        }
    }
    let phones = phones(&contact, &settings.home);
    let phones: Vec<Fingerprint> = phones.iter().map(|p| keys.of(&p.key_form())).collect();
    let old = state.contact(person)?;
    let digest = digest(keys, &contact);
    let unchanged = old.as_ref().is_some_and(|o| o.facts.digest == digest);
    if unchanged && all_known(state, person, &fingerprints, &phones)? {
        return Ok(None);
    }
    let keyed = |purpose: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        Some(Fingerprint(keys.keyed(purpose, &[bare(text).as_bytes()])))
    };
    // A list that says nothing of the relation leaves what is known.
    let known = old.map(|o| o.facts.relation);
    let relation = contact.relation.or(known).or(settings.default_relation);
    let facts = ContactFacts {
        relation: relation.unwrap_or(Relation::Unknown),
        freemail: first.is_freemail(),
        sourced: super::rules::origins_for(&contact, &[]).is_ok(),
        campaign: keyed("campaign", &contact.campaign),
        owner: keyed("owner", &contact.owner),
        digest,
    };
    Ok(Some(ContactPlan {
        line,
        person,
        fingerprints,
        phones,
        unchanged,
        facts,
        contact,
    }))
}

/// Whether the person is known under all of these.
fn all_known(
    state: &State<'_>,
    person: PersonId,
    fingerprints: &[Fingerprint],
    phones: &[Fingerprint],
) -> Result<bool, Damaged> {
    let (row, group) = (state.person(person)?, state.group(person)?);
    Ok(fingerprints.iter().all(|f| row.fingerprints.contains(f))
        && phones.iter().all(|p| group.phones.contains(p)))
}

fn digest(keys: &Fingerprinter, contact: &Contact) -> [u8; 16] {
    let whole = keys.keyed("contact", &[&crate::record::encode(contact)]);
    let mut short = [0; 16];
    short.copy_from_slice(&whole[..16]);
    short
}
