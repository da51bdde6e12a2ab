//! One letter from beginning to end: its bytes as they were frozen, what the servers said, and what was found out since.

use super::letters::{Letter, explained, letter};
use super::{Answer, Desk, Refusal, words};
use crate::record::{
    Event, Filing, FilingStep, FrozenLetter, Judgement, LetterId, LetterRow, LetterState, Sheet,
    SmtpReply,
};
use crate::service::{frozen_letter, looked_for, printed};
use axum::extract::{Path, State};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

/// A letter's row for programs.
pub fn row(id: LetterId, row: &LetterRow) -> Value {
    json!({
        "letter": id.to_string(), "case": id.case.to_string(), "state": row.state, "kind": row.head.kind,
        "answers": row.head.answers, "changed": row.changed.to_string(), "attempts": row.attempts,
        "automatic": row.head.automatic, "by": row.by, "rule": row.rule.as_ref().map(ToString::to_string),
        "next": waits(row.state).then(|| row.next.to_string()), "reply": row.reply,
    })
}

fn waits(state: LetterState) -> bool {
    matches!(state, LetterState::Queued | LetterState::Deferred)
}

/// `quitus letters show`.
pub async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Answer, Refusal> {
    let of = letter(&desk, &id)?;
    let mut text = head(&of);
    text += &evidence(&desk, &of);
    let history = history(&desk, of.id).await?;
    for (at, what, said) in &history {
        let said = said.as_ref().map(|r| format!(" ({}: {})", r.phase, r.text));
        text += &format!("{at}  {what}{}\n", said.unwrap_or_default());
    }
    let reader = desk.office.sequencer.reader();
    let (frozen, sheet) = (frozen_letter(reader, &of.row)?, printed(reader, &of.row)?);
    text += &match &frozen {
        Some(frozen) => format!(
            "\nMAIL FROM:<{}>\nRCPT TO:<{}>\n\n{}\n",
            frozen.mail_from,
            frozen.rcpt_to,
            readable(&frozen.bytes)
        ),
        None if sheet.is_some() => sheet.as_ref().map(on_paper).unwrap_or_default(),
        None if of.row.position.is_some() => "\nits text was erased\n".into(),
        None => format!(
            "\nnot frozen yet: `quitus requests show {}` shows it as it would leave now\n",
            of.id.case
        ),
    };
    let mut data = row(of.id, &of.row);
    data["history"] = history
        .iter()
        .map(|(at, what, said)| json!({"at": at, "what": what, "reply": said}))
        .collect();
    data["frozen"] = frozen.as_ref().map(bytes).unwrap_or_default();
    data["sheet"] = sheet
        .map(|s| json!({"to": s.to, "subject": s.subject, "text": s.text, "html": s.html}))
        .unwrap_or_default();
    Ok(Answer::good(data, text))
}

/// The header as it stands, and the text without its transfer encoding; `--json` has the very bytes.
fn readable(bytes: &[u8]) -> String {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let (head, _) = bytes.split_at(end.unwrap_or(bytes.len()));
    let mut text = String::from_utf8_lossy(head).into_owned() + "\n\n";
    let Some(parsed) = MessageParser::default().parse(bytes) else {
        return text;
    };
    text += &parsed.body_text(0).unwrap_or_default();
    for attachment in parsed.attachments() {
        let name = attachment.attachment_name().unwrap_or("without a name");
        text += &format!("\nattachment: {name}, {} octets", attachment.len());
    }
    text
}

fn bytes(frozen: &FrozenLetter) -> Value {
    json!({
        "mail_from": frozen.mail_from, "rcpt_to": frozen.rcpt_to, "message_id": frozen.message_id,
        "subject": frozen.subject, "bytes": String::from_utf8_lossy(&frozen.bytes),
    })
}

/// The sheet as it was printed.
fn on_paper(sheet: &Sheet) -> String {
    let (to, about) = (sheet.to.join("\n"), &sheet.subject);
    format!("\non paper to\n{to}\n\n{about}\n\n{}\n", sheet.text)
}

fn head(of: &Letter) -> String {
    let row = &of.row;
    let mut text = format!(
        "letter     {} ({}: {})\nstate      {} since {}, {} attempts\n",
        of.id,
        row.head.kind,
        words::kinds(&row.head.answers),
        row.state,
        row.changed,
        row.attempts
    );
    if let Some(rule) = &row.rule {
        text += &format!("because    {}\n", explained(rule));
    }
    if waits(row.state) {
        text += &format!("next       {}, given up after {}\n", row.next, row.expires);
    }
    text
}

/// What is known of a letter that may have arrived, and where to look.
fn evidence(desk: &Desk, of: &Letter) -> String {
    if of.row.state != LetterState::Uncertain {
        return String::new();
    }
    let looked = looked_for(&desk.office);
    format!(
        "evidence   {looked}; the server's own log knows its Message-ID\n           `quitus letters settle {0} --sent` or `--not-sent`, with --reason, says what you found\n",
        of.id
    )
}

type Happened = (String, String, Option<SmtpReply>);

/// Everything in the log about this letter.
async fn history(desk: &Desk, id: LetterId) -> Result<Vec<Happened>, Refusal> {
    let reader = desk.office.sequencer.reader().clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        for placed in reader.frames(1)? {
            let frame = placed?.frame;
            let of_letter = frame.events.iter().filter(|e| is_about(e, id));
            all.extend(of_letter.map(|event| {
                let what = words::tell(event);
                let rule = what.rule.map(|r| format!(" [{r}]")).unwrap_or_default();
                let told = format!("{:<16} {}{rule}", what.event, what.what);
                (frame.at.to_string(), told, said(event))
            }));
        }
        Ok::<_, crate::store::ReadError>(all)
    });
    Ok(read.await.map_err(|e| Refusal::broken(e.to_string()))??)
}

/// What the server said.
fn said(event: &Event) -> Option<SmtpReply> {
    match event {
        Event::LetterSent { reply, .. }
        | Event::LetterDeferred { reply, .. }
        | Event::LetterRejected { reply, .. }
        | Event::LetterUncertain { reply, .. } => Some(reply.clone()),
        Event::LetterBounced { status, .. } => Some(SmtpReply {
            phase: "bounce".into(),
            text: status.clone(),
        }),
        _ => None,
    }
}

fn is_about(event: &Event, id: LetterId) -> bool {
    match event {
        Event::LetterDrafted { head, .. } | Event::LetterQueued { head, .. } => head.letter == id,
        Event::LetterSending { letter }
        | Event::LetterSent { letter, .. }
        | Event::LetterDeferred { letter, .. }
        | Event::LetterRejected { letter, .. }
        | Event::LetterUncertain { letter, .. }
        | Event::LetterBounced { letter, .. }
        | Event::LetterHeld { letter, .. }
        | Event::LetterCancelled { letter, .. }
        | Event::LetterJudged(
            Judgement::Settled { letter, .. }
            | Judgement::Resent { letter, .. }
            | Judgement::Printed { letter, .. }
            | Judgement::Posted { letter, .. },
        ) => *letter == id,
        Event::Filed(
            Filing::Due { step, .. } | Filing::Ended { step, .. } | Filing::Failed { step, .. },
        ) => *step == FilingStep::Copy(id),
        _ => false,
    }
}
