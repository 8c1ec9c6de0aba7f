//! What sinks that write to servers share: a thread per worker that writes what it is handed, in order, as often as it
//! takes; and what is to be done about an answer that is not yes.

mod thread;

pub use thread::{Delivery, Target, Unit};

use riverrun_core::Error;
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
