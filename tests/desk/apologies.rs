//! A mail that went out after a STOP: an incident, and an apology that waits for a reviewer and claims only what is true.

use super::notices::open;
use super::stage::{Stage, read};
use super::tool::{Mood, Tool};
use quitus::record::Mode;
use serde_json::json;

const ANNE: &str = "anne@dune.example";

async fn words(stage: &Stage, case: &str) -> String {
    let drafts = stage.drafts(case).await;
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    let text = drafts[0]["text"].as_str().unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_after_a_stop_has_an_apology_ready_and_a_second_mail_of_the_step_joins_it() {
    let stage = Stage::build(Mode::Live).await;
    stage.receives(ANNE, "Re: Relais", "STOP").await;
    assert!(
        stage
            .post
            .wait_for(1, std::time::Duration::from_secs(10))
            .await
    );
    let closed = || stage.state(|s| s.counts().unwrap().open_cases == 0);
    stage.until("the STOP is answered", closed).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    stage.sent(ANNE, "Une offre", "late-1", -1).await;
    stage.sent(ANNE, "Une offre encore", "late-2", -1).await;
    let open = stage.open().await;
    assert_eq!(open.len(), 1, "one case for one step: {open:?}");
    let case = &open[0];
    let list = stage.client.get("/incidents").await.unwrap();
    assert!(
        list.wrong && list.data.as_array().unwrap().len() == 2,
        "{}",
        list.text
    );
    let apology = format!("the apology is in {case}");
    assert_eq!(list.text.matches(&apology).count(), 2, "{}", list.text);
    let status = stage.client.get("/status").await.unwrap();
    let count = "after STOP 2 mails went out after a STOP (goal 0), 2 of them open";
    assert!(status.text.contains(count), "{}", status.text);
    assert_eq!(stage.post.count(), 1, "it never leaves by itself");
    let shown = stage.show(case).await;
    assert!(shown.text.contains("T1: "), "{}", shown.text);
    let text = words(&stage, case).await;
    assert!(
        text.contains("alors que vous nous aviez demandé de ne plus vous écrire"),
        "{text}"
    );
    assert!(
        text.contains("un message déjà programmé peut encore"),
        "no tool proves more: {text}"
    );
    assert!(
        text.contains(case.as_str()) && text.contains("la CNIL"),
        "{text}"
    );
    // What was found is one thing, what the person is told another.
    let id = list.data[0]["id"].as_str().unwrap().to_owned();
    stage
        .order(
            &format!("/incidents/{id}/seen"),
            json!({"reason": "the old list"}),
        )
        .await;
    assert_eq!(stage.open().await.len(), 1);
    let drafts = stage.drafts(case).await;
    let letter = stage.approve(case, &drafts[0]).await;
    assert_eq!(letter.to, [ANNE]);
    assert!(read(&letter).0.contains("Madame") || read(&letter).0.starts_with("Bonjour"));
    stage.until("the case is closed", closed).await;
    stage.sent(ANNE, "Encore", "late-3", -1).await;
    assert_eq!(
        stage.open().await.len(),
        1,
        "after the letter, a case of its own"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apology_says_that_it_stopped_once_the_tools_obeyed_again() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    stage
        .order("/suppression/add", json!({"address": ANNE}))
        .await;
    stage
        .until("the tool obeyed", || {
            crm.obeyed().len() == 1 && open(&stage, ANNE).is_empty()
        })
        .await;
    // On the same day: what the tool said an hour ago does not count any more.
    crm.is_now(Mood::Says(503, ""));
    stage.sent(ANNE, "Une offre", "late", -2).await;
    let case = stage.open().await.pop().unwrap();
    let text = words(&stage, &case).await;
    assert!(
        text.contains("sur la liste de celles auxquelles nous n’écrivons plus"),
        "nobody asked: {text}"
    );
    assert!(
        text.contains("déjà programmé"),
        "the tool was told again: {text}"
    );
    crm.is_now(Mood::Obeys);
    stage.later(3600);
    stage
        .until("it obeyed again", || {
            crm.obeyed().len() == 2 && open(&stage, ANNE).is_empty()
        })
        .await;
    let text = words(&stage, &case).await;
    assert!(
        text.contains("ne vous enverra plus de prospection par e-mail"),
        "{text}"
    );
    stage.end().await;
}
