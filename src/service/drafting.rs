//! A draft, written anew from what is known now: shown, approved and sent by the very path of a letter that leaves by itself.
//!
//! What was decided is in the log, not the decision itself; so the plan is put together from the letter's head, the kept
//! message and the register, by the rules of `request` (recipient, voice, B9). A reviewer approves the hash of what was
//! shown: if anything that stands in the letter changed meanwhile, the hash is another one and nothing leaves.

use super::composing::{self, Occasion, Unwritten};
use super::extending;
use super::gathering::{self, Trouble};
use super::house::{House, Office};
use super::identity;
use super::mailed::past_mails;
use super::notices::Standing;
use super::opening;
use crate::answer::Letter;
use crate::config::{Config, SystemSettings};
use crate::record::{
    Address, CaseId, CaseRow, Contact, ContentKey, FrozenLetter, KeptMessage, Language, LetterHead,
    LetterKind, LetterRow, LetterState, MessageRow, Proof, RecipientRow, RequestKind, RequestState,
    Suppression, Timestamp, hex,
};
use crate::request::{Correspondent, LetterPlan, Release, rule};
use crate::store::Reader;
use sha2::{Digest, Sha256};

/// A message of a case: its key, its row, and its text if it was kept and not erased.
pub type CaseMessage = (ContentKey, MessageRow, Option<KeptMessage>);

/// Mails after a suppression, and whether the person had asked for none.
type Apology = Option<(Vec<Timestamp>, bool)>;

/// Everything about a case that a human must see.
pub struct CaseFile {
    /// Its reference.
    pub id: CaseId,
    /// Its row.
    pub row: CaseRow,
    /// The person's row of the register, opened.
    pub contact: Option<Contact>,
    /// Its messages, oldest first.
    pub messages: Vec<CaseMessage>,
    /// Its letters, oldest first.
    pub letters: Vec<LetterRow>,
    /// What holds for the person.
    pub suppression: Option<(Suppression, Timestamp)>,
    /// Who asked, and the words that decided.
    pub proof: Option<Proof>,
    /// Why its clocks were extended.
    pub extended: Option<String>,
    /// What happened in other systems: for which request, where, in which words.
    pub systems: Vec<(RequestKind, String, String)>,
    /// Recipients of data that were told, or are to be (Art. 19).
    pub recipients: Vec<RecipientRow>,
    /// The postal address at which it is answered, if it is answered on paper.
    pub paper: Option<Vec<String>>,
}

impl CaseFile {
    /// Opens it; nothing, if there is no such case.
    pub fn open(reader: &Reader, id: CaseId) -> Result<Option<Self>, Trouble> {
        let state = reader.state();
        let Some(row) = state.case(id)? else {
            return Ok(None);
        };
        let contact = row.person.map(|p| state.contact(p)).transpose()?.flatten();
        let person = row.person.map(|p| state.person(p)).transpose()?;
        let suppression = person.and_then(|p| p.suppression);
        Ok(Some(Self {
            contact: super::people::contact(reader, contact.as_ref())?,
            messages: opening::messages(reader, &row)?,
            letters: state.letters(id)?.into_iter().map(|(_, l)| l).collect(),
            suppression: suppression.map(|s| (s.suppression, s.since)),
            proof: opening::proof(reader, &row)?,
            extended: opening::extended(reader, &row)?,
            systems: opening::systems(reader, &row)?,
            recipients: state.recipients_of(id)?,
            paper: super::paper::address(reader, &row)?,
            id,
            row,
        }))
    }

    /// The letters that wait for a human, oldest first.
    pub fn drafts(&self) -> impl Iterator<Item = &LetterRow> {
        self.letters
            .iter()
            .filter(|l| l.state == LetterState::Draft)
    }

    /// What is not answered yet.
    pub fn open_requests(&self) -> impl Iterator<Item = &crate::record::Clock> {
        self.row.requests.iter().filter(|r| is_open(r.state))
    }

    /// What is open and no letter answers or will answer: a human must. A draft for which there are no words is no answer.
    pub fn left_to_a_human(&self, house: &House) -> Vec<RequestKind> {
        let said = |l: &&LetterRow| l.state != LetterState::Draft || self.has_words(house, l);
        left_to_a_human(&self.row, self.letters.iter().filter(said))
    }

    /// Whether there are templates for it in a language in which its person is written to.
    pub(super) fn has_words(&self, house: &House, letter: &LetterRow) -> bool {
        let (kind, answers) = (letter.head.kind, &letter.head.answers);
        let language = self.language(house, &letter.head);
        gathering::has_template(house, language, kind, answers)
    }

