//! What the machine proposes and a human decides: other people who were named (B4), the whole firm (B5), what a colleague
//! forwarded (B6), a sender whom nobody knows (B3).
//!
//! Carrying one out twice does nothing the second time; each decision stands in the log with who made it. A pause that was
//! made in doubt ends with the dismissal; a provider of private mailboxes is never suppressed as a firm.

use super::deciding::{as_read, decided, note};
use super::entering::received;
use super::requests::reference;
use super::{Answer, Desk, Refusal, address, draft, words};
use crate::record::{
    Address, CaseRow, Channel, Event, MessageState, Proposal as Proposed, Review, RuleId,
    Suppression, SuppressionReason, is_freemail_domain,
};
use crate::request::{Expectation, rule};
use crate::service::{
    CaseFile, DomainCounts, Entry, InSight, NotEntered, Proposal, count_domain, enter, known,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// A decision about a proposal.
#[derive(Deserialize)]
pub struct Decision {
    by: String,
    /// Why it is dismissed.
    #[serde(default)]
    reason: String,
    /// Who it is, where the proposal cannot tell.
    is: Option<String>,
    /// The day on which a forwarded request arrived, if not with the forward.
    received: Option<String>,
}

/// How many proposals nobody has decided.
pub fn undecided(row: &CaseRow) -> usize {
    let numbers = (0u16..).zip(&row.proposals);
    let open = numbers.filter(|(n, _)| row.review.settled(*n).is_none());
    open.count()
}

/// A proposal opened; nothing, once its key was erased.
fn open(desk: &Desk, case: &CaseFile, number: u16) -> Result<Option<Proposed>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let Some(position) = case.row.proposals.get(usize::from(number)) else {
        return Err(Refusal::unknown(
            format!("{} has no proposal {}", case.id, u32::from(number) + 1),
            "see `quitus requests show`",
        ));
    };
    match reader.event(*position)? {
        Event::Proposed {
            what: Some(sealed), ..
        } => Ok(reader.open_sealed(&sealed)?),
        _ => Ok(None),
    }
}

/// All proposals of a case, with their numbers, for people and programs.
pub fn tell(desk: &Desk, case: &CaseFile, text: &mut String) -> Result<Vec<Value>, Refusal> {
    let mut all = Vec::new();
    for (number, _) in (0u16..).zip(&case.row.proposals) {
        let Some(proposal) = open(desk, case, number)? else {
            continue;
        };
        let (n, said) = (u32::from(number) + 1, in_words(&proposal));
        let state = match case.row.review.settled(number) {
            None => "proposed",
            Some(true) => "accepted",
            Some(false) => "dismissed",
        };
        *text += &format!("{state:<10} {n}. {said}\n");
        all.push(json!({"number": n, "state": state, "text": said, "proposal": proposal}));
    }
    if undecided(&case.row) > 0 {
        let id = case.id;
        *text +=
            &format!("           quitus requests accept {id} N, or dismiss {id} N --reason …\n");
    }
    Ok(all)
}

/// What is proposed, in a sentence.
pub fn in_words(proposal: &Proposed) -> String {
    match proposal {
        Proposed::Address { address, words } => {
            format!("suppress {} too: \"{words}\"", address.as_str())
        }
        Proposed::Domain {
            domain,
            contacts,
            not_prospects,
        } => format!(
            "suppress the whole firm @{domain} (paused until you decide): {contacts} contacts, {not_prospects} of them not plain prospects"
        ),
        Proposed::Forwarded { from, kinds } => {
            let from = from
                .as_ref()
                .map_or("somebody (say who with --is)", |a| a.as_str());
            let kinds = words::kinds(kinds);
            format!("open a case for what {from} asked a colleague: {kinds}")
        }
        Proposed::UnknownSender { from } => format!(
            "{} is nobody of the register: if you know who it is, suppress them too with --is ADDRESS",
            from.as_str()
        ),
    }
}

/// The rule by which it was proposed.
fn rule_of(proposal: &Proposed) -> RuleId {
    match proposal {
        Proposed::Address { .. } => rule::OTHERS,
        Proposed::Domain { .. } => rule::WHOLE_FIRM,
        Proposed::Forwarded { .. } => rule::COLLEAGUE,
        Proposed::UnknownSender { .. } => rule::STRANGER,
    }
}

/// What a decision comes to.
#[derive(Default)]
struct Outcome {
    events: Vec<Event>,
    expectations: Vec<Expectation>,
    text: String,
    /// Of whom the events are, for the tools that send.
    sight: InSight,
}

