//! The way from workers to what is written beside them: tasks in order, on threads of their own.

use riverrun_core::{Error, Result};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Something that is to be done for a table after all before it.
pub(super) trait Task: Debug + Send + Sized + 'static {
    /// What it takes up while it waits.
    fn num_bytes(&self) -> usize;

    /// Does it. What has failed is given back: it is tried again when the next task comes. A barrier tells its outcome itself, and
    /// does not fail.
    fn run(self) -> std::result::Result<(), (Self, Error)>;

    /// A task before it has failed: a barrier fails with it and is gone, everything else stays.
    fn stays_behind(self, error: &Error) -> Option<Self>;
}

#[derive(Debug)]
struct Tasks<T> {
    tasks: VecDeque<T>,
    bytes: usize,
    error: Option<Error>,
}

/// What is still to be done for one table.
#[derive(Debug)]
pub(super) struct Queue<T> {
    writers: Arc<Writers>,
    number: usize,
    tasks: Mutex<Tasks<T>>,
    changed: Condvar,
    /// So many bytes may wait.
    limit: usize,
}

impl<T: Task> Queue<T> {
    pub(super) fn new(writers: Arc<Writers>, limit: usize) -> Arc<Self> {
        let tasks = Tasks { tasks: VecDeque::new(), bytes: 0, error: None };
        let number = writers.queues.fetch_add(1, Ordering::Relaxed);
        Arc::new(Queue { writers, number, tasks: Mutex::new(tasks), changed: Condvar::new(), limit })
    }

    pub(super) fn push(self: &Arc<Self>, task: T) -> Result<()> {
        {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.bytes += task.num_bytes();
            tasks.tasks.push_back(task);
            // What has failed is tried again.
            tasks.error = None;
        }
        self.writers.wake(self.clone())
    }

    /// Whether not too much waits. If it does, so long is given to it; an error is that of what could not be done.
    pub(super) fn has_room(&self, within: Duration) -> Result<bool> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.bytes <= self.limit {
            return Ok(true);
        }
        if let Some(error) = &tasks.error {
            return Err(error.clone());
        }
        let (tasks, _) = self.changed.wait_timeout(tasks, within).unwrap_or_else(PoisonError::into_inner);
        Ok(tasks.bytes <= self.limit)
    }
}

impl<T: Task> Chores for Queue<T> {
    fn number(&self) -> usize {
        self.number
    }

    /// Up to an error.
    fn work(&self, closing: &dyn Fn() -> bool) {
        while !closing() {
            let Some(task) = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).tasks.pop_front() else {
                return;
            };
            let bytes = task.num_bytes();
            let outcome = task.run();
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            self.changed.notify_all();
            match outcome {
                Ok(()) => tasks.bytes -= bytes,
                Err((task, error)) => {
                    // It stays the next, and the barriers behind it have failed.
                    let behind = std::mem::take(&mut tasks.tasks).into_iter();
                    tasks.tasks =
                        std::iter::once(task).chain(behind.filter_map(|task| task.stays_behind(&error))).collect();
                    tasks.error = Some(error);
                    return;
                }
            }
        }
    }
}

/// A panic is an error of the run or of the barrier: whoever waits must learn of it.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::bug(format!("writing state panicked: {said}")))
    })
}

/// A queue, whatever its tasks are.
pub(super) trait Chores: Send + Sync + Debug {
    /// How many queues there were before this one.
    fn number(&self) -> usize;

    /// Does it, in order, until there is no more or the job is closing.
    fn work(&self, closing: &dyn Fn() -> bool);
}

/// The threads that write to stores and logs. A table's chores are always done by the same one; tables go round.
#[derive(Debug, Default)]
pub(super) struct Writers {
    /// None: tasks are done at once, by whoever brings them.
    threads: Mutex<Vec<Writer>>,
    /// How many queues there have been.
    queues: AtomicUsize,
    beside: bool,
    closing: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Writer {
    queues: Sender<Arc<dyn Chores>>,
    thread: JoinHandle<()>,
}

impl Writers {
    /// So many threads; with none everything is done at once.
    pub(super) fn start(count: usize) -> Result<Arc<Self>> {
        let closing: Arc<AtomicBool> = Arc::default();
        let mut threads = Vec::new();
        for number in 0..count {
            let (queues, receiver) = channel::<Arc<dyn Chores>>();
            let closing = closing.clone();
            let run = move || {
                while let Ok(queue) = receiver.recv() {
                    queue.work(&|| closing.load(Ordering::Acquire));
                }
            };
            // The name tells the panic hook that a panic here is told as an error.
            let thread = std::thread::Builder::new().name(format!("timely:state-{number}")).spawn(run);
            let thread = thread.map_err(|error| Error::failure(format!("a thread can't be started: {error}")))?;
            threads.push(Writer { queues, thread });
        }
        Ok(Arc::new(Writers { beside: count > 0, threads: Mutex::new(threads), queues: AtomicUsize::new(0), closing }))
    }

    /// Ends the threads, once each has done all it was asked for, or only what it is at.
    pub(super) fn close(&self, all: bool) {
        if !all {
            self.closing.store(true, Ordering::Release);
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for Writer { queues, thread } in threads {
            drop(queues);
            // A panic of the thread has broken its promises already.
            let _ = thread.join();
        }
    }

    pub(super) fn wake(&self, queue: Arc<dyn Chores>) -> Result<()> {
        if !self.beside {
            queue.work(&|| self.closing.load(Ordering::Acquire));
            return Ok(());
        }
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = || Error::failure("the thread that writes state has ended");
        let which = queue.number().checked_rem(threads.len()).ok_or_else(gone)?;
        threads.get(which).ok_or_else(gone)?.queues.send(queue).map_err(|_| gone())
    }
}

/// Numbers that tell stores of this process apart.
pub(crate) fn next_origin() -> u64 {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed) as u64
}
