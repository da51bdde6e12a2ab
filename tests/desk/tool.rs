//! A tool that sends, on loopback: takes the signed messages of a webhook, remembers them, and answers as it is told.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What it does with what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    /// Obeys.
    Obeys,
    /// Says this status about what holds this text, and obeys else; `""` is everything.
    Says(u16, &'static str),
    /// Never answers.
    Hangs,
    /// Obeys, and says so once it is told to obey.
    Thinks,
}

#[derive(Clone)]
struct Shared {
    mood: Arc<Mutex<Mood>>,
    told: Arc<Mutex<Vec<Value>>>,
}

/// The tool.
pub struct Tool {
    name: &'static str,
    port: u16,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Tool {
    pub async fn start(name: &'static str, mood: Mood) -> Self {
        let shared = Shared {
            mood: Arc::new(Mutex::new(mood)),
            told: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Router::new()
            .route("/", post(take))
            .with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            name,
            port,
            shared,
            serving,
        }
    }

    /// Its block in the configuration.
    pub fn block(&self) -> String {
        let (name, port) = (self.name, self.port);
        format!(
            "\n[[sender]]\nname = \"{name}\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/\" }}\ntimeout_seconds = 5\n\
             secret = {{ command = [\"echo\", \"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0\"] }}\n"
        )
    }

    pub fn is_now(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// All that it obeyed, as it came.
    pub fn told(&self) -> Vec<Value> {
        self.shared.told.lock().unwrap().clone()
    }

    /// What it obeyed: the act and the first address (or `@domain`), in order.
    pub fn obeyed(&self) -> Vec<(String, String)> {
        let told = self.told();
        let one = |message: &Value| {
            let data = &message["data"];
            let whom = match data["domain"].as_str() {
                Some(domain) => format!("@{domain}"),
                None => data["addresses"][0].as_str().unwrap().to_owned(),
            };
            (message["type"].as_str().unwrap().to_owned(), whom)
        };
        told.iter().map(one).collect()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(shared): State<Shared>, body: String) -> (StatusCode, &'static str) {
    let mood = *shared.mood.lock().unwrap();
    match mood {
        Mood::Says(status, about) if body.contains(about) => {
            (StatusCode::from_u16(status).unwrap(), "{}")
        }
        Mood::Hangs => std::future::pending().await,
        Mood::Obeys | Mood::Says(..) | Mood::Thinks => {
            let message = serde_json::from_str(&body).unwrap();
            shared.told.lock().unwrap().push(message);
            while *shared.mood.lock().unwrap() == Mood::Thinks {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (StatusCode::OK, "{}")
        }
    }
}
