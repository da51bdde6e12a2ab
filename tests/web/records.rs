//! Log, Suppression, Register and the search box: what each shows, does and refuses, by role.

use crate::web::{Browser, Page, WebStage};
use quitus::record::Mode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STOP: &str = "Please remove me from your mailing list.";

async fn one_stop() -> WebStage {
    let stage = WebStage::build(Mode::Review).await;
    stage
        .house
        .receives("bob@cliff.example", "Re: Relais", STOP)
        .await;
    stage
}

/// A page that nobody's address stands in, and that is written in French, too.
async fn in_french(browser: &mut Browser, path: &str, words: &str) {
    browser
        .orders("/language", &[("language", "fr"), ("next", path)])
        .await;
    let page = browser.look(path).await;
    assert!(page.text().contains(words), "{}", page.text());
    browser
        .orders("/language", &[("language", "en"), ("next", path)])
        .await;
}

#[tokio::test]
async fn the_log_tells_everything_in_words_the_last_at_the_head_and_names_nobody() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    let page = vera.look("/log").await;
    let text = page.text();
    for said in [
        "is suppressed: they asked (stop)",
        "letter drafted",
        "Last frame:",
        "folder",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("bob@") && !text.contains("cliff.example"));
    let at = |words: &str| text.find(words).unwrap();
    assert!(
        at("letter drafted") < at("began to write"),
        "the last at the head"
    );
    let head = stage.house.daemon.office.sequencer.reader().head().unwrap();
    assert!(text.contains(&quitus::record::hex(&head.hash)));
    // A page of another stretch says where it stands, and its links lead on.
    let first = vera.look("/log?to=1").await;
    assert!(first.text().contains("began to write") && !first.text().contains("letter drafted"));
    assert!(first.body.contains("rel=\"prev\"") && !first.body.contains("rel=\"next\""));
    vera.look("/log?to=999999").await;
    in_french(&mut vera, "/log", "Vérifier la chaîne").await;
    vera.look("/log").await;
    let verified = vera.orders("/log/verify", &[]).await;
    assert!(
        verified.text().contains("The chain holds"),
        "{}",
        verified.text()
    );
    stage.end().await;
}

#[tokio::test]
async fn a_log_that_was_changed_is_told_as_broken() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    vera.look("/log").await;
    let store = stage
        .house
        .daemon
        .office
        .house
        .load()
        .config
        .store
        .path
        .clone();
    let segment = store.join("log/00000001.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let verified = vera.orders("/log/verify", &[]).await;
    assert!(
        verified.text().contains("does NOT hold"),
        "{}",
        verified.text()
    );
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    stage.end().await;
}

