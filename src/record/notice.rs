//! What the tools that send must be told of a person or a domain, and what they said (design.md, Where a STOP takes effect).
//!
//! A notice is an entry of its own for each sender, in the commit that suppresses, pauses or lifts. The plain address in it
//! is sealed under a key of its own, which is erased when every sender has obeyed. Deliberately absent: who the senders
//! are and how they are told; that is the room `sender`.

use super::tables::{decode, encode};
use super::{
    Address, CaseId, Damaged, Fingerprint, KeyId, LetterHead, LogPosition, PersonId, Sealed, State,
    Table, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a sender shall do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeAct {
    /// They may be written to again.
    Lift,
    /// Not until somebody lifts it.
    Pause,
    /// Never write to them again.
    Suppress,
}

impl NoticeAct {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Pause => "pause",
            Self::Lift => "lift",
        }
    }
}

/// Whom a notice is about, as the index knows them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Concerned {
    /// A person.
    Person(PersonId),
    /// All of a domain.
    Domain(Fingerprint),
}

impl Concerned {
    /// The key of its row: a letter for what it is, then its id.
    pub fn key(&self) -> Vec<u8> {
        let (kind, id): (u8, &[u8]) = match self {
            Self::Person(id) => (b'p', &id.0),
            Self::Domain(id) => (b'd', &id.0),
        };
        [&[kind], id].concat()
    }
}

/// Whom a notice is about, as a sender knows them: in plain words, so sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Whom {
    /// All known addresses; the first is the one to name where a sender takes only one. Empty for a domain.
    pub addresses: Vec<Address>,
    /// A whole domain (`example.org`), instead of addresses.
    pub domain: Option<String>,
    /// Telephone, as the register spells it.
    pub phone: Option<String>,
    /// A profile page (LinkedIn and the like).
    pub profile_url: Option<String>,
    /// The CRM's own id.
    pub crm_id: Option<String>,
}

/// How a notice ended for now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeEnd {
    /// The sender said that it is done.
    Obeyed,
    /// The sender does not know them: there is nothing to stop, today.
    Unknown,
    /// A human did it in the tool, and said so.
    ByHand,
    /// The settings say that it is not told: nothing has changed there.
    Left,
}

/// What happens to a notice.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Notice {
    /// A sender is to be told.
    Due {
        /// The `[[sender]]`'s name.
        sender: String,
        /// What it shall do.
        act: NoticeAct,
        /// For whom.
        about: Concerned,
        /// [`Whom`], sealed under a key that is erased when every sender has obeyed.
        whom: Sealed,
        /// Where it was asked.
        case: Option<CaseId>,
        /// Whether it was asked just now: such a notice does not queue behind those of a backlog.
        fresh: bool,
    },
    /// It ended; `again` = it is told once more then, since somebody may import the person meanwhile.
    Ended {
        /// Which sender.
        sender: String,
        /// For whom.
        about: Concerned,
        /// How.
        end: NoticeEnd,
        /// The sender's words, without addresses; who did it, if a human.
        words: String,
        /// Told again then.
        again: Option<Timestamp>,
    },
    /// It failed and is told again.
    Failed {
        /// Which sender.
        sender: String,
        /// For whom.
        about: Concerned,
        /// Again from then on.
        next: Timestamp,
        /// Why, without addresses.
        why: String,
    },
    /// The sender will never take it as it is: a human does it there.
    Stuck {
        /// Which sender.
        sender: String,
        /// For whom.
        about: Concerned,
        /// Why, without addresses.
        why: String,
    },
    /// What people opted out of in the tool itself was taken over.
    Pulled {
        /// Which sender.
        sender: String,
        /// Addresses that it keeps out.
        listed: u64,
        /// Of these, suppressed here now.
        new: u64,
        /// What did not agree.
        conflicts: u64,
        /// Who asked for it.
        by: String,
    },
    /// A letter waits until the senders have obeyed, to say only what is true.
    LetterWaits {
        /// The letter; it is written when it leaves.
        head: LetterHead,
        /// It does not leave earlier.
        not_before: Timestamp,
        /// Given up after that.
        expires: Timestamp,
    },
}

/// How a sender stands to one person or domain.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The `[[sender]]`'s name.
    pub sender: String,
    /// What it shall do.
    pub act: NoticeAct,
    /// Since when it should.
    pub asked: Timestamp,
    /// How it ended, when, and in which words; `None` while it is being told.
    pub ended: Option<(NoticeEnd, Timestamp, String)>,
    /// When it is told (again); `None` if it is not.
    pub next: Option<Timestamp>,
    /// How often it failed.
    pub attempts: u16,
    /// Why, the last time.
    pub why: Option<String>,
    /// A human must do it there.
    pub stuck: bool,
    /// Where it was asked.
    pub case: Option<CaseId>,
    /// Whether it was asked just now, and not found in a backlog.
    pub fresh: bool,
    /// What seals the address.
    pub key: KeyId,
    /// Where its `Due` stands.
    pub position: LogPosition,
}

/// A sender that does not know somebody is asked once more after so many hours, since people are imported after they said STOP.
pub const SECOND_LOOK_HOURS: i64 = 24;

