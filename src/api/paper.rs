//! What came on paper and what leaves on it: scans are handed out again, a letter is printed, and a human says that it was posted.
//!
//! A letter on paper is held to the rules of every letter that a human releases. What was printed is written down before
//! anybody holds it in their hands; until it was posted it may be printed anew, and the last sheet counts.

use super::deciding::{as_read, cancelled, decided, open_case, released};
use super::entering::received;
use super::in_the_way::may_leave;
use super::requests::reference;
use super::{Answer, Desk, Refusal, draft};
use crate::record::{
    Event, Judgement, LetterKind, LetterRow, LetterState, MessageState, Scan, hex,
};
use crate::request::rule;
use crate::service::{
    ALL_SCANS, CaseFile, Handed, LARGEST_SCAN, Proposal, left_to_a_human, posted as follows,
    printed as sheet_of, scan as open_scan,
};
use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The most octets of a request with its scans, in base64; somewhat more than fits is read, so that it is refused in words.
pub const LARGEST: usize = 2 * ALL_SCANS;

/// What to do with a scan that is too large.
pub const SMALLER: &str = "scan it with 150 dpi in grey, or only the pages that ask something";

/// Lines of an address, and the longest of them.
const LINES: usize = 8;
const WIDTH: usize = 60;

/// A file as it comes over the socket.
#[derive(Deserialize)]
pub struct File {
    name: String,
    /// Base64.
    content: String,
}

/// Scans, recognised by what they are.
pub fn handed(files: Vec<File>) -> Result<Vec<Handed>, Refusal> {
    let mut all = Vec::new();
    for file in files {
        let name = crate::answer::Line::new(&file.name).as_str().to_owned();
        let fix = "a scan is a PDF, PNG, JPEG, TIFF, WebP or HEIC file";
        let bytes = STANDARD.decode(&file.content).map_err(|_| {
            Refusal::unclear(format!("{name} was not handed over whole"), "try again")
        })?;
        let media = crate::record::Media::of(&bytes)
            .ok_or_else(|| Refusal::unclear(format!("{name} is no scan"), fix))?;
        if bytes.len() > LARGEST_SCAN {
            return Err(too_large(&name, bytes.len(), LARGEST_SCAN));
        }
        let scan = Scan { name, bytes };
        all.push(Handed { media, scan });
    }
    let octets = all.iter().map(|h| h.scan.bytes.len()).sum();
    match octets > ALL_SCANS {
        true => Err(too_large("all scans together", octets, ALL_SCANS)),
        false => Ok(all),
    }
}

fn too_large(name: &str, octets: usize, limit: usize) -> Refusal {
    Refusal::unclear(
        format!("{name}: {octets} octets are too many, {limit} may be kept"),
        SMALLER,
    )
}

/// The lines of a postal address, the name first.
pub fn postal(lines: Vec<String>) -> Result<Option<Vec<String>>, Refusal> {
    let clean = |l: &String| crate::answer::Line::new(l).as_str().to_owned();
    let lines: Vec<String> = lines.iter().map(clean).filter(|l| !l.is_empty()).collect();
    let fix = "say each line with a --postal of its own, the name first: --postal \"Mme Jeanne Durand\" --postal \"12 rue des Lilas\"";
    match lines.len() {
        0 => Ok(None),
        1 => Err(Refusal::unclear("one line is no postal address", fix)),
        n if n > LINES => Err(Refusal::unclear(
            format!("{n} lines do not fit, {LINES} do"),
            fix,
        )),
        _ if lines.iter().any(|l| l.chars().count() > WIDTH) => {
            let why = format!("a line of the address is longer than {WIDTH} letters");
            Err(Refusal::unclear(why, fix))
        }
        _ => Ok(Some(lines)),
    }
}

/// `quitus requests scan`: the file as it was handed in.
pub async fn scan(
    State(desk): State<Desk>,
    Path((case, number)): Path<(String, usize)>,
) -> Result<Answer, Refusal> {
    let case = draft::case(&desk, reference(&case)?)?;
    let row = number
        .checked_sub(1)
        .and_then(|n| case.row.review.scans.get(n));
    let Some(row) = row else {
        return Err(Refusal::unknown(
            format!("{} has {} scans", case.id, case.row.review.scans.len()),
            format!("see `quitus requests show {}`", case.id),
        ));
    };
    let Some(scan) = open_scan(desk.office.sequencer.reader(), row)? else {
        return Err(Refusal::not_now(
            "the scan was erased",
            "nothing can bring it back",
        ));
    };
    let text = format!("{}, {} octets\n", row.media.word(), scan.bytes.len());
    let content = STANDARD.encode(&scan.bytes);
    let data = json!({
        "case": case.id.to_string(), "scan": number, "media": row.media, "name": scan.name, "octets": row.octets,
        "received": row.at.to_string(), "content": content,
    });
    Ok(Answer::good(data, text))
}

/// Which letter, and who.
#[derive(Deserialize)]
pub struct Word {
    by: String,
    /// As `show` counts; the only one that can be meant, if none is named.
    letter: Option<u8>,
    /// The day on which it was posted.
    #[serde(default)]
    on: String,
}

