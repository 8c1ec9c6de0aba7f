//! The bytes that are on their way between operators, and who waits until there are fewer.
//!
//! A source may send while all live bytes of its process are under the limit. An operator that multiplies rows may go on
//! while those that were sent at or after it in the dataflow are: what waits before it would wait for ever if
//! it counted. For the same reason messages that are held back behind a barrier count for sources only, since the
//! barrier may be waiting for the operator. So the last of all operators that wait always has someone after it who works.

use crate::source::Waker;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The live message bytes of one process, against a limit.
pub(crate) struct Budget {
    limit: usize,
    live: AtomicUsize,
    peak: AtomicUsize,
    /// The bytes that each node of the dataflow has sent and nobody holds back.
    moving: RwLock<Vec<Arc<AtomicUsize>>>,
    waiting: AtomicBool,
    waiters: Mutex<Vec<(Bound, Waker)>>,
}

/// Which bytes hold a sender up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// All of the process: for sources.
    All,
    /// Those sent by this node and the nodes after it: for operators.
    From(usize),
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Budget {
            limit,
            live: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            moving: RwLock::default(),
            waiting: AtomicBool::new(false),
            waiters: Mutex::default(),
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

    fn has_room(&self, bound: Bound) -> bool {
        // Under any limit one turn is allowed, or nothing would ever move.
        let used = match bound {
            Bound::All => self.live(),
            Bound::From(node) => {
                let moving = self.moving.read().unwrap_or_else(PoisonError::into_inner);
                moving.iter().skip(node).map(|bytes| bytes.load(Ordering::SeqCst)).sum()
            }
        };
        used < self.limit || used == 0
    }

    /// Whether a sender may go on; if not, `waker` is called when it may.
    pub(crate) fn room_or_wait(&self, bound: Bound, waker: &Waker) -> bool {
        if self.has_room(bound) {
            return true;
        }
        self.wait(bound, waker);
        self.waiting.store(true, Ordering::SeqCst);
        // What was freed between the two looks has found nobody waiting.
        self.has_room(bound)
    }

    /// Whoever looks again while there is no room still waits once.
    fn wait(&self, bound: Bound, waker: &Waker) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiters.iter().any(|(known, waiter)| *known == bound && Arc::ptr_eq(waiter, waker)) {
            waiters.push((bound, waker.clone()));
        }
    }

    /// Bytes have been freed.
    fn freed(&self) {
        if !self.waiting.load(Ordering::SeqCst) {
            return;
        }
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.retain(|(bound, waker)| {
            let room = self.has_room(*bound);
            if room {
                waker();
            }
            !room
        });
        self.waiting.store(!waiters.is_empty(), Ordering::SeqCst);
    }

    /// The meter of what a node of the dataflow sends.
    pub(crate) fn meter(self: &Arc<Self>, node: usize) -> Meter {
        let mut moving = self.moving.write().unwrap_or_else(PoisonError::into_inner);
        if moving.len() <= node {
            moving.resize_with(node + 1, Arc::default);
        }
        Meter { budget: self.clone(), moving: moving[node].clone() }
    }
}

/// Counts what one node of the dataflow sends.
#[derive(Clone)]
pub(crate) struct Meter {
    budget: Arc<Budget>,
    moving: Arc<AtomicUsize>,
}

impl Meter {
    /// Counts `bytes` until the guard is dropped.
    pub(crate) fn guard(&self, bytes: usize) -> Guard {
        let live = self.budget.live.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.budget.peak.fetch_max(live, Ordering::SeqCst);
        self.moving.fetch_add(bytes, Ordering::SeqCst);
        Guard { bytes, held: false, meter: Some(self.clone()) }
    }
}

/// Counts the bytes of one message for as long as it lives.
#[derive(Default)]
pub(crate) struct Guard {
    bytes: usize,
    held: bool,
    meter: Option<Meter>,
}

impl Guard {
    /// The message is held back behind a barrier, or no longer is.
    pub(crate) fn hold(&mut self, held: bool) {
        if let Some(meter) = &self.meter
            && std::mem::replace(&mut self.held, held) != held
        {
            if held {
                meter.moving.fetch_sub(self.bytes, Ordering::SeqCst);
                meter.budget.freed();
            } else {
                meter.moving.fetch_add(self.bytes, Ordering::SeqCst);
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(meter) = self.meter.take() {
            meter.budget.live.fetch_sub(self.bytes, Ordering::SeqCst);
            if !self.held {
                meter.moving.fetch_sub(self.bytes, Ordering::SeqCst);
            }
            meter.budget.freed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag() -> (Arc<AtomicBool>, Waker) {
        let called = Arc::new(AtomicBool::new(false));
        let set = called.clone();
        (called, Arc::new(move || set.store(true, Ordering::SeqCst)))
    }

    #[test]
    fn an_operator_is_held_up_by_what_is_after_it_and_a_source_by_everything() {
        let budget = Budget::new(100);
        let (_, waker) = flag();
        let before = budget.meter(0).guard(150);
        assert!(!budget.room_or_wait(Bound::All, &waker));
        assert!(!budget.room_or_wait(Bound::From(0), &waker));
        assert!(budget.room_or_wait(Bound::From(1), &waker));
        let after = budget.meter(2).guard(100);
        assert!(!budget.room_or_wait(Bound::From(1), &waker));
        drop((before, after));
        assert_eq!((budget.live(), budget.peak()), (0, 250));
    }

    #[test]
    fn who_waits_is_woken_when_there_is_room() {
        let budget = Budget::new(100);
        let (called, waker) = flag();
        let (first, second) = (budget.meter(1).guard(80), budget.meter(1).guard(80));
        assert!(!budget.room_or_wait(Bound::From(1), &waker));
        assert!(!budget.room_or_wait(Bound::From(1), &waker));
        assert_eq!(budget.waiters.lock().unwrap().len(), 1, "however often it looks");
        drop(first);
        assert!(called.load(Ordering::SeqCst));
        drop(second);
    }

    #[test]
    fn what_waits_behind_a_barrier_holds_up_sources_only() {
        let budget = Budget::new(100);
        let (called, waker) = flag();
        let mut guard = budget.meter(1).guard(200);
        assert!(!budget.room_or_wait(Bound::From(0), &waker));
        guard.hold(true);
        assert!(called.load(Ordering::SeqCst));
        assert!(budget.room_or_wait(Bound::From(0), &waker));
        assert!(!budget.room_or_wait(Bound::All, &waker));
        guard.hold(false);
        assert!(!budget.room_or_wait(Bound::From(0), &waker));
    }
}
