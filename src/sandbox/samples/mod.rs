//! Replies to prospecting mail as real programs write them, with how each must end, and the mails that they answer.
//!
//! The firm is Atelier Vauban, which sells a digital maintenance log; Claire Morel writes for it, and every one of her
//! mails says "répondez STOP" in the reader's language (in English, where she does not write it), so that whoever reads quoted words falls into the trap. All people
//! and domains are invented (`.example`). The letters are `.eml` files beside this one, with LF; where a date must be
//! fresh they hold `@DATE-3m@` (3 minutes before now; also `h` hours and `d` days), which [`Letter::written`] replaces.
//! Dates inside quotations stay as they are: nobody decides by them.

mod table;

use jiff::{SignedDuration, Timestamp};

/// The firm that the demo plays.
pub const FIRM: &str = "Atelier Vauban";
/// The watched mailbox: user name and address in one.
pub const MAILBOX: &str = "claire.morel@ateliervauban.example";
/// Whose mailbox it is.
pub const OWNER: &str = "Claire Morel";
/// The mailbox that answers for privacy; nothing is delivered to it.
pub const PRIVACY: &str = "privacy@ateliervauban.example";
/// What the firm's border names itself in Authentication-Results.
pub const AUTHSERV_ID: &str = "mx.ateliervauban.example";

/// One letter that arrives, and how it must end.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its number and name: `01-stop-fr`.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Where it is delivered: `INBOX` or `Junk`.
    pub folder: &'static str,
    /// Of what was freshly typed: `fr`, `en`, `de`, `es`, `it`, `nl`, `pt`, `pl`, `sv`, `cs`, `el`, `fi`.
    pub language: &'static str,
    /// The state in which the message must end, with requests set to be answered automatically where the law allows it.
    pub end: End,
    /// What it asks, the operative request first; empty if nothing.
    pub requests: &'static [&'static str],
    /// How the id of the deciding rule begins (answering.md); empty where no single rule has to decide.
    pub rule: &'static str,
    /// The letter.
    pub letter: Letter,
    /// What Claire sent by hand after it, for her Sent folder.
    pub sent: Option<Letter>,
}

/// The end of a message (design.md, "States").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Obeyed, and a letter has left.
    Answered,
    /// Obeyed or noted, no letter.
    Acted,
    /// Waits for a human.
    Held,
    /// Nothing is to be done.
    Ignored,
}

/// A letter as it stands in its file: LF, and placeholders for dates.
#[derive(Clone, Copy)]
pub struct Letter(&'static [u8]);

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({} octets)", self.0.len())
    }
}

/// Everything that is delivered, in its order.
pub fn all() -> Vec<Sample> {
    table::SAMPLES.to_vec()
}

/// The prospecting mails that the samples answer, for the Sent folder; each Message-ID stands in its reply.
pub fn originals() -> Vec<Letter> {
    table::ORIGINALS.to_vec()
}

/// The register of the demo: every prospect but the unknown one. UTF-8, comma, one header line.
pub fn register_csv() -> &'static str {
    include_str!("register.csv")
}

impl Letter {
    /// The letter as it arrives: CRLF, dates counted back from `now`; and the time of its first date, its INTERNALDATE.
    pub fn written(&self, now: Timestamp) -> (Timestamp, Vec<u8>) {
        let mut raw = Vec::with_capacity(self.0.len() + 1024);
        let mut first = None;
        for line in self.0.split_inclusive(|b| *b == b'\n') {
            let (text, end): (_, &[u8]) = match line.strip_suffix(b"\n") {
                Some(text) => (text.strip_suffix(b"\r").unwrap_or(text), b"\r\n"),
                None => (line, b""),
            };
            match placeholder(text) {
                Some((at, after, ago)) => {
                    let time = now.checked_sub(ago).unwrap_or(now);
                    first.get_or_insert(time);
                    raw.extend_from_slice(&text[..at]);
                    raw.extend_from_slice(rfc5322(time).as_bytes());
                    raw.extend_from_slice(&text[after..]);
                }
                None => raw.extend_from_slice(text),
            }
            raw.extend_from_slice(end);
        }
        (first.unwrap_or(now), raw)
    }
}

fn rfc5322(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// Beginning, end and meaning of the placeholder in a line.
fn placeholder(line: &[u8]) -> Option<(usize, usize, SignedDuration)> {
    const MARK: &[u8] = b"@DATE-";
    let at = line.windows(MARK.len()).position(|w| w == MARK)?;
    let inner = &line[at + MARK.len()..];
    let length = inner.iter().position(|b| *b == b'@')?;
    let (unit, digits) = inner[..length].split_last()?;
    let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let ago = match unit {
        b'm' => SignedDuration::from_mins(number),
        b'h' => SignedDuration::from_hours(number),
        b'd' => SignedDuration::from_hours(24 * number),
        _ => return None,
    };
    Some((at, at + MARK.len() + length + 1, ago))
}
