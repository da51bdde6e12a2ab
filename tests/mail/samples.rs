//! Two sample sets, written before the rules were mended: how mail clients quote, and what robots and people send.
//!
//! `tests/cases/quotations` and `tests/cases/gate_samples` (each with a README) are split by client or mail server into a
//! half to develop with and a half that is only measured. Figures are printed; the floors below are what was measured.

use super::judge;
use quitus::mail::{Limits, Report, read};
use quitus::record::{Reading, Verdict};
use std::collections::HashMap;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Quotation {
    id: String,
    half: String,
    kind: String,
    body: String,
    fresh: String,
    /// Lines of a closing formula and a name: as right with as without them.
    #[serde(default)]
    closing: String,
    /// Who wrote it, where the signature bears the name.
    #[serde(default = "paul")]
    from: String,
}

fn paul() -> String {
    "Paul Roux <paul.roux@roux.example>".into()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    id: String,
    half: String,
    what: String,
    mail: String,
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|l| !l.is_empty())
        .collect()
}

/// Harmonic mean of precision and recall over the lines, as often as each stands.
fn f1(want: &[String], got: &[String]) -> f64 {
    if want.is_empty() && got.is_empty() {
        return 1.0;
    }
    let mut left: HashMap<&String, usize> = HashMap::new();
    for line in want {
        *left.entry(line).or_default() += 1;
    }
    let mut hits = 0;
    for line in got {
        if let Some(n) = left.get_mut(line).filter(|n| **n > 0) {
            *n -= 1;
            hits += 1;
        }
    }
    2.0 * f64::from(hits) / (want.len() + got.len()) as f64
}

/// The best F1 over all lengths of the closing that may stand.
fn judged(sample: &Quotation, got: &[String]) -> f64 {
    let closing = lines(&sample.closing);
    (0..=closing.len())
        .map(|n| {
            let mut want = lines(&sample.fresh);
            want.extend_from_slice(&closing[..n]);
            if want == got {
                1.0
            } else {
                f1(&want, got).min(0.999)
            }
        })
        .fold(0.0, f64::max)
}

fn read_quotation(sample: &Quotation) -> Vec<String> {
    let kind = match sample.kind.as_str() {
        "html" => "text/html; charset=utf-8",
        "flowed" => "text/plain; charset=utf-8; format=flowed",
        _ => "text/plain; charset=utf-8",
    };
    let raw = format!(
        "From: {}\nSubject: Re: Cleaning\nContent-Type: {kind}\n\n{}",
        sample.from, sample.body
    );
    let message = read(raw.as_bytes(), &Limits::default(), None, &()).unwrap();
    lines(&message.fresh.text)
}

/// Whether failures of the held-out half are named: only for a last look, never while mending rules.
fn named(half: &str) -> bool {
    half == "development" || std::env::var_os("NAME_HELD_OUT").is_some()
}

#[test]
fn quotations_of_many_clients_are_set_apart() {
    let samples: Vec<Quotation> = include_str!("../cases/quotations/samples.jsonl")
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    for (half, exact_floor, f1_floor) in [("development", 98.0, 0.99), ("held_out", 97.0, 0.99)] {
        let of_half: Vec<_> = samples.iter().filter(|s| s.half == half).collect();
        let (mut exact, mut sum) = (0, 0.0);
        for s in &of_half {
            let got = read_quotation(s);
            let score = judged(s, &got);
            exact += usize::from(score == 1.0);
            sum += score;
            if score < 1.0 && named(half) {
                println!("{}\n  want {:?}\n  got  {got:?}", s.id, lines(&s.fresh));
            }
        }
        let share = 100.0 * exact as f64 / of_half.len() as f64;
        let mean = sum / of_half.len() as f64;
        println!(
            "{half}: {exact} of {} exact ({share:.1} %), F1 {mean:.3}",
            of_half.len()
        );
        assert!(share >= exact_floor && mean >= f1_floor, "{half}");
    }
}

/// Whether the gate says of a message what it is; a person only has to be heard.
fn seen_as(sample: &Sample) -> (bool, String) {
    let Ok((message, gate)) = judge(sample.mail.as_bytes(), false) else {
        return (false, "unreadable".into());
    };
    let right = match sample.what.as_str() {
        "bounce" => gate.rule.as_str() == "A2",
        "arf" => {
            gate.rule.as_str() == "A2" && matches!(message.report, Some(Report::Feedback { .. }))
        }
        "list" => gate.rule.as_str() == "A4",
        "auto" => gate.verdict != Verdict::Answer,
        "person" => gate.reading == Reading::Obey,
        other => panic!("{other}: no such kind"),
    };
    (right, format!("{} {}", gate.rule.as_str(), gate.sign))
}

#[test]
fn robots_are_recognised_and_people_are_heard() {
    let samples: Vec<Sample> = include_str!("../cases/gate_samples/samples.jsonl")
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    for half in ["development", "held_out"] {
        for (what, floor) in [
            ("bounce", 99),
            ("auto", 97),
            ("list", 100),
            ("arf", 100),
            ("person", 100),
        ] {
            let of_kind: Vec<_> = samples
                .iter()
                .filter(|s| s.half == half && s.what == what)
                .collect();
            let mut right = 0;
            for s in &of_kind {
                let (ok, sign) = seen_as(s);
                right += usize::from(ok);
                if !ok && named(half) {
                    println!("{}: {sign}", s.id);
                }
            }
            println!("{half} {what}: {right} of {}", of_kind.len());
            assert!(
                right * 100 >= of_kind.len() * floor,
                "{half} {what}: {right}"
            );
        }
    }
}
