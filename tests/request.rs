//! Decisions as data: each case folder says a situation in short words, and how it must end.
//!
//! A case is a difference from a plain one (a prospect of the register answers in our thread, live mode), so that what
//! it is about is all that stands in it. `support/request.rs` reads them; here are the loop and the properties.

#[path = "support/request.rs"]
mod support;

use proptest::prelude::*;
use quitus::record::{CaseId, Event, MessageState, RequestKind, Suppression};
use quitus::request::Expectation;
use support::{Case, Expected, run, summary};

#[test]
fn every_case_ends_as_it_should() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/request");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: toml::Table = toml::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for (name, case) in file {
            let case: Case = case
                .try_into()
                .unwrap_or_else(|e| panic!("{path:?} {name}: {e}"));
            let (decision, _) = run(&case);
            let is = summary(&decision, &case.expect);
            if is != case.expect {
                wrong.push(format!(
                    "{path:?} [{name}]\nexpected {:?}\n     got {is:?}",
                    case.expect
                ));
            }
            cases += 1;
        }
    }
    assert!(cases >= 80, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_runs_in_another_case_and_is_asked_again_is_counted_there() {
    let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let case = Case {
        asks: words(&["stop", "access"]),
        facts: words(&[
            "open:rectification",
            "open:access",
            "ended:stop",
            "ended_last:stop",
        ]),
        human: Vec::new(),
        gate: "answer obey A.ok".to_owned(),
        stance: None,
        unsure: false,
        set: String::new(),
        expect: Expected::default(),
    };
    let (decision, _) = run(&case);
    let plan = decision.case.clone().unwrap();
    let other = CaseId::from_bits(8);
    assert_eq!(plan.beside, [(other, RequestKind::Access)]);
    let opened: Vec<RequestKind> = plan.opened.iter().map(|o| o.kind).collect();
    assert_eq!(opened, [RequestKind::Stop], "one clock, and one letter");
    let relies = (decision.expectations.iter())
        .any(|e| matches!(e, Expectation::Case { id, version: 3 } if *id == other));
    assert!(relies, "{:?}", decision.expectations);
    let events = decision.into_events(Default::default());
    let there = |e: &Event| match e {
        Event::Reminded { case, request, .. } => Some((*case, *request)),
        _ => None,
    };
    let counted: Vec<_> = events.iter().filter_map(there).collect();
    assert_eq!(counted, [(other, RequestKind::Access)]);
}

#[test]
fn nobodys_data_are_given_or_erased_unproved_whatever_else_holds_the_letter() {
    let waiting = |kind: &str, gate: &str, facts: &[&str]| {
        let case = Case {
            asks: vec![kind.to_owned()],
            facts: facts.iter().map(|f| (*f).to_owned()).collect(),
            human: Vec::new(),
            gate: gate.to_owned(),
            stance: None,
            unsure: false,
            set: String::new(),
            expect: Expected::default(),
        };
        let (decision, _) = run(&case);
        let rule = decision.rule.to_string();
        (rule, decision.case.unwrap().awaiting_identity)
    };
    for gate in ["act_only obey A5.dmarc", "act_only obey A6"] {
        let held = gate.split_whitespace().last().unwrap().to_owned();
        for (word, kind) in [
            ("access", RequestKind::Access),
            ("erasure", RequestKind::Erasure),
        ] {
            let unproved = waiting(word, gate, &["no_thread"]);
            assert_eq!(unproved, (held.clone(), vec![kind]));
            assert_eq!(waiting(word, gate, &[]), (held.clone(), Vec::new()));
        }
        assert!(waiting("stop", gate, &["no_thread"]).1.is_empty());
    }
    let junk = waiting("erasure", "answer obey A.ok", &["no_thread", "junk"]);
    assert_eq!(junk, ("A5.junk".to_owned(), vec![RequestKind::Erasure]));
}

fn words(all: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(proptest::sample::select(all).prop_map(str::to_owned), 0..4)
}

fn any_case() -> impl Strategy<Value = Case> {
    let kinds = words(&[
        "stop",
        "source",
        "access",
        "erasure",
        "rectification",
        "complaint",
        "stop?",
    ]);
    let facts = words(&[
        "stranger",
        "assistant",
        "no_thread",
        "token",
        "dmarc",
        "us",
        "junk",
        "by_hand",
        "old",
        "reread",
        "shadow",
        "review_mode",
        "customer",
        "freemail",
        "country:DE",
        "vague",
        "no_template",
        "subject",
        "open:stop",
        "open:access",
        "closed",
        "suppressed",
        "mailed_after",
        "cap_week",
        "cap_day",
        "cap_domain",
        "hour_full",
        "failing",
        "repeated",
        "same_mail",
        "same_content",
        "unsubscribe",
        "named",
        "forwarded",
    ]);
    let human = words(&[
        "threat",
        "death",
        "whole_firm",
        "other_person",
        "on_behalf",
        "changed_mind",
    ]);
    let gate = proptest::sample::select(vec![
        "answer obey A.ok",
        "act_only obey A5",
        "never note A3",
        "never report A2",
        "never nothing A4",
        "never obey A11",
    ]);
    let stance = proptest::option::of(proptest::sample::select(vec![
        "not_interested",
        "interested",
        "departed",
        "question",
    ]));
    (kinds, facts, human, gate, stance, any::<bool>()).prop_map(
        |(asks, facts, human, gate, stance, unsure)| Case {
            asks,
            facts,
            human,
            gate: gate.to_owned(),
            stance: stance.map(str::to_owned),
            unsure,
            set: String::new(),
            expect: Expected::default(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_decision_answers_a_robot_forgets_a_stop_or_writes_to_a_stranger(case in any_case()) {
        let (d, from) = run(&case);
        let file: quitus::record::Address = "jean@entreprise.com".parse().unwrap();
        let automatic = d.letter.iter().chain(&d.draft).filter(|l| l.is_automatic()).count();
        prop_assert!(automatic <= 1 && d.draft.iter().all(|l| !l.is_automatic()));
        for letter in d.letter.iter().chain(&d.draft) {
            prop_assert!(letter.to.as_ref() == Some(&from) || letter.to.as_ref() == Some(&file));
        }
        if case.gate.starts_with("never") {
            prop_assert!(d.letter.is_none() && d.draft.is_none());
        }
        let has = |f: &str| case.facts.iter().any(|x| x == f);
        let obeyed = case.gate.contains(" obey ") && !has("us") && !has("same_content");
        if obeyed && case.asks.iter().any(|k| k == "stop") && !case.asks.iter().any(|k| k == "stop?") {
            prop_assert!(d.suppressions.iter().any(|s| s.suppression == Suppression::Suppressed));
        }
        if has("shadow") || has("review_mode") || has("old") {
            prop_assert_eq!(automatic, 0);
        }
        // A known message keeps the state that it had; everything else is answered by exactly one letter.
        if d.state == MessageState::Answered && !d.again {
            prop_assert_eq!(automatic, 1);
        }
        let complaint = d.case.as_ref().is_some_and(|c| c.opened.iter().any(|o| o.kind == RequestKind::Complaint));
        prop_assert!(!complaint || automatic == 0);
        let again = d.again;
        let events = d.into_events(Default::default());
        let last = events.iter().any(|e| matches!(e, Event::Decided { .. }));
        prop_assert!(again || last);
    }
}
