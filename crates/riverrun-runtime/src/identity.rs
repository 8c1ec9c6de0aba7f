//! Who a job is: what its sinks write beside their rows, so that a later start knows its own work again.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A job's identity. All of its workers, in all of its processes, have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobIdentity {
    /// Made once, and kept in the state directory over all restarts. A job without checkpoints has a new one at each start.
    pub id: String,
    /// Counts the starts of the job, from 1. Of two processes with the same id the one with the higher generation is right.
    pub generation: u64,
    /// Whether epochs are made durable. If so, `on_epoch_complete` is called only after the manifest of that epoch
    /// has been put, and an epoch whose checkpoint has failed is never named: what belongs to it counts to the next one.
    pub checkpoints: bool,
    /// Whether the job may go on from a checkpoint older than what its sinks have written: those rows are then written again.
    pub rewind: bool,
}

impl JobIdentity {
    /// The identity of a job that nothing outlives.
    pub fn ephemeral() -> Self {
        JobIdentity { id: random_id(), generation: 1, checkpoints: false, rewind: false }
    }
}

/// 32 hexadecimal digits that no other job has.
pub fn random_id() -> String {
    // The keys of a hash map come from the system's randomness.
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
