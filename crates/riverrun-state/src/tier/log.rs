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

use super::backend::{StateBackend, TierSeat};
use super::files::{Scratch, TicketSender, TierFiles};
use super::queue::Queue;
use super::resident::flags::{LOGGED, marked, marked_or_within};
use super::resident::{EncodeSlots, MeanLength, SlotKeys, gathered};
use super::store::GroupRange;
use queue::LogTask;
pub(super) use read::{RecordCounts, is_log, newest_values, take_newest};
use riverrun_core::{KeyGroup, Result};
pub(super) use segment::put_gone;
use segment::{SegmentFile, counted};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
pub(super) use store::LogTier;

/// So many bytes are handed to the thread at once, and perhaps those of the slots that were put together with the last of them.
const CHUNK: usize = 1 << 20;
const CHUNK_ROOM: usize = CHUNK + CHUNK / 4;

/// A segment that has grown to so many bytes is followed by another one.
const LARGEST_SEGMENT: u64 = 64 << 20;

/// Segments below this size are merged, so many at the least.
const SMALL_SEGMENT: u64 = 4 << 20;
const LEAST_MERGED: usize = 8;

/// So long a worker waits for room, between two batches.
const MOMENT: Duration = Duration::from_millis(1);

/// So many dead records are of no account.
const LEAST_DEAD: u64 = 1_000;

/// The log of a table of an operator on one worker, or of several.
pub(super) struct SegmentLog {
    queue: Arc<Queue<LogTask>>,
    /// Where files are; none: in memory.
    scratch: Option<Arc<Scratch>>,
    groups: GroupRange,
    origin: u64,
    /// Oldest first.
    segments: VecDeque<Segment>,
    live: LiveValues,
    next: u32,
    /// What goes into the next segment first: the keys that are gone.
    gone: Vec<u8>,
    num_gone: u64,
    /// How many values of keys that went while a barrier was being written each segment has: for it they still count.
    left: BTreeMap<u32, u64>,
    open: Option<OpenSegment>,
    /// The segments up to this number are to be emptied: the next barrier writes what still counts of them once more.
    cleaning: Option<u32>,
}

/// The number of the segment that has the newest value of a slot, by slot; of a table whose values go to a log.
#[derive(Debug, Default)]
pub(super) struct NewestSegments(Vec<u32>);

impl NewestSegments {
    fn get(&self, slot: u32) -> Option<u32> {
        self.0.get(slot as usize).copied()
    }

    fn set(&mut self, slot: u32, number: u32) {
        if self.0.len() <= slot as usize {
            self.0.resize(slot as usize + 1, 0);
        }
        self.0[slot as usize] = number;
    }

    /// About how many bytes it takes up in memory.
    pub(super) fn num_bytes(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }
}

/// A segment, or several that were merged.
#[derive(Debug)]
struct Segment {
    first: u32,
    last: u32,
    file: Arc<SegmentFile>,
}

/// How many values of each segment are the newest of their keys, by the segment's number before any merge.
#[derive(Debug, Default)]
struct LiveValues {
    first: u32,
    counts: VecDeque<u64>,
}

impl LiveValues {
    /// There is a segment of this number, the greatest so far.
    fn begin(&mut self, number: u32) {
        self.counts.resize((number - self.first) as usize + 1, 0);
    }

    fn change(&mut self, number: u32, by: i64) {
        let place = number.checked_sub(self.first).map(|place| place as usize);
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count = count.saturating_add_signed(by);
        }
    }

    /// Of a segment, or of several that were merged.
    fn of(&self, segment: &Segment) -> u64 {
        let places = segment.first.saturating_sub(self.first)..=segment.last.saturating_sub(self.first);
        places.filter_map(|place| self.counts.get(place as usize)).sum()
    }

    /// There are no segments before this number any more.
    fn forget_before(&mut self, number: u32) {
        let gone = (number.saturating_sub(self.first) as usize).min(self.counts.len());
        self.counts.drain(..gone);
        self.first += gone as u32;
    }
}

/// What a barrier is being written to.
#[derive(Debug)]
struct OpenSegment {
    number: u32,
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
    pub(super) fn new(backend: &StateBackend, seat: &TierSeat) -> Result<Self> {
        Ok(SegmentLog {
            queue: Queue::new(backend.writers.clone(), backend.bytes_waiting()),
            scratch: backend.reader()?.log_folder(&seat.store())?.map(Arc::new),
            groups: seat.groups(),
            origin: super::next_origin(),
            segments: VecDeque::new(),
            live: LiveValues::default(),
            next: 0,
            gone: Vec::new(),
            num_gone: 0,
            left: BTreeMap::new(),
            open: None,
            cleaning: None,
        })
    }

