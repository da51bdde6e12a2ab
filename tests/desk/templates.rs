//! Templates over the API: what is in force, what is refused, what stands in the log.

use super::stage::Stage;
use quitus::record::{Event, Mode, TemplateHow};
use serde_json::{Value, json};
use std::path::PathBuf;

const BODY: &str = "fr/stop/body.txt";

struct Writer {
    stage: Stage,
    own: tempfile::TempDir,
}

impl Writer {
    async fn begin() -> Self {
        let own = tempfile::tempdir().unwrap();
        let more = format!("[templates]\npath = \"{}\"\n", own.path().display());
        let stage = Stage::with(Mode::Review, &more).await;
        Self { stage, own }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.own.path().join(path)
    }

    async fn get(&self, path: &str) -> Value {
        self.stage.client.get(path).await.unwrap().data
    }

    async fn show(&self, path: &str) -> Value {
        self.get(&format!("/templates/show?path={path}")).await
    }

    async fn versions(&self, path: &str) -> Vec<Value> {
        let history = self.get(&format!("/templates/history?path={path}")).await;
        history["versions"].as_array().unwrap().clone()
    }

    async fn publish(&self, path: &str, text: &str, seen: &str) -> quitus::api::Answer {
        let files = json!({"files": [{"path": path, "text": text, "seen": seen}]});
        self.stage.order("/templates/publish", files).await
    }

    /// The text in force with a sentence more at its end, and the hash of the text in force.
    async fn with(&self, sentence: &str) -> (String, String) {
        let shown = self.show(BODY).await;
        let text = shown["text"].as_str().unwrap();
        let hash = shown["hash"].as_str().unwrap().to_owned();
        (format!("{text}\n{sentence}\n"), hash)
    }

    /// What the log says of templates.
    fn told(&self) -> Vec<(String, TemplateHow, String)> {
        let reader = self.stage.daemon.office.sequencer.reader();
        let frames = reader.frames(1).unwrap();
        let events = frames.flat_map(|f| f.unwrap().frame.events);
        let of = |e: Event| match e {
            Event::Template(c) => Some((c.path, c.how, c.by)),
            _ => None,
        };
        events.filter_map(of).collect()
    }

    async fn letter(&self) -> String {
        let wanted = json!({"kind": "stop", "language": "fr"});
        let shown = self.stage.client.post("/templates/preview", &wanted).await;
        shown.unwrap().data["text"].as_str().unwrap().to_owned()
    }
}

