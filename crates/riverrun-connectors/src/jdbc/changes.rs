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

impl Changes {
    /// The changes of these rows, which came in this order. Without a key all of them are new.
    ///
    /// With a key they are upserts: a row that is added takes the place of its key's, also of one that was added before and not
    /// taken back, and where a row is taken back its key has none. So the last change of a key is all that counts.
    pub fn new(batches: &[RowBatch], primary_key: &[usize]) -> Result<Changes> {
        if primary_key.is_empty() {
            if batches.iter().any(|batch| batch.weights.as_ref().is_some_and(|all| all.iter().any(|one| *one < 0))) {
                return Err(Error::bug("a row is taken back from a table without a key"));
            }
            let rows = batches.iter().map(|batch| Ok(batch.one_by_one()?.columns));
            return Ok(Changes::Append(rows.collect::<Result<_>>()?));
        }
        let Some(first) = batches.first() else { return Ok(Changes::Upsert { puts: None, deletes: None }) };
        let columns = concat_batches(&first.columns.schema(), batches.iter().map(|batch| &batch.columns))?;
        let keys: Vec<ArrayRef> = primary_key.iter().map(|&index| columns.column(index).clone()).collect();
        let mut encoder = KeyEncoder::default();
        let keys = encoder.encode(&keys, columns.num_rows())?;
        // Of each key the last row, and whether it is there.
        let mut fates: HashMap<&[u8], (u32, bool)> = HashMap::new();
        let weights = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| batch.weight(row)));
        for (row, weight) in weights.enumerate().filter(|(_, weight)| *weight != 0) {
            fates.insert(keys.row(row), (row as u32, weight > 0));
        }
        // In the order of the keys, so that two writers wait for each other rather than lock each other out.
        let mut fates: Vec<(&[u8], (u32, bool))> = fates.into_iter().collect();
        fates.sort_unstable_by_key(|(key, _)| *key);
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for (_, (row, is_there)) in fates {
            if is_there { puts.push(row) } else { deletes.push(row) }
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
