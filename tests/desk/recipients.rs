//! Recipients of data are told of an erasure, a rectification, a restriction (Art. 19), and what they say is heard: by mail,
//! by a webhook, over a restart; robots and bounces acknowledge nothing.

use super::hook::Hook;
use super::stage::{MAILBOX, Stage, read};
use quitus::record::{CaseId, Mode, RecipientRow, RecipientState, RecipientTrouble};
use quitus::sandbox::smtp;
use quitus::service::Why;
use serde_json::{Value, json};
use std::time::Duration;

const ANNE: &str = "anne@dune.example";
const DPO: &str = "dpo@dropcontact.example";
const ERASE: &str =
    "Bonjour, je demande l'effacement de toutes mes données personnelles (article 17 du RGPD).";
const BY_MAIL: &str = "\n[[recipient]]\nname = \"Dropcontact\"\nemail = \"dpo@dropcontact.example\"\nlanguage = \"en\"\n";

/// Anne asked for her erasure; the case.
async fn erasure(mode: Mode, blocks: &str) -> (Stage, String) {
    let stage = Stage::with(mode, blocks).await;
    stage.receives(ANNE, "Mes données", ERASE).await;
    let case = stage.open().await.pop().unwrap();
    (stage, case)
}

fn path(case: &str, what: &str) -> String {
    format!("/requests/{case}/{what}")
}

fn row(stage: &Stage, case: &str) -> RecipientRow {
    let case: CaseId = case.parse().unwrap();
    let rows = stage.state(|s| s.recipients_of(case).unwrap());
    rows.into_iter().next().unwrap()
}

fn to(letter: &smtp::Received, whom: &str) -> bool {
    letter.to == [whom]
}

/// The mails that the recipient got.
fn mails(stage: &Stage) -> Vec<smtp::Received> {
    let all = stage.post.received().into_iter();
    all.filter(|l| to(l, DPO)).collect()
}

/// Orders it, and gives the mail that the recipient got.
async fn told(stage: &Stage, case: &str) -> smtp::Received {
    let before = mails(stage).len();
    stage.order(&path(case, "tell"), json!({})).await;
    let left = || row(stage, case).state == RecipientState::Told;
    stage.until("the recipient is told", left).await;
    let mails = mails(stage);
    assert_eq!(mails.len(), before + 1, "one mail");
    mails.into_iter().next_back().unwrap()
}

fn field(letter: &smtp::Received, name: &str) -> String {
    let raw = String::from_utf8_lossy(&letter.raw).into_owned();
    let mut lines = raw.lines();
    let line = lines.find(|l| l.to_lowercase().starts_with(name)).unwrap();
    line[name.len()..].trim().to_owned()
}

fn answers(letter: &smtp::Received) -> String {
    format!("In-Reply-To: {}\n", field(letter, "message-id:"))
}

async fn answer_draft(stage: &Stage, case: &str) -> Value {
    let drafts = stage.drafts(case).await;
    drafts.into_iter().find(|d| d["kind"] == "answer").unwrap()
}

