//! What the demo prints: each message's way in a line, then a table of what came of all of them.

use super::setting::Place;
use crate::record::{LetterState, Waiting};
use crate::sandbox::{imap, samples, smtp, tool};
use crate::service::{Daemon, Ending};
use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde::Serialize;

/// One sample's way.
#[derive(Serialize)]
pub struct Told {
    /// The sample.
    sample: &'static str,
    /// What it is.
    about: &'static str,
    /// The language of the fresh text.
    language: Option<String>,
    /// What was understood.
    requests: Vec<String>,
    /// The stance, if one was heard.
    stance: Option<String>,
    /// The words that decided.
    words: Vec<String>,
    /// How it ended.
    state: String,
    /// The rule.
    rule: String,
    /// Suppressed or paused people.
    suppressed: Option<String>,
    /// Subject of the letter that left.
    letter: Option<String>,
    /// Why a letter stayed a draft.
    unwritten: Option<String>,
    /// From bytes to decision, in microseconds.
    micros: u64,
    /// Whether it ended as the sample says.
    pub as_expected: bool,
}

/// Puts samples, endings and letters together.
pub fn told(
    all: &[samples::Sample],
    ends: &[Ending],
    letters: &[smtp::Received],
    daemon: &Daemon,
) -> Result<Vec<Told>> {
    let reader = daemon.office.sequencer.reader();
    let mut lines = Vec::new();
    for sample in all {
        let (_, raw) = sample.letter.written(daemon.office.clock.now().to_jiff());
        let id = header(&raw, "message-id");
        let Some(end) = ends
            .iter()
            .find(|e| e.message_id.is_some() && e.message_id == id)
        else {
            continue;
        };
        let mut state = end.state;
        let mut rule = end.rule.to_string();
        let answer = |l: &&smtp::Received| header(&l.raw, "in-reply-to") == id;
        let letter = letters
            .iter()
            .find(answer)
            .map(|l| header(&l.raw, "subject").unwrap_or_default());
        if let Some(case) = end.decision.as_ref().and_then(|d| d.case.as_ref())
            && let Some(row) = reader
                .state()
                .letters(case.case)?
                .into_iter()
                .map(|(_, row)| row)
                .next()
            && row.state == LetterState::Draft
            && state == crate::record::MessageState::Answered
        {
            // The letter was on its way and is held now: a colleague was faster.
            state = crate::record::MessageState::Held;
            rule = row.rule.map(|r| r.to_string()).unwrap_or(rule);
        }
        lines.push(line(sample, end, &state.to_string(), rule, letter));
    }
    Ok(lines)
}

fn line(
    sample: &samples::Sample,
    end: &Ending,
    state: &str,
    rule: String,
    letter: Option<String>,
) -> Told {
    let requests: Vec<String> = end
        .read
        .requests
        .iter()
        .map(|r| r.kind.to_string())
        .collect();
    let suppressions = end.decision.iter().flat_map(|d| &d.suppressions);
    let words = end
        .read
        .requests
        .iter()
        .flat_map(|r| &r.evidence)
        .map(|e| e.text.clone());
    let signals = end
        .read
        .human
        .iter()
        .chain(&end.read.unsure)
        .map(|s| s.text.clone());
    let wanted = format!("{:?}", sample.end).to_lowercase();
    let mut expected: Vec<&str> = sample.requests.to_vec();
    let mut found: Vec<&str> = requests.iter().map(String::as_str).collect();
    expected.sort_unstable();
    found.sort_unstable();
    Told {
        sample: sample.name,
        about: sample.about,
        language: end.read.language.map(|l| l.to_string()),
        stance: end.read.stance.map(|s| s.to_string()),
        words: words.chain(signals).filter(|w| !w.is_empty()).collect(),
        suppressed: suppressions.map(|s| s.suppression.to_string()).max(),
        as_expected: wanted == state
            && expected == found
            && (wanted != "answered" || letter.is_some()),
        unwritten: end.unwritten.clone(),
        micros: end.micros,
        state: state.to_owned(),
        requests,
        letter,
        rule,
    }
}

/// The first value of a header field, unfolded, without angle brackets.
fn header(raw: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(raw);
    let head = head
        .split("\r\n\r\n")
        .next()?
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ");
    let line = head
        .lines()
        .find(|l| l.to_lowercase().starts_with(&format!("{name}:")))?;
    Some(
        line.split_once(':')?
            .1
            .trim()
            .trim_matches(['<', '>'])
            .to_owned(),
    )
}