impl Told {
    /// Since when the sender should have obeyed, if it has not yet said so. A second look that it refuses or fails is open
    /// again, from the hour in which it was due: that it knew nobody a day ago says nothing of today.
    pub fn open_since(&self) -> Option<Timestamp> {
        match &self.ended {
            None => Some(self.asked),
            Some((_, at, _)) if self.stuck || self.why.is_some() => {
                Some(at.plus_seconds(3600 * SECOND_LOOK_HOURS))
            }
            Some(_) => None,
        }
    }

    /// Whether the sender has not yet said that it obeys.
    pub fn is_open(&self) -> bool {
        self.open_since().is_some()
    }
}

/// How all senders stand to one person or domain.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct NoticeRow {
    /// By sender, in the order in which they were first told.
    pub told: Vec<Told>,
}

/// A notice in the queue of its sender, for those that count.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QueuedNotice {
    /// For whom.
    pub about: Concerned,
    /// Since when the sender should have obeyed; `None` = it has, and is only told again.
    pub since: Option<Timestamp>,
    /// A human must do it there.
    pub stuck: bool,
}

/// What begins the keys of a sender's queue.
pub(super) fn queue_of(sender: &str) -> Vec<u8> {
    [sender.as_bytes(), &[0]].concat()
}

/// The same, of what was asked just now or of a backlog.
pub(super) fn class_of(sender: &str, fresh: bool) -> Vec<u8> {
    let mut key = queue_of(sender);
    key.push(u8::from(!fresh));
    key
}

/// The place of a notice in the queue of its sender.
pub(super) fn queue_key(sender: &str, fresh: bool, due: Timestamp, about: &Concerned) -> Vec<u8> {
    let mut key = class_of(sender, fresh);
    key.extend_from_slice(&due.millis().to_be_bytes());
    key.extend(about.key());
    key
}

/// Where stuck notices lie: behind all that are due some day.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl State<'_> {
    /// How the senders stand to one person or domain.
    pub fn senders_told(&self, about: &Concerned) -> Result<NoticeRow, Damaged> {
        let row = self.0.get(Table::Told, &about.key())?;
        Ok(row.map(|r| decode(&r)).transpose()?.unwrap_or_default())
    }

    /// The senders that are to be told anything, whether the configuration knows them or not.
    pub fn senders_with_notices(&self) -> Result<Vec<String>, Damaged> {
        let (mut names, mut from) = (Vec::new(), Vec::<u8>::new());
        while let Some((key, _)) = self.0.scan(Table::Notice, &[], &from, 1)?.pop() {
            let name = key.split(|b| *b == 0).next().unwrap_or_default();
            // Behind every key that begins with this name and its end.
            from = [name, &[1]].concat();
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(names)
    }

    /// When the opt-outs of a sender were last taken over.
    pub fn last_pull(&self, sender: &str) -> Result<Option<Timestamp>, Damaged> {
        self.row(Table::Meta, &pulled_key(sender))
    }

    /// The queue of a sender: when each is due, and the notice; what was asked just now before what stood in a backlog.
    pub fn notices(
        &self,
        sender: &str,
        limit: usize,
    ) -> Result<Vec<(Timestamp, QueuedNotice)>, Damaged> {
        let mut all = self.notices_of(sender, true, limit)?;
        all.extend(self.notices_of(sender, false, limit - all.len())?);
        Ok(all)
    }

    /// Of a sender's queue what was asked just now, or what stood in a backlog; what is due first at the head.
    pub fn notices_of(
        &self,
        sender: &str,
        fresh: bool,
        limit: usize,
    ) -> Result<Vec<(Timestamp, QueuedNotice)>, Damaged> {
        let prefix = class_of(sender, fresh);
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Notice, &prefix, &[], limit)? {
            let notice: QueuedNotice = decode(&value)?;
            let due = key.get(prefix.len()..prefix.len() + 8);
            let due = due
                .and_then(|d| <[u8; 8]>::try_from(d).ok())
                .ok_or_else(|| Damaged("a short key of a notice".into()))?;
            all.push((Timestamp::from_millis(i64::from_be_bytes(due)), notice));
        }
        Ok(all)
    }

    /// Since when a notice of a sender's queue is open. Older versions did not write into the queue that a second look had
    /// failed or was refused, so that is asked of its row; but not of everybody whom a tool does not know, before their second
    /// look is due: there may be as many as the register has rows, and supervisors ask every few seconds.
    pub fn open_since(
        &self,
        sender: &str,
        (due, notice): &(Timestamp, QueuedNotice),
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Damaged> {
        if notice.since.is_some() || !notice.stuck && *due > now {
            return Ok(notice.since);
        }
        let row = self.senders_told(&notice.about)?;
        let told = row.told.iter().find(|t| t.sender == sender);
        Ok(told.and_then(Told::open_since))
    }
}

/// The row that says when a sender's opt-outs were last taken over.
pub(super) fn pulled_key(sender: &str) -> Vec<u8> {
    [b"pulled/", sender.as_bytes()].concat()
}

/// The bytes of a queued notice.
pub(super) fn queued(about: Concerned, told: &Told) -> Vec<u8> {
    encode(&QueuedNotice {
        about,
        since: told.open_since(),
        stuck: told.stuck,
    })
}
