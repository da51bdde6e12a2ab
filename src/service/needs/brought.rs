//! To whom a case was brought because nobody acted, as it stands in the list of what waits.

use super::Need;
use crate::record::{About, EscalationStep, Fate, ToldRow};
use std::collections::HashMap;

/// Marks the needs of cases with the farthest step that left or may have left. One that was counted to another legal end,
/// before an extension, is over.
pub(super) fn mark(cases: &mut [Need], told: &[ToldRow]) {
    let mut brought: HashMap<String, Vec<(EscalationStep, Option<String>)>> = HashMap::new();
    for row in told {
        let Some((case, step)) = row.about.escalated() else {
            continue;
        };
        let end = match row.about {
            About::Escalation { end, .. } => Some(end.to_string()),
            _ => None,
        };
        if matches!(row.fate, Fate::Sent | Fate::Leaving | Fate::Uncertain) {
            brought
                .entry(case.to_string())
                .or_default()
                .push((step, end));
        }
    }
    for need in cases {
        let of = need.subject.as_ref().and_then(|case| brought.get(case));
        let holds = |end: &Option<String>| end.is_none() || *end == need.due;
        let steps = of.into_iter().flatten().filter(|(_, end)| holds(end));
        need.escalated = steps.map(|(step, _)| *step).max();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CaseId, Fingerprint, Timestamp};
    use crate::service::Why;

    #[test]
    fn the_farthest_step_that_left_for_the_end_in_force_is_shown() {
        let (case, end) = (CaseId::from_bits(7), Timestamp::from_millis(9_000));
        let row = |step, end, fate| ToldRow {
            reviewer: Fingerprint([1; 32]),
            about: About::Escalation { case, step, end },
            fate,
            at: Timestamp::from_millis(0),
        };
        let need = || {
            let need = Need::of(Why::HeldCase, "look").about(case.to_string());
            let due = Some(end.to_string());
            Need { due, ..need }
        };
        let other = Timestamp::from_millis(1);
        use EscalationStep::{Controller, Deputy, Reviewer};
        for (told, shown) in [
            (vec![], None),
            (vec![row(Reviewer, end, Fate::Sent)], Some(Reviewer)),
            (vec![row(Reviewer, end, Fate::Refused)], None),
            (
                vec![
                    row(Deputy, end, Fate::Uncertain),
                    row(Reviewer, end, Fate::Sent),
                ],
                Some(Deputy),
            ),
            // Before an extension.
            (
                vec![
                    row(Controller, other, Fate::Sent),
                    row(Reviewer, end, Fate::Sent),
                ],
                Some(Reviewer),
            ),
        ] {
            let mut needs = [need()];
            mark(&mut needs, &told);
            assert_eq!(needs[0].escalated, shown, "{told:?}");
            let said = needs[0].line().contains("brought to the");
            assert_eq!(said, shown.is_some(), "{}", needs[0].line());
        }
    }
}
