//! Other systems that hold data: a case is answered only when each is done, and the letter says what was done there.

use super::stage::{Stage, read};
use quitus::record::Mode;
use serde_json::json;

const SYSTEMS: &str = "\n[[system]]\nname = \"HubSpot\"\nholds = \"CRM: notes and calls\"\n\n[[system]]\nname = \"Sage\"\nrequests = [\"erasure\"]\n";

#[tokio::test]
async fn an_access_letter_waits_for_every_system_and_names_each() {
    let stage = Stage::with(Mode::Live, SYSTEMS).await;
    let ask = "Bonjour, merci de m'envoyer une copie de toutes les données que vous détenez sur moi (article 15 du RGPD).";
    stage
        .receives("anne@dune.example", "Mes données", ask)
        .await;
    let case = stage.open().await.pop().unwrap();
    let shown = stage.show(&case).await;
    let to_do = "to do      access in HubSpot (CRM: notes and calls)";
    assert!(shown.text.contains(to_do), "{}", shown.text);
    assert!(!shown.text.contains("access in Sage"), "{}", shown.text);
    let hash = |drafts: Vec<serde_json::Value>| {
        let answer = drafts.into_iter().find(|d| d["kind"] == "answer").unwrap();
        json!({"hash": answer["hash"]})
    };
    let (approve, done) = (
        format!("/requests/{case}/approve"),
        format!("/requests/{case}/done"),
    );
    let refused = stage
        .refused(&approve, hash(stage.drafts(&case).await))
        .await;
    assert!(
        refused.error.contains("access is not done in HubSpot"),
        "{refused:?}"
    );
    let by_hand = format!("/requests/{case}/answered");
    let refused = stage
        .refused(&by_hand, json!({"reason": "I wrote to her"}))
        .await;
    assert!(refused.error.contains("HubSpot"), "{refused:?}");
    let unknown = json!({"system": "Salesforce", "words": "rien"});
    assert!(
        stage
            .refused(&done, unknown)
            .await
            .fix
            .contains("HubSpot, Sage")
    );
    let words = json!({"system": "HubSpot", "words": "aucune note, un appel le 3 octobre 2026"});
    stage.order(&done, words).await;
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let letter = stage.approve(&case, answer).await;
    let text = read(&letter)
        .0
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        text.contains("HubSpot : aucune note, un appel le 3 octobre 2026"),
        "{text}"
    );
    stage.end().await;
}
