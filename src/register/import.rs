//! Reads a list of contacts as spreadsheets and CRMs export it: any usual delimiter, encoding and header.
//!
//! It streams: a row is read, made a contact, and forgotten. A bad row is a [`Fault`] with its line, and the rest goes on.
//! Importing the same list twice changes nothing, because each row has a keyed digest. Suppression is not looked at here:
//! a contact that is stored again keeps the suppression of its person, so nobody is ever revived.

use super::columns::{Column, bare};
use crate::record::{
    Address, Contact, ContactFacts, Damaged, Fault, Fingerprint, Fingerprinter, Language, Origin,
    PersonId, Relation, State,
};
use std::collections::BTreeMap;
use std::io::Read;

/// Rows of one frame at most, so that mail is never kept waiting.
const CHUNK: usize = 1_000;
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
}

/// How the list is understood; shown before anything is imported.
#[derive(Clone, PartialEq, Debug)]
pub struct Preview {
    /// The delimiter.
    pub delimiter: char,
    /// The encoding's name.
    pub encoding: &'static str,
    /// Each header and what it is taken for.
    pub columns: Vec<(String, Column)>,
}

/// A person to be stored.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactPlan {
    /// The line of the list.
    pub line: u64,
    /// Whose.
    pub person: PersonId,
    /// Of all addresses.
    pub fingerprints: Vec<Fingerprint>,
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
}

/// What an import did, or would do (`--dry-run`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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

/// A list that is being read.
pub struct Reader<R: Read> {
    file: String,
    preview: Preview,
    rows: csv::Reader<Decoder<R>>,
    record: csv::StringRecord,
}

impl<R: Read> Reader<R> {
    /// Opens a list. `overrides` says for a header (as it stands in the list) what it is.
    pub fn open(
        file: &str,
        mut source: R,
        overrides: &BTreeMap<String, Column>,
    ) -> Result<Self, ImportError> {
        let mut sample = Vec::new();
        source
            .by_ref()
            .take(SAMPLE as u64)
            .read_to_end(&mut sample)?;
        let encoding = encoding_of(&sample);
        let (text, _, _) = encoding.decode(&sample);
        let delimiter = delimiter_of(&text);
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(Decoder::new(encoding, sample, source));
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
        let preview = Preview {
            delimiter: char::from(delimiter),
            encoding: encoding.name(),
            columns,
        };
        Ok(Self {
            file: file.to_owned(),
            preview,
            rows,
            record: csv::StringRecord::new(),
        })
    }

    /// How the list is understood.
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// The next rows; `None` at the end.
    pub fn chunk(&mut self) -> Result<Option<Chunk>, ImportError> {
        let mut chunk = Chunk::default();
        while chunk.rows.len() + chunk.faults.len() < CHUNK {
            let more = match self.rows.read_record(&mut self.record) {
                Ok(more) => more,
                Err(e) if matches!(e.kind(), csv::ErrorKind::Io(_)) => return Err(e.into()),
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
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
            let line = self.record.position().map_or(0, csv::Position::line);
            match contact_of(&self.preview.columns, &self.record) {
                Ok(contact) => chunk.rows.push((line, contact)),
                Err((what, fix)) => chunk.faults.push(self.fault(line, what, fix)),
            }
        }
        let empty = chunk.rows.is_empty() && chunk.faults.is_empty();
        Ok((!empty).then_some(chunk))
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

/// What a row means for the register: the person, and the facts; `None` if the register holds exactly this already.
pub fn plan_row(
    state: &State<'_>,
    keys: &Fingerprinter,
    line: u64,
    contact: Contact,
) -> Result<Option<ContactPlan>, Damaged> {
    let Some(first) = contact.addresses.first() else {
        return Ok(None);
    };
    let mut fingerprints: Vec<Fingerprint> = Vec::new();
    for address in &contact.addresses {
        fingerprints.extend(keys.of_address(address));
    }
    let known = state.person_of(&fingerprints)?;
    let person = known.unwrap_or_else(|| keys.person(first));
    let old = state.contact(person)?;
    let digest = digest(keys, &contact);
    if old.as_ref().is_some_and(|o| o.facts.digest == digest) {
        return Ok(None);
    }
    let keyed = |purpose: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        Some(Fingerprint(keys.keyed(purpose, &[bare(text).as_bytes()])))
    };
    // A list that says nothing of the relation leaves what is known.
    let relation = contact.relation.or(old.map(|o| o.facts.relation));
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
        facts,
        contact,
    }))
}

