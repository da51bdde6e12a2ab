//! What commands ask of the house: the same words from a running daemon's socket and from a store opened here.

#[path = "support/alone.rs"]
mod alone;

use alone::{config, office};
use quitus::api::{Answer, Client, Control, Desk, NoAnswer, router};
use quitus::config::Config;
use quitus::record::*;
use quitus::store::Store;
use serde_json::json;
use std::path::Path;

const ADDRESS: &str = "zephyrine@planted.example";
const LIST: &str = "E-mail;Prénom;Nom;Civilité;Société;Campagne;Ville\n\
    zephyrine@planted.example;Zéphyrine;Plantagenêt;Madame;Cordonnerie Plantée;salon;Roubaix\n\
    octave@planted.example;Octave;Plantard;Monsieur;Cordonnerie Plantée;salon;Lens\n";
/// Personal words of the list and the message: none may stand in the log's words.
const PLANTED: [&str; 6] = [
    "phyrine",
    "Plantagen",
    "Cordonnerie",
    "planted.example",
    "Roubaix",
    "confiture",
];

/// Somebody wrote STOP, and the answer waits for a human.
fn held_stop(store: &mut Store, now: Timestamp) -> CaseId {
    let (reader, address) = (store.reader(), Address::parse(ADDRESS).unwrap());
    let keys = reader.fingerprinter();
    let person = keys.person(&address);
    let content_key = reader.allocate(KeyKind::Content).unwrap();
    let proof_key = reader.allocate(KeyKind::Proof).unwrap();
    let (case, message) = (CaseId::from_bits(0x5eed), ContentKey([7; 16]));
    let kept = KeptMessage {
        from: Some(address.clone()),
        to: Address::parse("ventes@ateliervauban.example").ok(),
        subject: "Re: vos chaussures".into(),
        message_id: Some("un@planted.example".into()),
        fresh: "STOP, je préfère la confiture.".into(),
        ..Default::default()
    };
    let proof = Proof {
        from: Some(address),
        evidence: vec![ProofOfRequest {
            kind: RequestKind::Stop,
            confidence: 0.97,
            words: vec![("fr.stop".into(), "STOP".into())],
        }],
        identity: "address on file".into(),
    };
    let location = Location {
        folder: FolderId::of("sales", "INBOX"),
        uidvalidity: 1,
        uid: 1,
    };
    let letter = LetterId {
        case,
        step: 0,
        series: 0,
    };
    let head = LetterHead {
        letter,
        kind: LetterKind::Answer,
        answers: vec![RequestKind::Stop],
        person: Some(person),
        domain: None,
        message: Some(message),
        automatic: false,
    };
    let rule = RuleId::of("P.mode");
    let reason = SuppressionReason::Request(RequestKind::Stop);
    let events = vec![
        Event::Received {
            message,
            location,
            mail: None,
            received: now,
            written: now,
            person: Some(person),
            verdict: Verdict::Answer,
            reading: Reading::Obey,
            rule: RuleId::of("A.ok"),
            kept: Some(reader.seal(content_key, &kept).unwrap()),
        },
        Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason,
            case: Some(case),
        },
        Event::CaseOpened {
            case,
            person: Some(person),
            message: Some(message),
            received: now,
            language: Some(Language::Fr),
            content_key,
            proof_key,
            proof: Some(reader.seal(proof_key, &proof).unwrap()),
            previous: None,
        },
        Event::RequestOpened {
            case,
            request: RequestKind::Stop,
            received: now,
            target: now.plus_days(2),
            due: now.plus_days(30),
        },
        Event::LetterDrafted {
            head,
            rule: rule.clone(),
        },
        Event::Decided {
            message,
            state: MessageState::Held,
            rule,
            case: Some(case),
        },
    ];
    store.commit(now, events).unwrap();
    case
}

/// A register of two, and a held STOP of one of them.
async fn furnished(folder: &Path) -> (Config, CaseId) {
    let config = config(folder);
    let client = Client::open(config.clone()).unwrap();
    client
        .hand_over("/contacts/import?file=list.csv", LIST.into())
        .await
        .unwrap();
    client.end().await;
    let now = Timestamp::from(jiff::Timestamp::now());
    let (mut store, _) = Store::open(&config.store.path, &config.store.options(now)).unwrap();
    let case = held_stop(&mut store, now);
    (config, case)
}

