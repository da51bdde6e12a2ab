//! What is done with a message that was understood: whose request it is, what holds from now on, which letter may leave, until when.
//!
//! [`decide`] is a function of what is known: the service gathers a [`Situation`], the decision comes back as data, and
//! [`Decision::into_events`] puts it into the order in which it is committed. Deliberately absent: clocks, randomness,
//! look-ups, sealing, and the words of letters; all of these are arguments or somebody else's.

mod calendar;
mod correspondent;
mod deadline;
mod decide;
mod decision;
mod expectation;
mod floods;
mod gather;
mod policy;
pub mod rule;
mod situation;

pub use calendar::Holidays;
pub use correspondent::Correspondent;
pub use deadline::{Calendar, Deadlines, OfficeHours};
pub use decide::decide;
pub use decision::{
    CasePlan, Decision, Identified, Identity, Keep, LetterPlan, OpenedRequest, Plain, Release,
    SealedLetter, SealedParts, Suppress,
};
pub use expectation::Expectation;
pub use floods::Floods;
pub use gather::{ThreadEvidence, cases_of, evidence, known, look_up};
pub use policy::{
    AfterSource, Automation, Caps, CountryRule, NotInterested, Policy, PolicySettings, StopAnswer,
    Unconfirmed,
};
pub use situation::{
    Arrival, Case, Domain, Forwarded, FreshIds, History, House, Known, Reported, Situation, Who,
};
