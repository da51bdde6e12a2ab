//! Whom a tool that sends has not obeyed yet, and a human's word that it is done there.
//!
//! Whoever must change something in a tool by hand needs the plain address; it is shown here, and only here, while the tool
//! has not obeyed. Somebody of whom no address is known is shown by some digits, and done by them. A tool that is no longer configured is told nothing: all that it did not obey is done there by hand.

use super::senders::named;
use super::{Answer, Desk, Refusal, address, words};
use crate::record::{Concerned, Event, Notice, NoticeEnd, QueuedNotice, Timestamp, Told, Whom};
use crate::register;
use crate::request::Expectation;
use crate::service::{Proposal, forget_told};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// People that are shown, or done, at once.
const SHOWN: usize = 200;
/// Everybody, of a tool that is no longer configured.
const ALL: &str = "*";

/// Who was changed in the tool by hand.
#[derive(Deserialize)]
pub struct Done {
    address: String,
    by: String,
}

impl Desk {
    /// Whether the configuration knows this tool. One that it knows no more is known as long as it has not obeyed.
    fn knows_sender(&self, name: &str) -> Result<bool, Refusal> {
        let Err(unknown) = named(&self.office.house.load_full(), name).map(|_| ()) else {
            return Ok(true);
        };
        let state = self.office.sequencer.reader().state();
        let left = state.senders_with_notices()?;
        match left.iter().any(|one| one == name) {
            true => Ok(false),
            false => Err(unknown),
        }
    }
}

/// `quitus senders waiting`: whom a sender has not obeyed yet, with the address where somebody must do it by hand.
pub async fn waiting(
    State(desk): State<Desk>,
    Path(name): Path<String>,
) -> Result<Answer, Refusal> {
    let configured = desk.knows_sender(&name)?;
    let state = desk.office.sequencer.reader().state();
    let queue = state.notices(&name, 10 * SHOWN)?;
    let (mut text, mut data) = (String::new(), Vec::new());
    for about in open(&desk, &name, &queue)?.into_iter().take(SHOWN) {
        let row = state.senders_told(&about)?;
        let Some(told) = row.told.iter().find(|t| t.sender == name) else {
            continue;
        };
        let by_hand = told.stuck || !configured;
        let who = match by_hand {
            true => plain(&desk, told).unwrap_or_else(|| short(&about)),
            false => short(&about),
        };
        let why = told.why.as_deref().unwrap_or("not told yet");
        let how = match by_hand {
            true => format!(
                "{} by hand there, then `quitus senders done`",
                told.act.word()
            ),
            false => format!("{}, tried {} times", told.act.word(), told.attempts),
        };
        text += &format!("{who}: {how}; since {}: {why}\n", told.asked);
        data.push(json!({
            "who": who, "act": told.act, "since": told.asked.to_string(), "attempts": told.attempts,
            "stuck": told.stuck, "why": told.why,
        }));
    }
    let wrong = !data.is_empty();
    if !wrong {
        text += "nobody waits: it has obeyed everything\n";
    }
    Ok(Answer::good(json!({"sender": name, "waiting": data}), text).wrong_if(wrong))
}

/// Those of a queue whom the tool has not obeyed; whoever is only looked at a second time is none of them.
fn open(
    desk: &Desk,
    name: &str,
    queue: &[(Timestamp, QueuedNotice)],
) -> Result<Vec<Concerned>, Refusal> {
    let (state, now) = (
        desk.office.sequencer.reader().state(),
        desk.office.clock.now(),
    );
    let mut all = Vec::new();
    for queued in queue {
        let since = state.open_since(name, queued, now)?;
        all.extend(since.map(|_| queued.1.about));
    }
    Ok(all)
}

