//! What a whole job holds at a barrier, and where its operators leave their parts of it.

use crate::source::SplitId;
use crate::split_watermarks::SplitProgress;
use riverrun_core::{Epoch, Result, Watermark};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What one operator holds on one worker at a barrier: its own state, and what the driver keeps for it.
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

/// What one worker takes over of an operator's parts.
pub(crate) struct RestoredPart {
    pub(crate) state: RestoredState,
    pub(crate) watermark: Watermark,
    pub(crate) ended: bool,
    pub(crate) splits: Vec<(SplitId, SplitProgress)>,
}

impl Snapshot {
    /// What `worker` takes over of the operator `id`; `None` if the snapshot does not have it.
    pub(crate) fn assign(
        &self,
        id: &str,
        worker: usize,
        parallelism: usize,
        key_groups: u16,
    ) -> Result<Option<RestoredPart>> {
        let Some(parts) = self.operators.get(id) else { return Ok(None) };
        let states: Vec<OperatorSnapshot> = parts.iter().map(|part| part.state.clone()).collect();
        Ok(Some(RestoredPart {
            state: RestoredState::assign(&states, worker, parallelism, key_groups)?,
            watermark: parts.iter().map(|part| part.watermark).min().unwrap_or(Watermark::MIN),
            ended: parts.iter().all(|part| part.ended),
            splits: parts.iter().flat_map(|part| part.splits.iter().cloned()).collect(),
        }))
    }
}

/// Where operators leave their parts, and from where complete snapshots are taken.
///
/// An operator that has ended leaves no more parts: its last one stands for it in every later snapshot.
pub(crate) struct SnapshotBoard {
    retained: usize,
    state: Mutex<Board>,
    changed: Condvar,
}

#[derive(Default)]
struct Board {
    parts: BTreeMap<(String, usize), BTreeMap<Epoch, OperatorPart>>,
    complete: BTreeSet<Epoch>,
    closed: bool,
}

impl SnapshotBoard {
    /// A board that keeps the last `retained` complete snapshots.
    pub(crate) fn new(retained: usize) -> Self {
        SnapshotBoard { retained: retained.max(1), state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Board> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the part of an operator on one worker.
    pub(crate) fn put(&self, epoch: Epoch, id: &str, worker: usize, part: OperatorPart) {
        self.lock().parts.entry((id.to_owned(), worker)).or_default().insert(epoch, part);
    }

    /// All parts of `epoch` are there.
    pub(crate) fn complete(&self, epoch: Epoch) {
        let mut board = self.lock();
        if board.complete.insert(epoch) {
            while board.complete.len() > self.retained {
                board.complete.pop_first();
            }
            if let Some(oldest) = board.complete.first().copied() {
                for parts in board.parts.values_mut() {
                    // The newest part up to the oldest snapshot stands for it; those before it are not needed.
                    let newest = parts.range(..=oldest).next_back().map(|(epoch, _)| *epoch);
                    if let Some(newest) = newest {
                        parts.retain(|epoch, _| *epoch >= newest);
                    }
                }
            }
        }
        self.changed.notify_all();
    }

    /// No more snapshots will be completed.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The complete snapshots that are kept, by epoch.
    pub(crate) fn all(&self) -> BTreeMap<Epoch, Arc<Snapshot>> {
        let board = self.lock();
        board.complete.iter().map(|epoch| (*epoch, Arc::new(board.snapshot(*epoch)))).collect()
    }

    /// Waits until `epoch` is complete. `None` if the job ends without it, or the time is over.
    pub(crate) fn wait(&self, epoch: Epoch, timeout: Duration) -> Option<Arc<Snapshot>> {
        let pending = |board: &mut Board| !board.closed && board.complete.last().is_none_or(|last| *last < epoch);
        let (board, _) =
            self.changed.wait_timeout_while(self.lock(), timeout, pending).unwrap_or_else(PoisonError::into_inner);
        let found = board.complete.range(epoch..).next()?;
        Some(Arc::new(board.snapshot(*found)))
    }
}

impl Board {
    fn snapshot(&self, epoch: Epoch) -> Snapshot {
        let mut operators: BTreeMap<String, Vec<OperatorPart>> = BTreeMap::new();
        for ((id, _), parts) in &self.parts {
            if let Some((_, part)) = parts.range(..=epoch).next_back() {
                operators.entry(id.clone()).or_default().push(part.clone());
            }
        }
        Snapshot { epoch, operators }
    }
}
