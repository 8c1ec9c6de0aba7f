//! What one operator holds at a barrier, in the parts in which it can be dealt out again.

use riverrun_core::{Error, KeyGroup, Result};
use std::collections::BTreeMap;

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
}

impl RestoredState {
    /// What `worker` of `parallelism` takes over of the parts that all workers of a run left,
    /// given in the order of those workers.
    pub fn assign(
        parts: &[OperatorSnapshot],
        worker: usize,
        parallelism: usize,
        key_groups: u16,
    ) -> Result<RestoredState> {
        if worker >= parallelism {
            return Err(Error::bug(format!("worker {worker} of {parallelism}")));
        }
        let keyed = parts
            .iter()
            .flat_map(|part| &part.keyed)
            .filter(|(group, _)| group.worker(key_groups, parallelism) == worker)
            .map(|(group, blob)| (*group, blob.clone()))
            .collect();
        let split = parts
            .iter()
            .flat_map(|part| &part.split)
            .enumerate()
            .filter(|(index, _)| index % parallelism == worker)
            .map(|(_, element)| element.clone())
            .collect();
        let union = parts.iter().flat_map(|part| part.union.iter().cloned()).collect();
        Ok(RestoredState { keyed, split, union })
    }

    /// Whether there is nothing to restore.
    pub fn is_empty(&self) -> bool {
        self.keyed.is_empty() && self.split.is_empty() && self.union.is_empty()
    }
}
