//! Mails to our own reviewers: once a day what waits, at once what cannot wait, each once; and nobody's request.

use crate::hour;
use crate::stage::{FIRM, MAILBOX, Stage, read};
use quitus::record::{Alarm, Event, MessageState, Mode, RuleId};
use quitus::sandbox::smtp;
use quitus::sandbox::smtp::{Effect, Fault, Step};
use quitus::service::{Committed, Proposal, Status};
use serde_json::json;
use std::time::Duration;

const DAY: i64 = 86_400;
/// The demo's configuration ends within a table of its own.
const ONE: &str = "\n[review]\nreviewers = [\"dpo@cabinet.example\"]\n";
const TWO: &str = "\n[review]\nreviewers = [\"dpo@cabinet.example\", { address = \"lea@ateliervauban.example\", language = \"en\" }]\n";

/// Longer than the daemon waits between two looks.
async fn some_looks() {
    tokio::time::sleep(Duration::from_millis(1300)).await;
}

async fn mails(stage: &Stage, count: usize) -> Vec<smtp::Received> {
    let came = stage.post.wait_for(count, Duration::from_secs(10)).await;
    assert!(came, "{} of {count} mails", stage.post.count());
    some_looks().await;
    let all = stage.post.received();
    assert_eq!(all.len(), count, "one mail too many");
    all
}

fn head(mail: &smtp::Received) -> String {
    let raw = String::from_utf8_lossy(&mail.raw).into_owned();
    raw.split("\r\n\r\n").next().unwrap().to_owned()
}

