//! The letters of a case that wait for a human, as they would leave now, each with the hash that approves it.
//!
//! They are written by `service` on the path of every letter; here they are only shown.

use super::requests::because;
use super::{Desk, Refusal, words};
use crate::record::{Address, CaseId, LetterRow, LetterState};
use crate::service::{CaseFile, Draft, House, Unwritten};
use serde_json::{Value, json};

/// A case with all that belongs to it.
pub fn case(desk: &Desk, id: CaseId) -> Result<CaseFile, Refusal> {
    let case = CaseFile::open(desk.office.sequencer.reader(), id)?;
    case.ok_or_else(|| {
        Refusal::unknown(
            format!("there is no case {id}"),
            "see `quitus requests list`",
        )
    })
}

/// A draft: its row, and the letter or why there is none.
pub type Shown<'a> = (&'a LetterRow, Result<Draft<'a>, Unwritten>);

/// All drafts of a case, oldest first, written anew.
pub fn drafts<'a>(
    desk: &Desk,
    house: &House,
    case: &'a CaseFile,
) -> Result<Vec<Shown<'a>>, Refusal> {
    let write = |row| Ok((row, case.write(&desk.office, house, row)?));
    case.drafts().map(write).collect()
}

/// Why a letter cannot be written, and what to do about it.
pub fn unwritten(why: &Unwritten) -> Refusal {
    Refusal::not_now(
        format!("the letter cannot be written: {}", why.0),
        "complete the register or the templates, or answer by hand, then `quitus requests answered`",
    )
}

/// The letters of a case: what became of each, and every draft in full.
pub fn tell(case: &CaseFile, drafts: &[Shown<'_>], text: &mut String) -> Vec<Value> {
    if case.letters.is_empty() {
        *text +=
            "\nletter     none: answer by hand if one is due, then `quitus requests answered`\n";
    }
    let mut all = Vec::new();
    for row in case
        .letters
        .iter()
        .filter(|l| l.state != LetterState::Draft)
    {
        let (step, kind) = (row.head.letter.step + 1, row.head.kind);
        *text += &format!(
            "\nletter {step}   {kind}: {} since {}\n",
            row.state, row.changed
        );
        let lost = !matches!(row.state, LetterState::Queued | LetterState::Sent);
        if let Some(reply) = row.reply.as_ref().filter(|_| lost) {
            *text += &format!("           {}: {}\n", reply.phase, reply.text);
        }
        all.push(
            json!({"letter": step, "kind": kind, "answers": row.head.answers, "state": row.state}),
        );
    }
    for (row, written) in drafts {
        all.push(tell_draft(case, row, written, text));
    }
    all
}

/// What to type so that it leaves.
fn how_it_leaves(case: &CaseFile, row: &LetterRow, by_mail: bool, hash: &str) -> String {
    let id = case.id;
    match (by_mail, row.position) {
        (true, _) => format!("quitus requests approve {id} --hash {hash}"),
        (false, None) => format!("quitus requests print {id} --output letter.html"),
        (false, Some(_)) => {
            format!("printed; once it is in the post: quitus requests posted {id} --on DATE")
        }
    }
}

/// One draft in full.
fn tell_draft(
    case: &CaseFile,
    row: &LetterRow,
    written: &Result<Draft<'_>, Unwritten>,
    text: &mut String,
) -> Value {
    let (step, kind, answers) = (row.head.letter.step + 1, row.head.kind, &row.head.answers);
    let held = row.rule.as_ref().map(because).unwrap_or_default();
    let asked = match answers.is_empty() {
        true => String::new(),
        false => format!(" ({})", words::kinds(answers)),
    };
    *text += &format!("\nletter {step}   {kind}{asked}: draft{held}\n");
    match written {
        Ok(draft) => {
            let (hash, to, letter) = (draft.hash(), &draft.plan.to, &draft.letter);
            let paper = case.paper.as_deref().unwrap_or_default().join(", ");
            let to_whom = to.as_ref().map_or(paper.as_str(), Address::as_str);
            let next = how_it_leaves(case, row, to.is_some(), &hash);
            *text += &format!(
                "           {next}\nTo: {to_whom}\nSubject: {}\n\n{}\n",
                letter.subject, letter.text
            );
            let mut files = Vec::new();
            for file in &letter.attachments {
                *text += &format!("+ {} ({} octets)\n", file.name, file.bytes.len());
                files.push(json!({"name": file.name, "octets": file.bytes.len()}));
            }
            json!({
                "letter": step, "kind": kind, "answers": answers, "state": row.state, "hash": hash, "to": to_whom,
                "on_paper": to.is_none(),
                "subject": letter.subject, "text": letter.text, "attachments": files,
            })
        }
        Err(why) => {
            let refusal = unwritten(why);
            *text += &format!("           {}\n  → {}\n", refusal.error, refusal.fix);
            json!({
                "letter": step, "kind": kind, "answers": answers, "state": row.state,
                "unwritten": refusal.error, "fix": refusal.fix,
            })
        }
    }
}
