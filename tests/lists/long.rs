//! A long list of suppressions: one entry of the log, which means what the same lines one by one mean.

use crate::alone::{config, configured, office};
use quitus::api::{Answer, Client, Desk, NoAnswer, router};
use quitus::record::{Event, Noted};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Cursor;

/// More than a short list has.
const MANY: usize = 12_000;

fn text(many: usize) -> String {
    let mut list = String::from("\u{feff}email\n# people who asked elsewhere\n\n");
    for n in 0..many {
        writeln!(list, "p{n}@client{}.example", n % 50).unwrap();
    }
    list
}

async fn import(client: &Client, how: &str, list: &str) -> Answer {
    let list = Box::new(Cursor::new(list.to_owned()));
    let path = format!("/suppression/import?file=long.csv&by=anne&{how}");
    client.stream(&path, list).await.unwrap()
}

async fn ask(client: &Client, whom: &str) -> Answer {
    let whom = json!({"address": whom});
    client.post("/suppression/check", &whom).await.unwrap()
}

async fn order(client: &Client, what: &str, whom: &str) -> Result<Answer, NoAnswer> {
    let order = json!({"address": whom, "by": "anne", "reason": "by telephone"});
    client.post(&format!("/suppression/{what}"), &order).await
}

async fn counted(client: &Client) -> (u64, u64) {
    let data = client.get("/status").await.unwrap().data;
    (
        data["suppressed"].as_u64().unwrap(),
        data["paused"].as_u64().unwrap(),
    )
}

fn numbers(answer: &Answer) -> (u64, u64, u64) {
    let of = |key: &str| answer.data[key].as_u64().unwrap();
    (of("added"), of("known"), of("refused"))
}

#[tokio::test]
async fn a_long_list_holds_at_once_and_the_same_list_again_adds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    // One knows the house already, one is paused, one is known by another spelling.
    order(&client, "add", "p1@client1.example").await.unwrap();
    let paused = json!({"address": "p2@client2.example", "by": "anne", "pause": true});
    client.post("/suppression/add", &paused).await.unwrap();
    let mut list = text(MANY);
    list += "p3+shop@client3.example\nno address\n@whole.example\np4@client4.example\n";
    let frames = || office.sequencer.reader().head().unwrap().number;

    let before = frames();
    let rehearsal = import(&client, "dry_run=true", &list).await;
    assert_eq!(numbers(&rehearsal), (12_000, 3, 1), "{}", rehearsal.text);
    assert!(rehearsal.wrong && rehearsal.text.contains("line 12005: no address"));
    assert_eq!((frames(), counted(&client).await), (before, (1, 1)));

    let taken = import(&client, "reason=bought+with+the+firm", &list).await;
    assert_eq!(numbers(&taken), (12_000, 3, 1), "{}", taken.text);
    assert!(taken.data["list"].is_string() && taken.data["refused_lines"] == json!([12_005]));
    assert_eq!(frames(), before + 2, "the domain, and the list");
    assert_eq!(counted(&client).await, (MANY as u64, 0));

    let again = import(&client, "", &list).await;
    assert_eq!(numbers(&again), (0, 12_003, 1), "{}", again.text);
    assert_eq!(frames(), before + 2);

    for (whom, wrong) in [
        ("p11999@client49.example", true),
        ("P11999+any@CLIENT49.example", true),
        ("p3+shop@client3.example", true),
        ("p2@client2.example", true),
        ("x@whole.example", true),
        ("p12000@client0.example", false),
    ] {
        assert_eq!(ask(&client, whom).await.wrong, wrong, "{whom}");
    }
    let said = ask(&client, "p500@client0.example").await;
    assert!(said.text.contains("came with a list"), "{}", said.text);
    assert!(
        said.text.contains("\"long.csv\"")
            && said.text.contains("read in by anne: bought with the firm"),
        "{}",
        said.text
    );
    assert_eq!(
        (&said.data["by"], &said.data["why"]),
        (&json!("anne"), &json!("bought with the firm"))
    );
    drop((client, office));
    drop(running.join().unwrap());
}

