//! What breaks on our side.
