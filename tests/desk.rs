//! What a reviewer decides, on the real daemon over loopback servers: drafts as they would leave, requests that came another
//! way, more time, who asks, what was proposed, and what an erasure leaves behind.

#[path = "desk/apologies.rs"]
mod apologies;
#[path = "desk/by_hand.rs"]
mod by_hand;
#[path = "desk/clicks.rs"]
mod clicks;
#[path = "desk/contract.rs"]
mod contract;
#[path = "desk/digest.rs"]
mod digest;
#[path = "desk/escalation.rs"]
mod escalation;
#[path = "desk/extending.rs"]
mod extending;
#[path = "desk/figures.rs"]
mod figures;
#[path = "desk/floods.rs"]
mod floods;
#[path = "desk/hands.rs"]
mod hands;
#[path = "desk/hook.rs"]
mod hook;
#[path = "support/hour.rs"]
mod hour;
#[path = "desk/learning.rs"]
mod learning;
#[path = "desk/letters.rs"]
mod letters;
#[path = "desk/notices.rs"]
mod notices;
#[path = "desk/owners.rs"]
mod owners;
#[path = "desk/paper.rs"]
mod paper;
#[path = "desk/persons.rs"]
mod persons;
#[path = "desk/recipients.rs"]
mod recipients;
#[path = "desk/review.rs"]
mod review;
#[path = "desk/servers.rs"]
mod servers;
#[path = "desk/stage.rs"]
mod stage;
#[path = "desk/systems.rs"]
mod systems;
#[path = "desk/templates.rs"]
mod templates;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "desk/thread.rs"]
mod thread;
#[path = "desk/tool.rs"]
mod tool;

use quitus::answer::date_in_words;
use quitus::record::{Language, Mode};
use serde_json::json;
use stage::{LIST, Stage, read};
use std::time::Duration;

