//! Accounts, folders and messages of the IMAP server, in memory, with UIDs that behave as RFC 3501 says.
//!
//! UIDs only grow within one UIDVALIDITY, and every change of a folder raises its version, so that sessions learn what
//! others did. Flags are kept as their text (`\Seen`, `$Forwarded`).

use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One message in a folder.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) uid: u32,
    pub(super) flags: BTreeSet<String>,
    pub(super) internal_date: Timestamp,
    pub(super) raw: Arc<[u8]>,
    /// The version of the folder at which its flags changed last.
    pub(super) changed: u64,
}

#[derive(Debug)]
pub(super) struct Folder {
    pub(super) name: String,
    /// `\Sent` and its like (RFC 6154).
    pub(super) special: Option<String>,
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    pub(super) version: u64,
    /// In the order of their UIDs.
    pub(super) messages: Vec<Stored>,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) user: String,
    /// `None`: any password will do.
    pub(super) password: Option<String>,
    pub(super) folders: Vec<Folder>,
}

/// All that the server knows.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) accounts: Vec<Account>,
    validities: u32,
}

/// INBOX is INBOX in any case (RFC 3501, 5.1).
fn same_name(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("inbox") && b.eq_ignore_ascii_case("inbox"))
}

impl World {
    pub(super) fn add_account(&mut self, user: &str, password: Option<&str>) {
        self.accounts.retain(|a| a.user != user);
        self.accounts.push(Account {
            user: user.to_owned(),
            password: password.map(str::to_owned),
            folders: Vec::new(),
        });
        let usual = [
            ("INBOX", None),
            ("Drafts", Some("\\Drafts")),
            ("Junk", Some("\\Junk")),
            ("Sent", Some("\\Sent")),
            ("Trash", Some("\\Trash")),
        ];
        for (name, special) in usual {
            self.create(user, name, special);
        }
    }

    pub(super) fn account(&mut self, user: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|a| a.user == user)
    }

    pub(super) fn folder(&mut self, user: &str, name: &str) -> Option<&mut Folder> {
        let folders = &mut self.account(user)?.folders;
        folders.iter_mut().find(|f| same_name(&f.name, name))
    }

    /// False if there is no such account, or such a folder already.
    pub(super) fn create(&mut self, user: &str, name: &str, special: Option<&str>) -> bool {
        // Like a clock, and never twice the same: what RFC 3501, 2.3.1.1 recommends.
        self.validities += 1;
        let uid_validity = 1_700_000_000 + self.validities;
        let Some(account) = self.account(user) else {
            return false;
        };
        if account.folders.iter().any(|f| same_name(&f.name, name)) {
            return false;
        }
        account.folders.push(Folder {
            name: name.to_owned(),
            special: special.map(str::to_owned),
            uid_validity,
            uid_next: 1,
            version: 1,
            messages: Vec::new(),
        });
        true
    }

    pub(super) fn delete(&mut self, user: &str, name: &str) -> bool {
        let Some(account) = self.account(user) else {
            return false;
        };
        let before = account.folders.len();
        account.folders.retain(|f| !same_name(&f.name, name));
        account.folders.len() < before
    }

    /// Copies messages by UID (in ascending order); `(UIDVALIDITY of the target, old UIDs, new UIDs)`. `None` if the target does not exist.
    pub(super) fn copy(
        &mut self,
        user: &str,
        from: &str,
        uids: &[u32],
        to: &str,
    ) -> Option<(u32, Vec<u32>, Vec<u32>)> {
        let copied: Vec<Stored> = self
            .folder(user, from)?
            .messages
            .iter()
            .filter(|m| uids.binary_search(&m.uid).is_ok())
            .cloned()
            .collect();
        let target = self.folder(user, to)?;
        let old = copied.iter().map(|m| m.uid).collect();
        let new = copied
            .into_iter()
            .map(|m| target.put(m.raw, m.internal_date, m.flags))
            .collect();
        Some((target.uid_validity, old, new))
    }
}

impl Folder {
    /// Adds a message under the next UID, which it returns.
    pub(super) fn put(
        &mut self,
        raw: Arc<[u8]>,
        internal_date: Timestamp,
        flags: BTreeSet<String>,
    ) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.version += 1;
        self.messages.push(Stored {
            uid,
            flags,
            internal_date,
            raw,
            changed: self.version,
        });
        uid
    }

    pub(super) fn find(&self, uid: u32) -> Option<&Stored> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.messages.get(at)
    }

    /// Changes the flags of one message; nothing happens to one that is gone.
    pub(super) fn change_flags(&mut self, uid: u32, change: impl FnOnce(&mut BTreeSet<String>)) {
        let Ok(at) = self.messages.binary_search_by_key(&uid, |m| m.uid) else {
            return;
        };
        let message = &mut self.messages[at];
        let before = message.flags.clone();
        change(&mut message.flags);
        if message.flags != before {
            self.version += 1;
            message.changed = self.version;
        }
    }

    /// Removes messages by UID (in ascending order).
    pub(super) fn remove(&mut self, uids: &[u32]) {
        let before = self.messages.len();
        self.messages
            .retain(|m| uids.binary_search(&m.uid).is_err());
        if self.messages.len() < before {
            self.version += 1;
        }
    }

    pub(super) fn unseen(&self) -> impl Iterator<Item = (usize, &Stored)> {
        let unseen = |m: &Stored| !m.flags.contains("\\Seen");
        self.messages
            .iter()
            .enumerate()
            .filter(move |(_, m)| unseen(m))
    }
}

/// A message as the server keeps it: NUL cannot stand in an IMAP literal, so it becomes 0x80, as elsewhere.
pub(super) fn storable(raw: &[u8]) -> Arc<[u8]> {
    if raw.contains(&0) {
        raw.iter()
            .map(|b| if *b == 0 { 0x80 } else { *b })
            .collect()
    } else {
        Arc::from(raw)
    }
}

/// `*` is anything, `%` anything within one level (RFC 3501, 6.3.8).
pub(super) fn matches_pattern(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some(wild @ ('*' | '%')) => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.take_while(|at| wild == '*' || !name[..*at].contains('/'))
                .any(|at| matches_pattern(rest.as_str(), &name[at..]))
        }
        Some(c) => {
            let mut name = name.chars();
            let same = name.next().is_some_and(|n| n.eq_ignore_ascii_case(&c));
            same && matches_pattern(rest.as_str(), name.as_str())
        }
    }
}
