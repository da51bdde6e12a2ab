//! The tools that send are told of every suppression, and letters say only what they obeyed (design, Where a STOP takes effect).
//!
//! `asking`: which notices belong to a frame that suppresses, pauses or lifts; they stand in that very frame. `telling`: one
//! loop for each sender, so that one that hangs delays no other. `truth`: the letters that wait until everybody has obeyed.
//! `standing`: how the senders stand to a person. A notice may be repeated: every act of a sender is idempotent.

mod asking;
mod forgetting;
mod nightly;
mod pace;
mod pulling;
mod report;
mod standing;
mod telling;
mod truth;

pub use asking::{InSight, ask, ask_again, ask_anew, ask_by_hand, ask_disproved, ask_unread};
pub use forgetting::forget;
pub(super) use nightly::run as pull_nightly;
pub use pulling::{PullFailure, PullSummary, pull};
pub use report::SenderReport;
pub(super) use report::Troubles;
pub use standing::Standing;
pub(super) use telling::Tellers;
pub(super) use truth::Truth;
