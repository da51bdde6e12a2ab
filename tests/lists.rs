//! Lists that go in, and lists that come out a page at a time: what a long list, the same list again and two at once do.

#[path = "support/alone.rs"]
mod alone;
#[path = "lists/cases.rs"]
mod cases;
#[path = "lists/imports.rs"]
mod imports;
#[path = "lists/long.rs"]
mod long;
#[path = "lists/paging.rs"]
mod paging;
#[path = "lists/sent.rs"]
mod sent;
