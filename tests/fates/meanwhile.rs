//! What a human decides while a session already has the letter, and a server that puts a letter off for ever.

use super::*;
use std::time::Duration;

/// How long the server says nothing to RCPT.
const SILENCE: Duration = Duration::from_millis(1_500);

/// A daemon whose session has given the server its RCPT, and waits for a word.
async fn waiting_at_rcpt(effect: Effect) -> (Scene, Daemon) {
    let scene = Scene::new(&[STOP], "", "").await;
    scene.server.script([Fault::at(Step::Rcpt, 1, effect)]);
    let daemon = house::start(&scene.file, 0).await;
    let begun = || scene.server.sessions() == 1;
    house::until("a session has the letter", begun).await;
    until_state(&daemon, scene.now, LetterState::Queued).await;
    // MAIL and RCPT follow each other without a pause.
    tokio::time::sleep(SILENCE / 5).await;
    (scene, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_cancelled_while_the_server_hesitates_stays_cancelled() {
    let (scene, daemon) = waiting_at_rcpt(Effect::Hang(SILENCE)).await;
    let (id, ..) = the(&daemon, scene.now);
    let order = json!({"by": "anne"});
    let ask = client(&daemon);
    ask.post(&format!("/letters/{id}/cancel"), &order)
        .await
        .unwrap();
    drop(ask);
    tokio::time::sleep(2 * SILENCE).await;
    let (_, letter, case) = the(&daemon, scene.now);
    assert_eq!(letter.state, LetterState::Cancelled);
    assert!(case.held.is_some());
    daemon.end().await;
    let later = house::start(&scene.file, 30).await;
    tokio::time::sleep(SILENCE / 2).await;
    later.end().await;
    assert_eq!(scene.server.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_shadow_nothing_leaves_that_a_session_already_had() {
    let (scene, daemon) = waiting_at_rcpt(Effect::Late(SILENCE)).await;
    let order = json!({"mode": "shadow", "by": "anne"});
    client(&daemon).post("/mode", &order).await.unwrap();
    tokio::time::sleep(2 * SILENCE).await;
    assert_eq!(
        state_of(&daemon, scene.now).1,
        Some(LetterState::Queued),
        "it waits for the day when letters leave again"
    );
    daemon.end().await;
    assert_eq!(scene.server.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_put_off_for_ever_is_given_up_and_a_human_decides() {
    let retry = "retry = { schedule = [\"1 s\"], give_up = \"2 s\" }";
    let scene = Scene::new(&[STOP], retry, "").await;
    let later = Effect::Reply("451 4.7.1 greylisted, come again".into());
    scene.server.script([Fault::every(Step::Rcpt, later)]);
    let daemon = house::start(&scene.file, 0).await;
    until_state(&daemon, scene.now, LetterState::Deferred).await;
    until_state(&daemon, scene.now, LetterState::Rejected).await;
    let (_, letter, case) = the(&daemon, scene.now);
    assert!(letter.reply.unwrap().text.contains("greylisted"));
    assert!(case.held.is_some() && case.closed.is_none());
    daemon.end().await;
    assert_eq!(scene.server.count(), 0);
}
