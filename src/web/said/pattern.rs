//! Sentences with blanks: an English one, cut where its values stand, and how another language says the same.
//!
//! The files that people edit write `{}` for each value of the English sentence. In the other language `{}` is the next
//! value and `{2}` the second; a mark behind the number says what a value is: `!` a sentence that is told in this language
//! itself, `?` the same if it has words and as it is if not, `#` an id, a number or a moment (one word), and the name of
//! sections (`kind`, `kind|stance`) a word of ours, or several with `+` between them. What does not fit its mark does not fit the
//! sentence: so a sentence is never told by half, and one that only begins alike is told by its own words. `{% if %}` and
//! `{{ name }}`, which templates write, are no blanks.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How the values of a sentence are told.
pub(super) struct Telling<'a> {
    /// One without a mark.
    pub value: &'a dyn Fn(&str) -> String,
    /// One that is a sentence itself, if it has words.
    pub sentence: &'a dyn Fn(&str) -> Option<String>,
    /// A word of ours, from the section of this name.
    pub word: &'a dyn Fn(&str, &str) -> Option<String>,
}

/// One sentence.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The English one, around its values.
    pub parts: Vec<String>,
    /// The other language's, with its blanks.
    pub own: String,
}

impl Pattern {
    /// What stands in the blanks of a sentence, if it is this one.
    fn values<'a>(&self, said: &'a str) -> Option<Vec<&'a str>> {
        let (first, rest) = self.parts.split_first()?;
        let mut left = said.strip_prefix(first.as_str())?;
        let Some((last, middle)) = rest.split_last() else {
            return left.is_empty().then(Vec::new);
        };
        let mut values = Vec::new();
        for part in middle {
            let (value, after) = left.split_once(part.as_str())?;
            values.push(value);
            left = after;
        }
        values.push(left.strip_suffix(last.as_str())?);
        Some(values)
    }

    /// A sentence in the other language, if it is this one and every value can be told.
    pub fn said(&self, english: &str, telling: &Telling<'_>) -> Option<String> {
        filled(&self.own, &self.values(english)?, telling)
    }
}

/// The sentences of one kind, those with the most letters first.
#[derive(Debug, Default)]
pub(super) struct Patterns(pub Vec<Pattern>);

impl Patterns {
    /// From a file's pairs.
    pub fn of(pairs: BTreeMap<String, String>) -> Self {
        let cut = |(english, own): (String, String)| Pattern {
            parts: english.split("{}").map(str::to_owned).collect(),
            own,
        };
        let mut all: Vec<Pattern> = pairs.into_iter().map(cut).collect();
        all.sort_by_key(|p| Reverse(p.parts.iter().map(String::len).sum::<usize>()));
        Self(all)
    }

    /// A sentence in the other language, by the first that fits.
    pub fn said(&self, english: &str, telling: &Telling<'_>) -> Option<String> {
        self.0.iter().find_map(|p| p.said(english, telling))
    }
}

/// The next blank of a sentence: what stands before it, its number, its mark, and what stands behind it.
pub(super) fn blank(text: &str) -> Option<(&str, Option<usize>, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('{')?;
        let inside = &text[at + 1..];
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = inside.split_at(digits);
        if let Some((mark, after)) = rest.split_once('}') {
            let named = mark
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b"_|".contains(&b));
            if named || ["!", "?", "#"].contains(&mark) {
                return Some((&text[..at], number.parse().ok(), mark, after));
            }
        }
        from = at + 1;
    }
}

/// The sentence with its values, if each is what its blank says.
fn filled(own: &str, values: &[&str], telling: &Telling<'_>) -> Option<String> {
    let (mut text, mut left, mut next) = (String::new(), own, 0);
    while let Some((before, number, mark, after)) = blank(left) {
        text += before;
        let at = match number {
            Some(number) => number.checked_sub(1)?,
            None => {
                next += 1;
                next - 1
            }
        };
        text += &told(values.get(at)?, mark, telling)?;
        left = after;
    }
    Some(text + left)
}

fn told(value: &str, mark: &str, telling: &Telling<'_>) -> Option<String> {
    match mark {
        "" => Some((telling.value)(value)),
        "!" => (telling.sentence)(value),
        "?" => Some((telling.sentence)(value).unwrap_or_else(|| value.to_owned())),
        "#" => (!value.is_empty() && !value.contains(' ')).then(|| value.to_owned()),
        sections => {
            let word = |one: &str| {
                let mut sections = sections.split('|');
                sections.find_map(|section| (telling.word)(section, one))
            };
            let all = value.split(" + ").filter(|one| !one.is_empty());
            let all: Option<Vec<String>> = all.map(word).collect();
            Some(all?.join(" + "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(own: &str, values: &[&str]) -> Option<String> {
        let word = |section: &str, word: &str| {
            let known = section == "kind" && ["stop", "access"].contains(&word);
            known.then(|| word.to_uppercase())
        };
        let telling = Telling {
            value: &|v| v.to_owned(),
            sentence: &|v| (v == "yes").then(|| "oui".to_owned()),
            word: &word,
        };
        filled(own, values, &telling)
    }

    #[test]
    fn a_blank_takes_the_next_value_or_the_one_that_it_names() {
        let both = ["a", "b"];
        assert_eq!(said("{} et {}", &both).as_deref(), Some("a et b"));
        assert_eq!(said("{2} et {1}", &both).as_deref(), Some("b et a"));
        assert_eq!(said("{3}", &both), None);
        assert_eq!(said("{0}", &both), None);
    }

    #[test]
    fn a_value_that_does_not_fit_its_mark_does_not_fit_the_sentence() {
        for (own, value, told) in [
            ("{!}", "yes", Some("oui")),
            ("{!}", "no", None),
            ("{?}", "yes", Some("oui")),
            ("{?}", "no", Some("no")),
            ("{#}", "Q-7F3K-92MD", Some("Q-7F3K-92MD")),
            ("{#}", "two words", None),
            ("{#}", "", None),
            ("{kind}", "stop + access", Some("STOP + ACCESS")),
            ("{kind}", "", Some("")),
            ("{kind}", "stop + no", None),
            ("{stance}", "stop", None),
            ("{1stance|kind}", "stop", Some("STOP")),
        ] {
            assert_eq!(said(own, &[value]).as_deref(), told, "{own} of {value}");
        }
    }

    #[test]
    fn what_a_template_writes_in_braces_is_no_blank() {
        let own = "saluez par {{ person.salutation }} ou {% if x %}, puis {}";
        let told = "saluez par {{ person.salutation }} ou {% if x %}, puis a";
        assert_eq!(said(own, &["a"]).as_deref(), Some(told));
        assert!(blank("{ }{").is_none());
    }
}
