//! Who wrote what to whom before a case and since: mails of colleagues, messages of the person, letters of ours, for whoever
//! shows the case.

use super::{Desk, Refusal};
use crate::record::{Timestamp, hex};
use crate::service::{CaseFile, Written, correspondence};
use serde_json::{Value, json};

/// Characters of a message's beginning.
const BEGINNING: usize = 120;

/// The thread as the fields `thread` and `thread_earlier` of a case; in words, too.
pub fn tell(
    desk: &Desk,
    case: &CaseFile,
    text: &mut String,
) -> Result<(Vec<Value>, usize), Refusal> {
    let found = correspondence(desk.office.sequencer.reader(), case)?;
    if !found.all.is_empty() {
        *text += "\nwho wrote what to whom\n";
    }
    if found.earlier > 0 {
        *text += &format!("  {} older ones are left out\n", found.earlier);
    }
    let mut all = Vec::new();
    for (at, written) in &found.all {
        let told = entry(case, *at, written);
        *text += &format!("  {}\n", line(&told));
        all.push(told);
    }
    Ok((all, found.earlier))
}

fn entry(case: &CaseFile, at: Timestamp, written: &Written) -> Value {
    let at = at.to_string();
    match written {
        Written::Mail { mailbox, subject } => {
            json!({"at": at, "what": "mail", "mailbox": mailbox, "subject": subject, "here": false})
        }
        Written::Message { key, row, kept } => json!({
            "at": at, "what": "message", "message": hex(&key.0), "state": row.state, "rule": row.rule.as_str(),
            "case": row.case.map(|c| c.to_string()), "subject": kept.as_ref().map(|k| &k.subject),
            "begins": kept.as_ref().map(|k| beginning(&k.fresh)), "here": row.case == Some(case.id),
        }),
        Written::Letter {
            case: of,
            row,
            subject,
        } => json!({
            "at": at, "what": "letter", "letter": row.head.letter.step + 1, "kind": row.head.kind,
            "answers": row.head.answers, "state": row.state, "case": of.to_string(), "subject": subject,
            "here": *of == case.id,
        }),
    }
}

/// The first words of a text, on one line.
pub fn beginning(fresh: &str) -> String {
    let words: Vec<&str> = fresh.split_whitespace().collect();
    let line = words.join(" ");
    let mut short: String = line.chars().take(BEGINNING).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// One of them in a line; `quitus review` shows the same.
pub fn line(told: &Value) -> String {
    let text = |key: &str| told[key].as_str().unwrap_or_default();
    let (at, state) = (text("at"), text("state"));
    let about = match text("subject") {
        "" => String::new(),
        subject => format!(": {subject}"),
    };
    let of = match (told["here"] == true, text("case")) {
        (true, _) | (_, "") => String::new(),
        (false, case) => format!(", {case}"),
    };
    match text("what") {
        "mail" => match text("mailbox") {
            "" => format!("{at}  we → them   a mail{about}"),
            mailbox => format!("{at}  we → them   a mail from {mailbox}{about}"),
        },
        "message" => format!("{at}  they → us   {state}{of}{about}"),
        _ => format!(
            "{at}  we → them   letter, {} ({state}{of}){about}",
            text("kind")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_one_short_line() {
        assert_eq!(beginning("Bonjour,\n\n  stop."), "Bonjour, stop.");
        let long = beginning(&"mot ".repeat(100));
        assert_eq!(long.chars().count(), BEGINNING + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_line_names_the_mailbox_and_another_case() {
        let mail = json!({"at": "T", "what": "mail", "mailbox": "camille", "subject": null});
        assert_eq!(line(&mail), "T  we → them   a mail from camille");
        let message = json!({"at": "T", "what": "message", "state": "ignored", "case": "Q-1", "here": false, "subject": "Re: x"});
        assert_eq!(line(&message), "T  they → us   ignored, Q-1: Re: x");
    }
}
