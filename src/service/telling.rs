//! How everything is, put together from the rooms whenever somebody asks.

use super::canary::CanaryReport;
use super::connections::{GuardReport, MailboxReport, SmtpReport};
use super::floods::flood_needs;
use super::health::{Health, Interrupted};
use super::house::Office;
use super::notices::{SenderReport, Troubles};
use super::status::Status;
use crate::delivery::Courier;
use crate::mailbox::{MailboxSettings, MailboxStatus};
use crate::store::OpenReport;
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// Says how the listeners of the guard are, once they are open.
pub(super) type GuardSeen = Arc<OnceLock<Box<dyn Fn() -> Vec<GuardReport> + Send + Sync>>>;

/// The mailboxes as they are watched: with the settings of the start, whatever was reloaded since; and what each watcher tells.
pub(super) type Watched<'a> = (&'a [MailboxSettings], &'a [watch::Receiver<MailboxStatus>]);

/// Says how everything is. It holds the way to the log.
pub(super) fn teller(
    office: &Office,
    courier: &Arc<Courier>,
    (health, troubles, guard): (&Arc<Health>, &Arc<Troubles>, &GuardSeen),
    (started, mailboxes): Watched<'_>,
) -> impl Fn() -> Result<Status, crate::record::Damaged> + Send + Sync + use<> {
    let (office, courier) = (office.clone(), courier.clone());
    let (health, troubles, guard) = (health.clone(), troubles.clone(), guard.clone());
    let (started, mailboxes) = (started.to_vec(), mailboxes.to_vec());
    move || {
        let state = office.sequencer.reader().state();
        let (house, now) = (office.house.load(), office.clock.now());
        let soon = house.config.review.due_soon_days;
        let senders = SenderReport::of_all(&state, &house.senders, Some(&troubles), now)?;
        let status = Status::of_state(&state, now, soon)?.with_senders(senders);
        let floods = flood_needs(&state, &house.config.policy.settings.floods)?;
        let status = status.with_floods(floods);
        let status = status.with_logins(super::logins::standings(&house.config, now));
        let status = status.with_canary(CanaryReport::of_house(&state, &house.config)?);
        let full = office.sequencer.reader().check_room();
        let disk = full.err().map(|full| full.to_string());
        let settings = |name: &str| started.iter().find(|m| m.name == name);
        let seen = mailboxes.iter().map(|m| {
            let (gone, status) = (m.has_changed().is_err(), m.borrow());
            let of = settings(&status.name);
            let report = MailboxReport::of(&status, of.and_then(|m| m.closing));
            report.unless_silent(&status, of.map(|m| m.poll_every()), gone)
        });
        let smtp = SmtpReport::of(&courier.breaker());
        let status = status.with_daemon(health.report(), disk, smtp, seen.collect());
        Ok(status.with_guard(guard.get().map(|seen| seen()).unwrap_or_default()))
    }
}

/// Says what the process before left behind, if it did not end by itself.
pub(super) fn interrupted(report: &OpenReport, uncertain: usize) -> Option<Interrupted> {
    if report.interrupted {
        tracing::warn!(
            frames_read_again = report.replayed,
            letters_uncertain = uncertain,
            "the process before this one was killed, or the machine stopped; nothing that was stored is lost"
        );
    }
    (report.interrupted || uncertain > 0).then_some(Interrupted {
        replayed: report.replayed,
        uncertain,
    })
}
