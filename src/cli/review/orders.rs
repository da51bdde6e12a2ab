//! The keys of a review: what each will do is said before it is done, and the house's answer after.

use super::keys::{self, AtOnce};
use super::show::{Draft, File};
use super::{Desk, Next, editing};
use crate::cli::ask::{self, Ask};
use crate::cli::edge::End;
use crate::cli::output::{BAD, GOOD, STRONG, painted};
use crate::cli::screen::{folded, plain};
use serde_json::{Value, json};
use std::io::Write;

/// A key, and what it does.
type Key<'a> = (char, &'a str);

impl Desk {
    /// Waits for a key that means something here, and does what it says.
    pub fn decide(&self, file: &File) -> Result<Next, End> {
        let keys = offered(file);
        loop {
            let key = self.key(&keys)?;
            return match key {
                'q' => Ok(Next::Quit),
                's' => Ok(Next::Case),
                _ if !keys.iter().any(|(k, _)| *k == key) => continue,
                'a' => self.approve(file),
                'e' => self.edit(file),
                'r' => self.with_reason(file, "refuse", "No letter leaves, and the case is closed; what is suppressed stays so. Tell the person why yourself, within the month (Art. 12(4)), and say here how."),
                'h' => self.with_reason(file, "answered", "You have answered in your own words: drafts are dropped, the case is closed; an erasure that was asked is carried out now."),
                'x' => self.with_reason(file, "extend", "The deadline moves by two months (Art. 12(3)), once, when the letter that says so has left; it is a draft with your reason."),
                'i' => self.order(file, "identify", json!({})),
                'l' => self.lift(file),
                'p' => self.proposal(file),
                _ => continue,
            };
        }
    }

