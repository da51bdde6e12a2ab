//! Replies in many languages, and how they must be read: data in `tests/cases/intent/<lang>.toml`, each run with LF and CRLF.

#[path = "intent/sets.rs"]
mod sets;
#[path = "intent/short.rs"]
mod short;

use quitus::intent::eval::{Done, Intent, Score, Wanted};
use quitus::intent::{Fate, LexiconSource, Question, Reader, Thresholds, builtin, outcome, with};
use quitus::mail::Gate;
use quitus::record::{Outcome, Reading, RequestKind, RuleId, Verdict};
use std::sync::OnceLock;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    say: String,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    hold: bool,
}

fn reader() -> &'static Reader {
    static READER: OnceLock<Reader> = OnceLock::new();
    READER.get_or_init(|| {
        builtin().unwrap_or_else(|faults| {
            panic!(
                "{}",
                faults.iter().map(|f| format!("{f}\n")).collect::<String>()
            )
        })
    })
}

fn gate(verdict: Verdict, reading: Reading) -> Gate {
    Gate {
        verdict,
        reading,
        rule: RuleId::of("A.ok"),
        sign: String::new(),
    }
}

fn open_gate() -> Gate {
    gate(Verdict::Answer, Reading::Obey)
}

#[test]
fn every_reply_is_read_as_its_case_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir("tests/cases/intent").unwrap() {
        let path = entry.unwrap().path();
        let cases: Cases = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in cases.case {
            count += 1;
            for say in [
                case.say.clone(),
                format!("{}\r\n\r\n", case.say.replace('\n', "\r\n")),
            ] {
                let read = reader().read(&Question {
                    fresh: &say,
                    from: "me@own.test",
                    ..Question::default()
                });
                let mut kinds: Vec<String> = read
                    .requests
                    .iter()
                    .map(|f| f.kind.word().to_owned())
                    .collect();
                let mut expected = case.kinds.clone();
                kinds.sort();
                expected.sort();
                let held = outcome(&open_gate(), &read, &Thresholds::default()).0 == Outcome::Hold;
                if held != case.hold || (kinds != expected && !case.hold) {
                    wrong.push(format!(
                        "{}: {:?}\n  - {expected:?} hold {}\n  + {kinds:?} hold {held}\n  {read:?}",
                        path.display(),
                        say,
                        case.hold
                    ));
                }
                for evidence in read.requests.iter().flat_map(|f| &f.evidence) {
                    let start = evidence.start.unwrap();
                    assert!(
                        say[start..].starts_with(&evidence.text),
                        "evidence is what was typed: {evidence:?}"
                    );
                }
            }
        }
    }
    assert!(count > 100, "only {count} cases were found");
    assert!(
        wrong.is_empty(),
        "{} are read otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_word_that_the_quoted_mail_defines_as_the_opt_out_is_one_and_another_is_not() {
    let elided = "> Répondez :\n> 1 = envoyez-moi la brochure\n> 3 = ne plus recevoir nos mails";
    let asks = |fresh| {
        reader()
            .read(&Question {
                fresh,
                elided,
                ..Question::default()
            })
            .asks(RequestKind::Stop)
    };
    assert!(asks("3"));
    assert!(!asks("1"));
}

#[test]
fn a_stop_in_the_subject_counts_if_the_person_typed_it() {
    let stop = |subject, subject_is_reply, fresh| {
        reader()
            .read(&Question {
                fresh,
                subject,
                subject_is_reply,
                ..Question::default()
            })
            .asks(RequestKind::Stop)
    };
    assert!(stop("Stop", false, ""));
    assert!(stop("Re: Your pallets - STOP", true, "."));
    assert!(!stop("Re: Stop aux coupures", true, "Merci, à jeudi."));
}

#[test]
fn a_standing_opt_out_in_an_automatic_reply_is_held_and_an_absence_is_ignored() {
    let note = gate(Verdict::Never, Reading::Note);
    let read = |fresh| {
        reader().read(&Question {
            fresh,
            automatic: true,
            ..Question::default()
        })
    };
    let judge = |fresh| outcome(&note, &read(fresh), &Thresholds::default()).0;
    assert_eq!(
        judge("I am out of the office until Monday."),
        Outcome::Ignore
    );
    assert_eq!(
        judge("Please remove me from your mailing list."),
        Outcome::Hold
    );
}

#[test]
fn a_request_that_meets_the_verdict_act_only_is_held() {
    let read = reader().read(&Question {
        fresh: "STOP",
        ..Question::default()
    });
    let doubt = gate(Verdict::ActOnly, Reading::Obey);
    assert_eq!(
        outcome(&doubt, &read, &Thresholds::default()).0,
        Outcome::Hold
    );
    assert_eq!(
        outcome(&open_gate(), &read, &Thresholds::default()),
        (Outcome::Act, None)
    );
}

