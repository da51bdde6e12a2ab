//! Carries letters to one server over a few connections that are used again, never more than allowed.
//!
//! Bounded by a semaphore and not by a pool: lettre's pool bounds only what is parked. A connection belongs to the one
//! delivery that uses it, so a delivery that is cancelled takes its connection with it and no half-read reply is left over.

use super::breaker::{Breaker, BreakerState, Permission};
use super::letter::Parcel;
use super::login::Credentials;
use super::outcome::{Outcome, Phase, Problem, Trouble};
use super::session::{BeforeData, House, Session};
use super::settings::SmtpSettings;
use super::tls::{self, Trust};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Letters after which a connection goes to whoever waits for one: a long backlog must not delay an alarm.
const ROUND: usize = 50;

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

    /// Reads the password once, so that one that cannot be read is known before a letter waits for it.
    pub async fn look_at_password(&self) {
        if let Some(login) = &self.login
            && let Err(problem) = login.readable().await
        {
            self.tell_breaker(&problem.into());
        }
    }

    /// Carries the letters of a house over one connection, one after the other, until it has none or others shall have a
    /// turn; waits for a free connection first. Never fails: each letter's [`Outcome`] is told to the house.
    ///
    /// A connection that was used before and turns out to be gone (closed while idle, 421 after so many letters) is
    /// replaced once by a new one, if the house was not asked yet. A new connection's failure is the letter's outcome.
    pub async fn carry(&self, house: &mut impl House) {
        // The semaphore is never closed; if it were, sending without a place would only be one connection more.
        let _place = self.places.acquire().await;
        let (mut line, mut carried) = (None, 0);
        let mut waiting = house.next();
        while let Some(parcel) = waiting.take() {
            carried += 1;
            let permission = lock(&self.breaker).may_try(Instant::now());
            let outcome = match permission {
                Permission::Wait(wait) => {
                    line = None;
                    Outcome::Deferred {
                        phase: Phase::Connect,
                        trouble: Trouble::BreakerOpen,
                        reply: format!("the server is left alone for another {} s", wait.as_secs()),
                    }
                }
                _ => {
                    let more = carried < ROUND;
                    let (outcome, next) = self.carry_one(&parcel, &mut line, house, more).await;
                    self.tell_breaker(&outcome);
                    waiting = next;
                    outcome
                }
            };
            house.ended(outcome).await;
            if waiting.is_none() && carried < ROUND {
                waiting = house.next();
            }
        }
        if let Some(session) = line {
            self.park(session).await;
        }
    }

    /// One letter; also the one that the house gave meanwhile. `line` is the connection, before and after.
    async fn carry_one(
        &self,
        parcel: &Arc<Parcel>,
        line: &mut Option<Session>,
        house: &mut impl House,
        more: bool,
    ) -> (Outcome, Option<Arc<Parcel>>) {
        let used = match line.take() {
            Some(session) => Some(session),
            None => self.parked().await,
        };
        if let Some(mut session) = used {
            let spoken = session.carry(parcel, house, &self.settings, more).await;
            if !spoken.again {
                *line = self.kept(session).await;
                return (spoken.outcome, spoken.next);
            }
            let outcome = spoken.outcome;
            tracing::debug!(?outcome, "an SMTP connection was gone; opening another");
        }
        // Opening may take long; the outcome of the letter before does not wait for it.
        house.settle().await;
        let opened = Session::open(&self.settings, self.trust.as_ref(), self.login.as_ref()).await;
        let mut session = match opened {
            Ok(session) => session,
            Err(problem) => return (problem.into(), None),
        };
        let spoken = session.carry(parcel, house, &self.settings, more).await;
        *line = self.kept(session).await;
        (spoken.outcome, spoken.next)
    }

    /// Sends one letter; `house` is asked before DATA. The [`Outcome`] is the answer, and the caller writes it down.
    pub async fn deliver(&self, parcel: &Parcel, house: &(impl BeforeData + Sync)) -> Outcome {
        let mut one = One {
            parcel: Some(Arc::new(parcel.clone())),
            house,
            outcome: Outcome::Withdrawn,
        };
        self.carry(&mut one).await;
        one.outcome
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

    /// The connection, if it may be used again; else it is closed.
    async fn kept(&self, session: Session) -> Option<Session> {
        if session.sound && session.carried < self.settings.messages_per_connection {
            return Some(session);
        }
        session.close().await;
        None
    }

    async fn park(&self, session: Session) {
        match session.is_quiet() {
            true => lock(&self.idle).push(session),
            false => session.close().await,
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

/// A house with one letter.
struct One<'h, H> {
    parcel: Option<Arc<Parcel>>,
    house: &'h H,
    outcome: Outcome,
}

impl<H: BeforeData + Sync> House for One<'_, H> {
    fn next(&mut self) -> Option<Arc<Parcel>> {
        self.parcel.take()
    }

    async fn committed(&mut self) -> bool {
        self.house.committed().await
    }

    async fn ended(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    async fn settle(&mut self) {}
}

/// What a server says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probe {
    /// The keywords of its EHLO reply, as in `PIPELINING`, `SIZE 10240000`.
    pub capabilities: Vec<String>,
    /// As in `TLS 1.3`; `None` without TLS.
    pub tls: Option<String>,
    /// The certificate that the server showed, and that was found good (DER); none without TLS.
    pub certificate: Option<Vec<u8>>,
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
        certificate: offers.certificate,
    })
}

/// A panic elsewhere leaves these small states whole.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
