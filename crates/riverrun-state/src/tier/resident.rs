//! What of an operator's state is in memory: which slots have changed, which may leave, and what is read again.

pub(super) mod flags;
mod mean_length;
mod restore;
mod slots;

use super::backend::{StateBackend, TierSeat};
use super::budget::Share;
use super::files::{TicketSender, TierTicket};
use super::log::{NewestSegments, SegmentLog};
use super::run::Run;
use super::store::{Trace, push_key};
use super::store_queue::{Sent, StoreQueue};
use crate::blob::KeyedBlobs;
use crate::key::KeyRows;
use crate::key_table::KeyTable;
use crate::snapshot::OperatorSnapshot;
use flags::{BELOW, DIRTY, LEAVING, LOGGED, USED, dirty, mark, marked};
pub(super) use mean_length::MeanLength;
pub use restore::TakeIn;
use riverrun_core::{Error, KeyGroup, Result};
pub use slots::{EncodeSlots, PutValue, SlotKeys, SlotValues};
pub(super) use slots::{gathered, put_entries};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many slots are encoded at once, between two batches; fewer where they are large.
const SLICE: usize = 4096;

/// A call makes room by so many slots at the least, and by this many times what has come since the last one.
const LEAST_EVICTED: usize = 4096;
const EVICTED_PER_NEW: usize = 3;

/// A run of so many bytes is sent; where little may wait, of half of that. Larger runs are fewer files to merge.
const LARGEST_RUN: usize = 16 << 20;

/// Keeps the slots of one table of keys in step with the tier. Where there is none it does nothing, at the cost of a test.
pub struct Resident {
    backend: Arc<StateBackend>,
    seat: TierSeat,
    tiered: bool,
    /// While everything is in memory, once there was a barrier.
    log: Option<SegmentLog>,
    newest: NewestSegments,
    /// Once there is something below.
    queue: Option<StoreQueue>,
    /// Sent and perhaps not yet written, oldest first.
    sent: VecDeque<Arc<Sent>>,
    /// What belongs before the barrier that is under way.
    frozen: Option<Frozen>,
    run: Run,
    flags: Vec<u8>,
    /// Where the store has found what slots have, once something has left memory.
    traces: Vec<Trace>,
    /// Which of the dirty bits is set now; the other one is that of the barrier under way.
    parity: usize,
    /// Whether all there is is in memory: then nothing is looked up, and barriers go to the log.
    complete: bool,
    hand: usize,
    fresh: usize,
    length: MeanLength,
    run_bytes: usize,
    share: Share,
    /// A value could not be encoded.
    failed: Option<Error>,
}

/// A barrier under way.
struct Frozen {
    /// The next slot to look at, and the end of those there were.
    position: usize,
    end: usize,
    target: Target,
    ticket: TicketSender,
}

/// Where a barrier's changes go.
enum Target {
    Log,
    Tier(Run),
}

impl Frozen {
    fn run(&self) -> Option<&Run> {
        match &self.target {
            Target::Log => None,
            Target::Tier(run) => Some(run),
        }
    }
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resident").field("name", &self.seat.name).finish_non_exhaustive()
    }
}

impl Resident {
    /// For an operator that keeps its state in memory whatever the backend is.
    pub fn in_memory() -> Self {
        let seat = TierSeat { name: String::new(), worker: 0, parallelism: 1, key_groups: 1, expired: None };
        Resident::new(StateBackend::in_memory(None), seat)
    }

    /// Nothing yet.
    pub fn new(backend: Arc<StateBackend>, seat: TierSeat) -> Self {
        Resident {
            tiered: backend.kind() == super::BackendKind::RocksDb,
            share: Share::new(backend.budget.clone()),
            run_bytes: LARGEST_RUN.min(backend.bytes_waiting() / 2),
            complete: backend.with_log,
            backend,
            seat,
            log: None,
            newest: NewestSegments::default(),
            queue: None,
            sent: VecDeque::new(),
            frozen: None,
            run: Run::default(),
            flags: Vec::new(),
            traces: Vec::new(),
            parity: 0,
            hand: 0,
            fresh: 0,
            length: MeanLength::default(),
            failed: None,
        }
    }

