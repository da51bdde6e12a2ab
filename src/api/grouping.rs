//! The person, not the address: a human makes two persons one, or one address a person of its own; and how both are shown.

use super::{Answer, Desk, Refusal, address, words};
use crate::record::{
    Contact, CrmId, Event, GroupRow, Grouping, PersonRow, Profile, TraceRow, Traced,
};
use crate::register;
use crate::service::{
    InSight, NotGrouped, Ordered, Proposal, Word, merge as merged, split as parted,
};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Two addresses that are one person's.
#[derive(Deserialize)]
pub struct Merge {
    first: String,
    second: String,
    by: String,
    #[serde(default)]
    reason: String,
}

/// An address that is somebody else's than those it was taken to belong with.
#[derive(Deserialize)]
pub struct Split {
    address: String,
    by: String,
    #[serde(default)]
    reason: String,
}

fn reasoned(reason: &str) -> Result<(), Refusal> {
    match reason.trim() {
        "" => Err(Refusal::unclear(
            "who somebody is changes for a reason",
            "say it with --reason, as an auditor should read it",
        )),
        _ => Ok(()),
    }
}

fn refused(why: NotGrouped) -> Refusal {
    let what = why.to_string();
    match why {
        NotGrouped::Store(trouble) => trouble.into(),
        NotGrouped::Unknown => Refusal::unknown(what, "look with `quitus contacts show`"),
        NotGrouped::Same => Refusal::not_now(what, "nothing is to be done"),
        NotGrouped::Erased(_) => Refusal::not_now(
            what,
            "erase the other, too, by a case of its own (`quitus requests new`), then merge them",
        ),
        NotGrouped::Only | NotGrouped::Inseparable => {
            Refusal::not_now(what, "`quitus contacts show` lists their addresses")
        }
    }
}

impl Desk {
    async fn group(&self, ordered: Ordered, sight: InSight) -> Result<u64, Refusal> {
        let events = self.with_notices(ordered.events, sight).await?;
        let proposal = Proposal::new(events).expecting(ordered.expectations);
        self.commit(proposal).await
    }
}

/// `quitus contacts merge`: the first person stays; what holds for either holds for them.
pub async fn merge(State(desk): State<Desk>, Json(order): Json<Merge>) -> Result<Answer, Refusal> {
    reasoned(&order.reason)?;
    let (first, second) = (address(&order.first)?, address(&order.second)?);
    let settings = desk.office.house.load().config.register.clone();
    let word = Word {
        by: &order.by,
        reason: &order.reason,
    };
    let reader = desk.office.sequencer.reader();
    let ordered = merged(reader, &settings, [&first, &second], word).map_err(refused)?;
    let person = ordered.person;
    let sight = InSight {
        addresses: vec![first, second],
        ..InSight::default()
    };
    let frame = desk.group(ordered, sight).await?;
    tracing::info!(by = %order.by, frame, "two persons were merged");
    let holds = reader.state().person(person)?.suppression;
    let holds = holds.map_or("may be written to".to_owned(), |s| {
        s.suppression.to_string()
    });
    let who = words::person(&person);
    let text = format!("one person now ({who}), {holds}; the reason is kept, sealed\n");
    Ok(Answer::good(
        json!({"person": person, "frame": frame}),
        text,
    ))
}

/// `quitus contacts split`: the address is a person of its own, suppressed as it was.
pub async fn split(State(desk): State<Desk>, Json(order): Json<Split>) -> Result<Answer, Refusal> {
    reasoned(&order.reason)?;
    let address = address(&order.address)?;
    let settings = desk.office.house.load().config.register.clone();
    let word = Word {
        by: &order.by,
        reason: &order.reason,
    };
    let reader = desk.office.sequencer.reader();
    let ordered = parted(reader, &settings, &address, word).map_err(refused)?;
    let person = ordered.person;
    let frame = desk.group(ordered, InSight::address(&address)).await?;
    tracing::info!(by = %order.by, frame, "an address became a person of its own");
    let holds = reader.state().person(person)?.suppression;
    let holds = holds.map_or("may be written to".to_owned(), |s| {
        format!("{} as before", s.suppression)
    });
    let who = words::person(&person);
    let text = format!(
        "{} is a person of its own now ({who}), {holds}; the reason is kept, sealed\n",
        order.address.trim()
    );
    Ok(Answer::good(
        json!({"person": person, "frame": frame}),
        text,
    ))
}

/// What a person is known by, in plain words where the register has them.
pub fn key_forms(
    desk: &Desk,
    contact: Option<&Contact>,
    (row, group): (&PersonRow, &GroupRow),
    text: &mut String,
) -> Result<Value, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let home = desk.office.house.load().config.controller.country.clone();
    let (mut known, mut all) = (Vec::new(), Vec::new());
    if let Some(contact) = contact {
        known.extend(
            register::identifying(keys, contact)
                .into_iter()
                .map(|(_, f)| f),
        );
        for address in &contact.addresses {
            all.push(("address", address.as_str().to_owned(), 0));
        }
        let page = contact.profile_url.as_deref().and_then(Profile::parse);
        all.extend(page.map(|p| ("profile", p.as_str().to_owned(), 0)));
        let id = contact.crm_id.as_deref().and_then(CrmId::parse);
        all.extend(id.map(|id| ("CRM id", id.as_str().to_owned(), 0)));
        for phone in register::phones(contact, &home) {
            let fingerprint = keys.of(&phone.key_form());
            let others = state.people_at(&fingerprint)?.len().saturating_sub(1);
            known.push(fingerprint);
            all.push(("telephone", phone.as_str().to_owned(), others));
        }
    }
    for (kind, value, others) in &all {
        let shared = match others {
            0 => String::new(),
            many => format!(" (shared with {many} others)"),
        };
        *text += &format!("known by   {kind} {value}{shared}\n");
    }
    let hidden = row.fingerprints.iter().chain(&group.phones);
    let hidden = hidden.filter(|f| !known.contains(f)).count();
    if hidden > 0 {
        *text +=
            &format!("known by   {hidden} key forms more, of which only fingerprints are kept\n");
    }
    let told = all
        .iter()
        .map(|(kind, value, others)| json!({"kind": kind, "value": value, "shared_with": others}));
    Ok(json!({"plain": told.collect::<Vec<_>>(), "fingerprints_only": hidden}))
}

/// What humans decided about who the person is, with their reasons.
pub fn trace(desk: &Desk, trace: &[TraceRow], text: &mut String) -> Result<Vec<Value>, Refusal> {
    let mut all = Vec::new();
    for row in trace {
        let other = words::person(&row.other);
        let what = match row.what {
            Traced::Merged => format!("merged with {other}"),
            Traced::Parted => format!("{other} was split off"),
            Traced::Left => format!("split off from {other}"),
        };
        let why = reason(desk, row)?;
        let said = why.as_deref().map(|w| format!(": {w}")).unwrap_or_default();
        *text += &format!("person     {what} on {} by {}{said}\n", row.at, row.by);
        all.push(json!({
            "what": row.what, "other": row.other, "by": row.by, "at": row.at.to_string(), "why": why,
        }));
    }
    Ok(all)
}

fn reason(desk: &Desk, row: &TraceRow) -> Result<Option<String>, Refusal> {
    let reader = desk.office.sequencer.reader();
    Ok(match reader.event(row.position)? {
        Event::Grouped(
            Grouping::Merged { why: Some(why), .. } | Grouping::Split { why: Some(why), .. },
        ) => reader.open_sealed(&why)?,
        _ => None,
    })
}
