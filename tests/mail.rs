//! The mail room on data: what counts as typed, what the gate says, and that no bytes can break either.
//!
//! `tests/cases/gate/*` and `tests/cases/mail/*` hold a `message.eml` and an `expect.toml` each; every case runs with LF
//! and with CRLF. `tests/corpus/replies.jsonl` is assembled as clients would send it.

#[path = "mail/samples.rs"]
mod samples;

use proptest::prelude::*;
use quitus::mail::{Circumstances, Gate, House, InboundMessage, Limits, Report, gate, read};
use quitus::record::TokenKind;
use std::path::PathBuf;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    fresh: Option<String>,
    rule: Option<String>,
    verdict: Option<String>,
    reading: Option<String>,
    unreadable: Option<String>,
    report: Option<String>,
    #[serde(default)]
    answers_ours: bool,
    /// Judged by [`our_house`] instead of without a configuration.
    #[serde(default)]
    configured: bool,
    /// The Message-ID is one of our outbox.
    #[serde(default)]
    is_our_message: bool,
}

/// A configured firm: one mailbox, a group, a list, a forwarder, tokens, a loop header and a warm-up pattern.
fn our_house() -> House {
    let address = |a: &str| quitus::record::Address::parse(a).unwrap();
    House {
        known: true,
        mailboxes: vec![address("sales@us.example")],
        groups: vec![address("team@us.example")],
        own_lists: vec!["desk.us.example".into()],
        forwarded_from: vec![address("old@former.example")],
        own_domains: vec!["us.example".into()],
        is_our_loop: std::sync::Arc::new(|v| v == "signed"),
        bounce_token: std::sync::Arc::new(|a| a.local().ends_with("+bounce1")),
        token: std::sync::Arc::new(|a, _| match a.tag() {
            Some("unsub1") => Some(TokenKind::Unsubscribe),
            Some("reply1") => Some(TokenKind::Reply),
            _ => None,
        }),
        is_warm_up: std::sync::Arc::new(|m| m.subject.contains("wrmp-77")),
        ..House::unknown()
    }
}

fn cases(area: &str) -> Vec<(String, Vec<u8>, Expect)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(area);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&root).unwrap() {
        let dir = entry.unwrap().path();
        let mail = std::fs::read(dir.join("message.eml")).unwrap();
        let expect = std::fs::read_to_string(dir.join("expect.toml")).unwrap();
        let expect = toml::from_str(&expect).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        found.push((
            dir.file_name().unwrap().to_string_lossy().into_owned(),
            mail,
            expect,
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty(), "no cases in {}", root.display());
    found
}

fn both_line_ends(mail: &[u8]) -> [Vec<u8>; 2] {
    let text: Vec<u8> = mail.iter().copied().filter(|b| *b != b'\r').collect();
    let crlf = text.iter().flat_map(|b| {
        if *b == b'\n' {
            vec![b'\r', b'\n']
        } else {
            vec![*b]
        }
    });
    [text.clone(), crlf.collect()]
}

fn judge(
    raw: &[u8],
    answers_ours: bool,
) -> Result<(InboundMessage, Gate), quitus::mail::Unreadable> {
    judge_in(raw, &House::unknown(), answers_ours, false)
}

fn judge_in(
    raw: &[u8],
    house: &House,
    answers_ours: bool,
    is_our_message: bool,
) -> Result<(InboundMessage, Gate), quitus::mail::Unreadable> {
    let message = read(raw, &Limits::default(), Some(house), &())?;
    let circumstances = Circumstances {
        answers_ours,
        is_our_message,
        ..Circumstances::default()
    };
    let verdict = gate(&message, house, &circumstances);
    Ok((message, verdict))
}

fn report_word(report: Option<&Report>) -> &'static str {
    match report {
        None => "none",
        Some(Report::Disposition { .. }) => "disposition",
        Some(Report::Feedback { .. }) => "feedback",
        Some(Report::Delivery { recipients, .. }) if recipients.iter().any(|r| r.failed) => {
            "failed"
        }
        Some(Report::Delivery { .. }) => "delayed",
    }
}

