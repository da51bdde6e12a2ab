//! A STOP takes effect where the mails are sent: every tool is told, and a letter says only what the tools have obeyed.
//!
//! The real daemon over loopback servers, and tools on loopback that obey, refuse, fail or hang.

use super::stage::{Stage, read};
use super::tool::{Mood, Tool};
use quitus::record::{
    Concerned, Event, LetterState, Mode, NoticeEnd, PersonId, Suppression, Waiting,
};
use quitus::service::Proposal;
use serde_json::json;
use std::time::Duration;

const STOP: &str = "Bonjour, merci de ne plus m'envoyer de mails. Cordialement, Anne";
const ANNE: &str = "anne@dune.example";
const PATIENCE: Duration = Duration::from_secs(10);

/// Who has this address.
pub fn person(stage: &Stage, address: &str) -> PersonId {
    let keys = stage.daemon.office.keys();
    let address = quitus::record::Address::parse(address).unwrap();
    let known = stage.state(|s| s.person_of(&keys.of_address(&address)).unwrap());
    known.unwrap_or_else(|| keys.person(&address))
}

/// The senders that have not obeyed about this person.
pub fn open(stage: &Stage, address: &str) -> Vec<String> {
    let about = Concerned::Person(person(stage, address));
    let row = stage.state(|s| s.senders_told(&about).unwrap());
    let open = row.told.into_iter().filter(|t| t.is_open());
    open.map(|t| t.sender).collect()
}

fn pair(act: &str, whom: &str) -> (String, String) {
    (act.to_owned(), whom.to_owned())
}

