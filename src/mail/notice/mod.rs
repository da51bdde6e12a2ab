//! Reports that a mail could not be delivered, in prose: servers that know no RFC 3464 are recognised by how they write.
//!
//! A report is never read for requests, so a person taken for one would be silenced. Therefore a server must send it, with a
//! subject of such reports or a machine's mark beside the text (no Return-Path, a part for machines, a daemon's address), and an
//! address or a reason must stand in the text. An address is that of the mail that failed: never the sender's own, as in a
//! signature. An answer or a forward of a report (`Re:`, `Fwd:`) is a person's. What is less is a doubt: obeyed, and held.

mod words;

use super::{Notice, fresh};
use crate::record::{Address, subject_mark};
use words::{FAILURES, LATE, LOCALS, OPENINGS, REASONS, SENDER_WORDS, SENDERS, SUBJECTS};

/// How much of the text is looked at, and how much of it is its opening (octets).
const SEEN: usize = 4096;
const OPENING: usize = 400;

/// What a message is taken for, by its From field as it stands, its subject and its text; and whether it names a mail that it
/// answers, since people pass reports on under their old subject, or bears a machine's mark.
pub(super) fn judge(
    from: &str,
    subject: &str,
    text: &str,
    answers: bool,
    machine: bool,
) -> Option<Notice> {
    let subject = plain(subject);
    let bounced = subject.starts_with("[bounce]");
    let subject = without_brackets(&subject);
    if subject_mark(subject).is_some() {
        return None;
    }
    let from = from.to_lowercase();
    let server = is_server(&from);
    let titled = bounced || SUBJECTS.iter().any(|s| begins(subject, s));
    let text_seen = &text[..text.floor_char_boundary(SEEN)];
    let opening = beginning(text_seen, OPENING);
    let opening = &opening[..opening.floor_char_boundary(OPENING)];
    let own_words = OPENINGS.iter().any(|o| opening.starts_with(o));
    if !server && !titled && !own_words {
        return None;
    }
    let seen = plain(text_seen);
    let fails = own_words || FAILURES.iter().any(|f| opening.contains(f));
    let senders = |a: Address| from.contains(&a.as_str().to_lowercase());
    let named = !first_addresses(above_closing(text)).all(senders);
    let reason = REASONS.iter().any(|r| seen.contains(r)) || has_reply_code(&seen);
    let proof = named || reason;
    let marked = machine && (server || (titled && !answers));
    match () {
        () if server && titled && (proof || fails) => Some(Notice::Sure),
        () if marked && fails && proof => Some(Notice::Sure),
        () if own_words && named && (server || titled || machine) => Some(Notice::Sure),
        () if titled || own_words || reason => Some(Notice::Perhaps),
        () => None,
    }
}

/// Whether the subject begins so; in scripts without spaces, whether it holds the words.
fn begins(subject: &str, words: &str) -> bool {
    let wide = words.starts_with(|c| c > '\u{3000}');
    subject.starts_with(words) || (wide && subject.contains(words))
}

/// Lower case, typographic apostrophes and runs of spaces made plain, without leading stars and dashes.
fn plain(text: &str) -> String {
    beginning(text, usize::MAX)
}

/// The same of so much of the text that at least so many octets are left, if it has as many.
fn beginning(text: &str, octets: usize) -> String {
    let shorn = |out: &str| out.trim_start_matches(['*', '!', '-', ' ', '.', '"']).len();
    let mut out = String::with_capacity(text.len().min(octets.saturating_mul(2)));
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase).map(|c| match c {
            '’' | '‘' => '\'',
            c => c,
        }));
        if octets < usize::MAX && shorn(&out) >= octets {
            break;
        }
    }
    let shorter = shorn(&out);
    out.split_off(out.len() - shorter)
}

/// Without `[EXTERNAL]` and the like in front.
fn without_brackets(subject: &str) -> &str {
    let mut rest = subject;
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        rest = after.trim_start();
    }
    rest
}

/// Whether a From field (lower case) is a mail server's: by its local part, or by all of its display name.
fn is_server(from: &str) -> bool {
    let local = from
        .rsplit(['<', ' ', ','])
        .next()
        .and_then(|a| a.split('@').next())
        .unwrap_or("");
    let local = local.trim_matches(['"', '>']);
    LOCALS.contains(&local) || local.starts_with("microsoftexchange") || is_servers_name(from)
}

