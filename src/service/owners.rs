//! The colleague who owns a contact hears that a letter to them has left, so that they do not write again.
//!
//! That somebody is to be told stands in the frame that says that the letter left, before an erasure in the same frame takes
//! the register's row; the notice leaves afterwards, and no letter waits for it. Each leaves at most once, as the mails to
//! reviewers do (C4, C5). It goes to an address of our own and nowhere else. Deliberately absent: a notice of what left on
//! paper, and of what we cannot prove to have left.

use super::gathering::Trouble;
use super::house::{House, Office};
use super::sequencer::{Committed, Proposal};
use super::settling::frozen_letter;
use super::{contact, internal, outbox};
use crate::answer::{DigestFirm, OWNER, OwnerFacts, compose_owner};
use crate::config::Config;
use crate::delivery::{Courier, Outcome};
use crate::record::{
    Address, Damaged, Event, Fate, Language, LetterHead, LetterId, LetterKind, Mode, OwnerNotice,
    OwnerNotices, OwnerRow, State,
};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often it is looked whether somebody is to be told.
const LOOK: Duration = Duration::from_millis(500);
/// After a notice that did not leave.
const AGAIN: Duration = Duration::from_secs(60);

/// What belongs into the frame that says that this letter has left.
pub(super) fn with_letter(office: &Office, letter: LetterId, head: &LetterHead) -> Option<Event> {
    due(office, letter, head).unwrap_or_else(|why| {
        tracing::error!(%letter, %why, "whether its contact's owner must be told cannot be known");
        None
    })
}

fn due(office: &Office, letter: LetterId, head: &LetterHead) -> Result<Option<Event>, Trouble> {
    let (house, reader) = (office.house.load(), office.sequencer.reader());
    let state = reader.state();
    let live = || Ok::<_, Trouble>(state.mode()?.is_some_and(|row| row.mode == Mode::Live));
    let wanted = match house.config.review.tell_owners {
        Some(wanted) => wanted,
        None => live()?,
    };
    let Some(person) = head.person.filter(|_| wanted) else {
        return Ok(None);
    };
    let row = state.contact(state.standing(person)?)?;
    let owner = contact(reader, row.as_ref())?.and_then(|c| ours(&house.config, &c.owner?));
    let (Some(owner), Some(case)) = (owner, state.case(letter.case)?) else {
        return Ok(None);
    };
    if state.owner_notice(letter)?.is_some() {
        return Ok(None);
    }
    let owner = reader.seal(case.proof_key, &owner)?;
    Ok(Some(Event::Owner(OwnerNotice::Due { letter, owner })))
}

/// The owner as the register spells it, if that is an address of a domain or a mailbox of ours.
fn ours(config: &Config, owner: &str) -> Option<Address> {
    let owner = Address::parse(owner.trim()).ok()?;
    let domain = config.house.own_domains.iter().any(|d| d == owner.domain());
    let mut mailboxes = config.mailboxes.iter().flat_map(|m| m.addresses());
    (domain || mailboxes.any(|a| a.same_person(&owner))).then_some(owner)
}

/// How many notices ended how, and how many wait.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OwnersReport {
    /// Those that ended.
    #[serde(flatten)]
    pub ended: OwnerNotices,
    /// Those that have not.
    pub waiting: u64,
}

impl OwnersReport {
    /// From the state.
    pub fn of(state: &State<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            ended: state.owner_notices()?,
            waiting: state.owner_notices_open()?.len() as u64,
        })
    }
}

impl fmt::Display for OwnersReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ended, waiting) = (&self.ended, self.waiting);
        write!(
            f,
            "{} told that a letter left, {} perhaps, {} refused, {waiting} to be told",
            ended.sent, ended.uncertain, ended.refused
        )
    }
}

/// Tells them.
pub(super) struct Teller {
    office: Office,
    courier: Arc<Courier>,
    /// Not before then: it could not leave.
    rest: HashMap<LetterId, Instant>,
}

impl Teller {
    pub(super) fn new(office: Office, courier: Arc<Courier>) -> Self {
        Self {
            office,
            courier,
            rest: HashMap::new(),
        }
    }

