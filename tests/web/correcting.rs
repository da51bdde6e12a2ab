//! What a message meant, said by a reviewer on a page.

use crate::web::WebStage;
use quitus::record::Mode;

const TEXT: &str =
    "Merci de bien vouloir laisser ma boîte de réception en dehors de vos campagnes désormais.";

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_corrects_what_a_message_meant_and_sees_what_would_have_caught_it() {
    let stage = WebStage::with(Mode::Review, "[learning]\nkeep = true\n", |_| {}).await;
    let house = &stage.house;
    house
        .receives(
            "anne@dune.example",
            "Re: Relais",
            &format!("Effacez toutes mes données. {TEXT}"),
        )
        .await;
    let case = house.open().await.pop().unwrap();
    let url = format!("/cases/{case}/correct");
    let mut odile = stage.signed_in("odile").await;
    let page = odile.look(&url).await;
    assert!(
        page.text().contains("What did it mean?")
            && page.body.contains("name=\"intent\" value=\"erasure\"")
    );
    let fields = [
        ("intent", "restriction"),
        ("intent", "stop"),
        ("intent", ""),
        ("needs_human", "yes"),
    ];
    let page = odile.orders(&url, &fields).await;
    assert!(
        page.text().contains("Corrected; the words are kept."),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("Restriction + STOP") && page.text().contains("odile"),
        "{}",
        page.text()
    );
    let link = page
        .body
        .split(&format!("href=\"{url}?suggest=true"))
        .nth(1)
        .unwrap();
    let query = link.split(['"', '#']).next().unwrap().replace("&amp;", "&");
    let page = odile.look(&format!("{url}?suggest=true{query}")).await;
    assert!(
        page.text().contains("A phrase that would have caught it"),
        "{}",
        page.text()
    );
    // A letter that has not left cannot have been wrong.
    let page = odile
        .post(&url, &[("intent", "stop"), ("wrong", "yes")])
        .await;
    assert_eq!(page.status, 409, "{}", page.text());
    let mut wim = stage.signed_in("wim").await;
    assert!(
        wim.look(&url)
            .await
            .text()
            .contains("Reviewers say here what a message meant.")
    );
    assert_eq!(wim.post(&url, &[("intent", "stop")]).await.status, 403);
    stage.end().await;
}
