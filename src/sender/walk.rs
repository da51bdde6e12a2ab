//! Carries out the steps of an act, one after the other, for each thing that a step finds.
//!
//! Steps go breadth first: a step runs for everybody whom the one before has found. A refusal for one of them stops nobody
//! else (a list that refuses must not save the next list); trouble with the server stops all, because it is tried again.

use super::answer::{Hidden, Verdict, judge};
use super::http::{Ask, Http};
use super::pointer::{find, plain};
use super::preset::{Act, Auth, Otherwise, PagingBy, Preset, Step};
use super::template::{Templates, encoded, name_of};
use super::told::{Trouble, TroubleKind};
use crate::config::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;
use std::collections::BTreeMap;
use tera::Context;

/// More pages than any list has: a server that never ends is one that does not page as the preset says.
const PAGES: usize = 100_000;

/// What all steps of an act share.
pub(super) struct Walk<'a> {
    pub(super) preset: &'a Preset,
    pub(super) templates: &'a Templates,
    pub(super) http: &'a Http,
    pub(super) secret: Secret,
    pub(super) hidden: Hidden,
    pub(super) act: Act,
    /// Bytes of one answer at most.
    pub(super) at_most: usize,
}

/// What came of the steps.
#[derive(Default)]
pub(super) struct Walked {
    /// Something was done, and nothing is left to do.
    pub(super) obeyed: bool,
    /// Why a human must look.
    pub(super) refused: Option<String>,
    /// Why it is tried again.
    pub(super) later: Option<String>,
    /// Opt-outs as they stand there (pull); `None` is an entry without an address.
    pub(super) entries: Vec<Option<String>>,
    /// The vendor shows no more of the list.
    pub(super) cut: bool,
}

