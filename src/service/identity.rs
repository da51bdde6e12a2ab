//! The code that proves who asks (B8): made from the letter's name with the store's key, so nothing has to be remembered but
//! which letter carries it and until when.
//!
//! It goes to the address on file only. Whoever sends it back, typed or quoted, reads the mail of that address. Forty bits,
//! one code a letter, good for a case and a fortnight; it contains nothing about anybody.

use super::gathering::Trouble;
use crate::mail::InboundMessage;
use crate::record::{CaseId, CaseRow, Fingerprinter, LetterId, Timestamp};
use crate::request::{self, Case};
use crate::store::Reader;

/// For how many days a code proves anything.
pub const DAYS: i64 = 14;

/// The code of a letter: `K7Q2-9MWD`.
pub fn code(keys: &Fingerprinter, letter: LetterId) -> String {
    let parts: [&[u8]; 2] = [
        &letter.case.bits().to_le_bytes(),
        &[letter.step, letter.series],
    ];
    let mac = keys.keyed("identity", &parts);
    let mut bits = [0; 8];
    bits[..5].copy_from_slice(&mac[..5]);
    // The alphabet and the shape of a case's reference: they survive handwriting, and there is one reader for both.
    let text = CaseId::from_bits(u64::from_le_bytes(bits)).to_string();
    text.trim_start_matches("Q-").to_owned()
}

/// The code that a case waits for now.
fn awaited(keys: &Fingerprinter, row: &CaseRow, now: Timestamp) -> Option<String> {
    let of = &row.review;
    let asked = of.identity.as_ref().filter(|i| now <= i.expires)?;
    let waits = row.closed.is_none() && of.proved.is_none();
    waits.then(|| code(keys, asked.letter))
}

/// The case whose code this message carries: in what was typed, or in what is quoted.
pub fn carried(
    reader: &Reader,
    message: &InboundMessage,
    known: impl IntoIterator<Item = Case>,
    now: Timestamp,
) -> Result<Option<Case>, Trouble> {
    let keys = reader.fingerprinter();
    let awaits = |c: Case| Some((awaited(keys, &c.row, now)?, c));
    let named: Vec<CaseId> = texts(message).flat_map(references).take(5).collect();
    let mut codes: Vec<(String, Case)> = known.into_iter().filter_map(awaits).collect();
    codes.extend(
        request::cases_of(&reader.state(), named)?
            .into_iter()
            .filter_map(awaits),
    );
    // Nearly always nobody waits for a code, and then nothing is searched.
    if codes.is_empty() {
        return Ok(None);
    }
    let texts: Vec<String> = texts(message).map(plain).collect();
    let carries = |code: &str| texts.iter().any(|t| t.contains(&plain(code)));
    let found = codes.into_iter().find(|(code, _)| carries(code));
    Ok(found.map(|(_, case)| case))
}

/// What was typed, and what is quoted.
fn texts(message: &InboundMessage) -> impl Iterator<Item = &str> {
    let elided = message.fresh.elided.iter().map(|e| e.text.as_str());
    [message.subject.as_str(), message.fresh.text.as_str()]
        .into_iter()
        .chain(elided)
}

/// Letters and digits only, as a hand or a mail program may have changed them.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect()
}

/// References of cases in a text.
fn references(text: &str) -> impl Iterator<Item = CaseId> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words
        .filter(|w| w.len() == 11 && w.starts_with(['Q', 'q']))
        .filter_map(|w| w.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_a_hand_and_says_nothing_about_anybody() {
        let keys = Fingerprinter::new(vec![[1; 32]], [2; 32]);
        let case: CaseId = "Q-7F3K-92MD".parse().unwrap();
        let of = |step| {
            code(
                &keys,
                LetterId {
                    case,
                    step,
                    series: 0,
                },
            )
        };
        let code = of(1);
        assert_eq!((code.len(), &code[4..5]), (9, "-"));
        assert_ne!(code, of(2), "one code a letter");
        let typed = code.to_lowercase().replace('-', " ").replace('0', "o");
        assert!(plain(&format!("voici {typed} merci")).contains(&plain(&code)));
        assert_eq!(references("> référence Q-7F3K-92MD.").next(), Some(case));
    }
}
