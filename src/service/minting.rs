//! Mints tokens for whoever asks, the command or a tool over HTTP, and commits that their people are known.

use super::gathering::Trouble;
use super::house::Office;
use super::sequencer::{Committed, Proposal};
use super::tokens::{Minted, Order, mint};
use crate::config::Config;
use crate::record::{Address, Event, Timestamp, TokenKind};
use serde_json::{Value, json};

/// Addresses of one frame at most.
const CHUNK: usize = 1_000;
/// For how many days a token holds if nothing else is said: a reply comes within a year; a mail lies for three.
const DAYS: [u16; 2] = [365, 1_095];
/// At most: ten years.
const LONGEST: u16 = 3_650;

/// What for, and how long.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Wanted {
    /// What for.
    pub kind: TokenKind,
    /// For how many days; 365 for a reply, 1095 for an unsubscription.
    pub days: Option<u16>,
    /// The name of the `[[mailbox]]` whose address carries it; else the first, or `[house] unsubscribe_address`.
    pub mailbox: Option<String>,
}

/// What was minted.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What for.
    pub kind: TokenKind,
    /// One for each address, in their order.
    pub tokens: Vec<Minted>,
    /// The last moment at which they hold.
    pub until: Timestamp,
}

impl Issued {
    /// The last day on which they hold.
    pub fn day(&self) -> String {
        self.until.to_jiff().strftime("%Y-%m-%d").to_string()
    }

    /// For programs: `{"tokens": […]}`.
    pub fn data(&self) -> Value {
        let day = self.day();
        let one = |m: &Minted| {
            let held = m.suppression.as_ref().map(|s| s.suppression);
            let mut one = json!({
                "address": m.address.as_str(), "token": m.token, "mail_to": m.to.as_str(), "until": day, "suppression": held,
            });
            if self.kind == TokenKind::Unsubscribe {
                let (list, post) = m.list_unsubscribe();
                one["list_unsubscribe"] = list.into();
                one["list_unsubscribe_post"] = post.into();
            }
            one
        };
        json!({"tokens": self.tokens.iter().map(one).collect::<Vec<_>>()})
    }
}

/// Why nothing was minted.
#[derive(Debug, thiserror::Error)]
pub enum NotMinted {
    /// No such time.
    #[error("a token holds for 1 to {LONGEST} days")]
    Days,
    /// No such mailbox.
    #[error("there is no mailbox \"{name}\"")]
    NoMailbox {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The address that should carry it is too long.
    #[error("{} leaves no room for a token", .0.as_str())]
    NoRoom(Address),
    /// Nothing could carry it.
    #[error("the configuration names no mailbox")]
    NoCarrier,
    /// The store.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The log took nothing.
    #[error("{0}")]
    Commit(String),
}

impl NotMinted {
    /// What to do.
    pub fn fix(&self) -> String {
        match self {
            Self::Days => "say fewer days, or none for what is usual".into(),
            Self::NoMailbox { known, .. } => format!("name one of them: {}", known.join(", ")),
            Self::NoRoom(_) => {
                "choose an address with at most 32 letters before the at sign".into()
            }
            _ => "look at the daemon's log, then run `quitus store verify`".into(),
        }
    }

    /// Whether the mistake is in what was asked.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Days | Self::NoMailbox { .. })
    }
}

/// Mints a token for each address; all, or an error.
///
/// # Errors
/// If what is wanted cannot be, or the store does not take it.
pub async fn issue(
    office: &Office,
    wanted: &Wanted,
    people: &[Address],
) -> Result<Issued, NotMinted> {
    let [reply, unsubscribe] = DAYS;
    let usual = match wanted.kind {
        TokenKind::Reply => reply,
        TokenKind::Unsubscribe => unsubscribe,
    };
    let house = office.house.load();
    let order = Order {
        kind: wanted.kind,
        base: base(&house.config, wanted)?,
        days: wanted.days.unwrap_or(usual),
        now: office.clock.now(),
    };
    if order.days == 0 || order.days > LONGEST {
        return Err(NotMinted::Days);
    }
    let one_click = house.config.guard.one_click.as_ref();
    let mut tokens = Vec::with_capacity(people.len());
    for people in people.chunks(CHUNK) {
        let (minted, events) = mint(office.sequencer.reader(), &order, people)?;
        if minted.iter().any(Option::is_none) {
            return Err(NotMinted::NoRoom(order.base));
        }
        if !events.is_empty() {
            make_known(office, events).await?;
        }
        let linked = |m: Minted| {
            let wanted = order.kind == TokenKind::Unsubscribe;
            let link = one_click.filter(|_| wanted).map(|o| o.link(&m.token));
            Minted { link, ..m }
        };
        tokens.extend(minted.into_iter().flatten().map(linked));
    }
    Ok(Issued {
        kind: order.kind,
        tokens,
        until: order.now.plus_days(order.days.into()),
    })
}

async fn make_known(office: &Office, events: Vec<Event>) -> Result<(), NotMinted> {
    match office.sequencer.commit(Proposal::new(events)).await {
        Committed::Frame(_) => Ok(()),
        Committed::Conflict => Err(NotMinted::Commit("a conflict without expectations".into())),
        Committed::Full(why) | Committed::Failed(why) => Err(NotMinted::Commit(why)),
    }
}

/// The address of ours that carries the token.
fn base(config: &Config, wanted: &Wanted) -> Result<Address, NotMinted> {
    let mailboxes = &config.mailboxes;
    if let Some(name) = &wanted.mailbox {
        let found = mailboxes.iter().find(|m| m.name == *name);
        return found
            .map(|m| m.address.clone())
            .ok_or_else(|| NotMinted::NoMailbox {
                name: name.clone(),
                known: mailboxes.iter().map(|m| m.name.clone()).collect(),
            });
    }
    let own = config.house.unsubscribe_address.clone();
    let own = own.filter(|_| wanted.kind == TokenKind::Unsubscribe);
    let first = config.first_mailbox().map(|m| m.address.clone());
    own.or(first).ok_or(NotMinted::NoCarrier)
}