impl Walk<'_> {
    /// Carries out all steps, beginning with these values.
    pub(super) async fn go(&self, values: Context) -> Result<Walked, Trouble> {
        let mut walked = Walked::default();
        let mut open = vec![values];
        for (number, step) in (1..).zip(self.preset.steps(self.act)) {
            let mut next = Vec::new();
            for values in open {
                self.step(number, step, values, &mut next, &mut walked).await?;
            }
            open = next;
        }
        walked.obeyed |= !open.is_empty();
        Ok(walked)
    }

    /// One step, page after page.
    async fn step(
        &self,
        number: usize,
        step: &Step,
        mut values: Context,
        next: &mut Vec<Context>,
        walked: &mut Walked,
    ) -> Result<(), Trouble> {
        let before = next.len();
        let (mut seen, mut cursor, mut last) = (0, String::new(), Vec::new());
        for page in 1..=PAGES {
            if let Some(paging) = &step.paging {
                values.insert("offset", &((page - 1) * paging.size));
                values.insert("page", &page);
                values.insert("cursor", &cursor);
            }
            let answer = match self.call(number, step, &values).await? {
                Verdict::Done(answer) => answer,
                Verdict::Unknown => return Ok(()),
                Verdict::Refused(words) => {
                    walked.refused.get_or_insert(words);
                    return Ok(());
                }
            };
            if !self.expected(number, step, &values, &answer)? {
                self.otherwise(step, step.otherwise, "it answered yes, and did not do it", walked);
                return Ok(());
            }
            let items = self.items(step, &answer)?;
            self.found(number, step, &values, items.as_deref(), &answer, next, walked)?;
            let (Some(paging), Some(items)) = (&step.paging, items) else { break };
            if !items.is_empty() && items == last {
                return Err(self.nonsense(step, "the same page came twice"));
            }
            seen += items.len();
            if paging.most.is_some_and(|most| seen >= most) {
                walked.cut = true;
                break;
            }
            let at = paging.cursor.as_ref().map(|c| find(&answer, c.get_ref()));
            cursor = at.into_iter().flatten().find_map(plain).unwrap_or_default();
            let ended = match paging.by {
                PagingBy::Cursor => cursor.is_empty(),
                PagingBy::Offset | PagingBy::Page => items.is_empty(),
            };
            if ended {
                break;
            }
            last = items;
        }
        if next.len() == before && (step.each.is_some() || !step.take.is_empty()) {
            self.otherwise(step, step.none, "nothing there is as the preset looks for it", walked);
        }
        Ok(())
    }

    fn otherwise(&self, step: &Step, meaning: Otherwise, words: &str, walked: &mut Walked) {
        let words = || step.says.clone().unwrap_or_else(|| format!("{}: {words}", call_of(step)));
        match meaning {
            Otherwise::Unknown => {}
            Otherwise::Obeyed => walked.obeyed = true,
            Otherwise::Later => drop(walked.later.get_or_insert_with(words)),
            Otherwise::Refused => drop(walked.refused.get_or_insert_with(words)),
        }
    }

    /// The array that a step looks at.
    fn items(&self, step: &Step, answer: &Value) -> Result<Option<Vec<Value>>, Trouble> {
        let Some(pointer) = step.each.as_ref().or(step.items.as_ref()) else {
            return Ok(None);
        };
        match find(answer, pointer.get_ref()).first() {
            Some(Value::Array(items)) => Ok(Some(items.clone())),
            // Some write null for an empty list.
            Some(Value::Null) => Ok(Some(Vec::new())),
            _ => Err(self.nonsense(step, "the list that the preset looks for is not in the answer")),
        }
    }

    /// Hands on what a step has found.
    #[expect(clippy::too_many_arguments, reason = "it is the middle of `step`")]
    fn found(
        &self,
        number: usize,
        step: &Step,
        values: &Context,
        items: Option<&[Value]>,
        answer: &Value,
        next: &mut Vec<Context>,
        walked: &mut Walked,
    ) -> Result<(), Trouble> {
        let Some(items) = items else {
            let taken = self.taken(step, values, answer);
            // An empty answer is nobody; any other without the value is not what the preset expects.
            match taken {
                Err(_) if is_empty(answer) => {}
                taken => next.push(taken?),
            }
            return Ok(());
        };
        let wanted = self.filled(number, "where", &step.only, values)?;
        for item in items.iter().filter(|item| holds(item, &wanted)) {
            if step.items.is_some() {
                walked.entries.extend(entries(step, item));
            } else {
                next.push(self.taken(step, values, item)?);
            }
        }
        if step.items.is_some() && next.is_empty() {
            // A list that was gathered changes nothing for the next one.
            next.push(values.clone());
        }
        Ok(())
    }

    fn taken(&self, step: &Step, values: &Context, from: &Value) -> Result<Context, Trouble> {
        let mut values = values.clone();
        for (name, pointer) in &step.take {
            let value = find(from, pointer.get_ref()).into_iter().find_map(plain);
            let missing = || self.nonsense(step, &format!("there is no {} in the answer", pointer.get_ref()));
            values.insert(name.clone(), &value.ok_or_else(missing)?);
        }
        Ok(values)
    }

    fn expected(&self, number: usize, step: &Step, values: &Context, answer: &Value) -> Result<bool, Trouble> {
        let wanted = self.filled(number, "expect", &step.expect, values)?;
        Ok(holds(answer, &wanted))
    }

    /// The texts of a table, by pointer.
    fn filled<'s, T: AsRef<str>>(
        &self,
        number: usize,
        kind: &str,
        table: &'s BTreeMap<String, toml::Spanned<T>>,
        values: &Context,
    ) -> Result<Vec<(&'s str, String)>, Trouble> {
        let text = |key: &'s String| Ok((key.as_str(), self.render(number, &format!("{kind}.{key}"), values)?));
        table.keys().map(text).collect()
    }

    fn render(&self, number: usize, part: &str, values: &Context) -> Result<String, Trouble> {
        let name = name_of(self.act, number, part);
        let cannot = |what| Trouble::new(TroubleKind::Local, what);
        self.templates.render(&name, values).map_err(cannot)
    }

    fn nonsense(&self, step: &Step, what: &str) -> Trouble {
        Trouble::new(TroubleKind::Answer, format!("{}: {what}", call_of(step)))
    }

    async fn call(&self, number: usize, step: &Step, values: &Context) -> Result<Verdict, Trouble> {
        let call = call_of(step);
        let path = self.render(number, "path", values)?;
        if !is_safe(&path) {
            let words = format!("{call}: filled in, the path has an empty part; nothing was sent");
            return Err(Trouble::new(TroubleKind::Local, words));
        }
        let mut query: Vec<String> = Vec::new();
        for (key, text) in self.filled(number, "query", &step.query, values)? {
            if !text.is_empty() {
                query.push(format!("{}={}", encoded(key), encoded(&text)));
            }
        }
        let mut headers = Vec::new();
        self.log_in(&mut headers, &mut query)?;
        let base = &self.http.target().path;
        let mark = if query.is_empty() { "" } else { "?" };
        let ask = Ask {
            method: step.method.word(),
            target: format!("{base}{path}{mark}{}", query.join("&")),
            headers,
            body: match &step.body {
                Some(_) => Some(self.render(number, "body", values)?),
                None => None,
            },
            at_most: self.at_most,
        };
        let answer = self.http.ask(&ask).await.map_err(|trouble| Trouble {
            words: format!("{call}: {}", trouble.words),
            ..trouble
        })?;
        judge(&answer, [&step.done, &step.unknown], &call, &self.hidden)
    }

    fn log_in(&self, headers: &mut Vec<(HeaderName, HeaderValue)>, query: &mut Vec<String>) -> Result<(), Trouble> {
        let secret = self.secret.expose();
        let (name, value) = match &self.preset.auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
            Auth::Basic { user } => (AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")))),
            Auth::Header { name } => {
                let known = HeaderName::from_bytes(name.as_bytes());
                let wrong = |_| Trouble::new(TroubleKind::Local, "[auth] name is not the name of a header");
                (known.map_err(wrong)?, secret.to_owned())
            }
            Auth::Query { name } => {
                query.push(format!("{}={}", encoded(name), encoded(secret)));
                return Ok(());
            }
        };
        let wrong = |_| Trouble::new(TroubleKind::Secret, "the secret holds a character that no key has");
        let mut value = HeaderValue::from_str(&value).map_err(wrong)?;
        value.set_sensitive(true);
        headers.push((name, value));
        Ok(())
    }
}