    fn key(&self, keys: &[Key<'_>]) -> Result<char, End> {
        let shown: Vec<String> = keys.iter().map(|(k, what)| format!("{k} {what}")).collect();
        // Before the question: a key pressed until now was for something else.
        let at_once = AtOnce::begin()?;
        let mut out = anstream::stdout().lock();
        for line in folded(&shown.join("   "), self.screen.width, 0) {
            writeln!(out, "{}", painted(STRONG, &line))?;
        }
        out.flush()?;
        Ok(at_once.key()?)
    }

    /// The draft that was picked, by the hash of what was shown.
    fn approve(&self, file: &File) -> Result<Next, End> {
        match self.pick(file)? {
            Some((_, hash)) => self.order(file, "approve", json!({"hash": hash})),
            None => Ok(Next::Same),
        }
    }

    /// The only draft that can leave by mail, or one of them by its number.
    fn pick(&self, file: &File) -> Result<Option<(Draft, String)>, End> {
        let mut all = leaving(file);
        if all.len() < 2 {
            return Ok(all.pop());
        }
        let kinds: Vec<String> = all.iter().map(|(draft, _)| draft.kind.clone()).collect();
        let numbers = ('1'..='9').zip(kinds.iter().map(String::as_str));
        let keys: Vec<Key<'_>> = numbers.chain([('b', "back")]).collect();
        let picked = self.key(&keys)?.to_digit(10).unwrap_or_default() as usize;
        let there = (1..=all.len()).contains(&picked);
        Ok(there.then(|| all.swap_remove(picked - 1)))
    }

    /// In the editor, then as it will leave; only the key that was shown lets it.
    fn edit(&self, file: &File) -> Result<Next, End> {
        let Some((mut draft, hash)) = self.pick(file)? else {
            return Ok(Next::Same);
        };
        loop {
            let words = match editing::of(&draft) {
                Err(End::Usage(why)) => return self.refused(&why),
                other => other?,
            };
            let Some((subject, text)) = words else {
                self.say("left as it was")?;
                return Ok(Next::Same);
            };
            let word = json!({"hash": hash, "subject": subject, "text": text});
            let Some(shown) = self.post(file, "rewrite", word)? else {
                return Ok(Next::Same);
            };
            let findings = self.rewritten(&shown)?;
            let approve: &[Key<'_>] = if findings {
                &[]
            } else {
                &[('a', "approve this")]
            };
            let keys = [approve, &[('e', "edit again"), ('d', "drop it")]].concat();
            match self.key(&keys)? {
                'a' if !findings => {
                    let word = json!({"hash": shown["hash"], "rewritten": [subject, text]});
                    return self.order(file, "approve", word);
                }
                'e' => (draft.subject, draft.text) = (subject, text),
                'q' => return Ok(Next::Quit),
                _ => {
                    self.say("dropped: the letter is as it was")?;
                    return Ok(Next::Same);
                }
            }
        }
    }

    /// Shows a rewritten letter; whether the linter would not let it leave.
    fn rewritten(&self, shown: &Value) -> Result<bool, End> {
        let width = self.screen.width.min(100);
        let text = |key: &str| shown[key].as_str().unwrap_or_default();
        let mut lines = vec![String::new()];
        lines.extend(folded(
            &format!("  Subject: {}", plain(text("subject"))),
            width,
            11,
        ));
        lines.push(String::new());
        for line in text("text").lines() {
            lines.extend(folded(&format!("  {}", plain(line)), width, 2));
        }
        lines.push(String::new());
        let findings = shown["findings"].as_array().cloned().unwrap_or_default();
        for finding in &findings {
            let of = |key: &str| plain(finding[key].as_str().unwrap_or_default());
            let said = format!("✗ {}: {}", of("what"), of("fix"));
            lines.extend(folded(&said, width, 2).iter().map(|l| painted(BAD, l)));
        }
        self.print(&lines)?;
        Ok(!findings.is_empty())
    }

    /// An order that has a reason; without one nothing is done.
    fn with_reason(&self, file: &File, what: &str, will: &str) -> Result<Next, End> {
        match self.reason(will)? {
            Some(reason) => self.order(file, what, json!({"reason": reason})),
            None => Ok(Next::Same),
        }
    }

    fn reason(&self, will: &str) -> Result<Option<String>, End> {
        self.say(will)?;
        let mut out = anstream::stdout().lock();
        write!(
            out,
            "Why, as an auditor should read it (nothing: leave it): "
        )?;
        out.flush()?;
        let reason = keys::line()?;
        if reason.is_empty() {
            self.say("nothing was done")?;
        }
        Ok(Some(reason).filter(|r| !r.is_empty()))
    }

    /// The person may be written to again.
    fn lift(&self, file: &File) -> Result<Next, End> {
        let Some(address) = &file.from else {
            return Ok(Next::Same);
        };
        let will = format!(
            "{address} may be written to again, and every tool is told so; the case stays open."
        );
        let Some(reason) = self.reason(&will)? else {
            return Ok(Next::Same);
        };
        let word = json!({"address": address, "reason": reason, "by": ask::by()});
        self.done(self.house.ask(Ask::Post("/suppression/lift".into(), word)))?;
        Ok(Next::Same)
    }

    /// The first proposal that nobody has decided.
    fn proposal(&self, file: &File) -> Result<Next, End> {
        let proposals = file.proposals();
        let Some((number, words)) = proposals.first() else {
            return Ok(Next::Same);
        };
        self.say(&format!("{number}. {words}"))?;
        match self.key(&[('y', "carry it out"), ('n', "dismiss it"), ('b', "back")])? {
            'y' => self.order(file, &format!("proposals/{number}/accept"), json!({})),
            'n' => {
                let what = format!("proposals/{number}/dismiss");
                self.with_reason(file, &what, "It is not carried out.")
            }
            'q' => Ok(Next::Quit),
            _ => Ok(Next::Same),
        }
    }

    /// Gives the order; afterwards the case is looked at again, and left if it is done with.
    fn order(&self, file: &File, what: &str, word: Value) -> Result<Next, End> {
        let Some(_) = self.post(file, what, word)? else {
            return Ok(Next::Same);
        };
        let again = self.ask(&format!("/requests/{}", ask::quoted(&file.id)))?;
        let ended = !again["closed"].is_null();
        let drafts = again["letters"].as_array().into_iter().flatten();
        let waits = drafts.filter(|l| l["state"] == "draft").count() > 0;
        Ok(match ended || (what == "approve" && !waits) {
            true => Next::Case,
            false => Next::Same,
        })
    }

    /// Sends an order; its data, unless it was refused.
    fn post(&self, file: &File, what: &str, mut word: Value) -> Result<Option<Value>, End> {
        word["by"] = json!(ask::by());
        let path = format!("/requests/{}/{what}", ask::quoted(&file.id));
        let answer = self.house.ask(Ask::Post(path, word));
        match what {
            "rewrite" => match answer {
                Ok(answer) => Ok(Some(answer.data)),
                refused => self.done(refused),
            },
            _ => self.done(answer),
        }
    }

    /// Says how an order ended; its data, if it was carried out.
    fn done(&self, answer: Result<crate::api::Answer, End>) -> Result<Option<Value>, End> {
        let (style, text, data) = match answer {
            Ok(answer) if !answer.wrong => (GOOD, answer.text, Some(answer.data)),
            Ok(answer) => (BAD, answer.text, None),
            Err(End::Usage(why)) => (BAD, why, None),
            Err(End::Io(e)) => (BAD, e.to_string(), None),
            Err(other) => return Err(other),
        };
        let lines = text
            .lines()
            .flat_map(|l| folded(&plain(l), self.screen.width, 2));
        let lines: Vec<String> = lines.map(|l| painted(style, &l)).collect();
        self.print(&lines)?;
        Ok(data)
    }

    fn refused(&self, why: &str) -> Result<Next, End> {
        self.print(&[painted(BAD, why)])?;
        Ok(Next::Same)
    }
}

/// The drafts that approving lets leave, each with its hash.
fn leaving(file: &File) -> Vec<(Draft, String)> {
    let drafts = file.drafts().into_iter();
    let hashed = |draft: Draft| draft.hash.clone().map(|hash| (draft, hash));
    drafts.filter_map(hashed).collect()
}

/// The keys that mean something for this case.
fn offered(file: &File) -> Vec<Key<'static>> {
    let mut keys = Vec::new();
    if !leaving(file).is_empty() {
        keys.extend([('a', "approve"), ('e', "edit")]);
    }
    if !file.proposals().is_empty() {
        keys.push(('p', "proposal"));
    }
    keys.extend([('r', "refuse"), ('h', "answered by hand"), ('x', "extend")]);
    let unproved = |r: &Value| r["state"] == "awaiting_identity";
    if (file.data["requests"].as_array().into_iter().flatten()).any(unproved) {
        keys.push(('i', "ask who it is"));
    }
    if file.suppression().is_some() {
        keys.push(('l', "lift"));
    }
    keys.extend([('s', "skip"), ('q', "quit")]);
    keys
}
