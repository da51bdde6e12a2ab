//! Mail servers that misbehave for a while: nothing that was written to us is lost by it, and it is said.

use super::stage::{MAILBOX, Stage};
use quitus::record::{Mode, Suppression};
use quitus::sandbox::{imap, smtp};
use serde_json::json;
use std::time::Duration;

const STOP: &str = "STOP";

impl Stage {
    fn suppressed(&self) -> u64 {
        self.state(|s| s.counts().unwrap().suppressed[Suppression::Suppressed as usize])
    }

    async fn mailbox(&self) -> serde_json::Value {
        let status = self.client.get("/status").await.unwrap();
        status.data["mailboxes"][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_restored_from_a_backup_gives_old_numbers_to_new_mail_and_it_is_read() {
    let stage = Stage::build(Mode::Review).await;
    for name in ["anne@dune.example", "bob@cliff.example"] {
        stage.receives(name, "Re: Relais", "Un grand merci !").await;
    }
    stage.inbox.restore(MAILBOX, "INBOX");
    stage.inbox.hang_up();
    stage
        .receives("carl@fels.example", "Re: Relais", STOP)
        .await;
    assert_eq!(stage.suppressed(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_gives_no_bodies_for_a_while_costs_no_reply() {
    let stage = Stage::build(Mode::Review).await;
    let away = imap::Effect::No("[SERVERBUG] storage is away".into());
    stage.inbox.script([imap::Fault::every("UID FETCH", away)]);
    let bodies = || {
        let all = stage.inbox.received();
        all.iter().filter(|c| *c == "UID FETCH").count()
    };
    stage.arrives(("anne@dune.example", "pass"), "Re: Relais", STOP, "");
    stage.arrives(("bob@cliff.example", "pass"), "Re: Relais", STOP, "");
    // Sizes and bodies of the two, in more looks than a damaged message gets.
    stage
        .until("it was asked again and again", || bodies() > 24)
        .await;
    assert_eq!(stage.decided(), 0, "none is given up");
    let ill = stage.mailbox().await;
    assert!(
        ill["last_error"].to_string().contains("storage is away"),
        "{ill}"
    );
    stage.inbox.behave();
    stage
        .until("both are obeyed", || stage.suppressed() == 2)
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_long_over_every_answer_is_read_all_the_same() {
    let stage = Stage::build(Mode::Review).await;
    let late = || imap::Effect::Late(Duration::from_millis(600));
    stage.inbox.script([
        imap::Fault::every("NOOP", late()),
        imap::Fault::every("UID FETCH", late()),
    ]);
    stage.arrives(("anne@dune.example", "pass"), "Re: Relais", STOP, "");
    stage
        .until("it is obeyed", || stage.suppressed() == 1)
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_the_server_does_not_open_is_ill_and_junk_is_junk_by_its_name_too() {
    let stage = Stage::with(
        Mode::Review,
        "@mailbox folders = [\"INBOX\", \"Junk\", \"\\\\Junk\"]\n",
    )
    .await;
    stage
        .receives("anne@dune.example", "Re: Relais", "Un grand merci !")
        .await;
    let well = stage.mailbox().await;
    assert!(well["last_error"].is_null(), "{well}");
    let folders = well["folders"].as_array().unwrap();
    let junk = folders.iter().filter(|f| f[0] == "Junk").count();
    assert_eq!(junk, 1, "it is watched once: {well}");

    let refused = imap::Effect::No("[NOPERM] not yours".into());
    stage.inbox.script([imap::Fault::every("EXAMINE", refused)]);
    let mut ill = json!(null);
    for _ in 0..100 {
        ill = stage.mailbox().await;
        if ill["last_error"].is_array() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        ill["last_error"][1].to_string().contains("not yours"),
        "{ill}"
    );
    let status = stage.client.get("/status").await.unwrap();
    assert!(
        status.data["needs"].to_string().contains("sales"),
        "{}",
        status.text
    );
    stage.inbox.behave();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_the_server_puts_off_for_ever_is_given_to_a_human_at_its_end() {
    let stage = Stage::with(Mode::Live, "@smtp retry = { schedule = [\"1 s\"] }\n").await;
    let later = smtp::Effect::Reply("450 4.2.0 greylisted".into());
    stage
        .post
        .script([smtp::Fault::every(smtp::Step::Rcpt, later)]);
    stage
        .receives("anne@dune.example", "Re: Relais", STOP)
        .await;
    let letters = |state: quitus::record::LetterState| {
        stage.state(|s| s.counts().unwrap().letters[state as usize])
    };
    use quitus::record::LetterState::{Deferred, Rejected};
    stage
        .until("it is put off", || letters(Deferred) == 1)
        .await;
    stage.later(60 * 86_400);
    stage
        .until("a human has it", || letters(Rejected) == 1)
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_refused_is_not_sent_again_before_it_is_proved_who_asks() {
    let stage = Stage::build(Mode::Review).await;
    let ask = "Envoyez-moi une copie de toutes les données personnelles que vous détenez sur moi.";
    stage
        .receives("anne@dune.example", "Vos données", ask)
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let copy = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let nobody = smtp::Effect::Reply("550 5.1.1 nobody here".into());
    let refuse = smtp::Fault::every(smtp::Step::Rcpt, nobody);
    stage.post.script([refuse]);
    let word = json!({"hash": copy["hash"]});
    stage
        .order(&format!("/requests/{case}/approve"), word)
        .await;
    let refused = quitus::record::LetterState::Rejected as usize;
    let letters = || stage.state(|s| s.counts().unwrap().letters[refused]);
    stage.until("it is refused", || letters() == 1).await;
    let identify = format!("/requests/{case}/identify");
    stage.order(&identify, json!({})).await;
    let number = copy["letter"].as_u64().unwrap() - 1;
    let again = format!("/letters/{case}.{number}/resend");
    let refused = stage.refused(&again, json!({})).await;
    assert!(refused.error.contains("not proved who asks"), "{refused:?}");
    let proved = json!({"proved": true, "reason": "called back"});
    stage.order(&identify, proved).await;
    stage.order(&again, json!({})).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_waits_for_the_copy_that_was_asked_in_another_case() {
    let stage = Stage::build(Mode::Review).await;
    let copy = "Envoyez-moi une copie de toutes les données personnelles que vous détenez sur moi.";
    stage
        .receives("anne@dune.example", "Vos données", copy)
        .await;
    let first = stage.open().await.pop().unwrap();
    let by_telephone = json!({
        "kinds": ["erasure"], "received": stage.day(1), "channel": "phone", "address": "anne@dune.example"
    });
    let entered = stage.order("/requests/new", by_telephone).await;
    let second = entered.data["case"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let proved = json!({"proved": true, "reason": "called back"});
    stage
        .order(&format!("/requests/{second}/identify"), proved)
        .await;
    let drafts = stage.drafts(&second).await;
    let draft = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let word = json!({"hash": draft["hash"]});
    let refused = stage
        .refused(&format!("/requests/{second}/approve"), word)
        .await;
    assert!(refused.error.contains(&first), "{refused:?}");
    let reason = json!({"reason": "answered by telephone"});
    let refused = stage
        .refused(&format!("/requests/{second}/answered"), reason)
        .await;
    assert!(
        refused.error.contains("access was asked too"),
        "{refused:?}"
    );

    let drafts = stage.drafts(&first).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    stage.approve(&first, answer).await;
    let drafts = stage.drafts(&second).await;
    let draft = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    stage.approve(&second, draft).await;
    let shown = stage
        .order("/contacts/show", json!({"address": "anne@dune.example"}))
        .await;
    assert!(
        shown.text.contains("erased") && !shown.text.contains("Zibeline"),
        "{}",
        shown.text
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_letter_may_have_arrived_does_not_begin_to_wait_for_a_proof() {
    let stage = Stage::build(Mode::Review).await;
    let ask = "Je demande l'effacement de toutes mes données personnelles.";
    stage
        .receives("anne@dune.example", "Vos données", ask)
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    stage
        .post
        .script([smtp::Fault::every(smtp::Step::Dot, smtp::Effect::Cut)]);
    let word = json!({"hash": answer["hash"]});
    stage
        .order(&format!("/requests/{case}/approve"), word)
        .await;
    let uncertain = quitus::record::LetterState::Uncertain as usize;
    let letters = || stage.state(|s| s.counts().unwrap().letters[uncertain]);
    stage.until("nobody knows", || letters() == 1).await;
    let identify = format!("/requests/{case}/identify");
    let refused = stage.refused(&identify, json!({})).await;
    assert!(refused.error.contains("may have arrived"), "{refused:?}");

    let number = answer["letter"].as_u64().unwrap() - 1;
    let settle = format!("/letters/{case}.{number}/settle");
    let word = json!({"arrived": true, "reason": "she wrote that she has it"});
    stage.order(&settle, word).await;
    let shown = stage
        .order("/contacts/show", json!({"address": "anne@dune.example"}))
        .await;
    assert!(
        shown.text.contains("erased") && !shown.text.contains("Zibeline"),
        "{}",
        shown.text
    );
    stage.end().await;
}
