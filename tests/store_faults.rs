//! The store under fire: killed at every durable step, torn, flipped, full. Needs the feature `faults`.

#[path = "support/faults.rs"]
mod faults;

use faults::run_child;
use quitus::record::*;
use quitus::store::{CommitError, DamageKind, Options, Store, segment::segment_path, verify};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

const FRAMES: u64 = 40;

fn at(s: u64) -> Timestamp {
    // The clock jumps back now and then: order is by number.
    let back = if s.is_multiple_of(7) { 86_400 } else { 0 };
    Timestamp::from_seconds(1_790_000_000 + s as i64 - back)
}

fn options() -> Options {
    Options {
        segment_octets: 3000,
        // Some rows wait and some do not: every step is taken with the index behind the log, and in step with it.
        index_behind: 12,
        ballast: 0,
        floor: 0,
        ..Options::at(at(0))
    }
}

fn open(dir: &Path) -> (Store, quitus::store::OpenReport) {
    Store::open(dir, &options()).unwrap()
}

fn id(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

/// What frame `n` says: every kind of thing in turn.
fn frame(store: &Store, n: u64) -> Vec<Event> {
    let reader = store.reader();
    let (person, message) = (PersonId(id(n % 9)), ContentKey(id(n)));
    let case = CaseId::from_bits(n % 11);
    let rule = RuleId::of("A1");
    let location = Location {
        folder: FolderId(1),
        uidvalidity: 1,
        uid: n as u32,
    };
    match n % 6 {
        1 => vec![
            Event::FolderOpened {
                folder: FolderId(1),
                mailbox: "m".into(),
                name: "INBOX".into(),
                role: FolderRole::Inbound,
                uidvalidity: 1,
            },
            Event::Recognised {
                person,
                fingerprints: vec![Fingerprint([n as u8; 32])],
            },
        ],
        2 => {
            let key = reader.allocate(KeyKind::Contact).unwrap();
            let contact = reader
                .seal(
                    key,
                    &Contact {
                        firm: Some(n.to_string()),
                        ..Contact::default()
                    },
                )
                .unwrap();
            let facts = ContactFacts {
                relation: Relation::Prospect,
                freemail: false,
                sourced: true,
                campaign: None,
                owner: None,
                digest: id(n),
            };
            vec![Event::ContactStored {
                person,
                import: 1,
                facts,
                contact,
            }]
        }
        3 => {
            let (content_key, proof_key) = (
                reader.allocate(KeyKind::Content).unwrap(),
                reader.allocate(KeyKind::Proof).unwrap(),
            );
            let kept = Some(reader.seal(content_key, &KeptMessage::default()).unwrap());
            vec![
                Event::Received {
                    message,
                    location,
                    mail: Some(MailIdHash(id(n))),
                    received: at(n),
                    written: at(n),
                    person: Some(person),
                    verdict: Verdict::Answer,
                    reading: Reading::Obey,
                    rule: rule.clone(),
                    kept,
                },
                Event::CaseOpened {
                    case,
                    person: Some(person),
                    message: Some(message),
                    received: at(n),
                    language: None,
                    content_key,
                    proof_key,
                    proof: None,
                    previous: None,
                },
                Event::RequestOpened {
                    case,
                    request: RequestKind::Stop,
                    received: at(n),
                    target: at(n + 9),
                    due: at(n + 30),
                },
                Event::Decided {
                    message,
                    state: MessageState::Held,
                    rule,
                    case: Some(case),
                },
            ]
        }
        4 => vec![Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::Request(RequestKind::Stop),
            case: None,
        }],
        5 => {
            let erased = store.state().contact(person).unwrap().map(|c| c.key);
            vec![
                Event::ContactErased { person, case: None },
                Event::KeysErased {
                    keys: erased.into_iter().collect(),
                },
            ]
        }
        _ => vec![
            Event::Lifted {
                person,
                by: "test".into(),
                note: None,
            },
            Event::CaseClosed {
                case,
                by: "test".into(),
            },
        ],
    }
}

/// Goes on from wherever the store stands: groups of up to three frames, a checkpoint now and then.
fn go_on(dir: &Path) {
    let (mut store, report) = open(dir);
    assert!(!report.sending_must_wait(), "{report:?}");
    while store.head().number < FRAMES {
        let n = store.head().number + 1;
        if n.is_multiple_of(13) {
            store.checkpoint(at(n)).unwrap();
            continue;
        }
        let stop = (n.div_ceil(3) * 3).min(FRAMES);
        let frames: Vec<_> = (n..=stop)
            .take_while(|n| n % 13 != 0)
            .map(|n| (n, frame(&store, n)))
            .collect();
        let mut group = store.group(at(n));
        for (n, events) in frames {
            assert_eq!(group.push(events).unwrap(), n);
        }
        group.commit().unwrap();
    }
}

