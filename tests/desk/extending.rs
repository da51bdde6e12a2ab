//! More time counts from when the person was told, in whichever way; and what no letter can say is a human's everywhere.

use super::stage::Stage;
use quitus::record::{
    Event, LetterHead, LetterId, LetterKind, LetterState, Mode, RequestKind, RuleId,
};
use quitus::sandbox::smtp;
use quitus::service::{Committed, Proposal};
use serde_json::{Value, json};

/// Bob asks for a copy by letter, four days ago; gives the case.
async fn asked(stage: &Stage, more: Value) -> String {
    let mut word = json!({"kinds": ["access"], "address": "bob@cliff.example", "received": stage.day(4), "channel": "letter"});
    for (key, value) in more.as_object().unwrap() {
        word[key] = value.clone();
    }
    let entered = stage.order("/requests/new", word).await;
    entered.data["case"].as_str().unwrap().to_owned()
}

/// How its extension stands, and when it is due.
async fn stands(stage: &Stage, case: &str) -> (Value, Value) {
    let shown = stage.show(case).await.data;
    (
        shown["extension"].clone(),
        shown["requests"][0]["due"].clone(),
    )
}

async fn draft(stage: &Stage, case: &str, kind: &str) -> Value {
    let drafts = stage.drafts(case).await;
    let found = drafts.iter().find(|d| d["kind"] == kind);
    found.unwrap_or_else(|| panic!("{drafts:?}")).clone()
}

fn ends(stage: &Stage) -> (String, String) {
    let first = stage.calendar(|c| c.deadlines(c.noon(stage.date(4))).due);
    let later = stage.calendar(|c| c.extension(c.noon(stage.date(4))));
    (first.to_string(), later.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_was_told_by_telephone_outlives_the_letter_that_was_refused() {
    let stage = Stage::build(Mode::Review).await;
    let case = asked(&stage, json!({})).await;
    let (first, later) = ends(&stage);
    let extend = format!("/requests/{case}/extend");
    let why = json!({"reason": "much to copy"});
    assert_eq!(stands(&stage, &case).await, (json!("none"), json!(first)));
    stage.order(&extend, why).await;
    let on_its_way = (json!("on_its_way"), json!(first));
    assert_eq!(stands(&stage, &case).await, on_its_way);
    let nobody = smtp::Effect::Reply("550 5.1.1 nobody here".into());
    let refuse = smtp::Fault::every(smtp::Step::Rcpt, nobody);
    stage.post.script([refuse]);
    let tells = draft(&stage, &case, "extension").await;
    let word = json!({"hash": tells["hash"]});
    stage
        .order(&format!("/requests/{case}/approve"), word)
        .await;
    let refused = LetterState::Rejected as usize;
    let letters = || stage.state(|s| s.counts().unwrap().letters[refused]);
    stage.until("it is refused", || letters() == 1).await;
    assert_eq!(stands(&stage, &case).await, (json!("none"), json!(first)));

    let told = json!({"reason": "much to copy", "told": true});
    stage.order(&extend, told).await;
    let in_force = (json!("in_force"), json!(later));
    assert_eq!(stands(&stage, &case).await, in_force);
    let letter = format!("/letters/{case}.{}", tells["letter"].as_u64().unwrap() - 1);
    let again = stage.refused(&format!("{letter}/resend"), json!({})).await;
    assert!(again.error.contains("extended before"), "{again:?}");
    stage.order(&format!("{letter}/cancel"), json!({})).await;
    assert_eq!(stands(&stage, &case).await, in_force);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_was_posted_in_time_counts_though_it_is_entered_after_the_month() {
    const DAY: i64 = 86_400;
    let stage = Stage::build(Mode::Review).await;
    let postal = json!({"postal": ["Mr Bob Quarrystone", "12 Cliff Road", "75011 Paris"]});
    let case = asked(&stage, postal).await;
    let (first, later) = ends(&stage);
    let why = json!({"reason": "much to copy"});
    stage.order(&format!("/requests/{case}/extend"), why).await;
    let letter = draft(&stage, &case, "extension").await["letter"].clone();
    stage.later(10 * DAY);
    let print = json!({"letter": letter});
    stage.order(&format!("/requests/{case}/print"), print).await;
    stage.later(40 * DAY);
    let posted = format!("/requests/{case}/posted");
    let late = json!({"letter": letter, "on": stage.day(-45)});
    let late = stage.refused(&posted, late).await;
    assert!(late.error.contains("first month has ended"), "{late:?}");
    let page = format!("/requests/{case}/letters/{letter}");
    let follows = stage.client.get(&page).await.unwrap().data["follows"].clone();
    assert_eq!(follows["closes"], false, "{follows}");
    assert_eq!(
        follows["blocked"],
        json!(null),
        "it may be said that it was posted"
    );
    assert_eq!(stands(&stage, &case).await.1, json!(first));
    let in_time = json!({"letter": letter, "on": stage.day(-12)});
    stage.order(&posted, in_time).await;
    let in_force = (json!("in_force"), json!(later));
    assert_eq!(stands(&stage, &case).await, in_force);
    stage.end().await;
}

#[tokio::test]
async fn a_code_and_more_time_are_told_in_the_language_in_which_the_person_is_written_to() {
    let stage = Stage::build(Mode::Review).await;
    let case = asked(&stage, json!({"language": "da"})).await;
    let why = json!({"reason": "much to copy"});
    let extended = stage.order(&format!("/requests/{case}/extend"), why).await;
    assert_eq!(extended.data["drafted"], true, "{}", extended.text);
    stage
        .order(&format!("/requests/{case}/identify"), json!({}))
        .await;
    for kind in ["extension", "identity"] {
        let draft = draft(&stage, &case, kind).await;
        assert!(draft["text"].is_string(), "{draft}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_draft_without_words_is_answered_by_hand_wherever_its_case_is_shown() {
    let stage = Stage::build(Mode::Review).await;
    let case = asked(&stage, json!({"kinds": ["complaint"]})).await;
    let head = LetterHead {
        letter: LetterId {
            case: case.parse().unwrap(),
            step: 0,
            series: 0,
        },
        kind: LetterKind::Answer,
        answers: vec![RequestKind::Complaint],
        person: None,
        domain: None,
        message: None,
        automatic: false,
    };
    let rule = RuleId::of("I.kind");
    let drafted = Proposal::new(vec![Event::LetterDrafted { head, rule }]);
    let done = stage.daemon.office.sequencer.commit(drafted).await;
    assert!(matches!(done, Committed::Frame(_)), "{done:?}");

    let shown = stage.show(&case).await.text;
    assert!(shown.contains("no letter answers complaint"), "{shown}");
    let list = stage.client.get("/requests").await.unwrap();
    let by_hand = "ANSWER BY HAND: complaint";
    assert!(list.text.contains(by_hand), "{}", list.text);
    assert_eq!(list.data["requests"][0]["drafts"], 0);
    for (state, many) in [("by_hand", 1), ("draft", 0)] {
        let path = format!("/requests?state={state}");
        let found = stage.client.get(&path).await.unwrap();
        let found = found.data["requests"].as_array().unwrap().len();
        assert_eq!(found, many, "{state}");
    }
    let needs = serde_json::to_value(stage.daemon.status().unwrap().needs).unwrap();
    let mut all = needs.as_array().unwrap().iter();
    let need = all.find(|n| n["subject"] == json!(case)).unwrap();
    let why = need["why"].as_array().unwrap();
    let waits = why.contains(&json!("by_hand")) && !why.contains(&json!("draft"));
    assert!(waits, "{need}");
    stage.end().await;
}
