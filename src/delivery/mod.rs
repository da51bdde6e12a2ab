//! Letters leave the house here, by SMTP, each at most once, and it is always known how far one came.
//!
//! The way of a letter: it is frozen ([`Frozen`]) and addressed ([`Parcel`]); the [`Courier`] opens or reuses a session,
//! names sender and recipient, asks the [`House`] to commit `sending` (answering.md C4), hands over the
//! bytes, and says how it ended ([`Outcome`]). When to try again is [`backoff`]'s to say, whether the server may be
//! troubled at all the [`Breaker`]'s. Nothing else in the house knows SMTP's words.
//!
//! Deliberately absent: the store (the caller commits, before and after), rendering (the same bytes go out for ever),
//! lettre's pool (it does not bound connections, and it hides in which phase a failure happened), and clear text on
//! any way out of this machine.

mod bearer;
pub mod bounce;
mod breaker;
mod courier;
mod letter;
mod login;
mod opening;
mod outbox;
mod outcome;
pub mod reply;
mod session;
mod settings;
mod span;
mod steps;
mod tls;
mod wire;

pub use breaker::{Breaker, BreakerState, Permission};
pub use courier::{Courier, Probe, probe};
pub use letter::{Frozen, Malformed, Parcel};
pub use login::Credentials;
pub use outbox::{Next, backoff};
pub use outcome::{Outcome, Phase, Problem, Trouble};
pub use session::{BeforeData, House};
pub use settings::{
    AuthMechanism, BreakerSettings, EnvelopeSender, Retry, Security, SentCheck, SmtpSettings,
    Timeouts, Wrong,
};
pub use span::Span;
