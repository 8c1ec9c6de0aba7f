//! A table from key bytes to dense slots: the index of an operator's keyed state.
//!
//! The values of a key live in columns of the operator's own (an aggregate's states, a vector), at the key's slot.
//! Slots are numbers from 0; a removed key's slot is handed out again. Short keys stand beside their hash, others in one arena, so
//! that a new key costs no allocation of its own. A table larger than the caches waits for memory more than it computes: a
//! batch's keys are looked up in steps, each of which asks for all that the next one needs.

use crate::key::KeyRows;
use hashbrown::HashTable;
use riverrun_core::KeyGroup;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// From key bytes to slots.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    table: HashTable<Entry>,
    spans: Vec<Span>,
    free: Vec<u32>,
    arena: Vec<u8>,
    /// Bytes of the arena that belong to removed keys.
    garbage: usize,
}

/// So many rows are looked up in one go.
const AT_ONCE: usize = 256;

/// The hash stands in the table itself, so that growing it and comparing keys touch little else.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    slot: u32,
}

/// A slot's key: its bytes, or where they stand in the arena. Two of them fill a line of the cache, and none stands in two lines.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Span {
    hash: u64,
    /// `FREE` where no key has the slot.
    length: u32,
    bytes: [u8; SHORT],
}

const _: () = assert!(size_of::<Span>() == 32);

/// Keys up to this length stand in the span itself: two numbers, or a number and a time.
const SHORT: usize = 20;

const FREE: u32 = u32::MAX;

impl Span {
    /// The span of a key, whose bytes are appended to the arena unless they are few.
    fn new(hash: u64, key: &[u8], arena: &mut Vec<u8>) -> Self {
        let mut bytes = [0; SHORT];
        if key.len() <= SHORT {
            bytes[..key.len()].copy_from_slice(key);
        } else {
            bytes[..8].copy_from_slice(&(arena.len() as u64).to_le_bytes());
            arena.extend_from_slice(key);
        }
        Span { hash, length: key.len() as u32, bytes }
    }

    /// Where the key stands in the arena, if it does.
    fn place(&self) -> Option<std::ops::Range<usize>> {
        let length = self.length as usize;
        let start = self.bytes.first_chunk().map_or(0, |start| u64::from_le_bytes(*start)) as usize;
        (length > SHORT).then(|| start..start + length)
    }

    #[inline]
    fn key<'a>(&'a self, arena: &'a [u8]) -> &'a [u8] {
        match self.place() {
            None => &self.bytes[..self.length as usize],
            Some(place) => &arena[place],
        }
    }
}

