//! A reviewer says what a message really meant; what would have caught it, and what else that would change.
//!
//! A correction changes no case and no letter: what is to be done about them is ordered as always. It is counted, and its
//! words are kept only if the configuration says so.

use super::{Answer, Desk, Refusal, draft, requests, words};
use crate::record::{
    ContentKey, Correction, Event, KeptMessage, Label, LetterState, State as Index, hex, unhex,
};
use crate::service::{
    CaseFile, Suggestion, forget_reply, intents, keep_reply, label, own_replies, own_set,
    reply_line, suggest,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a message meant.
#[derive(Deserialize)]
pub struct Correcting {
    by: String,
    /// Which message of the case; its last one, if none is named.
    #[serde(default)]
    message: String,
    /// What it asks or says, the operative one first: `stop`, `not_interested`, `ooo`, `none`, …
    intents: Vec<String>,
    #[serde(default)]
    needs_human: bool,
    /// A letter has left that was wrong.
    #[serde(default)]
    wrong: bool,
}

/// Which message of the case.
#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    message: String,
}

/// `quitus requests correct`.
pub async fn correct(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Correcting>,
) -> Result<Answer, Refusal> {
    let label = label(&word.intents, word.needs_human).map_err(|e| {
        Refusal::unclear(e, "write for example stop, source, access, erasure, not_interested, question, ooo or none")
    })?;
    let case = draft::case(&desk, requests::reference(&case)?)?;
    let (message, kept) = message_of(&case, &word.message)?;
    if word.wrong && !case.letters.iter().any(|l| has_left(l.state)) {
        return Err(Refusal::not_now(
            format!("no letter of {} has left", case.id),
            "leave out that it was answered wrongly",
        ));
    }
    let config = desk.office.house.load().config.clone();
    let line = kept.map(|kept| reply_line(message, kept, case.row.language, &label));
    let keeps = config.learning.keep && line.is_some();
    let read: Vec<_> = case.row.requests.iter().map(|r| r.request).collect();
    let frame = desk
        .write(vec![Event::Corrected(Correction {
            message,
            case: case.id,
            read,
            label: label.clone(),
            wrong: word.wrong,
            kept: keeps,
            by: word.by,
        })])
        .await?;
    let file = own_set(&config);
    let set = file.display().to_string();
    let stored = tokio::task::spawn_blocking(move || match line.filter(|_| keeps) {
        Some(line) => keep_reply(&config, &line),
        None => forget_reply(&config, message),
    });
    let stored = stored.await.map_err(|e| Refusal::broken(e.to_string()))?;
    stored.map_err(|e| Refusal::broken(format!("the words could not be kept in {set}: {e}")))?;
    let said = intents(&label).join(" + ");
    let where_to = match keeps {
        true => format!("its words are kept in {set}"),
        false => "its words are not kept ([learning] keep)".to_owned(),
    };
    let text = format!("{}: the message means {said}; {where_to}\n", case.id);
    let data = json!({
        "case": case.id.to_string(), "message": hex(&message.0), "intents": intents(&label), "kept": keeps, "frame": frame,
    });
    Ok(Answer::good(data, text))
}

fn has_left(state: LetterState) -> bool {
    matches!(
        state,
        LetterState::Sent | LetterState::Uncertain | LetterState::Bounced
    )
}

/// The message that is meant, and its words, if they are there.
fn message_of<'a>(
    case: &'a CaseFile,
    named: &str,
) -> Result<(ContentKey, Option<&'a KeptMessage>), Refusal> {
    let unknown = || {
        Refusal::unknown(
            format!("{} has no such message", case.id),
            "see `quitus requests show`",
        )
    };
    let found = match named.trim() {
        "" => case.messages.last(),
        hex => {
            let key = unhex(hex).map(ContentKey).ok_or_else(unknown)?;
            case.messages.iter().find(|(k, ..)| *k == key)
        }
    };
    let (key, _, kept) = found.ok_or_else(unknown)?;
    Ok((*key, kept.as_ref()))
}

