//! What only the tests of this binary do with the firm: more mails, days, another daemon on the same store, refusals.

use crate::stage::{FIRM, MAILBOX, Stage};
use quitus::api::{Client, Control, Desk, NoAnswer, Refusal, router};
use quitus::record::Mode;
use quitus::request::Calendar;
use quitus::service::{Clock, Daemon, Extras};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

impl Stage {
    pub async fn build(mode: Mode) -> Self {
        Self::with(mode, "").await
    }

    /// The daemon is ended, and another one begins on the same store and servers.
    pub async fn again(self) -> Self {
        self.control.end().await;
        drop(self.client);
        let config = self.daemon.office.house.load().config.clone();
        self.daemon.end().await;
        let hands = self.ahead.clone();
        let system = Clock::system();
        let clock = move || system.now().plus_seconds(hands.load(Ordering::Relaxed));
        let extras = Extras {
            floor: Some(1 << 20),
            clock: Some(Clock::of(clock)),
            ..Default::default()
        };
        let daemon = Daemon::start(config.clone(), extras).await.unwrap();
        let routes = router(Desk::of(&daemon));
        let control = Control::open(routes, &config.control_socket).await.unwrap();
        let client = Client::of(&config).await.unwrap();
        Self {
            daemon,
            client,
            control,
            ..self
        }
    }

    /// A mail of which the border says that it is not genuine; nobody waits until it is decided.
    pub fn forged(&self, from: &str, text: &str) {
        self.arrives((from, "fail"), "Re: Relais", text, "");
    }

    /// A mail that Claire sent.
    pub async fn sent(&self, to: &str, subject: &str, id: &str, days_ago: i64) {
        let at = self.now - jiff::SignedDuration::from_hours(24 * days_ago);
        let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let raw = format!(
            "Date: {date}\r\nFrom: <{MAILBOX}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{id}@{FIRM}>\r\n\r\nBonjour, parlons de Relais.\r\n"
        );
        let before = self.state(|s| s.counts().unwrap().sent_mails);
        self.inbox.append_sent(MAILBOX, raw.as_bytes(), at);
        let known = || self.state(|s| s.counts().unwrap().sent_mails) > before;
        self.until("the sent mail is known", known).await;
    }

    /// So many days ago, where the firm is.
    pub fn date(&self, ago: i64) -> jiff::civil::Date {
        let today = self.calendar(|c| c.day(self.now.into()));
        today - jiff::ToSpan::days(ago)
    }

    pub fn day(&self, ago: i64) -> String {
        self.date(ago).to_string()
    }

    pub fn calendar<T>(&self, ask: impl Fn(&Calendar) -> T) -> T {
        ask(&self.daemon.office.house.load().config.policy.calendar)
    }

    pub async fn refused(&self, path: &str, mut word: Value) -> Refusal {
        word["by"] = json!("odile");
        match self.client.post(path, &word).await {
            Err(NoAnswer::Refused(refusal)) => refusal,
            other => panic!("{path} is not refused: {other:?}"),
        }
    }
}
