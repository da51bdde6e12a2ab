//! What a letter says of what happened outside our own store: in other systems, and at those who received data.

use super::composing::{Occasion, Unwritten, day};
use super::house::House;
use crate::answer::{self, Line};
use crate::record::{Language, RecipientRow, RequestKind};

/// What happened in other systems for a request. A recipient that was told stands among the recipients instead.
pub(super) fn systems(occasion: &Occasion<'_>, request: RequestKind) -> Vec<answer::SystemState> {
    let told = |name: &str| of_recipients(occasion, request).any(|r| r.item.recipient == name);
    let of = occasion.systems.iter();
    let of = of.filter(|(kind, name, _)| *kind == request && !told(name));
    of.map(|(_, name, state)| answer::SystemState {
        name: Line::new(name),
        // What a system delivered belongs to the copy.
        state: Line::whole(state),
    })
    .collect()
}

/// What an erasure does, as far as it is not the same for everybody: our own store forgets when the letter has left, the
/// backups of its keys some days later. Other systems are named with what a human said of each, recipients with what the
/// log proves: when each was told, and when it acknowledged.
pub(super) fn erased(house: &House, occasion: &Occasion<'_>, language: Language) -> answer::Erased {
    let days = i64::from(house.config.store.key_backup_days);
    answer::Erased {
        backups_expire: Some(day(house, occasion.now.plus_days(days))),
        systems: systems(occasion, RequestKind::Erasure),
        kept: kept(house, language).unwrap_or_default(),
        told: told(house, occasion, RequestKind::Erasure),
    }
}

/// What the firm keeps after an erasure, and why, in its own words. Without words for all of it in the letter's language the
/// letter would hide something: a human writes it (Art. 12(1), Art. 17(3)).
pub(super) fn kept(house: &House, language: Language) -> Result<Vec<answer::Kept>, Unwritten> {
    let unsaid = format!("[[processing.kept]] does not say in {language} what is kept, and why");
    let kept = house.config.processing.kept(language);
    kept.ok_or(Unwritten(unsaid))
}

fn of_recipients<'a>(
    occasion: &'a Occasion<'_>,
    request: RequestKind,
) -> impl Iterator<Item = &'a RecipientRow> {
    let all = occasion.recipients.iter();
    all.filter(move |r| r.item.request == request)
}

fn told(
    house: &House,
    occasion: &Occasion<'_>,
    request: RequestKind,
) -> Vec<answer::ToldRecipient> {
    let words = |row: &RecipientRow| {
        let mut said = occasion.systems.iter();
        let found = said.find(|(kind, name, _)| *kind == request && *name == row.item.recipient);
        found.map(|(_, _, words)| Line::new(words))
    };
    of_recipients(occasion, request)
        .map(|row| answer::ToldRecipient {
            name: Line::new(&row.item.recipient),
            told_on: row.told.map(|at| day(house, at)),
            acknowledged_on: row.acknowledged.map(|at| day(house, at)),
            state: words(row),
        })
        .collect()
}
