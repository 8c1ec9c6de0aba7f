//! The rows that a Top-N keeps, as a table of state.

use super::super::list::{Entry, RankList, keep, record};
use super::super::row_index::RowIndex;
use crate::expiry::Expiry;
use riverrun_core::{Millis, Result};
use riverrun_state::RowArena;
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use riverrun_state::tier::{EncodeSlots, SlotValues};

/// The rows of all keys.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) groups: Vec<Group>,
    pub(super) expiry: Option<Expiry>,
    pub(super) rows: RowArena,
    /// Where rows can be taken back: all rows by their bytes.
    pub(super) index: RowIndex,
    pub(super) retracting: bool,
}

impl Values {
    /// Forgets the rows of a key.
    pub(super) fn clear(&mut self, slot: u32, hash: u64) {
        let group = &mut self.groups[slot as usize];
        while let Some(entry) = group.list.pop() {
            if self.retracting {
                self.index.remove(hash, record(&self.rows, entry.record).row, entry.record);
            }
            self.rows.remove(entry.record);
        }
        *group = Group::default();
    }

    pub(super) fn write_rows(&self, slot: u32, out: &mut Vec<u8>) {
        let group = &self.groups[slot as usize];
        put_u32(out, group.last);
        out.push(u8::from(group.full));
        put_u32(out, group.list.len() as u32);
        for entry in group.list.iter() {
            let record = record(&self.rows, entry.record);
            put_bytes(out, record.order);
            put_bytes(out, record.row);
            put_i64(out, record.sequence as i64);
            put_u32(out, entry.sent);
        }
    }

    pub(super) fn written(&self, slot: u32) -> i64 {
        self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0)
    }

    /// Reads a key; the number of the last of its rows to come.
    pub(super) fn read(&mut self, slot: u32, hash: u64, written: Millis, blob: &mut BlobReader<'_>) -> Result<u64> {
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        let group = &mut self.groups[slot as usize];
        *group = Group { known: true, last: blob.u32()?, full: blob.u8()? != 0, ..Group::default() };
        let mut newest = 0;
        for _ in 0..blob.u32()? {
            let (order, row) = (blob.bytes()?, blob.bytes()?);
            let (sequence, sent) = (blob.i64()? as u64, blob.u32()?);
            newest = newest.max(sequence);
            let record = keep(&mut self.rows, sequence, order, row);
            group.list.insert(&self.rows, order, Entry { sent, ..Entry::new(order, record) });
            group.visible += u32::from(sent > 0);
            if self.retracting {
                self.index.insert(hash, row, record);
            }
        }
        Ok(newest)
    }
}

/// A value: when it was written, the last rank, and the rows in order.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_i64(out, self.written(slot));
        self.write_rows(slot, out);
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.groups.len() {
            self.groups.resize_with(slots, Group::default);
        }
    }

    fn decode(&mut self, slot: u32, hash: u64, value: &[u8]) -> Result<()> {
        let mut value = BlobReader::new(value);
        let written = Millis(value.i64()?);
        self.read(slot, hash, written, &mut value).map(|_| ())
    }

    fn evict(&mut self, slot: u32, hash: u64) {
        self.clear(slot, hash);
        if let Some(expiry) = &mut self.expiry {
            expiry.forget(slot);
        }
    }

    fn is_pinned(&self, slot: u32) -> bool {
        self.groups[slot as usize].touched
    }
}

/// The rows of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Whether there is anything to know.
    pub(super) known: bool,
    pub(super) list: RankList,
    /// The last rank that comes out.
    pub(super) last: u32,
    /// How many rows are in the result.
    pub(super) visible: u32,
    pub(super) touched: bool,
    /// Under DENSE_RANK: whether the last rank was given at the end of the last tick.
    pub(super) full: bool,
}
