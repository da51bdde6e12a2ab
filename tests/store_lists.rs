//! Suppression lists mean what a row for each would mean, whatever happens before and after; they hold whole or not at all,
//! and one that is missing or damaged frees nobody. Needs the feature `faults`.

#[path = "support/faults.rs"]
mod faults;

use faults::run_child;
use proptest::prelude::*;
use quitus::record::*;
use quitus::store::{OpenError, Options, Store, rebuild, segment::segment_path, verify};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

/// Two of some are one person in two spellings.
const PEOPLE: [&str; 9] = [
    "anna@one.example",
    "anna+shop@one.example",
    "anna+news@one.example",
    "bob@one.example",
    "bob+x@one.example",
    "c.d@gmail.com",
    "cd@gmail.com",
    "eve@two.example",
    "frank@two.example",
];

fn at(frame: u64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + frame as i64)
}

fn options() -> Options {
    Options {
        index_behind: 12,
        ballast: 0,
        floor: 0,
        ..Options::at(at(0))
    }
}

fn open(dir: &Path) -> Store {
    Store::open(dir, &options()).unwrap().0
}

fn address(n: usize) -> Address {
    Address::parse(PEOPLE[n % PEOPLE.len()]).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    /// A long list of these.
    List(u16),
    /// A short one.
    Rows(u16),
    Add(usize),
    Pause(usize),
    /// Seen, and nothing more.
    Known(usize),
    Lift(usize),
    Merge(usize, usize),
    Split(usize),
    Restart,
    Rebuild,
    Checkpoint,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        3 => any::<u16>().prop_map(Step::List),
        1 => any::<u16>().prop_map(Step::Rows),
        1 => who.clone().prop_map(Step::Add),
        1 => who.clone().prop_map(Step::Pause),
        1 => who.clone().prop_map(Step::Known),
        3 => who.clone().prop_map(Step::Lift),
        1 => (who.clone(), who.clone()).prop_map(|(a, b)| Step::Merge(a, b)),
        1 => who.prop_map(Step::Split),
        1 => Just(Step::Restart),
        1 => Just(Step::Rebuild),
        1 => Just(Step::Checkpoint),
    ]
}

fn named(mask: u16) -> impl Iterator<Item = usize> {
    (0..PEOPLE.len()).filter(move |n| mask & (1 << n) != 0)
}

/// Key forms of a list, each with whom it names.
fn entries(keys: &Fingerprinter, mask: u16) -> Vec<(Fingerprint, PersonId)> {
    let of = |n| {
        let all = keys.of_address(&address(n));
        let person = PersonId::from_fingerprint(all.last().unwrap());
        all.into_iter().map(move |key| (key, person))
    };
    named(mask).flat_map(of).collect()
}

fn held(state: &State<'_>, key: &Fingerprint) -> Option<Suppression> {
    let row = state.suppression(&[*key], None).unwrap();
    row.map(|row| row.suppression)
}

fn suppressed(person: PersonId, suppression: Suppression) -> Event {
    Event::Suppressed {
        person,
        suppression,
        reason: SuppressionReason::Imported,
        case: None,
    }
}

/// The people behind an address.
fn behind(state: &State<'_>, keys: &Fingerprinter, n: usize) -> Vec<PersonId> {
    let mut all = Vec::new();
    for key in keys.of_address(&address(n)) {
        if let Some(person) = state.alias(&key).unwrap() {
            let person = state.standing(person).unwrap();
            if !all.contains(&person) {
                all.push(person);
            }
        }
    }
    all
}

