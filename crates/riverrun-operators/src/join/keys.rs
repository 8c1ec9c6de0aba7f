//! The keys of both sides of a join, in one table.

use super::chunks::NO_ROW;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{Array, RecordBatch};
use riverrun_core::Result;
use riverrun_state::{KeyEncoder, KeyTable};

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
        let columns = evaluate_all(&self.keys[side], batch)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        let mut hashes = Vec::new();
        keys.hash_into(&mut hashes);
        let strict: Vec<_> = columns
            .iter()
            .zip(&self.null_safe)
            .filter(|(column, null_safe)| !**null_safe && column.null_count() > 0)
            .map(|(column, _)| column)
            .collect();
        let mut slots = Vec::with_capacity(batch.num_rows());
        if strict.is_empty() {
            self.table.insert_rows(keys, &hashes, &mut slots);
        } else {
            for (row, (key, &hash)) in keys.iter().zip(&hashes).enumerate() {
                let null = strict.iter().any(|column| column.is_null(row));
                slots.push(if null { NO_ROW } else { self.table.insert(hash, key).0 });
            }
        }
        Ok(slots)
    }
}
