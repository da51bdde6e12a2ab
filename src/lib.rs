//! Quitus answers the people who reply to prospecting e-mail, and obeys them first.
//!
//! A daemon watches the mailboxes that receive replies, understands each reply (STOP, "where did you get my address?", access,
//! erasure and the other rights of the GDPR), suppresses whom it must, answers from templates that people write, and writes
//! down what it did, and why.
//!
//! # The promise, in the order in which it may be broken (never upwards)
//!
//! 1. No request is lost: every message ends in exactly one visible state, with the rule that decided it.
//! 2. A STOP takes effect before anything else happens, and survives re-imports, erasure, restore and a damaged disk page.
//! 3. Nobody is answered twice, no robot is ever answered, nobody's data goes to somebody else.
//! 4. In doubt, prospecting to that person pauses (cheap, reversible) and the letter waits for a human.
//! 5. What remains is answered promptly, in the person's language, and with nothing that is not true.
//!
//! # The way of a message
//!
//! ```text
//! mailbox ──bytes, UID──▶ mail ──InboundMessage, Gate──▶ intent ──Classification──▶ request ──events, letter wanted──▶ answer
//!                                                                                                                        │
//!   filing ◀── delivery (SMTP) ◀── after the commit only ◀── store: ONE commit (frame, fdatasync, index) ◀──the letter───┘
//! ```
//!
//! Take a French "STOP". [`mailbox`] reads its bytes and hands them over with their UID. [`mail`] tells what the person typed
//! from what is quoted, and passes the gate: may it be answered, may it be read? [`intent`] finds the request and the words
//! that prove it, or says "unsure". [`request`] decides, from the message, the person's history and the policy: suppressed
//! from now on, a case, a letter or none, until when. [`answer`] writes the letter. [`store`] commits all of this in
//! one frame of the processing log; only then does [`delivery`] send anything. [`service`] carries the message from station to station.
//!
//! Before there is a store at all, [`replay`] takes the same way through the core with the messages of the past, and tells what was missed.
//!
//! # The rooms, and who may use whom
//!
//! | room | what it is for | may use |
//! | --- | --- | --- |
//! | [`record`] | the vocabulary: addresses and their key forms, ids, the closed list of events, and what each event does | nothing |
//! | [`mail`] | bytes become a message: fresh text apart from the quoted, the gate, who is asking | record |
//! | [`intent`] | fresh text becomes requests with evidence, by two readers that must agree; "unsure" rather than a guess | record, mail |
//! | [`request`] | whose STOP it is, deadlines, the life of a case, the decision | record, mail, intent |
//! | [`replay`] | what would have been: the past of a mailbox through the same core, and the report of it | record, mail, intent, request |
//! | [`answer`] | templates, the facts they may state, the linter, the letter | record, request |
//! | [`register`] | the contacts: import, look-up, where each datum comes from | record |
//! | [`store`] | log, keys, checkpoints, index; it knows nothing of what events mean | record |
//! | [`trust`] | which servers are believed over TLS | nothing |
//! | [`http`] | one request to one server of the web: protected, bounded, never sent elsewhere | trust |
//! | [`oauth`] | log-ins without a password: tokens asked for, kept and renewed | record, http, store (only how files are made durable; and how secrets are kept) |
//! | [`mailbox`] | IMAP: sessions, cursors, the Sent folder, filing | record, trust, oauth (and how secrets are kept) |
//! | [`delivery`] | SMTP: sessions, outcomes, when to try again | record, trust, oauth (and how secrets are kept) |
//! | [`sender`] | the tools that prospect: telling them of a STOP, asking for their opt-outs | record, trust, http (and how secrets are kept) |
//! | [`proof`] | verifying the log without the store | record, store |
//! | [`config`] | reads the settings that each room defines for itself; every mistake at once | all rooms above |
//! | [`service`] | the daemon: the sequencer, supervision, what is done when | all above |
//! | [`api`] | one router for the control socket and the commands | service, and request, answer, register, store, proof, config for what it shows |
//! | [`web`] | the review desk: pages in a browser, who may use them, and the same router for machines | api, and record, request, answer, register, store, config, service for what it reads; guard (to listen as it does) |
//! | [`guard`] | tells mail servers and tools whether somebody may be written to, and takes the one click on "unsubscribe" | record, register, config, service |
//! | [`monitor`] | tells machines how the daemon is: its supervisor, whoever asks its health page, whom it alerts | record, config, service; sender (to tell as it does), guard (to listen as it does) |
//! | [`cli`] | one file a command | all above, sandbox for the demo |
//! | `sandbox` | IMAP and SMTP servers inside the process, for the demo and the fault tests | nothing |
//! | [`faults`] | names the durable steps, so that a test can die at each; nothing without the feature `faults` | nothing; used by all |
//!
//! `tests/tidy.rs` parses the source and holds this table.
//!
//! # Invariants: what is deliberately absent
//!
//! - **record, mail, intent, request, replay and answer are pure**: no runtime, no clock, no file, no environment, no randomness. Time and
//!   look-ups are arguments, so every decision can be made again from what is written down.
//! - **Events are a closed list** (`record::Event`), and `record::apply` is the only place that says what one means. The store persists and projects.
//! - **The log is the truth, sled is its index.** The index can be deleted and is built again; sled's types never leave `store`.
//! - **Intent, sync, act, outcome, sync.** Nothing leaves before the frame that says so is on the disk. An unknown outcome of a
//!   send is `uncertain`, and not tried again by itself.
//! - **One sequencer decides and commits**, seeing everything committed before. Reading and classifying run ahead of it, side by side.
//! - **Only fresh text decides.** What is quoted, our own lines and signatures never make a request.
//! - **Parsing never fails**, it reports defects. One poisonous message never delays the next.
//! - **The mailbox is the truth about mail.** The cursor moves only past messages that are stored; `\Seen` is never touched.
//! - **No plaintext of a person stands in the index**; in the log it is sealed with keys that erasure destroys.
//! - **Logs name addresses only through `Address::masked`**, and never bodies or secrets.
//! - There is no `unsafe`, no second TLS stack, and outside tests no `unwrap`.
//!
//! # Words
//!
//! A **request** is what a person asks; several in one message are one **case**: one reference, a clock for each, one letter. The **controller**
//! is the firm that runs Quitus; the **register** holds its contacts; a **provider** supplied data. A **suppression** is
//! `paused` or `suppressed`, and outlives the erasure of everything else. The **gate** gives two verdicts with a rule's id: may it be
//! answered, may it be read. **Held** waits for a human; **dead** could not be read, and waits too. A **suppression list** is a file of key forms that one entry of the log names: it means what a row for each would mean. The **outbox** is what shall leave and is
//! not yet known to have arrived. A **sender** is a tool that prospects and must obey; a **notice** is what it is to be told, and stands in the
//! commit of the suppression itself; a **recipient** received data, and is told of what becomes of them (Art. 19); the **standing** is what the senders have obeyed, and so what a letter may claim. **Modes** govern only what leaves (shadow, review, live); suppression holds in every one.
//!
//! # How to find things
//!
//! - Every file's first line says what it is for; a room's `mod.rs` says what is deliberately not there.
//! - Why was this message decided so? `quitus log` names a rule; the same id stands in `mail/gate` (A), `request` (B, C) and in the cases.
//! - What people edit: `config/lexicon/` (words), `templates/` (letters), `config/quitus.toml` (settings; each room's `settings.rs` or `policy.rs`).
//! - Tests of one function stand beside it; what a room does to the outside stands in `tests/`, messages as data in `tests/cases/`.
//!   `tests/README.md` tells how to add one.
#![forbid(unsafe_code)]

pub mod answer;
pub mod api;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod faults;
pub mod guard;
pub mod http;
pub mod intent;
pub mod mail;
pub mod mailbox;
pub mod monitor;
pub mod oauth;
pub mod proof;
pub mod record;
pub mod register;
pub mod replay;
pub mod request;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod sender;
pub mod service;
pub mod store;
pub mod trust;
pub mod web;
