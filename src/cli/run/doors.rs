//! Everything that somebody outside reaches a running daemon by, or is told by: opened together, ended together.

use super::Ended;
use crate::api::{self, Control, Desk};
use crate::guard::Guard;
use crate::monitor::{Monitor, Supervisor};
use crate::service::{Daemon, Status};
use std::path::Path;
use std::sync::Arc;

/// All of them. They keep the log open: end them before the daemon ends.
pub(super) struct Doors {
    control: Control,
    guard: Guard,
    pub(super) monitor: Monitor,
}

impl Doors {
    /// Opens the control socket, and whatever else the settings ask for: all of it, or nothing.
    pub(super) async fn open(
        daemon: &Daemon,
        socket: &Path,
        supervisor: &Arc<Supervisor>,
    ) -> Result<Self, Ended> {
        let guard = Guard::open(&daemon.office).await?;
        let (mut desk, doors) = (Desk::of(daemon), guard.teller());
        let status = desk.status;
        desk.status = Arc::new(move || {
            let guard = doors();
            status().map(|status| Status { guard, ..status })
        });
        let monitor = match Monitor::open(&daemon.office, desk.status.clone(), supervisor).await {
            Ok(monitor) => monitor,
            Err(why) => {
                guard.end().await;
                return Err(why.into());
            }
        };
        match Control::open(api::router(desk), socket).await {
            Ok(control) => Ok(Self {
                control,
                guard,
                monitor,
            }),
            Err(why) => {
                guard.end().await;
                monitor.end().await;
                Err(why.into())
            }
        }
    }

    /// Ends all of them.
    pub(super) async fn end(self) {
        self.control.end().await;
        self.guard.end().await;
        self.monitor.end().await;
    }
}
