//! What a reviewer needs to decide beside the letters: who it is, how sure, which words decided, until when and why, what happened.
//!
//! It is put together from the rows of the case and the events that they point to, never from the whole log.

use super::case_filter::mailbox_of;
use super::requests::because;
use super::{Desk, Refusal, suppression, words};
use crate::record::{
    Contact, EscalationStep, Event, Fate, LetterRow, LetterState, LogPosition, Review, RuleId,
    Timestamp,
};
use crate::request::rule;
use crate::service::{CaseFile, Extension, House};
use serde_json::{Map, Value, json};

/// Everything, as fields of the case's data.
pub fn tell(desk: &Desk, house: &House, case: &CaseFile) -> Result<Map<String, Value>, Refusal> {
    let row = &case.row;
    let calendar = &house.config.policy.calendar;
    let clocks: Vec<Value> = row
        .requests
        .iter()
        .map(|r| {
            let first = calendar.deadlines(r.received);
            json!({
                "request": r.request, "state": r.state, "received": r.received.to_string(), "target": r.target.to_string(),
                "due": r.due.to_string(), "first_due": first.due.to_string(), "extended": r.due > first.due,
                "reminders": r.reminders,
            })
        })
        .collect();
    let state = desk.office.sequencer.reader().state();
    let person = row.person.map(|p| state.person(p)).transpose()?;
    let suppressed = person.and_then(|p| p.suppression);
    let told = json!({
        "version": row.version, "opened": row.opened.to_string(), "language": row.language, "clocks": clocks,
        "mailbox": mailbox_of(desk, row)?, "person": row.person.map(|p| words::person(&p)),
        "suppression": suppressed.as_ref().map(suppression::in_data),
        "suppression_words": suppressed.as_ref().map(|s| words::reason(&s.reason)),
        "because": row.held.as_ref().map(|r| because(r).trim_start_matches("; ").to_owned()),
        "contact": case.contact.as_ref().map(|c| contact(house, c)), "evidence": evidence(case),
        "by_hand": case.left_to_a_human(house), "previous": row.previous.map(|p| p.to_string()),
        "legal_hold": row.legal_hold, "extension": Extension::of(house, case).word(), "timeline": timeline(desk, case)?,
    });
    match told {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

/// The register's row.
fn contact(house: &House, c: &Contact) -> Value {
    let name = [&c.civility, &c.first_name, &c.last_name];
    let name: Vec<&str> = name.into_iter().flatten().map(String::as_str).collect();
    let provider = |id: &Option<String>| {
        let known = house.config.register.provider.iter();
        let named = known.clone().find(|p| Some(&p.id) == id.as_ref());
        named.map(|p| p.name.clone()).or(id.clone())
    };
    let origins = c.origins.iter().map(|o| {
        json!({"data": o.data, "provider": provider(&o.provider), "from": o.from, "date": o.date, "public": o.public})
    });
    json!({
        "name": name.join(" "), "addresses": c.addresses.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        "role": c.role, "firm": c.firm, "country": c.country, "language": c.language, "relation": c.relation,
        "owner": c.owner, "campaign": c.campaign, "why": c.why, "origins": origins.collect::<Vec<_>>(),
    })
}

/// The words that decided, each with its rule, and how sure the reader was.
fn evidence(case: &CaseFile) -> Vec<Value> {
    let all = case.proof.iter().flat_map(|p| &p.evidence);
    let of = all.flat_map(|e| {
        let words = e.words.iter();
        words.map(|(rule, words)| json!({"request": e.kind, "sure": e.confidence, "rule": rule, "words": words}))
    });
    of.collect()
}

/// What happened, oldest first: the moment, a word for it, who, and the rule with its sentence.
fn timeline(desk: &Desk, case: &CaseFile) -> Result<Vec<Value>, Refusal> {
    let mut story = Story(Vec::new());
    story.messages_and_letters(case);
    story.decisions(case);
    let review = &case.row.review;
    for position in [review.entered, review.extended].into_iter().flatten() {
        if let Some((at, what, by)) = word_of(desk, position)? {
            story.add(at, what, json!({"by": by}));
        }
    }
    story.watched(desk, case)?;
    let Story(mut all) = story;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, told)| told).collect())
}

