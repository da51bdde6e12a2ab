//! A request that came on paper: its scan is kept with the case and forgotten with it, and its answer is printed and posted.

use super::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quitus::record::{Event, LetterState, Mode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SCAN: &[u8] = b"%PDF-1.7\n1 0 obj << /Title (Lettre de Mme Zibeline) >>";

fn file(name: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "content": STANDARD.encode(bytes)})
}

fn postal() -> Value {
    json!(["Mme Anne Zibeline", "12 rue des Lilas", "75011 Paris"])
}

/// Enters it, and gives the case.
async fn entered(stage: &Stage, kinds: &[&str], more: Value) -> String {
    let mut word = json!({"kinds": kinds, "received": stage.day(3), "channel": "letter"});
    for (key, value) in more.as_object().unwrap() {
        word[key] = value.clone();
    }
    let done = stage.order("/requests/new", word).await;
    done.data["case"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_letter_on_paper_is_printed_posted_and_proved_and_its_case_is_closed() {
    let stage = Stage::build(Mode::Review).await;
    let who = json!({"address": "anne@dune.example", "postal": postal(), "scans": [file("lettre.pdf", SCAN)]});
    let case = entered(&stage, &["stop", "source"], who).await;
    let (print, posted) = (
        format!("/requests/{case}/print"),
        format!("/requests/{case}/posted"),
    );
    let shown = stage.show(&case).await;
    for part in [
        "on paper   Mme Anne Zibeline, 12 rue des Lilas, 75011 Paris",
        "scan 1     pdf",
        &format!("quitus requests print {case}"),
    ] {
        assert!(shown.text.contains(part), "{part} in {}", shown.text);
    }
    // It is not sent by mail, and nothing counts as posted that was never printed.
    let drafts = stage.drafts(&case).await;
    let hash = json!({"hash": drafts[0]["hash"]});
    let refused = stage
        .refused(&format!("/requests/{case}/approve"), hash)
        .await;
    assert!(refused.error.contains("answered on paper"), "{refused:?}");
    let early = stage.refused(&posted, json!({"on": stage.day(0)})).await;
    assert!(early.error.contains("not printed"), "{early:?}");

    let sheet = stage.order(&print, json!({})).await;
    let html = sheet.data["html"].as_str().unwrap();
    for part in [
        "<address class=\"right\">Mme Anne Zibeline<br>\n12 rue des Lilas<br>\n75011 Paris</address>",
        &case,
        "Dropcontact",
        "Notre référence",
        "Madame Zibeline",
    ] {
        let plain = html.replace("Mme Zibeline", "Madame Zibeline");
        assert!(plain.contains(part), "{part} in {html}");
    }
    let text = drafts[0]["text"].as_str().unwrap().lines().nth(2).unwrap();
    assert!(
        html.contains(&text.replace('\'', "&#39;")),
        "{text} in {html}"
    );
    let digest = quitus::record::hex(&Sha256::digest(html.as_bytes()));
    assert_eq!(sheet.data["sha256"], digest.as_str());

    let to_come = stage.refused(&posted, json!({"on": "2199-01-01"})).await;
    assert!(to_come.error.contains("has not come yet"), "{to_come:?}");
    let before = stage.refused(&posted, json!({"on": stage.day(1)})).await;
    assert!(
        before.error.contains("cannot be posted before"),
        "{before:?}"
    );
    let done = stage.order(&posted, json!({"on": stage.day(0)})).await;
    assert_eq!(done.data["closed"], true, "{}", done.text);
    assert!(stage.open().await.is_empty());
    assert_eq!(stage.post.count(), 0, "nothing leaves by mail");
    stage.state(|s| {
        let (letters, row) = (
            s.letters(case.parse().unwrap()).unwrap(),
            s.case(case.parse().unwrap()).unwrap().unwrap(),
        );
        assert_eq!(letters[0].1.state, LetterState::Sent);
        assert!(row.closed.is_some() && row.held.is_none());
        let person = s.person(row.person.unwrap()).unwrap();
        assert!(person.last_letter.is_some() && person.suppression.is_some());
    });
    // The log says what was printed and that it was posted, and by whom.
    let log = stage.client.get("/log").await.unwrap();
    for part in [digest.as_str(), "was posted on paper", "says odile"] {
        assert!(log.text.contains(part), "{part} in {}", log.text);
    }
    let letter = sheet.data["letter"].as_str().unwrap();
    let story = stage
        .client
        .get(&format!("/letters/{letter}"))
        .await
        .unwrap();
    assert_eq!(story.data["sheet"]["html"], html);
    assert!(story.text.contains("12 rue des Lilas"), "{}", story.text);
    // Once is enough.
    let again = stage.refused(&posted, json!({"on": stage.day(0)})).await;
    assert!(again.error.contains("was closed"), "{again:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_copy_on_paper_waits_for_the_proof_of_who_asks_and_carries_its_files() {
    let stage = Stage::build(Mode::Review).await;
    let who = json!({"address": "anne@dune.example", "postal": postal()});
    let case = entered(&stage, &["access"], who).await;
    let print = format!("/requests/{case}/print");
    let early = stage.refused(&print, json!({})).await;
    assert!(early.error.contains("not proved who asks"), "{early:?}");
    let proved = json!({"proved": true, "reason": "copie de sa carte d'identité"});
    stage
        .order(&format!("/requests/{case}/identify"), proved)
        .await;
    let sheet = stage.order(&print, json!({})).await;
    let html = sheet.data["html"].as_str().unwrap();
    assert!(html.contains(&format!("<pre>{case}-copy.json")), "{html}");
    stage.end().await;
}

#[tokio::test]
async fn a_scan_is_given_back_as_it_came_and_is_unreadable_after_the_erasure() {
    let stage = Stage::build(Mode::Review).await;
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 4_000_000]].concat();
    let scans = json!([file("../page-1.pdf", SCAN), file("page-2.png", &png)]);
    let who = json!({"address": "anne@dune.example", "postal": postal(), "scans": scans});
    let case = entered(&stage, &["erasure"], who).await;
    let scan = |n: u8| format!("/requests/{case}/scans/{n}");
    let first = stage.client.get(&scan(1)).await.unwrap();
    let second = stage.client.get(&scan(2)).await.unwrap();
    let content = |a: &quitus::api::Answer| STANDARD.decode(a.data["content"].as_str().unwrap());
    assert_eq!(content(&first).unwrap(), SCAN);
    assert_eq!(content(&second).unwrap(), png);
    assert_eq!(second.data["media"], "png");
    assert!(stage.client.get(&scan(3)).await.is_err());
    // No word of it stands in the log.
    let log = stage.folder.path().join("store/log/00000001.log");
    let bytes = std::fs::read(log).unwrap();
    assert!(
        !bytes
            .windows(8)
            .any(|w| w == b"Zibeline" || w == b"page-1.p")
    );
    let proved = json!({"proved": true, "reason": "carte d'identité"});
    stage
        .order(&format!("/requests/{case}/identify"), proved)
        .await;
    stage
        .order(&format!("/requests/{case}/print"), json!({}))
        .await;
    let on = json!({"on": stage.day(0)});
    stage.order(&format!("/requests/{case}/posted"), on).await;
    let reader = stage.daemon.office.sequencer.reader().clone();
    let mut events = reader
        .frames(1)
        .unwrap()
        .flat_map(|f| f.unwrap().frame.events);
    let erased = events.any(|e| matches!(e, Event::KeysErased { .. }));
    assert!(erased, "what was posted is an answer: the person is erased");
    for n in [1, 2] {
        let gone = stage.client.get(&scan(n)).await.unwrap_err().to_string();
        assert!(gone.contains("was erased"), "{gone}");
    }
    stage.end().await;
}

#[tokio::test]
async fn what_is_no_scan_too_large_or_no_address_is_refused_and_nothing_is_entered() {
    let stage = Stage::build(Mode::Review).await;
    let new = |more: Value| {
        let mut word = json!({"kinds": ["stop"], "address": "anne@dune.example", "received": stage.day(1), "channel": "letter"});
        for (key, value) in more.as_object().unwrap() {
            word[key] = value.clone();
        }
        word
    };
    let large = [b"%PDF-1.7\n".as_slice(), &vec![b' '; 10 << 20]].concat();
    let each = [b"%PDF-1.7\n".as_slice(), &vec![b' '; 7 << 20]].concat();
    let three = [file("a", &each), file("b", &each), file("c", &each)];
    let wrong = [
        (
            json!({"scans": [file("x.pdf", b"<html>%PDF-1.7")]}),
            "x.pdf is no scan",
        ),
        (
            json!({"scans": [{"name": "x", "content": "%%%"}]}),
            "not handed over whole",
        ),
        (
            json!({"scans": [file("x.pdf", &large)]}),
            "x.pdf: 10485769 octets",
        ),
        (json!({"scans": three}), "all scans together"),
        (json!({"postal": ["Mme Zibeline"]}), "no postal address"),
        (
            json!({"postal": ["Mme Zibeline", "x".repeat(61)]}),
            "longer than 60",
        ),
        (json!({"postal": vec!["a line"; 9]}), "9 lines"),
    ];
    for (more, why) in wrong {
        let refused = stage.refused("/requests/new", new(more)).await;
        assert!(
            refused.is_usage() && refused.error.contains(why),
            "{why}: {refused:?}"
        );
    }
    assert!(stage.open().await.is_empty());
    stage.end().await;
}

#[tokio::test]
async fn somebody_unknown_who_wrote_on_paper_gets_no_letter_that_claims_anything() {
    let stage = Stage::build(Mode::Review).await;
    let case = entered(&stage, &["stop"], json!({"postal": postal()})).await;
    assert!(stage.drafts(&case).await.is_empty());
    let refused = stage
        .refused(&format!("/requests/{case}/print"), json!({}))
        .await;
    assert!(
        refused.error.contains("no letter on paper waits"),
        "{refused:?}"
    );
    stage.end().await;
}
