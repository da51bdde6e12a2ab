//! Lists as files: what is on them is found and nothing else, and an octet that was flipped is never "not on it".

use super::*;
use crate::record::{Fingerprint, PersonId};
use sha2::{Digest, Sha256};
use std::os::unix::fs::FileExt;

fn key(n: u64) -> Fingerprint {
    Fingerprint(Sha256::digest(n.to_le_bytes()).into())
}

fn written(dir: &Path, keys: impl Iterator<Item = u64>) -> (Arc<Lists>, NewList) {
    disk::private_dir(dir).unwrap();
    let lists = Lists::open(dir, [7; 16]).unwrap();
    let mut draft = lists.begin(0).unwrap();
    draft.most = 100;
    for n in keys {
        draft
            .add(key(n), PersonId::from_fingerprint(&key(n)))
            .unwrap();
    }
    let new = draft.finish(|_, _| Ok(true)).unwrap().unwrap();
    (lists, new)
}

#[test]
fn whoever_is_on_a_list_is_found_and_nobody_else_by_any_beginning() {
    let folder = tempfile::tempdir().unwrap();
    // Some come twice, in another run.
    let (lists, new) = written(folder.path(), (0..5_000).chain(100..200));
    assert_eq!(new.entries, 5_000);
    let opened = Lists::open(folder.path(), [7; 16]).unwrap();
    for lists in [&lists, &opened] {
        for n in 0..5_000 {
            for octets in [8, 16, 32] {
                let found = lists.find(&key(n).0[..octets]).unwrap();
                let keys: Vec<_> = found.iter().map(|e| e.fingerprint).collect();
                assert_eq!(keys, [key(n)], "{n}");
            }
        }
        assert!((5_000..10_000).all(|n| lists.find(&key(n).0).unwrap().is_empty()));
    }
    let file = opened.file(&new.digest).unwrap();
    let all = file.entries(0, usize::MAX).unwrap();
    let mut sorted: Vec<_> = (0..5_000).map(key).collect();
    sorted.sort();
    assert!(all.iter().map(|e| e.fingerprint).eq(sorted.iter().copied()));
    assert_eq!(file.entries(4_990, 3).unwrap(), all[4_990..4_993]);
    assert_eq!(opened.verify(&[new.digest].into()), Vec::<String>::new());
}

#[test]
fn the_same_key_forms_in_any_order_are_the_same_list() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, first) = written(one.path(), 0..1_000);
    let (_, second) = written(other.path(), (0..1_000).rev());
    assert_eq!(first, second);
}

#[test]
fn whatever_octet_is_flipped_no_look_up_says_that_somebody_is_not_on_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let (_, new) = written(folder.path(), 0..150);
    let path = path_of(folder.path(), &new.digest);
    let octets = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    for at in (0..octets).step_by(37).chain([octets - 1, octets - 33]) {
        let mut was = [0];
        file.read_exact_at(&mut was, at).unwrap();
        file.write_all_at(&[was[0] ^ 0x10], at).unwrap();
        let lists = Lists::open(folder.path(), [7; 16]).unwrap();
        if lists.check(&new.digest).is_ok() {
            for n in 0..150 {
                let found = lists.find(&key(n).0);
                assert!(found.is_err() || found.unwrap().len() == 1, "octet {at}");
            }
        }
        assert_eq!(lists.verify(&[new.digest].into()).len(), 1, "octet {at}");
        file.write_all_at(&was, at).unwrap();
    }
    let lists = Lists::open(folder.path(), [7; 16]).unwrap();
    assert!(lists.verify(&[new.digest].into()).is_empty());
    assert!(
        Lists::open(folder.path(), [8; 16])
            .unwrap()
            .check(&new.digest)
            .is_err(),
        "another store's"
    );
}

#[test]
fn a_list_that_comes_to_nothing_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lists = Lists::open(folder.path(), [7; 16]).unwrap();
    let mut draft = lists.begin(0).unwrap();
    draft.most = 2;
    for n in 0..7 {
        draft.add(key(n), PersonId([0; 16])).unwrap();
    }
    assert!(matches!(lists.begin(0), Err(ListError::Busy)));
    assert_eq!(draft.finish(|_, _| Ok(false)).unwrap(), None);
    let mut draft = lists.begin(0).unwrap();
    draft.add(key(1), PersonId([0; 16])).unwrap();
    let failed = draft.finish(|_, _| Err(Damaged("no".into())));
    assert!(matches!(failed, Err(ListError::Index(_))));
    // More free space than any disk has.
    let mut draft = lists.begin(u64::MAX).unwrap();
    draft.add(key(1), PersonId([0; 16])).unwrap();
    assert!(matches!(
        draft.finish(|_, _| Ok(true)),
        Err(ListError::Room(_))
    ));
    assert_eq!(names(folder.path()).unwrap(), Vec::<PathBuf>::new());
}