#[tokio::test]
async fn a_first_line_that_names_nobody_is_passed_over_only_if_it_names_the_columns() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let cut_short = "ab".repeat(31);
    for (first, refused) in [
        ("email;name", json!([])),
        ("\u{feff}Adresse", json!([])),
        ("# from the old tool\n\nemail", json!([])),
        ("anna@", json!([1])),
        ("# from the old tool\nanna@", json!([2])),
        (cut_short.as_str(), json!([1])),
    ] {
        let list = format!("{first}\nbob@client.example\n");
        let taken = import(&client, "dry_run=true", &list).await;
        assert_eq!(taken.data["refused_lines"], refused, "{first}");
        assert_eq!(taken.data["added"], 1, "{first}");
    }
    let list = text(MANY).replacen("\u{feff}email", "anna@", 1);
    let taken = import(&client, "dry_run=true", &list).await;
    assert_eq!(taken.data["refused_lines"], json!([1]), "{}", taken.text);
    assert_eq!(numbers(&taken).0, MANY as u64);
    client.end().await;
}

#[tokio::test]
async fn a_row_that_begins_as_a_comment_does_is_one_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let table = "# from the shop\nref;email\n#1001;anne@x.example\n#1002;\n# end\n";
    let taken = import(&client, "", table).await;
    assert_eq!(numbers(&taken), (1, 0, 2), "{}", taken.text);
    assert_eq!(taken.data["refused_lines"], json!([4, 5]));
    assert!(ask(&client, "anne@x.example").await.wrong);
    // In a bare list a comment is one, unless it may name somebody.
    let lines = import(&client, "", "# asked\n#7 bob@x.example\n# end\n").await;
    assert_eq!(numbers(&lines), (1, 0, 0), "{}", lines.text);
    assert!(ask(&client, "bob@x.example").await.wrong);
    client.end().await;
}

/// A table as a tool that sends exports it: whose contact somebody was stands before who they are.
fn exported(many: usize) -> String {
    let mut list = String::from("\u{feff}owner,email,unsubscribed\n");
    for n in 0..many {
        writeln!(list, "claire@relais.example,z{n}@client.example,2026-03-01").unwrap();
    }
    list + "claire@relais.example,z1@client.example,2026-03-01,no,more\nclaire@relais.example,,\n"
}

#[tokio::test]
async fn of_a_table_the_column_counts_that_its_header_says_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    for many in [2, MANY] {
        let taken = import(&client, "", &exported(many)).await;
        let wrong = (many as u64 + 2, many as u64 + 3);
        assert_eq!(taken.data["refused_lines"], json!([wrong.0, wrong.1]));
        assert!(
            taken.text.contains("more values than the header"),
            "{}",
            taken.text
        );
        let last = format!("z{}@client.example", many - 1);
        assert!(ask(&client, &last).await.wrong, "{last}");
        assert!(!ask(&client, "claire@relais.example").await.wrong);
    }
    assert_eq!(counted(&client).await.0, MANY as u64);
    // Nothing is guessed: several columns, none, or a line without a header that names several.
    let refused = |how: &str, list: &str| {
        let list = Box::new(Cursor::new(list.to_owned()));
        let path = format!("/suppression/import?file=l.csv&by=anne{how}");
        let client = &client;
        async move { client.stream(&path, list).await }
    };
    for (how, list) in [
        ("", "email,mail\na@one.example,b@one.example\n"),
        ("", "owner,contact\na@one.example,b@one.example\n"),
        (
            "&column=adress",
            "owner,contact\na@one.example,b@one.example\n",
        ),
        ("&column=email", "a@one.example\n"),
    ] {
        let refused = refused(how, list).await;
        assert!(
            matches!(&refused, Err(NoAnswer::Refused(r)) if r.is_usage()),
            "{list}: {refused:?}"
        );
    }
    let list = "owner,contact\na@one.example,b@one.example\n";
    let named = import(&client, "column=Contact", list).await;
    assert_eq!(numbers(&named), (1, 0, 0), "{}", named.text);
    let list = "a@two.example,b@two.example\nc@two.example,Doe\n";
    let lines = import(&client, "", list).await;
    assert_eq!(numbers(&lines), (1, 0, 1), "{}", lines.text);
    assert!(
        lines.text.contains("line 1: more than one address"),
        "{}",
        lines.text
    );
    for (whom, wrong) in [
        ("a@one.example", false),
        ("b@one.example", true),
        ("a@two.example", false),
        ("c@two.example", true),
    ] {
        assert_eq!(ask(&client, whom).await.wrong, wrong, "{whom}");
    }
    client.end().await;
}

