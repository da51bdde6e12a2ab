//! A store that remembers what `mailbox::watch` hands over, and a watch that can be waited for.

use quitus::mailbox::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch as channel;

/// A store that remembers, and takes everything.
#[derive(Default)]
pub struct Book {
    pub cursors: BTreeMap<(String, String), Cursor>,
    pub opened: Vec<FolderOpened>,
    pub fetched: Vec<Fetched>,
    pub passed: Vec<Passed>,
    pub ids: Vec<String>,
    /// Happens once, when the first batch of INBOX was taken.
    pub meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

#[derive(Clone, Default)]
pub struct Store(pub Arc<Mutex<Book>>);

impl Cursors for Store {
    async fn cursor(&self, mailbox: &str, folder: &str) -> Option<Cursor> {
        let book = self.0.lock().unwrap();
        book.cursors
            .get(&(mailbox.to_owned(), folder.to_owned()))
            .cloned()
    }
}

impl Book {
    fn cursor(&mut self, mailbox: &str, folder: &str, uidvalidity: u32) -> &mut Cursor {
        let key = (mailbox.to_owned(), folder.to_owned());
        let cursor = self.cursors.entry(key).or_default();
        if cursor.uidvalidity != uidvalidity {
            *cursor = Cursor {
                uidvalidity,
                ..Cursor::default()
            };
        }
        cursor
    }
}

impl Sink for Store {
    async fn folder_opened(&self, opened: FolderOpened) -> Result<(), Refused> {
        let mut book = self.0.lock().unwrap();
        book.cursor(&opened.mailbox, &opened.folder, opened.uidvalidity)
            .uidnext = opened.uidnext;
        book.opened.push(opened);
        Ok(())
    }

    async fn known(&self, _: &FolderOpened, keys: Vec<HeaderKey>) -> Result<Vec<bool>, Refused> {
        let book = self.0.lock().unwrap();
        Ok(keys
            .iter()
            .map(|k| book.ids.contains(&k.message_id))
            .collect())
    }

    async fn fetched(&self, batch: Vec<Fetched>) -> Result<(), Refused> {
        let mut book = self.0.lock().unwrap();
        let inbox = batch.iter().any(|m| m.role == FolderRole::Inbox);
        if let Some(meanwhile) = book.meanwhile.take_if(|_| inbox) {
            meanwhile();
        }
        for mail in batch {
            book.cursor(&mail.mailbox, &mail.folder, mail.uidvalidity)
                .seen
                .insert(mail.uid);
            let text = String::from_utf8_lossy(&mail.raw).into_owned();
            let id = text.lines().find_map(|l| l.strip_prefix("Message-ID: "));
            book.ids.extend(id.map(str::to_owned));
            book.fetched.push(mail);
        }
        Ok(())
    }

    async fn passed(&self, passed: Passed) -> Result<(), Refused> {
        let mut book = self.0.lock().unwrap();
        book.cursor(&passed.mailbox, &passed.folder, passed.uidvalidity)
            .seen
            .extend(&passed.uids);
        book.passed.push(passed);
        Ok(())
    }
}

pub struct Running {
    pub store: Store,
    pub status: channel::Receiver<MailboxStatus>,
    pub stop: channel::Sender<bool>,
    pub task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub fn start(settings: MailboxSettings, store: Store) -> Self {
        let (status_in, status) = channel::channel(MailboxStatus::default());
        let (stop, stopped) = channel::channel(false);
        let task = tokio::spawn(watch(
            Arc::new(settings),
            Arc::default(),
            store.clone(),
            store.clone(),
            status_in,
            stopped,
        ));
        Self {
            store,
            status,
            stop,
            task,
        }
    }

    pub async fn until(&self, what: &str, done: impl Fn(&Book, &MailboxStatus) -> bool) {
        for _ in 0..400 {
            if done(&self.store.0.lock().unwrap(), &self.status.borrow()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never happened: {what}; {:?}", *self.status.borrow());
    }

    pub async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(3), self.task)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(self.status.borrow().state, MailboxState::Stopped);
    }
}
