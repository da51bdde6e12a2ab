//! How fast the core reads mail of ordinary composition on one core: parsing, fresh text, gate, lexicons, outcome; no
//! network, no store, no letter.
//!
//! `cargo bench --bench core [-- ROUNDS]`, 7 by default. Each round reads all messages with the core, then parses them with
//! mail-parser alone: a machine's own speed varies, so only the ratio of one round means something. Printed are the
//! medians, the mix, and where the time goes. At the end the whole core, learned reader and all, reads an ordinary month on two
//! threads, and it is printed of how much of it the learned reader is asked.

use mail_parser::MessageParser;
use quitus::intent::eval::Labelled;
use quitus::intent::{Reader, Thresholds, builtin, opinions, outcome, understand};
use quitus::mail::{Circumstances, House, Limits, gate, read};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Replies with labels, several writers, all languages.
const TEXTS: &[&str] = &[
    "lise", "owen", "nuria", "marek", "yves", "greta", "bruno", "ilse",
];
/// Every so many replies of a set are taken.
const EVERY: usize = 4;
/// Replies in the composition and the wordings of an ordinary month.
const MONTH: &str = "everyday";
/// Messages are read side by side, each on one core.
const CORES: usize = 2;

fn main() {
    let rounds = std::env::args().filter_map(|a| a.parse().ok()).next();
    let messages = mix();
    let (lexicons, both) = (builtin().unwrap().alone(), builtin().unwrap());
    let house = House::unknown();
    let core = |reader: &Reader, raw: &[u8]| {
        let Ok(message) = read(raw, &Limits::default(), Some(&house), &()) else {
            return;
        };
        let gate = gate(&message, &house, &Circumstances::default());
        let (gate, read) = understand(reader, &message, gate);
        black_box(outcome(&gate, &read, &Thresholds::default()));
    };
    let mut figures: Vec<[f64; 4]> = Vec::new();
    for _ in 0..rounds.unwrap_or(7) {
        let parsing = time(&messages, |raw| {
            black_box(MessageParser::default().parse(raw));
        });
        let reading = time(&messages, |raw| {
            let _ = black_box(read(raw, &Limits::default(), Some(&house), &()));
        });
        let all = time(&messages, |raw| core(&lexicons, raw));
        let rate = |t: Duration| messages.len() as f64 / t.as_secs_f64();
        let [parse, read, core] = [parsing, reading, all].map(rate);
        figures.push([core, parse, core / parse, read]);
    }
    let median = |n: usize| middle(figures.iter().map(|f| f[n]).collect());
    let [whole, parse, ratio, read] = [0, 1, 2, 3].map(median);
    println!("the core, lexicons alone  {whole:>9.0} messages a second");
    println!(
        "mail-parser alone         {parse:>9.0} messages a second; the core does {ratio:.3} of that"
    );
    println!("reading (src/mail)        {read:>9.0} messages a second");
    let micro = |rate: f64| 1e6 / rate;
    let (own, understanding) = (micro(read) - micro(parse), micro(whole) - micro(read));
    println!(
        "a message takes {:.1} µs: {:.1} mail-parser, {own:.1} the rest of reading, {understanding:.1} gate and understanding",
        micro(whole),
        micro(parse)
    );
    beside(&messages, &both, |raw| core(&both, raw));
    month(&both, |raw| core(&both, raw));
}

/// Of how many, in percent, the learned reader is asked: neither the gate nor the lexicons decide them alone.
fn asked(messages: &[Vec<u8>], reader: &Reader) -> f64 {
    let house = House::unknown();
    let is_asked = |raw: &&Vec<u8>| {
        read(raw, &Limits::default(), Some(&house), &()).is_ok_and(|message| {
            let gate = gate(&message, &house, &Circumstances::default());
            opinions(reader, &message, &gate).learned.is_some()
        })
    };
    100.0 * messages.iter().filter(is_asked).count() as f64 / messages.len() as f64
}

