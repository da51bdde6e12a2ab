//! How good the reading is: labelled replies, what counts as right, and the tables of it. The one definition for
//! `quitus eval` and the tests.
//!
//! What is scored is the outcome, not the label: whoever is held costs a human a minute, whoever is read wrongly costs a
//! person something. Deliberately absent: files, and what is printed.

mod compose;
mod label;
mod tally;

pub use compose::compose;
pub use label::{Done, Intent, Labelled, Score, Scored, Wanted};
pub use tally::{Count, Tally, said};
