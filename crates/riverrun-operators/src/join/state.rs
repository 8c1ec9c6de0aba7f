//! The rows of a join at a barrier, each with its key and a time that its operator gives it.

use super::chunks::NO_ROW;
use super::rows::Rows;
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, KeyGroup, Result, Schema};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, read_keyed};
use riverrun_state::{KeyEncoder, KeyTable, RestoredState, hash_key, key};

/// Rows are read back so many at a time.
pub const READ_ROWS: usize = 4096;

/// Rows of this schema that were kept as bytes.
pub fn decoded(schema: &SchemaRef, rows: &[&[u8]]) -> Result<RecordBatch> {
    let types: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    let columns = key::decode(&types, rows.iter().copied())?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

/// What is known of a row that was read, apart from its values.
#[derive(Clone, Copy, Debug)]
pub struct KeptRow {
    /// The slot of its key.
    pub slot: u32,
    /// The time it was written with.
    pub time: i64,
}

/// Stands where otherwise a side stands: an entry without a row.
pub const NO_SIDE: u8 = 2;

/// Appends an entry without a row.
pub fn write_mark(blobs: &mut KeyedBlobs, keys: &KeyTable, key_groups: u16, slot: u32, time: i64) {
    let out = blobs.group(KeyGroup::of_hash(keys.hash(slot), key_groups));
    put_bytes(out, keys.key(slot));
    out.push(NO_SIDE);
    put_i64(out, time);
}

/// Appends the rows of a side per key group as entries: the key, the side, a word of the row, and the row's values.
pub fn write_rows(
    blobs: &mut KeyedBlobs,
    keys: &KeyTable,
    (side, rows): (usize, &Rows),
    key_groups: u16,
    word: impl Fn(u32) -> i64,
) -> Result<()> {
    let mut encoder = KeyEncoder::exact();
    for (batch, numbers) in rows.chunks().iter() {
        let encoded = encoder.encode(batch.columns(), batch.num_rows())?;
        for (row, &number) in numbers.iter().enumerate().filter(|(_, number)| **number != NO_ROW) {
            let slot = rows.slot(number);
            let out = blobs.group(KeyGroup::of_hash(keys.hash(slot), key_groups));
            put_bytes(out, keys.key(slot));
            out.push(side as u8);
            put_i64(out, word(number));
            put_bytes(out, encoded.row(row));
        }
    }
    Ok(())
}

/// What was read back.
#[derive(Debug, Default)]
pub struct ReadRows {
    /// Batches of rows of one side.
    pub batches: Vec<(usize, RecordBatch, Vec<KeptRow>)>,
    /// Entries without a row.
    pub marks: Vec<KeptRow>,
}

/// Reads what [`write_rows`] and [`write_mark`] have written; the keys are in the table then.
pub fn read_rows(
    state: &RestoredState,
    version: u8,
    what: &str,
    keys: &mut KeyTable,
    inputs: &[Schema; 2],
) -> Result<ReadRows> {
    let mut marks = Vec::new();
    let mut read: [Vec<(KeptRow, Vec<u8>)>; 2] = Default::default();
    read_keyed(state, version, what, |_, blob| {
        let key = blob.bytes()?;
        let (slot, _) = keys.insert(hash_key(key), key);
        let side = blob.u8()?;
        let kept = KeptRow { slot, time: blob.i64()? };
        if side == NO_SIDE {
            marks.push(kept);
            return Ok(());
        }
        let row = (kept, blob.bytes()?.to_vec());
        read.get_mut(usize::from(side)).ok_or_else(|| Error::failure("a join has two sides"))?.push(row);
        Ok(())
    })?;
    let mut batches = Vec::new();
    for (side, rows) in read.iter().enumerate() {
        let schema = inputs[side].to_arrow();
        for rows in rows.chunks(READ_ROWS) {
            let bytes: Vec<&[u8]> = rows.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            let batch = decoded(&schema, &bytes)?;
            batches.push((side, batch, rows.iter().map(|(row, _)| *row).collect()));
        }
    }
    Ok(ReadRows { batches, marks })
}
