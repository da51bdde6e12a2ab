//! A reply with what a careful human would read in it, and how an outcome is scored beside it.

use crate::intent::outcome::is_for_a_human;
use crate::record::{Outcome, RequestKind, Stance};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One line of a labelled set; `tests/texts/README.md` describes the fields. Others may stand beside them.
#[derive(Clone, Debug, Deserialize)]
pub struct Labelled {
    /// Its name in its set.
    pub id: String,
    /// The language of the reply.
    pub lang: String,
    /// The subject.
    #[serde(default)]
    pub subject: String,
    /// The From field.
    pub from: String,
    /// As typed.
    pub body: String,
    /// The mail below, with its attribution line.
    #[serde(default)]
    pub quoted: String,
    /// Whether it is sent as HTML.
    #[serde(default)]
    pub html: bool,
    /// Below what was typed.
    #[serde(default)]
    pub signature: String,
    /// What is asked or said, the operative one first.
    pub intents: Vec<Intent>,
    /// A machine's mail.
    #[serde(default)]
    pub must_not_answer: bool,
    /// A human must see it.
    #[serde(default)]
    pub needs_human: bool,
    /// `(alt: …)` in it is a second reading that is accepted.
    #[serde(default)]
    pub note: String,
}

/// A word of the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Intent {
    /// Something that a data subject asks.
    Request(RequestKind),
    /// How the writer stands to the business.
    Stance(Stance),
    /// Neither.
    None,
}

impl Intent {
    /// `stop`, `not_interested`, `ooo`, `none`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Request(kind) => kind.word(),
            Self::Stance(Stance::OutOfOffice) => "ooo",
            Self::Stance(stance) => stance.word(),
            Self::None => "none",
        }
    }

    fn request(self) -> Option<RequestKind> {
        match self {
            Self::Request(kind) => Some(kind),
            Self::Stance(_) | Self::None => None,
        }
    }
}

impl FromStr for Intent {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word == "ooo" {
            return Ok(Self::Stance(Stance::OutOfOffice));
        }
        if word == "none" {
            return Ok(Self::None);
        }
        let stance = || word.parse().map(Self::Stance);
        word.parse().map(Self::Request).or_else(|_: String| {
            stance().map_err(|_: String| {
                format!("\"{word}\" is no kind of request, stance, \"ooo\" or \"none\"")
            })
        })
    }
}

impl TryFrom<String> for Intent {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
    }
}

/// One way to read a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it asks or says.
    pub intents: Vec<Intent>,
    /// A human must see it.
    pub human: bool,
}

/// What was done with the content.
#[derive(Clone, Debug)]
pub struct Done {
    /// Act, hold or ignore.
    pub outcome: Outcome,
    /// The kinds that were read.
    pub kinds: Vec<RequestKind>,
    /// Whether a letter would leave, if it is acted upon.
    pub may_answer: bool,
}

/// How an outcome stands to a label. Ordered from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Acts with exactly the kinds asked for; holds what a human must see; ignores the rest.
    Right,
    /// Holds what could have been done or ignored.
    Held,
    /// Ignores a request, or a case for a human.
    Missed,
    /// Acts otherwise than asked, or answers what must not be answered.
    Wrong,
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::Held => "held",
            Self::Missed => "missed",
            Self::Wrong => "wrong",
        })
    }
}

/// A score, and whether it is the mild mistake: a plain no taken for a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The score.
    pub score: Score,
    /// Wrong, but mild.
    pub mild: bool,
}

impl Wanted {
    /// The requests among the intents.
    pub fn kinds(&self) -> Vec<RequestKind> {
        self.intents.iter().filter_map(|i| i.request()).collect()
    }

    fn for_a_human(&self) -> bool {
        self.human || self.kinds().into_iter().any(is_for_a_human)
    }

    /// The score of an outcome by this reading alone.
    pub fn score(&self, done: &Done) -> Score {
        let (kinds, human) = (self.kinds(), self.for_a_human());
        let mut read = done.kinds.clone();
        if kinds.contains(&RequestKind::Erasure) && !kinds.contains(&RequestKind::Stop) {
            read.retain(|k| *k != RequestKind::Stop);
        }
        let same = read.len() == kinds.len() && kinds.iter().all(|k| read.contains(k));
        match done.outcome {
            Outcome::Act if same && !human => Score::Right,
            Outcome::Act => Score::Wrong,
            Outcome::Hold if human => Score::Right,
            Outcome::Hold => Score::Held,
            Outcome::Ignore if kinds.is_empty() && !human => Score::Right,
            Outcome::Ignore => Score::Missed,
        }
    }

    fn is_mild(&self, done: &Done) -> bool {
        self.intents.first() == Some(&Intent::Stance(Stance::NotInterested))
            && self.kinds().is_empty()
            && !self.human
            && done.kinds == [RequestKind::Stop]
    }
}

