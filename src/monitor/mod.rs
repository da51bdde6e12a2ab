//! How the daemon tells machines how it is: the supervisor that started it, whoever asks its page, and whom it alerts.
//!
//! It only looks, at the same status as people do; it decides nothing and changes nothing. Deliberately absent: any address
//! and any name of a person, since what is told here lands in journals and dashboards, and any judgement of its own about
//! what is urgent.

mod alerts;
mod metrics;
mod nobody;
mod page;
mod settings;
mod supervisor;
mod watch;

pub use settings::{AlertSettings, HealthSettings};
pub use supervisor::Supervisor;
pub use watch::Teller;

use crate::guard::{Socket, serve_plain};
use crate::service::Office;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinHandle;
use watch::Watch;

/// How often the supervisor's line is looked at again.
const LOOK: Duration = Duration::from_secs(5);

/// Why the page could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "[health] cannot listen on {listen}: {source}\n  → another program listens there, or the daemon's user may not; name another address"
)]
pub struct NotMonitored {
    listen: String,
    source: std::io::Error,
}

/// Everything that tells. It keeps the log open: end it before the daemon ends.
pub struct Monitor {
    watch: Arc<Watch>,
    stop: signal::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Monitor {
    /// Begins to tell whoever the configuration in force names.
    ///
    /// # Errors
    /// If the page's address cannot be listened on.
    pub async fn open(
        office: &Office,
        tell: Teller,
        supervisor: &Arc<Supervisor>,
    ) -> Result<Self, NotMonitored> {
        let (stop, _) = signal::channel(false);
        let watch = Arc::new(Watch::new(tell));
        let mut tasks = Vec::new();
        if let Some(health) = &office.house.load().config.health {
            let listen = health.listen.to_string();
            let opened = Socket::open(&health.listen).await;
            let socket = opened.map_err(|source| NotMonitored { listen, source })?;
            tracing::info!(listen = %health.listen, "the health page listens");
            let router = page::router(watch.clone(), office.sequencer.pulse());
            tasks.push(tokio::spawn(serve_plain(router, socket, stop.subscribe())));
        }
        let alerts = alerts::run(office.clone(), watch.clone(), stop.subscribe());
        tasks.push(tokio::spawn(alerts));
        if supervisor.listens() {
            let line = keep_line(supervisor.clone(), watch.clone(), stop.subscribe());
            tasks.push(tokio::spawn(line));
        }
        Ok(Self { watch, stop, tasks })
    }

    /// How everything is now, in a line.
    pub async fn line(&self) -> String {
        watch::line(&self.watch.look_again().await)
    }

    /// Ends it.
    pub async fn end(self) {
        // All may have ended by themselves.
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "what tells how the daemon is failed");
            }
        }
    }
}

/// Renews the supervisor's line until it is time to stop.
async fn keep_line(
    supervisor: Arc<Supervisor>,
    watch: Arc<Watch>,
    mut stop: signal::Receiver<bool>,
) {
    loop {
        tokio::select! {
            // A sender that is gone means the same as a stop.
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let line = watch::line(&watch.look().await);
        if *stop.borrow() {
            return;
        }
        supervisor.status(&line);
    }
}
