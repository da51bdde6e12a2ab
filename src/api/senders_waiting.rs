//! Whom a tool that sends has not obeyed yet, and a human's word that it is done there.
//!
//! Whoever must change something in a tool by hand needs the plain address; it is shown here, and only here, while the tool
//! has not obeyed. A tool that is no longer configured is told nothing: all that it did not obey is done there by hand.

use super::senders::named;
use super::{Answer, Desk, Refusal, address, words};
use crate::record::{Concerned, Event, Notice, NoticeEnd, Told, Whom};
use crate::register;
use crate::request::Expectation;
use crate::service::{Proposal, forget_told};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

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
    for (_, notice) in queue.iter().filter(|(_, n)| n.since.is_some()).take(SHOWN) {
        let row = state.senders_told(&notice.about)?;
        let Some(told) = row.told.iter().find(|t| t.sender == name) else {
            continue;
        };
        let by_hand = told.stuck || !configured;
        let who = match by_hand {
            true => plain(&desk, told).unwrap_or_else(|| short(&notice.about)),
            false => short(&notice.about),
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
    let about = match done.address.trim().strip_prefix('@') {
        Some(domain) => Concerned::Domain(keys.of_domain(domain)),
        None => {
            let address = address(&done.address)?;
            Concerned::Person(register::find(&state, keys, &address)?.person)
        }
    };
    let row = state.senders_told(&about)?;
    let open = |t: &&Told| t.sender == name && t.is_open();
    let Some(told) = row.told.iter().find(open) else {
        return Err(Refusal::not_now(
            format!("{name} waits for nothing about {}", done.address.trim()),
            format!("`quitus senders waiting {name}` shows who is left"),
        ));
    };
    let as_asked = vec![Expectation::notice(about, told)];
    let event = by_hand(&name, about, &done.by);
    let proposal = Proposal::new(vec![event]).expecting(as_asked);
    let frame = desk.commit(proposal).await?;
    forget_told(&desk.office, about).await;
    let text = format!(
        "{name}: {} is done there, says {}\n",
        done.address.trim(),
        done.by
    );
    Ok(Answer::good(json!({"sender": name, "frame": frame}), text))
}

/// Everything that a tool which is no longer configured had not obeyed.
async fn all_done(desk: &Desk, name: &str, by: &str) -> Result<Answer, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let (queue, mut frame) = (state.notices(name, usize::MAX)?, 0);
    for part in queue.chunks(SHOWN) {
        let events = part.iter().map(|(_, n)| by_hand(name, n.about, by));
        frame = desk.write(events.collect()).await?;
        for (_, notice) in part {
            forget_told(&desk.office, notice.about).await;
        }
    }
    let many = queue.len();
    let text = format!("{name}: all {many} are done there, says {by}\n");
    Ok(Answer::good(json!({"sender": name, "frame": frame}), text))
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