/// The replies of an ordinary month on two cores, and what decided them: the lexicons and the gate alone, or the learned reader too.
fn month(reader: &Reader, core: impl Fn(&[u8]) + Sync) {
    let replies = labelled(MONTH, 1);
    let composed = replies.iter().enumerate();
    let messages: Vec<Vec<u8>> = composed.map(|(n, r)| message(n, r, &replies)).collect();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for part in messages.chunks(messages.len().div_ceil(CORES)) {
            scope.spawn(|| part.iter().for_each(|raw| core(raw)));
        }
    });
    let rate = messages.len() as f64 / begun.elapsed().as_secs_f64();
    println!(
        "an ordinary month on {CORES} cores {rate:>6.0} messages a second; the learned reader was asked of {:.0} %",
        asked(&messages, reader)
    );
}

/// Once more with the learned reader beside the lexicons: every text is new to it, as no mailbox would be.
fn beside(messages: &[Vec<u8>], reader: &Reader, core: impl Fn(&[u8])) {
    let began = Instant::now();
    let mut took: Vec<f64> = messages
        .iter()
        .map(|raw| time(std::slice::from_ref(raw), &core).as_secs_f64() * 1e3)
        .collect();
    let rate = messages.len() as f64 / began.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    println!(
        "with the learned reader   {rate:>9.0} messages a second; it was asked of {:.0} % of them; a message takes {:.1} ms (median), {:.1} ms at most",
        asked(messages, reader),
        took[took.len() / 2],
        took[took.len() - 1]
    );
}

fn middle(mut column: Vec<f64>) -> f64 {
    column.sort_by(f64::total_cmp);
    column[column.len() / 2]
}

fn time(messages: &[Vec<u8>], each: impl Fn(&[u8])) -> Duration {
    let begun = Instant::now();
    messages.iter().for_each(|raw| each(raw));
    begun.elapsed()
}

