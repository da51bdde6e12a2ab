//! Floods of STOPs (B11): the list, and a human's word about one: forged suppressions are lifted together, or all are left.
//!
//! What is lifted is the hash of what was shown, as a letter is approved: a flood that grew meanwhile is shown again. Only
//! what nothing proved and no human confirmed is lifted, each person with the reason, sealed.

use super::{Answer, Desk, Refusal, words};
use crate::record::{
    Address, CaseId, Event, Flood, FloodOf, FloodRow, FloodSettled, KeyId, KeyKind, Proof, hex,
};
use crate::request::Expectation;
use crate::service::{InSight, Liftable, Proposal, flood_campaign, liftable};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// People that one frame lifts.
const FRAME: usize = 200;
/// People who are shown.
const SHOWN: usize = 20;

/// A human's word about a flood.
#[derive(Deserialize)]
pub struct Word {
    by: String,
    reason: String,
    /// Nothing is lifted: the flood is genuine.
    #[serde(default)]
    leave: bool,
    /// The hash of what was shown.
    #[serde(default)]
    hash: String,
}

/// `quitus suppression flood`: wrong (exit code 1) while nobody has looked at one.
pub async fn list(State(desk): State<Desk>) -> Result<Answer, Refusal> {
    let house = desk.office.house.load_full();
    let settings = &house.config.policy.settings.floods;
    let mut all = desk.office.sequencer.reader().state().floods()?;
    all.retain(|(of, row)| row.settled.is_some() || settings.is_flood(of, row));
    all.sort_by_key(|(_, row)| row.seen);
    let (mut text, mut data, mut open) = (String::new(), Vec::new(), 0);
    for (of, row) in &all {
        open += u64::from(row.settled.is_none());
        data.push(tell(&desk, of, row, &mut text)?);
    }
    text += &format!("{} floods of STOPs, {open} open\n", all.len());
    Ok(Answer::good(json!(data), text).wrong_if(open > 0))
}

/// A flood in a line.
fn tell(desk: &Desk, of: &FloodOf, row: &FloodRow, text: &mut String) -> Result<Value, Refusal> {
    let (stops, unproved) = (row.stops, row.unproved);
    let campaign = match of {
        FloodOf::Day(_) => None,
        FloodOf::Campaign(_) => flood_campaign(desk.office.sequencer.reader(), row)?,
    };
    let share = row.share();
    *text += &match of {
        FloodOf::Day(_) => format!("{of}  {stops} STOPs of that day that nothing proves"),
        FloodOf::Campaign(_) => format!(
            "{of}  {stops} STOPs{} of {} people ({} %), {unproved} of them not proved",
            campaign
                .as_ref()
                .map_or_else(String::new, |c| format!(" in campaign {c},")),
            row.people,
            share.unwrap_or_default(),
        ),
    };
    let seen = row
        .seen
        .map(|(first, last)| (first.to_string(), last.to_string()));
    if let Some((first, last)) = &seen {
        *text += &format!(", from {first} to {last}");
    }
    *text += &match &row.settled {
        None => format!("\n  → quitus suppression flood {of}\n"),
        Some(FloodSettled { by, at, lifted, .. }) => {
            format!("; {by} has looked at {at}: {lifted} lifted\n")
        }
    };
    Ok(json!({
        "flood": of.to_string(), "stops": stops, "unproved": unproved, "people": row.people,
        "share": share, "campaign": campaign, "seen": seen,
        "settled": row.settled.as_ref().map(|s| json!({"by": s.by, "at": s.at.to_string(), "lifted": s.lifted})),
    }))
}

/// A flood that was counted.
fn counted(desk: &Desk, name: &str) -> Result<(FloodOf, FloodRow), Refusal> {
    let all = desk.office.sequencer.reader().state().floods()?;
    let found = all
        .into_iter()
        .find(|(of, _)| of.to_string() == name.trim());
    found.ok_or_else(|| {
        Refusal::unknown(
            format!("no STOPs are counted under {name}"),
            "take the name from `quitus suppression flood`",
        )
    })
}

/// One flood, and what a lift would do, with its hash.
pub async fn show(State(desk): State<Desk>, Path(name): Path<String>) -> Result<Answer, Refusal> {
    let (of, row) = counted(&desk, &name)?;
    preview(&desk, &of, &row, "")
}