/// `quitus requests accept`.
pub async fn accept(
    State(desk): State<Desk>,
    Path((case, number)): Path<(String, u16)>,
    Json(word): Json<Decision>,
) -> Result<Answer, Refusal> {
    let (case, number) = (draft::case(&desk, reference(&case)?)?, place(number)?);
    let proposal = open(&desk, &case, number)?;
    if let Some(answer) = before(&case, number, true)? {
        return Ok(answer);
    }
    let proposal = proposal.ok_or_else(|| {
        Refusal::not_now("what was proposed is erased", "dismiss it with a reason")
    })?;
    let outcome = match &proposal {
        Proposed::Address { address, .. } => named(&desk, &case, address)?,
        Proposed::UnknownSender { from } => stranger(&desk, &case, from, &word)?,
        Proposed::Domain { domain, .. } => firm(&desk, &case, domain).await?,
        Proposed::Forwarded { from, kinds } => {
            let of_word = word.is.as_deref().map(address).transpose()?;
            let from = of_word.or_else(|| from.clone());
            forwarded(&desk, &case, from, kinds, &word)?
        }
    };
    let rule = rule_of(&proposal);
    settle(&desk, &case, (number, rule), (true, &word), outcome).await
}

/// `quitus requests dismiss`.
pub async fn dismiss(
    State(desk): State<Desk>,
    Path((case, number)): Path<(String, u16)>,
    Json(word): Json<Decision>,
) -> Result<Answer, Refusal> {
    if word.reason.trim().is_empty() {
        return Err(Refusal::unclear(
            "a proposal is dismissed for a reason",
            "say it with --reason, as an auditor should read it",
        ));
    }
    let (case, number) = (draft::case(&desk, reference(&case)?)?, place(number)?);
    let proposal = open(&desk, &case, number)?;
    if let Some(answer) = before(&case, number, false)? {
        return Ok(answer);
    }
    let mut outcome = Outcome {
        text: "dismissed".into(),
        ..Outcome::default()
    };
    let rule = proposal.as_ref().map_or(rule::OTHERS, rule_of);
    if let Some(Proposed::Domain { domain, .. }) = proposal {
        let reader = desk.office.sequencer.reader();
        let name = domain;
        let domain = reader.fingerprinter().of_domain(&name);
        let row = reader.state().domain(&domain)?;
        let of_this = |s: &crate::record::SuppressionRow| {
            s.suppression == Suppression::Paused && s.case == Some(case.id)
        };
        if row.is_some_and(|s| of_this(&s)) {
            let by = word.by.clone();
            outcome.sight.domains.push(name);
            outcome.events.push(Event::DomainLifted { domain, by });
            outcome.text += "; the pause of the firm is lifted, its people may be written to";
        }
    }
    settle(&desk, &case, (number, rule), (false, &word), outcome).await
}

/// People count from one.
fn place(number: u16) -> Result<u16, Refusal> {
    number
        .checked_sub(1)
        .ok_or_else(|| Refusal::unclear("proposals count from 1", "see `quitus requests show`"))
}

/// What was decided before: the same again is no mistake and does nothing.
fn before(case: &CaseFile, number: u16, accepted: bool) -> Result<Option<Answer>, Refusal> {
    match case.row.review.settled(number) {
        None => Ok(None),
        Some(was) if was == accepted => {
            let text = format!("{}: it was done before; nothing changed\n", case.id);
            let data = json!({"case": case.id.to_string(), "changed": false});
            Ok(Some(Answer::good(data, text)))
        }
        Some(_) => Err(Refusal::not_now(
            format!(
                "proposal {} was decided the other way",
                u32::from(number) + 1
            ),
            "use `quitus suppression add` or `lift` with a reason",
        )),
    }
}

/// B4: this person too.
fn named(desk: &Desk, case: &CaseFile, address: &Address) -> Result<Outcome, Refusal> {
    let known = known(desk.office.sequencer.reader(), address)?;
    let (person, fingerprints) = (known.person, known.fingerprints);
    let mut outcome = Outcome {
        text: format!("{} is suppressed", address.as_str()),
        ..Outcome::default()
    };
    outcome.expectations.push(Expectation::Person {
        id: person,
        version: known.row.version,
    });
    if !fingerprints.is_empty() {
        outcome.events.push(Event::Recognised {
            person,
            fingerprints,
        });
    }
    outcome.events.push(Event::Suppressed {
        person,
        suppression: Suppression::Suppressed,
        reason: SuppressionReason::ByHand,
        case: Some(case.id),
    });
    outcome.sight.addresses.push(address.clone());
    Ok(outcome)
}

/// B3: the sender is somebody of the register under another address.
fn stranger(
    desk: &Desk,
    case: &CaseFile,
    from: &Address,
    word: &Decision,
) -> Result<Outcome, Refusal> {
    let Some(is) = &word.is else {
        return Err(Refusal::unclear(
            format!("who is {}?", from.as_str()),
            "say it with --is ADDRESS, or dismiss the proposal",
        ));
    };
    named(desk, case, &address(is)?)
}