    /// Where this request is still to be done.
    pub fn systems_left<'a>(
        &'a self,
        config: &'a Config,
        request: RequestKind,
    ) -> impl Iterator<Item = &'a SystemSettings> {
        let done = move |name: &str| {
            let mut all = self.row.review.systems.iter();
            all.any(|s| s.request == request && s.system == name)
        };
        let of = move |s: &&SystemSettings| s.requests.contains(&request) && !done(&s.name);
        config.systems.iter().filter(of)
    }

    /// The message that a letter replies to; none, if a human entered the request.
    fn message_of(&self, letter: &LetterHead) -> Option<&CaseMessage> {
        let key = letter.message?;
        let found = self.messages.iter().find(|(k, ..)| *k == key);
        found.or(self.messages.last())
    }

    /// Its text, if it was kept and not erased.
    fn text_of(&self, letter: &LetterHead) -> Option<&KeptMessage> {
        self.message_of(letter).and_then(|(.., kept)| kept.as_ref())
    }

    /// What an acknowledgement says will be answered: everything open that it does not answer itself.
    fn announces(&self, letter: &LetterRow) -> Vec<RequestKind> {
        let kinds: Vec<RequestKind> = self.open_requests().map(|r| r.request).collect();
        match letter.head.kind {
            LetterKind::Acknowledgement => {
                let later = |k: &RequestKind| !letter.head.answers.contains(k);
                kinds.into_iter().filter(later).collect()
            }
            LetterKind::Extension => kinds,
            _ => Vec::new(),
        }
    }

    /// Writes a draft as it would leave now.
    pub fn write(
        &self,
        office: &Office,
        house: &House,
        letter: &LetterRow,
    ) -> Result<Result<Draft<'_>, Unwritten>, Trouble> {
        let reader = office.sequencer.reader();
        let Some(plan) = self.plan(reader, house, letter)? else {
            let why = "nobody is on file to write to, and whoever wrote may not be the person";
            return Ok(Err(Unwritten(why.into())));
        };
        let mut occasion = self.occasion(reader, letter, &plan, office.clock.now())?;
        occasion.standing = Standing::of(&reader.state(), &house.senders, self.row.person)?;
        let extended = (self.extended.clone()).filter(|_| plan.kind == LetterKind::Extension);
        occasion.extension = extended.zip(extending::end(house, &self.row));
        Ok(match composing::write(house, &plan, &occasion) {
            Ok(letter) => Ok(Draft {
                plan,
                occasion,
                letter,
            }),
            Err(unwritten) => Err(unwritten),
        })
    }

    /// The plan, by the rules by which it was decided.
    fn plan(
        &self,
        reader: &Reader,
        house: &House,
        letter: &LetterRow,
    ) -> Result<Option<LetterPlan>, Trouble> {
        let kept = self.text_of(&letter.head);
        let said = kept.and_then(|k| k.from.as_ref());
        let from = said.or(self.proof.as_ref().and_then(|p| p.from.as_ref()));
        let on_behalf = kept.is_some_and(|k| k.understood.split(", ").any(|w| w == "on_behalf"));
        let on_file = self.contact.as_ref().map(|c| c.addresses.as_slice());
        let language = self.language(house, &letter.head);
        let reader = Correspondent {
            from,
            on_file: on_file.unwrap_or_default(),
            same: !on_behalf && self.is_the_person(reader, from)?,
        };
        let release = Release::Held(letter.rule.clone().unwrap_or(rule::MODE));
        let (head, announces) = (letter.head.clone(), self.announces(letter));
        Ok(match self.is_on_paper(letter) {
            true => {
                let neutral = !reader.same;
                let plan = LetterPlan::on_paper(head, announces, language, neutral, release);
                Some(plan)
            }
            false => LetterPlan::of(head, announces, language, &reader, release),
        })
    }

    /// The language of such a letter: that of the case; without words in it that of the message which it answers, in which it
    /// was decided, of the register, of the house.
    pub fn language(&self, house: &House, letter: &LetterHead) -> Language {
        let kept = self.text_of(letter);
        let understood: Option<Language> =
            kept.and_then(|k| k.understood.split(", ").next()?.parse().ok());
        let of_contact = self.contact.as_ref().and_then(|c| c.language);
        let default = house.config.policy.settings.default_language;
        let known = [self.row.language, understood, of_contact, Some(default)];
        let mut known = known.into_iter().flatten();
        let has = |l: &Language| gathering::has_template(house, *l, letter.kind, &letter.answers);
        let first = known.clone().next().unwrap_or(default);
        known.find(has).unwrap_or(first)
    }

    /// Whether this letter is printed; a code goes to the address on file, and to no other (B8).
    pub fn is_on_paper(&self, letter: &LetterRow) -> bool {
        self.paper.is_some() && letter.head.kind != LetterKind::Identity
    }

    /// Whether an address is that of the case's person.
    fn is_the_person(&self, reader: &Reader, from: Option<&Address>) -> Result<bool, Trouble> {
        let (Some(from), Some(person)) = (from, self.row.person) else {
            return Ok(true);
        };
        let keys = reader.fingerprinter();
        let known = reader.state().person_of(&keys.of_address(from))?;
        let state = reader.state();
        let known = state.standing(known.unwrap_or_else(|| keys.person(from)))?;
        Ok(known == state.standing(person)?)
    }

    /// The mails for which it apologises, and whether the person had asked for none.
    fn apology(&self, reader: &Reader, kind: LetterKind) -> Result<Apology, Trouble> {
        let Some(person) = self.row.person.filter(|_| kind == LetterKind::Apology) else {
            return Ok(None);
        };
        let holds = reader.state().person(person)?.suppression;
        let asked = holds.is_some_and(|s| super::apologising::asked(s.reason));
        let mails = self.row.review.mails.iter();
        Ok(Some((mails.map(|(_, at)| *at).collect(), asked)))
    }

    /// What the letter may know.
    fn occasion(
        &self,
        reader: &Reader,
        letter: &LetterRow,
        plan: &LetterPlan,
        now: Timestamp,
    ) -> Result<Occasion<'_>, Trouble> {
        let message = self.message_of(&letter.head);
        let kept = message.and_then(|(.., kept)| kept.as_ref());
        let (subject, references) = kept.map_or(("", Vec::new()), |k| (&k.subject, references(k)));
        let first = self.row.requests.iter().map(|r| r.received).min();
        let due = self.open_requests().map(|r| r.due).min();
        let accessed = plan.answers.contains(&RequestKind::Access);
        let mails = match self.row.person.filter(|_| accessed) {
            Some(person) => past_mails(reader, person, &references, subject)?,
            None => Vec::new(),
        };
        let identity = (self.row.review.identity.as_ref())
            .filter(|i| plan.kind == LetterKind::Identity && i.letter == plan.letter);
        Ok(Occasion {
            contact: self.contact.as_ref(),
            subject,
            references,
            received: message
                .map(|(_, row, _)| row.received)
                .or(first)
                .unwrap_or(self.row.opened),
            due,
            suppression: self.suppression,
            mailbox: kept.and_then(|k| k.to.as_ref()),
            mails,
            code: identity.map(|i| (identity::code(reader.fingerprinter(), i.letter), i.expires)),
            extension: None,
            apology: self.apology(reader, plan.kind)?,
            standing: Standing::NoSenders,
            postal: self.paper.as_deref().unwrap_or_default(),
            systems: &self.systems,
            recipients: &self.recipients,
            now,
            neutral: plan.neutral,
        })
    }
}

