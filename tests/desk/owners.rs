//! The colleague who owns a contact hears that a letter to them has left; nobody outside the firm does, and nothing loops.

use crate::stage::{LIST, Stage, read};
use quitus::record::{Fate, MessageState, Mode};
use quitus::sandbox::smtp;
use quitus::sandbox::smtp::{Effect, Fault, Step};
use serde_json::json;
use std::time::Duration;

const LEA: &str = "lea@ateliervauban.example";

/// The register with an owner for Anne, and one elsewhere for Bob.
fn owned() -> String {
    let mut lines = LIST.lines();
    let mut list = format!("{},owner\n", lines.next().unwrap());
    for line in lines {
        let owner = match line.split('@').next().unwrap() {
            "anne" => LEA,
            "bob" => "paul@gmail.com",
            _ => "",
        };
        list += &format!("{line},{owner}\n");
    }
    list
}

async fn stage(mode: Mode, more: &str) -> Stage {
    let stage = Stage::with(mode, more).await;
    stage.import(&owned()).await;
    stage
}

/// What the owner got.
fn notices(stage: &Stage) -> Vec<smtp::Received> {
    let all = stage.post.received().into_iter();
    all.filter(|mail| mail.to == [LEA]).collect()
}

async fn told(stage: &Stage, count: usize) -> Vec<smtp::Received> {
    let came = || notices(stage).len() >= count;
    stage.until(&format!("{count} notices"), came).await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    let all = notices(stage);
    assert_eq!(all.len(), count, "one too many");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_once_without_a_name_and_their_absence_note_is_no_request() {
    let stage = stage(Mode::Live, "").await;
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    let notice = told(&stage, 1).await.remove(0);
    let case = stage.state(|s| s.cases(None, 9).unwrap()[0].0).to_string();
    let (raw, text) = (
        String::from_utf8_lossy(&notice.raw).into_owned(),
        read(&notice).0,
    );
    let flat = text.replace('\n', " ");
    assert!(
        flat.contains("a…@d…e.example") && flat.contains(&case),
        "{text}"
    );
    assert!(flat.contains("Merci de ne plus lui écrire"), "{text}");
    assert!(raw.contains("Auto-Submitted: auto-generated") && raw.contains("X-Quitus-Loop: "));
    for planted in ["anne@", "Zibeline", "directrice"] {
        assert!(
            !raw.contains(planted) && !text.contains(planted),
            "{planted}: {text}"
        );
    }
    let report = stage.daemon.status().unwrap().owner_notices;
    assert_eq!((report.ended.sent, report.waiting), (1, 0));
    let shown = stage.show(&case).await;
    assert_eq!(
        shown.data["owner_notices"][0]["fate"], "sent",
        "{}",
        shown.text
    );

    // The owner is away, and a colleague answers by hand: neither asks anything.
    let id = raw
        .lines()
        .find_map(|l| l.strip_prefix("Message-ID: "))
        .unwrap();
    let thread = format!("In-Reply-To: {id}\nReferences: {id}\n");
    let away = format!("Auto-Submitted: auto-replied\n{thread}");
    let note = "Je suis en congé. STOP, ne m'écrivez plus. Supprimez toutes mes données.";
    stage.receives_with(LEA, "Absence", note, &away).await;
    stage.receives_with(LEA, "Re: Quitus", note, &thread).await;
    let unthreaded = "Auto-Submitted: auto-replied\nPrecedence: bulk\n";
    stage.receives_with(LEA, "Absence", note, unthreaded).await;
    let counts = stage.state(|s| s.counts().unwrap());
    assert_eq!(counts.open_cases, 0);
    assert_eq!(counts.messages[MessageState::Ignored as usize], 3);
    assert_eq!(counts.suppressed, [0, 1], "Anne alone");
    told(&stage, 1).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_takes_the_owner_from_the_register_and_they_are_told_all_the_same() {
    let stage = stage(Mode::Review, "\n[review]\ntell_owners = true\n").await;
    let asks = "Je demande l'effacement de toutes mes données personnelles (article 17 du RGPD).";
    stage
        .receives("anne@dune.example", "Re: Relais", asks)
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    stage.approve(&case, answer).await;
    let notice = told(&stage, 1).await.remove(0);
    let text = read(&notice).0.replace('\n', " ");
    assert!(text.contains("les données sont effacées"), "{text}");
    let show = json!({"address": "anne@dune.example"});
    let gone = stage.order("/contacts/show", show).await;
    assert!(
        gone.text.contains("erased") && !gone.text.contains("lea@"),
        "{}",
        gone.text
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elsewhere_is_told_and_nobody_at_all_where_it_is_off_or_not_live() {
    for (mode, more, who) in [
        (Mode::Live, "", "bob@cliff.example"),
        (Mode::Live, "", "carl@fels.example"),
        (
            Mode::Live,
            "\n[review]\ntell_owners = false\n",
            "anne@dune.example",
        ),
        (Mode::Review, "", "anne@dune.example"),
    ] {
        let stage = stage(mode, more).await;
        let text = match who {
            "carl@fels.example" => "Bitte nehmen Sie mich aus Ihrem Verteiler.",
            _ => "Please remove me from your mailing list.",
        };
        stage.receives(who, "Re: Relais", text).await;
        if mode == Mode::Review {
            stage.approve_only().await;
        }
        let left = || stage.post.received().iter().any(|m| m.to == [who]);
        stage.until("the letter leaves", left).await;
        tokio::time::sleep(Duration::from_millis(1300)).await;
        assert_eq!(stage.post.count(), 1, "{who}: the letter alone");
        assert_eq!(
            stage.daemon.status().unwrap().owner_notices,
            Default::default()
        );
        stage.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_unknown_fate_or_refused_is_not_sent_again_and_no_letter_waits_for_it() {
    for (fault, fate) in [
        (Fault::at(Step::Dot, 2, Effect::Cut), Fate::Uncertain),
        (
            Fault::at(
                Step::Rcpt,
                2,
                Effect::Reply("550 5.1.1 no such user".into()),
            ),
            Fate::Refused,
        ),
    ] {
        let stage = stage(Mode::Live, "").await;
        stage.post.script([fault]);
        stage
            .receives("anne@dune.example", "Re: Relais", "STOP")
            .await;
        let ended = || {
            let letters = stage.state(|s| s.every_letter().unwrap());
            let row = letters
                .first()
                .and_then(|(id, _)| stage.state(|s| s.owner_notice(*id).unwrap()));
            row.and_then(|row| row.fate)
        };
        stage.until("it has ended", || ended() == Some(fate)).await;
        let before = stage.post.count();
        // The next letter leaves as if nothing had been.
        stage
            .receives("elio@scoglio.example", "Re: Relais", "STOP")
            .await;
        let left = || {
            stage
                .post
                .received()
                .iter()
                .any(|m| m.to == ["elio@scoglio.example"])
        };
        stage.until("the next letter leaves", left).await;
        tokio::time::sleep(Duration::from_millis(1300)).await;
        assert_eq!(stage.post.count(), before + 1, "not sent again");
        let report = stage.daemon.status().unwrap().owner_notices.ended;
        let counted = match fate {
            Fate::Refused => report.refused,
            _ => report.uncertain,
        };
        assert_eq!(counted, 1);
        stage.end().await;
    }
}
