//! Makes a report that names nobody in full: addresses as `Address::masked` shows them, also inside the words that people wrote.

use crate::record::Address;

/// One address.
pub fn address(text: &mut String) {
    *text = match Address::parse(text) {
        Ok(address) => address.masked(),
        Err(_) => words_of(text),
    };
}

/// Every address in somebody's words.
pub fn words(text: &mut String) {
    *text = words_of(text);
}

fn words_of(text: &str) -> String {
    let part = |word: &str| {
        if !word.contains('@') {
            return word.to_owned();
        }
        let ends = |c: char| !c.is_alphanumeric();
        match Address::parse(word.trim_matches(ends)) {
            Ok(address) => address.masked(),
            Err(_) => "…@…".to_owned(),
        }
    };
    let parts: Vec<String> = text.split(' ').map(part).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_somebodys_words_is_masked_too() {
        let mut text = "remove anna@client.example, please".to_owned();
        words(&mut text);
        assert!(!text.contains("anna@"), "{text}");
        assert!(text.starts_with("remove ") && text.ends_with(" please"));
        let mut who = "anna@client.example".to_owned();
        address(&mut who);
        assert!(!who.contains("anna@"), "{who}");
    }
}