async fn letter(stage: &Stage) -> String {
    assert!(stage.post.wait_for(1, PATIENCE).await, "no letter left");
    let text = read(&stage.post.received()[0]).0;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_tool_is_told_and_the_letter_says_what_they_obeyed() {
    let sequencer = Tool::start("sequencer", Mood::Obeys).await;
    let crm = Tool::start("crm", Mood::Obeys).await;
    let blocks = sequencer.block() + &crm.block() + "channels = [\"email\", \"phone\"]\n";
    let stage = Stage::with(Mode::Live, &blocks).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    let text = letter(&stage).await;
    assert!(text.contains("C’est fait"), "{text}");
    assert!(text.contains("par e-mail ou téléphone"), "{text}");
    for tool in [&sequencer, &crm] {
        assert_eq!(tool.obeyed(), [pair("suppress", ANNE)]);
    }
    let about = Concerned::Person(person(&stage, ANNE));
    let row = stage.state(|s| s.senders_told(&about).unwrap());
    let key = row.told[0].key;
    let erased = || {
        stage
            .daemon
            .office
            .sequencer
            .reader()
            .is_erased(key)
            .unwrap()
    };
    stage.until("the plain address is forgotten", erased).await;
    let shown = stage
        .client
        .post("/contacts/show", &json!({"address": ANNE}))
        .await
        .unwrap();
    assert!(
        shown.text.contains("sender     crm: suppress: obeyed"),
        "{}",
        shown.text
    );
    stage.end().await;
}

#[tokio::test]
async fn a_letter_waits_for_a_tool_that_is_down_and_then_does_not_say_that_it_is_done() {
    let sequencer = Tool::start("sequencer", Mood::Obeys).await;
    let crm = Tool::start("crm", Mood::Says(503, "")).await;
    let stage = Stage::with(Mode::Live, &(sequencer.block() + &crm.block())).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    stage
        .until("the other tool obeyed", || open(&stage, ANNE) == ["crm"])
        .await;
    let waits = || stage.state(|s| s.waiting(Waiting::Truth, 9).unwrap().len());
    assert_eq!((waits(), stage.post.count()), (1, 0));
    stage.later(11 * 60);
    let text = letter(&stage).await;
    assert!(
        text.contains("un message déjà programmé peut encore vous parvenir"),
        "{text}"
    );
    assert!(!text.contains("C’est fait"), "{text}");
    assert_eq!(open(&stage, ANNE), ["crm"], "it is still told");
    crm.is_now(Mood::Obeys);
    stage
        .until("the tool obeyed in the end", || {
            open(&stage, ANNE).is_empty()
        })
        .await;
    assert_eq!(crm.obeyed(), [pair("suppress", ANNE)]);
    assert_eq!(stage.post.count(), 1, "one letter");
    stage.end().await;
}

#[tokio::test]
async fn unconfirmed_may_hold_the_letter_for_a_human() {
    let crm = Tool::start("crm", Mood::Says(503, "")).await;
    let blocks = crm.block() + "@policy unconfirmed = \"hold\"\n";
    let stage = Stage::with(Mode::Live, &blocks).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    stage.later(11 * 60);
    let drafts = || stage.state(|s| s.waiting_letters(Waiting::Draft, 9).unwrap());
    stage
        .until("the letter is held", || drafts().len() == 1)
        .await;
    let row = stage.state(|s| s.letter(drafts()[0].1).unwrap().unwrap());
    assert_eq!(
        (row.state, row.rule.unwrap().as_str()),
        (LetterState::Draft, "S2")
    );
    let case = stage.open().await.pop().unwrap();
    let drafts = stage.drafts(&case).await;
    let text = drafts[0]["text"].as_str().unwrap();
    assert!(
        text.contains("déjà programmé"),
        "what a human would approve is true: {text}"
    );
    assert_eq!(stage.post.count(), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_tool_that_hangs_delays_no_other() {
    let hangs = Tool::start("hangs", Mood::Hangs).await;
    let obeys = Tool::start("obeys", Mood::Obeys).await;
    let stage = Stage::with(Mode::Live, &(hangs.block() + &obeys.block())).await;
    for who in [ANNE, "bob@cliff.example", "carl@fels.example"] {
        stage.receives(who, "Re: Relais", "STOP").await;
    }
    stage
        .until("the other obeyed everybody", || obeys.obeyed().len() == 3)
        .await;
    assert!(hangs.obeyed().is_empty());
    hangs.is_now(Mood::Obeys);
    stage
        .until("it obeyed, too", || hangs.obeyed().len() == 3)
        .await;
    stage.end().await;
}

#[tokio::test]
async fn what_is_asked_while_a_tool_obeys_something_else_is_told_after_it() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let word = json!({"address": ANNE, "reason": "by telephone"});
    stage.order("/suppression/add", word.clone()).await;
    let told = |n: usize| crm.told().len() == n;
    stage
        .until("the tool obeys", || open(&stage, ANNE).is_empty())
        .await;
    crm.is_now(Mood::Thinks);
    stage.order("/suppression/lift", word.clone()).await;
    stage.until("the lift is under way", || told(2)).await;
    stage.order("/suppression/add", word).await;
    crm.is_now(Mood::Obeys);
    stage
        .until("the tool knows the last word", || told(3))
        .await;
    let acts = ["suppress", "lift", "suppress"];
    assert_eq!(crm.obeyed(), acts.map(|act| pair(act, ANNE)));
    stage
        .until("it is obeyed", || open(&stage, ANNE).is_empty())
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_person_on_whom_a_tool_chokes_keeps_nobody_else_waiting() {
    let crm = Tool::start("crm", Mood::Says(500, ANNE)).await;
    let stage = Stage::with(Mode::Live, &crm.block()).await;
    for who in [ANNE, "bob@cliff.example", "carl@fels.example"] {
        stage.receives(who, "Re: Relais", "STOP").await;
    }
    let others = || crm.obeyed().len() == 2;
    stage.until("the others were told", others).await;
    assert_eq!(open(&stage, ANNE), ["crm"]);
    crm.is_now(Mood::Obeys);
    stage.later(3600);
    stage
        .until("everybody was told", || crm.obeyed().len() == 3)
        .await;
    stage.end().await;
}

#[tokio::test]
async fn nothing_is_told_in_shadow_and_everything_at_the_activation() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Shadow, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    assert_eq!(open(&stage, ANNE), ["crm"]);
    let mode = stage.client.get("/mode").await.unwrap();
    assert!(
        mode.text.contains("1 notices to tools that send"),
        "{}",
        mode.text
    );
    assert!(crm.obeyed().is_empty());
    stage.order("/mode", json!({"mode": "review"})).await;
    stage
        .until("the tool is told", || {
            crm.obeyed() == [pair("suppress", ANNE)]
        })
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_notice_whose_address_was_erased_is_for_a_human_and_blocks_no_other() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    // Nothing is told in shadow mode: the address is gone before anybody needs it.
    let stage = Stage::with(Mode::Shadow, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    let about = Concerned::Person(person(&stage, ANNE));
    let told = || stage.state(|s| s.senders_told(&about).unwrap().told[0].clone());
    let keys = vec![told().key];
    let erased = Proposal::new(vec![Event::KeysErased { keys }]);
    stage.daemon.office.sequencer.commit(erased).await;
    stage
        .receives("bob@cliff.example", "Re: Relais", "STOP")
        .await;
    stage.order("/mode", json!({"mode": "review"})).await;
    stage.until("a human must do it", || told().stuck).await;
    let others = [pair("suppress", "bob@cliff.example")];
    stage
        .until("the other is told", || crm.obeyed() == others)
        .await;
    stage.end().await;
}

#[tokio::test]
async fn what_a_tool_refuses_is_done_there_by_hand_and_then_the_letter_leaves() {
    let crm = Tool::start("crm", Mood::Says(422, "")).await;
    let stage = Stage::with(Mode::Live, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    let stuck = || {
        let queue = stage.state(|s| s.notices("crm", 9).unwrap());
        queue.iter().any(|(_, n)| n.stuck)
    };
    stage.until("a human must do it", stuck).await;
    let status = stage.client.get("/status").await.unwrap();
    assert!(
        status
            .text
            .contains("must be done by hand in a tool that sends"),
        "{}",
        status.text
    );
    let waiting = stage.client.get("/senders/crm/waiting").await.unwrap();
    assert!(
        waiting.wrong && waiting.text.contains(ANNE),
        "{}",
        waiting.text
    );
    let done = stage
        .order("/senders/crm/done", json!({"address": ANNE}))
        .await;
    assert!(!done.wrong, "{}", done.text);
    let about = Concerned::Person(person(&stage, ANNE));
    let row = stage.state(|s| s.senders_told(&about).unwrap());
    assert_eq!(row.told[0].ended.as_ref().unwrap().0, NoticeEnd::ByHand);
    let text = letter(&stage).await;
    assert!(text.contains("C’est fait"), "{text}");
    stage.end().await;
}

#[tokio::test]
async fn who_is_lifted_is_lifted_in_the_tools_and_a_firm_is_told_by_its_people() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    stage
        .order("/suppression/add", json!({"address": ANNE, "pause": true}))
        .await;
    stage
        .until("paused", || crm.obeyed() == [pair("pause", ANNE)])
        .await;
    stage
        .order("/suppression/add", json!({"address": ANNE}))
        .await;
    stage.until("suppressed", || crm.obeyed().len() == 2).await;
    stage
        .order(
            "/suppression/lift",
            json!({"address": ANNE, "reason": "she asked"}),
        )
        .await;
    stage.until("lifted", || crm.obeyed().len() == 3).await;
    assert_eq!(
        crm.obeyed()[1..],
        [pair("suppress", ANNE), pair("lift", ANNE)]
    );
    stage
        .order("/suppression/add", json!({"address": "@cliff.example"}))
        .await;
    stage.until("the firm", || crm.obeyed().len() == 4).await;
    assert_eq!(crm.obeyed()[3], pair("suppress", "@cliff.example"));
    stage.end().await;
}

#[tokio::test]
async fn what_people_click_in_a_tool_is_taken_over_and_told_to_the_others() {
    let sequencer = quitus::sandbox::tool::Server::start().await.unwrap();
    let crm = Tool::start("crm", Mood::Obeys).await;
    let (bob, url) = ("bob@cliff.example", sequencer.address());
    sequencer.clicked(bob);
    let block = format!(
        "\n[[sender]]\nname = \"sequencer\"\npreset = \"lemlist\"\nbase = \"http://{url}/api\"\nsecret = {{ file = \"password\" }}\n"
    );
    let stage = Stage::with(Mode::Live, &(block + &crm.block())).await;
    // A tool that is new is asked at once.
    stage
        .until("the other tool is told", || {
            crm.obeyed() == [pair("suppress", bob)]
        })
        .await;
    let check = json!({"address": bob});
    let held = stage
        .client
        .post("/suppression/check", &check)
        .await
        .unwrap();
    assert!(
        held.text.contains("they opted out in a tool that sends"),
        "{}",
        held.text
    );
    stage
        .until("the tool itself need not be told", || {
            open(&stage, bob).is_empty()
        })
        .await;

    // Somebody lets two people in again there; here they stay out, and the tool is told.
    stage
        .order("/suppression/add", json!({"address": ANNE}))
        .await;
    stage
        .until("she is on its list", || sequencer.left_alone().len() == 2)
        .await;
    // What a tool said counts once it is written down.
    stage
        .until("that is known here", || open(&stage, ANNE).is_empty())
        .await;
    sequencer.let_in(ANNE);
    sequencer.let_in(bob);
    let pulled = stage.order("/senders/sequencer/pull", json!({})).await;
    assert_eq!(pulled.data["pulled"]["lost_there"], 2, "{}", pulled.text);
    stage
        .until("both are out again", || {
            sequencer.left_alone() == [ANNE, bob]
        })
        .await;

    // Who is lifted here and clicked there once more is suppressed again, and that is told.
    stage
        .order(
            "/suppression/lift",
            json!({"address": bob, "reason": "he asked"}),
        )
        .await;
    stage
        .until("lifted there, and that is known", || {
            sequencer.left_alone() == [ANNE] && open(&stage, bob).is_empty()
        })
        .await;
    sequencer.clicked(bob);
    let pulled = stage.order("/senders/sequencer/pull", json!({})).await;
    assert_eq!(pulled.data["pulled"]["lifted_here"], 1, "{}", pulled.text);
    let held = stage
        .client
        .post("/suppression/check", &check)
        .await
        .unwrap();
    assert!(held.wrong, "{}", held.text);
    stage.end().await;
}

#[tokio::test]
async fn what_was_not_told_is_told_by_the_next_process() {
    let crm = Tool::start("crm", Mood::Says(500, "")).await;
    let stage = Stage::with(Mode::Live, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    let tried = || {
        let about = Concerned::Person(person(&stage, ANNE));
        stage.state(|s| s.senders_told(&about).unwrap().told[0].attempts > 0)
    };
    stage.until("it was tried", tried).await;
    let stage = stage.again().await;
    crm.is_now(Mood::Obeys);
    stage
        .until("it obeyed", || open(&stage, ANNE).is_empty())
        .await;
    let text = letter(&stage).await;
    assert!(text.contains("C’est fait"), "{text}");
    assert_eq!(crm.obeyed(), [pair("suppress", ANNE)], "once");
    stage.end().await;
}

#[tokio::test]
async fn what_no_tool_confirms_within_an_hour_is_a_figure_a_need_and_in_the_digest() {
    let ill = Tool::start("sequencer", Mood::Says(503, "")).await;
    let well = Tool::start("crm", Mood::Obeys).await;
    let reviewer =
        "\n[review]\nreviewers = [{ address = \"dpo@cabinet.example\", language = \"en\" }]\n";
    let blocks = ill.block() + &well.block() + reviewer;
    let stage = Stage::with(Mode::Review, &blocks).await;
    stage.receives(ANNE, "Re: Relais", STOP).await;
    stage
        .until("the other obeyed", || open(&stage, ANNE) == ["sequencer"])
        .await;
    let early = stage.daemon.status().unwrap();
    assert_eq!((early.notices_late, early.senders[0].waiting), (0, 1));
    let none = "notices    0 not confirmed by the tools that send after an hour (goal 0)";
    assert!(early.to_string().contains(none), "{early}");
    stage.later(3_700);
    let late = stage.daemon.status().unwrap();
    assert_eq!(late.notices_late, 1, "{late}");
    let words = late.to_string();
    for part in [
        "notices    1 not confirmed",
        "1 of them for more than an hour",
        "needs you  sequencer: a tool that sends has not obeyed for more than an hour",
        "quitus senders test sequencer",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert!(late.is_ill());
    stage.later(86_400);
    assert!(stage.post.wait_for(1, PATIENCE).await, "no digest left");
    let digest = read(&stage.post.received()[0]).0;
    let digest = digest.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "sequencer: a tool that sends has not obeyed for more than an hour";
    assert!(digest.contains(told), "{digest}");
    stage.end().await;
}

#[tokio::test]
async fn what_a_pause_does_is_a_setting_and_a_tool_that_is_left_alone_is_shown_as_such() {
    let hard = Tool::start("hard", Mood::Obeys).await;
    let left = Tool::start("left", Mood::Obeys).await;
    let soft = Tool::start("soft", Mood::Obeys).await;
    let blocks = hard.block() + "pause = \"as_stop\"\n" + &left.block() + "pause = \"leave\"\n";
    let stage = Stage::with(Mode::Review, &(blocks + &soft.block())).await;
    let order = |pause: bool| json!({"address": ANNE, "pause": pause, "reason": "in doubt"});
    stage.order("/suppression/add", order(true)).await;
    stage
        .until("all ended", || {
            open(&stage, ANNE).is_empty() && !soft.obeyed().is_empty()
        })
        .await;
    assert_eq!(hard.obeyed(), [pair("suppress", ANNE)]);
    assert_eq!(soft.obeyed(), [pair("pause", ANNE)]);
    assert!(left.obeyed().is_empty(), "it is not told");
    let shown = stage
        .client
        .post("/contacts/show", &json!({"address": ANNE}))
        .await;
    let shown = shown.unwrap().text;
    for part in [
        "sender     left: pause: NOT TOLD, mails may go on there",
        "pause = \"leave\"",
        "opted out there for good, as pause = \"as_stop\" says",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let person = Some(person(&stage, ANNE));
    let standing = || {
        let house = stage.daemon.office.house.load_full();
        stage.state(|s| quitus::service::Standing::of(s, &house.senders, person).unwrap())
    };
    let nothing_claimed = quitus::service::Standing::NotTold;
    assert_eq!(
        standing(),
        nothing_claimed,
        "no letter says that it is done"
    );
    // What was never told there is not lifted there: the person may have opted out there themselves.
    let lift = json!({"address": ANNE, "reason": "she called"});
    stage.order("/suppression/lift", lift).await;
    stage
        .until("it is lifted", || {
            soft.obeyed().len() == 2 && open(&stage, ANNE).is_empty()
        })
        .await;
    assert_eq!(hard.obeyed()[1], pair("lift", ANNE));
    assert!(left.obeyed().is_empty());
    // A STOP is a STOP everywhere.
    stage.order("/suppression/add", order(false)).await;
    stage
        .until("all obeyed", || {
            !left.obeyed().is_empty() && open(&stage, ANNE).is_empty()
        })
        .await;
    assert_eq!(left.obeyed(), [pair("suppress", ANNE)]);
    assert!(matches!(standing(), quitus::service::Standing::Obeyed(_)));
    for (name, words) in [
        ("hard", "for good, and lifting it here"),
        ("left", "a pause is not told"),
        ("soft", "a pause is told, and can be lifted"),
    ] {
        let tested = stage
            .order(&format!("/senders/{name}/test"), json!({}))
            .await;
        assert!(tested.text.contains(words), "{}", tested.text);
    }
    stage.end().await;
}

#[tokio::test]
async fn whoever_is_on_a_tools_list_because_we_paused_them_has_not_opted_out() {
    let sequencer = quitus::sandbox::tool::Server::start().await.unwrap();
    let url = sequencer.address();
    let block = format!(
        "\n[[sender]]\nname = \"sequencer\"\npreset = \"lemlist\"\nbase = \"http://{url}/api\"\npause = \"as_stop\"\n\
         secret = {{ file = \"password\" }}\n"
    );
    let stage = Stage::with(Mode::Live, &block).await;
    let order = json!({"address": ANNE, "pause": true, "reason": "in doubt"});
    stage.order("/suppression/add", order).await;
    stage
        .until("she is on its list, and that is known", || {
            sequencer.left_alone() == [ANNE] && open(&stage, ANNE).is_empty()
        })
        .await;
    sequencer.clicked("bob@cliff.example");
    let pulled = stage.order("/senders/sequencer/pull", json!({})).await;
    assert_eq!(pulled.data["pulled"]["listed"], 2, "{}", pulled.text);
    assert_eq!(pulled.data["pulled"]["new"], 1, "Bob: {}", pulled.text);
    let holds = |who| stage.state(|s| s.person(person(&stage, who)).unwrap().suppression.unwrap());
    assert_eq!(holds(ANNE).suppression, Suppression::Paused);
    assert_eq!(
        holds("bob@cliff.example").suppression,
        Suppression::Suppressed
    );
    stage.end().await;
}
