//! What a regular join leaves at a barrier.
//!
//! Per key group entries: the key, then a side and one of its rows (the values, how many equal ones, how many matches, when
//! written), or [`TOTAL`] and how many rows the right side has.

use super::{LEFT, NewRow, Place, RIGHT, RegularJoin, Result, hash_row};
use crate::join::chunks::NO_ROW;
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::DataType;
use riverrun_core::{Error, KeyGroup, Millis};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState, hash_key, key};

const VERSION: u8 = 1;

/// Stands where otherwise a side stands.
const TOTAL: u8 = 2;

/// Rows are read back so many at a time.
const READ_ROWS: usize = 4096;

/// A row that was read.
struct ReadRow<'a> {
    slot: u32,
    bytes: &'a [u8],
    count: u32,
    matches: u32,
    time: Millis,
}

impl RegularJoin {
    pub(super) fn write_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.probe.is_some() {
            return Err(Error::bug("a snapshot of a join that has more to emit"));
        }
        let groups = self.context.key_groups;
        let mut blobs = KeyedBlobs::new(VERSION);
        let group = |keys: &riverrun_state::KeyTable, slot: u32| KeyGroup::of_hash(keys.hash(slot), groups);
        let mut encoder = KeyEncoder::exact();
        for (number, rows) in self.sides.iter().enumerate() {
            let tracked = self.spec.kind.preserves(number) || (self.spec.kind.is_semi() && number == LEFT);
            for (batch, numbers) in rows.chunks().iter() {
                let encoded = encoder.encode(batch.columns(), batch.num_rows())?;
                for (row, &kept) in numbers.iter().enumerate().filter(|(_, kept)| **kept != NO_ROW) {
                    let slot = rows.slot(kept);
                    let out = blobs.group(group(&self.keys.table, slot));
                    put_bytes(out, self.keys.table.key(slot));
                    out.push(number as u8);
                    put_bytes(out, encoded.row(row));
                    put_u32(out, rows.count(kept));
                    put_u32(out, if tracked { rows.matches(kept) } else { 0 });
                    put_i64(out, rows.time(kept).0);
                }
            }
        }
        if let Some(totals) = &self.totals {
            for slot in self.keys.table.live().filter(|slot| totals[*slot as usize] > 0) {
                let out = blobs.group(group(&self.keys.table, slot));
                put_bytes(out, self.keys.table.key(slot));
                out.push(TOTAL);
                put_i64(out, totals[slot as usize]);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    pub(super) fn read_snapshot(&mut self, state: &RestoredState) -> Result<()> {
        for (group, blob) in &state.keyed {
            let one = RestoredState { keyed: vec![(*group, blob.clone())], ..RestoredState::default() };
            self.read_group(&one)?;
        }
        Ok(())
    }

    /// Reads one group. Its rows are decoded from bytes that live as long as the state.
    fn read_group(&mut self, state: &RestoredState) -> Result<()> {
        let mut owned: [Vec<(u32, Vec<u8>, u32, u32, Millis)>; 2] = Default::default();
        read_keyed(state, VERSION, "a join", |_, blob| {
            let key = blob.bytes()?;
            let (slot, _) = self.keys.table.insert(hash_key(key), key);
            let side = blob.u8()?;
            if side == TOTAL {
                self.grow();
                let total = blob.i64()?;
                if let Some(totals) = &mut self.totals {
                    totals[slot as usize] = total;
                }
                return Ok(());
            }
            let row = (slot, blob.bytes()?.to_vec(), blob.u32()?, blob.u32()?, Millis(blob.i64()?));
            owned.get_mut(usize::from(side)).ok_or_else(|| Error::failure("a join has two sides"))?.push(row);
            Ok(())
        })?;
        self.grow();
        for side in [LEFT, RIGHT] {
            for rows in owned[side].chunks(READ_ROWS) {
                let rows: Vec<ReadRow<'_>> = rows
                    .iter()
                    .map(|(slot, bytes, count, matches, time)| ReadRow {
                        slot: *slot,
                        bytes,
                        count: *count,
                        matches: *matches,
                        time: *time,
                    })
                    .collect();
                self.add_read(side, &rows)?;
            }
        }
        Ok(())
    }

    fn add_read(&mut self, side: usize, read: &[ReadRow<'_>]) -> Result<()> {
        let schema = self.spec.inputs[side].to_arrow();
        let types: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        let columns = key::decode(&types, read.iter().map(|row| row.bytes))?;
        let options = RecordBatchOptions::new().with_row_count(Some(read.len()));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let rows = &mut self.sides[side];
        let chunk = rows.begin(batch)?;
        for (at, row) in read.iter().enumerate() {
            let place = Place { chunk, row: at as u32 };
            let ReadRow { slot, count, matches, time, .. } = *row;
            rows.add(NewRow { slot, place, hash: hash_row(row.bytes), count, matches, time })?;
        }
        rows.finish()
    }
}
