//! What an OVER by time holds at a barrier.
//!
//! For each partition, with its key before it in the blobs of the key groups and without it in the log: when it was written, where there is
//! a time to live; the last times; the number of rows and their ranks; the rows that are kept and how many of them are in the
//! frame; the rows that wait; and the aggregates. The watermark is a union list.

use super::{OverTime, Partition, Values, Waiting};
use crate::expiry::Expiry;
use riverrun_core::{Millis, Result, Watermark};
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, PutValue};
use riverrun_state::{OperatorSnapshot, RestoredState, RowArena, hash_key};
use std::collections::{BTreeMap, VecDeque};

const VERSION: u8 = 2;

/// So many partitions say how large aggregates are.
const SAMPLED: usize = 64;

impl OverTime {
    /// What the operator holds.
    pub(super) fn take_snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut snapshot = match self.resident.freeze(&self.keys, &self.values)? {
            Some(ticket) => OperatorSnapshot::of_tier(ticket),
            None => OperatorSnapshot { keyed: self.blobs().into_inner(), ..OperatorSnapshot::default() },
        };
        snapshot.union.push(self.watermark.0.to_le_bytes().to_vec());
        Ok(snapshot)
    }

    fn blobs(&self) -> KeyedBlobs {
        let mut waiting: BTreeMap<u32, Vec<(i64, u32)>> = BTreeMap::new();
        for (time, rows) in &self.waiting {
            for (slot, row) in rows {
                waiting.entry(*slot).or_default().push((*time, *row));
            }
        }
        let mut blobs = KeyedBlobs::new(VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                put_bytes(blob, self.keys.key(slot));
                self.values.put(slot, &waiting.remove(&slot).unwrap_or_default(), blob);
                self.values.states.iter().for_each(|state| state.encode(slot, blob));
            }
        }
        blobs
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        let watermarks = state.union.iter().map(|bytes| BlobReader::new(bytes).i64()).collect::<Result<Vec<_>>>()?;
        self.watermark = watermarks.into_iter().min().map_or(Watermark::MIN, Watermark);
        let (keys, values, waiting) = (&mut self.keys, &mut self.values, &mut self.waiting);
        let mut read = |key: &[u8], value: &mut BlobReader<'_>| -> Result<u32> {
            let (slot, _) = keys.insert(hash_key(key), key);
            values.grow(keys.slots());
            values.read(slot, waiting, value)?;
            Ok(slot)
        };
        let slots = self.resident.restore_held(state, (VERSION, "an OVER aggregation"), &mut read)?;
        self.resident.change(&self.keys, &self.values, &slots);
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}

impl Values {
    /// Appends a partition, of which these rows wait, but for its aggregates.
    fn put(&self, slot: u32, waiting: &[(i64, u32)], out: &mut Vec<u8>) {
        let partition = &self.partitions[slot as usize];
        put_i64(out, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
        put_i64(out, partition.last);
        out.push(u8::from(partition.computed.is_some()));
        put_i64(out, partition.computed.unwrap_or_default());
        put_i64(out, partition.count);
        put_i64(out, partition.rank);
        put_i64(out, partition.dense);
        put_u32(out, partition.in_frame as u32);
        put_rows(&self.rows, partition.recent.iter(), out);
        put_rows(&self.rows, waiting.iter(), out);
    }

    /// Reads a partition into its slot, which is empty.
    fn read(&mut self, slot: u32, all_waiting: &mut Waiting, value: &mut BlobReader<'_>) -> Result<()> {
        let written = Millis(value.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        let last = value.i64()?;
        let computed = value.u8()? != 0;
        let computed = Some(value.i64()?).filter(|_| computed);
        let (count, rank, dense) = (value.i64()?, value.i64()?, value.i64()?);
        let in_frame = value.u32()? as usize;
        let mut recent = VecDeque::new();
        for _ in 0..value.u32()? {
            recent.push_back((value.i64()?, self.rows.insert(value.bytes()?)));
        }
        self.partitions[slot as usize] =
            Partition { last, computed, count, rank, dense, recent, in_frame, ..Partition::default() };
        for _ in 0..value.u32()? {
            let time = value.i64()?;
            let row = self.rows.insert(value.bytes()?);
            self.wait(all_waiting, slot, (time, row));
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, value.rest()))
    }

    /// A row of a partition waits for the watermark to reach this time.
    pub(super) fn wait(&mut self, all_waiting: &mut Waiting, slot: u32, (time, row): (i64, u32)) {
        all_waiting.entry(time).or_default().push((slot, row));
        self.partitions[slot as usize].waiting += 1;
        if let Some(lists) = &mut self.lists {
            lists.push(slot, (time, row));
        }
    }
}

fn put_rows<'a>(arena: &RowArena, rows: impl ExactSizeIterator<Item = &'a (i64, u32)>, out: &mut Vec<u8>) {
    put_u32(out, rows.len() as u32);
    for (time, row) in rows {
        put_i64(out, *time);
        put_bytes(out, arena.get(*row));
    }
}

impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    /// In steps, each a loop over all slots: what the next one looks at is waited for together.
    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let wait = |slot: &u32| self.lists.as_ref().map(|lists| lists.rows(*slot)).unwrap_or_default();
        let waiting: Vec<_> = slots.iter().map(wait).collect();
        let recent = slots.iter().flat_map(|slot| &self.partitions[*slot as usize].recent);
        self.rows.fetch(recent.chain(waiting.iter().flatten()).map(|(_, row)| *row));
        self.states.iter().for_each(|state| state.fetch(slots));
        for (&slot, waiting) in slots.iter().zip(&waiting) {
            put(slot, &mut |out| {
                self.put(slot, waiting, out);
                self.states.iter().for_each(|state| state.encode(slot, out));
            });
        }
        Ok(())
    }

    fn num_bytes(&self) -> Option<usize> {
        let slots = self.partitions.len();
        let step = slots.div_ceil(SAMPLED).max(1);
        let mut states = Vec::new();
        for slot in (0..slots).step_by(step) {
            self.states.iter().for_each(|state| state.encode(slot as u32, &mut states));
        }
        let lists = self.lists.as_ref().map_or(0, |lists| lists.num_bytes());
        Some(self.rows.num_bytes() + lists + slots * size_of::<Partition>() + step * states.len())
    }
}
