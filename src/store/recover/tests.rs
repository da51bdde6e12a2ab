//! An index of an older version is given what it lacks when its store is opened, once.

use super::super::lists::Lists;
use super::super::{Options, Store};
use super::*;
use crate::record::{
    CaseId, CaseList, ContentKey, Fingerprint, FolderId, Frame, Location, MailIdHash, Mode,
    PersonId, Reading, RequestKind, RuleId, Suppression, SuppressionReason, SuppressionRow, Tables,
    Timestamp, Verdict, Week, encode,
};
use crate::store::index::full_key;

/// A case with its one request.
pub(in crate::store) fn opened(case: u64, at: Timestamp) -> Vec<Event> {
    let key = KeyId(1);
    vec![
        Event::CaseOpened {
            case: CaseId::from_bits(case),
            person: None,
            message: None,
            received: at,
            language: None,
            content_key: key,
            proof_key: key,
            proof: None,
            previous: None,
        },
        Event::RequestOpened {
            case: CaseId::from_bits(case),
            request: RequestKind::Stop,
            received: at,
            target: at,
            due: at,
        },
    ]
}

/// What an older version left: the same rows without figures.
fn forget_figures(store: &Store) {
    let index = &store.shared.index;
    let mut overlay = Overlay::new(index.clone());
    let rows = overlay.scan(Table::Figures, &[], &[], usize::MAX).unwrap();
    assert!(!rows.is_empty());
    for (key, _) in rows {
        overlay.delete(Table::Figures, &key);
    }
    overlay.delete(Table::Meta, b"figures");
    let place = index.place().unwrap();
    index.apply(overlay.changes, &place).unwrap();
}

#[test]
fn a_store_of_an_older_version_is_counted_when_it_is_opened_and_goes_on_counting() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    let now = Timestamp::from_seconds(1_795_392_000);
    let options = Options {
        ballast: 0,
        floor: 0,
        ..Options::at(now)
    };
    let requests = |store: &Store| {
        let week = Week::of(now);
        let rows = store.state().kind_figures(week, week).unwrap();
        rows.iter().map(|(.., row)| row.requests).sum::<u64>()
    };
    let (mut store, _) = Store::open(&dir, &options).unwrap();
    let (mode, since, by) = (Mode::Review, now, "odile".to_owned());
    store
        .commit(now, vec![Event::ModeSet { mode, since, by }])
        .unwrap();
    for case in 1..=3 {
        store.commit(now, opened(case, now)).unwrap();
    }
    assert_eq!(requests(&store), 3);
    forget_figures(&store);
    // While it was not counted as a whole, nothing was.
    store.commit(now, opened(4, now)).unwrap();
    assert_eq!(requests(&store), 0);
    store.checkpoint(now).unwrap();
    drop(store);
    let (mut store, report) = Store::open(&dir, &options).unwrap();
    assert_eq!((requests(&store), report.rebuilt), (4, None));
    store.commit(now, opened(5, now)).unwrap();
    assert_eq!(requests(&store), 5);
    drop(store);
    // The checkpoint of the older version has none either.
    std::fs::remove_dir_all(dir.join("index")).unwrap();
    let (store, report) = Store::open(&dir, &options).unwrap();
    assert!(report.rebuilt.is_some());
    assert_eq!(requests(&store), 5);
}

