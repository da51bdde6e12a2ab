//! The page behind List-Unsubscribe: looking at it does nothing, one click does everything, and twice is once.

use crate::port::free_port;
use crate::stage::{FREE, PAUSED, Stage, http};
use quitus::record::{Timestamp, Token, TokenKind};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const CLICK: &[u8] = b"List-Unsubscribe=One-Click";

async fn stage(port: u16, more: &str) -> Stage {
    Stage::open(&format!(
        "[one_click]\nlisten = \"127.0.0.1:{port}\"\nurl = \"https://stop.example.org/u/\"\n{more}"
    ))
    .await
}

fn path(token: &serde_json::Value) -> String {
    format!("/u/{}", token["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_does_nothing_and_one_click_suppresses_once() {
    let port = free_port();
    let stage = stage(port, "").await;
    let token = stage.token(FREE).await;
    let header = token["list_unsubscribe"].as_str().unwrap();
    let link = format!("<https://stop.example.org{}>, <mailto:", path(&token));
    assert!(header.starts_with(&link), "{header}");
    assert_eq!(token["list_unsubscribe_post"], "List-Unsubscribe=One-Click");

    let before = stage.frames().await;
    let german = "Accept-Language: de-AT,en;q=0.5\r\n";
    for method in ["GET", "HEAD"] {
        let page = http(port, method, &path(&token), german, b"").await;
        assert_eq!(page.status, 200, "{page:?}");
        for part in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "content-language: de",
            "default-src 'none'",
        ] {
            assert!(page.head.contains(part), "{part} in {page:?}");
        }
        assert_eq!(
            page.body.contains("<form method=\"post\">"),
            method == "GET",
            "{page:?}"
        );
    }
    for (method, form) in [
        ("POST", &b""[..]),
        ("POST", b"a=b"),
        ("PUT", CLICK),
        ("DELETE", CLICK),
        ("POST", &[b'x'; 20_000]),
    ] {
        let page = http(port, method, &path(&token), FORM, form).await;
        assert!([400, 405, 413].contains(&page.status), "{page:?}");
    }
    assert_eq!(stage.frames().await, before, "nothing was committed");
    assert!(!stage.is_suppressed(FREE).await);

    let done = http(
        port,
        "POST",
        &path(&token).to_uppercase().replace("/U/", "/u/"),
        FORM,
        CLICK,
    )
    .await;
    assert!(
        done.status == 200 && done.body.contains("Atelier Vauban"),
        "{done:?}"
    );
    assert!(stage.is_suppressed(FREE).await);
    assert_eq!(stage.frames().await, before + 1);
    let multipart = b"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let again = http(
        port,
        "POST",
        &path(&token),
        "Content-Type: multipart/form-data; boundary=x\r\n",
        multipart,
    )
    .await;
    assert_eq!((again.status, &again.body), (200, &done.body));
    assert_eq!(stage.frames().await, before + 1, "twice is once");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clicks_at_once_are_one_and_a_pause_becomes_final() {
    let port = free_port();
    let stage = stage(port, "").await;
    let path = path(&stage.token(PAUSED).await);
    assert!(!stage.is_suppressed(PAUSED).await);
    let before = stage.frames().await;
    let clicks = (0..12).map(|_| {
        let path = path.clone();
        tokio::spawn(async move { http(port, "POST", &path, FORM, CLICK).await.status })
    });
    for click in clicks.collect::<Vec<_>>() {
        assert_eq!(click.await.unwrap(), 200);
    }
    assert!(stage.is_suppressed(PAUSED).await);
    assert_eq!(stage.frames().await, before + 1);
    assert_eq!(stage.counts("one_click"), [12, 0, 0]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_token_of_ours_does_nothing_and_says_so() {
    let port = free_port();
    let stage = stage(port, "per_minute = 20").await;
    let good = path(&stage.token(FREE).await);
    let keys = stage.office.keys();
    let person = keys.person(&FREE.parse().unwrap());
    let long_ago = Timestamp::from_seconds(1_600_000_000);
    let expired = Token::new(TokenKind::Unsubscribe, person, long_ago, 30).written(keys);
    let reply = Token::new(TokenKind::Reply, person, stage.office.clock.now(), 30).written(keys);
    let stranger = keys.person(&"stranger@elsewhere.example".parse().unwrap());
    let nobody = Token::new(
        TokenKind::Unsubscribe,
        stranger,
        stage.office.clock.now(),
        30,
    )
    .written(keys);
    let flip = if good.ends_with('a') { "i" } else { "a" };
    let forged = format!("{}{flip}", &good[..good.len() - 1]);
    let before = stage.frames().await;
    let english = "Accept-Language: en\r\n";
    for (method, path, status, words) in [
        ("GET", format!("/u/{expired}"), 410, "expired"),
        ("POST", format!("/u/{expired}"), 410, "expired"),
        ("POST", format!("/u/{reply}"), 404, "not valid"),
        ("POST", format!("/u/{nobody}"), 404, "not valid"),
        ("POST", forged, 404, "not valid"),
        ("POST", good.replace("/u/", "/"), 404, "not valid"),
        ("POST", good.replace("/u/", "/u//"), 404, "not valid"),
        ("GET", "/".to_owned(), 404, "not valid"),
        ("GET", "/u/../status".to_owned(), 404, "not valid"),
        ("POST", "/v1/suppression/check".to_owned(), 404, "not valid"),
    ] {
        let page = http(port, method, &path, english, CLICK).await;
        assert!(
            page.status == status && page.body.contains(words),
            "{method} {path}: {page:?}"
        );
        assert!(!page.body.contains("<form"), "{page:?}");
    }
    assert_eq!(stage.frames().await, before, "nothing was committed");
    let mut last = 0;
    for _ in 0..20 {
        last = http(port, "GET", "/u/guess", english, b"").await.status;
    }
    assert_eq!(last, 429, "somebody who guesses is sent away");
    let click = http(port, "POST", &good, FORM, CLICK).await;
    assert_eq!(click.status, 200, "a STOP is never one too many");
    assert!(stage.is_suppressed(FREE).await);
    stage.end().await;
}