/// "Mail Delivery System", not "Jane Smith (Post Office)" nor "Email Security Team".
fn is_servers_name(from: &str) -> bool {
    let (name, address) = from.split_once('<').unwrap_or((from, ""));
    // `a@b.example (Mail Delivery System)`, as old servers write it
    let comment = || name.split_once('(').map_or("", |(_, comment)| comment);
    let name = if address.is_empty() { comment() } else { name };
    let name = name.trim_matches(['"', '\'', ' ', '(', ')']);
    let rest_of = |begins: &&str| name.strip_prefix(*begins);
    let machine = |rest: &str| {
        let rest = rest.trim_start_matches(char::is_alphabetic);
        let mut words = rest.split(|c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')'));
        words.all(|w| w.is_empty() || w.contains(['@', '.']) || SENDER_WORDS.contains(&w))
    };
    SENDERS.iter().filter_map(rest_of).any(machine)
}

/// What stands above a closing formula: below it people sign with their address.
fn above_closing(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n').take(60) {
        if fresh::closes(line) {
            return &text[..end];
        }
        end += line.len();
    }
    text
}

/// `550 5.1.1`, `#5.1.1`, `452-4.2.2`: a reply code of SMTP beside words, or a status code of RFC 3463.
fn has_reply_code(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .any(|w| {
            let b = w.trim_matches('.').as_bytes();
            let class = matches!(b.first(), Some(b'4' | b'5'));
            let status =
                b.len() >= 5 && b[1] == b'.' && b.iter().filter(|c| **c == b'.').count() == 2;
            let reply = b.len() == 3 && matches!(b[1], b'0' | b'2' | b'5') && b[2].is_ascii_digit();
            class && (status || reply)
        })
}

/// Whether the text says that the message is late, and not that it has failed.
pub(super) fn is_late(text: &str) -> bool {
    let seen = plain(&text[..text.floor_char_boundary(SEEN)]);
    LATE.iter().any(|l| seen.contains(l))
}

/// The class of the reason that the text gives in words: `5.1.1` for an address that is unknown, `4.2.2` for a full box.
pub(super) fn status_in_words(text: &str) -> &'static str {
    let seen = plain(&text[..text.floor_char_boundary(SEEN)]);
    let says = |words: &[&str]| words.iter().any(|w| seen.contains(w));
    if says(&[
        "over quota",
        "mailbox full",
        "mailbox is full",
        "quota exceeded",
    ]) {
        "4.2.2"
    } else if says(&[
        "unknown",
        "no such",
        "not exist",
        "no mailbox here",
        "not listed in",
    ]) {
        "5.1.1"
    } else {
        ""
    }
}

/// Addresses with which a line begins (`<a@b.de>:` of qmail, `  a@b.de` of Exim), or that follow a label for the
/// recipient; of the first lines, before the returned mail.
pub(super) fn first_addresses(text: &str) -> impl Iterator<Item = Address> {
    const LABELS: &[&str] = &[
        "recipient",
        "to",
        "recipient address",
        "failed recipient",
        "unknown user",
        "unknown host",
        "user mailbox exceeds allowed size",
        "addressed to",
        "unable to deliver message to",
        "could not be delivered to",
        "original-recipient",
        "your message to",
        "user",
        "empfänger",
        "an",
        "destinataire",
        "à",
        "destinatario",
        "destinatário",
        "ontvanger",
        "para",
    ];
    text.lines()
        .take(60)
        .map(str::trim)
        .take_while(|l| !begins_original(l))
        .filter_map(|line| {
            let value = match line.split_once(':') {
                Some((label, value)) if LABELS.contains(&label.trim().to_lowercase().as_str()) => {
                    value
                }
                _ => line,
            };
            let word = value.split_whitespace().next()?;
            let bare = word.trim_matches(['<', '>', ':', '(', ')', '"', '\'', ',', ';', '.']);
            Address::parse(bare).ok()
        })
        .take(10)
}

