//! Where the operators of a job leave their parts at a barrier, and what a worker takes over of them.

use riverrun_core::{Epoch, KeyGroup, Result, Watermark};
pub use riverrun_state::{OperatorPart, Snapshot};
use riverrun_state::{OperatorSnapshot, RestoredState, SplitId, SplitProgress};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// What one worker takes over of an operator's parts.
pub(crate) struct RestoredPart {
    pub(crate) state: RestoredState,
    pub(crate) watermark: Watermark,
    pub(crate) ended: bool,
    pub(crate) splits: Vec<(SplitId, SplitProgress)>,
}

/// What `worker` takes over of the operator `id`; `None` if the snapshot does not have it.
pub(crate) fn assign(
    snapshot: &Snapshot,
    id: &str,
    worker: usize,
    parallelism: usize,
    key_groups: u16,
) -> Result<Option<RestoredPart>> {
    let Some(parts) = snapshot.operators.get(id) else { return Ok(None) };
    let states: Vec<&OperatorSnapshot> = parts.iter().map(|part| &part.state).collect();
    Ok(Some(RestoredPart {
        state: RestoredState::assign(&states, worker, parallelism, key_groups)?,
        watermark: parts.iter().map(|part| part.watermark).min().unwrap_or(Watermark::MIN),
        ended: parts.iter().all(|part| part.ended),
        splits: parts.iter().flat_map(|part| part.splits.iter().cloned()).collect(),
    }))
}

/// A part on its way to process 0.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PartOnWire {
    keyed: Vec<(KeyGroup, Vec<u8>)>,
    split: Vec<Vec<u8>>,
    union: Vec<Vec<u8>>,
    watermark: Watermark,
    ended: bool,
    splits: Vec<(String, SplitProgress)>,
}

impl From<OperatorPart> for PartOnWire {
    fn from(part: OperatorPart) -> Self {
        PartOnWire {
            keyed: part.state.keyed.into_iter().collect(),
            split: part.state.split,
            union: part.state.union,
            watermark: part.watermark,
            ended: part.ended,
            splits: part.splits.into_iter().map(|(id, progress)| (id.to_string(), progress)).collect(),
        }
    }
}

impl From<PartOnWire> for OperatorPart {
    fn from(part: PartOnWire) -> Self {
        OperatorPart {
            state: OperatorSnapshot {
                keyed: part.keyed.into_iter().collect(),
                split: part.split,
                union: part.union,
                ..OperatorSnapshot::default()
            },
            watermark: part.watermark,
            ended: part.ended,
            splits: part.splits.into_iter().map(|(id, progress)| (id.into(), progress)).collect(),
        }
    }
}

/// Parts with the ids of their operators and the numbers of their workers.
pub(crate) type Parts = Vec<(String, usize, OperatorPart)>;

/// Where operators leave their parts, and from where complete snapshots are taken.
///
/// An operator that has ended leaves no more parts: its last one stands for it in every later snapshot.
pub(crate) struct SnapshotBoard {
    retained: usize,
    kept: bool,
    state: Mutex<Board>,
    changed: Condvar,
    /// In process 0: how many other processes send their parts.
    others: OnceLock<usize>,
    /// In another process: takes the parts to process 0.
    send: OnceLock<Box<dyn Fn(Epoch, Parts) + Send + Sync>>,
    /// Where the job has checkpoints: takes the parts to the thread that writes them, and whether they are the last.
    hand_over: OnceLock<Box<dyn Fn(Epoch, Parts, bool) + Send + Sync>>,
}

#[derive(Default)]
struct Board {
    /// How many processes an epoch's parts have come from.
    arrived: BTreeMap<Epoch, usize>,
    passed: Option<Epoch>,
    parts: BTreeMap<(String, usize), BTreeMap<Epoch, OperatorPart>>,
    complete: BTreeSet<Epoch>,
    closed: bool,
}

impl SnapshotBoard {
    /// A board that keeps the last `retained` complete snapshots.
    pub(crate) fn new(retained: usize) -> Self {
        SnapshotBoard {
            retained: retained.max(1),
            kept: retained > 0,
            state: Mutex::default(),
            changed: Condvar::new(),
            others: OnceLock::new(),
            send: OnceLock::new(),
            hand_over: OnceLock::new(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Board> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether complete snapshots are kept in memory, for whoever asks.
    pub(crate) fn are_kept(&self) -> bool {
        self.kept && self.hand_over.get().is_none()
    }

    /// Whether anyone will read what operators leave.
    pub(crate) fn are_wanted(&self) -> bool {
        self.kept || self.hand_over.get().is_some()
    }

    /// Leaves the part of an operator on one worker.
    pub(crate) fn put(&self, epoch: Epoch, id: &str, worker: usize, part: OperatorPart) {
        self.lock().parts.entry((id.to_owned(), worker)).or_default().insert(epoch, part);
    }

    /// So many other processes send their parts to this one.
    pub(crate) fn expect_from(&self, others: usize) {
        let _ = self.others.set(others);
    }

    /// The parts go to process 0, which alone completes snapshots.
    pub(crate) fn send_to(&self, send: Box<dyn Fn(Epoch, Parts) + Send + Sync>) {
        let _ = self.send.set(send);
    }

    /// The parts are handed over when their epoch has passed the whole job, and nothing is kept here.
    pub(crate) fn hand_over_to(&self, hand_over: Box<dyn Fn(Epoch, Parts, bool) + Send + Sync>) {
        let _ = self.hand_over.set(hand_over);
    }

    /// The parts that another process's workers left.
    pub(crate) fn receive(&self, epoch: Epoch, parts: impl IntoIterator<Item = (String, usize, OperatorPart)>) {
        for (id, worker, part) in parts {
            self.put(epoch, &id, worker, part);
        }
        self.arrive(epoch);
    }

    /// `epoch` has passed the whole job: all parts of this process are there. Each of its workers says so. `last` if none
    /// will come after it.
    pub(crate) fn complete(&self, epoch: Epoch, last: bool) {
        {
            let mut board = self.lock();
            if board.passed.is_some_and(|passed| passed >= epoch) {
                return;
            }
            board.passed = Some(epoch);
            if let Some(hand_over) = self.hand_over.get() {
                // Under the lock, so that no later epoch of another worker overtakes this one.
                let parts = board.take(epoch);
                hand_over(epoch, parts, last);
                return;
            }
        }
        if let Some(send) = self.send.get() {
            let parts = self.lock().take(epoch);
            send(epoch, parts);
        }
        self.arrive(epoch);
    }

    fn arrive(&self, epoch: Epoch) {
        let mut board = self.lock();
        let arrived = board.arrived.entry(epoch).or_default();
        *arrived += 1;
        if *arrived <= self.others.get().copied().unwrap_or(0) {
            return;
        }
        board.arrived.remove(&epoch);
        board.complete.insert(epoch);
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
    /// Takes the parts of an epoch, to be sent elsewhere. What an ended operator has left goes once.
    fn take(&mut self, epoch: Epoch) -> Parts {
        let mut taken = Vec::new();
        for ((id, worker), parts) in &mut self.parts {
            if let Some(part) = parts.remove(&epoch) {
                taken.push((id.clone(), *worker, part));
            }
        }
        taken
    }

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
