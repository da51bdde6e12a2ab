//! A draft in a reviewer's own words: shown as it would leave, with what the linter finds; approved by the hash of that.
//!
//! This is the only way to edit and approve: pages, `quitus review` and programs take it. Nothing is kept between the two:
//! whoever approves says the words again, and the hash holds them to what was shown.

use super::deciding::open_case;
use super::draft::{self, Shown};
use super::{Answer, Desk, Refusal};
use crate::answer::Finding;
use crate::service::{Draft, House, Unwritten};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// The reason that stands with the release of a case whose letter a human rewrote.
pub const BY_HAND: &str = "the letter was rewritten by hand before it left";

/// What a draft is to say instead.
#[derive(Deserialize)]
pub struct Words {
    /// The hash of the draft that is rewritten; needed where there are several.
    #[serde(default)]
    hash: String,
    subject: String,
    text: String,
}

/// Shows the draft in these words; wrong (exit code 1) if the linter would not let it leave.
pub async fn show(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(words): Json<Words>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let house = desk.office.house.load_full();
    let asked = words.hash.trim().to_ascii_lowercase();
    let mut drafts = draft::drafts(&desk, &house, &case)?;
    let one = drafts.len() == 1 && asked.is_empty();
    drafts.retain(|(_, d)| one || d.as_ref().is_ok_and(|d| d.hash() == asked));
    let Some((_, Ok(draft))) = drafts.pop() else {
        return Err(Refusal::not_now(
            "no letter of this case has this hash (any more)",
            "look at it with `quitus requests show`",
        ));
    };
    let (draft, findings) = of(draft, &house, &words.subject, &words.text)?;
    let (hash, letter) = (draft.hash(), &draft.letter);
    let mut text = format!(
        "{}: {hash}\nSubject: {}\n\n{}",
        case.id, letter.subject, letter.text
    );
    for finding in &findings {
        text += &format!("✗ {finding}: {}\n", finding.advice());
    }
    let told: Vec<Value> = findings.iter().map(in_data).collect();
    let data = json!({
        "case": case.id.to_string(), "hash": hash, "subject": letter.subject, "text": letter.text,
        "findings": told,
    });
    Ok(Answer::good(data, text).wrong_if(!findings.is_empty()))
}

fn in_data(finding: &Finding) -> Value {
    json!({"what": finding.to_string(), "fix": finding.advice()})
}

fn of<'a>(
    draft: Draft<'a>,
    house: &House,
    subject: &str,
    text: &str,
) -> Result<(Draft<'a>, Vec<Finding>), Refusal> {
    let rewritten = draft.rewritten(house, (subject, text));
    rewritten.map_err(|why| draft::unwritten(&why))
}

/// All drafts in these words, as far as the linter lets them leave: one of them is what was shown.
pub fn all<'a>(house: &House, drafts: Vec<Shown<'a>>, words: (&str, &str)) -> Vec<Shown<'a>> {
    let rewritten = |draft: Draft<'a>| {
        let (draft, findings) = draft.rewritten(house, words)?;
        match findings.first() {
            None => Ok(draft),
            Some(first) => Err(Unwritten(format!("{first}: {}", first.advice()))),
        }
    };
    let drafts = drafts.into_iter();
    drafts
        .map(|(row, d)| (row, d.and_then(rewritten)))
        .collect()
}
