//! What it means that people share a telephone, that two persons are one, and that one address is somebody else.

use super::{ContactRow, Damaged, Done, Step, Table};
use crate::record::notice::queue_key;
use crate::record::rows::{PersonRow, SuppressionRow};
use crate::record::{
    CaseId, Concerned, Fingerprint, GroupRow, Grouping, PersonId, Suppression, Timestamp, TraceRow,
    Traced,
};

/// How many closed cases and letters a person's row remembers.
const REMEMBERED: usize = 8;

impl Step<'_> {
    pub(super) fn group(&mut self, grouping: &Grouping) -> Done {
        match grouping {
            Grouping::Phones { person, phones } => self.phones(*person, phones),
            Grouping::Firms { person, domains } => self.firms(*person, domains),
            Grouping::Merged { into, from, by, .. } => self.merge(*into, *from, by),
            Grouping::Split {
                from,
                person,
                fingerprints,
                by,
                ..
            } => self.split(*from, *person, fingerprints, by),
        }
    }

    fn put_group(&mut self, id: PersonId, row: &GroupRow) {
        self.put(Table::Group, &id.0, row);
    }

    fn phones(&mut self, person: PersonId, phones: &[Fingerprint]) -> Done {
        let person = self.state().standing(person)?;
        let mut row = self.state().group(person)?;
        for phone in phones {
            let key = [&phone.0[..], &person.0].concat();
            self.tables.put(Table::PhoneOf, &key, Vec::new());
            if !row.phones.contains(phone) {
                row.phones.push(*phone);
            }
        }
        self.put_group(person, &row);
        self.touch(person)
    }

    fn firms(&mut self, person: PersonId, domains: &[Fingerprint]) -> Done {
        let person = self.state().standing(person)?;
        let mut row = self.state().group(person)?;
        add(&mut row.domains, domains);
        self.put_group(person, &row);
        self.touch(person)
    }

    fn trace(&self, what: Traced, other: PersonId, by: &str) -> TraceRow {
        TraceRow {
            what,
            other,
            by: by.to_owned(),
            at: self.at,
            position: self.position,
        }
    }

    /// The second person becomes the first: every way to the second leads to the first from now on.
    fn merge(&mut self, into: PersonId, from: PersonId, by: &str) -> Done {
        let (into, from) = (self.state().standing(into)?, self.state().standing(from)?);
        if into == from {
            return Ok(());
        }
        self.keep_listed(from)?;
        let second = self.state().person(from)?;
        for fingerprint in &second.fingerprints {
            if self.state().alias(fingerprint)? == Some(from) {
                self.put(Table::Alias, &fingerprint.0, &into);
            }
        }
        for (id, mut case) in self.state().cases(None, usize::MAX)? {
            if case.person == Some(from) {
                case.person = Some(into);
                case.version += 1;
                self.put(Table::Case, &id.bits().to_be_bytes(), &case);
            }
        }
        self.mailed_too(into, from)?;
        self.tables.delete(Table::Mailed, &from.0);
        // A human says who it is: nobody lifts it as one of a flood.
        self.proved(from);
        let contact = self.state().contact(from)?;
        if let Some(row) = &contact {
            self.count_contacts(-1)?;
            self.count_campaign(row.facts.campaign, -1)?;
            self.tables.delete(Table::Contact, &from.0);
        }
        // Its suppression is counted no more, before the first person's counts instead.
        self.change_person(from, |row| row.suppression = None)?;
        self.tables.delete(Table::Person, &from.0);
        let (opened, ended) = (self.opened(&second.open)?, self.ended(&second.closed)?);
        let first = self.state().person(into)?;
        let (mut open, mut closed) = (self.opened(&first.open)?, self.ended(&first.closed)?);
        open.extend(opened);
        closed.extend(ended);
        self.change_person(into, |row| {
            unite(row, second, ordered(open), ordered(closed))
        })?;
        if self.state().person(into)?.suppression.is_some() {
            self.forget_notices(from)?;
        }
        self.join_groups(into, from, contact, by)
    }

    /// The senders are told of the one person anew, by all addresses: nothing older must come behind it, least of all a lift.
    fn forget_notices(&mut self, from: PersonId) -> Done {
        let about = Concerned::Person(from);
        for told in self.state().senders_told(&about)?.told {
            if let Some(next) = told.next {
                let key = queue_key(&told.sender, told.fresh, next, &about);
                self.tables.delete(Table::Notice, &key);
            }
        }
        self.tables.delete(Table::Told, &about.key());
        Ok(())
    }

    fn suppressed(&self, person: PersonId) -> Result<Option<Suppression>, Damaged> {
        let row = self.state().person(person)?.suppression;
        Ok(row.map(|s| s.suppression))
    }

    /// Nothing, of whoever is somebody else.
    fn suppressed_alone(&self, person: PersonId) -> Result<Option<Suppression>, Damaged> {
        match self.state().standing(person)? == person {
            true => self.suppressed(person),
            false => Ok(None),
        }
    }

    /// Key forms that lead to one person, or to nobody, lead to the other.
    fn hand_over(&mut self, from: PersonId, to: PersonId, keys: &[Fingerprint]) -> Done {
        for key in keys {
            if self.state().alias(key)?.is_none_or(|p| p == from) {
                self.put(Table::Alias, &key.0, &to);
            }
        }
        Ok(())
    }

    fn opened(&self, cases: &[CaseId]) -> Result<Vec<(Timestamp, CaseId)>, Damaged> {
        let mut all = Vec::new();
        for id in cases {
            let row = self.state().case(*id)?;
            all.push((row.map_or(self.at, |r| r.opened), *id));
        }
        Ok(all)
    }

    fn ended(&self, cases: &[CaseId]) -> Result<Vec<(Timestamp, CaseId)>, Damaged> {
        let mut all = Vec::new();
        for id in cases {
            let row = self.state().case(*id)?;
            all.push((row.and_then(|r| r.closed).unwrap_or(self.at), *id));
        }
        Ok(all)
    }

    fn mailed_too(&mut self, person: PersonId, other: PersonId) -> Done {
        let theirs: Option<Timestamp> = self.state().row(Table::Mailed, &other.0)?;
        let own: Option<Timestamp> = self.state().row(Table::Mailed, &person.0)?;
        if let Some(last) = theirs.max(own) {
            self.put(Table::Mailed, &person.0, &last);
        }
        Ok(())
    }

    fn join_groups(
        &mut self,
        into: PersonId,
        from: PersonId,
        contact: Option<ContactRow>,
        by: &str,
    ) -> Done {
        let mut first = self.state().group(into)?;
        let mut second = self.state().group(from)?;
        for phone in &second.phones {
            let key = [&phone.0[..], &from.0].concat();
            self.tables.delete(Table::PhoneOf, &key);
            let key = [&phone.0[..], &into.0].concat();
            self.tables.put(Table::PhoneOf, &key, Vec::new());
            if !first.phones.contains(phone) {
                first.phones.push(*phone);
            }
        }
        for member in second.members.drain(..) {
            let mut row = self.state().group(member)?;
            row.into = Some(into);
            self.put_group(member, &row);
            first.members.push(member);
        }
        first.members.push(from);
        add(&mut first.domains, &second.domains);
        first.keys.append(&mut second.keys);
        first.keys.extend(contact.as_ref().map(|c| c.key));
        first.trace.append(&mut second.trace);
        first.trace.sort_by_key(|t| t.at);
        first.trace.push(self.trace(Traced::Merged, from, by));
        self.put_group(into, &first);
        let row = GroupRow {
            into: Some(into),
            phones: second.phones,
            contact,
            ..GroupRow::default()
        };
        self.put_group(from, &row);
        Ok(())
    }

    /// These key forms become a person of their own, who is suppressed as they were; a firm holds for both, too.
    fn split(
        &mut self,
        from: PersonId,
        person: PersonId,
        fingerprints: &[Fingerprint],
        by: &str,
    ) -> Done {
        let from = self.state().standing(from)?;
        if from == person {
            return Ok(());
        }
        self.keep_listed(from)?;
        let alone = self.suppressed_alone(person)?;
        let (old, mut own) = (self.state().person(from)?, self.state().group(person)?);
        if let Some(holder) = own.into.take() {
            let mut row = self.state().group(holder)?;
            row.members.retain(|m| *m != person);
            self.put_group(holder, &row);
        }
        let mut theirs = self.state().group(from)?;
        if let Some(contact) = own.contact.take() {
            theirs.keys.retain(|k| *k != contact.key);
            own.keys.push(contact.key);
        }
        theirs.trace.push(self.trace(Traced::Parted, person, by));
        own.trace.push(self.trace(Traced::Left, from, by));
        let phones = std::mem::take(&mut own.phones);
        add(&mut own.domains, &theirs.domains);
        self.put_group(from, &theirs);
        self.put_group(person, &own);
        self.hand_over(from, person, fingerprints)?;
        // By the key forms alone, if they are on a list.
        self.count_suppressed(alone, self.suppressed(person)?)?;
        self.change_person(from, |row| {
            row.fingerprints.retain(|f| !fingerprints.contains(f));
        })?;
        let theirs = PersonRow {
            fingerprints: fingerprints.to_vec(),
            open: Vec::new(),
            closed: Vec::new(),
            spoke: None,
            ..old
        };
        self.change_person(person, |row| {
            let (open, closed) = (row.open.clone(), row.closed.clone());
            unite(row, theirs, open, closed);
        })?;
        self.mailed_too(person, from)?;
        self.phones(person, &phones)
    }
}