/// Any addresses of the text above the returned mail, where no line begins with one.
pub(super) fn any_addresses(text: &str) -> impl Iterator<Item = Address> {
    text.lines()
        .take(60)
        .take_while(|l| !begins_original(l.trim()))
        .flat_map(|l| l.split(|c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c)))
        .filter(|w| w.contains('@'))
        .filter_map(|w| Address::parse(w.trim_end_matches('.')).ok())
        .take(10)
}

/// The line above the copy of the mail that comes back.
fn begins_original(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.starts_with("received:")
        || lower.starts_with("return-path:")
        || (lower.starts_with("--") && (lower.contains("copy of") || lower.contains("original")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_sure_by_a_server_and_its_title_or_by_a_mark_of_a_machine() {
        let text = "Your message could not be delivered.\n\n<a@b.example>: user unknown";
        let judged = |from, subject, text| judge(from, subject, text, false, false);
        for (from, subject, alone) in [
            ("postmaster@b.example", "Hello", Notice::Perhaps),
            ("x@b.example", "Undeliverable: Hello", Notice::Perhaps),
            (
                "System Administrator <x@b.example>",
                "Non remis : Bonjour",
                Notice::Sure,
            ),
        ] {
            assert_eq!(judged(from, subject, text), Some(alone), "{subject}");
            // A part for machines beside the text, or no Return-Path.
            let marked = judge(from, subject, text, false, true);
            assert_eq!(marked, Some(Notice::Sure), "{subject}");
        }
        let person = "a@b.example";
        for (subject, text) in [
            ("Re: Undeliverable: Hello", text),
            ("Fwd: Undelivered Mail Returned to Sender", text),
            ("Hello", "My parcel could not be delivered. Stop."),
        ] {
            assert_eq!(judged(person, subject, text), None, "{subject}");
        }
        let shy = judged(
            "postmaster@b.example",
            "Your mails",
            "We answer 550 to you. Stop.",
        );
        assert_eq!(shy, Some(Notice::Perhaps));
        // Passed on under its old subject, in an answer to us: a person may have typed above it.
        let passed_on = judge(
            person,
            "Undelivered Mail Returned to Sender",
            text,
            true,
            false,
        );
        assert_eq!(passed_on, Some(Notice::Perhaps));
    }

    #[test]
    fn a_person_whose_firm_or_words_are_like_a_servers_is_heard() {
        let signed =
            "Hi. This is the third time I ask you to remove me.\n\nJane\njane@acme.example";
        let closed = "Your message could not be sent. Stop.\n\nRegards\nJo\njo@other.example";
        let failed = "Remove me. My mail to you was rejected by your server: user not found.";
        for (from, text) in [
            ("Jane <jane@acme.example>", signed),
            ("Jane <jane@acme.example>", closed),
            ("Jane (Post Office) <jane@post.example>", failed),
            ("Tom (Royal Mail Services) <tom@rms.example>", failed),
            ("Email Security Team <team@x.example>", failed),
            ("Admin <sysadmin@univ.example>", failed),
            ("Tom <postmaster@small.example>", failed),
        ] {
            let judged = judge(from, "Unsubscribe", text, false, false);
            assert_ne!(judged, Some(Notice::Sure), "{from}");
        }
        for name in [
            "Mail Delivery System <x@b.example>",
            "\"Mail Delivery Subsystem\" <x@b.example>",
            "x@b.example (Mail Delivery System)",
            "Microsoft Outlook <x@b.example>",
        ] {
            assert!(is_server(&name.to_lowercase()), "{name}");
        }
        for name in [
            "Jane Smith (Post Office) <jane@post.example>",
            "Antispam Team <antispam@x.example>",
        ] {
            assert!(!is_server(&name.to_lowercase()), "{name}");
        }
    }

    #[test]
    fn addresses_come_from_lines_that_begin_with_one_above_the_returned_mail() {
        let text = "Sorry.\n <a@b.example>:\nRecipient: c@d.example\n--- a copy of the message\n<x@y.example>";
        let found: Vec<_> = first_addresses(text)
            .map(|a| a.as_str().to_owned())
            .collect();
        assert_eq!(found, ["a@b.example", "c@d.example"]);
    }
}
