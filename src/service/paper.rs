//! What is answered on paper: the sheet as it would be printed today, and what follows once somebody has posted it.
//!
//! Quitus prints nothing and posts nothing. It keeps the sheet that a human took out to print, so that the log proves what
//! the person was told, and believes the human who says on which day it went into the post.

use super::composing;
use super::drafting::{CaseFile, Draft};
use super::erasing;
use super::extending;
use super::gathering::Trouble;
use super::house::{House, Office};
use super::settling::answered;
use crate::answer::{Line, PaperWindow, paper_page};
use crate::record::{Event, Judgement, LetterRow, Media, Review, Scan, ScanRow, Sheet, Timestamp};
use crate::store::Reader;

/// The most octets of one scan.
pub const LARGEST_SCAN: usize = 10 << 20;
/// The most octets of all scans of one case: they stand in one frame of the log.
pub const ALL_SCANS: usize = 20 << 20;

/// What came on paper, before it is sealed.
pub struct Handed {
    /// What it is.
    pub media: Media,
    /// The file.
    pub scan: Scan,
}

/// The postal address at which a case is answered; none if it is answered by mail, or if its proof was erased.
pub(super) fn address(
    reader: &Reader,
    row: &crate::record::CaseRow,
) -> Result<Option<Vec<String>>, Trouble> {
    let Some(position) = row.review.paper else {
        return Ok(None);
    };
    match reader.event(position)? {
        Event::Reviewed(Review::OnPaper { to, .. }) => Ok(reader.open_sealed(&to)?),
        _ => Ok(None),
    }
}

/// A scan in plain; none if the content of its case was erased.
pub fn scan(reader: &Reader, row: &ScanRow) -> Result<Option<Scan>, Trouble> {
    match reader.event(row.position)? {
        Event::Reviewed(Review::Scanned { scan, .. }) => Ok(reader.open_sealed(&scan)?),
        _ => Ok(None),
    }
}

/// The sheet of a letter that was printed, and when; none if it was not, or if its proof was erased.
pub fn printed(reader: &Reader, row: &LetterRow) -> Result<Option<Sheet>, Trouble> {
    let Some(position) = row.position else {
        return Ok(None);
    };
    match reader.event(position)? {
        Event::LetterJudged(Judgement::Printed { sheet, .. }) => Ok(reader.open_sealed(&sheet)?),
        _ => Ok(None),
    }
}

impl Draft<'_> {
    /// The letter as it is printed today; none if it leaves by mail.
    pub fn sheet(&self, house: &House, case: &CaseFile, now: Timestamp) -> Option<Sheet> {
        let to = case.paper.as_ref().filter(|_| self.plan.to.is_none())?;
        let lines: Vec<Line> = to.iter().map(|l| Line::new(l)).collect();
        let facts = composing::facts(house, &self.plan, &self.occasion);
        let day = house.config.policy.calendar.day(now);
        let window = PaperWindow::of(&house.config.controller.country);
        Some(Sheet {
            html: paper_page(&self.letter, &facts, &lines, day, window),
            to: to.clone(),
            printed: now,
            subject: self.letter.subject.clone(),
            text: self.letter.text.clone(),
        })
    }
}

/// What follows when a letter was posted on that day: the requests that it answered, the case if nothing is left, what is erased.
/// `held` says whether the case still waits for a human afterwards.
pub fn posted(
    office: &Office,
    row: &LetterRow,
    on: Timestamp,
    (held, by): (bool, &str),
) -> Result<Vec<Event>, Trouble> {
    let letter = row.head.letter;
    let case = office.sequencer.reader().state().case(letter.case)?;
    let mut events = answered(letter, &row.head, case.as_ref(), held, by);
    events.extend(extending::with_letter(office, &row.head, on, by));
    events.extend(erasing::with_letter(office, &row.head));
    Ok(events)
}