/// B5: the pause of the firm becomes a suppression; with its counts, counted now.
async fn firm(desk: &Desk, case: &CaseFile, domain: &str) -> Result<Outcome, Refusal> {
    if is_freemail_domain(domain) {
        return Err(Refusal::not_now(
            format!("@{domain} is a provider of private mailboxes: no firm speaks through it"),
            "dismiss the proposal",
        ));
    }
    let (reader, name) = (desk.office.sequencer.reader().clone(), domain.to_owned());
    let counting = tokio::task::spawn_blocking(move || count_domain(&reader, &name)).await;
    let counts: DomainCounts = counting.map_err(|e| Refusal::broken(e.to_string()))??;
    let fingerprint = desk.office.keys().of_domain(domain);
    let by_relation = counts.iter().map(|(r, n)| format!("{n} {r}"));
    let by_relation = by_relation.collect::<Vec<_>>().join(", ");
    let of = match by_relation.is_empty() {
        true => "nobody of it is in the register".to_owned(),
        false => format!("in the register: {by_relation}"),
    };
    Ok(Outcome {
        events: vec![Event::DomainSuppressed {
            domain: fingerprint,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::WholeFirm,
            case: Some(case.id),
        }],
        sight: InSight {
            domains: vec![domain.to_owned()],
            ..InSight::default()
        },
        text: format!("@{domain} is suppressed; {of}"),
        ..Outcome::default()
    })
}

/// B6: a case of its own for the person who asked the colleague.
fn forwarded(
    desk: &Desk,
    case: &CaseFile,
    from: Option<Address>,
    kinds: &[crate::record::RequestKind],
    word: &Decision,
) -> Result<Outcome, Refusal> {
    let Some(from) = from else {
        return Err(Refusal::unclear(
            "the forwarded mail does not tell who asked",
            "say it with --is ADDRESS",
        ));
    };
    let day = word.received.as_deref();
    let with = case.messages.first().map(|(_, row, _)| row.received);
    let received = match day.map(|d| received(desk, d)).transpose()? {
        Some(day) => day,
        None => with.unwrap_or(case.row.opened),
    };
    let entry = Entry {
        scans: Vec::new(),
        postal: None,
        kinds: kinds.to_vec(),
        address: Some(from),
        person: None,
        received,
        channel: Channel::Forwarded,
        language: case.row.language,
        by: word.by.clone(),
        note: None,
        previous: Some(case.id),
    };
    match enter(&desk.office, &desk.office.house.load_full(), &entry) {
        Ok(entered) => Ok(Outcome {
            text: match entered.kinds.is_empty() {
                true => format!("{} is open for this already", entered.case),
                false => format!("opened {}, due {}", entered.case, entered.due),
            },
            events: entered.events,
            expectations: entered.expectations,
            ..Outcome::default()
        }),
        Err(NotEntered::Open(open)) => Ok(Outcome {
            text: format!("{open} is open for this already"),
            ..Outcome::default()
        }),
        Err(NotEntered::Trouble(e)) => Err(e.into()),
    }
}

/// Writes the decision down with what it entails; a case in which nothing else waits is closed.
async fn settle(
    desk: &Desk,
    case: &CaseFile,
    (number, rule): (u16, RuleId),
    (accepted, word): (bool, &Decision),
    mut outcome: Outcome,
) -> Result<Answer, Refusal> {
    let reason = word.reason.trim();
    let sealed = match reason.is_empty() {
        true => None,
        false => note(desk, case.row.proof_key, reason)?,
    };
    outcome
        .events
        .push(Event::Reviewed(Review::ProposalSettled {
            case: case.id,
            number,
            accepted,
            by: word.by.clone(),
            note: sealed,
        }));
    let waits = case.open_requests().next().is_some()
        || case.drafts().next().is_some()
        || undecided(&case.row) > 1;
    if !waits && case.row.closed.is_none() {
        let (state, by) = (MessageState::Acted, word.by.clone());
        outcome.events.extend(decided(case, state, rule));
        outcome.events.push(Event::CaseClosed { case: case.id, by });
    }
    outcome.expectations.extend(as_read(case));
    let events = desk.with_notices(outcome.events, outcome.sight).await?;
    let proposal = Proposal::new(events).expecting(outcome.expectations);
    let frame = desk.commit(proposal).await?;
    let text = format!("{}: {}\n", case.id, outcome.text);
    let data =
        json!({"case": case.id.to_string(), "changed": true, "accepted": accepted, "frame": frame});
    Ok(Answer::good(data, text))
}
