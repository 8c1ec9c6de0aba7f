//! The log of a state that is all in memory: what has changed since the last barrier goes into a segment, and the segments of all
//! barriers, newest value first, are the state.
//!
//! A segment is a file that is written once. Nothing in it is sorted, and nothing is looked up in it while the job runs: to write
//! a value is to append it. The worker knows of each slot in which segment its newest value is, and so how much of a segment
//! still counts. The oldest is emptied, by writing what still counts of it once more, when more than half of all is dead; many
//! small ones are merged by the thread that writes them.

mod merge;
mod places;
mod queue;
mod read;
mod segment;
mod store;
#[cfg(test)]
mod tests;

use super::backend::StateBackend;
use super::files::{Scratch, TicketSender, TierFiles};
use super::queue::Queue;
use super::store::GroupRange;
use queue::LogTask;
pub(super) use read::{is_log, newest_values};
use riverrun_core::{KeyGroup, Result};
pub(super) use segment::put_gone;
use segment::{SegmentFile, counted};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
pub(super) use store::LogTier;

/// So many bytes are handed to the thread at once.
const CHUNK: usize = 1 << 20;

/// A segment that has grown to so many bytes is followed by another one.
const LARGEST_SEGMENT: u64 = 64 << 20;

/// Segments below this size are merged, so many at the least.
const SMALL_SEGMENT: u64 = 4 << 20;
const LEAST_MERGED: usize = 8;

/// So long a worker waits for room, between two batches.
const MOMENT: Duration = Duration::from_millis(1);

/// So many dead records are of no account.
const LEAST_DEAD: u64 = 1_000;

/// So many slots are looked at in one go for values in the oldest segment.
const CLEANED: usize = 1 << 16;

/// The log of one table of an operator on one worker.
pub(super) struct SegmentLog {
    queue: Arc<Queue<LogTask>>,
    /// Where files are; none: in memory.
    scratch: Option<Arc<Scratch>>,
    groups: GroupRange,
    origin: u64,
    /// The number of the segment that has the newest value, by slot.
    newest: Vec<u32>,
    /// Oldest first.
    segments: VecDeque<Segment>,
    next: u32,
    /// What goes into the next segment first: the keys that are gone.
    gone: Vec<u8>,
    num_gone: u64,
    /// The segments that have the values of keys that went while a barrier was being written: for it they still count.
    left: Vec<u32>,
    open: Option<OpenSegment>,
    /// The number up to which values are to be written once more, and the next slot to look at.
    cleaning: Option<(u32, usize)>,
}

/// A segment, or several that were merged.
#[derive(Debug)]
struct Segment {
    first: u32,
    last: u32,
    /// How many of its values are the newest of their keys.
    live: u64,
    file: Arc<SegmentFile>,
}

/// What a barrier is being written to.
#[derive(Debug)]
struct OpenSegment {
    number: u32,
    live: u64,
    records: u64,
    gone: u64,
    bytes: u64,
    chunk: Vec<u8>,
    file: Arc<SegmentFile>,
}

impl std::fmt::Debug for SegmentLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentLog").field("segments", &self.segments).finish_non_exhaustive()
    }
}

impl SegmentLog {
    /// An empty log.
    pub(super) fn new(backend: &StateBackend, scratch: Option<Scratch>, groups: GroupRange) -> Self {
        SegmentLog {
            queue: Queue::new(backend.writers.clone(), backend.bytes_waiting()),
            scratch: scratch.map(Arc::new),
            groups,
            origin: super::next_origin(),
            newest: Vec::new(),
            segments: VecDeque::new(),
            next: 0,
            gone: Vec::new(),
            num_gone: 0,
            left: Vec::new(),
            open: None,
            cleaning: None,
        }
    }

