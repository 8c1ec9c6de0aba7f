//! What a tier is to those who use it: a store of one operator's values on one worker, and what makes such stores.

use super::files::{Scratch, TierFiles};
use super::run::Run;
use crate::key::KeyRows;
use riverrun_core::{KeyGroup, Result};
use std::fmt::Debug;
use std::sync::Arc;

/// Key groups that follow on each other: those of one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRange {
    /// The first.
    pub first: u16,
    /// One more than the last.
    pub end: u16,
}

impl GroupRange {
    /// The groups that `worker` of `parallelism` owns.
    pub fn of_worker(worker: usize, parallelism: usize, key_groups: u16) -> GroupRange {
        let groups = usize::from(key_groups);
        let start = |worker: usize| (worker * groups).div_ceil(parallelism.max(1)).min(groups) as u16;
        GroupRange { first: start(worker), end: start(worker + 1) }
    }

    /// Whether a group is one of them.
    pub fn contains(self, group: u16) -> bool {
        (self.first..self.end).contains(&group)
    }

    /// How many there are.
    pub fn count(self) -> u64 {
        u64::from(self.end.saturating_sub(self.first))
    }

    /// What both have.
    pub fn overlap(self, other: GroupRange) -> Option<GroupRange> {
        let both = GroupRange { first: self.first.max(other.first), end: self.end.min(other.end) };
        (both.first < both.end).then_some(both)
    }
}

/// Whether a value, as its operator has encoded it, has outlived its time: it may go, and nobody will miss it.
pub type IsExpired = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// What a store is made for.
#[derive(Clone)]
pub struct StoreOptions {
    /// Names it among the stores of the process.
    pub name: String,
    /// The key groups that it holds.
    pub groups: GroupRange,
    /// What may go by itself.
    pub expired: Option<IsExpired>,
}

/// Where a store has found a value. Given back with the key's next value it spares the store a look-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) segment: u32,
    pub(super) at: u32,
    /// 0: nothing is known.
    pub(super) length: u32,
}

/// Is told the position of a key, its value, and where that was.
pub type Found<'a> = dyn FnMut(usize, &[u8], Trace) -> Result<()> + 'a;

/// Is told a key and its value.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;

/// The values of one table of one operator on one worker, by key group and key. Keys of reads are full ones: the group as two
/// bytes, big endian, then the key.
///
/// Runs come in order, from one thread; reads come from another one.
pub trait TierStore: Send + Sync + Debug {
    /// Reads the values of those keys that are there.
    fn get(&self, keys: &KeyRows, found: &mut Found<'_>) -> Result<()>;

    /// Writes a run. After an error it is tried again.
    fn apply(&self, run: &Run) -> Result<()>;

    /// The files that hold what has been applied so far; later runs do not change them.
    fn freeze(&self) -> Result<TierFiles>;
}

/// What makes stores.
pub trait TierBackend: Send + Sync + Debug {
    /// An empty store.
    fn create(&self, options: StoreOptions) -> Result<Arc<dyn TierStore>>;

    /// A store that holds what `parts`, frozen at any parallelism, hold of its key groups.
    fn open(&self, options: StoreOptions, parts: &[Arc<TierFiles>]) -> Result<Arc<dyn TierStore>>;

    /// A store that goes on with the segments of logs, frozen at any parallelism, where the backend has such stores.
    fn adopt(&self, options: StoreOptions, logs: &[Arc<TierFiles>]) -> Result<Option<Arc<dyn TierStore>>> {
        let _ = (options, logs);
        Ok(None)
    }

    /// Reads what a part holds of some key groups: key and value.
    fn scan(&self, part: &TierFiles, groups: GroupRange, visit: &mut Visit<'_>) -> Result<()>;

    /// A folder for the files of a log; none: they are kept in memory.
    fn log_folder(&self, options: &StoreOptions) -> Result<Option<Scratch>> {
        let _ = options;
        Ok(None)
    }

    /// Takes away what stores have left; none is in use any more.
    fn close(&self) {}
}

/// Appends a full key.
pub(crate) fn push_key(rows: &mut KeyRows, group: KeyGroup, key: &[u8]) {
    rows.data.extend(group.0.to_be_bytes());
    rows.data.extend_from_slice(key);
    rows.ends.push(rows.data.len() as u32);
}
