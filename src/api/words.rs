//! Each event of the log in a sentence for a reviewer, without personal data: people are short keyed ids, content stays sealed.
//!
//! Whoever must know who a person is asks for that very person (`quitus contacts show`, `quitus requests show`).

mod canary;
mod fates;
mod grouping;
mod learning;
mod notes;
mod notices;
mod recipients;
mod review;
mod templates;
mod watch;

use crate::record::{
    Event, LetterHead, PersonId, RequestKind, RequestState, RuleId, SmtpReply, SuppressionReason,
    hex,
};

/// One event in words.
pub struct Told {
    /// What kind of event.
    pub event: &'static str,
    /// What happened.
    pub what: String,
    /// The rule that decided it.
    pub rule: Option<RuleId>,
}

/// A person, as the log names them.
pub fn person(id: &PersonId) -> String {
    format!("person {}", hex(&id.0[..4]))
}

/// Requests, in their order.
pub fn kinds(all: &[RequestKind]) -> String {
    let words: Vec<&str> = all.iter().map(|k| k.word()).collect();
    words.join(" + ")
}

/// Why somebody is suppressed.
pub fn reason(reason: &SuppressionReason) -> String {
    match reason {
        SuppressionReason::Request(kind) => format!("they asked ({kind})"),
        SuppressionReason::NotInterested => "not interested".into(),
        SuppressionReason::Unclear => "in doubt, until a human has looked".into(),
        SuppressionReason::FeedbackReport => "they pressed \"spam\"".into(),
        SuppressionReason::Departed => "has left, is ill or has died".into(),
        SuppressionReason::Undeliverable => "the address does not exist".into(),
        SuppressionReason::WholeFirm => "somebody spoke for the whole firm".into(),
        SuppressionReason::Imported => "came with a list".into(),
        SuppressionReason::ByHand => "a human did it".into(),
        SuppressionReason::OptedOut => "they opted out in a tool that sends".into(),
    }
}

/// Says it.
pub fn tell(event: &Event) -> Told {
    let (event, what, rule) = house(event)
        .or_else(|| message(event))
        .or_else(|| people(event))
        .or_else(|| case(event))
        .or_else(|| letter(event))
        .or_else(|| register(event))
        .or_else(|| review::tell(event))
        .or_else(|| watch::tell(event))
        .or_else(|| notices::tell(event))
        .or_else(|| grouping::tell(event))
        .or_else(|| recipients::tell(event))
        .or_else(|| templates::tell(event))
        .or_else(|| learning::tell(event))
        .or_else(|| notes::tell(event))
        .or_else(|| canary::tell(event))
        .unwrap_or(("event", "an event of a newer version".into(), None));
    Told { event, what, rule }
}