#[tokio::test]
async fn the_whole_log_is_a_table_or_lines_of_json() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    let csv = vera.look("/log/export?form=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("quitus-log.csv"));
    let json = vera.look("/log/export?form=json").await;
    let events: Vec<serde_json::Value> = (json.body.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(csv.body.lines().count(), events.len() + 1);
    assert_eq!(events[0]["frame"], 1);
    let frames: Vec<u64> = events
        .iter()
        .map(|e| e["frame"].as_u64().unwrap())
        .collect();
    assert!(frames.is_sorted(), "{frames:?}");
    let head = stage.house.daemon.office.sequencer.reader().head().unwrap();
    assert_eq!(frames.last(), Some(&head.number));
    assert_eq!(vera.get("/log/export?form=pdf").await.status, 404);
    stage.end().await;
}

/// The stream of the live log, raw.
async fn follow(stage: &WebStage, browser: &Browser, after: u64) -> TcpStream {
    let mut stream = TcpStream::connect(stage.at).await.unwrap();
    let ask = format!(
        "GET /log/live?after={after} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        stage.at, browser.cookie
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    stream
}

/// Reads until this stands in it.
async fn until(stream: &mut TcpStream, words: &str) -> String {
    let (mut all, mut some) = (Vec::new(), [0; 4096]);
    let read = async {
        while !String::from_utf8_lossy(&all).contains(words) {
            let n = stream.read(&mut some).await.unwrap();
            assert!(n > 0, "it ended: {}", String::from_utf8_lossy(&all));
            all.extend_from_slice(&some[..n]);
        }
    };
    let read = tokio::time::timeout(Duration::from_secs(30), read).await;
    let all = String::from_utf8_lossy(&all).into_owned();
    assert!(read.is_ok(), "{words} never came: {all}");
    all
}

#[tokio::test]
async fn the_live_log_sends_what_is_committed_when_it_is_and_ends_with_the_session_gone() {
    let stage = one_stop().await;
    let vera = stage.signed_in("vera").await;
    let head = stage
        .house
        .daemon
        .office
        .sequencer
        .reader()
        .head()
        .unwrap()
        .number;
    let mut stream = follow(&stage, &vera, head).await;
    let begun = until(&mut stream, "\r\n\r\n").await;
    assert!(
        begun.contains("200 OK") && begun.contains("text/event-stream"),
        "{begun}"
    );
    stage
        .house
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    let sent = until(&mut stream, "is suppressed: they asked (stop)").await;
    assert!(sent.contains("data: [{") && sent.contains("id: "), "{sent}");
    // Whoever lost the line gets what they missed, and nothing twice.
    let mut late = follow(&stage, &vera, head).await;
    until(&mut late, "is suppressed: they asked (stop)").await;
    // In the language of whoever follows.
    let mut french = stage.signed_in("odile").await;
    french
        .orders("/language", &[("language", "fr"), ("next", "/log")])
        .await;
    let mut stream = follow(&stage, &french, head).await;
    let sent = until(&mut stream, "opposition (la personne l'a demandé : STOP)").await;
    assert!(!sent.contains("is suppressed"), "{sent}");
    let stranger = stage.browser();
    let mut shut = follow(&stage, &stranger, 0).await;
    until(&mut shut, "303").await;
    stage.end().await;
}

/// Reads until the stream ends: its last chunk is empty.
async fn ended(stream: &mut TcpStream) {
    until(stream, "0\r\n\r\n").await;
}

#[tokio::test]
async fn a_live_log_that_is_left_open_keeps_nobody_signed_in_and_ends_with_whoever_follows_it() {
    let stage = one_stop().await;
    let (vera, wim) = (stage.signed_in("vera").await, stage.signed_in("wim").await);
    let mut odile = stage.signed_in("odile").await;
    let mut removed = follow(&stage, &vera, 0).await;
    let mut renewed = follow(&stage, &wim, 0).await;
    for stream in [&mut removed, &mut renewed] {
        until(stream, "data: [{").await;
    }
    let change = |all: &mut Vec<quitus::web::User>| {
        all.retain(|u| u.name != "vera");
        let wim = all.iter_mut().filter(|u| u.name == "wim");
        wim.for_each(|u| u.password = "another".into());
    };
    stage.users().change(change).unwrap();
    ended(&mut removed).await;
    ended(&mut renewed).await;
    // The browser asks again by itself: that is no look.
    let mut left = follow(&stage, &odile, u64::MAX).await;
    until(&mut left, "\r\n\r\n").await;
    stage.house.later(59 * 60);
    let mut again = follow(&stage, &odile, u64::MAX).await;
    let begun = until(&mut again, "\r\n\r\n").await;
    assert!(begun.contains("200 OK"), "{begun}");
    stage.house.later(2 * 60);
    ended(&mut left).await;
    ended(&mut again).await;
    assert_eq!(odile.get("/").await.status, 303, "an hour without a look");
    stage.end().await;
}

#[tokio::test]
async fn a_list_is_checked_each_with_why_and_since_when() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    let empty = vera.look("/suppression").await;
    assert!(
        !empty.body.contains("action=\"/suppression/add\""),
        "a viewer adds nobody"
    );
    let list = "bob@cliff.example\n\nanne@dune.example\n@dune.example\nno address at all\n";
    let page = vera.post("/suppression/check", &[("list", list)]).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("4 asked, 2 must not be written to"), "{text}");
    assert!(text.contains("they asked: STOP") && text.contains("this is no e-mail address"));
    assert!(
        !page.body.contains("/suppression/lift"),
        "a viewer lifts nobody"
    );
    // A long list is looked at together, and only those are shown who must not be written to.
    let mut long: String = (0..150).map(|n| format!("p{n}@free.example\n")).collect();
    long += "bob@cliff.example\nnonsense\n";
    let page = vera.post("/suppression/check", &[("list", &long)]).await;
    let text = page.text();
    assert!(
        text.contains("152 asked, 2 must not be written to"),
        "{text}"
    );
    assert!(text.contains("bob@cliff.example") && !text.contains("p7@free.example"));
    in_french(&mut vera, "/suppression", "Peut-on leur écrire").await;
    stage.end().await;
}

