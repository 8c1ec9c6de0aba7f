//! The rows of one key in their order.

use riverrun_state::RowArena;
use std::cmp::Ordering;

/// A row in the order of its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The first bytes of what the row sorts by: most comparisons end here.
    pub prefix: u64,
    /// The row in the arena, see [`Record`].
    pub record: u32,
    /// The rank with which it was sent (1 where ranks are not sent); 0 if it is not in the result.
    pub sent: u32,
}

/// How a row lies in the arena: when it came, what it sorts by, and its columns.
pub(crate) struct Record<'a> {
    pub sequence: u64,
    pub order: &'a [u8],
    pub row: &'a [u8],
}

const HEADER: usize = 12;

/// Keeps a row in the arena.
pub(crate) fn keep(arena: &mut RowArena, sequence: u64, order: &[u8], row: &[u8]) -> u32 {
    arena.insert_parts(&[&sequence.to_le_bytes(), &(order.len() as u32).to_le_bytes(), order, row])
}

/// A row of the arena that [`keep`] has put there.
pub(crate) fn record(arena: &RowArena, record: u32) -> Record<'_> {
    let bytes = arena.get(record);
    let (mut sequence, mut length) = ([0; 8], [0; 4]);
    sequence.copy_from_slice(&bytes[..8]);
    length.copy_from_slice(&bytes[8..HEADER]);
    let end = HEADER + u32::from_le_bytes(length) as usize;
    Record { sequence: u64::from_le_bytes(sequence), order: &bytes[HEADER..end], row: &bytes[end..] }
}

fn prefix(order: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = order.len().min(8);
    bytes[..length].copy_from_slice(&order[..length]);
    u64::from_be_bytes(bytes)
}

impl Entry {
    pub fn new(order: &[u8], record: u32) -> Self {
        Entry { prefix: prefix(order), record, sent: 0 }
    }

    fn compare(&self, arena: &RowArena, prefix: u64, order: &[u8]) -> Ordering {
        self.prefix.cmp(&prefix).then_with(|| record(arena, self.record).order.cmp(order))
    }

    /// Whether both sort equal.
    pub fn ties_with(&self, other: &Entry, arena: &RowArena) -> bool {
        self.prefix == other.prefix && record(arena, self.record).order == record(arena, other.record).order
    }
}

/// A chunk is split when it grows to this, so that a key with very many rows costs no long moves.
const LONGEST: usize = 512;

/// Rows in order; those that sort equal in the order of their arrival.
///
/// Few rows, as almost all keys have, stand in one vector; more in several of bounded length.
#[derive(Clone, Debug, Default)]
pub(crate) struct RankList {
    first: Vec<Entry>,
    more: Vec<Vec<Entry>>,
    length: usize,
}

impl RankList {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.first.iter().chain(self.more.iter().flatten())
    }

    /// The row that so many stand before.
    pub fn get(&self, position: usize) -> Option<&Entry> {
        match position.checked_sub(self.first.len()) {
            None => self.first.get(position),
            Some(_) => self.iter().nth(position),
        }
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.first.iter_mut().chain(self.more.iter_mut().flatten())
    }

    pub fn last(&self) -> Option<&Entry> {
        self.more.last().unwrap_or(&self.first).last()
    }

    /// How a row that sorts by `order` compares with the last one.
    pub fn compare_last(&self, arena: &RowArena, order: &[u8]) -> Option<Ordering> {
        self.last().map(|last| last.compare(arena, prefix(order), order).reverse())
    }

    /// The chunk, and the place in it, of the first entry that is not `before`.
    fn place(&self, mut before: impl FnMut(&Entry) -> bool) -> (usize, usize) {
        // In the last chunk whose first entry is still before, or else at the front.
        let chunk = self.more.partition_point(|chunk| chunk.first().is_some_and(&mut before));
        let entries = if chunk == 0 { &self.first } else { &self.more[chunk - 1] };
        (chunk, entries.partition_point(before))
    }

    /// How many rows stand before the place `at` of a chunk.
    fn position(&self, chunk: usize, at: usize) -> usize {
        match chunk {
            0 => at,
            _ => self.first.len() + self.more[..chunk - 1].iter().map(Vec::len).sum::<usize>() + at,
        }
    }

    fn chunk(&mut self, chunk: usize) -> &mut Vec<Entry> {
        if chunk == 0 { &mut self.first } else { &mut self.more[chunk - 1] }
    }

    /// Puts a row behind all that sort before or equal, and says how many those are.
    pub fn insert(&mut self, arena: &RowArena, order: &[u8], entry: Entry) -> usize {
        let (chunk, at) = self.place(|known| known.compare(arena, entry.prefix, order) != Ordering::Greater);
        let position = self.position(chunk, at);
        let entries = self.chunk(chunk);
        entries.insert(at, entry);
        if entries.len() >= LONGEST {
            let tail = entries.split_off(LONGEST / 2);
            self.more.insert(chunk, tail);
        }
        self.length += 1;
        position
    }

    /// Takes out the row with this number, which sorts by `order` and came as `sequence`.
    pub fn remove(&mut self, arena: &RowArena, number: u32) -> Option<Entry> {
        self.remove_at(arena, number).map(|(_, entry)| entry)
    }

    /// The same, and how many rows stand before it.
    pub fn remove_at(&mut self, arena: &RowArena, number: u32) -> Option<(usize, Entry)> {
        let Record { sequence, order, .. } = record(arena, number);
        let prefix = prefix(order);
        let (chunk, at) = self.place(|known| {
            known.compare(arena, prefix, order).then_with(|| record(arena, known.record).sequence.cmp(&sequence))
                == Ordering::Less
        });
        // Where chunks meet, the place may be the first of the next one.
        let (chunk, at) = if at == self.chunk(chunk).len() { (chunk + 1, 0) } else { (chunk, at) };
        if chunk > self.more.len() || self.chunk(chunk).get(at).is_none_or(|entry| entry.record != number) {
            return None;
        }
        let position = self.position(chunk, at);
        let entry = self.chunk(chunk).remove(at);
        if chunk > 0 && self.more[chunk - 1].is_empty() {
            self.more.remove(chunk - 1);
        }
        self.length -= 1;
        Some((position, entry))
    }

    /// Takes out the last row.
    pub fn pop(&mut self) -> Option<Entry> {
        let entry = match self.more.last_mut() {
            Some(chunk) => chunk.pop(),
            None => self.first.pop(),
        }?;
        if self.more.last().is_some_and(Vec::is_empty) {
            self.more.pop();
        }
        self.length -= 1;
        Some(entry)
    }
}
