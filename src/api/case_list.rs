//! Cases, a page at a time: what is open by its deadline, what is held, what was closed last; and of these what was asked for.
//!
//! It is the one list of cases: pages, `quitus requests list`, `quitus review` and programs read it. A list is a walk along
//! an ordered table of the index ([`crate::record::CaseList`]): a page costs the same whether there are ten cases or a
//! hundred thousand. What stands in no table is looked for in the rows ([`super::case_filter`]).

use super::case_filter::{Wanted, Which, mailbox_of};
use super::paging::{Page, no_cursor};
use super::requests::{because, reference};
use super::{Answer, Desk, Refusal, address, proposing, words};
use crate::record::{CaseId, CaseList, CasePlace, CaseRow, LetterRow};
use crate::register;
use crate::service::ByHand;
use axum::extract::{Query, State};
use serde_json::{Value, json};

/// What looking may cost for one page that leaves some out; a row costs 1.
const EFFORT: usize = 5_000;
/// Places read at a time.
const STRIDE: usize = 256;
/// Stands before a cursor among closed cases, where a list has open ones before them.
const CLOSED: &str = "closed.";

/// `quitus requests list`: open cases, the one that is due first at the head.
pub async fn list(
    State(desk): State<Desk>,
    Query(page): Query<Page>,
    Query(which): Query<Which>,
) -> Result<Answer, Refusal> {
    // Rows are read from the disk, some are opened: not on a thread that others wait for.
    let looked = tokio::task::spawn_blocking(move || look(&desk, &page, &which)).await;
    looked.map_err(|e| Refusal::broken(e.to_string()))?
}

fn look(desk: &Desk, page: &Page, which: &Which) -> Result<Answer, Refusal> {
    let wanted = which.understood(desk.office.clock.now())?;
    let (cases, next) = match &wanted.exact {
        Some(exact) => (exactly(desk, exact)?, None),
        None => walk(desk, &wanted, page)?,
    };
    let (mut text, mut data) = (String::new(), Vec::new());
    for (id, row) in &cases {
        data.push(one(desk, *id, row, &mut text)?);
    }
    let total = desk.office.sequencer.reader().state().counts()?.open_cases;
    let shown = cases.len();
    text += &match (&wanted.exact, wanted.state) {
        (Some(what), _) => format!("{shown} found by {what}\n"),
        (_, "open") if !wanted.leaves_out() => format!("{total} open\n"),
        (_, "closed") => format!("{shown} shown of those that are closed\n"),
        (_, "all") => format!("{shown} shown of all, {total} open\n"),
        (_, state) => format!("{shown} shown of those that are {state}, {total} open\n"),
    };
    text += &page.line(&which.command(), next.as_deref());
    let data = json!({"requests": data, "open": total, "next": next});
    Ok(Answer::good(data, text))
}

/// The case of this reference, or all that are known of this person: what is open first.
fn exactly(desk: &Desk, text: &str) -> Result<Vec<(CaseId, CaseRow)>, Refusal> {
    let reader = desk.office.sequencer.reader();
    let (state, keys) = (reader.state(), reader.fingerprinter());
    let mut ids = Vec::new();
    if text.contains('@') {
        let found = register::find(&state, keys, &address(text)?)?;
        ids.extend(found.row.open);
        ids.extend(found.row.closed.into_iter().rev());
    } else {
        ids.push(reference(text)?);
    }
    let mut all = Vec::new();
    for id in ids {
        all.extend(state.case(id)?.map(|row| (id, row)));
    }
    Ok(all)
}

/// A page of cases, and the cursor of the next one.
type Walked = (Vec<(CaseId, CaseRow)>, Option<String>);

/// Where a page begins: in which of its lists, and behind what.
fn beginning(lists: &[CaseList], page: &Page) -> Result<(usize, Option<CasePlace>), Refusal> {
    let Some(cursor) = &page.after else {
        return Ok((0, None));
    };
    let several = lists.len() > 1;
    let (at, place) = match cursor.strip_prefix(CLOSED).filter(|_| several) {
        Some(place) => (1, place),
        None => (0, cursor.as_str()),
    };
    let place: Result<CasePlace, ()> = place.parse();
    Ok((at, Some(place.map_err(|()| no_cursor(cursor))?)))
}

fn walk(desk: &Desk, wanted: &Wanted, page: &Page) -> Result<Walked, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let lists = wanted.lists();
    let (mut at, mut place) = beginning(lists, page)?;
    let (mut shown, mut effort, mut last) = (Vec::new(), 0, None);
    let most = match wanted.leaves_out() && page.limit() < usize::MAX {
        true => EFFORT,
        false => usize::MAX,
    };
    while let Some(list) = lists.get(at) {
        let stride = state.case_list((*list, wanted.kind), place, STRIDE)?;
        let mut ends = stride.len() < STRIDE;
        for next in stride {
            if let Some(last) = last.filter(|_| shown.len() == page.limit() || effort >= most) {
                return Ok((shown, Some(last)));
            }
            place = Some(next);
            last = Some(match at {
                0 => next.to_string(),
                _ => format!("{CLOSED}{next}"),
            });
            let Some(row) = state.case(next.case)? else {
                continue;
            };
            if wanted.ends_before(*list, &row) {
                ends = true;
                break;
            }
            let (is_wanted, cost) = wanted.wants(desk, next.case, &row)?;
            effort += cost;
            if is_wanted {
                shown.push((next.case, row));
            }
        }
        if ends {
            (at, place) = (at + 1, None);
        }
    }
    Ok((shown, None))
}

/// One case: a line, and its data.
pub fn one(desk: &Desk, id: CaseId, row: &CaseRow, text: &mut String) -> Result<Value, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let kinds: Vec<_> = row.requests.iter().map(|r| r.request).collect();
    let due = row.earliest_due().map(|t| t.to_string());
    let closed = row.closed.map(|t| t.to_string());
    let asked = match kinds.is_empty() {
        true => "nothing certain".to_owned(),
        false => words::kinds(&kinds),
    };
    let until = match &closed {
        Some(at) => format!("closed {at}"),
        None => format!("due {}", due.as_deref().unwrap_or("-")),
    };
    let letters: Vec<LetterRow> = state.letters(id)?.into_iter().map(|(_, l)| l).collect();
    let left = match closed.is_some() {
        true => ByHand::default(),
        false => {
            let (reader, house) = (desk.office.sequencer.reader(), desk.office.house.load());
            ByHand::of(reader, &house, (id, row), &letters)?
        }
    };
    let by_hand = left.kinds;
    let hand = match by_hand.is_empty() {
        true => String::new(),
        false => format!(", ANSWER BY HAND: {}", words::kinds(&by_hand)),
    };
    let letter = letters.last().map(|l| l.state);
    let held = row.held.as_ref().map(because).unwrap_or_default();
    let undecided = proposing::undecided(row);
    let proposed = match undecided {
        0 => String::new(),
        n => format!(", {n} proposed"),
    };
    let shown = letter.map(|l| format!(", letter {l}")).unwrap_or_default();
    *text += &format!("{id}  {asked}, {until}{shown}{hand}{proposed}{held}\n");
    let why = row.held.as_ref().and_then(crate::request::rule::explain);
    Ok(json!({
        "case": id.to_string(), "requests": kinds, "due": due, "opened": row.opened.to_string(), "closed": closed,
        "language": row.language, "held": row.held.as_ref().map(ToString::to_string), "because": why,
        "letter": letter, "drafts": left.drafts, "proposed": undecided, "by_hand": by_hand,
        "mailbox": mailbox_of(desk, row)?,
    }))
}
