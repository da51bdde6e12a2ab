//! The review desk in a browser, on the real daemon: every rule of safety over raw HTTP, and what each page shows and does.

#[path = "web/pages.rs"]
mod pages;
#[path = "web/safety.rs"]
mod safety;
#[path = "desk/stage.rs"]
mod stage;
#[path = "web/stage.rs"]
mod web;
// A page's tests are a file and a line here.