/// What a step commits, in frames; nothing of a list.
fn events(state: &State<'_>, keys: &Fingerprinter, step: &Step) -> Vec<Event> {
    let recognised = |n: usize| {
        let fingerprints = keys.of_address(&address(n));
        let known = state.person_of(&fingerprints).unwrap();
        let person = known.unwrap_or_else(|| keys.person(&address(n)));
        let event = Event::Recognised {
            person,
            fingerprints,
        };
        (person, event)
    };
    let by = String::from("anne");
    match step {
        Step::Add(n) | Step::Pause(n) => {
            let (person, event) = recognised(*n);
            let how = match step {
                Step::Add(_) => Suppression::Suppressed,
                _ => Suppression::Paused,
            };
            vec![event, suppressed(person, how)]
        }
        Step::Known(n) => vec![recognised(*n).1],
        Step::Lift(n) => {
            let people = behind(state, keys, *n).into_iter();
            let lift = |person| Event::Lifted {
                person,
                by: by.clone(),
                note: None,
            };
            people.map(lift).collect()
        }
        Step::Merge(a, b) => {
            let (into, from) = (behind(state, keys, *a), behind(state, keys, *b));
            let (Some(into), Some(from)) = (into.first(), from.first()) else {
                return Vec::new();
            };
            let (into, from, why) = (*into, *from, None);
            let merged = Grouping::Merged {
                into,
                from,
                by,
                why,
            };
            vec![Event::Grouped(merged)]
        }
        Step::Split(n) => {
            let (from, person) = (behind(state, keys, *n), keys.person(&address(*n)));
            let Some(from) = from.first().filter(|from| **from != person) else {
                return Vec::new();
            };
            let (from, why) = (*from, None);
            // All spellings go: one that only a list knows stays with its canonical form, where a row would have gone with the merge.
            let same = |m: &usize| address(*m).same_person(&address(*n));
            let spellings = (0..PEOPLE.len()).filter(same);
            let fingerprints = spellings
                .flat_map(|m| keys.of_address(&address(m)))
                .collect();
            let split = Grouping::Split {
                from,
                person,
                fingerprints,
                by,
                why,
            };
            vec![Event::Grouped(split)]
        }
        _ => Vec::new(),
    }
}

/// A long list, as one entry of the log, that frees so many from their pause and suppresses so many; nothing if it changes nothing.
fn take_list(
    store: &mut Store,
    frame: u64,
    entries: &[(Fingerprint, PersonId)],
    [paused, people]: [u64; 2],
) {
    let reader = store.reader();
    let mut draft = reader.begin_list().unwrap();
    for (key, person) in entries {
        draft.add(*key, *person).unwrap();
    }
    let state = reader.state();
    let new = draft.finish(|key, _| Ok(held(&state, key) != Some(Suppression::Suppressed)));
    let Some(new) = new.unwrap() else {
        return;
    };
    let listing = Listing {
        digest: new.digest,
        entries: new.entries,
        people,
        paused,
        origin: "list.csv".into(),
        by: "anne".into(),
        why: None,
    };
    store
        .commit(at(frame), vec![Event::Listed(listing)])
        .unwrap();
}

/// The same, a row for each.
struct Model {
    tables: MemoryTables,
    frame: u64,
}

impl Model {
    /// Paused, suppressed.
    fn counts(&self) -> [u64; 2] {
        State(&self.tables).counts().unwrap().suppressed
    }

    fn commit(&mut self, at: Timestamp, events: Vec<Event>) {
        self.frame += 1;
        let number = self.frame;
        let frame = Frame { number, at, events };
        apply(&mut self.tables, LogPosition::default(), &frame).unwrap();
    }

    fn take_list(&mut self, at: Timestamp, mut entries: Vec<(Fingerprint, PersonId)>) {
        entries.sort();
        entries.dedup_by_key(|(key, _)| *key);
        let state = State(&self.tables);
        entries.retain(|(key, _)| held(&state, key) != Some(Suppression::Suppressed));
        for (key, person) in entries {
            let known = State(&self.tables).alias(&key).unwrap();
            let person = known.unwrap_or(person);
            let recognised = Event::Recognised {
                person,
                fingerprints: vec![key],
            };
            let events = vec![recognised, suppressed(person, Suppression::Suppressed)];
            self.commit(at, events);
        }
    }
}

