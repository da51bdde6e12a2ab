//! Nothing that a tool has not obeyed is out of sight: what it refuses, what cannot be read or told, what it left when it was
//! taken out of the configuration.

use super::notices::{open, person};
use super::stage::Stage;
use super::tool::{Mood, Tool};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use quitus::config::Config;
use quitus::record::{Concerned, Event, Mode, Notice, NoticeAct, NoticeEnd, Sealed, Told};
use quitus::service::{House, Proposal, SenderReport, forget_told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const ANNE: &str = "anne@dune.example";
const BOB: &str = "bob@cliff.example";

#[derive(Clone)]
struct Inside {
    out: Arc<Mutex<BTreeSet<String>>>,
    /// What it says to a STOP, and to a lift.
    says: Arc<Mutex<[u16; 2]>>,
}

/// A tool with a preset of the firm's own: it has a list that can be asked for, and 404 is nobody of that name.
struct Own {
    inside: Inside,
    folder: tempfile::TempDir,
    port: u16,
    serving: JoinHandle<()>,
}

const PRESET: &str = "name = 'Ours'\nbase = 'https://api.example.com'\nchannels = ['email']\n[auth]\nkind = 'bearer'\n\
    [[test]]\nmethod = 'GET'\npath = '/out'\n\
    [[suppress]]\nmethod = 'POST'\npath = '/out/{{ address | url }}'\nunknown = [404]\n\
    [[lift]]\nmethod = 'DELETE'\npath = '/out/{{ address | url }}'\n\
    [[pull]]\nmethod = 'GET'\npath = '/out'\nitems = ''\naddress = ['/email']\n";

impl Own {
    async fn start(stop: u16) -> Self {
        let inside = Inside {
            out: Arc::default(),
            says: Arc::new(Mutex::new([stop, 200])),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Router::new()
            .route("/out", get(list))
            .route("/out/{address}", post(add).delete(remove))
            .with_state(inside.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ours.toml"), PRESET).unwrap();
        Self {
            inside,
            folder,
            port,
            serving,
        }
    }

    /// Its block in the configuration.
    fn block(&self) -> String {
        let file = self.folder.path().join("ours.toml");
        let (file, port) = (file.display(), self.port);
        format!(
            "\n[[sender]]\nname = \"crm\"\nfile = \"{file}\"\nbase = \"http://127.0.0.1:{port}\"\nsecret = {{ file = \"password\" }}\n"
        )
    }

    fn says(&self, stop: u16, lift: u16) {
        *self.inside.says.lock().unwrap() = [stop, lift];
    }

    /// Somebody clicks on its link.
    fn clicked(&self, address: &str) {
        self.inside.out.lock().unwrap().insert(address.to_owned());
    }

    fn has(&self, address: &str) -> bool {
        self.inside.out.lock().unwrap().contains(address)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn list(State(inside): State<Inside>) -> Json<Value> {
    let out = inside.out.lock().unwrap();
    Json(out.iter().map(|a| json!({"email": a})).collect())
}

async fn add(State(inside): State<Inside>, Path(address): Path<String>) -> StatusCode {
    let [says, _] = *inside.says.lock().unwrap();
    if says == 200 {
        inside.out.lock().unwrap().insert(address);
    }
    StatusCode::from_u16(says).unwrap()
}

async fn remove(State(inside): State<Inside>, Path(address): Path<String>) -> StatusCode {
    let [_, says] = *inside.says.lock().unwrap();
    if says == 200 {
        inside.out.lock().unwrap().remove(&address);
    }
    StatusCode::from_u16(says).unwrap()
}

/// How the first sender is, those that are no longer configured behind the others.
pub fn report(stage: &Stage) -> SenderReport {
    stage.daemon.status().unwrap().senders[0].clone()
}

pub fn told(stage: &Stage, address: &str) -> Told {
    let about = Concerned::Person(person(stage, address));
    stage.state(|s| s.senders_told(&about).unwrap().told[0].clone())
}

pub async fn waiting(stage: &Stage) -> String {
    let waiting = stage.client.get("/senders/crm/waiting").await.unwrap();
    assert!(waiting.wrong, "{}", waiting.text);
    waiting.text
}

/// The configuration is read again, with something else in it.
pub fn reloaded(stage: &Stage, from: &str, to: &str) {
    let path = stage.folder.path().join("quitus.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    let config = Config::read(&path, &text.replace(from, to)).unwrap();
    let office = &stage.daemon.office;
    let house = House::load(config, office.keys()).unwrap();
    office.house.store(Arc::new(house));
}

#[tokio::test]
async fn a_second_look_that_fails_or_is_refused_is_seen() {
    let crm = Own::start(404).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", "STOP").await;
    stage
        .until("it does not know her", || open(&stage, ANNE).is_empty())
        .await;
    assert_eq!((report(&stage).waiting, report(&stage).stuck), (0, 0));
    crm.says(503, 200);
    stage.later(25 * 3600);
    stage
        .until("the second look fails", || report(&stage).waiting == 1)
        .await;
    crm.says(422, 200);
    stage
        .until("it is refused", || report(&stage).stuck == 1)
        .await;
    assert_eq!(open(&stage, ANNE), ["crm"]);
    let text = waiting(&stage).await;
    assert!(text.contains(ANNE), "{text}");
    let order = json!({"address": ANNE});
    stage.order("/senders/crm/done", order).await;
    assert_eq!(report(&stage).waiting, 0);
    stage.end().await;
}

#[tokio::test]
async fn a_stop_that_is_refused_for_an_hour_is_late_and_a_lift_is_not() {
    let crm = Tool::start("crm", Mood::Says(422, "")).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let order = json!({"address": ANNE, "reason": "by telephone"});
    stage.order("/suppression/add", order.clone()).await;
    stage
        .until("it refuses", || report(&stage).stuck == 1)
        .await;
    assert_eq!(report(&stage).late, 0);
    stage.later(3_700);
    let status = stage.daemon.status().unwrap();
    assert_eq!(status.notices_late, 1);
    assert!(status.is_ill(), "it mails on: {status}");
    let need = "needs you  crm: a tool that sends has not obeyed for more than an hour";
    let text = status.to_string();
    assert!(
        text.contains(need) && text.contains("quitus senders waiting crm"),
        "{text}"
    );
    stage.order("/senders/crm/done", order.clone()).await;
    stage.order("/suppression/lift", order).await;
    stage
        .until("it refuses the lift", || report(&stage).stuck == 1)
        .await;
    stage.later(3_700);
    assert_eq!((report(&stage).stuck, report(&stage).late), (1, 0));
    stage.end().await;
}

#[tokio::test]
async fn a_lift_that_a_tool_has_yet_to_obey_is_not_undone_by_its_list() {
    let crm = Own::start(200).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let order = json!({"address": ANNE, "reason": "she asked"});
    stage.order("/suppression/add", order.clone()).await;
    stage
        .until("she is on its list", || {
            crm.has(ANNE) && open(&stage, ANNE).is_empty()
        })
        .await;
    crm.says(200, 503);
    stage.order("/suppression/lift", order).await;
    let held = || {
        let person = person(&stage, ANNE);
        stage.state(|s| s.person(person).unwrap().suppression.is_some())
    };
    let pulled = stage.order("/senders/crm/pull", json!({})).await;
    assert_eq!(pulled.data["pulled"]["new"], 0, "{}", pulled.text);
    assert!(!held(), "her own tool keeps her out, and nobody else");
    assert_eq!(told(&stage, ANNE).act, NoticeAct::Lift);
    crm.says(200, 200);
    stage
        .until("she is let in", || {
            !crm.has(ANNE) && open(&stage, ANNE).is_empty()
        })
        .await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    crm.clicked(ANNE);
    let pulled = stage.order("/senders/crm/pull", json!({})).await;
    assert_eq!(pulled.data["pulled"]["lifted_here"], 1, "{}", pulled.text);
    assert!(held(), "she clicked there");
    stage.end().await;
}

#[tokio::test]
async fn a_notice_that_cannot_be_read_is_for_a_human_and_hides_no_other() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    // Nothing is told in shadow mode: the entry is damaged before anybody needs it.
    let stage = Stage::with(Mode::Shadow, &crm.block()).await;
    stage.receives(ANNE, "Re: Relais", "STOP").await;
    let damaged = Event::Notice(Notice::Due {
        sender: "crm".into(),
        act: NoticeAct::Suppress,
        about: Concerned::Person(person(&stage, ANNE)),
        whom: Sealed {
            key: told(&stage, ANNE).key,
            bytes: vec![7; 64],
        },
        case: None,
        fresh: true,
    });
    let sequencer = &stage.daemon.office.sequencer;
    sequencer.commit(Proposal::new(vec![damaged])).await;
    stage.receives(BOB, "Re: Relais", "STOP").await;
    stage.order("/mode", json!({"mode": "review"})).await;
    stage
        .until("a human must do it", || told(&stage, ANNE).stuck)
        .await;
    stage
        .until("the other is told", || crm.obeyed().len() == 1)
        .await;
    assert_eq!(crm.obeyed()[0].1, BOB);
    let text = waiting(&stage).await;
    assert!(text.contains("cannot be read"), "{text}");
    stage.end().await;
}

#[tokio::test]
async fn what_a_tool_left_that_is_no_longer_configured_is_seen_until_it_is_done() {
    let crm = Tool::start("crm", Mood::Says(422, "")).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    for who in [ANNE, BOB] {
        stage.receives(who, "Re: Relais", "STOP").await;
    }
    stage
        .until("it refuses", || report(&stage).stuck == 2)
        .await;
    let star = json!({"address": "*"});
    let refused = stage.refused("/senders/crm/done", star.clone()).await;
    assert!(refused.error.contains("no e-mail address"), "it is told");
    reloaded(&stage, "name = \"crm\"", "name = \"other\"");
    let status = stage.daemon.status().unwrap();
    let left = &status.senders[1];
    assert_eq!((left.name.as_str(), left.waiting), ("crm", 2));
    assert!(!left.configured && status.senders[0].configured);
    let text = status.to_string();
    assert!(text.contains("crm: NO LONGER CONFIGURED"), "{text}");
    assert!(text.contains("quitus senders done crm '*'"), "{text}");
    let list = stage.client.get("/senders").await.unwrap();
    assert!(list.wrong && list.text.contains("crm: NO LONGER"));
    let (office, key) = (&stage.daemon.office, told(&stage, ANNE).key);
    let erased = || office.sequencer.reader().is_erased(key).unwrap();
    let about = Concerned::Person(person(&stage, ANNE));
    forget_told(office, about).await;
    assert!(!erased(), "a human needs the address");
    let text = waiting(&stage).await;
    assert!(text.contains(ANNE) && text.contains(BOB), "{text}");
    stage.order("/senders/crm/done", star).await;
    assert_eq!(stage.daemon.status().unwrap().senders.len(), 1);
    assert!(erased());
    stage.end().await;
}

#[tokio::test]
async fn of_a_tool_that_is_no_longer_configured_a_second_look_is_not_said_to_be_done() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    // Nothing is told in shadow mode.
    let stage = Stage::with(Mode::Shadow, &crm.block()).await;
    for who in [ANNE, BOB] {
        stage.receives(who, "Re: Relais", "STOP").await;
    }
    let unknown = Event::Notice(Notice::Ended {
        sender: "crm".into(),
        about: Concerned::Person(person(&stage, BOB)),
        end: NoticeEnd::Unknown,
        words: String::new(),
        again: Some(told(&stage, BOB).asked.plus_days(30)),
    });
    let sequencer = &stage.daemon.office.sequencer;
    sequencer.commit(Proposal::new(vec![unknown])).await;
    assert_eq!(report(&stage).waiting, 1);
    reloaded(&stage, "name = \"crm\"", "name = \"other\"");
    let star = json!({"address": "*"});
    let done = stage.order("/senders/crm/done", star).await;
    assert!(done.text.contains("all 1 are done"), "{}", done.text);
    let end = |address| told(&stage, address).ended.unwrap().0;
    assert_eq!(end(ANNE), NoticeEnd::ByHand);
    assert_eq!(end(BOB), NoticeEnd::Unknown, "it knew nobody of them");
    stage.end().await;
}

#[tokio::test]
async fn what_was_corrected_is_tried_at_once_and_not_when_the_sender_has_rested() {
    // It wants to be left alone for ten seconds.
    let wrong = Tool::start("crm", Mood::Says(429, "")).await;
    let right = Tool::start("crm", Mood::Obeys).await;
    let url = |tool: &Tool| {
        let block = tool.block();
        let url = block.split('"').find(|p| p.starts_with("http://"));
        url.unwrap().to_owned()
    };
    let stage = Stage::with(Mode::Review, &wrong.block()).await;
    stage.receives(ANNE, "Re: Relais", "STOP").await;
    stage
        .until("it was tried", || told(&stage, ANNE).attempts > 0)
        .await;
    let begun = Instant::now();
    reloaded(&stage, &url(&wrong), &url(&right));
    stage
        .until("the other is told", || right.obeyed().len() == 1)
        .await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_new_address_of_somebody_who_is_suppressed_is_told_in_the_commit_that_stores_it() {
    let crm = Tool::start("crm", Mood::Obeys).await;
    let stage = Stage::with(Mode::Review, &crm.block()).await;
    let row = |address: &str| format!("email,linkedin\n{address},linkedin.com/in/anne-z\n");
    stage.import(&row(ANNE)).await;
    let order = json!({"address": ANNE});
    stage.order("/suppression/add", order).await;
    stage
        .until("the tool obeyed", || open(&stage, ANNE).is_empty())
        .await;
    let reader = stage.daemon.office.sequencer.reader();
    let before = reader.head().unwrap().number;
    stage.import(&row("anne@other.example")).await;
    let both = |events: &[Event]| {
        let stored = |e: &Event| matches!(e, Event::ContactStored { .. });
        let told = |e: &Event| matches!(e, Event::Notice(Notice::Due { .. }));
        events.iter().any(stored) && events.iter().any(told)
    };
    let mut frames = reader.frames(before + 1).unwrap();
    assert!(frames.any(|placed| both(&placed.unwrap().frame.events)));
    let told = || crm.told().last().unwrap()["data"]["addresses"].clone();
    stage
        .until("the tool is told of both", || {
            told() == json!(["anne@other.example", ANNE])
        })
        .await;
    stage.end().await;
}
