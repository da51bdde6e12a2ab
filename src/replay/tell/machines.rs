//! What machines said in the past: absences, bounces, who has left, and what repeats.

use super::Telling;
use crate::record::{Reading, Stance, Verdict};
use crate::replay::findings::{Bounced, Repeats};
use crate::replay::note::Mail;

impl Telling<'_> {
    /// What machines say: absences, bounces, who has left, and what repeats.
    pub(super) fn machine(&mut self, mail: &Mail) {
        let automatic = mail.gate.verdict == Verdict::Never;
        let left = mail.read.human.iter().any(|s| s.reason == "departed");
        if left || mail.read.stance == Some(Stance::Departed) {
            let heard = self.heard(mail, &mail.gate.rule, None);
            if self.found.left.iter().all(|l| l.who != heard.who) {
                self.found.left.push(heard);
            }
        } else if mail.gate.reading == Reading::Note
            || mail.read.stance == Some(Stance::OutOfOffice)
        {
            self.found.absent += 1;
        }
        for (address, failed, status) in mail
            .report
            .iter()
            .filter(|r| !r.feedback)
            .flat_map(|r| &r.about)
        {
            if !failed {
                continue;
            }
            let row = self.bounces.entry(address.as_str().to_owned());
            let row = row.or_insert_with(|| Bounced {
                who: address.as_str().to_owned(),
                at: mail.received,
                status: status.clone(),
                hard: false,
                times: 0,
            });
            (row.at, row.status) = (mail.received, status.clone());
            row.hard |= status.starts_with('5');
            row.times += 1;
        }
        let doubtful = automatic || mail.gate.rule.as_str().starts_with("A5");
        if doubtful && let Some(from) = &mail.from {
            let row = self.robots.entry((from.as_str().to_owned(), mail.words));
            let row = row.or_insert_with(|| Repeats {
                who: from.as_str().to_owned(),
                times: 0,
                sign: mail.gate.sign.clone(),
            });
            row.times += 1;
        }
    }
}
