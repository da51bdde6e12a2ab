//! Two readers, one word: what the lexicons found and what the learned reader thinks become one [`Classification`].
//!
//! The chance that something is asked is a logistic function of the learned reader's log-odds and of whether the lexicons
//! found it, fitted on texts that neither was made from (tests/training/README.md says which, and how well it holds). So a
//! confidence is a probability, and the thresholds of the policy can follow the cost. Where the readers differ so far that
//! neither "asked" nor "not asked" is safe, nothing is done and a human sees it.

use super::alone::{NONE_LABEL, beside_interest, differ, unsupported};
use super::classification::{Classification, Evidence, Found, Signal};
use super::learned::{Judgement, LABELS};
use super::outcome::is_for_a_human;
use crate::record::{RequestKind, Stance};

/// How log-odds and the lexicons' word become the log-odds of the combination.
struct Fit {
    learned: f32,
    lexicons: f32,
    offset: f32,
}

const STOP: Fit = Fit {
    learned: 0.85,
    lexicons: 1.51,
    offset: 0.42,
};
const RIGHT: Fit = Fit {
    learned: 0.8,
    lexicons: 3.45,
    offset: -1.02,
};
const RARE: Fit = Fit {
    learned: 0.9,
    lexicons: 2.35,
    offset: -0.77,
};
const COMPLAINT: Fit = Fit {
    learned: 0.87,
    lexicons: 1.88,
    offset: -1.48,
};
const HUMAN: Fit = Fit {
    learned: 0.67,
    lexicons: 2.72,
    offset: -0.82,
};
/// Reasons that stand in words which many use who speak for themselves alone ("ma femme m'y oblige"): they weigh less than the others.
const MENTIONED: Fit = Fit {
    lexicons: 1.65,
    ..HUMAN
};
const MERE_MENTIONS: [&str; 3] = ["other_person", "whole_firm", "death"];
/// A reply that only points to what stands elsewhere, where the learned reader sees nothing.
const POINTS: &str = "points_elsewhere";
/// What is only unclear to the lexicons, without any reason for a human, weighs less.
const UNCLEAR: Fit = Fit {
    lexicons: 0.2,
    ..HUMAN
};

/// `sure = 1.0` of a rule: what its phrases say is not doubted.
const CERTAIN: f32 = 1.0;
/// From this chance on something counts as asked; the policy's thresholds say whether that is enough to act.
const ASKED: f32 = 0.5;
/// A chance that something else is asked too, from which on what is surely asked is not done without a human.
const ALSO: f32 = 0.2;
/// The same for a stop beside an erasure, after which nobody is written to anyhow: it is named if it may have been said.
const BESIDE_AN_ERASURE: f32 = 0.1;
/// Below this word of the learned reader a lexicon's find has another sense. In the five sets that neither reader was made from
/// four of 81 such finds were asked for, of the eight from here to 0.2 seven.
const BASELESS: f32 = 0.02;
/// A chance that a human must see it, from which on nothing is done without one.
const FOR_A_HUMAN: f32 = 0.15;
/// The chances from which on a message that asks nothing for sure is not passed over.
#[derive(Clone, Copy)]
pub struct Enough {
    /// That anything is asked.
    anything: f32,
    /// The same, where a lexicon heard it: there are words that speak for it.
    heard: f32,
    /// That a human must see it.
    human: f32,
    /// The learned reader's own word below which nothing is done that a lexicon heard.
    both: f32,
}

/// For an answer.
pub const FOR_AN_ANSWER: Enough = Enough {
    anything: 0.25,
    heard: 0.2,
    human: 0.2,
    both: 0.0,
};
/// For a mail that answers none, and for one that surely asks nothing. Hardly any of them is about our mail: of 92 in all sets that
/// answered none and only might have asked something two did, and whoever asks without being written to says so plainly: of 160 of
/// them that were acted upon by the word of both readers three did not ask, of twelve by a lexicon's word against the other's ten.
pub const FOR_NOTHING_MUCH: Enough = Enough {
    anything: ASKED,
    heard: ASKED,
    human: 0.45,
    both: 0.5,
};

