//! Long lists a page at a time: nothing is shown twice and nothing is left out, also while the list changes.

use crate::alone::{config, office};
use quitus::api::{Client, Desk, NoAnswer, router};
use serde_json::{Value, json};

/// All pages of a list, as far as the last; `between` happens after the first.
async fn pages(client: &Client, path: &str, of: &str, between: impl AsyncFn()) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut next = String::new();
    for page in 0.. {
        let answer = client.get(&format!("{path}?limit=3{next}")).await.unwrap();
        let shown = answer.data[of].as_array().unwrap();
        assert!(shown.len() <= 3 && !shown.is_empty());
        all.extend(shown.iter().cloned());
        if page == 0 {
            between().await;
        }
        let last = answer.text.lines().last().unwrap();
        match answer.data["next"].as_str() {
            None => {
                assert!(!last.contains("--after"), "{last}");
                return all;
            }
            Some(cursor) => {
                assert!(
                    last.ends_with(&format!("--limit 3 --after {cursor}")),
                    "{last}"
                );
                next = format!("&after={cursor}");
            }
        }
    }
    all
}

async fn whole(client: &Client, path: &str, of: &str) -> Vec<Value> {
    let answer = client.get(path).await.unwrap();
    assert!(answer.data["next"].is_null() && !answer.text.contains("--after"));
    answer.data[of].as_array().unwrap().clone()
}

#[tokio::test]
async fn pages_of_suppressions_are_the_whole_list_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let mut list = String::from("@one.example\n@two.example\n@three.example\n@four.example\n");
    for n in 0..7 {
        // Two fingerprints each: as written, and without what stands behind the plus.
        list += &format!("p{n}+tag@client.example\n");
    }
    client
        .hand_over("/suppression/import", list.into_bytes())
        .await
        .unwrap();
    let before = whole(&client, "/suppression", "suppressions").await;
    assert_eq!(before.len(), 18);
    let paged = pages(&client, "/suppression", "suppressions", async || {}).await;
    assert_eq!(paged, before, "the same order");
    // Somebody is added and somebody lifted while the pages are read: all others are shown once.
    let change = async || {
        let by = |a: &str| json!({"address": a, "by": "anne", "reason": "by telephone"});
        client
            .post("/suppression/add", &by("new@client.example"))
            .await
            .unwrap();
        client
            .post("/suppression/lift", &by("@two.example"))
            .await
            .unwrap();
    };
    let changed = pages(&client, "/suppression", "suppressions", change).await;
    let after = whole(&client, "/suppression", "suppressions").await;
    for held in before.iter().filter(|h| after.contains(h)) {
        assert_eq!(changed.iter().filter(|c| *c == held).count(), 1, "{held}");
    }
    let export = client.get("/suppression/export?limit=5").await.unwrap();
    let last = export.text.lines().last().unwrap();
    let cursor = export.data["next"].as_str().unwrap();
    assert_eq!(
        last,
        format!("# more: quitus suppression export --limit 5 --after {cursor}")
    );
    // Taken for sums, fingerprints that are made with a store's keys would suppress nobody.
    let rows: String = export.text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let in_a_spreadsheet = export.text.replace(',', ";");
    for list in [export.text.clone(), rows, in_a_spreadsheet] {
        let refused = client
            .hand_over("/suppression/import", list.clone().into_bytes())
            .await;
        assert!(
            matches!(&refused, Err(NoAnswer::Refused(r)) if r.is_usage() && r.fix.contains("keys")),
            "{list}: {refused:?}"
        );
    }
    let held = whole(&client, "/suppression", "suppressions").await;
    assert_eq!(held, after);
    for path in [
        "/suppression?after=p.00.x",
        "/suppression/export?after=x",
        "/requests?after=1.2.3",
    ] {
        let refused = client.get(path).await;
        assert!(
            matches!(refused, Err(NoAnswer::Refused(r)) if r.is_usage()),
            "{path}"
        );
    }
    client.end().await;
}

#[tokio::test]
async fn pages_of_requests_and_of_the_log_are_the_whole_list_once() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    for n in 0..8 {
        // Two of a day, so that the date alone orders nothing.
        let day = format!("2026-11-{:02}", 20 - n / 2);
        let word = json!({
            "kinds": ["access"], "address": format!("p{n}@client.example"), "received": day, "channel": "phone", "by": "anne",
        });
        client.post("/requests/new", &word).await.unwrap();
    }
    let all = whole(&client, "/requests", "requests").await;
    assert_eq!(all.len(), 8);
    assert_eq!(
        pages(&client, "/requests", "requests", async || {}).await,
        all
    );
    // The case that was shown last is closed before the next page is asked for.
    let third = all[2]["case"].as_str().unwrap();
    let close = async || {
        let word = json!({"by": "anne", "reason": "by letter"});
        client
            .post(&format!("/requests/{third}/refuse"), &word)
            .await
            .unwrap();
    };
    assert_eq!(pages(&client, "/requests", "requests", close).await, all);
    assert_eq!(whole(&client, "/requests", "requests").await.len(), 7);

    let mut frames: Vec<u64> = Vec::new();
    let mut path = "/log?limit=4&after=0".to_owned();
    loop {
        let page = client.get(&path).await.unwrap();
        let events = page.data["events"].as_array().unwrap();
        let mut shown: Vec<u64> = events.iter().filter_map(|e| e["frame"].as_u64()).collect();
        shown.dedup();
        assert!(shown.len() <= 4);
        frames.extend(shown);
        let last = frames.last().unwrap();
        let line = format!("more: quitus log --limit 4 --after {last}");
        assert_eq!(
            page.text.lines().last() == Some(line.as_str()),
            page.data["more"] == true
        );
        if page.data["more"] == false {
            break;
        }
        path = format!("/log?limit=4&after={last}");
    }
    let head = client.get("/log").await.unwrap().data["last"]
        .as_u64()
        .unwrap();
    assert_eq!(frames, (1..=head).collect::<Vec<_>>());
    drop(client);
    drop(office);
    drop(running.join().unwrap());
}
