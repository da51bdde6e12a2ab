//! A case that nobody acts on is brought to more people, each once; a complaint is told at once; who is away has a deputy.

use crate::stage::{Stage, read};
use quitus::record::{About, EscalationStep, Fate, Mode};
use quitus::sandbox::smtp;
use quitus::sandbox::smtp::{Effect, Fault, Step};
use serde_json::json;
use std::time::Duration;

const DAY: i64 = 86_400;
const DPO: &str = "dpo@cabinet.example";
const LEA: &str = "lea@ateliervauban.example";
const BOSS: &str = "donnees@ateliervauban.example";
const REVIEW: &str = "\n[review]\nreviewers = [{ address = \"dpo@cabinet.example\", deputy = \"lea@ateliervauban.example\" }]\n\
    deputies = [{ address = \"lea@ateliervauban.example\", language = \"en\" }]\n";
const COMPLAINT: &str =
    "Encore un courriel de votre part et je dépose une plainte auprès de la CNIL.";

/// Longer than the daemon waits between two looks.
async fn some_looks() {
    tokio::time::sleep(Duration::from_millis(1300)).await;
}

fn subject(mail: &smtp::Received) -> String {
    let message = mail_parser::MessageParser::default()
        .parse(&mail.raw)
        .unwrap();
    message.subject().unwrap().to_owned()
}

/// To whom mails went whose subject says this, in the order of their names.
fn to(stage: &Stage, words: &[&str]) -> Vec<String> {
    let all = stage.post.received().into_iter();
    let those = all.filter(|mail| words.iter().any(|w| subject(mail).contains(w)));
    let mut to: Vec<String> = those.flat_map(|mail| mail.to).collect();
    to.sort();
    to
}

const STEP: [&str; 2] = ["avant la fin du délai légal", "before the legal end"];
const COMPLAINS: [&str; 2] = ["une plainte", "a complaint"];

async fn wait_for(stage: &Stage, words: &[&str], wanted: &[&str]) {
    let came = || to(stage, words).len() >= wanted.len();
    stage.until(&format!("{wanted:?} are told"), came).await;
    some_looks().await;
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(to(stage, words), wanted);
}

/// The legal end of a case's request.
async fn due(stage: &Stage, case: &str) -> jiff::Timestamp {
    let due = stage.show(case).await.data["clocks"][0]["due"].clone();
    due.as_str().unwrap().parse().unwrap()
}

