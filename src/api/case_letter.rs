//! One letter of a case as a person will read it, or has read it: text, HTML, attachments, and what the linter says.

use super::in_the_way::may_leave;
use super::requests::reference;
use super::{Answer, Desk, Refusal, draft};
use crate::record::{Address, FrozenLetter, LetterKind, LetterRow, LetterState, RequestKind};
use crate::service::{CaseFile, House, frozen_letter, left_to_a_human, printed};
use axum::extract::{Path, State};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

/// `GET /requests/{case}/letters/{number}`, as they are numbered in the case.
pub async fn show(
    State(desk): State<Desk>,
    Path((case, number)): Path<(String, u8)>,
) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, reference(&case)?)?;
    let house = desk.office.house.load_full();
    let row = case
        .letters
        .iter()
        .find(|l| number.checked_sub(1) == Some(l.head.letter.step));
    let row = row.ok_or_else(|| {
        let what = format!("{} has no letter {number}", case.id);
        Refusal::unknown(what, "see `quitus requests show`")
    })?;
    let data = tell(&desk, &house, &case, row)?;
    let text = data["text"].as_str().unwrap_or("its text was erased");
    let text = format!("{text}\n");
    Ok(Answer::good(data, text))
}

/// A letter in full.
pub fn tell(
    desk: &Desk,
    house: &House,
    case: &CaseFile,
    row: &LetterRow,
) -> Result<Value, Refusal> {
    let mut data = json!({
        "letter": row.head.letter.step + 1, "id": row.head.letter.to_string(), "kind": row.head.kind,
        "answers": row.head.answers, "state": row.state, "changed": row.changed.to_string(), "by": row.by,
        "rule": row.rule.as_ref().map(ToString::to_string),
        "because": row.rule.as_ref().and_then(crate::request::rule::explain),
        "next": waits(row.state).then(|| row.next.to_string()), "reply": row.reply, "attempts": row.attempts,
    });
    let more = match row.state {
        LetterState::Draft => written(desk, house, case, row)?,
        _ => frozen(desk, row)?,
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Ok(data)
}

fn waits(state: LetterState) -> bool {
    matches!(state, LetterState::Queued | LetterState::Deferred)
}

/// A draft as it would leave now, what would follow, and what is in its way.
fn written(desk: &Desk, house: &House, case: &CaseFile, row: &LetterRow) -> Result<Value, Refusal> {
    // What is printed leaves when it is posted, which may be said of a day that is over.
    let sheet = printed(desk.office.sequencer.reader(), row)?;
    let leaves = sheet.map_or(desk.office.clock.now(), |sheet| sheet.printed);
    let blocked = may_leave(desk, case, row, leaves).err();
    let blocked = blocked.map(|r| json!({"error": r.error, "fix": r.fix}));
    let closes = row.head.kind == LetterKind::Answer && {
        let others = case.letters.iter();
        let others = others.filter(|l| l.state != LetterState::Draft);
        let on_their_way: Vec<&LetterRow> = others.chain([row]).collect();
        left_to_a_human(&case.row, on_their_way).is_empty()
    };
    let erases = row.head.answers.contains(&RequestKind::Erasure);
    let follows = json!({"blocked": blocked, "closes": closes, "erases": erases});
    Ok(match case.write(&desk.office, house, row)? {
        Err(why) => {
            let refusal = draft::unwritten(&why);
            json!({"unwritten": why.0, "fix": refusal.fix, "follows": follows})
        }
        Ok(draft) => {
            let letter = &draft.letter;
            let paper = case.paper.as_deref().unwrap_or_default().join(", ");
            let to = &draft.plan.to;
            let files = letter.attachments.iter();
            let files = files
                .map(|f| json!({"name": f.name, "octets": f.bytes.len(), "type": f.media_type}));
            json!({
                "to": to.as_ref().map_or(paper.as_str(), Address::as_str), "on_paper": to.is_none(), "hash": draft.hash(),
                "subject": letter.subject, "text": letter.text, "html": letter.html, "language": letter.language,
                "attachments": files.collect::<Vec<_>>(), "follows": follows,
            })
        }
    })
}

/// A letter as it was frozen, or printed; nothing, once its text was erased.
fn frozen(desk: &Desk, row: &LetterRow) -> Result<Value, Refusal> {
    let reader = desk.office.sequencer.reader();
    if let Some(frozen) = frozen_letter(reader, row)? {
        return Ok(parts(&frozen));
    }
    Ok(match printed(reader, row)? {
        Some(sheet) => json!({
            "to": sheet.to.join(", "), "on_paper": true, "subject": sheet.subject, "text": sheet.text, "html": sheet.html,
        }),
        None => json!({}),
    })
}

fn parts(frozen: &FrozenLetter) -> Value {
    let parsed = MessageParser::default().parse(&frozen.bytes);
    let body = |html: bool| {
        let parsed = parsed.as_ref()?;
        // What has no HTML of its own would be made from the text.
        let body = match html {
            true if parsed.html_part(0).is_some() => parsed.body_html(0),
            true => None,
            false => parsed.body_text(0),
        };
        Some(body?.replace("\r\n", "\n"))
    };
    let files = parsed.iter().flat_map(|p| p.attachments());
    let files = files.map(|f| json!({"name": f.attachment_name(), "octets": f.len()}));
    json!({
        "to": frozen.rcpt_to, "subject": frozen.subject, "text": body(false), "html": body(true),
        "attachments": files.collect::<Vec<_>>(),
    })
}
