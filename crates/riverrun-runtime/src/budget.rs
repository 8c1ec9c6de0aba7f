//! The bytes that are on their way between operators, and what waits until there are fewer.

use crate::source::Waker;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The live message bytes of one process, against a limit.
pub(crate) struct Budget {
    limit: usize,
    live: AtomicUsize,
    peak: AtomicUsize,
    waiting: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Budget {
            limit,
            live: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            waiting: AtomicBool::new(false),
            wakers: Mutex::new(Vec::new()),
        })
    }

    /// The live bytes now.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// The most bytes that were ever live.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    fn add(&self, bytes: usize) {
        let live = self.live.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.peak.fetch_max(live, Ordering::SeqCst);
    }

    fn wake(&self) {
        if self.waiting.swap(false, Ordering::SeqCst) {
            let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(PoisonError::into_inner));
            for waker in wakers {
                waker();
            }
        }
    }
}

/// The share of one sender in the live bytes.
///
/// A sender may send while the process is under its budget, or while nothing of its own is on the way: since what
/// is downstream of it then has no work of its making, this can never lock up.
pub(crate) struct Meter {
    budget: Arc<Budget>,
    own: AtomicUsize,
}

impl Meter {
    pub(crate) fn new(budget: Arc<Budget>) -> Arc<Self> {
        Arc::new(Meter { budget, own: AtomicUsize::new(0) })
    }

    /// Whether the sender may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.budget.live() < self.budget.limit || self.own.load(Ordering::SeqCst) == 0
    }

    /// Whether the sender may go on; if not, `waker` is called when it may.
    pub(crate) fn room_or_wait(&self, waker: &Waker) -> bool {
        if self.has_room() {
            return true;
        }
        self.budget.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(waker.clone());
        self.budget.waiting.store(true, Ordering::SeqCst);
        // What was freed between the two looks has found nobody waiting.
        self.has_room()
    }

    /// Counts `bytes` until the guard is dropped.
    pub(crate) fn guard(self: &Arc<Self>, bytes: usize) -> Guard {
        self.budget.add(bytes);
        self.own.fetch_add(bytes, Ordering::SeqCst);
        Guard { bytes, meter: Some(self.clone()) }
    }
}

/// Counts the bytes of one message for as long as it lives.
#[derive(Default)]
pub(crate) struct Guard {
    bytes: usize,
    meter: Option<Arc<Meter>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(meter) = self.meter.take() {
            let live = meter.budget.live.fetch_sub(self.bytes, Ordering::SeqCst) - self.bytes;
            let own = meter.own.fetch_sub(self.bytes, Ordering::SeqCst) - self.bytes;
            if live < meter.budget.limit || own == 0 {
                meter.budget.wake();
            }
        }
    }
}
