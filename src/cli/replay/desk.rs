//! What a message is read and judged with: the configuration's lexicons, house, policy and templates, or the program's own.

use super::super::edge::{self, End};
use super::notes::Known;
use crate::answer::{Part, Templates};
use crate::config::Config;
use crate::intent;
use crate::mail::{self, Circumstances, House, Limits};
use crate::record::{Language, LetterKind, Reading, RequestKind, Timestamp, UidSet};
use crate::replay::{self, Findings, Note, Passed, Tongue};
use crate::request::{Policy, PolicySettings};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A message's place, and what is known from outside it.
#[derive(Clone, Copy)]
pub struct Place {
    /// The number of its folder in the notes.
    pub folder: u32,
    /// Its UID, or its number in the file.
    pub uid: u32,
    /// When it arrived.
    pub received: Timestamp,
    /// It lies in Junk.
    pub junk: bool,
    /// It lies where sent mail is.
    pub sent: bool,
    /// It lies in a file, where nobody sorted what we wrote from what we got.
    pub file: bool,
}

/// The desk.
pub struct Desk {
    /// Its configuration, if there is one.
    pub config: Option<Config>,
    /// The lexicons.
    reader: intent::Reader,
    /// Who we are.
    pub house: House,
    /// What may leave by itself.
    pub policy: Policy,
    templates: Templates,
}

impl Desk {
    /// With the configuration; files can be read without one.
    pub fn of(named: Option<&Path>, of_files: bool) -> Result<Self, End> {
        let config = match of_files {
            true => super::config(named)?,
            false => Some(edge::config(named)?),
        };
        let Some(config) = config else {
            let settings = PolicySettings::default();
            let zone = jiff::tz::TimeZone::get(&settings.timezone);
            let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
            return Ok(Self {
                config: None,
                reader: intent::builtin()?,
                house: House::unknown(),
                policy: Policy::new(settings, zone, "built in")?,
                templates: Templates::builtin()?,
            });
        };
        Ok(Self {
            reader: config.read_lexicons()?,
            house: config.house(),
            policy: config.policy.clone(),
            templates: config.read_templates()?,
            config: Some(config),
        })
    }

    /// The report's language if nobody says another: the configuration's, else the environment's.
    pub fn tongue(&self) -> Tongue {
        if let Some(config) = &self.config {
            return Tongue::of(config.policy.settings.default_language);
        }
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        match said.is_some_and(|l| l.starts_with("fr")) {
            true => Tongue::Fr,
            false => Tongue::En,
        }
    }

    /// Whether a mail is one of our own, by who wrote it.
    fn is_ours(&self, message: &mail::InboundMessage, known: &Known) -> bool {
        let from = message.from.as_ref();
        from.is_some_and(|f| self.house.mailboxes.iter().any(|m| m.same_person(f)) || known.owns(f))
    }

    fn circumstances(message: &mail::InboundMessage, place: Place, known: &Known) -> Circumstances {
        Circumstances {
            received: place.received,
            in_junk: place.junk,
            answers_ours: message.thread().iter().any(|id| known.has_sent(id)),
            ..Circumstances::default()
        }
    }

    /// Why a message need not be read, by its headers alone; `None` if its body may matter.
    pub fn passes(&self, head: &[u8], place: Place, known: &Known) -> Option<Passed> {
        let message = mail::read(head, &Limits::default(), Some(&self.house), &()).ok()?;
        let id = message.message_id.as_deref();
        if id.is_some_and(|id| known.has_sent(id)) {
            return Some(Passed::Ours);
        }
        if id.is_some_and(|id| known.has_read(id)) {
            return Some(Passed::Again);
        }
        let circumstances = Self::circumstances(&message, place, known);
        let gate = mail::gate(&message, &self.house, &circumstances);
        (gate.reading == Reading::Nothing).then(|| Passed::by_rule(&gate.rule))
    }

    /// Reads one message and takes its note; whatever goes wrong with it stays with it.
    pub fn note(&self, raw: &[u8], place: Place, known: &Known) -> Note {
        let read = catch_unwind(AssertUnwindSafe(|| self.read(raw, place, known)));
        read.unwrap_or_else(|_| passed(place, Passed::Unreadable))
    }

    fn read(&self, raw: &[u8], place: Place, known: &Known) -> Note {
        let ours = place.sent;
        let lines: &dyn mail::OurLines = if ours { &() } else { known };
        let message = match mail::read(raw, &Limits::default(), Some(&self.house), lines) {
            Ok(message) => message,
            Err(_) => return passed(place, Passed::Unreadable),
        };
        let (at, id) = ((place.folder, place.uid), message.message_id.as_deref());
        if id.is_some_and(|id| known.has_sent(id)) {
            return passed(place, Passed::Ours);
        }
        // On a server the Sent folder says what was sent; elsewhere a draft or a forward of ours may lie.
        if ours || place.file && self.is_ours(&message, known) {
            let mail = replay::sent(&message, &self.house, at, place.received, known);
            return Note::Sent(mail);
        }
        if id.is_some_and(|id| known.has_read(id)) {
            return passed(place, Passed::Again);
        }
        let circumstances = Self::circumstances(&message, place, known);
        let gate = mail::gate(&message, &self.house, &circumstances);
        if gate.reading == Reading::Nothing {
            return passed(place, Passed::by_rule(&gate.rule));
        }
        let (gate, read) = intent::understand(&self.reader, &message, gate);
        let when = (place.received, place.junk);
        let mail = replay::seen(
            &self.reader,
            &self.house,
            &message,
            (&gate, &read),
            at,
            when,
        );
        Note::Mail(Box::new(mail))
    }

    /// Tells what was noted.
    pub fn tell(&self, notes: &[Note]) -> Result<Findings, End> {
        let has_template =
            |language, kind, answers: &[RequestKind]| self.has_template(language, kind, answers);
        let circumstances = replay::Circumstances {
            policy: &self.policy,
            has_template: &has_template,
            systems_delivered: self.config.as_ref().is_none_or(|c| c.systems.is_empty()),
            now: jiff::Timestamp::now().into(),
        };
        let told = replay::tell(notes, &circumstances);
        told.map_err(|e| End::Io(io::Error::other(e.to_string())))
    }

    /// Whether there are words for every part of such a letter.
    fn has_template(&self, language: Language, kind: LetterKind, answers: &[RequestKind]) -> bool {
        let has = |part: Part| self.templates.has(language, part.word());
        let said = |kind: &RequestKind| Part::answering(*kind).is_some_and(has);
        answers.iter().all(said)
            && (kind != LetterKind::Acknowledgement || has(Part::Acknowledgement))
    }
}

/// A message that leaves no note of its own.
pub fn passed(place: Place, why: Passed) -> Note {
    Note::Passed {
        folder: place.folder,
        uids: UidSet::from_iter([place.uid]),
        why,
    }
}
