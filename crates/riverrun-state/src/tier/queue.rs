//! The way from workers to stores: runs and barriers in order, on threads beside the workers.

use super::files::{TicketSender, TierFiles};
use super::run::Run;
use super::store::TierStore;
use riverrun_core::{Error, Result, failpoint};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

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
enum Task {
    Apply(Arc<Sent>),
    Freeze(TicketSender),
}

#[derive(Debug, Default)]
struct Tasks {
    tasks: VecDeque<Task>,
    bytes: usize,
    error: Option<Error>,
}

/// What is still to be done for one store.
#[derive(Debug)]
pub(super) struct Queue {
    store: Arc<dyn TierStore>,
    writers: Arc<Writers>,
    tasks: Mutex<Tasks>,
    changed: Condvar,
    /// So many bytes may wait.
    limit: usize,
}

impl Queue {
    pub(super) fn new(store: Arc<dyn TierStore>, writers: Arc<Writers>, limit: usize) -> Arc<Self> {
        Arc::new(Queue { store, writers, tasks: Mutex::default(), changed: Condvar::new(), limit })
    }

    pub(super) fn store(&self) -> &dyn TierStore {
        &*self.store
    }

    /// Sends a run. While too much waits, the worker does too; an error is that of the store.
    pub(super) fn apply(self: &Arc<Self>, run: Run) -> Result<Arc<Sent>> {
        let sent = Arc::new(Sent { bytes: run.num_bytes(), run, done: AtomicBool::new(false) });
        self.push(Task::Apply(sent.clone()))?;
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.bytes > self.limit {
            if let Some(error) = &tasks.error {
                return Err(error.clone());
            }
            tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(sent)
    }

    /// Asks for the files of what has been sent so far.
    pub(super) fn freeze(self: &Arc<Self>, ticket: TicketSender) -> Result<()> {
        self.push(Task::Freeze(ticket))
    }

    fn push(self: &Arc<Self>, task: Task) -> Result<()> {
        {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            if let Task::Apply(sent) = &task {
                tasks.bytes += sent.bytes;
            }
            tasks.tasks.push_back(task);
            // What has failed is tried again.
            tasks.error = None;
        }
        self.writers.wake(self.clone())
    }
}

impl Chores for Queue {
    /// Up to an error.
    fn work(&self, closing: &dyn Fn() -> bool) {
        while !closing() {
            let task = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).tasks.pop_front();
            match task {
                None => return,
                Some(Task::Freeze(ticket)) => ticket.keep(self.freeze_store()),
                Some(Task::Apply(sent)) => {
                    let outcome = guarded(|| failpoint("state-flush").and_then(|()| self.store.apply(&sent.run)));
                    let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                    match outcome {
                        Ok(()) => {
                            sent.done.store(true, Ordering::Release);
                            tasks.bytes -= sent.bytes;
                            self.changed.notify_all();
                        }
                        Err(error) => {
                            tasks.fail(sent, error);
                            self.changed.notify_all();
                            return;
                        }
                    }
                }
            }
        }
    }
}

impl Queue {
    fn freeze_store(&self) -> Result<Arc<TierFiles>> {
        guarded(|| failpoint("state-hard-link").and_then(|()| self.store.freeze())).map(Arc::new)
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

impl Tasks {
    /// A run was not written: it stays the next, and the barriers behind it have failed.
    fn fail(&mut self, sent: Arc<Sent>, error: Error) {
        let waiting = std::mem::take(&mut self.tasks);
        self.tasks.push_back(Task::Apply(sent));
        for task in waiting {
            match task {
                Task::Freeze(ticket) => ticket.keep(Err(error.clone())),
                task => self.tasks.push_back(task),
            }
        }
        self.error = Some(error);
    }
}

/// What is still to be done for one table.
pub(super) trait Chores: Send + Sync + Debug {
    /// Does it, in order, until there is no more or the job is closing.
    fn work(&self, closing: &dyn Fn() -> bool);
}

/// The threads that write to stores and logs. A table's chores are always done by the same one.
#[derive(Debug, Default)]
pub(super) struct Writers {
    /// None: tasks are done at once, by whoever brings them.
    threads: Mutex<Vec<Writer>>,
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
        Ok(Arc::new(Writers { beside: count > 0, threads: Mutex::new(threads), closing }))
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
        // Queues live long and are never moved: their address tells them apart.
        let which = (Arc::as_ptr(&queue).cast::<()>() as usize >> 6).checked_rem(threads.len()).ok_or_else(gone)?;
        threads.get(which).ok_or_else(gone)?.queues.send(queue).map_err(|_| gone())
    }
}

/// Numbers that tell stores of this process apart.
pub(crate) fn next_origin() -> u64 {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed) as u64
}
