//! A text while it is written: its mistakes, what changed, and the letter that it makes. Nothing is saved here.

use super::files::{Edit, edited, on_disk};
use super::{aside, diff, hash, mistakes, path};
use crate::answer::{Finding, Letter, Templates};
use crate::api::{Answer, Desk, Refusal, draft, requests};
use crate::config::{Config, Specimen};
use crate::record::{Fault, Language};
use crate::service::Shelf;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Texts that are to be judged.
#[derive(Deserialize)]
pub struct Draft {
    files: Vec<Edit>,
}

/// A letter that is to be shown.
#[derive(Deserialize)]
pub struct Preview {
    /// A kind of letter: the folder of its templates. Not needed for a case.
    #[serde(default)]
    kind: String,
    language: Option<Language>,
    /// With these texts; none: as it would be now.
    #[serde(default)]
    files: Vec<Edit>,
    /// The letter that waits in this case, with its real facts; none: invented ones.
    #[serde(default)]
    case: String,
    /// Which letter of the case, if several wait.
    letter: Option<u8>,
}

/// Every mistake of the whole set with these texts in it, with line and column, and what they change.
pub async fn check(State(desk): State<Desk>, Json(draft): Json<Draft>) -> Result<Answer, Refusal> {
    aside(move || {
        let house = desk.office.house.load_full();
        let config = &house.config;
        let own = edited(config, &draft.files)?;
        let (_, faults) = config.try_templates(&own);
        let shelf = Shelf::of(config);
        let mut changes = Vec::new();
        for edit in &draft.files {
            changes.push(change(&shelf, edit)?);
        }
        let (told, said) = mistakes(config, &faults);
        let text = match faults.is_empty() {
            true => "all good\n".to_owned(),
            false => said,
        };
        let data = json!({"valid": faults.is_empty(), "faults": told, "changes": changes});
        Ok(Answer::good(data, text).wrong_if(!faults.is_empty()))
    })
    .await
}

/// What a text changes, beside what is on the disk.
fn change(shelf: &Shelf, edit: &Edit) -> Result<Value, Refusal> {
    let path = path(&edit.path)?;
    let now = on_disk(shelf, &path)?;
    let new = match &edit.text {
        Some(text) => text.replace("\r\n", "\n"),
        None => Shelf::builtin(&path).map(|s| s.text).unwrap_or_default(),
    };
    let old = now.as_deref().unwrap_or_default();
    let (lines, _) = diff::tell(&diff::lines(old, &new));
    let seen = now.as_deref().map(hash).unwrap_or_default();
    Ok(json!({
        "path": path, "hash": hash(&new), "in_force": seen, "same": old == new, "lines": lines,
    }))
}

/// `quitus templates preview`, with texts that are not saved, or with a real case: subject, text, HTML, findings.
pub async fn preview(
    State(desk): State<Desk>,
    Json(wanted): Json<Preview>,
) -> Result<Answer, Refusal> {
    aside(move || {
        let house = desk.office.house.load_full();
        let (templates, faults) = match wanted.files.is_empty() {
            true => (Some(house.templates.clone()), Vec::new()),
            false => house
                .config
                .try_templates(&edited(&house.config, &wanted.files)?),
        };
        let Some(templates) = templates else {
            return Ok(unshown(&house.config, &faults));
        };
        match wanted.case.trim() {
            "" => of_sample(&house.config, &templates, &wanted, &faults),
            case => of_case(&desk, case, &templates, &wanted, &faults),
        }
    })
    .await
}

/// A set that cannot be rendered at all.
fn unshown(config: &Config, faults: &[Fault]) -> Answer {
    let (told, said) = mistakes(config, faults);
    Answer::good(json!({"shown": false, "faults": told}), said).wrong_if(true)
}

fn of_sample(
    config: &Config,
    templates: &Templates,
    wanted: &Preview,
    faults: &[Fault],
) -> Result<Answer, Refusal> {
    let kind: Specimen = wanted.kind.parse().map_err(|_| {
        Refusal::unclear(
            format!("there is no letter \"{}\"", wanted.kind),
            "name a kind: stop, source, acknowledgement, access, erasure, identity, extension, apology, several, digest, recipient, owner",
        )
    })?;
    let usual = config.policy.settings.default_language;
    let language = wanted.language.unwrap_or(usual);
    let (letter, findings) = kind
        .write(templates, Some(config), language)
        .map_err(|e| Refusal::not_now(e.to_string(), "choose another language or kind"))?;
    Ok(shown(
        config,
        (&letter, &findings),
        (kind.word(), None),
        faults,
    ))
}

/// With the facts of a real case: nothing is changed in it.
fn of_case(
    desk: &Desk,
    case: &str,
    templates: &Templates,
    wanted: &Preview,
    faults: &[Fault],
) -> Result<Answer, Refusal> {
    let house = desk.office.house.load().with_templates(templates.clone());
    let case = draft::case(desk, requests::reference(case)?)?;
    let meant = |step: u8| wanted.letter.is_none_or(|l| l == step + 1);
    let row = case.drafts().find(|l| meant(l.head.letter.step));
    let Some(row) = row else {
        return Err(Refusal::not_now(
            format!("no such letter waits in {}", case.id),
            "show it with the sample, or choose a case whose letter waits",
        ));
    };
    let kind = row.head.kind.to_string();
    match case.write(&desk.office, &house, row)? {
        Ok(draft) => {
            let of = (kind.as_str(), Some(case.id.to_string()));
            Ok(shown(&house.config, (&draft.letter, &[]), of, faults))
        }
        Err(why) => {
            let refusal = draft::unwritten(&why);
            let (told, _) = mistakes(&house.config, faults);
            let text = format!("{}\n  → {}\n", refusal.error, refusal.fix);
            let data = json!({
                "shown": false, "case": case.id.to_string(), "unwritten": refusal.error, "fix": refusal.fix, "faults": told,
            });
            Ok(Answer::good(data, text).wrong_if(true))
        }
    }
}

fn shown(
    config: &Config,
    (letter, findings): (&Letter, &[Finding]),
    (kind, case): (&str, Option<String>),
    faults: &[Fault],
) -> Answer {
    let mut text = format!("{}\n\n{}\n", letter.subject, letter.text.trim_end());
    let files = letter.attachments.iter();
    let files: Vec<_> = files
        .map(|f| json!({"name": f.name, "octets": f.bytes.len()}))
        .collect();
    let mut found = Vec::new();
    for finding in findings {
        text += &format!("{finding}\n  → {}\n", finding.advice());
        found.push(json!({
            "rule": finding.rule, "what": finding.to_string(), "fix": finding.advice(),
        }));
    }
    let (told, _) = mistakes(config, faults);
    let data = json!({
        "shown": true, "kind": kind, "language": letter.language, "case": case,
        "subject": letter.subject, "text": letter.text, "html": letter.html,
        "attachments": files, "findings": found, "faults": told,
    });
    Answer::good(data, text).wrong_if(!findings.is_empty() || !faults.is_empty())
}
