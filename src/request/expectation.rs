//! What a decision relied on, said so that the sequencer can see whether it is still true just before it commits.
//!
//! Messages are read and decided in parallel; if another commit came between, the expectation fails and the message is
//! decided again on what is known now (design.md, the sequencer).

use crate::record::{
    CaseId, Concerned, ContentKey, Damaged, Fingerprint, LetterId, LetterRow, LetterState,
    Location, LogPosition, MailIdHash, PersonId, State, Timestamp, Told, hour_key,
};

/// One thing that must still be true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expectation {
    /// This place was not read yet.
    Unseen(Location),
    /// This content was not decided yet.
    NewContent(ContentKey),
    /// This content was decided (its new place joins it).
    KnownContent(ContentKey),
    /// Nobody answered this Message-ID by hand.
    NotAnsweredByHand(MailIdHash),
    /// The person's row is at this version; 0 = there is none.
    Person {
        /// Whom.
        id: PersonId,
        /// Version.
        version: u32,
    },
    /// The case's row is at this version; 0 = there is none.
    Case {
        /// Which.
        id: CaseId,
        /// Version.
        version: u32,
    },
    /// The letter is as it was read.
    Letter {
        /// Which.
        id: LetterId,
        /// Its state.
        state: LetterState,
        /// Since when.
        changed: Timestamp,
    },
    /// Fewer automatic letters than this were queued in the hour of `at`.
    UnderHourly {
        /// A moment of the hour.
        at: Timestamp,
        /// The number.
        limit: u64,
    },
    /// Fewer automatic first letters than this went to the domain in the 24 hours before `at`.
    UnderDomain {
        /// Keyed.
        domain: Fingerprint,
        /// The end of the day.
        at: Timestamp,
        /// The number.
        limit: usize,
    },
    /// No import has this number yet.
    FreeImport(u64),
    /// The sender was asked nothing else of them since: what it said is about what is asked now.
    Notice {
        /// Whom it is about.
        about: Concerned,
        /// Where what was asked stands in the log.
        position: LogPosition,
    },
}

/// How many of these moments lie in the 24 hours before `at`.
pub(super) fn within_a_day(moments: &[Timestamp], at: Timestamp) -> usize {
    let recent = moments.iter().filter(|t| at.millis_since(**t) < 86_400_000);
    recent.count()
}

impl Expectation {
    /// That nothing happened to this letter since it was read.
    pub fn letter(id: LetterId, row: &LetterRow) -> Self {
        let (state, changed) = (row.state, row.changed);
        Self::Letter { id, state, changed }
    }

    /// That nothing else was asked of its sender since it was read.
    pub fn notice(about: Concerned, told: &Told) -> Self {
        let position = told.position;
        Self::Notice { about, position }
    }

    /// Whether it is true of this state.
    pub fn holds(&self, state: &State<'_>) -> Result<bool, Damaged> {
        Ok(match self {
            Self::Unseen(location) => !state.seen(*location)?,
            Self::NewContent(key) => state.message(*key)?.is_none(),
            Self::KnownContent(key) => state.message(*key)?.is_some(),
            Self::NotAnsweredByHand(mail) => state.answered_by_hand(*mail)?.is_none(),
            Self::Person { id, version } => state.person(*id)?.version == *version,
            Self::Case { id, version } => state.case(*id)?.map_or(0, |row| row.version) == *version,
            Self::Letter {
                id,
                state: is,
                changed,
            } => state
                .letter(*id)?
                .is_some_and(|row| row.state == *is && row.changed == *changed),
            Self::UnderHourly { at, limit } => state.tally(&hour_key(*at))?.count < *limit,
            Self::UnderDomain { domain, at, limit } => {
                within_a_day(&state.tally(&domain.0)?.at, *at) < *limit
            }
            Self::FreeImport(number) => state.import(*number)?.is_none(),
            Self::Notice { about, position } => {
                let row = state.senders_told(about)?;
                row.told.iter().any(|t| t.position == *position)
            }
        })
    }
}