/// Every question and every order, one after the other.
async fn walk(client: &Client, case: CaseId) {
    let order = |mode| json!({"mode": mode, "by": "anne"});
    let about = |address: &str| json!({"address": address, "by": "anne", "reason": "asked again"});
    let status = client.get("/status").await.unwrap();
    assert_eq!(
        (status.data["mode"].as_str(), status.wrong),
        (Some("shadow"), false),
        "{}",
        status.text
    );
    assert_eq!(status.data["contacts"], 2);

    let list = client.get("/requests").await.unwrap();
    assert_eq!(list.data["requests"][0]["case"], case.to_string());
    let path = format!("/requests/{case}");
    let shown = client.get(&path).await.unwrap();
    for part in [
        ADDRESS,
        "confiture",
        "because    stop: \"STOP\"",
        "Subject: Re: vos chaussures",
    ] {
        assert!(shown.text.contains(part), "{part} in:\n{}", shown.text);
    }
    let approve = format!("{path}/approve");
    let hash = shown.data["letters"][0]["hash"].as_str().unwrap();
    let word = json!({"by": "anne", "hash": hash});
    let refused = client.post(&approve, &word).await;
    assert!(
        matches!(&refused, Err(NoAnswer::Refused(r)) if r.error.contains("shadow")),
        "{refused:?}"
    );
    client.post("/mode", &order("review")).await.unwrap();
    assert!(
        client
            .get("/mode")
            .await
            .unwrap()
            .text
            .contains("1 letters to approve")
    );
    let unseen = client.post(&approve, &json!({"by": "anne"})).await.unwrap();
    assert!(
        unseen.wrong && unseen.text.contains(hash),
        "{}",
        unseen.text
    );
    client.post(&approve, &word).await.unwrap();
    let again = client.post(&approve, &word).await;
    assert!(matches!(again, Err(NoAnswer::Refused(_))));
    let status = client.get("/status").await.unwrap();
    assert_eq!(
        (
            &status.data["letters"]["queued"],
            &status.data["letters"]["draft"]
        ),
        (&json!(1), &json!(0))
    );
    assert_eq!(status.data["messages"]["held"], 0);

    let show = client
        .post("/contacts/show", &about(ADDRESS))
        .await
        .unwrap();
    for part in [
        "Plantagenêt",
        "VAGUE",
        "they asked (stop)",
        &case.to_string(),
        "Roubaix",
    ] {
        assert!(show.text.contains(part), "{part} in:\n{}", show.text);
    }
    let coverage = client.get("/contacts/coverage").await.unwrap();
    assert_eq!(coverage.data["register"]["people"], 2);
    suppressions(client).await;

    let refusal = client
        .post(
            &format!("{path}/refuse"),
            &json!({"by": "anne", "reason": "done by telephone"}),
        )
        .await;
    refusal.unwrap();
    let status = client.get("/status").await.unwrap();
    assert_eq!(
        (
            &status.data["letters"]["cancelled"],
            &status.data["open_cases"]
        ),
        (&json!(1), &json!(0))
    );
    let log = client.get("/log?from=1&limit=1000").await.unwrap();
    for word in PLANTED {
        assert!(
            !log.text.contains(word) && !log.data.to_string().contains(word),
            "{word} in the log"
        );
    }
    assert!(
        log.text.contains("letter queued") && log.text.contains("A reviewer let the letter leave.")
    );
}

async fn suppressions(client: &Client) {
    let octave =
        json!({"address": "Octave@planted.example", "by": "anne", "reason": "asked again"});
    let check = |a: Answer| a.wrong;
    assert!(!check(
        client.post("/suppression/check", &octave).await.unwrap()
    ));
    client.post("/suppression/add", &octave).await.unwrap();
    assert!(check(
        client.post("/suppression/check", &octave).await.unwrap()
    ));
    let lifted = client.post("/suppression/lift", &octave).await.unwrap();
    assert_eq!(lifted.data["reason_kept"], true);
    assert!(!check(
        client.post("/suppression/check", &octave).await.unwrap()
    ));
    assert!(client.post("/suppression/lift", &octave).await.is_err());

    let sum = hex(&<sha2::Sha256 as sha2::Digest>::digest(
        b"sum@elsewhere.example",
    ));
    let list = format!(
        "email\nlist@elsewhere.example\n{sum}\n@whole.example\nno address at all\nlist@elsewhere.example\n"
    );
    let imported = client
        .hand_over("/suppression/import", list.clone().into())
        .await
        .unwrap();
    assert_eq!(
        (&imported.data["added"], &imported.data["known"]),
        (&json!(3), &json!(1)),
        "{}",
        imported.text
    );
    assert_eq!(imported.data["refused_lines"], json!([5]));
    let twice = client
        .hand_over("/suppression/import", list.into())
        .await
        .unwrap();
    assert_eq!(twice.data["added"], 0);
    for listed in [
        "list@elsewhere.example",
        "sum@elsewhere.example",
        "who@whole.example",
        "@whole.example",
    ] {
        let answer = client
            .post("/suppression/check", &json!({"address": listed}))
            .await
            .unwrap();
        assert!(answer.wrong, "{listed}");
    }
    let export = client.get("/suppression/export").await.unwrap();
    assert!(
        export.text.lines().count() >= 5 && !export.text.contains('@'),
        "{}",
        export.text
    );
    assert!(
        client
            .get("/suppression")
            .await
            .unwrap()
            .text
            .contains("came with a list")
    );
    let mistake = client
        .post("/suppression/check", &json!({"address": "nobody"}))
        .await;
    assert!(matches!(mistake, Err(NoAnswer::Refused(r)) if r.is_usage()));
}