    /// Takes over the segments of a log that was frozen, oldest first; gives their numbers here. None of their values counts yet.
    pub(super) fn adopt(&mut self, part: &TierFiles) -> Result<Vec<u32>> {
        let mut numbers = Vec::with_capacity(part.files.len());
        for file in &part.files {
            let number = self.next;
            let groups = counted(part, file, self.groups);
            let file = SegmentFile::adopt(number, groups, self.scratch.as_ref(), file)?;
            self.segments.push_back(Segment { first: number, last: number, live: 0, file: Arc::new(file) });
            self.next += 1;
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// What adopted segments have: records, and keys that are gone.
    pub(super) fn set_counts(&mut self, numbers: &[u32], counts: &[(u64, u64)]) {
        for (&number, &(records, gone)) in numbers.iter().zip(counts) {
            let found = self.segments.iter().find(|segment| segment.last == number);
            found.iter().for_each(|segment| segment.file.set_counts(segment.file.num_bytes(), records, gone));
        }
    }

    /// The newest value of a slot is in this segment.
    pub(super) fn note(&mut self, slot: u32, number: u32) {
        if self.newest.len() <= slot as usize {
            self.newest.resize(slot as usize + 1, 0);
        }
        self.newest[slot as usize] = number;
        match &mut self.open {
            Some(open) if open.number == number => open.live += 1,
            _ => self.count(number, 1),
        }
    }

    /// The value of a slot that is in the log counts no more.
    pub(super) fn release(&mut self, slot: u32) {
        let Some(&number) = self.newest.get(slot as usize) else { return };
        match &mut self.open {
            Some(open) if open.number == number => open.live -= 1,
            _ => self.count(number, -1),
        }
    }

    fn count(&mut self, number: u32, change: i64) {
        let position = self.segments.partition_point(|segment| segment.last < number);
        if let Some(segment) = self.segments.get_mut(position) {
            segment.live = segment.live.saturating_add_signed(change);
        }
    }

    /// The key of a slot that is in the log is gone.
    pub(super) fn remove(&mut self, slot: u32, group: KeyGroup, key: &[u8]) {
        match self.open {
            Some(_) => self.left.extend(self.newest.get(slot as usize)),
            None => self.release(slot),
        }
        put_gone(&mut self.gone, group, key);
        self.num_gone += 1;
    }

    /// What comes now belongs to the next barrier.
    pub(super) fn begin(&mut self) {
        let chunk = std::mem::take(&mut self.gone);
        let gone = std::mem::take(&mut self.num_gone);
        let mut open = self.open();
        (open.records, open.gone, open.bytes, open.chunk) = (gone, gone, chunk.len() as u64, chunk);
        self.open = Some(open);
    }

    fn open(&mut self) -> OpenSegment {
        let number = self.next;
        let file = Arc::new(SegmentFile::create((number, number), self.groups, self.scratch.as_ref()));
        self.next += 1;
        OpenSegment { number, live: 0, records: 0, gone: 0, bytes: 0, chunk: Vec::with_capacity(CHUNK), file }
    }

    /// Appends the value of a slot; `logged` if it has an older one in the log. Gives the length of the value.
    pub(super) fn put(
        &mut self,
        slot: u32,
        logged: bool,
        group: KeyGroup,
        key: &[u8],
        encode: &mut dyn FnMut(&mut Vec<u8>),
    ) -> usize {
        if logged {
            self.release(slot);
        }
        let Some(open) = &mut self.open else { return 0 };
        let before = open.chunk.len();
        let length = segment::put_value(&mut open.chunk, group, key, encode);
        open.bytes += (open.chunk.len() - before) as u64;
        open.records += 1;
        let number = open.number;
        self.note(slot, number);
        length
    }

    /// Hands on what has been appended, if it is much. What can't be written is told by the barrier that it belongs to.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.chunk.len() < CHUNK {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut open.chunk, Vec::with_capacity(CHUNK));
        self.queue.push(LogTask::Append(open.file.clone(), chunk))?;
        if open.bytes > LARGEST_SEGMENT {
            self.close()?;
            self.open = Some(self.open());
        }
        Ok(())
    }

    /// Whether there is room for more; waits a moment for it.
    pub(super) fn has_room(&self) -> Result<bool> {
        self.queue.has_room(MOMENT)
    }

    /// Nothing more is appended to the open segment.
    fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        open.file.set_counts(open.bytes, open.records, open.gone);
        if open.records == 0 {
            return Ok(());
        }
        self.queue.push(LogTask::Append(open.file.clone(), open.chunk))?;
        self.segments.push_back(Segment { first: open.number, last: open.number, live: open.live, file: open.file });
        Ok(())
    }

