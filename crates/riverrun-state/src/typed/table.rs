//! A table of cells by key: what is beneath all keyed states.

use super::{Data, Key, Refresh, TimeToLive, Writer, decode, encode};
use crate::blob::{put_bytes, put_i64};
use crate::key::{KeyRows, hash_key};
use crate::key_table::KeyTable;
use crate::tier::{EncodeSlots, Resident, SlotValues, TierFiles};
use riverrun_core::{Clock, Error, Result, SystemClock};
use std::sync::Arc;

/// So many keys are looked through for expired elements at each [`super::State::settle`].
const SWEPT: usize = 256;

/// Where a keyed state lives. A job's operators get theirs from their context.
#[derive(Debug)]
pub struct KeyedSeat {
    /// The state's name, unique within the operator.
    pub name: String,
    /// What keeps it in memory and below.
    pub resident: Resident,
    /// Processing time.
    pub clock: Arc<dyn Clock>,
    /// How long its elements live; `None`: for ever.
    pub ttl: Option<TimeToLive>,
}

impl KeyedSeat {
    /// A seat in memory, for tests and programs without a job.
    pub fn in_memory(name: &str) -> Self {
        KeyedSeat { name: name.to_owned(), resident: Resident::in_memory(), clock: Arc::new(SystemClock), ttl: None }
    }
}

/// What a key has.
pub(super) trait Cell: Data + Default {
    /// Whether there is nothing, so that the key may go.
    fn is_empty(&self) -> bool;

    /// Whether anything of it was written at `until` or earlier.
    fn has_expired(&self, until: i64) -> bool;

    /// Drops what was written at `until` or earlier.
    fn expire(&mut self, until: i64);

    /// Everything counts as used now.
    fn refresh(&mut self, now: i64);

    /// When its newest element was written.
    fn newest(&self) -> i64;
}

/// An element and the time from which its life counts; 0 where it lives for ever.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Stamped<T> {
    pub written: i64,
    pub value: T,
}

/// Cells by key.
#[derive(Debug)]
pub(super) struct Table<C> {
    name: String,
    ttl: Option<TimeToLive>,
    clock: Arc<dyn Clock>,
    keys: KeyTable,
    cells: Cells<C>,
    resident: Resident,
    /// The key that is asked for, in the form that tiers read.
    asked: KeyRows,
    slots: Vec<u32>,
    /// Where the next look for expired elements begins.
    hand: u32,
}

#[derive(Debug)]
struct Cells<C> {
    name: String,
    cells: Vec<C>,
    /// Why a cell could not be written; told at the next chance.
    failure: std::cell::RefCell<Option<Error>>,
}

/// A value: when its newest element was written, and the cell.
impl<C: Cell> EncodeSlots for Cells<C> {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let cell = &self.cells[slot as usize];
        put_i64(out, cell.newest());
        if let Err(error) = encode(cell, out) {
            *self.failure.borrow_mut() = Some(error.context(format!("state '{}'", self.name)));
        }
    }
}

