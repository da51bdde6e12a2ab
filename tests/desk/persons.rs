//! The person, not the address: who comes again under another address, whose telephone it is, and what a human says of who is who.

use super::stage::{Stage, read};
use super::tool::{Mood, Tool};
use quitus::record::{Event, MemoryTables, Mode, State, Table, apply};
use serde_json::{Value, json};

const ANNE: &str = "anne@dune.example";
const HER_OTHER: &str = "a.zibeline@dune.example";
const STOP: &str = "Bonjour, merci de ne plus m'envoyer de mails. Cordialement, Anne";

async fn show(stage: &Stage, whom: &str) -> (Value, String) {
    let whom = json!({"address": whom});
    let shown = stage.client.post("/contacts/show", &whom).await.unwrap();
    (shown.data, shown.text)
}

/// Whether something holds against it, and the words.
async fn held(stage: &Stage, whom: &str) -> (bool, String) {
    let whom = json!({"address": whom});
    let checked = stage.client.post("/suppression/check", &whom).await;
    let checked = checked.unwrap();
    (checked.wrong, checked.text)
}

async fn suppress(stage: &Stage, whom: &str) {
    let order = json!({"address": whom, "reason": "said so on the telephone"});
    stage.order("/suppression/add", order).await;
}

async fn merge(stage: &Stage, first: &str, second: &str) -> quitus::api::Answer {
    let order = json!({"first": first, "second": second, "reason": "she told us so"});
    stage.order("/contacts/merge", order).await
}

async fn split(stage: &Stage, address: &str) -> quitus::api::Answer {
    let order = json!({"address": address, "reason": "her assistant's"});
    stage.order("/contacts/split", order).await
}

/// Every row of the index, as the log alone gives it, without what counts frames.
fn replayed(stage: &Stage) -> MemoryTables {
    let mut tables = MemoryTables::default();
    let reader = stage.daemon.office.sequencer.reader();
    for placed in reader.frames(1).unwrap() {
        let placed = placed.unwrap();
        apply(&mut tables, placed.place, &placed.frame).unwrap();
    }
    tables
}

/// The index says what the log says.
fn is_what_the_log_says(stage: &Stage) {
    let again = replayed(stage);
    for ((table, key), value) in &again.0 {
        if matches!(
            table,
            Table::Person | Table::Group | Table::Alias | Table::Case
        ) {
            let live = stage.state(|s| s.0.get(*table, key).unwrap());
            assert_eq!(live.as_ref(), Some(value), "{table:?}");
        }
    }
    let live = stage.state(|s| s.counts().unwrap().suppressed);
    assert_eq!(live, State(&again).counts().unwrap().suppressed);
}

#[tokio::test]
async fn a_list_that_was_bought_again_revives_nobody_under_another_address() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let known = "email,last_name,linkedin,crmid\n\
                 anne@dune.example,Zibeline,https://www.linkedin.com/in/Anne-Z/,\n\
                 bob@cliff.example,Quarrystone,,C-77\n";
    assert!(!stage.import(known).await.wrong);
    stage.receives(ANNE, "Re: Relais", STOP).await;
    suppress(&stage, "bob@cliff.example").await;
    let bought = "email,last_name,linkedin,crmid\n\
                  anne.zibeline@other.example,Zibeline,fr.linkedin.com/in/anne-z?x=1,\n\
                  bob.q@other.example,Quarrystone,,C-77\n\
                  zoe@other.example,Schmidt,,C-77\n";
    let done = stage.import(bought).await;
    assert!(done.wrong, "the third row contradicts its id");
    assert!(
        done.text.contains("the CRM id of this row"),
        "{}",
        done.text
    );
    for whom in [
        "anne.zibeline@other.example",
        "bob.q@other.example",
        "linkedin.com/in/anne-z",
        "crm:C-77",
    ] {
        assert!(held(&stage, whom).await.0, "{whom}");
    }
    assert!(!held(&stage, "zoe@other.example").await.0);
    for (new, old) in [
        ("anne.zibeline@other.example", ANNE),
        ("bob.q@other.example", "bob@cliff.example"),
    ] {
        let told = || {
            crm.told()
                .iter()
                .any(|t| t["data"]["addresses"] == json!([new, old]))
        };
        stage
            .until("the tool is told of the new address", told)
            .await;
    }
    let (shown, text) = show(&stage, "profile:linkedin.com/in/anne-z").await;
    assert_eq!(shown["person"], show(&stage, ANNE).await.0["person"]);
    assert!(
        text.contains("known by   profile linkedin.com/in/anne-z"),
        "{text}"
    );
    assert!(
        text.contains("known by   address anne.zibeline@other.example"),
        "{text}"
    );
    is_what_the_log_says(&stage);
    stage.end().await;
}

