//! The servers that mailboxes share: how many connections are opened to one at a time, and how long one that does not answer is left alone.
//!
//! A server with five hundred mailboxes that comes back after an outage is asked by one of them, not by all: a failure before the log-in is the
//! server's, and its pause holds for every mailbox there; one tries when it is over, and the others hear how it went. What a server says about
//! one account (a wrong password, a quota) concerns that account only. Servers know nothing of each other: one that is down delays no other.

use super::error::SessionError;
use super::settings::{ImapSettings, Security};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Between two tries when a person must act first, as with a certificate that cannot be trusted.
const SLOW_PAUSE: Duration = Duration::from_secs(300);
/// A connection begins up to so long after its turn, so that a server never sees them in one beat.
const BEAT: Duration = Duration::from_millis(20);

/// How many connections are opened to one server at the same time, unless the configuration says otherwise; figures in tests/README.md.
const AT_ONCE: u16 = 8;

/// `[connections]`: what the mail servers of many mailboxes are asked to bear.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// IMAP connections that are opened to one server at the same time; the others wait for their turn. Default 8, at least 1.
    pub at_once: u16,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self { at_once: AT_ONCE }
    }
}

/// Who reaches a server in the same way: what is wrong there is wrong for all of them.
type Way = (String, u16, bool, Option<PathBuf>);

/// The servers of all mailboxes of one process.
pub struct Hosts {
    at_once: usize,
    known: Mutex<HashMap<Way, Arc<Host>>>,
}

impl Default for Hosts {
    fn default() -> Self {
        Self::new(AT_ONCE)
    }
}

impl Hosts {
    /// So many connections are opened to each at the same time.
    pub fn new(at_once: u16) -> Self {
        Self {
            at_once: usize::from(at_once.max(1)),
            known: Mutex::default(),
        }
    }

    /// The server of these settings.
    pub(super) fn of(&self, imap: &ImapSettings) -> Arc<Host> {
        let host = imap.host.to_ascii_lowercase();
        let begins_clear = imap.security != Security::Tls;
        let way = (host, imap.port(), begins_clear, imap.ca_file.clone());
        let mut known = hold(&self.known);
        let new = || Host {
            name: format!("{}:{}", way.0, way.1),
            places: Arc::new(Semaphore::new(self.at_once)),
            standing: Mutex::default(),
            changed: Notify::new(),
        };
        known
            .entry(way.clone())
            .or_insert_with(|| Arc::new(new()))
            .clone()
    }
}

/// One server.
pub(super) struct Host {
    name: String,
    places: Arc<Semaphore>,
    standing: Mutex<Standing>,
    changed: Notify,
}

/// How it stands with a server.
#[derive(Default)]
struct Standing {
    /// What it failed at last, and until when it is left alone; none while it is good.
    down: Option<(SessionError, Instant)>,
    /// Failures in a row.
    failures: u32,
    /// Somebody is trying whether it is back.
    tried: bool,
}

/// What to do about a server now.
enum Turn {
    Go { probing: bool },
    Wait,
    LeaveAlone(SessionError),
}

/// The turn to open one connection; it ends when this is dropped.
pub(super) struct Entry {
    host: Arc<Host>,
    probing: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl Host {
    /// Waits for a turn; the last failure again while the server is left alone.
    pub async fn enter(self: &Arc<Self>) -> Result<Entry, SessionError> {
        let entry = self.turn().await?;
        sleep(jitter(BEAT)).await;
        Ok(entry)
    }

    async fn turn(self: &Arc<Self>) -> Result<Entry, SessionError> {
        loop {
            // Closed by nobody; without a place it would only be less patient.
            let place = self.places.clone().acquire_owned().await.ok();
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on, before the look: a change in between is not missed.
            changed.as_mut().enable();
            match hold(&self.standing).turn() {
                Turn::Go { probing } => {
                    return Ok(Entry {
                        host: self.clone(),
                        probing,
                        _place: place,
                    });
                }
                Turn::LeaveAlone(why) => return Err(why),
                Turn::Wait => {}
            }
            drop(place);
            changed.await;
        }
    }

    /// How long the server is still left alone; nothing if it is good, or may be tried now.
    pub fn left_alone_for(&self) -> Option<Duration> {
        let until = hold(&self.standing).down.as_ref()?.1;
        Some(until.saturating_duration_since(Instant::now()))
    }
}

impl Standing {
    fn turn(&mut self) -> Turn {
        match &self.down {
            None => Turn::Go { probing: false },
            Some((why, until)) if Instant::now() < *until => Turn::LeaveAlone(why.clone()),
            Some(_) if self.tried => Turn::Wait,
            Some(_) => {
                self.tried = true;
                Turn::Go { probing: true }
            }
        }
    }
}

impl Entry {
    /// The server answered as a mail server does.
    pub fn reached(&mut self) {
        let mut standing = hold(&self.host.standing);
        if standing.down.take().is_some() {
            info!(host = self.host.name, "the server answers again");
        }
        standing.failures = 0;
        drop(standing);
        self.end_probe();
    }

