//! What the workers of a job in one process share, and what the drivers of one worker share.

use crate::alignment::AlignmentBoard;
use crate::budget::Budget;
use crate::decisions::Decisions;
use crate::flow::Layout;
use crate::identity::JobIdentity;
use crate::job::JobOptions;
use crate::snapshot::{Snapshot, SnapshotBoard};
use crate::source::Waker;
use crate::ticks::TickBoard;
use crate::timestamp::{END, epoch_of, next_epoch, pack};
use crate::turns::{Alarms, Pace};
use riverrun_core::metrics::JobMetrics;
use riverrun_core::{Clock, Epoch, Error, Tick};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use timely::scheduling::activate::{Activator, SyncActivator};

/// How sure it is that an error is the cause and not a consequence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blame {
    /// A consequence of something that broke elsewhere, such as a lost connection.
    Consequence,
    /// The cause.
    Cause,
}

/// Tells the other processes of a failure.
pub(crate) type FailureListener = Box<dyn Fn(&Error) + Send + Sync>;

/// What all workers of a job in this process share.
pub(crate) struct JobShared {
    pub(crate) name: String,
    pub(crate) identity: JobIdentity,
    pub(crate) options: JobOptions,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who lets the threads go on.
    pub(crate) pace: Pace,
    pub(crate) metrics: JobMetrics,
    pub(crate) restore: Option<Arc<Snapshot>>,
    pub(crate) layout: Layout,
    /// The first timestamp: after a restore the epochs go on from the snapshot's.
    pub(crate) start: u64,
    pub(crate) ticks: TickBoard,
    pub(crate) budget: Arc<Budget>,
    /// How far the sources are that keep step with each other.
    pub(crate) alignment: Arc<AlignmentBoard>,
    pub(crate) snapshots: SnapshotBoard,
    /// Where the job has checkpoints, what has been decided.
    pub(crate) decisions: Decisions,
    stopping: AtomicBool,
    cancelled: AtomicBool,
    failure: Mutex<Option<(Blame, Error)>>,
    threads: Mutex<Vec<Thread>>,
    pub(crate) on_failure: OnceLock<FailureListener>,
}

impl JobShared {
    pub(crate) fn new(
        name: String,
        identity: JobIdentity,
        options: JobOptions,
        clock: Arc<dyn Clock>,
        pace: Pace,
        restore: Option<Arc<Snapshot>>,
        layout: Layout,
    ) -> Arc<Self> {
        let start = restore.as_ref().map_or(0, |snapshot| next_epoch(pack(snapshot.epoch, Tick(0))));
        Arc::new(JobShared {
            name,
            identity,
            start,
            clock,
            pace,
            metrics: JobMetrics::default(),
            restore,
            layout,
            ticks: TickBoard::new(start),
            budget: Budget::new(options.bytes_in_flight),
            alignment: Arc::default(),
            snapshots: SnapshotBoard::new(options.retained_snapshots),
            decisions: Decisions::default(),
            options,
            stopping: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            failure: Mutex::new(None),
            threads: Mutex::new(Vec::new()),
            on_failure: OnceLock::new(),
        })
    }

    /// A worker's thread, to be woken when the job is cancelled.
    pub(crate) fn register_thread(&self, thread: Thread) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    /// The job has failed: the first cause is kept, and every worker ends.
    pub(crate) fn fail(&self, blame: Blame, error: Error) {
        let first = {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            let first = failure.as_ref().is_none_or(|(known, _)| *known < blame);
            if first {
                *failure = Some((blame, error.clone()));
            }
            first
        };
        if first
            && blame == Blame::Cause
            && let Some(tell) = self.on_failure.get()
        {
            tell(&error);
        }
        self.cancel();
    }

    /// The error that the job ends with.
    pub(crate) fn failure(&self) -> Option<(Blame, Error)> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every worker ends at once.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            thread.unpark();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Sources stop reading; what has been read goes through.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.ticks.wake();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// Wakes one operator of one worker from any thread, and remembers that it was called.
#[derive(Default)]
pub(crate) struct WakeHandle {
    called: AtomicBool,
    activator: OnceLock<SyncActivator>,
    quiet: OnceLock<Waker>,
}

impl WakeHandle {
    /// Says whom to wake, once the operator has its place in the dataflow.
    pub(crate) fn connect(&self, activator: SyncActivator) {
        let _ = self.activator.set(activator);
        if self.called.load(Ordering::SeqCst) {
            self.activate();
        }
    }