#[tokio::test]
async fn nobody_is_free_while_their_firm_is_held_and_whoever_lifts_is_told_which() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(config(folder.path())).unwrap();
    let (anna, firm) = ("anna@firm.example", "@Firm.example");
    let order = async |what: &str, whom: &str, pause: bool| {
        let order =
            json!({"address": whom, "by": "anne", "reason": "by telephone", "pause": pause});
        client.post(&format!("/suppression/{what}"), &order).await
    };
    let check = async |whom: &str| {
        let whom = json!({"address": whom});
        client.post("/suppression/check", &whom).await.unwrap()
    };
    let refused = async |whom: &str| match order("lift", whom, false).await {
        Err(NoAnswer::Refused(r)) => format!("{}: {}", r.error, r.fix),
        other => panic!("{other:?}"),
    };
    order("add", firm, true).await.unwrap();
    assert_eq!(
        refused(anna).await,
        "the whole firm @firm.example is paused: lift @firm.example"
    );
    order("add", firm, false).await.unwrap();
    // A pause takes nothing back, and says so.
    let weaker = order("add", firm, true).await;
    let Err(NoAnswer::Refused(weaker)) = weaker else {
        panic!("{weaker:?}");
    };
    assert!(weaker.error.contains("suppressed already"), "{weaker:?}");
    let held = check(anna).await;
    assert!(
        held.wrong
            && held
                .text
                .contains("the whole firm @firm.example is suppressed"),
        "{}",
        held.text
    );
    assert_eq!(
        (&held.data["domain"], &held.data["why"]),
        (&json!("firm.example"), &json!("by telephone"))
    );
    assert_eq!(
        refused(anna).await,
        "the whole firm @firm.example is suppressed: lift @firm.example"
    );
    order("add", anna, false).await.unwrap();
    let lifted = order("lift", anna, false).await.unwrap();
    assert!(
        lifted.data["domain"] == "firm.example" && !lifted.text.contains("may be written to"),
        "{}",
        lifted.text
    );
    assert!(check(anna).await.wrong);
    order("lift", firm, false).await.unwrap();
    let free = check(anna).await;
    assert!(
        !free.wrong && free.data["domain"].is_null(),
        "{}",
        free.text
    );
    assert_eq!(
        refused(anna).await,
        "anna@firm.example is not suppressed: nothing is to be done"
    );
    client.end().await;
}

#[tokio::test]
async fn every_command_works_on_a_store_opened_here() {
    let folder = tempfile::tempdir().unwrap();
    let (config, case) = furnished(folder.path()).await;
    let client = Client::of(&config).await.unwrap();
    assert!(matches!(client, Client::Local(_)));
    walk(&client, case).await;
    client.end().await;
    assert!(
        quitus::store::verify(&config.store.path)
            .unwrap()
            .is_clean()
    );
}