/// From this chance on that nothing is asked, a mere suspicion holds nobody: of 177 messages in all sets that might have asked
/// something two did, and of 27 that might have been for a human five were; of 62 in which a lexicon heard what the learned reader
/// does not believe none asked.
const SURELY_NOTHING: f32 = 0.8;
/// From this chance on that nothing is asked, what is heard is not done without a human, and from the next one on it has another
/// sense. In all sets no request that was done was a request from 0.5 on (of eleven), and none that was heard at all from 0.9 on (of 24).
const CONTRADICTED: f32 = 0.5;
const DENIED: f32 = 0.9;
/// A body of more words than these says what its mail is about.
const LONG: usize = 8;
/// Who is that likely interested, or asks that likely, does not simply want to be left alone.
const INTERESTED: f32 = 0.3;
const ASKING: f32 = 0.9;
/// From this probability on that a machine wrote it, what is asked is not done without a human.
const MACHINE: f32 = 0.7;
/// From this probability on the learned reader's word for the stance is taken where the lexicons have none.
pub(super) const STANCE: f32 = 0.5;

/// The kinds, in the order of [`LABELS`].
pub(super) const KINDS: [RequestKind; 8] = [
    RequestKind::Stop,
    RequestKind::Source,
    RequestKind::Access,
    RequestKind::Erasure,
    RequestKind::Rectification,
    RequestKind::Restriction,
    RequestKind::Portability,
    RequestKind::Complaint,
];
/// The stances that are judged, with their place in [`LABELS`].
const STANCES: [(usize, Stance); 5] = [
    (INTERESTED_LABEL, Stance::Interested),
    (9, Stance::NotInterested),
    (10, Stance::WrongPerson),
    (11, Stance::OutOfOffice),
    (QUESTION_LABEL, Stance::Question),
];
/// Places in [`LABELS`].
const STOP_LABEL: usize = 0;
pub(super) const INTERESTED_LABEL: usize = 8;
const QUESTION_LABEL: usize = 12;
const MACHINE_LABEL: usize = 14;
const HUMAN_LABEL: usize = 15;

impl Fit {
    fn chance(&self, said: f32, found: bool) -> f32 {
        let said = said.clamp(1e-5, 1.0 - 1e-5);
        let odds = (said / (1.0 - said)).ln();
        let z = self.learned * odds + self.offset + if found { self.lexicons } else { 0.0 };
        1.0 / (1.0 + (-z).exp())
    }

    fn of(kind: RequestKind) -> Self {
        match kind {
            RequestKind::Stop => STOP,
            RequestKind::Source | RequestKind::Access | RequestKind::Erasure => RIGHT,
            RequestKind::Complaint => COMPLAINT,
            _ => RARE,
        }
    }
}

/// What both say of a text. `read` is the lexicons' word; `enough` says what is not passed over.
pub fn agree(
    mut read: Classification,
    judged: &Judgement,
    text: &str,
    enough: Enough,
) -> Classification {
    let heard = read.stance;
    let enough = match judged.says[NONE_LABEL] >= SURELY_NOTHING {
        true => FOR_NOTHING_MUCH,
        false => enough,
    };
    let (doubt, dropped) = weigh(&mut read, judged, text);
    let dropped =
        dropped.filter(|f| judged.says[NONE_LABEL] < SURELY_NOTHING || is_unread(f, judged));
    human(&mut read, judged, text, enough);
    stance(&mut read, judged);
    let acts = !read.requests.is_empty();
    let least = if acts { ALSO } else { enough.anything };
    let likely = doubt.filter(|(chance, _)| *chance >= least);
    if let Some((_, label)) = likely {
        read.unsure = Some(signal(
            &format!("may ask {}", LABELS[label]),
            judged,
            label,
            text,
        ));
    } else if let Some(found) = dropped.filter(|f| {
        acts || is_for_a_human(f.kind) || f.confidence >= enough.heard || is_unread(f, judged)
    }) {
        read.unsure = Some(differ(&found, None));
    } else if let Some((found, trap)) = unsupported(&read, judged, heard)
        .or_else(|| Some((outvoted(&read, judged, text, enough)?, None)))
    {
        read.unsure = Some(differ(found, trap));
    } else if let Some(signal) = beside_interest(&read, Some(judged)) {
        read.unsure = Some(signal);
    } else if acts && read.is_automatic {
        let why = "a machine may have written it";
        read.unsure = Some(signal(why, judged, MACHINE_LABEL, text));
    } else if settled(&read) {
        // What the lexicons only suspected is settled.
        read.unsure = None;
    }
    read.requests.extend(entailed(&read, judged, text));
    read.requests.sort_by_key(|f| {
        let first = f.evidence.first().and_then(|e| e.start);
        first.unwrap_or(usize::MAX)
    });
    read
}