#[tokio::test]
async fn a_counted_id_of_another_tool_makes_nobody_the_person_who_has_it() {
    let stage = Stage::build(Mode::Review).await;
    let header = "email,first_name,last_name,firm,contact_id\n";
    let known = format!("{header}anna@x.example,Anna,Zibel,X,7\n");
    assert!(!stage.import(&known).await.wrong);
    let bought = "email,first_name,firm,contact_id\npaul@y.example,Paul,Y,7\n";
    for stored in [1, 0] {
        let done = stage.import(bought).await;
        assert_eq!(done.data["stored"], stored, "{}", done.text);
        assert_eq!(done.data["faults"][0]["line"], 2);
        assert!(
            done.text.contains("the CRM id of this row"),
            "{}",
            done.text
        );
    }
    let paul = show(&stage, "paul@y.example").await.0;
    let anna = show(&stage, "crm:7").await.0;
    assert_ne!(paul["person"], anna["person"]);
    assert!(
        paul["register"]["contact"]["crm_id"].is_null(),
        "it is Anna's"
    );
    let contact = &anna["register"]["contact"];
    assert_eq!(contact["first_name"], "Anna");
    assert_eq!(contact["addresses"], json!(["anna@x.example"]));
    // Whoever changed firm has both names still.
    let moved = format!("{header}a.zibel@z.example,ANNA,Zibel,Z,7\n");
    assert!(!stage.import(&moved).await.wrong);
    let moved = show(&stage, "a.zibel@z.example").await.0;
    assert_eq!(moved["person"], anna["person"]);
    is_what_the_log_says(&stage);
    stage.end().await;
}

#[tokio::test]
async fn whoever_was_erased_is_known_by_their_profile_when_they_come_with_another_address() {
    let stage = Stage::build(Mode::Review).await;
    let row = |address: &str| format!("email,linkedin\n{address},linkedin.com/in/anne-z\n");
    stage.import(&row(ANNE)).await;
    stage
        .receives(
            ANNE,
            "Re: Relais",
            "Je demande l'effacement de toutes mes données personnelles.",
        )
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    stage.approve(&case, answer).await;
    let again = stage.import(&row("anne@other.example")).await;
    assert!(
        again.text.contains("erased at their request"),
        "{}",
        again.text
    );
    assert_eq!(again.data["refused"], 1);
    assert!(held(&stage, "anne@other.example").await.0);
    let (shown, _) = show(&stage, "anne@other.example").await;
    assert!(shown["register"].is_null() && shown["erased"].is_string());
    stage.end().await;
}

#[tokio::test]
async fn a_row_that_names_two_people_is_told_by_its_line_and_merges_nobody() {
    let stage = Stage::build(Mode::Shadow).await;
    let list = "email,linkedin\nanne@dune.example,linkedin.com/in/anne\nbob@cliff.example,linkedin.com/in/bob\n";
    stage.import(list).await;
    suppress(&stage, "bob@cliff.example").await;
    let wrong = "email,linkedin\nanne@dune.example,linkedin.com/in/bob\n";
    for _ in 0..2 {
        let done = stage.import(wrong).await;
        assert!(done.wrong);
        assert_eq!(done.data["refused"], 0);
        assert_eq!(done.data["faults"][0]["line"], 2);
        assert!(
            done.text
                .contains("the profile of this row belongs to another person")
        );
    }
    assert!(!held(&stage, ANNE).await.0);
    assert!(held(&stage, "linkedin.com/in/bob").await.0);
    stage.end().await;
}

