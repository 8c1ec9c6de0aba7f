//! The rows that one side of a join keeps, as a list per key.
//!
//! Equal rows of a side that can take rows back are kept once, with their number; an index over the hashes of rows (128
//! bits, which stand for the row) finds what is taken back.

use super::chunks::{Chunks, NO_ROW, Place};
use super::gather::{Gather, RowRef};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::HashTable;
use riverrun_core::{Millis, Result};
use riverrun_state::{KeyEncoder, KeyRows};
use std::collections::VecDeque;

/// What is kept beside the rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowsOptions {
    /// Rows may be taken back.
    pub retracting: bool,
    /// Each row counts its matches.
    pub tracked: bool,
    /// Rows that were not written for so long are forgotten.
    pub ttl: Option<Millis>,
}

/// Rows by key slot.
#[derive(Debug, Default)]
pub struct Rows {
    options: RowsOptions,
    chunks: Chunks,
    links: Vec<Link>,
    lists: Vec<List>,
    matches: Vec<u32>,
    index: HashTable<u32>,
    hashes: Vec<u128>,
    /// When each row was last written.
    times: Vec<Millis>,
    /// The same in order; an entry whose time is not its row's any more says nothing.
    expiry: VecDeque<(Millis, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    next: u32,
    previous: u32,
    slot: u32,
    /// How many equal rows this one stands for.
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
    length: u32,
}

const EMPTY: List = List { first: NO_ROW, last: NO_ROW, length: 0 };

/// So many writes that say nothing any more are not worth looking for.
const STALE_WRITES: usize = 4096;

/// A row to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewRow {
    /// The slot of its key.
    pub slot: u32,
    /// Where it stands.
    pub place: Place,
    /// Its hash, on a side that can take rows back.
    pub hash: u128,
    /// How many equal rows it stands for.
    pub count: u32,
    /// How many matches it has.
    pub matches: u32,
    /// Now.
    pub time: Millis,
}

impl Rows {
    /// No rows.
    pub fn new(options: RowsOptions) -> Self {
        Rows { options, ..Rows::default() }
    }

    /// The chunks that hold the rows.
    pub fn chunks(&self) -> &Chunks {
        &self.chunks
    }

    /// Makes room for so many key slots.
    pub fn grow(&mut self, slots: usize) {
        if slots > self.lists.len() {
            self.lists.resize(slots, EMPTY);
        }
    }

    /// A batch whose rows may be added.
    pub fn begin(&mut self, batch: RecordBatch) -> Result<u32> {
        self.chunks.begin(batch)
    }

    /// No more rows of the batches begun are added.
    pub fn finish(&mut self) -> Result<()> {
        self.chunks.finish()
    }

    /// Keeps a row behind the others of its key.
    pub fn add(&mut self, new: NewRow) -> Result<u32> {
        let number = self.chunks.add(new.place)?;
        let at = number as usize;
        put(&mut self.links, at, Link { next: NO_ROW, previous: NO_ROW, slot: new.slot, count: new.count });
        self.link(number, new.slot);
        if self.options.tracked {
            put(&mut self.matches, at, new.matches);
        }
        if self.options.retracting {
            put(&mut self.hashes, at, new.hash);
            let hashes = &self.hashes;
            self.index.insert_unique(new.hash as u64, number, |&other| hashes[other as usize] as u64);
        }
        if self.options.ttl.is_some() {
            put(&mut self.times, at, new.time);
            self.note(new.time, number);
        }
        Ok(number)
    }

    /// Puts a row behind the others of a list.
    fn link(&mut self, number: u32, slot: u32) {
        let list = &mut self.lists[slot as usize];
        let link = &mut self.links[number as usize];
        (link.next, link.previous, link.slot) = (NO_ROW, list.last, slot);
        match list.last {
            NO_ROW => list.first = number,
            last => self.links[last as usize].next = number,
        }
        list.last = number;
        list.length += 1;
    }

    fn unlink(&mut self, number: u32) {
        let Link { next, previous, slot, .. } = self.links[number as usize];
        let list = &mut self.lists[slot as usize];
        match previous {
            NO_ROW => list.first = next,
            previous => self.links[previous as usize].next = next,
        }
        match next {
            NO_ROW => list.last = previous,
            next => self.links[next as usize].previous = previous,
        }
        list.length -= 1;
    }

    /// Moves a row to the end of another list.
    pub fn move_to(&mut self, number: u32, slot: u32) {
        self.unlink(number);
        self.link(number, slot);
    }

    /// How many rows a list has, equal ones once.
    pub fn length(&self, slot: u32) -> usize {
        self.lists.get(slot as usize).map_or(0, |list| list.length as usize)
    }

