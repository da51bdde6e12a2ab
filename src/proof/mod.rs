//! Evidence that stands without the store: verification of the log by anybody, without its keys.