#[tokio::test]
async fn every_command_works_through_the_socket() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (config, case) = furnished(folder.path()).await;
    let (office, running) = office(&config);
    let busy = Client::of(&config).await.err().unwrap();
    assert!(matches!(busy, NoAnswer::Silent { .. }), "{busy}");
    // A daemon that died left its socket.
    drop(std::os::unix::net::UnixListener::bind(&config.control_socket).unwrap());
    let routes = router(Desk::alone(office));
    let control = Control::open(routes.clone(), &config.control_socket)
        .await
        .unwrap();
    let mode = std::fs::metadata(&config.control_socket)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        Control::open(routes.clone(), &config.control_socket)
            .await
            .is_err(),
        "it is taken"
    );
    let client = Client::of(&config).await.unwrap();
    assert!(matches!(client, Client::Socket(_)));
    walk(&client, case).await;
    control.end().await;
    assert!(!config.control_socket.exists());
    drop(routes);
    tokio::task::spawn_blocking(move || drop(running.join().unwrap()))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_same_list_again_changes_nothing_and_a_shorter_one_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = furnished(folder.path()).await;
    let client = Client::open(config).unwrap();
    let import = async |list: &str| {
        let path = "/contacts/import?file=list.csv";
        client
            .hand_over(path, list.as_bytes().to_vec())
            .await
            .unwrap()
            .data
    };
    let frames = async || client.get("/log").await.unwrap().data["last"].as_u64();
    let before = frames().await;
    let again = import(LIST).await;
    assert_eq!(
        (&again["stored"], &again["unchanged"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(frames().await, before, "nothing was committed");
    let dry = client.hand_over(
        "/contacts/import?file=x.csv&dry_run=true",
        b"email\nnew@planted.example\n".to_vec(),
    );
    let dry = dry.await.unwrap();
    assert_eq!(dry.data["stored"], 1);
    assert_eq!(
        (&dry.data["columns"], &dry.data["delimiter"]),
        (&json!([{"header": "email", "as": "email"}]), &json!(","))
    );
    assert!(
        dry.text.starts_with("read as UTF-8, values apart by ','")
            && dry.text.contains("\n  email                address\n"),
        "what each column is taken for comes first: {}",
        dry.text
    );
    assert_eq!(frames().await, before, "nothing was committed");

    let shorter = import("email;Fonction\nzephyrine@planted.example;gérante\nnobody\nnew@planted.example;\nnew@planted.example;DSI\n").await;
    assert_eq!(
        (&shorter["stored"], &shorter["refused"]),
        (&json!(3), &json!(1)),
        "{shorter}"
    );
    assert_eq!(shorter["faults"][0]["line"], 3);
    let shown = client
        .post("/contacts/show", &json!({"address": ADDRESS}))
        .await
        .unwrap();
    for part in ["gérante", "Plantagenêt", "Roubaix", "suppressed since"] {
        assert!(shown.text.contains(part), "{part} in:\n{}", shown.text);
    }
    let new = client
        .post("/contacts/show", &json!({"address": "new@planted.example"}))
        .await
        .unwrap();
    assert!(new.text.contains("DSI"), "{}", new.text);
    let again = import(LIST).await;
    assert_eq!(
        again["stored"], 0,
        "what the first list does not say is not taken away: {again}"
    );
    client.end().await;
}

#[tokio::test]
async fn a_letter_that_is_approved_wakes_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let (config, case) = furnished(folder.path()).await;
    let (office, running) = office(&config);
    let client = Client::within(router(Desk::alone(office.clone())));
    let order = json!({"mode": "review", "by": "anne"});
    client.post("/mode", &order).await.unwrap();
    let path = format!("/requests/{case}");
    let shown = client.get(&path).await.unwrap();
    let letters = office.sequencer.letters();
    let woken = async || {
        let patience = std::time::Duration::from_millis(200);
        let woken = tokio::time::timeout(patience, letters.notified()).await;
        woken.is_ok()
    };
    assert!(!woken().await, "no letter was queued");
    let word = json!({"by": "anne", "hash": shown.data["letters"][0]["hash"]});
    client
        .post(&format!("{path}/approve"), &word)
        .await
        .unwrap();
    assert!(woken().await);
    drop(client);
    drop(office);
    drop(running.join().unwrap());
}

#[tokio::test]
async fn the_reason_of_a_lift_is_kept_for_somebody_without_a_key_and_for_a_domain() {
    let folder = tempfile::tempdir().unwrap();
    let (office, running) = office(&config(folder.path()));
    let client = Client::within(router(Desk::alone(office.clone())));
    let reader = office.sequencer.reader();
    for whom in ["unknown@planted.example", "@planted.example"] {
        let order = json!({"address": whom, "by": "anne", "reason": "they called back"});
        client.post("/suppression/add", &order).await.unwrap();
        let lifted = client.post("/suppression/lift", &order).await.unwrap();
        assert_eq!(lifted.data["reason_kept"], true, "{whom}");
        let frame = lifted.data["frame"].as_u64().unwrap();
        let placed = reader.frames(frame).unwrap().next().unwrap().unwrap();
        let sealed = placed.frame.events.iter().find_map(|e| match e {
            Event::Lifted { note, .. } => note.clone(),
            Event::Noted(note) => note.why.clone(),
            _ => None,
        });
        let reason: Option<String> = reader.open_sealed(&sealed.unwrap()).unwrap();
        assert_eq!(reason.as_deref(), Some("they called back"), "{whom}");
    }
    drop(client);
    drop(office);
    drop(running.join().unwrap());
}
