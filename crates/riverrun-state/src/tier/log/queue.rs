//! What the threads do for a log: appends, merges and barriers.

use super::merge::merge;
use super::segment::SegmentFile;
use crate::tier::files::{TicketSender, TierFiles};
use crate::tier::queue::{Task, guarded};
use crate::tier::store::GroupRange;
use riverrun_core::{Error, Result, failpoint};
use std::sync::Arc;

/// Segments to be merged, oldest first; `oldest` if there are none before them.
#[derive(Debug)]
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
pub(super) enum LogTask {
    Append(Arc<SegmentFile>, Vec<u8>),
    Merge(Merge),
    Freeze(Frozen),
}

impl Task for LogTask {
    fn num_bytes(&self) -> usize {
        match self {
            LogTask::Append(_, records) => records.len(),
            LogTask::Merge(_) | LogTask::Freeze(_) => 0,
        }
    }

    fn run(self) -> std::result::Result<(), (Self, Error)> {
        let flush = |write: &dyn Fn() -> Result<()>| guarded(|| failpoint("state-flush").and_then(|()| write()));
        let written = match &self {
            LogTask::Append(file, records) => flush(&|| file.append(records)),
            LogTask::Merge(task) => flush(&|| merge(task)),
            LogTask::Freeze(_) => Ok(()),
        };
        match (self, written) {
            (LogTask::Freeze(frozen), _) => {
                frozen.keep();
                Ok(())
            }
            (_, Ok(())) => Ok(()),
            (task, Err(error)) => Err((task, error)),
        }
    }

    fn stays_behind(self, error: &Error) -> Option<Self> {
        match self {
            LogTask::Freeze(frozen) => {
                frozen.ticket.keep(Err(error.clone()));
                None
            }
            task => Some(task),
        }
    }
}

impl Frozen {
    fn keep(self) {
        let files = guarded(|| {
            failpoint("state-hard-link")?;
            let files = self.files.iter().map(|file| file.frozen()).collect();
            Ok(TierFiles { groups: self.groups, origin: self.origin, files, scratch: None })
        });
        self.ticket.keep(files.map(Arc::new));
    }
}