/// What happened, as it is found.
struct Story(Vec<(Timestamp, Value)>);

impl Story {
    fn add(&mut self, at: Timestamp, what: &str, more: Value) {
        let mut told = json!({"at": at.to_string(), "what": what});
        if let (Value::Object(told), Value::Object(more)) = (&mut told, more) {
            told.extend(more);
        }
        self.0.push((at, told));
    }

    fn messages_and_letters(&mut self, case: &CaseFile) {
        self.add(case.row.opened, "opened", json!({}));
        for (_, message, _) in &case.messages {
            self.add(message.received, "received", json!({}));
            let (state, rule) = (message.state, &message.rule);
            let more = json!({"state": state, "rule": rule.as_str(), "because": because_of(rule)});
            self.add(message.decided, "decided", more);
        }
        for letter in &case.letters {
            let what = match letter.state {
                LetterState::Draft => "drafted",
                _ => "letter",
            };
            self.add(letter.changed, what, of_letter(letter));
        }
    }

    /// Who heard of it, and who looked.
    fn watched(&mut self, desk: &Desk, case: &CaseFile) -> Result<(), Refusal> {
        let state = desk.office.sequencer.reader().state();
        for row in state.escalations(case.id)? {
            let what = match row.about.escalated() {
                Some((_, EscalationStep::Reviewer)) => "brought_reviewer",
                Some((_, EscalationStep::Deputy)) => "brought_deputy",
                Some((_, EscalationStep::Controller)) => "brought_controller",
                None => continue,
            };
            if row.fate != Fate::NotSent {
                self.add(row.at, what, json!({}));
            }
        }
        if let Some(seen) = state.looked_at(case.id)? {
            self.add(seen.at, "looked_at", json!({"by": seen.by}));
        }
        for letter in &case.letters {
            let notice = state.owner_notice(letter.head.letter)?;
            if let Some(told) = notice.filter(|row| row.fate == Some(Fate::Sent)) {
                self.add(told.at, "owner_told", json!({}));
            }
        }
        Ok(())
    }

    fn decisions(&mut self, case: &CaseFile) {
        let review = &case.row.review;
        for done in &review.systems {
            let more = json!({"subject": done.system, "request": done.request, "by": done.by});
            self.add(done.at, "system", more);
        }
        let asked = review.identity.as_ref().map(|code| code.asked);
        let mails = review.mails.iter().map(|(_, at)| (*at, "mail_after_stop"));
        let dated = [
            (asked, "identity_asked"),
            (review.proved, "identity_proved"),
            (case.row.closed, "closed"),
        ];
        let dated = dated.into_iter().filter_map(|(at, what)| Some((at?, what)));
        for (at, what) in dated.chain(mails) {
            self.add(at, what, json!({}));
        }
    }
}

fn because_of(id: &RuleId) -> String {
    let why = rule::explain(id).unwrap_or("see the rules");
    format!("{id}: {why}")
}

fn of_letter(letter: &LetterRow) -> Value {
    let draft = letter.state == LetterState::Draft;
    let rule = letter.rule.as_ref().filter(|_| draft);
    json!({
        "letter": letter.head.letter.step + 1, "kind": letter.head.kind, "state": letter.state,
        "by": (!letter.by.is_empty()).then_some(&letter.by),
        "rule": rule.map(RuleId::as_str), "because": rule.map(because_of),
    })
}

/// When a human said something about the case, and who.
fn word_of(
    desk: &Desk,
    position: LogPosition,
) -> Result<Option<(Timestamp, &'static str, String)>, Refusal> {
    let frame = desk.office.sequencer.reader().frame(position)?;
    let event = frame.events.get(usize::from(position.event));
    Ok(match event {
        Some(Event::Reviewed(Review::Entered { by, .. })) => {
            Some((frame.at, "entered", by.clone()))
        }
        Some(Event::Reviewed(Review::Extended { by, .. })) => {
            Some((frame.at, "extended", by.clone()))
        }
        _ => None,
    })
}
