//! Durable checkpoints of a running job: each process writes its workers' parts on a thread beside them, process 0 puts
//! the manifest.
//!
//! ```text
//! worker ── part at the barrier ──► SnapshotBoard ── epoch has passed ──► uploader ── report ──► coordinator (process 0)
//!    ▲                                                                    one per process          │ manifest put
//!    └───────────────── on_epoch_complete ◄── Decisions ◄── Control::Decided ◄─────────────────────┘
//! ```

pub(crate) mod coordinator;
pub(crate) mod service;
pub(crate) mod uploader;

use riverrun_core::{Epoch, Error};
use riverrun_state::checkpoint::{BlobStore, Manifest, ProcessParts};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How a job's state is made durable.
#[derive(Clone, Debug)]
pub struct CheckpointConfig {
    /// The folder of the job; all processes reach the same one.
    pub store: Arc<dyn BlobStore>,
    /// What the job goes on from, if it is a checkpoint of this folder.
    pub base: Option<Arc<Manifest>>,
    /// The fingerprint of the plan.
    pub plan: u64,
    /// What each operator's state is the state of, by the operator's id.
    pub signatures: BTreeMap<String, String>,
    /// When and how often.
    pub schedule: CheckpointSchedule,
}

/// When checkpoints are taken, and what becomes of failed ones. Process 0's counts.
#[derive(Clone, Debug)]
pub struct CheckpointSchedule {
    /// From barrier to barrier (`execution.checkpointing.interval`). `None`: only by request and at the end.
    pub interval: Option<Duration>,
    /// From the end of a checkpoint to the next barrier at the least (`execution.checkpointing.min-pause`).
    pub min_pause: Duration,
    /// A checkpoint that takes longer has failed (`execution.checkpointing.timeout`).
    pub timeout: Duration,
    /// So many may fail in a row before the job does (`execution.checkpointing.tolerable-failed-checkpoints`).
    /// `None`: the job goes on however many fail.
    pub tolerable_failures: Option<u32>,
    /// How many are kept (`execution.checkpointing.num-retained`).
    pub retained: usize,
}

impl Default for CheckpointSchedule {
    fn default() -> Self {
        CheckpointSchedule {
            interval: None,
            min_pause: Duration::ZERO,
            timeout: Duration::from_secs(600),
            tolerable_failures: None,
            retained: 1,
        }
    }
}

/// How a job's checkpoints go.
#[derive(Clone, Debug, Default)]
pub struct CheckpointStatus {
    /// How many have been decided since the start.
    pub completed: u64,
    /// How many have failed since the start.
    pub failed: u64,
    /// The newest.
    pub latest: Option<CheckpointSummary>,
    /// Why the last one that failed did.
    pub last_failure: Option<Error>,
}

/// A checkpoint in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSummary {
    /// Its number.
    pub id: u64,
    /// The epoch that its barrier ended.
    pub epoch: Epoch,
    /// From the barrier to the decision.
    pub duration: Duration,
    /// The bytes of state it names.
    pub state_bytes: u64,
    /// The bytes that were written for it.
    pub written_bytes: u64,
}

/// What a process says about an epoch.
#[derive(Debug)]
pub(crate) struct Report {
    /// The process.
    pub(crate) process: usize,
    pub(crate) epoch: Epoch,
    /// Whether there will be no more.
    pub(crate) last: bool,
    pub(crate) outcome: Result<ProcessParts, Error>,
}
