//! One case as a reviewer must see it before deciding.

use super::{
    Answer, Desk, Refusal, case_story, draft, entering, learning, paper, proposing, recipients,
    senders, systems, thread, watched, words,
};
use crate::record::{CaseId, Clock, Concerned, RequestKind, RequestState, RuleId};
use crate::register::{self, WhyVague};
use crate::request::rule;
use crate::service::{CaseFile, House};
use axum::extract::{Path, State};
use serde_json::{Value, json};

/// A rule with its sentence.
pub fn because(id: &RuleId) -> String {
    format!("; {id}: {}", rule::explain(id).unwrap_or("see the rules"))
}

/// A reference as it was typed.
pub fn reference(text: &str) -> Result<CaseId, Refusal> {
    text.parse().map_err(|_| {
        Refusal::unclear(
            format!("{text} is no reference of a case"),
            "write it as `quitus requests list` shows it",
        )
    })
}

/// `quitus requests show`.
pub async fn show(State(desk): State<Desk>, Path(case): Path<String>) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, reference(&case)?)?;
    let house = desk.office.house.load_full();
    let mut text = head(&desk, &house, &case)?;
    let systems = systems::tell(&house, &case, &mut text);
    let recipients = recipients::show(&house, &case, desk.office.clock.now(), &mut text);
    let paper = paper::tell(&case, &mut text);
    let watched = watched::tell(&desk, &case, &mut text)?;
    proof(&case, &mut text);
    let messages = messages(&case, &mut text);
    let (thread, earlier) = thread::tell(&desk, &case, &mut text)?;
    let proposals = proposing::tell(&desk, &case, &mut text)?;
    let drafts = draft::drafts(&desk, &house, &case)?;
    let letters = draft::tell(&case, &drafts, &mut text);
    let requests: Vec<Value> = case
        .row
        .requests
        .iter()
        .map(|r| json!({"request": r.request, "state": r.state, "due": r.due.to_string()}))
        .collect();
    let corrections = learning::corrections(&desk.office.sequencer.reader().state(), &case)?;
    let review = &case.row.review;
    let mut data = json!({
        "case": case.id.to_string(), "requests": requests, "held": case.row.held.as_ref().map(ToString::to_string),
        "closed": case.row.closed.map(|t| t.to_string()), "proof": case.proof, "messages": messages,
        "proposals": proposals, "letters": letters, "identity_proved": review.proved.map(|t| t.to_string()),
        "code_until": review.identity.as_ref().map(|i| i.expires.to_string()), "extended": case.extended, "systems": systems, "recipients": recipients,
        "paper": paper["to"], "scans": paper["scans"], "corrections": corrections, "thread": thread, "thread_earlier": earlier,
        "vague": vague(&house, &case).map(|why| why.to_string()),
    });
    if let Value::Object(fields) = &mut data {
        fields.extend(case_story::tell(&desk, &house, &case)?);
        fields.extend(watched);
    }
    Ok(Answer::good(data, text))
}

fn head(desk: &Desk, house: &House, case: &CaseFile) -> Result<String, Refusal> {
    let mut text = format!("case       {} of {}\n", case.id, case.row.opened);
    if let Some(closed) = case.row.closed {
        text += &format!("closed     {closed}\n");
    }
    for r in &case.row.requests {
        text += &format!("asks       {} ({}), due {}\n", r.request, r.state, r.due);
    }
    if let Some(held) = &case.row.held {
        text += &format!("held{}\n", because(held));
    }
    if let Some((what, since)) = case.suppression {
        text += &format!("person     {what} since {since}\n");
    }
    if let Some(person) = case.row.person {
        let state = desk.office.sequencer.reader().state();
        senders::tell(&state, &Concerned::Person(person), &mut text)?;
    }
    entering::tell(desk, case, &mut text)?;
    let by_hand = case.left_to_a_human(house);
    if !by_hand.is_empty() {
        text += &format!(
            "to do      no letter answers {}: answer by hand, then `quitus requests answered {}`\n",
            words::kinds(&by_hand),
            case.id
        );
    }
    if let Some(why) = vague(house, case) {
        text += &format!(
            "to do      the copy does not say where all of the data come from ({why}): complete the register\n"
        );
    }
    erased_by_hand(house, case, &mut text);
    Ok(text)
}

/// Why a copy that is still owed cannot say of each datum where it comes from (Art. 15(1)(g)).
fn vague(house: &House, case: &CaseFile) -> Option<WhyVague> {
    let access = |r: &Clock| r.request == RequestKind::Access;
    let contact = case.contact.as_ref()?;
    let owed = case.open_requests().any(access);
    let origins = register::origins_for(contact, &house.config.register.origin);
    origins.err().filter(|_| owed)
}

/// What an erasure asks of a human, since nothing here does it: mails that lie in mailboxes, recipients that letters name.
fn erased_by_hand(house: &House, case: &CaseFile, text: &mut String) {
    // Also when the letter has left: nothing says that it was done.
    let erases = |r: &Clock| r.request == RequestKind::Erasure && r.state != RequestState::Refused;
    if !case.row.requests.iter().any(erases) {
        return;
    }
    *text += "to do      delete the mails of this person from the mailboxes yourself (INBOX, Sent): nothing here deletes mail\n";
    let told = house.config.processing.recipients.iter().flatten();
    let configured = |name: &&str| house.config.recipients.iter().any(|r| r.name == *name);
    let told: Vec<&str> = told
        .map(String::as_str)
        .filter(|n| !configured(n))
        .collect();
    if !told.is_empty() {
        let who = told.join(", ");
        *text +=
            &format!("to do      tell these recipients of the erasure yourself (Art. 19): {who}\n");
    }
}

/// Who asked, and the words that decided.
fn proof(case: &CaseFile, text: &mut String) {
    let Some(proof) = &case.proof else { return };
    if let Some(from) = &proof.from {
        *text += &format!("from       {} ({})\n", from.as_str(), proof.identity);
    }
    for e in &proof.evidence {
        for (rule, words) in &e.words {
            *text += &format!("because    {}: \"{words}\" [{rule}]\n", e.kind);
        }
    }
}

/// What they wrote.
fn messages(case: &CaseFile, text: &mut String) -> Vec<Value> {
    let mut all = Vec::new();
    for (key, row, kept) in &case.messages {
        let id = crate::record::hex(&key.0);
        let (state, at) = (row.state, row.received.to_string());
        let Some(kept) = kept else {
            *text += &format!("\nmessage of {at}: its text is not kept\n");
            all.push(
                json!({"message": id, "received": at, "state": state, "rule": row.rule.as_str()}),
            );
            continue;
        };
        *text += &format!("\nmessage of {at}: {}\n", kept.subject);
        for line in kept.fresh.lines() {
            *text += &format!("  | {line}\n");
        }
        all.push(json!({
            "message": id, "received": at, "state": state, "rule": row.rule.as_str(), "subject": kept.subject,
            "from": kept.from, "fresh": kept.fresh, "understood": kept.understood, "from_name": kept.from_name,
            "elided": kept.elided, "to": kept.to,
        }));
    }
    all
}
