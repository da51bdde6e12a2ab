//! The register: reading a list in, "why did you write to this person?" in one screen.

use super::{Answer, Desk, Refusal, address, grouping, messages, senders, suppression, words};
use crate::record::{Concerned, Contact, Fault};
use crate::register::{self, Key, OriginRule, Preview};
use crate::service::{Handover, ImportFailure, import_contacts};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;

/// A list that is handed over.
#[derive(Deserialize)]
pub struct List {
    pub(super) file: String,
    #[serde(default)]
    pub(super) dry_run: bool,
    /// Who hands it over.
    #[serde(default)]
    by: String,
}

impl List {
    pub(super) fn handed(&self) -> Handover<'_> {
        Handover {
            file: &self.file,
            by: &self.by,
        }
    }
}

/// Who is asked about.
#[derive(Deserialize)]
pub struct Whom {
    address: String,
}

/// `quitus contacts import`: how the list is understood, then what came of it.
pub async fn import(
    State(desk): State<Desk>,
    Query(list): Query<List>,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let opened = register::Reader::open(&list.file, &body[..], &BTreeMap::new());
    let preview = opened
        .map_err(|e| list_refused(e.into()))?
        .preview()
        .clone();
    let (source, dry) = (Cursor::new(body), list.dry_run);
    let done = import_contacts(&desk.office, list.handed(), source, dry).await;
    let (sum, faults) = done.map_err(list_refused)?;
    let would = if dry { "would be stored" } else { "stored" };
    let (mut text, columns) = understood(&preview);
    text += &format!(
        "{} {would}, {} unchanged, {} refused; of the stored, {} have a private address, {} say their source themselves\n",
        sum.stored, sum.unchanged, sum.refused, sum.freemail, sum.sourced
    );
    let (lines, told) = in_lines(&faults);
    text += &lines;
    let data = json!({
        "stored": sum.stored, "unchanged": sum.unchanged, "refused": sum.refused, "freemail": sum.freemail,
        "sourced": sum.sourced, "dry_run": dry, "faults": told, "columns": columns,
        "encoding": preview.encoding, "delimiter": preview.delimiter,
    });
    Ok(Answer::good(data, text).wrong_if(!faults.is_empty()))
}

/// What each column was taken for, for people and for programs: a column that means something else is seen at a look.
fn understood(preview: &Preview) -> (String, Vec<Value>) {
    let (encoding, delimiter) = (preview.encoding, preview.delimiter);
    let mut text = format!("read as {encoding}, values apart by {delimiter:?}; the columns are\n");
    for (header, meaning) in preview.in_words() {
        let header: Vec<&str> = header.split_whitespace().collect();
        text += &format!("  {:<20} {meaning}\n", header.join(" "));
    }
    let columns = preview.columns.iter();
    let columns = columns.map(|(header, column)| json!({"header": header, "as": column}));
    (text, columns.collect())
}

/// Why a list was not taken.
pub(super) fn list_refused(failure: ImportFailure) -> Refusal {
    match failure {
        ImportFailure::List(_) | ImportFailure::TooLarge => {
            let fix = "save the list as CSV with a header line";
            Refusal::unclear(failure.to_string(), fix)
        }
        other => Refusal::broken(other.to_string()),
    }
}

/// Bad rows, for people and for programs.
pub(super) fn in_lines(faults: &[Fault]) -> (String, Vec<Value>) {
    let text = faults.iter().map(|f| format!("{f}\n")).collect();
    let told = faults
        .iter()
        .map(|f| json!({"line": f.line, "what": f.what, "fix": f.fix}))
        .collect();
    (text, told)
}

/// `quitus contacts show`: wrong (exit code 1) if nobody is known by this address, telephone, profile or id.
pub async fn show(State(desk): State<Desk>, Json(whom): Json<Whom>) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let asked = whom.address.trim();
    let found = match suppression::key(&desk, asked)? {
        None => {
            let address = address(asked)?;
            return person(
                &desk,
                address.as_str(),
                register::find(&state, keys, &address)?,
            );
        }
        Some(Key::Phone(phone)) => state.people_at(&keys.of(&phone.key_form()))?,
        Some(key) => state.alias(&key.fingerprint(keys))?.into_iter().collect(),
    };
    if let [one] = found.as_slice() {
        return person(&desk, asked, register::of_person(&state, *one)?);
    }
    let (mut text, mut people) = (format!("{asked}: {} people\n", found.len()), Vec::new());
    for id in &found {
        let shown = person(&desk, asked, register::of_person(&state, *id)?)?;
        text += &format!("\n{}", shown.text);
        people.push(shown.data);
    }
    Ok(Answer::good(json!({"people": people}), text).wrong_if(found.is_empty()))
}

