//! Everything by which somebody outside asks, is told, or looks in: the guard, the page for monitoring, alerts, the review desk.

use super::Document;
use super::assemble::optional;
use super::cross;
use crate::guard::GuardSettings;
use crate::mailbox::ConnectionSettings;
use crate::monitor::{AlertSettings, HealthSettings};
use crate::web::DeskSettings;
use std::path::Path;

/// All of them.
pub(super) struct Outside {
    pub(super) guard: GuardSettings,
    pub(super) health: Option<HealthSettings>,
    pub(super) alerts: AlertSettings,
    pub(super) desk: Option<DeskSettings>,
    pub(super) connections: ConnectionSettings,
}

/// Reads and judges them.
pub(super) fn outside(doc: &mut Document, folder: &Path) -> Outside {
    let guard = guard(doc, folder);
    let health = health(doc, folder, &guard);
    Outside {
        guard,
        health,
        alerts: alerts(doc, folder),
        desk: desk(doc, folder),
        connections: optional(doc, "connections"),
    }
}

/// Who is told whether somebody may be written to.
fn guard(doc: &mut Document, folder: &Path) -> GuardSettings {
    let mut guard: GuardSettings = optional(doc, "guard");
    guard.resolve_in(folder);
    cross::guard(doc, &guard);
    guard
}

/// Where monitoring asks; nowhere is nowhere.
fn health(doc: &mut Document, folder: &Path, guard: &GuardSettings) -> Option<HealthSettings> {
    let mut health: Option<HealthSettings> = doc.take("health");
    health.iter_mut().for_each(|h| h.resolve_in(folder));
    cross::health(doc, health.as_ref(), guard);
    health
}

/// Where the review desk's pages are; nowhere is nowhere.
fn desk(doc: &mut Document, folder: &Path) -> Option<DeskSettings> {
    let mut desk: Option<DeskSettings> = doc.take("desk");
    desk.iter_mut().for_each(|d| d.resolve_in(folder));
    cross::desk(doc, desk.as_ref());
    desk
}

/// Who is told when the daemon is ill.
fn alerts(doc: &mut Document, folder: &Path) -> AlertSettings {
    let mut alerts: AlertSettings = optional(doc, "alerts");
    alerts.resolve_in(folder);
    cross::alerts(doc, &alerts);
    alerts
}
