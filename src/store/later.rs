//! Tables that came later than the rows that they are made of: an older index is given them when it is opened, once.
//!
//! A rule of each is that what is made here is what applying the log from its beginning makes, since `quitus store verify`
//! compares the two.

use super::index::Index;
use super::overlay::Overlay;
use super::reading::Frames;
use crate::record::{self, Damaged, Rows, Table, Tables, order_cases, order_mails, order_messages};
use std::path::Path;
use std::sync::Arc;

/// Rows of the log's frames that are written at once.
const BATCH: usize = 4096;

/// Tables that came later than the rows that they are made of, in the order in which they came.
pub(super) const LATER: [Table; 4] = [
    Table::CaseOrder,
    Table::SentTo,
    Table::Wrote,
    Table::SentFrom,
];

/// An index, or the checkpoint that it was made of, may be older than these tables: they are made, once. What was
/// replayed meanwhile is in them already; whoever is killed here begins again. `log` is where the folders of mails are looked
/// up, if the index does not know them: no row does.
pub(super) fn complete(index: &Arc<Index>, log: Option<&Path>) -> Result<(), Damaged> {
    let place = index.place()?;
    for (table, number) in LATER.into_iter().zip(1..) {
        if index.completed()? >= number {
            continue;
        }
        let make = |tables: &mut Overlay| index.apply(std::mem::take(&mut tables.changes), &place);
        match (table, log) {
            (Table::SentFrom, Some(dir)) => place_mails(index, dir)?,
            _ => make_table(table, &mut Overlay::new(index.clone()), make)?,
        }
        index.mark_completed(number)?;
    }
    Ok(())
}

/// Whether a checkpoint that was just loaded says in which folders mails were read.
pub(super) fn knows_where_mails_were_read(index: &Index) -> Result<bool, Damaged> {
    let any = |table| Ok(!index.scan(table, &[], &[], 1)?.is_empty());
    Ok(any(Table::SentFrom)? || !any(Table::Sent)?)
}

/// Where the mails of Sent were read: once, from the whole log.
fn place_mails(index: &Arc<Index>, dir: &Path) -> Result<(), Damaged> {
    let io = |e: std::io::Error| Damaged(format!("the log cannot be read: {e}"));
    let place = index.place()?;
    let mut overlay = Overlay::new(index.clone());
    for placed in Frames::from_number(dir, 1, None).map_err(io)? {
        record::place_mails(&mut overlay, &placed.map_err(io)?.frame);
        if overlay.changes.len() >= BATCH {
            index.apply(std::mem::take(&mut overlay.changes), &place)?;
        }
    }
    index.apply(overlay.changes, &place)
}

/// Makes one of them, some hundred rows at a time, each of which `keep` takes.
pub(super) fn make_table<T: Tables>(
    table: Table,
    tables: &mut T,
    mut keep: impl FnMut(&mut T) -> Result<(), Damaged>,
) -> Result<(), Damaged> {
    let (mut case, mut mail, mut message) = (None, None, None);
    loop {
        match table {
            Table::CaseOrder => case = order_cases(tables, case)?,
            Table::SentTo => mail = order_mails(tables, mail)?,
            Table::Wrote => message = order_messages(tables, message)?,
            _ => {}
        }
        keep(tables)?;
        if case.is_none() && mail.is_none() && message.is_none() {
            return Ok(());
        }
    }
}