    /// Takes over the segments of a log that was frozen, oldest first; gives their numbers here. None of their values counts yet.
    pub(super) fn adopt(&mut self, part: &TierFiles) -> Result<Vec<u32>> {
        let mut numbers = Vec::with_capacity(part.files.len());
        for file in &part.files {
            let number = self.next;
            let groups = counted(part, file, self.groups);
            let file = SegmentFile::adopt(number, groups, self.scratch.as_ref(), file)?;
            self.segments.push_back(Segment { first: number, last: number, file: Arc::new(file) });
            self.live.begin(number);
            self.next += 1;
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// What adopted segments have: records, and keys that are gone.
    pub(super) fn set_counts(&mut self, numbers: &[u32], counts: &[RecordCounts]) {
        for (&number, &(records, gone)) in numbers.iter().zip(counts) {
            let found = self.segments.iter().find(|segment| segment.last == number);
            found.iter().for_each(|segment| segment.file.set_counts(segment.file.num_bytes(), records, gone));
        }
    }

    /// The newest value of a slot is in this segment.
    pub(super) fn note(&mut self, newest: &mut NewestSegments, slot: u32, number: u32) {
        newest.set(slot, number);
        self.live.change(number, 1);
    }

    /// The key of a slot that is in the log is gone.
    pub(super) fn remove(&mut self, newest: &NewestSegments, slot: u32, group: KeyGroup, key: &[u8]) {
        self.leave(newest, [slot]);
        put_gone(&mut self.gone, group, key);
        self.num_gone += 1;
    }

    /// These slots, which are in the log, count for no later barrier, and whoever reads it knows.
    pub(super) fn leave(&mut self, newest: &NewestSegments, slots: impl IntoIterator<Item = u32>) {
        for number in slots.into_iter().filter_map(|slot| newest.get(slot)) {
            match self.open {
                Some(_) => *self.left.entry(number).or_default() += 1,
                None => self.live.change(number, -1),
            }
        }
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
        self.live.begin(number);
        OpenSegment { number, records: 0, gone: 0, bytes: 0, chunk: Vec::with_capacity(CHUNK_ROOM), file }
    }

    /// Appends the values of slots, whose keys stand behind this beginning.
    pub(super) fn put<K: SlotKeys, V: EncodeSlots>(
        &mut self,
        (flags, newest): (&mut [u8], &mut NewestSegments),
        (beginning, keys, values): (&[u8], &K, &V),
        slots: &[u32],
        (key_groups, mean): (u16, &mut MeanLength),
    ) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        for &slot in slots {
            let flags = &mut flags[slot as usize];
            if let Some(number) = newest.get(slot).filter(|_| *flags & LOGGED != 0) {
                self.live.change(number, -1);
            }
            *flags |= LOGGED;
            newest.set(slot, open.number);
        }
        self.live.change(open.number, slots.len() as i64);
        let (before, mut length) = (open.chunk.len(), 0);
        for slots in gathered(keys, slots) {
            values.encode_each(slots, &mut |slot, encode| {
                let (group, key) = (KeyGroup::of_hash(keys.hash(slot), key_groups), keys.key(slot));
                length += segment::put_value(&mut open.chunk, group, (beginning, key), encode) + key.len();
            })?;
        }
        open.bytes += (open.chunk.len() - before) as u64;
        open.records += slots.len() as u64;
        mean.add(length, slots.len());
        self.flush()
    }

    /// Hands on what has been appended, if it is much. What can't be written is told by the barrier that it belongs to.
    fn flush(&mut self) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.chunk.len() < CHUNK {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut open.chunk, Vec::with_capacity(CHUNK_ROOM));
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
        self.segments.push_back(Segment { first: open.number, last: open.number, file: open.file });
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
            self.segments.push_back(Segment { first: open.number, last: open.number, file: open.file });
        }
        let files = self.segments.iter().map(|segment| segment.file.clone()).collect();
        for (number, left) in std::mem::take(&mut self.left) {
            self.live.change(number, -left.cast_signed());
        }
        let frozen = queue::Frozen { groups: self.groups, origin: self.origin, files, ticket };
        self.queue.push(LogTask::Freeze(frozen))
    }

    /// Segments without a newest value go, unless they say of keys in older ones that these are gone.
    fn drop_dead(&mut self) {
        let mut oldest = true;
        self.segments.retain(|segment| {
            let dead = self.live.of(segment) == 0 && (oldest || segment.file.num_gone() == 0);
            oldest &= dead;
            !dead
        });
        self.live.forget_before(self.segments.front().map_or(self.next, |segment| segment.first));
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
        self.segments.push_back(Segment { first, last, file: into.clone() });
        let from = merged.into_iter().map(|segment| segment.file).collect();
        self.queue.push(LogTask::Merge(queue::Merge { from, into, oldest }))
    }

    /// When more than half of all is dead the oldest segments are to be emptied, as many as it takes.
    fn choose_cleaning(&mut self) {
        let live: u64 = self.segments.iter().map(|segment| self.live.of(segment)).sum();
        let records: u64 = self.segments.iter().map(|segment| segment.file.num_records()).sum();
        let mut dead_too_many = records.saturating_sub(2 * live + LEAST_DEAD);
        self.cleaning = None;
        for segment in &self.segments {
            if dead_too_many == 0 {
                break;
            }
            self.cleaning = Some(segment.last);
            let dead = segment.file.num_records().saturating_sub(self.live.of(segment));
            dead_too_many = dead_too_many.saturating_sub(dead);
        }
    }

    /// Appends the next slots from `from` on that a barrier is to write, `most` of them and perhaps the next few: those that changed
    /// before it, and those of segments that are to be emptied. Gives where to go on.
    pub(super) fn due(
        &self,
        (flags, newest): (&[u8], &NewestSegments),
        (before, now): (u8, u8),
        from: usize,
        most: usize,
        slots: &mut Vec<u32>,
    ) -> usize {
        let Some(oldest) = self.cleaning else { return marked(flags, before, from, most, slots) };
        marked_or_within((flags, &newest.0), (before, now), oldest, from, most, slots)
    }

    /// About how many bytes it takes up in memory.
    pub(super) fn num_bytes(&self) -> usize {
        self.gone.capacity()
    }
}
