//! Files what is done with: a keyword and a move for the message, a copy of the letter in Sent (C6).
//!
//! The first step is planned in the very commit that decides a message or says that a letter left, so nothing is
//! forgotten; each is done on the second connection, may be repeated at any time, and fails without touching any letter.
//! In shadow mode nothing is filed. `\Seen` is never touched.

mod report;

pub use report::FilingReport;

use super::desks::Desks;
use super::house::{House, Office};
use super::sequencer::{Committed, Proposal};
use super::settling::{frozen_letter, is_personal, mailbox_of};
use super::watching::closes_at;
use crate::delivery::reply::clean;
use crate::mailbox::{
    MailboxSettings, Selection, Session, SessionError, add_flag, append_once, move_to,
};
use crate::record::{
    ContentKey, Damaged, Event, Filing, FilingEnd, FilingRow, FilingStep, FrozenLetter, LetterHead,
    LetterId, LetterKind, MessageState, Mode, Timestamp, UidSet,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Steps taken at once.
const BATCH: usize = 500;
/// Between two looks at what is due: one row of the index each.
const NAP: Duration = Duration::from_millis(100);
/// Waits after a failure, in minutes; the last one repeats.
const WAITS: [i64; 5] = [1, 5, 15, 60, 240];
/// After so many days a step is given up.
const PATIENCE_DAYS: i64 = 3;

/// The first step for a message that is done with.
fn first_step(mailbox: &MailboxSettings, message: ContentKey) -> Option<FilingStep> {
    match &mailbox.filing {
        f if f.keyword.is_some() => Some(FilingStep::Keyword(message)),
        f if f.move_to.is_some() => Some(FilingStep::Move(message)),
        _ => None,
    }
}

fn due(step: FilingStep, at: Timestamp) -> Event {
    Event::Filed(Filing::Due { step, at })
}

/// What is to be filed when a message ends without a letter. Only what was obeyed is: what nobody asked anything in is
/// the salesperson's mail, and what waits for a human stays where they look for it.
pub(super) fn when_decided(
    house: &House,
    to: Option<&crate::record::Address>,
    (message, state): (ContentKey, MessageState),
    mode: Mode,
    now: Timestamp,
) -> Option<Event> {
    if state != MessageState::Acted || mode == Mode::Shadow {
        return None;
    }
    let mut mailboxes = house.config.mailboxes.iter();
    let mailbox = mailboxes.find(|m| Some(&m.address) == to)?;
    Some(due(first_step(mailbox, message)?, now))
}

/// What is to be filed once a letter has left: the letter, and the message if this was its answer.
pub(super) fn after_letter(office: &Office, letter: LetterId, head: &LetterHead) -> Vec<Event> {
    let (house, now) = (office.house.load(), office.clock.now());
    let state = office.sequencer.reader().state();
    let Ok(Some(mailbox)) = mailbox_of(&state, &house.config, head) else {
        return Vec::new();
    };
    let filing = &mailbox.filing;
    let copies = filing.copy && (filing.personal || !is_personal(head));
    let copy = copies.then_some(FilingStep::Copy(letter));
    let of_message = head.message.filter(|_| head.kind == LetterKind::Answer);
    let message = of_message.and_then(|m| first_step(&mailbox, m));
    let steps = copy.into_iter().chain(message);
    steps.map(|step| due(step, now)).collect()
}

/// A step that is due, with everything that it needs.
struct Task {
    step: FilingStep,
    due: Timestamp,
    row: FilingRow,
    work: Work,
}

/// What is to be done in the mailbox.
enum Work {
    /// Mark or move a message: folder, UIDVALIDITY, UID.
    Message(String, u32, u32),
    /// Put a copy there.
    Copy(FrozenLetter),
}

/// Messages of one folder for one kind of step: whether they are moved, folder, UIDVALIDITY.
type Group = (bool, String, u32);

/// Does what is due.
pub struct Filer {
    office: Office,
    desks: Arc<Desks>,
}

impl Filer {
    /// Nothing is filed yet.
    pub fn new(office: Office, desks: Arc<Desks>) -> Self {
        Self { office, desks }
    }

    /// Files until `stop` becomes true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            // A round that is given up in the middle is done again: every step may be repeated.
            tokio::select! {
                _ = stop.changed() => {}
                () = async {
                    match self.round().await {
                        Ok(true) => return,
                        Ok(false) => {}
                        Err(why) => {
                            tracing::warn!(%why, "filing waits");
                            tokio::time::sleep(10 * NAP).await;
                        }
                    }
                    tokio::time::sleep(NAP).await;
                } => {}
            }
        }
    }

    /// Files a batch; whether there was anything to file.
    async fn round(&self) -> Result<bool, String> {
        let state = self.office.sequencer.reader().state();
        let mode = state.mode().map_err(|e| e.to_string())?;
        if mode.is_none_or(|m| m.mode == Mode::Shadow) {
            return Ok(false);
        }
        let now = self.office.clock.now();
        let first = state.filings(1).map_err(|e| e.to_string())?;
        if first.first().is_none_or(|(due, ..)| *due > now) {
            return Ok(false);
        }
        let mut all = state.filings(BATCH).map_err(|e| e.to_string())?;
        all.retain(|(due, ..)| *due <= now);
        let mut events = Vec::new();
        let mut tasks: BTreeMap<String, Vec<Task>> = BTreeMap::new();
        for (due, step, row) in all {
            match self.prepare(due, step, row) {
                Ok(Some((mailbox, task))) => tasks.entry(mailbox).or_default().push(task),
                Ok(None) => events.extend(ended(step, due, FilingEnd::Skipped, None)),
                Err(why) => return Err(why),
            }
        }
        for (name, tasks) in tasks {
            events.extend(self.mailbox(&name, tasks, now).await);
        }
        if events.is_empty() {
            return Ok(false);
        }
        crate::faults::reached("filing: done, not written down");
        match self.office.sequencer.commit(Proposal::new(events)).await {
            Committed::Frame(_) | Committed::Conflict => Ok(true),
            Committed::Full(why) | Committed::Failed(why) => Err(why),
        }
    }

    fn settings(&self, mailbox: &str) -> Option<MailboxSettings> {
        let (house, now) = (self.office.house.load(), self.office.clock.now());
        let mut all = house.config.mailboxes.iter();
        let found = all.find(|m| m.name == mailbox)?;
        // Where nobody connects any more, nothing is filed.
        let closed = closes_at(&house.config, found).is_some_and(|end| now >= end);
        (!closed).then(|| found.clone())
    }

    /// What a step needs; `None` if there is nothing to do any more.
    fn prepare(
        &self,
        due: Timestamp,
        step: FilingStep,
        row: FilingRow,
    ) -> Result<Option<(String, Task)>, String> {
        let found = match step {
            FilingStep::Keyword(message) | FilingStep::Move(message) => self.message(message),
            FilingStep::Copy(letter) => return self.copy(due, letter, row),
        };
        let found = found.map_err(|e| e.to_string())?;
        Ok(found.map(|(mailbox, work)| {
            let task = Task {
                step,
                due,
                row,
                work,
            };
            (mailbox, task)
        }))
    }

    fn message(&self, message: ContentKey) -> Result<Option<(String, Work)>, Damaged> {
        let state = self.office.sequencer.reader().state();
        let Some(at) = state.message(message)?.map(|m| m.location) else {
            return Ok(None);
        };
        let folder = state.folder(at.folder)?;
        Ok(folder.map(|f| (f.mailbox, Work::Message(f.name, at.uidvalidity, at.uid))))
    }

    fn copy(
        &self,
        due: Timestamp,
        letter: LetterId,
        row: FilingRow,
    ) -> Result<Option<(String, Task)>, String> {
        let (reader, house) = (self.office.sequencer.reader(), self.office.house.load());
        let state = reader.state();
        let Some(of) = state.letter(letter).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let mailbox = mailbox_of(&state, &house.config, &of.head).map_err(|e| e.to_string())?;
        let frozen = frozen_letter(reader, &of).map_err(|e| e.to_string())?;
        let step = FilingStep::Copy(letter);
        Ok(mailbox.zip(frozen).map(|(mailbox, frozen)| {
            let task = Task {
                step,
                due,
                row,
                work: Work::Copy(frozen),
            };
            (mailbox.name, task)
        }))
    }

    /// Does the steps of one mailbox; what became of each.
    async fn mailbox(&self, name: &str, tasks: Vec<Task>, now: Timestamp) -> Vec<Event> {
        let Some(settings) = self.settings(name) else {
            let skipped = |t: &Task| ended(t.step, t.due, FilingEnd::Skipped, None);
            return tasks.iter().flat_map(skipped).collect();
        };
        let Some(mut desk) = self.desks.of(name).await else {
            return Vec::new();
        };
        let session = match desk.session().await {
            Ok(session) => session,
            Err(why) => {
                return tasks
                    .iter()
                    .flat_map(|t| failed(t, &settings, now, &why))
                    .collect();
            }
        };
        let mut events = Vec::new();
        let mut groups: BTreeMap<Group, Vec<Task>> = BTreeMap::new();
        for task in tasks {
            match &task.work {
                Work::Message(folder, uidvalidity, _) => {
                    let moves = matches!(task.step, FilingStep::Move(_));
                    let group = (moves, folder.clone(), *uidvalidity);
                    groups.entry(group).or_default().push(task);
                }
                Work::Copy(letter) => {
                    let put = put_copy(session, &settings, letter).await;
                    events.extend(outcome(&task, &settings, now, put));
                }
            }
        }
        for (group, tasks) in groups {
            let filed = file(session, &settings, group, &tasks).await;
            for task in &tasks {
                let end = filed.as_ref().map(|there| match &task.work {
                    Work::Message(_, _, uid) if there.contains(*uid) => FilingEnd::Done,
                    _ => FilingEnd::Skipped,
                });
                events.extend(outcome(task, &settings, now, end.map_err(Clone::clone)));
            }
        }
        events
    }
}

