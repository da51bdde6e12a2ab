//! What a letter may speak of: the facts, gathered by whoever decides, and nothing else.
//!
//! A template can only say what stands here, so a letter cannot know more than the log can prove. Where a claim would be
//! dangerous, its type says when it may be made: [`Suppression`] can only be *in force* with the channels that obeyed.
//! Deliberately absent: look-ups, the clock, and any text of the message that is answered (it is not quoted back).
//!
//! All texts are [`Line`]s, all days are calendar days in the controller's time zone.

use super::line::Line;
use crate::record::{self, Language, RequestKind};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The context of one letter; a template sees each field under the same name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterFacts {
    /// The person's language; dates and lists follow it.
    pub language: Language,
    /// Who answers.
    pub controller: Controller,
    /// To whom.
    pub person: Person,
    /// The case, and its dates.
    pub case: Case,
    /// Everything the person asked in this case.
    pub requests: Vec<RequestKind>,
    /// What has been done against further prospecting; nothing, if nothing was.
    pub suppression: Option<Suppression>,
    /// Where each datum comes from.
    pub origins: Vec<Origin>,
    /// Who supplied data.
    pub providers: Vec<Provider>,
    /// Why, and under which rules, the data are used.
    pub processing: Processing,
    /// What is stored about the person: for access.
    pub copy: Option<Copy>,
    /// What was erased: for erasure.
    pub erased: Option<Erased>,
    /// The code that proves who asks: for identity.
    pub identity: Option<IdentityCode>,
    /// Why it takes longer: for extension.
    pub extension: Option<Extension>,
    /// What the firm apologises for: for apology.
    pub apology: Option<Apology>,
    /// The conversation that is continued.
    pub thread: Thread,
}

/// The firm that runs Quitus.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// As people call it: "Acme".
    pub name: Line,
    /// As the register of companies does: "Acme SAS".
    pub legal_name: Line,
    /// Postal address, on one line.
    pub address: Line,
    /// Where requests are answered by a human.
    pub privacy_email: Line,
    /// The data protection officer, with a way to reach them.
    pub dpo: Option<Line>,
    /// The firm's site, without `https://`.
    pub website: Option<Line>,
    /// The human who signs, by full name; only with one may a letter say "I".
    pub signatory: Option<Line>,
    /// Who signs otherwise: "L'équipe Acme"; without one the firm's name does.
    pub team: Option<Line>,
    /// Named where complaints go: "la CNIL". The letter adds "or that of your country" by itself.
    pub authority: Line,
}

/// The person who asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// "Madame Dupont": only when civility and family name are both known (`Contact::formal_name`).
    pub salutation: Option<Line>,
    /// The address that the letter goes to.
    pub address: Line,
}

/// The case, and its dates.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// "Q-7F3K-92MD".
    pub reference: Line,
    /// Day on which the request arrived.
    pub received_on: Date,
    /// Day by which it will be answered; for the acknowledgement.
    pub due_on: Option<Date>,
}

/// A way in which a firm prospects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By mail.
    Email,
    /// By telephone.
    Phone,
    /// By messages on LinkedIn.
    Linkedin,
}

/// What has been done against further prospecting. `channels` is empty unless every sender has acknowledged
/// (design.md, "Where a STOP takes effect"): a letter claims only what was obeyed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "SuppressionFacts")]
pub struct Suppression {
    state: record::Suppression,
    since: Date,
    in_force: bool,
    channels: Vec<Channel>,
}

/// The shape of a [`Suppression`] in a file, before it has been checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuppressionFacts {
    state: record::Suppression,
    since: Date,
    #[serde(default)]
    in_force: bool,
    #[serde(default)]
    channels: Vec<Channel>,
}

impl TryFrom<SuppressionFacts> for Suppression {
    type Error = &'static str;

    fn try_from(f: SuppressionFacts) -> Result<Self, Self::Error> {
        if f.in_force == f.channels.is_empty() {
            return Err("a suppression is in force exactly for the channels that obeyed");
        }
        Ok(Self {
            state: f.state,
            since: f.since,
            in_force: f.in_force,
            channels: f.channels,
        })
    }
}

impl Suppression {
    /// Written down here, not yet acknowledged by every sender: a mail already scheduled may still come.
    pub fn on_its_way(state: record::Suppression, since: Date) -> Self {
        Self {
            state,
            since,
            in_force: false,
            channels: Vec::new(),
        }
    }

    /// Acknowledged by the senders of these channels; none obeyed, none claimed.
    pub fn obeyed(state: record::Suppression, since: Date, channels: Vec<Channel>) -> Self {
        Self {
            state,
            since,
            in_force: !channels.is_empty(),
            channels,
        }
    }

    /// Whether it is for good, not for now.
    pub fn is_for_good(&self) -> bool {
        self.state == record::Suppression::Suppressed
    }

    /// Whether a letter may say "it is done": for good, and obeyed by those who mail.
    pub fn is_removal(&self) -> bool {
        self.in_force && self.is_for_good() && self.channels.contains(&Channel::Email)
    }
}

