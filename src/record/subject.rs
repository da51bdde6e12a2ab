//! The marks that mail programs set before the subject of an answer or of a mail passed on: `Re:`, `AW:`, `Fwd:`.
//!
//! RFC 5322, 3.6.5 knows only `Re: `; every language of a mail program has its own. What stands behind a mark is not the
//! writer's word.

/// What a mark says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubjectMark {
    /// An answer.
    Answer,
    /// A mail that is passed on.
    Forward,
}

/// Of answers, in lower case.
const ANSWERS: &[&str] = &[
    "re", "aw", "sv", "vs", "antw", "odp", "ré", "réf", "ref", "res", "r", "rif", "ynt", "atb",
    "vá", "ha", "na", "απ", "σχετ", "на", "отв", "回复", "答复", "回覆",
];

/// Of forwards, in lower case.
const FORWARDS: &[&str] = &[
    "fw",
    "fwd",
    "tr",
    "wg",
    "rv",
    "i",
    "enc",
    "vb",
    "pd",
    "doorst",
    "vl",
    "továbbítás",
    "转发",
    "轉寄",
];

/// The longest mark with its number (`továbbítás`, `Re[12]`), in octets.
const LONGEST: usize = 24;

/// The mark at the beginning of a subject, and what stands behind it: `Re: x`, `RE : x`, `Re[2]: x`, `回复：x`.
pub fn subject_mark(subject: &str) -> Option<(SubjectMark, &str)> {
    let (mark, rest) = subject.trim_start().split_once([':', '：'])?;
    if mark.len() > LONGEST {
        return None;
    }
    let mark = mark.split(['[', '(']).next().unwrap_or(mark).trim_end();
    let mark = mark.to_lowercase();
    let of = [
        (SubjectMark::Answer, ANSWERS),
        (SubjectMark::Forward, FORWARDS),
    ];
    let (kind, _) = of.into_iter().find(|(_, all)| all.contains(&&*mark))?;
    Some((kind, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_seen_in_the_ways_in_which_programs_write_them() {
        use SubjectMark::{Answer, Forward};
        for (subject, wanted) in [
            ("Re: Offre", Some((Answer, "Offre"))),
            ("RE : Offre", Some((Answer, "Offre"))),
            ("Réf\u{a0}: Offre", Some((Answer, "Offre"))),
            (" AW[2]: Re: x", Some((Answer, "Re: x"))),
            ("ΑΠ: προσφορά", Some((Answer, "προσφορά"))),
            ("回复：报价", Some((Answer, "报价"))),
            ("TR: Offre", Some((Forward, "Offre"))),
            ("Továbbítás: x", Some((Forward, "x"))),
            ("Stop: now", None),
            (":", None),
            ("Retrait: merci", None),
            ("Relais", None),
            ("", None),
        ] {
            assert_eq!(subject_mark(subject), wanted, "{subject}");
        }
    }
}
