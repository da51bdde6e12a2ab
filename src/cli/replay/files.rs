//! Replays files: mbox, Maildir, folders of .eml. Sent mail is what was named so, what lies in a folder of that name, and what we wrote.

use super::super::classify::inputs::{self, Input, Place as Where};
use super::super::edge::End;
use super::super::judging;
use super::Arguments;
use super::desk::{Desk, Place, passed};
use super::notes::Notes;
use super::progress::Progress;
use crate::mail::{self, Limits};
use crate::mailbox;
use crate::record::Timestamp;
use crate::replay::Passed;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Messages between two looks whether somebody wants it to end.
const PORTION: usize = 64;
/// From so many equal senders on, a file of sent mail tells who we are.
const LEARNED_FROM: usize = 200;

/// Reads them all, and tells which could not be.
pub fn run(
    desk: &Desk,
    stop: &AtomicBool,
    arguments: &Arguments,
    notes: &mut Notes,
) -> Result<Vec<String>, End> {
    if let Some(dash) = arguments.files.iter().find(|f| f.as_os_str() == "-") {
        let dash = dash.display();
        return Err(End::Usage(format!(
            "{dash}: standard input cannot be gone on with; name a file"
        )));
    }
    let (named, rest) = (
        inputs::find(&arguments.sent),
        inputs::find(&arguments.files),
    );
    let (by_name, inbound): (Vec<Input>, Vec<Input>) =
        rest.into_iter().partition(|i| in_sent(&i.name));
    let sent: Vec<Input> = named.into_iter().chain(by_name).collect();
    learn_who_we_are(&sent, notes);
    let mut trouble = Vec::new();
    for (inputs, is_sent) in [(sent, true), (inbound, false)] {
        let job = Job {
            desk,
            stop,
            is_sent,
            since: arguments.since,
        };
        job.run(&inputs, notes, &mut trouble)?;
    }
    Ok(trouble)
}

/// Whether a file lies in a folder that mail programs use for sent mail (`.Sent` of a Maildir, `Sent.mbox`).
fn in_sent(name: &str) -> bool {
    let path = name.rsplit_once('#').map_or(name, |(path, _)| path);
    let parts = Path::new(path).components();
    parts.into_iter().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        let part = part.strip_suffix(".mbox").unwrap_or(&part);
        mailbox::is_sent_name(part.trim_start_matches('.'))
    })
}

/// Without a configuration, who wrote the sent mail says whose mailbox it is.
fn learn_who_we_are(sent: &[Input], notes: &mut Notes) {
    for input in sent.iter().take(LEARNED_FROM) {
        let raw = input.place.read().unwrap_or_default();
        let message = mail::read(&raw, &Limits::default(), None, &()).ok();
        if let Some(from) = message.and_then(|m| m.from) {
            notes.known.own(from);
        }
    }
}

struct Job<'a> {
    desk: &'a Desk,
    stop: &'a AtomicBool,
    is_sent: bool,
    since: Option<jiff::civil::Date>,
}

impl Job<'_> {
    fn run(
        &self,
        inputs: &[Input],
        notes: &mut Notes,
        trouble: &mut Vec<String>,
    ) -> Result<(), End> {
        let role = if self.is_sent { "sent" } else { "files" };
        let mut places: Vec<(u32, u32, bool, &Input)> = Vec::with_capacity(inputs.len());
        let mut next: HashMap<u32, u32> = HashMap::new();
        for input in inputs {
            if let Where::Missing(why) = &input.place {
                trouble.push(format!("{}: {why}", input.name));
                continue;
            }
            let (folder, junk) = folder(&input.name);
            let (number, done) = notes.folder(role, &folder, 0)?;
            let uid = next.entry(number).or_default();
            *uid += 1;
            if !done.contains(*uid) {
                places.push((number, *uid, junk, input));
            }
        }
        let total = inputs.len() as u64;
        let mut progress = Progress::of(role, total - places.len() as u64, total);
        for portion in places.chunks(PORTION) {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut taken = Vec::with_capacity(portion.len());
            let work = |(number, uid, junk, input): &(u32, u32, bool, &Input)| {
                self.note((*number, *uid, *junk), input, notes)
            };
            judging::in_order(portion, work, |note| {
                taken.extend(note);
                Ok(())
            })?;
            notes.take(taken)?;
            progress.more(portion.len() as u64);
        }
        Ok(())
    }

    /// One message; nothing of it if it is older than what was asked for.
    fn note(
        &self,
        (folder, uid, junk): (u32, u32, bool),
        input: &Input,
        notes: &Notes,
    ) -> Option<crate::replay::Note> {
        let mut place = Place {
            folder,
            uid,
            received: Timestamp::default(),
            junk,
            sent: self.is_sent,
            file: true,
        };
        let Ok(raw) = input.place.read() else {
            return Some(passed(place, Passed::Missing));
        };
        let at = arrived(&raw).unwrap_or_else(|| lies_since(input));
        place.received = at;
        let day = self.desk.policy.calendar.day(at);
        if !self.is_sent && self.since.is_some_and(|since| day < since) {
            return None;
        }
        Some(self.desk.note(&raw, place, &notes.known))
    }
}

/// When a message in a file arrived: the topmost Received, else its Date.
fn arrived(raw: &[u8]) -> Option<Timestamp> {
    let message = mail::read(raw, &Limits::default(), None, &()).ok()?;
    message.last_received.or(message.date)
}

/// When a message without a date was written to its file; now, if that is not known.
fn lies_since(input: &Input) -> Timestamp {
    let changed = match &input.place {
        Where::File(path) => std::fs::metadata(path).and_then(|m| m.modified()).ok(),
        _ => None,
    };
    let changed = changed.and_then(|at| jiff::Timestamp::try_from(at).ok());
    changed.unwrap_or_else(jiff::Timestamp::now).into()
}

/// The folder of a message's file: an mbox, a Maildir, a folder; and whether it is one of junk.
fn folder(name: &str) -> (String, bool) {
    let path = match name.rsplit_once('#') {
        Some((mbox, _)) => mbox.to_owned(),
        None => {
            let parent = Path::new(name).parent().unwrap_or(Path::new(""));
            // new and cur of a Maildir are one folder: a mail program moves messages from one to the other.
            let bare = match parent.ends_with("cur") || parent.ends_with("new") {
                true => parent.parent().unwrap_or(parent),
                false => parent,
            };
            bare.to_string_lossy().into_owned()
        }
    };
    let last = Path::new(&path).file_name().unwrap_or_default();
    let last = last.to_string_lossy();
    let last = last.strip_suffix(".mbox").unwrap_or(&last);
    let junk = mailbox::is_junk_name(last.trim_start_matches('.'));
    (path, junk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_mail_and_junk_are_known_by_the_names_of_their_folders() {
        for sent in [
            "mail/.Sent/cur/1:2,S",
            "Sent.mbox#3",
            "x/Éléments envoyés/1.eml",
        ] {
            assert!(in_sent(sent), "{sent}");
        }
        for not in ["mail/cur/1:2,S", "inbox.mbox#3", "sentences/1.eml"] {
            assert!(!in_sent(not), "{not}");
        }
        assert_eq!(folder("mail/.Junk/new/1"), ("mail/.Junk".to_owned(), true));
        assert_eq!(folder("mail/cur/1"), ("mail".to_owned(), false));
        assert_eq!(folder("in.mbox#7"), ("in.mbox".to_owned(), false));
    }
}
