//! Lines that we wrote ourselves, recognised in a reply even where no quotation mark is left (B2).
//!
//! The Sent index keeps a hash of each line and sentence, never the text. Case, spaces, punctuation and accents'
//! spelling are dropped first, so that a line is recognised after a client has rewrapped or recoded it. Short lines have
//! no hash: a typed "STOP" is never taken for ours, even if our mail has a line "STOP".

use super::lines::Line;
use crate::mail::ElidedKind::OurLine;

/// Whatever knows the lines of mails that we sent.
pub trait OurLines {
    /// Whether a line with this [`line_hash`] stands in a mail of ours.
    fn is_ours(&self, line_hash: u32) -> bool;
}

/// Nothing was sent, or nobody knows.
impl OurLines for () {
    fn is_ours(&self, _: u32) -> bool {
        false
    }
}

impl<S: std::hash::BuildHasher> OurLines for std::collections::HashSet<u32, S> {
    fn is_ours(&self, line_hash: u32) -> bool {
        self.contains(&line_hash)
    }
}

/// Letters and digits below which a line is too common to be anybody's.
const SHORTEST: usize = 12;

/// The hash under which a line is known: of its letters and digits in lower case (FNV-1a). `None` for short lines.
pub fn line_hash(line: &str) -> Option<u32> {
    let mut hash = 0x811c_9dc5_u32;
    let mut letters = 0;
    let mut step = |b: u8| hash = (hash ^ u32::from(b)).wrapping_mul(0x0100_0193);
    for c in line.chars() {
        // Almost all of them, without the tables of Unicode.
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                letters += 1;
                step(c.to_ascii_lowercase() as u8);
            }
            continue;
        }
        if !c.is_alphanumeric() {
            continue;
        }
        letters += 1;
        let mut buffer = [0; 4];
        for lower in c.to_lowercase() {
            lower.encode_utf8(&mut buffer).bytes().for_each(&mut step);
        }
    }
    (letters >= SHORTEST).then_some(hash)
}

/// All hashes of a sent text: its lines, its paragraphs and its sentences, so that other line breaks do not hide them.
pub fn line_hashes(text: &str) -> Vec<u32> {
    let mut hashes = Vec::new();
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            hashes.extend(line_hash(&paragraph));
            hashes.extend(sentences(&paragraph).filter_map(line_hash));
            paragraph.clear();
            continue;
        }
        hashes.extend(line_hash(line));
        paragraph.push(' ');
        paragraph.push_str(line.trim());
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '?', '!', '…']).map(str::trim)
}

/// Marks the lines that are ours: a whole paragraph of our sentences, or single lines.
pub(super) fn mark(lines: &mut [Line], ours: &dyn OurLines) {
    let is_ours = |hash: u32| ours.is_ours(hash);
    let known = |text: &str| line_hash(text).is_some_and(is_ours);
    let mut at = 0;
    while at < lines.len() {
        if !lines[at].fresh() {
            at += 1;
            continue;
        }
        let end = (at..lines.len())
            .find(|n| !lines[*n].fresh())
            .unwrap_or(lines.len());
        let paragraph = lines[at..end]
            .iter()
            .map(|l| l.text.trim())
            .collect::<Vec<_>>()
            .join(" ");
        let all = known(&paragraph) || all_known(&paragraph, is_ours);
        for line in &mut lines[at..end] {
            if all || known(&line.text) {
                line.kind = Some(OurLine);
            }
        }
        at = end;
    }
}

/// Whether its long sentences are all ours and it has no short one: that may be the answer beside ours, as in "Nous livrons
/// partout en France. Non !"
fn all_known(paragraph: &str, is_ours: impl Fn(u32) -> bool) -> bool {
    let mut long = 0;
    sentences(paragraph).all(|sentence| match line_hash(sentence) {
        Some(hash) => {
            long += 1;
            is_ours(hash)
        }
        None => !sentence.chars().any(char::is_alphanumeric),
    }) && long > 0
}