/// Whether what the lexicons only suspected is cleared up: the other reader understood it, and asks nothing or something else.
fn settled(read: &Classification) -> bool {
    let reason = read.unsure.as_ref().map_or("", |u| &u.reason);
    let understood = !read.requests.is_empty() || read.stance.is_some();
    reason == "unclear" || (reason == "nothing_left" && understood)
}

/// Gives every kind its chance, adds what only the learned reader sees and drops what it does not believe. Comes back with the
/// likeliest kind that does not count as asked and its chance, and with the weightiest of what was dropped.
fn weigh(
    read: &mut Classification,
    judged: &Judgement,
    text: &str,
) -> (Option<(f32, usize)>, Option<Found>) {
    let mut chances = [CERTAIN; KINDS.len()];
    for (label, kind) in KINDS.into_iter().enumerate() {
        let found = read.requests.iter_mut().find(|f| f.kind == kind);
        if found.as_ref().is_some_and(|f| stands_by_itself(f)) {
            continue;
        }
        let said = judged.says[label];
        let unread = found.as_ref().is_some_and(|f| is_unread(f, judged));
        let counts = found.is_some() && (said >= BASELESS || unread);
        let chance = Fit::of(kind).chance(said, counts);
        chances[label] = chance;
        match found {
            Some(found) => found.confidence = chance,
            None if chance >= ASKED => read.requests.push(Found {
                kind,
                confidence: chance,
                evidence: vec![evidence(judged, label, text)],
            }),
            None => {}
        }
    }
    let mut all = std::mem::take(&mut read.requests);
    if judged.says[NONE_LABEL] >= DENIED {
        all.retain(|f| stands_by_itself(f) || is_unread(f, judged));
    }
    let (kept, dropped): (Vec<_>, Vec<_>) = all.into_iter().partition(|f| f.confidence >= ASKED);
    read.requests = kept;
    // Convention 1: a stop beside an erasure says nothing more.
    let erases = read.asks(RequestKind::Erasure);
    let says_more = |kind: RequestKind| !(erases && kind == RequestKind::Stop);
    let doubted = |label: &usize| chances[*label] < ASKED && says_more(KINDS[*label]);
    let likeliest = (0..KINDS.len()).filter(doubted);
    let likeliest = likeliest.max_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let heard = |f: &Found| {
        let mut labels = KINDS.iter().zip(judged.says);
        is_unread(f, judged) || labels.any(|(kind, said)| *kind == f.kind && said >= BASELESS)
    };
    let dropped = dropped
        .into_iter()
        .filter(|f| says_more(f.kind) && heard(f));
    (
        likeliest.map(|label| (chances[label], label)),
        dropped.max_by_key(|f| (is_unread(f, judged), is_for_a_human(f.kind))),
    )
}

/// The stop that may be said beside an erasure, as sure as it, which entails it.
fn entailed(read: &Classification, judged: &Judgement, text: &str) -> Option<Found> {
    let erasure = (read.requests.iter()).find(|f| f.kind == RequestKind::Erasure)?;
    let chance = STOP.chance(judged.says[STOP_LABEL], false);
    (chance >= BESIDE_AN_ERASURE && !read.asks(RequestKind::Stop)).then(|| Found {
        kind: RequestKind::Stop,
        confidence: erasure.confidence,
        evidence: vec![evidence(judged, STOP_LABEL, text)],
    })
}

/// A phrase of which its writer is certain wins over the learned reader, and so does one in a subject that the person typed: the
/// learned reader looks at the body only.
pub(super) fn stands_by_itself(found: &Found) -> bool {
    found.confidence >= CERTAIN || found.evidence.iter().all(|e| e.start.is_none())
}

