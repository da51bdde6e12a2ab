//! The store on a real disk: what is committed stays, what is damaged is found, what is erased is gone.

use quitus::record::*;
use quitus::store::{Options, Store, verify};

fn at(s: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + s)
}

fn options() -> Options {
    Options {
        ballast: 1 << 20,
        floor: 1 << 20,
        ..Options::at(at(0))
    }
}

fn suppressed(n: u8) -> Vec<Event> {
    let person = PersonId([n; 16]);
    vec![
        Event::Recognised {
            person,
            fingerprints: vec![Fingerprint([n; 32])],
        },
        Event::Suppressed {
            person,
            suppression: Suppression::Suppressed,
            reason: SuppressionReason::Request(RequestKind::Stop),
            case: None,
        },
    ]
}

#[test]
fn what_was_committed_is_there_after_a_new_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, report) = Store::open(dir.path(), &options()).unwrap();
    assert!(report.created && report.rebuilt.is_none() && report.damage.is_empty());
    let mut group = store.group(at(1));
    assert_eq!(group.push(suppressed(1)).unwrap(), 1);
    assert_eq!(group.state().counts().unwrap().suppressed[1], 1);
    assert_eq!(group.push(suppressed(2)).unwrap(), 2);
    group.commit().unwrap();
    drop(store.group(at(2)));
    drop(store);
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!((report.frame, report.replayed), (2, 0), "{report:?}");
    assert_eq!(store.state().counts().unwrap().suppressed[1], 2);
    drop(store);
    assert!(verify(dir.path()).unwrap().is_clean());
}

#[test]
fn an_erased_key_opens_nothing_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let reader = store.reader();
    let key = reader.allocate(KeyKind::Contact).unwrap();
    let sealed = reader.seal(key, &"Planted Name").unwrap();
    let import = Event::ImportBegun {
        import: 1,
        name: "list.csv".into(),
        digest: [0; 32],
    };
    store.commit(at(1), vec![import]).unwrap();
    let plain: Option<String> = reader.open_sealed(&sealed).unwrap();
    assert_eq!(plain.as_deref(), Some("Planted Name"));
    store
        .commit(at(2), vec![Event::KeysErased { keys: vec![key] }])
        .unwrap();
    assert_eq!(reader.open_sealed::<String>(&sealed).unwrap(), None);
    drop((store, reader));
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert!(
        report.keys.lost.is_empty() && report.keys.mended == 0,
        "{report:?}"
    );
    assert_eq!(store.reader().open_sealed::<String>(&sealed).unwrap(), None);
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _) = Store::open(dir.path(), &options()).unwrap();
    let error = Store::open(dir.path(), &options())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");
}

#[test]
fn a_lost_index_is_made_again_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    for n in 0..20 {
        store.commit(at(n), suppressed(n as u8)).unwrap();
        if n == 10 {
            store.checkpoint(at(n)).unwrap();
        }
    }
    drop(store);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert!(report.rebuilt.is_some(), "{report:?}");
    assert_eq!(report.replayed, 10, "the rest came from the checkpoint");
    assert_eq!(store.state().counts().unwrap().suppressed[1], 20);
    drop(store);
    let report = verify(dir.path()).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn no_name_of_a_person_stands_in_any_file() {
    use base64::Engine;
    let planted = "Planted Name <planted.name@secret-firm.example>";
    let address = Address::parse("planted.name@secret-firm.example").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let reader = store.reader();
    let person = reader.fingerprinter().person(&address);
    let fingerprints = reader.fingerprinter().of_address(&address);
    let key = reader.allocate(KeyKind::Contact).unwrap();
    let contact = Contact {
        addresses: vec![address.clone()],
        last_name: Some(planted.into()),
        ..Contact::default()
    };
    let kept = KeptMessage {
        from: Some(address.clone()),
        subject: planted.into(),
        fresh: planted.into(),
        ..KeptMessage::default()
    };
    let letter = FrozenLetter {
        rcpt_to: address.as_str().into(),
        bytes: planted.into(),
        ..FrozenLetter::default()
    };
    let facts = ContactFacts {
        relation: Relation::Prospect,
        freemail: false,
        sourced: true,
        campaign: None,
        owner: None,
        digest: [0; 16],
    };
    let proposed = |what| Event::Proposed {
        case: None,
        rule: RuleId::of("B4"),
        what: Some(what),
    };
    let events = vec![
        Event::Recognised {
            person,
            fingerprints,
        },
        Event::ContactStored {
            person,
            import: 1,
            facts,
            contact: reader.seal(key, &contact).unwrap(),
        },
        proposed(reader.seal(key, &kept).unwrap()),
        proposed(reader.seal(key, &letter).unwrap()),
    ];
    store.commit(at(1), events).unwrap();
    store.checkpoint(at(2)).unwrap();
    drop((store, reader));
    let mut needles = Vec::new();
    for text in ["Planted Name", "planted.name", "secret-firm"] {
        needles.push(text.as_bytes().to_vec());
        needles.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        // Base64 has three phases; the middle of each is the same wherever it stands.
        for phase in 0..3 {
            let shifted = [vec![b' '; phase], text.as_bytes().to_vec()].concat();
            let coded = base64::engine::general_purpose::STANDARD.encode(shifted);
            needles.push(coded.as_bytes()[4..coded.len() - 4].to_vec());
        }
    }
    let mut folders = vec![dir.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for needle in &needles {
                let found = bytes.windows(needle.len()).any(|w| w == needle);
                assert!(!found, "{} holds {needle:?}", path.display());
            }
        }
    }
    assert!(files > 6, "only {files} files were looked at");
}

