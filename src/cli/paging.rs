//! `--limit` and `--after`: a long list, a page at a time.

use super::ask;
use std::num::NonZeroUsize;

/// Which page of a list.
#[derive(clap::Args, Debug)]
pub struct Paging {
    /// At most so many [default: all]; the last line then says how to see the next
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Behind this one, as the last line of the page before says it
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl Paging {
    /// Whether no page was asked for.
    pub fn is_whole(&self) -> bool {
        self.limit.is_none() && self.after.is_none()
    }

    /// The path of the API (which may have a query) with the page in its query.
    pub fn of(&self, path: &str) -> String {
        let limit = self.limit.map(|n| format!("limit={n}"));
        let after = self.after.as_ref();
        let after = after.map(|c| format!("after={}", ask::quoted(c)));
        let query: Vec<String> = limit.into_iter().chain(after).collect();
        match query.is_empty() {
            true => path.to_owned(),
            false => {
                let sign = if path.contains('?') { '&' } else { '?' };
                format!("{path}{sign}{}", query.join("&"))
            }
        }
    }
}