/// Whether a lexicon heard it in the middle of a long text, which the learned reader did not see: its silence denies nothing.
fn is_unread(found: &Found, judged: &Judgement) -> bool {
    let places = found.evidence.iter().filter_map(|e| Some((e.start?, e)));
    let mut words = places.map(|(start, e)| start..start + e.text.len());
    words.any(|w| judged.missed(&w))
}

/// What a lexicon heard and is not done by its word alone: where the learned reader takes the whole for nothing, and in a mail that
/// answers none where it does not hear it too. What stands in the subject it is not asked of, and yet a long body that says nothing of
/// that is about something else: "Waar komt deze lijm vandaan?"
fn outvoted<'r>(
    read: &'r Classification,
    judged: &Judgement,
    text: &str,
    enough: Enough,
) -> Option<&'r Found> {
    let is_long = text.split_whitespace().nth(LONG).is_some();
    let mut found = read.requests.iter();
    found.find(|f| {
        let label = KINDS.iter().position(|kind| *kind == f.kind);
        let denied = label.is_some_and(|label| judged.says[label] < enough.both);
        match stands_by_itself(f) {
            true => denied && is_long && f.confidence < CERTAIN,
            false => denied || judged.says[NONE_LABEL] >= CONTRADICTED,
        }
    })
}

/// Whether a human must see it; a reason of the lexicons that the other reader finds baseless is dropped.
fn human(read: &mut Classification, judged: &Judgement, text: &str, enough: Enough) {
    let none = read.human.is_empty();
    let mere = |s: &Signal| MERE_MENTIONS.contains(&s.reason.as_str());
    let fit = match none {
        true => UNCLEAR,
        false if read.human.iter().all(mere) => MENTIONED,
        false => HUMAN,
    };
    let suspected = !none || read.unsure.is_some();
    let chance = fit.chance(judged.says[HUMAN_LABEL], suspected);
    let acts = !read.requests.is_empty();
    if chance < if acts { FOR_A_HUMAN } else { enough.human } {
        let unread = text.get(judged.unread.clone()).unwrap_or_default();
        let unseen = |s: &Signal| !s.text.is_empty() && unread.contains(&s.text);
        read.human.retain(|s| s.reason == POINTS || unseen(s));
    } else if read.human.is_empty() {
        read.human
            .push(signal("for a human", judged, HUMAN_LABEL, text));
    }
    // Whoever also wants something of us wants no plain silence; to ask how one leaves is to leave.
    let is_plain = |f: &Found| f.kind == RequestKind::Stop && f.confidence >= CERTAIN;
    let asking = match read.requests.iter().any(is_plain) {
        true => f32::INFINITY,
        false => ASKING,
    };
    let wants = [(INTERESTED_LABEL, INTERESTED), (QUESTION_LABEL, asking)];
    let wants = wants.iter().find(|(l, least)| judged.says[*l] >= *least);
    if let (true, true, Some((label, _))) =
        (read.asks(RequestKind::Stop), read.human.is_empty(), wants)
    {
        read.human.push(signal("partial", judged, *label, text));
    }
}

fn signal(reason: &str, judged: &Judgement, label: usize, text: &str) -> Signal {
    let said = evidence(judged, label, text);
    Signal {
        reason: reason.to_owned(),
        rule: said.rule,
        text: said.text,
    }
}

/// The stance, and whether a machine states it.
fn stance(read: &mut Classification, judged: &Judgement) {
    read.is_automatic = judged.says[MACHINE_LABEL] >= MACHINE;
    let likely = STANCES
        .into_iter()
        .max_by(|a, b| judged.says[a.0].total_cmp(&judged.says[b.0]));
    if let (None, Some((label, stance))) = (read.stance, likely)
        && judged.says[label] >= STANCE
    {
        read.stance = Some(stance);
    }
}

/// The sentence that spoke for a label most.
fn evidence(judged: &Judgement, label: usize, text: &str) -> Evidence {
    let sentence = judged.sentence(label, text);
    let lead = sentence.len() - sentence.trim_start().len();
    Evidence {
        rule: format!("learned.{}", LABELS[label]),
        text: sentence.trim().to_owned(),
        start: Some(judged.moved_by[label].start + lead),
    }
}

#[cfg(test)]
#[path = "agree_tests.rs"]
mod tests;
