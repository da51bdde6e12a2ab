//! Cases, a page at a time: what is open by its deadline, what is held, what was closed last; of one kind, in one language.
//!
//! A list is a walk along an ordered table of the index ([`crate::record::CaseList`]): a page costs the same whether there
//! are ten cases or a hundred thousand. A language stands in no table; for it, rows are looked at until the page is full
//! or so many were looked at that somebody would wait, and the cursor goes on from there.

use super::paging::{Page, no_cursor};
use super::requests::because;
use super::{Answer, Desk, Refusal, proposing, words};
use crate::record::{
    CaseId, CaseList, CasePlace, CaseRow, Language, LetterRow, LetterState, RequestKind,
    State as Known,
};
use crate::service::left_to_a_human;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows looked at for one page that leaves some out.
const LOOKED_AT: usize = 5_000;
/// Places read at a time.
const STRIDE: usize = 256;

/// Which cases.
#[derive(Deserialize, Default)]
pub struct Which {
    /// `open` (unless something else is said), `held`, `closed`.
    state: Option<String>,
    /// That ask this, among other things.
    kind: Option<String>,
    /// That were written in this language.
    language: Option<String>,
}

/// The same, understood.
struct Wanted {
    list: CaseList,
    kind: Option<RequestKind>,
    language: Option<Language>,
}

impl Which {
    fn understood(&self) -> Result<Wanted, Refusal> {
        let word = |word: &Option<String>| word.clone().filter(|w| !w.trim().is_empty());
        let list = match word(&self.state).as_deref() {
            None | Some("open") => CaseList::Open,
            Some("held") => CaseList::Held,
            Some("closed") => CaseList::Closed,
            Some(other) => return Err(none_of(other, "open, held, closed")),
        };
        let kind = word(&self.kind).map(|kind| {
            let known = kind.parse::<RequestKind>();
            known.map_err(|_| none_of(&kind, &words::kinds(RequestKind::ALL).replace(" + ", ", ")))
        });
        let language = word(&self.language).map(|language| {
            let known = language.parse::<Language>();
            known.map_err(|_| none_of(&language, "the languages, by their two letters"))
        });
        Ok(Wanted {
            list,
            kind: kind.transpose()?,
            language: language.transpose()?,
        })
    }

    /// The command that shows this list.
    fn command(&self) -> String {
        let flags = [
            ("state", &self.state),
            ("kind", &self.kind),
            ("language", &self.language),
        ];
        let said = |(flag, value): (&str, &Option<String>)| {
            let value = value.as_ref().filter(|v| !v.is_empty() && *v != "open")?;
            Some(format!(" --{flag} {value}"))
        };
        let flags: String = flags.into_iter().filter_map(said).collect();
        format!("requests list{flags}")
    }
}

fn none_of(word: &str, these: &str) -> Refusal {
    let word: String = word.chars().take(40).collect();
    Refusal::unclear(
        format!("\"{word}\" is nothing that cases are listed by"),
        format!("say one of {these}"),
    )
}

/// `quitus requests list`: open cases, the one that is due first at the head.
pub async fn list(
    State(desk): State<Desk>,
    Query(page): Query<Page>,
    Query(which): Query<Which>,
) -> Result<Answer, Refusal> {
    let wanted = which.understood()?;
    let (cases, next) = walk(&desk, &wanted, &page)?;
    let state = desk.office.sequencer.reader().state();
    let (mut text, mut data) = (String::new(), Vec::new());
    for (id, row) in &cases {
        data.push(one(&state, *id, row, &mut text)?);
    }
    let total = state.counts()?.open_cases;
    text += &match wanted.list {
        CaseList::Open => format!("{total} open\n"),
        CaseList::Held => format!(
            "{} shown of those that are held, {total} open\n",
            cases.len()
        ),
        CaseList::Closed => format!("{} shown of those that are closed\n", cases.len()),
    };
    text += &page.line(&which.command(), next.as_deref());
    let data = json!({"requests": data, "open": total, "next": next});
    Ok(Answer::good(data, text))
}

/// A page of cases, and the cursor of the next one.
type Walked = (Vec<(CaseId, CaseRow)>, Option<String>);

fn walk(desk: &Desk, wanted: &Wanted, page: &Page) -> Result<Walked, Refusal> {
    let state = desk.office.sequencer.reader().state();
    let mut place = match &page.after {
        Some(cursor) => {
            let read: Result<CasePlace, ()> = cursor.parse();
            Some(read.map_err(|()| no_cursor(cursor))?)
        }
        None => None,
    };
    let (mut shown, mut looked_at) = (Vec::new(), 0);
    let most = match wanted.language.is_some() && page.limit() < usize::MAX {
        true => LOOKED_AT,
        false => usize::MAX,
    };
    loop {
        let stride = state.case_list((wanted.list, wanted.kind), place, STRIDE)?;
        let ends = stride.len() < STRIDE;
        for next in stride {
            let full = shown.len() == page.limit() || looked_at == most;
            if let Some(last) = place.filter(|_| full) {
                return Ok((shown, Some(last.to_string())));
            }
            place = Some(next);
            looked_at += 1;
            let row = state.case(next.case)?;
            let of = |row: &CaseRow| wanted.language.is_none_or(|l| row.language == Some(l));
            shown.extend(row.filter(of).map(|row| (next.case, row)));
        }
        if ends {
            return Ok((shown, None));
        }
    }
}

/// One case: a line, and its data.
pub fn one(
    state: &Known<'_>,
    id: CaseId,
    row: &CaseRow,
    text: &mut String,
) -> Result<Value, Refusal> {
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
    let by_hand = match closed.is_some() {
        true => Vec::new(),
        false => left_to_a_human(row, &letters),
    };
    let hand = match by_hand.is_empty() {
        true => String::new(),
        false => format!(", ANSWER BY HAND: {}", words::kinds(&by_hand)),
    };
    let letter = letters.last().map(|l| l.state);
    let drafts = letters.iter().filter(|l| l.state == LetterState::Draft);
    let drafts = drafts.count();
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
        "letter": letter, "drafts": drafts, "proposed": undecided, "by_hand": by_hand,
    }))
}
