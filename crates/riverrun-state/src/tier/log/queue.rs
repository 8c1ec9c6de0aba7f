//! What the thread does for a log: appends, merges and barriers, in order.

use super::merge::merge;
use super::segment::SegmentFile;
use crate::tier::files::{TicketSender, TierFiles};
use crate::tier::queue::{Chores, Writers, guarded};
use crate::tier::store::GroupRange;
use riverrun_core::{Error, Result, failpoint};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// So long a worker waits for room, between two batches.
const MOMENT: Duration = Duration::from_millis(1);

/// Segments to be merged, oldest first; `oldest` if there are none before them.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    pub from: Vec<Arc<SegmentFile>>,
    pub into: Arc<SegmentFile>,
    pub oldest: bool,
}

/// A barrier: the files that are its state.
#[derive(Debug)]
pub(super) struct Frozen {
    pub groups: GroupRange,
    pub origin: u64,
    pub files: Vec<Arc<SegmentFile>>,
    pub ticket: TicketSender,
}

#[derive(Debug)]
enum Task {
    Append(Arc<SegmentFile>, Vec<u8>),
    Merge(Merge),
    Freeze(Frozen),
}

#[derive(Debug, Default)]
struct Tasks {
    tasks: VecDeque<Task>,
    /// Of what is to be appended.
    bytes: usize,
    error: Option<Error>,
}

/// What is still to be done for one log.
#[derive(Debug)]
pub(super) struct SegmentQueue {
    writers: Arc<Writers>,
    tasks: Mutex<Tasks>,
    changed: Condvar,
    limit: usize,
}

impl SegmentQueue {
    pub(super) fn new(writers: Arc<Writers>, limit: usize) -> Arc<Self> {
        Arc::new(SegmentQueue { writers, tasks: Mutex::default(), changed: Condvar::new(), limit })
    }

    pub(super) fn append(self: &Arc<Self>, file: Arc<SegmentFile>, records: Vec<u8>) -> Result<()> {
        self.push(Task::Append(file, records))
    }

    pub(super) fn merge(self: &Arc<Self>, merge: Merge) -> Result<()> {
        self.push(Task::Merge(merge))
    }

    pub(super) fn freeze(self: &Arc<Self>, frozen: Frozen) -> Result<()> {
        self.push(Task::Freeze(frozen))
    }

    /// Whether not too much waits. If it does, a moment is given to it; an error is that of what could not be written.
    pub(super) fn has_room(&self) -> Result<bool> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.bytes <= self.limit {
            return Ok(true);
        }
        if let Some(error) = &tasks.error {
            return Err(error.clone());
        }
        let waited = self.changed.wait_timeout(tasks, MOMENT).unwrap_or_else(PoisonError::into_inner);
        Ok(waited.0.bytes <= self.limit)
    }

    fn push(self: &Arc<Self>, task: Task) -> Result<()> {
        {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            if let Task::Append(_, records) = &task {
                tasks.bytes += records.len();
            }
            tasks.tasks.push_back(task);
            // What has failed is tried again.
            tasks.error = None;
        }
        self.writers.wake(self.clone())
    }

    fn fail(&self, task: Task, error: &Error) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut tasks.tasks);
        tasks.tasks.push_back(task);
        for task in waiting {
            match task {
                Task::Freeze(frozen) => frozen.ticket.keep(Err(error.clone())),
                task => tasks.tasks.push_back(task),
            }
        }
        tasks.error = Some(error.clone());
        self.changed.notify_all();
    }
}

impl Chores for SegmentQueue {
    /// Up to an error: then the task stays the next, and the barriers behind it have failed.
    fn work(&self, closing: &dyn Fn() -> bool) {
        while !closing() {
            let task = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).tasks.pop_front();
            match task {
                None => return,
                Some(Task::Freeze(frozen)) => {
                    let files = guarded(|| {
                        failpoint("state-hard-link")?;
                        let files = frozen.files.iter().map(|file| file.frozen()).collect();
                        Ok(TierFiles { groups: frozen.groups, origin: frozen.origin, files, scratch: None })
                    });
                    frozen.ticket.keep(files.map(Arc::new));
                }
                Some(Task::Append(file, records)) => {
                    match guarded(|| failpoint("state-flush").and_then(|()| file.append(&records))) {
                        Ok(()) => {
                            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                            tasks.bytes -= records.len();
                            self.changed.notify_all();
                        }
                        Err(error) => return self.fail(Task::Append(file, records), &error),
                    }
                }
                Some(Task::Merge(task)) => {
                    if let Err(error) = guarded(|| failpoint("state-flush").and_then(|()| merge(&task))) {
                        return self.fail(Task::Merge(task), &error);
                    }
                }
            }
        }
    }
}
