//! Clocks that jump: pauses are lengths of time and not moments, due dates stay, and nothing that was done is done again.

use crate::firm::Firm;
use crate::operator::ask;
use quitus::config::Config;
use quitus::record::{LetterState, Timestamp};
use quitus::sandbox::smtp;
use quitus::service::{Clock, Daemon, Extras, Status};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const DAY: i64 = 86_400;

/// The machine's clock, set ahead or back by so many seconds.
#[derive(Clone, Default)]
struct Set(Arc<AtomicI64>);

impl Set {
    fn by(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    async fn start(&self, firm: &Firm) -> Daemon {
        let (ahead, system) = (self.0.clone(), Clock::system());
        let now = move || system.now().plus_seconds(ahead.load(Ordering::SeqCst));
        let extras = Extras {
            clock: Some(Clock::of(now)),
            ..Extras::default()
        };
        let config = Config::load(&firm.file).unwrap();
        Daemon::start(config, extras).await.unwrap()
    }
}

async fn until(daemon: &Daemon, what: &str, done: impl Fn(&Status) -> bool) {
    let began = Instant::now();
    loop {
        let status = daemon.status().unwrap();
        if done(&status) {
            return;
        }
        let late = began.elapsed() > Duration::from_secs(60);
        assert!(!late, "waited in vain until {what}: {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn letters(status: &Status, state: LetterState) -> u64 {
    status.letters[state.word()]
}

fn due(daemon: &Daemon) -> Vec<Timestamp> {
    let state = daemon.office.sequencer.reader().state();
    let mut due: Vec<Timestamp> = state
        .due(100)
        .unwrap()
        .into_iter()
        .map(|(at, ..)| at)
        .collect();
    due.sort();
    due
}

async fn firm(server: &smtp::Server) -> Firm {
    let firm = Firm::new(server.address().port());
    firm.change("[smtp]", "[smtp]\nretry = { schedule = [\"2 s\"] }");
    ask(
        &firm.file,
        &["contacts", "import", firm.register().to_str().unwrap()],
    );
    assert_eq!(ask(&firm.file, &["activate", "live"]).code, Some(0));
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_a_length_of_time_whatever_the_clock_says() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let (firm, clock) = (firm(&server).await, Set::default());
    let later = || smtp::Effect::Reply("451 4.3.0 later".into());
    server.script([smtp::Fault::at(smtp::Step::Rcpt, 1, later())]);
    let daemon = clock.start(&firm).await;
    firm.reply(1, "STOP");
    until(&daemon, "it is put off", |s| {
        letters(s, LetterState::Deferred) == 1
    })
    .await;
    clock.by(-30 * DAY);
    until(&daemon, "set back, it leaves", |s| {
        letters(s, LetterState::Sent) == 1
    })
    .await;
    clock.by(0);
    server.script([smtp::Fault::every(smtp::Step::Rcpt, later())]);
    firm.reply(2, "STOP");
    until(&daemon, "it is put off", |s| {
        letters(s, LetterState::Deferred) == 1
    })
    .await;
    clock.by(30 * DAY);
    let before = server.sessions();
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(
        server.sessions(),
        before,
        "set ahead, it waits all the same"
    );
    server.behave();
    until(&daemon, "it leaves", |s| letters(s, LetterState::Sent) == 2).await;
    daemon.end().await;
    assert_eq!(server.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_moves_no_due_date_sends_nothing_again_and_frees_nobody() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let (firm, clock) = (firm(&server).await, Set::default());
    let daemon = clock.start(&firm).await;
    firm.reply(1, "STOP");
    until(&daemon, "the letter left", |s| {
        letters(s, LetterState::Sent) == 1
    })
    .await;
    firm.reply(
        2,
        "Quelles données avez-vous sur moi ? Je veux une copie de mes données.",
    );
    until(&daemon, "it waits for a human", |s| s.open_cases == 1).await;
    let asked = due(&daemon);
    assert!(!asked.is_empty());
    for jump in [-400 * DAY, 400 * DAY, 0] {
        clock.by(jump);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(due(&daemon), asked, "after a jump by {jump}");
        let status = daemon.status().unwrap();
        assert_eq!(
            (status.suppressed, server.count()),
            (1, 1),
            "{jump}: {status}"
        );
    }
    daemon.end().await;
    // The machine starts with its clock at the year before: everything is known all the same.
    clock.by(-400 * DAY);
    let daemon = clock.start(&firm).await;
    until(&daemon, "all is looked at", |s| {
        s.mailboxes[0].last_poll.is_some()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(due(&daemon), asked);
    let status = daemon.status().unwrap();
    assert_eq!((status.suppressed, server.count()), (1, 1), "{status}");
    daemon.end().await;
    let checked = ask(&firm.file, &["suppression", "check", "p1@client1.example"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
}
