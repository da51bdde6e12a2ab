//! A process that is killed while rows go into sled.

use super::super::recover::tests::opened;
use super::super::{Options, Store};
use super::*;
use crate::record::{State, Timestamp, Week};

const NOW: Timestamp = Timestamp::from_seconds(1_795_392_000);

fn options() -> Options {
    Options {
        ballast: 0,
        floor: 0,
        ..Options::at(NOW)
    }
}

/// Every file of a folder, as it is now.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// The store of a process that was killed when `many` rows of a settling were in sled, and how many there were to put in.
fn killed_after(many: usize, folder: &Path) -> (PathBuf, usize) {
    let (dir, left) = (folder.join("store"), folder.join("left"));
    let (mut store, _) = Store::open(&dir, &options()).unwrap();
    for case in 1..=3 {
        store.commit(NOW, opened(case, NOW)).unwrap();
    }
    store.flush_index().unwrap();
    store.commit(NOW, opened(4, NOW)).unwrap();
    let index = store.shared.index.clone();
    let rows = {
        let waiting = index.waiting();
        let rows = waiting.rows.iter().take(many);
        index.begin(&waiting.rows, &waiting.place.unwrap()).unwrap();
        (index.tree)
            .put(rows.map(|(key, row)| (key.as_slice(), row.as_deref())))
            .unwrap();
        waiting.rows.len()
    };
    index.tree.flush().unwrap();
    copy(&dir, &left);
    (left, rows)
}

/// The figures of a week are the rows that a second applying would falsify.
fn requests(state: State<'_>) -> u64 {
    let week = Week::of(NOW);
    let rows = state.kind_figures(week, week).unwrap();
    rows.iter().map(|(.., row)| row.requests).sum()
}

#[test]
fn rows_that_were_on_their_way_are_put_in_when_it_is_opened() {
    let mut many = 0;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let (left, rows) = killed_after(many, folder.path());
        let (mut store, report) = Store::open(&left, &options()).unwrap();
        assert_eq!((report.rebuilt, report.replayed), (None, 0), "{many}");
        assert_eq!(requests(store.state()), 4, "{many}");
        store.commit(NOW, opened(5, NOW)).unwrap();
        drop(store);
        let report = super::super::verify(&left).unwrap();
        assert!(report.is_clean(), "{many} of {rows}: {report:?}");
        many += 3;
        if many > rows {
            break;
        }
    }
    assert!(many > 6, "a case is more rows than two");
}

#[test]
fn where_they_are_lost_the_index_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (left, rows) = killed_after(4, folder.path());
    assert!(rows > 4);
    let file = left.join("index/redo");
    let whole = std::fs::read(&file).unwrap();
    for what in [None, Some(&whole[..whole.len() - 1]), Some(b"another")] {
        let again = folder.path().join("again");
        copy(&left, &again);
        let file = again.join("index/redo");
        match what {
            None => std::fs::remove_file(&file).unwrap(),
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        let (store, report) = Store::open(&again, &options()).unwrap();
        let why = report.rebuilt.unwrap().why;
        assert!(why.contains("it was being written"), "{why}");
        assert_eq!(requests(store.state()), 4);
        drop(store);
        std::fs::remove_dir_all(&again).unwrap();
    }
}

#[test]
fn the_file_is_kept_until_it_is_written_that_its_mark_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, left) = (folder.path().join("store"), folder.path().join("left"));
    let (mut store, _) = Store::open(&dir, &options()).unwrap();
    let index = store.shared.index.clone();
    for case in 1..=3 {
        store.commit(NOW, opened(case, NOW)).unwrap();
    }
    {
        let waiting = index.waiting();
        let place = waiting.place.unwrap();
        index.begin(&waiting.rows, &place).unwrap();
        // The mark is on the disk; that it went again is in sled's memory only.
        index.tree.flush().unwrap();
        index.finish(&waiting.rows, &place).unwrap();
    }
    *index.waiting_mut() = Waiting::default();
    store.commit(NOW, opened(4, NOW)).unwrap();
    {
        let waiting = index.waiting();
        index.begin(&waiting.rows, &waiting.place.unwrap()).unwrap();
    }
    copy(&dir, &left);
    let (store, report) = Store::open(&left, &options()).unwrap();
    assert_eq!(report.rebuilt, None);
    assert_eq!(requests(store.state()), 4);
}

#[test]
fn where_sled_lost_what_was_settled_before_the_index_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    let (mut store, _) = Store::open(&dir, &options()).unwrap();
    for case in 1..=3 {
        store.commit(NOW, opened(case, NOW)).unwrap();
        store.flush_index().unwrap();
    }
    let index = store.shared.index.clone();
    let place = index.place().unwrap();
    index.begin(&Changes::new(), &place).unwrap();
    let other = Place { offset: 1, ..place };
    index.put_own(PLACE, &other).unwrap();
    let why = index.redo().unwrap_err().0;
    assert!(why.contains("lost some of what was written"), "{why}");
}
