//! The job's ticks and epochs: numbers that process 0 announces and every source follows.
//!
//! A source that has sent something in a tick asks for the next one. Whoever asks first gets it announced; every source
//! moves on to an announced number at once, whether it has data or not, so the frontier never waits for an idle one.
//! Where nothing is sent nothing is announced, and an idle job stands still.

use crate::source::Waker;
use crate::timestamp::{epoch_of, next_epoch, next_tick};
use riverrun_core::Epoch;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How the numbers travel between the processes of a job.
pub(crate) enum TickLink {
    /// Process 0: hands an announced number to the others.
    Announce(Box<dyn Fn(u64) + Send + Sync>),
    /// Another process: asks process 0 for a number after this one.
    Request(Box<dyn Fn(u64) + Send + Sync>),
}

/// The newest number that has been announced, and who wants to hear of it.
#[derive(Default)]
pub(crate) struct TickBoard {
    announced: AtomicU64,
    requested: AtomicU64,
    wakers: Mutex<Vec<Waker>>,
    link: OnceLock<TickLink>,
}

impl TickBoard {
    /// A board on which `start` is announced.
    pub(crate) fn new(start: u64) -> Self {
        TickBoard { announced: AtomicU64::new(start), ..TickBoard::default() }
    }

    /// Connects the board to those of the other processes. Without a link the process is the only one.
    pub(crate) fn connect(&self, link: TickLink) {
        let _ = self.link.set(link);
    }

    /// The newest number.
    pub(crate) fn announced(&self) -> u64 {
        self.announced.load(Ordering::SeqCst)
    }

    /// `waker` is called at each announcement.
    pub(crate) fn subscribe(&self, waker: Waker) {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(waker);
    }

    /// Something has been sent at `used`: asks for a tick after it.
    pub(crate) fn request_after(&self, used: u64) {
        if let Some(TickLink::Request(request)) = self.link.get() {
            // One request per tick and process is enough.
            if self.requested.fetch_max(used + 1, Ordering::SeqCst) <= used && self.announced() <= used {
                request(used);
            }
        } else if self.announced.compare_exchange(used, next_tick(used), Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.spread(next_tick(used));
        }
    }

    /// Opens the next epoch in process 0 and gives the one that ends by it; elsewhere does nothing.
    pub(crate) fn end_epoch(&self) -> Option<Epoch> {
        if matches!(self.link.get(), Some(TickLink::Request(_))) {
            return None;
        }
        let before = self
            .announced
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |time| Some(next_epoch(time)))
            .unwrap_or_default();
        self.spread(next_epoch(before));
        Some(epoch_of(before))
    }

    /// Process 0 has announced a number.
    pub(crate) fn announce(&self, time: u64) {
        if self.announced.fetch_max(time, Ordering::SeqCst) < time {
            self.wake();
        }
    }

    fn spread(&self, time: u64) {
        if let Some(TickLink::Announce(announce)) = self.link.get() {
            announce(time);
        }
        self.wake();
    }

    /// Wakes every source of this process.
    pub(crate) fn wake(&self) {
        for waker in self.wakers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            waker();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::pack;
    use riverrun_core::Tick;
    use std::sync::Arc;

    #[test]
    fn the_first_to_ask_opens_the_next_tick() {
        let board = TickBoard::default();
        board.request_after(0);
        board.request_after(0);
        assert_eq!(board.announced(), 1);
        board.request_after(1);
        assert_eq!(board.announced(), 2);
    }

    #[test]
    fn an_epoch_ends_all_its_ticks() {
        let board = TickBoard::default();
        board.request_after(0);
        assert_eq!(board.end_epoch(), Some(Epoch(0)));
        assert_eq!(board.announced(), pack(Epoch(1), Tick(0)));
    }

    #[test]
    fn another_process_asks_once_and_waits_for_the_announcement() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let board = TickBoard::default();
        let log = asked.clone();
        board.connect(TickLink::Request(Box::new(move |used| log.lock().unwrap().push(used))));
        board.request_after(0);
        board.request_after(0);
        assert_eq!(board.announced(), 0);
        board.announce(5);
        board.request_after(5);
        board.request_after(3);
        assert_eq!(*asked.lock().unwrap(), [0, 5]);
        assert_eq!(board.end_epoch(), None);
    }
}
