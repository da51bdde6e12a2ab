//! A store with two people who must not be written to, and the listeners over it; and what speaks HTTP to them.

use crate::alone::{config, office};
use quitus::api::{Client, Desk, router};
use quitus::guard::{Guard, GuardSettings};
use quitus::service::{Office, Running};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Suppressed.
pub const STOPPED: &str = "stop@example.com";
/// Paused.
pub const PAUSED: &str = "paused@example.com";
/// Nobody at this domain.
pub const DOMAIN: &str = "@nobody.example";
/// Nothing holds against it.
pub const FREE: &str = "free@example.com";
/// What a client sends.
pub const TOKEN: &str = "a token of sufficient length";

/// All of it.
pub struct Stage {
    pub office: Office,
    pub client: Client,
    guard: Option<Guard>,
    running: Running,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Opens it with these settings of `[guard]`; `@FOLDER@` is a folder of its own.
    pub async fn open(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let mut config = config(folder.path());
        let text = settings.replace("@FOLDER@", folder.path().to_str().unwrap());
        config.guard = toml::from_str::<GuardSettings>(&text).unwrap();
        assert_eq!(config.guard.faults(), []);
        let (office, running) = office(&config);
        let client = Client::within(router(Desk::alone(office.clone())));
        for (whom, pause) in [(STOPPED, false), (PAUSED, true), (DOMAIN, false)] {
            let order = json!({"address": whom, "by": "anne", "pause": pause});
            client.post("/suppression/add", &order).await.unwrap();
        }
        let guard = Some(Guard::open(&office).await.unwrap());
        Self {
            office,
            client,
            guard,
            running,
            folder,
        }
    }

    /// Whether the register says that they are suppressed.
    pub async fn is_suppressed(&self, address: &str) -> bool {
        let whom = json!({"address": address});
        let answer = self.client.post("/suppression/check", &whom).await.unwrap();
        answer.text.contains("suppressed since")
    }

    /// How many frames the log has.
    pub async fn frames(&self) -> u64 {
        let log = self.client.get("/log").await.unwrap();
        log.data["last"].as_u64().unwrap()
    }

    /// A token for unsubscribing, minted here.
    pub async fn token(&self, address: &str) -> serde_json::Value {
        let order = json!({"kind": "unsubscribe", "addresses": [address]});
        let minted = self.client.post("/tokens/mint", &order).await.unwrap();
        minted.data["tokens"][0].clone()
    }

    /// Asked, refused and failed of one listener.
    pub fn counts(&self, name: &str) -> [u64; 3] {
        let all = self.guard.as_ref().unwrap().teller()();
        let one = all.iter().find(|r| r.name == name).unwrap();
        assert!(one.up);
        [one.asked, one.refused, one.failed]
    }

    /// The listeners go down, as when the daemon ends.
    pub async fn down(&mut self) {
        self.guard.take().unwrap().end().await;
    }

    /// And come back.
    pub async fn up(&mut self) {
        self.guard = Some(Guard::open(&self.office).await.unwrap());
    }

    /// Everything ends, and nothing holds the log any more.
    pub async fn end(self) {
        let Self {
            office,
            client,
            guard,
            running,
            folder,
        } = self;
        if let Some(guard) = guard {
            guard.end().await;
        }
        drop((office, client));
        let joined = tokio::task::spawn_blocking(move || drop(running.join().unwrap()));
        let ended = tokio::time::timeout(Duration::from_secs(10), joined).await;
        ended.expect("something still holds the log").unwrap();
        drop(folder);
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// One request on a connection of its own; `headers` are whole lines with CRLF.
pub async fn http(port: u16, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: guard\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    let all = [head.as_bytes(), body].concat();
    let said = tokio::task::spawn_blocking(move || raw(port, &all))
        .await
        .unwrap();
    let said = String::from_utf8(said).unwrap();
    let (head, body) = said
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {said}"));
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

/// Says all of this, and gives what is answered until the other side ends.
pub fn raw(port: u16, say: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // Whoever refuses a long request may stop reading it.
    let _ = stream.write_all(say);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    said
}