/// What a human said of the messages of a case: for whoever shows it.
pub fn corrections(state: &Index<'_>, case: &CaseFile) -> Result<Vec<Value>, Refusal> {
    let mut all = Vec::new();
    for (message, ..) in &case.messages {
        if let Some(row) = state.correction(*message)? {
            all.push(json!({
                "message": hex(&message.0), "intents": intents(&row.label), "needs_human": row.label.needs_human,
                "wrong": row.wrong, "kept": row.kept, "by": row.by, "at": row.at.to_string(),
            }));
        }
    }
    Ok(all)
}

/// `quitus requests suggest`: for a message whose label was corrected, which phrase would have caught it.
pub async fn suggestion(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Query(which): Query<Which>,
) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, requests::reference(&case)?)?;
    let (message, kept) = message_of(&case, &which.message)?;
    let row = desk.office.sequencer.reader().state().correction(message)?;
    let row = row.ok_or_else(|| {
        Refusal::not_now(
            "nobody has said what this message means",
            "say it first: `quitus requests correct`",
        )
    })?;
    let kept = kept.ok_or_else(|| {
        Refusal::not_now("its words are not there any more", "nothing is to be done")
    })?;
    let line = reply_line(message, kept, case.row.language, &row.label);
    let (config, label) = (desk.office.house.load().config.clone(), row.label);
    let found = tokio::task::spawn_blocking(move || suggest(&config, &line));
    let found = found.await.map_err(|e| Refusal::broken(e.to_string()))?;
    let found = found.map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Refusal::not_now(all.join("\n"), "mend the lexicons first")
    })?;
    let text = told(&label, &found);
    Ok(Answer::good(
        json!({"message": hex(&message.0), "suggestions": found}),
        text,
    ))
}

fn told(label: &Label, found: &[Suggestion]) -> String {
    if found.is_empty() {
        let all = match label.requests.is_empty() {
            true => "nothing is asked in it".to_owned(),
            false => format!("{} is read in it by now", words::kinds(&label.requests)),
        };
        return format!("{all}: no phrase is missing\n");
    }
    let mut text = String::new();
    for s in found {
        let place = match &s.rule {
            Some((rule, line)) => format!("{}:{line}, to `say` of the rule \"{rule}\"", s.file),
            None => format!("{}, as a new rule", s.file),
        };
        let sure = if s.sure {
            ", in a rule with sure = 1.0"
        } else {
            ""
        };
        let catches = if s.catches {
            "would be"
        } else {
            "would NOT yet be"
        };
        text += &format!(
            "{}: \"{}\" in {place}{sure}: it {catches} read as {}\n",
            s.kind, s.phrase, s.kind
        );
        for change in &s.changes {
            text += &format!(
                "  also {} ({}): {} → {} ({})\n",
                change.id, change.set, change.before, change.after, change.verdict
            );
        }
        if s.changes.is_empty() {
            text += "  nothing else is read otherwise, in your own set and in the shared one\n";
        }
    }
    text + "nothing changes by itself: write it into the lexicon if it is right\n"
}

/// `quitus learning`: how many replies the own set holds, and where it is.
pub async fn own(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let config = desk.office.house.load().config.clone();
    let all = own_replies(&config).map_err(|e| Refusal::broken(e.to_string()))?;
    let (file, keep) = (own_set(&config).display().to_string(), config.learning.keep);
    let mut text = String::new();
    for line in &all {
        let said: Vec<&str> = line["intents"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let (id, lang) = (
            line["id"].as_str().unwrap_or_default(),
            line["lang"].as_str().unwrap_or_default(),
        );
        text += &format!("{id}  {lang}  {}\n", said.join(" + "));
    }
    text += &match keep {
        true => format!(
            "{} corrected replies in {file}: quitus eval {file}\n",
            all.len()
        ),
        false => format!(
            "{} corrected replies in {file}; no more are kept ([learning] keep = false)\n",
            all.len()
        ),
    };
    let ids: Vec<&Value> = all.iter().map(|l| &l["id"]).collect();
    Ok(Answer::good(
        json!({"keep": keep, "file": file, "replies": ids}),
        text,
    ))
}
