//! A recipient's webhook on loopback: takes signed messages, remembers what it took, and answers as it is told.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

#[derive(Clone)]
struct Shared {
    says: Arc<Mutex<(u16, &'static str)>>,
    took: Arc<Mutex<Vec<Value>>>,
}

/// The webhook.
pub struct Hook {
    port: u16,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Hook {
    pub async fn start(status: u16) -> Self {
        let shared = Shared {
            says: Arc::new(Mutex::new((status, "{}"))),
            took: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = Router::new()
            .route("/", post(take))
            .with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            port,
            shared,
            serving,
        }
    }

    /// Its block in the configuration.
    pub fn block(&self, name: &str) -> String {
        let port = self.port;
        format!(
            "\n[[recipient]]\nname = \"{name}\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/\" }}\n\
             secret = {{ command = [\"echo\", \"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0\"] }}\n"
        )
    }

    pub fn says(&self, status: u16, words: &'static str) {
        *self.shared.says.lock().unwrap() = (status, words);
    }

    /// What it took, as it came.
    pub fn took(&self) -> Vec<Value> {
        self.shared.took.lock().unwrap().clone()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, &'static str) {
    let (status, words) = *shared.says.lock().unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_success() {
        assert!(
            headers["webhook-signature"]
                .to_str()
                .unwrap()
                .starts_with("v1,")
        );
        let message = serde_json::from_str(&body).unwrap();
        shared.took.lock().unwrap().push(message);
    }
    (status, words)
}
