//! Every labelled set through the whole core, with the least that may be right and the most that may be wrong or missed.
//!
//! A number here is what was measured when it was last raised, and two or three to spare, since processors add in different
//! orders; whoever makes the reader better raises it. Single replies of `apart.jsonl` are never printed: it only judges.
//! `quitus eval` shows those of the others.

use super::reader;
use quitus::intent::eval::{Count, Done, Labelled, compose};
use quitus::intent::{Thresholds, outcome, understand};
use quitus::mail::{Circumstances, House, Limits, gate, read};
use quitus::record::Verdict;

/// Sets that only judge, and which of their lines (every one, every fourth); right at least; wrong at most; missed at most.
const FLOORS: &[(&str, usize, usize, usize, usize)] = &[
    ("corpus/replies", 1, 176, 2, 2),
    ("texts/zoe", 1, 406, 9, 7),
    ("texts/apart", 1, 440, 7, 11),
    ("texts/everyday", 4, 236, 3, 2),
    ("texts/office", 4, 167, 1, 1),
];

fn count(set: &str, every: usize) -> Count {
    let text = std::fs::read_to_string(format!("tests/{set}.jsonl")).unwrap();
    let (house, thresholds) = (House::unknown(), Thresholds::default());
    let mut count = Count::default();
    for line in text.lines().step_by(every) {
        let reply: Labelled = serde_json::from_str(line).unwrap();
        let raw = compose(&reply, "us@quitus.example");
        let message = read(&raw, &Limits::default(), Some(&house), &()).unwrap();
        let gate = gate(&message, &house, &Circumstances::default());
        let (gate, read) = understand(reader(), &message, gate);
        let done = Done {
            outcome: outcome(&gate, &read, &thresholds).0,
            kinds: read.requests.iter().map(|f| f.kind).collect(),
            may_answer: gate.verdict == Verdict::Answer,
        };
        count.add(reply.score(&done));
    }
    count
}

#[track_caller]
fn holds(set: &str) {
    let (_, every, right, wrong, missed) = FLOORS.iter().find(|f| f.0 == set).unwrap();
    let count = count(set, *every);
    println!("{set}: {count:?}");
    let well = count.right >= *right && count.wrong <= *wrong && count.missed <= *missed;
    assert!(
        well,
        "{count:?}, where right ≥ {right}, wrong ≤ {wrong}, missed ≤ {missed}"
    );
}

#[test]
fn the_shared_corpus_is_read_at_least_as_well_as_it_was() {
    holds("corpus/replies");
}

#[test]
fn the_set_by_which_the_readers_were_joined_is_read_at_least_as_well_as_it_was() {
    holds("texts/zoe");
}

#[test]
fn the_set_that_nobody_looks_into_is_read_at_least_as_well_as_it_was() {
    holds("texts/apart");
}

#[test]
fn an_ordinary_month_is_read_at_least_as_well_as_it_was() {
    holds("texts/everyday");
}

#[test]
fn ordinary_office_mail_is_passed_over_at_least_as_well_as_it_was() {
    holds("texts/office");
}

#[test]
fn every_text_to_learn_from_is_well_formed_and_has_a_name_of_its_own() {
    let files = std::fs::read_dir("tests/texts").unwrap();
    let paths = files.map(|f| f.unwrap().path());
    let (mut names, mut texts) = (std::collections::HashSet::new(), 0);
    for path in paths.filter(|p| p.extension().is_some_and(|e| e == "jsonl")) {
        for (n, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let place = format!("{}:{}", path.display(), n + 1);
            let reply: Labelled = serde_json::from_str(line).expect(&place);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(reply.id.starts_with(stem), "{place}: {}", reply.id);
            assert!(names.insert(reply.id), "{place}");
            assert!(!reply.intents.is_empty(), "{place}");
            texts += 1;
        }
    }
    assert!(texts > 17_000, "{texts}");
}
