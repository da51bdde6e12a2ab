//! What our own border found out about the sender's domain, and nothing that a sender could have written himself.
//!
//! An Authentication-Results field counts only for the configured authserv-id, and only above the first Received that
//! our own border wrote: everything below that line came in from outside (B8, RFC 8601 section 5).

use super::super::Signs;

/// What is known of the sender's authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// DMARC by our own border; nothing if it did not say.
    pub dmarc: Option<Dmarc>,
}

/// A result of RFC 8601 section 2.7, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dmarc {
    /// The domain of From stands behind the message.
    Pass,
    /// It does not.
    Fail,
    /// No policy, or a temporary error.
    None,
}

/// Reads the fields of our own border; without an authserv-id there is no such evidence.
pub fn authentication(signs: &Signs, authserv_id: Option<&str>) -> Authentication {
    let Some(id) = authserv_id.map(str::to_lowercase) else {
        return Authentication::default();
    };
    let by = |exact: bool| {
        signs
            .headers
            .iter()
            .position(|(n, v)| n == "received" && written_by(v, &id, exact))
    };
    let Some(border) = by(true).or_else(|| by(false)) else {
        return Authentication::default();
    };
    let dmarc = signs.headers[..border]
        .iter()
        .filter(|(n, _)| n == "authentication-results")
        .find_map(|(_, v)| result(v, &id));
    Authentication { dmarc }
}

/// Whether the `by` host of a Received is the border (or a host below its domain).
fn written_by(received: &str, id: &str, exact: bool) -> bool {
    // Most fields of a mail that came from afar do not name it at all.
    let mut places = received.as_bytes().windows(id.len().max(1));
    if id.is_ascii() && !places.any(|place| place.eq_ignore_ascii_case(id.as_bytes())) {
        return false;
    }
    let bare = without_comments(received).to_lowercase();
    let mut words = bare.split_ascii_whitespace();
    let host = words
        .find(|w| *w == "by")
        .and_then(|_| words.next())
        .unwrap_or("");
    let host = host.trim_end_matches([';', '.', ',']);
    host == id || (!exact && host.strip_suffix(id).is_some_and(|h| h.ends_with('.')))
}

/// The DMARC result of one field, if it is of this authserv-id.
fn result(value: &str, id: &str) -> Option<Dmarc> {
    let bare = without_comments(value).to_lowercase();
    let mut statements = bare.split(';');
    let served = statements.next()?.split_ascii_whitespace().next()?;
    if served.trim_matches('"') != id {
        return None;
    }
    statements.find_map(|s| {
        let (method, rest) = s.split_once('=')?;
        let method = method.split('/').next()?.trim();
        let result = rest.split_ascii_whitespace().next()?;
        match (method, result) {
            ("dmarc", "pass" | "bestguesspass") => Some(Dmarc::Pass),
            ("dmarc", "fail") => Some(Dmarc::Fail),
            ("dmarc", _) => Some(Dmarc::None),
            _ => None,
        }
    })
}

/// Drops comments (nested, with escapes) and what quoted strings hold.
fn without_comments(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            ';' | '=' if quoted => {}
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(headers: &[(&str, &str)]) -> Signs {
        Signs {
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
            ..Signs::default()
        }
    }

    #[test]
    fn only_what_our_border_wrote_above_its_own_received_counts() {
        let ours = (
            "authentication-results",
            "mx.us.example; spf=pass (x; dmarc=fail) smtp.mailfrom=a@b; dmarc=pass header.from=b",
        );
        let border = (
            "received",
            "from b (b [192.0.2.1]) by mx.us.example with ESMTP; Mon, 3 Mar 2025 10:00:00 +0100",
        );
        let forged = (
            "authentication-results",
            "mx.us.example; dmarc=fail header.from=b",
        );
        let id = Some("mx.us.example");
        assert_eq!(
            authentication(&signs(&[ours, border, forged]), id).dmarc,
            Some(Dmarc::Pass)
        );
        assert_eq!(authentication(&signs(&[border, ours]), id).dmarc, None);
        assert_eq!(authentication(&signs(&[ours]), id).dmarc, None);
        assert_eq!(authentication(&signs(&[ours, border]), None).dmarc, None);
        assert_eq!(
            authentication(
                &signs(&[("authentication-results", "other; dmarc=pass"), border]),
                id
            )
            .dmarc,
            None
        );
    }
}
