//! When a certificate ends: the one date of X.509 that the doctor needs (RFC 5280, section 4.1.2.5).
//!
//! Whether the certificate is good was decided by rustls before it came here; so this reads a few tags and lengths, and no more.

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The last moment at which it is valid; nothing if this is no certificate.
pub fn ends(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = value(der)?;
    let (SEQUENCE, signed, _) = value(certificate)? else {
        return None;
    };
    let (tag, _, rest) = value(signed)?;
    // Version 1 says none, and begins with the serial number.
    let mut rest = if tag == VERSION { value(rest)?.2 } else { rest };
    // Signature algorithm, issuer.
    for _ in 0..2 {
        rest = value(rest)?.2;
    }
    let (SEQUENCE, validity, _) = value(rest)? else {
        return None;
    };
    let (_, _, after) = value(validity)?;
    let (tag, text, _) = value(after)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// A tag, its content, and what follows it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        // More than four octets would be more than a certificate can have.
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = octets.iter().fold(0, |n, o| n << 8 | usize::from(*o));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let whole = match tag {
        // Two digits of the year: 50 and above are of the last century.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn until(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["mail.acme.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        made.der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_ways_of_writing_it() {
        for (year, end) in [
            (2027, "2027-12-31T00:00:00Z"),
            (2060, "2060-12-31T00:00:00Z"),
        ] {
            let end: Timestamp = end.parse().unwrap();
            assert_eq!(ends(&until(year)), Some(end));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let good = until(2027);
        for n in 0..200 {
            assert_eq!(ends(&good[..n]), None, "{n}");
        }
        assert_eq!(ends(b"\x30\x84\xff\xff\xff\xff"), None);
        assert_eq!(ends(&[]), None);
    }
}