/// The plain words of a notice; nothing if they are not known, or cannot be read: that hides no other.
fn plain(desk: &Desk, told: &Told) -> Option<String> {
    let reader = desk.office.sequencer.reader();
    let Ok(Event::Notice(Notice::Due { whom, .. })) = reader.event(told.position) else {
        return None;
    };
    let whom: Whom = reader.open_sealed(&whom).ok()??;
    let addresses = whom.addresses.iter().map(|a| a.as_str().to_owned());
    let domain = whom.domain.iter().map(|d| format!("@{d}"));
    let all: Vec<String> = addresses.chain(domain).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn short(about: &Concerned) -> String {
    match about {
        Concerned::Person(id) => words::person(id),
        Concerned::Domain(_) => "a domain".into(),
    }
}

/// Whom the digits mean that `waiting` shows where no address is known; nothing if they mean nobody, or two.
fn by_digits(desk: &Desk, name: &str, asked: &str) -> Result<Option<Concerned>, Refusal> {
    if asked.contains('@') {
        return Ok(None);
    }
    let queue = desk
        .office
        .sequencer
        .reader()
        .state()
        .notices(name, usize::MAX)?;
    let is_meant = |about: &Concerned| match about {
        Concerned::Person(id) => {
            let shown = words::person(id);
            shown == asked || shown.split(' ').next_back() == Some(asked)
        }
        Concerned::Domain(_) => false,
    };
    let queued = queue.iter().map(|(_, notice)| notice.about);
    let meant: BTreeSet<Concerned> = queued.filter(is_meant).collect();
    let one = meant.first().copied();
    Ok(one.filter(|_| meant.len() == 1))
}

/// `quitus senders done`: a human changed it in the tool.
pub async fn done(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Json(done): Json<Done>,
) -> Result<Answer, Refusal> {
    let configured = desk.knows_sender(&name)?;
    if !configured && done.address.trim() == ALL {
        return all_done(&desk, &name, &done.by).await;
    }
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let asked = done.address.trim();
    let about = match (by_digits(&desk, &name, asked)?, asked.strip_prefix('@')) {
        (Some(about), _) => about,
        (None, Some(domain)) => Concerned::Domain(keys.of_domain(domain)),
        (None, None) => {
            let address = address(&done.address)?;
            Concerned::Person(register::find(&state, keys, &address)?.person)
        }
    };
    let row = state.senders_told(&about)?;
    let open = |t: &&Told| t.sender == name && t.is_open();
    let Some(told) = row.told.iter().find(open) else {
        return Err(Refusal::not_now(
            format!("{name} waits for nothing about {asked}"),
            format!("`quitus senders waiting {name}` shows who is left"),
        ));
    };
    let as_asked = vec![Expectation::notice(about, told)];
    let event = by_hand(&name, about, &done.by);
    let proposal = Proposal::new(vec![event]).expecting(as_asked);
    let frame = desk.commit(proposal).await?;
    forget_told(&desk.office, about).await;
    let text = format!("{name}: {asked} is done there, says {}\n", done.by);
    Ok(Answer::good(json!({"sender": name, "frame": frame}), text))
}

/// Everything that a tool which is no longer configured had not obeyed.
async fn all_done(desk: &Desk, name: &str, by: &str) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let left = open(desk, name, &state.notices(name, usize::MAX)?)?;
    let (mut many, mut frame) = (0, 0);
    for part in left.chunks(SHOWN) {
        let (events, as_asked) = part_done(desk, name, part, by)?;
        if events.is_empty() {
            continue;
        }
        let count = events.len();
        frame = desk
            .commit(Proposal::new(events).expecting(as_asked))
            .await?;
        many += count;
        for about in part {
            forget_told(&desk.office, *about).await;
        }
    }
    let text = format!("{name}: all {many} are done there, says {by}\n");
    Ok(Answer::good(json!({"sender": name, "frame": frame}), text))
}

/// Some of them, as they stand now: whatever is asked of the tool meanwhile is not done.
fn part_done(
    desk: &Desk,
    name: &str,
    part: &[Concerned],
    by: &str,
) -> Result<(Vec<Event>, Vec<Expectation>), Refusal> {
    // A reload may have put it back, and then it is told all of it.
    if named(&desk.office.house.load_full(), name).is_ok() {
        return Err(Refusal::not_now(
            format!("{name} is configured again, and is told what it has not obeyed"),
            format!("`quitus senders waiting {name}` shows who is left"),
        ));
    }
    let state = desk.office.sequencer.reader().state();
    let (mut events, mut as_asked) = (Vec::new(), Vec::new());
    for about in part {
        let row = state.senders_told(about)?;
        let open = |t: &&Told| t.sender == name && t.is_open();
        if let Some(told) = row.told.iter().find(open) {
            as_asked.push(Expectation::notice(*about, told));
            events.push(by_hand(name, *about, by));
        }
    }
    Ok((events, as_asked))
}

fn by_hand(sender: &str, about: Concerned, by: &str) -> Event {
    Event::Notice(Notice::Ended {
        sender: sender.to_owned(),
        about,
        end: NoticeEnd::ByHand,
        words: format!("by hand: {by}"),
        again: None,
    })
}