#[test]
fn an_index_that_is_older_than_the_order_of_cases_is_given_one_once() {
    let mut tables = MemoryTables::default();
    for number in 1..=1_500 {
        let opened = Event::CaseOpened {
            case: CaseId::from_bits(number),
            person: None,
            message: None,
            received: Timestamp::from_millis(1),
            language: None,
            content_key: KeyId(1),
            proof_key: KeyId(2),
            previous: None,
            proof: None,
        };
        let (at, events) = (Timestamp::from_millis(number as i64), vec![opened]);
        let frame = Frame { number, at, events };
        apply(&mut tables, LogPosition::default(), &frame).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(
        &folder.path().join("index"),
        1 << 20,
        100,
        &Lists::open(folder.path(), [0; 16]).unwrap(),
    )
    .unwrap();
    let old = tables.0.into_iter();
    let old = old.filter(|((table, _), _)| *table != Table::CaseOrder);
    let rows = old.map(|((table, key), row)| (full_key(table, &key), Some(row)));
    index.apply(rows.collect(), &Place::default()).unwrap();
    let index = Arc::new(index);
    let open = || State(&*index).case_list((CaseList::Open, None), None, 9_999);
    assert_eq!((open().unwrap().len(), index.completed()), (0, Ok(0)));
    complete(&index, None).unwrap();
    assert_eq!((open().unwrap().len(), index.completed()), (1_500, Ok(4)));
}

/// What an older version left behind: an index that knows neither who wrote nor from which folder was sent.
fn forget_threads(store: &Store) {
    let index = &store.shared.index;
    let mut overlay = Overlay::new(index.clone());
    for table in [Table::Wrote, Table::SentFrom] {
        for (key, _) in overlay.scan(table, &[], &[], usize::MAX).unwrap() {
            overlay.delete(table, &key);
        }
    }
    let place = index.place().unwrap();
    index.apply(overlay.changes, &place).unwrap();
    index.mark_completed(2).unwrap();
}

#[test]
fn an_index_that_is_older_than_the_threads_learns_who_wrote_and_from_which_folder_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    let now = Timestamp::from_seconds(1_795_392_000);
    let options = Options {
        ballast: 0,
        floor: 0,
        ..Options::at(now)
    };
    let (person, mail) = (PersonId([1; 16]), MailIdHash([2; 16]));
    let at = |folder, uid| Location {
        folder: FolderId(folder),
        uidvalidity: 1,
        uid,
    };
    let sent = |location| Event::SentSeen {
        location,
        mail,
        to: vec![person],
        at: now,
        answers: Vec::new(),
        lines: Vec::new(),
    };
    let wrote = Event::Received {
        message: ContentKey([3; 16]),
        location: at(1, 1),
        mail: None,
        received: now,
        written: now,
        person: Some(person),
        verdict: Verdict::Never,
        reading: Reading::Nothing,
        rule: RuleId::of("A4"),
        kept: None,
    };
    let knows = |store: &Store| {
        let state = store.state();
        let messages = state.messages_from(person).unwrap().len();
        (messages, state.sent_from(mail).unwrap())
    };
    let all = (1, Some(FolderId(7)));
    let (mut store, _) = Store::open(&dir, &options).unwrap();
    let frames = [sent(Some(at(7, 1))), wrote, sent(None)];
    for event in frames {
        store.commit(now, vec![event]).unwrap();
    }
    assert_eq!(knows(&store), all);
    forget_threads(&store);
    assert_eq!(knows(&store), (0, None));
    store.checkpoint(now).unwrap();
    store.commit(now, vec![sent(None)]).unwrap();
    drop(store);
    let report = crate::store::verify(&dir).unwrap();
    assert_eq!(report.index_differs, 0, "what it lacks is not missed");
    let (store, report) = Store::open(&dir, &options).unwrap();
    assert_eq!((knows(&store), report.rebuilt), (all, None));
    drop(store);
    assert_eq!(crate::store::verify(&dir).unwrap().index_differs, 0);
    std::fs::remove_dir_all(dir.join("index")).unwrap();
    let (store, report) = Store::open(&dir, &options).unwrap();
    assert!(report.rebuilt.is_some());
    assert_eq!(knows(&store), all, "made of the checkpoint and the log");
}

/// What an older version left: the last word about a domain, a pause, held.
fn weaken(store: &Store, domain: &Fingerprint) {
    let index = &store.shared.index;
    let mut overlay = Overlay::new(index.clone());
    let row = State(&overlay).domain(domain).unwrap().unwrap();
    let row = SuppressionRow {
        suppression: Suppression::Paused,
        ..row
    };
    overlay.put(Table::Domain, &domain.0, encode(&row));
    overlay.delete(Table::Meta, b"domains");
    let place = index.place().unwrap();
    index.apply(overlay.changes, &place).unwrap();
}

#[test]
fn a_domain_that_an_older_version_weakened_is_held_again_when_the_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    let now = Timestamp::from_seconds(1_795_392_000);
    let options = Options {
        ballast: 0,
        floor: 0,
        ..Options::at(now)
    };
    let domain = Fingerprint([7; 32]);
    let said = |suppression| Event::DomainSuppressed {
        domain,
        suppression,
        reason: SuppressionReason::ByHand,
        case: None,
    };
    let holds = |store: &Store| store.state().domain(&domain).unwrap().unwrap().suppression;
    let (mut store, _) = Store::open(&dir, &options).unwrap();
    for suppression in [Suppression::Suppressed, Suppression::Paused] {
        store.commit(now, vec![said(suppression)]).unwrap();
    }
    assert_eq!(holds(&store), Suppression::Suppressed);
    weaken(&store, &domain);
    assert_eq!(holds(&store), Suppression::Paused);
    store.checkpoint(now).unwrap();
    drop(store);
    let differs = || crate::store::verify(&dir).unwrap().index_differs;
    assert_eq!(differs(), 0, "it is put right when it is opened");
    let (store, report) = Store::open(&dir, &options).unwrap();
    assert_eq!(
        (holds(&store), report.rebuilt),
        (Suppression::Suppressed, None)
    );
    drop(store);
    assert_eq!(differs(), 0);
    // The checkpoint of the older version is as weak.
    std::fs::remove_dir_all(dir.join("index")).unwrap();
    let (store, report) = Store::open(&dir, &options).unwrap();
    assert!(report.rebuilt.is_some());
    assert_eq!(holds(&store), Suppression::Suppressed);
    drop(store);
    assert_eq!(differs(), 0);
}
