//! What is left to be told, or to be acknowledged, in a case.

use super::applies;
use crate::record::{RecipientRow, RequestKind};
use crate::service::drafting::CaseFile;
use crate::service::house::House;

/// A recipient of whom something is left.
pub struct LeftRecipient<'a> {
    /// Its name.
    pub name: String,
    /// Where it stands; nothing, if it was never told.
    pub row: Option<&'a RecipientRow>,
}

/// Recipients of whom something is left for this request: those of the configuration, and those that were asked before it changed.
pub fn left<'a>(house: &House, case: &'a CaseFile, request: RequestKind) -> Vec<LeftRecipient<'a>> {
    let of = |r: &&RecipientRow| r.item.request == request;
    let rows = case.recipients.iter().filter(of);
    let asked = |name: &str| rows.clone().any(|r| r.item.recipient == name);
    let by_hand = |name: &str| {
        let mut done = case.row.review.systems.iter();
        done.any(|s| s.request == request && s.system == name)
    };
    let untold = applies(house, case.contact.as_ref(), request)
        .filter(|r| !asked(&r.name) && !by_hand(&r.name))
        .map(|r| LeftRecipient {
            name: r.name.clone(),
            row: None,
        });
    let open = rows.clone().filter(|r| r.is_open());
    let open = open.map(|row| LeftRecipient {
        name: row.item.recipient.clone(),
        row: Some(row),
    });
    open.chain(untold).collect()
}

/// Recipients of the case that were told, or are being told, and have not acknowledged.
pub fn told_and_open(case: &CaseFile) -> Vec<&RecipientRow> {
    case.recipients.iter().filter(|r| r.is_open()).collect()
}
