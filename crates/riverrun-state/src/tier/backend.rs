//! Where a process keeps its keyed state, as its operators are told.

use super::budget::MemoryBudget;
use super::log::LogTier;
use super::queue::Writers;
use super::store::{GroupRange, IsExpired, StoreOptions, TierBackend};
use riverrun_core::{Error, Result};
use std::sync::Arc;

/// A state that was never written to the tier and is smaller than this is part of the checkpoint as it is: a store of its own
/// would cost more.
const LEAST_BYTES: usize = 1 << 20;

/// The memory that runs and the store's own blocks may take up is so much of the budget.
const BELOW_SHARE: usize = 4;

/// Where keyed state is (`state.backend.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// In memory.
    HashMap,
    /// In memory as far as there is room, and in RocksDB.
    RocksDb,
}

/// Where the keyed state of a process is. All operators of all workers share it.
#[derive(Clone, Debug)]
pub struct StateBackend {
    pub(super) kind: BackendKind,
    /// Reads tiers also where none is written.
    pub(super) tier: Option<Arc<dyn TierBackend>>,
    pub(super) budget: Arc<MemoryBudget>,
    pub(super) writers: Arc<Writers>,
    pub(super) least_bytes: usize,
    pub(super) with_log: bool,
}

impl StateBackend {
    /// Everything in memory. `tier` reads what a job with a tier has left, where that is built in.
    pub fn in_memory(tier: Option<Arc<dyn TierBackend>>) -> Arc<Self> {
        Arc::new(StateBackend {
            kind: BackendKind::HashMap,
            tier,
            budget: MemoryBudget::new(usize::MAX),
            writers: Arc::default(),
            least_bytes: usize::MAX,
            with_log: false,
        })
    }

    /// In memory up to `memory` bytes, of which the stores of `tier` take their part, and in `tier`. `threads` write to it.
    pub fn tiered(tier: Arc<dyn TierBackend>, memory: usize, threads: usize) -> Result<Arc<Self>> {
        StateBackend::tiered_with(tier, memory, None, threads)
    }

    /// The same where places of values in a log may take up so many bytes before the values go into `tier`; absent: nearly all
    /// there is for state.
    pub fn tiered_with(
        tier: Arc<dyn TierBackend>,
        memory: usize,
        places: Option<usize>,
        threads: usize,
    ) -> Result<Arc<Self>> {
        let budget = MemoryBudget::new(memory - memory / BELOW_SHARE);
        Ok(Arc::new(StateBackend {
            kind: BackendKind::RocksDb,
            tier: Some(LogTier::over(tier, budget.clone(), places)),
            budget,
            writers: Writers::start(threads)?,
            least_bytes: LEAST_BYTES,
            with_log: true,
        }))
    }

    /// The same where states from so many bytes on go to the tier.
    #[must_use]
    pub fn from_bytes(self: Arc<Self>, least_bytes: usize) -> Arc<Self> {
        Arc::new(StateBackend { least_bytes, ..StateBackend::clone(&self) })
    }

    /// The same where barriers go to the tier also while all state is in memory.
    #[must_use]
    pub fn without_log(self: Arc<Self>) -> Arc<Self> {
        Arc::new(StateBackend { with_log: false, ..StateBackend::clone(&self) })
    }

    /// The same for what never leaves memory: barriers always go to a log.
    #[must_use]
    pub fn held(&self) -> Arc<Self> {
        Arc::new(StateBackend { budget: MemoryBudget::new(usize::MAX), with_log: true, ..self.clone() })
    }

    /// States below this size that are all in memory are part of the checkpoint as they are.
    pub fn least_bytes(&self) -> usize {
        self.least_bytes
    }

    /// Of a budget, what the blocks of all stores together may take up.
    pub fn cache_bytes(memory: usize) -> usize {
        memory / BELOW_SHARE * 2 / 3
    }

    /// What may wait to be written, per store.
    pub(super) fn bytes_waiting(&self) -> usize {
        (self.budget.limit() / 16).clamp(1 << 20, 64 << 20)
    }

    /// Where the state is.
    pub fn kind(&self) -> BackendKind {
        self.kind
    }

    /// What the process's state takes up in memory, about, where it is counted.
    pub fn bytes_used(&self) -> usize {
        self.budget.used()
    }

    /// The job has ended. If its snapshots are still wanted, what they hold is written first; if not, nothing is written any more,
    /// and what it has on this machine goes.
    pub fn close(&self, keep: bool) {
        self.writers.close(keep);
        if !keep && let Some(tier) = &self.tier {
            tier.close();
        }
    }

    pub(super) fn reader(&self) -> Result<&Arc<dyn TierBackend>> {
        self.tier.as_ref().ok_or_else(|| {
            Error::input("the state was written by the backend 'rocksdb', which is not built into this binary")
                .hint("use a build with the feature rocksdb; state of the backend 'hashmap' can be read by every build")
        })
    }
}

/// Which operator's state it is, and where.
#[derive(Clone)]
pub struct TierSeat {
    /// The operator's id, and the table's if it has several.
    pub name: String,
    /// The worker.
    pub worker: usize,
    /// How many workers the job has.
    pub parallelism: usize,
    /// How many key groups it has.
    pub key_groups: u16,
    /// What may go by itself.
    pub expired: Option<IsExpired>,
}

impl TierSeat {
    pub(super) fn groups(&self) -> GroupRange {
        GroupRange::of_worker(self.worker, self.parallelism, self.key_groups)
    }

    pub(super) fn store(&self) -> StoreOptions {
        StoreOptions {
            name: format!("{}-{}", self.name, self.worker),
            groups: self.groups(),
            expired: self.expired.clone(),
        }
    }
}
