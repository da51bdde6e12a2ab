//! An explanation for people: what was typed and what was not, what fired, what did not and why, and what to change.
//!
//! What is elided is faint and has a bar before each line, so that it is told apart without colour too.

use super::super::output::{BAD, CARE, FAINT, GOOD, STRONG, harmless, painted};
use super::why::{is_built_in, rules, would_matter};
use super::{Explanation, Headers};
use crate::intent::{Fate, Phrase, Seen};
use crate::mail::ElidedKind;
use crate::record::{Language, Outcome, Verdict};
use std::io::{self, Write};

/// From this chance on a label of the learned reader is shown; `--json` has all.
const LIKELY: f32 = 0.05;
/// Lines of an elided piece that are shown; `--json` has all.
const LINES: usize = 20;

/// Shows it.
pub fn show(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    headers(out, e)?;
    gate(out, e)?;
    texts(out, e)?;
    fired(out, e)?;
    set_aside(out, e)?;
    nearly(out, e)?;
    learned(out, e)?;
    title(out, "outcome")?;
    let style = match e.outcome {
        Outcome::Act => GOOD,
        Outcome::Hold => CARE,
        Outcome::Ignore => FAINT,
    };
    writeln!(
        out,
        "  {}  {}",
        painted(style, e.outcome.word()),
        harmless(&e.sentence)
    )?;
    change(out, e)
}

fn title(out: &mut impl Write, words: &str) -> io::Result<()> {
    writeln!(out, "{}", painted(STRONG, words))
}

fn headers(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    title(out, &e.file)?;
    let h: &Headers = &e.headers;
    let mut line = |name: &str, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        let name = painted(FAINT, &format!("{name:<13}"));
        writeln!(out, "  {name} {}", harmless(value))
    };
    line("From", &h.from)?;
    line("Sender", h.sender.as_deref().unwrap_or_default())?;
    line("Reply-To", &h.reply_to.join(", "))?;
    line("To", &h.to.join(", "))?;
    line("Cc", &h.cc.join(", "))?;
    line("Subject", &h.subject)?;
    line("Date", h.date.as_deref().unwrap_or_default())?;
    line("Message-ID", h.message_id.as_deref().unwrap_or_default())?;
    line("In-Reply-To", &h.in_reply_to.join(" "))?;
    line("Content-Type", &h.content_type)?;
    for (name, value) in &h.automatic {
        line(name, value)?;
    }
    Ok(())
}

fn gate(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    let gate = &e.gate;
    let style = if gate.verdict == Verdict::Answer {
        GOOD
    } else {
        CARE
    };
    title(out, "gate")?;
    let verdict = painted(style, gate.verdict.word());
    write!(
        out,
        "  answer: {verdict}, read: {}, by rule {}",
        gate.reading.word(),
        gate.rule
    )?;
    if !gate.sign.is_empty() {
        write!(out, " ({})", harmless(&gate.sign))?;
    }
    writeln!(out)?;
    for defect in &e.defects {
        writeln!(
            out,
            "  {}",
            painted(BAD, &format!("something is wrong with it: {defect:?}"))
        )?;
    }
    Ok(())
}

fn texts(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    title(out, "fresh text: only this decides")?;
    for line in e.fresh_text.lines() {
        writeln!(out, "    {}", harmless(line))?;
    }
    if e.fresh_text.is_empty() {
        writeln!(out, "    {}", painted(FAINT, "(nothing)"))?;
    }
    for piece in &e.elided {
        let why = match piece.kind {
            ElidedKind::Quotation => "elided, a quotation: an earlier message",
            ElidedKind::Signature => "elided, a signature",
            ElidedKind::Disclaimer => "elided, a disclaimer",
            ElidedKind::Forwarded => "elided, a forwarded mail",
            ElidedKind::OurLine => "elided, a line of a mail that we sent",
        };
        title(out, why)?;
        for line in piece.text.lines().take(LINES) {
            writeln!(out, "  {}", painted(FAINT, &format!("│ {line}")))?;
        }
        let more = piece.text.lines().count().saturating_sub(LINES);
        if more > 0 {
            let words = format!("│ … {more} more lines; --json has all");
            writeln!(out, "  {}", painted(FAINT, &words))?;
        }
    }
    let tried: Vec<&str> = e.trace.languages.iter().map(|l| l.word()).collect();
    writeln!(
        out,
        "{} {}; phrases tried: {}",
        painted(STRONG, "language"),
        e.language.map_or("could not be told", Language::word),
        tried.join(" ")
    )
}

