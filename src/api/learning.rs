//! A reviewer says what a message really meant; what would have caught it, and what else that would change.
//!
//! A correction changes no case and no letter: what is to be done about them is ordered as always. It is counted, and its
//! words are kept only if the configuration says so.

use super::{Answer, Desk, Refusal, draft, requests, words};
use crate::record::{
    ContentKey, Correction, Event, KeptMessage, Label, Language, LetterState, LoneCorrection,
    State as Index, hex, unhex,
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

/// A message that a human says something about.
pub struct Subject {
    /// Its key.
    pub key: ContentKey,
    /// Its words, if they are there.
    pub kept: Option<KeptMessage>,
    /// Its case, if it belongs to one.
    pub case: Option<CaseFile>,
}

impl Subject {
    /// How a person names it.
    fn name(&self) -> String {
        match &self.case {
            Some(case) => case.id.to_string(),
            None => format!("message {}", self.key.short()),
        }
    }

    /// What follows "the letter was wrong": only a letter that has left can have been.
    fn may_be_wrong(&self) -> Result<(), Refusal> {
        let fix = "leave out that it was answered wrongly";
        match &self.case {
            Some(case) if case.letters.iter().any(|l| has_left(l.state)) => Ok(()),
            Some(case) => Err(Refusal::not_now(
                format!("no letter of {} has left", case.id),
                fix,
            )),
            None => Err(Refusal::not_now("no letter answers this message", fix)),
        }
    }

    fn language(&self) -> Option<Language> {
        let of_case = self.case.as_ref().and_then(|c| c.row.language);
        // The first word of what was understood is the language, if it was known.
        let read = self.kept.as_ref().and_then(|k| {
            let first = k.understood.split(", ").next()?;
            first.parse().ok()
        });
        of_case.or(read)
    }

    fn line(&self, label: &Label) -> Option<Value> {
        let kept = self.kept.as_ref()?;
        Some(reply_line(self.key, kept, self.language(), label))
    }

    fn event(&self, label: &Label, (wrong, kept): (bool, bool), by: String) -> Event {
        let (message, label) = (self.key, label.clone());
        match &self.case {
            Some(case) => Event::Corrected(Correction {
                message,
                case: case.id,
                read: case.row.requests.iter().map(|r| r.request).collect(),
                label,
                wrong,
                kept,
                by,
            }),
            None => Event::CorrectedAlone(LoneCorrection {
                message,
                label,
                kept,
                by,
            }),
        }
    }
}

/// `quitus learning correct` of a case.
pub async fn correct(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Correcting>,
) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, requests::reference(&case)?)?;
    let subject = of_case(case, &word.message)?;
    correct_it(&desk, &subject, word).await
}

/// Counts a correction, and keeps the words, if the configuration consents.
pub async fn correct_it(
    desk: &Desk,
    subject: &Subject,
    word: Correcting,
) -> Result<Answer, Refusal> {
    let label = label(&word.intents, word.needs_human).map_err(|e| {
        Refusal::unclear(e, "write for example stop, source, access, erasure, not_interested, question, ooo or none")
    })?;
    if word.wrong {
        subject.may_be_wrong()?;
    }
    let config = desk.office.house.load().config.clone();
    let line = subject.line(&label);
    let keeps = config.learning.keep && line.is_some();
    let event = subject.event(&label, (word.wrong, keeps), word.by);
    let frame = desk.write(vec![event]).await?;
    let (file, message) = (own_set(&config), subject.key);
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
    let text = format!("{}: the message means {said}; {where_to}\n", subject.name());
    let case = subject.case.as_ref().map(|c| c.id.to_string());
    let data = json!({
        "case": case, "message": hex(&message.0), "intents": intents(&label), "kept": keeps, "frame": frame,
    });
    Ok(Answer::good(data, text))
}

fn has_left(state: LetterState) -> bool {
    matches!(
        state,
        LetterState::Sent | LetterState::Uncertain | LetterState::Bounced
    )
}

/// The message of a case that is meant: its last one, if none is named.
fn of_case(case: CaseFile, named: &str) -> Result<Subject, Refusal> {
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
    Ok(Subject {
        key: *key,
        kept: kept.clone(),
        case: Some(case),
    })
}

/// What a human said of the messages of a case: for whoever shows it.
pub fn corrections(state: &Index<'_>, case: &CaseFile) -> Result<Vec<Value>, Refusal> {
    let said = case.messages.iter().map(|(key, ..)| said(state, *key));
    said.filter_map(Result::transpose).collect()
}

/// What a human said of one message.
pub fn said(state: &Index<'_>, message: ContentKey) -> Result<Option<Value>, Refusal> {
    let row = state.correction(message)?;
    Ok(row.map(|row| {
        json!({
            "message": hex(&message.0), "intents": intents(&row.label), "needs_human": row.label.needs_human,
            "wrong": row.wrong, "kept": row.kept, "by": row.by, "at": row.at.to_string(),
        })
    }))
}

/// `quitus learning suggest` of a case: for a message whose label was corrected, which phrase would have caught it.
pub async fn suggestion(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Query(which): Query<Which>,
) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, requests::reference(&case)?)?;
    suggest_for(&desk, &of_case(case, &which.message)?).await
}

/// The phrase that would have caught a message.
pub async fn suggest_for(desk: &Desk, subject: &Subject) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let row = state.correction(subject.key)?.ok_or_else(|| {
        Refusal::not_now(
            "nobody has said what this message means",
            "say it first: `quitus learning correct`",
        )
    })?;
    let line = subject.line(&row.label).ok_or_else(|| {
        Refusal::not_now("its words are not there any more", "nothing is to be done")
    })?;
    let (config, label) = (desk.office.house.load().config.clone(), row.label);
    let found = tokio::task::spawn_blocking(move || suggest(&config, &line));
    let found = found.await.map_err(|e| Refusal::broken(e.to_string()))?;
    let found = found.map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Refusal::not_now(all.join("\n"), "mend the lexicons first")
    })?;
    let text = told(&label, &found);
    Ok(Answer::good(
        json!({"message": hex(&subject.key.0), "suggestions": found}),
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
