//! Who wrote what to whom around a case, and a message of no case whose label is corrected.

use crate::stage::Stage;
use quitus::record::{Event, Mode};
use serde_json::{Value, json};

const ANNE: &str = "anne@dune.example";
const BOB: &str = "bob@cliff.example";
const CHAT: &str = "Merci pour votre message, bonne journée à vous et à toute l'équipe.";
const ERASE: &str = "Merci d'effacer toutes mes données.";

/// What an entry of the thread is, in a word.
fn kinds(thread: &Value) -> Vec<String> {
    let all = thread.as_array().unwrap().iter();
    all.map(|t| t["what"].as_str().unwrap().to_owned())
        .collect()
}

/// Everything that the log holds of one kind of event.
fn events(stage: &Stage, wanted: impl Fn(&Event) -> bool) -> usize {
    let reader = stage.daemon.office.sequencer.reader();
    let frames = reader.frames(1).unwrap();
    let all = frames.flat_map(|f| f.unwrap().frame.events);
    all.filter(|e| wanted(e)).count()
}

async fn message(stage: &Stage, key: &str) -> Value {
    stage
        .client
        .get(&format!("/messages/{key}"))
        .await
        .unwrap()
        .data
}

#[tokio::test]
async fn a_case_shows_mails_messages_and_letters_of_its_person_in_one_order_of_time() {
    let stage = Stage::build(Mode::Review).await;
    stage.sent(ANNE, "Relais pour Dune", "relais-1", 9).await;
    stage.sent(BOB, "Relais pour Cliff", "relais-2", 8).await;
    stage.sent(ANNE, "Encore Relais", "relais-3", 3).await;
    // An export of a tool has no mailbox.
    let export = "to,date,message_id\nanne@dune.example,2026-11-01T10:00:00Z,<a@tool.example>\n";
    let path = "/sent/import?file=s.csv";
    let taken = stage.client.hand_over(path, export.into()).await.unwrap();
    assert_eq!(taken.data["stored"], 1, "{}", taken.text);
    stage.receives(ANNE, "Re: Relais pour Dune", CHAT).await;
    let references = format!("In-Reply-To: <relais-3@{}>\n", crate::stage::FIRM);
    stage
        .receives_with(ANNE, "Re: Encore Relais", ERASE, &references)
        .await;
    stage.receives(BOB, "Re: Relais pour Cliff", "STOP").await;
    let of_anne = stage.open().await;
    let case = stage.case_of(ANNE).await;
    assert_eq!(of_anne.len(), 2);
    let shown = stage.show(&case).await;
    let thread = &shown.data["thread"];
    let mut seen = kinds(thread);
    let moments: Vec<&str> = (thread.as_array().unwrap().iter())
        .map(|t| t["at"].as_str().unwrap())
        .collect();
    assert!(moments.is_sorted(), "{moments:?}");
    let mails: Vec<_> = (thread.as_array().unwrap().iter())
        .filter(|t| t["what"] == "mail")
        .map(|t| (t["mailbox"].as_str(), t["subject"].as_str()))
        .collect();
    assert!(
        mails.contains(&(Some("sales"), Some("Encore Relais"))),
        "{mails:?}"
    );
    assert!(mails.contains(&(Some("sales"), None)), "{mails:?}");
    assert!(mails.contains(&(None, None)), "{mails:?}");
    seen.sort();
    assert_eq!(
        seen,
        ["mail", "mail", "mail", "message", "message"],
        "{thread:#}"
    );
    let chat = thread
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["what"] == "message" && t["here"] == false);
    let chat = chat.unwrap_or_else(|| panic!("{thread:#}"));
    assert_eq!(chat["subject"], "Re: Relais pour Dune");
    assert!(
        chat["begins"]
            .as_str()
            .unwrap()
            .starts_with("Merci pour votre message")
    );
    assert_eq!(shown.data["thread_earlier"], 0);
    assert!(
        shown.text.contains("a mail from sales: Encore Relais"),
        "{}",
        shown.text
    );
    assert!(
        !shown.text.contains("Cliff"),
        "nobody else's: {}",
        shown.text
    );
    stage.end().await;
}