fn digest(keys: &Fingerprinter, contact: &Contact) -> [u8; 16] {
    let whole = keys.keyed("contact", &[&crate::record::encode(contact)]);
    let mut short = [0; 16];
    short.copy_from_slice(&whole[..16]);
    short
}

type Wrong = (String, &'static str);

fn contact_of(columns: &[(String, Column)], record: &csv::StringRecord) -> Result<Contact, Wrong> {
    let mut contact = Contact::default();
    let mut origin = Origin::default();
    for ((header, column), value) in columns.iter().zip(record.iter()) {
        if !value.is_empty() {
            fill(&mut contact, &mut origin, header, *column, value)?;
        }
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
    let text = Some(value.to_owned());
    match column {
        Column::Email => {
            for one in value.split([';', ' ', ',']).filter(|a| !a.is_empty()) {
                let address = Address::parse(one)
                    .map_err(|e| (e.to_string(), "correct the address, or remove the row"))?;
                contact.addresses.push(address);
            }
        }
        Column::Civility => contact.civility = text,
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
        Column::Phone => contact.phone = text,
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
        Column::Extra => contact.extra.push((header.to_owned(), value.to_owned())),
    }
    Ok(())
}

fn unknown(header: &str, value: &str, fix: &'static str) -> Wrong {
    let shown: String = value.chars().take(40).collect();
    (format!("\"{shown}\" cannot be read as {header}"), fix)
}

fn country(value: &str) -> Option<String> {
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

/// `YYYY-MM-DD` from what people write: ISO first, else day before month.
fn date(value: &str) -> Option<String> {
    let day = value.split(['T', ' ']).next()?;
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(date.ok().filter(|d| d.year() >= 1990)?.to_string())
}

/// UTF-16 by its mark, UTF-8 if the sample is valid (a character cut at its end does not count), else windows-1252.
fn encoding_of(sample: &[u8]) -> &'static encoding_rs::Encoding {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(sample) {
        return encoding;
    }
    match std::str::from_utf8(sample) {
        Err(e) if e.error_len().is_some() => encoding_rs::WINDOWS_1252,
        _ => encoding_rs::UTF_8,
    }
}

/// The delimiter that stands most often in the header, outside quotation marks.
fn delimiter_of(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for b in text.trim_start_matches(['\u{feff}', '\r', '\n']).bytes() {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts
                .iter_mut()
                .filter(|(d, _)| *d == b)
                .for_each(|(_, n)| *n += 1),
            _ => {}
        }
    }
    // The first of equals, so that a list of one column has a comma.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .map_or(b',', |(d, _)| *d)
}

/// Turns any of the encodings into UTF-8 while reading.
struct Decoder<R> {
    decoder: encoding_rs::Decoder,
    source: std::io::Chain<std::io::Cursor<Vec<u8>>, R>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    fn new(encoding: &'static encoding_rs::Encoding, sample: Vec<u8>, rest: R) -> Self {
        Self {
            decoder: encoding.new_decoder_with_bom_removal(),
            source: std::io::Cursor::new(sample).chain(rest),
            text: Vec::new(),
            at: 0,
            ended: false,
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            let mut raw = [0u8; 8192];
            let n = self.source.read(&mut raw)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(4 * n + 16);
            self.text.resize(room, 0);
            let (_, _, written, _) =
                self.decoder
                    .decode_to_utf8(&raw[..n], &mut self.text, self.ended);
            self.text.truncate(written);
            self.at = 0;
        }
        let n = out.len().min(self.text.len() - self.at);
        out[..n].copy_from_slice(&self.text[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
