//! Figures over the API: counted by themselves from what happens, and the same after a rebuild of the index.

use super::stage::Stage;
use quitus::record::{Mode, Timestamp, Week};
use serde_json::{Value, json};

async fn figures(stage: &Stage, query: &str) -> Value {
    stage
        .client
        .get(&format!("/figures{query}"))
        .await
        .unwrap()
        .data
}

#[tokio::test]
async fn of_a_year_a_request_ends_with_its_letter_and_not_with_its_case() {
    let stage = Stage::build(Mode::Review).await;
    let text = "Please remove me from your mailing list, and correct my job title: I am no longer the director but the chair.";
    stage
        .receives("bob@cliff.example", "Re: Relais", text)
        .await;
    stage.approve_only().await;
    let path = format!("/compliance/figures?year={}", stage.date(0).year());
    let year = stage.client.get(&path).await.unwrap().data;
    let of = |kind: &str| {
        let kinds = year["kinds"].as_array().unwrap().iter();
        let found = kinds.clone().find(|k| k["kind"] == kind);
        found.unwrap_or_else(|| panic!("{year}")).clone()
    };
    let (stop, other) = (of("stop"), of("rectification"));
    assert_eq!((&stop["in_time"], &stop["open"]), (&json!(1), &json!(0)));
    assert_eq!((&other["in_time"], &other["open"]), (&json!(0), &json!(1)));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_answered_held_and_broken_is_counted_by_week_and_kind() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "STOP, ne m'écrivez plus.",
        )
        .await;
    stage.later(600);
    stage.approve_only().await;
    stage
        .receives(
            "bob@cliff.example",
            "Re: Relais",
            "Where did you get my address from?",
        )
        .await;
    let case = stage.open().await.pop().unwrap();
    stage
        .order(
            &format!("/requests/{case}/refuse"),
            json!({"reason": "asked twice"}),
        )
        .await;
    stage
        .receives(
            "carl@fels.example",
            "Re: Relais",
            "Vielen Dank, das klingt gut!",
        )
        .await;
    stage.later(3600);
    stage.sent("anne@dune.example", "Relais", "again", -1).await;
    stage
        .until("the incident is known", || {
            stage.state(|s| !s.incidents().unwrap().is_empty())
        })
        .await;
    // The mail to come may be next week's.
    let until = Week::of(Timestamp::from(jiff::Timestamp::now()).plus_days(1)).to_string();
    let all = figures(&stage, &format!("?until={until}")).await;
    assert_eq!(
        (all["weeks"].as_array().unwrap().len(), &all["counted"]),
        (13, &json!(true))
    );
    let total = &all["total"];
    let of = |kind: &str| {
        let kinds = total["kinds"].as_array().unwrap().iter();
        kinds
            .clone()
            .find(|k| k["kind"] == kind)
            .unwrap_or_else(|| panic!("{total}"))
            .clone()
    };
    let stop = of("stop");
    assert_eq!(
        (&stop["requests"], &stop["answered"], &stop["open"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let median = stop["median_s"].as_u64().unwrap();
    assert!((540..=900).contains(&median), "{median}");
    assert_eq!(
        stop["held_share"],
        json!(1.0),
        "in review mode a human sees every letter"
    );
    let source = of("source");
    assert_eq!(
        (&source["refused"], &source["median_s"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(
        (&total["messages"], &total["after_stop"]),
        (&json!(3), &json!(1))
    );
    let past = figures(&stage, "?weeks=4&until=2020-W10").await;
    assert_eq!(
        (&past["from"], &past["total"]["all"]["requests"]),
        (&json!("2020-W07"), &json!(0))
    );
    let words = stage.client.get("/figures?weeks=1").await.unwrap().text;
    assert!(
        words.contains("requests") && words.contains("  stop") && words.contains("95 %"),
        "{words}"
    );
    assert!(stage.client.get("/figures?until=someday").await.is_err());
    // The log alone gives the same.
    let store = stage.daemon.office.house.load().config.store.path.clone();
    let config = stage.daemon.office.house.load().config.clone();
    let folder = stage.end().await;
    std::fs::remove_dir_all(store.join("index")).unwrap();
    std::fs::remove_dir_all(store.join("checkpoints")).ok();
    let client = quitus::api::Client::open(config).unwrap();
    let again = client
        .get(&format!("/figures?until={until}"))
        .await
        .unwrap()
        .data;
    assert_eq!(again["total"], all["total"]);
    client.end().await;
    drop(folder);
}