impl Labelled {
    /// The label, then the second readings that its note accepts.
    pub fn readings(&self) -> Vec<Wanted> {
        let label = Wanted {
            intents: self.intents.clone(),
            human: self.needs_human,
        };
        let notes = self.note.split("(alt:").skip(1);
        let seconds = notes.filter_map(|n| second(n.split(')').next()?, &label));
        std::iter::once(label.clone()).chain(seconds).collect()
    }

    /// The best score that one of its readings gives.
    pub fn score(&self, done: &Done) -> Scored {
        let readings = self.readings();
        if self.must_not_answer && done.outcome == Outcome::Act && done.may_answer {
            return Scored {
                score: Score::Wrong,
                mild: false,
            };
        }
        let scores = readings.iter().map(|r| r.score(done));
        let score = scores.min().unwrap_or(Score::Wrong);
        Scored {
            score,
            mild: score == Score::Wrong && readings.iter().any(|r| r.is_mild(done)),
        }
    }
}

/// `stop`, `complaint+stop`, `none, with human`, `stop without human`; what names nothing is no reading.
fn second(note: &str, label: &Wanted) -> Option<Wanted> {
    let words: Vec<&str> = note
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    if words.contains(&"rejected") {
        return None;
    }
    let intents: Vec<Intent> = words.iter().filter_map(|w| w.parse().ok()).collect();
    let human = words.iter().any(|w| matches!(*w, "human" | "needs_human"));
    let denied = words.iter().any(|w| matches!(*w, "no" | "without"));
    if intents.is_empty() && !human {
        return None;
    }
    Some(Wanted {
        intents: if intents.is_empty() {
            label.intents.clone()
        } else {
            intents
        },
        human: if human { !denied } else { label.human },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(intents: &str, human: bool, note: &str) -> Labelled {
        let line = format!(
            r#"{{"id":"x","lang":"fr","from":"a@b.example","body":"x","intents":[{intents}],"needs_human":{human},"note":"{note}"}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    fn done(outcome: Outcome, kinds: &[RequestKind]) -> Done {
        Done {
            outcome,
            kinds: kinds.to_vec(),
            may_answer: true,
        }
    }

    #[test]
    fn the_outcome_is_scored_and_not_the_label() {
        use Outcome::{Act, Hold, Ignore};
        use RequestKind::{Erasure, Source, Stop};
        let stop = labelled("\"stop\"", false, "");
        let score = |l: &Labelled, o, k: &[RequestKind]| l.score(&done(o, k)).score;
        assert_eq!(score(&stop, Act, &[Stop]), Score::Right);
        assert_eq!(score(&stop, Act, &[Stop, Source]), Score::Wrong);
        assert_eq!(score(&stop, Hold, &[]), Score::Held);
        assert_eq!(score(&stop, Ignore, &[]), Score::Missed);
        let erasure = labelled("\"erasure\"", false, "");
        assert_eq!(score(&erasure, Act, &[Erasure, Stop]), Score::Right);
        let human = labelled("\"stop\"", true, "");
        assert_eq!(score(&human, Act, &[Stop]), Score::Wrong);
        assert_eq!(score(&human, Hold, &[]), Score::Right);
        let complaint = labelled("\"complaint\"", false, "");
        assert_eq!(score(&complaint, Hold, &[]), Score::Right);
        let no = labelled("\"not_interested\"", false, "");
        assert_eq!(score(&no, Ignore, &[]), Score::Right);
        let mild = no.score(&done(Act, &[Stop]));
        assert!(mild.score == Score::Wrong && mild.mild);
        assert!(!no.score(&done(Act, &[Erasure])).mild);
    }

    #[test]
    fn a_machine_is_not_answered_whatever_it_asks() {
        let mut machine = labelled("\"stop\"", false, "");
        machine.must_not_answer = true;
        let mut acted = done(Outcome::Act, &[RequestKind::Stop]);
        assert_eq!(machine.score(&acted).score, Score::Wrong);
        acted.may_answer = false;
        assert_eq!(machine.score(&acted).score, Score::Right);
    }

    #[test]
    fn a_second_reading_is_accepted() {
        let alt = |note| labelled("\"none\"", false, note).readings().pop();
        let words = |w: &Wanted| w.intents.iter().map(|i| i.word()).collect::<Vec<_>>();
        for (note, intents, human) in [
            ("so (alt: stop) or", vec!["stop"], false),
            ("(alt: access + source)", vec!["access", "source"], false),
            ("(alt: ooo, stop human)", vec!["ooo", "stop"], true),
            ("(alt: needs human)", vec!["none"], true),
            ("(alt: stop without human)", vec!["stop"], false),
            ("(alt: stop rejected)", vec!["none"], false),
        ] {
            let second = alt(note).unwrap();
            assert_eq!((words(&second), second.human), (intents, human), "{note}");
        }
    }
}
