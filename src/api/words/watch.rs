//! The daily round and the flags that stop sending, in a sentence for a reviewer.

use super::Said;
use crate::record::{About, Alarm, Duty, Event, Fate, Flood, Listing, OwnerNotice};

pub(super) fn tell(event: &Event) -> Said {
    let (event, what) = match event {
        Event::Duty(Duty::Done {
            checkpoint, keys, ..
        }) => (
            "daily round",
            format!("a checkpoint after frame {checkpoint}; {keys} keys were over their time"),
        ),
        Event::SentLogRead { log, mark } => log_read(log, mark.offset),
        Event::Duty(Duty::Telling { about, .. }) => (
            "telling",
            format!("a reviewer is told of {}", subjects(about)),
        ),
        Event::Duty(Duty::Told { about, fate, .. }) => {
            let what = format!(
                "the mail to a reviewer about {} {}",
                subjects(about),
                became(*fate)
            );
            ("told", what)
        }
        Event::Duty(Duty::DigestUpTo { frame, .. }) => (
            "digest",
            format!("the day's digest is done; it tells what happened up to frame {frame}"),
        ),
        Event::Alarm(Alarm::Damaged { places }) => (
            "damage",
            format!(
                "nothing is sent until a human has looked: {}",
                places.join("; ")
            ),
        ),
        Event::Alarm(Alarm::Acknowledged { flag, by }) => (
            "acknowledged",
            format!("{} by {by}: sending goes on", flag.word()),
        ),
        Event::Listed(list) => listed(list),
        Event::Flood(flood) => floods(flood),
        Event::Owner(notice) => owner(notice),
        Event::PassedMany(passed) => {
            let what = format!("{} UIDs are nothing for us", passed.uids.len());
            ("passed", what)
        }
        _ => return None,
    };
    Some((event, what, None))
}

fn log_read(log: &str, octets: u64) -> (&'static str, String) {
    let what = format!("the log {log} of a mail server, up to octet {octets}");
    ("log read", what)
}

fn listed(list: &Listing) -> (&'static str, String) {
    let (entries, people, by) = (list.entries, list.people, &list.by);
    let what = format!(
        "a list of {entries} key forms holds: {people} more people are suppressed, by {by}"
    );
    ("suppressed", what)
}

/// A notice to the owner of a contact.
fn owner(notice: &OwnerNotice) -> (&'static str, String) {
    let letter = notice.letter();
    match notice {
        OwnerNotice::Due { .. } => (
            "owner due",
            format!("the contact's owner is to hear that letter {letter} has left"),
        ),
        OwnerNotice::Telling { .. } => (
            "telling",
            format!("the contact's owner is told of letter {letter}"),
        ),
        OwnerNotice::Told { fate, .. } => (
            "told",
            format!(
                "the notice to the contact's owner about letter {letter} {}",
                became(*fate)
            ),
        ),
    }
}

const fn became(fate: Fate) -> &'static str {
    match fate {
        Fate::Leaving => "is on its way",
        Fate::Sent => "was taken by the server",
        Fate::NotSent => "did not leave and is tried again",
        Fate::Uncertain => "may have arrived or not, and is not sent again",
        Fate::Refused => "was refused by the server",
    }
}

fn floods(flood: &Flood) -> (&'static str, String) {
    match flood {
        Flood::Stopped { person, proved, .. } => {
            let proved = if *proved { "proved" } else { "not proved" };
            let what = format!("the STOP of {} is {proved}", super::person(person));
            ("stop counted", what)
        }
        Flood::Confirmed { person } => (
            "stop proved",
            format!("what {} asked is proved now", super::person(person)),
        ),
        Flood::Settled { of, lifted, by, .. } => (
            "flood",
            format!("{by} has looked at the flood {of}: {lifted} lifted"),
        ),
    }
}

fn subjects(about: &[About]) -> String {
    let one = |about: &About| match about {
        About::Digest(_) => "the day".to_owned(),
        About::Flag(flag, since) => format!("{} of {since}", flag.word()),
        About::Due(case) => format!("{case}, which is due"),
        About::Flood(of) => format!("a flood of STOPs ({of})"),
        About::Escalation { case, step, end } => {
            format!("{case}, brought to the {} before {end}", step.word())
        }
        About::Complaint(case) => format!("{case}, a complaint"),
        About::Unseen(case) => format!("{case}, a complaint that nobody has looked at"),
    };
    about.iter().map(one).collect::<Vec<_>>().join("; ")
}