#[tokio::test]
async fn a_letter_of_another_case_stands_in_the_thread_with_its_case() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .receives(ANNE, "Re: Relais", "STOP, ne m'écrivez plus.")
        .await;
    let (first, _, letter) = stage.approve_only().await;
    assert_eq!(letter.to, [ANNE]);
    stage
        .receives(
            ANNE,
            "Re: Relais",
            "Et d'où vient mon adresse ? Comment l'avez-vous obtenue ?",
        )
        .await;
    let second = stage.case_of(ANNE).await;
    assert_ne!(first, second);
    let shown = stage.show(&second).await;
    let letters: Vec<&Value> = (shown.data["thread"].as_array().unwrap().iter())
        .filter(|t| t["what"] == "letter")
        .collect();
    let [one] = letters.as_slice() else {
        panic!("{:#}", shown.data["thread"])
    };
    assert_eq!(
        (&one["case"], &one["state"], &one["here"]),
        (&json!(first), &json!("sent"), &json!(false))
    );
    assert!(one["subject"].is_string(), "{one}");
    stage.end().await;
}

#[tokio::test]
async fn an_index_that_is_made_again_from_the_log_knows_the_same_thread() {
    let stage = Stage::build(Mode::Review).await;
    stage.sent(ANNE, "Relais pour Dune", "relais-1", 9).await;
    stage.receives(ANNE, "Re: Relais", CHAT).await;
    stage.receives(ANNE, "Re: Relais", ERASE).await;
    let case = stage.case_of(ANNE).await;
    let before = stage.show(&case).await.data["thread"].clone();
    assert_eq!(before.as_array().unwrap().len(), 3, "{before:#}");
    let config = stage.daemon.office.house.load().config.clone();
    let folder = stage.end().await;
    std::fs::remove_dir_all(config.store.path.join("index")).unwrap();
    let options = quitus::store::Options {
        ballast: 0,
        floor: 0,
        ..quitus::store::Options::at(jiff::Timestamp::now().into())
    };
    let (opened, report) = quitus::store::Store::open(&config.store.path, &options).unwrap();
    assert!(report.rebuilt.is_some());
    let case = case.parse().unwrap();
    let file = quitus::service::CaseFile::open(&opened.reader(), case)
        .unwrap()
        .unwrap();
    let found = quitus::service::correspondence(&opened.reader(), &file).unwrap();
    assert_eq!(found.all.len(), 3);
    drop(opened);
    drop(folder);
}

#[tokio::test]
async fn an_ignored_message_is_found_by_the_story_and_the_log_and_corrected_without_consent_to_words()
 {
    let stage = Stage::build(Mode::Review).await;
    stage.receives(ANNE, "Re: Relais", CHAT).await;
    assert!(stage.open().await.is_empty(), "it is of no case");
    let story = stage
        .order("/contacts/show", json!({"address": ANNE}))
        .await;
    let one = story.data["messages"][0].clone();
    assert_eq!(
        (&one["state"], &one["case"]),
        (&json!("ignored"), &Value::Null),
        "{one}"
    );
    let key = one["message"].as_str().unwrap().to_owned();
    let log = stage.client.get("/log").await.unwrap();
    let entries = log.data["events"].as_array().unwrap();
    let of_it: Vec<&Value> = entries
        .iter()
        .filter(|e| e["message"] == json!(key))
        .collect();
    assert!(of_it.iter().any(|e| e["event"] == "decided"), "{of_it:?}");
    assert!(
        entries
            .iter()
            .all(|e| e["message"] != Value::Null || e.get("message").is_none())
    );
    // By what the log prints, too.
    let shown = message(&stage, &key[..12]).await;
    assert_eq!(
        (&shown["message"], &shown["keeps"]),
        (&json!(key), &json!(false))
    );
    assert_eq!(shown["fresh"], CHAT);
    let path = format!("/messages/{key}/correct");
    let bad = stage.refused(&path, json!({"intents": ["sotp"]})).await;
    assert!(bad.error.contains("sotp"));
    let bad = stage
        .refused(&path, json!({"intents": ["stop"], "wrong": true}))
        .await;
    assert!(
        bad.error.contains("no letter answers this message"),
        "{}",
        bad.error
    );
    let done = stage
        .order(&path, json!({"intents": ["not_interested"]}))
        .await;
    assert_eq!(
        (&done.data["case"], &done.data["kept"]),
        (&Value::Null, &json!(false))
    );
    let said = message(&stage, &key).await["correction"].clone();
    assert_eq!(
        (&said["by"], &said["intents"]),
        (&json!("odile"), &json!(["not_interested"]))
    );
    let log = stage.client.get("/log").await.unwrap().text;
    assert!(log.contains("means not_interested, by odile"), "{log}");
    assert_eq!(events(&stage, |e| matches!(e, Event::CorrectedAlone(_))), 1);
    assert_eq!(
        stage.client.get("/figures").await.unwrap().data["total"]["corrections"],
        1
    );
    assert!(stage.open().await.is_empty(), "nothing else changed");
    let config = stage.daemon.office.house.load().config.clone();
    assert!(!quitus::service::own_set(&config).exists());
    let unknown = stage.client.get("/messages/0123456789ab").await;
    assert!(unknown.is_err(), "nobody wrote that");
    stage.end().await;
}