    /// Whether there is a tier.
    pub fn is_tiered(&self) -> bool {
        self.tiered
    }

    /// Appends the slot of each row's key, which are then in memory and will be changed: those that are below are read, those
    /// that are nowhere are new.
    pub fn slots<V: SlotValues>(
        &mut self,
        keys: &mut KeyTable,
        values: &mut V,
        rows: &KeyRows,
        hashes: &[u64],
        slots: &mut Vec<u32>,
    ) -> Result<()> {
        let from = slots.len();
        self.read_slots(keys, values, rows, hashes, slots)?;
        self.change(keys, values, &slots[from..]);
        Ok(())
    }

    /// The same for keys that may not be changed: before one is, [`Resident::change`] says so. Those that were new and are not
    /// changed may leave memory without a trace.
    pub fn read_slots<V: SlotValues>(
        &mut self,
        keys: &mut KeyTable,
        values: &mut V,
        rows: &KeyRows,
        hashes: &[u64],
        slots: &mut Vec<u32>,
    ) -> Result<()> {
        if !self.tiered {
            keys.insert_rows(rows, hashes, slots);
            values.grow(keys.slots());
            return Ok(());
        }
        let from = slots.len();
        let mut new = Vec::new();
        keys.insert_each(rows.iter(), hashes, |slot, is_new| {
            if is_new {
                new.push(slot);
            }
            slots.push(slot);
        });
        values.grow(keys.slots());
        self.load(keys, values, &new)?;
        slots[from..].iter().for_each(|slot| self.flags[*slot as usize] |= USED);
        Ok(())
    }

    /// Reads those of these slots, new in the table, that are below.
    fn load<V: SlotValues>(&mut self, keys: &KeyTable, values: &mut V, new: &[u32]) -> Result<()> {
        if !self.tiered {
            return Ok(());
        }
        self.flags.resize(self.flags.len().max(keys.slots()), 0);
        self.fresh += new.len();
        if self.complete {
            return Ok(());
        }
        while self.sent.front().is_some_and(|sent| sent.is_done()) {
            self.sent.pop_front();
        }
        self.traces.resize(self.flags.len(), Trace::default());
        new.iter().for_each(|slot| self.traces[*slot as usize] = Trace::default());
        let (mut asked, mut asked_slots) = (KeyRows::default(), Vec::new());
        for &slot in new {
            let (hash, key) = (keys.hash(slot), keys.key(slot));
            let frozen = self.frozen.as_ref().and_then(Frozen::run);
            let runs = [Some(&self.run), frozen].into_iter().flatten().chain(self.sent.iter().rev().map(|s| &s.run));
            let mut known = None;
            for run in runs {
                known = run.get(hash, key);
                if known.is_some() {
                    break;
                }
            }
            match known {
                Some(Some(value)) => {
                    self.flags[slot as usize] |= BELOW;
                    values.decode(slot, hash, value)?;
                }
                Some(None) => {}
                None => {
                    push_key(&mut asked, KeyGroup::of_hash(hash, self.seat.key_groups), key);
                    asked_slots.push(slot);
                }
            }
        }
        if let Some(queue) = self.queue.as_ref().filter(|_| !asked_slots.is_empty()) {
            let (flags, traces) = (&mut self.flags, &mut self.traces);
            queue.store().get(&asked, &mut |position, value, trace| {
                let slot = asked_slots[position];
                flags[slot as usize] |= BELOW;
                traces[slot as usize] = trace;
                values.decode(slot, keys.hash(slot), value)
            })?;
        }
        values.loaded()
    }

    /// These slots, which are in memory, are used.
    pub fn touch(&mut self, slots: &[u32]) {
        for &slot in slots {
            if let Some(flags) = self.flags.get_mut(slot as usize) {
                *flags |= USED;
            }
        }
    }