/// What would be lifted now.
fn preview(desk: &Desk, of: &FloodOf, row: &FloodRow, said: &str) -> Result<Answer, Refusal> {
    let mut text = said.to_owned();
    let mut data = tell(desk, of, row, &mut text)?;
    let (all, confirmed) = liftable(&desk.office, of)?;
    let hash = hash(of, &all);
    let mut cases: Vec<String> = all
        .iter()
        .filter_map(|l| l.case)
        .map(|c| c.to_string())
        .collect();
    cases.sort_unstable();
    cases.dedup();
    text += &format!(
        "{} suppressions would be lifted, in {} cases; {confirmed} were confirmed by a human and stay, and so does whatever was proved\n",
        all.len(),
        cases.len()
    );
    for one in all.iter().take(SHOWN) {
        let case = one.case.map(|c| format!(" (case {c})")).unwrap_or_default();
        text += &format!(
            "  {} since {}{case}\n",
            words::person(&one.person),
            one.since
        );
    }
    if all.len() > SHOWN {
        text += &format!("  and {} more\n", all.len() - SHOWN);
    }
    if row.settled.is_none() || !all.is_empty() {
        text += &format!("  → quitus suppression flood {of} --lift --hash {hash} --reason …\n");
    }
    if row.settled.is_none() {
        text +=
            &format!("  → quitus suppression flood {of} --leave --reason …, if it is genuine\n");
    }
    data["would_lift"] = json!(all.len());
    data["confirmed"] = json!(confirmed);
    data["cases"] = json!(cases);
    data["hash"] = json!(hash);
    data["persons"] = all
        .iter()
        .take(SHOWN)
        .map(|l| words::person(&l.person))
        .collect();
    Ok(Answer::good(data, text))
}

/// What was shown: the flood, and every person's row as it was.
fn hash(of: &FloodOf, all: &[Liftable]) -> String {
    let mut sum = Sha256::new();
    sum.update(of.to_string());
    for one in all {
        sum.update(one.person.0);
        sum.update(one.version.to_le_bytes());
    }
    hex(&sum.finalize()[..8])
}

/// `--lift` and `--leave`.
pub async fn settle(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let (of, row) = counted(&desk, &name)?;
    let (all, _) = liftable(&desk.office, &of)?;
    let said = word.hash.trim().to_ascii_lowercase();
    if !word.leave && said != hash(&of, &all) {
        let why = match said.is_empty() {
            true => "nothing was lifted: this is what would be\n",
            false => {
                "nothing was lifted: it is no longer what was shown; this is what would be lifted now\n"
            }
        };
        return Ok(preview(&desk, &of, &row, why)?.wrong_if(true));
    }
    let reason = word.reason.trim();
    if reason.is_empty() {
        return Err(Refusal::unclear(
            "a flood is settled for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let lifted = match word.leave {
        true => 0,
        false => lift_all(&desk, &all, &word.by, reason).await?,
    };
    let reader = desk.office.sequencer.reader();
    let settled = Flood::Settled {
        of,
        lifted: lifted as u64,
        by: word.by.clone(),
        why: Some(reader.seal(reader.allocate(KeyKind::Proof)?, reason)?),
    };
    let frame = desk.write(vec![Event::Flood(settled)]).await?;
    tracing::info!(by = %word.by, lifted, frame, flood = %of, "a flood of STOPs is settled");
    let text = format!(
        "{of}: {lifted} may be written to again; the reason is kept, sealed, and no alarm is raised again\n"
    );
    let data = json!({"flood": of.to_string(), "lifted": lifted, "frame": frame});
    Ok(Answer::good(data, text))
}

/// Lifts them frame by frame; what something came between is not lifted, and neither is what follows.
async fn lift_all(desk: &Desk, all: &[Liftable], by: &str, reason: &str) -> Result<usize, Refusal> {
    let mut lifted = 0;
    for part in all.chunks(FRAME) {
        let done = lift(desk, part, by, reason).await;
        done.map_err(|e| Refusal {
            error: format!("{} ({lifted} of {} are lifted)", e.error, all.len()),
            ..e
        })?;
        lifted += part.len();
    }
    Ok(lifted)
}

/// Lifts a frame's worth of people, if each is still as they were shown.
async fn lift(desk: &Desk, part: &[Liftable], by: &str, reason: &str) -> Result<u64, Refusal> {
    let reader = desk.office.sequencer.reader();
    // One key for the whole part: the reason names nobody in particular.
    let key: KeyId = reader.allocate(KeyKind::Proof)?;
    let (mut events, mut expectations) = (Vec::new(), Vec::new());
    let mut sight = InSight::default();
    for one in part {
        events.push(Event::Lifted {
            person: one.person,
            by: by.to_owned(),
            note: Some(reader.seal(key, reason)?),
        });
        expectations.push(Expectation::Person {
            id: one.person,
            version: one.version,
        });
        // Whoever is not in the register was told to the tools by the address that wrote.
        if reader.state().contact(one.person)?.is_none() {
            sight.addresses.extend(asked_by(desk, one.case)?);
        }
    }
    let events = desk.with_notices(events, sight).await?;
    desk.commit(Proposal::new(events).expecting(expectations))
        .await
}

/// The address that asked in a case, if it can still be read.
fn asked_by(desk: &Desk, case: Option<CaseId>) -> Result<Option<Address>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let Some(row) = case.map(|c| reader.state().case(c)).transpose()?.flatten() else {
        return Ok(None);
    };
    let proof: Option<Proof> = match reader.event(row.position)? {
        Event::CaseOpened {
            proof: Some(proof), ..
        } => reader.open_sealed(&proof)?,
        _ => None,
    };
    Ok(proof.and_then(|p| p.from))
}