impl<C: Cell> SlotValues for Cells<C> {
    fn grow(&mut self, slots: usize) {
        if slots > self.cells.len() {
            self.cells.resize_with(slots, C::default);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        let cell = value.get(size_of::<i64>()..).unwrap_or_default();
        self.cells[slot as usize] = decode(&self.name, cell)?;
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.cells[slot as usize] = C::default();
    }
}

impl<C: Cell> Cells<C> {
    fn check(&self) -> Result<()> {
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
    }
}

impl<C: Cell> Table<C> {
    pub fn new(seat: KeyedSeat) -> Self {
        Table {
            ttl: seat.ttl,
            clock: seat.clock,
            keys: KeyTable::default(),
            cells: Cells { name: seat.name.clone(), cells: Vec::new(), failure: std::cell::RefCell::default() },
            name: seat.name,
            resident: seat.resident,
            asked: KeyRows::default(),
            slots: Vec::new(),
            hand: 0,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// What new elements are stamped with.
    pub fn now(&self) -> i64 {
        self.ttl.map_or(0, |_| self.clock.now().0)
    }

    /// Elements stamped so, or earlier, have expired.
    fn until(&self) -> Option<i64> {
        self.ttl.map(|ttl| self.clock.now().0.saturating_sub(ttl.time.0))
    }

    /// The cell of a key without what has expired.
    pub fn read(&mut self, key: Key<'_>) -> Result<Option<&C>> {
        let Some(slot) = self.find(key)? else { return Ok(None) };
        if self.ttl.is_some_and(|ttl| ttl.refresh == Refresh::OnReadAndWrite) {
            self.resident.change(&self.keys, &self.cells, &[slot]);
            let now = self.now();
            self.cells.cells[slot as usize].refresh(now);
        }
        Ok(Some(&self.cells.cells[slot as usize]))
    }

    /// Changes the cell of a key; a cell that is empty afterwards goes. `change` is told the time to stamp elements with.
    pub fn change<R>(&mut self, key: Key<'_>, change: impl FnOnce(&mut C, i64) -> R) -> Result<R> {
        let slot = self.slot(key)?;
        self.resident.change(&self.keys, &self.cells, &[slot]);
        if let Some(until) = self.until() {
            self.cells.cells[slot as usize].expire(until);
        }
        let now = self.now();
        let answer = change(&mut self.cells.cells[slot as usize], now);
        if self.cells.cells[slot as usize].is_empty() {
            self.remove(slot);
        }
        Ok(answer)
    }

    /// Forgets a key.
    pub fn clear(&mut self, key: Key<'_>) -> Result<()> {
        if let Some(slot) = self.find(key)? {
            self.remove(slot);
        }
        Ok(())
    }

    /// The keys of a batch are brought into memory together: with a tier that is one read instead of many.
    pub fn prefetch(&mut self, keys: &KeyRows) -> Result<()> {
        let mut hashes = Vec::new();
        keys.hash_into(&mut hashes);
        let mut slots = Vec::new();
        self.resident.read_slots(&mut self.keys, &mut self.cells, keys, &hashes, &mut slots)?;
        // Keys that are nowhere are not kept.
        for slot in slots {
            if self.keys.is_live(slot) && self.cells.cells[slot as usize].is_empty() {
                self.remove(slot);
            }
        }
        Ok(())
    }

    /// The slot of a key that has anything.
    fn find(&mut self, key: Key<'_>) -> Result<Option<u32>> {
        let slot = self.slot(key)?;
        if let Some(until) = self.until()
            && self.cells.cells[slot as usize].has_expired(until)
        {
            self.resident.change(&self.keys, &self.cells, &[slot]);
            self.cells.cells[slot as usize].expire(until);
        }
        if self.cells.cells[slot as usize].is_empty() {
            self.remove(slot);
            return Ok(None);
        }
        Ok(Some(slot))
    }

    /// The slot of a key, in memory; empty if the key is nowhere.
    fn slot(&mut self, key: Key<'_>) -> Result<u32> {
        if let Some(slot) = self.keys.find(key.hash, key.bytes) {
            self.resident.touch(&[slot]);
            return Ok(slot);
        }
        self.asked.data.clear();
        self.asked.data.extend_from_slice(key.bytes);
        self.asked.ends.clear();
        self.asked.ends.push(key.bytes.len() as u32);
        self.slots.clear();
        self.resident.read_slots(&mut self.keys, &mut self.cells, &self.asked, &[key.hash], &mut self.slots)?;
        Ok(self.slots[0])
    }

    fn remove(&mut self, slot: u32) {
        self.resident.remove(&self.keys, &self.cells, slot);
        self.keys.remove(slot);
        self.cells.cells[slot as usize] = C::default();
    }

    /// About how many keys are in memory.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn snapshot(&mut self, into: &mut Writer) -> Result<()> {
        if let Some(ticket) = self.resident.freeze(&self.keys, &self.cells)? {
            into.tier(&self.name, ticket);
            return self.cells.check();
        }
        for (group, slots) in self.keys.by_group(into.key_groups()) {
            let blob = into.section(group, &self.name, slots.len());
            let mut value = Vec::new();
            for slot in slots {
                put_bytes(blob, self.keys.key(slot));
                value.clear();
                self.cells.encode(slot, &mut value);
                put_bytes(blob, &value);
            }
        }
        self.cells.check()
    }

    pub fn read_entry(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.cells.grow(self.keys.slots());
        self.cells.decode(slot, self.keys.hash(slot), value)?;
        self.resident.restored(&mut self.keys, &mut self.cells, slot)
    }

    pub fn read_tiers(&mut self, parts: &[Arc<TierFiles>]) -> Result<()> {
        self.resident.restore(parts, &mut self.keys, &mut self.cells)
    }

    pub fn settle(&mut self) -> Result<()> {
        if let Some(until) = self.until() {
            self.sweep(until);
        }
        self.resident.settle(&mut self.keys, &mut self.cells)?;
        self.cells.check()
    }

    /// Looks through the next keys in memory, and takes away what has expired of them.
    fn sweep(&mut self, until: i64) {
        let slots = self.keys.slots();
        for _ in 0..SWEPT.min(slots) {
            self.hand = if self.hand as usize + 1 >= slots { 0 } else { self.hand + 1 };
            let slot = self.hand;
            if !self.keys.is_live(slot) || !self.cells.cells[slot as usize].has_expired(until) {
                continue;
            }
            self.resident.change(&self.keys, &self.cells, &[slot]);
            self.cells.cells[slot as usize].expire(until);
            if self.cells.cells[slot as usize].is_empty() {
                self.remove(slot);
            }
        }
    }

    pub fn write_behind(&mut self) -> Result<bool> {
        let more = self.resident.advance(&self.keys, &self.cells)?;
        self.cells.check()?;
        Ok(more)
    }
}

/// Implements [`super::State`] for a state that is one table.
macro_rules! keyed_state {
    ($state:ident<$($parameter:ident: $bound:path),+>) => {
        impl<$($parameter: $bound),+> crate::typed::State for $state<$($parameter),+> {
            fn name(&self) -> &str {
                self.table.name()
            }

            fn snapshot(&mut self, into: &mut crate::typed::Writer) -> riverrun_core::Result<()> {
                self.table.snapshot(into)
            }

            fn read_entry(&mut self, key: &[u8], value: &[u8]) -> riverrun_core::Result<()> {
                self.table.read_entry(key, value)
            }

            fn read_tiers(
                &mut self,
                parts: &[std::sync::Arc<crate::tier::TierFiles>],
            ) -> riverrun_core::Result<()> {
                self.table.read_tiers(parts)
            }

            fn settle(&mut self) -> riverrun_core::Result<()> {
                self.table.settle()
            }

            fn write_behind(&mut self) -> riverrun_core::Result<bool> {
                self.table.write_behind()
            }
        }

        impl<$($parameter: $bound),+> $state<$($parameter),+> {
            /// An empty state.
            pub fn new(seat: crate::typed::KeyedSeat) -> Self {
                $state { table: crate::typed::table::Table::new(seat) }
            }

            /// Brings the keys of a batch into memory together: with a tier that is one read instead of one per key.
            pub fn prefetch(&mut self, keys: &crate::KeyRows) -> riverrun_core::Result<()> {
                self.table.prefetch(keys)
            }

            /// Forgets what a key has.
            pub fn clear(&mut self, key: crate::typed::Key<'_>) -> riverrun_core::Result<()> {
                self.table.clear(key)
            }

            /// How many keys are in memory.
            pub fn keys_in_memory(&self) -> usize {
                self.table.len()
            }
        }
    };
}
pub(super) use keyed_state;
