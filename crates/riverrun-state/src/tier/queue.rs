//! The way from workers to stores: runs and barriers in order, on threads beside the workers.

use super::files::TicketSender;
use super::run::Run;
use super::store::TierStore;
use riverrun_core::{Error, Result};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

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
        self.writers.wake(self)
    }

    /// Does what is to be done, up to an error.
    fn work(&self) {
        loop {
            let task = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).tasks.pop_front();
            match task {
                None => return,
                Some(Task::Freeze(ticket)) => ticket.keep(self.store.freeze().map(Arc::new)),
                Some(Task::Apply(sent)) => {
                    let outcome = self.store.apply(&sent.run);
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

/// The threads that write to stores. A store's tasks are always done by the same one.
#[derive(Debug)]
pub(super) struct Writers {
    /// None: tasks are done at once, by whoever brings them.
    threads: Vec<Sender<Arc<Queue>>>,
}

impl Writers {
    /// None: everything is done at once.
    pub(super) fn none() -> Self {
        Writers { threads: Vec::new() }
    }

    /// So many threads; with none everything is done at once.
    pub(super) fn start(count: usize) -> Result<Arc<Self>> {
        let mut threads = Vec::new();
        for number in 0..count {
            let (sender, receiver) = channel::<Arc<Queue>>();
            let run = move || {
                while let Ok(queue) = receiver.recv() {
                    queue.work();
                }
            };
            let thread = std::thread::Builder::new().name(format!("state-{number}")).spawn(run);
            drop(thread.map_err(|error| Error::failure(format!("a thread can't be started: {error}")))?);
            threads.push(sender);
        }
        Ok(Arc::new(Writers { threads }))
    }

    fn wake(&self, queue: &Arc<Queue>) -> Result<()> {
        if self.threads.is_empty() {
            queue.work();
            return Ok(());
        }
        // Queues live long and are never moved: their address tells them apart.
        let which = (Arc::as_ptr(queue) as usize >> 6) % self.threads.len();
        let gone = || Error::failure("the thread that writes state has ended");
        self.threads.get(which).ok_or_else(gone)?.send(queue.clone()).map_err(|_| gone())
    }
}

/// Numbers that tell stores of this process apart.
pub(crate) fn next_origin() -> u64 {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed) as u64
}