#[test]
fn whoever_left_a_firm_and_asks_is_for_a_human() {
    let read = |fresh| {
        reader().read(&Question {
            fresh,
            ..Question::default()
        })
    };
    let judge = |fresh| outcome(&open_gate(), &read(fresh), &Thresholds::default());
    assert_eq!(
        judge("J'ai quitté la société ACME le 31 janvier. Merci de me retirer de votre liste."),
        (Outcome::Hold, Some("departed".into()))
    );
    assert_eq!(
        judge("Merci de me retirer de votre liste."),
        (Outcome::Act, None)
    );
}

#[test]
fn an_empty_reply_is_held_because_nothing_is_left() {
    let read = reader().read(&Question::default());
    assert_eq!(
        outcome(&open_gate(), &read, &Thresholds::default()),
        (Outcome::Hold, Some("nothing_left".into()))
    );
}

#[test]
fn all_mistakes_of_a_lexicon_are_told_at_once_with_line_and_remedy() {
    let text = "language = \"fr\"\nwrods = [\"je\"]\n[[stop]]\nid = \"a\"\nsay = [\"@nobody plus\", \"..2 mail\", \"(ne plus\"]\n[[stop]]\nid = \"a\"\nsay = []\nwhere = \"clauses\"\n[[test]]\nsay = \"STOP\"\n";
    let faults = with(&[(
        "fr",
        LexiconSource {
            path: "fr.toml",
            text,
        },
    )])
    .unwrap_err();
    let told: String = faults.iter().map(|f| format!("{f}\n")).collect();
    for expected in [
        "fr.toml:2:1: unknown section \"wrods\"\n  → did you mean \"words\"?",
        "no class @nobody",
        "begins with a gap",
        "not closed",
        "a second stop rule \"a\"",
        "says nothing",
        "clauses",
    ] {
        assert!(told.contains(expected), "{expected} is missing in:\n{told}");
    }
}

#[test]
fn an_example_that_is_read_otherwise_is_a_mistake_of_the_lexicon() {
    let text = "language = \"fr\"\n[[test]]\nsay = \"STOP\"\n";
    let faults = with(&[(
        "fr",
        LexiconSource {
            path: "fr.toml",
            text,
        },
    )])
    .unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].to_string().contains("any.stop.keyword/1"),
        "{}",
        faults[0]
    );
}

#[test]
fn a_hostile_text_is_read_in_time() {
    let text = "ne me (stop) @a.b, plus de vos mails et données ".repeat(20_000);
    let reader = reader();
    let once = || {
        let begun = std::time::Instant::now();
        reader.read(&Question {
            fresh: &text,
            ..Question::default()
        });
        begun.elapsed()
    };
    // A debug build on a machine that others use, too; whatever is more than linear takes minutes.
    let least = (0..3).map(|_| once()).min().unwrap();
    assert!(least.as_secs() < 10, "{least:?}");
}

/// A reply of `tests/cases/readings/replies.jsonl`, written before anybody looked at the lexicons.
#[derive(serde::Deserialize)]
struct Apart {
    set: String,
    half: String,
    lang: String,
    wants: Vec<String>,
    text: String,
}

fn score(reply: &Apart) -> Score {
    let read = reader().read(&Question {
        fresh: &reply.text,
        from: "me@own.example",
        ..Question::default()
    });
    let wanted = Wanted {
        intents: reply
            .wants
            .iter()
            .map(|w| w.parse::<Intent>().unwrap())
            .collect(),
        human: false,
    };
    wanted.score(&Done {
        outcome: outcome(&open_gate(), &read, &Thresholds::default()).0,
        kinds: read.requests.iter().map(|f| f.kind).collect(),
        may_answer: true,
    })
}

#[test]
fn unusual_words_are_at_least_held_and_ordinary_mail_goes_on() {
    let replies: Vec<Apart> = include_str!("cases/readings/replies.jsonl")
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let mut counts = std::collections::BTreeMap::new();
    for reply in &replies {
        let found = score(reply);
        let place = match found {
            Score::Right => 0,
            Score::Held => 1,
            Score::Wrong => 2,
            Score::Missed => 3,
        };
        counts
            .entry((&*reply.set, &*reply.half))
            .or_insert([0usize; 4])[place] += 1;
        if found != Score::Right
            && (reply.half == "development" || std::env::var_os("HELD_OUT").is_some())
        {
            println!("{found} {} {:?} {}", reply.lang, reply.wants, reply.text);
        }
    }
    println!("right, held, wrong, missed: {counts:?}");
    for half in ["development", "held_out"] {
        // Measured on 2026-11-24: 42, 17, 1, 2 of the development half, 47, 12, 1, 2 of the other; before the weak
        // signals 15 and 13 of 62 were missed. No ordinary mail is held or acted upon.
        let [right, _, wrong, missed] = counts[&("request", half)];
        assert!(
            right >= 42 && wrong <= 1 && missed <= 2,
            "{half}: {counts:?}"
        );
        assert_eq!(counts[&("ordinary", half)][1..], [0, 0, 0], "{half}");
    }
}

/// A lexicon of words that no other has.
const INVENTED: &str = r#"language = "fr"
[classes]
frob = ["frob*", "blorp"]
[[stop]]
id = "frob"
say = ["@frob ..1 zonk moi"]
[[stop]]
id = "alone"
say = ["quux"]
where = "clause"
[[erasure]]
id = "gludd"
say = ["gludd quux"]
[[trap]]
id = "other-sense"
say = ["vilm gludd quux"]
"#;