#[tokio::test]
async fn an_erasure_is_told_acknowledged_and_closed_and_the_letter_says_both_days() {
    let (stage, case) = erasure(Mode::Review, BY_MAIL).await;
    let shown = stage.show(&case).await.text;
    assert!(shown.contains("to tell    erasure: Dropcontact"), "{shown}");
    assert!(
        !shown.contains("tell these recipients of the erasure yourself"),
        "{shown}"
    );
    let draft = answer_draft(&stage, &case).await;
    let word = json!({"hash": draft["hash"]});
    let refused = stage.refused(&path(&case, "approve"), word).await;
    assert!(
        refused.error.contains("not told yet: Dropcontact"),
        "{refused:?}"
    );
    let mail = told(&stage, &case).await;
    let text = read(&mail).0;
    for said in [ANNE, &case, "Article 17", "Article 19"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Zibeline"), "only what it needs: {text}");
    let word = json!({"hash": answer_draft(&stage, &case).await["hash"]});
    let refused = stage.refused(&path(&case, "approve"), word).await;
    assert!(
        refused.error.contains("not acknowledged by Dropcontact"),
        "{refused:?}"
    );
    let by_hand = json!({"reason": "I wrote to her"});
    for what in ["answered", "refuse"] {
        let refused = stage.refused(&path(&case, what), by_hand.clone()).await;
        assert!(refused.error.contains("Dropcontact"), "{refused:?}");
    }
    // It speaks of STOP and of erasure, and is still nobody's request.
    let said =
        "Hello, done: she is on our STOP list and erased. Please remove us from your mailing list.";
    let before = stage.post.count();
    stage
        .receives_with(DPO, "Re: Erasure", said, &answers(&mail))
        .await;
    assert_eq!(row(&stage, &case).state, RecipientState::Acknowledged);
    assert_eq!(
        stage.open().await,
        std::slice::from_ref(&case),
        "no case of its own"
    );
    assert_eq!(
        stage.state(|s| s.counts().unwrap().suppressed),
        [0, 1],
        "Anne, and nobody else"
    );
    let shown = stage.show(&case).await.text;
    assert!(
        shown.contains("acknowledged on") && shown.contains("by mail"),
        "{shown}"
    );
    assert!(
        shown.contains("she is on our STOP list"),
        "the evidence: {shown}"
    );
    let draft = answer_draft(&stage, &case).await;
    let letter = stage.approve(&case, &draft).await;
    assert_eq!(
        stage.post.count(),
        before + 1,
        "the recipient is not answered"
    );
    let text = read(&letter)
        .0
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(text.contains("Dropcontact : informé le"), "{text}");
    assert!(text.contains("a accusé réception le"), "{text}");
    assert!(stage.open().await.is_empty(), "the case is closed");
    let shown = stage.show(&case).await.text;
    assert!(
        shown.contains("she is on our STOP list"),
        "the proof outlives the erasure: {shown}"
    );
    stage.end().await;
}

#[tokio::test]
async fn robots_strangers_forgers_and_questions_acknowledge_nothing() {
    let (stage, case) = erasure(Mode::Review, BY_MAIL).await;
    let mail = told(&stage, &case).await;
    let thread = answers(&mail);
    let open = || row(&stage, &case).state == RecipientState::Told;
    let robot = format!("{thread}Auto-Submitted: auto-replied\n");
    stage
        .receives_with(DPO, "Re: Erasure", "I am out of the office.", &robot)
        .await;
    assert!(open(), "an absence note");
    stage
        .receives_with(DPO, "Re: Erasure", "Which person is it?", &thread)
        .await;
    assert!(open(), "a question");
    let other = "sales@dropcontact.example";
    stage
        .receives_with(other, "Re: Erasure", "It is done.", &thread)
        .await;
    assert!(open(), "another address");
    let held = |rule: &str| {
        let waiting = stage.state(|s| s.waiting(quitus::record::Waiting::HeldMessage, 9).unwrap());
        let rules = waiting.into_iter().map(|(_, id)| {
            let id = quitus::record::ContentKey(id.try_into().unwrap());
            stage.state(|s| s.message(id).unwrap().unwrap().rule)
        });
        rules.filter(|r| r.as_str() == rule).count()
    };
    assert_eq!(
        held("R1.held"),
        2,
        "a human sees the question and the stranger"
    );
    let before = stage.decided();
    stage.forged(DPO, "Done.");
    stage
        .until("the forged mail is decided", || stage.decided() > before)
        .await;
    assert!(open(), "a mail outside the thread");
    assert_eq!(stage.post.count(), 1, "nobody is answered");
    // A ticket system that drops the thread is known by the reference, from the recipient's own address.
    stage
        .receives(
            DPO,
            &format!("[Ticket 77] {case}"),
            "Closed: the data are erased.",
        )
        .await;
    assert_eq!(row(&stage, &case).state, RecipientState::Acknowledged);
    stage.end().await;
}

#[tokio::test]
async fn what_comes_back_is_open_again_and_is_told_anew() {
    let (stage, case) = erasure(Mode::Review, BY_MAIL).await;
    let mail = told(&stage, &case).await;
    let bounce = |mail: &smtp::Received| {
        let id = field(mail, "message-id:");
        let raw = format!(
            "Return-Path: <>\nFrom: <MAILER-DAEMON@mx.example>\nTo: <{MAILBOX}>\nSubject: Undelivered Mail Returned to Sender\n\
             Message-ID: <bounce-{}@mx.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nNo such user.\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; {DPO}\nAction: failed\nStatus: 5.1.1\n\n\
             --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\nSubject: Erasure\n\n--b--\n",
            id.len() + stage.post.count()
        );
        let raw = raw.replace('\n', "\r\n");
        stage
            .inbox
            .deliver(MAILBOX, "INBOX", raw.as_bytes(), jiff::Timestamp::now());
    };
    bounce(&mail);
    let failed = RecipientState::Failed(RecipientTrouble::Bounced);
    stage
        .until("it came back", || row(&stage, &case).state == failed)
        .await;
    let shown = stage.show(&case).await.text;
    assert!(shown.contains("NOT told: it came back"), "{shown}");
    let needs = stage.daemon.status().unwrap().needs;
    assert!(
        needs.iter().any(|n| n.why.contains(&Why::Recipient)),
        "{needs:?}"
    );
    let again = told(&stage, &case).await;
    assert_ne!(field(&again, "message-id:"), field(&mail, "message-id:"));
    // A second report about the first mail says nothing of the second.
    let before = stage.decided();
    bounce(&mail);
    stage
        .until("the late bounce is decided", || stage.decided() > before)
        .await;
    assert_eq!(row(&stage, &case).state, RecipientState::Told);
    // A late answer to the first mail counts.
    stage
        .receives_with(DPO, "Re: Erasure", "Done.", &answers(&mail))
        .await;
    assert_eq!(row(&stage, &case).state, RecipientState::Acknowledged);
    stage.end().await;
}

#[tokio::test]
async fn a_restart_loses_nothing_and_sends_nothing_twice() {
    let (stage, case) = erasure(Mode::Review, BY_MAIL).await;
    let at = smtp::Fault::every(
        smtp::Step::Rcpt,
        smtp::Effect::Reply("451 4.3.0 later".into()),
    );
    stage.post.script([at]);
    stage.order(&path(&case, "tell"), json!({})).await;
    let tried = || row(&stage, &case).attempts > 0;
    stage.until("it was tried", tried).await;
    stage.post.behave();
    let stage = stage.again().await;
    stage.later(86_400);
    let told = || row(&stage, &case).state == RecipientState::Told;
    stage.until("it is told after the restart", told).await;
    let mail = mails(&stage).pop().unwrap();
    let stage = stage.again().await;
    stage
        .receives_with(DPO, "Re: Erasure", "It is done.", &answers(&mail))
        .await;
    assert_eq!(row(&stage, &case).state, RecipientState::Acknowledged);
    assert_eq!(mails(&stage).len(), 1, "at most one mail");
    stage.end().await;
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_is_not_sent_again_by_itself() {
    let (stage, case) = erasure(Mode::Review, BY_MAIL).await;
    stage
        .post
        .script([smtp::Fault::every(smtp::Step::Dot, smtp::Effect::Cut)]);
    stage.order(&path(&case, "tell"), json!({})).await;
    let unsure = RecipientState::Failed(RecipientTrouble::Uncertain);
    stage
        .until("nobody knows", || row(&stage, &case).state == unsure)
        .await;
    stage.post.behave();
    let stage = stage.again().await;
    stage.later(86_400);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(mails(&stage).len(), 1);
    let words =
        json!({"system": "Dropcontact", "words": "informé par téléphone le 3 décembre 2026"});
    stage.order(&path(&case, "done"), words).await;
    assert_eq!(row(&stage, &case).state, RecipientState::ByHand);
    let draft = answer_draft(&stage, &case).await;
    let text = draft["text"].as_str().unwrap();
    assert!(
        text.contains("Dropcontact\u{a0}: informé par téléphone"),
        "{text}"
    );
    stage.end().await;
}

#[tokio::test]
async fn shadow_tells_nobody_and_review_waits_for_a_human() {
    let blocks = format!("@policy erasure = \"auto\"\n{BY_MAIL}");
    for mode in [Mode::Shadow, Mode::Review] {
        let (stage, case) = erasure(mode, &blocks).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let id: CaseId = case.parse().unwrap();
        assert!(stage.state(|s| s.recipients_of(id).unwrap()).is_empty());
        assert_eq!(stage.post.count(), 0, "{mode}");
        if mode == Mode::Shadow {
            let refused = stage.refused(&path(&case, "tell"), json!({})).await;
            assert!(refused.error.contains("shadow"), "{refused:?}");
        } else {
            told(&stage, &case).await;
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn what_the_machine_decides_alone_is_told_in_the_commit_of_the_decision() {
    let other = "\n[[recipient]]\nname = \"Fair\"\nemail = \"fair@fair.example\"\ncampaigns = [\"fair*\"]\n";
    let known = "providers = [\"Dropcontact\"]\ncampaigns = [\"sal*\"]\n";
    let blocks = format!("@policy erasure = \"auto\"\n{BY_MAIL}{known}{other}");
    let (stage, case) = erasure(Mode::Live, &blocks).await;
    stage
        .until("it is told", || {
            row(&stage, &case).state == RecipientState::Told
        })
        .await;
    let mail = mails(&stage).pop().unwrap();
    assert_eq!(field(&mail, "auto-submitted:"), "auto-generated");
    let id: CaseId = case.parse().unwrap();
    assert_eq!(
        stage.state(|s| s.recipients_of(id).unwrap().len()),
        1,
        "not the fair"
    );
    // Silence is shown once its time is over.
    let late = || {
        let needs = stage.daemon.status().unwrap().needs;
        needs.iter().any(|n| n.why.contains(&Why::Recipient))
    };
    assert!(!late());
    stage.later(8 * 86_400);
    assert!(late());
    let shown = stage.show(&case).await.text;
    assert!(shown.contains("NOT acknowledged by"), "{shown}");
    stage.end().await;
}

#[tokio::test]
async fn a_webhook_is_told_until_it_takes_it_and_its_done_acknowledges() {
    let hook = Hook::start(503).await;
    let (stage, case) = erasure(Mode::Review, &hook.block("Kaspr")).await;
    stage.order(&path(&case, "tell"), json!({})).await;
    stage
        .until("it failed", || row(&stage, &case).attempts > 0)
        .await;
    hook.says(200, "{}");
    let stage = stage.again().await;
    stage.later(86_400);
    stage
        .until("it took it", || {
            row(&stage, &case).state == RecipientState::Told
        })
        .await;
    let said = hook.took();
    assert_eq!(said[0]["type"], "erasure");
    assert_eq!(said[0]["data"]["addresses"], json!([ANNE]));
    assert_eq!(said[0]["data"]["reference"], json!(case));
    hook.says(200, "{\"status\": \"done\"}");
    stage
        .order(&path(&case, "tell"), json!({"recipient": "Kaspr"}))
        .await;
    let done = || row(&stage, &case).state == RecipientState::Acknowledged;
    stage.until("it says that it is done", done).await;
    assert_eq!(stage.post.count(), 0, "no mail");
    hook.says(410, "{}");
    stage
        .order(&path(&case, "tell"), json!({"recipient": "Kaspr"}))
        .await;
    let refused = RecipientState::Failed(RecipientTrouble::Refused);
    stage
        .until("it refuses", || row(&stage, &case).state == refused)
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_rectification_says_what_to_correct() {
    let stage = Stage::with(Mode::Review, BY_MAIL).await;
    let new = json!({"kinds": ["rectification"], "address": ANNE, "received": stage.day(1), "channel": "phone", "language": "fr"});
    stage.order("/requests/new", new).await;
    let case = stage.open().await.pop().unwrap();
    let unclear = stage.refused(&path(&case, "tell"), json!({})).await;
    assert!(
        unclear.error.contains("what is to be corrected"),
        "{unclear:?}"
    );
    let words = json!({"words": "her name is Zibeline-Roux"});
    stage.order(&path(&case, "tell"), words).await;
    stage
        .until("it is told", || {
            row(&stage, &case).state == RecipientState::Told
        })
        .await;
    let text = read(&mails(&stage).pop().unwrap()).0;
    assert!(
        text.contains("Article 16") && text.contains("her name is Zibeline-Roux"),
        "{text}"
    );
    stage.end().await;
}
