//! Carries letters to one server over a few connections that are used again, never more than allowed.
//!
//! Bounded by a semaphore and not by a pool: lettre's pool bounds only what is parked. A connection belongs to the one
//! delivery that uses it, so a delivery that is cancelled takes its connection with it and no half-read reply is left over.

use super::breaker::{Breaker, BreakerState, Permission};
use super::letter::Parcel;
use super::opening::Credentials;
use super::outcome::{Outcome, Phase, Problem, Trouble};
use super::session::{BeforeData, Session, Spoken};
use super::settings::SmtpSettings;
use super::tls::{self, Trust};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// The way to one server. Shared by reference between all that send.
pub struct Courier {
    settings: SmtpSettings<()>,
    login: Option<Credentials>,
    trust: Option<Trust>,
    places: Semaphore,
    idle: Mutex<Vec<Session>>,
    breaker: Mutex<Breaker>,
}

impl Courier {
    /// Prepares; nothing is connected yet. Fails if `ca_file` or the system's authorities cannot be read.
    pub fn new<Password>(
        settings: &SmtpSettings<Password>,
        login: Option<Credentials>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            trust: tls::trust(settings)?,
            places: Semaphore::new(settings.max_sessions.clamp(1, 1_000)),
            idle: Mutex::default(),
            breaker: Mutex::new(Breaker::new(settings.breaker)),
            settings: settings.without_password(),
            login,
        })
    }

    /// Sends one letter, waiting for a free connection first; `house` is asked before DATA. Never fails: the
    /// [`Outcome`] is the answer, and the caller writes it down.
    ///
    /// A connection that was used before and turns out to be gone (closed while idle, 421 after so many letters) is
    /// replaced once by a new one, if the house was not asked yet. A new connection's failure is the letter's outcome.
    pub async fn deliver(&self, parcel: &Parcel, house: &impl BeforeData) -> Outcome {
        // The semaphore is never closed; if it were, sending without a place would only be one connection more.
        let _place = self.places.acquire().await;
        let permission = lock(&self.breaker).may_try(Instant::now());
        if let Permission::Wait(wait) = permission {
            return Outcome::Deferred {
                phase: Phase::Connect,
                trouble: Trouble::BreakerOpen,
                reply: format!("the server is left alone for another {} s", wait.as_secs()),
            };
        }
        let outcome = self.carry(parcel, house).await;
        self.tell_breaker(&outcome);
        outcome
    }

    async fn carry(&self, parcel: &Parcel, house: &impl BeforeData) -> Outcome {
        if let Some(mut session) = self.parked().await {
            let Spoken { outcome, again } = session.carry(parcel, house, &self.settings).await;
            if !again {
                self.park(session).await;
                return outcome;
            }
            tracing::debug!(
                ?outcome,
                "a parked SMTP connection was gone; opening another"
            );
        }
        let opened = Session::open(&self.settings, self.trust.as_ref(), self.login.as_ref()).await;
        let mut session = match opened {
            Ok(session) => session,
            Err(problem) => return problem.into(),
        };
        let Spoken { outcome, .. } = session.carry(parcel, house, &self.settings).await;
        self.park(session).await;
        outcome
    }

    /// The connection that was used last; those that waited too long are closed.
    async fn parked(&self) -> Option<Session> {
        loop {
            let session = lock(&self.idle).pop()?;
            if session.used.elapsed() < self.settings.idle.0 {
                return Some(session);
            }
            session.close().await;
        }
    }

    async fn park(&self, session: Session) {
        if session.sound && session.carried < self.settings.messages_per_connection {
            lock(&self.idle).push(session);
        } else {
            session.close().await;
        }
    }

    fn tell_breaker(&self, outcome: &Outcome) {
        let problem = match outcome {
            Outcome::Deferred {
                phase,
                trouble,
                reply,
            } if trouble.is_relation() => Problem {
                phase: *phase,
                trouble: *trouble,
                reply: reply.clone(),
            },
            Outcome::Uncertain { phase, why } => Problem {
                phase: *phase,
                trouble: Trouble::Cut,
                reply: why.clone(),
            },
            _ => return lock(&self.breaker).succeeded(),
        };
        tracing::warn!(phase = %problem.phase, trouble = ?problem.trouble, reply = %problem.reply, "SMTP server trouble");
        lock(&self.breaker).failed(problem, Instant::now());
    }

    /// Whether the server is well, for `status`, readiness and the loop that takes letters from the outbox.
    pub fn breaker(&self) -> BreakerState {
        lock(&self.breaker).state(Instant::now())
    }

    /// Closes the connections that nobody uses, politely: when the outbox is empty, and at the end.
    pub async fn rest(&self) {
        let idle = std::mem::take(&mut *lock(&self.idle));
        for session in idle {
            session.close().await;
        }
    }
}

/// What a server says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probe {
    /// The keywords of its EHLO reply, as in `PIPELINING`, `SIZE 10240000`.
    pub capabilities: Vec<String>,
    /// As in `TLS 1.3`; `None` without TLS.
    pub tls: Option<String>,
}

/// Connects, logs in, says goodbye; sends nothing (`quitus check --online`).
pub async fn probe<Password>(
    settings: &SmtpSettings<Password>,
    login: Option<&Credentials>,
) -> Result<Probe, Problem> {
    let trust = tls::trust(settings)?;
    let session = Session::open(&settings.without_password(), trust.as_ref(), login).await?;
    let offers = session.offers.clone();
    session.close().await;
    Ok(Probe {
        capabilities: offers.lines.into_iter().skip(1).collect(),
        tls: offers.tls,
    })
}

/// A panic elsewhere leaves these small states whole.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
