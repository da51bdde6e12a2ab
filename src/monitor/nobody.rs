//! Takes addresses out of what is told: a mailbox may be called by its address, and a dashboard is no place for one.

use crate::record::Address;

/// The text with every address in it masked.
pub(super) fn masked(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let words = text.split(' ').map(|word| match word.contains('@') {
        false => word.to_owned(),
        true => {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let masked = Address::parse(bare).map_or_else(|_| "…".to_owned(), |a| a.masked());
            word.replacen(bare, &masked, 1)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_wherever_it_stands() {
        assert_eq!(
            masked("claire.morel@atelier.example: a mailbox (of x@y@z)"),
            "c…@a…r.example: a mailbox (of …)"
        );
        assert_eq!(masked("sales: a mailbox"), "sales: a mailbox");
    }
}