/// What is open in a case and stands in no letter that waits, or is on its way. What is open although its letter was sent was
/// not done with it.
pub fn left_to_a_human<'a>(
    row: &CaseRow,
    letters: impl IntoIterator<Item = &'a LetterRow> + Clone,
) -> Vec<RequestKind> {
    use LetterState::{Bounced, Cancelled, Rejected, Sent};
    let answered = |kind: &RequestKind| {
        let alive = |l: &&LetterRow| !matches!(l.state, Cancelled | Rejected | Bounced | Sent);
        let mut alive = letters.clone().into_iter().filter(alive);
        alive.any(|l| l.head.answers.contains(kind))
    };
    let open = row.requests.iter().filter(|r| is_open(r.state));
    let kinds = open.map(|r| r.request);
    kinds.filter(|k| !answered(k)).collect()
}

/// Whether a request waits for its answer.
pub fn is_open(state: RequestState) -> bool {
    matches!(state, RequestState::Open | RequestState::AwaitingIdentity)
}

/// A draft as it would leave now.
pub struct Draft<'a> {
    /// What it is.
    pub plan: LetterPlan,
    pub(super) occasion: Occasion<'a>,
    /// What a person would read.
    pub letter: Letter,
}

impl Draft<'_> {
    /// What a reviewer approves: the recipient and every byte of the letter, as sixteen hexadecimal digits.
    pub fn hash(&self) -> String {
        let letter = &self.letter;
        let postal = self.occasion.postal.join("\n");
        let texts = [
            self.plan
                .to
                .as_ref()
                .map_or(postal.as_str(), Address::as_str),
            &letter.subject,
            &letter.text,
            &letter.html,
        ];
        let mut sum = Sha256::new();
        let files = letter.attachments.iter();
        let files = files.flat_map(|f| [f.name.as_bytes(), f.bytes.as_slice()]);
        for part in texts.iter().map(|t| t.as_bytes()).chain(files) {
            sum.update((part.len() as u64).to_le_bytes());
            sum.update(part);
        }
        hex(&sum.finalize()[..8])
    }

    /// Freezes it: from now on the same bytes. What a human approved is no automatic reply.
    pub fn freeze(
        &self,
        office: &Office,
        house: &House,
        automatic: bool,
    ) -> Result<FrozenLetter, Unwritten> {
        let (now, keys) = (self.occasion.now, office.keys());
        if automatic {
            composing::may_leave_alone(house, &self.plan, &self.occasion)?;
        }
        composing::freeze(
            house,
            keys,
            &self.plan,
            &self.occasion,
            &self.letter,
            now,
            automatic,
        )
    }
}

fn references(kept: &KeptMessage) -> Vec<String> {
    let mut all = kept.references.clone();
    all.extend(kept.message_id.clone());
    let mut seen = std::collections::HashSet::new();
    all.retain(|id| seen.insert(id.clone()));
    all
}