    /// The server could not be reached, or would not speak with us.
    pub fn failed(&mut self, why: &SessionError) {
        let mut standing = hold(&self.host.standing);
        // Those that were on their way together fail together, and are one failure.
        if standing.down.is_none() || self.probing {
            let doubled = FIRST_PAUSE * 2_u32.saturating_pow(standing.failures.min(12));
            let pause = match why.needs_a_person() {
                true => SLOW_PAUSE + jitter(SLOW_PAUSE) / 2,
                false => jitter(doubled.min(LONGEST_PAUSE)),
            };
            standing.failures = standing.failures.saturating_add(1);
            standing.down = Some((why.clone(), Instant::now() + pause));
            let (host, next_try_s) = (&self.host.name, pause.as_secs());
            warn!(host, next_try_s, "the server is left alone: {why}");
        }
        drop(standing);
        self.end_probe();
    }

    fn end_probe(&mut self) {
        if std::mem::take(&mut self.probing) {
            hold(&self.host.standing).tried = false;
            self.host.changed.notify_waiters();
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Given up on the way: the next one tries.
        self.end_probe();
    }
}

/// A standing is whole at every moment, whatever happened to who held it.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between half and the whole of it, so that many do not come back at the same moment.
pub(super) fn jitter(pause: Duration) -> Duration {
    let mut byte = [255_u8];
    // Without randomness the whole pause is as good.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause / 2 * u32::from(byte[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imap(host: &str) -> ImapSettings {
        let text = format!("host = '{host}'\nusername = 'x'\npassword = {{ env = 'P' }}");
        toml::from_str(&text).unwrap()
    }

    fn down() -> SessionError {
        SessionError::Closed {
            during: "the greeting",
        }
    }

    /// The server's pause is over.
    fn over(host: &Host) {
        let mut standing = hold(&host.standing);
        standing.down.as_mut().unwrap().1 = Instant::now();
    }

    #[tokio::test]
    async fn so_many_connections_are_opened_to_one_server_at_a_time() {
        let hosts = Hosts::new(2);
        let (one, other) = (hosts.of(&imap("a.example")), hosts.of(&imap("b.example")));
        let held = [one.enter().await.unwrap(), one.enter().await.unwrap()];
        let third = one.enter();
        tokio::pin!(third);
        let soon = Duration::from_millis(300);
        assert!(tokio::time::timeout(soon, &mut third).await.is_err());
        // The other server has turns of its own, and its name is one however it is written.
        assert!(other.enter().await.is_ok());
        assert!(Arc::ptr_eq(&one, &hosts.of(&imap("A.example"))));
        drop(held);
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn a_server_that_is_down_is_asked_by_one_and_its_pauses_grow() {
        let host = Hosts::default().of(&imap("a.example"));
        let mut together = [host.enter().await.unwrap(), host.enter().await.unwrap()];
        together.iter_mut().for_each(|e| e.failed(&down()));
        drop(together);
        assert_eq!(hold(&host.standing).failures, 1, "one failure, not two");
        let mut asked = 0;
        for _ in 0..9 {
            assert!(host.left_alone_for().unwrap() > Duration::ZERO);
            assert_eq!(host.enter().await.err(), Some(down()), "left alone");
            over(&host);
            let mut probe = host.enter().await.unwrap();
            // A hundred others wait for the one, and hear how it went.
            let others = (0..100).map(|_| host.enter());
            let others = futures::future::join_all(others);
            tokio::pin!(others);
            let meanwhile = tokio::time::timeout(Duration::from_millis(60), &mut others);
            assert!(meanwhile.await.is_err());
            probe.failed(&down());
            asked += 1;
            drop(probe);
            assert!(others.await.iter().all(Result::is_err));
        }
        assert!(
            host.left_alone_for().unwrap() >= LONGEST_PAUSE / 2,
            "{asked}"
        );
        over(&host);
        host.enter().await.unwrap().reached();
        assert_eq!(host.left_alone_for(), None);
        assert!(host.enter().await.is_ok());
    }

    #[tokio::test]
    async fn a_try_that_was_given_up_is_taken_over() {
        let host = Hosts::default().of(&imap("a.example"));
        host.enter().await.unwrap().failed(&down());
        over(&host);
        let probe = host.enter().await.unwrap();
        let next = host.enter();
        tokio::pin!(next);
        let meanwhile = tokio::time::timeout(Duration::from_millis(300), &mut next);
        assert!(meanwhile.await.is_err());
        drop(probe);
        assert!(next.await.is_ok());
    }
}
