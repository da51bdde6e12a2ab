//! One sender, ready to be told: whichever way it is described, it is asked in the same words.

use super::command::Program;
use super::settings::{Pauses, SenderSettings};
use super::spool::Spool;
use super::told::{Channel, Limits, Pulled, Told, Trouble, TroubleKind};
use super::tool::Tool;
use super::webhook::Webhook;
use crate::config::{Secret, SecretSource};
use crate::record::{Fault, NoticeAct, Whom};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long what a password command printed is used: a backlog of notices must not start a thousand programs.
const SECRET_KEPT: Duration = Duration::from_secs(60);

/// A sender. Clones are the same one, with the same connections.
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    name: String,
    channels: Vec<Channel>,
    per_minute: Option<u32>,
    pause: Pauses,
    way: Way,
}

enum Way {
    Tool(Box<Tool>),
    Webhook(Box<Webhook>),
    Command(Program),
    Drop(Spool),
}

impl Connector {
    /// Prepares a sender; reads its preset and no secret, and opens no connection.
    ///
    /// # Errors
    /// Every mistake. Those of a preset have its file and line; those of the block itself have an empty `file`, because only
    /// the configuration knows where it stands.
    pub fn new(settings: &SenderSettings) -> Result<Self, Vec<Fault>> {
        let own = |(what, fix): (String, String)| Fault::of_file("", what, fix);
        let faults: Vec<Fault> = settings.faults().into_iter().map(own).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let way = if let Some(words) = &settings.command {
            Way::Command(Program::new(words.clone(), settings.timeout()))
        } else if let Some(file) = &settings.drop {
            Way::Drop(Spool::new(file.clone()))
        } else if settings.webhook.is_some() {
            let named = |(what, fix): (String, &str)| {
                vec![Fault::of_file(
                    "",
                    format!("sender {}: {what}", settings.name),
                    fix,
                )]
            };
            Way::Webhook(Box::new(Webhook::new(settings).map_err(named)?))
        } else {
            Way::Tool(Box::new(Tool::new(settings)?))
        };
        let usual = match &way {
            Way::Tool(tool) => tool.preset.channels.clone(),
            _ => vec![Channel::Email],
        };
        Ok(Self(Arc::new(Inner {
            name: settings.name.clone(),
            channels: settings.channels.clone().unwrap_or(usual),
            per_minute: settings.per_minute,
            pause: settings.pause,
            way,
        })))
    }

    /// Whether this is a clone of that one: not only of the same name, but with the settings of the same reading.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it stops when it obeys.
    pub fn channels(&self) -> &[Channel] {
        &self.0.channels
    }

    /// How fast it may be told.
    pub fn limits(&self) -> Limits {
        let at_once = |at_once| Limits {
            at_once,
            per_minute: None,
        };
        let limits = match &self.0.way {
            Way::Tool(tool) => tool.limits(),
            Way::Webhook(_) => at_once(4),
            Way::Command(_) => at_once(2),
            Way::Drop(_) => at_once(1),
        };
        Limits {
            per_minute: self.0.per_minute.or(limits.per_minute),
            ..limits
        }
    }

    /// Calls of its preset that were not confirmed from documentation, each with why.
    pub fn unverified(&self) -> Vec<String> {
        match &self.0.way {
            Way::Tool(tool) => tool.unverified(),
            _ => Vec::new(),
        }
    }

    /// Whether its own opt-outs can be asked for.
    pub fn can_pull(&self) -> bool {
        matches!(&self.0.way, Way::Tool(tool) if !tool.preset.pull.is_empty())
    }

    /// Whether it can be told this; if not, [`Self::tell`] says what a human can do instead.
    pub fn can(&self, act: NoticeAct, whom: &Whom) -> bool {
        let Some(act) = self.heard(act) else {
            return true;
        };
        match &self.0.way {
            Way::Tool(tool) => tool.act(act, whom).is_some(),
            _ => true,
        }
    }

    /// Tells it. Saying the same again does no harm.
    pub async fn tell(&self, act: NoticeAct, whom: &Whom) -> Told {
        self.tell_notice("", act, whom).await
    }

