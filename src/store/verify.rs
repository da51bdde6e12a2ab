//! Looks at everything in a store that is not open, and says what is wrong; or makes the index again.

use super::index::Index;
use super::later::{LATER, make_table};
use super::lists::Lists;
use super::lock::Lock;
use super::master::{Master, MasterError};
use super::open::{OpenReport, Options, Store};
use super::reading::Frames;
use super::slots::{SlotReport, Slots};
use super::{Damage, DamageKind, OpenError, anchor, checkpoint};
use crate::record::{
    Damaged, Event, Found, ListEntry, MemoryTables, Rows, State, Table, Tables, apply,
    says_strictest, strictest_domains,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Frames read.
    pub frames: u64,
    /// Number of the last frame.
    pub last: u64,
    /// Places of the log that are wrong.
    pub damage: Vec<Damage>,
    /// Key slots that differ between the files (`mended` is what opening would mend) or are lost.
    pub keys: SlotReport,
    /// Keys that the log says are erased and that still open.
    pub not_erased: u64,
    /// Checkpoint files that are damaged, or not what the chain says.
    pub bad_checkpoints: Vec<PathBuf>,
    /// Good ones.
    pub good_checkpoints: u64,
    /// The index does not open, or a row of it cannot be read.
    pub index_error: Option<String>,
    /// The last frame in the index.
    pub index_frame: u64,
    /// Rows that differ from what the log gives, are missing, or too many.
    pub index_differs: u64,
    /// Suppression lists that are missing, or not what the chain says.
    pub bad_lists: Vec<String>,
}

impl VerifyReport {
    /// Whether all is well.
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty()
            && self.keys == SlotReport::default()
            && self.not_erased == 0
            && self.bad_checkpoints.is_empty()
            && self.index_error.is_none()
            && self.index_differs == 0
            && self.bad_lists.is_empty()
    }
}

/// Reads the whole store and compares. Needs the lock: no daemon may have it open. Changes nothing, but that rows which were
/// on their way into the index when a process was killed are put in.
pub fn verify(dir: &Path) -> Result<VerifyReport, OpenError> {
    let _lock = Lock::take(dir)?;
    let (master, _) = Master::load(dir).map_err(|e| match e {
        MasterError::Lost => OpenError::KeysLost,
        MasterError::Io(e) => e.into(),
    })?;
    let mut report = VerifyReport::default();
    let (slots, _, found) = Slots::open(dir, &master.store, false)?;
    report.keys = found;
    let lists = Lists::open(dir, master.store)?;
    let index = open_index(dir, &lists, &mut report);
    let anchored = anchor::read(dir, &master.fingerprinter());
    let mut last = anchored.map(|a| a.before).unwrap_or_default();
    let mut model = Model::before(dir, &master.store, anchored.is_some(), &lists)?;
    let mut checkpoints = HashMap::new();
    let mut frames = Frames::from_number(dir, 1, None)?;
    let mut passed = 0;
    while let Some(placed) = frames.next().transpose()? {
        if (placed.link.number != last.number + 1 || placed.before != last.hash)
            && frames.damage.len() == passed
        {
            let (segment, offset) = (placed.place.segment, u64::from(placed.place.offset));
            report
                .damage
                .push(Damage::of(DamageKind::Chain, segment, offset, 0));
        }
        passed = frames.damage.len();
        last = placed.link;
        report.frames += 1;
        for event in &placed.frame.events {
            if let Event::Checkpointed { frame, digest } = event {
                checkpoints.insert(*frame, *digest);
            }
            report.not_erased += still_open(&slots, event)?;
        }
        if placed.link.number <= report.index_frame {
            apply(&mut model, placed.place, &placed.frame)?;
        }
    }
    report.last = last.number;
    let middle = |(segment, offset, n)| Damage::of(DamageKind::Middle, segment, offset, n);
    report.damage.extend(frames.damage.drain(..).map(middle));
    check_checkpoints(dir, &master.store, &checkpoints, &mut report)?;
    judge(index, model, &mut report);
    Ok(report)
}

/// Without its lists the index cannot be judged.
fn judge(index: Option<Index>, model: Model, report: &mut VerifyReport) {
    let named = model.rows.0.keys();
    let named = named.filter(|(table, _)| *table == Table::List);
    let named = named.filter_map(|(_, key)| key.as_slice().try_into().ok());
    report.bad_lists = model.lists.verify(&named.collect());
    if let Some(index) = index.filter(|_| report.bad_lists.is_empty()) {
        compare(&index, model.rows, report);
    }
}

/// Rows in memory with the lists beside them. What is wrong with a list is told apart from what is wrong with rows.
struct Model {
    rows: MemoryTables,
    lists: Arc<Lists>,
}

impl Model {
    /// What was before the log begins.
    fn before(
        dir: &Path,
        store: &[u8; 16],
        anchored: bool,
        lists: &Arc<Lists>,
    ) -> Result<Self, OpenError> {
        let rows = match anchored {
            true => before_the_anchor(dir, store)?,
            false => MemoryTables::default(),
        };
        let lists = lists.clone();
        Ok(Self { rows, lists })
    }
}

