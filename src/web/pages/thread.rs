//! Who wrote what to whom, as the page of a case shows it: one line each, the oldest first.

use crate::web::Web;
use crate::web::when::When;
use crate::web::words::Words;
use serde::Serialize;
use serde_json::Value;

/// One thing that was written.
#[derive(Serialize)]
pub struct Line {
    at: Option<When>,
    /// The person wrote it, not one of us.
    theirs: bool,
    /// Who wrote, to whom.
    who: String,
    subject: Option<String>,
    begins: Option<String>,
    /// What became of it.
    state: Option<String>,
    /// Where more of it is.
    link: Option<String>,
    /// Its case, if it is another one.
    case: Option<String>,
}

/// Every line.
pub fn lines(web: &Web, words: &Words, thread: &Value) -> Vec<Line> {
    let all = thread.as_array().into_iter().flatten();
    all.map(|one| line(web, words, one)).collect()
}

fn line(web: &Web, words: &Words, one: &Value) -> Line {
    let text = |key: &str| one[key].as_str().map(str::to_owned);
    let word = |section: &str, key: &str| {
        let key = one[key].as_str()?;
        Some(words.of(section, key).to_owned())
    };
    let case = text("case").filter(|_| one["here"] != true);
    let (who, state, link) = match one["what"].as_str() {
        Some("message") => {
            let link = text("message").map(|key| format!("/messages/{key}"));
            let who = words.of("thread", "message").to_owned();
            (who, word("message_state", "state"), link)
        }
        Some("letter") => {
            let kind = word("letter_kind", "kind").unwrap_or_default();
            let who = words.fill("thread", "letter", &[("kind", &kind)]);
            let number = one["letter"].as_u64().unwrap_or_default();
            let link = match &case {
                Some(case) => format!("/cases/{case}#letter-{number}"),
                None => format!("#letter-{number}"),
            };
            (who, word("letter_state", "state"), Some(link))
        }
        _ => {
            let who = match one["mailbox"].as_str() {
                Some(mailbox) => words.fill("thread", "mail", &[("mailbox", mailbox)]),
                None => words.of("thread", "mail_elsewhere").to_owned(),
            };
            (who, None, None)
        }
    };
    Line {
        at: text("at").and_then(|at| When::read(&at, &web.zone(), words)),
        theirs: one["what"] == "message",
        subject: text("subject").filter(|s| !s.is_empty()),
        begins: text("begins").filter(|s| !s.is_empty()),
        who,
        state,
        link,
        case,
    }
}