fn names(list: &Value) -> Vec<&str> {
    let all = list["templates"].as_array().unwrap().iter();
    all.map(|t| t["path"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_in_force_at_once_and_stands_in_the_log_with_who_did_it() {
    let writer = Writer::begin().await;
    let list = writer.get("/templates").await;
    assert!(names(&list).contains(&BODY) && list["valid"] == true);
    let row = |list: &Value| {
        let all = list["templates"].as_array().unwrap().clone();
        all.into_iter().find(|t| t["path"] == BODY).unwrap()
    };
    assert_eq!(row(&list)["origin"], "quitus");
    let (text, seen) = writer.with("Bien à vous.").await;
    let done = writer.publish(BODY, &text, &seen).await;
    assert!(
        !done.wrong && done.data["published"] == true,
        "{}",
        done.text
    );
    assert_eq!(std::fs::read_to_string(writer.file(BODY)).unwrap(), text);
    assert!(writer.letter().await.contains("Bien à vous."));
    let list = writer.get("/templates").await;
    let now = row(&list);
    assert_eq!(
        (&now["origin"], &now["by"]),
        (&json!("changed"), &json!("odile"))
    );
    assert_eq!(
        (&now["version"], &now["outside"]),
        (&json!(1), &json!(false))
    );
    let told = (BODY.to_owned(), TemplateHow::Published, "odile".to_owned());
    assert_eq!(writer.told(), [told]);
    let log = writer.stage.client.get("/log").await.unwrap().text;
    assert!(
        log.contains("fr/stop/body.txt: text ") && log.contains("published by odile"),
        "{log}"
    );
    assert!(!log.contains("Bien"), "the log holds the text");
    let again = writer
        .publish(BODY, &text, now["hash"].as_str().unwrap())
        .await;
    assert_eq!(again.data["same"], true);
    assert_eq!(writer.versions(BODY).await.len(), 1);
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_text_is_refused_with_its_line_and_nothing_changes() {
    let writer = Writer::begin().await;
    let seen = writer.show(BODY).await["hash"].as_str().unwrap().to_owned();
    let broken = [
        ("Bonjour\n\n{{ person.salutatoin }}\n", 3, "salutatoin"),
        ("Bonjour\n{% if person.salutation %}x\n", 3, ""),
    ];
    for (text, line, word) in broken {
        let done = writer.publish(BODY, text, &seen).await;
        assert!(done.wrong && done.data["published"] == false);
        let fault = done.data["faults"][0].clone();
        assert_eq!(fault["path"], BODY, "{fault}");
        assert_eq!(fault["line"], line, "{fault}");
        assert!(
            fault["what"].as_str().unwrap().contains(word) && fault["fix"] != "",
            "{fault}"
        );
        assert!(!writer.file(BODY).exists());
    }
    // What must not be sent is refused in the line that says it.
    let (text, _) = writer.with("Nous sommes conformes au RGPD.").await;
    let done = writer.publish(BODY, &text, &seen).await;
    let line = text.lines().position(|l| l.contains("conformes")).unwrap() + 1;
    let faults = done.data["faults"].as_array().unwrap().clone();
    let claims = |f: &&Value| f["what"].as_str().unwrap().contains("conformes au rgpd");
    let claim = faults.iter().find(claims).unwrap();
    assert_eq!(
        (&claim["path"], &claim["line"]),
        (&json!(BODY), &json!(line)),
        "{claim}"
    );
    assert!(writer.told().is_empty());
    assert!(!writer.letter().await.contains("conformes"));
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_says_on_nothing_it_is_based_is_not_published_over_what_is_there() {
    let writer = Writer::begin().await;
    let (text, seen) = writer.with("De Claire.").await;
    for edit in [
        json!({"path": BODY, "text": text}),
        json!({"path": BODY, "text": text, "seen": " "}),
    ] {
        let order = json!({"files": [edit]});
        let done = writer.stage.order("/templates/publish", order).await;
        assert!(
            done.wrong && done.data["published"] == false,
            "{}",
            done.text
        );
        assert_eq!(done.data["conflicts"][0]["in_force"], json!(seen));
        let why = format!("nobody said on which text of {BODY} it is based");
        assert!(done.text.contains(&why), "{}", done.text);
    }
    assert!(!writer.file(BODY).exists() && writer.versions(BODY).await.is_empty());
    let done = writer.publish(BODY, &text, &seen).await;
    assert!(!done.wrong, "{}", done.text);
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_since_it_was_read_is_never_overwritten() {
    let writer = Writer::begin().await;
    let (text, seen) = writer.with("De Claire.").await;
    let (outside, _) = writer.with("De Rémi, avec vim.").await;
    std::fs::create_dir_all(writer.file("fr/stop")).unwrap();
    std::fs::write(writer.file(BODY), &outside).unwrap();
    let done = writer.publish(BODY, &text, &seen).await;
    assert!(done.wrong && done.data["published"] == false);
    let conflict = &done.data["conflicts"][0];
    assert_eq!(
        (&conflict["path"], &conflict["text"]),
        (&json!(BODY), &json!(outside))
    );
    assert_eq!(std::fs::read_to_string(writer.file(BODY)).unwrap(), outside);
    // Whoever has read it may; and Rémi's text is a version that nobody named.
    let seen = conflict["in_force"].as_str().unwrap();
    let found = &writer.versions(BODY).await[0];
    assert_eq!(
        (&found["how"], &found["version"]),
        (&json!("outside"), &Value::Null)
    );
    let done = writer.publish(BODY, &text, seen).await;
    assert!(!done.wrong, "{}", done.text);
    let versions = writer.versions(BODY).await;
    let how: Vec<_> = versions.iter().map(|v| (&v["how"], &v["by"])).collect();
    let (published, outside_by) = (
        (json!("published"), json!("odile")),
        (json!("outside"), json!("")),
    );
    assert_eq!(
        how,
        [(&published.0, &published.1), (&outside_by.0, &outside_by.1)]
    );
    // And it can be had again.
    let order = json!({"path": BODY, "version": 1, "seen": versions[0]["hash"]});
    let done = writer.stage.order("/templates/roll_back", order).await;
    assert!(!done.wrong, "{}", done.text);
    assert_eq!(std::fs::read_to_string(writer.file(BODY)).unwrap(), outside);
    assert!(writer.letter().await.contains("avec vim"));
    let now = &writer.versions(BODY).await[0];
    assert_eq!(
        (&now["how"], &now["in_force"]),
        (&json!("rolled_back"), &json!(true))
    );
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_to_the_text_of_quitus_removes_the_firms_own_file() {
    let writer = Writer::begin().await;
    let (text, seen) = writer.with("Bien à vous.").await;
    writer.publish(BODY, &text, &seen).await;
    let seen = writer.show(BODY).await["hash"].as_str().unwrap().to_owned();
    let order = json!({"path": BODY, "version": "quitus", "seen": "0000"});
    let done = writer.stage.order("/templates/roll_back", order).await;
    assert!(done.wrong && writer.file(BODY).exists());
    let order = json!({"path": BODY, "version": "quitus", "seen": seen});
    let done = writer.stage.order("/templates/roll_back", order).await;
    assert!(!done.wrong, "{}", done.text);
    assert!(!writer.file(BODY).exists());
    assert!(!writer.letter().await.contains("Bien à vous."));
    let versions = writer.versions(BODY).await;
    assert_eq!((versions.len(), &versions[0]["hash"]), (2, &Value::Null));
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_sent_with_nothing_until_it_is_published_whole() {
    let writer = Writer::begin().await;
    // A letter of three files exists only together: one by one it would be incomplete.
    let files = ["subject.txt", "body.txt", "body.html"];
    for name in files {
        let text = writer.show(&format!("en/access/{name}")).await;
        let text = text["text"].as_str().unwrap().replace("en/", "de/");
        let draft = json!({"path": format!("de/access/{name}"), "text": text});
        writer.stage.order("/templates/draft", draft).await;
    }
    let pieces = ["access.txt", "rights.txt"];
    for name in pieces {
        let shown = writer
            .stage
            .client
            .get(&format!("/templates/show?path=en/parts/{name}"))
            .await;
        let Ok(shown) = shown else { continue };
        let text = shown.data["text"].as_str().unwrap().replace("en/", "de/");
        let draft = json!({"path": format!("de/parts/{name}"), "text": text});
        writer.stage.order("/templates/draft", draft).await;
    }
    assert!(!writer.file("de/access").exists());
    let one = json!({"drafts": ["de/access/body.txt"]});
    let done = writer.stage.order("/templates/publish", one).await;
    assert!(
        done.wrong && done.text.contains("not complete"),
        "{}",
        done.text
    );
    assert!(!writer.file("de/access").exists());
    let list = writer.get("/templates").await;
    let drafts: Vec<String> = list["templates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|t| t["draft"] == true)
        .map(|t| t["path"].as_str().unwrap().to_owned())
        .collect();
    assert!(drafts.len() >= 3, "{drafts:?}");
    let shown = writer.show("de/access/body.txt").await;
    assert_eq!(
        (&shown["text"], &shown["draft"]["by"]),
        (&Value::Null, &json!("odile"))
    );
    writer
        .stage
        .order(
            "/templates/draft/drop",
            json!({"path": "de/access/body.txt"}),
        )
        .await;
    let gone = writer
        .stage
        .client
        .get("/templates/show?path=de/access/body.txt")
        .await;
    assert!(gone.is_err());
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_not_saved_is_checked_and_shown_with_the_sample_and_with_a_real_case() {
    let writer = Writer::begin().await;
    let (text, _) = writer.with("Merci de votre franchise.").await;
    let edits = json!([{"path": BODY, "text": text}]);
    let checked = writer
        .stage
        .client
        .post("/templates/check", &json!({"files": edits}))
        .await;
    let checked = checked.unwrap();
    assert!(!checked.wrong, "{}", checked.text);
    let change = &checked.data["changes"][0];
    let added: Vec<_> = change["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["line"] == "added")
        .collect();
    assert!(
        added
            .iter()
            .any(|l| l["text"] == "Merci de votre franchise."),
        "{change}"
    );
    let sample = json!({"kind": "stop", "language": "fr", "files": edits});
    let sample = writer
        .stage
        .client
        .post("/templates/preview", &sample)
        .await
        .unwrap();
    assert!(sample.data["text"].as_str().unwrap().contains("franchise"));
    assert!(sample.data["html"].as_str().unwrap().contains("franchise"));
    assert!(
        sample.data["text"]
            .as_str()
            .unwrap()
            .contains("Atelier Vauban"),
        "the firm's own name"
    );
    let from = "anne@dune.example";
    writer
        .stage
        .receives(from, "Re: Relais", "STOP, ne m'écrivez plus.")
        .await;
    let case = writer.stage.open().await.pop().unwrap();
    let real = json!({"case": case, "files": edits});
    let real = writer
        .stage
        .client
        .post("/templates/preview", &real)
        .await
        .unwrap();
    let shown = real.data["text"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", real.text));
    assert!(
        shown.contains("franchise") && shown.contains("Zibeline"),
        "{shown}"
    );
    // What is broken is shown as far as it can be, beside its mistakes.
    let claim = json!([{"path": BODY, "text": format!("{text}Nous sommes conformes au RGPD.\n")}]);
    let claim = json!({"kind": "stop", "language": "fr", "files": claim});
    let claim = writer
        .stage
        .client
        .post("/templates/preview", &claim)
        .await
        .unwrap();
    assert!(claim.wrong && claim.data["shown"] == true && claim.data["faults"] != json!([]));
    let syntax =
        json!({"kind": "stop", "language": "fr", "files": [{"path": BODY, "text": "{{ x"}]});
    let syntax = writer
        .stage
        .client
        .post("/templates/preview", &syntax)
        .await
        .unwrap();
    assert!(syntax.data["shown"] == false && syntax.data["faults"][0]["line"] == 1);
    // Nothing of all this was saved.
    assert!(!writer.file("fr").exists() && writer.told().is_empty());
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_of_its_own_the_firm_is_told_to_make_one() {
    let stage = Stage::build(Mode::Review).await;
    let settings = stage.folder.path().join("quitus.toml");
    let before = std::fs::read(&settings).unwrap();
    let order = json!({"files": [{"path": BODY, "text": "x", "seen": ""}]});
    let refusal = stage.refused("/templates/publish", order).await;
    assert!(refusal.fix.contains("[templates] path"), "{}", refusal.fix);
    let order = json!({"files": [{"path": "../quitus.toml", "text": "x", "seen": ""}]});
    let checked = stage.client.post("/templates/check", &order).await;
    assert!(checked.is_err());
    assert_eq!(std::fs::read(&settings).unwrap(), before);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_from_outside_is_written_down_when_everything_is_read_again() {
    let writer = Writer::begin().await;
    let (text, _) = writer.with("Bien à vous.").await;
    std::fs::create_dir_all(writer.file("fr/stop")).unwrap();
    std::fs::write(writer.file(BODY), &text).unwrap();
    quitus::service::note_outside_edits(&writer.stage.daemon.office).await;
    quitus::service::note_outside_edits(&writer.stage.daemon.office).await;
    let told = (BODY.to_owned(), TemplateHow::Outside, String::new());
    assert_eq!(writer.told(), std::slice::from_ref(&told));
    std::fs::remove_file(writer.file(BODY)).unwrap();
    quitus::service::note_outside_edits(&writer.stage.daemon.office).await;
    assert_eq!(writer.told(), [told.clone(), told]);
    let versions = writer.versions(BODY).await;
    assert_eq!(
        (versions.len(), &versions[0]["in_force"]),
        (2, &json!(true))
    );
    writer.stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_published_only_over_the_text_that_it_was_begun_with() {
    let writer = Writer::begin().await;
    let (text, seen) = writer.with("Bien à vous.").await;
    let draft = json!({"path": BODY, "text": text, "base": seen});
    writer.stage.order("/templates/draft", draft.clone()).await;
    assert!(!writer.letter().await.contains("Bien à vous."));
    let order = json!({"drafts": [BODY]});
    let done = writer
        .stage
        .order("/templates/publish", order.clone())
        .await;
    assert!(!done.wrong, "{}", done.text);
    assert!(writer.letter().await.contains("Bien à vous."));
    assert_eq!(
        writer.show(BODY).await["draft"],
        Value::Null,
        "it is done with"
    );
    // The same draft again: what it was begun with is in force no more.
    let late = json!({"path": BODY, "text": format!("{text}De Rémi.\n"), "base": seen});
    writer.stage.order("/templates/draft", late).await;
    let done = writer.stage.order("/templates/publish", order).await;
    assert!(done.wrong && done.data["conflicts"][0]["path"] == BODY);
    assert!(!writer.letter().await.contains("De Rémi."));
    writer.stage.end().await;
}
