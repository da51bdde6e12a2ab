//! The lexicons inside the program, so that it reads without any file; a user's file replaces the one of its language.

use super::learned::Learned;
use super::lexicon::LexiconSource;
use super::read::Reader;
use crate::record::Fault;

macro_rules! lexicons {
    ($($code:literal),+ $(,)?) => {
        /// Code and source of each lexicon of the program; `any` holds what every language borrows.
        pub const LEXICONS: &[(&str, LexiconSource<'static>)] = &[$((
            $code,
            LexiconSource {
                path: concat!("config/lexicon/", $code, ".toml"),
                text: include_str!(concat!("../../config/lexicon/", $code, ".toml")),
            },
        )),+];
    };
}

lexicons!(
    "any", "fr", "en", "de", "es", "it", "nl", "pt", "pl", "sv", "da", "no", "fi", "cs", "sk",
    "ro", "hu", "el", "hr", "bg"
);

/// The reader of the program's own lexicons.
pub fn builtin() -> Result<Reader, Vec<Fault>> {
    with(&[])
}

/// The same, with some languages replaced: `("fr", source)`.
pub fn with(own: &[(&str, LexiconSource<'_>)]) -> Result<Reader, Vec<Fault>> {
    let reader = alone(own)?;
    match Learned::shipped() {
        Ok(learned) => Ok(reader.beside(learned)),
        Err(why) => Err(vec![Fault::of_file(
            "config/reader/reader.safetensors",
            why,
            "build the program again from an unchanged checkout",
        )]),
    }
}

/// The lexicons alone: the learned reader is not made ready, which would take a hundred megabytes.
pub fn alone(own: &[(&str, LexiconSource<'_>)]) -> Result<Reader, Vec<Fault>> {
    let mut sources: Vec<LexiconSource<'_>> = Vec::new();
    for (code, shipped) in LEXICONS {
        let chosen = own
            .iter()
            .find(|(c, _)| c == code)
            .map_or(shipped, |(_, s)| s);
        sources.push(chosen.clone());
    }
    let new = own
        .iter()
        .filter(|(code, _)| !LEXICONS.iter().any(|(c, _)| c == code));
    sources.extend(new.map(|(_, s)| s.clone()));
    Reader::compile(&sources)
}