    /// Wakes the operator without a note that it was called.
    pub(crate) fn activate(&self) {
        if let Some(activator) = self.activator.get() {
            // An error means that the worker is gone, and with it what was to be woken.
            let _ = activator.activate();
        }
    }

    /// Whether it has been called since the last time this was asked.
    pub(crate) fn take_call(&self) -> bool {
        self.called.swap(false, Ordering::SeqCst)
    }

    /// Whether it has been called and nobody has asked yet.
    pub(crate) fn is_called(&self) -> bool {
        self.called.load(Ordering::SeqCst)
    }

    /// What sources and sinks are given.
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        let handle = self.clone();
        Arc::new(move || {
            handle.called.store(true, Ordering::SeqCst);
            handle.activate();
        })
    }

    /// What the runtime itself uses: wakes without asking for a poll. Always the same one.
    pub(crate) fn quiet_waker(self: &Arc<Self>) -> Waker {
        let wake = || {
            let handle = Arc::downgrade(self);
            let wake: Waker = Arc::new(move || {
                if let Some(handle) = handle.upgrade() {
                    handle.activate();
                }
            });
            wake
        };
        self.quiet.get_or_init(wake).clone()
    }
}

/// How far everything has come: the least frontier of all ends of the dataflow.
#[derive(Default)]
pub(crate) struct Progress {
    frontier: Cell<u64>,
    room: Cell<u64>,
    runs: Cell<u64>,
    listeners: RefCell<Vec<Activator>>,
}

impl Progress {
    /// Nothing before this timestamp is on its way any more, on any worker.
    pub(crate) fn frontier(&self) -> u64 {
        self.frontier.get()
    }

    /// Up to here every sink, on every worker, has taken what came and has room for more.
    pub(crate) fn room(&self) -> u64 {
        self.room.get()
    }

    /// An operator of this worker has run.
    pub(crate) fn count_run(&self) {
        self.runs.set(self.runs.get() + 1);
    }

    /// How often an operator of this worker has run.
    pub(crate) fn runs(&self) -> u64 {
        self.runs.get()
    }

    /// Whether all of `epoch` has passed the whole job.
    pub(crate) fn has_passed(&self, epoch: Epoch) -> bool {
        self.frontier.get() == END || epoch_of(self.frontier.get()) > epoch
    }

    /// Activates an operator at each advance.
    pub(crate) fn subscribe(&self, activator: Activator) {
        self.listeners.borrow_mut().push(activator);
    }

    pub(crate) fn advance(&self, frontier: u64, room: u64) {
        if (self.frontier.replace(frontier) != frontier) | (self.room.replace(room) != room) {
            for listener in self.listeners.borrow().iter() {
                listener.activate();
            }
        }
    }
}

/// What the drivers of one worker share.
#[derive(Clone)]
pub(crate) struct WorkerShared {
    pub(crate) job: Arc<JobShared>,
    pub(crate) progress: Rc<Progress>,
    /// Its alarms, where they are not timely's.
    pub(crate) alarms: Option<Rc<Alarms>>,
    pub(crate) worker: usize,
}

impl WorkerShared {
    /// Takes from `open`, epochs in order, those that are complete. With checkpoints those are all up to the newest decided one,
    /// which stands for all before it.
    pub(crate) fn take_complete(&self, open: &mut VecDeque<Epoch>) -> Vec<Epoch> {
        let decided = self.job.identity.checkpoints.then(|| self.job.decisions.newest());
        let is_complete = |epoch: &Epoch| match decided {
            Some(newest) => newest.is_some_and(|newest| *epoch <= newest),
            None => self.progress.has_passed(*epoch),
        };
        let complete = open.iter().take_while(|epoch| is_complete(epoch)).count();
        open.drain(..complete).collect()
    }

    /// The same, but with checkpoints the newest one alone.
    pub(crate) fn take_decided(&self, open: &mut VecDeque<Epoch>) -> Vec<Epoch> {
        let mut complete = self.take_complete(open);
        if self.job.identity.checkpoints {
            complete.drain(..complete.len().saturating_sub(1));
        }
        complete
    }
}