/// Marks or moves messages of one folder; those that were there.
async fn file(
    session: &mut Session,
    settings: &MailboxSettings,
    (moves, folder, uidvalidity): Group,
    tasks: &[Task],
) -> Result<UidSet, SessionError> {
    let uids = tasks.iter().filter_map(|t| match t.work {
        Work::Message(_, _, uid) => Some(uid),
        Work::Copy(_) => None,
    });
    let mut uids: Vec<u32> = uids.collect();
    uids.sort_unstable();
    let selection = Selection {
        folder,
        uidvalidity,
        uids: uids.into_iter().collect(),
    };
    let filing = &settings.filing;
    match (moves, &filing.keyword, &filing.move_to) {
        (false, Some(keyword), _) => add_flag(session, &selection, keyword).await,
        (true, _, Some(target)) => move_to(session, &selection, target).await,
        // It is no longer configured.
        _ => Ok(UidSet::new()),
    }
}

async fn put_copy(
    session: &mut Session,
    settings: &MailboxSettings,
    letter: &FrozenLetter,
) -> Result<FilingEnd, SessionError> {
    if settings.sent.is_empty() || !settings.filing.copy {
        return Ok(FilingEnd::Skipped);
    }
    append_once(session, &settings.sent, &letter.message_id, &letter.bytes).await?;
    crate::faults::reached("filing: the copy lies in Sent");
    Ok(FilingEnd::Done)
}

