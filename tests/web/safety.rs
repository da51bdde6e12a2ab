//! The rules of the door: names, orders, sessions, headers, guesses.

use crate::web::{PASSWORD, WebStage, form};
use quitus::record::Mode;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let stage = WebStage::build(Mode::Review).await;
    let mut odile = stage.signed_in("odile").await;
    for path in [
        "/",
        "/sign-in",
        "/style.css",
        "/desk.js",
        "/nowhere",
        "/api/v1/status",
    ] {
        let page = odile.get(path).await;
        assert_eq!(page.header("content-security-policy"), POLICY, "{path}");
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
    }
    stage.end().await;
}

#[tokio::test]
async fn only_names_of_this_desk_are_answered_to() {
    let stage = WebStage::with(Mode::Review, "", |s| s.hosts = vec!["desk.example".into()]).await;
    let browser = stage.browser();
    let port = stage.at.port();
    let ask = async |hosts: &[&str], path: &str| {
        let headers: Vec<_> = hosts.iter().map(|h| ("Host".into(), (*h).into())).collect();
        browser.raw("GET", path, &headers, "").await.status
    };
    for good in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "desk.example".into(),
        "DESK.example:443".into(),
    ] {
        assert_eq!(ask(&[&good], "/sign-in").await, 200, "{good}");
    }
    for bad in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "desk.example.evil",
        "localhost.evil.example:80",
        "",
    ] {
        assert_eq!(ask(&[bad], "/sign-in").await, 421, "{bad}");
    }
    assert_ne!(ask(&[], "/sign-in").await, 200);
    assert_ne!(
        ask(&["desk.example", "desk.example"], "/sign-in").await,
        200
    );
    assert_eq!(
        ask(&["desk.example"], "http://evil.example/sign-in").await,
        421
    );
    stage.end().await;
}

#[tokio::test]
async fn a_stranger_sees_nothing_but_the_sign_in_page() {
    let stage = WebStage::build(Mode::Review).await;
    let mut stranger = stage.browser();
    for (path, to) in [
        ("/", "/sign-in"),
        ("/?kind=stop", "/sign-in?next=%2F%3Fkind%3Dstop"),
    ] {
        let page = stranger.get(path).await;
        assert_eq!((page.status, page.header("location")), (303, to), "{path}");
    }
    assert_eq!(stranger.get("/api/v1/status").await.status, 401);
    stranger.cookie = format!("quitus-{}={}", stage.at.port(), "0".repeat(64));
    assert_eq!(stranger.get("/").await.status, 303);
    stage.end().await;
}

#[tokio::test]
async fn an_order_comes_from_a_page_of_the_same_session() {
    let stage = WebStage::build(Mode::Review).await;
    let mut odile = stage.signed_in("odile").await;
    let fields = |token: &str| form(&[("language", "fr"), ("csrf", token)]);
    let (host, good) = (stage.at.to_string(), fields(&odile.csrf));
    let from = |headers: &[(&str, &str)]| -> Vec<(String, String)> {
        let host = ("Host".to_owned(), host.clone());
        let more = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        [host].into_iter().chain(more).collect()
    };
    let own = format!("http://{host}");
    for headers in [
        vec![("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
        vec![("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "same-origin")],
    ] {
        let page = odile.raw("POST", "/language", &from(&headers), &good).await;
        assert_eq!(page.status, 303, "{headers:?}");
    }
    for headers in [
        vec![],
        vec![("Origin", "null")],
        vec![("Origin", "http://evil.example")],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-site")],
        vec![
            ("Origin", "http://evil.example"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
        vec![("Origin", own.as_str()), ("Origin", "http://evil.example")],
    ] {
        let page = odile.raw("POST", "/language", &from(&headers), &good).await;
        assert_eq!(page.status, 403, "{headers:?}");
    }
    let ours = odile.ours();
    let other = stage.signed_in("odile").await.csrf;
    for bad in ["", "0", &other, &odile.csrf[1..]] {
        let page = odile.raw("POST", "/language", &ours, &fields(bad)).await;
        assert_eq!(page.status, 403, "{bad}");
    }
    let page = odile.raw("POST", "/language", &ours, "language=fr").await;
    assert_eq!(page.status, 403);
    let answer = odile.get("/").await;
    assert!(
        answer.body.contains("lang=\"fr\""),
        "the good ones were done"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_cookie_is_for_this_desk_alone_and_a_session_ends() {
    let stage = WebStage::build(Mode::Review).await;
    let mut odile = stage.browser();
    let page = odile.sign_in("odile", PASSWORD).await;
    let cookie = page.header("set-cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    odile.look("/").await;
    let gone = odile.post("/sign-out", &[]).await;
    assert_eq!(gone.header("location"), "/sign-in");
    assert_eq!(
        odile.get("/").await.status,
        303,
        "the old cookie is worth nothing"
    );

    let mut odile = stage.signed_in("odile").await;
    stage.house.later(59 * 60);
    odile.look("/").await;
    stage.house.later(61 * 60);
    assert_eq!(odile.get("/").await.status, 303, "an hour without a look");

    let mut vera = stage.signed_in("vera").await;
    let mut wim = stage.signed_in("wim").await;
    let users = stage.users();
    users
        .change(|all| all.retain(|u| u.name != "vera"))
        .unwrap();
    assert_eq!(
        vera.get("/").await.status,
        303,
        "a user who is removed is out at once"
    );
    wim.look("/").await;
    let other = quitus::web::hash_password("another password").unwrap();
    users
        .change(|all| all.iter_mut().for_each(|u| u.password = other.clone()))
        .unwrap();
    assert_eq!(
        wim.get("/").await.status,
        303,
        "another password ends what the old one began"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_read_the_same_and_guessing_ends() {
    let stage = WebStage::build(Mode::Review).await;
    let mut browser = stage.browser();
    let wrong = browser.sign_in("odile", "not the password").await;
    let nobody = browser.sign_in("edith", "not the password").await;
    assert_eq!((wrong.status, nobody.status), (403, 403));
    assert_eq!(wrong.text(), nobody.text());
    assert!(!wrong.headers.contains_key("set-cookie"));
    for _ in 1..10 {
        assert_eq!(browser.sign_in("odile", "guess").await.status, 403);
    }
    assert_eq!(
        browser.sign_in("odile", PASSWORD).await.status,
        429,
        "even the right one"
    );
    assert_eq!(
        browser.sign_in("wim", PASSWORD).await.status,
        303,
        "others may"
    );
    stage.house.later(600);
    assert_eq!(browser.sign_in("odile", PASSWORD).await.status, 303);
    stage.end().await;
}

#[tokio::test]
async fn a_link_lets_in_once() {
    let stage = WebStage::build(Mode::Review).await;
    let path = stage.pages.invite("odile").unwrap();
    let mut browser = stage.browser();
    assert_ne!(browser.get("/enter/0000").await.header("location"), "/");
    let first = browser.get(&path).await;
    assert_eq!((first.status, first.header("location")), (303, "/"));
    browser.cookie = first.header("set-cookie").split(';').next().unwrap().into();
    browser.look("/").await;
    let mut other = stage.browser();
    let again = other.get(&path).await;
    assert!(!again.headers.contains_key("set-cookie"));
    assert_eq!(again.header("location"), "/sign-in?spent=yes");
    stage.end().await;
}