    /// The same as a notice with a name of its own: a STOP after a lift is another notice, and not a repetition of the first.
    pub async fn tell_notice(&self, notice: &str, act: NoticeAct, whom: &Whom) -> Told {
        let Some(heard) = self.heard(act) else {
            let words = "not told of pauses, as pause = \"leave\" says".to_owned();
            return Told::Left { words };
        };
        let told = match &self.0.way {
            Way::Tool(tool) => tool.tell(heard, whom).await,
            Way::Webhook(webhook) => webhook.tell(notice, heard, whom).await,
            Way::Command(program) => program.tell(heard, whom).await,
            Way::Drop(spool) => spool.tell(heard, whom).await,
        };
        match told {
            Told::Obeyed { words } if heard != act => Told::Obeyed {
                words: format!("{words}; opted out there for good, as pause = \"as_stop\" says"),
            },
            told => told,
        }
    }

    /// What it hears of an act; nothing, if it is not told.
    fn heard(&self, act: NoticeAct) -> Option<NoticeAct> {
        match (act, self.0.pause) {
            (NoticeAct::Pause, Pauses::Leave) => None,
            (NoticeAct::Pause, Pauses::AsStop) => Some(NoticeAct::Suppress),
            (act, _) => Some(act),
        }
    }

    /// What a pause does there, by the settings.
    pub fn pauses(&self) -> Pauses {
        self.0.pause
    }

    /// The same in a sentence, with what the tool cannot do.
    pub fn pauses_in_words(&self) -> String {
        match (self.0.pause, &self.0.way) {
            (Pauses::AsStop, _) => {
                "a pause opts them out there for good, and lifting it here does not bring them back there".to_owned()
            }
            (Pauses::Leave, _) => {
                "a pause is not told: what is scheduled there for somebody who is paused may leave".to_owned()
            }
            (Pauses::Send, Way::Tool(tool)) if tool.preset.pause.is_empty() => format!(
                "a pause must be done there by hand ({}); pause = \"as_stop\" or \"leave\" decides otherwise",
                tool.cannot_pause()
            ),
            (Pauses::Send, _) => "a pause is told, and can be lifted".to_owned(),
        }
    }

    /// Its own opt-outs, all pages.
    ///
    /// # Errors
    /// Any trouble on the way: half a list is none.
    pub async fn pull(&self) -> Result<Pulled, Trouble> {
        match &self.0.way {
            Way::Tool(tool) if self.can_pull() => tool.pull().await,
            _ => Err(Trouble::new(
                TroubleKind::Local,
                "it has no list that could be asked for",
            )),
        }
    }

    /// A round trip that changes nothing.
    ///
    /// # Errors
    /// Why it could not be made, or was not answered well.
    pub async fn test(&self) -> Result<String, Trouble> {
        match &self.0.way {
            Way::Tool(tool) => tool.test().await,
            Way::Webhook(webhook) => webhook.test().await,
            Way::Command(program) => program.test().await,
            Way::Drop(spool) => spool.test().await,
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connector").field(&self.0.name).finish()
    }
}

/// Where a sender's key is; read anew for each notice, so that a rotated key is found without a restart.
pub(super) struct Key {
    source: SecretSource,
    kept: Mutex<Option<(Instant, Secret)>>,
}

impl Key {
    pub(super) fn new(source: SecretSource) -> Self {
        Self {
            source,
            kept: Mutex::default(),
        }
    }

    /// The key, as it is now.
    pub(super) async fn read(&self) -> Result<Secret, Trouble> {
        if let Some((since, secret)) = self.kept().as_ref()
            && since.elapsed() < SECRET_KEPT
        {
            return Ok(secret.clone());
        }
        let source = self.source.clone();
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        let failed = |words: String| Trouble::new(TroubleKind::Secret, words);
        let secret = read
            .map_err(|_| failed("the secret could not be read".to_owned()))?
            .map_err(|e| failed(e.to_string()))?;
        if matches!(self.source, SecretSource::Command(_)) {
            *self.kept() = Some((Instant::now(), secret.clone()));
        }
        Ok(secret)
    }

    /// It was refused: the next one is read anew.
    pub(super) fn forget(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Secret)>> {
        self.kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
