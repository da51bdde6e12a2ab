//! Lists of cases by state, kind and language, and the search: what is shown, in which order, and what is refused.

use crate::alone::{config, office};
use quitus::api::{Client, Desk, NoAnswer, router};
use serde_json::{Value, json};

/// Nine people ask something, in no order of time; the references by their number.
async fn nine(client: &Client) -> Vec<String> {
    let mut cases = Vec::new();
    for n in 0..9 {
        let day = format!("2026-11-{:02}", 10 + (n * 4) % 9);
        let kinds = match n % 3 {
            0 => vec!["access"],
            1 => vec!["erasure"],
            _ => vec!["access", "erasure"],
        };
        let language = if n < 4 { "fr" } else { "en" };
        let word = json!({
            "kinds": kinds, "address": format!("p{n}@firm{n}.example"), "received": day, "channel": "phone",
            "language": language, "by": "anne",
        });
        let done = client.post("/requests/new", &word).await.unwrap();
        cases.push(done.data["case"].as_str().unwrap().to_owned());
    }
    cases
}

async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/requests?{query}")).await.unwrap();
    answer.data["requests"].as_array().unwrap().clone()
}

fn names(cases: &[Value]) -> Vec<&str> {
    cases.iter().map(|c| c["case"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn cases_are_listed_by_state_kind_and_language_in_the_order_of_their_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let cases = nine(&client).await;
    let all = listed(&client, "").await;
    let due: Vec<&str> = all.iter().map(|c| c["due"].as_str().unwrap()).collect();
    assert!(due.len() == 9 && due.is_sorted(), "{due:?}");
    let access = listed(&client, "kind=access").await;
    let wanted: Vec<&Value> = (all.iter())
        .filter(|c| c["requests"].as_array().unwrap().contains(&json!("access")))
        .collect();
    assert_eq!(access.iter().collect::<Vec<_>>(), wanted);
    assert_eq!(wanted.len(), 6);
    let french = listed(&client, "language=fr&kind=&limit=9").await;
    assert!(french.len() == 4 && french.iter().all(|c| c["language"] == "fr"));
    for case in [&cases[4], &cases[0], &cases[7]] {
        let path = format!("/requests/{case}/refuse");
        let word = json!({"by": "anne", "reason": "a joke"});
        client.post(&path, &word).await.unwrap();
    }
    let closed = listed(&client, "state=closed").await;
    assert_eq!(names(&closed), [&cases[7], &cases[0], &cases[4]]);
    let erasure = listed(&client, "state=closed&kind=erasure").await;
    assert_eq!(names(&erasure), [&cases[7], &cases[4]]);
    assert_eq!(listed(&client, "state=open").await.len(), 6);
    let paged = client
        .get("/requests?state=closed&kind=erasure&limit=1")
        .await
        .unwrap();
    let next = paged.data["next"].as_str().unwrap();
    let line = format!(
        "more: quitus requests list --state closed --kind erasure --limit 1 --after {next}"
    );
    assert_eq!(paged.text.lines().last(), Some(line.as_str()));
    for wrong in ["state=lost", "kind=money", "language=xx"] {
        let refused = client.get(&format!("/requests?{wrong}")).await;
        assert!(
            matches!(refused, Err(NoAnswer::Refused(r)) if r.is_usage()),
            "{wrong}"
        );
    }
    client.end().await;
    drop(office);
    let _ = running.join();
}

#[tokio::test]
async fn every_filter_is_that_of_the_one_list_and_its_pages_are_the_whole_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let cases = nine(&client).await;
    for case in [&cases[1], &cases[5]] {
        let path = format!("/requests/{case}/refuse");
        let word = json!({"by": "anne", "reason": "a joke"});
        client.post(&path, &word).await.unwrap();
    }
    let open = listed(&client, "").await;
    let closed = listed(&client, "state=closed").await;
    let all = listed(&client, "state=all").await;
    assert_eq!(all, [open.clone(), closed.clone()].concat());
    assert_eq!((open.len(), closed.len()), (7, 2));
    // Each page begins where the one before it ended, from the open ones into the closed ones; also where most are left out.
    for query in [
        "state=all",
        "state=all&kind=erasure",
        "state=all&language=fr",
    ] {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/requests?{query}&limit=1{after}");
            let page = client.get(&path).await.unwrap().data;
            pages.extend(page["requests"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(pages, listed(&client, query).await, "{query}");
        assert!(
            pages.len() > 3 && pages.last() == Some(&closed[1]),
            "{query}"
        );
    }
    assert_eq!(listed(&client, "state=refused").await, closed);
    assert!(listed(&client, "state=answered").await.is_empty());
    for (state, field) in [("draft", "drafts"), ("by_hand", "by_hand")] {
        let wanted: Vec<Value> = (open.iter())
            .filter(|c| c[field] != json!(0) && c[field] != json!([]))
            .cloned()
            .collect();
        assert_eq!(
            listed(&client, &format!("state={state}")).await,
            wanted,
            "{state}"
        );
    }
    let now = office.clock.now();
    let first: quitus::record::Timestamp = {
        let due: jiff::Timestamp = open[2]["due"].as_str().unwrap().parse().unwrap();
        due.into()
    };
    let days = first.millis_since(now).max(0) / 86_400_000 + 1;
    let until = now.plus_days(days).to_string();
    let soon = listed(&client, &format!("due={days}")).await;
    let wanted: Vec<&Value> = (open.iter())
        .filter(|c| c["due"].as_str().unwrap() < until.as_str())
        .collect();
    assert_eq!(soon.iter().collect::<Vec<_>>(), wanted);
    assert!(soon.len() >= 3, "{soon:#?}");
    assert!(listed(&client, "mailbox=sales").await.is_empty());
    // Found whole, whatever its state; and by a domain, in the state that is asked.
    let found = listed(&client, "find=p5@firm5.example").await;
    assert_eq!(names(&found), [&cases[5]]);
    let found = listed(&client, &format!("find={}", cases[5].to_lowercase())).await;
    assert_eq!(names(&found), [&cases[5]]);
    let of_firm = async |state: &str| {
        let query = format!("find=@Firm5.example&limit=9&state={state}");
        listed(&client, &query).await.len()
    };
    assert_eq!((of_firm("open").await, of_firm("all").await), (0, 1));
    for wrong in [
        "due=soon",
        "find=nonsense",
        "state=all&after=closed",
        "after=closed.1.2.x",
    ] {
        let refused = client.get(&format!("/requests?{wrong}")).await;
        assert!(
            matches!(refused, Err(NoAnswer::Refused(r)) if r.is_usage()),
            "{wrong}"
        );
    }
    client.end().await;
    drop(office);
    let _ = running.join();
}

#[tokio::test]
async fn the_search_finds_what_is_typed_whole_and_says_what_it_took_it_for() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let cases = nine(&client).await;
    let search = async |what: &str| {
        client
            .post("/search", &json!({"what": what}))
            .await
            .unwrap()
    };
    for (typed, kind) in [
        ("  P3@Firm3.example ", "address"),
        (cases[3].as_str(), "case"),
        (&cases[3].to_lowercase().replace('-', " "), "case"),
    ] {
        let found = search(typed).await;
        assert_eq!(found.data["kind"], kind, "{typed}");
        assert!(
            !found.wrong && found.text.contains(&cases[3]),
            "{}",
            found.text
        );
        assert_eq!(names(found.data["cases"].as_array().unwrap()), [&cases[3]]);
    }
    let stop = json!({"address": "@firm5.example", "by": "anne", "reason": "they said so"});
    client.post("/suppression/add", &stop).await.unwrap();
    for typed in ["firm5.example", "@firm5.example"] {
        let found = search(typed).await;
        assert_eq!(found.data["kind"], "domain");
        assert_eq!(
            found.data["suppression"]["suppression"], "suppressed",
            "{}",
            found.data
        );
    }
    for (typed, kind) in [
        ("p3@firm.example", "address"),
        ("Q-0000-0000", "case"),
        ("firm.example", "domain"),
        ("01.99.00.12.34", "person"),
        ("crm:17", "person"),
    ] {
        let found = search(typed).await;
        assert!(
            found.wrong && found.data["kind"] == kind,
            "{typed}: {}",
            found.data
        );
    }
    let empty = client.post("/search", &json!({"what": " "})).await;
    assert!(matches!(empty, Err(NoAnswer::Refused(r)) if r.is_usage()));
    client.end().await;
    drop(office);
    let _ = running.join();
}
