//! Rows with weights as what a database is told: rows to append, or rows to put and keys to delete.

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::concat_batches;
use hashbrown::HashMap;
use riverrun_core::{Error, Result, RowBatch};
use riverrun_state::KeyEncoder;

/// What one transaction writes.
#[derive(Clone, Debug)]
pub enum Changes {
    /// New rows.
    Append(Vec<RecordBatch>),
    /// At most one row per key.
    Upsert {
        /// Rows that are there afterwards, whatever was.
        puts: Option<RecordBatch>,
        /// The key columns of rows that are gone afterwards.
        deletes: Option<RecordBatch>,
    },
}

/// What has become of a key.
#[derive(Default)]
struct Fate {
    /// Rows that were added and not taken back: the bytes of the row if rows are taken back at all, and its place.
    alive: Vec<(Option<Vec<u8>>, u32)>,
    /// The last row of the key, for the key's columns.
    last: u32,
}

impl Changes {
    /// The changes of these rows, which came in this order. Without a key all of them are new.
    ///
    /// With a key the row that was added last and not taken back stands. It does not matter whether an old row is taken
    /// back before or after the new one came.
    pub fn new(batches: &[RowBatch], primary_key: &[usize]) -> Result<Changes> {
        if primary_key.is_empty() {
            if batches.iter().any(|batch| batch.weights.as_ref().is_some_and(|all| all.iter().any(|one| *one < 0))) {
                return Err(Error::bug("a row is taken back from a table without a key"));
            }
            let rows = batches.iter().map(|batch| Ok(batch.one_by_one()?.columns));
            return Ok(Changes::Append(rows.collect::<Result<_>>()?));
        }
        let batches = batches.iter().map(RowBatch::one_by_one).collect::<Result<Vec<_>>>()?;
        let Some(first) = batches.first() else { return Ok(Changes::Upsert { puts: None, deletes: None }) };
        let columns = concat_batches(&first.schema(), batches.iter().map(|batch| &batch.columns))?;
        let changes = batches.iter().any(|batch| batch.weights.is_some());
        let keys: Vec<ArrayRef> = primary_key.iter().map(|&index| columns.column(index).clone()).collect();
        let mut encoder = KeyEncoder::default();
        let keys = encoder.encode(&keys, columns.num_rows())?;
        let mut whole = KeyEncoder::exact();
        let rows = if changes { Some(whole.encode(columns.columns(), columns.num_rows())?) } else { None };
        let mut fates: HashMap<&[u8], Fate> = HashMap::new();
        let weights = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| batch.weight(row)));
        for (row, weight) in weights.enumerate() {
            let fate = fates.entry(keys.row(row)).or_default();
            fate.last = row as u32;
            let bytes = rows.map(|rows| rows.row(row));
            if weight > 0 {
                fate.alive.push((bytes.map(<[u8]>::to_vec), row as u32));
                // Only the last one counts, and what might be taken back.
                if !changes {
                    fate.alive.drain(..fate.alive.len() - 1);
                }
            } else if let Some(at) = fate.alive.iter().rposition(|(alive, _)| alive.as_deref() == bytes) {
                fate.alive.remove(at);
            }
        }
        // In the order of the keys, so that two writers wait for each other rather than lock each other out.
        let mut fates: Vec<(&[u8], Fate)> = fates.into_iter().collect();
        fates.sort_unstable_by_key(|(key, _)| *key);
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for (_, fate) in fates {
            match fate.alive.last() {
                Some((_, row)) => puts.push(*row),
                None => deletes.push(fate.last),
            }
        }
        let keys = columns.project(primary_key)?;
        Ok(Changes::Upsert { puts: taken(&columns, puts)?, deletes: taken(&keys, deletes)? })
    }
}

fn taken(batch: &RecordBatch, rows: Vec<u32>) -> Result<Option<RecordBatch>> {
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(RowBatch::append(batch.clone()).take(&UInt32Array::from(rows))?.columns))
}

#[cfg(test)]
mod tests;