#[test]
fn a_damaged_key_file_is_mended_from_the_other_and_two_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let reader = store.reader();
    let key = reader.allocate(KeyKind::Proof).unwrap();
    let sealed = reader.seal(key, &7u8).unwrap();
    store
        .commit(at(1), vec![Event::DigestMade { day: 1 }])
        .unwrap();
    drop((store, reader));
    let flip = |name: &str| {
        let path = dir.path().join("keys").join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    for name in ["a", "b"] {
        flip(name);
        let (store, report) = Store::open(dir.path(), &options()).unwrap();
        assert_eq!(report.keys.mended, 1);
        assert_eq!(store.reader().open_sealed::<u8>(&sealed).unwrap(), Some(7));
    }
    flip("a");
    flip("b");
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!(report.keys.lost, [key]);
    assert!(report.sending_must_wait() && store.reader().open_sealed::<u8>(&sealed).is_err());
    drop(store);
    std::fs::write(dir.path().join("keys/master"), b"rot").unwrap();
    assert!(Store::open(dir.path(), &options()).unwrap().1.master_mended);
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_older_one() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    for n in 1..9 {
        store.commit(at(n), suppressed(n as u8)).unwrap();
        if n % 3 == 0 {
            store.checkpoint(at(n)).unwrap();
        }
    }
    let newest = dir.path().join("checkpoints/000000000007.ckpt");
    drop(store);
    let mut bytes = std::fs::read(&newest).unwrap();
    bytes[200] ^= 4;
    std::fs::write(&newest, bytes).unwrap();
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();
    assert_eq!(verify_bad(dir.path()), 1);
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!((report.frame, report.replayed), (10, 7), "{report:?}");
    assert_eq!(store.state().counts().unwrap().suppressed[1], 8);
}

fn verify_bad(dir: &std::path::Path) -> usize {
    verify(dir).unwrap().bad_checkpoints.len()
}

#[test]
fn a_suppression_that_only_the_index_still_knows_is_written_down_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    for n in 1..=3 {
        store.commit(at(n), suppressed(n as u8)).unwrap();
    }
    drop(store);
    let log = quitus::store::segment::segment_path(dir.path(), 1);
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 5]).unwrap();
    let (store, report) = Store::open(dir.path(), &options()).unwrap();
    assert!(
        report.sending_must_wait(),
        "an acknowledged frame is gone: {report:?}"
    );
    assert_eq!(report.suppressions_restored, 1);
    assert_eq!(store.state().counts().unwrap().suppressed[1], 3);
}

#[test]
fn events_of_a_long_frame_are_found_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let import = |n: u64| Event::ImportBegun {
        import: n,
        name: "a".repeat(n as usize % 300),
        digest: [n as u8; 32],
    };
    store.commit(at(1), vec![import(0)]).unwrap();
    store
        .commit(at(2), (1..=900).map(import).collect())
        .unwrap();
    let reader = store.reader();
    let places = reader.frames(1).unwrap().map(|f| f.unwrap().place);
    let places: Vec<LogPosition> = places.collect();
    let (short, long) = (places[0], places[1]);
    assert_eq!(reader.event(short).unwrap(), import(0));
    for n in [900, 1, 450, 2, 899, 900] {
        let at = LogPosition {
            event: n - 1,
            ..long
        };
        assert_eq!(reader.event(at).unwrap(), import(u64::from(n)));
    }
    let beyond = LogPosition { event: 900, ..long };
    assert!(reader.event(beyond).is_err());
    assert!(reader.event(LogPosition { event: 1, ..short }).is_err());
}

#[test]
fn nobody_sees_an_older_row_after_a_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        index_behind: 4,
        ..options()
    };
    let (mut store, _) = Store::open(dir.path(), &options).unwrap();
    let reader = store.reader();
    let (seen, last) = std::thread::scope(|scope| {
        let watch = || {
            let (mut last, mut seen) = (0, 0u32);
            while last < 200 {
                let now = reader.state().counts().unwrap().suppressed[1];
                assert!(now >= last, "{now} after {last}");
                seen += u32::from(now > last);
                last = now;
            }
            seen
        };
        let watching = [scope.spawn(watch), scope.spawn(watch)];
        for n in 1..=200 {
            store.commit(at(i64::from(n)), suppressed(n)).unwrap();
        }
        let seen = watching.map(|w| w.join().unwrap());
        (seen, store.state().counts().unwrap().suppressed[1])
    });
    assert_eq!(last, 200);
    assert!(seen.iter().all(|changes| *changes > 1), "{seen:?}");
}
