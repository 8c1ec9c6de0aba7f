//! Tables that come and go as a whole, like the windows of an operator: they stay in memory, and what a barrier writes of all of
//! them goes into one log.
//!
//! A table's records in the log begin with its number, which is never given again, whatever the parallelism; which numbers count,
//! and by what name, says the snapshot. So a table that goes writes nothing.

mod member;
#[cfg(test)]
mod tests;

use super::backend::{StateBackend, TierSeat};
use super::files::{TicketSender, TierFiles, TierTicket};
use super::log::{SegmentLog, newest_values};
use super::resident::{EncodeSlots, MeanLength, put_entries};
use crate::blob::{BlobReader, KeyedBlobs, put_u32, put_varint, read_keyed};
use crate::key_table::KeyTable;
use crate::snapshot::{OperatorSnapshot, RestoredState};
use member::Member;
use riverrun_core::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

/// What an element of an operator's union list begins with that says which tables there are.
const DIRECTORY: u8 = 0xFF;

/// What a table is known by.
pub trait TableName: Copy + Ord {
    /// Appends it.
    fn put(self, out: &mut Vec<u8>);

    /// Reads what [`TableName::put`] has written.
    fn read(blob: &mut BlobReader<'_>) -> Result<Self>;
}

/// What is kept by key under one name. A key's slot in [`HeldTable::keys`] is that of its value; slots are never freed, since a table
/// goes as a whole.
pub trait HeldTable: EncodeSlots {
    /// From keys to slots.
    fn keys(&self) -> &KeyTable;

    /// Reads a value that [`EncodeSlots::encode`] wrote, of a key that is not there yet; its slot.
    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32>;
}

/// Tables by name.
pub struct Tables<N, T> {
    backend: Arc<StateBackend>,
    tables: BTreeMap<N, Member<T>>,
    log: Log,
    /// The number of the next table. Those of other workers are between this one's.
    next: u64,
    barrier: Option<Barrier<N, T>>,
}

/// What all tables have in common.
struct Log {
    seat: TierSeat,
    tiered: bool,
    /// Once there was a barrier that was not small.
    segments: Option<SegmentLog>,
    /// Which of the dirty bits is set now; the other one is that of the barrier under way.
    parity: usize,
    length: MeanLength,
    /// A value could not be encoded.
    failed: Option<Error>,
}

/// A barrier that is being written.
struct Barrier<N, T> {
    /// All tables up to this one are written; none: no table is.
    position: Option<N>,
    /// Tables that nobody needs any more, but for the barrier.
    leaving: Vec<Member<T>>,
    ticket: TicketSender,
}

/// One of the tables.
pub struct Held<'a, T> {
    member: &'a mut Member<T>,
    log: &'a mut Log,
}

impl<N: std::fmt::Debug, T> std::fmt::Debug for Tables<N, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.tables.keys()).finish()
    }
}

impl<T: HeldTable> Held<'_, T> {
    /// The table.
    pub fn table(&self) -> &T {
        &self.member.table
    }

    /// The table, to add keys, and to change what is not written.
    pub fn table_mut(&mut self) -> &mut T {
        &mut self.member.table
    }

    /// The table, to change the values of these slots.
    pub fn change(&mut self, slots: &[u32]) -> &mut T {
        self.member.change(self.log, slots);
        &mut self.member.table
    }
}

impl<N: TableName, T: HeldTable> Tables<N, T> {
    /// No tables.
    pub fn new(backend: &StateBackend, seat: TierSeat) -> Self {
        let backend = backend.held();
        let log = Log {
            tiered: backend.kind() == super::BackendKind::RocksDb,
            segments: None,
            parity: 0,
            length: MeanLength::default(),
            failed: None,
            seat,
        };
        Tables { next: log.seat.worker as u64, backend, tables: BTreeMap::new(), log, barrier: None }
    }

