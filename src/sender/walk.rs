//! Carries out the steps of an act, one after the other, for each thing that a step finds.
//!
//! Steps go breadth first: a step runs for everybody whom the one before has found. A refusal for one of them stops nobody
//! else (a list that refuses must not save the next list); trouble with the server stops all, because it is tried again.

use super::answer::{Hidden, Verdict};
use super::paging::{Place, Turn};
use super::pointer::{find, plain};
use super::preset::{Act, Otherwise, Preset, Step};
use super::template::Templates;
use super::told::{Trouble, TroubleKind};
use crate::config::Secret;
use crate::http::Http;
use serde_json::Value;
use tera::Context;

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
                self.step(number, step, values, &mut next, &mut walked)
                    .await?;
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
        let (before, mut place) = (next.len(), Place::default());
        loop {
            if step.paging.is_some() {
                place.set(&mut values);
            }
            let Some(mut answer) = self.answer(number, step, &values, walked).await? else {
                return Ok(());
            };
            let items = self.items(step, &mut answer)?;
            let found = (items.as_deref(), &answer);
            self.found(number, step, &values, found, next, walked)?;
            let Some((paging, items)) = step.paging.as_ref().zip(items) else {
                break;
            };
            match place.turn(paging, items, &answer) {
                Turn::Next => {}
                Turn::Again => return Err(self.nonsense(step, "the same page came twice")),
                Turn::Cut => walked.cut = true,
                Turn::Ended => break,
            }
            if walked.cut {
                break;
            }
        }
        if next.len() == before && (step.each.is_some() || !step.take.is_empty()) {
            let words = "nothing there is as the preset looks for it";
            self.otherwise(step, step.none, words, walked);
        }
        Ok(())
    }

    /// Asks once; nothing if that was the end of it for these values.
    async fn answer(
        &self,
        number: usize,
        step: &Step,
        values: &Context,
        walked: &mut Walked,
    ) -> Result<Option<Value>, Trouble> {
        let answer = match self.call(number, step, values).await? {
            Verdict::Done(answer) => answer,
            Verdict::Unknown => return Ok(None),
            Verdict::Refused(words) => {
                walked.refused.get_or_insert(words);
                return Ok(None);
            }
        };
        let wanted = self.filled(number, "expect", &step.expect, values)?;
        if holds(&answer, &wanted) {
            return Ok(Some(answer));
        }
        let words = "it answered yes, and did not do it";
        self.otherwise(step, step.otherwise, words, walked);
        Ok(None)
    }

    fn otherwise(&self, step: &Step, meaning: Otherwise, words: &str, walked: &mut Walked) {
        let words = || {
            step.says
                .clone()
                .unwrap_or_else(|| format!("{}: {words}", call_of(step)))
        };
        match meaning {
            Otherwise::Unknown => {}
            Otherwise::Obeyed => walked.obeyed = true,
            Otherwise::Later => drop(walked.later.get_or_insert_with(words)),
            Otherwise::Refused => drop(walked.refused.get_or_insert_with(words)),
        }
    }

    /// The array that a step looks at, taken out of the answer: it may be large.
    fn items(&self, step: &Step, answer: &mut Value) -> Result<Option<Vec<Value>>, Trouble> {
        let Some(pointer) = step.each.as_ref().or(step.items.as_ref()) else {
            return Ok(None);
        };
        match answer.pointer_mut(pointer.get_ref()) {
            Some(Value::Array(items)) => Ok(Some(std::mem::take(items))),
            // Some write null for an empty list.
            Some(Value::Null) => Ok(Some(Vec::new())),
            _ => {
                let what = "the list that the preset looks for is not in the answer";
                Err(self.nonsense(step, what))
            }
        }
    }

    /// Hands on what a step has found.
    fn found(
        &self,
        number: usize,
        step: &Step,
        values: &Context,
        (items, answer): (Option<&[Value]>, &Value),
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
            let missing = || {
                self.nonsense(
                    step,
                    &format!("there is no {} in the answer", pointer.get_ref()),
                )
            };
            values.insert(name.clone(), &value.ok_or_else(missing)?);
        }
        Ok(values)
    }

    fn nonsense(&self, step: &Step, what: &str) -> Trouble {
        Trouble::new(TroubleKind::Answer, format!("{}: {what}", call_of(step)))
    }
}

/// A call as the preset spells it, without anybody's values.
pub(super) fn call_of(step: &Step) -> String {
    format!("{} {}", step.method.word(), step.path.get_ref())
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
        find(item, pointer.get_ref())
            .into_iter()
            .filter_map(plain)
            .map(Some)
            .collect()
    };
    let first = step.address.iter().map(all).find(|found| !found.is_empty());
    first.unwrap_or_else(|| vec![None])
}
