//! The page of figures: what was counted, drawn and told.

use crate::web::WebStage;
use quitus::record::Mode;

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_drawn_on_the_server_with_the_table_under_each() {
    let stage = WebStage::build(Mode::Review).await;
    let mut vera = stage.signed_in("vera").await;
    let page = vera.look("/figures").await;
    assert!(
        page.text().contains("Nothing was asked in these weeks."),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("<svg"));
    let house = &stage.house;
    house
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "STOP, ne m'écrivez plus.",
        )
        .await;
    house
        .receives(
            "bob@cliff.example",
            "Re: Relais",
            "Where did you get my address from?",
        )
        .await;
    house.approve_only().await;
    let page = vera.look("/figures").await;
    // Four drawings, each with its legend of two or one.
    assert_eq!(page.body.matches("role=\"img\"").count(), 4);
    assert_eq!(page.body.matches("<table").count(), 5);
    assert!(
        !page.body.contains("style=") && !page.body.contains("<script>"),
        "the policy refuses both"
    );
    let text = page.text();
    assert!(
        text.contains("All 2 1 1 2"),
        "requests, answered, open, messages: {text}"
    );
    assert!(text.contains("STOP 1"), "{text}");
    let week = quitus::record::Week::of(jiff::Timestamp::now().into()).to_string();
    assert!(text.contains(&week), "{text}");
    let long = vera.look("/figures?weeks=53").await;
    assert_eq!(long.body.matches("<tr><th scope=\"row\">2").count(), 4 * 53);
    let before = vera.look("/figures?weeks=13&until=2020-W10").await;
    assert!(before.text().contains("2019-W50 – 2020-W10") && before.text().contains("Later"));
    assert_eq!(vera.get("/figures?until=soon").await.status, 400);
    vera.language = "fr";
    assert!(
        vera.look("/figures")
            .await
            .text()
            .contains("Temps de réponse, en heures")
    );
    stage.end().await;
}