    /// The rows of a list, in their order.
    pub fn list(&self, slot: u32) -> impl Iterator<Item = u32> + '_ {
        let row = |number: u32| (number != NO_ROW).then_some(number);
        std::iter::successors(row(self.first(slot)), move |number| row(self.next(*number)))
    }

    /// Forgets the rows of a list.
    pub fn clear(&mut self, slot: u32) {
        while self.first(slot) != NO_ROW {
            self.remove(self.first(slot));
        }
    }

    /// The hash of a row, on a side that can take rows back.
    pub fn hash(&self, number: u32) -> u128 {
        self.hashes[number as usize]
    }

    /// The row of this hash in a list, on a side that can take rows back.
    pub fn find(&self, slot: u32, hash: u128) -> Option<u32> {
        let same = |&number: &u32| self.hashes[number as usize] == hash && self.links[number as usize].slot == slot;
        self.index.find(hash as u64, same).copied()
    }

    /// Another row equal to this one.
    pub fn add_equal(&mut self, number: u32, count: u32, time: Millis) {
        self.links[number as usize].count += count;
        self.written(number, time);
    }

    /// Takes back `count` of the rows that this one stands for; whether none is left.
    pub fn take_back(&mut self, number: u32, count: u32) -> bool {
        let left = &mut self.links[number as usize].count;
        *left = left.saturating_sub(count);
        let gone = *left == 0;
        if gone {
            self.remove(number);
        }
        gone
    }

    /// Forgets a row.
    pub fn remove(&mut self, number: u32) {
        self.unlink(number);
        if self.options.retracting
            && let Ok(entry) = self.index.find_entry(self.hashes[number as usize] as u64, |&other| other == number)
        {
            entry.remove();
        }
        if self.options.ttl.is_some() {
            self.times[number as usize] = Millis(i64::MIN);
        }
        self.chunks.remove(number);
    }

    /// The first row of a key, or [`NO_ROW`].
    #[inline]
    pub fn first(&self, slot: u32) -> u32 {
        self.lists.get(slot as usize).map_or(NO_ROW, |list| list.first)
    }

    /// The row after another one of the same key, or [`NO_ROW`].
    #[inline]
    pub fn next(&self, number: u32) -> u32 {
        self.links[number as usize].next
    }

    /// The slot of a row's key.
    pub fn slot(&self, number: u32) -> u32 {
        self.links[number as usize].slot
    }

    /// Where a row stands.
    #[inline]
    pub fn place(&self, number: u32) -> Place {
        self.chunks.place(number)
    }

    /// How many equal rows a row stands for.
    #[inline]
    pub fn count(&self, number: u32) -> u32 {
        self.links[number as usize].count
    }

    /// How many matches a row has, on a tracked side.
    #[inline]
    pub fn matches(&self, number: u32) -> u32 {
        self.matches[number as usize]
    }

    /// A row has more matches, or fewer.
    pub fn add_matches(&mut self, number: u32, change: i64, time: Millis) {
        let matches = &mut self.matches[number as usize];
        *matches = u32::try_from((i64::from(*matches) + change).max(0)).unwrap_or(u32::MAX);
        self.written(number, time);
    }

    fn written(&mut self, number: u32, time: Millis) {
        if self.options.ttl.is_some() && self.times[number as usize] != time {
            self.times[number as usize] = time;
            self.note(time, number);
        }
    }

    /// Notes when a row was written.
    fn note(&mut self, time: Millis, number: u32) {
        self.expiry.push_back((time, number));
        // A row that is read from the tier again and again is noted each time.
        if self.expiry.len() > 2 * self.chunks.numbers() + STALE_WRITES {
            self.sort_writes();
        }
    }

    /// Puts the writes that count into their order. Rows that were read come in any.
    pub fn sort_writes(&mut self) {
        let mut writes: Vec<(Millis, u32)> = std::mem::take(&mut self.expiry).into();
        writes.retain(|(time, number)| self.times[*number as usize] == *time);
        writes.sort_unstable();
        writes.dedup();
        self.expiry = writes.into();
    }

    /// Whether a row was last written so long ago that it counts no more.
    #[inline]
    pub fn is_expired(&self, number: u32, now: Millis) -> bool {
        self.options.ttl.is_some_and(|ttl| self.times[number as usize].0.saturating_add(ttl.0) <= now.0)
    }

    /// These rows, of this schema, as bytes.
    pub fn encoded<'a>(&self, numbers: &[u32], schema: &SchemaRef, encoder: &'a mut KeyEncoder) -> Result<&'a KeyRows> {
        if numbers.is_empty() {
            return encoder.encode(&[], 0);
        }
        let refs: Vec<RowRef> = numbers.iter().map(|number| RowRef::kept(self.place(*number))).collect();
        let columns = Gather::new(schema).columns(&refs, None, &self.chunks, 0..schema.fields().len())?;
        encoder.encode(&columns, numbers.len())
    }

    /// What is kept beside the rows.
    pub fn options(&self) -> RowsOptions {
        self.options
    }

    /// When a row was last written, where that is kept.
    pub fn time(&self, number: u32) -> Millis {
        self.times.get(number as usize).copied().unwrap_or(Millis(0))
    }

    /// Forgets rows that count no more, and says whose keys they had.
    pub fn expire(&mut self, now: Millis, slots: &mut Vec<u32>) {
        let Some(ttl) = self.options.ttl else { return };
        while let Some(&(time, number)) = self.expiry.front()
            && time.0.saturating_add(ttl.0) <= now.0
        {
            self.expiry.pop_front();
            if self.times[number as usize] == time {
                slots.push(self.slot(number));
                self.remove(number);
            }
        }
    }

    /// When the next row may be forgotten: a little late, so that many go at once. Reading takes the exact time.
    pub fn next_expiry(&self) -> Option<Millis> {
        let ttl = self.options.ttl?;
        let (time, _) = self.expiry.front()?;
        Some(Millis(time.0.saturating_add(ttl.0).saturating_add((ttl.0 / 10).clamp(1, 60_000))))
    }

    /// One more than the highest number that a row ever had.
    pub fn numbers(&self) -> usize {
        self.chunks.numbers()
    }

    /// About how many bytes the rows take up.
    pub fn num_bytes(&self) -> usize {
        let RowsOptions { retracting, tracked, ttl } = self.options;
        let per_row = 32 + 24 * usize::from(retracting) + 4 * usize::from(tracked) + 24 * usize::from(ttl.is_some());
        self.chunks.num_bytes() + per_row * self.chunks.len()
    }

    /// How many rows are kept, equal ones once.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

fn put<T: Copy>(column: &mut Vec<T>, at: usize, value: T) {
    if at == column.len() { column.push(value) } else { column[at] = value }
}

#[cfg(test)]
mod tests;