/// One person, in one screen.
fn person(desk: &Desk, asked: &str, found: register::Found) -> Result<Answer, Refusal> {
    let reader = desk.office.sequencer.reader();
    let contact = crate::service::contact(reader, found.contact.as_ref())?;
    let rules = desk.office.house.load().config.register.origin.clone();
    let mut text = format!("{asked}  ({})\n", words::person(&found.person));
    let register = match &contact {
        Some(contact) => in_register(contact, &rules, &mut text),
        None => {
            text += &match &found.row.erased {
                Some((at, case)) => format!("register   erased {at}, at their request ({case})\n"),
                None => "register   not in it\n".to_owned(),
            };
            Value::Null
        }
    };
    let group = reader.state().group(found.person)?;
    let rows = (&found.row, &group);
    let key_forms = grouping::key_forms(desk, contact.as_ref(), rows, &mut text)?;
    let trace = grouping::trace(desk, &group.trace, &mut text)?;
    text += &match &found.suppression {
        None => "suppression none: may be written to\n".to_owned(),
        Some(row) => format!("suppression {}\n", suppression::in_words(row)),
    };
    let about = Concerned::Person(found.person);
    let senders = senders::tell(&reader.state(), &about, &mut text)?;
    let cases = cases(desk, &found.row.open, &found.row.closed, &mut text)?;
    let (messages, earlier) = messages::of_person(desk, found.person, &mut text)?;
    let mailed = found.last_mailed.map(|t| t.to_string());
    let last = mailed.as_deref().unwrap_or("never, as far as Sent says");
    text += &format!("last mail  {last}\n");
    let known = contact.is_some() || found.row.version > 0;
    let data = json!({
        "person": found.person, "known": known, "register": register, "cases": cases, "last_mailed": mailed,
        "erased": found.row.erased.map(|(at, _)| at.to_string()), "key_forms": key_forms, "trace": trace,
        "suppression": found.suppression.as_ref().map(suppression::in_data), "senders": senders,
        "messages": messages, "messages_earlier": earlier,
    });
    Ok(Answer::good(data, text).wrong_if(!known))
}

/// The register's row, and where its data come from.
fn in_register(contact: &Contact, rules: &[OriginRule], text: &mut String) -> Value {
    let relation = contact.relation.map(|r| r.to_string());
    let language = contact.language.map(|l| l.to_string());
    let addresses: Vec<&str> = contact.addresses.iter().map(|a| a.as_str()).collect();
    let all = Some(addresses.join(", "));
    let fields = [
        ("addresses", &all),
        ("civility", &contact.civility),
        ("first name", &contact.first_name),
        ("last name", &contact.last_name),
        ("role", &contact.role),
        ("firm", &contact.firm),
        ("country", &contact.country),
        ("language", &language),
        ("phone", &contact.phone),
        ("profile", &contact.profile_url),
        ("crm id", &contact.crm_id),
        ("relation", &relation),
        ("owner", &contact.owner),
        ("campaign", &contact.campaign),
        ("basis", &contact.basis),
        ("why", &contact.why),
    ];
    let held = fields
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    for (name, value) in held {
        *text += &format!("{name:<10} {value}\n");
    }
    for (name, value) in &contact.extra {
        *text += &format!("{name:<10} {value}\n");
    }
    match register::origins_for(contact, rules) {
        Ok(origins) => {
            for origin in &origins {
                let of = |v: &Option<String>| v.clone().unwrap_or_default();
                let (who, whence, day) = (of(&origin.provider), of(&origin.from), of(&origin.date));
                let data = origin.data.join(", ");
                *text += &format!("source     {data}: {who}, {whence}, {day}\n");
            }
            json!({"contact": contact, "origins": origins})
        }
        Err(why) => {
            *text += &format!("source     VAGUE: {why}; a human writes the source letter\n");
            json!({"contact": contact, "vague": why.to_string()})
        }
    }
}

fn cases(
    desk: &Desk,
    open: &[crate::record::CaseId],
    closed: &[crate::record::CaseId],
    text: &mut String,
) -> Result<Vec<Value>, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut all = Vec::new();
    for id in open.iter().chain(closed.iter().rev()) {
        let Some(row) = state.case(*id)? else {
            continue;
        };
        let kinds: Vec<_> = row.requests.iter().map(|r| r.request).collect();
        let word = if row.closed.is_some() {
            "closed"
        } else {
            "open"
        };
        let asked = words::kinds(&kinds);
        *text += &format!("case       {id} {word}, of {}: {asked}\n", row.opened);
        let opened = row.opened.to_string();
        all.push(
            json!({"case": id.to_string(), "state": word, "opened": opened, "requests": kinds}),
        );
    }
    Ok(all)
}
