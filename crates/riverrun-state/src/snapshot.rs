//! What an operator, and a whole job, holds at a barrier, in the parts in which it can be dealt out again.

use crate::tier::{TierFiles, TierTicket};
use riverrun_core::{Epoch, Error, KeyGroup, Millis, Result, Watermark};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names a split (a file, a partition) within its source; the same on every worker and after a restore.
pub type SplitId = Arc<str>;

/// How far the event time of one split has come: state, like its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitProgress {
    /// The latest watermark that a row gave; 0 before the first.
    pub latest: Millis,
    /// The last watermark that was due; MIN before the first.
    pub watermark: Watermark,
}

/// What one operator holds on one worker at a barrier: its own state, and what the runtime keeps for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorPart {
    /// The operator's state.
    pub state: OperatorSnapshot,
    /// The operator's watermark; for a source the one that it has sent.
    pub watermark: Watermark,
    /// Whether its input had ended, and so what is done at the end of input has been done.
    pub ended: bool,
    /// A source's splits and how far the event time of each has come.
    pub splits: Vec<(SplitId, SplitProgress)>,
}

/// What a whole job holds at a barrier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The epoch that the barrier ended.
    pub epoch: Epoch,
    /// The parts of every source, operator and sink by its id, in the order of the workers.
    pub operators: BTreeMap<String, Vec<OperatorPart>>,
}

/// The state of one operator on one worker at a barrier.
///
/// Every blob begins with a version byte of its writer's; a reader refuses a version it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorSnapshot {
    /// Keyed state: one blob per key group that holds anything.
    pub keyed: BTreeMap<KeyGroup, Vec<u8>>,
    /// Operator state as a list: after a restore each element goes to exactly one worker.
    pub split: Vec<Vec<u8>>,
    /// Operator state as a union list: after a restore every worker sees every element of all workers.
    pub union: Vec<Vec<u8>>,
    /// Keyed state that is in a tier below memory: the files of each table, by its name.
    pub tiers: BTreeMap<String, TierTicket>,
}

/// The state that one worker takes over after a restore, at whatever parallelism.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoredState {
    /// The blobs of the key groups that this worker owns now. A group has one blob per worker
    /// that held a part of it; keyed operators have one.
    pub keyed: Vec<(KeyGroup, Vec<u8>)>,
    /// This worker's share of the list elements.
    pub split: Vec<Vec<u8>>,
    /// Every worker's union elements, in the order of the workers.
    pub union: Vec<Vec<u8>>,
    /// By table, the tiers that hold keys of this worker's groups, and perhaps others.
    pub tiers: BTreeMap<String, Vec<TierTicket>>,
}

impl RestoredState {
    /// What `worker` of `parallelism` takes over of the parts that all workers of a run left,
    /// given in the order of those workers.
    pub fn assign(
        parts: &[impl Borrow<OperatorSnapshot>],
        worker: usize,
        parallelism: usize,
        key_groups: u16,
    ) -> Result<RestoredState> {
        if worker >= parallelism {
            return Err(Error::bug(format!("worker {worker} of {parallelism}")));
        }
        let keyed = parts
            .iter()
            .flat_map(|part| &part.borrow().keyed)
            .filter(|(group, _)| group.worker(key_groups, parallelism) == worker)
            .map(|(group, blob)| (*group, blob.clone()))
            .collect();
        let split = parts
            .iter()
            .flat_map(|part| &part.borrow().split)
            .enumerate()
            .filter(|(index, _)| index % parallelism == worker)
            .map(|(_, element)| element.clone())
            .collect();
        let union = parts.iter().flat_map(|part| part.borrow().union.iter().cloned()).collect();
        let mut tiers: BTreeMap<String, Vec<TierTicket>> = BTreeMap::new();
        for (table, ticket) in parts.iter().flat_map(|part| &part.borrow().tiers) {
            tiers.entry(table.clone()).or_default().push(ticket.clone());
        }
        Ok(RestoredState { keyed, split, union, tiers })
    }

    /// The files of a table's tiers.
    pub fn tier(&self, table: &str) -> Result<Vec<Arc<TierFiles>>> {
        self.tiers.get(table).into_iter().flatten().map(TierTicket::wait).collect()
    }

    /// Whether there is nothing to restore.
    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty() && self.split.is_empty() && self.union.is_empty() && self.tiers.is_empty()
    }
}

impl OperatorSnapshot {
    /// All that an operator with one table holds, in a tier.
    pub fn of_tier(ticket: TierTicket) -> Self {
        OperatorSnapshot { tiers: BTreeMap::from([(String::new(), ticket)]), ..OperatorSnapshot::default() }
    }

    /// Whether there is nothing to restore.
    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty() && self.split.is_empty() && self.union.is_empty() && self.tiers.is_empty()
    }
}
