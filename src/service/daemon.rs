//! Puts the rooms together and keeps them running: store, sequencer, mailboxes, outbox; reload and an orderly end.
//!
//! Everything that ends by itself is an error here. A failed store ends the daemon, because only opening it again (and
//! replaying the log) makes its state certain; any other part that falls is an urgent need, and the rest goes on (`parts`).

use super::by_hand;
use super::canary::Keeper;
use super::clock::Clock;
use super::connections::GuardReport;
use super::desks::Desks;
use super::digest::{self, Mailer};
use super::filing::Filer;
use super::health::Health;
use super::house::{House, Office};
use super::notices::{Tellers, Troubles, Truth, pull_nightly};
use super::outbox::{Outbox, courier};
use super::parts::Parts;
use super::reception::{Reception, Witness};
use super::recipients::Herald;
use super::sequencer::{Committed, Proposal, Running, Sequencer};
use super::settling::{self, SentChecks};
use super::status::Status;
use super::telling::{GuardSeen, interrupted, teller};
use super::watching::{closes_at, watch_one};
use crate::config::Config;
use crate::delivery::{Courier, Problem};
use crate::mailbox::{Hosts, MailboxStatus};
use crate::record::{Event, Fault, Mode, Timestamp};
use crate::store::{NotOpened, OpenReport, Store};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] NotOpened),
    /// Settings, templates or lexicons, all mistakes at once.
    #[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// The way to the SMTP server cannot be prepared.
    #[error("[smtp] cannot be used: {}\n  → `quitus check --online` says what is wrong with it, and where", .0.reply)]
    Smtp(#[from] Problem),
    /// The system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The first commit failed.
    #[error("the log cannot be written: {0}")]
    Commit(String),
}

/// How a daemon is started, beside its configuration.
#[derive(Default)]
pub struct Extras {
    /// Who sees each message end.
    pub witness: Option<Arc<dyn Witness>>,
    /// Another clock.
    pub clock: Option<Clock>,
    /// Set this mode at once, as of this moment (the demo, tests); else the store's mode holds, shadow in a new one.
    pub activate: Option<(Mode, Timestamp)>,
    /// Room that must stay free on the store's disk, in octets; the store's own default if absent.
    pub floor: Option<u64>,
}

/// A running daemon.
pub struct Daemon {
    /// What is shared by all its parts.
    pub office: Office,
    /// How the store was found.
    pub report: OpenReport,
    courier: Arc<Courier>,
    mailboxes: Vec<watch::Receiver<MailboxStatus>>,
    stop: watch::Sender<bool>,
    parts: Parts,
    running: Running,
    health: Arc<Health>,
    troubles: Arc<Troubles>,
    guard: GuardSeen,
    /// The configuration that connections and the store were opened with.
    started: Box<Config>,
}

/// How long sessions may take to finish what they began when the daemon ends; supervisors kill after a minute or more.
const PARKING: Duration = Duration::from_secs(20);

impl Daemon {
    /// Opens the store and starts everything.
    pub async fn start(config: Config, extras: Extras) -> Result<Self, StartError> {
        let clock = extras.clock.unwrap_or_else(Clock::system);
        let (store, report) = open_store(&config, &clock, extras.floor).await?;
        let started = Box::new(config.clone());
        let house = House::load(config, store.fingerprinter()).map_err(StartError::Faults)?;
        let courier = Arc::new(courier(&house.config)?);
        let (sequencer, running) = Sequencer::start(store, clock.clone())?;
        let office = Office {
            house: Arc::new(ArcSwap::from_pointee(house)),
            sequencer,
            clock,
        };
        office.open(extras.activate).await?;
        let (stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::new(office.clock.now()));
        let mut parts = Parts::new(health.clone(), office.clock.clone());
        let reception = Reception {
            office: office.clone(),
            witness: extras.witness,
        };
        let (mailboxes, desks) = watch_all(&office, &reception, &mut parts, &stopping);
        let uncertain = settling::settle(&office)
            .await
            .map_err(StartError::Commit)?;
        health.comes_after(interrupted(&report, uncertain));
        let troubles = tell_senders(&office, &health, &mut parts, &stop);
        let guard = GuardSeen::default();
        let seen = (&health, &troubles, &guard);
        let watched = (&started.mailboxes[..], &mailboxes[..]);
        let teller = teller(&office, &courier, seen, watched);
        let teller = Arc::new(by_hand::seen(&office, teller));
        send_letters(&office, &courier, desks, &mut parts, &stop);
        write_others(&office, &courier, teller, &mut parts, &stop);
        see_to_what_is_kept(&office, &health, &mut parts, &stop);
        Ok(Self {
            office,
            report,
            courier,
            mailboxes,
            stop,
            parts,
            running,
            health,
            troubles,
            guard,
            started,
        })
    }