fn colour(state: &str) -> Style {
    let colour = match state {
        "answered" => AnsiColor::Green,
        "acted" => AnsiColor::Cyan,
        "held" => AnsiColor::Yellow,
        "dead" => AnsiColor::Red,
        _ => AnsiColor::BrightBlack,
    };
    colour.on_default()
}

impl Told {
    /// As a line of JSON.
    pub fn json(&self) -> Result<()> {
        anstream::println!("{}", serde_json::to_string(self)?);
        Ok(())
    }

    /// As two lines for people.
    pub fn print(&self) {
        let style = colour(&self.state);
        let language = self.language.as_deref().unwrap_or("--");
        let what = match (self.requests.is_empty(), &self.stance) {
            (false, _) => self.requests.join(" + "),
            (true, Some(stance)) => format!("({stance})"),
            (true, None) => "-".into(),
        };
        let words: Vec<String> = self
            .words
            .iter()
            .take(2)
            .map(|w| format!("“{}”", short(w, 40)))
            .collect();
        let mark = if self.as_expected { " " } else { "✗" };
        anstream::println!(
            "{mark} {style}{:<9}{style:#} {language} {:<24} {:<7} {:>6.1} ms  {}",
            self.state,
            short(&what, 24),
            self.rule,
            self.micros as f64 / 1000.0,
            words.join(" ")
        );
        let then = match (&self.suppressed, &self.letter, &self.unwritten) {
            (_, _, Some(why)) => format!("letter held: {}", short(why, 70)),
            (Some(s), Some(_), _) => format!("{s}, letter sent"),
            (Some(s), None, _) => s.clone(),
            (None, Some(_), _) => "letter sent".into(),
            (None, None, _) => "nothing sent".into(),
        };
        anstream::println!("            {} → {then}", self.about);
    }
}

fn short(text: &str, most: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

/// The first lines.
pub fn opening(place: &Place, contacts: u64, sent: u64) {
    anstream::println!(
        "{} prospects by e-mail; Quitus reads the replies.",
        samples::FIRM
    );
    anstream::println!(
        "{contacts} contacts in the register, {sent} mails in Sent, everything in {}\n",
        place.folder().display()
    );
}

/// The table, the folders, and what to try next.
pub fn table(told: &[Told], daemon: &Daemon, tool: &tool::Server, place: &Place) -> Result<()> {
    let state = daemon.office.sequencer.reader().state();
    let counts = state.counts()?;
    anstream::println!();
    for ended in ["answered", "acted", "held", "ignored", "dead"] {
        let these: Vec<&Told> = told.iter().filter(|t| t.state == ended).collect();
        let letters = these.iter().filter(|t| t.letter.is_some()).count();
        let style = colour(ended);
        anstream::println!(
            "  {style}{ended:<9}{style:#} {:>3}   letters sent {letters:>3}",
            these.len()
        );
    }
    let drafts = state.waiting(Waiting::Draft, 1_000)?.len();
    anstream::println!(
        "  {} people suppressed, {} paused; {drafts} letters wait for a human",
        counts.suppressed[1],
        counts.suppressed[0]
    );
    anstream::println!(
        "  the sequencer was told of everybody: it leaves {} people alone",
        tool.left_alone().len()
    );
    let wrong: Vec<&str> = told
        .iter()
        .filter(|t| !t.as_expected)
        .map(|t| t.sample)
        .collect();
    if wrong.is_empty() {
        anstream::println!("  all {} ended as they should", told.len());
    } else {
        anstream::println!("  not as they should: {}", wrong.join(", "));
    }
    anstream::println!("\nletters    {}", place.letters().display());
    anstream::println!("store      {}", place.store().display());
    let file = place.folder().join("quitus.toml");
    anstream::println!("\nTry next, with `quitus --config {}`:", file.display());
    anstream::println!("  quitus log                        what was done, and why");
    anstream::println!("  quitus senders list               what the tools that send have obeyed");
    anstream::println!("  quitus status                     what waits for a human");
    anstream::println!("  quitus templates preview fr stop  the letter, before anybody gets it");
    Ok(())
}

/// Where to look and decide, and where a mail program may.
pub fn stay(imap: &imap::Server, smtp: &smtp::Server, link: &str, password: &str) {
    let (home, _) = link.split_once("/enter/").unwrap_or((link, ""));
    anstream::println!(
        "\nThe review desk, where a person decides what was held. Open this link, which signs in once:\n  {link}\n\
         Later, or in another browser: {home}, name {}, password {password}",
        super::YOU
    );
    anstream::println!(
        "\nIMAP {} (user {}, password {}), SMTP {}; Ctrl-C ends it.",
        imap.address(),
        samples::MAILBOX,
        super::setting::PASSWORD,
        smtp.address()
    );
}
