//! The list of the guide is the list of the page, and the page can be read by both sorts of readers.

use super::*;
use crate::record::{EscalationStep, Flag, FlagRow, Mode, OwnerNotices, RequestKind, Timestamp};
use crate::service::{
    CanaryReport, DaemonReport, FilingReport, GuardReport, MailboxReport, Need, OwnersReport,
    SenderReport, SmtpReport, Why,
};
use std::collections::BTreeSet;

/// A house in which everything happened that a number can tell.
pub(in crate::monitor) fn eventful() -> Status {
    let at = || "2026-11-28T12:00:00Z".to_owned();
    let mut overdue = Need::of(Why::Overdue, "quitus requests list").times(2);
    overdue.why.push(Why::Draft);
    overdue.escalated = Some(EscalationStep::Deputy);
    Status {
        at: at(),
        daemon: Some(DaemonReport {
            pid: 7,
            since: at(),
            interrupted: None,
            reloaded: None,
            edits: Some((at(), vec!["wrong".into()])),
            restart: vec!["[smtp]"],
            blind: Vec::new(),
            fallen: Vec::new(),
            leapt: None,
        }),
        disk: Some("full".into()),
        mode: Mode::Live,
        active_since: Some(at()),
        messages: [("answered", 3), ("held", 1)].into(),
        letters: [("sent", 3)].into(),
        needs: vec![overdue],
        waiting: [("held messages".to_owned(), (4, Some(at())))].into(),
        suppressed: 5,
        paused: 6,
        contacts: 7,
        open_cases: 8,
        sent_mails: 9,
        mails_after_stop_ever: 10,
        mails_after_stop: 2,
        wrong_letters: [("stop", 4000, 1)].into(),
        notices_late: 2,
        owner_notices: OwnersReport {
            ended: OwnerNotices {
                sent: 3,
                uncertain: 1,
                refused: 1,
            },
            waiting: 1,
        },
        gone: 11,
        next_due: Some(("Q-1".into(), "access", at())),
        filing: Some(FilingReport {
            waiting: 12,
            failing: 1,
            why: None,
        }),
        flags: vec![FlagRow {
            flag: Flag::Damage,
            since: Timestamp::from_millis(0),
            what: Vec::new(),
        }],
        mailboxes: vec![MailboxReport {
            name: "claire.morel@ateliervauban.example".into(),
            state: "watching".into(),
            last_poll: Some(at()),
            last_error: None,
            fix: None,
            next_try: None,
            folders: vec![("INBOX".into(), 13, 1), ("Junk".into(), 1, 0)],
            folder_errors: Vec::new(),
            closing: None,
        }],
        floods: Vec::new(),
        senders: vec![SenderReport {
            name: "a \"quoted\" \\ tool".into(),
            waiting: 14,
            oldest: Some(at()),
            late: 2,
            stuck: 1,
            trouble: Some(("no".into(), at())),
            pull_trouble: None,
            unverified: false,
            configured: true,
        }],
        smtp: Some(SmtpReport {
            state: "left_alone",
            failures: 15,
            why: None,
            wait_s: Some(30),
        }),
        logins: Vec::new(),
        guard: vec![GuardReport {
            name: "policy",
            listen: "127.0.0.1:1".into(),
            up: true,
            asked: 16,
            refused: 17,
            failed: 18,
        }],
        canary: vec![CanaryReport {
            request: RequestKind::Stop,
            state: "failed",
            stage: None,
            begun: Some(at()),
            answered: Some(at()),
            took_ms: Some(19_900),
            folder: Some("INBOX".into()),
            failing: Some((at(), "no".into())),
        }],
    }
}

#[test]
fn the_guide_lists_every_metric_with_its_labels_and_its_words() {
    let guide = include_str!("../../../config/README.md");
    let told: Vec<&str> = guide
        .lines()
        .filter(|l| l.starts_with("| `quitus_"))
        .collect();
    let all = families(&eventful());
    let rows: Vec<String> = all
        .iter()
        .map(|f| {
            let labels = match f.labels.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", f.labels.join(",")),
            };
            format!("| `{}{labels}` | {} |", f.name, f.help)
        })
        .collect();
    assert_eq!(
        told,
        rows,
        "the guide's table of metrics shall be:\n{}",
        rows.join("\n")
    );
    let names: BTreeSet<&str> = all.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), all.len(), "each once");
    for f in &all {
        assert!(!f.samples.is_empty(), "{}: nothing makes it tell", f.name);
        assert_eq!(
            f.kind == Kind::Counter,
            f.name.ends_with("_total"),
            "{}",
            f.name
        );
        assert_eq!(
            f.kind == Kind::Info,
            f.name.ends_with("_info"),
            "{}",
            f.name
        );
    }
}

#[test]
fn numbers_are_those_of_status_and_names_of_people_are_masked() {
    let page = page(&families(&eventful()), false);
    for line in [
        "# TYPE quitus_build_info gauge",
        "# TYPE quitus_mails_after_stop_total counter",
        "quitus_mails_after_stop_total 10",
        "quitus_start_time_seconds 1795867200",
        "quitus_answers{kind=\"stop\",found=\"answered\"} 4000",
        "quitus_answers{kind=\"stop\",found=\"wrong\"} 1",
        "quitus_mode{mode=\"live\"} 1",
        "quitus_mode{mode=\"shadow\"} 0",
        "quitus_ill 1",
        "quitus_flag{flag=\"damage\"} 1",
        "quitus_flag{flag=\"foreign instance\"} 0",
        "quitus_needs{why=\"overdue\",urgent=\"yes\"} 2",
        "quitus_needs{why=\"draft\",urgent=\"no\"} 2",
        "quitus_needs{why=\"smtp\",urgent=\"yes\"} 0",
        "quitus_cases_overdue 2",
        "quitus_waiting{class=\"held messages\"} 4",
        "quitus_waiting{class=\"bounced letters\"} 0",
        "quitus_messages{state=\"held\"} 1",
        "quitus_people{state=\"suppressed\"} 5",
        "quitus_mailbox_up{mailbox=\"c…@a…n.example\"} 1",
        "quitus_mailbox_waiting_uids{mailbox=\"c…@a…n.example\"} 14",
        "quitus_sender_notices{sender=\"a \\\"quoted\\\" \\\\ tool\",state=\"late\"} 2",
        "quitus_smtp_state{state=\"left_alone\"} 1",
        "quitus_guard_refused_total{listener=\"policy\"} 17",
        "quitus_canary_failing{request=\"stop\"} 1",
        "quitus_canary_round_trip_seconds{request=\"stop\"} 19",
    ] {
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
    assert!(!page.contains("morel"), "{page}");
}

#[test]
fn open_metrics_names_two_sorts_otherwise_and_ends() {
    let page = page(&families(&eventful()), true);
    for line in [
        "# TYPE quitus_build info",
        "quitus_build_info{version=\"0.1.0\"} 1",
        "# TYPE quitus_mails_after_stop counter",
        "quitus_mails_after_stop_total 10",
    ] {
        let line = line.replace("0.1.0", env!("CARGO_PKG_VERSION"));
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
    assert!(page.ends_with("\n# EOF\n"));
    // Every line is a comment of a known sort or a sample of a family that was announced.
    let mut announced = BTreeSet::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(
                announced.insert(rest.split(' ').next().unwrap().to_owned()),
                "{line}"
            );
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let base = name.trim_end_matches("_total").trim_end_matches("_info");
            assert!(
                announced.contains(base) || announced.contains(name),
                "{line}"
            );
            assert!(
                line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(),
                "{line}"
            );
        }
    }
}
