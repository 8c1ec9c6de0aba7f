//! What is on its way from memory to the tier: the newest value of each key, or that it is gone.

use super::store::Trace;
use crate::key_table::KeyTable;
use riverrun_core::KeyGroup;

/// Values by key, in memory. Later ones replace earlier ones.
#[derive(Debug, Default)]
pub struct Run {
    keys: KeyTable,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    group: KeyGroup,
    trace: Trace,
    start: usize,
    /// `GONE` where the key has been deleted.
    length: u32,
}

const GONE: u32 = u32::MAX;

impl Run {
    /// Takes in the value that `encode` appends; gives its length. `trace` is where the store has last found the key, if that is known.
    pub fn put(
        &mut self,
        group: KeyGroup,
        (hash, key): (u64, &[u8]),
        trace: Trace,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let start = self.bytes.len();
        encode(&mut self.bytes);
        let length = self.bytes.len() - start;
        self.set(hash, key, Entry { group, trace, start, length: length as u32 });
        length
    }

    /// Notes that a key is gone.
    pub fn delete(&mut self, group: KeyGroup, hash: u64, key: &[u8]) {
        self.set(hash, key, Entry { group, trace: Trace::default(), start: 0, length: GONE });
    }

    fn set(&mut self, hash: u64, key: &[u8], mut entry: Entry) {
        let (slot, new) = self.keys.insert(hash, key);
        if new {
            self.entries.push(entry);
            return;
        }
        let before = &mut self.entries[slot as usize];
        if entry.trace == Trace::default() {
            entry.trace = before.trace;
        }
        *before = entry;
    }

    /// What is known of a key: nothing, that it is gone, or its value.
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<Option<&[u8]>> {
        Some(self.value(self.entries[self.keys.find(hash, key)? as usize]))
    }

    fn value(&self, entry: Entry) -> Option<&[u8]> {
        (entry.length != GONE).then(|| &self.bytes[entry.start..entry.start + entry.length as usize])
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// About how many bytes it takes up.
    pub fn num_bytes(&self) -> usize {
        self.keys.num_bytes() + self.entries.capacity() * size_of::<Entry>() + self.bytes.capacity()
    }

    /// Key group, key, where it was found and value (none where it is gone), in the order in which they came.
    pub fn entries(&self) -> impl Iterator<Item = (KeyGroup, &[u8], Trace, Option<&[u8]>)> {
        let entries = self.keys.live().map(|slot| (slot, self.entries[slot as usize]));
        entries.map(|(slot, entry)| (entry.group, self.keys.key(slot), entry.trace, self.value(entry)))
    }

    /// Key group, key and value (none where it is gone), in the order of groups and keys.
    pub fn sorted(&self) -> impl Iterator<Item = (KeyGroup, &[u8], Option<&[u8]>)> {
        let mut order: Vec<u32> = self.keys.live().collect();
        order.sort_unstable_by(|&a, &b| {
            let of = |slot: u32| (self.entries[slot as usize].group, self.keys.key(slot));
            of(a).cmp(&of(b))
        });
        order.into_iter().map(|slot| {
            let entry = self.entries[slot as usize];
            (entry.group, self.keys.key(slot), self.value(entry))
        })
    }
}
