//! What people asked and nobody has answered yet: the list, and one case as a reviewer must see it before deciding.

use super::draft::Case;
use super::{Answer, Desk, Refusal, words};
use crate::record::{CaseId, CaseRow, Event, Proof, Proposal, RuleId};
use crate::request::rule;
use axum::extract::{Path, State};
use serde_json::{Value, json};

/// Cases shown at once.
const SHOWN: usize = 10_000;

/// `quitus requests list`: open cases, the one that is due first at the head.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut open: Vec<(CaseId, CaseRow)> = state.cases(None, usize::MAX)?;
    open.retain(|(_, row)| row.closed.is_none());
    let due = |row: &CaseRow| row.requests.iter().map(|r| r.due).min();
    open.sort_by_key(|(_, row)| (due(row).is_none(), due(row), row.opened));
    let (mut text, mut data) = (String::new(), Vec::new());
    for (id, row) in open.iter().take(SHOWN) {
        let kinds: Vec<_> = row.requests.iter().map(|r| r.request).collect();
        let due = due(row).map(|t| t.to_string());
        let asked = match kinds.is_empty() {
            true => "nothing certain".to_owned(),
            false => words::kinds(&kinds),
        };
        let until = due.as_deref().unwrap_or("-");
        let letter = state.letters(*id)?;
        let letter = letter.last().map(|(_, l)| l.state);
        let held = row.held.as_ref().map(because).unwrap_or_default();
        let shown = letter.map(|l| format!(", letter {l}")).unwrap_or_default();
        text += &format!("{id}  {asked}, due {until}{shown}{held}\n");
        data.push(json!({
            "case": id.to_string(), "requests": kinds, "due": due, "opened": row.opened.to_string(),
            "held": row.held.as_ref().map(ToString::to_string), "letter": letter,
        }));
    }
    text += &format!("{} open\n", open.len());
    Ok(Answer::good(json!(data), text))
}

/// A rule with its sentence.
fn because(id: &RuleId) -> String {
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
    let case = Case::read(&desk, reference(&case)?)?;
    let mut text = head(&case);
    let proof = proof(&desk, &case, &mut text)?;
    let messages = messages(&case, &mut text);
    let proposals = proposals(&desk, &case, &mut text)?;
    let letter = letter(&desk, &case, &mut text);
    let requests: Vec<Value> = case
        .row
        .requests
        .iter()
        .map(|r| json!({"request": r.request, "state": r.state, "due": r.due.to_string()}))
        .collect();
    let data = json!({
        "case": case.id.to_string(), "requests": requests, "held": case.row.held.as_ref().map(ToString::to_string),
        "closed": case.row.closed.map(|t| t.to_string()), "proof": proof, "messages": messages,
        "proposals": proposals, "letter": letter,
    });
    Ok(Answer::good(data, text))
}

fn head(case: &Case) -> String {
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
    text
}

/// Who asked, and the words that decided.
fn proof(desk: &Desk, case: &Case, text: &mut String) -> Result<Option<Proof>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let Event::CaseOpened {
        proof: Some(sealed),
        ..
    } = reader.event(case.row.position)?
    else {
        return Ok(None);
    };
    let Some(proof) = reader.open_sealed::<Proof>(&sealed)? else {
        return Ok(None);
    };
    if let Some(from) = &proof.from {
        *text += &format!("from       {} ({})\n", from.as_str(), proof.identity);
    }
    for e in &proof.evidence {
        for (rule, words) in &e.words {
            *text += &format!("because    {}: \"{words}\" [{rule}]\n", e.kind);
        }
    }
    Ok(Some(proof))
}

/// What they wrote.
fn messages(case: &Case, text: &mut String) -> Vec<Value> {
    let mut all = Vec::new();
    for (_, row, kept) in &case.messages {
        let (state, at) = (row.state, row.received.to_string());
        let Some(kept) = kept else {
            *text += &format!("\nmessage of {at}: its text is not kept\n");
            all.push(json!({"received": at, "state": state, "rule": row.rule.as_str()}));
            continue;
        };
        *text += &format!("\nmessage of {at}: {}\n", kept.subject);
        for line in kept.fresh.lines() {
            *text += &format!("  | {line}\n");
        }
        all.push(json!({
            "received": at, "state": state, "rule": row.rule.as_str(), "subject": kept.subject,
            "from": kept.from, "fresh": kept.fresh, "understood": kept.understood,
        }));
    }
    all
}

/// What a reviewer is asked to decide beside the letter.
fn proposals(desk: &Desk, case: &Case, text: &mut String) -> Result<Vec<Value>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let mut all = Vec::new();
    for position in &case.row.proposals {
        let Event::Proposed {
            what: Some(sealed), ..
        } = reader.event(*position)?
        else {
            continue;
        };
        let Some(proposal) = reader.open_sealed::<Proposal>(&sealed)? else {
            continue;
        };
        let said = match &proposal {
            Proposal::Address { address, words } => {
                format!("another address was named: {} ({words})", address.as_str())
            }
            Proposal::Domain {
                domain,
                contacts,
                not_prospects,
            } => format!(
                "the whole firm @{domain} objects: {contacts} contacts, {not_prospects} of them not plain prospects"
            ),
            Proposal::Forwarded { from, kinds } => {
                let from = from.as_ref().map_or("somebody", |a| a.as_str());
                format!(
                    "a colleague forwarded what {from} asked: {}",
                    words::kinds(kinds)
                )
            }
            Proposal::UnknownSender { from } => {
                format!("who is {}? nobody in the register", from.as_str())
            }
        };
        *text += &format!("to decide  {said}\n");
        all.push(json!({"text": said, "proposal": proposal}));
    }
    Ok(all)
}

/// The letter as it would leave now, or what became of it.
fn letter(desk: &Desk, case: &Case, text: &mut String) -> Value {
    let Some(draft) = case.draft() else {
        let last = case.letters.last();
        let state = last.map(|l| l.state);
        *text += &match state {
            Some(state) => format!("\nletter     {state}\n"),
            None => {
                "\nletter     none: answer by hand if one is due, then refuse the case\n".into()
            }
        };
        return json!({"state": state});
    };
    let house = desk.office.house.load_full();
    let planned = case.plan(&house, draft);
    let written = planned.and_then(|p| Ok((p.write(&house)?, p.plan.to.clone())));
    match written {
        Ok((letter, to)) => {
            *text += &format!(
                "\nletter to {} (draft, as it would leave now)\nSubject: {}\n\n{}\n",
                to.as_str(),
                letter.subject,
                letter.text
            );
            json!({"state": draft.state, "to": to, "subject": letter.subject, "text": letter.text})
        }
        Err(refusal) => {
            *text += &format!("\nletter     {}\n  → {}\n", refusal.error, refusal.fix);
            json!({"state": draft.state, "unwritten": refusal.error, "fix": refusal.fix})
        }
    }
}
