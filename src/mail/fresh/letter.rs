//! The head of a letter that the writer typed themselves, with the labels of a mail's header: `From: / To: / Date: / Subject:`.
//!
//! Who writes to a data protection officer often writes as on paper. What a client writes above the mail that is answered names
//! an address, or the time of the day; a letter does neither, and comes from its writer, or goes to somebody else.

use super::Typist;
use super::attribution::has_time;
use super::lines::{Line, plain_form};
use super::words::Role;

/// What the date of a letter is called; of a mail it is told when it was sent.
const DATES: &[&str] = &[
    "date",
    "datum",
    "fecha",
    "data",
    "dato",
    "dátum",
    "päivämäärä",
    "päiväys",
    "ημερομηνία",
    "дата",
    "tarih",
];

/// Whether these lines, which would be a header block, are one of a letter.
pub(super) fn is_head(lines: &[Line], labels: &[Option<Role>], typist: &Typist) -> bool {
    if lines
        .iter()
        .any(|l| l.text.contains('@') || has_clock(&l.text))
    {
        return false;
    }
    let field = |role: Role| {
        let at = labels.iter().position(|l| *l == Some(role))?;
        lines.get(at)?.text.split_once([':', '：'])
    };
    if field(Role::From).is_some_and(|(_, name)| typist.is(name.trim())) {
        return true;
    }
    let to_others = field(Role::To).is_some_and(|(_, name)| !typist.is(name.trim()));
    let dated = field(Role::Date).is_some_and(|(label, _)| {
        let label = plain_form(label.trim_start_matches([' ', '*', '\t']));
        DATES.contains(&label.as_str())
    });
    to_others && dated
}

/// A time of the day; `03.03.2025` is none.
fn has_clock(text: &str) -> bool {
    let is_date = |word: &str| word.trim_end_matches('.').matches('.').count() > 1;
    text.split_whitespace().any(|w| has_time(w) && !is_date(w))
}

#[cfg(test)]
mod tests {
    use super::has_clock;

    #[test]
    fn a_date_is_no_time_of_the_day() {
        for (text, clock) in [
            ("Datum: 03.03.2025", false),
            ("Date: 3 March 2025", false),
            ("Sent: Monday, 3 March 2025 10:31", true),
            ("Lähetetty: tiistai 4. maaliskuuta 2025 9.12", true),
            ("Envoyé : 04/03/2025 10h31", true),
        ] {
            assert_eq!(has_clock(text), clock, "{text}");
        }
    }
}