    /// These slots are about to be changed.
    pub fn change<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V, slots: &[u32]) {
        if !self.tiered {
            return;
        }
        self.flags.resize(self.flags.len().max(keys.slots()), 0);
        let (before, now) = dirty(self.parity);
        let frozen = mark(&mut self.flags, (before, now | USED), slots);
        self.write_frozen(keys, values, &frozen);
    }

    /// A slot was filled from what an earlier run left in memory. It may leave memory at once.
    pub fn restored<V: SlotValues>(&mut self, keys: &mut KeyTable, values: &mut V, slot: u32) -> Result<()> {
        if self.tiered {
            self.change(keys, values, &[slot]);
            self.fresh += 1;
            if self.fresh >= SLICE {
                self.settle(keys, values)?;
            }
        }
        Ok(())
    }

    /// The key of a slot is about to be removed from the table.
    pub fn remove<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V, slot: u32) {
        if !self.tiered || slot as usize >= self.flags.len() {
            return;
        }
        if self.flags[slot as usize] & DIRTY[1 - self.parity] != 0 {
            // It is gone after the barrier, not before.
            self.write_frozen(keys, values, &[slot]);
        }
        if self.flags[slot as usize] & BELOW != 0 {
            let hash = keys.hash(slot);
            self.run.delete(KeyGroup::of_hash(hash, self.seat.key_groups), hash, keys.key(slot));
        }
        if let Some(log) = self.log.as_mut().filter(|_| self.flags[slot as usize] & LOGGED != 0) {
            let group = KeyGroup::of_hash(keys.hash(slot), self.seat.key_groups);
            log.remove(&self.newest, slot, group, keys.key(slot));
        }
        self.flags[slot as usize] = 0;
    }

    /// The values that slots have at the barrier under way go to where its changes go.
    fn write_frozen<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V, slots: &[u32]) {
        let Some(frozen) = self.frozen.as_mut().filter(|_| !slots.is_empty()) else { return };
        let (flags, key_groups) = (&mut self.flags, self.seat.key_groups);
        slots.iter().for_each(|slot| flags[*slot as usize] &= !DIRTY[1 - self.parity]);
        let written = match (&mut frozen.target, &mut self.log) {
            (Target::Tier(run), _) => {
                slots.iter().for_each(|slot| flags[*slot as usize] |= BELOW);
                put(run, keys, values, key_groups, (slots, &self.traces), &mut self.length)
            }
            (Target::Log, Some(log)) => {
                let marks = (&mut flags[..], &mut self.newest);
                log.put(marks, (&[], keys, values), slots, (key_groups, &mut self.length))
            }
            (Target::Log, None) => Err(Error::bug("a barrier to a log that is not there")),
        };
        self.failed = self.failed.take().or(written.err());
    }

    fn write<V: EncodeSlots>(&mut self, keys: &KeyTable, values: &V, slots: &[u32]) {
        for &slot in slots {
            let flags = &mut self.flags[slot as usize];
            *flags &= !DIRTY[self.parity];
            *flags |= BELOW;
        }
        if !slots.is_empty() {
            let slots = (slots, &*self.traces);
            let put = put(&mut self.run, keys, values, self.seat.key_groups, slots, &mut self.length);
            self.failed = self.failed.take().or(put.err());
        }
    }

    /// What is not written must not be taken for written.
    fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn queue(&mut self) -> Result<StoreQueue> {
        if let Some(queue) = &self.queue {
            return Ok(queue.clone());
        }
        let store = self.backend.reader()?.create(self.seat.store())?;
        let queue = StoreQueue::new(store, self.backend.writers.clone(), self.backend.bytes_waiting());
        Ok(self.queue.insert(queue).clone())
    }

    fn send(&mut self, run: Run) -> Result<()> {
        if run.is_empty() {
            return Ok(());
        }
        let sent = self.queue()?.apply(run)?;
        while self.sent.front().is_some_and(|sent| sent.is_done()) {
            self.sent.pop_front();
        }
        if !sent.is_done() {
            self.sent.push_back(sent);
        }
        Ok(())
    }

    /// About what the slots in memory take up; also before any value was written to the log or below.
    fn num_bytes_held<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V) -> usize {
        // What is written says how large values are. Before that they may grow unseen.
        if self.complete && self.log.is_none() && values.num_bytes().is_none() {
            self.length.sample(keys, values);
        }
        self.num_bytes(keys, values)
    }

    /// About what the slots in memory take up.
    fn num_bytes<K: SlotKeys, V: EncodeSlots>(&self, keys: &K, values: &V) -> usize {
        let values = self.length.of_slots(keys, values);
        let log = self.log.as_ref().map_or(0, |log| log.num_bytes() + self.newest.num_bytes());
        values + log
    }

    /// A barrier: what is in memory and in the tier now is what the promised files will hold. `None` where there is no tier, or
    /// so little that it was never used: then the operator encodes all it has.
    pub fn freeze<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V) -> Result<Option<TierTicket>> {
        let in_memory = self.complete && self.log.is_none();
        if !self.tiered || (in_memory && self.num_bytes_held(keys, values) < self.backend.least_bytes) {
            return Ok(None);
        }
        while self.advance(keys, values)? {}
        let target = if self.complete {
            self.log()?.begin();
            Target::Log
        } else {
            // What was written back or deleted before the barrier goes before it.
            Target::Tier(std::mem::take(&mut self.run))
        };
        let (ticket, promise) = TierTicket::new();
        self.frozen = Some(Frozen { position: 0, end: self.flags.len(), target, ticket });
        self.parity = 1 - self.parity;
        Ok(Some(promise))
    }

    /// A barrier of an operator with this table alone: the promised files, or all it has as entries of the blobs of its key
    /// groups, each the key and then the value. The version is that of the blobs.
    pub fn snapshot<V: EncodeSlots>(
        &mut self,
        keys: &KeyTable,
        values: &V,
        (version, key_groups): (u8, u16),
    ) -> Result<OperatorSnapshot> {
        if let Some(ticket) = self.freeze(keys, values)? {
            return Ok(OperatorSnapshot::of_tier(ticket));
        }
        let mut blobs = KeyedBlobs::new(version);
        for (group, slots) in keys.by_group(key_groups) {
            put_entries(blobs.group(group), (keys, values), &slots)?;
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn log(&mut self) -> Result<&mut SegmentLog> {
        if self.log.is_none() {
            self.log = Some(SegmentLog::new(&self.backend, &self.seat)?);
        }
        self.log.as_mut().ok_or_else(|| Error::bug("a log that was not begun"))
    }

    /// Writes a slice of what a barrier has frozen; whether there is more.
    pub fn advance<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V) -> Result<bool> {
        let Some(frozen) = &mut self.frozen else { return Ok(false) };
        if let (Target::Log, Some(log)) = (&frozen.target, &self.log)
            && !log.has_room()?
        {
            return Ok(true);
        }
        let count = self.length.slots_of_a_slice();
        let mut slice = Vec::with_capacity(count);
        let (flags, from) = (&self.flags[..frozen.end], frozen.position);
        let dirty = dirty(self.parity);
        frozen.position = match &self.log {
            Some(log) => log.due((flags, &self.newest), dirty, from, count, &mut slice),
            None => marked(flags, dirty.0, from, count, &mut slice),
        };
        let over = frozen.position == frozen.end;
        self.write_frozen(keys, values, &slice);
        self.check()?;
        let Some(frozen) = &mut self.frozen else { return Ok(false) };
        if let Target::Tier(run) = &mut frozen.target
            && (over || run.num_bytes() > self.run_bytes)
        {
            let run = std::mem::take(run);
            self.send(run)?;
        }
        if over && let Some(Frozen { target, ticket, .. }) = self.frozen.take() {
            match target {
                Target::Log => self.log()?.finish(ticket)?,
                Target::Tier(_) => self.queue()?.freeze(ticket)?,
            }
        }
        Ok(!over)
    }

    /// Makes room where the budget is spent. To be called when the operator has nothing under way but pinned slots.
    pub fn settle<V: SlotValues>(&mut self, keys: &mut KeyTable, values: &mut V) -> Result<()> {
        if !self.tiered || keys.is_empty() {
            return Ok(());
        }
        if self.length.is_unknown() {
            self.length.sample(keys, values);
        }
        let used = self.num_bytes(keys, values);
        let allowed = self.share.update(used);
        if used > allowed && self.leave_log(keys) {
            let per_slot = (used / keys.len()).max(1);
            let least = LEAST_EVICTED.max(self.fresh * EVICTED_PER_NEW);
            self.evict(keys, values, ((used - allowed) / per_slot + 1).min(least));
            self.share.update(self.num_bytes(keys, values));
        }
        self.check()?;
        self.fresh = 0;
        if self.frozen.is_none() && self.run.num_bytes() > self.run_bytes {
            let run = std::mem::take(&mut self.run);
            self.send(run)?;
        }
        Ok(())
    }

    /// From now on what does not fit leaves memory, and barriers go to the tier, which does not know of anything yet. Not while a
    /// barrier is being written to the log: then in a moment.
    fn leave_log(&mut self, keys: &KeyTable) -> bool {
        if self.log.is_none() {
            return true;
        }
        if self.frozen.is_some() {
            return false;
        }
        self.log = None;
        self.flags.resize(self.flags.len().max(keys.slots()), 0);
        for slot in keys.live() {
            let flags = &mut self.flags[slot as usize];
            *flags = (*flags | DIRTY[self.parity]) & !LOGGED;
        }
        true
    }

    /// Takes `count` slots out of memory: those that were not used since the clock's hand came by.
    fn evict<V: SlotValues>(&mut self, keys: &mut KeyTable, values: &mut V, count: usize) {
        let slots = keys.slots();
        self.flags.resize(self.flags.len().max(slots), 0);
        let mut leaving = Vec::new();
        // After two rounds all have been seen unused.
        for _ in 0..(2 * slots).min(count.saturating_mul(16).max(SLICE)) {
            if leaving.len() == count {
                break;
            }
            self.hand = if self.hand + 1 >= slots { 0 } else { self.hand + 1 };
            let slot = self.hand as u32;
            let flags = &mut self.flags[self.hand];
            if *flags & LEAVING != 0 || !keys.is_live(slot) || values.is_pinned(slot) {
                continue;
            }
            if *flags & USED != 0 {
                *flags &= !USED;
                continue;
            }
            *flags |= LEAVING;
            leaving.push(slot);
        }
        let changed = |bit: u8| -> Vec<u32> {
            leaving.iter().copied().filter(|slot| self.flags[*slot as usize] & bit != 0).collect()
        };
        let (frozen, dirty) = (changed(DIRTY[1 - self.parity]), changed(DIRTY[self.parity]));
        self.write_frozen(keys, values, &frozen);
        self.write(keys, values, &dirty);
        for &slot in &leaving {
            self.flags[slot as usize] = 0;
            values.evict(slot, keys.hash(slot));
            keys.remove(slot);
        }
        if !leaving.is_empty() {
            self.complete = false;
        }
    }
}

fn put<K: SlotKeys, V: EncodeSlots>(
    run: &mut Run,
    keys: &K,
    values: &V,
    key_groups: u16,
    (slots, traces): (&[u32], &[Trace]),
    mean: &mut MeanLength,
) -> Result<()> {
    let mut length = 0;
    for slots in gathered(keys, slots) {
        values.encode_each(slots, &mut |slot, encode| {
            let (hash, key) = (keys.hash(slot), keys.key(slot));
            let trace = traces.get(slot as usize).copied().unwrap_or_default();
            let group = KeyGroup::of_hash(hash, key_groups);
            length += run.put(group, (hash, key), trace, |out| encode(out)) + key.len();
        })?;
    }
    mean.add(length, slots.len());
    Ok(())
}