fn add(all: &mut Vec<Fingerprint>, more: &[Fingerprint]) {
    for one in more {
        if !all.contains(one) {
            all.push(*one);
        }
    }
}

fn ordered(mut cases: Vec<(Timestamp, CaseId)>) -> Vec<CaseId> {
    cases.sort();
    cases.into_iter().map(|(_, id)| id).collect()
}

/// What held for either holds for both; a decision made on either row is made again.
fn unite(row: &mut PersonRow, other: PersonRow, open: Vec<CaseId>, mut closed: Vec<CaseId>) {
    row.version = row.version.saturating_add(other.version);
    for fingerprint in other.fingerprints {
        if !row.fingerprints.contains(&fingerprint) {
            row.fingerprints.push(fingerprint);
        }
    }
    row.suppression = strictest(row.suppression.take(), other.suppression);
    row.open = open;
    closed.drain(..closed.len().saturating_sub(REMEMBERED));
    row.closed = closed;
    row.letters.extend(other.letters);
    row.letters.sort_unstable();
    let old = row.letters.len().saturating_sub(REMEMBERED);
    row.letters.drain(..old);
    row.last_letter = row.last_letter.max(other.last_letter);
    let later = |a: &(u64, Timestamp), b: &(u64, Timestamp)| a.1 < b.1;
    if let Some(spoke) = other.spoke
        && row.spoke.as_ref().is_none_or(|own| later(own, &spoke))
    {
        row.spoke = Some(spoke);
    }
    row.failing_until = row.failing_until.max(other.failing_until);
    row.erased = row.erased.or(other.erased);
}

/// The stricter; of two that are as strict, the older.
fn strictest(a: Option<SuppressionRow>, b: Option<SuppressionRow>) -> Option<SuppressionRow> {
    let (Some(one), Some(other)) = (&a, &b) else {
        return a.or(b);
    };
    let weaker = one.suppression < other.suppression;
    let later = one.suppression == other.suppression && one.since > other.since;
    if weaker || later { b } else { a }
}
