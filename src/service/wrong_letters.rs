//! Letters that humans found wrong, by kind, beside how many were answered: the figure by which the reading is judged.

use crate::record::{Damaged, State, Timestamp, Week};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Weeks that are counted: a year.
const WEEKS: u32 = 52;

/// The last 52 weeks, by kind; only kinds of which something was answered or found wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrongLetters(BTreeMap<&'static str, OfKind>);

/// Letters of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfKind {
    /// Requests that were answered.
    pub answered: u64,
    /// Letters that a human found wrong, in the week in which it was found.
    pub wrong: u64,
}

impl WrongLetters {
    /// What the index has counted.
    pub fn of(state: &State<'_>, now: Timestamp) -> Result<Self, Damaged> {
        let until = Week::of(now);
        let mut all: BTreeMap<&'static str, OfKind> = BTreeMap::new();
        for (_, kind, figures) in state.kind_figures(until.before(WEEKS - 1), until)? {
            if figures.answered + figures.wrong > 0 {
                let of_kind = all.entry(kind.word()).or_default();
                of_kind.answered += figures.answered;
                of_kind.wrong += figures.wrong;
            }
        }
        Ok(Self(all))
    }

    /// By kind.
    pub fn by_kind(&self) -> impl Iterator<Item = (&'static str, OfKind)> {
        self.0.iter().map(|(kind, of)| (*kind, *of))
    }
}

impl<const N: usize> From<[(&'static str, u64, u64); N]> for WrongLetters {
    /// Kind, answered, wrong.
    fn from(all: [(&'static str, u64, u64); N]) -> Self {
        let row = |(kind, answered, wrong)| (kind, OfKind { answered, wrong });
        Self(all.map(row).into())
    }
}

/// "2 of 4000 answers in 52 weeks (goal: 1 of 2000): source 2 of 120"
impl fmt::Display for WrongLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |number: fn(&OfKind) -> u64| self.0.values().map(number).sum::<u64>();
        let (wrong, answered) = (sum(|k| k.wrong), sum(|k| k.answered));
        write!(
            f,
            "{wrong} of {answered} answers in {WEEKS} weeks (goal: 1 of 2000)"
        )?;
        let found = self.0.iter().filter(|(_, k)| k.wrong > 0);
        for (n, (kind, of)) in found.enumerate() {
            let between = if n == 0 { ":" } else { "," };
            write!(f, "{between} {kind} {} of {}", of.wrong, of.answered)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_told_together_and_each_kind_in_which_something_was_wrong() {
        let none = WrongLetters::default().to_string();
        assert_eq!(none, "0 of 0 answers in 52 weeks (goal: 1 of 2000)");
        let some = WrongLetters::from([("access", 10, 1), ("source", 120, 2), ("stop", 3870, 0)]);
        assert_eq!(
            some.to_string(),
            "3 of 4000 answers in 52 weeks (goal: 1 of 2000): access 1 of 10, source 2 of 120"
        );
    }
}