#[tokio::test]
async fn a_reviewer_adds_lifts_and_takes_lists_in_and_the_log_says_who() {
    let stage = one_stop().await;
    let mut odile = stage.signed_in("odile").await;
    odile.look("/suppression").await;
    let order = [
        ("address", "carl@fels.example"),
        ("reason", "he telephoned <b>"),
    ];
    let added = odile.orders("/suppression/add", &order).await;
    assert!(
        added.text().contains("Suppressed from now on."),
        "{}",
        added.text()
    );
    let check = |whom: &'static str| [("list", whom)];
    let page = odile
        .post("/suppression/check", &check("carl@fels.example"))
        .await;
    let text = page.text();
    assert!(
        text.contains("a human did it") && text.contains("ordered by odile: he telephoned <b>"),
        "{text}"
    );
    assert!(!page.body.contains("he telephoned <b>"), "it is escaped");
    // Without a reason nothing is lifted, and what was typed wrong is told beside the form.
    let lift = [("address", "carl@fels.example"), ("reason", " ")];
    let refused = odile.post("/suppression/lift", &lift).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .text()
            .contains("a suppression is lifted for a reason")
    );
    let wrong = odile
        .post("/suppression/add", &[("address", "nobody")])
        .await;
    assert!(
        wrong.status == 400
            && wrong.body.contains("aria-invalid=\"true\"")
            && wrong.body.contains("value=\"nobody\"")
    );
    let lift = [("address", "carl@fels.example"), ("reason", "his wish")];
    let lifted = odile.orders("/suppression/lift", &lift).await;
    assert!(lifted.text().contains("Lifted."));
    let page = odile
        .post("/suppression/check", &check("carl@fels.example"))
        .await;
    assert!(page.text().contains("1 asked, 0 must not be written to"));
    let list = [("list", "x@one.example\n@two.example\nbob@cliff.example\n")];
    let taken = odile.orders("/suppression/import", &list).await;
    assert!(
        taken.text().contains("2 added, 1 known already."),
        "{}",
        taken.text()
    );
    let page = odile
        .post("/suppression/check", &check("@two.example"))
        .await;
    assert!(page.text().contains("came with a list"));
    // Whoever is not suppressed themselves is held by their firm, which is named, and lifted first.
    let page = odile
        .post("/suppression/check", &check("x@two.example"))
        .await;
    let text = page.text();
    assert!(
        text.contains("The whole firm @two.example is held."),
        "{text}"
    );
    let lift = [("address", "x@two.example"), ("reason", "his wish")];
    let refused = odile.post("/suppression/lift", &lift).await;
    let text = refused.text();
    assert!(
        refused.status == 409 && text.contains("lift @two.example"),
        "{text}"
    );
    // Nor is anybody told that all is well who was suppressed beside their firm.
    let add = [("address", "y@two.example"), ("reason", "her wish")];
    odile.orders("/suppression/add", &add).await;
    let lift = [("address", "y@two.example"), ("reason", "her wish")];
    let text = odile.orders("/suppression/lift", &lift).await.text();
    assert!(text.contains("their whole firm is still held"), "{text}");
    let log = odile.look("/log").await.text();
    assert!(log.contains("may be written to again, by odile"), "{log}");
    let handed = "a list of suppressions was handed over by odile";
    assert!(log.contains(handed), "{log}");
    let csv = odile.look("/suppression/export").await;
    assert!(
        csv.body.starts_with("fingerprint,of,suppression,since\r\n"),
        "{}",
        csv.body
    );
    assert!(csv.body.contains(",domain,suppressed,") && !csv.body.contains('@'));
    stage.end().await;
}