impl KeyTable {
    /// The slot of a key.
    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let (spans, arena) = (&self.spans, &self.arena);
        self.table
            .find(hash, |entry| entry.hash == hash && spans[entry.slot as usize].key(arena) == key)
            .map(|entry| entry.slot)
    }

    /// The slot of a key, and whether it is new.
    #[inline]
    pub fn insert(&mut self, hash: u64, key: &[u8]) -> (u32, bool) {
        match self.find(hash, key) {
            Some(slot) => (slot, false),
            None => (self.add(hash, key), true),
        }
    }

    /// Appends the slot of each row's key. What is new can be seen by [`KeyTable::slots`] having grown.
    pub fn insert_rows(&mut self, keys: &KeyRows, hashes: &[u64], slots: &mut Vec<u32>) {
        self.insert_each(keys.iter(), hashes, |slot, _| slots.push(slot));
    }

    /// Hands on the slot of each key, and whether it is new.
    pub fn insert_each<'k>(
        &mut self,
        mut keys: impl Iterator<Item = &'k [u8]>,
        hashes: &[u64],
        mut found: impl FnMut(u32, bool),
    ) {
        let mut likely = [FREE; AT_ONCE];
        for hashes in hashes.chunks(AT_ONCE) {
            let table = &self.table;
            for (likely, &hash) in likely.iter_mut().zip(hashes) {
                *likely = table.find(hash, |entry| entry.hash == hash).map_or(FREE, |entry| entry.slot);
            }
            for ((&likely, &hash), key) in likely.iter().zip(hashes).zip(&mut keys) {
                match self.spans.get(likely as usize).is_some_and(|span| span.key(&self.arena) == key) {
                    true => found(likely, false),
                    // New, or another key has the same hash.
                    false => {
                        let (slot, new) = self.insert(hash, key);
                        found(slot, new);
                    }
                }
            }
        }
    }

    fn add(&mut self, hash: u64, key: &[u8]) -> u32 {
        let span = Span::new(hash, key, &mut self.arena);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.spans[slot as usize] = span;
                slot
            }
            None => {
                self.spans.push(span);
                (self.spans.len() - 1) as u32
            }
        };
        self.table.insert_unique(hash, Entry { hash, slot }, |entry| entry.hash);
        slot
    }

    /// Removes the key of a slot, which may then be handed out again.
    pub fn remove(&mut self, slot: u32) {
        let span = self.spans[slot as usize];
        if let Ok(entry) = self.table.find_entry(span.hash, |entry| entry.slot == slot) {
            entry.remove();
            self.garbage += span.place().map_or(0, |place| place.len());
            self.spans[slot as usize].length = FREE;
            self.free.push(slot);
            if self.garbage > self.arena.len() / 2 && self.garbage > 1 << 16 {
                self.compact();
            }
        }
    }

    fn compact(&mut self) {
        let mut arena = Vec::with_capacity(self.arena.len() - self.garbage);
        for span in self.spans.iter_mut().filter(|span| span.length != FREE) {
            if let Some(place) = span.place() {
                *span = Span::new(span.hash, &self.arena[place], &mut arena);
            }
        }
        self.arena = arena;
        self.garbage = 0;
    }

    /// Removes all keys, and keeps the memory.
    pub fn clear(&mut self) {
        self.table.clear();
        self.spans.clear();
        self.free.clear();
        self.arena.clear();
        self.garbage = 0;
    }

    /// The key of a slot that is in use.
    #[inline]
    pub fn key(&self, slot: u32) -> &[u8] {
        self.spans[slot as usize].key(&self.arena)
    }

    /// The hash of the key of a slot that is in use.
    #[inline]
    pub fn hash(&self, slot: u32) -> u64 {
        self.spans[slot as usize].hash
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// One more than the highest slot that was ever handed out: how long the columns beside this table must be.
    pub fn slots(&self) -> usize {
        self.spans.len()
    }

    /// The slots in use, ascending.
    pub fn live(&self) -> impl Iterator<Item = u32> + '_ {
        self.spans.iter().enumerate().filter(|(_, span)| span.length != FREE).map(|(slot, _)| slot as u32)
    }

    /// The slots in use by key group, ascending in both.
    pub fn by_group(&self, key_groups: u16) -> BTreeMap<KeyGroup, Vec<u32>> {
        let mut groups: BTreeMap<KeyGroup, Vec<u32>> = BTreeMap::new();
        for slot in self.live() {
            groups.entry(KeyGroup::of_hash(self.hash(slot), key_groups)).or_default().push(slot);
        }
        groups
    }

    /// Whether a key has the slot.
    #[inline]
    pub fn is_live(&self, slot: u32) -> bool {
        self.spans.get(slot as usize).is_some_and(|span| span.length != FREE)
    }

    /// About how many bytes the keys that are there take up, without what the table has room for.
    pub fn live_bytes(&self) -> usize {
        self.arena.len() - self.garbage + self.len() * (size_of::<Span>() + size_of::<Entry>() + 2)
    }

    /// About how many bytes the table takes up.
    pub fn num_bytes(&self) -> usize {
        self.arena.capacity()
            + self.spans.capacity() * size_of::<Span>()
            + self.table.capacity() * (size_of::<Entry>() + 1)
    }
}
