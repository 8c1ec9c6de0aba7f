//! Branches: a start that goes on from a checkpoint that is not the newest leaves those after it behind.

use super::history::CheckpointEntry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a start of a job has left its history.
///
/// Numbers are not used again, so the checkpoints of the branch come after those that were left:
///
/// ```text
/// chk-1 ── chk-2 ── chk-3 ── chk-4 ── chk-5      generation 1: 4 and 5 are abandoned
///                     └───────────────────── chk-6 ── chk-7      generation 2, base 3
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The number of the checkpoint that the start goes on from.
    pub base: u64,
    /// The newest number there was then.
    pub newest: u64,
    /// The start.
    pub generation: u64,
}

impl Branch {
    /// Whether a checkpoint was left behind: it is younger than the base, and was there already, or an older start has put it
    /// since.
    pub(super) fn leaves(&self, entry: &CheckpointEntry) -> bool {
        let older = entry.manifest.as_ref().is_ok_and(|manifest| manifest.body.job.generation < self.generation);
        entry.id > self.base && (entry.id <= self.newest || older)
    }
}

/// Marks what the starts that have put a checkpoint of their own, and the one named, have left behind.
pub(super) fn mark(entries: &mut [CheckpointEntry], named: Option<&Branch>) {
    // By generation: each start goes on from one checkpoint, and its own come one after the other.
    let mut branches: BTreeMap<u64, Branch> = BTreeMap::new();
    for body in entries.iter().flat_map(|entry| &entry.manifest).map(|manifest| &manifest.body) {
        if let Some(base) = body.base {
            let generation = body.job.generation;
            branches.entry(generation).or_insert(Branch { base, newest: body.id.saturating_sub(1), generation });
        }
    }
    for entry in entries {
        entry.abandoned = branches.values().chain(named).any(|branch| branch.leaves(entry));
    }
}