/// What is asked of a state: of each address, of each person.
fn shown(state: &State<'_>, keys: &Fingerprinter) -> Vec<String> {
    let mut all = Vec::new();
    for (n, name) in PEOPLE.iter().enumerate() {
        let fingerprints = keys.of_address(&address(n));
        let row = state.suppression(&fingerprints, None).unwrap();
        let row = row.map(|row| (row.suppression, row.since));
        all.push(format!("{name} {row:?}"));
        for key in fingerprints {
            let person = state.alias(&key).unwrap();
            let person = person.map(|p| state.standing(p).unwrap());
            let row = person.and_then(|p| state.person(p).unwrap().suppression);
            let row = row.map(|row| (row.suppression, row.since));
            all.push(format!("  {key:?} {person:?} {row:?}"));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_list_is_what_a_row_for_each_would_be_in_any_order(steps in prop::collection::vec(step(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("store");
        let mut store = open(&dir);
        let keys = store.fingerprinter().clone();
        let mut model = Model { tables: MemoryTables::default(), frame: 0 };
        for (step, frame) in steps.iter().zip(1..) {
            match step {
                Step::List(mask) => {
                    let [paused, suppressed] = model.counts();
                    model.take_list(at(frame), entries(&keys, *mask));
                    let now = model.counts();
                    let brings = [paused - now[0], now[1] - suppressed];
                    take_list(&mut store, frame, &entries(&keys, *mask), brings);
                }
                Step::Rows(mask) => for n in named(*mask) {
                    let step = Step::Add(n);
                    let real = events(&store.state(), &keys, &step);
                    store.commit(at(frame), real).unwrap();
                    let rows = events(&State(&model.tables), &keys, &step);
                    model.commit(at(frame), rows);
                },
                Step::Restart => {
                    drop(store);
                    store = open(&dir);
                }
                Step::Rebuild => {
                    drop(store);
                    rebuild(&dir, &options()).unwrap();
                    store = open(&dir);
                }
                Step::Checkpoint => drop(store.checkpoint(at(frame)).unwrap()),
                step => {
                    let real = events(&store.state(), &keys, step);
                    let rows = events(&State(&model.tables), &keys, step);
                    prop_assert_eq!(real.len(), rows.len());
                    if !real.is_empty() {
                        store.commit(at(frame), real).unwrap();
                        model.commit(at(frame), rows);
                    }
                }
            }
            let (is, should) = (shown(&store.state(), &keys), shown(&State(&model.tables), &keys));
            prop_assert_eq!(is, should, "after {:?}", step);
            let counts = store.state().counts().unwrap().suppressed;
            prop_assert_eq!(counts, model.counts(), "after {:?}", step);
        }
        drop(store);
        let report = verify(&dir).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report);
    }
}

const MANY: u64 = 500;

fn key(n: u64) -> Fingerprint {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Fingerprint(bytes)
}

fn everybody() -> Vec<(Fingerprint, PersonId)> {
    let entry = |n| (key(n), PersonId::from_fingerprint(&key(n)));
    (0..MANY).map(entry).collect()
}

fn how_many(store: &Store) -> usize {
    let state = store.state();
    (0..MANY)
        .filter(|n| held(&state, &key(*n)).is_some())
        .count()
}

/// A list, somebody lifted, and a checkpoint; goes on where it was left.
fn go_on(dir: &Path) {
    let mut store = open(dir);
    let person = PersonId::from_fingerprint(&key(7));
    if store.state().lists().unwrap().is_empty() {
        take_list(&mut store, 1, &everybody(), [0, MANY]);
    }
    if held(&store.state(), &key(7)).is_some() {
        let (by, note) = (String::from("anne"), None);
        let lifted = Event::Lifted { person, by, note };
        store.commit(at(2), vec![lifted]).unwrap();
    }
    store.checkpoint(at(3)).unwrap();
}

#[test]
fn child_takes_a_list() {
    // Only a process that another test starts for it does anything here.
    if let Some(dir) = std::env::var_os("QUITUS_CHILD") {
        go_on(Path::new(&dir));
    }
}

fn lists_in(dir: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(dir.join("lists"));
    let found = found.into_iter().flatten();
    found.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn killed_at_any_durable_step_everybody_on_the_list_is_suppressed_or_nobody() {
    let home = tempfile::tempdir().unwrap();
    let (whole, steps) = (home.path().join("whole"), home.path().join("steps"));
    let file = [("QUITUS_STEPS_FILE", steps.to_str().unwrap())];
    assert!(run_child("child_takes_a_list", &whole, &file).success());
    let steps = std::fs::read_to_string(&steps).unwrap();
    let of_list = steps.lines().filter(|s| s.starts_with("list: ")).count();
    assert!(of_list >= 8, "{steps}");
    let count = steps.lines().count();
    for n in 1..=count {
        let dir = home.path().join(n.to_string());
        let kill = [("QUITUS_KILL_AT", n.to_string())];
        let kill = kill.each_ref().map(|(name, n)| (*name, n.as_str()));
        let ended = run_child("child_takes_a_list", &dir, &kill);
        assert_eq!(ended.signal(), Some(9), "step {n} of {count}");
        let store = open(&dir);
        let many = how_many(&store);
        let lists = store.state().lists().unwrap().len();
        let as_it_was = (many == 0 && lists == 0) || (many >= MANY as usize - 1 && lists == 1);
        assert!(as_it_was, "killed at step {n}: {many} are suppressed");
        assert_eq!(lists_in(&dir).len(), lists, "what no frame names is gone");
        drop(store);
        go_on(&dir);
        assert_eq!(how_many(&open(&dir)), MANY as usize - 1, "step {n}");
        let report = verify(&dir).unwrap();
        assert!(report.is_clean(), "killed at step {n}: {report:?}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_write_that_fails_leaves_nobody_half_on_a_list() {
    for fault in ["QUITUS_FAIL_FSYNC", "QUITUS_FAIL_WRITE"] {
        for n in 1..=14 {
            let home = tempfile::tempdir().unwrap();
            run_child(
                "child_takes_a_list",
                home.path(),
                &[(fault, &n.to_string())],
            );
            let many = how_many(&open(home.path()));
            assert!(
                many == 0 || many >= MANY as usize - 1,
                "{fault} {n}: {many}"
            );
            go_on(home.path());
            let report = verify(home.path()).unwrap();
            assert!(report.is_clean(), "{fault} {n}: {report:?}");
        }
    }
}

fn refused(dir: &Path) -> String {
    match Store::open(dir, &options()) {
        Err(OpenError::List(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn without_its_list_a_store_is_not_opened_and_with_it_nothing_was_lost() {
    let home = tempfile::tempdir().unwrap();
    let (dir, aside) = (home.path().join("store"), home.path().join("aside"));
    go_on(&dir);
    let list = lists_in(&dir).remove(0);
    for index in [true, false] {
        std::fs::rename(&list, &aside).unwrap();
        if !index {
            std::fs::remove_dir_all(dir.join("index")).unwrap();
        }
        let why = refused(&dir);
        assert!(why.contains("is missing"), "{why}");
        assert!(why.contains("put the file back from the backup"), "{why}");
        assert_eq!(verify(&dir).unwrap().bad_lists.len(), 1);
        std::fs::rename(&aside, &list).unwrap();
        let (store, report) = Store::open(&dir, &options()).unwrap();
        assert_eq!(report.rebuilt.is_none(), index, "{report:?}");
        assert_eq!(how_many(&store), MANY as usize - 1);
    }
    // Cut short, it is none.
    let bytes = std::fs::read(&list).unwrap();
    std::fs::write(&list, &bytes[..bytes.len() - 1]).unwrap();
    assert!(refused(&dir).contains("is damaged"));
}

#[test]
fn a_flipped_octet_of_a_list_frees_nobody_and_is_told() {
    let home = tempfile::tempdir().unwrap();
    go_on(home.path());
    let list = lists_in(home.path()).remove(0);
    let mut bytes = std::fs::read(&list).unwrap();
    bytes[1_000] ^= 1;
    std::fs::write(&list, &bytes).unwrap();
    let store = open(home.path());
    let (mut held, mut unknown) = (0, 0);
    for n in (0..MANY).filter(|n| *n != 7) {
        match store.state().suppression(&[key(n)], None) {
            Ok(row) => held += usize::from(row.is_some()),
            Err(e) => {
                assert!(e.0.contains("put the file back"), "{e}");
                unknown += 1;
            }
        }
    }
    assert_eq!(held + unknown, MANY as usize - 1);
    assert!(unknown > 0);
    drop(store);
    let report = verify(home.path()).unwrap();
    assert_eq!(report.bad_lists.len(), 1, "{report:?}");
    assert!(!report.is_clean() && report.index_differs == 0);
}

#[test]
fn a_list_outlives_damage_of_the_frame_that_names_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    let mut store = open(dir);
    take_list(&mut store, 1, &everybody(), [0, MANY]);
    let place = store.reader().frames(1).unwrap().next().unwrap().unwrap();
    for n in 2..5 {
        let by = String::from("anne");
        let (mode, since) = (Mode::Review, at(n));
        store
            .commit(at(n), vec![Event::ModeSet { mode, since, by }])
            .unwrap();
    }
    drop(store);
    let log = segment_path(dir, 1);
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[place.place.offset as usize + 60] ^= 1;
    std::fs::write(&log, &bytes).unwrap();
    // The machine stopped meanwhile: the index is not believed.
    std::fs::write(dir.join("index.open"), "another run").unwrap();
    let (store, report) = Store::open(dir, &options()).unwrap();
    assert!(report.sending_must_wait() && report.suppressions_restored == 1);
    assert_eq!(how_many(&store), MANY as usize);
}