type Said = Option<(&'static str, String, Option<RuleId>)>;

fn house(event: &Event) -> Said {
    Some(match event {
        Event::Opened { version, .. } => {
            ("opened", format!("quitus {version} began to write"), None)
        }
        Event::ModeSet { mode, since, by } => {
            ("mode", format!("{mode} since {since}, by {by}"), None)
        }
        Event::FolderOpened {
            mailbox,
            name,
            uidvalidity,
            ..
        } => {
            let what = format!("{name} of mailbox {mailbox}, UIDVALIDITY {uidvalidity}");
            ("folder", what, None)
        }
        Event::Gone { uids, .. } => {
            let ranges = uids.ranges().iter();
            let many: u64 = ranges.map(|(low, high)| u64::from(high - low) + 1).sum();
            let what = format!("{many} messages were gone before they were read");
            ("gone", what, None)
        }
        Event::ReadFailed { location, .. } => {
            let what = format!("UID {} could not be read this time", location.uid);
            ("read failed", what, None)
        }
        Event::ForeignInstance { .. } => (
            "foreign",
            "another installation answers this mailbox".into(),
            None,
        ),
        Event::DigestMade { .. } => ("digest", "the reviewers' digest was queued".into(), None),
        Event::Checkpointed { frame, .. } => {
            ("checkpoint", format!("all rows after frame {frame}"), None)
        }
        Event::KeysErased { keys } => {
            let what = format!("{} keys: what they sealed is unreadable now", keys.len());
            ("keys erased", what, None)
        }
        _ => return None,
    })
}

fn message(event: &Event) -> Said {
    Some(match event {
        Event::Received {
            message,
            received,
            person: who,
            verdict,
            reading,
            rule,
            ..
        } => {
            let who = who.as_ref().map_or("nobody known".into(), person);
            let what = format!(
                "message {} of {received} from {who}; answer: {verdict}, read: {reading}",
                message.short()
            );
            ("received", what, Some(rule.clone()))
        }
        Event::Joined { message, rule, .. } => (
            "joined",
            format!("message {} lies in another place too", message.short()),
            Some(rule.clone()),
        ),
        Event::Passed { location } => {
            let what = format!("UID {} is nothing for us", location.uid);
            ("passed", what, None)
        }
        Event::Decided {
            message,
            state,
            rule,
            case,
        } => {
            let of = case.map(|c| format!(", case {c}")).unwrap_or_default();
            let what = format!("message {} is {state}{of}", message.short());
            ("decided", what, Some(rule.clone()))
        }
        Event::Died { message, rule, .. } => (
            "died",
            format!("message {} could not be read", message.short()),
            Some(rule.clone()),
        ),
        _ => return None,
    })
}

fn people(event: &Event) -> Said {
    let plain = |name, what| Some((name, what, None));
    match event {
        Event::Recognised {
            person: who,
            fingerprints,
        } => plain(
            "recognised",
            format!("{} by {} fingerprints", person(who), fingerprints.len()),
        ),
        Event::Suppressed {
            person: who,
            suppression,
            reason: why,
            ..
        } => {
            let what = format!("{} is {suppression}: {}", person(who), reason(why));
            plain("suppressed", what)
        }
        Event::Lifted {
            person: who, by, ..
        } => plain(
            "lifted",
            format!("{} may be written to again, by {by}", person(who)),
        ),
        Event::DomainSuppressed {
            suppression,
            reason: why,
            ..
        } => plain(
            "domain",
            format!("a whole domain is {suppression}: {}", reason(why)),
        ),
        Event::DomainLifted { by, .. } => plain(
            "domain lifted",
            format!("a domain may be written to again, by {by}"),
        ),
        Event::Proposed { rule, .. } => Some((
            "proposed",
            "something for a reviewer to decide".into(),
            Some(rule.clone()),
        )),
        Event::AddressFailed {
            person: who, until, ..
        } => plain(
            "address failed",
            format!(
                "mail to {} comes back; letters are held until {until}",
                person(who)
            ),
        ),
        Event::Spoke { person: who, .. } => {
            plain("spoke", format!("{} wrote these words", person(who)))
        }
        _ => None,
    }
}

/// A state's word as it stands in a sentence.
fn spaced(state: RequestState) -> String {
    state.word().replace('_', " ")
}

fn case(event: &Event) -> Said {
    let plain = |name, what| Some((name, what, None));
    match event {
        Event::CaseOpened {
            case, person: who, ..
        } => {
            let who = who.as_ref().map_or("nobody known".into(), person);
            plain("case", format!("{case} begins, for {who}"))
        }
        Event::RequestOpened {
            case, request, due, ..
        } => plain("request", format!("{request} in {case}, due {due}")),
        Event::RequestMoved {
            case,
            request,
            state,
            by,
        } => plain(
            "request",
            format!("{request} in {case} is {}, by {by}", spaced(*state)),
        ),
        Event::RequestExtended {
            case,
            request,
            due,
            by,
        } => plain(
            "extended",
            format!("{request} in {case} is due {due}, by {by}"),
        ),
        Event::Reminded { case, request, .. } => {
            plain("reminded", format!("{request} again in {case}"))
        }
        Event::MessageAdded { case, message } => plain(
            "message added",
            format!("message {} belongs to {case}", message.short()),
        ),
        Event::CaseHeld { case, rule } => Some((
            "case held",
            format!("{case} waits for a human"),
            Some(rule.clone()),
        )),
        Event::CaseReleased { case, by, .. } => plain("case released", format!("{case}, by {by}")),
        Event::CaseClosed { case, by } => plain("case closed", format!("{case}, by {by}")),
        Event::LegalHold { case, on, by } => {
            let word = if *on { "kept" } else { "no longer kept" };
            plain(
                "legal hold",
                format!("the proof of {case} is {word}, by {by}"),
            )
        }
        _ => None,
    }
}

/// A letter by its case and step.
fn name(letter: &crate::record::LetterId) -> String {
    format!("letter {letter}")
}

fn letter(event: &Event) -> Said {
    let head = |h: &LetterHead| format!("{} ({}: {})", name(&h.letter), h.kind, kinds(&h.answers));
    let plain = |event, what| Some((event, what, None));
    match event {
        Event::LetterDrafted { head: h, rule } => Some((
            "letter drafted",
            format!("{} waits for a human", head(h)),
            Some(rule.clone()),
        )),
        Event::LetterQueued {
            head: h,
            not_before,
            by,
            ..
        } => plain(
            "letter queued",
            format!("{}, not before {not_before}, by {by}", head(h)),
        ),
        Event::LetterHeld { letter, rule } => {
            Some(("letter held", name(letter), Some(rule.clone())))
        }
        Event::LetterCancelled { letter, rule, by } => Some((
            "letter cancelled",
            format!("{}, by {by}", name(letter)),
            Some(rule.clone()),
        )),
        _ => journey(event),
    }
}

/// What became of a letter on its way. The server's words are not repeated: they may name people.
fn journey(event: &Event) -> Said {
    let phase = |r: &SmtpReply| format!(": {}", r.phase);
    let plain = |event, what| Some((event, what, None));
    match event {
        Event::LetterSending { letter } => plain("letter sending", name(letter)),
        Event::LetterSent { letter, .. } => plain(
            "letter sent",
            format!("{}: the server took it", name(letter)),
        ),
        Event::LetterDeferred {
            letter,
            reply,
            next,
        } => plain(
            "letter deferred",
            format!("{}{}, again at {next}", name(letter), phase(reply)),
        ),
        Event::LetterRejected { letter, reply } => {
            plain("letter rejected", name(letter) + &phase(reply))
        }
        Event::LetterUncertain { letter, reply } => plain(
            "letter uncertain",
            format!("{} perhaps left{}", name(letter), phase(reply)),
        ),
        Event::LetterBounced { letter, .. } => plain("letter bounced", name(letter)),
        Event::Filed(step) => plain("filed", fates::filing(step)),
        Event::LetterJudged(judgement) => plain("letter judged", fates::judged(judgement)),
        _ => None,
    }
}

fn register(event: &Event) -> Said {
    let plain = |event, what| Some((event, what, None));
    match event {
        Event::ImportBegun { import, .. } => plain("import", format!("list {import} begins")),
        Event::ContactStored {
            person: who,
            import,
            ..
        } => plain(
            "contact stored",
            format!("{} from list {import}", person(who)),
        ),
        Event::ImportEnded {
            import,
            stored,
            unchanged,
            refused,
        } => plain(
            "import",
            format!(
                "list {import} ended: {stored} stored, {unchanged} unchanged, {refused} refused"
            ),
        ),
        Event::ContactErased { person: who, .. } => plain("contact erased", person(who)),
        Event::SentSeen { to, at, .. } => {
            let to: Vec<String> = to.iter().map(person).collect();
            plain("sent seen", format!("a mail of {at} to {}", to.join(", ")))
        }
        Event::MailAfterStop {
            person: who, at, ..
        } => plain(
            "mail after stop",
            format!("a mail of {at} to {}, who is suppressed", person(who)),
        ),
        Event::IncidentSeen { by, .. } => {
            plain("incident seen", format!("a mail after a stop, by {by}"))
        }
        _ => None,
    }
}
