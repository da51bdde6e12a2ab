//! Fresh text becomes a [`Classification`]: which requests, with the words that prove it. "Unsure" rather than a guess.

mod classification;

pub use classification::{Classification, Evidence, Found, Signal};
