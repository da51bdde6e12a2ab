//! The search box: an address, a reference, a domain, or any other key of a person leads to what is known of it.
//!
//! Each is one look-up by its keyed fingerprint, never a walk; so only what is typed whole is found, and nothing by a part
//! of it. What was searched stands in the body of the request, not in its address: servers write addresses down.

use super::requests::reference;
use super::suppression::{self, Target, in_data, in_words, target};
use super::{Answer, Desk, Refusal, case_list, words};
use crate::record::{CaseId, PersonId};
use crate::register::{self, Key};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Cases of a domain that are shown.
const SHOWN: usize = 100;

/// What was typed.
#[derive(Deserialize)]
pub struct Typed {
    what: String,
}

/// `quitus requests find`: wrong (exit code 1) if nothing is known by it.
pub async fn search(State(desk): State<Desk>, Json(typed): Json<Typed>) -> Result<Answer, Refusal> {
    let what = typed.what.trim();
    if what.is_empty() {
        return Err(nothing_typed());
    }
    if let Ok(case) = reference(what) {
        return of_case(&desk, case);
    }
    // A domain is typed with or without its @; an address has something before it.
    let bare = what.strip_prefix('@').unwrap_or(what);
    let named = bare.contains('.') && bare.contains(char::is_alphabetic);
    if named && !bare.contains(['@', '/', ':']) {
        return of_domain(&desk, &format!("@{bare}"));
    }
    let Some(key) = suppression::key(&desk, what)? else {
        return of_address(&desk, what);
    };
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let people = match &key {
        Key::Phone(phone) => state.people_at(&keys.of(&phone.key_form()))?,
        key => state.alias(&key.fingerprint(keys))?.into_iter().collect(),
    };
    of_people(&desk, ("person", what), &people)
}

fn nothing_typed() -> Refusal {
    Refusal::unclear(
        "nothing was typed",
        "type an address, a reference such as Q-7F3K-92MD, a domain, a telephone, a profile's page or crm:ID",
    )
}

fn of_case(desk: &Desk, id: CaseId) -> Result<Answer, Refusal> {
    let mut text = String::new();
    let cases = cases(desk, &[id], &mut text)?;
    answer(("case", &id.to_string()), &[], cases, Value::Null, text)
}

fn of_address(desk: &Desk, what: &str) -> Result<Answer, Refusal> {
    let Target::One(address) = target(what)? else {
        return Err(nothing_typed());
    };
    let reader = desk.office.sequencer.reader();
    let found = register::find(&reader.state(), reader.fingerprinter(), &address)?;
    let known = found.row.version > 0 || found.contact.is_some();
    let people: Vec<PersonId> = known.then_some(found.person).into_iter().collect();
    of_people(desk, ("address", address.as_str()), &people)
}

fn of_people(desk: &Desk, typed: (&str, &str), people: &[PersonId]) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let (mut text, mut all) = (String::new(), Vec::new());
    for id in people {
        let row = state.person(*id)?;
        all.extend(row.open.iter().chain(row.closed.iter().rev()).copied());
        text += &match &row.suppression {
            None => format!("{}: may be written to\n", words::person(id)),
            Some(row) => format!("{}: {}\n", words::person(id), in_words(row)),
        };
    }
    let cases = cases(desk, &all, &mut text)?;
    answer(typed, people, cases, Value::Null, text)
}

/// What holds for a whole domain, and the cases in which a letter was written to somebody there.
fn of_domain(desk: &Desk, what: &str) -> Result<Answer, Refusal> {
    let Target::Domain(domain) = target(what)? else {
        return Err(nothing_typed());
    };
    let reader = desk.office.sequencer.reader();
    let fingerprint = reader.fingerprinter().of_domain(&domain);
    let row = reader.state().domain(&fingerprint)?;
    let mut text = match &row {
        None => format!("@{domain}: may be written to\n"),
        Some(row) => format!("@{domain}: {}\n", in_words(row)),
    };
    let found = reader.state().cases_of_domain(&fingerprint, SHOWN)?;
    let cases = cases(desk, &found, &mut text)?;
    let holds = json!(row.as_ref().map(in_data));
    answer(("domain", &domain), &[], cases, holds, text)
}

/// The cases that are there.
fn cases(desk: &Desk, ids: &[CaseId], text: &mut String) -> Result<Vec<Value>, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut all = Vec::new();
    for id in ids {
        if let Some(row) = state.case(*id)? {
            all.push(case_list::one(desk, *id, &row, text)?);
        }
    }
    Ok(all)
}

fn answer(
    (kind, what): (&str, &str),
    people: &[PersonId],
    cases: Vec<Value>,
    suppression: Value,
    mut text: String,
) -> Result<Answer, Refusal> {
    let nothing = people.is_empty() && cases.is_empty() && suppression.is_null();
    if nothing {
        text += &format!("{what}: nothing is known by this {kind}\n");
    }
    let data = json!({
        "kind": kind, "what": what, "people": people, "cases": cases, "suppression": suppression,
    });
    Ok(Answer::good(data, text).wrong_if(nothing))
}