#[tokio::test]
async fn with_consent_the_words_of_an_ignored_message_are_kept_until_its_writer_is_erased() {
    let stage = Stage::with(Mode::Review, "[learning]\nkeep = true\n").await;
    stage.receives(ANNE, "Re: Relais", CHAT).await;
    let story = stage
        .order("/contacts/show", json!({"address": ANNE}))
        .await;
    let key = story.data["messages"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(message(&stage, &key).await["keeps"], true);
    let path = format!("/messages/{key}/correct");
    let done = stage.order(&path, json!({"intents": ["stop"]})).await;
    assert_eq!(done.data["kept"], true);
    let set = quitus::service::own_set(&stage.daemon.office.house.load().config);
    let text = std::fs::read_to_string(&set).unwrap();
    assert!(
        text.contains("bonne journée") && text.contains("\"lang\":\"fr\""),
        "{text}"
    );
    let found = stage
        .client
        .get(&format!("/messages/{key}/suggest"))
        .await
        .unwrap();
    assert!(found.data["suggestions"].is_array());
    stage.receives(ANNE, "Re: Relais", ERASE).await;
    let case = stage.case_of(ANNE).await;
    let path = format!("/requests/{case}/answered");
    stage
        .order(&path, json!({"reason": "effacé partout, par lettre"}))
        .await;
    stage
        .until("the words are gone", || {
            std::fs::read_to_string(&set).unwrap().is_empty()
        })
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_message_of_a_case_is_corrected_by_its_own_name_as_by_its_case() {
    let stage = Stage::build(Mode::Review).await;
    stage.receives(ANNE, "Re: Relais", ERASE).await;
    let case = stage.case_of(ANNE).await;
    let key = stage.show(&case).await.data["messages"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    let done = stage
        .order(
            &format!("/messages/{key}/correct"),
            json!({"intents": ["erasure"]}),
        )
        .await;
    assert_eq!(done.data["case"], json!(case));
    assert_eq!(events(&stage, |e| matches!(e, Event::Corrected(_))), 1);
    assert_eq!(
        stage.show(&case).await.data["corrections"][0]["by"],
        "odile"
    );
    assert_eq!(message(&stage, &key).await["mailbox"], "sales");
    stage.end().await;
}

impl Stage {
    /// The open case of somebody.
    async fn case_of(&self, address: &str) -> String {
        let found = self.order("/search", json!({"what": address})).await;
        let cases = found.data["cases"].as_array().unwrap().iter();
        let open = cases.filter(|c| c["closed"].is_null() && c["state"] != "closed");
        let mut open: Vec<_> = open
            .map(|c| c["case"].as_str().unwrap().to_owned())
            .collect();
        open.pop()
            .unwrap_or_else(|| panic!("no open case: {}", found.data))
    }
}
