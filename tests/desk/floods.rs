//! B11: a flood of forged STOPs is honoured, raises one alarm, and is taken back in one batch; what is proved stays.

use super::stage::{LIST, Stage};
use super::tool::{Mood, Tool};
use quitus::record::{Mode, Suppression};
use serde_json::json;

const REVIEWER: &str =
    "\n[review]\nreviewers = [{ address = \"lea@ateliervauban.example\", language = \"en\" }]\n";

fn somebody(n: usize) -> String {
    format!("p{n}@firm{n}.example")
}

/// So many people in a campaign of their own.
async fn people(stage: &Stage, many: usize) {
    let mut list = LIST.lines().next().unwrap().to_owned() + "\n";
    for n in 0..many {
        list += &format!(
            "{},,,,,Firm,FR,fr,foire,prospect,Dropcontact,site,2026-10-12,yes,your role\n",
            somebody(n)
        );
    }
    let done = stage.import(&list).await;
    assert!(!done.wrong, "{}", done.text);
}

fn holds(stage: &Stage, address: &str) -> bool {
    let keys = stage.daemon.office.keys();
    let address = quitus::record::Address::parse(address).unwrap();
    let row = stage.state(|s| s.suppression(&keys.of_address(&address), None).unwrap());
    row.is_some_and(|r| r.suppression == Suppression::Suppressed)
}

async fn forged(stage: &Stage, numbers: std::ops::Range<usize>) {
    let (before, many) = (stage.decided(), numbers.len() as u64);
    for n in numbers {
        stage.forged(&somebody(n), "STOP");
    }
    let done = || stage.decided() == before + many;
    stage.until("all are decided", done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_flood_is_honoured_alarms_once_and_is_lifted_in_one_batch() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &(crm.block() + REVIEWER)).await;
    people(&stage, 64).await;
    forged(&stage, 0..50).await;
    let list = stage.client.get("/suppression/floods").await.unwrap();
    let only_campaign = list.data.as_array().unwrap().len() == 1;
    assert!(only_campaign, "50 are no flood of a day: {}", list.text);
    forged(&stage, 50..60).await;
    // Genuine ones, and one who confirms what was forged in their name.
    for n in [60, 61, 3] {
        stage.receives(&somebody(n), "Re: Relais", "STOP").await;
    }
    assert!((0..62).all(|n| holds(&stage, &somebody(n))), "all honoured");
    stage
        .until("the tool obeyed", || crm.obeyed().len() == 62)
        .await;
    // A human confirms another one.
    let order = json!({"address": somebody(4), "reason": "she called"});
    stage.order("/suppression/add", order).await;

    let list = stage.client.get("/suppression/floods").await.unwrap();
    let day = stage.day(0);
    assert!(
        list.wrong && list.data.as_array().unwrap().len() == 2,
        "{}",
        list.text
    );
    assert!(
        list.text.contains(&format!("{day}  60 STOPs of that day")),
        "{}",
        list.text
    );
    assert!(
        list.text
            .contains("62 STOPs in campaign foire, of 64 people (96 %), 60 of them"),
        "{}",
        list.text
    );
    let status = stage.client.get("/status").await.unwrap();
    assert!(
        status.wrong && status.text.contains("a flood of STOPs"),
        "{}",
        status.text
    );
    stage.later(61);
    assert!(
        stage
            .post
            .wait_for(1, std::time::Duration::from_secs(10))
            .await
    );
    let alarm = super::stage::read(&stage.post.received()[0]).0;
    let command = format!("quitus suppression flood {day}");
    assert!(alarm.replace('\n', " ").contains(&command), "{alarm}");

    let path = format!("/suppression/floods/{day}");
    let shown = stage.client.get(&path).await.unwrap();
    assert!(
        shown.text.contains("58 suppressions would be lifted"),
        "{}",
        shown.text
    );
    let hash = shown.data["hash"].clone();
    // A human decides one of the cases: that one is confirmed, and what was shown is no longer so.
    let case = shown.data["cases"][0].as_str().unwrap();
    let reason = json!({"reason": "the letter is not wanted"});
    stage
        .order(&format!("/requests/{case}/refuse"), reason)
        .await;
    let settle = format!("{path}/settle");
    let order = json!({"hash": hash, "reason": "written by one machine"});
    let shown = stage.order(&settle, order).await;
    assert!(shown.wrong, "{}", shown.text);
    assert!(
        shown.text.contains("1 were confirmed by a human"),
        "{}",
        shown.text
    );
    assert!(
        !shown.text.contains("@firm"),
        "nobody is named: {}",
        shown.text
    );
    let hash = shown.data["hash"].clone();
    let reason = "written by one machine";
    let wrong = stage
        .order(
            &settle,
            json!({"hash": "0000000000000000", "reason": reason}),
        )
        .await;
    assert!(wrong.wrong && holds(&stage, &somebody(0)), "{}", wrong.text);
    stage
        .refused(&settle, json!({"hash": hash, "reason": " "}))
        .await;
    let done = stage
        .order(&settle, json!({"hash": hash, "reason": reason}))
        .await;
    assert_eq!(done.data["lifted"], 57, "{}", done.text);
    let still: Vec<usize> = (0..62).filter(|n| holds(&stage, &somebody(*n))).collect();
    assert_eq!(still.len(), 5);
    assert!([3, 4, 60, 61].iter().all(|n| still.contains(n)));
    let lifts = || crm.obeyed().iter().filter(|(act, _)| act == "lift").count();
    stage.until("the tool lifted them", || lifts() == 57).await;

    stage
        .order(
            &format!(
                "/suppression/floods/{}/settle",
                list.data[1]["flood"].as_str().unwrap()
            ),
            json!({"leave": true, "reason": "looked at"}),
        )
        .await;
    forged(&stage, 0..2).await;
    let list = stage.client.get("/suppression/floods").await.unwrap();
    assert!(!list.wrong, "it alarms only once: {}", list.text);
    stage.later(61);
    tokio::time::sleep(std::time::Duration::from_millis(1300)).await;
    assert_eq!(stage.post.count(), 1, "one alarm");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_by_telephone_what_was_forged_in_their_name_is_lifted_with_no_flood() {
    let stage = Stage::with(Mode::Review, REVIEWER).await;
    people(&stage, 4).await;
    forged(&stage, 0..2).await;
    let person = |n: usize| {
        let address = quitus::record::Address::parse(&somebody(n)).unwrap();
        let keys = stage.daemon.office.keys().of_address(&address);
        stage.state(|s| s.person_of(&keys).unwrap().unwrap())
    };
    let unproved = |n: usize| stage.state(|s| s.is_unproved(person(n)).unwrap());
    assert!(unproved(0) && unproved(1));
    let call = json!({"kinds": ["stop"], "address": somebody(0), "received": stage.day(0), "channel": "phone"});
    let said = stage.order("/requests/new", call.clone()).await;
    assert!(said.text.contains("asked before"), "{}", said.text);
    assert!(holds(&stage, &somebody(0)) && !unproved(0));
    assert!(unproved(1), "nobody called for this one");
    // A second call says nothing new.
    let again = stage.refused("/requests/new", call).await;
    assert!(again.error.contains("open for this already"), "{again:?}");
    stage.end().await;
}
