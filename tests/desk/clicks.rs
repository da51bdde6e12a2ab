//! One click: nothing that no tool can be told of is out of sight, and all of it can be settled.

use super::by_hand::{report, told, waiting};
use super::notices::person;
use super::stage::Stage;
use super::tool::{Mood, Tool};
use quitus::record::{Event, Mode, Suppression, SuppressionReason};
use quitus::service::{Proposal, obey};
use serde_json::json;

const ANNE: &str = "anne@dune.example";

#[tokio::test]
async fn a_click_that_no_tool_can_be_told_of_is_seen_and_one_that_was_not_told_is_repeated() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let stranger = "gwen@strand.example";
    let order = json!({"kind": "unsubscribe", "addresses": [stranger, ANNE]});
    let minted = stage.client.post("/tokens/mint", &order).await.unwrap();
    let tokens = &minted.data["tokens"];
    let [theirs, hers] = [0, 1].map(|n: usize| tokens[n]["token"].as_str().unwrap());
    let office = &stage.daemon.office;
    assert!(obey(office, theirs).await.unwrap().frame.is_some());
    assert_eq!(report(&stage).stuck, 1, "nobody knows the address");
    let text = waiting(&stage).await;
    assert!(text.contains("no address is known"), "{text}");
    assert_eq!(obey(office, theirs).await.unwrap().frame, None);
    // Somebody has found them in the tool.
    let order = json!({"address": stranger});
    stage.order("/senders/crm/done", order).await;
    assert_eq!(report(&stage).waiting, 0);
    assert!(crm.told().is_empty());
    // As a click leaves it whose notices could not be written.
    let stop = Event::Suppressed {
        person: person(&stage, ANNE),
        suppression: Suppression::Suppressed,
        reason: SuppressionReason::ByHand,
        case: None,
    };
    office.sequencer.commit(Proposal::new(vec![stop])).await;
    assert!(obey(office, hers).await.unwrap().frame.is_some());
    stage
        .until("the tool is told", || crm.obeyed().len() == 1)
        .await;
    assert_eq!(obey(office, hers).await.unwrap().frame, None);
    stage.end().await;
}

#[tokio::test]
async fn whoever_is_known_by_no_address_is_done_by_the_digits_that_are_shown() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    for stranger in ["gwen@strand.example", "hugo@strand.example"] {
        let order = json!({"kind": "unsubscribe", "addresses": [stranger]});
        let minted = stage.client.post("/tokens/mint", &order).await.unwrap();
        let token = minted.data["tokens"][0]["token"].as_str().unwrap();
        obey(&stage.daemon.office, token).await.unwrap();
    }
    let shown = stage.client.get("/senders/crm/waiting").await.unwrap();
    let who = |n: usize| shown.data["waiting"][n]["who"].as_str().unwrap();
    let digits = who(0).strip_prefix("person ").unwrap();
    let none = json!({"address": "00", "by": "odile"});
    assert!(stage.client.post("/senders/crm/done", &none).await.is_err());
    for asked in [digits, who(1)] {
        let order = json!({"address": asked});
        stage.order("/senders/crm/done", order).await;
    }
    assert_eq!((report(&stage).waiting, report(&stage).late), (0, 0));
    stage.end().await;
}

#[tokio::test]
async fn a_click_of_somebody_whose_row_cannot_be_read_holds_and_is_done_by_hand() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let order = json!({"kind": "unsubscribe", "addresses": [ANNE]});
    let minted = stage.client.post("/tokens/mint", &order).await.unwrap();
    let token = minted.data["tokens"][0]["token"].as_str().unwrap();
    let (office, anne) = (&stage.daemon.office, person(&stage, ANNE));
    let row = stage.state(|s| s.contact(anne).unwrap().unwrap());
    let mut stored = office.sequencer.reader().event(row.position).unwrap();
    let Event::ContactStored { contact, .. } = &mut stored else {
        panic!("{stored:?}")
    };
    contact.bytes = vec![7; 64];
    office.sequencer.commit(Proposal::new(vec![stored])).await;

    assert!(obey(office, token).await.unwrap().frame.is_some());
    let holds = stage.state(|s| s.person(anne).unwrap().suppression);
    assert_eq!(holds.unwrap().suppression, Suppression::Suppressed);
    assert!(told(&stage, ANNE).stuck && report(&stage).stuck == 1);
    let text = waiting(&stage).await;
    assert!(text.contains("cannot be read"), "{text}");
    // A client that does it again changes nothing.
    assert_eq!(obey(office, token).await.unwrap().frame, None);
    stage
        .order("/senders/crm/done", json!({"address": ANNE}))
        .await;
    assert_eq!(report(&stage).waiting, 0);
    assert!(crm.told().is_empty());
    stage.end().await;
}