#[tokio::test]
async fn the_reason_of_a_short_list_is_kept_sealed_once() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let list = "a@one.example\nb@one.example\n";
    for how in ["reason=the+old+tool&dry_run=true", "reason=the+old+tool"] {
        import(&client, how, list).await;
    }
    let reader = office.sequencer.reader();
    let frames = reader.frames(1).unwrap();
    let events = frames.flat_map(|f| f.unwrap().frame.events);
    let notes = events.filter_map(|e| match e {
        Event::Noted(note) if matches!(note.about, Noted::Stops(_)) => Some(note),
        _ => None,
    });
    let notes: Vec<_> = notes.collect();
    assert_eq!((notes.len(), notes[0].by.as_str()), (1, "anne"));
    let why: Option<String> = reader.open_sealed(notes[0].why.as_ref().unwrap()).unwrap();
    assert_eq!(why.as_deref(), Some("the old tool"));
    drop((client, office));
    drop(running.join().unwrap());
}

#[tokio::test]
async fn whoever_is_lifted_from_a_list_is_free_until_they_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let client = Client::open(config.clone()).unwrap();
    let list = text(MANY) + "tag+one@client1.example\n";
    import(&client, "", &list).await;
    let lifted = ["p5@client5.example", "tag+one@client1.example"];
    for whom in lifted {
        order(&client, "lift", whom).await.unwrap();
        assert!(!ask(&client, whom).await.wrong, "{whom}");
        assert!(order(&client, "lift", whom).await.is_err(), "twice");
    }
    assert_eq!(counted(&client).await.0, MANY as u64 - 1);
    client.end().await;
    // The daemon comes again.
    let client = Client::open(config).unwrap();
    for whom in lifted {
        assert!(!ask(&client, whom).await.wrong, "{whom}");
    }
    assert!(ask(&client, "p6@client6.example").await.wrong);
    // Few of the same list are new: they are rows, as of a short list.
    let again = import(&client, "", &list).await;
    assert_eq!((numbers(&again).0, &again.data["list"]), (2, &Value::Null));
    for whom in lifted {
        assert!(ask(&client, whom).await.wrong, "{whom}");
    }
    assert_eq!(counted(&client).await.0, MANY as u64 + 1);
    let files = std::fs::read_dir(folder.path().join("store/lists")).unwrap();
    assert_eq!(files.count(), 1);
    client.end().await;
}

#[tokio::test]
async fn what_is_held_by_lists_and_rows_is_shown_once_a_page_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    order(&client, "add", "p1@client1.example").await.unwrap();
    import(
        &client,
        "",
        &(text(MANY) + "@whole.example\ntag+one@client1.example\n"),
    )
    .await;
    order(&client, "lift", "p5@client5.example").await.unwrap();
    order(&client, "add", "p6@client6.example").await.unwrap();
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = client
            .get(&format!("/suppression/export?limit=1000{next}"))
            .await
            .unwrap();
        let lines = page.text.lines().skip(1).filter(|l| !l.starts_with('#'));
        all.extend(lines.map(str::to_owned));
        match page.data["next"].as_str() {
            Some(after) => next = format!("&after={after}"),
            None => break,
        }
    }
    // All but the one who was lifted, both spellings of one, and a domain.
    assert_eq!(all.len(), MANY - 1 + 2 + 1);
    let whole = client.get("/suppression/export").await.unwrap();
    let whole: Vec<&str> = whole.text.lines().skip(1).collect();
    assert_eq!(all, whole);
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len());
    client.end().await;
}

