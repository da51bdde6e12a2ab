//! What a sending tool says it has sent: each mail once, whoever reads the export again; a mail after a STOP is an incident.

use crate::alone::{config, office};
use quitus::api::{Answer, Client, Desk, NoAnswer, router};
use quitus::record::*;
use serde_json::json;

/// Two rows of one mail, a mail to a colleague alone, and columns of which nothing is kept.
const EXPORT: &str = "Message-ID;Recipient;Sent at;Subject;Campaign\n\
    <a@tool.example>;anna@client.example;2026-11-20 14:03;Le carnet;salon\n\
    <a@tool.example>;bruno@client.example;2026-11-20 14:03;Le carnet;salon\n\
    <b@tool.example>;lea@ateliervauban.example;20/11/2026 15:00;Essai;salon\n";

async fn hand_over(client: &Client, list: &str, dry_run: bool) -> Result<Answer, NoAnswer> {
    let path = format!("/sent/import?file=out.csv&dry_run={dry_run}");
    client.hand_over(&path, list.as_bytes().to_vec()).await
}

async fn last_frame(client: &Client) -> Option<u64> {
    client.get("/log").await.unwrap().data["last"].as_u64()
}

#[tokio::test]
async fn rows_of_one_message_id_are_one_mail_and_the_same_export_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let before = last_frame(&client).await;
    let dry = hand_over(&client, EXPORT, true).await.unwrap();
    assert_eq!(
        (&dry.data["stored"], dry.wrong),
        (&json!(2), false),
        "{dry:?}"
    );
    assert_eq!(last_frame(&client).await, before, "nothing was committed");
    let first = hand_over(&client, EXPORT, false).await.unwrap();
    assert_eq!(
        (&first.data["stored"], &first.data["incidents"]),
        (&json!(2), &json!(0))
    );

    let reader = office.sequencer.reader();
    let keys = reader.fingerprinter();
    let person = |a: &str| keys.person(&Address::parse(a).unwrap());
    let sent = |id: &str| reader.state().sent(keys.mail_id(id)).unwrap().unwrap();
    let (anna, bruno) = (
        person("anna@client.example"),
        person("bruno@client.example"),
    );
    assert_eq!(sent("<a@tool.example>").to, [anna, bruno]);
    // The controller's time zone is Paris.
    assert_eq!(
        sent("a@tool.example").at.to_string(),
        "2026-11-20T13:03:00Z"
    );
    assert!(
        sent("b@tool.example").to.is_empty(),
        "colleagues are no recipients"
    );
    assert_eq!(
        reader.state().last_mailed(bruno).unwrap(),
        Some(sent("a@tool.example").at)
    );

    let before = last_frame(&client).await;
    let again = hand_over(&client, EXPORT, false).await.unwrap();
    assert_eq!(
        (&again.data["stored"], &again.data["unchanged"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(last_frame(&client).await, before, "nothing was committed");
    // A longer export of the same mail adds who is new; its time stays.
    let more = "to,date,message_id\nchloe@client.example,2026-11-21,a@tool.example\n";
    assert_eq!(
        hand_over(&client, more, false).await.unwrap().data["stored"],
        1
    );
    assert_eq!(
        sent("a@tool.example").to,
        [anna, bruno, person("chloe@client.example")]
    );
    assert_eq!(
        sent("a@tool.example").at.to_string(),
        "2026-11-20T13:03:00Z"
    );
    assert_eq!(reader.state().counts().unwrap().sent_mails, 2);
    drop(client);
    drop(office);
    drop(running.join().unwrap());
}

#[tokio::test]
async fn a_sent_mail_after_a_stop_is_an_incident_and_one_before_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let stop = json!({"address": "anna@client.example", "by": "anne", "reason": "by telephone"});
    client.post("/suppression/add", &stop).await.unwrap();
    let later = office.clock.now().plus_seconds(60);
    let list = |id: &str, at: &str, answers: &str| {
        format!(
            "message_id,to,date,in_reply_to\n<{id}@tool.example>,anna@client.example,{at},{answers}\n"
        )
    };
    let early = list("early", "2026-11-20T14:03:00Z", "");
    let done = hand_over(&client, &early, false).await.unwrap();
    assert_eq!((&done.data["incidents"], done.wrong), (&json!(0), false));
    let answer = list("answer", &later.to_string(), "<question@client.example>");
    let done = hand_over(&client, &answer, false).await.unwrap();
    assert_eq!(
        (&done.data["incidents"], done.wrong),
        (&json!(0), false),
        "no prospecting"
    );
    let keys = office.keys();
    let state = office.sequencer.reader().state();
    let question = keys.mail_id("question@client.example");
    assert_eq!(
        state
            .answered_by_hand(question)
            .unwrap()
            .map(|t| t.to_string()),
        Some(later.to_string())
    );

    let late = list("late", &later.to_string(), "");
    for dry_run in [true, false] {
        let done = hand_over(&client, &late, dry_run).await.unwrap();
        assert_eq!(
            (&done.data["incidents"], done.wrong),
            (&json!(1), true),
            "{done:?}"
        );
        assert!(done.text.contains("quitus incidents list"), "{}", done.text);
    }
    let again = hand_over(&client, &late, false).await.unwrap();
    assert_eq!((&again.data["incidents"], again.wrong), (&json!(0), false));
    let open = client.get("/incidents").await.unwrap();
    assert_eq!(open.data.as_array().map(Vec::len), Some(1), "{open:?}");
    drop(client);
    drop(office);
    drop(running.join().unwrap());
}

#[tokio::test]
async fn every_mistake_of_an_export_is_told_at_once_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let header = "date;sent_at;subject\n2026-11-20;2026-11-20;x\n";
    let refused = hand_over(&client, header, false)
        .await
        .unwrap_err()
        .to_string();
    for part in [
        "out.csv:1: no column holds the Message-ID",
        "out.csv:1: no column holds the address",
        "out.csv:1: date and sent_at may each be the time",
    ] {
        assert!(refused.contains(part), "{part} in:\n{refused}");
    }
    let rows = "message_id,to,date\n\
        4711,anna@client.example,2026-11-20\n\
        <a@tool.example>,anna,2026-11-20\n\
        <a@tool.example>,anna@client.example,11/20/2026\n\
        <a@tool.example>,anna@client.example,2106-11-20\n\
        <a@tool.example>,,2026-11-20\n\
        <a@tool.example>,anna@client.example,2026-11-20\n";
    let told = hand_over(&client, rows, false).await.unwrap();
    let of = |n: &str| &told.data[n];
    assert_eq!(
        (of("stored"), of("refused"), told.wrong),
        (&json!(1), &json!(5), true)
    );
    let lines: Vec<u64> = of("faults")
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|f| f["line"].as_u64())
        .collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    assert!(
        told.text.contains("out.csv:2: \"4711\" is no Message-ID"),
        "{}",
        told.text
    );
    client.end().await;
}

#[tokio::test]
async fn a_long_export_comes_in_frames_of_a_thousand_mails() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let before = last_frame(&client).await.unwrap();
    let mut list = String::from("message_id,to,date\n");
    for n in 0..2_500 {
        list += &format!("<m{n}@tool.example>,p{n}@client.example,2026-11-20T10:00:00Z\n");
    }
    let done = hand_over(&client, &list, false).await.unwrap();
    assert_eq!(done.data["stored"], 2_500);
    // Three frames of mails, and the end of the import.
    assert_eq!(last_frame(&client).await, Some(before + 4));
    client.end().await;
}
