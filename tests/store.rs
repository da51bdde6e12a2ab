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
