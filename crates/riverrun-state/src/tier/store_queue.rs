//! What the threads do for a store: runs and barriers.

use super::files::TicketSender;
use super::queue::{Queue, Task, Writers, guarded};
use super::run::Run;
use super::store::TierStore;
use riverrun_core::{Error, Result, failpoint};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A worker that waits for room looks so often whether there is an error instead.
const WAIT: Duration = Duration::from_millis(100);

/// A run on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) run: Run,
    bytes: usize,
    done: AtomicBool,
}

impl Sent {
    /// Whether the store has it.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
enum StoreTask {
    Apply(Arc<dyn TierStore>, Arc<Sent>),
    Freeze(Arc<dyn TierStore>, TicketSender),
}

impl Task for StoreTask {
    fn num_bytes(&self) -> usize {
        match self {
            StoreTask::Apply(_, sent) => sent.bytes,
            StoreTask::Freeze(..) => 0,
        }
    }

    fn run(self) -> std::result::Result<(), (Self, Error)> {
        match self {
            StoreTask::Apply(store, sent) => {
                match guarded(|| failpoint("state-flush").and_then(|()| store.apply(&sent.run))) {
                    Ok(()) => sent.done.store(true, Ordering::Release),
                    Err(error) => return Err((StoreTask::Apply(store, sent), error)),
                }
            }
            StoreTask::Freeze(store, ticket) => {
                let frozen = guarded(|| failpoint("state-hard-link").and_then(|()| store.freeze()));
                ticket.keep(frozen.map(Arc::new));
            }
        }
        Ok(())
    }

    fn stays_behind(self, error: &Error) -> Option<Self> {
        match self {
            StoreTask::Freeze(_, ticket) => {
                ticket.keep(Err(error.clone()));
                None
            }
            task => Some(task),
        }
    }
}

/// A store and the way to it.
#[derive(Clone, Debug)]
pub(super) struct StoreQueue {
    store: Arc<dyn TierStore>,
    queue: Arc<Queue<StoreTask>>,
}

impl StoreQueue {
    pub(super) fn new(store: Arc<dyn TierStore>, writers: Arc<Writers>, limit: usize) -> Self {
        StoreQueue { store, queue: Queue::new(writers, limit) }
    }

    pub(super) fn store(&self) -> &dyn TierStore {
        &*self.store
    }

    /// Sends a run. While too much waits, the worker does too; an error is that of the store.
    pub(super) fn apply(&self, run: Run) -> Result<Arc<Sent>> {
        let sent = Arc::new(Sent { bytes: run.num_bytes(), run, done: AtomicBool::new(false) });
        self.queue.push(StoreTask::Apply(self.store.clone(), sent.clone()))?;
        while !self.queue.has_room(WAIT)? {}
        Ok(sent)
    }

    /// Asks for the files of what has been sent so far.
    pub(super) fn freeze(&self, ticket: TicketSender) -> Result<()> {
        self.queue.push(StoreTask::Freeze(self.store.clone(), ticket))
    }
}