fn now(stage: &Stage) -> i64 {
    stage.daemon.office.clock.now().to_jiff().as_second()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_comes_to_its_reviewer_then_the_deputy_then_the_controller_each_once() {
    let stage = Stage::with(Mode::Review, REVIEW).await;
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    let case = stage.open().await.pop().unwrap();
    let end = due(&stage, &case).await;
    // February is shorter; then its days are too.
    let seconds = end.as_second() - stage.now.as_second();
    let month = (seconds as f64 / 86_400.0).min(30.0);
    let day = |n: f64| (month * n / 30.0 * 86_400.0) as i64;
    stage.later(day(20.0) - 600);
    some_looks().await;
    assert_eq!(
        to(&stage, &STEP),
        Vec::<String>::new(),
        "the day has not come"
    );
    stage.later(1200);
    let mut told = vec![DPO];
    wait_for(&stage, &STEP, &told).await;
    let need = |stage: &Stage| {
        let needs = stage.daemon.status().unwrap().needs;
        needs
            .into_iter()
            .find(|n| n.subject.as_ref() == Some(&case))
            .unwrap()
    };
    assert_eq!(need(&stage).escalated, Some(EscalationStep::Reviewer));

    stage.later(day(25.0) - day(20.0));
    told.extend([DPO, LEA]);
    wait_for(&stage, &STEP, &told).await;
    let of_lea = stage
        .post
        .received()
        .into_iter()
        .find(|m| m.to == [LEA])
        .unwrap();
    let text = read(&of_lea).0.replace('\n', " ");
    assert!(
        text.contains("now their deputies do too") && text.contains(&case),
        "{text}"
    );
    assert!(
        !text.contains("anne@") && !text.contains("Zibeline"),
        "{text}"
    );

    stage.later(day(28.0) - day(25.0));
    told.extend([DPO, LEA, BOSS]);
    wait_for(&stage, &STEP, &told).await;
    assert!(need(&stage).line().contains("brought to the controller"));
    let shown = stage.show(&case).await;
    let brought = shown.data["escalations"].as_array().unwrap();
    assert_eq!(brought.len(), 6, "{}", shown.text);
    assert!(
        shown.text.contains("to the controller (sent)"),
        "{}",
        shown.text
    );
    let timeline = shown.data["timeline"].to_string();
    assert!(timeline.contains("brought_controller"), "{timeline}");

    // The end is two months later: its own last month begins anew.
    let long = json!({"reason": "several systems are searched"});
    stage.order(&format!("/requests/{case}/extend"), long).await;
    let drafts = stage.drafts(&case).await;
    let tells = drafts.iter().find(|d| d["kind"] == "extension").unwrap();
    stage.approve(&case, tells).await;
    stage.later(60);
    some_looks().await;
    assert_eq!(to(&stage, &STEP).len(), told.len(), "there is time again");
    assert_eq!(need(&stage).escalated, None);
    let ten_before = due(&stage, &case).await.as_second() - now(&stage) - 10 * DAY;
    stage.later(ten_before + 600);
    told.push(DPO);
    wait_for(&stage, &STEP, &told).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_is_told_on_the_day_also_where_there_are_no_reviewers() {
    let alone = "\n[review.escalation]\ncontroller = [\"dpo@cabinet.example\"]\n";
    let stage = Stage::with(Mode::Review, alone).await;
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    let case = stage.open().await.pop().unwrap();
    let end = due(&stage, &case).await.as_second();
    stage.later(end - DAY - now(&stage));
    wait_for(&stage, &STEP, &[DPO]).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_brought_to_nobody() {
    let stage = Stage::with(Mode::Review, REVIEW).await;
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    stage.approve_only().await;
    stage.later(28 * DAY + 3600);
    some_looks().await;
    assert_eq!(to(&stage, &STEP), Vec::<String>::new());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_is_told_at_once_and_to_the_deputy_unless_somebody_looked() {
    for looks in [false, true] {
        let stage = Stage::with(Mode::Shadow, REVIEW).await;
        stage
            .receives("anne@dune.example", "Re: Relais", COMPLAINT)
            .await;
        stage.later(61);
        wait_for(&stage, &COMPLAINS, &[DPO]).await;
        let case = stage.open().await.pop().unwrap();
        let seen = format!("/requests/{case}/seen");
        let before = stage.show(&case).await;
        assert_eq!(before.data["unseen"], true, "{}", before.text);
        if looks {
            let done = stage.order(&seen, json!({})).await;
            assert_eq!(done.data["seen"], true, "{}", done.text);
            let after = stage.show(&case).await;
            assert_eq!(after.data["looked_at"]["by"], "odile");
            assert!(after.text.contains("by odile"), "{}", after.text);
            let again = stage.order(&seen, json!({})).await;
            assert_eq!(again.data["frame"], json!(null), "once");
        }
        stage.later(4 * 3600);
        let told: &[&str] = if looks { &[DPO] } else { &[DPO, LEA] };
        wait_for(&stage, &COMPLAINS, told).await;
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_without_a_deputy_goes_up_and_a_mail_of_unknown_fate_is_not_sent_again() {
    let alone = "\n[review]\nreviewers = [\"dpo@cabinet.example\"]\n\n[review.escalation]\ncomplaint_hours = 1\n\
        controller = [\"boss@cabinet.example\"]\n";
    let stage = Stage::with(Mode::Shadow, alone).await;
    stage.post.script([Fault::at(Step::Dot, 1, Effect::Cut)]);
    stage
        .receives("anne@dune.example", "Re: Relais", COMPLAINT)
        .await;
    stage.later(61);
    let fates = || {
        let rows = stage.state(|s| s.every_told().unwrap());
        let of = |about: &About| matches!(about, About::Complaint(_));
        rows.into_iter()
            .filter(|r| of(&r.about))
            .map(|r| r.fate)
            .collect::<Vec<_>>()
    };
    stage
        .until("its fate is unknown", || fates() == [Fate::Uncertain])
        .await;
    let before = stage.post.count();
    some_looks().await;
    assert_eq!(stage.post.count(), before, "it is not sent again");
    stage.later(3600);
    let up = || to(&stage, &COMPLAINS).contains(&"boss@cabinet.example".to_owned());
    stage.until("it goes up", up).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_reviewer_is_away_the_deputy_gets_what_would_be_theirs() {
    let paris = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
    let today = paris.to_datetime(jiff::Timestamp::now());
    let day = |n: i64| today.date().checked_add(jiff::Span::new().days(n)).unwrap();
    let away = format!(
        "deputy = \"lea@ateliervauban.example\", absent = [\"{}..{}\"] }}",
        day(-1),
        day(1)
    );
    let review = REVIEW.replace("deputy = \"lea@ateliervauban.example\" }", &away);
    let stage = Stage::with(Mode::Shadow, &review).await;
    stage
        .receives("anne@dune.example", "Re: Relais", COMPLAINT)
        .await;
    stage.later(61);
    wait_for(&stage, &COMPLAINS, &[LEA]).await;
    let text = read(&stage.post.received()[0]).0.replace('\n', " ");
    assert!(text.contains("in the place of d…@c…t.example"), "{text}");
    // Back, the reviewer hears of what is still there.
    stage.later(2 * DAY);
    stage
        .until("the reviewer is told", || {
            to(&stage, &COMPLAINS).contains(&DPO.to_owned())
        })
        .await;
    stage.end().await;
}