/// The state without what may differ between two runs: the numbers of keys, and places that move with their length.
fn shown(dir: &Path) -> Vec<String> {
    let (store, _) = open(dir);
    let state = store.state();
    let mut all = vec![format!(
        "{:?} {:?}",
        state.counts().unwrap(),
        state.folders().unwrap()
    )];
    for n in 0..9 {
        let person = PersonId(id(n));
        all.push(format!("{:?}", state.person(person).unwrap()));
        let contact = state.contact(person).unwrap().map(|c| {
            let Event::ContactStored { contact, .. } = store.reader().event(c.position).unwrap()
            else {
                panic!("not where the row says");
            };
            (
                c.facts,
                c.stored,
                store
                    .reader()
                    .open_sealed::<Contact>(&contact)
                    .unwrap()
                    .unwrap(),
            )
        });
        all.push(format!("{contact:?}"));
    }
    for (case, row) in state.cases(None, 99).unwrap() {
        all.push(format!(
            "{case} {:?} {:?} {:?}",
            row.requests, row.messages, row.closed
        ));
    }
    for n in 0..FRAMES {
        let row = state.message(ContentKey(id(n))).unwrap();
        all.push(format!(
            "{:?}",
            row.map(|m| (m.state, m.received, m.location, m.case))
        ));
    }
    all
}

#[test]
fn child_goes_on() {
    // Only a process that another test starts for it does anything here.
    if let Some(dir) = std::env::var_os("QUITUS_CHILD") {
        go_on(Path::new(&dir));
    }
}

#[test]
fn killed_at_any_durable_step_it_ends_in_the_same_state() {
    let home = tempfile::tempdir().unwrap();
    let (whole, steps) = (home.path().join("whole"), home.path().join("steps"));
    assert!(
        run_child(
            "child_goes_on",
            &whole,
            &[("QUITUS_STEPS_FILE", steps.to_str().unwrap())]
        )
        .success()
    );
    let count = std::fs::read_to_string(&steps).unwrap().lines().count();
    assert!(count > 150, "only {count} steps: is the feature on?");
    let expected = shown(&whole);
    let kill = |n: usize| {
        let dir = home.path().join(n.to_string());
        let ended = run_child("child_goes_on", &dir, &[("QUITUS_KILL_AT", &n.to_string())]);
        assert_eq!(ended.signal(), Some(9), "step {n} of {count}");
        go_on(&dir);
        let found = shown(&dir);
        assert!(
            found == expected,
            "killed at step {n}: {}",
            similar::TextDiff::from_lines(&expected.join("\n"), &found.join("\n")).unified_diff()
        );
        let report = verify(&dir).unwrap();
        assert!(report.is_clean(), "killed at step {n}: {report:?}");
        std::fs::remove_dir_all(&dir).unwrap();
    };
    std::thread::scope(|s| {
        for first in 1..=2 {
            s.spawn(move || (first..=count).step_by(2).for_each(kill));
        }
    });
}

#[test]
fn a_failed_fsync_or_write_is_final_until_the_store_is_opened_again() {
    for fault in ["QUITUS_FAIL_FSYNC", "QUITUS_FAIL_WRITE"] {
        for n in [12, 20, 31] {
            let home = tempfile::tempdir().unwrap();
            let ended = run_child("child_goes_on", home.path(), &[(fault, &n.to_string())]);
            assert!(!ended.success(), "{fault} {n}");
            go_on(home.path());
            let report = verify(home.path()).unwrap();
            assert!(report.is_clean(), "{fault} {n}: {report:?}");
        }
    }
}

/// A store with one segment and its log's bytes.
fn small(dir: &Path) -> Vec<u8> {
    let big = Options {
        segment_octets: 1 << 20,
        ..options()
    };
    let (mut store, _) = Store::open(dir, &big).unwrap();
    for n in 1..=6 {
        let events = frame(&store, n);
        store.commit(at(n), events).unwrap();
    }
    drop(store);
    std::fs::read(segment_path(dir, 1)).unwrap()
}

#[test]
fn a_torn_end_is_cut_at_every_byte_of_the_last_frame() {
    let home = tempfile::tempdir().unwrap();
    let bytes = small(home.path());
    let last = quitus::store::Store::open(home.path(), &options())
        .unwrap()
        .0
        .reader()
        .frames(6)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    for cut in last.place.offset as usize + 1..bytes.len() {
        std::fs::write(segment_path(home.path(), 1), &bytes[..cut]).unwrap();
        // The index did not know the frame either.
        let _ = std::fs::remove_dir_all(home.path().join("index"));
        let (store, report) = open(home.path());
        assert_eq!(report.frame, 5);
        assert!(
            !report.sending_must_wait() && report.damage[0].kind == DamageKind::TornEnd,
            "{report:?}"
        );
        drop(store);
    }
}

#[test]
fn a_flipped_byte_in_the_log_is_found_and_the_rest_is_used() {
    let home = tempfile::tempdir().unwrap();
    let bytes = small(home.path());
    for place in (0..bytes.len()).step_by(23) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        std::fs::write(segment_path(home.path(), 1), &flipped).unwrap();
        let _ = std::fs::remove_dir_all(home.path().join("index"));
        assert!(
            quitus::proof::verify_log(home.path())
                .unwrap()
                .bad
                .is_some(),
            "octet {place}"
        );
        let (store, report) = open(home.path());
        assert!(!report.damage.is_empty(), "octet {place}: {report:?}");
        assert!(report.frame >= 5, "octet {place}: {report:?}");
        drop(store);
    }
}

