//! The thread of a case, the page of one message, and that French pages say in French why something is held or refused.

use crate::stage::{FIRM, MAILBOX, Stage};
use crate::web::WebStage;
use quitus::record::Mode;

const ANNE: &str = "anne@dune.example";
const CHAT: &str = "Merci pour votre message, bonne journée à vous et à toute l'équipe.";

/// A mail that Claire sent.
async fn sent(house: &Stage, to: &str, id: &str) {
    let at = house.now - jiff::SignedDuration::from_hours(72);
    let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let raw = format!(
        "Date: {date}\r\nFrom: <{MAILBOX}>\r\nTo: <{to}>\r\nSubject: Relais\r\nMessage-ID: <{id}@{FIRM}>\r\n\r\nBonjour.\r\n"
    );
    house.inbox.append_sent(MAILBOX, raw.as_bytes(), at);
    let known = || house.state(|s| s.counts().unwrap().sent_mails) > 0;
    house.until("the sent mail is known", known).await;
}

#[tokio::test]
async fn a_case_shows_its_thread_and_the_thread_leads_to_a_message_of_no_case() {
    let stage = WebStage::build(Mode::Review).await;
    let house = &stage.house;
    sent(house, ANNE, "relais-1").await;
    house.receives(ANNE, "Re: Relais", CHAT).await;
    house
        .receives(ANNE, "Re: Relais", "Merci d'effacer toutes mes données.")
        .await;
    let case = house.open().await.pop().unwrap();
    let mut vera = stage.signed_in("vera").await;
    let page = vera.look(&format!("/cases/{case}")).await;
    let text = page.text();
    for said in [
        "Who wrote what to whom",
        "A mail from sales",
        "They wrote to us",
        "Merci pour votre message",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let thread = page.body.split("id=\"h-thread\"").nth(1).unwrap();
    let link = thread.split("href=\"/messages/").nth(1).unwrap();
    let key = link.split('"').next().unwrap();
    let page = vera.look(&format!("/messages/{key}")).await;
    let text = page.text();
    assert!(
        text.contains(CHAT) && text.contains("it belongs to no case"),
        "{text}"
    );
    assert!(
        text.contains("Nothing is asked."),
        "the rule says why: {text}"
    );
    assert!(
        text.contains("Reviewers say here what a message meant."),
        "{text}"
    );
    let path = format!("/messages/{key}/correct");
    assert_eq!(vera.post(&path, &[("intent", "stop")]).await.status, 403);
    for nowhere in ["/messages/nonsense", "/messages/0123456789ab"] {
        assert_eq!(vera.get(nowhere).await.status, 404, "{nowhere}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_reviewer_finds_an_ignored_message_in_the_story_reads_what_will_happen_and_corrects_it() {
    let stage = WebStage::build(Mode::Review).await;
    stage.house.receives(ANNE, "Re: Relais", CHAT).await;
    let mut odile = stage.signed_in("odile").await;
    let log = odile.look("/log").await;
    assert!(
        log.body.contains("href=\"/messages/"),
        "the log leads there"
    );
    let story = odile.post("/search", &[("find", ANNE)]).await;
    let text = story.text();
    assert!(
        text.contains("What they wrote") && text.contains("Merci pour votre message"),
        "{text}"
    );
    let link = story.body.split("href=\"/messages/").nth(1).unwrap();
    let key = link.split('"').next().unwrap().to_owned();
    let page = odile.look(&format!("/messages/{key}")).await;
    let text = page.text();
    assert!(
        text.contains("A correction changes neither the case nor a letter"),
        "{text}"
    );
    assert!(
        text.contains("the words of the message are not kept"),
        "{text}"
    );
    assert!(
        !page.body.contains("name=\"wrong\""),
        "no letter answers it"
    );
    let page = odile
        .orders(
            &format!("/messages/{key}/correct"),
            &[("intent", "stop"), ("intent", ""), ("by", "mallory")],
        )
        .await;
    let text = page.text();
    assert!(
        text.contains("Corrected.") && text.contains("STOP") && text.contains("odile"),
        "{text}"
    );
    let log = stage.house.client.get("/log").await.unwrap().text;
    assert!(
        log.contains("means stop, by odile") && !log.contains("mallory"),
        "{log}"
    );
    stage.end().await;
}

#[tokio::test]
async fn french_pages_say_rules_holds_and_refusals_in_french_and_mark_what_is_not() {
    let stage = WebStage::build(Mode::Review).await;
    let house = &stage.house;
    house
        .receives(ANNE, "Re: Relais", "Merci d'effacer toutes mes données.")
        .await;
    let case = house.open().await.pop().unwrap();
    let mut odile = stage.signed_in("odile").await;
    odile.language = "fr";
    let page = odile.look(&format!("/cases/{case}")).await;
    let text = page.text();
    let english = quitus::request::rule::all().map(|(_, said)| said);
    let shown: Vec<&str> = english.filter(|said| text.contains(said)).collect();
    assert!(shown.is_empty(), "{shown:?} in {text}");
    assert!(
        text.contains("Les lettres de ce genre sont relues."),
        "{text}"
    );
    let log = odile.look("/log").await.text();
    assert!(
        log.contains("Les lettres de ce genre sont relues."),
        "{log}"
    );
    let none = odile.get("/cases/Q-0000-0000").await;
    assert_eq!(none.status, 404);
    let text = none.text();
    assert!(
        text.contains("il n'y a pas de dossier Q-0000-0000 : voir la liste des dossiers"),
        "{text}"
    );
    assert!(!text.contains("(en anglais)"), "{text}");
    let version = house.show(&case).await.data["version"].to_string();
    let fields = [("version", &*version), ("reason", " ")];
    let page = odile
        .orders(&format!("/cases/{case}/refuse"), &fields)
        .await;
    assert!(
        page.text()
            .contains("un refus a un motif : donnez le motif"),
        "{}",
        page.text()
    );
    let page = odile.post("/search", &[("find", "crm:")]).await;
    assert!(
        page.text().contains("ce n'est ni un téléphone"),
        "{}",
        page.text()
    );
    // What the house answers in its own words only is marked.
    let page = odile
        .orders(
            "/suppression/add",
            &[("address", "zoe@else.example"), ("reason", "r")],
        )
        .await;
    assert!(
        page.body
            .contains("<span class=\"soft\">(en anglais)</span> <span lang=\"en\">"),
        "{}",
        page.text()
    );
    stage.end().await;
}

#[tokio::test]
async fn a_french_reader_finds_the_log_a_case_and_the_linter_in_french() {
    let stage = WebStage::build(Mode::Review).await;
    let house = &stage.house;
    house
        .receives(ANNE, "Re: Relais", "Merci d'effacer toutes mes données.")
        .await;
    let case = house.open().await.pop().unwrap();
    let stranger = "Please remove me from your mailing list.";
    house
        .receives("zoe@elsewhere.example", "Re: Relais", stranger)
        .await;
    let mut odile = stage.signed_in("odile").await;
    odile.language = "fr";
    let page = odile.look("/log").await;
    let (text, body) = (page.text(), page.body);
    for said in [
        "message reçu le message ",
        " : opposition (la personne l'a demandé : Effacement)",
        "lettre préparée lettre ",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let log = house.client.get("/log").await.unwrap().data;
    let events = log["events"].as_array().unwrap();
    assert!(events.len() > 10, "{log}");
    for event in events {
        let what = event["what"].as_str().unwrap();
        assert!(!text.contains(what), "{what}: {text}");
    }
    let table = body.split("<tbody").nth(1).unwrap();
    let table = table.split("</tbody>").next().unwrap();
    assert!(!table.contains("lang=\"en\""), "{body}");
    // A case: how sure it is who wrote, and what is proposed.
    let text = odile.look(&format!("/cases/{case}")).await.text();
    let sure = "par l'adresse d'expéditeur : la personne même, DMARC confirmé";
    assert!(text.contains(sure), "{text}");
    let cases = house.open().await;
    let of_stranger = cases.iter().find(|c| **c != case).unwrap();
    let page = odile.look(&format!("/cases/{of_stranger}")).await;
    let text = page.text();
    let proposed = "zoe@elsewhere.example n'est pas au fichier : si vous savez qui c'est";
    assert!(text.contains(proposed), "{text}");
    assert!(!page.body.contains("(en anglais)"), "{text}");
    stage.end().await;
}
