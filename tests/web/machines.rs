//! The HTTP API under `/api/v1`, and how a proxy that is trusted names who came: the name in the log is never the caller's to choose.

use crate::web::{Browser, Page, WebStage};
use quitus::record::Mode;
use quitus::web::hash_of_token;
use serde_json::{Value, json};

const STOP: &str = "Please remove me from your mailing list.";

/// A program: no cookie, a token, JSON.
async fn asks(browser: &Browser, token: &str, method: &str, path: &str, body: &Value) -> Page {
    let headers = [
        ("Host".to_owned(), browser.at.to_string()),
        ("Authorization".to_owned(), format!("Bearer {token}")),
        ("Content-Type".to_owned(), "application/json".to_owned()),
    ];
    let body = match method {
        "GET" => String::new(),
        _ => body.to_string(),
    };
    browser
        .raw(method, &format!("/api/v1{path}"), &headers, &body)
        .await
}

#[tokio::test]
async fn a_program_with_a_token_orders_in_its_own_name_and_no_further_than_its_role() {
    let stage = WebStage::build(Mode::Review).await;
    let give = |name: &str, token: &str| {
        let hash = hash_of_token(token);
        let users = stage.users();
        users
            .change(|all| {
                all.iter_mut()
                    .filter(|u| u.name == name)
                    .for_each(|u| u.token = hash.clone())
            })
            .unwrap();
    };
    give("odile", "quitus-o");
    give("vera", "quitus-v");
    let program = stage.browser();
    let who = json!({"address": "bob@cliff.example", "reason": "by telephone", "by": "mallory"});
    for (token, status) in [("quitus-v", 403), ("quitus-x", 401), ("", 401)] {
        let page = asks(&program, token, "POST", "/suppression/add", &who).await;
        assert_eq!(page.status, status, "{token}: {}", page.body);
    }
    let asked = asks(&program, "quitus-v", "POST", "/suppression/check", &who).await;
    assert_eq!(asked.status, 200, "a question is no order: {}", asked.body);
    assert!(
        asked.body.contains("\"suppression\":null"),
        "{}",
        asked.body
    );
    let done = asks(&program, "quitus-o", "POST", "/suppression/add", &who).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let shown = asks(&program, "quitus-v", "POST", "/suppression/check", &who).await;
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    assert_eq!(shown["data"]["by"], "odile", "not as the order said");
    let log = asks(&program, "quitus-v", "GET", "/log", &Value::Null).await;
    assert!(!log.body.contains("mallory"), "{}", log.body);
    stage.end().await;
}