fn fired(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    title(out, "what fired")?;
    let counted = |s: &&Seen| s.fate == Fate::Counts && !s.phrase.means.starts_with("trap");
    let mut none = true;
    for seen in e.trace.seen.iter().filter(counted) {
        none = false;
        phrase(out, &seen.phrase, &seen.text)?;
    }
    let known = |rule: &str| e.trace.seen.iter().any(|s| s.phrase.rule == rule);
    for (rule, text) in rules(&e.read) {
        if !known(rule) {
            none = false;
            let text = harmless(text);
            writeln!(
                out,
                "  “{text}”\n      {} (no phrase of a lexicon)",
                harmless(rule)
            )?;
        }
    }
    if none {
        writeln!(out, "  {}", painted(FAINT, "nothing"))?;
    }
    for meaning in &e.trace.meanings {
        let words = format!(
            "the quoted mail explains the answer: “{}”",
            harmless(meaning)
        );
        writeln!(out, "  {}", painted(FAINT, &words))?;
    }
    Ok(())
}

/// A phrase with the words that it matched, and its place.
fn phrase(out: &mut impl Write, phrase: &Phrase, text: &str) -> io::Result<()> {
    writeln!(
        out,
        "  {}  “{}”\n      {}",
        painted(STRONG, &phrase.means),
        harmless(text),
        place(phrase)
    )
}

fn place(phrase: &Phrase) -> String {
    let place = format!(
        "{} “{}”  {}:{}",
        phrase.rule, phrase.phrase, phrase.file, phrase.line
    );
    painted(FAINT, &place)
}

fn set_aside(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    let aside = |s: &&Seen| !matches!(s.fate, Fate::Counts | Fate::Misplaced(_));
    let list: Vec<&Seen> = e.trace.seen.iter().filter(aside).collect();
    if list.is_empty() {
        return Ok(());
    }
    title(out, "what stands there and does not count")?;
    for seen in list {
        phrase(out, &seen.phrase, &seen.text)?;
        match &seen.fate {
            Fate::Explained(by) => writeln!(out, "      taken out by {}", place(by))?,
            Fate::Beaten(by) => {
                writeln!(out, "      {} stands in for it: {}", by.means, place(by))?
            }
            Fate::Aside(why) => writeln!(out, "      {why}")?,
            Fate::Counts | Fate::Misplaced(_) => {}
        }
    }
    if e.trace.unlisted > 0 {
        writeln!(out, "  … and {} phrases more", e.trace.unlisted)?;
    }
    Ok(())
}

fn nearly(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    let misplaced = e.trace.seen.iter().filter_map(|s| match &s.fate {
        Fate::Misplaced(needs) if would_matter(&s.phrase, &e.read) => Some((s, needs)),
        _ => None,
    });
    let misplaced: Vec<_> = misplaced.take(5).collect();
    if misplaced.is_empty() && e.trace.nearly.is_empty() {
        return Ok(());
    }
    title(out, "what almost fired")?;
    for (seen, needs) in misplaced {
        phrase(out, &seen.phrase, &seen.text)?;
        writeln!(out, "      not here: {needs}")?;
    }
    for near in &e.trace.nearly {
        phrase(out, &near.phrase, &near.text)?;
        writeln!(out, "      one is missing: {}", near.missing.join(" | "))?;
    }
    Ok(())
}

/// What the learned reader thinks by itself, the likeliest first, with the sentence that moved it most.
fn learned(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    title(out, "the learned reader")?;
    let Some(said) = &e.opinions.learned else {
        let why = "was not asked: the lexicons are sure of a plain case, or nothing may be read";
        return writeln!(out, "  {}", painted(FAINT, why));
    };
    let mut likely: Vec<_> = said.iter().filter(|s| s.chance >= LIKELY).collect();
    likely.sort_by(|a, b| b.chance.total_cmp(&a.chance));
    for s in likely {
        let chance = painted(STRONG, &format!("{:>3.0} %", 100.0 * s.chance));
        writeln!(out, "  {chance}  {}  “{}”", s.label, harmless(&s.sentence))?;
    }
    Ok(())
}

fn change(out: &mut impl Write, e: &Explanation) -> io::Result<()> {
    title(out, "what to change")?;
    for change in &e.change {
        let place = match (change.file.as_str(), change.line) {
            ("", _) => String::new(),
            (file, 0) => format!("{file}  "),
            (file, line) => format!("{file}:{line}  "),
        };
        writeln!(
            out,
            "  {place}{}\n      {}",
            harmless(&change.phrase),
            harmless(&change.what)
        )?;
    }
    if e.change.iter().any(|c| is_built_in(&c.file)) {
        let hint = "the lexicons named config/lexicon/… are built in: copy the file into the folder of [lexicon] path, and change the copy";
        writeln!(out, "  {}", painted(FAINT, hint))?;
    }
    Ok(())
}