/// Where some data come from. None of it may be vague: a source letter without it is not written; a copy tells what is known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Which data, by the words of the register: `email`, `name`, `role`, …; shown through the filter `words`.
    pub data: Vec<Line>,
    /// The provider's name, if somebody supplied them.
    pub provider: Option<Line>,
    /// What they were taken from: "la page d'équipe du site entreprise.com".
    pub from: Option<Line>,
    /// Day on which they were collected, or the first of several; in a copy only it may be missing.
    pub date: Option<Date>,
    /// The last of several days.
    pub until: Option<Date>,
    /// Whether anybody can read that source (Art. 14(2)(f)); `None` if it is not known.
    pub public: Option<bool>,
}

/// Who supplied data, and how to reach them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// "Dropcontact".
    pub name: Line,
    /// An address or a page.
    pub contact: Option<Line>,
    /// Whether it decides for itself what it does with data, or follows our instructions.
    pub role: ProviderRole,
}

/// What a provider is under Art. 4(7) and (8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderRole {
    /// Follows our instructions: the person is not sent away.
    Processor,
    /// A controller of its own: the person may want to write to it.
    Controller,
}

/// Why, and under which rules, the data are used (Art. 13 to 15).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processing {
    /// Why this person: a sentence in the firm's words, without its full stop.
    pub why: Option<Line>,
    /// What was offered.
    pub product: Option<Line>,
    /// "prospection commerciale auprès de professionnels".
    pub purpose: Option<Line>,
    /// "intérêt légitime (article 6, paragraphe 1, point f, du RGPD)".
    pub basis: Option<Line>,
    /// Categories of data, by the words of the register.
    pub categories: Vec<Line>,
    /// Those who received the data, by name (CJEU C-154/21); `Some` and empty: the firm says that there are none.
    pub recipients: Option<Vec<Line>>,
    /// "3 ans après votre dernier message".
    pub retention: Option<Line>,
    /// Transfers out of the EEA, with their safeguards; `None` if there are none.
    pub transfers: Option<Line>,
    /// Art. 15(1)(h), in the firm's words: "aucune"; for access.
    pub decisions: Option<Line>,
}

/// The copy of Art. 15(3).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// Each datum that is held.
    pub fields: Vec<Field>,
    /// Mails that were sent to the person, oldest first.
    pub mails: Vec<PastMail>,
    /// Each other system that was asked, and what it said.
    pub systems: Vec<SystemState>,
}

/// One datum.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// A word of the register (`email`) or the column's own name; shown through the filter `word`.
    pub label: Line,
    /// What is held, whole ([`Line::whole`]).
    pub value: Line,
}

/// A mail that was sent to the person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastMail {
    /// Day.
    pub date: Date,
    /// Its subject, if it is known: a Sent folder is remembered without subjects.
    pub subject: Option<Line>,
}

/// A system that holds data, and what it did or delivered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemState {
    /// "HubSpot".
    pub name: Line,
    /// In the firm's words: "effacé le 23 novembre 2026".
    pub state: Line,
}

/// What was erased elsewhere, what was kept, who was told (Art. 17 and 19). What is erased in our own store is not listed
/// here: it is the same for everybody, happens when the letter has left, and stands in the template.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Each system.
    pub systems: Vec<SystemState>,
    /// What remains, and why.
    pub kept: Vec<Kept>,
    /// Each recipient of the data, what it was told and what it said.
    pub told: Vec<ToldRecipient>,
    /// Day on which the last backup that still holds something expires.
    pub backups_expire: Option<Date>,
}

/// A recipient of data (Art. 19), and what the log proves of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldRecipient {
    /// "Dropcontact".
    pub name: Line,
    /// Day on which it was told; nothing, if it was not yet.
    pub told_on: Option<Date>,
    /// Day on which it acknowledged.
    pub acknowledged_on: Option<Date>,
    /// What became of it, in the firm's words, where a human saw to it.
    pub state: Option<Line>,
}

/// Something that remains after an erasure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// "vos factures".
    pub what: Line,
    /// "la loi nous y oblige pendant dix ans".
    pub why: Line,
}

/// A code that went to the address on file (B8); it says nothing about anybody.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityCode {
    /// "K7Q2-9MWD".
    pub code: Line,
    /// The last day on which it proves anything.
    pub expires_on: Date,
}

/// Two months more (Art. 12(3)).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Why, in the reviewer's words: a sentence without its full stop.
    pub reason: Line,
    /// Day by which it is answered now.
    pub due_on: Date,
}

/// Mails that went out after a suppression.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apology {
    /// The days on which they were sent, the oldest first.
    pub mails: Vec<Date>,
    /// Whether the person had asked not to be written to; others came to the list another way.
    pub asked: bool,
}

/// The conversation that is continued.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thread {
    /// The subject of the message that is answered; may be empty.
    pub subject: Line,
}

impl Person {
    /// Somebody of whom only the address is known.
    pub fn of(address: &str) -> Self {
        Self {
            salutation: None,
            address: Line::new(address),
        }
    }
}
