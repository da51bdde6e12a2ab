//! Corrected labels: counted always, kept only by consent, gone with the text; and the phrase that would have helped.

use super::stage::Stage;
use quitus::intent::eval::Labelled;
use quitus::record::{Event, Mode};
use serde_json::{Value, json};
use std::path::PathBuf;

const KEEP: &str = "[learning]\nkeep = true\n";

fn own_set(stage: &Stage) -> PathBuf {
    quitus::service::own_set(&stage.daemon.office.house.load().config)
}

/// The set as `quitus eval` reads it.
fn kept(stage: &Stage) -> Vec<Labelled> {
    let text = std::fs::read_to_string(own_set(stage)).unwrap_or_default();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

async fn correct(stage: &Stage, case: &str, word: Value) -> quitus::api::Answer {
    stage
        .order(&format!("/requests/{case}/correct"), word)
        .await
}

async fn figures(stage: &Stage) -> Value {
    stage.client.get("/figures").await.unwrap().data["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_a_correction_is_counted_and_no_word_is_kept() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "STOP, ne m'écrivez plus.",
        )
        .await;
    let (case, ..) = stage.approve_only().await;
    let path = format!("/requests/{case}/correct");
    let bad = stage.refused(&path, json!({"intents": ["sotp"]})).await;
    assert!(bad.error.contains("sotp"));
    let done = correct(
        &stage,
        &case,
        json!({"intents": ["not_interested"], "wrong": true}),
    )
    .await;
    assert_eq!(
        (&done.data["kept"], &done.data["intents"]),
        (&json!(false), &json!(["not_interested"]))
    );
    assert!(!own_set(&stage).exists());
    // Said twice, it is one wrong letter.
    correct(
        &stage,
        &case,
        json!({"intents": ["question"], "wrong": true}),
    )
    .await;
    let all = figures(&stage).await;
    assert_eq!((&all["corrections"], &all["wrong"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&all["kinds"][0]["kind"], &all["kinds"][0]["wrong"]),
        (&json!("stop"), &json!(1))
    );
    let status = stage.client.get("/status").await.unwrap();
    assert_eq!(status.data["wrong_letters"]["stop"]["wrong"], 1);
    assert!(status.text.contains("stop 1 of "), "{}", status.text);
    let shown = stage.show(&case).await.data["corrections"][0].clone();
    assert_eq!(
        (&shown["intents"], &shown["by"]),
        (&json!(["question"]), &json!("odile"))
    );
    let log = stage.client.get("/log").await.unwrap().text;
    assert!(
        log.contains("means question; its letter was wrong, by odile"),
        "{log}"
    );
    let reader = stage.daemon.office.sequencer.reader();
    let events = reader
        .frames(1)
        .unwrap()
        .flat_map(|f| f.unwrap().frame.events);
    assert_eq!(
        events.filter(|e| matches!(e, Event::Corrected(_))).count(),
        2
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_can_be_evaluated_and_goes_with_the_text_when_the_person_is_erased() {
    let stage = Stage::with(Mode::Review, KEEP).await;
    let (anne, bob) = ("anne@dune.example", "bob@cliff.example");
    stage
        .receives(
            anne,
            "Re: Relais",
            "Merci d'effacer toutes mes données.\n\nAnne Zibeline",
        )
        .await;
    let of_anne = stage.open().await.pop().unwrap();
    correct(
        &stage,
        &of_anne,
        json!({"intents": ["erasure"], "needs_human": true}),
    )
    .await;
    stage.receives(bob, "Re: Relais", "STOP").await;
    let of_bob = stage
        .open()
        .await
        .into_iter()
        .find(|c| *c != of_anne)
        .unwrap();
    correct(&stage, &of_bob, json!({"intents": ["none"]})).await;
    // The last word about a message stands.
    correct(&stage, &of_bob, json!({"intents": ["stop"]})).await;
    let all = kept(&stage);
    assert_eq!(all.len(), 2);
    let bodies: Vec<&str> = all.iter().map(|l| l.body.as_str()).collect();
    assert!(
        bodies
            .iter()
            .any(|b| b.contains("effacer toutes mes données")),
        "{bodies:?}"
    );
    assert!(
        all.iter()
            .all(|l| !l.from.contains("dune") && !l.from.contains("cliff"))
    );
    let words: Vec<_> = all.iter().map(|l| l.intents[0].word()).collect();
    assert_eq!(words, ["erasure", "stop"]);
    let list = stage.client.get("/learning").await.unwrap();
    assert_eq!(list.data["replies"].as_array().unwrap().len(), 2);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(own_set(&stage))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let by_hand = json!({"reason": "effacé partout, par lettre"});
    let path = format!("/requests/{of_anne}/answered");
    let done = stage.order(&path, by_hand).await;
    assert_eq!(done.data["erased"], true, "{}", done.text);
    stage
        .until("the words are gone", || kept(&stage).len() == 1)
        .await;
    assert_eq!(kept(&stage)[0].intents[0].word(), "stop");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phrase_is_proposed_that_would_have_caught_it_with_all_that_it_changes_and_nothing_is_written()
 {
    let lexicons = tempfile::tempdir().unwrap();
    let more = format!(
        "{KEEP}[lexicon]\npath = \"{}\"\n",
        lexicons.path().display()
    );
    let stage = Stage::with(Mode::Review, &more).await;
    let text = "D'où tenez-vous mon adresse ? Et rangez donc ma fiche au placard, le temps que tout soit tiré au clair.";
    stage
        .receives("anne@dune.example", "Re: Relais", text)
        .await;
    let case = stage.open().await.pop().unwrap();
    let before = stage.client.get(&format!("/requests/{case}/suggest")).await;
    assert!(before.is_err(), "nobody has said yet what it means");
    correct(&stage, &case, json!({"intents": ["source", "restriction"]})).await;
    let path = format!("/requests/{case}/suggest");
    let answer = stage.client.get(&path).await.unwrap();
    let one = &answer.data["suggestions"][0];
    assert_eq!(
        (&one["kind"], &one["catches"]),
        (&json!("restriction"), &json!(true)),
        "{}",
        answer.text
    );
    let phrase = one["phrase"].as_str().unwrap();
    let said: Vec<String> = text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_owned)
        .collect();
    assert!(
        said.join(" ").replace("  ", " ").contains(phrase),
        "{phrase}"
    );
    assert!(one["file"].as_str().unwrap().ends_with("fr.toml") && one["changes"].is_array());
    assert!(answer.text.contains("nothing changes by itself"));
    assert_eq!(std::fs::read_dir(lexicons.path()).unwrap().count(), 0);
    // Whoever writes it down is not told again.
    let (_, shipped) = quitus::intent::LEXICONS
        .iter()
        .find(|(c, _)| *c == "fr")
        .unwrap();
    let sure = if one["sure"] == true {
        "sure = 1.0\n"
    } else {
        ""
    };
    let with = format!(
        "{}\n[[restriction]]\nid = \"ours\"\nsay = [\"{phrase}\"]\n{sure}",
        shipped.text
    );
    std::fs::write(lexicons.path().join("fr.toml"), with).unwrap();
    let answer = stage.client.get(&path).await.unwrap();
    assert_eq!(answer.data["suggestions"], json!([]), "{}", answer.text);
    stage.end().await;
}
