//! The filters that templates may use beside tera's own: days, lists, words of the register, the subject, the page.
//!
//! Each reads the letter's `language` by itself, so that a template never has to say it. `range` is taken away: with it a
//! loop could run without end, and a letter has nothing to count.

use super::layout;
use super::words::{self, Join};
use crate::record::{Language, SubjectMark, subject_mark};
use tera::{Error, Kwargs, State, Tera, TeraResult, Value};

/// Their names, for messages to writers.
pub const NAMES: [&str; 6] = ["date", "list", "either", "words", "reply", "page"];

/// The longest subject, in characters: what mail programs still show.
pub const LONGEST_SUBJECT: usize = 200;

/// Registers all of them.
pub fn register(tera: &mut Tera) {
    tera.register_filter("date", date);
    tera.register_filter("list", |value: &Value, _: Kwargs, state: &State| {
        joined(value, state, Join::And)
    });
    tera.register_filter("either", |value: &Value, _: Kwargs, state: &State| {
        joined(value, state, Join::Or)
    });
    tera.register_filter("words", in_words);
    tera.register_filter("reply", |value: &str, _: Kwargs, _: &State| reply(value));
    tera.register_filter("page", |value: &str, _: Kwargs, _: &State| {
        Value::safe_string(&layout::html(value))
    });
    tera.register_function("range", |_: Kwargs, _: &State| -> TeraResult<bool> {
        Err(Error::message("`range` is not available in letters"))
    });
}

fn language(state: &State) -> TeraResult<Language> {
    let word = state.get::<String>("language")?.unwrap_or_default();
    word.parse().map_err(Error::message)
}

fn date(value: &str, _: Kwargs, state: &State) -> TeraResult<String> {
    let day = value.parse().map_err(|_| {
        Error::message(format!(
            "`date` needs a day like 2026-11-23, not \"{value}\""
        ))
    })?;
    Ok(words::date(language(state)?, day))
}

fn texts(value: &Value) -> TeraResult<Vec<&str>> {
    match (value.as_str(), value.as_array()) {
        (Some(text), _) => Ok(vec![text]),
        (_, Some(items)) => items
            .iter()
            .map(|v| {
                v.as_str()
                    .ok_or_else(|| Error::message("a list of texts is needed here"))
            })
            .collect(),
        _ => Err(Error::message("a text or a list of texts is needed here")),
    }
}

fn joined(value: &Value, state: &State, join: Join) -> TeraResult<String> {
    Ok(words::list(language(state)?, &texts(value)?, join))
}

/// `words` turns `email` into "adresse e-mail", `words(of="channel")` into "e-mail"; an unknown word stays as it is.
fn in_words(value: &Value, kwargs: Kwargs, state: &State) -> TeraResult<Value> {
    let language = language(state)?;
    let of = kwargs.get::<String>("of")?;
    let word = |id: &&str| {
        let known = match &of {
            Some(of) => words::word(language, &format!("{of}.{id}")),
            None => words::word(language, id),
        };
        known.unwrap_or(id).to_owned()
    };
    let all: Vec<String> = texts(value)?.iter().map(word).collect();
    Ok(match (value.as_str(), all.first()) {
        (Some(_), Some(one)) => Value::normal_string(one),
        _ => Value::from_serializable(&all),
    })
}

/// "Re: " and the subject, however many "Re: AW: RE : " stood there before.
pub fn reply(subject: &str) -> String {
    let mut bare = subject.trim();
    // A forward's mark stays, it tells something.
    while let Some((SubjectMark::Answer, rest)) = subject_mark(bare) {
        bare = rest;
    }
    let mut short: String = bare.chars().take(LONGEST_SUBJECT).collect();
    if short.len() < bare.len() {
        short.push('…');
    }
    format!("Re: {short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_one_re() {
        for subject in [
            "Offre",
            "Re: Offre",
            "RE : AW: Re[2]: Offre",
            " re:re:Offre ",
            "ΑΠ: Re: Offre",
            "回复：Offre",
        ] {
            assert_eq!(reply(subject), "Re: Offre", "{subject}");
        }
        assert_eq!(reply("Fwd: Offre: mai"), "Re: Fwd: Offre: mai");
        assert!(reply(&"x".repeat(999)).chars().count() <= LONGEST_SUBJECT + 5);
    }
}
