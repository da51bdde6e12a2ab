//! Long lists, a page at a time: `--limit N --after CURSOR`, in an order that does not move while somebody reads.
//!
//! A cursor names the last thing that was shown by what orders it, not by its number: what comes or goes in between
//! neither repeats nor hides anything else. Deliberately absent: a page that nobody asked for. Without a limit a list is whole.

use super::Refusal;
use serde::Deserialize;

/// Which page.
#[derive(Deserialize, Clone, Default, Debug)]
pub struct Page {
    /// At most so many; absent: all.
    limit: Option<usize>,
    /// Behind this cursor; absent: from the beginning.
    pub after: Option<String>,
}

impl Page {
    /// At most so many.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(usize::MAX).max(1)
    }

    /// The first of these, each with its cursor, and the cursor of the next page, if more follow.
    pub fn cut<T>(&self, mut all: Vec<(String, T)>) -> (Vec<T>, Option<String>) {
        let more = all.len() > self.limit();
        all.truncate(self.limit());
        let last = all.last().map(|(cursor, _)| cursor.clone());
        let shown = all.into_iter().map(|(_, one)| one).collect();
        (shown, last.filter(|_| more))
    }

    /// The last line of a page, for people: how to see the next.
    pub fn line(&self, command: &str, next: Option<&str>) -> String {
        match next {
            Some(next) => format!(
                "more: quitus {command} --limit {} --after {next}\n",
                self.limit()
            ),
            None => String::new(),
        }
    }
}

/// A cursor that this list did not give.
pub fn no_cursor(text: &str) -> Refusal {
    let shown: String = text.chars().take(80).collect();
    Refusal::unclear(
        format!("\"{shown}\" is no cursor of this list"),
        "write it as the last line of the page before says it",
    )
}