    /// Reads settings, templates and lexicons again; only a wholly good set is put in force. Gives the sections that changed
    /// and take effect only at the next start, because connections and the store were opened with them.
    pub fn reload(&self) -> Result<Vec<&'static str>, Vec<Fault>> {
        let now = self.office.clock.now();
        match self.read_again() {
            Ok((house, restart)) => {
                self.office.house.store(Arc::new(house));
                self.health.reloaded(now, restart.clone());
                Ok(restart)
            }
            Err(faults) => {
                self.health.refused(now, &faults);
                Err(faults)
            }
        }
    }

    fn read_again(&self) -> Result<(House, Vec<&'static str>), Vec<Fault>> {
        let file = self.office.house.load().config.file.clone();
        let house = House::load(Config::load(&file)?, self.office.keys())?;
        let restart = self.started.needs_a_restart(&house.config);
        Ok((house, restart))
    }

    /// Says how everything is, for as long as somebody asks. It keeps the log open: drop it before the daemon ends.
    pub fn teller(
        &self,
    ) -> impl Fn() -> Result<Status, crate::record::Damaged> + Send + Sync + use<> {
        let seen = (&self.health, &self.troubles, &self.guard);
        let watched = (&self.started.mailboxes[..], &self.mailboxes[..]);
        let teller = teller(&self.office, &self.courier, seen, watched);
        by_hand::seen(&self.office, teller)
    }

    /// From now on the guard's listeners are seen in status and digest; once, when they are open.
    pub fn see_guard(&self, how: impl Fn() -> Vec<GuardReport> + Send + Sync + 'static) {
        // Whoever came first is seen.
        let _ = self.guard.set(Box::new(how));
    }

    /// What somebody saved beside the configuration is wrong: the last good set stays in force, and status says so.
    pub fn refuse(&self, faults: &[Fault]) {
        self.health.refused(self.office.clock.now(), faults);
    }

    /// How everything is.
    pub fn status(&self) -> Result<Status, crate::record::Damaged> {
        (self.teller())()
    }

    /// The state of each mailbox, as it changes.
    pub fn mailboxes(&self) -> &[watch::Receiver<MailboxStatus>] {
        &self.mailboxes
    }

    /// Whether the store has failed, so that the process must end and begin again.
    pub fn has_failed(&self) -> bool {
        self.running.is_finished() || self.office.sequencer.has_failed()
    }

    /// Ends: nothing new is read, sessions finish what they began, the store is closed.
    pub async fn end(self) {
        let Self {
            office,
            stop,
            parts,
            running,
            ..
        } = self;
        // All receivers may be gone already, and then there is nothing to stop.
        let _ = stop.send(true);
        parts.end(Instant::now() + PARKING).await;
        drop(office);
        let joined = tokio::task::spawn_blocking(move || running.join().map(drop)).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the sequencer failed");
        }
    }
}

/// The daily round, and erased texts that must not stand in the own set of replies.
fn see_to_what_is_kept(
    office: &Office,
    health: &Arc<Health>,
    parts: &mut Parts,
    stop: &watch::Sender<bool>,
) {
    let daily = super::daily::run(office.clone(), health.clone(), stop.subscribe());
    parts.start("daily round", daily);
    let learning = super::learning::run(office.clone(), stop.subscribe());
    parts.start("own replies", learning);
}

/// Letters of cases.
fn send_letters(
    office: &Office,
    courier: &Arc<Courier>,
    desks: Arc<Desks>,
    parts: &mut Parts,
    stop: &watch::Sender<bool>,
) {
    let outbox = Outbox::new(office.clone(), courier.clone(), desks);
    let stopping = stop.subscribe();
    parts.start("outbox", async move { outbox.run(stopping).await });
    // It may be a program that takes long, and nothing waits for it: what is wrong is seen as the server's state.
    let courier = courier.clone();
    tokio::spawn(async move { courier.look_at_password().await });
}

/// Mails that are no letters of a case: to reviewers, to recipients of data, to owners of contacts, and the canary's.
fn write_others(
    office: &Office,
    courier: &Arc<Courier>,
    teller: digest::Teller,
    parts: &mut Parts,
    stop: &watch::Sender<bool>,
) {
    let mailer = Mailer::new(office.clone(), courier.clone(), teller);
    parts.start("digest", mailer.run(stop.subscribe()));
    let herald = Herald::new(office.clone(), courier.clone());
    parts.start("recipients", herald.run(stop.subscribe()));
    let keeper = Keeper::new(office.clone(), courier.clone());
    parts.start("canary", keeper.run(stop.subscribe()));
    let owners = super::owners::Teller::new(office.clone(), courier.clone());
    parts.start("owners", owners.run(stop.subscribe()));
}

