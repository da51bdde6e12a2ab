//! Mailboxes, the tools that send, the SMTP server and the guard.

use super::{Family, Moment};
use crate::service::Status;

pub(super) fn of_mailboxes(status: &Status) -> Vec<Family> {
    let name = &["mailbox"];
    let mut up = Family::gauge(
        "quitus_mailbox_up",
        name,
        "1 if the mailbox was read and nothing has gone wrong since.",
    );
    let mut poll = Family::gauge(
        "quitus_mailbox_last_poll_timestamp_seconds",
        name,
        "The last good look at all its folders; absent before the first.",
    );
    let mut waiting = Family::gauge(
        "quitus_mailbox_waiting_uids",
        name,
        "Messages of its folders that are still to be read.",
    );
    let mut gone = Family::counter(
        "quitus_mailbox_gone_total",
        name,
        "Messages that were gone before they were read, since the start.",
    );
    let mut ill = Family::gauge(
        "quitus_mailbox_folders_ill",
        name,
        "Folders that cannot be read.",
    );
    // One whose last day is over is not down.
    for mailbox in status.mailboxes.iter().filter(|m| !m.is_closed()) {
        let of = &[mailbox.name.as_str()];
        up.add(
            of,
            mailbox.last_poll.is_some() && mailbox.last_error.is_none(),
        );
        if let Some(at) = mailbox.last_poll.as_deref().and_then(Moment::of) {
            poll.add(of, at);
        }
        let sum = |pick: fn(&(String, u64, u64)) -> u64| -> u64 {
            mailbox.folders.iter().map(pick).sum()
        };
        waiting.add(of, sum(|(_, waiting, _)| *waiting));
        gone.add(of, sum(|(_, _, gone)| *gone));
        ill.add(of, mailbox.folder_errors.len());
    }
    vec![up, poll, waiting, gone, ill]
}

pub(super) fn of_senders(status: &Status) -> Vec<Family> {
    let mut notices = Family::gauge(
        "quitus_sender_notices",
        &["sender", "state"],
        "Notices that a tool has not obeyed: open (all), late (for more than an hour), stuck (to be done there by hand).",
    );
    let name = &["sender"];
    let mut oldest = Family::gauge(
        "quitus_sender_oldest_timestamp_seconds",
        name,
        "Since when the oldest of them waits.",
    );
    let mut trouble = Family::gauge(
        "quitus_sender_trouble",
        name,
        "1 if the tool could not be told the last time.",
    );
    let mut pull = Family::gauge(
        "quitus_sender_pull_trouble",
        name,
        "1 if its own opt-outs could not be taken over.",
    );
    for sender in &status.senders {
        let of = sender.name.as_str();
        for (state, many) in [
            ("open", sender.waiting),
            ("late", sender.late),
            ("stuck", sender.stuck),
        ] {
            notices.add(&[of, state], many);
        }
        if let Some(at) = sender.oldest.as_deref().and_then(Moment::of) {
            oldest.add(&[of], at);
        }
        trouble.add(&[of], sender.trouble.is_some());
        pull.add(&[of], sender.pull_trouble.is_some());
    }
    vec![notices, oldest, trouble, pull]
}

pub(super) fn of_smtp(status: &Status) -> Vec<Family> {
    let mut state = Family::gauge(
        "quitus_smtp_state",
        &["state"],
        "1 for how the way to the SMTP server is: good, failing, left_alone, trying.",
    );
    let mut failures = Family::gauge("quitus_smtp_failures", &[], "Tries in a row that failed.");
    let mut wait = Family::gauge(
        "quitus_smtp_wait_seconds",
        &[],
        "For how long it is left alone.",
    );
    if let Some(smtp) = &status.smtp {
        for one in ["good", "failing", "left_alone", "trying"] {
            state.add(&[one], one == smtp.state);
        }
        failures.add(&[], u64::from(smtp.failures));
        wait.add(&[], smtp.wait_s.unwrap_or(0));
    }
    vec![state, failures, wait]
}

pub(super) fn of_guard(status: &Status) -> Vec<Family> {
    let name = &["listener"];
    let mut up = Family::gauge(
        "quitus_guard_up",
        name,
        "1 if a listener of [guard] listens.",
    );
    let mut asked = Family::counter(
        "quitus_guard_asked_total",
        name,
        "Addresses that it was asked about, or clicks, since the start.",
    );
    let mut refused = Family::counter(
        "quitus_guard_refused_total",
        name,
        "Those of them that must not be written to, or clicks that were none of ours.",
    );
    let mut failed = Family::counter(
        "quitus_guard_failed_total",
        name,
        "Those of them that could not be answered.",
    );
    for listener in &status.guard {
        let of = &[listener.name];
        up.add(of, listener.up);
        asked.add(of, listener.asked);
        refused.add(of, listener.refused);
        failed.add(of, listener.failed);
    }
    vec![up, asked, refused, failed]
}

pub(super) fn of_canary(status: &Status) -> Vec<Family> {
    let request = &["request"];
    let mut failing = Family::gauge(
        "quitus_canary_failing",
        request,
        "1 if the canary's last answer did not come, 0 if it did; absent without [canary] and before the first run.",
    );
    let mut last = Family::gauge(
        "quitus_canary_last_answer_timestamp_seconds",
        request,
        "When its last answer was read; absent before the first.",
    );
    let mut took = Family::gauge(
        "quitus_canary_round_trip_seconds",
        request,
        "How long that took, from the mail to the answer.",
    );
    for canary in &status.canary {
        let of = &[canary.request.word()];
        if canary.state != "never" {
            failing.add(of, canary.failing.is_some());
        }
        if let Some(at) = canary.answered.as_deref().and_then(Moment::of) {
            last.add(of, at);
        }
        if let Some(ms) = canary.took_ms.and_then(|ms| u64::try_from(ms).ok()) {
            took.add(of, ms / 1000);
        }
    }
    vec![failing, last, took]
}