    /// All that belongs to the barrier has been appended: asks for the files.
    pub(super) fn finish(&mut self, ticket: TicketSender) -> Result<()> {
        self.close()?;
        self.drop_dead();
        self.merge_small()?;
        self.choose_cleaning();
        if self.segments.is_empty() {
            // A frozen table is known as a log by its files.
            let open = self.open();
            self.queue.push(LogTask::Append(open.file.clone(), Vec::new()))?;
            self.segments.push_back(Segment { first: open.number, last: open.number, live: 0, file: open.file });
        }
        let files = self.segments.iter().map(|segment| segment.file.clone()).collect();
        std::mem::take(&mut self.left).into_iter().for_each(|number| self.count(number, -1));
        let frozen = queue::Frozen { groups: self.groups, origin: self.origin, files, ticket };
        self.queue.push(LogTask::Freeze(frozen))
    }

    /// Segments without a newest value go, unless they say of keys in older ones that these are gone.
    fn drop_dead(&mut self) {
        let mut oldest = true;
        self.segments.retain(|segment| {
            let dead = segment.live == 0 && (oldest || segment.file.num_gone() == 0);
            oldest &= dead;
            !dead
        });
    }

    /// The newest segments, while they are small and not much larger than those behind them together.
    fn merge_small(&mut self) -> Result<()> {
        let (mut bytes, mut count) = (0, 0);
        for segment in self.segments.iter().rev() {
            let size = segment.file.num_bytes();
            if size > SMALL_SEGMENT || (bytes > 0 && size > 2 * bytes) {
                break;
            }
            bytes += size;
            count += 1;
        }
        if count < LEAST_MERGED {
            return Ok(());
        }
        let merged: Vec<Segment> = self.segments.drain(self.segments.len() - count..).collect();
        let (first, last) = (merged[0].first, merged[count - 1].last);
        let into = Arc::new(SegmentFile::create((first, last), self.groups, self.scratch.as_ref()));
        let oldest = self.segments.is_empty();
        // Until it is written, what it is made from says how much it is.
        let sum = |of: fn(&SegmentFile) -> u64| merged.iter().map(|segment| of(&segment.file)).sum();
        into.set_counts(sum(SegmentFile::num_bytes), sum(SegmentFile::num_records), sum(SegmentFile::num_gone));
        let live = merged.iter().map(|segment| segment.live).sum();
        self.segments.push_back(Segment { first, last, live, file: into.clone() });
        let from = merged.into_iter().map(|segment| segment.file).collect();
        self.queue.push(LogTask::Merge(queue::Merge { from, into, oldest }))
    }

    /// When more than half of all is dead the oldest segment is to be emptied.
    fn choose_cleaning(&mut self) {
        let live: u64 = self.segments.iter().map(|segment| segment.live).sum();
        let records: u64 = self.segments.iter().map(|segment| segment.file.num_records()).sum();
        let oldest = self.segments.front().filter(|_| records > 2 * live + LEAST_DEAD).map(|oldest| oldest.last);
        // One that is being emptied already goes on where it was.
        self.cleaning = oldest.map(|last| self.cleaning.filter(|(same, _)| *same == last).unwrap_or((last, 0)));
    }

    /// The next slots of `slots`, whose newest value is in the segment that is being emptied: the caller skips those that are not
    /// in the log.
    pub(super) fn clean(&mut self, slots: usize, mut found: impl FnMut(usize)) {
        let Some((last, position)) = &mut self.cleaning else { return };
        let end = (*position + CLEANED).min(slots).min(self.newest.len());
        for slot in *position..end {
            if self.newest[slot] <= *last {
                found(slot);
            }
        }
        *position = end;
        if end == slots.min(self.newest.len()) {
            self.cleaning = None;
        }
    }

    /// About how many bytes it takes up in memory.
    pub(super) fn num_bytes(&self) -> usize {
        self.newest.capacity() * size_of::<u32>() + self.gone.capacity()
    }
}
