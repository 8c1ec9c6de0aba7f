//! One table, and what of it is in the log.

use super::{HeldTable, Log};
use crate::blob::put_varint;
use crate::tier::log::{NewestSegments, SegmentLog};
use crate::tier::resident::MeanLength;
use crate::tier::resident::flags::{LOGGED, dirty, mark};
use riverrun_core::{Error, Result};
use std::ops::Range;

/// A table among others.
pub(super) struct Member<T> {
    pub table: T,
    number: u64,
    /// What its keys in the log begin with.
    beginning: Vec<u8>,
    flags: Vec<u8>,
    newest: NewestSegments,
    /// The slots that the barrier under way has not come to.
    frozen: Range<usize>,
}

impl<T> Member<T> {
    /// A table of which nothing is in the log.
    pub fn new(number: u64, table: T) -> Self {
        let mut beginning = Vec::new();
        put_varint(&mut beginning, number);
        Member { table, number, beginning, flags: Vec::new(), newest: NewestSegments::default(), frozen: 0..0 }
    }

    /// What tells it from all others there ever were.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether a barrier has not come to all of it.
    pub fn is_frozen(&self) -> bool {
        !self.frozen.is_empty()
    }

    /// A barrier.
    pub fn freeze(&mut self) {
        self.frozen = 0..self.flags.len();
    }

    /// The value of a slot, which was just read, is in this segment.
    pub fn restored(&mut self, segments: &mut SegmentLog, slot: u32, segment: u32) {
        self.flags.resize(self.flags.len().max(slot as usize + 1), 0);
        self.flags[slot as usize] = LOGGED;
        segments.note(&mut self.newest, slot, segment);
    }

    /// Nothing of it counts for later barriers.
    pub fn leave(&self, log: &mut Log) {
        if let Some(segments) = &mut log.segments {
            let logged = self.flags.iter().enumerate().filter(|(_, flags)| **flags & LOGGED != 0);
            segments.leave(&self.newest, logged.map(|(slot, _)| slot as u32));
        }
    }
}

impl<T: HeldTable> Member<T> {
    /// These slots are about to be changed: what the barrier under way needs of them is written first.
    pub fn change(&mut self, log: &mut Log, slots: &[u32]) {
        if !log.tiered {
            return;
        }
        self.flags.resize(self.flags.len().max(self.table.keys().slots()), 0);
        let frozen = mark(&mut self.flags, dirty(log.parity), slots);
        if !frozen.is_empty() {
            let put = self.put(log, &frozen);
            log.failed = log.failed.take().or(put.err());
        }
    }

    /// Writes about so many of the slots that a barrier has frozen; gives how many there were, and at least one.
    pub fn write(&mut self, log: &mut Log, most: usize) -> Result<usize> {
        let Some(segments) = &log.segments else { return Err(no_log()) };
        let marks = (&self.flags[..self.frozen.end], &self.newest);
        let (before, now) = dirty(log.parity);
        let mut slots = Vec::new();
        self.frozen.start = segments.due(marks, (before, now), self.frozen.start, most, &mut slots);
        slots.iter().for_each(|slot| self.flags[*slot as usize] &= !before);
        self.put(log, &slots)?;
        Ok(slots.len().max(1))
    }

    fn put(&mut self, log: &mut Log, slots: &[u32]) -> Result<()> {
        let Some(segments) = &mut log.segments else { return Err(no_log()) };
        let (keys, marks) = (self.table.keys(), (&mut self.flags[..], &mut self.newest));
        let values = (self.beginning.as_slice(), keys, &self.table);
        segments.put(marks, values, slots, (log.seat.key_groups, &mut log.length))
    }

    /// About what it takes up in memory, before anything of it was written.
    pub fn num_bytes(&self) -> usize {
        let (keys, mut length) = (self.table.keys(), MeanLength::default());
        if self.table.num_bytes().is_none() {
            length.sample(keys, &self.table);
        }
        length.of_slots(keys, &self.table)
    }
}

fn no_log() -> Error {
    Error::bug("a barrier to a log that is not there")
}