/// Begins to tell the tools that send, and to let letters go that wait for them; what is wrong with each stands in the result.
fn tell_senders(
    office: &Office,
    health: &Arc<Health>,
    parts: &mut Parts,
    stop: &watch::Sender<bool>,
) -> Arc<Troubles> {
    // Whether they do obey is seen in the logs of mail servers.
    let logs = super::sent_log::run(office.clone(), health.clone(), stop.subscribe());
    parts.start("logs of mail servers", logs);
    let troubles = Arc::new(Troubles::default());
    let (obeyed, hear) = tokio::sync::mpsc::unbounded_channel();
    let tellers = Tellers::new(office.clone(), troubles.clone(), obeyed);
    parts.start("senders", tellers.run(stop.subscribe()));
    let pulls = pull_nightly(office.clone(), troubles.clone(), stop.subscribe());
    parts.start("opt-outs of senders", pulls);
    let truth = Truth::new(office.clone(), hear);
    parts.start("letters that wait", truth.run(stop.subscribe()));
    troubles
}

/// Begins to watch every mailbox, to keep log-ins by token fresh, to file, and to look for uncertain letters. Gives what tells
/// how each mailbox is, and the second connections.
fn watch_all(
    office: &Office,
    reception: &Reception,
    parts: &mut Parts,
    stopping: &watch::Receiver<bool>,
) -> (Vec<watch::Receiver<MailboxStatus>>, Arc<Desks>) {
    let (mut mailboxes, mut desks) = (Vec::new(), Desks::new(office.clock.clone()));
    let house = office.house.load();
    let hosts = Arc::new(Hosts::new(house.config.connections.at_once));
    for settings in house.config.mailboxes.clone() {
        let settings = Arc::new(settings);
        let (tell, status) = watch::channel(MailboxStatus::default());
        mailboxes.push(status);
        let closes = closes_at(&house.config, &settings);
        desks.insert(settings.clone(), hosts.clone(), closes);
        let (reception, stopping) = (reception.clone(), stopping.clone());
        let name = format!("mailbox {}", settings.name);
        let watched = watch_one(settings, hosts.clone(), reception, tell, stopping);
        parts.start(name, watched);
    }
    let desks = Arc::new(desks);
    parts.start("second connections", desks.clone().tidy(stopping.clone()));
    let checks = SentChecks::new(office.clone(), desks.clone());
    parts.start("uncertain letters", checks.run(stopping.clone()));
    let fresh = super::logins::run(office.clone(), stopping.clone());
    parts.start("log-ins", fresh);
    let filer = Filer::new(office.clone(), desks.clone());
    parts.start("filing", filer.run(stopping.clone()));
    (mailboxes, desks)
}

async fn open_store(
    config: &Config,
    clock: &Clock,
    floor: Option<u64>,
) -> Result<(Store, OpenReport), StartError> {
    let (path, mut options) = (config.store.path.clone(), config.store.options(clock.now()));
    if let Some(floor) = floor {
        options.floor = floor;
        options.ballast = options.ballast.min(floor);
    }
    let opened =
        tokio::task::spawn_blocking(move || Store::open(&path, &options).map_err(|e| e.of(&path)))
            .await;
    let (store, report) = opened.map_err(std::io::Error::other)??;
    if let Some(rebuilt) = &report.rebuilt {
        tracing::warn!(why = rebuilt.why, "the index was built again from the log");
    }
    for damage in &report.damage {
        tracing::error!(?damage, "the store is damaged");
    }
    Ok((store, report))
}

impl Office {
    /// Writes down that this process writes the log now, and the mode if one is ordered.
    async fn open(&self, activate: Option<(Mode, Timestamp)>) -> Result<(), StartError> {
        let mut instance = [0u8; 16];
        getrandom::fill(&mut instance).map_err(std::io::Error::other)?;
        let mut events = vec![Event::Opened {
            instance,
            version: env!("CARGO_PKG_VERSION").into(),
        }];
        if let Some((mode, since)) = activate {
            events.push(Event::ModeSet {
                mode,
                since,
                by: "start".into(),
            });
        }
        match self.sequencer.commit(Proposal::essential(events)).await {
            Committed::Frame(_) => Ok(()),
            Committed::Conflict => Err(StartError::Commit("the log is ahead of itself".into())),
            Committed::Full(why) | Committed::Failed(why) => Err(StartError::Commit(why)),
        }
    }
}
