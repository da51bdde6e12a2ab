//! Raw bytes become an [`InboundMessage`], within bounds, without ever failing on damage.
//!
//! Three things make a message unreadable (A0): it has no header, it has not exactly one From mailbox that could be
//! answered, or it went round in circles. Everything else is a [`Defect`] beside what could be read. Display names are
//! read and shown, and decide nothing. Bounces may lack a usable From: they are never answered anyway, and what they
//! report must not be lost.

use super::fields::{self, Fields};
use super::fresh::{self, Body, OurLines, Typist};
use super::mime::{Part, Walk};
use super::{
    Defect, ElidedKind, House, InboundMessage, Limits, Signs, Unreadable, enclosed, notice, report,
};
use crate::record::Address;

/// Reads one message.
///
/// `house` tells which groups rewrite From on our behalf; without it no rewritten From is undone. `ours` knows the
/// lines of mails that we sent, so that they are not taken for the person's own words (B2).
///
/// # Errors
/// [`Unreadable`]: the message is dead, and a human looks (A0).
pub fn read(
    raw: &[u8],
    limits: &Limits,
    house: Option<&House>,
    ours: &dyn OurLines,
) -> Result<InboundMessage, Unreadable> {
    let seen = &raw[..raw.len().min(limits.octets)];
    let start = seen.iter().position(|b| !b.is_ascii_whitespace());
    let seen = &seen[start.unwrap_or(seen.len())..];
    let (fields, body) = fields::split(seen, limits);
    if fields.list.is_empty() {
        return Err(Unreadable::NotAMessage);
    }
    if seen.len() - body.len() > limits.header_octets {
        return Err(Unreadable::TooLarge(raw.len() as u64));
    }
    let mut message = InboundMessage {
        signs: signs(&fields, limits),
        ..InboundMessage::default()
    };
    if message.signs.hops > limits.hops {
        return Err(Unreadable::Hops(message.signs.hops));
    }
    let beyond = raw.get(limits.octets..).unwrap_or_default();
    if !beyond.is_empty() {
        message.defects.push(Defect::Truncated);
    }
    headers(&fields, limits, &mut message);
    let mut walk = Walk::new(limits);
    walk.entity(fields.clone(), body, 0, None);
    message.defects.append(&mut walk.defects);
    let bodies = bodies(&walk.parts, limits, &mut message);
    let from = message.signs.first("from").unwrap_or_default();
    let text = bodies.first().map(Body::as_text).unwrap_or_default();
    let answers = !message.in_reply_to.is_empty();
    let machine = is_marked_by_a_machine(&message.signs, &walk.parts);
    message.signs.notice = notice::judge(from, &message.subject, &text, answers, machine);
    message.report = report::find(&walk.parts, &message, &bodies, limits);
    who_wrote(&fields, limits, house, &mut message)?;
    let typist = Typist::new(message.from_name.as_deref(), message.from.as_ref());
    message.fresh = fresh::fresh(&bodies, &typist, ours);
    note_unread(&mut message, &walk.parts, beyond);
    Ok(message)
}