#[tokio::test]
async fn no_type_and_no_shape_of_a_body_lets_a_program_order_in_another_name() {
    let stage = WebStage::build(Mode::Review).await;
    let hash = hash_of_token("quitus-o");
    let odile = |all: &mut Vec<quitus::web::User>| {
        let found = all.iter_mut().find(|u| u.name == "odile").unwrap();
        found.token = hash.clone();
    };
    stage.users().change(odile).unwrap();
    let program = stage.browser();
    let asks = async |path: &str, kind: &str, body: &str| {
        let headers = [
            ("Host".to_owned(), program.at.to_string()),
            ("Authorization".to_owned(), "Bearer quitus-o".to_owned()),
            ("Content-Type".to_owned(), kind.to_owned()),
        ];
        let path = format!("/api/v1{path}");
        program.raw("POST", &path, &headers, body).await
    };
    let said = json!({"address": "bob@cliff.example", "reason": "r", "by": "camille"});
    let order = said.to_string();
    // What the framework reads as JSON is an order, however its type is written.
    for kind in [
        "application/json",
        "Application/JSON",
        "application/x+json",
        "application/vnd.camille+JSON; charset=utf-8",
        "application/x+json;by=\"camille\"",
    ] {
        for path in ["/suppression/add", "/suppression/lift"] {
            let page = asks(path, kind, &order).await;
            assert_eq!(page.status, 200, "{path}, {kind}: {}", page.body);
        }
    }
    for kind in [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
    ] {
        let page = asks("/suppression/add", kind, &order).await;
        assert_eq!(page.status, 415, "{kind}: {}", page.body);
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let beside = order.replacen('{', &format!("{{\"x\":{deep},"), 1);
    for body in [
        r#"["bob@cliff.example", "camille", false, "r"]"#,
        beside.as_str(),
        "not JSON",
    ] {
        for kind in ["application/json", "application/x+json", "text/plain"] {
            let page = asks("/suppression/add", kind, body).await;
            assert_eq!(page.status, 400, "{kind}: {}", page.body);
        }
    }
    // A list is none the less a list, whatever it is called.
    for kind in ["application/x+json", "application/json", "text/csv"] {
        let page = asks("/suppression/import?by=camille", kind, "x@one.example\n").await;
        assert_eq!(page.status, 200, "{kind}: {}", page.body);
    }
    let log = stage.house.client.get("/log").await.unwrap().text;
    assert!(log.contains("odile") && !log.contains("camille"), "{log}");
    stage.end().await;
}

#[tokio::test]
async fn a_list_is_taken_in_under_the_name_of_whoever_hands_it_over_not_the_one_that_it_says() {
    let stage = WebStage::build(Mode::Review).await;
    let hash = hash_of_token("quitus-o");
    let odile = |all: &mut Vec<quitus::web::User>| {
        let found = all.iter_mut().find(|u| u.name == "odile").unwrap();
        found.token = hash.clone();
    };
    stage.users().change(odile).unwrap();
    let program = stage.browser();
    let headers = [
        ("Host".to_owned(), program.at.to_string()),
        ("Authorization".to_owned(), "Bearer quitus-o".to_owned()),
        ("Content-Type".to_owned(), "text/plain".to_owned()),
    ];
    let contacts = "email,last_name,first_name,civility\nzoe@else.example,Else,Zoé,Mme\n";
    let sent = "to,date,message_id\nbob@cliff.example,2026-11-01T10:00:00Z,<a@b.example>\n";
    for (path, list) in [
        (
            "/suppression/import?by=mallory",
            "x@one.example\n@two.example\n",
        ),
        ("/contacts/import?file=l.csv&%62y=mallory", contacts),
        ("/sent/import?file=s.csv", sent),
    ] {
        let path = format!("/api/v1{path}");
        let page = program.raw("POST", &path, &headers, list).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
    let log = stage.house.client.get("/log").await.unwrap().text;
    for said in [
        "a list of suppressions was handed over by odile",
        "list 2 was handed over by odile",
        "list 3 was handed over by odile",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("mallory"), "{log}");
    // The same again changes nothing, and says nothing.
    let path = "/api/v1/suppression/import";
    program.raw("POST", path, &headers, "x@one.example\n").await;
    let log = stage.house.client.get("/log").await.unwrap().text;
    assert_eq!(log.matches("a list of suppressions").count(), 1, "{log}");
    stage.end().await;
}

#[tokio::test]
async fn what_a_browser_sends_to_the_api_needs_the_token_of_its_session() {
    let stage = WebStage::build(Mode::Review).await;
    let odile = stage.signed_in("odile").await;
    let order = json!({"address": "bob@cliff.example", "reason": "r"}).to_string();
    let mut headers = odile.ours();
    headers.push(("Content-Type".into(), "application/json".into()));
    let without = odile
        .raw("POST", "/api/v1/suppression/add", &headers, &order)
        .await;
    assert_eq!(without.status, 403, "{}", without.body);
    headers.push(("X-CSRF-Token".into(), odile.csrf.clone()));
    let with = odile
        .raw("POST", "/api/v1/suppression/add", &headers, &order)
        .await;
    assert_eq!(with.status, 200, "{}", with.body);
    headers[1].1 = "http://evil.example".into();
    let foreign = odile
        .raw("POST", "/api/v1/suppression/add", &headers, &order)
        .await;
    assert_eq!(foreign.status, 403, "{}", foreign.body);
    stage.end().await;
}

#[tokio::test]
async fn a_proxy_names_who_came_only_with_its_secret_and_over_tls_the_cookie_is_secure() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("proxy");
    std::fs::write(&secret, "between us\n").unwrap();
    let stage = WebStage::with(Mode::Review, "", |s| {
        s.behind_proxy = true;
        s.hosts = vec!["desk.example".into()];
        s.proxy_user_header = Some("X-Forwarded-User".into());
        let source = format!("secret = {{ file = {:?} }}", secret.to_str().unwrap());
        let read: std::collections::BTreeMap<String, _> = toml::from_str(&source).unwrap();
        s.proxy_secret = read.into_values().next();
    })
    .await;
    let browser = stage.browser();
    let ask = async |more: &[(&str, &str)]| {
        let host = ("Host".to_owned(), "desk.example".to_owned());
        let more = more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let headers: Vec<_> = [host].into_iter().chain(more).collect();
        browser.raw("GET", "/", &headers, "").await
    };
    let user = ("X-Forwarded-User", "odile");
    let proxy = ("X-Quitus-Proxy", "between us");
    for headers in [
        vec![user],
        vec![user, ("X-Quitus-Proxy", "guessed")],
        vec![("X-Forwarded-User", "nobody"), proxy],
        vec![user, user, proxy],
        vec![proxy],
    ] {
        assert_eq!(ask(&headers).await.status, 303, "{headers:?}");
    }
    let page = ask(&[user, proxy, ("X-Forwarded-Proto", "https")]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-quitus-") && cookie.contains("; Secure"),
        "{cookie}"
    );
    assert!(page.text().contains("odile reviewer"), "{}", page.text());
    // The session is the user's that the proxy names: with another name it is another session.
    let cookie = cookie.split(';').next().unwrap();
    let other = ask(&[("X-Forwarded-User", "vera"), proxy, ("Cookie", cookie)]).await;
    assert!(other.text().contains("vera viewer"), "{}", other.text());
    stage.end().await;
}

#[tokio::test]
async fn a_letter_leaves_in_a_reviewers_own_words_if_the_linter_lets_it() {
    let stage = WebStage::build(Mode::Review).await;
    stage
        .house
        .receives("bob@cliff.example", "Re: Relais", STOP)
        .await;
    let case = stage.house.open().await.pop().unwrap();
    let mut odile = stage.signed_in("odile").await;
    let path = format!("/cases/{case}/letters/1/edit");
    let page = odile.look(&path).await;
    let shown = stage.house.drafts(&case).await.remove(0);
    let (hash, text) = (
        shown["hash"].as_str().unwrap(),
        shown["text"].as_str().unwrap(),
    );
    let words = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.text().contains(&words(text)), "{}", page.text());
    let refused = odile
        .post(
            &path,
            &[
                ("hash", hash),
                ("subject", "Sorry"),
                ("text", "Dear {{ name }},\r\n\r\nNo."),
            ],
        )
        .await;
    assert_eq!(refused.status, 200);
    assert!(
        refused.body.contains("role=\"alert\"")
            && refused.text().contains("This cannot leave yet")
            && refused.text().contains("{{ name }}"),
        "{}",
        refused.text()
    );
    assert!(
        refused.body.contains("Dear {{ name }},"),
        "what was written is still there"
    );
    odile.language = "fr";
    let fields = [("hash", hash), ("subject", "Sorry"), ("text", "{{ name }}")];
    let refused = odile.post(&path, &fields).await.text();
    let found = "case à remplir (texte) : « {{ » → remplacez la case par une variable";
    assert!(refused.contains(found), "{refused}");
    odile.language = "en";
    assert_eq!(stage.house.post.count(), 0);
    let own = format!(
        "We are sorry for the trouble.\r\n\r\n{}",
        text.replace('\n', "\r\n")
    );
    // What was shown is what is rewritten: after a change in between nothing leaves, and the words are still there.
    let fields = [
        ("hash", "0000000000000000"),
        ("subject", "Sorry"),
        ("text", &*own),
    ];
    let other = odile.post(&path, &fields).await;
    assert!(
        other.status == 200 && other.text().contains("Something changed since you looked"),
        "{}",
        other.text()
    );
    assert_eq!(stage.house.post.count(), 0);
    let fields = [("hash", hash), ("subject", "We are sorry"), ("text", &*own)];
    let done = odile.orders(&path, &fields).await;
    assert!(done.text().contains("about to leave"), "{}", done.text());
    assert!(
        stage
            .house
            .post
            .wait_for(1, std::time::Duration::from_secs(20))
            .await
    );
    let letter = stage.house.post.received().pop().unwrap();
    assert!(
        crate::stage::read(&letter)
            .0
            .starts_with("We are sorry for the trouble.")
    );
    let raw = String::from_utf8_lossy(&letter.raw).into_owned();
    assert!(raw.contains("Subject: We are sorry\r\n"), "{raw}");
    let html = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .unwrap()
        .body_html(0)
        .unwrap()
        .into_owned();
    assert!(html.contains("We are sorry for the trouble."), "{raw}");
    stage.end().await;
}
