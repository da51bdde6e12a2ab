//! The contacts that the firm holds: reading them in, where each datum comes from, and finding one.