/// What no person's mail has: no Return-Path, a part for machines, the header of a server that reports, a daemon's address.
fn is_marked_by_a_machine(signs: &Signs, parts: &[Part<'_>]) -> bool {
    let report = |p: &Part<'_>| p.kind.essence.ends_with("delivery-status");
    let from = signs.first("from").unwrap_or_default().to_lowercase();
    let daemons = ["mailer-daemon", "mailer_daemon", "mailerdaemon"];
    signs.return_path.as_deref() == Some("")
        || signs.content_type.starts_with("multipart/report")
        || !signs.failed_recipients.is_empty()
        || parts.iter().any(report)
        || daemons.iter().any(|d| from.contains(d))
}

/// What of the texts nobody sees: it lies beyond the bounds, or a portal shows it to whoever has its link.
fn note_unread(message: &mut InboundMessage, parts: &[Part<'_>], beyond: &[u8]) {
    let has = |defect: &Defect| message.defects.contains(defect);
    let last_is_text = || parts.last().is_some_and(Part::is_text);
    let cut = !beyond.is_empty() && (last_is_text() || names_a_text(beyond));
    // What is quoted is cut without loss: who answers below 256 KiB of it is not known.
    let quotes = |k: ElidedKind| matches!(k, ElidedKind::Quotation | ElidedKind::Forwarded);
    let quoted = message.fresh.elided.iter().any(|e| quotes(e.kind));
    let long = beyond.is_empty() && has(&Defect::Truncated) && !quoted;
    let portal = !has(&Defect::Encrypted) && enclosed::is_of_a_portal(&message.fresh.text);
    if cut || long {
        note(message, Defect::UnreadText);
    }
    if portal {
        note(message, Defect::Encrypted);
    }
}

fn note(message: &mut InboundMessage, defect: Defect) {
    if !message.defects.contains(&defect) {
        message.defects.push(defect);
    }
}

/// Whether the header of a part that is a text begins in it.
fn names_a_text(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"content-type:";
    bytes.split(|b| *b == b'\n').any(|line| {
        let named = line.get(..NAME.len());
        let named = named.is_some_and(|n| n.eq_ignore_ascii_case(NAME));
        let kind = || line[NAME.len()..].trim_ascii_start();
        named
            && kind()
                .get(..5)
                .is_some_and(|k| k.eq_ignore_ascii_case(b"text/"))
    })
}

fn signs(fields: &Fields<'_>, limits: &Limits) -> Signs {
    let kind = fields.media_type();
    let report_type = kind.parameter("report-type").unwrap_or("");
    let content_type = if report_type.is_empty() {
        kind.essence.clone()
    } else {
        format!(
            "{}; report-type={}",
            kind.essence,
            report_type.to_ascii_lowercase()
        )
    };
    let name = |n: &[u8]| String::from_utf8_lossy(n).to_ascii_lowercase();
    Signs {
        return_path: fields.first("return-path").map(|v| {
            let text = fields::text(v, limits);
            text.trim_matches(['<', '>', ' ']).to_owned()
        }),
        headers: fields
            .list
            .iter()
            .map(|f| (name(f.name), fields::text(f.value, limits)))
            .collect(),
        content_type,
        hops: fields.all("received").count(),
        failed_recipients: fields
            .all("x-failed-recipients")
            .flat_map(|v| addresses(v, limits))
            .collect(),
        notice: None,
    }
}

fn addresses(value: &[u8], limits: &Limits) -> Vec<Address> {
    let (found, _) = fields::mailboxes(value, limits);
    found.into_iter().map(|(a, _)| a).collect()
}

fn headers(fields: &Fields<'_>, limits: &Limits, m: &mut InboundMessage) {
    let lists = |name: &str| -> Vec<Address> {
        let mut all: Vec<Address> = fields
            .all(name)
            .flat_map(|v| addresses(v, limits))
            .collect();
        all.truncate(limits.list_entries);
        all
    };
    let ids = |name: &str| {
        fields
            .first(name)
            .map_or_else(Vec::new, |v| fields::ids(v, limits))
    };
    m.message_id = ids("message-id").into_iter().next();
    m.in_reply_to = ids("in-reply-to");
    m.references = ids("references");
    m.sender = lists("sender").into_iter().next();
    m.reply_to = lists("reply-to");
    m.to = lists("to");
    m.cc = lists("cc");
    m.delivered_to = ["delivered-to", "x-original-to", "envelope-to"]
        .iter()
        .flat_map(|n| lists(n))
        .collect();
    m.subject = fields
        .first("subject")
        .map_or_else(String::new, |v| fields::text(v, limits));
    m.date = fields.first("date").and_then(fields::date);
    m.last_received = fields.first("received").and_then(fields::received_date);
    header_defects(fields, m);
}

/// What of the header could not be read.
fn header_defects(fields: &Fields<'_>, m: &mut InboundMessage) {
    if fields.cut {
        m.defects.push(Defect::Header("too many fields".into()));
    }
    if fields.strange > 0 {
        m.defects.push(Defect::Header(format!(
            "{} lines that are no field",
            fields.strange
        )));
    }
    for name in ["date", "message-id", "to", "reply-to"] {
        let there = fields
            .first(name)
            .is_some_and(|v| !v.trim_ascii().is_empty());
        let read = match name {
            "date" => m.date.is_some(),
            "message-id" => m.message_id.is_some(),
            "to" => !m.to.is_empty() || !m.cc.is_empty() || there_is_a_group(fields),
            _ => !m.reply_to.is_empty(),
        };
        if there && !read {
            m.defects.push(Defect::Header(name.into()));
        }
    }
}

/// `To: undisclosed-recipients:;` names nobody, and is no damage.
fn there_is_a_group(fields: &Fields<'_>) -> bool {
    fields
        .first("to")
        .is_some_and(|v| v.trim_ascii().ends_with(b";"))
}

/// Exactly one From field with exactly one mailbox (RFC 5322 3.6.2), or the original one where a group of ours rewrote it.
fn who_wrote(
    fields: &Fields<'_>,
    limits: &Limits,
    house: Option<&House>,
    m: &mut InboundMessage,
) -> Result<(), Unreadable> {
    let mut usable = Vec::new();
    let mut named = 0;
    for value in fields.all("from") {
        let (found, all) = fields::mailboxes(value, limits);
        usable.extend(found);
        named += all;
    }
    let several_fields = fields.all("from").count() > 1;
    if usable.len() != 1 || named > 1 || several_fields {
        let reports = m.report.is_some() || m.signs.return_path.as_deref() == Some("");
        if reports && usable.len() <= 1 && !several_fields {
            m.from = usable.pop().map(|(a, _)| a);
            return Ok(());
        }
        let count = if usable.len() == 1 {
            named.max(fields.all("from").count())
        } else {
            usable.len()
        };
        return Err(Unreadable::From(count));
    }
    let (from, name) = usable.remove(0);
    let rewritten = house.filter(|h| h.is_own_list(&m.signs) || h.is_own_group(&from));
    let original = rewritten.and_then(|_| {
        ["x-original-from", "x-original-sender"]
            .iter()
            .find_map(|n| {
                let (mut found, _) = fields::mailboxes(fields.first(n)?, limits);
                (found.len() == 1).then(|| found.remove(0))
            })
    });
    let (from, name) = original.unwrap_or((from, name));
    m.sender = m.sender.take().filter(|s| *s != from);
    (m.from, m.from_name) = (Some(from), name);
    Ok(())
}

/// The texts of the message, one [`Body`] for each text or each set of alternatives; attachments are only named.
fn bodies(parts: &[Part<'_>], limits: &Limits, m: &mut InboundMessage) -> Vec<Body> {
    let mut bodies: Vec<(Option<usize>, Body)> = Vec::new();
    let mut budget = limits.text_octets;
    for part in parts {
        let kind = part.kind.essence.as_str();
        if encrypted(part) {
            note(m, Defect::Encrypted);
        }
        if !part.is_text() || part.is_attachment() {
            if !kind.starts_with("message/") || kind == "message/rfc822" {
                m.attachments.push((part.name(), part.body.len()));
            }
            continue;
        }
        let same = part
            .alternative
            .and_then(|_| bodies.iter().position(|(alt, _)| *alt == part.alternative));
        let text = text_within(part, budget, same.is_some(), limits, m);
        budget -= text.len();
        if text.contains("-----BEGIN PGP MESSAGE-----") {
            note(m, Defect::Encrypted);
        }
        let at = same.unwrap_or(bodies.len());
        if at == bodies.len() {
            bodies.push((part.alternative, Body::default()));
        }
        let flowed = part
            .kind
            .parameter("format")
            .is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
        bodies[at].1.add(kind == "text/html", text, flowed);
    }
    if bodies.iter().all(|(_, b)| b.is_empty()) {
        m.defects.push(Defect::NoText);
    }
    bodies.into_iter().map(|(_, body)| body).collect()
}

/// The text of a part, as far as the bounds of the whole message reach; `twin`: another form of it was read.
fn text_within(
    part: &Part<'_>,
    budget: usize,
    twin: bool,
    limits: &Limits,
    m: &mut InboundMessage,
) -> String {
    let mut text = part.text(limits, &mut m.defects);
    if text.len() > budget {
        let unseen = budget == 0 && !twin && !text.trim().is_empty();
        let defect = if unseen {
            Defect::UnreadText
        } else {
            Defect::Truncated
        };
        note(m, defect);
        text.truncate(text.floor_char_boundary(budget));
    }
    text
}

fn encrypted(part: &Part<'_>) -> bool {
    let kind = part.kind.essence.as_str();
    let smime = matches!(kind, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    smime || kind == "application/pgp-encrypted" || kind == "multipart/encrypted"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(raw: &str) -> InboundMessage {
        let limits = Limits {
            text_octets: 1000,
            ..Limits::default()
        };
        let message = read(raw.as_bytes(), &limits, None, &());
        message.unwrap_or_else(|e| panic!("{e}"))
    }

    fn in_parts(texts: &[&str]) -> String {
        let mut raw =
            String::from("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n");
        for text in texts {
            raw.push_str(&format!("--b\nContent-Type: text/plain\n\n{text}\n"));
        }
        raw + "--b--\n"
    }

    #[test]
    fn typed_text_beyond_the_bounds_is_told_and_quoted_text_is_not() {
        let (long, short) = ("some words\n".repeat(80), "more words\n".repeat(20));
        let signed = format!("From: a@x.example\n\nSent from my iPhone\n\n{long}{short}");
        for raw in [
            signed,
            in_parts(&[&long, &short]),
            in_parts(&[&long, &long, "STOP"]),
        ] {
            let message = bounded(&raw);
            assert!(message.defects.contains(&Defect::UnreadText), "{raw}");
            assert!(message.attachments.is_empty(), "{raw}");
        }
        let quoted = format!("From: a@x.example\n\nNo.\n\n{}", "> words\n".repeat(200));
        for raw in [quoted, in_parts(&[&long, "STOP"])] {
            let message = bounded(&raw);
            assert!(!message.defects.contains(&Defect::UnreadText), "{raw}");
        }
    }
}