#[tokio::test]
async fn a_switchboard_is_everybodys_and_nobody_is_recognised_by_it() {
    let stage = Stage::build(Mode::Shadow).await;
    let list = "email,phone,country\n\
                anne@dune.example,01 23 45 67 89,FR\n\
                bob@cliff.example,+33 1 23 45 67 89,GB\n\
                zoe@dune.example,+33 (0)1 23 45 67 89,\n";
    assert!(!stage.import(list).await.wrong);
    let switchboard = "+33123456789";
    assert!(held(&stage, switchboard).await.1.contains("may be called"));
    suppress(&stage, ANNE).await;
    let (wrong, text) = held(&stage, "01.23.45.67.89").await;
    assert!(
        wrong && text.contains("one person who has it must not be called"),
        "{text}"
    );
    suppress(&stage, "zoe@dune.example").await;
    assert!(
        held(&stage, switchboard)
            .await
            .1
            .contains("2 people who have it")
    );
    assert!(!held(&stage, "bob@cliff.example").await.0);
    let rows = format!(
        "email:bob@cliff.example\nemail:bob@cliff.example\tphone:{switchboard}\nphone:{switchboard}\nphone:nonsense\nemail:phone:{switchboard}\nemail:bob@cliff.example\tphone:nonsense\n"
    );
    let path = "/suppression/check/list";
    let checked = stage
        .client
        .hand_over(path, rows.into_bytes())
        .await
        .unwrap();
    assert_eq!(checked.data["verdicts"], "fssuuf");
    let (shown, text) = show(&stage, switchboard).await;
    assert_eq!(shown["people"].as_array().unwrap().len(), 3);
    assert!(
        text.contains("telephone +33123456789 (shared with 2 others)"),
        "{text}"
    );
    let refused = stage
        .refused("/suppression/check", json!({"address": "0123"}))
        .await;
    assert!(refused.error.contains("no telephone"), "{}", refused.error);
    stage.end().await;
}

#[tokio::test]
async fn two_persons_become_one_and_what_holds_for_either_holds_for_both() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let other = format!(
        "email,first_name,last_name,role,phone,Couleur\n{HER_OTHER},Anne,Zibeline-Roux,gérante,0612345678,bleu\n"
    );
    stage.import(&other).await;
    let case = |who: &str| json!({"kinds": ["source"], "address": who, "received": stage.day(4), "channel": "phone", "language": "fr"});
    stage.order("/requests/new", case(ANNE)).await;
    let lift = json!({"address": ANNE, "reason": "a customer by now"});
    stage.order("/suppression/lift", lift).await;
    stage.receives(HER_OTHER, "Re: Relais", STOP).await;
    assert_eq!(
        (held(&stage, ANNE).await.0, held(&stage, HER_OTHER).await.0),
        (false, true)
    );
    stage
        .until("the tool is told", || !crm.obeyed().is_empty())
        .await;
    let second = show(&stage, HER_OTHER).await.0["person"].clone();

    let done = merge(&stage, ANNE, HER_OTHER).await;
    assert!(done.text.contains("suppressed"), "{}", done.text);
    assert!(held(&stage, ANNE).await.0, "the strictest of both");
    let told = || {
        crm.told()
            .iter()
            .any(|t| t["data"]["addresses"] == json!([ANNE, HER_OTHER]))
    };
    stage
        .until("the tool is told of both addresses", told)
        .await;
    for whom in [ANNE, HER_OTHER, "+33612345678"] {
        let (shown, text) = show(&stage, whom).await;
        assert_eq!(shown["person"], done.data["person"], "{whom}");
        assert_ne!(shown["person"], second);
        assert_eq!(shown["cases"].as_array().unwrap().len(), 2, "{text}");
        for part in [
            "Couleur (record ",
            "gérante",
            "directrice",
            "merged with",
            "by odile: she told us so",
        ] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }
    let log = stage.client.get("/log").await.unwrap().text;
    assert!(
        log.contains("from now on, by odile") && !log.contains("she told us"),
        "{log}"
    );
    let again = stage.refused(
        "/contacts/merge",
        json!({"first": ANNE, "second": HER_OTHER, "reason": "x"}),
    );
    assert!(again.await.error.contains("one person already"));
    let (before, _) = show(&stage, ANNE).await;
    is_what_the_log_says(&stage);
    let stage = stage.again().await;
    assert_eq!(show(&stage, HER_OTHER).await.0, before, "after a restart");
    stage.end().await;
}

