//! Log-ins without a password: a person agrees once (or an administrator beforehand), and tokens are asked for, kept and renewed.
//!
//! The way: [`Consent`] makes the link, [`redirect`] (or somebody who pastes) brings the code back, the tokens are kept in a sealed
//! file, and every log-in at a mail server asks [`Account::access`] for a token, which says it by a [`Mechanism`]. What the
//! provider refuses once is not asked again before a person has done something; what cannot be reached is asked more and more rarely.
//!
//! Deliberately absent: a user's password (it is typed at the provider alone), id tokens and anything of who somebody is, and
//! any switch for a connection in clear text.

mod account;
mod consent;
mod device;
mod error;
mod exchange;
mod providers;
pub mod redirect;
mod sasl;
mod settings;
mod standing;
mod unwritten;
mod vault;

pub use account::Account;
pub use consent::{Consent, NoCode};
pub use device::DeviceCode;
pub use error::OauthError;
pub use providers::names as providers;
pub use sasl::{Mechanism, refusal};
pub use settings::{Grant, OauthSettings};
pub use standing::Standing;