    /// All tables, by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (N, &T)> {
        self.tables.iter().map(|(name, member)| (*name, &member.table))
    }

    /// Those with these names.
    pub fn range(&self, names: impl RangeBounds<N>) -> impl DoubleEndedIterator<Item = (N, &T)> {
        self.tables.range(names).map(|(name, member)| (*name, &member.table))
    }

    /// A table.
    pub fn get(&self, name: N) -> Option<&T> {
        self.tables.get(&name).map(|member| &member.table)
    }

    /// A table, to be changed.
    pub fn get_mut(&mut self, name: N) -> Option<Held<'_, T>> {
        let Tables { tables, log, .. } = self;
        tables.get_mut(&name).map(|member| Held { member, log })
    }

    /// A table, to be changed; `new` makes one that is not there.
    pub fn get_or_insert(&mut self, name: N, new: impl FnOnce() -> T) -> Held<'_, T> {
        let Tables { tables, log, next, .. } = self;
        let member = tables.entry(name).or_insert_with(|| {
            let number = *next;
            *next += log.seat.parallelism as u64;
            Member::new(number, new())
        });
        Held { member, log }
    }

    /// Gives a table, if it is there, together with all others.
    pub fn beside<R>(&mut self, name: N, work: impl FnOnce(&T, &mut Self) -> R) -> Option<R> {
        let member = self.tables.remove(&name)?;
        let result = work(&member.table, self);
        self.tables.insert(name, member);
        Some(result)
    }

    /// Nobody needs a table any more.
    pub fn remove(&mut self, name: N) {
        let Some(member) = self.tables.remove(&name) else { return };
        match &mut self.barrier {
            Some(barrier) if member.is_frozen() => barrier.leaving.push(member),
            _ => member.leave(&mut self.log),
        }
    }

    /// A barrier of an operator that has these tables and no others. Small ones stand in the blobs of their key groups: an entry
    /// for each table that has keys there is its name, the number of keys, and each key with its value. The version is that of the
    /// blobs.
    pub fn snapshot(&mut self, version: u8) -> Result<OperatorSnapshot> {
        while self.write_behind()? {}
        if !self.log.tiered || (self.log.segments.is_none() && self.num_bytes() < self.backend.least_bytes) {
            return self.blobs(version);
        }
        self.log.segments(&self.backend)?.begin();
        self.log.parity = 1 - self.log.parity;
        self.tables.values_mut().for_each(Member::freeze);
        let (ticket, promise) = TierTicket::new();
        self.barrier = Some(Barrier { position: None, leaving: Vec::new(), ticket });
        Ok(OperatorSnapshot { union: vec![self.directory()], ..OperatorSnapshot::of_tier(promise) })
    }

    /// About what the tables take up in memory, before any was written.
    fn num_bytes(&self) -> usize {
        self.tables.values().map(|member| member.num_bytes()).sum()
    }

    fn blobs(&self, version: u8) -> Result<OperatorSnapshot> {
        let mut blobs = KeyedBlobs::new(version);
        for (name, Member { table, .. }) in &self.tables {
            for (group, slots) in table.keys().by_group(self.log.seat.key_groups) {
                let blob = blobs.group(group);
                name.put(blob);
                put_u32(blob, slots.len() as u32);
                put_entries(blob, (table.keys(), table), &slots)?;
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    /// An element of a union list: the number of the next table, and of each its number and name.
    fn directory(&self) -> Vec<u8> {
        let mut element = vec![DIRECTORY];
        put_varint(&mut element, self.next);
        for (name, member) in &self.tables {
            put_varint(&mut element, member.number());
            name.put(&mut element);
        }
        element
    }

    /// Writes a slice of what the last barrier has frozen; whether there is more.
    pub fn write_behind(&mut self) -> Result<bool> {
        let Tables { tables, log, barrier, .. } = self;
        let Some(Barrier { position, leaving, .. }) = barrier else { return Ok(false) };
        if !log.has_room()? {
            return Ok(true);
        }
        let mut most = log.length.slots_of_a_slice();
        while most > 0 {
            let Some(member) = leaving.last_mut() else { break };
            most = most.saturating_sub(member.write(log, most)?);
            if !member.is_frozen() {
                leaving.pop().iter().for_each(|member| member.leave(log));
            }
        }
        while most > 0 {
            let after = position.map_or(Bound::Unbounded, Bound::Excluded);
            let Some((name, member)) = tables.range_mut((after, Bound::Unbounded)).next() else {
                return self.finish().map(|()| false);
            };
            most = most.saturating_sub(member.write(log, most)?);
            if !member.is_frozen() {
                *position = Some(*name);
            }
        }
        Ok(true)
    }

    /// All of a barrier is written.
    fn finish(&mut self) -> Result<()> {
        let Some(Barrier { ticket, .. }) = self.barrier.take() else { return Ok(()) };
        self.log.segments(&self.backend)?.finish(ticket)
    }

    /// Takes over the key groups of an earlier run; gives the elements of its union list that are not of the tables. `what` the
    /// operator is says an error; `new` makes a table.
    pub fn restore<'a>(
        &mut self,
        state: &'a RestoredState,
        (version, what): (u8, &str),
        new: impl Fn() -> T,
    ) -> Result<Vec<&'a [u8]>> {
        if let Some(table) = state.tiers.keys().find(|table| !table.is_empty()) {
            return Err(Error::failure(format!("the state of {what} has an unknown table '{table}'")));
        }
        let (mut names, mut others) = (HashMap::new(), Vec::new());
        for element in &state.union {
            match element.split_first() {
                Some((&DIRECTORY, directory)) => self.read_directory(directory, &mut names)?,
                _ => others.push(element.as_slice()),
            }
        }
        self.take_over(&state.tier("")?, &names, &new)?;
        read_keyed(state, version, what, |_, blob| {
            let mut held = self.get_or_insert(N::read(blob)?, &new);
            let known = held.table().keys().len();
            let slots =
                (0..blob.u32()?).map(|_| held.table_mut().read(blob.bytes()?, blob)).collect::<Result<Vec<_>>>()?;
            if held.table().keys().len() != known + slots.len() {
                return Err(Error::failure(format!("the state of {what} has a key twice")));
            }
            held.change(&slots);
            Ok(())
        })?;
        Ok(others)
    }

    fn read_directory(&mut self, directory: &[u8], names: &mut HashMap<u64, N>) -> Result<()> {
        let mut reader = BlobReader::new(directory);
        let (parallelism, worker) = (self.log.seat.parallelism as u64, self.log.seat.worker as u64);
        self.next = self.next.max(reader.varint()?.next_multiple_of(parallelism) + worker);
        while !reader.is_empty() {
            names.insert(reader.varint()?, N::read(&mut reader)?);
        }
        Ok(())
    }

    /// The log of one worker with this one's key groups is gone on with. Of others the values are taken, and written anew: there a
    /// table may have several numbers.
    fn take_over(&mut self, parts: &[Arc<TierFiles>], names: &HashMap<u64, N>, new: &impl Fn() -> T) -> Result<()> {
        let groups = self.log.seat.groups();
        let parts: Vec<_> = parts.iter().filter(|part| part.groups.overlap(groups).is_some()).collect();
        let adopted = match parts.as_slice() {
            [part] if self.log.tiered && part.groups == groups => self.log.segments(&self.backend)?.adopt(part)?,
            _ => Vec::new(),
        };
        for part in parts {
            let counts = newest_values(part, groups, None, &mut |file, _, key, value| {
                let mut key = BlobReader::new(key);
                let number = key.varint()?;
                // Of others the table is gone.
                let Some(name) = names.get(&number) else { return Ok(()) };
                let member = self.tables.entry(*name).or_insert_with(|| Member::new(number, new()));
                let slot = member.table.read(key.rest(), &mut BlobReader::new(value))?;
                match (adopted.get(file), &mut self.log.segments) {
                    (Some(segment), Some(segments)) => member.restored(segments, slot, *segment),
                    _ => member.change(&mut self.log, &[slot]),
                }
                Ok(())
            })?;
            if let Some(segments) = &mut self.log.segments {
                segments.set_counts(&adopted, &counts);
            }
        }
        Ok(())
    }
}

impl Log {
    fn segments(&mut self, backend: &StateBackend) -> Result<&mut SegmentLog> {
        if self.segments.is_none() {
            self.segments = Some(SegmentLog::new(backend, &self.seat)?);
        }
        self.segments.as_mut().ok_or_else(|| Error::bug("a log that was not begun"))
    }

    /// Whether more can be written; an error is that of what could not be.
    fn has_room(&mut self) -> Result<bool> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.segments.as_ref().map_or(Ok(true), SegmentLog::has_room)
    }
}
