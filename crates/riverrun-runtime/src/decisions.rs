//! Which epochs are complete for good.

use crate::source::Waker;
use riverrun_core::Epoch;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The newest epoch whose checkpoint has been decided, and who wants to hear of it.
#[derive(Default)]
pub(crate) struct Decisions {
    /// Its number plus one; 0 before the first.
    decided: AtomicU64,
    wakers: Mutex<Vec<Waker>>,
}

impl Decisions {
    /// The newest decided epoch. It stands for those before it.
    pub(crate) fn newest(&self) -> Option<Epoch> {
        let decided = self.decided.load(Ordering::SeqCst);
        u32::try_from(decided.checked_sub(1)?).ok().map(Epoch)
    }

    /// `waker` is called at each decision.
    pub(crate) fn subscribe(&self, waker: Waker) {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(waker);
    }

    /// The manifest of `epoch` has been put.
    pub(crate) fn decide(&self, epoch: Epoch) {
        self.decided.fetch_max(u64::from(epoch.0) + 1, Ordering::SeqCst);
        for waker in self.wakers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            waker();
        }
    }
}
