//! The token in `bounce+TOKEN@`: a bounce that comes to such an address names the letter that came back.
//!
//! Bounces come in every shape, and many do not quote the original; the address that they are sent to is the one thing
//! that every server keeps. The token is keyed, so nobody can make a letter look bounced by inventing one (answering.md A2).
//! Lower case only, because some servers lower-case local parts.

use crate::record::{Address, CaseId, Fingerprinter, LetterId, hex, unhex};

const PURPOSE: &str = "bounce";

/// The token of a letter: 8 characters of the case, 4 of step and series, 16 of proof.
pub fn token(keys: &Fingerprinter, letter: LetterId) -> String {
    let case = letter.case.to_string().replace('-', "").to_lowercase();
    let case = case.strip_prefix('q').unwrap_or(&case);
    let proof = hex(&proof(keys, letter));
    format!("{case}{:02x}{:02x}{proof}", letter.step, letter.series)
}

/// The letter that a token names, if we made it. Any case of letters; anything else is none of ours.
pub fn verify(keys: &Fingerprinter, token: &str) -> Option<LetterId> {
    let token = token.trim();
    if token.len() != 28 || !token.is_ascii() {
        return None;
    }
    let [step, series] = unhex::<2>(&token[8..12])?;
    let letter = LetterId {
        case: format!("Q{}", &token[..8]).parse::<CaseId>().ok()?,
        step,
        series,
    };
    let given = unhex::<8>(&token[12..])?;
    let expected = proof(keys, letter);
    // Compared whole, so that the time taken says nothing about how much was right.
    let differ = given
        .iter()
        .zip(expected)
        .fold(0, |acc, (a, b)| acc | (a ^ b));
    (differ == 0).then_some(letter)
}

/// `bounce@example.com` with the letter's token. `None` if the local part would grow over 64 octets (RFC 5321 4.5.3.1.1).
pub fn address(keys: &Fingerprinter, base: &Address, letter: LetterId) -> Option<Address> {
    let text = format!("{}+{}@{}", base.local(), token(keys, letter), base.domain());
    Address::parse(&text).ok()
}

/// The letter that an address of ours names by its tag.
pub fn letter_of(keys: &Fingerprinter, base: &Address, address: &Address) -> Option<LetterId> {
    let ours = address.canonical() == base.canonical();
    let tag = address.tag().filter(|_| ours)?;
    verify(keys, tag)
}

fn proof(keys: &Fingerprinter, letter: LetterId) -> [u8; 8] {
    let case = letter.case.bits().to_le_bytes();
    let all = keys.keyed(PURPOSE, &[&case, &[letter.step], &[letter.series]]);
    let mut short = [0; 8];
    short.copy_from_slice(&all[..8]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> LetterId {
        LetterId {
            case: CaseId::from_bits(0xab_cdef_0123),
            step: 3,
            series: 1,
        }
    }

    #[test]
    fn a_bounce_address_names_its_letter_and_no_other() {
        let keys = Fingerprinter::new(vec![[1; 32]], [2; 32]);
        let base = Address::parse("bounce@example.com").unwrap();
        let made = address(&keys, &base, letter()).unwrap();
        assert_eq!(letter_of(&keys, &base, &made), Some(letter()));
        let shouted = Address::parse(&made.as_str().to_uppercase()).unwrap();
        assert_eq!(letter_of(&keys, &base, &shouted), Some(letter()));
        let elsewhere = Address::parse("other@example.com").unwrap();
        assert_eq!(letter_of(&keys, &elsewhere, &made), None);
    }

    #[test]
    fn an_invented_token_is_none_of_ours() {
        let keys = Fingerprinter::new(vec![[1; 32]], [2; 32]);
        let good = token(&keys, letter());
        for i in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[i] = if bad[i] == b'7' { b'8' } else { b'7' };
            let bad = String::from_utf8(bad).unwrap();
            assert_eq!(verify(&keys, &bad), None, "{bad}");
        }
        let others = Fingerprinter::new(vec![[1; 32]], [3; 32]);
        assert_eq!(verify(&others, &good), None);
        assert_eq!(verify(&keys, ""), None);
        assert_eq!(verify(&keys, &"é".repeat(14)), None);
    }
}
