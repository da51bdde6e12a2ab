//! A word without what people leave out on a telephone: case, accents, ligatures.

use unicode_normalization::UnicodeNormalization;

/// Lower case without accents: `Désinscrivez` → `desinscrivez`, `löschen` → `loschen`, `Straße` → `strasse`.
pub fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|b| b.to_ascii_lowercase() as char)
            .collect();
    }
    let mut out = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            c if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_telephone_leaves_out_does_not_matter() {
        for (typed, folded) in [
            ("DÉSINSCRIVEZ", "desinscrivez"),
            ("löschen", "loschen"),
            ("Straße", "strasse"),
            ("Sørensen", "sorensen"),
            ("cœur", "coeur"),
            ("ﬁn", "fin"),
        ] {
            assert_eq!(fold(typed), folded);
        }
    }
}
