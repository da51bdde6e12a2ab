//! What an answer means, in words that hold nothing of a person and no secret.

use super::pointer::{find, plain};
use super::told::{Trouble, TroubleKind};
use crate::http::Answer;
use serde_json::Value;
use std::time::Duration;

/// The longest message of a vendor that is repeated, in characters.
const LONGEST: usize = 160;
/// How long to wait after 429 where it is not said (HubSpot often says nothing).
const UNSAID: Duration = Duration::from_secs(10);
/// Where vendors write what is wrong.
const MESSAGES: &[&str] = &[
    "/message",
    "/detail",
    "/error/message",
    "/error",
    "/errors/0/message",
    "/title",
];

/// What never stands in words: the secret, and whatever says who the person is.
#[derive(Clone, Default)]
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    /// Adds texts.
    pub(super) fn add<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        let worth = texts.into_iter().map(str::trim).filter(|t| t.len() > 2);
        self.0.extend(worth.map(str::to_ascii_lowercase));
        // The longest first, so that no rest of it stays.
        self.0.sort_by_key(|t| std::cmp::Reverse(t.len()));
    }

    /// Somebody else's text on one line, with `…` for what is hidden, for addresses and for queries.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut rest: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(4096)
            .collect();
        for hidden in &self.0 {
            // Only ASCII changes its case here, so places are the same in both. From behind, so that they stay so.
            let lower = rest.to_ascii_lowercase();
            let places: Vec<usize> = lower
                .match_indices(hidden.as_str())
                .map(|(at, _)| at)
                .collect();
            for at in places.into_iter().rev() {
                rest.replace_range(at..at + hidden.len(), "…");
            }
        }
        let words: Vec<&str> = rest
            .split_whitespace()
            .map(|word| match word {
                w if w.contains('@') || w.to_ascii_lowercase().contains("%40") => "…",
                w if w.contains("://") || w.starts_with('/') => {
                    w.split(['?', '#']).next().unwrap_or("…")
                }
                w => w,
            })
            .collect();
        let line = words.join(" ");
        if line.chars().count() <= LONGEST {
            return line;
        }
        line.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

/// What a status and its body mean.
pub(super) enum Verdict {
    /// Yes, with what it said.
    Done(Value),
    /// Nobody of that name.
    Unknown,
    /// Never, in these words.
    Refused(String),
}

/// Judges an answer. `done` may be empty (any 2xx); `call` names the request without its values.
pub(super) fn judge(
    answer: &Answer,
    [done, unknown]: [&[u16]; 2],
    call: &str,
    hidden: &Hidden,
) -> Result<Verdict, Trouble> {
    let status = answer.status;
    let well = (200..300).contains(&status);
    let named = done.contains(&status);
    if named || done.is_empty() && well {
        return match json(answer) {
            Ok(value) => Ok(Verdict::Done(value)),
            // A status that the preset names itself says enough.
            Err(_) if !well => Ok(Verdict::Done(Value::Null)),
            Err(what) => Err(Trouble::new(TroubleKind::Answer, format!("{call}: {what}"))),
        };
    }
    let said = |words: &str| match message(answer, hidden) {
        Some(message) => format!("{call}: {words} ({status}: {message})"),
        None => format!("{call}: {words} ({status})"),
    };
    let trouble = |kind, words: &str| {
        let wait = answer.wait.or((status == 429).then_some(UNSAID));
        Err(Trouble {
            kind,
            words: said(words),
            wait,
        })
    };
    match status {
        _ if unknown.contains(&status) && answer.html => trouble(
            TroubleKind::Answer,
            "a page for people came instead of an answer; is `base` right?",
        ),
        _ if unknown.contains(&status) => Ok(Verdict::Unknown),
        300..400 => trouble(
            TroubleKind::Redirect,
            "it wants us to go elsewhere, and we never do; correct `base`",
        ),
        401 | 403 => trouble(
            TroubleKind::Login,
            "it refuses our key, or the key may not do this",
        ),
        408 => trouble(TroubleKind::Timeout, "it gave up waiting"),
        425 | 429 => trouble(TroubleKind::Limit, "it wants to be asked later"),
        500..600 => trouble(TroubleKind::Server, "it has a fault of its own"),
        400..500 => Ok(Verdict::Refused(said("it refuses this"))),
        _ => trouble(TroubleKind::Answer, "an answer that nobody expects"),
    }
}

/// The body; nothing at all is `null`.
fn json(answer: &Answer) -> Result<Value, String> {
    if answer.body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    if answer.html {
        return Err("a page for people came instead of an answer; is `base` right?".to_owned());
    }
    // serde's own words are not used: they may quote the body.
    serde_json::from_slice(&answer.body).map_err(|_| "the answer is no JSON".to_owned())
}

/// What the vendor says is wrong.
fn message(answer: &Answer, hidden: &Hidden) -> Option<String> {
    let value = json(answer).ok()?;
    let found = MESSAGES
        .iter()
        .find_map(|p| find(&value, p).into_iter().find_map(plain))?;
    Some(hidden.clean(&found)).filter(|m| !m.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_no_address_no_secret_and_no_query() {
        let mut hidden = Hidden::default();
        hidden.add(["s3cr3t", "+33 1 23"]);
        let clean = hidden.clean(
            "Jane <jane@x.org>\nkey S3CR3T for +33 1 23 at https://a.example/b?k=1 or jane%40x.org",
        );
        assert_eq!(clean, "Jane … key … for … at https://a.example/b or …");
        hidden.add(["…"]);
        assert_eq!(hidden.clean("a … b"), "a … b");
        assert!(hidden.clean(&"é".repeat(500)).chars().count() == LONGEST);
    }

    #[test]
    fn each_of_several_telephones_is_hidden() {
        let whom = crate::record::Whom {
            phone: Some("+33 1 23; +33 6 45".to_owned()),
            ..Default::default()
        };
        let hidden = crate::sender::tool::hidden(&whom);
        assert_eq!(hidden.clean("nobody has +33 6 45"), "nobody has …");
    }
}
