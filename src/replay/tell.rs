//! Puts the notes in the order of time, has each decided, and gathers what was found.

mod machines;

use super::findings::{
    Asked, Bounced, Counts, Findings, Heard, Held, Letters, MailedAfter, Repeats,
};
use super::note::{Mail, Note, SentMail};
use super::past::{Past, leaves};
use super::patterns;
use crate::record::{
    Address, CaseId, Damaged, Language, LetterKind, MessageState, PersonId, RequestKind, RuleId,
    Suppression, Timestamp,
};
use crate::request::{Decision, Policy, rule};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A robot is named from so many equal messages on.
const REPEATS: u64 = 3;
/// Robots that are named.
const ROBOTS: usize = 50;

/// What the house would have said at that time; all that the notes do not hold.
pub struct Circumstances<'a> {
    /// The policy: thresholds, calendar, what leaves by itself.
    pub policy: &'a Policy,
    /// Whether there are words for such a letter.
    pub has_template: &'a dyn Fn(Language, LetterKind, &[RequestKind]) -> bool,
    /// No other system must deliver before an access letter.
    pub systems_delivered: bool,
    /// What "overdue" counts from.
    pub now: Timestamp,
}

/// One thing that happened.
enum Happening<'a> {
    Sent(&'a SentMail),
    Mail(&'a Mail),
    Answered(CaseId),
}

/// Tells the whole past.
///
/// # Errors
/// Only if rows that were written here cannot be read back, which is a mistake of this program.
pub fn tell(notes: &[Note], circumstances: &Circumstances<'_>) -> Result<Findings, Damaged> {
    let mut telling = Telling::new(notes, circumstances);
    let mut happenings: Vec<(Timestamp, u8, Happening<'_>)> = Vec::new();
    for note in notes {
        match note {
            Note::Sent(mail) => happenings.push((mail.at, 0, Happening::Sent(mail))),
            Note::Mail(mail) => happenings.push((mail.received, 1, Happening::Mail(mail))),
            Note::Passed { uids, why, .. } => {
                *telling.found.counts.passed.entry(*why).or_default() += uids.len();
            }
            Note::Folder { .. } => {}
        }
    }
    // The latest last, so that it is taken first; what a human answered ends a case in its turn.
    happenings.sort_by_key(|(at, order, _)| std::cmp::Reverse((*at, *order)));
    while let Some((at, _, happening)) = happenings.pop() {
        match happening {
            Happening::Sent(mail) => telling.sent(mail)?,
            Happening::Answered(case) => telling.answered(case, at)?,
            Happening::Mail(mail) => {
                if let Some((case, when)) = telling.mail(mail)? {
                    let turn =
                        happenings.partition_point(|(at, order, _)| (*at, *order) > (when, 2));
                    happenings.insert(turn, (when, 2, Happening::Answered(case)));
                }
            }
        }
    }
    Ok(telling.end())
}

struct Telling<'a> {
    circumstances: &'a Circumstances<'a>,
    past: Past<'a>,
    folders: HashMap<u32, String>,
    /// When each message of theirs was first answered by a human, by its Message-ID.
    answers: HashMap<&'a str, Timestamp>,
    /// The requests of each case, by their place in the findings.
    of_case: HashMap<CaseId, Vec<usize>>,
    stopped: HashMap<PersonId, Timestamp>,
    after: BTreeMap<PersonId, MailedAfter>,
    held: BTreeMap<String, u64>,
    letters: BTreeMap<(Vec<RequestKind>, bool, Language), u64>,
    robots: BTreeMap<(String, u64), Repeats>,
    bounces: BTreeMap<String, Bounced>,
    unasked: Vec<&'a Mail>,
    found: Findings,
}

impl<'a> Telling<'a> {
    fn new(notes: &'a [Note], circumstances: &'a Circumstances<'a>) -> Self {
        let (mut folders, mut answers) = (HashMap::new(), HashMap::new());
        for note in notes {
            match note {
                Note::Folder {
                    number,
                    mailbox,
                    name,
                    ..
                } => {
                    folders.insert(*number, format!("{mailbox}/{name}"));
                }
                Note::Sent(mail) => {
                    for id in &mail.answers {
                        let first = answers.entry(id.as_str()).or_insert(mail.at);
                        *first = mail.at.min(*first);
                    }
                }
                _ => {}
            }
        }
        Self {
            past: Past::new(circumstances),
            circumstances,
            folders,
            answers,
            of_case: HashMap::new(),
            stopped: HashMap::new(),
            after: BTreeMap::new(),
            held: BTreeMap::new(),
            letters: BTreeMap::new(),
            robots: BTreeMap::new(),
            bounces: BTreeMap::new(),
            unasked: Vec::new(),
            found: Findings {
                told: circumstances.now,
                counts: Counts::default(),
                ..Findings::default()
            },
        }
    }

    fn span(&mut self, at: Timestamp) {
        self.found.from = Some(self.found.from.map_or(at, |from| from.min(at)));
        self.found.until = Some(self.found.until.map_or(at, |until| until.max(at)));
    }

    /// A mail of ours; one to somebody who had asked to be left alone is counted, unless it answers them.
    fn sent(&mut self, mail: &SentMail) -> Result<(), Damaged> {
        self.span(mail.at);
        self.found.counts.sent += 1;
        self.past.mailed(mail)?;
        if mail.is_answer {
            return Ok(());
        }
        let mut to: Vec<PersonId> = mail.to.iter().map(|a| self.past.person(a)).collect();
        to.sort_unstable();
        to.dedup();
        for person in to {
            let Some(stopped) = self.stopped.get(&person).filter(|at| mail.at > **at) else {
                continue;
            };
            let who = who(self.past.address(person));
            let row = self.after.entry(person).or_insert(MailedAfter {
                who,
                stopped: *stopped,
                mails: 0,
                last: mail.at,
                days: 0,
            });
            row.mails += 1;
            row.last = row.last.max(mail.at);
            row.days = row.last.millis_since(*stopped) / 86_400_000;
        }
        Ok(())
    }

    /// A message to us. Gives the case that a human's answer ends, and when.
    fn mail(&mut self, mail: &'a Mail) -> Result<Option<(CaseId, Timestamp)>, Damaged> {
        self.span(mail.received);
        self.found.counts.read += 1;
        let is_reply = self.past.is_reply(mail)?;
        self.found.counts.replies += u64::from(is_reply);
        if !is_reply && mail.read.requests.is_empty() {
            self.unasked.push(mail);
        }
        let mut decision = self.past.decide(mail)?;
        let answered = mail
            .id
            .as_deref()
            .and_then(|id| self.answers.get(id))
            .copied();
        let answered = answered.filter(|at| *at >= mail.written);
        if let (Some(leaves), Some(at)) = (leaves(&decision), answered)
            && at <= leaves
        {
            decision.hold_letter(rule::BY_HAND);
        }
        self.note(mail, &decision, answered);
        self.past.happened(&decision)?;
        let case = decision.case.as_ref().filter(|c| !c.closed);
        Ok(case
            .map(|c| c.case)
            .zip(answered.map(|at| at.max(mail.received))))
    }

    /// A human answered one message of a case: all that it asks counts as answered.
    fn answered(&mut self, case: CaseId, at: Timestamp) -> Result<(), Damaged> {
        for n in self.of_case.get(&case).into_iter().flatten() {
            if let Some(asked) = self.found.requests.get_mut(*n) {
                asked.answered = asked.answered.or(Some(at));
                asked.overdue = None;
            }
        }
        self.past.answered(case, at)
    }

    fn note(&mut self, mail: &Mail, decision: &Decision, answered: Option<Timestamp>) {
        let state = decision.state.word().to_owned();
        *self.found.counts.ended.entry(state).or_default() += 1;
        if decision.state == MessageState::Held {
            let rule = decision.rule.as_str().to_owned();
            *self.held.entry(rule).or_default() += 1;
        }
        if let Some(letter) = decision.letter.as_ref().filter(|l| l.is_automatic()) {
            let acknowledges = letter.kind == LetterKind::Acknowledgement;
            let mut answers = letter.answers.clone();
            answers.extend(&letter.announces);
            let key = (answers, acknowledges, letter.language);
            *self.letters.entry(key).or_default() += 1;
        }
        self.objection(mail, decision, answered);
        self.requests(mail, decision, answered);
        self.machine(mail);
    }

    fn heard(&self, mail: &Mail, rule: &RuleId, answered: Option<Timestamp>) -> Heard {
        let mut kinds: Vec<RequestKind> = mail.read.requests.iter().map(|f| f.kind).collect();
        kinds.sort_unstable();
        Heard {
            who: who(mail.from.as_ref()),
            also: None,
            at: mail.received,
            language: mail.read.language,
            kinds,
            words: words(mail, None),
            rule: rule.as_str().to_owned(),
            answered,
            folder: self.folder(mail),
        }
    }

    fn folder(&self, mail: &Mail) -> String {
        let name = self.folders.get(&mail.folder);
        name.cloned().unwrap_or_default()
    }

    /// Who asked to be left alone, or may have: those whom the decision itself suppresses or pauses.
    fn objection(&mut self, mail: &Mail, decision: &Decision, answered: Option<Timestamp>) {
        let asks = |kind| mail.read.asks(kind);
        let feedback = mail.report.as_ref().is_some_and(|r| r.feedback);
        let suppressed = decision
            .suppressions
            .iter()
            .filter(|s| s.suppression == Suppression::Suppressed);
        let people: Vec<PersonId> = suppressed.map(|s| s.person).collect();
        if !people.is_empty() && (asks(RequestKind::Stop) || asks(RequestKind::Erasure) || feedback)
        {
            for person in &people {
                self.stopped.entry(*person).or_insert(mail.received);
            }
            let mut heard = self.heard(mail, &decision.rule, answered);
            let addresses = people.iter().filter_map(|p| self.past.address(*p));
            let mut others: Vec<String> = addresses.map(|a| a.as_str().to_owned()).collect();
            let same = |a: &String| {
                Address::parse(a)
                    .is_ok_and(|a| mail.from.as_ref().is_some_and(|f| f.same_person(&a)))
            };
            others.retain(|a| !same(a));
            if feedback && let Some(first) = others.pop() {
                heard.who = first;
            }
            heard.also = others.into_iter().next();
            // Somebody who insists is one person to obey; the first time counts.
            if self
                .found
                .objections
                .iter()
                .all(|o| o.who != heard.who || o.also != heard.also)
            {
                self.found.objections.push(heard);
            }
            return;
        }
        let may_ask = asks(RequestKind::Stop) || asks(RequestKind::Erasure);
        let unsure = decision.state == MessageState::Held && mail.read.unsure.is_some();
        if !mail.one_of_us && (may_ask || unsure) {
            let heard = self.heard(mail, &decision.rule, answered);
            let same = |d: &Heard| d.who == heard.who && d.words == heard.words;
            if !self.found.doubtful.iter().any(same) {
                self.found.doubtful.push(heard);
            }
        }
    }

    /// Requests that get a clock; a STOP is obeyed at once and stands among the objections.
    fn requests(&mut self, mail: &Mail, decision: &Decision, answered: Option<Timestamp>) {
        let opened = decision.case.iter().flat_map(|c| &c.opened);
        for request in opened.filter(|o| o.kind != RequestKind::Stop) {
            let late = self.circumstances.now.millis_since(request.due);
            let asked = Asked {
                who: who(mail.from.as_ref()),
                kind: request.kind,
                at: mail.received,
                due: request.due,
                overdue: (late > 0 && answered.is_none()).then_some(late / 86_400_000),
                answered,
                language: mail.read.language,
                words: words(mail, Some(request.kind)),
                rule: decision.rule.as_str().to_owned(),
                folder: self.folder(mail),
            };
            if let Some(case) = &decision.case {
                let place = self.found.requests.len();
                self.of_case.entry(case.case).or_default().push(place);
            }
            self.found.requests.push(asked);
        }
    }

    fn end(mut self) -> Findings {
        let mut found = self.found;
        found.knows_sent = found.counts.sent > 0;
        found.mailed_after = self.after.into_values().collect();
        found
            .mailed_after
            .sort_by_key(|m| std::cmp::Reverse((m.mails, m.days)));
        found
            .requests
            .sort_by_key(|r| (r.answered.is_some(), r.due));
        let held = |(rule, times)| Held { rule, times };
        found.held = self.held.into_iter().map(held).collect();
        found.held.sort_by_key(|h| std::cmp::Reverse(h.times));
        let letters = |((answers, acknowledgement, language), times)| Letters {
            answers,
            acknowledgement,
            language,
            times,
        };
        found.letters = self.letters.into_iter().map(letters).collect();
        found.letters.sort_by_key(|l| std::cmp::Reverse(l.times));
        found.bounces = self.bounces.into_values().collect();
        // Who asked it surely once need not be looked at again.
        let sure: HashSet<String> = found.objections.iter().map(|o| o.who.clone()).collect();
        found.doubtful.retain(|d| !sure.contains(&d.who));
        self.robots.retain(|_, r| r.times >= REPEATS);
        found.robots = self.robots.into_values().collect();
        found.robots.sort_by_key(|r| std::cmp::Reverse(r.times));
        found.robots.truncate(ROBOTS);
        found.warm_up = patterns::repeated(self.unasked.into_iter());
        found
    }
}

fn who(address: Option<&Address>) -> String {
    address.map(|a| a.as_str().to_owned()).unwrap_or_default()
}

/// The words that decided: of a kind, or of all that was asked, or what made the reader unsure.
fn words(mail: &Mail, kind: Option<RequestKind>) -> String {
    let of_kind = |found: &&crate::intent::Found| kind.is_none_or(|k| found.kind == k);
    let evidence = mail.read.requests.iter().filter(of_kind);
    let mut words: Vec<&str> = evidence
        .flat_map(|f| f.evidence.first())
        .map(|e| e.text.as_str())
        .collect();
    let signals = mail.read.human.iter().chain(&mail.read.unsure);
    if words.is_empty() {
        words.extend(signals.map(|s| s.text.as_str()).take(1));
    }
    words.dedup();
    let one = |text: &&str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.iter().map(one).collect::<Vec<_>>().join(" / ")
}
