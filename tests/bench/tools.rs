//! Tools that must obey, for the benchmark of the whole way, and STOPs that arrive while the backlog is worked off.

use crate::dovecot::Dovecot;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use quitus::record::Timestamp;
use quitus::sandbox::samples;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Told = Arc<Mutex<HashMap<String, Instant>>>;

/// So many tools, each on a port of its own: when each was told of whom.
pub struct Tools {
    told: Vec<Told>,
    blocks: String,
    _runtime: tokio::runtime::Runtime,
}

impl Tools {
    pub fn start(many: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (mut told, mut blocks) = (Vec::new(), String::new());
        for n in 0..many {
            let people = Told::default();
            told.push(people.clone());
            let listener = runtime
                .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
                .unwrap();
            let port = listener.local_addr().unwrap().port();
            let routes = Router::new().route("/", post(take)).with_state(people);
            runtime.spawn(async move { axum::serve(listener, routes).await.unwrap() });
            blocks += &format!(
                "\n[[sender]]\nname = \"tool {n}\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/\" }}\n\
                 secret = {{ env = \"QUITUS_BENCH_TOOL\" }}\n"
            );
        }
        Self {
            told,
            blocks,
            _runtime: runtime,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Their blocks in the configuration.
    pub fn blocks(&self) -> &str {
        &self.blocks
    }

    /// How long after each STOP arrived the last tool was told of it, shortest first; waits for the last of them.
    pub fn delays(&self, stops: &[(String, Instant)]) -> Vec<Duration> {
        let begun = Instant::now();
        let mut delays = Vec::new();
        for (who, at) in stops {
            for told in &self.told {
                let when = loop {
                    if let Some(when) = told.lock().unwrap().get(who) {
                        break *when;
                    }
                    assert!(begun.elapsed().as_secs() < 60, "nobody was told of {who}");
                    std::thread::sleep(Duration::from_millis(5));
                };
                delays.push(when.duration_since(*at));
            }
        }
        delays.sort();
        delays
    }

    /// How many notices were obeyed.
    pub fn notices(&self) -> usize {
        self.told.iter().map(|t| t.lock().unwrap().len()).sum()
    }
}

async fn take(State(told): State<Told>, body: String) -> &'static str {
    let message: serde_json::Value = serde_json::from_str(&body).unwrap();
    for address in message["data"]["addresses"].as_array().unwrap() {
        let address = address.as_str().unwrap().to_owned();
        told.lock()
            .unwrap()
            .entry(address)
            .or_insert_with(Instant::now);
    }
    "{}"
}

/// Delivers a STOP five times a second until `done`; who wrote each, and when it arrived.
pub fn stops(dovecot: &Dovecot, now: Timestamp, done: &AtomicBool) -> Vec<(String, Instant)> {
    let mut stops = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let (n, date) = (
            stops.len(),
            now.to_jiff().strftime("%a, %d %b %Y %H:%M:%S +0000"),
        );
        let who = format!("late{n}@late{n}.example");
        let raw = format!(
            "Date: {date}\r\nFrom: <{who}>\r\nTo: <{}>\r\nSubject: Re: Relais\r\nMessage-ID: <late-{n}@late.example>\r\n\r\n\
             STOP, ne m'envoyez plus de mails.\r\n",
            samples::MAILBOX
        );
        dovecot.deliver(samples::MAILBOX, "", raw.as_bytes());
        stops.push((who, Instant::now()));
        std::thread::sleep(Duration::from_millis(200));
    }
    stops
}
