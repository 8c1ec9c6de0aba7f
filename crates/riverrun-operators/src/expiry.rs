//! When keys are forgotten that nobody has written for the time of `table.exec.state.ttl`.
//!
//! As in Flink, a key that has expired is gone at once for whoever asks, and without a change in the results: what was
//! sent of it stays. Its memory is freed a little later, many keys at a time.

use riverrun_core::{Clock, Millis};
use std::collections::VecDeque;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A key that was never written, or is forgotten.
const NEVER: i64 = i64::MIN;

/// So many writes that say nothing any more are not worth looking for.
const STALE_WRITES: usize = 4096;

/// When the keys of an operator, by slot, were written last.
#[derive(Debug)]
pub struct Expiry {
    ttl: Millis,
    clock: Arc<dyn Clock>,
    written: Vec<i64>,
    /// Writes in their order. Only the last one of a key counts.
    queue: VecDeque<(i64, u32)>,
}

impl Expiry {
    /// Of keys that live so long.
    pub fn new(ttl: Millis, clock: Arc<dyn Clock>) -> Self {
        Expiry { ttl, clock, written: Vec::new(), queue: VecDeque::new() }
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// When a key was written last; the least number if never.
    pub fn written(&self, slot: u32) -> Millis {
        Millis(self.written.get(slot as usize).copied().unwrap_or(NEVER))
    }

    /// A key is written.
    pub fn write(&mut self, slot: u32, now: Millis) {
        let slot_index = slot as usize;
        if slot_index >= self.written.len() {
            self.written.resize(slot_index + 1, NEVER);
        }
        if self.written[slot_index] != now.0 {
            self.written[slot_index] = now.0;
            self.queue.push_back((now.0, slot));
            // A key that is read from the tier again and again is noted each time.
            if self.queue.len() > 2 * self.written.len() + STALE_WRITES {
                self.restored();
            }
        }
    }

    /// A key is read, which was written then. Where the time to live is new, it begins now.
    pub fn read(&mut self, slot: u32, written: Millis) {
        self.write(slot, if written.0 > 0 { written } else { self.now() });
    }

    /// Whether a key that is there must be taken for gone.
    pub fn is_expired(&self, slot: u32, now: Millis) -> bool {
        self.written.get(slot as usize).is_some_and(|&time| time != NEVER && time.saturating_add(self.ttl.0) <= now.0)
    }

    /// A key is gone for another reason.
    pub fn forget(&mut self, slot: u32) {
        if let Some(written) = self.written.get_mut(slot as usize) {
            *written = NEVER;
        }
    }

    /// The keys that have expired; they are forgotten here.
    pub fn take_expired(&mut self, now: Millis) -> Vec<u32> {
        let expired = self.find_expired(now);
        expired.iter().for_each(|slot| self.forget(*slot));
        expired
    }

    /// The keys that have expired. Whoever lets them go says so by [`Expiry::forget`]: until then it is known when they were
    /// written, which a barrier before may still have to write down.
    pub fn find_expired(&mut self, now: Millis) -> Vec<u32> {
        let mut expired = Vec::new();
        while let Some(&(time, slot)) = self.queue.front()
            && time.saturating_add(self.ttl.0) <= now.0
        {
            self.queue.pop_front();
            if self.written[slot as usize] == time {
                expired.push(slot);
            }
        }
        // A key that left memory and came again unwritten is noted twice.
        expired.sort_unstable();
        expired.dedup();
        expired
    }

    /// When there will be expired keys: a little late, so that many go at once.
    pub fn next_timer(&self) -> Option<Millis> {
        let (time, _) = self.queue.front()?;
        Some(Millis(time.saturating_add(self.ttl.0).saturating_add((self.ttl.0 / 10).clamp(1, 60_000))))
    }

    /// After a restore: writes come in the order of slots, and are put into that of time. Those that say nothing any more go.
    pub fn restored(&mut self) {
        let mut writes: Vec<(i64, u32)> = std::mem::take(&mut self.queue).into();
        writes.retain(|(time, slot)| self.written[*slot as usize] == *time);
        writes.sort_unstable();
        writes.dedup();
        self.queue = writes.into();
    }
}
