//! Counting scores: in all, by language, by kind, by set, and which kind was taken for which.

use super::{Labelled, Score, Scored};
use crate::intent::Classification;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// In all.
    pub messages: usize,
    /// As they should.
    pub right: usize,
    /// A human's minute.
    pub held: usize,
    /// Done otherwise than asked, the mild ones among them.
    pub wrong: usize,
    /// A plain no taken for a stop.
    pub mild: usize,
    /// Passed over.
    pub missed: usize,
}

impl Count {
    /// One more.
    pub fn add(&mut self, scored: Scored) {
        self.messages += 1;
        self.mild += usize::from(scored.mild);
        *match scored.score {
            Score::Right => &mut self.right,
            Score::Held => &mut self.held,
            Score::Wrong => &mut self.wrong,
            Score::Missed => &mut self.missed,
        } += 1;
    }
}

/// All tables of an evaluation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Everything.
    pub total: Count,
    /// By set, as it was named.
    pub sets: BTreeMap<String, Count>,
    /// By the language of the reply.
    pub languages: BTreeMap<String, Count>,
    /// By the first intent of the label.
    pub kinds: BTreeMap<&'static str, Count>,
    /// Wanted, then read: how often.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
}

impl Tally {
    /// One more reply of a set.
    pub fn add(&mut self, set: &str, reply: &Labelled, read: &Classification, scored: Scored) {
        let kind = reply.intents.first().map_or("none", |i| i.word());
        self.total.add(scored);
        self.sets.entry(set.to_owned()).or_default().add(scored);
        let language = self.languages.entry(reply.lang.clone()).or_default();
        language.add(scored);
        self.kinds.entry(kind).or_default().add(scored);
        for (wanted, read) in pairs(reply, read) {
            *self
                .confusion
                .entry(wanted)
                .or_default()
                .entry(read)
                .or_default() += 1;
        }
    }
}

/// What a classification says in the words of the labels: its requests, or else `unsure`, the stance or `none`.
pub fn said(read: &Classification) -> Vec<&'static str> {
    if !read.requests.is_empty() {
        return read.requests.iter().map(|f| f.kind.word()).collect();
    }
    let stance = || match read.stance {
        Some(stance) => super::Intent::Stance(stance).word(),
        None => "none",
    };
    vec![match (&read.unsure, read.human.is_empty()) {
        (None, true) => stance(),
        _ => "unsure",
    }]
}

/// Each wanted kind beside what was read for it. Kinds on both sides are pairs; what is left over is paired in its order.
fn pairs(reply: &Labelled, read: &Classification) -> Vec<(&'static str, &'static str)> {
    let all = reply.intents.iter().map(|i| i.word());
    let requests = reply.readings()[0].kinds();
    let mut wanted: Vec<&str> = requests.iter().map(|k| k.word()).collect();
    if wanted.is_empty() {
        wanted = all.take(1).collect();
    }
    if wanted.is_empty() {
        wanted.push("none");
    }
    let mut found = said(read);
    let mut pairs = Vec::new();
    wanted.retain(|w| match found.iter().position(|f| f == w) {
        Some(n) => {
            found.remove(n);
            pairs.push((*w, *w));
            false
        }
        None => true,
    });
    let most = wanted.len().max(found.len());
    for n in 0..most {
        let of = |list: &[&'static str]| list.get(n).copied().unwrap_or("none");
        pairs.push((of(&wanted), of(&found)));
    }
    pairs
}