impl Rows for Model {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        self.rows.get(table, key)
    }

    fn scan(&self, table: Table, begin: &[u8], from: &[u8], most: usize) -> Result<Found, Damaged> {
        self.rows.scan(table, begin, from, most)
    }

    fn has_lists(&self) -> bool {
        self.lists.any()
    }

    fn listed(&self, beginning: &[u8]) -> Result<Vec<ListEntry>, Damaged> {
        Ok(self.lists.find(beginning).unwrap_or_default())
    }
}

impl Tables for Model {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.rows.put(table, key, value);
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.rows.delete(table, key);
    }
}

fn open_index(dir: &Path, lists: &Arc<Lists>, report: &mut VerifyReport) -> Option<Index> {
    let opened = Index::open(&dir.join("index"), 32 << 20, 0, lists)
        .and_then(|index| index.redo().map(|()| index));
    match opened {
        Ok(index) => {
            report.index_frame = index.place().map_or(0, |p| p.link.number);
            Some(index)
        }
        Err(e) => {
            report.index_error = Some(e.0);
            None
        }
    }
}

/// What was before the anchor is in the older checkpoint.
fn before_the_anchor(dir: &Path, store: &[u8; 16]) -> Result<MemoryTables, OpenError> {
    let checkpoints = checkpoint::list(dir)?;
    let oldest = checkpoints.last();
    Ok(oldest
        .and_then(|(_, path)| load_model(path, store))
        .unwrap_or_default())
}

/// How many of the keys that the event says are erased still open.
fn still_open(slots: &Slots, event: &Event) -> Result<u64, OpenError> {
    let Event::KeysErased { keys } = event else {
        return Ok(0);
    };
    let mut open = 0;
    for key in keys {
        open += u64::from(slots.read(*key)?.is_some_and(|s| !s.erased));
    }
    Ok(open)
}

fn table_of(number: u8) -> Option<Table> {
    Table::ALL.into_iter().find(|t| *t as u8 == number)
}

fn load_model(path: &Path, store: &[u8; 16]) -> Option<MemoryTables> {
    let mut model = MemoryTables::default();
    let read = checkpoint::read(path, store, |_, key, value| {
        if let Some((table, key)) = key.split_first()
            && let Some(table) = table_of(*table)
        {
            model.0.insert((table, key.to_vec()), value);
        }
        Ok(())
    });
    read.ok()?;
    for table in LATER {
        make_table(table, &mut model, |_| Ok(())).ok()?;
    }
    strictest_domains(&mut model);
    Some(model)
}

fn check_checkpoints(
    dir: &Path,
    store: &[u8; 16],
    chain: &HashMap<u64, [u8; 32]>,
    report: &mut VerifyReport,
) -> Result<(), OpenError> {
    for (frame, path) in checkpoint::list(dir)? {
        let good = checkpoint::read(&path, store, |_, _, _| Ok(()))
            // A crash between the file and the frame that names it leaves one that the chain does not know.
            .is_ok_and(|(_, c)| {
                c.frame == frame && chain.get(&frame).is_none_or(|d| *d == c.digest)
            });
        match good {
            true => report.good_checkpoints += 1,
            false => report.bad_checkpoints.push(path),
        }
    }
    Ok(())
}

/// Row by row. An index that no newer quitus has opened yet lacks the tables that came later: none is missed. Nor are its domains
/// compared, which are put right then.
fn compare(index: &Index, mut model: MemoryTables, report: &mut VerifyReport) {
    let completed = index.completed().map_or(LATER.len(), usize::from);
    let lacks = LATER.get(completed..).unwrap_or_default();
    let put_right = State(index).has_strictest_domains().unwrap_or(true);
    let is_old = |table: Table, key: &[u8]| {
        !put_right && (table == Table::Domain || says_strictest(table, key))
    };
    model
        .0
        .retain(|(table, key), _| !lacks.contains(table) && !is_old(*table, key));
    let (mut same, mut differ) = (0u64, 0u64);
    let read = index.each(|key, value| {
        if !put_right && key.first() == Some(&(Table::Domain as u8)) {
            return Ok(());
        }
        let expected = key
            .split_first()
            .and_then(|(t, k)| model.get(table_of(*t)?, k).ok().flatten());
        match expected.as_deref() == Some(value) {
            true => same += 1,
            false => differ += 1,
        }
        Ok(())
    });
    if let Err(e) = read {
        report.index_error = Some(e.0);
    }
    let absent = (model.0.len() as u64).saturating_sub(same + differ);
    report.index_differs = differ + absent;
}

/// Puts the index aside, and makes it again from the newest good checkpoint and the log.
pub fn rebuild(dir: &Path, options: &Options) -> Result<OpenReport, OpenError> {
    {
        let _lock = Lock::take(dir)?;
        let (index, aside) = (dir.join("index"), dir.join("damaged").join("index"));
        if index.exists() {
            super::disk::private_dir(&dir.join("damaged"))?;
            if aside.exists() {
                std::fs::remove_dir_all(&aside)?;
            }
            super::disk::rename("index: put aside", &index, &aside)?;
        }
    }
    let (store, report) = Store::open(dir, options)?;
    drop(store);
    Ok(report)
}
