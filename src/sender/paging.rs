//! Where a step stands in a long list, and whether there is another page.
//!
//! A list ends with an empty page, and not with a short one, because a server may give less than it was asked for; an offset
//! counts what was given for the same reason. Only where a preset that counts pages says their size is a short page the last:
//! it saves a call for each STOP.

use super::pointer::{find, plain};
use super::preset::{Paging, PagingBy};
use serde_json::Value;
use tera::Context;

/// More pages than any list has: a server that never ends is one that does not page as the preset says.
const PAGES: usize = 100_000;

/// A place in a list.
#[derive(Default)]
pub(super) struct Place {
    /// Pages before this one.
    pages: usize,
    /// Items on them.
    seen: usize,
    cursor: String,
    last: Vec<Value>,
}

/// What comes after a page.
pub(super) enum Turn {
    /// Another page.
    Next,
    /// Nothing: that was all.
    Ended,
    /// More that the vendor does not show.
    Cut,
    /// The same page again: the server does not page as the preset says.
    Again,
}

impl Place {
    /// Says which page is asked for.
    pub(super) fn set(&self, values: &mut Context) {
        values.insert("offset", &self.seen);
        values.insert("page", &(self.pages + 1));
        values.insert("cursor", &self.cursor);
    }

    /// Turns the page after these items.
    pub(super) fn turn(&mut self, paging: &Paging, items: Vec<Value>, answer: &Value) -> Turn {
        if !items.is_empty() && items == self.last || self.pages >= PAGES {
            return Turn::Again;
        }
        self.pages += 1;
        self.seen += items.len();
        let at = paging
            .cursor
            .as_ref()
            .map(|c| find(answer, c.get_ref()))
            .unwrap_or_default();
        self.cursor = at.into_iter().find_map(plain).unwrap_or_default();
        let ended = match paging.by {
            PagingBy::Cursor => self.cursor.is_empty(),
            PagingBy::Offset => items.is_empty(),
            PagingBy::Page => items.is_empty() || items.len() < paging.size,
        };
        self.last = items;
        if ended {
            Turn::Ended
        } else if paging.most.is_some_and(|most| self.seen >= most) {
            Turn::Cut
        } else {
            Turn::Next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paging(text: &str) -> Paging {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn an_offset_counts_what_was_given_and_not_what_was_asked_for() {
        let by = paging("by = 'offset'\nsize = 100");
        let mut place = Place::default();
        let offset = |place: &Place| {
            let mut values = Context::new();
            place.set(&mut values);
            values.get("offset").and_then(|v| v.as_u64())
        };
        let some = |from: u8, many: u8| (from..from + many).map(|n| json!(n)).collect();
        assert_eq!(offset(&place), Some(0));
        let turn = place.turn(&by, some(0, 37), &json!([]));
        assert!(matches!(turn, Turn::Next));
        assert_eq!(offset(&place), Some(37));
        let turn = place.turn(&by, some(37, 5), &json!([]));
        assert!(matches!(turn, Turn::Next));
        assert_eq!(offset(&place), Some(42));
    }

    #[test]
    fn a_cursor_ends_where_there_is_none_an_offset_with_an_empty_page() {
        let by = paging("by = 'cursor'\ncursor = '/next'\nmost = 3");
        let mut place = Place::default();
        let one = |n: u8| vec![json!(n)];
        assert!(matches!(
            place.turn(&by, one(1), &json!({"next": "a"})),
            Turn::Next
        ));
        assert!(matches!(
            place.turn(&by, one(1), &json!({"next": "b"})),
            Turn::Again
        ));
        assert!(matches!(
            place.turn(&by, one(2), &json!({"next": "b"})),
            Turn::Next
        ));
        assert!(matches!(
            place.turn(&by, one(3), &json!({"next": "c"})),
            Turn::Cut
        ));
        assert!(matches!(
            place.turn(&by, one(4), &json!({"next": null})),
            Turn::Ended
        ));
        let by = paging("by = 'offset'\nsize = 100");
        let mut place = Place::default();
        assert!(matches!(place.turn(&by, one(1), &json!([])), Turn::Next));
        assert!(matches!(
            place.turn(&by, Vec::new(), &json!([])),
            Turn::Ended
        ));
        let by = paging("by = 'page'\nsize = 2");
        let mut place = Place::default();
        let two = vec![json!(1), json!(2)];
        assert!(matches!(place.turn(&by, two, &json!([])), Turn::Next));
        assert!(matches!(place.turn(&by, one(1), &json!([])), Turn::Ended));
    }
}
