//! The review desk as a person has it: real Chromium on the pages of the real daemon, over real Dovecot and Postfix.
//!
//! `QUITUS_PICTURES=FOLDER cargo nextest run --features faults --test operator pages` leaves a picture of every page there, light and
//! dark, in each language, to be looked at.

#[path = "pages/editing.rs"]
mod editing;
#[path = "pages/house.rs"]
mod house;
#[path = "pages/looks.rs"]
mod looks;
#[path = "pages/stranger.rs"]
mod stranger;
#[path = "pages/ways.rs"]
mod ways;