#[tokio::test]
async fn an_access_letter_shows_what_both_rows_said_and_an_erasure_takes_both() {
    let stage = Stage::build(Mode::Review).await;
    let other = format!("email,last_name,role\n{HER_OTHER},Zibeline-Roux,gérante\n");
    stage.import(&other).await;
    let reader = stage.daemon.office.sequencer.reader().clone();
    let keys = stage.daemon.office.keys();
    let of = |address: &str| {
        let address = address.parse().unwrap();
        let person = stage.state(|s| s.person_of(&keys.of_address(&address)).unwrap());
        stage.state(|s| s.contact(person.unwrap()).unwrap().unwrap().key)
    };
    let both = [of(ANNE), of(HER_OTHER)];
    merge(&stage, ANNE, HER_OTHER).await;
    let text = "Envoyez-moi d'abord une copie de toutes les données personnelles que vous détenez sur moi. Ensuite, je demande l'effacement de toutes mes données personnelles.";
    stage.receives(ANNE, "Re: Relais", text).await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    let (text, files) = read(&stage.approve(&case, answer).await);
    let copy: String = files
        .iter()
        .map(|(_, f)| String::from_utf8_lossy(f))
        .collect();
    for part in ["Zibeline-Roux", "gérante", HER_OTHER] {
        assert!(
            text.contains(part) || copy.contains(part),
            "{part} in:\n{text}\n{copy}"
        );
    }
    assert!(both.iter().all(|k| reader.is_erased(*k).unwrap()));
    assert!(held(&stage, HER_OTHER).await.0);
    drop(reader);
    stage.end().await;
}

#[tokio::test]
async fn an_address_becomes_a_person_of_its_own_and_stays_suppressed() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    stage
        .import(&format!(
            "email,last_name,role,linkedin\n{HER_OTHER},Roux,gérante,linkedin.com/in/roux\n"
        ))
        .await;
    let (alone, _) = show(&stage, HER_OTHER).await;
    merge(&stage, ANNE, HER_OTHER).await;
    suppress(&stage, ANNE).await;
    stage
        .until("the tool is told", || crm.told().len() == 1)
        .await;

    let done = split(&stage, HER_OTHER).await;
    assert!(done.text.contains("suppressed as before"), "{}", done.text);
    let told = || {
        crm.told()
            .iter()
            .any(|t| t["data"]["addresses"] == json!([HER_OTHER]))
    };
    stage
        .until("the tool is told of the new person", told)
        .await;
    let (own, text) = show(&stage, HER_OTHER).await;
    assert_eq!(own["person"], alone["person"], "who they were before");
    assert_eq!(own["register"]["contact"]["role"], "gérante");
    assert!(
        text.contains("split off from") && text.contains("her assistant's"),
        "{text}"
    );
    let (left, text) = show(&stage, ANNE).await;
    assert_eq!(left["register"]["contact"]["addresses"], json!([ANNE]));
    assert!(
        !text.contains("(record ") && text.contains("was split off"),
        "{text}"
    );
    assert!(held(&stage, ANNE).await.0 && held(&stage, "linkedin.com/in/roux").await.0);
    let lift = json!({"address": HER_OTHER, "reason": "she never asked"});
    stage.order("/suppression/lift", lift).await;
    assert_eq!(
        (held(&stage, ANNE).await.0, held(&stage, HER_OTHER).await.0),
        (true, false)
    );
    let only = stage
        .refused("/contacts/split", json!({"address": ANNE, "reason": "x"}))
        .await;
    assert!(only.error.contains("only address"), "{}", only.error);
    let log = stage.client.get("/log").await.unwrap().text;
    assert!(log.contains("suppressed as they are, by odile"), "{log}");
    is_what_the_log_says(&stage);
    let stage = stage.again().await;
    assert_eq!(
        (held(&stage, ANNE).await.0, held(&stage, HER_OTHER).await.0),
        (true, false)
    );
    stage.end().await;
}

