//! Who is signed in: sessions in memory, known by the hash of a random id, gone after a while, with the process, or with the user.

use super::said::Said;
use super::users::{User, secret};
use crate::record::{Language, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Sessions at the same time: a desk has a dozen people, and memory an end.
const MOST: usize = 10_000;

/// What the next page says once.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Flash {
    /// Done, or refused.
    pub good: bool,
    /// In the language of the pages.
    pub text: String,
    /// What the house said of it.
    pub detail: Option<Said>,
}

/// One who is signed in.
#[derive(Clone)]
pub struct Session {
    /// Their name.
    pub user: String,
    /// What every order must carry.
    pub csrf: String,
    /// The language that they chose here.
    pub language: Option<Language>,
    seal: [u8; 32],
    began: Timestamp,
    seen: Timestamp,
    flash: Option<Flash>,
}

/// All of them, by the hash of their id.
pub struct Sessions {
    open: Mutex<HashMap<[u8; 32], Session>>,
    longest: i64,
    idle: i64,
}

impl Sessions {
    /// None yet; they end after so many seconds, or after so many without a look.
    pub fn new(longest: i64, idle: i64) -> Self {
        Self {
            open: Mutex::default(),
            longest,
            idle,
        }
    }

    /// Begins one and gives its id, which only the browser knows.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn begin(&self, user: &User, now: Timestamp) -> io::Result<String> {
        let (id, csrf) = (secret()?, secret()?);
        let session = Session {
            user: user.name.clone(),
            csrf,
            language: None,
            seal: user.seal(),
            began: now,
            seen: now,
            flash: None,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, s| self.lasts(s, now));
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, s)| s.seen).map(|(k, _)| *k);
            oldest.and_then(|k| open.remove(&k));
        }
        open.insert(key(&id), session);
        Ok(id)
    }

    /// The session of this id, if it lasts and its user is still the same. Somebody looks, so it lasts on.
    pub fn find(
        &self,
        id: &str,
        now: Timestamp,
        user: impl FnOnce(&str) -> Option<User>,
    ) -> Option<(Session, User)> {
        let found = self.peek(id, now, user)?;
        self.with(id, |session| session.seen = now);
        Some(found)
    }

    /// The same without a look: what a page asks for by itself keeps nobody signed in who has left it open.
    pub fn peek(
        &self,
        id: &str,
        now: Timestamp,
        user: impl FnOnce(&str) -> Option<User>,
    ) -> Option<(Session, User)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(id);
        let session = open.get(&key)?;
        let theirs = user(&session.user).filter(|u| u.seal() == session.seal);
        match theirs.filter(|_| self.lasts(session, now)) {
            Some(user) => Some((session.clone(), user)),
            None => {
                open.remove(&key);
                None
            }
        }
    }

    /// Ends one.
    pub fn end(&self, id: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&key(id));
    }

    /// Leaves a word for the next page.
    pub fn say(&self, id: &str, flash: Flash) {
        self.with(id, |s| s.flash = Some(flash));
    }

    /// Takes the word that was left.
    pub fn hear(&self, id: &str) -> Option<Flash> {
        self.with(id, |s| s.flash.take()).flatten()
    }

    /// The pages are in this language from now on.
    pub fn speak(&self, id: &str, language: Language) {
        self.with(id, |s| s.language = Some(language));
    }

    fn with<T>(&self, id: &str, does: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(&key(id)).map(does)
    }

    fn lasts(&self, session: &Session, now: Timestamp) -> bool {
        now < session.began.plus_seconds(self.longest) && now < session.seen.plus_seconds(self.idle)
    }
}

fn key(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::super::users::Role;
    use super::*;

    fn odile(password: &str) -> User {
        User {
            name: "odile".into(),
            role: Role::Reviewer,
            password: password.into(),
            language: None,
            token: String::new(),
        }
    }

    #[test]
    fn a_session_ends_by_itself_with_its_user_and_with_another_password() {
        let sessions = Sessions::new(3600, 600);
        let now = Timestamp::from_millis(0);
        let known = |_: &str| Some(odile("a"));
        let id = sessions.begin(&odile("a"), now).unwrap();
        assert!(sessions.find(&id, now.plus_seconds(599), known).is_some());
        assert!(sessions.find(&id, now.plus_seconds(1198), known).is_some());
        assert!(sessions.find(&id, now.plus_seconds(1798), known).is_none());
        let id = sessions.begin(&odile("a"), now).unwrap();
        for step in 1..=7 {
            let found = sessions.find(&id, now.plus_seconds(step * 590), known);
            assert_eq!(found.is_some(), step * 590 < 3600);
        }
        let id = sessions.begin(&odile("a"), now).unwrap();
        assert!(sessions.find(&id, now, |_| Some(odile("b"))).is_none());
        assert!(sessions.find(&id, now, known).is_none(), "it is gone");
        let id = sessions.begin(&odile("a"), now).unwrap();
        assert!(sessions.find(&id, now, |_| None).is_none());
    }

    #[test]
    fn what_a_page_asks_for_by_itself_is_no_look() {
        let sessions = Sessions::new(3600, 600);
        let now = Timestamp::from_millis(0);
        let known = |_: &str| Some(odile("a"));
        let id = sessions.begin(&odile("a"), now).unwrap();
        for at in [300, 599] {
            assert!(sessions.peek(&id, now.plus_seconds(at), known).is_some());
        }
        assert!(sessions.find(&id, now.plus_seconds(601), known).is_none());
        let id = sessions.begin(&odile("a"), now).unwrap();
        assert!(sessions.peek(&id, now, |_| Some(odile("b"))).is_none());
        assert!(sessions.peek(&id, now, known).is_none(), "it is gone");
    }

    #[test]
    fn a_word_is_heard_once() {
        let sessions = Sessions::new(3600, 600);
        let id = sessions
            .begin(&odile("a"), Timestamp::from_millis(0))
            .unwrap();
        let flash = Flash {
            good: true,
            text: "done".into(),
            detail: None,
        };
        sessions.say(&id, flash.clone());
        assert_eq!(sessions.hear(&id), Some(flash));
        assert_eq!(sessions.hear(&id), None);
    }
}