fn wrong(raw: &[u8], expect: &Expect) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut differs = |what: &str, wanted: Option<&str>, got: &str| {
        if let Some(wanted) = wanted.filter(|w| *w != got) {
            let diff = similar::TextDiff::from_lines(wanted, got)
                .unified_diff()
                .to_string();
            wrong.push(format!("{what}:\n{diff}"));
        }
    };
    let house = if expect.configured {
        our_house()
    } else {
        House::unknown()
    };
    match judge_in(raw, &house, expect.answers_ours, expect.is_our_message) {
        Err(e) => differs(
            "unreadable",
            Some(expect.unreadable.as_deref().unwrap_or("readable")),
            &e.to_string(),
        ),
        Ok((m, g)) => {
            differs("unreadable", expect.unreadable.as_deref(), "readable");
            differs("fresh", expect.fresh.as_deref(), &m.fresh.text);
            differs("rule", expect.rule.as_deref(), g.rule.as_str());
            differs("verdict", expect.verdict.as_deref(), g.verdict.word());
            differs("reading", expect.reading.as_deref(), g.reading.word());
            differs(
                "report",
                expect.report.as_deref(),
                report_word(m.report.as_ref()),
            );
        }
    }
    wrong
}

fn run(area: &str) {
    let mut failures = Vec::new();
    for (name, mail, expect) in cases(area) {
        for (end, raw) in ["LF", "CRLF"].iter().zip(both_line_ends(&mail)) {
            failures.extend(
                wrong(&raw, &expect)
                    .into_iter()
                    .map(|w| format!("{area}/{name} ({end}) {w}")),
            );
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn the_gate_knows_robots_and_silences_nobody() {
    run("gate");
}

#[test]
fn only_what_was_typed_is_fresh() {
    run("mail");
}

#[derive(serde::Deserialize)]
struct Reply {
    id: String,
    subject: String,
    from: String,
    body: String,
    quoted: String,
    html: bool,
    signature: String,
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// As a client would: typed lines in a div, lines behind `>` in a blockquote.
fn as_html(text: &str) -> String {
    let mut html = String::from("<html><body><div>");
    let mut quoting = false;
    for line in text.lines() {
        let inner = line.strip_prefix('>');
        if inner.is_some() != quoting {
            html.push_str(if quoting {
                "</blockquote>"
            } else {
                "<blockquote type=\"cite\">"
            });
            quoting = !quoting;
        }
        html.push_str(&format!(
            "<div>{}<br></div>\n",
            escaped(inner.unwrap_or(line).trim_start())
        ));
    }
    html.push_str(if quoting {
        "</blockquote></div></body></html>"
    } else {
        "</div></body></html>"
    });
    html
}

#[test]
fn replies_of_the_corpus_keep_what_was_typed_and_lose_what_was_quoted() {
    let corpus = include_str!("corpus/replies.jsonl");
    let replies: Vec<Reply> = corpus
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let (mut exact, mut modulo, mut missed) = (0, 0, Vec::new());
    for r in &replies {
        let parts = [&r.body, &r.signature, &r.quoted];
        let text = parts
            .iter()
            .filter(|p| !p.is_empty())
            .map(|p| p.as_str())
            .collect::<Vec<_>>()
            .join("\n\n");
        let (kind, text) = if r.html {
            ("html", as_html(&text))
        } else {
            ("plain", text)
        };
        let raw = format!(
            "From: {}\nSubject: {}\nContent-Type: text/{kind}; charset=utf-8\n\n{text}\n",
            r.from, r.subject
        );
        let message = read(raw.as_bytes(), &Limits::default(), None, &()).unwrap();
        let got = words(&message.fresh.text);
        let typed: String = r
            .body
            .lines()
            .filter(|l| !l.starts_with('>'))
            .collect::<Vec<_>>()
            .join("\n");
        let (body, signed) = (
            words(&r.body),
            words(&format!("{}\n{}", r.body, r.signature)),
        );
        let typed_signed = words(&format!("{typed}\n{}", r.signature));
        exact += usize::from(got == body || got == words(&typed));
        // a name more or less, at the end, decides nothing
        let near = |whole: &str| whole.starts_with(&got) && whole.len() - got.len() <= 60;
        let same = got == body
            || got == signed
            || got == words(&typed)
            || got == typed_signed
            || near(&signed)
            || near(&typed_signed)
            || (signed.starts_with(&body) && got.starts_with(&body) && signed.starts_with(&got));
        if same {
            modulo += 1;
        } else {
            missed.push(format!("{}\n  want {body:.300}\n  got  {got:.300}", r.id));
        }
    }
    println!(
        "exact {exact}, modulo signature {modulo}, of {}\n{}",
        replies.len(),
        missed.join("\n")
    );
    assert!(
        modulo * 100 >= replies.len() * 90,
        "{modulo} of {}",
        replies.len()
    );
}

#[test]
fn a_second_from_or_none_makes_it_dead() {
    for (raw, ok) in [
        ("From: a@x.de\nFrom: b@x.de\n\nhi", false),
        ("From: a@x.de, b@x.de\n\nhi", false),
        ("From: b@x.de, Meier\n\nhi", false),
        ("From: ceo@bank.example, Meier <evil@x.de>\n\nhi", false),
        ("From: ceo@bank, Meier <evil@x.de>\n\nhi", false),
        ("To: a@x.de\n\nhi", false),
        ("From: \"ceo@bank.example\" <evil@x.de>\n\nhi", true),
        ("", false),
    ] {
        assert_eq!(judge(raw.as_bytes(), false).is_ok(), ok, "{raw}");
    }
    // Everyday mail: the name should have been quoted.
    let (message, _) = judge(b"From: Gemeente Noord, dhr. Kok <kok@x.nl>\n\nhi", false).unwrap();
    assert_eq!(message.from.unwrap().as_str(), "kok@x.nl");
    assert_eq!(message.from_name.unwrap(), "Gemeente Noord, dhr. Kok");
    let looped = format!("{}From: a@x.de\n\nhi", "Received: x\n".repeat(101));
    assert!(judge(looped.as_bytes(), false).is_err());
}

#[test]
fn hostile_messages_cost_a_bounded_amount() {
    let nested: String = (0..3000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
        .collect();
    for raw in [
        format!("From: a@x.de\n{nested}hi"),
        format!("From: a@x.de\n{}\nhi", "X: y\n".repeat(1_000_000)),
        format!(
            "From: a@x.de\nContent-Type: text/html\n\n{}",
            "<div>".repeat(100_000)
        ),
        format!(
            "From: a@x.de\nContent-Type: text/html\n\n{}",
            "<!--".repeat(100_000)
        ),
        format!(
            "From: a@x.de\nContent-Type: text/html\n\n{}",
            "<a b=\"".repeat(50_000)
        ),
        format!("From: a@x.de\n\n{}", "> ".repeat(200_000)),
        format!("From: a@x.de\n\n{}", "a@b 10:00 wrote\n".repeat(20_000)),
        format!("From: a@x.de\n\n{}", "\0\r".repeat(100_000)),
        format!(
            "From: a@x.de\n\n{}{}",
            "> x\n".repeat(30_000),
            "reply above this line\n".repeat(5_000)
        ),
        format!("From: a@x.de\n\n{}", "From: x\n".repeat(20_000)),
        format!("From: a@x.de\n\n{}", "10:00 2025-01-01\n".repeat(10_000)),
    ] {
        let _ = judge(raw.as_bytes(), false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut raw = b"From: a@x.de\nContent-Type: text/html\n\n".to_vec();
        let _ = judge(&bytes, false);
        raw.extend(&bytes);
        let _ = judge(&raw, false);
    }

    #[test]
    fn line_ends_change_nothing(text in "(From: a@x.de\n)?[ -~\n<>:@é]{0,200}", html in any::<bool>()) {
        let kind = if html { "html" } else { "plain" };
        let raw = format!("From: a@x.de\nContent-Type: text/{kind}; charset=utf-8\n\n{text}");
        let [lf, crlf] = both_line_ends(raw.as_bytes());
        let fresh = |r: &[u8]| judge(r, false).map(|(m, _)| m.fresh.text).ok();
        prop_assert_eq!(fresh(&lf), fresh(&crlf));
    }
}
