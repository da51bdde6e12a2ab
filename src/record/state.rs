//! The state as its readers see it: typed look-ups over the rows of the index.

use super::rows::{
    CaseRow, ContactRow, Counts, FolderRow, HeadRow, ImportRow, IncidentRow, LetterRow, MessageRow,
    ModeRow, PersonRow, SentRow, SuppressionRow, TallyRow, Waiting,
};
use super::tables::decode;
use super::{
    CaseId, ContentKey, Damaged, Fingerprint, FolderId, LetterId, Location, MailIdHash, PersonId,
    RequestKind, Rows, Table, Timestamp,
};
use serde::de::DeserializeOwned;

/// Typed look-ups; cheap to make, holds nothing of its own.
#[derive(Clone, Copy)]
pub struct State<'a>(pub &'a dyn Rows);

type Look<T> = Result<T, Damaged>;

impl State<'_> {
    pub(super) fn row<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Look<Option<T>> {
        self.0
            .get(table, key)?
            .map(|bytes| decode(&bytes))
            .transpose()
    }

    /// Up to which frame the log is applied.
    pub fn head(&self) -> Look<HeadRow> {
        Ok(self.row(Table::Meta, b"head")?.unwrap_or_default())
    }

    /// The mode, once one was set.
    pub fn mode(&self) -> Look<Option<ModeRow>> {
        self.row(Table::Meta, b"mode")
    }

    /// The counts of all states.
    pub fn counts(&self) -> Look<Counts> {
        Ok(self.row(Table::Meta, b"counts")?.unwrap_or_default())
    }

    /// The day (since 1970) of the last reviewers' digest.
    pub fn last_digest(&self) -> Look<Option<i32>> {
        self.row(Table::Meta, b"digest")
    }

    /// The day (since 1970) whose duties were done last.
    pub fn last_duties(&self) -> Look<Option<i32>> {
        self.row(Table::Meta, b"duties")
    }

    /// When another installation was seen answering a mailbox of ours.
    pub fn foreign_instance(&self) -> Look<Option<Timestamp>> {
        self.row(Table::Meta, b"foreign")
    }

    /// A folder.
    pub fn folder(&self, id: FolderId) -> Look<Option<FolderRow>> {
        self.row(Table::Folder, &id.0.to_be_bytes())
    }

    /// All folders.
    pub fn folders(&self) -> Look<Vec<(FolderId, FolderRow)>> {
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Folder, &[], &[], usize::MAX)? {
            all.push((FolderId(u32::from_be_bytes(fixed(&key)?)), decode(&value)?));
        }
        Ok(all)
    }

    /// Whether this location is done with.
    pub fn seen(&self, at: Location) -> Look<bool> {
        let folder = self.folder(at.folder)?;
        Ok(folder.is_some_and(|f| f.uidvalidity == at.uidvalidity && f.seen.contains(at.uid)))
    }

    /// How often reading this location failed.
    pub fn failures(&self, at: Location) -> Look<u8> {
        Ok(self.row(Table::Failing, &location_key(at))?.unwrap_or(0))
    }

    /// A message.
    pub fn message(&self, id: ContentKey) -> Look<Option<MessageRow>> {
        self.row(Table::Message, &id.0)
    }

    /// The inbound message with this Message-ID that was seen first.
    pub fn inbound(&self, mail: MailIdHash) -> Look<Option<ContentKey>> {
        self.row(Table::InboundMail, &mail.0)
    }

    /// The person known under this fingerprint.
    pub fn alias(&self, fingerprint: &Fingerprint) -> Look<Option<PersonId>> {
        match self.row(Table::Alias, &fingerprint.0)? {
            Some(person) => Ok(Some(person)),
            None => self.listed_alias(fingerprint),
        }
    }

    /// The person known under the first of these fingerprints that anybody is known under.
    pub fn person_of(&self, fingerprints: &[Fingerprint]) -> Look<Option<PersonId>> {
        for fingerprint in fingerprints {
            if let Some(person) = self.alias(fingerprint)? {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    /// A person; an unknown one has an empty row of version 0.
    pub fn person(&self, id: PersonId) -> Look<PersonRow> {
        // Whoever became one with another has no row any more; most people have one, and are found at once.
        if let Some(row) = self.row(Table::Person, &id.0)? {
            return self.with_listed(id, row);
        }
        match self.standing(id)? {
            same if same == id => self.with_listed(id, PersonRow::default()),
            into => {
                let row = self.row(Table::Person, &into.0)?.unwrap_or_default();
                self.with_listed(into, row)
            }
        }
    }

    /// A domain's suppression.
    pub fn domain(&self, domain: &Fingerprint) -> Look<Option<SuppressionRow>> {
        self.row(Table::Domain, &domain.0)
    }

    /// A contact of the register.
    pub fn contact(&self, person: PersonId) -> Look<Option<ContactRow>> {
        match self.row(Table::Contact, &person.0)? {
            Some(row) => Ok(Some(row)),
            None => match self.standing(person)? {
                same if same == person => Ok(None),
                into => self.row(Table::Contact, &into.0),
            },
        }
    }

    /// Contacts, in no order that means anything, from one on.
    pub fn contacts(
        &self,
        from: Option<PersonId>,
        limit: usize,
    ) -> Look<Vec<(PersonId, ContactRow)>> {
        let from = from.map(|p| p.0.to_vec()).unwrap_or_default();
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Contact, &[], &from, limit)? {
            all.push((PersonId(fixed(&key)?), decode(&value)?));
        }
        Ok(all)
    }

    /// A case.
    pub fn case(&self, id: CaseId) -> Look<Option<CaseRow>> {
        self.row(Table::Case, &id.bits().to_be_bytes())
    }

    /// Cases, newest reference order, from one on.
    pub fn cases(&self, from: Option<CaseId>, limit: usize) -> Look<Vec<(CaseId, CaseRow)>> {
        let from = from
            .map(|c| c.bits().to_be_bytes().to_vec())
            .unwrap_or_default();
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Case, &[], &from, limit)? {
            all.push((
                CaseId::from_bits(u64::from_be_bytes(fixed(&key)?)),
                decode(&value)?,
            ));
        }
        Ok(all)
    }

    /// A letter.
    pub fn letter(&self, id: LetterId) -> Look<Option<LetterRow>> {
        self.row(Table::Letter, &letter_key(id))
    }

    /// The letters of a case, in their order.
    pub fn letters(&self, case: CaseId) -> Look<Vec<(LetterId, LetterRow)>> {
        let mut all = Vec::new();
        for (key, value) in
            self.0
                .scan(Table::Letter, &case.bits().to_be_bytes(), &[], usize::MAX)?
        {
            all.push((letter_from(&key)?, decode(&value)?));
        }
        Ok(all)
    }

    /// Every letter.
    pub fn every_letter(&self) -> Look<Vec<(LetterId, LetterRow)>> {
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Letter, &[], &[], usize::MAX)? {
            all.push((letter_from(&key)?, decode(&value)?));
        }
        Ok(all)
    }

    /// The letter with this Message-ID.
    pub fn letter_by_mail(&self, mail: MailIdHash) -> Look<Option<LetterId>> {
        self.row(Table::LetterMail, &mail.0)
    }

    /// Queued and deferred letters whose time has come by `until`, oldest first.
    pub fn outbox(&self, until: Timestamp, limit: usize) -> Look<Vec<(Timestamp, LetterId)>> {
        let mut due = Vec::new();
        for (key, _) in self.0.scan(Table::Outbox, &[], &[], limit)? {
            let (at, id) = key
                .split_at_checked(8)
                .ok_or_else(|| Damaged("a short outbox key".into()))?;
            let at = Timestamp::from_millis(i64::from_be_bytes(fixed(at)?));
            if at > until {
                break;
            }
            due.push((at, letter_from(id)?));
        }
        Ok(due)
    }

    /// When the next queued or deferred letter is due.
    pub fn next_due(&self) -> Look<Option<Timestamp>> {
        let first = self.0.scan(Table::Outbox, &[], &[], 1)?;
        let Some((key, _)) = first.first() else {
            return Ok(None);
        };
        let at = key
            .get(..8)
            .ok_or_else(|| Damaged("a short outbox key".into()))?;
        Ok(Some(Timestamp::from_millis(i64::from_be_bytes(fixed(at)?))))
    }

    /// What waits for a human, oldest first: since when, and the id behind it.
    pub fn waiting(&self, class: Waiting, limit: usize) -> Look<Vec<(Timestamp, Vec<u8>)>> {
        let mut all = Vec::new();
        for (key, _) in self.0.scan(Table::Waiting, &[class as u8], &[], limit)? {
            let at = key
                .get(1..9)
                .ok_or_else(|| Damaged("a short key of what waits".into()))?;
            all.push((
                Timestamp::from_millis(i64::from_be_bytes(fixed(at)?)),
                key[9..].to_vec(),
            ));
        }
        Ok(all)
    }

    /// Letters that wait for a human in this class.
    pub fn waiting_letters(
        &self,
        class: Waiting,
        limit: usize,
    ) -> Look<Vec<(Timestamp, LetterId)>> {
        let rows = self.waiting(class, limit)?;
        rows.into_iter()
            .map(|(at, id)| Ok((at, letter_from(&id)?)))
            .collect()
    }

    /// Clocks that run, the one that ends first at the head: internal target, case, request.
    pub fn due(&self, limit: usize) -> Look<Vec<(Timestamp, CaseId, RequestKind)>> {
        let mut all = Vec::new();
        for (key, _) in self.0.scan(Table::Due, &[], &[], limit)? {
            let short = || Damaged("a short key of a clock".into());
            let at =
                Timestamp::from_millis(i64::from_be_bytes(fixed(key.get(..8).ok_or_else(short)?)?));
            let case = CaseId::from_bits(u64::from_be_bytes(fixed(
                key.get(8..16).ok_or_else(short)?,
            )?));
            let kind = key
                .get(16)
                .and_then(|k| RequestKind::ALL.get(*k as usize))
                .ok_or_else(short)?;
            all.push((at, case, *kind));
        }
        Ok(all)
    }

    /// A mail known from Sent.
    pub fn sent(&self, mail: MailIdHash) -> Look<Option<SentRow>> {
        self.row(Table::Sent, &mail.0)
    }

    /// Whether somebody answered this inbound Message-ID by hand, and when.
    pub fn answered_by_hand(&self, mail: MailIdHash) -> Look<Option<Timestamp>> {
        self.row(Table::AnsweredByHand, &mail.0)
    }

    /// Whether a line with this hash stood in a mail that we sent.
    pub fn is_our_line(&self, hash: u32) -> Look<bool> {
        Ok(self.0.get(Table::OurLine, &hash.to_be_bytes())?.is_some())
    }

    /// When this person was last mailed.
    pub fn last_mailed(&self, person: PersonId) -> Look<Option<Timestamp>> {
        let person = self.standing(person)?;
        self.row(Table::Mailed, &person.0)
    }

    /// Letters counted under this key (a domain's fingerprint, or `hour`).
    pub fn tally(&self, key: &[u8]) -> Look<TallyRow> {
        Ok(self.row(Table::Tally, key)?.unwrap_or_default())
    }

    /// An import.
    pub fn import(&self, number: u64) -> Look<Option<ImportRow>> {
        self.row(Table::Import, &number.to_be_bytes())
    }

    /// All imports, oldest first.
    pub fn imports(&self) -> Look<Vec<(u64, ImportRow)>> {
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Import, &[], &[], usize::MAX)? {
            all.push((u64::from_be_bytes(fixed(&key)?), decode(&value)?));
        }
        Ok(all)
    }

    /// Mails to suppressed people.
    pub fn incidents(&self) -> Look<Vec<(MailIdHash, IncidentRow)>> {
        let mut all = Vec::new();
        for (key, value) in self.0.scan(Table::Incident, &[], &[], usize::MAX)? {
            all.push((MailIdHash(fixed(&key)?), decode(&value)?));
        }
        Ok(all)
    }

    /// Who last ordered this, and where the reason stands.
    pub fn note(&self, about: super::Noted) -> Look<Option<super::NoteRow>> {
        self.row(Table::Note, &about.key())
    }

    /// What holds against mailing these fingerprints (and this domain): the strictest suppression in force.
    pub fn suppression(
        &self,
        fingerprints: &[Fingerprint],
        domain: Option<&Fingerprint>,
    ) -> Look<Option<SuppressionRow>> {
        let mut found: Option<SuppressionRow> = None;
        let mut take = |row: Option<SuppressionRow>| {
            if let Some(row) = row
                && found
                    .as_ref()
                    .is_none_or(|f| f.suppression < row.suppression)
            {
                found = Some(row);
            }
        };
        for fingerprint in fingerprints {
            take(self.held_against(fingerprint)?);
        }
        if let Some(domain) = domain {
            take(self.domain(domain)?);
        }
        Ok(found)
    }
}

pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Look<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| Damaged("a key of the wrong length".into()))
}

/// The key of a letter's row: case, step, series, so that a case's letters stand together.
pub(super) fn letter_key(id: LetterId) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&id.case.bits().to_be_bytes());
    (key[8], key[9]) = (id.step, id.series);
    key
}

pub(super) fn letter_from(key: &[u8]) -> Look<LetterId> {
    let key: [u8; 10] = fixed(key)?;
    let mut case = [0; 8];
    case.copy_from_slice(&key[..8]);
    Ok(LetterId {
        case: CaseId::from_bits(u64::from_be_bytes(case)),
        step: key[8],
        series: key[9],
    })
}

/// The key of a location.
pub(super) fn location_key(at: Location) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&at.folder.0.to_be_bytes());
    key[4..8].copy_from_slice(&at.uidvalidity.to_be_bytes());
    key[8..].copy_from_slice(&at.uid.to_be_bytes());
    key
}