#[tokio::test]
async fn what_is_shown_is_what_leaves_for_every_kind_and_language_that_has_templates() {
    let stage = Stage::build(Mode::Review).await;
    let replies = [
        (
            "anne@dune.example",
            "Bonjour, d'où vient mon adresse e-mail ? Comment l'avez-vous obtenue ?",
        ),
        (
            "bob@cliff.example",
            "Please remove me from your mailing list.",
        ),
        (
            "carl@fels.example",
            "Bitte nehmen Sie mich aus Ihrem Verteiler.",
        ),
    ];
    for (from, text) in replies {
        stage.receives(from, "Re: Relais", text).await;
        let (case, shown, letter) = stage.approve_only().await;
        assert_eq!(
            (letter.to.clone(), &shown["to"]),
            (vec![from.to_owned()], &json!(from))
        );
        assert_eq!(read(&letter).0, shown["text"].as_str().unwrap(), "{case}");
    }
    let new = |kind: &str, who: &str, language: &str| json!({"kinds": [kind], "address": who, "received": stage.day(4), "channel": "phone", "language": language});
    let others = [
        ("carl@fels.example", "de"),
        ("dolores@roca.example", "es"),
        ("elio@scoglio.example", "it"),
        ("femke@duin.example", "nl"),
        ("gil@praia.example", "pt"),
        ("bob@cliff.example", "en"),
        ("anne@dune.example", "fr"),
    ];
    for (who, language) in others {
        for kind in ["stop", "source"] {
            stage.order("/requests/new", new(kind, who, language)).await;
            let (_, shown, letter) = stage.approve_only().await;
            assert_eq!(letter.to, [who]);
            assert_eq!(
                read(&letter).0,
                shown["text"].as_str().unwrap(),
                "{kind} {language}"
            );
        }
    }
    assert!(
        stage.open().await.is_empty(),
        "every case is closed with its letter"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_draft_reads_word_for_word_like_the_letter_that_leaves_by_itself() {
    let mails = [
        (
            "anne@dune.example",
            "Bonjour, d'où vient mon adresse e-mail ? Comment l'avez-vous obtenue ?",
        ),
        (
            "bob@cliff.example",
            "Please remove me from your mailing list.",
        ),
    ];
    let (live, review) = (
        Stage::build(Mode::Live).await,
        Stage::build(Mode::Review).await,
    );
    let reference = regex::Regex::new("Q-....-....").unwrap();
    for (n, (from, text)) in mails.into_iter().enumerate() {
        live.receives(from, "Re: Relais", text).await;
        assert!(live.post.wait_for(n + 1, Duration::from_secs(10)).await);
        let by_itself = live.post.received().pop().unwrap();
        review.receives(from, "Re: Relais", text).await;
        let (_, _, approved) = review.approve_only().await;
        let plain = |letter| {
            let text = read(letter).0;
            // The one thing that differs: a reference is random.
            reference.replace_all(&text, "Q").into_owned()
        };
        assert_eq!(plain(&by_itself), plain(&approved));
        assert_eq!(by_itself.to, approved.to);
        let head = |raw: &[u8], name: &str| String::from_utf8_lossy(raw).contains(name);
        assert!(head(&by_itself.raw, "Auto-Submitted: auto-replied"));
        assert!(
            !head(&approved.raw, "Auto-Submitted"),
            "a human approved it"
        );
    }
    live.end().await;
    review.end().await;
}

#[tokio::test]
async fn a_letter_that_would_read_differently_by_now_is_not_approved_but_shown_again() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .receives(
            "anne@dune.example",
            "Re: Relais",
            "D'où vient mon adresse e-mail ?",
        )
        .await;
    let case = stage.open().await.pop().unwrap();
    let (shown, path) = (
        stage.drafts(&case).await,
        format!("/requests/{case}/approve"),
    );
    stage
        .import("email,last_name\nanne@dune.example,Hermine\n")
        .await;
    let stale = stage.order(&path, json!({"hash": shown[0]["hash"]})).await;
    assert!(
        stale.wrong && stale.text.contains("Hermine"),
        "{}",
        stale.text
    );
    assert_eq!(stage.post.count(), 0);
    assert_ne!(stale.data["letters"][0]["hash"], shown[0]["hash"]);
    let letter = stage.approve(&case, &stale.data["letters"][0]).await;
    assert!(read(&letter).0.contains("Hermine"));
    stage.end().await;
}

#[tokio::test]
async fn an_acknowledgement_leaves_before_its_answer_and_the_answer_carries_the_whole_copy() {
    let stage = Stage::build(Mode::Review).await;
    stage
        .sent("anne@dune.example", "Relais pour Dune", "relais-1", 9)
        .await;
    stage
        .sent("anne@dune.example", "Encore Relais", "relais-2", 3)
        .await;
    let thread = "In-Reply-To: <relais-1@ateliervauban.example>\nReferences: <relais-1@ateliervauban.example>\n";
    let asks = "Conformément à l'article 15 du RGPD, envoyez-moi une copie de toutes les données que vous détenez sur moi.";
    stage
        .receives_with("anne@dune.example", "Re: Relais pour Dune", asks, thread)
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let kinds: Vec<_> = drafts.iter().map(|d| d["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["acknowledgement", "answer"]);

    let received = stage.approve(&case, &drafts[0]).await;
    assert!(
        read(&received)
            .0
            .contains("Nous vous répondrons au plus tard")
    );
    let left = stage.drafts(&case).await;
    assert_eq!(
        (left.len(), &left[0]["kind"]),
        (1, &json!("answer")),
        "the case is still open"
    );

    let (text, files) = read(&stage.approve(&case, &left[0]).await);
    for part in [
        "Zibeline",
        "Relais pour Dune",
        "Dropcontact",
        "suspendue",
        "Décisions automatisées",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    let (name, json) = files
        .iter()
        .find(|(name, _)| name.ends_with(".json"))
        .unwrap();
    assert!(name.starts_with(&case), "{name}");
    let copy: serde_json::Value = serde_json::from_slice(json).unwrap();
    let mails = copy["mails"].as_array().unwrap();
    assert_eq!(mails.len(), 2);
    // Sent is remembered without subjects; that of the mail that was answered is known from the reply.
    assert_eq!(
        (&mails[0]["subject"], &mails[1]["subject"]),
        (&json!("Relais pour Dune"), &json!(null))
    );
    assert_eq!(copy["processing"]["recipients"], json!(["Dropcontact"]));
    assert!(stage.open().await.is_empty());
    stage.end().await;
}

#[tokio::test]
async fn a_request_by_telephone_counts_from_its_day_and_its_copy_waits_for_the_code() {
    let stage = Stage::build(Mode::Review).await;
    let new = json!({
        "kinds": ["access"], "address": "anne@dune.example", "received": stage.day(4), "channel": "phone",
        "note": "called at noon, hoarse voice",
    });
    let entered = stage.order("/requests/new", new.clone()).await;
    let case = entered.data["case"].as_str().unwrap().to_owned();
    let due = stage.calendar(|c| c.deadlines(c.noon(stage.date(4))).due.to_string());
    assert_eq!(entered.data["due"], due, "{}", entered.text);
    assert!(
        stage
            .refused("/requests/new", new)
            .await
            .error
            .contains("open for this already")
    );
    let check = json!({"address": "anne@dune.example"});
    assert!(
        stage
            .order("/suppression/check", check)
            .await
            .text
            .contains("paused")
    );

    let (path, shown) = (format!("/requests/{case}"), stage.show(&case).await);
    assert!(
        shown.text.contains("came by    phone, entered by odile"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("hoarse voice") && shown.text.contains("awaiting_identity"));
    let hash = json!({"hash": shown.data["letters"][0]["hash"]});
    let early = stage.refused(&format!("{path}/approve"), hash).await;
    assert!(
        early.error.contains("not proved who asks"),
        "{}",
        early.error
    );

    stage.order(&format!("{path}/identify"), json!({})).await;
    let drafts = stage.drafts(&case).await;
    let code = drafts.iter().find(|d| d["kind"] == "identity").unwrap();
    let letter = stage.approve(&case, code).await;
    assert_eq!(letter.to, ["anne@dune.example"]);
    let text = read(&letter).0;
    let code = text.split("Votre code\u{a0}: ").nth(1).unwrap()[..9].to_owned();
    assert!(!text.contains("Dune") && !String::from_utf8_lossy(&letter.raw).contains("Quarry"));

    let almost = code.chars().rev().collect::<String>();
    stage
        .receives(
            "anne@dune.example",
            "Re: code",
            &format!("Le code : {almost}"),
        )
        .await;
    assert!(
        stage.show(&case).await.data["identity_proved"].is_null(),
        "a wrong code proves nothing"
    );
    let away = format!("Je suis absente.\n\n> Référence {case}\n> Votre code : {code}\n");
    let robot = "Auto-Submitted: auto-replied\n";
    stage
        .receives_with("anne@dune.example", "Absence", &away, robot)
        .await;
    let shown = stage.show(&case).await;
    assert!(
        shown.data["identity_proved"].is_null(),
        "a robot quotes everything"
    );
    // From another address, in what is quoted: whoever has the code reads the mail of the address on file.
    let reply = format!(
        "Voilà, c'est bien moi.\n\n> Référence {case}\n> Votre code : {}\n",
        code.to_lowercase()
    );
    stage
        .receives("anne.perso@mail.example", "Re: Votre demande", &reply)
        .await;
    let shown = stage.show(&case).await;
    assert!(shown.data["identity_proved"].is_string(), "{}", shown.text);
    let copy = stage.drafts(&case).await;
    let letter = stage.approve(&case, copy.last().unwrap()).await;
    assert_eq!(
        letter.to,
        ["anne@dune.example"],
        "the copy goes to the address on file"
    );
    assert!(
        read(&letter)
            .1
            .iter()
            .any(|(name, _)| name.ends_with(".json"))
    );
    stage.end().await;
}

#[tokio::test]
async fn who_asks_may_be_proved_by_a_human_and_more_time_is_told_once_within_the_first_month() {
    let stage = Stage::build(Mode::Review).await;
    let new = |received: &str, who: &str| json!({"kinds": ["access"], "address": who, "received": received, "channel": "letter"});
    let entered = stage
        .order("/requests/new", new(&stage.day(4), "bob@cliff.example"))
        .await;
    let path = format!("/requests/{}", entered.data["case"].as_str().unwrap());
    let why = json!({"reason": "your data lie in three systems."});
    let extended = stage.order(&format!("{path}/extend"), why.clone()).await;
    let later = stage.calendar(|c| c.extension(c.noon(stage.date(4))));
    assert_eq!(extended.data["due"], later.to_string(), "{}", extended.text);
    let due = async || {
        let shown = stage.show(entered.data["case"].as_str().unwrap()).await;
        shown.data["requests"][0]["due"].clone()
    };
    let first = stage.calendar(|c| c.deadlines(c.noon(stage.date(4))).due);
    assert_eq!(due().await, first.to_string(), "nobody was told yet");
    let again = stage.refused(&format!("{path}/extend"), why.clone()).await;
    assert!(again.error.contains("before"));
    let case = entered.data["case"].as_str().unwrap();
    let drafts = stage.drafts(case).await;
    let told = drafts.iter().find(|d| d["kind"] == "extension").unwrap();
    let text = read(&stage.approve(case, told).await).0.replace('\n', " ");
    for part in [
        "your data lie in three systems.",
        &stage.calendar(|c| date_in_words(Language::En, c.day(later))),
        "CNIL",
    ] {
        assert!(text.contains(part), "{part} in: {text}");
    }
    assert_eq!(due().await, later.to_string(), "the person was told");

    let by_hand = format!("{path}/identify");
    assert!(
        stage
            .refused(&by_hand, json!({"proved": true}))
            .await
            .is_usage()
    );
    stage
        .order(
            &by_hand,
            json!({"proved": true, "reason": "I know her voice"}),
        )
        .await;
    let left = stage.drafts(case).await;
    stage.approve(case, &left[0]).await;
    assert!(stage.open().await.is_empty());

    let late = stage
        .order("/requests/new", new(&stage.day(80), "anne@dune.example"))
        .await;
    assert!(late.text.contains("OVERDUE"), "{}", late.text);
    let path = format!("/requests/{}/extend", late.data["case"].as_str().unwrap());
    assert!(
        stage
            .refused(&path, why)
            .await
            .error
            .contains("first month ended")
    );
    let log = stage
        .client
        .get("/log?from=1&limit=1000")
        .await
        .unwrap()
        .text;
    assert!(
        log.contains("came by letter, entered by odile") && log.contains("for a reason, by odile")
    );
    assert!(
        !log.contains("three systems") && !log.contains("her voice"),
        "reasons are sealed"
    );
    stage.end().await;
}

#[tokio::test]
async fn more_time_counts_only_once_the_person_is_told() {
    let stage = Stage::build(Mode::Review).await;
    let new = json!({"kinds": ["access"], "address": "bob@cliff.example", "received": stage.day(4), "channel": "letter"});
    let entered = stage.order("/requests/new", new).await;
    let case = entered.data["case"].as_str().unwrap();
    let due = async || {
        let shown = stage.show(case).await;
        shown.data["requests"][0]["due"].clone()
    };
    let first = stage.calendar(|c| c.deadlines(c.noon(stage.date(4))).due);
    let later = stage.calendar(|c| c.extension(c.noon(stage.date(4))));
    let (extend, why) = (
        format!("/requests/{case}/extend"),
        json!({"reason": "much to copy"}),
    );
    stage.order(&extend, why.clone()).await;
    let shown = stage.show(case).await.text;
    assert!(shown.contains("NOT TOLD yet"), "{shown}");
    let drafts = stage.drafts(case).await;
    let tells = drafts.iter().find(|d| d["kind"] == "extension").unwrap();
    let number = tells["letter"].as_u64().unwrap() - 1;
    stage
        .order(&format!("/letters/{case}.{number}/cancel"), json!({}))
        .await;
    assert_eq!(due().await, first.to_string());
    // It came to nothing, so it may be asked again; whoever was told by telephone knows.
    let told = json!({"reason": "much to copy", "told": true});
    let done = stage.order(&extend, told).await;
    assert_eq!(done.data["drafted"], false, "{}", done.text);
    assert_eq!(due().await, later.to_string());
    let again = stage.refused(&extend, why).await;
    assert!(again.error.contains("extended before"), "{again:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_stop_by_telephone_takes_effect_though_the_person_waits_for_something_else() {
    let stage = Stage::build(Mode::Review).await;
    let new = |kinds: &[&str]| json!({"kinds": kinds, "address": "bob@cliff.example", "received": stage.day(1), "channel": "phone"});
    let holds = async || {
        let check = json!({"address": "bob@cliff.example"});
        stage.order("/suppression/check", check).await.text
    };
    let first = stage.order("/requests/new", new(&["access"])).await;
    assert!(holds().await.contains("paused"));
    let second = stage.order("/requests/new", new(&["stop", "access"])).await;
    assert_eq!(
        second.data["already"],
        json!([{"request": "access", "case": first.data["case"]}]),
        "{}",
        second.text
    );
    let case = second.data["case"].as_str().unwrap();
    let asks = stage.show(case).await.data["requests"].clone();
    assert_eq!(asks.as_array().unwrap().len(), 1, "{asks}");
    assert_eq!(asks[0]["request"], "stop");
    assert!(holds().await.contains("suppressed"));
    let again = stage.refused("/requests/new", new(&["stop"])).await;
    assert!(again.error.contains("open for this already"), "{again:?}");
    // A suppression that was lifted meanwhile holds again, without a second clock.
    let lift = json!({"address": "bob@cliff.example", "reason": "a mistake"});
    stage.order("/suppression/lift", lift).await;
    let third = stage.order("/requests/new", new(&["stop"])).await;
    assert_eq!(third.data["case"], second.data["case"], "{}", third.text);
    assert!(holds().await.contains("suppressed"));
    assert_eq!(stage.open().await.len(), 2);
    stage.end().await;
}

#[tokio::test]
async fn a_draft_speaks_the_language_in_which_it_was_decided_where_the_case_has_no_words_for_it() {
    let stage = Stage::build(Mode::Review).await;
    let new = json!({
        "kinds": ["stop", "rectification"], "address": "elio@scoglio.example", "received": stage.day(1), "channel": "phone",
        "language": "it",
    });
    let entered = stage.order("/requests/new", new).await;
    let case = entered.data["case"].as_str().unwrap();
    let drafts = stage.drafts(case).await;
    let letter = stage.approve(case, &drafts[0]).await;
    let sent = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .unwrap();
    let id = sent.message_id().unwrap();
    let thread = format!("In-Reply-To: <{id}>\nReferences: <{id}>\n");
    let asks =
        "Hello,\n\nplease send me a copy of all personal data that you hold about me.\n\nElio";
    stage
        .receives_with("elio@scoglio.example", "Re: Relais", asks, &thread)
        .await;
    assert_eq!(stage.open().await, [case], "it joins the case");
    let drafts = stage.drafts(case).await;
    let access = |d: &&serde_json::Value| d["answers"] == json!(["access"]);
    let copy = drafts.iter().find(access).unwrap();
    let text = copy["text"].as_str().unwrap_or_else(|| panic!("{copy}"));
    assert!(text.contains("Here is the copy of the data"), "{text}");
    stage.end().await;
}

#[tokio::test]
async fn what_is_proposed_is_carried_out_once_or_dismissed_with_a_reason() {
    let stage = Stage::build(Mode::Review).await;
    let is_suppressed = async |who: &str| {
        let check = json!({"address": who});
        stage.order("/suppression/check", check).await
    };
    // B4
    let text =
        "Merci de me retirer de votre liste, et retirez aussi mon associé : bob@cliff.example";
    stage
        .receives("anne@dune.example", "Re: Relais", text)
        .await;
    let case = stage.open().await.pop().unwrap();
    assert!(
        !is_suppressed("bob@cliff.example").await.wrong,
        "proposed, never done"
    );
    let path = format!("/requests/{case}/proposals/1");
    let accept = format!("{path}/accept");
    assert_eq!(stage.order(&accept, json!({})).await.data["changed"], true);
    assert!(
        is_suppressed("bob@cliff.example")
            .await
            .text
            .contains("suppressed")
    );
    assert_eq!(
        stage.order(&accept, json!({})).await.data["changed"],
        false,
        "once"
    );
    let other = stage
        .refused(&format!("{path}/dismiss"), json!({"reason": "no"}))
        .await;
    assert!(other.error.contains("the other way"));
    assert!(
        stage
            .show(&case)
            .await
            .text
            .contains("accepted   1. suppress bob@cliff.example too")
    );
    stage
        .order(
            &format!("/requests/{case}/answered"),
            json!({"reason": "by telephone"}),
        )
        .await;

    // B3
    stage
        .receives(
            "x@elsewhere.example",
            "Relais",
            "Merci de me retirer de votre liste.",
        )
        .await;
    let mut open = stage.open().await;
    let stranger = open.pop().unwrap();
    let accept = format!("/requests/{stranger}/proposals/1/accept");
    assert!(
        stage.refused(&accept, json!({})).await.is_usage(),
        "who is it?"
    );
    stage
        .order(&accept, json!({"is": "femke@duin.example"}))
        .await;
    assert!(
        is_suppressed("femke@duin.example")
            .await
            .text
            .contains("suppressed")
    );

    // B5
    let text = "Merci de retirer toute notre société de votre liste : plus aucun mail à aucun de nos collaborateurs.";
    stage
        .receives("gil@praia.example", "Re: Relais", text)
        .await;
    let case = stage.open().await.pop().unwrap();
    assert!(
        is_suppressed("other@praia.example")
            .await
            .text
            .contains("paused")
    );
    let accepted = stage
        .order(&format!("/requests/{case}/proposals/1/accept"), json!({}))
        .await;
    assert!(accepted.text.contains("1 prospect"), "{}", accepted.text);
    assert!(
        is_suppressed("other@praia.example")
            .await
            .text
            .contains("suppressed")
    );
    stage
        .receives("elio@scoglio.example", "Re: Relais", text)
        .await;
    let mut cases = stage.open().await;
    cases.retain(|c| *c != case && *c != stranger);
    let dismiss = format!("/requests/{}/proposals/1/dismiss", cases[0]);
    assert!(stage.refused(&dismiss, json!({})).await.is_usage());
    stage
        .order(&dismiss, json!({"reason": "he speaks for himself"}))
        .await;
    assert!(
        !is_suppressed("other@scoglio.example").await.wrong,
        "the pause of the firm ends"
    );
    stage.end().await;
}

#[tokio::test]
async fn what_has_a_letter_gets_it_and_the_rest_of_the_case_stays_with_a_human() {
    let stage = Stage::build(Mode::Review).await;
    let text = "Please remove me from your mailing list, and correct my job title: I am no longer the director but the chair.";
    stage
        .receives("bob@cliff.example", "Re: Relais", text)
        .await;
    let case = stage.open().await.pop().unwrap();
    let shown = stage.show(&case).await;
    assert_eq!(
        shown.data["requests"].as_array().unwrap().len(),
        2,
        "{}",
        shown.text
    );
    assert!(
        shown.text.contains("no letter answers rectification"),
        "{}",
        shown.text
    );
    let drafts = stage.drafts(&case).await;
    assert_eq!(drafts[0]["answers"], json!(["stop"]));
    stage.approve(&case, &drafts[0]).await;
    let shown = stage.show(&case).await;
    assert!(shown.data["held"].is_string() && shown.data["messages"][0]["state"] == "held");
    let word = json!({"reason": "corrected, told by mail"});
    stage
        .order(&format!("/requests/{case}/answered"), word)
        .await;
    assert!(stage.open().await.is_empty());
    stage.end().await;
}

#[tokio::test]
async fn a_forward_becomes_the_case_of_the_person_who_asked_the_colleague() {
    let stage = Stage::build(Mode::Review).await;
    let text = "Claire, tu peux t'en occuper ?\n\n-------- Message transféré --------\nSujet : Re: Relais\n\
        Date : Fri, 20 Nov 2026 08:41:07 +0100\nDe : Anne Zibeline <anne@dune.example>\nPour : Julien <julien@ateliervauban.example>\n\n\
        Bonjour, merci de me retirer de votre liste de diffusion.\n";
    stage
        .receives("julien@ateliervauban.example", "Fwd: Re: Relais", text)
        .await;
    let first = stage.open().await.pop().unwrap();
    let shown = stage.show(&first).await;
    assert!(
        shown
            .text
            .contains("open a case for what anne@dune.example asked"),
        "{}",
        shown.text
    );
    let accept = format!("/requests/{first}/proposals/1/accept");
    stage
        .order(&accept, json!({"received": stage.day(4)}))
        .await;
    let open = stage.open().await;
    assert_eq!(open.len(), 1, "the forward itself is done");
    assert_ne!(open[0], first);
    assert_eq!(stage.order(&accept, json!({})).await.data["changed"], false);
    let (_, _, letter) = stage.approve_only().await;
    assert_eq!(letter.to, ["anne@dune.example"]);
    let check = json!({"address": "anne@dune.example"});
    assert!(
        stage
            .order("/suppression/check", check)
            .await
            .text
            .contains("suppressed")
    );
    assert!(stage.state(|s| {
        s.waiting(quitus::record::Waiting::HeldMessage, 9)
            .unwrap()
            .is_empty()
    }));
    stage.end().await;
}

/// Every file of a folder.
fn all_files(folder: &std::path::Path, found: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all_files(&path, found),
            false => found.push((path.clone(), std::fs::read(&path).unwrap_or_default())),
        }
    }
}

#[tokio::test]
async fn an_erasure_is_complete_when_its_letter_has_left_and_no_list_brings_the_person_back() {
    let stage = Stage::build(Mode::Review).await;
    let text = "Envoyez-moi d'abord une copie de toutes les données personnelles que vous détenez sur moi. Ensuite, je demande l'effacement de toutes mes données personnelles. Mon mot : saxifrage.";
    stage
        .receives("anne@dune.example", "Re: Relais", text)
        .await;
    let case = stage.open().await.pop().unwrap();
    let show = json!({"address": "anne@dune.example"});
    assert!(
        stage
            .order("/contacts/show", show.clone())
            .await
            .text
            .contains("Zibeline")
    );
    let shown = stage.show(&case).await;
    assert!(
        shown
            .text
            .contains("tell these recipients of the erasure yourself (Art. 19): Dropcontact"),
        "{}",
        shown.text
    );
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    assert_eq!(
        answer["answers"],
        json!(["access", "erasure"]),
        "access first, in one letter"
    );
    let (text, files) = read(&stage.approve(&case, answer).await);
    for part in [
        "Zibeline",
        "effacés dès l’envoi",
        "une empreinte de votre adresse",
        "sauvegardes",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert!(files.iter().any(|(name, _)| name.ends_with(".json")));

    let after = stage.order("/contacts/show", show.clone()).await;
    assert!(
        after.text.contains("erased") && after.text.contains(&case),
        "{}",
        after.text
    );
    assert!(!after.text.contains("Zibeline") && after.text.contains("suppressed"));
    let shown = stage.show(&case).await.text;
    assert!(
        shown.contains("its text is not kept") && !shown.contains("saxifrage"),
        "{shown}"
    );
    let reader = stage.daemon.office.sequencer.reader().clone();
    let mut keys = Vec::new();
    for placed in reader.frames(1).unwrap() {
        for event in placed.unwrap().frame.events.clone() {
            if let quitus::record::Event::KeysErased { keys: erased } = event {
                keys.extend(erased);
            }
        }
    }
    assert!(
        keys.len() >= 2 && keys.iter().all(|k| reader.is_erased(*k).unwrap()),
        "contact and content"
    );
    drop(reader);
    let mut files = Vec::new();
    all_files(&stage.folder.path().join("store"), &mut files);
    for (path, bytes) in &files {
        for word in ["Zibeline", "saxifrage", "anne@dune"] {
            let found = bytes.windows(word.len()).any(|w| w == word.as_bytes());
            assert!(!found, "{word} in {}", path.display());
        }
    }

    assert!(
        shown.contains("because    erasure"),
        "the proof stays: {shown}"
    );
    let again = stage.import(LIST).await;
    assert!(
        again.wrong && again.text.contains("erased at their request"),
        "{}",
        again.text
    );
    assert_eq!(
        (&again.data["stored"], &again.data["refused"]),
        (&json!(0), &json!(1))
    );
    let still = stage.order("/contacts/show", show).await;
    assert!(!still.text.contains("Zibeline") && still.text.contains("suppressed"));
    let folder = stage.end().await;
    let store = folder.path().join("store");
    let report = quitus::store::verify(&store).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn a_case_that_goes_on_after_its_erasure_still_takes_what_the_person_writes() {
    let stage = Stage::build(Mode::Review).await;
    let asks = "Please delete all my personal data. And please correct my job title: I am no longer the director but the chair.";
    stage
        .receives("bob@cliff.example", "Re: Relais", asks)
        .await;
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let answer = drafts.iter().find(|d| d["kind"] == "answer").unwrap();
    assert_eq!(answer["answers"], json!(["erasure"]));
    stage.approve(&case, answer).await;
    assert_eq!(
        stage.open().await,
        std::slice::from_ref(&case),
        "the rectification is still open"
    );
    let again =
        "Please correct my job title: I am no longer the director but the chair. Please answer me.";
    stage
        .receives("bob@cliff.example", "Re: Relais", again)
        .await;
    let shown = stage.show(&case).await;
    assert_eq!(
        shown.data["messages"].as_array().unwrap().len(),
        2,
        "{}",
        shown.text
    );
    assert!(
        !shown.text.contains("chair"),
        "what was erased stays so, and nothing new is kept"
    );
    // The erasure was answered: asked again it is no reminder, it has a clock again.
    let again = format!("{asks} I insist.");
    stage
        .receives("bob@cliff.example", "Re: Relais", &again)
        .await;
    let mut open = stage.open().await;
    open.retain(|c| *c != case);
    assert_eq!(open.len(), 1, "a case of its own");
    let shown = stage.show(&open[0]).await.data;
    assert_eq!(shown["previous"], json!(case));
    assert_eq!(shown["requests"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["requests"][0]["request"], "erasure");
    stage.end().await;
}

#[tokio::test]
async fn an_erasure_answered_by_hand_erases_too_and_one_alone_waits_for_the_copy_that_was_asked() {
    let stage = Stage::build(Mode::Review).await;
    let new = |kind: &str, who: &str| json!({"kinds": [kind], "address": who, "received": stage.day(4), "channel": "linkedin"});
    let shown = stage
        .order("/contacts/show", json!({"address": "bob@cliff.example"}))
        .await;
    let digits = shown.text.split("(person ").nth(1).unwrap()[..8].to_owned();
    let word =
        json!({"kinds": ["stop"], "person": digits, "received": stage.day(1), "channel": "other"});
    stage.order("/requests/new", word).await;
    let (_, _, letter) = stage.approve_only().await;
    assert_eq!(letter.to, ["bob@cliff.example"], "the address on file");
    // German has no erasure letter.
    let entered = stage
        .order("/requests/new", new("erasure", "carl@fels.example"))
        .await;
    assert!(entered.text.contains("answer by hand"), "{}", entered.text);
    let path = format!("/requests/{}", entered.data["case"].as_str().unwrap());
    let list = stage.client.get("/requests").await.unwrap();
    assert!(
        list.text.contains("ANSWER BY HAND: erasure"),
        "{}",
        list.text
    );
    let (by_hand, word) = (
        format!("{path}/answered"),
        json!({"reason": "answered by letter"}),
    );
    let unproved = stage.refused(&by_hand, word.clone()).await;
    assert!(
        unproved.error.contains("not proved who asks"),
        "{unproved:?}"
    );
    let proved = json!({"proved": true, "reason": "called back"});
    stage.order(&format!("{path}/identify"), proved).await;
    let done = stage.order(&by_hand, word).await;
    assert_eq!(done.data["erased"], true);
    let show = json!({"address": "carl@fels.example"});
    assert!(
        stage
            .order("/contacts/show", show)
            .await
            .text
            .contains("erased")
    );
    stage.end().await;
}

#[tokio::test]
async fn what_waits_for_a_human_is_one_list_with_what_is_overdue_before_what_is_held() {
    let stage = Stage::build(Mode::Review).await;
    let of = |status: quitus::service::Status| serde_json::to_value(status.needs).unwrap();
    assert_eq!(of(stage.daemon.status().unwrap()), json!([]));
    stage
        .receives("anne@dune.example", "Re: Relais", "STOP")
        .await;
    let fresh = stage.open().await.pop().unwrap();
    let late = json!({
        "kinds": ["access"], "address": "bob@cliff.example", "received": stage.day(45), "channel": "letter", "note": "",
    });
    let late = stage.order("/requests/new", late).await.data["case"].clone();
    let soon = json!({
        "kinds": ["source"], "address": "elio@scoglio.example", "received": stage.day(26), "channel": "letter", "note": "",
    });
    let soon = stage.order("/requests/new", soon).await.data["case"].clone();
    let status = stage.daemon.status().unwrap();
    assert!(status.is_ill(), "a legal end is past");
    let text = status.to_string();
    let needs = of(status);
    let shown: Vec<_> = needs.as_array().unwrap().iter().collect();
    assert_eq!(shown[0]["subject"], late, "{needs:#}");
    assert_eq!(shown[0]["why"][0], "overdue");
    assert!(shown[0]["days_left"].as_i64() < Some(0));
    assert_eq!(shown[1]["subject"], soon, "{needs:#}");
    assert_eq!(shown[1]["why"][0], "due_soon");
    let days = shown[1]["days_left"].as_i64().unwrap();
    assert!((0..=7).contains(&days), "{needs:#}");
    assert_eq!(shown[2]["subject"], json!(fresh), "{needs:#}");
    assert_eq!(shown[2]["why"], json!(["draft"]));
    assert!(
        text.contains("OVERDUE") && text.contains(&format!("→ quitus requests show {fresh}")),
        "{text}"
    );
    assert!(!text.contains("@"), "nobody is named: {text}");
    stage.end().await;
}
