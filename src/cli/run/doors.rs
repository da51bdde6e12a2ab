//! Everything that somebody outside reaches a running daemon by, or is told by: opened together, ended together.

use super::{Ended, tell_reload};
use crate::api::{self, Control, Desk};
use crate::guard::Guard;
use crate::monitor::{Monitor, Supervisor};
use crate::service::Daemon;
use crate::web::Pages;
use std::path::Path;
use std::sync::Arc;

/// All of them. They keep the log open: end them before the daemon ends.
pub(super) struct Doors {
    control: Control,
    guard: Guard,
    pub(super) monitor: Monitor,
    pages: Option<Pages>,
}

impl Doors {
    /// Opens the control socket, and whatever else the settings ask for: all of it, or nothing.
    pub(super) async fn open(
        daemon: &Daemon,
        socket: &Path,
        supervisor: &Arc<Supervisor>,
    ) -> Result<Self, Ended> {
        let guard = Guard::open(&daemon.office).await?;
        daemon.see_guard(guard.teller());
        let desk = Desk::of(daemon);
        let monitor = match Monitor::open(&daemon.office, desk.status.clone(), supervisor).await {
            Ok(monitor) => monitor,
            Err(why) => {
                guard.end().await;
                return Err(why.into());
            }
        };
        let opened = match Pages::open(desk.clone()).await {
            Ok(pages) => Control::open(api::router(desk), socket)
                .await
                .map(|control| (control, pages))
                .map_err(Ended::from),
            Err(why) => Err(why.into()),
        };
        match opened {
            Ok((control, pages)) => Ok(Self {
                control,
                guard,
                monitor,
                pages,
            }),
            Err(why) => {
                guard.end().await;
                monitor.end().await;
                Err(why)
            }
        }
    }

    /// Reads everything again, and the tokens of the guard's clients with it.
    pub(super) async fn read_again(&self, daemon: &Daemon) {
        let read = daemon.reload();
        let good = read.is_ok();
        tell_reload(read);
        if !good {
            return;
        }
        if let Err(why) = self.guard.reload(&daemon.office).await {
            let fault = why.fault(&daemon.office.house.load().config.file);
            tracing::error!("{fault}");
            daemon.refuse(&[fault]);
        }
    }

    /// Ends all of them.
    pub(super) async fn end(self) {
        if let Some(pages) = self.pages {
            pages.end().await;
        }
        self.control.end().await;
        self.guard.end().await;
        self.monitor.end().await;
    }
}
