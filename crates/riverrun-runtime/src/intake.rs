//! What an operator has taken in and not yet worked on, and what must wait for a barrier.

use crate::batch::Batch;
use crate::channel::{Arrival, Inlets};
use crate::timestamp::end_of_epoch;
use riverrun_core::Result;
use std::collections::VecDeque;

/// The arrived messages of one operator, in arrival order.
///
/// Timely hands over messages of epoch n + 1 before n is complete. They are held back, watermarks included, until the
/// frontiers of all inputs have passed epoch n and the barrier has been dealt with. An operator that needs its ticks one
/// after the other has them held back in the same way.
pub(crate) struct Intake<B: Batch> {
    inlets: Inlets<B>,
    ready: VecDeque<Arrival<B>>,
    held: VecDeque<Arrival<B>>,
    by_tick: bool,
    now: u64,
}

impl<B: Batch> Intake<B> {
    pub(crate) fn new(inlets: Inlets<B>, by_tick: bool, start: u64) -> Self {
        Intake { inlets, ready: VecDeque::new(), held: VecDeque::new(), by_tick, now: start }
    }

    /// The tick that is open: all before it have been dealt with.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    fn gate(&self) -> u64 {
        if self.by_tick { self.now } else { end_of_epoch(self.now) }
    }

    /// Takes in what has arrived.
    pub(crate) fn pull(&mut self) -> Result<()> {
        self.inlets.pull(self.gate(), &mut self.ready, &mut self.held)
    }

    /// The next message that may be worked on.
    pub(crate) fn front(&self) -> Option<&Arrival<B>> {
        self.ready.front()
    }

    /// Takes the next message that may be worked on.
    pub(crate) fn pop(&mut self) -> Option<Arrival<B>> {
        self.ready.pop_front()
    }

    /// The tick to go on with once all before `frontier` has been worked on; END if nothing is left.
    pub(crate) fn next(&self, frontier: u64) -> u64 {
        self.held.iter().map(|arrival| arrival.time).min().map_or(frontier, |least| least.min(frontier))
    }

    /// Opens a tick, and lets through what was held back for it.
    pub(crate) fn open(&mut self, time: u64) {
        self.now = time;
        let gate = self.gate();
        for mut arrival in std::mem::take(&mut self.held) {
            if arrival.time <= gate {
                arrival.hold(false);
                self.ready.push_back(arrival);
            } else {
                self.held.push_back(arrival);
            }
        }
    }
}
