//! Reports about mails of ours: what was delivered (RFC 3464), read (RFC 8098), or called spam (RFC 5965).
//!
//! The fields are parsed here, because mail-parser hands these parts over as bytes. Hosts that bounce in prose only
//! (qmail, Exim, old gateways) are understood as far as their text names the address and says why.

use super::fields::{self, Fields};
use super::fresh::Body;
use super::mime::Part;
use super::{DeliveryStatus, InboundMessage, Limits, Notice, Report, notice};
use crate::record::Address;

/// The report that the message is, if it is one.
pub(super) fn find(
    parts: &[Part<'_>],
    message: &InboundMessage,
    bodies: &[Body],
    limits: &Limits,
) -> Option<Report> {
    let part = |kinds: &[&str]| {
        parts
            .iter()
            .find(|p| kinds.contains(&p.kind.essence.as_str()))
    };
    let original = part(&[
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
    ]);
    let original_bytes = original.map(|p| p.bytes(limits)).unwrap_or_default();
    let (original, _) = fields::split(&original_bytes, limits);
    let original_id = original.first("message-id").and_then(|v| id(v, limits));
    if let Some(p) = part(&["message/feedback-report"]) {
        return Some(feedback(&p.bytes(limits), &original, original_id, limits));
    }
    if is_complaint(message, &original) {
        return Some(feedback(&[], &original, original_id, limits));
    }
    if let Some(p) = part(&["message/disposition-notification"]) {
        let bytes = p.bytes(limits);
        let (fields, _) = fields::split(&bytes, limits);
        let original_id = fields
            .first("original-message-id")
            .and_then(|v| id(v, limits))
            .or(original_id);
        return Some(Report::Disposition { original_id });
    }
    if let Some(p) = part(&["message/delivery-status", "message/global-delivery-status"]) {
        let recipients = delivery(&p.bytes(limits), limits);
        return Some(Report::Delivery {
            recipients,
            original_id,
        });
    }
    in_prose(message, bodies, original_id, limits)
}

fn id(value: &[u8], limits: &Limits) -> Option<String> {
    fields::ids(value, limits).into_iter().next()
}

/// Blocks of fields, an empty line between them; the first is about the message, each other about one recipient.
fn delivery(bytes: &[u8], limits: &Limits) -> Vec<DeliveryStatus> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() && found.len() < limits.list_entries {
        let (block, after) = fields::split(rest, limits);
        let moved = after.len() < rest.len();
        let has = |name: &str| block.first(name).is_some();
        if has("action") || has("final-recipient") || has("status") {
            found.push(recipient(&block, limits));
        }
        if !moved {
            break;
        }
        rest = after;
    }
    found
}

fn recipient(block: &Fields<'_>, limits: &Limits) -> DeliveryStatus {
    let address = |name: &str| typed_address(&fields::text(block.first(name)?, limits));
    let word = |name: &str| {
        block
            .first(name)
            .map(|v| fields::text(v, limits).to_ascii_lowercase())
            .unwrap_or_default()
    };
    let status = status_code(&word("status"))
        .or_else(|| status_code(&word("diagnostic-code")))
        .unwrap_or_default();
    let action = word("action");
    DeliveryStatus {
        recipient: address("original-recipient").or_else(|| address("final-recipient")),
        failed: action.starts_with("failed") || (action.is_empty() && status.starts_with('5')),
        status,
    }
}

/// `rfc822; a@b.de`, as RFC 3464 2.3.1 types it; brackets and a missing type are forgiven.
fn typed_address(value: &str) -> Option<Address> {
    let bare = value.split_once(';').map_or(value, |(_, a)| a);
    Address::parse(bare.trim().trim_matches(['<', '>'])).ok()
}

/// The first `5.1.1` in a text.
fn status_code(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|w| w.trim_matches('.'))
        .find(|w| {
            let mut n = w.split('.');
            let class = matches!(n.next(), Some("2" | "4" | "5"));
            let digits = |s: Option<&str>| s.is_some_and(|d| (1..=3).contains(&d.len()));
            class && digits(n.next()) && digits(n.next()) && n.next().is_none()
        })
        .map(str::to_owned)
}

/// Names the recipient in a complaint of Microsoft's programme, which is older than RFC 5965.
const COMPLAINED: &str = "x-hmxmroriginalrecipient";

/// A complaint without a `message/feedback-report`: the type alone says so, or the whole returned mail with that field.
fn is_complaint(message: &InboundMessage, original: &Fields<'_>) -> bool {
    let typed = message
        .signs
        .content_type
        .ends_with("report-type=feedback-report");
    let titled = message
        .subject
        .to_lowercase()
        .starts_with("complaint about message from");
    typed || (titled && original.first(COMPLAINED).is_some())
}

fn feedback(
    bytes: &[u8],
    original: &Fields<'_>,
    original_id: Option<String>,
    limits: &Limits,
) -> Report {
    let (fields, _) = fields::split(bytes, limits);
    let named = ["original-rcpt-to", "removal-recipient"]
        .iter()
        .find_map(|n| typed_address(&fields::text(fields.first(n)?, limits)));
    let to = || {
        let returned = original
            .first(COMPLAINED)
            .or_else(|| original.first("to"))?;
        let (found, _) = fields::mailboxes(returned, limits);
        (found.len() == 1)
            .then(|| found.into_iter().next().map(|(a, _)| a))
            .flatten()
    };
    Report::Feedback {
        recipient: named.or_else(to),
        original_id,
    }
}

/// Bounces without RFC 3464: `X-Failed-Recipients` (Exim, Gmail), or prose from a mail server.
fn in_prose(
    message: &InboundMessage,
    bodies: &[Body],
    original_id: Option<String>,
    limits: &Limits,
) -> Option<Report> {
    let failed = &message.signs.failed_recipients;
    let from = message
        .signs
        .first("from")
        .unwrap_or("")
        .to_ascii_lowercase();
    let daemon = from.contains("mailer-daemon") || from.contains("mailer_daemon");
    if failed.is_empty() && !daemon && message.signs.notice != Some(Notice::Sure) {
        return None;
    }
    let text = bodies.first().map(Body::as_text).unwrap_or_default();
    let original_id = original_id.or_else(|| {
        let line = text.lines().find(|l| {
            l.get(..11)
                .is_some_and(|n| n.eq_ignore_ascii_case("message-id:"))
        })?;
        id(&line.as_bytes()[11..], limits)
    });
    let status = status_code(&text).unwrap_or_else(|| notice::status_in_words(&text).into());
    let soft = status.starts_with('4') || (status.is_empty() && notice::is_late(&text));
    let mut recipients: Vec<Address> = failed.clone();
    if recipients.is_empty() {
        recipients.extend(notice::first_addresses(&text));
    }
    if recipients.is_empty() {
        let ours = |a: &Address| message.to.iter().any(|t| t.same_person(a));
        recipients.extend(notice::any_addresses(&text).filter(|a| !ours(a)));
        recipients.truncate(1);
    }
    let recipients = recipients.into_iter().map(|recipient| DeliveryStatus {
        recipient: Some(recipient),
        failed: !soft,
        status: if status.is_empty() && !failed.is_empty() {
            "5.0.0".into()
        } else {
            status.clone()
        },
    });
    Some(Report::Delivery {
        recipients: recipients.collect(),
        original_id,
    })
}
