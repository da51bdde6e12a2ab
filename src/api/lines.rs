//! A list that is read as it comes, line by line with their numbers, in the memory of some thousand lines.

use super::Refusal;
use axum::body::{Body, BodyDataStream, Bytes};
use futures::StreamExt;

/// A line is not longer than this; of a longer one the rest is passed over.
const LONGEST: usize = 4 << 10;
/// Stands where a line was cut, so that half an address is none.
const CUT: &str = "\u{fffd}";

/// Lines with their numbers, without empty ones and comments: a comment begins with `#`, and names nobody.
pub(super) struct Lines {
    body: BodyDataStream,
    part: Bytes,
    line: Vec<u8>,
    number: u64,
    /// More than is read stood in the line that is going on.
    cut: bool,
    ended: bool,
    /// They are rows of a table: each counts, whatever it begins with.
    rows: bool,
}

impl Lines {
    /// Of a body that is read as it comes.
    pub(super) fn of(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            part: Bytes::new(),
            line: Vec::new(),
            number: 0,
            cut: false,
            ended: false,
            rows: false,
        }
    }

    /// From now on a `#` begins a value (`#1001;anna@client.example`), and no comment.
    pub(super) fn are_rows(&mut self) {
        self.rows = true;
    }

    /// Up to so many more; fewer only at the end.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<(u64, String)>, Refusal> {
        let mut lines = Vec::new();
        while lines.len() < most && !self.ended {
            if let Some(end) = self.part.iter().position(|b| *b == b'\n') {
                let head = self.part.split_to(end + 1);
                self.add(&head[..end]);
                lines.extend(self.whole());
                continue;
            }
            let rest = std::mem::take(&mut self.part);
            self.add(&rest);
            match self.body.next().await {
                Some(part) => {
                    let broken = "the list broke off before its end; nothing that is not told here was taken";
                    let again = "hand the whole list over again";
                    self.part = part.map_err(|_| Refusal::unclear(broken, again))?;
                }
                None => {
                    self.ended = true;
                    lines.extend(self.whole());
                }
            }
        }
        Ok(lines)
    }

    fn add(&mut self, octets: &[u8]) {
        let room = LONGEST.saturating_sub(self.line.len()).min(octets.len());
        self.line.extend_from_slice(&octets[..room]);
        self.cut |= room < octets.len();
    }

    /// The line that has ended, as it stands there: of a table, even its first blank may be an empty value.
    fn whole(&mut self) -> Option<(u64, String)> {
        self.number += 1;
        if std::mem::take(&mut self.cut) {
            self.line.extend_from_slice(CUT.as_bytes());
        }
        let text = String::from_utf8_lossy(&self.line);
        let line = match self.number {
            1 => text.trim_start_matches('\u{feff}'),
            _ => &text[..],
        };
        let line = line.trim_end_matches('\r').to_owned();
        self.line.clear();
        let begin = line.trim_start();
        // A line that is not taken must be seen to be refused, so nothing that may name somebody is passed over.
        let is_comment = !self.rows && begin.starts_with('#') && !begin.contains('@');
        let says = !begin.is_empty() && !is_comment;
        says.then_some((self.number, line))
    }
}
