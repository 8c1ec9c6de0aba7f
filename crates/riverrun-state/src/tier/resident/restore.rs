//! Takes over what barriers have left in logs and tiers.

use super::flags::{LOGGED, USED};
use super::{LARGEST_RUN, Resident, SlotValues};
use crate::blob::{BlobReader, read_keyed};
use crate::key::hash_key;
use crate::key_table::KeyTable;
use crate::snapshot::RestoredState;
use crate::tier::files::TierFiles;
use crate::tier::log::{RecordCounts, is_log, newest_values, take_newest};
use crate::tier::run::Run;
use crate::tier::store::{GroupRange, IsExpired, TierStore, Trace};
use crate::tier::store_queue::StoreQueue;
use riverrun_core::{KeyGroup, Result};
use std::sync::Arc;

/// Takes a key that is not in memory and its value into memory; gives its slot.
pub type TakeIn<'a> = dyn FnMut(&[u8], &[u8]) -> Result<u32> + 'a;

/// What takes an operator's state into memory.
trait TakesIn {
    /// The newest values of a log; tells `took` the number of the file that each slot's value is from.
    fn log(
        &mut self,
        part: &TierFiles,
        groups: GroupRange,
        expired: Option<&IsExpired>,
        took: &mut dyn FnMut(usize, u32),
    ) -> Result<Vec<RecordCounts>>;

    /// A key that is not in memory, and its value.
    fn one(&mut self, key: &[u8], value: &[u8]) -> Result<()>;
}

/// Where a key has one value.
struct OneValue<'a, V>(&'a mut KeyTable, &'a mut V);

impl<V: SlotValues> TakesIn for OneValue<'_, V> {
    fn log(
        &mut self,
        part: &TierFiles,
        groups: GroupRange,
        expired: Option<&IsExpired>,
        took: &mut dyn FnMut(usize, u32),
    ) -> Result<Vec<RecordCounts>> {
        take_newest(part, groups, expired, (self.0, self.1), took)
    }

    fn one(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let hash = hash_key(key);
        let (slot, _) = self.0.insert(hash, key);
        self.1.grow(self.0.slots());
        self.1.decode(slot, hash, value)
    }
}

/// As the operator has it.
struct AsGiven<'a, 'b>(&'a mut TakeIn<'b>);

impl TakesIn for AsGiven<'_, '_> {
    fn log(
        &mut self,
        part: &TierFiles,
        groups: GroupRange,
        expired: Option<&IsExpired>,
        took: &mut dyn FnMut(usize, u32),
    ) -> Result<Vec<RecordCounts>> {
        newest_values(part, groups, expired, &mut |file, _, key, value| {
            took(file, (self.0)(key, value)?);
            Ok(())
        })
    }

    fn one(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        (self.0)(key, value).map(drop)
    }
}

impl Resident {
    /// Takes over what barriers have left of this worker's key groups: logs into memory, and tiers as a tier, or, where there is
    /// none, into memory too.
    pub fn restore<V: SlotValues>(
        &mut self,
        parts: &[Arc<TierFiles>],
        keys: &mut KeyTable,
        values: &mut V,
    ) -> Result<()> {
        self.take_over(parts, &mut OneValue(keys, values))?;
        values.loaded()
    }

    /// Takes over a table that stays in memory, also from the blobs of key groups, whose entries are each the key and then the value. Gives the
    /// slots that came from blobs: the caller says that they change.
    pub fn restore_held(
        &mut self,
        state: &RestoredState,
        (version, what): (u8, &str),
        take_in: &mut dyn FnMut(&[u8], &mut BlobReader<'_>) -> Result<u32>,
    ) -> Result<Vec<u32>> {
        self.restore_with(&state.tier("")?, &mut |key, value| take_in(key, &mut BlobReader::new(value)))?;
        let mut slots = Vec::new();
        read_keyed(state, version, what, |_, blob| {
            slots.push(take_in(blob.bytes()?, blob)?);
            Ok(())
        })?;
        Ok(slots)
    }

    /// [`Resident::restore`] where a key does not have one value.
    pub fn restore_with(&mut self, parts: &[Arc<TierFiles>], take_in: &mut TakeIn<'_>) -> Result<()> {
        self.take_over(parts, &mut AsGiven(take_in))
    }

    fn take_over(&mut self, parts: &[Arc<TierFiles>], takes_in: &mut dyn TakesIn) -> Result<()> {
        let groups = self.seat.groups();
        let parts = parts.iter().filter(|part| part.groups.overlap(groups).is_some()).cloned();
        let (logs, tiers): (Vec<_>, Vec<_>) = parts.partition(|part| is_log(part));
        if !self.tiered {
            for part in &logs {
                takes_in.log(part, groups, None, &mut |_, _| {})?;
            }
            return tiers.iter().try_for_each(|part| {
                self.backend.reader()?.scan(part, groups, &mut |key, value| takes_in.one(key, value))
            });
        }
        if self.backend.with_log && tiers.is_empty() && !self.is_too_large(&logs)? {
            return logs.iter().try_for_each(|part| self.take_over_log(part, takes_in));
        }
        let reader = self.backend.reader()?;
        let adopted = if tiers.is_empty() { reader.adopt(self.seat.store(), &logs)? } else { None };
        let store = match adopted {
            Some(store) => store,
            None => {
                let store = reader.open(self.seat.store(), &tiers)?;
                logs.iter().try_for_each(|part| self.write_below(&*store, part))?;
                store
            }
        };
        self.queue = Some(StoreQueue::new(store, self.backend.writers.clone(), self.backend.bytes_waiting()));
        self.complete = false;
        Ok(())
    }

    /// Whether logs hold more than may be in memory.
    fn is_too_large(&self, logs: &[Arc<TierFiles>]) -> Result<bool> {
        let mut bytes = 0;
        for part in logs {
            let own = part.groups.overlap(self.seat.groups()).map_or(0, |own| own.count());
            let all = part.files.iter().map(|file| file.size()).sum::<Result<u64>>()?;
            bytes += all * own / part.groups.count().max(1);
        }
        Ok(bytes > self.backend.budget.limit() as u64)
    }

    /// The segments of a log become the first ones of this one, and their newest values are taken into memory.
    fn take_over_log(&mut self, part: &TierFiles, takes_in: &mut dyn TakesIn) -> Result<()> {
        let (groups, expired) = (self.seat.groups(), self.seat.expired.clone());
        self.log()?;
        let (Some(log), flags, newest) = (&mut self.log, &mut self.flags, &mut self.newest) else { return Ok(()) };
        let numbers = log.adopt(part)?;
        let counts = takes_in.log(part, groups, expired.as_ref(), &mut |file, slot| {
            flags.resize(flags.len().max(slot as usize + 1), 0);
            flags[slot as usize] = LOGGED | USED;
            log.note(newest, slot, numbers[file]);
        })?;
        log.set_counts(&numbers, &counts);
        Ok(())
    }

    /// Writes what a log holds into a store.
    fn write_below(&self, store: &dyn TierStore, part: &TierFiles) -> Result<()> {
        let mut run = Run::default();
        let expired = self.seat.expired.as_ref();
        newest_values(part, self.seat.groups(), expired, &mut |_, group, key, value| {
            run.put(KeyGroup(group), (hash_key(key), key), Trace::default(), |out| out.extend_from_slice(value));
            match run.num_bytes() > LARGEST_RUN {
                true => store.apply(&std::mem::take(&mut run)),
                false => Ok(()),
            }
        })?;
        if run.is_empty() { Ok(()) } else { store.apply(&run) }
    }
}
