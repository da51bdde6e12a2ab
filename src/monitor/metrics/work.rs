//! The daemon itself, what waits, the mail and the people.

use super::{Family, Kind, Moment};
use crate::record::{EscalationStep, Flag, Mode};
use crate::service::{Status, Why};

pub(super) fn of_daemon(status: &Status) -> Vec<Family> {
    let daemon = status.daemon.as_ref();
    let (name, help) = (
        "quitus_start_time_seconds",
        "When the daemon started, seconds since 1970.",
    );
    let mut started = Family::gauge(name, &[], help);
    if let Some(since) = daemon.and_then(|d| Moment::of(&d.since)) {
        started.add(&[], since);
    }
    let (name, help) = ("quitus_build_info", "The version that runs.");
    let build = Family::new(Kind::Info, name, &["version"], help);
    let mut all = vec![build.with(&[env!("CARGO_PKG_VERSION")], true), started];
    all.extend(of_mode(status));
    let is = |name, help, yes: bool| Family::gauge(name, &[], help).with(&[], yes);
    all.extend([
        is(
            "quitus_disk_full",
            "1 if the disk of the store is full: nothing is fetched or sent.",
            status.disk.is_some(),
        ),
        is(
            "quitus_edits_refused",
            "1 if what was saved last is wrong and the last good set stays in force.",
            daemon.is_some_and(|d| d.edits.is_some()),
        ),
        is(
            "quitus_killed_before",
            "1 if the process before this one was killed, or the machine stopped.",
            daemon.is_some_and(|d| d.interrupted.is_some()),
        ),
    ]);
    let (name, help) = (
        "quitus_restart_sections",
        "Sections of the settings that changed and wait for a restart.",
    );
    let sections = daemon.map_or(0, |d| d.restart.len());
    all.push(Family::gauge(name, &[], help).with(&[], sections));
    all
}

/// What leaves, and whether anything stops it.
fn of_mode(status: &Status) -> [Family; 4] {
    let (name, help) = (
        "quitus_mode",
        "1 for the mode in force: shadow, review or live.",
    );
    let mut mode = Family::gauge(name, &["mode"], help);
    for one in Mode::ALL {
        mode.add(&[one.word()], *one == status.mode);
    }
    let (name, help) = (
        "quitus_mode_since_timestamp_seconds",
        "Since when letters leave in this mode; absent in shadow mode.",
    );
    let mut since = Family::gauge(name, &[], help);
    if let Some(at) = status.active_since.as_deref().and_then(Moment::of) {
        since.add(&[], at);
    }
    let (name, help) = (
        "quitus_flag",
        "1 if no letter leaves until somebody has looked: damage, foreign instance.",
    );
    let mut flags = Family::gauge(name, &["flag"], help);
    for flag in [Flag::Damage, Flag::ForeignInstance] {
        let up = status.flags.iter().any(|row| row.flag == flag);
        flags.add(&[flag.word()], up);
    }
    let (name, help) = (
        "quitus_ill",
        "1 if something is urgent; then /readyz says 503.",
    );
    let ill = Family::gauge(name, &[], help).with(&[], status.is_ill());
    [mode, since, ill, flags]
}

pub(super) fn of_needs(status: &Status) -> Vec<Family> {
    let count = |why: Why| -> u64 {
        let those = status.needs.iter().filter(|n| n.why.contains(&why));
        those.map(|n| n.count).sum()
    };
    let (name, help) = (
        "quitus_needs",
        "What waits for a human, by reason; what waits for several reasons counts for each.",
    );
    let mut needs = Family::gauge(name, &["why", "urgent"], help);
    for why in Why::ALL {
        let urgent = if why.is_urgent() { "yes" } else { "no" };
        needs.add(&[why.word(), urgent], count(why));
    }
    let (name, help) = (
        "quitus_next_due_timestamp_seconds",
        "When the next request must be answered; absent if none is open.",
    );
    let mut due = Family::gauge(name, &[], help);
    let next = status.next_due.as_ref();
    if let Some(at) = next.and_then(|(_, _, at)| Moment::of(at)) {
        due.add(&[], at);
    }
    let gauge = |name, help| Family::gauge(name, &[], help);
    let overdue = "Cases with a request that is past its legal end (goal 0).";
    let floods = "Floods of STOPs that nobody has looked at.";
    let (name, help) = (
        "quitus_cases_escalated",
        "Cases that wait and were brought to somebody because nobody acted, by the farthest: reviewer, deputy, controller.",
    );
    let mut brought = Family::gauge(name, &["to"], help);
    for step in EscalationStep::ALL {
        let those = status.needs.iter().filter(|n| n.escalated == Some(step));
        brought.add(&[step.word()], those.count());
    }
    let mut all = vec![needs, brought];
    all.extend(of_waiting(status));
    all.extend([
        gauge("quitus_cases_overdue", overdue).with(&[], count(Why::Overdue)),
        gauge("quitus_cases_due_soon", "Cases whose legal end is near.")
            .with(&[], count(Why::DueSoon)),
        due,
        gauge("quitus_floods", floods).with(&[], status.floods.len()),
    ]);
    all
}