fn labelled(set: &str, every: usize) -> Vec<Labelled> {
    let text = std::fs::read_to_string(format!("tests/texts/{set}.jsonl")).unwrap();
    let lines = text.lines().step_by(every);
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Mail as it lies in a mailbox; `tests/README.md` describes it.
fn mix() -> Vec<Vec<u8>> {
    let mut replies: Vec<Labelled> = Vec::new();
    for set in TEXTS {
        replies.extend(labelled(set, EVERY));
    }
    let composed = replies.iter().enumerate();
    let messages: Vec<Vec<u8>> = composed.map(|(n, r)| message(n, r, &replies)).collect();
    let mut sizes: Vec<usize> = messages.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    let at = |share: usize| sizes[(sizes.len() - 1) * share / 100];
    println!(
        "{} messages, {} octets in all; sizes at 10, 50, 90 and 100 %: {}, {}, {}, {}",
        sizes.len(),
        sizes.iter().sum::<usize>(),
        at(10),
        at(50),
        at(90),
        at(100)
    );
    messages
}

/// Of ten messages six have a plain and an HTML part, two only a plain one, two only HTML; below the reply stands the mail
/// that it answers, and below that, in seven of ten, five to eight more of the thread, else one.
fn message(n: usize, reply: &Labelled, all: &[Labelled]) -> Vec<u8> {
    let older = if n % 10 < 7 { 5 + n % 4 } else { 1 };
    let thread: Vec<&Labelled> = (1..=older)
        .map(|k| &all[(n * 7 + k * 31) % all.len()])
        .collect();
    let plain = plain(reply, &thread);
    let html = html(reply, &thread);
    let mut raw = headers(n, reply);
    match n % 10 {
        0..6 => {
            let _ = write!(
                raw,
                "Content-Type: multipart/alternative; boundary=\"=_part_{n}\"\r\n\r\n"
            );
            for (kind, text) in [("plain", &plain), ("html", &html)] {
                let _ = write!(raw, "--=_part_{n}\r\n{}\r\n", part(kind, text));
            }
            let _ = write!(raw, "--=_part_{n}--\r\n");
        }
        6 | 7 => raw.push_str(&part("plain", &plain)),
        _ => raw.push_str(&part("html", &html)),
    }
    raw.into_bytes()
}

fn part(kind: &str, text: &str) -> String {
    format!(
        "Content-Type: text/{kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
        quoted_printable(text)
    )
}

/// RFC 2045 6.7, lines of at most 76.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        for byte in line.bytes() {
            let plain = matches!(byte, b' '..=b'<' | b'>'..=b'~');
            let length = if plain { 1 } else { 3 };
            if width + length > 75 {
                out.push_str("=\r\n");
                width = 0;
            }
            width += length;
            if plain {
                out.push(byte as char);
            } else {
                let _ = write!(out, "={byte:02X}");
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// As large providers write them: hops, signatures, verdicts.
fn headers(n: usize, reply: &Labelled) -> String {
    let mut out = String::new();
    for hop in 0..4 {
        let _ = write!(
            out,
            "Received: from mail-{hop}.relay.example (mail-{hop}.relay.example. [192.0.2.{hop}])\r\n\tby mx{hop}.us.example with ESMTPS id \
             a640c23a62f3a-{n:012x}{hop}\r\n\t(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n\tMon, 02 Mar 2026 10:00:0{hop} +0000\r\n"
        );
    }
    let signature =
        "dGhlIHNpZ25hdHVyZSBvZiBhIG1lc3NhZ2UgaXMgYSBsb25nIHJvdyBvZiBsZXR0ZXJz".repeat(5);
    let _ = write!(
        out,
        "Authentication-Results: mx.us.example; dkim=pass header.i=@b.example header.s=s1;\r\n\tspf=pass smtp.mailfrom=b.example; dmarc=pass header.from=b.example\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.example; s=s1;\r\n\th=from:to:subject:date:message-id:in-reply-to:references;\r\n\tb={signature}\r\n\
         From: {}\r\nTo: Sales <sales@us.example>\r\nSubject: {}\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
         Message-ID: <{n:x}.{}@b.example>\r\nIn-Reply-To: <{n:x}.sent@us.example>\r\nReferences: <{n:x}.first@us.example> <{n:x}.sent@us.example>\r\n\
         X-Mailer: Mail 16.0\r\nThread-Index: AQHZ{n:08x}abcdefghijklmnopqrstuvwxyz\r\nX-MS-Exchange-Organization-SCL: 1\r\nMIME-Version: 1.0\r\n",
        reply.from.replace(['"', ','], ""),
        reply.subject,
        reply.id
    );
    out
}

fn plain(reply: &Labelled, thread: &[&Labelled]) -> String {
    let mut out = format!(
        "{}\n\n{}\n\n{}\n",
        reply.body, reply.signature, reply.quoted
    );
    for (depth, older) in thread.iter().enumerate() {
        let mark = "> ".repeat(depth + 2);
        let head = "Le lun. 2 mars 2026 à 10:00, Claire Morel <claire@us.example> a écrit :";
        for line in std::iter::once(head)
            .chain(older.body.lines())
            .chain(older.signature.lines())
        {
            let _ = writeln!(out, "{mark}{line}");
        }
    }
    out
}

/// With the styles that mail programs write around every paragraph.
fn html(reply: &Labelled, thread: &[&Labelled]) -> String {
    let style = "font-family:Aptos,Calibri,Helvetica,sans-serif;font-size:11pt;color:rgb(0,0,0)";
    let mut out = String::from(
        "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n<style type=\"text/css\">p {margin-top:0;margin-bottom:0;} \
         .x_signature a {color:#0563C1;text-decoration:none}</style></head>\n<body dir=\"ltr\">\n",
    );
    let paragraphs = |text: &str, out: &mut String| {
        for line in text.lines() {
            let line = line.trim_start_matches(['>', ' ']);
            let line = line
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let _ = writeln!(
                out,
                "<div class=\"elementToProof\" style=\"{style}\">{line}<br></div>"
            );
        }
    };
    paragraphs(&reply.body, &mut out);
    out.push_str("<div id=\"Signature\" class=\"x_signature\"><table cellpadding=\"0\" cellspacing=\"0\"><tbody><tr><td>\n");
    paragraphs(&reply.signature, &mut out);
    out.push_str("</td></tr></tbody></table></div>\n<div class=\"gmail_quote\"><blockquote type=\"cite\" style=\"margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex\">\n");
    paragraphs(&reply.quoted, &mut out);
    for older in thread {
        out.push_str(
            "<blockquote type=\"cite\" style=\"margin:0 0 0 .8ex;border-left:1px solid #ccc\">\n",
        );
        paragraphs(&older.body, &mut out);
        paragraphs(&older.signature, &mut out);
    }
    for _ in thread {
        out.push_str("</blockquote>\n");
    }
    out.push_str("</blockquote></div>\n</body></html>\n");
    out
}
