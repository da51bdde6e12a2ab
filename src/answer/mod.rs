//! The letter: what it may speak of ([`LetterFacts`]), the templates that say it, the linter that reads it before anybody
//! else does, and the bytes that leave.
//!
//! [`compose()`] writes a letter from the parts that a case needs, [`lint()`] finds what must not be sent, [`mime()`] freezes it.
//! Everything is a pure function of its arguments: the same facts give the same bytes, so that a human can approve the
//! hash of what was shown. Deliberately absent: files, the clock, randomness, and any decision whether to answer at all.

mod builtin;
mod canary;
mod claims;
mod compliance;
mod compose;
mod digest;
mod facts;
mod filters;
mod layout;
mod line;
mod lint;
mod mime;
mod mistakes;
mod obligations;
mod owner;
mod paper;
mod part;
mod phrases;
mod recipient;
mod samples;
mod templates;
mod variables;
mod wherein;
mod words;

pub use builtin::{source as builtin_template, sources as builtin_templates};
pub use canary::{CanaryMail, canary_mail};
pub use compliance::{
    COMPLIANCE, ComplianceFacts, DataSource, Figures as ComplianceFigures, Firm,
    OfKind as KindFigures, Paper as CompliancePaper, Use as ProcessingUse, Written as WrittenPaper,
    compose_compliance, sample_compliance, to_complete,
};
pub use compose::{Attachment, ComposeError, Letter, compose, rewrite, unsaid_on_page};
pub use digest::{
    DIGEST, DigestFacts, DigestFirm, DigestNeed, Happened, StopSeen, compose_digest,
    sample as sample_digest,
};
pub use facts::{
    Apology, Case, Channel, Controller, Copy, Erased, Extension, Field, IdentityCode, Kept,
    LetterFacts, Origin, PastMail, Person, Processing, Provider, ProviderRole, Suppression,
    SystemState, Thread, ToldRecipient,
};
pub use filters::reply;
pub use line::Line;
pub use lint::{Finding, Place, lint};
pub use mime::{Envelope, MessageId, MimeError, Submitted, mime};
pub use owner::{OWNER, OwnerFacts, compose_owner, sample_owner};
pub use paper::{Window as PaperWindow, page as paper_page};
pub use part::Part;
pub use recipient::{RECIPIENT, RecipientFacts, article, compose_recipient, sample_recipient};
pub use samples::{full as sample_facts_of_everything, sample_facts};
pub use templates::{FILES as LETTER_FILES, SEVERAL, Source, Templates};
pub use variables::{
    all as variables, of_compliance as compliance_variables, of_digest as digest_variables,
    of_owner as owner_variables, of_recipient as recipient_variables,
};
pub use words::date as date_in_words;

#[cfg(test)]
mod tests;
