//! What sinks that write to servers share: exactly once, at least once, or as it comes.
//!
//! ```text
//! worker:  write ─► rows at hand ─ barrier n ─► log of n ─ manifest of n is put ─► thread
//! thread:  commit(log of n, token n), as often as it takes ─► worker forgets the log
//! ```
//!
//! **Exactly once.** A *lane* is one worker's way into the table. Between barriers it takes rows into a log that is part of
//! the checkpoint and never waits for the system. When the checkpoint's manifest has been put, the log is written in one
//! transaction that also moves the lane's *token* to that epoch. A restored job first *fences* every old lane (its writer
//! of an earlier generation can't commit any more), then reads its token, then writes the logs after it, in order; a new
//! lane begins when all old ones are finished. So it does not matter where a crash falls, or how often.
//!
//! **At least once.** Rows go out as they come; those that are not confirmed are part of the checkpoint, and are written
//! again after a restore. Without checkpoints a tick stays open until its rows are written.

mod guarantee;
mod lane;
mod thread;
mod writer;

#[cfg(test)]
mod tests;

pub use guarantee::Guarantee;
pub use lane::{Columns, EpochLog, LaneName, LanePart};
pub use thread::{Commit, Committed, Target};
pub use writer::{DeliverySpec, DeliveryWriter};

use riverrun_core::Error;
use riverrun_core::failpoint::{Struck, strike};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Why something did not work, and so what to do.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// The system can't be reached, or is locked: connect again, and wait without end.
    Away(Error),
    /// An answer that may be another next time: a deadlock, a full server.
    Passing(Error),
    /// No.
    Refused(Error),
}

impl Trouble {
    /// What happened, in words.
    pub fn into_error(self) -> Error {
        match self {
            Trouble::Away(error) | Trouble::Passing(error) | Trouble::Refused(error) => error,
        }
    }

    /// The same, told as part of something larger.
    #[must_use]
    pub fn context(self, context: &str) -> Trouble {
        match self {
            Trouble::Away(error) => Trouble::Away(error.context(context)),
            Trouble::Passing(error) => Trouble::Passing(error.context(context)),
            Trouble::Refused(error) => Trouble::Refused(error.context(context)),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Refused(error)
    }
}

/// The result of a word with another system.
pub type Outcome<T> = std::result::Result<T, Trouble>;

/// A failpoint at which the connection may be lost.
pub fn connection_point(name: &str) -> Outcome<()> {
    match strike(name)? {
        Struck::Nothing => Ok(()),
        Struck::Disconnected => {
            Err(Trouble::Away(Error::failure("the connection was lost").detail(format!("failpoint '{name}'"))))
        }
    }
}

/// What a start is told that is not the latest one of its job.
pub(crate) const LEFTOVER: &str = "this process is a leftover, and the later one goes on with its work; \
    where the state directory is an older copy, start it again: each start counts one further";

/// What a writer is told whose lane has been taken over.
pub fn fenced(lane: &LaneName) -> Trouble {
    Trouble::Refused(
        Error::failure(format!("a later start of the job has taken over lane {} of '{}'", lane.lane, lane.sink))
            .detail(format!("job {}", lane.job))
            .hint(LEFTOVER),
    )
}

/// Tells a thread that waits for another system that nobody waits for the thread any more.
#[derive(Clone, Default)]
pub struct Stop(Arc<StopState>);

#[derive(Default)]
struct StopState {
    stopped: AtomicBool,
    listener: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Stop {
    /// Stops the thread.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        if let Some(listener) = &*self.0.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            listener();
        }
    }

    /// Whether it is to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// What wakes the thread where it waits; the last one given is called.
    pub fn on_stop(&self, listener: impl Fn() + Send + 'static) {
        *self.0.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stop").field(&self.is_stopped()).finish()
    }
}
