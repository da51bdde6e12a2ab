//! To whom a letter goes, and in whose name: one set of rules for the letter that leaves by itself and for the draft that a
//! human releases later.
//!
//! Personal data, codes and confirmations go only to an address of the person's own record (answering.md A); a STOP is
//! answered to whoever said it. Reply-To is never looked at. Deliberately absent: whether there is a letter at all.

use super::decision::{Identity, LetterPlan, Release};
use crate::record::{Address, Language, LetterHead, LetterKind, RequestKind};

/// Who reads the letter, as far as is known.
#[derive(Clone, Copy, Debug)]
pub struct Correspondent<'a> {
    /// Who wrote, or who is said to have asked.
    pub from: Option<&'a Address>,
    /// The addresses on file.
    pub on_file: &'a [Address],
    /// Whoever wrote is the person concerned; otherwise the letter says nothing about anybody (B9).
    pub same: bool,
}

impl Correspondent<'_> {
    /// The address on file: the one that wrote, else the first.
    fn own(&self) -> Option<&Address> {
        let wrote = |a: &&Address| self.from.is_some_and(|f| f.same_person(a));
        self.on_file
            .iter()
            .find(wrote)
            .or_else(|| self.on_file.first())
    }

    /// The one recipient.
    fn recipient(&self, kind: LetterKind, stop_only: bool) -> Option<Address> {
        let from = self.from.cloned();
        if stop_only {
            return from.or_else(|| self.own().cloned());
        }
        let own = self.own().cloned();
        match kind {
            LetterKind::Identity => own,
            _ => own.or_else(|| from.filter(|_| self.same)),
        }
    }
}

impl LetterPlan {
    /// The plan of a letter by mail; none without a recipient.
    pub fn of(
        head: LetterHead,
        announces: Vec<RequestKind>,
        language: Language,
        reader: &Correspondent<'_>,
        release: Release,
    ) -> Option<Self> {
        let to = reader.recipient(head.kind, is_stop_only(&head, &announces))?;
        let plan = Self::on_paper(head, announces, language, !reader.same, release);
        Some(Self {
            to: Some(to),
            ..plan
        })
    }

    /// The plan of a letter that is printed: whoever posts it knows where the person lives.
    pub fn on_paper(
        head: LetterHead,
        announces: Vec<RequestKind>,
        language: Language,
        neutral: bool,
        release: Release,
    ) -> Self {
        Self {
            to: None,
            identity: match is_stop_only(&head, &announces) {
                true => Identity::Mailbox,
                false => Identity::Privacy,
            },
            neutral,
            letter: head.letter,
            kind: head.kind,
            answers: head.answers,
            announces,
            language,
            person: head.person,
            domain: head.domain,
            message: head.message,
            release,
        }
    }
}

/// Whether it says that prospecting has stopped, and nothing else: that goes to whoever asked.
fn is_stop_only(head: &LetterHead, announces: &[RequestKind]) -> bool {
    use LetterKind::{Apology, Extension, Identity};
    !matches!(head.kind, Identity | Extension | Apology)
        && head.answers == [RequestKind::Stop]
        && announces.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_goes_to_the_address_on_file_and_to_no_other() {
        let address = |text: &str| Address::parse(text).unwrap();
        let (stranger, file) = (
            address("x@elsewhere.example"),
            [address("anna@firm.example")],
        );
        let to = |on_file: &[Address], kind, stop| {
            let same = true;
            let from = Some(&stranger);
            Correspondent {
                from,
                on_file,
                same,
            }
            .recipient(kind, stop)
        };
        assert_eq!(
            to(&file, LetterKind::Identity, false).as_ref(),
            file.first()
        );
        assert_eq!(to(&[], LetterKind::Identity, false), None);
        assert_eq!(to(&file, LetterKind::Answer, false).as_ref(), file.first());
        assert_eq!(to(&file, LetterKind::Answer, true), Some(stranger.clone()));
    }
}
