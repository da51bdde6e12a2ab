//! What letters say of the register and of the settings: sources that are known in part, why somebody is relevant, values of
//! any length, and what is kept after an erasure.

use super::stage::{Stage, read};
use quitus::record::Mode;
use quitus::sandbox::smtp;
use serde_json::json;
use std::time::Duration;

const HUGO: &str = "hugo@lande.example";
const ASK: &str = "Bonjour, merci de m'envoyer une copie de toutes les données que vous détenez sur moi (article 15 du RGPD).";

/// The words of a letter, whatever its lines.
fn words(letter: &smtp::Received) -> String {
    let text = read(letter).0;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_copy_tells_what_is_known_of_its_sources_and_a_vague_one_leaves_only_by_a_human() {
    let rule = "@policy access = \"auto\"\n[[origin]]\ncampaign = \"salon*\"\ndata = [\"name\"]\nprovider = \"Dropcontact\"\n\
                from = \"salon Produrable\"\ndate = \"2026-10-07\"\nwhy = \"votre visite au salon\"\n";
    let stage = Stage::with(Mode::Live, rule).await;
    let row = format!(
        "email,last_name,country,language,campaign,relation,provider,origin\n\
         {HUGO},Lande,FR,fr,Salon 2026,prospect,Dropcontact,site public de Lande\n"
    );
    stage.import(&row).await;
    stage.receives(HUGO, "Mes données", ASK).await;
    let acknowledged = stage.post.wait_for(1, Duration::from_secs(10)).await;
    assert!(acknowledged, "its receipt is told at once");
    let case = stage.open().await.pop().unwrap();
    let shown = stage.show(&case).await;
    assert_eq!(shown.data["vague"], json!("an origin has no date"));
    for said in ["come from (an origin has no date)", "P.source"] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    let drafts = stage.drafts(&case).await;
    let [copy] = drafts.as_slice() else {
        panic!("{drafts:?}")
    };
    let text = words(&stage.approve(&case, copy).await);
    for part in [
        "toutes vos données : Dropcontact, à une date inconnue, à partir de la source suivante : site public de Lande.",
        "nom : Dropcontact, le 7 octobre 2026, à partir de la source suivante : salon Produrable.",
        "pour la raison suivante : votre visite au salon.",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_source_letter_with_one_vague_source_is_not_written() {
    let stage = Stage::build(Mode::Review).await;
    let row = format!(
        "email,last_name,country,language,relation,provider,origin,why\n\
         {HUGO},Lande,FR,fr,prospect,Dropcontact,site public de Lande,votre fonction\n"
    );
    stage.import(&row).await;
    let ask = "Bonjour, d'où vient mon adresse e-mail ? Comment l'avez-vous obtenue ?";
    stage.receives(HUGO, "Re: Relais", ask).await;
    let case = stage.open().await.pop().unwrap();
    let draft = stage.drafts(&case).await.pop().unwrap();
    let why = draft["unwritten"].as_str().unwrap_or_default();
    assert!(why.contains("without origins"), "{draft}");
    assert_eq!(stage.show(&case).await.data["vague"], json!(null));
    stage.end().await;
}

#[tokio::test]
async fn a_copy_is_whole_however_long_a_value_is() {
    let stage = Stage::build(Mode::Review).await;
    let long = format!("{}fin", "encore un mot ".repeat(300));
    let row = format!(
        "email,last_name,country,language,relation,provider,origin,origin_date,why,remarques\n\
         {HUGO},Lande,FR,fr,prospect,Dropcontact,site public de Lande,2026-10-12,votre fonction,{long}\n"
    );
    stage.import(&row).await;
    stage.receives(HUGO, "Mes données", ASK).await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let copy = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let letter = stage.approve(&case, copy).await;
    assert!(words(&letter).contains(&long), "{}", words(&letter));
    let (_, files) = read(&letter);
    let (_, json) = files.iter().find(|(n, _)| n.ends_with(".json")).unwrap();
    assert!(String::from_utf8_lossy(json).contains(&long));
    stage.end().await;
}

#[tokio::test]
async fn what_is_kept_after_an_erasure_is_said_and_without_words_for_it_a_human_writes() {
    let kept = "[[processing.kept]]\nwhat = { fr = \"vos factures\" }\nwhy = { fr = \"la loi nous y oblige pendant dix ans\" }\n";
    let stage = Stage::with(Mode::Review, kept).await;
    let asks = "Je demande l'effacement de toutes mes données personnelles.";
    stage
        .receives("anne@dune.example", "Re: Relais", asks)
        .await;
    let french = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&french).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let text = words(&stage.approve(&french, answer).await);
    let said = "vos factures : la loi nous y oblige pendant dix ans";
    assert!(text.contains(said), "{text}");

    let asks = "Please delete all my personal data.";
    stage
        .receives("bob@cliff.example", "Re: Relais", asks)
        .await;
    let open = stage.open().await;
    let english = open.into_iter().find(|c| *c != french).unwrap();
    let drafts = stage.drafts(&english).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let why = answer["unwritten"].as_str().unwrap_or_default();
    let wanted = "[[processing.kept]] does not say in en what is kept, and why";
    assert!(why.contains(wanted), "{answer}");
    stage.end().await;
}
