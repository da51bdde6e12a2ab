//! Tools that ask over HTTP: who is let in, ten thousand addresses at once, tokens, and what is not there.

use crate::port::free_port;
use crate::stage::{DOMAIN, FREE, PAUSED, STOPPED, Stage, TOKEN, http};
use crate::tls::Authority;
use quitus::record::{Alarm, Event};
use quitus::service::Proposal;
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

async fn stage(port: u16) -> Stage {
    Stage::open(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\n[[http.client]]\nname = \"sequencer\"\ntoken = {{ file = \"@FOLDER@/token\" }}"
    ))
    .await
}

fn bearer() -> String {
    format!("Authorization: Bearer {TOKEN}\r\n")
}

const CHECK: &str = "/v1/suppression/check";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_of_each_address_in_their_order() {
    let port = free_port();
    let stage = stage(port).await;
    let asked = [
        FREE,
        STOPPED,
        "nobody",
        PAUSED,
        "Stop+x@example.com",
        DOMAIN,
        "a@nobody.example",
    ];
    let body = json!({"addresses": asked}).to_string();
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    assert_eq!(said.status, 200, "{said:?}");
    let results = said.json()["results"].as_array().unwrap().clone();
    let verdicts: Vec<&str> = results
        .iter()
        .map(|r| r["verdict"].as_str().unwrap())
        .collect();
    let expected = [
        "free",
        "suppressed",
        "unreadable",
        "paused",
        "suppressed",
        "suppressed",
        "suppressed",
    ];
    assert_eq!(verdicts, expected);
    let addresses: Vec<&str> = results
        .iter()
        .map(|r| r["address"].as_str().unwrap())
        .collect();
    assert_eq!(addresses, asked);
    assert!(results[0]["since"].is_null() && results[1]["since"].is_string());
    assert_eq!(stage.counts("http"), [7, 6, 0]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_asked_about_by_whatever_is_known_of_them() {
    let port = free_port();
    let stage = stage(port).await;
    let list = format!(
        "email,phone,linkedin,crmid,country\n{STOPPED},0123456789,linkedin.com/in/stop,C-1,FR\n{FREE},+33123456789,,C-2,\n"
    );
    let path = "/contacts/import?file=list.csv";
    stage
        .client
        .hand_over(path, list.into_bytes())
        .await
        .unwrap();
    let people = json!([
        {"email": FREE},
        {"email": FREE, "crm_id": "C-2"},
        {"email": FREE, "phone": "+33 1 23 45 67 89"},
        {"email": "new@example.org", "profile": "https://fr.linkedin.com/in/Stop/"},
        {"crm_id": "C-1"},
        {"phone": "nonsense"},
        {"email": "crm:C-2"},
        {"email": "", "phone": null},
    ]);
    let body = json!({"addresses": [STOPPED], "people": people}).to_string();
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    assert_eq!(said.status, 200, "{said:?}");
    let results = said.json()["results"].as_array().unwrap().clone();
    let verdicts: Vec<&str> = results
        .iter()
        .map(|r| r["verdict"].as_str().unwrap())
        .collect();
    let (s, f, u) = ("suppressed", "free", "unreadable");
    assert_eq!(verdicts, [s, f, f, s, s, s, u, u, u]);
    assert_eq!(results[4]["person"], people[3]);
    // A suppressed firm holds for whoever is known to be there, whatever they are asked about by.
    let order = json!({"address": "@example.com", "by": "anne"});
    stage.client.post("/suppression/add", &order).await.unwrap();
    let people = json!([{"phone": "0123456789"}, {"crm_id": "C-2"}, {"phone": "0123456788"}]);
    let body = json!({"people": people}).to_string();
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    let results = said.json()["results"].clone();
    let verdicts = [0, 1, 2].map(|n| results[n]["verdict"].as_str().unwrap().to_owned());
    assert_eq!(verdicts, [s, s, f]);
    for body in ["{}", "{\"people\": [{\"mail\": \"a@b.example\"}]}"] {
        let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
        assert_eq!(said.status, 400, "{body}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_may_have_lost_a_stop_lets_nobody_be_written_to_until_somebody_has_looked() {
    let port = free_port();
    let stage = stage(port).await;
    let body = json!({"addresses": [FREE]}).to_string();
    let places = vec!["log/00000001.log at octet 4096".to_owned()];
    let damaged = Event::Alarm(Alarm::Damaged { places });
    let proposal = Proposal::essential(vec![damaged]);
    stage.office.sequencer.commit(proposal).await;
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    assert_eq!(said.status, 503, "{said:?}");
    let word = json!({"by": "anne", "reason": "the list of the backup was imported"});
    let done = stage
        .client
        .post("/store/acknowledge", &word)
        .await
        .unwrap();
    assert!(!done.wrong, "{}", done.text);
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    assert_eq!(said.status, 200, "{said:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_are_answered_in_time_and_one_more_is_too_many() {
    let port = free_port();
    let stage = stage(port).await;
    let mut asked: Vec<String> = (0..10_000)
        .map(|n| format!("p{n}@client{}.example", n % 700))
        .collect();
    asked[9_999] = STOPPED.into();
    let body = json!({"addresses": asked}).to_string();
    let began = Instant::now();
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    let took = began.elapsed();
    let results = said.json();
    assert_eq!(results["results"].as_array().unwrap().len(), 10_000);
    assert_eq!(results["results"][9_999]["verdict"], "suppressed");
    // 2 s is the promise for the program as it is shipped; this one is built without optimisation.
    assert!(took < Duration::from_secs(10), "{took:?}");
    asked.push(FREE.into());
    let body = json!({"addresses": asked}).to_string();
    let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
    assert_eq!(said.status, 413, "{said:?}");
    let huge = vec![b' '; 5 << 20];
    let said = http(port, "POST", CHECK, &bearer(), &huge).await;
    assert_eq!(said.status, 413, "{said:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_without_a_token_and_nothing_else_is_there() {
    let port = free_port();
    let stage = stage(port).await;
    let body = json!({"addresses": [FREE]}).to_string();
    for headers in [
        String::new(),
        "Authorization: Bearer \r\n".to_owned(),
        "Authorization: Bearer a token of sufficient lengtj\r\n".to_owned(),
        format!("Authorization: Basic {TOKEN}\r\n"),
        format!("Authorization: {TOKEN}\r\n"),
        format!("X-Token: {TOKEN}\r\n"),
    ] {
        for path in [CHECK, "/v1/tokens"] {
            let said = http(port, "POST", path, &headers, body.as_bytes()).await;
            assert_eq!(said.status, 401, "{headers}: {said:?}");
            assert!(!said.body.contains("free") && said.head.contains("www-authenticate: bearer"));
        }
    }
    for (method, path, status) in [
        ("GET", CHECK, 405),
        ("POST", "/", 404),
        ("GET", "/status", 404),
        ("POST", "/suppression/lift", 404),
        ("POST", "/v1/suppression/check/", 404),
    ] {
        let said = http(port, method, path, &bearer(), b"{}").await;
        assert_eq!(said.status, status, "{method} {path}: {said:?}");
    }
    for body in [
        "",
        "[]",
        "{}",
        "{\"addresses\": 1}",
        "{\"addresses\": [1]}",
        "{\"adresses\": []}",
    ] {
        let said = http(port, "POST", CHECK, &bearer(), body.as_bytes()).await;
        assert_eq!(said.status, 400, "{body}: {said:?}");
        assert!(
            said.json()["error"]
                .as_str()
                .unwrap()
                .contains("cannot be read")
        );
    }
    assert_eq!(stage.counts("http"), [0, 0, 0]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_minted_as_the_command_does() {
    let port = free_port();
    let stage = stage(port).await;
    let mint = async |order: Value| {
        http(
            port,
            "POST",
            "/v1/tokens",
            &bearer(),
            order.to_string().as_bytes(),
        )
        .await
    };
    let said = mint(json!({"kind": "unsubscribe", "addresses": [FREE, STOPPED]})).await;
    assert_eq!(said.status, 200, "{said:?}");
    let tokens = said.json()["tokens"].clone();
    let own = stage.token(FREE).await;
    assert_eq!(tokens[0], own);
    assert_eq!(tokens[1]["suppression"], "suppressed");
    let mail = format!("<mailto:{}>", own["mail_to"].as_str().unwrap());
    assert_eq!(
        tokens[0]["list_unsubscribe"],
        mail.as_str(),
        "without a page there is the mail alone"
    );
    assert!(tokens[0]["list_unsubscribe_post"].is_null());
    let reply = mint(json!({"kind": "reply", "addresses": [FREE]}))
        .await
        .json();
    assert!(reply["tokens"][0]["list_unsubscribe"].is_null());
    for (order, words) in [
        (
            json!({"kind": "reply", "addresses": [FREE, "nobody"]}),
            "addresses[1]",
        ),
        (
            json!({"kind": "reply", "days": 0, "addresses": [FREE]}),
            "1 to 3650 days",
        ),
        (
            json!({"kind": "reply", "mailbox": "x", "addresses": [FREE]}),
            "no mailbox",
        ),
        (
            json!({"kind": "other", "addresses": [FREE]}),
            "cannot be read",
        ),
    ] {
        let said = mint(order).await;
        assert!(said.status == 400 && said.body.contains(words), "{said:?}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_real_client_is_answered_and_a_renewed_certificate_is_taken_up() {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let at = folder.path();
    let authority = Authority::new();
    authority.write(&at.join("ca.pem"));
    authority.issue(at, "own", "127.0.0.1", true);
    let path = at.display();
    let mut stage = Stage::open(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\ncert = \"{path}/own.crt\"\nkey = \"{path}/own.key\"\n\
         [[http.client]]\nname = \"sequencer\"\ntoken = {{ file = \"@FOLDER@/token\" }}"
    ))
    .await;
    let curl = || {
        let body = json!({"addresses": [STOPPED]}).to_string();
        let url = format!("https://127.0.0.1:{port}{CHECK}");
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
            .arg(at.join("ca.pem"))
            .args([
                "-H",
                &format!("Authorization: Bearer {TOKEN}"),
                "-d",
                &body,
                &url,
            ])
            .output()
            .unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = curl();
    assert!(said.contains("expired"), "{said}");
    // The certificate is written before its key, and somebody connects in between.
    authority.issue(at, "new", "127.0.0.1", false);
    std::fs::copy(at.join("new.crt"), at.join("own.crt")).unwrap();
    // Another moment of change, whatever the file system's clock counts in.
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    std::fs::File::options()
        .write(true)
        .open(at.join("own.crt"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    let said = curl();
    assert!(said.contains("expired"), "{said}");
    std::fs::copy(at.join("new.key"), at.join("own.key")).unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let said = curl();
    assert!(said.contains("\"suppressed\""), "{said}");
    // In clear text nobody is answered.
    let plain = tokio::task::spawn_blocking(move || {
        crate::stage::raw(port, b"POST /v1/suppression/check HTTP/1.1\r\n\r\n")
    });
    assert!(!String::from_utf8_lossy(&plain.await.unwrap()).contains("HTTP"));
    stage.down().await;
    assert!(
        curl().contains("connect"),
        "a daemon that is down is no yes"
    );
    stage.end().await;
}
