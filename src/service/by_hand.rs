//! What no letter answers, so that a human must: asked wherever cases are shown, listed, counted and told of.
//!
//! A draft for which there are no words answers nothing and waits for nobody's approval (a complaint has none, in no language).
//! Whether there are words is mostly seen from the rows; a case is opened only where its message or the register must say
//! in which language its person is written to.

use super::drafting::{CaseFile, left_to_a_human};
use super::gathering::{Trouble, has_template};
use super::house::{House, Office};
use super::needs::{self, Need, Why};
use super::status::Status;
use crate::record::{CaseId, CaseRow, Damaged, LetterId, LetterRow, LetterState, RequestKind};
use crate::store::Reader;

/// What is left to a human in a case.
#[derive(Default)]
pub struct ByHand {
    /// What is open and no letter answers or will answer.
    pub kinds: Vec<RequestKind>,
    /// How many drafts wait for an approval.
    pub drafts: usize,
}

impl ByHand {
    /// In this case, with these letters.
    pub fn of(
        reader: &Reader,
        house: &House,
        (case, row): (CaseId, &CaseRow),
        letters: &[LetterRow],
    ) -> Result<Self, Trouble> {
        let silent = without_words(reader, house, (case, row), letters)?;
        let speaks = |l: &&LetterRow| !silent.contains(&l.head.letter);
        let kinds = left_to_a_human(row, letters.iter().filter(speaks));
        let drafts = letters.iter().filter(|l| l.state == LetterState::Draft);
        let drafts = drafts.filter(speaks).count();
        Ok(Self { kinds, drafts })
    }
}

/// The drafts for which there are no words.
fn without_words(
    reader: &Reader,
    house: &House,
    (case, row): (CaseId, &CaseRow),
    letters: &[LetterRow],
) -> Result<Vec<LetterId>, Trouble> {
    let default = house.config.policy.settings.default_language;
    // Two of the languages in which it may be written (`CaseFile::language`): that of the case, and that of the house.
    let known = [row.language, Some(default)];
    let has = |l: &&LetterRow| {
        let mut known = known.into_iter().flatten();
        known.any(|language| has_template(house, language, l.head.kind, &l.head.answers))
    };
    let drafts = letters.iter().filter(|l| l.state == LetterState::Draft);
    let doubtful: Vec<&LetterRow> = drafts.filter(|l| !has(l)).collect();
    if doubtful.is_empty() {
        return Ok(Vec::new());
    }
    let Some(file) = CaseFile::open(reader, case)? else {
        return Ok(Vec::new());
    };
    let silent = doubtful.into_iter().filter(|l| !file.has_words(house, l));
    Ok(silent.map(|l| l.head.letter).collect())
}

/// Says how everything is, and of each case what it really waits for.
pub(super) fn seen<T>(
    office: &Office,
    teller: T,
) -> impl Fn() -> Result<Status, Damaged> + Send + Sync + use<T>
where
    T: Fn() -> Result<Status, Damaged> + Send + Sync,
{
    let office = office.clone();
    move || {
        let mut status = teller()?;
        mark(&office, &mut status.needs);
        Ok(status)
    }
}

/// A case whose drafts have no words waits for an answer by hand, and for no approval.
pub fn mark(office: &Office, needs: &mut [Need]) {
    for need in needs.iter_mut().filter(|n| n.why.contains(&Why::Draft)) {
        if let Err(why) = mark_one(office, need) {
            tracing::warn!(%why, "whether there are words for a draft cannot be seen");
        }
    }
    needs::in_order(needs);
}

fn mark_one(office: &Office, need: &mut Need) -> Result<(), Trouble> {
    let (house, reader) = (office.house.load(), office.sequencer.reader());
    let state = reader.state();
    let Some(case) = need.subject.as_ref().and_then(|s| s.parse::<CaseId>().ok()) else {
        return Ok(());
    };
    let Some(row) = state.case(case)? else {
        return Ok(());
    };
    let letters = state.letters(case)?.into_iter();
    let letters: Vec<LetterRow> = letters.map(|(_, l)| l).collect();
    let by_hand = ByHand::of(reader, &house, (case, &row), &letters)?;
    if by_hand.kinds.is_empty() {
        return Ok(());
    }
    if by_hand.drafts == 0 {
        need.why.retain(|why| *why != Why::Draft);
    }
    if !need.why.contains(&Why::ByHand) {
        need.why.push(Why::ByHand);
        need.why.sort_unstable();
    }
    Ok(())
}
