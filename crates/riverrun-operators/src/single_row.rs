//! The check of a scalar subquery: one row at the most, in all or per key.
//!
//! Rows pass unchanged; only their number is kept. It is looked at when a tick is complete: within one, a new row may come
//! before the old one is taken back.

use crate::expression::{Expression, evaluate_all};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, read_keyed};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, hash_key};

#[cfg(test)]
mod tests;

/// A check of the number of rows per key. The input must be routed by the keys.
#[derive(Clone, Debug)]
pub struct SingleRowSpec {
    /// The keys; none where there is one row in all.
    pub keys: Vec<Expression>,
}

const VERSION: u8 = 1;

/// Counts rows, and fails where there are two.
#[derive(Debug)]
pub struct SingleRow {
    spec: SingleRowSpec,
    context: OperatorContext,
    encoder: KeyEncoder,
    keys: KeyTable,
    rows: Vec<i64>,
    touched: Vec<u32>,
}

impl SingleRow {
    /// The operator on one worker.
    pub fn new(spec: SingleRowSpec, context: OperatorContext) -> Result<Self> {
        let (encoder, keys) = (KeyEncoder::default(), KeyTable::default());
        Ok(SingleRow { spec, context, encoder, keys, rows: Vec::new(), touched: Vec::new() })
    }

    fn grow(&mut self) {
        if self.keys.slots() > self.rows.len() {
            self.rows.resize(self.keys.slots(), 0);
        }
    }

    fn check(&mut self) -> Result<()> {
        self.touched.sort_unstable();
        self.touched.dedup();
        for slot in std::mem::take(&mut self.touched) {
            match self.rows[slot as usize] {
                2.. => {
                    return Err(Error::input("a scalar subquery has given more than one row")
                        .hint("aggregate in it (MAX, MIN, …), or make its condition choose one row"));
                }
                0 => self.keys.remove(slot),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Operator<RowBatch> for SingleRow {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let columns = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        let mut hashes = Vec::new();
        keys.hash_into(&mut hashes);
        let mut slots = Vec::new();
        self.keys.insert_rows(keys, &hashes, &mut slots);
        self.grow();
        for (row, &slot) in slots.iter().enumerate() {
            self.rows[slot as usize] += batch.weight(row);
            if self.rows[slot as usize] != 1 {
                self.touched.push(slot);
            }
        }
        out.emit_with(batch, watermarks.clone());
        Ok(())
    }

    fn on_tick(&mut self, _out: &mut Output<RowBatch>) -> Result<()> {
        self.check()
    }

    fn on_end(&mut self, _out: &mut Output<RowBatch>) -> Result<()> {
        self.check()
    }

    /// Per key group, for each key: its bytes and the number of its rows.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut blobs = KeyedBlobs::new(VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let out = blobs.group(group);
            for slot in slots {
                put_bytes(out, self.keys.key(slot));
                put_i64(out, self.rows[slot as usize]);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        read_keyed(&state, VERSION, "a scalar subquery", |_, blob| {
            let key = blob.bytes()?;
            let (slot, _) = self.keys.insert(hash_key(key), key);
            self.grow();
            self.rows[slot as usize] = blob.i64()?;
            self.touched.push(slot);
            Ok(())
        })
    }
}