    /// Tells whoever is to be told, until `stop` becomes true.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if let Err(why) = self.settle().await {
            tracing::error!(%why, "what became of notices to owners cannot be written down");
        }
        while !*stop.borrow_and_update() {
            if let Err(why) = self.round(&stop).await {
                tracing::error!(%why, "owners of contacts cannot be told");
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// C5: what was leaving when the process ended is uncertain.
    async fn settle(&self) -> Result<(), String> {
        for (letter, row) in self.open()? {
            if row.fate == Some(Fate::Leaving) {
                self.told(letter, Fate::Uncertain).await;
            }
        }
        Ok(())
    }

    fn open(&self) -> Result<Vec<(LetterId, OwnerRow)>, String> {
        let state = self.office.sequencer.reader().state();
        state.owner_notices_open().map_err(|e| e.to_string())
    }

    async fn round(&mut self, stop: &watch::Receiver<bool>) -> Result<(), String> {
        let now = Instant::now();
        self.rest.retain(|_, until| *until > now);
        for (letter, row) in self.open()? {
            let waits = matches!(row.fate, None | Some(Fate::NotSent));
            if *stop.borrow() || !waits || self.rest.contains_key(&letter) {
                continue;
            }
            if let Err(why) = self.tell(letter, &row).await {
                tracing::warn!(%letter, %why, "its contact's owner is told later");
                self.rest.insert(letter, Instant::now() + AGAIN);
            }
        }
        Ok(())
    }

    /// Tells one. An error means that it is tried again.
    async fn tell(&self, letter: LetterId, row: &OwnerRow) -> Result<(), String> {
        let Some((owner, facts)) = self.facts(letter, row).map_err(|e| e.to_string())? else {
            tracing::warn!(%letter, "its contact's owner is not told: what was to be said is erased");
            self.told(letter, Fate::Refused).await;
            return Ok(());
        };
        let templates = &self.office.house.load().templates;
        let mail = compose_owner(templates, &facts).map_err(|e| e.to_string())?;
        let name = letter.to_string();
        let parts: [&[u8]; 2] = [b"owner", name.as_bytes()];
        let parcel = internal::parcel(&self.office, &owner, &parts, &mail)?;
        let marked = AtomicBool::new(false);
        let before_data = || async {
            let mark = Event::Owner(OwnerNotice::Telling { letter });
            let written = self
                .office
                .sequencer
                .commit(Proposal::new(vec![mark]))
                .await;
            let durable = matches!(written, Committed::Frame(_));
            marked.store(durable, Ordering::Relaxed);
            crate::faults::reached("owner: before DATA");
            durable
        };
        let outcome = self.courier.deliver(&parcel, &before_data).await;
        crate::faults::reached("owner: after the final dot");
        let (fate, why) = match outcome {
            Outcome::Sent { .. } => (Fate::Sent, String::new()),
            Outcome::Deferred { phase, reply, .. } => (Fate::NotSent, format!("{phase}: {reply}")),
            Outcome::Rejected { phase, reply } => (Fate::Refused, format!("{phase}: {reply}")),
            Outcome::Uncertain { why, .. } => (Fate::Uncertain, why),
            Outcome::Withdrawn => return Err("it could not be written down".into()),
        };
        if marked.load(Ordering::Relaxed) || fate == Fate::Refused {
            self.told(letter, fate).await;
        }
        let to = owner.masked();
        match fate {
            Fate::NotSent => return Err(why),
            Fate::Sent => tracing::info!(%letter, %to, "its contact's owner was told"),
            _ => {
                tracing::warn!(%letter, %to, %why, ?fate, "its contact's owner has perhaps not been told, and is not told again")
            }
        }
        Ok(())
    }

    async fn told(&self, letter: LetterId, fate: Fate) {
        let told = Event::Owner(OwnerNotice::Told { letter, fate });
        outbox::write(&self.office, vec![told]).await;
    }

    /// To whom, and what; nothing once it is erased.
    fn facts(
        &self,
        letter: LetterId,
        row: &OwnerRow,
    ) -> Result<Option<(Address, OwnerFacts)>, Trouble> {
        let (house, reader) = (self.office.house.load(), self.office.sequencer.reader());
        let state = reader.state();
        let (Some(of), Some(case)) = (state.letter(letter)?, state.case(letter.case)?) else {
            return Ok(None);
        };
        let owner: Option<Address> = match reader.event(row.position)? {
            Event::Owner(OwnerNotice::Due { owner, .. }) => reader.open_sealed(&owner)?,
            _ => None,
        };
        let sent = frozen_letter(reader, &of)?;
        let to = sent.and_then(|sent| Address::parse(&sent.rcpt_to).ok());
        let (Some(owner), Some(to)) = (owner, to) else {
            return Ok(None);
        };
        let person = of.head.person.map(|p| state.person(state.standing(p)?));
        let suppression = person.transpose()?.and_then(|row| row.suppression);
        let asked = case.requests.iter().map(|clock| clock.request);
        let (language, calendar) = (language(&house), &house.config.policy.calendar);
        let facts = OwnerFacts {
            language,
            controller: DigestFirm {
                name: house.config.controller.facts(language).name,
            },
            reference: letter.case.to_string().as_str().into(),
            address: to.masked().as_str().into(),
            letter: of.head.kind,
            // An acknowledgement may answer some of it: the rest was asked, too.
            requests: match of.head.answers.is_empty()
                || of.head.kind == LetterKind::Acknowledgement
            {
                true => asked.collect(),
                false => of.head.answers.clone(),
            },
            state: suppression.map(|row| row.suppression),
            sent_on: calendar.day(of.changed).to_string(),
        };
        Ok(Some((owner, facts)))
    }
}

/// The firm's usual language if there is a notice in it; else English, which is built in.
fn language(house: &House) -> Language {
    let usual = house.config.policy.settings.default_language;
    match house.templates.has(usual, OWNER) {
        true => usual,
        false => Language::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_our_own_is_told() {
        let text = include_str!("../cli/demo/quitus.toml")
            .replace("@MAILBOX@", "claire@gmail.com")
            .replace("@PRIVACY@", "privacy@ateliervauban.example")
            .replace("@FIRM@", "Atelier Vauban")
            .replace("@AUTHSERV@", "mx.ateliervauban.example")
            .replace("@IMAP@", "1")
            .replace("@SMTP@", "1");
        let own = "[house]\nown_domains = [\"ateliervauban.example\"]";
        let text = text.replace("[house]", own);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "secret").unwrap();
        let config = Config::read(&folder.path().join("quitus.toml"), &text).unwrap();
        for (owner, told) in [
            ("lea@ateliervauban.example", true),
            (" Lea@AtelierVauban.example ", true),
            ("claire@gmail.com", true),
            ("paul@gmail.com", false),
            ("lea@sub.ateliervauban.example", false),
            ("lea@elsewhere.example", false),
            ("Léa Morel", false),
            ("", false),
        ] {
            assert_eq!(ours(&config, owner).is_some(), told, "{owner:?}");
        }
    }
}
