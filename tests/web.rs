//! The review desk in a browser, on the real daemon: every rule of safety over raw HTTP, and what each page shows and does.

#[path = "web/correcting.rs"]
mod correcting;
#[path = "web/figures.rs"]
mod figures;
#[path = "web/machines.rs"]
mod machines;
#[path = "web/messages.rs"]
mod messages;
#[path = "web/pages.rs"]
mod pages;
#[path = "web/records.rs"]
mod records;
#[path = "web/safety.rs"]
mod safety;
#[path = "web/schema.rs"]
mod schema;
#[path = "web/socket.rs"]
mod socket;
#[path = "desk/stage.rs"]
mod stage;
#[path = "web/templates.rs"]
mod templates;
#[path = "web/users.rs"]
mod users;
#[path = "web/stage.rs"]
mod web;
// A page's tests are a file and a line here.
