//! The keys of both sides of a join, in one table.

use super::chunks::NO_ROW;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{Array, RecordBatch};
use riverrun_core::Result;
use riverrun_state::tier::{Resident, SlotValues};
use riverrun_state::{KeyEncoder, KeyRows, KeyTable};

/// From the keys of rows to slots.
#[derive(Debug)]
pub struct JoinKeys {
    keys: [Vec<Expression>; 2],
    /// For each key, whether NULL equals NULL.
    null_safe: Vec<bool>,
    encoder: KeyEncoder,
    /// The slots.
    pub table: KeyTable,
}

impl JoinKeys {
    /// No keys yet.
    pub fn new(keys: [Vec<Expression>; 2], null_safe: Vec<bool>) -> Self {
        JoinKeys { keys, null_safe, encoder: KeyEncoder::default(), table: KeyTable::default() }
    }

    /// The slot of each row's key; [`NO_ROW`] where a NULL keeps it from ever matching.
    pub fn slots(&mut self, side: usize, batch: &RecordBatch) -> Result<Vec<u32>> {
        self.slots_by(side, batch, |table, keys, hashes, slots| {
            table.insert_rows(keys, hashes, slots);
            Ok(())
        })
    }

    /// The same with what is kept of the keys in memory.
    pub fn resident_slots<V: SlotValues>(
        &mut self,
        side: usize,
        batch: &RecordBatch,
        resident: &mut Resident,
        values: &mut V,
    ) -> Result<Vec<u32>> {
        self.slots_by(side, batch, |table, keys, hashes, slots| resident.read_slots(table, values, keys, hashes, slots))
    }

    fn slots_by(
        &mut self,
        side: usize,
        batch: &RecordBatch,
        find: impl FnOnce(&mut KeyTable, &KeyRows, &[u64], &mut Vec<u32>) -> Result<()>,
    ) -> Result<Vec<u32>> {
        let columns = evaluate_all(&self.keys[side], batch)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        let strict: Vec<_> = columns
            .iter()
            .zip(&self.null_safe)
            .filter(|(column, null_safe)| !**null_safe && column.null_count() > 0)
            .map(|(column, _)| column)
            .collect();
        let (mut hashes, mut slots) = (Vec::new(), Vec::with_capacity(batch.num_rows()));
        if strict.is_empty() {
            keys.hash_into(&mut hashes);
            find(&mut self.table, keys, &hashes, &mut slots)?;
            return Ok(slots);
        }
        let is_null = |row: usize| strict.iter().any(|column| column.is_null(row));
        let mut matchable = KeyRows::default();
        keys.iter().enumerate().filter(|(row, _)| !is_null(*row)).for_each(|(_, key)| matchable.push(key));
        matchable.hash_into(&mut hashes);
        find(&mut self.table, &matchable, &hashes, &mut slots)?;
        let mut found = slots.into_iter();
        let slot = |row: usize| if is_null(row) { NO_ROW } else { found.next().unwrap_or(NO_ROW) };
        Ok((0..batch.num_rows()).map(slot).collect())
    }
}
