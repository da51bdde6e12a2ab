//! The daemon: takes what the mailboxes hand over, has it read, decided and answered, commits it, and sees that letters leave.
//!
//! `reception` (bytes in) → `gathering` (what is known) → `request::decide` → `composing` (the letter) → `sequencer` (one
//! commit) → `outbox` (bytes out). What waits for a human is written anew by `drafting`, on the same path; what a human enters
//! comes in by `entering`, a click by `obeying`; `notices` tells the tools that send; `recipients` tells who received data, `owners` whose contact it was; `identity`, `erasing` and `extending` say what a code proves, what an erasure takes with it, and when more time counts; `by_hand` says what no letter answers.
//! This is the one room that knows all others; knowledge about mail, letters or storage does not belong here.

mod apologising;
mod by_hand;
mod canary;
mod clearing;
mod clock;
mod composing;
mod connections;
mod correspondence;
mod daemon;
mod daily;
mod deciding;
mod desks;
mod digest;
mod drafting;
mod elsewhere;
mod entering;
mod erasing;
mod extending;
mod filing;
mod floods;
mod gathering;
mod grouping;
mod health;
mod house;
mod identity;
mod importing;
mod internal;
mod learning;
mod listing;
mod logins;
mod mailed;
mod minting;
mod needs;
mod notices;
mod obeying;
mod opening;
mod outbox;
mod owners;
mod paper;
mod parts;
mod people;
mod reception;
mod recipients;
mod rewriting;
mod sent_index;
mod sent_log;
mod sequencer;
mod settling;
mod shelf;
mod sources;
mod status;
mod telling;
mod tokens;
mod watching;
mod wrong_letters;

pub use by_hand::{ByHand, mark as mark_by_hand};
pub use canary::{CanaryReport, begin as begin_canary};
pub use clearing::{clear_all, clear_rows};
pub use clock::Clock;
pub use composing::Unwritten;
pub use connections::{GuardReport, MailboxReport, SmtpReport};
pub use correspondence::{Correspondence, Written, asker, correspondence, message_kept};
pub use daemon::{Daemon, Extras, StartError};
pub use drafting::{CaseFile, CaseMessage, Draft, is_open, left_to_a_human};
pub use entering::{Entered, Entry, NotEntered, enter, needs_proof};
pub use erasing::{
    when_answered as erased_when_answered, when_copy_refused as erased_when_copy_refused,
};
pub use extending::{
    Extension, end as extension_end, told as extension_told, undone as extension_undone,
};
pub use filing::FilingReport;
pub use floods::{Liftable, flood_campaign, flood_needs, floods_unseen, liftable};
pub use gathering::{Trouble, has_template};
pub use grouping::{NotGrouped, Ordered, Word, merge, split};
pub use health::{DaemonReport, Interrupted};
pub use house::{House, Office};
pub use identity::DAYS as CODE_DAYS;
pub use importing::{Handover, ImportFailure, SentSummary, import, import_contacts, import_sent};
pub use learning::{
    Effect as LexiconEffect, Suggestion, forget as forget_reply, intents, keep as keep_reply,
    label, line as reply_line, lines as own_replies, own_set, suggest, sweep as sweep_own_set,
};
pub use listing::{Added, LongList, NotListed, Order as ListOrder, SHORT as SHORT_LIST};
pub use logins::{accounts as oauth_accounts, standings as oauth_standings};
pub use minting::{Issued, NotMinted, Wanted as WantedTokens, issue as issue_tokens};
pub use needs::{Need, Why};
pub use notices::{
    InSight, PullFailure, PullSummary, SenderReport, Standing, ask as ask_senders,
    ask_again as ask_senders_again, forget as forget_told, pull as pull_from_sender,
};
pub use obeying::{NotObeyed, Obeyed, obey, recognise};
pub use owners::OwnersReport;
pub use paper::{ALL_SCANS, Handed, LARGEST_SCAN, posted, printed, scan};
pub use people::{DomainCounts, contact, domain_counts as count_domain, known};
pub use reception::{Ending, Witness};
pub use recipients::{
    LeftRecipient, NotAsked, ToTell, applies as recipients_of, ask as ask_recipients,
    left as recipients_left, told_and_open as recipients_told_and_open,
};
pub use sequencer::{Beat, Committed, Proposal, Pulse, Running, Sequencer};
pub use settling::{arrived, frozen_letter, looked_for};
pub use shelf::{
    NotShelved, Shelf, TemplateDraft, TemplatePath, digest_of as template_digest,
    note_outside_edits,
};
pub use status::Status;
pub use tokens::{Carriers, Minted};
pub use watching::closes_at;
pub use wrong_letters::{OfKind, WrongLetters};
