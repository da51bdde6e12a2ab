//! Texts that were judged a moment ago: a campaign brings the same answers again and again, and a judgement depends on
//! nothing but the text.

use super::Judgement;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Texts of a generation; two are kept, so that what is asked often is never forgotten.
const GENERATION: usize = 512;
/// Bytes of a text that is worth keeping; longer ones are all different.
const LONGEST: usize = 1024;

/// The judgements.
#[derive(Default)]
pub struct Seen(Mutex<[HashMap<String, Judgement>; 2]>);

impl Seen {
    /// What was judged before, or is judged now.
    pub fn or_judge(&self, text: &str, judge: impl FnOnce() -> Judgement) -> Judgement {
        if text.len() > LONGEST {
            return judge();
        }
        if let Some(known) = self.known(text) {
            return known;
        }
        let judged = judge();
        self.keep(text, &judged);
        judged
    }

    fn known(&self, text: &str) -> Option<Judgement> {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = both[0].get(text) {
            return Some(known.clone());
        }
        let (text, known) = both[1].remove_entry(text)?;
        both[0].insert(text, known.clone());
        Some(known)
    }

    fn keep(&self, text: &str, judged: &Judgement) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if both[0].len() >= GENERATION {
            both[1] = std::mem::take(&mut both[0]);
        }
        both[0].insert(text.to_owned(), judged.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(first: f32) -> Judgement {
        let mut says = [0.0; super::super::LABELS.len()];
        says[0] = first;
        Judgement {
            says,
            ..Judgement::default()
        }
    }

    #[test]
    fn a_text_is_judged_once_while_it_is_remembered_and_memory_is_bounded() {
        let seen = Seen::default();
        assert_eq!(seen.or_judge("stop", || judgement(0.9)), judgement(0.9));
        for n in 0..3 * GENERATION {
            seen.or_judge(&n.to_string(), || judgement(0.1));
            // What is asked again and again outlives the generations.
            let again = seen.or_judge("stop", || panic!("judged twice"));
            assert_eq!(again, judgement(0.9));
        }
        let kept: usize = seen.0.lock().unwrap().iter().map(HashMap::len).sum();
        assert!(kept <= 2 * GENERATION + 1, "{kept}");
    }
}