/// A call as the preset spells it, without anybody's values.
pub(super) fn call_of(step: &Step) -> String {
    format!("{} {}", step.method.word(), step.path.get_ref())
}

/// No part of a path is empty or leads upwards: `DELETE /entries/` with an empty id would be another call.
fn is_safe(path: &str) -> bool {
    let Some(parts) = path.strip_prefix('/') else { return false };
    parts.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path.contains(['?', '#'])
        && path.chars().all(|c| c.is_ascii_graphic())
}

/// Whether each pointer finds its text.
fn holds(value: &Value, wanted: &[(&str, String)]) -> bool {
    wanted.iter().all(|(pointer, text)| {
        let mut found = find(value, pointer).into_iter().filter_map(plain);
        found.any(|one| one.trim().to_lowercase() == text.trim().to_lowercase())
    })
}

fn is_empty(answer: &Value) -> bool {
    match answer {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The addresses of one opt-out; the first pointer that finds any counts.
fn entries(step: &Step, item: &Value) -> Vec<Option<String>> {
    let all = |pointer: &toml::Spanned<String>| -> Vec<Option<String>> {
        find(item, pointer.get_ref()).into_iter().filter_map(plain).map(Some).collect()
    };
    let first = step.address.iter().map(all).find(|found| !found.is_empty());
    first.unwrap_or_else(|| vec![None])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_an_empty_part_is_never_sent() {
        assert!(is_safe("/a/b%40c"));
        for bad in ["/entries/", "/a//b", "/a/../b", "a", "/a?b", "/é"] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
