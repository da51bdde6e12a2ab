//! Where a tag ends, and what has no tags inside: the bounds of markup, found in one pass over whatever bytes.

use super::tags::Tag;

/// Where a tag ends (its `>`, quoted attribute values respected). One that does not end within the window ends at the
/// first `>` in it, or with it, so that unended tags cannot make the work quadratic.
pub(super) fn tag_end(rest: &[u8]) -> usize {
    let window = &rest[..rest.len().min(4096)];
    let mut at = 1;
    while let Some(byte) = window.get(at) {
        match byte {
            b'>' => return at,
            // The value of an attribute, and no lone quotation mark: to its end.
            quote @ (b'"' | b'\'') if window[..at].trim_ascii_end().ends_with(b"=") => {
                let inside = &window[at + 1..];
                at += 1 + inside
                    .iter()
                    .position(|b| b == quote)
                    .unwrap_or(inside.len());
            }
            _ => {}
        }
        at += 1;
    }
    let last = rest.len().min(4096) - 1;
    let first = window.iter().position(|b| *b == b'>').unwrap_or(last);
    // never in the middle of a character
    (first..rest.len())
        .find(|n| rest[*n].is_ascii())
        .unwrap_or(rest.len())
}

pub(super) fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(needle.len())
        .position(|w| w == needle)
        .map(|n| n + from)
}

/// After `<style>` and the like: just after its end tag, or where it is if that never comes.
pub(super) fn skip_raw(bytes: &[u8], at: usize, name: &Tag) -> usize {
    let name: &[u8] = &name[..name.iter().position(|b| *b == 0).unwrap_or(8)];
    let mut from = at;
    while let Some(n) = find(bytes, b"</", from) {
        let end = n + 2 + name.len();
        if bytes
            .get(n + 2..end)
            .is_some_and(|t| t.eq_ignore_ascii_case(name))
        {
            return find(bytes, b">", end).map_or(bytes.len(), |n| n + 1);
        }
        from = n + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_behind_the_values_of_its_attributes() {
        for (rest, end) in [
            ("<p>", 2),
            ("<a title=\"a > b\">c", 16),
            ("<a title = '\">' x>c", 17),
            // No value: a quotation mark that somebody forgot.
            ("<p \">c\">", 4),
            ("<a b=\"c>", 7),
            ("<a b=\"c", 6),
        ] {
            assert_eq!(tag_end(rest.as_bytes()), end, "{rest}");
        }
    }
}
