//! What a human's decisions about a case mean for its row.

use super::{Done, Step, Table};
use crate::record::escalation::seen_key;
use crate::record::{
    CaseRow, IdentityRow, LogPosition, Media, Review, ScanRow, SeenRow, SystemRow, Timestamp,
};

impl Step<'_> {
    pub(super) fn review(&mut self, review: &Review) -> Done {
        let (at, position) = (self.at, self.position);
        if let Review::Seen { case, by } = review {
            // Looking changes nothing that somebody else may be deciding on.
            let row = SeenRow { at, by: by.clone() };
            self.put(Table::Meta, &seen_key(*case), &row);
            return Ok(());
        }
        if let Review::MailAfterStop { case, mail, .. } = review {
            self.answer_incident(*mail, *case)?;
        }
        if let Review::SystemDone {
            case,
            request,
            system,
            ..
        } = review
        {
            self.recipient_by_hand(*case, *request, system)?;
        }
        self.change_case(review.case(), |row| note(row, review, at, position))
    }
}

fn note(row: &mut CaseRow, review: &Review, at: Timestamp, position: LogPosition) {
    let of = &mut row.review;
    match review {
        Review::Entered { .. } => of.entered = Some(position),
        Review::Extended { .. } => of.extended = Some(position),
        Review::IdentityAsked {
            letter, expires, ..
        } => {
            let (letter, asked, expires) = (*letter, at, *expires);
            of.identity = Some(IdentityRow {
                letter,
                asked,
                expires,
            });
        }
        Review::IdentityProved { .. } => of.proved = of.proved.or(Some(at)),
        Review::ProposalSettled {
            number, accepted, ..
        } => {
            // The first word stands.
            if of.settled(*number).is_none() {
                of.settled.push((*number, *accepted));
            }
        }
        Review::MailAfterStop { mail, at, .. } => of.mails.push((*mail, *at)),
        Review::Scanned { media, octets, .. } => {
            of.scans.push(scan(*media, *octets, (at, position)))
        }
        Review::OnPaper { .. } => of.paper = Some(position),
        Review::Seen { .. } => {}
        Review::SystemDone {
            request,
            system,
            by,
            ..
        } => {
            let done = SystemRow {
                request: *request,
                system: system.clone(),
                at,
                by: by.clone(),
                position,
            };
            let same = |s: &SystemRow| s.request == done.request && s.system == done.system;
            of.systems.retain(|s| !same(s));
            of.systems.push(done);
        }
    }
}

fn scan(media: Media, octets: u64, (at, position): (Timestamp, LogPosition)) -> ScanRow {
    ScanRow {
        media,
        octets,
        at,
        position,
    }
}