#[test]
fn a_damaged_index_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    go_on(home.path());
    let expected = shown(home.path());
    let file = home.path().join("index").join("db");
    let length = std::fs::metadata(&file).unwrap().len();
    for step in 0..24 {
        let mut bytes = std::fs::read(&file).unwrap();
        match step {
            0 => bytes.clear(),
            1 => bytes.truncate(bytes.len() / 2),
            n => {
                let place = (length * n / 24) as usize % bytes.len().max(1);
                let end = (place + 64).min(bytes.len());
                bytes[place..end].iter_mut().for_each(|b| *b ^= 0xff);
            }
        }
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(shown(home.path()), expected, "step {step}");
    }
}

#[test]
fn a_full_disk_is_said_and_the_ballast_keeps_room_for_outcomes() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(&disk)
        .status();
    assert!(
        mounted.is_ok_and(|s| s.success()),
        "this test mounts a tmpfs and needs to be root (try: unshare -rm)"
    );
    let dir = disk.join("store");
    let full = Options {
        ballast: 2 << 20,
        floor: 2 << 20,
        ..options()
    };
    let (mut store, _) = Store::open(&dir, &full).unwrap();
    store
        .commit(at(1), vec![Event::DigestMade { day: 1 }])
        .unwrap();
    let free = rustix::fs::statvfs(&disk).unwrap();
    let fill = disk.join("fill");
    std::fs::write(
        &fill,
        vec![1; (free.f_bavail * free.f_frsize) as usize - (1 << 20)],
    )
    .unwrap();
    let refused = store.commit(at(2), vec![Event::DigestMade { day: 2 }]);
    assert!(
        matches!(refused, Err(CommitError::Full { .. })) && !store.is_poisoned(),
        "{refused:?}"
    );
    let mut group = store.group(at(3));
    group.push(vec![Event::DigestMade { day: 3 }]).unwrap();
    group.commit_essential().unwrap();
    assert!(!dir.join("ballast").exists());
    std::fs::remove_file(&fill).unwrap();
    store
        .commit(at(4), vec![Event::DigestMade { day: 4 }])
        .unwrap();
    assert!(dir.join("ballast").exists());
    drop(store);
    assert!(verify(&dir).unwrap().is_clean());
    assert!(
        std::process::Command::new("umount")
            .arg(&disk)
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn child_opens() {
    // Only a process that another test starts for it does anything here.
    if let Some(dir) = std::env::var_os("QUITUS_CHILD") {
        drop(open(Path::new(&dir)));
    }
}

/// Every byte of one folder in another.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copied(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// A store of several segments: a flipped byte that only a replay of the whole log sees, or frames lost from its end.
fn harmed(dir: &Path, lost: bool) {
    go_on(dir);
    let segments = std::fs::read_dir(dir.join("log")).unwrap().count() as u32;
    assert!(segments > 1);
    let file = segment_path(dir, if lost { segments } else { 1 });
    let mut bytes = std::fs::read(&file).unwrap();
    if lost {
        bytes.truncate(bytes.len() - 5);
    } else {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        std::fs::remove_dir_all(dir.join("index")).unwrap();
        std::fs::remove_dir_all(dir.join("checkpoints")).unwrap();
    }
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn damage_stands_in_the_log_wherever_the_opening_that_found_it_is_killed() {
    for lost in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let (whole, steps) = (home.path().join("whole"), home.path().join("steps"));
        harmed(&whole, lost);
        let again = home.path().join("again");
        copied(&whole, &again);
        let file = [("QUITUS_STEPS_FILE", steps.to_str().unwrap())];
        assert!(run_child("child_opens", &again, &file).success());
        let count = std::fs::read_to_string(&steps).unwrap().lines().count();
        assert!(count > 8, "only {count} steps");
        for n in 1..=count {
            let dir = home.path().join(n.to_string());
            copied(&whole, &dir);
            let ended = run_child("child_opens", &dir, &[("QUITUS_KILL_AT", &n.to_string())]);
            assert_eq!(ended.signal(), Some(9), "step {n} of {count}");
            drop(open(&dir));
            // Whoever opens it now finds a good index; the flag is up all the same, until somebody takes it down.
            let (mut store, report) = open(&dir);
            assert!(report.rebuilt.is_none() && report.replayed == 0);
            let up = store.state().flags().unwrap();
            assert_eq!((up.len(), up[0].flag), (1, Flag::Damage), "step {n}");
            assert!(!up[0].what.is_empty() && !dir.join("damage.seen").exists());
            let (flag, by) = (Flag::Damage, "ops".to_owned());
            let down = Event::Alarm(Alarm::Acknowledged { flag, by });
            store.commit(at(99), vec![down]).unwrap();
            drop(store);
            // The same places, seen again when the index is made again, are known.
            std::fs::remove_dir_all(dir.join("index")).unwrap();
            let (store, report) = open(&dir);
            assert_eq!(report.sending_must_wait(), !lost, "{report:?}");
            assert_eq!(store.state().flags().unwrap(), [], "step {n}");
            drop(store);
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }
}
