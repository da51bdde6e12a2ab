//! Mails to our own reviewers.

pub(super) mod ids;
