//! Answers that somebody typed into the quoted mail in another colour, and says so: "mes réponses en rouge ci-dessous".
//!
//! Nothing but the colour tells them from what is quoted, and mails are full of colours, so it is believed only where a line
//! above names one beside a word for answers ("the red model, please" does not) and less than half of the quoted lines have it.
//! Whether they are all that was typed nobody can know: the lexicons' `answers_inside` brings such a reply to a human.

use super::attribution::has_words;
use super::lines::Line;
use super::words::{ANSWERS, COLOURS, IN_THE_TEXT};
use crate::mail::ElidedKind::Quotation;

/// How far apart the strongest and the weakest part of a loud colour are, of 255.
const LOUD: u8 = 80;
/// Octets of a word for answers that may be no more than the beginning of another word.
const SHORT: usize = 4;
/// What Outlook gives every reply.
const OUTLOOK: [u8; 3] = [0x1f, 0x49, 0x7d];
const LOUD_NAMES: &[&str] = &[
    "red",
    "blue",
    "green",
    "purple",
    "orange",
    "magenta",
    "fuchsia",
    "navy",
    "maroon",
    "teal",
    "darkred",
    "darkblue",
    "darkgreen",
    "crimson",
    "brown",
    "royalblue",
    "firebrick",
    "orangered",
    "deeppink",
    "violet",
    "indigo",
    "tomato",
    "lime",
    "aqua",
    "cyan",
    "olive",
    "mediumblue",
];

/// Whether a colour of HTML or CSS stands out from black and grey; `None` if it is no colour of its own.
pub(super) fn is_loud(value: &str) -> Option<bool> {
    let value = value.trim();
    let value = value.strip_suffix("!important").unwrap_or(value);
    if LOUD_NAMES.contains(&value) {
        return Some(true);
    }
    if matches!(value, "inherit" | "currentcolor" | "initial" | "unset") {
        return None;
    }
    let parts = parts(value).unwrap_or_default();
    let (most, least) = (parts.iter().max()?, parts.iter().min()?);
    Some(most - least >= LOUD && parts != OUTLOOK)
}

/// `#rgb`, `#rrggbb`, `rgb(r,g,b)`.
fn parts(value: &str) -> Option<[u8; 3]> {
    if let Some(hex) = value.strip_prefix('#') {
        let digit = |n: usize| {
            hex.get(n..n + 1)
                .and_then(|d| u8::from_str_radix(d, 16).ok())
        };
        return match hex.len() {
            3 => Some([digit(0)? * 17, digit(1)? * 17, digit(2)? * 17]),
            6 => Some([
                digit(0)? * 16 + digit(1)?,
                digit(2)? * 16 + digit(3)?,
                digit(4)? * 16 + digit(5)?,
            ]),
            _ => None,
        };
    }
    let inside = value.strip_prefix("rgb")?.trim_start_matches('a');
    let mut numbers = inside.trim_matches(['(', ')']).split(',').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

/// Gives back as typed what stands out in the quoted mail, if the typed text says that its answers do.
pub(super) fn answers(lines: &mut [Line]) {
    let quoted = |l: &Line| l.kind == Some(Quotation) && !l.blank();
    let loud = lines.iter().filter(|l| l.loud && quoted(l)).count();
    let all = lines.iter().filter(|l| quoted(l)).count();
    if loud == 0 || loud * 2 >= all || !lines.iter().any(|l| l.fresh() && speaks_of_answers(l)) {
        return;
    }
    for line in lines.iter_mut().filter(|l| l.loud && quoted(l)) {
        line.kind = None;
    }
}

/// Whether a line names a colour and says what has it: "see my comments in blue".
fn speaks_of_answers(line: &Line) -> bool {
    let words = || line.plain().split(|c: char| !c.is_alphanumeric());
    let coloured = |word: &str| COLOURS.iter().any(|c| word.starts_with(c));
    // Short ones are whole words: "ver" is none of "version".
    let answers = |word: &str| {
        let is = |a: &&str| word == *a || (a.len() > SHORT && word.starts_with(a));
        ANSWERS.iter().any(is)
    };
    let inside = || IN_THE_TEXT.iter().any(|w| has_words(line.plain(), w));
    words().any(coloured) && (words().any(answers) || inside())
}

#[cfg(test)]
mod tests {
    use super::{Line, is_loud, speaks_of_answers};

    #[test]
    fn red_is_loud_and_black_is_not() {
        for (value, loud) in [
            ("red", Some(true)),
            ("#0000ff", Some(true)),
            ("#00B050", Some(true)),
            ("#f00", Some(true)),
            ("rgb(192,0,0)", Some(true)),
            ("rgba(0,112,192,1)", Some(true)),
            ("red!important", Some(true)),
            ("black", Some(false)),
            ("windowtext", Some(false)),
            ("#222222", Some(false)),
            ("#1f497d", Some(false)),
            ("#ggg", Some(false)),
            ("inherit", None),
        ] {
            assert_eq!(is_loud(value), loud, "{value}");
        }
    }

    #[test]
    fn a_colour_is_believed_beside_what_points_to_answers() {
        let speaks = |text: &str| {
            let text = text.to_owned();
            speaks_of_answers(&Line {
                text,
                ..Line::default()
            })
        };
        for text in [
            "Ci-dessous en rouge.",
            "Mes ajouts en bleu",
            "in rot im Text",
            "di seguito in rosso",
            "ver a continuación en rojo",
        ] {
            assert!(speaks(text), "{text}");
        }
        for text in [
            "Pouvez-vous ajouter le modèle rouge ?",
            "rote Streifen im Textilbereich",
            "the red model, please",
        ] {
            assert!(!speaks(text), "{text}");
        }
    }
}