#[tokio::test]
async fn two_addresses_of_one_row_are_parted_and_nobody_is_merged_without_a_reason() {
    let stage = Stage::build(Mode::Shadow).await;
    stage
        .import(&format!(
            "email,last_name,firm\nanne@dune.example {HER_OTHER},Zibeline,Dune\n"
        ))
        .await;
    suppress(&stage, ANNE).await;
    assert!(held(&stage, HER_OTHER).await.0);
    split(&stage, ANNE).await;
    assert!(held(&stage, ANNE).await.0 && held(&stage, HER_OTHER).await.0);
    let (own, other) = (show(&stage, ANNE).await.0, show(&stage, HER_OTHER).await.0);
    assert_ne!(own["person"], other["person"]);
    assert_eq!(own["register"]["contact"]["addresses"], json!([ANNE]));
    assert_eq!(own["register"]["contact"]["last_name"], Value::Null);
    assert_eq!(other["register"]["contact"]["last_name"], "Zibeline");
    let none = json!({"first": ANNE, "second": HER_OTHER, "reason": " "});
    assert!(
        stage
            .refused("/contacts/merge", none)
            .await
            .error
            .contains("reason")
    );
    let nobody = json!({"first": "x@nobody.example", "second": "y@nobody.example", "reason": "x"});
    assert!(
        stage
            .refused("/contacts/merge", nobody)
            .await
            .error
            .contains("nobody is known")
    );
    let frames = stage.daemon.office.sequencer.reader().frames(1).unwrap();
    let grouped = frames.flat_map(|f| f.unwrap().frame.events.clone());
    let grouped = grouped.filter(|e| matches!(e, Event::Grouped(_))).count();
    assert_eq!(grouped, 1);
    stage.end().await;
}

#[tokio::test]
async fn whoever_is_at_a_suppressed_firm_is_found_by_telephone_page_and_id_too() {
    let stage = Stage::build(Mode::Review).await;
    let list = "email,phone,profile_url,crm_id,country\n\
        ida@kiesel.example,01 23 45 67 01,https://www.linkedin.com/in/ida-kiesel,K-1,FR\n\
        otto@frei.example,01 23 45 67 01,,,FR\n\
        nele@frei.example,01 23 45 67 02,https://www.linkedin.com/in/nele-frei,K-3,FR\n";
    stage.import(list).await;
    let all = ["+33123456701", "linkedin.com/in/ida-kiesel", "crm:K-1"];
    for whom in all {
        assert!(!held(&stage, whom).await.0, "{whom}");
    }
    suppress(&stage, "@kiesel.example").await;
    for whom in all {
        let (held, words) = held(&stage, whom).await;
        assert!(held && words.contains("suppressed"), "{words}");
    }
    let (_, words) = held(&stage, all[0]).await;
    assert!(words.contains("one person who has it"), "{words}");
    for whom in ["+33123456702", "linkedin.com/in/nele-frei", "crm:K-3"] {
        assert!(!held(&stage, whom).await.0, "{whom}");
    }
    // The same list again brings nothing new; a new address at that firm brings somebody there.
    let frames = || stage.state(|s| s.head().unwrap().frame);
    let before = frames();
    stage.import(list).await;
    assert!(frames() <= before + 2, "only that it began and ended");
    let moved = "email,crm_id\nnele@kiesel.example,K-3\n";
    stage.import(moved).await;
    assert!(held(&stage, "+33123456702").await.0);
    // Merged and parted, the firm holds for both.
    merge(&stage, "otto@frei.example", "ida@kiesel.example").await;
    assert!(held(&stage, "crm:K-1").await.0);
    is_what_the_log_says(&stage);
    let lift = json!({"address": "@kiesel.example", "reason": "they wrote"});
    stage.order("/suppression/lift", lift).await;
    for whom in all {
        assert!(!held(&stage, whom).await.0, "{whom}");
    }
    stage.end().await;
}
