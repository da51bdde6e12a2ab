//! The contacts that the firm holds: reading them in, where each datum comes from, and finding one; and lists of what was sent.
//!
//! Deliberately absent: the store. An import is a sequence of chunks that the service seals and commits.

mod clearance;
mod columns;
mod days;
mod fields;
mod import;
mod matching;
mod mta_log;
mod named;
mod person;
mod rules;
mod sent_list;
mod sent_log;
mod table;
mod text;

pub use clearance::{Clearance, Key, Verdict, clear, clear_row};
pub use columns::Column;
pub use days::{Days, NoDays};
pub use import::{Chunk, ContactPlan, ImportError, Preview, Reader, Summary, plan_row};
pub use matching::{By, Matched, contradicts, identifying, matched, phones};
pub use mta_log::{Delivered, MtaLog};
pub use named::{Layout, Named, Unnamed};
pub use person::{Found, find, of_person};
pub use rules::{
    Coverage, OriginRule, Provider, ProviderRole, RegisterSettings, WhyVague, campaign_fits,
    known_origins, origins_for, why_for,
};
pub use sent_list::{SentLine, Times, read_sent};
pub use sent_log::SentLogSettings;
pub use table::{NoTable, Table};
