//! What an OVER by a column holds at a barrier.
//!
//! For each partition, with its key before it in the blobs of the key groups and without it in the log: when it was written, where there is
//! a time to live; the number of its rows; and the rows in order, each by what it sorts by, its columns, when it came, and after a
//! 1 what was sent of it.

use super::{OverColumn, Partition, Values};
use crate::expiry::Expiry;
use crate::rank::list::{Entry, keep, record};
use riverrun_core::{Millis, Result};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use riverrun_state::tier::EncodeSlots;
use riverrun_state::{OperatorSnapshot, RestoredState, hash_key};

const VERSION: u8 = 2;

impl OverColumn {
    /// What the operator holds.
    pub(super) fn take_snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.resident.snapshot(&self.keys, &self.values, (VERSION, self.context.key_groups))
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        let (keys, values) = (&mut self.keys, &mut self.values);
        let mut read = |key: &[u8], value: &mut BlobReader<'_>| -> Result<u32> {
            let hash = hash_key(key);
            let (slot, _) = keys.insert(hash, key);
            values.grow(keys.slots());
            values.read((slot, hash), value)?;
            Ok(slot)
        };
        let slots = self.resident.restore_held(state, (VERSION, "an OVER aggregation by a column"), &mut read)?;
        self.resident.change(&self.keys, &self.values, &slots);
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}

impl Values {
    /// Reads a partition into its slot, which is empty; the hash is that of its key.
    fn read(&mut self, (slot, hash): (u32, u64), value: &mut BlobReader<'_>) -> Result<()> {
        let written = Millis(value.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        for _ in 0..value.u32()? {
            let (order, row, sequence) = (value.bytes()?, value.bytes()?, value.i64()? as u64);
            self.sequence = self.sequence.max(sequence);
            let number = keep(&mut self.rows, sequence, order, row);
            let mut entry = Entry::new(order, number);
            if value.u8()? != 0 {
                entry.sent = self.sent.insert(value.bytes()?) + 1;
            }
            self.partitions[slot as usize].rows.insert(&self.rows, order, entry);
            self.index.insert(hash, row, number);
        }
        Ok(())
    }
}

impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let partition = &self.partitions[slot as usize];
        put_i64(out, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
        put_u32(out, partition.rows.len() as u32);
        for entry in partition.rows.iter() {
            let record = record(&self.rows, entry.record);
            put_bytes(out, record.order);
            put_bytes(out, record.row);
            put_i64(out, record.sequence as i64);
            out.push(u8::from(entry.sent > 0));
            if let Some(sent) = entry.sent.checked_sub(1) {
                put_bytes(out, self.sent.get(sent));
            }
        }
    }

    fn num_bytes(&self) -> Option<usize> {
        let entries = self.rows.len() * (size_of::<Entry>() + 2 * size_of::<u64>());
        Some(self.rows.num_bytes() + self.sent.num_bytes() + entries + self.partitions.len() * size_of::<Partition>())
    }
}