#[tokio::test]
async fn what_a_viewer_may_not_order_is_refused() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    vera.look("/suppression").await;
    for path in [
        "/suppression/add",
        "/suppression/lift",
        "/suppression/import",
    ] {
        let fields = [
            ("address", "anne@dune.example"),
            ("reason", "x"),
            ("list", "anne@dune.example"),
        ];
        assert_eq!(vera.post(path, &fields).await.status, 403, "{path}");
    }
    let page = vera
        .post("/suppression/check", &[("list", "anne@dune.example")])
        .await;
    assert!(page.text().contains("0 must not be written to"));
    stage.end().await;
}

async fn search(browser: &mut Browser, what: &str) -> Page {
    browser.look("/register").await;
    browser.post("/search", &[("find", what)]).await
}

#[tokio::test]
async fn the_search_box_leads_to_a_case_a_person_or_a_domain() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    let case = stage.house.open().await.remove(0);
    let there = search(&mut vera, &case.to_lowercase()).await;
    assert_eq!(
        (there.status, there.header("location")),
        (303, format!("/cases/{case}").as_str())
    );
    let person = search(&mut vera, " Bob@Cliff.example ").await;
    let text = person.text();
    for said in [
        "What is known of Bob@Cliff.example",
        "Quarrystone",
        "they asked: STOP",
        &case,
        "public site of Cliff",
        "Dropcontact",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let domain = search(&mut vera, "cliff.example").await.text();
    assert!(
        domain.contains("@cliff.example") && domain.contains("Nothing holds for the whole domain"),
        "{domain}"
    );
    for (nobody, status) in [
        ("nobody@else.example", 200),
        ("Q-0000-0000", 200),
        ("+33 1", 400),
        ("@", 400),
    ] {
        let page = search(&mut vera, nobody).await;
        assert_eq!(page.status, status, "{nobody}: {}", page.text());
        let text = page.text();
        let told = text.contains("Nothing is known of") || page.body.contains("role=\"alert\"");
        assert!(told, "{nobody}: {text}");
    }
    let hostile = search(&mut vera, "<script>alert(1)</script>@x.example").await;
    assert!(!hostile.body.contains("<script>alert"), "{}", hostile.body);
    assert_eq!(search(&mut vera, "").await.header("location"), "/register");
    in_french(&mut vera, "/register", "De qui s'agit-il").await;
    let coverage = vera.look("/register/coverage").await.text();
    assert!(coverage.contains("7 of 7 people"), "{coverage}");
    stage.end().await;
}

#[tokio::test]
async fn the_document_of_the_api_is_served_to_whoever_may_use_it() {
    let stage = one_stop().await;
    let mut vera = stage.signed_in("vera").await;
    let page = vera.look("/api/v1/openapi.json").await;
    let served: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(&served, quitus::api::openapi());
    assert_eq!(
        (&served["openapi"], &served["servers"][0]["url"]),
        (&"3.1.0".into(), &"/api/v1".into())
    );
    assert_eq!(
        stage.browser().get("/api/v1/openapi.json").await.status,
        401
    );
    stage.end().await;
}
