//! Opening the pages where the settings say so, and ending them.

use super::{DeskSettings, Web, diary, machines, pages};
use crate::api::Desk;
use crate::guard::{Listen, Socket, serve_pages};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why the pages could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("[desk] {0}")]
pub struct NotOpened(String);

impl NotOpened {
    pub(super) fn of(why: String) -> Self {
        Self(why)
    }
}

/// The pages, being served. They keep the log open: end them before the daemon ends.
pub struct Pages {
    web: Web,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Pages {
    /// Opens them, where the configuration in force says so.
    ///
    /// # Errors
    /// If the address cannot be listened on, or the proxy's secret cannot be read.
    pub async fn open(desk: Desk) -> Result<Option<Self>, NotOpened> {
        let settings = desk.office.house.load().config.desk.clone();
        match settings {
            Some(settings) => Self::open_at(desk, settings).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens them with these settings.
    ///
    /// # Errors
    /// As [`Pages::open`].
    pub async fn open_at(desk: Desk, settings: DeskSettings) -> Result<Self, NotOpened> {
        let listen = settings.listen.clone();
        let socket = Socket::open(&listen).await.map_err(|e| {
            NotOpened(format!(
                "cannot listen on {listen}: {e}\n  → another program listens there, or the daemon's user may not; name another address"
            ))
        })?;
        // Whoever asked for port 0 gets a free one.
        let settings = match &socket {
            Socket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => DeskSettings {
                    listen: Listen::Tcp(address),
                    ..settings
                },
                Err(_) => settings,
            },
            Socket::Unix(..) => settings,
        };
        let web = Web::new(desk, settings)?;
        if web.users.all().is_ok_and(|all| all.is_empty()) {
            tracing::warn!(
                "nobody can sign in to the review desk yet: `quitus users add NAME --role reviewer`"
            );
        }
        tracing::info!(%listen, "the review desk listens");
        let (stop, stopping) = watch::channel(false);
        let router = pages::router(&web);
        let diary = keep_diary(web.clone(), stop.subscribe());
        let served = serve_pages(router, machines::is_long, socket, stopping);
        let task = tokio::spawn(async move {
            tokio::join!(served, diary);
        });
        Ok(Self { web, stop, task })
    }

    /// Where they are.
    pub fn listen(&self) -> &Listen {
        &self.web.settings.listen
    }

    /// Makes the path of a link that lets this user in once.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn invite(&self, name: &str) -> std::io::Result<String> {
        Ok(format!("/enter/{}", self.web.invite(name)?))
    }

    /// Ends them.
    pub async fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the review desk failed");
        }
    }
}

/// Remembers how everything is, until it is time to stop.
async fn keep_diary(web: Web, mut stop: watch::Receiver<bool>) {
    let step = std::time::Duration::from_secs(diary::STEP.unsigned_abs());
    loop {
        web.note();
        tokio::select! {
            // A sender that is gone means the same as a stop.
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(step) => {}
        }
    }
}
