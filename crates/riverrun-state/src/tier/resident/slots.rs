//! What keys and values of slots are to the tier.

use crate::blob::put_bytes;
use crate::key_table::KeyTable;
use riverrun_core::Result;

/// The keys of slots.
pub trait SlotKeys {
    /// One more than the highest slot that was ever handed out.
    fn slots(&self) -> usize;

    /// How many slots are in use.
    fn len(&self) -> usize;

    /// Whether none is.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots in use, ascending.
    fn live(&self) -> impl Iterator<Item = u32>;

    /// The hash of the key of a slot that is in use: its high half says the key group.
    fn hash(&self, slot: u32) -> u64;

    /// The key of a slot that is in use.
    fn key(&self, slot: u32) -> &[u8];

    /// About how many bytes the keys take up.
    fn live_bytes(&self) -> usize;

    /// Brings what is known of these slots, which are in use, near: looked at one after the other in a loop of their own, they are
    /// waited for together.
    fn fetch(&self, slots: &[u32]) {
        std::hint::black_box(slots.iter().fold(0, |seen, &slot| seen ^ self.hash(slot)));
    }
}

impl SlotKeys for KeyTable {
    fn slots(&self) -> usize {
        KeyTable::slots(self)
    }

    fn len(&self) -> usize {
        KeyTable::len(self)
    }

    fn live(&self) -> impl Iterator<Item = u32> {
        KeyTable::live(self)
    }

    #[inline]
    fn hash(&self, slot: u32) -> u64 {
        KeyTable::hash(self, slot)
    }

    #[inline]
    fn key(&self, slot: u32) -> &[u8] {
        KeyTable::key(self, slot)
    }

    fn live_bytes(&self) -> usize {
        KeyTable::live_bytes(self)
    }
}

/// The values of an operator by slot, as they are written.
pub trait EncodeSlots {
    /// Appends a value.
    fn encode(&self, slot: u32, out: &mut Vec<u8>);

    /// Hands `put` the slots in their order, each with what appends its value. Values that stand in columns are encoded
    /// together.
    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        slots.iter().for_each(|&slot| put(slot, &mut |out| self.encode(slot, out)));
        Ok(())
    }

    /// About how many bytes the values take up, where that is known.
    fn num_bytes(&self) -> Option<usize> {
        None
    }
}

/// So many slots are gathered from memory at once: enough look-ups to be waited for together, and no more than what stays in the caches
/// until it is encoded.
const GATHERED: usize = 256;

/// Slots whose keys and values are about to be written, in steps, the keys of each step fetched.
pub(in crate::tier) fn gathered<'a, K: SlotKeys>(keys: &'a K, slots: &'a [u32]) -> impl Iterator<Item = &'a [u32]> {
    slots.chunks(GATHERED).inspect(|slots| keys.fetch(slots))
}

/// Appends to a blob each of these slots' key, with its length, and value.
pub(in crate::tier) fn put_entries<V: EncodeSlots>(
    blob: &mut Vec<u8>,
    (keys, values): (&KeyTable, &V),
    slots: &[u32],
) -> Result<()> {
    values.encode_each(slots, &mut |slot, append| {
        put_bytes(blob, keys.key(slot));
        append(blob);
    })
}

/// The values of an operator by slot, which leave memory and come back.
pub trait SlotValues: EncodeSlots {
    /// Makes room for `slots` slots in all.
    fn grow(&mut self, slots: usize);

    /// Reads a value into a slot that is empty; `hash` is that of its key.
    fn decode(&mut self, slot: u32, hash: u64, value: &[u8]) -> Result<()>;

    /// Empties a slot, which leaves memory; `hash` is that of its key.
    fn evict(&mut self, slot: u32, hash: u64);

    /// Whether the slot must stay: the operator has more to do with it.
    fn is_pinned(&self, slot: u32) -> bool {
        let _ = slot;
        false
    }

    /// What [`SlotValues::decode`] was called for is complete.
    fn loaded(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Takes a slot, and what appends its value.
pub type PutValue<'a> = dyn FnMut(u32, &mut dyn FnMut(&mut Vec<u8>)) + 'a;