fn needs(status: &Status, why: &str) -> bool {
    let mut all = status.needs.iter().flat_map(|n| &n.why);
    all.any(|w| w.word() == why)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reviewer_gets_one_digest_a_day_in_their_language_also_in_shadow() {
    let stage = Stage::with(Mode::Shadow, TWO).await;
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    some_looks().await;
    assert_eq!(stage.post.count(), 0, "the hour has not come");
    stage.later(DAY);
    let all = mails(&stage, 2).await;
    let case = stage.open().await.pop().unwrap();
    let of = |who: &str| all.iter().find(|m| m.to == [who]).unwrap();
    let (dpo, lea) = (of("dpo@cabinet.example"), of("lea@ateliervauban.example"));
    for mail in [dpo, lea] {
        let head = head(mail);
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(
            head.contains("X-Quitus-Loop: ") && !head.contains("In-Reply-To"),
            "{head}"
        );
        let text = read(mail).0;
        let command = format!("quitus requests show {case}");
        assert!(text.replace('\n', " ").contains(&command), "{text}");
        let raw = String::from_utf8_lossy(&mail.raw);
        for planted in ["anne@", "Zibeline", "directrice"] {
            assert!(
                !raw.contains(planted) && !text.contains(planted),
                "{planted}: {text}"
            );
        }
    }
    let (fr, en) = (read(dpo).0, read(lea).0);
    assert!(
        fr.contains("une lettre à approuver") && fr.contains("laisse tranquilles"),
        "{fr}"
    );
    assert!(
        en.contains("a letter to approve") && en.contains("asked to be left alone"),
        "{en}"
    );
    assert!(en.contains("1 messages read, 1 people asked"), "{en}");
    assert!(
        !en.contains('_') && !fr.contains('_'),
        "every reason has words: {fr}{en}"
    );

    // The next day tells only what is new beside what still waits.
    stage.later(DAY);
    let all = mails(&stage, 4).await;
    let lea = all.iter().rfind(|m| m.to[0].starts_with("lea")).unwrap();
    let en = read(lea).0;
    assert!(
        en.contains("0 messages read") && !en.contains("tools that send"),
        "{en}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_nothing_waits_and_nothing_happened_has_a_digest_only_if_it_was_asked_for() {
    for (more, expected) in [
        (ONE.to_owned(), 0),
        (format!("{ONE}digest_when_empty = true\n"), 1),
    ] {
        let stage = Stage::with(Mode::Live, &more).await;
        stage.later(DAY);
        stage
            .until("the day is done", || {
                stage.state(|s| s.last_digest().unwrap().is_some())
            })
            .await;
        let all = mails(&stage, expected).await;
        assert!(
            all.iter()
                .all(|m| read(m).0.contains("Rien n’attend personne"))
        );
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_and_a_legal_end_are_told_at_once_and_once_while_letters_wait_for_the_flag() {
    // The day's own digest would be a mail more.
    let review = format!("{ONE}digest_hour = {}\n", hour::far());
    let stage = Stage::with(Mode::Live, &review).await;
    let places = vec!["log/00000001.log at octet 99, 1 octets: these octets are no frame".into()];
    let event = Event::Alarm(Alarm::Damaged { places });
    let done = stage
        .daemon
        .office
        .sequencer
        .commit(Proposal::new(vec![event]))
        .await;
    assert!(matches!(done, Committed::Frame(_)));
    let all = mails(&stage, 1).await;
    let text = read(&all[0]).0;
    assert!(text.contains("ne peut pas attendre"), "{text}");
    assert!(
        text.contains("stockage est endommagé") && text.contains("store acknowledge"),
        "{text}"
    );

    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    stage.later(3600);
    some_looks().await;
    assert_eq!(stage.post.count(), 1, "no letter while the flag is up");
    let late = json!({
        "kinds": ["access"], "address": "bob@cliff.example", "received": stage.day(45), "channel": "letter", "note": "",
    });
    let late = stage.order("/requests/new", late).await.data["case"].clone();
    stage.later(120);
    // To the reviewer, and to the controller: it is past every day.
    let all = mails(&stage, 3).await;
    assert_eq!(all[2].to, ["donnees@ateliervauban.example"]);
    let text = read(&all[1]).0;
    assert!(
        text.contains("DÉLAI DÉPASSÉ") && text.contains(late.as_str().unwrap()),
        "{text}"
    );
    assert!(!text.contains("endommagé"), "that was told: {text}");

    let looked = json!({"reason": "one frame, nothing of it is missed"});
    stage.order("/store/acknowledge", looked).await;
    stage.later(DAY);
    stage
        .until("the letter leaves", || {
            stage
                .post
                .received()
                .iter()
                .any(|m| m.to == ["anne@dune.example"])
        })
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewers_answer_to_a_digest_and_its_bounce_are_nobodys_request() {
    let stage = Stage::with(Mode::Live, &format!("{ONE}digest_when_empty = true\n")).await;
    stage.later(DAY);
    let digest = mails(&stage, 1).await.remove(0);
    let head = head(&digest);
    let id = head
        .lines()
        .find_map(|l| l.strip_prefix("Message-ID: "))
        .unwrap();
    let thread = format!("In-Reply-To: {id}\nReferences: {id}\n");
    let stop = "STOP, ne m'écrivez plus. Supprimez toutes mes données.";
    stage
        .receives_with("dpo@cabinet.example", "Re: Quitus", stop, &thread)
        .await;
    let report = format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.{FIRM}>\r\nTo: <{MAILBOX}>\r\nSubject: Undelivered Mail\r\n\
         Message-ID: <dsn@mx.{FIRM}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSTOP\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.{FIRM}\r\n\r\nFinal-Recipient: rfc822; dpo@cabinet.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n\r\n--b--\r\n"
    );
    let ignored =
        |n: u64| stage.state(|s| s.counts().unwrap().messages[MessageState::Ignored as usize]) == n;
    stage
        .inbox
        .deliver(MAILBOX, "INBOX", report.as_bytes(), jiff::Timestamp::now());
    stage.until("both are ignored", || ignored(2)).await;
    let counts = stage.state(|s| s.counts().unwrap());
    assert_eq!((counts.suppressed, counts.open_cases), ([0, 0], 0));
    let reader = stage.daemon.office.sequencer.reader();
    let all = reader
        .frames(1)
        .unwrap()
        .flat_map(|f| f.unwrap().frame.events.clone());
    let rule = |e: Event| match e {
        Event::Decided { rule, .. } => Some(rule),
        Event::AddressFailed { .. } => panic!("a reviewer is no prospect"),
        _ => None,
    };
    assert!(all.filter_map(rule).all(|r| r == RuleId::of("A1.digest")));
    // An id that only looks like ours is somebody's mail.
    let forged = thread.replacen(&id[1..9], "deadbeef", 2);
    stage
        .receives_with("anne@dune.example", "Re: Quitus", "STOP", &forged)
        .await;
    assert_eq!(stage.state(|s| s.counts().unwrap().suppressed[1]), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_of_unknown_fate_is_not_sent_again_and_the_next_one_says_so() {
    let stage = Stage::with(Mode::Shadow, &format!("{ONE}digest_when_empty = true\n")).await;
    stage.post.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    stage.later(DAY);
    let uncertain = || needs(&stage.daemon.status().unwrap(), "uncertain_digest");
    stage.until("its fate is unknown", uncertain).await;
    some_looks().await;
    let before = stage.post.count();
    assert!(stage.daemon.status().unwrap().is_ill() && before <= 1);
    stage.later(DAY);
    let all = mails(&stage, before + 1).await;
    let text = read(all.last().unwrap()).0;
    assert!(text.contains("n’est peut-être pas arrivé"), "{text}");
    assert!(!uncertain(), "the next one arrived and said so");
    stage.end().await;
}