#[test]
fn a_trace_says_what_became_of_every_phrase_and_where_it_stands() {
    let source = LexiconSource {
        path: "own/fr.toml",
        text: INVENTED,
    };
    let reader = with(&[("fr", source)]).unwrap();
    let trace = |fresh| {
        reader.trace(&Question {
            fresh,
            ..Question::default()
        })
    };
    let fate = |fresh, rule: &str| {
        let seen = trace(fresh).seen;
        let of_rule = seen.into_iter().find(|s| s.phrase.rule == rule).unwrap();
        (of_rule.phrase.line, of_rule.fate)
    };
    assert_eq!(
        fate("Frobben vik zonk moi", "fr.stop.frob/1"),
        (6, Fate::Counts)
    );
    assert_eq!(fate("Quux.", "fr.stop.alone/1"), (9, Fate::Counts));
    assert!(matches!(
        fate("Vik vak quux", "fr.stop.alone/1"),
        (9, Fate::Misplaced(_))
    ));
    assert_eq!(fate("Gludd quux", "fr.erasure.gludd/1"), (13, Fate::Counts));
    let (_, explained) = fate("Vilm gludd quux", "fr.erasure.gludd/1");
    assert!(
        matches!(explained, Fate::Explained(trap) if trap.line == 16 && trap.file == "own/fr.toml")
    );
    let nearly = trace("Vak zonk moi vik. Gludd").nearly;
    assert_eq!(nearly.len(), 1, "{nearly:?}");
    assert_eq!(nearly[0].missing, ["@frob"]);
    assert_eq!((nearly[0].phrase.line, &*nearly[0].text), (6, "zonk moi"));
    assert_eq!(trace("Blorp zonk vik").nearly[0].missing, ["moi"]);
}

#[test]
fn what_is_traced_is_what_is_read() {
    for case in [
        "STOP",
        "Désinscrivez-moi, et envoyez-moi une copie de mes données.",
        "",
    ] {
        let question = Question {
            fresh: case,
            ..Question::default()
        };
        let (read, trace) = (reader().read(&question), reader().trace(&question));
        for rule in read
            .requests
            .iter()
            .flat_map(|f| &f.evidence)
            .map(|e| &e.rule)
        {
            let counts =
                |s: &quitus::intent::Seen| s.phrase.rule == *rule && s.fate == Fate::Counts;
            assert!(trace.seen.iter().any(counts), "{rule}: {trace:?}");
        }
    }
}

#[test]
fn a_word_of_refusal_in_a_phrase_and_a_trap_that_says_no_ask_nothing() {
    let text = "language = \"fr\"\nnegation = [\"nek\"]\n[[erasure]]\nid = \"a\"\nsay = [\"zork ..4 blurb\", \"nek ..2 quux\"]\n\
                [[trap]]\nid = \"no\"\nnegates = true\nsay = [\"zork ..1 vilm\"]\n";
    let source = LexiconSource {
        path: "fr.toml",
        text,
    };
    let reader = with(&[("fr", source)]).unwrap();
    let read = |fresh| {
        reader.read(&Question {
            fresh,
            ..Question::default()
        })
    };
    for (asked, fresh) in [
        (true, "Zork gnar blurb"),
        (false, "Zork nek blurb"),
        (true, "Zork gnar, nek gnar blurb"),
        (true, "Zork nek gnar, gnar blurb"),
        (true, "Nek gnar quux"),
        (false, "Zork vilm blurb"),
        (true, "Zork, vilm gnar blurb"),
    ] {
        let read = read(fresh);
        assert_eq!(read.asks(RequestKind::Erasure), asked, "{fresh}: {read:?}");
    }
    // What is only refused is for a human by the lexicons' word; what a trap says no to is not.
    assert!(read("Zork nek blurb").unsure.is_some());
    assert!(read("Zork vilm blurb").unsure.is_none());
}

#[test]
fn no_phrase_of_our_lexicons_is_in_the_way_of_another() {
    let told: Vec<String> = quitus::intent::LEXICONS
        .iter()
        .flat_map(|(_, source)| quitus::intent::clashes(source))
        .map(|f| f.to_string())
        .collect();
    assert!(told.is_empty(), "{}:\n{}", told.len(), told.join("\n"));
}

#[test]
fn a_longer_phrase_is_in_nobodys_way_since_it_can_outdo_a_trap() {
    let text = "language = \"fr\"\n[[stop]]\nid = \"a\"\nsay = [\"zork\", \"zork tout de suite\", \"vite zork\"]\n\
                [[stop]]\nid = \"b\"\nsay = [\"zork [tout]\"]\nwhere = \"clause\"\n[[trap]]\nid = \"c\"\nsay = [\"pas zork\"]\n";
    let source = LexiconSource {
        path: "fr.toml",
        text,
    };
    assert_eq!(quitus::intent::clashes(&source), []);
}