#[tokio::test]
async fn a_list_that_breaks_off_holds_for_nobody() {
    struct Breaks(Cursor<String>);
    impl std::io::Read for Breaks {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(to)? {
                0 => Err(std::io::Error::other("the cable")),
                octets => Ok(octets),
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let list = Box::new(Breaks(Cursor::new(text(MANY))));
    let refused = client.stream("/suppression/import", list).await;
    assert!(matches!(refused, Err(NoAnswer::Refused(_))), "{refused:?}");
    assert_eq!(counted(&client).await.0, 0);
    // And nothing of it is in the way of the next.
    assert_eq!(
        numbers(&import(&client, "", &text(MANY)).await).0,
        MANY as u64
    );
    client.end().await;
}

#[tokio::test]
async fn without_the_list_nobody_is_told_to_be_free() {
    let folder = tempfile::tempdir().unwrap();
    let settings = config(folder.path());
    let client = Client::open(settings.clone()).unwrap();
    import(&client, "", &text(MANY)).await;
    client.end().await;
    let lists = folder.path().join("store/lists");
    std::fs::rename(&lists, folder.path().join("aside")).unwrap();
    let refused = Client::open(settings).err().unwrap().to_string();
    assert!(
        refused.contains("lists/") && refused.contains("put the file back"),
        "{refused}"
    );
}

/// A tool that sends, and whose address nobody answers.
const TOOL: &str = "
[[sender]]
name = \"relay\"
webhook = { url = \"http://127.0.0.1:1/\" }
secret = { command = [\"echo\", \"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0\"] }
";

#[tokio::test]
async fn a_tool_is_told_of_everybody_on_a_list_who_is_new_behind_those_who_ask_now() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&configured(folder.path(), TOOL));
    let client = Client::within(router(Desk::alone(office.clone())));
    let state = || office.sequencer.reader().state();
    let queued = |fresh| {
        state()
            .notices_of("relay", fresh, usize::MAX)
            .unwrap()
            .len()
    };
    order(&client, "add", "p1@client1.example").await.unwrap();
    let before = (queued(true), queued(false));
    assert_eq!(before.0 + before.1, 1);

    // A rehearsal tells nobody, and whoever is known by a sum only cannot be named to a tool.
    let list = text(MANY) + &"ab".repeat(32) + "\n@whole.example\n";
    import(&client, "dry_run=true", &list).await;
    assert_eq!((queued(true), queued(false)), before);
    let taken = import(&client, "", &list).await;
    assert_eq!(numbers(&taken), (MANY as u64 + 1, 1, 0), "{}", taken.text);
    // Everybody but the one who was told of before, and the domain.
    assert_eq!(queued(true), before.0, "a list is no matter of this moment");
    assert_eq!(queued(false), before.1 + MANY);

    // The same list again tells nothing again.
    import(&client, "", &list).await;
    assert_eq!(queued(false), before.1 + MANY);

    // Who says STOP now stands before all of them.
    order(&client, "add", "now@client1.example").await.unwrap();
    let all = state().notices("relay", usize::MAX).unwrap();
    let newest = all.iter().map(|(_, n)| n.since).max().unwrap();
    let place = all.iter().position(|(_, n)| n.since == newest).unwrap();
    assert!(place <= before.0, "{place} of {}", all.len());
    drop((client, office));
    drop(running.join().unwrap());
}
