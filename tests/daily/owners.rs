//! Killed between sending and noting: the owner of a contact is told once, or nobody knows and nobody is told again.

use super::{Hands, copy, start, until, written};
use crate::faults::run_child;
use quitus::record::{
    Address, CaseId, ContentKey, Event, Fate, FrozenLetter, KeyKind, LetterHead, LetterId,
    LetterKind, MailIdHash, OwnerNotice, RequestKind, SmtpReply,
};
use quitus::sandbox::smtp;
use quitus::service::{Committed, Proposal};
use quitus::store::{Options, Reader, Store};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

const NOW: &str = "2026-11-24T10:00:00Z";
const LETTER: LetterId = LetterId {
    case: CaseId::from_bits(1),
    step: 0,
    series: 0,
};

fn fate(reader: &Reader) -> Option<Fate> {
    let state = reader.state();
    state.owner_notice(LETTER).unwrap().and_then(|row| row.fate)
}

/// A daemon in `QUITUS_CHILD` until it is known what became of the notice.
#[tokio::test(flavor = "multi_thread")]
async fn child_tells_an_owner() {
    // Only a process that another test starts for it does anything here.
    let Some(folder) = std::env::var_os("QUITUS_CHILD") else {
        return;
    };
    let file = Path::new(&folder).join("quitus.toml");
    let daemon = start(&file, &Hands::at(NOW)).await;
    let over = |fate| matches!(fate, Some(Fate::Sent | Fate::Uncertain | Fate::Refused));
    until("the owner was told", || {
        over(fate(daemon.office.sequencer.reader()))
    })
    .await;
    daemon.end().await;
}

/// A store in which a letter has just left, to somebody whom a colleague owns; in one frame, as when it leaves.
async fn with_a_letter(folder: &Path, smtp: &str) {
    // Nobody listens there: the notice waits for the child.
    let nowhere = written(folder, "1", "");
    let daemon = start(&nowhere, &Hands::at(NOW)).await;
    let reader = daemon.office.sequencer.reader().clone();
    let [content_key, proof_key] =
        [KeyKind::Content, KeyKind::Proof].map(|kind| reader.allocate(kind).unwrap());
    let frozen = FrozenLetter {
        mail_from: "claire@ateliervauban.example".into(),
        rcpt_to: "anne@dune.example".into(),
        message_id: "<1@ateliervauban.example>".into(),
        subject: "Re: Relais".into(),
        bytes: b"Subject: x\r\n\r\nx\r\n".to_vec(),
        replies_to: None,
    };
    let now = Hands::at(NOW).clock().now();
    let (case, letter) = (LETTER.case, LETTER);
    let owner = Address::parse("lea@ateliervauban.example").unwrap();
    let events = vec![
        Event::CaseOpened {
            case,
            person: None,
            message: None,
            received: now,
            language: None,
            content_key,
            proof_key,
            proof: None,
            previous: None,
        },
        Event::LetterQueued {
            head: LetterHead {
                letter,
                kind: LetterKind::Answer,
                answers: vec![RequestKind::Stop],
                person: None,
                domain: None,
                message: None::<ContentKey>,
                automatic: true,
            },
            mail: MailIdHash([7; 16]),
            not_before: now,
            expires: now,
            frozen: reader.seal(proof_key, &frozen).unwrap(),
            digest: [0; 32],
            by: "auto".into(),
        },
        Event::LetterSending { letter },
        Event::LetterSent {
            letter,
            reply: SmtpReply {
                phase: "final_dot".into(),
                text: "250 2.0.0 Ok".into(),
            },
        },
        Event::Owner(OwnerNotice::Due {
            letter,
            owner: reader.seal(proof_key, &owner).unwrap(),
        }),
    ];
    let done = daemon.office.sequencer.commit(Proposal::new(events)).await;
    assert!(matches!(done, Committed::Frame(_)), "{done:?}");
    drop(reader);
    daemon.end().await;
    written(folder, smtp, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_an_owner_is_told_once_or_the_log_says_that_nobody_knows() {
    let server = smtp::Server::start(Default::default()).await.unwrap();
    let port = server.address().port().to_string();
    let whole = tempfile::tempdir().unwrap();
    with_a_letter(whole.path(), &port).await;
    let prepared = tempfile::tempdir().unwrap();
    copy(whole.path(), prepared.path());
    let steps = whole.path().join("steps");
    let file = [("QUITUS_STEPS_FILE", steps.to_str().unwrap())];
    let child = "owners::child_tells_an_owner";
    assert!(run_child(child, whole.path(), &file).success());
    assert_eq!(server.count(), 1);
    let told = &server.received()[0];
    assert_eq!(told.to, ["lea@ateliervauban.example"]);
    let steps = std::fs::read_to_string(steps).unwrap();
    let all: Vec<&str> = steps.lines().collect();
    let data = all.iter().position(|s| *s == "owner: before DATA").unwrap();
    let (mut sent, mut unknown, now) = (0, 0, Hands::at(NOW).clock().now());
    for n in data - 1..=(data + 4).min(all.len()) {
        let (folder, before) = (tempfile::tempdir().unwrap(), server.count());
        copy(prepared.path(), folder.path());
        let at = [("QUITUS_KILL_AT", &*n.to_string())];
        let ended = run_child(child, folder.path(), &at);
        assert_eq!(ended.signal(), Some(9), "step {n} of {}", all.len());
        let between = server.count() - before;
        assert!(run_child(child, folder.path(), &[]).success());
        let after = server.count() - before;
        assert!(between <= after && after <= 1, "step {n}: told twice");
        let (store, _) = Store::open(&folder.path().join("store"), &Options::at(now)).unwrap();
        let became = fate(&store.reader());
        match became {
            Some(Fate::Sent) => sent += 1,
            Some(Fate::Uncertain) => unknown += 1,
            other => panic!("step {n}: {other:?}"),
        }
        assert!(
            became == Some(Fate::Uncertain) || after == 1,
            "step {n}: nobody was told"
        );
    }
    assert!(sent > 0 && unknown > 0, "{sent} sent, {unknown} unknown");
}
