//! Much mail.