/// A step ended; after the keyword comes the move, whatever became of the keyword.
fn ended(
    step: FilingStep,
    due_at: Timestamp,
    end: FilingEnd,
    settings: Option<(&MailboxSettings, Timestamp)>,
) -> Vec<Event> {
    let mut events = vec![Event::Filed(Filing::Ended {
        step,
        due: due_at,
        end,
    })];
    if let (FilingStep::Keyword(message), Some((settings, now))) = (step, settings)
        && end != FilingEnd::Skipped
        && settings.filing.move_to.is_some()
    {
        events.push(due(FilingStep::Move(message), now));
    }
    events
}

fn outcome(
    task: &Task,
    settings: &MailboxSettings,
    now: Timestamp,
    end: Result<FilingEnd, SessionError>,
) -> Vec<Event> {
    match end {
        Ok(end) => ended(task.step, task.due, end, Some((settings, now))),
        Err(why) => failed(task, settings, now, &why.to_string()),
    }
}

/// It failed: later again, or never any more.
fn failed(task: &Task, settings: &MailboxSettings, now: Timestamp, why: &str) -> Vec<Event> {
    let why = clean(why);
    tracing::warn!(mailbox = settings.name, step = ?task.step, %why, "filing failed");
    if now > task.row.since.plus_days(PATIENCE_DAYS) {
        return ended(
            task.step,
            task.due,
            FilingEnd::GivenUp,
            Some((settings, now)),
        );
    }
    let tried = usize::from(task.row.attempts).min(WAITS.len() - 1);
    vec![Event::Filed(Filing::Failed {
        step: task.step,
        due: task.due,
        next: now.plus_seconds(60 * WAITS[tried]),
        why,
    })]
}