/// The draft on paper that is meant.
fn meant(case: &CaseFile, letter: Option<u8>) -> Result<&LetterRow, Refusal> {
    let on_paper = |l: &&LetterRow| case.is_on_paper(l);
    let named = |l: &&LetterRow| letter.is_none_or(|n| l.head.letter.step + 1 == n);
    let all: Vec<&LetterRow> = case.drafts().filter(on_paper).filter(named).collect();
    match all.as_slice() {
        [one] => Ok(one),
        [] if case.paper.is_none() => Err(Refusal::not_now(
            format!("{} is answered by mail", case.id),
            format!("approve its letter: `quitus requests show {}`", case.id),
        )),
        [] => Err(Refusal::not_now(
            "no letter on paper waits in this case",
            format!("look at it with `quitus requests show {}`", case.id),
        )),
        _ => Err(Refusal::unclear(
            "several letters wait in this case",
            "say which with --letter, as `show` counts them",
        )),
    }
}

/// `quitus requests print`: the sheet, written down as what will be posted.
pub async fn print(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let row = meant(&case, word.letter)?;
    may_leave(&desk, &case, row, desk.office.clock.now())?;
    let house = desk.office.house.load_full();
    let written = case.write(&desk.office, &house, row)?;
    let written = written.map_err(|why| draft::unwritten(&why))?;
    let sheet = written.sheet(&house, &case, desk.office.clock.now());
    let sheet = sheet.ok_or_else(|| Refusal::broken("a letter on paper has no address"))?;
    let digest: [u8; 32] = Sha256::digest(sheet.html.as_bytes()).into();
    let reader = desk.office.sequencer.reader();
    let event = Event::LetterJudged(Judgement::Printed {
        letter: row.head.letter,
        by: word.by,
        sheet: reader.seal(case.row.proof_key, &sheet)?,
        digest,
    });
    let proposal = Proposal::new(vec![event]).expecting(as_read(&case));
    let frame = desk.commit(proposal).await?;
    let (id, letter) = (case.id, row.head.letter);
    let text =
        format!("{letter}: print it and post it, then `quitus requests posted {id} --on DATE`\n");
    let data = json!({
        "case": id.to_string(), "letter": letter.to_string(), "to": sheet.to, "subject": sheet.subject, "html": sheet.html,
        "sha256": hex(&digest), "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// `quitus requests posted`: the sheet that was printed last is on its way; what it answers is answered.
pub async fn posted(
    State(desk): State<Desk>,
    Path(case): Path<String>,
    Json(word): Json<Word>,
) -> Result<Answer, Refusal> {
    let case = open_case(&desk, &case)?;
    let row = meant(&case, word.letter)?;
    let Some(sheet) = sheet_of(desk.office.sequencer.reader(), row)? else {
        return Err(Refusal::not_now(
            "it was not printed",
            format!(
                "`quitus requests print {} --output letter.html` first",
                case.id
            ),
        ));
    };
    let on = received(&desk, &word.on)?;
    may_leave(&desk, &case, row, on)?;
    let house = desk.office.house.load_full();
    let (day, dated) = (
        house.config.policy.calendar.day(on),
        house.config.policy.calendar.day(sheet.printed),
    );
    if day < dated {
        return Err(Refusal::unclear(
            format!("the sheet was printed {dated}, and cannot be posted before"),
            "say the day on which it went into the post",
        ));
    }
    let events = sent(&desk, &case, row, on, &word.by)?;
    let closes = events.iter().any(|e| matches!(e, Event::CaseClosed { .. }));
    let frame = desk
        .commit(Proposal::new(events).expecting(as_read(&case)))
        .await?;
    let end = if closes { " and closed" } else { "" };
    let text = format!("{}: answered on paper, posted {day}{end}\n", case.id);
    let data = json!({
        "case": case.id.to_string(), "letter": row.head.letter.to_string(), "posted": day.to_string(), "closed": closes,
        "frame": frame,
    });
    Ok(Answer::good(data, text))
}

/// Everything that stands in the frame of a posted letter.
fn sent(
    desk: &Desk,
    case: &CaseFile,
    row: &LetterRow,
    on: crate::record::Timestamp,
    by: &str,
) -> Result<Vec<Event>, Refusal> {
    let mut events = vec![Event::LetterJudged(Judgement::Posted {
        letter: row.head.letter,
        on,
        by: by.to_owned(),
    })];
    let under_way = |l: &&LetterRow| l.state != LetterState::Draft;
    let with_it: Vec<&LetterRow> = case.letters.iter().filter(under_way).chain([row]).collect();
    let nothing_left = left_to_a_human(&case.row, with_it).is_empty();
    let ends = row.head.kind == LetterKind::Answer && nothing_left;
    if ends {
        let others = |l: &&LetterRow| l.head.letter != row.head.letter;
        let late = case.drafts().filter(others);
        events.extend(late.map(|l| cancelled(l, rule::APPROVED, by)));
        events.extend(decided(case, MessageState::Answered, rule::APPROVED));
    }
    if ends || row.head.kind == LetterKind::Apology {
        events.push(released(case, by, None));
    }
    let held = !ends && case.row.held.is_some();
    events.extend(follows(&desk.office, row, on, (held, by))?);
    Ok(events)
}

/// What came on paper, and how it is answered.
pub fn tell(case: &CaseFile, text: &mut String) -> Value {
    if let Some(lines) = &case.paper {
        *text += &format!("on paper   {}\n", lines.join(", "));
    }
    let mut scans = Vec::new();
    for (n, scan) in case.row.review.scans.iter().enumerate() {
        let (number, word) = (n + 1, scan.media.word());
        *text += &format!(
            "scan {number}     {word}, {} octets: `quitus requests scan {} --number {number} --output FILE`\n",
            scan.octets, case.id
        );
        scans.push(json!({"scan": number, "media": scan.media, "octets": scan.octets}));
    }
    json!({"to": case.paper, "scans": scans})
}