/// The classes of what waits, empty ones too.
fn of_waiting(status: &Status) -> [Family; 2] {
    let class = &["class"];
    let many = "Messages, cases and letters that wait, by class.";
    let mut waiting = Family::gauge("quitus_waiting", class, many);
    let since = "Since when the oldest of them waits.";
    let mut oldest = Family::gauge("quitus_waiting_oldest_timestamp_seconds", class, since);
    for class in Status::classes() {
        let found = status.waiting.get(class);
        waiting.add(&[class], found.map_or(0, |(many, _)| *many));
        let since = found.and_then(|(_, since)| since.as_deref());
        if let Some(at) = since.and_then(Moment::of) {
            oldest.add(&[class], at);
        }
    }
    [waiting, oldest]
}

pub(super) fn of_mail(status: &Status) -> Vec<Family> {
    let mut messages = Family::gauge("quitus_messages", &["state"], "Messages by how they ended.");
    for (state, many) in &status.messages {
        messages.add(&[state], *many);
    }
    let mut letters = Family::gauge("quitus_letters", &["state"], "Letters by state.");
    for (state, many) in &status.letters {
        letters.add(&[state], *many);
    }
    let filing = status.filing.as_ref();
    let [owners, owners_waiting] = of_owners(status);
    vec![
        messages,
        owners,
        owners_waiting,
        Family::counter(
            "quitus_messages_gone_total",
            &[],
            "Messages that were gone before they were read.",
        )
        .with(&[], status.gone),
        letters,
        Family::gauge(
            "quitus_filing_steps",
            &["state"],
            "Steps of filing that wait, and those of them that fail.",
        )
        .with(&["waiting"], filing.map_or(0, |f| f.waiting))
        .with(&["failing"], filing.map_or(0, |f| f.failing)),
        Family::gauge(
            "quitus_sent_mails",
            &[],
            "Mails known from Sent folders and exports.",
        )
        .with(&[], status.sent_mails),
    ]
}

/// What the owners of contacts were told.
fn of_owners(status: &Status) -> [Family; 2] {
    let (name, help) = (
        "quitus_owner_notices_total",
        "Notices to owners of contacts that a letter left, by fate: sent, uncertain, refused.",
    );
    let ended = &status.owner_notices.ended;
    let told = Family::counter(name, &["fate"], help)
        .with(&["sent"], ended.sent)
        .with(&["uncertain"], ended.uncertain)
        .with(&["refused"], ended.refused);
    let (name, help) = (
        "quitus_owner_notices_waiting",
        "Notices to owners of contacts that have not left yet.",
    );
    let waiting = Family::gauge(name, &[], help).with(&[], status.owner_notices.waiting);
    [told, waiting]
}

pub(super) fn of_people(status: &Status) -> Vec<Family> {
    let gauge = |name, help| Family::gauge(name, &[], help);
    vec![
        Family::gauge(
            "quitus_people",
            &["state"],
            "Persons who must not be written to: suppressed, paused.",
        )
        .with(&["suppressed"], status.suppressed)
        .with(&["paused"], status.paused),
        gauge("quitus_contacts", "Contacts of the register.").with(&[], status.contacts),
        gauge("quitus_open_cases", "Cases that are open.").with(&[], status.open_cases),
        Family::counter(
            "quitus_mails_after_stop_total",
            &[],
            "Mails that went to people after their STOP (goal 0).",
        )
        .with(&[], status.mails_after_stop_ever),
        gauge(
            "quitus_mails_after_stop_open",
            "Those of them at which nobody has looked.",
        )
        .with(&[], status.mails_after_stop),
        wrong_letters(status),
    ]
}

fn wrong_letters(status: &Status) -> Family {
    let help = "Requests of the last 52 weeks that were answered, and letters that a human found wrong (goal: 1 of 2000).";
    let family = Family::gauge("quitus_answers", &["kind", "found"], help);
    status
        .wrong_letters
        .by_kind()
        .fold(family, |all, (kind, of)| {
            all.with(&[kind, "answered"], of.answered)
                .with(&[kind, "wrong"], of.wrong)
        })
}
