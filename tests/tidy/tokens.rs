//! What the parser leaves as tokens: the inside of macro calls and attributes, and where strings begin.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

pub fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == sign)
}

/// The path that begins here, and the place behind it.
pub fn path_at(tokens: &[TokenTree], begin: usize) -> (Vec<String>, usize) {
    let (mut path, mut at) = (Vec::new(), begin);
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        at += 1;
        match tokens.get(at..at + 3) {
            Some([a, b, TokenTree::Ident(_)]) if is_punct(a, ':') && is_punct(b, ':') => at += 2,
            _ => break,
        }
    }
    (path, at)
}

pub fn words_of(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) => words_of(group.stream(), words),
            _ => {}
        }
    }
}

pub fn strings_at_line_starts(tokens: TokenStream, last: &mut usize, table: &mut BTreeSet<usize>) {
    for token in tokens {
        let (begin, end) = (token.span().start().line, token.span().end().line);
        match token {
            TokenTree::Group(group) => {
                *last = begin.max(*last);
                strings_at_line_starts(group.stream(), last, table);
            }
            TokenTree::Literal(literal) if begin > *last && literal.to_string().contains('"') => {
                table.extend(begin..=end);
            }
            _ => {}
        }
        *last = end.max(*last);
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
pub fn says_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let mut words = Vec::new();
            words_of(list.tokens.clone(), &mut words);
            match words.first().map(String::as_str) {
                Some("test") => true,
                Some("all") => {
                    words.iter().any(|w| w == "test") && !words.iter().any(|w| w == "not")
                }
                _ => false,
            }
        }
        meta => meta
            .path()
            .segments
            .last()
            .is_some_and(|s| s.ident == "test"),
    })
}
