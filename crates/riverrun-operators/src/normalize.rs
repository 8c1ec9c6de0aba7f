//! Upserts made into a changelog: the last row of every key, taken back when another one comes or the key is deleted.
//!
//! A row that is added replaces the key's row; one that is taken back deletes it, whatever its other columns say (a
//! tombstone has none). An equal row over again changes nothing, and the deletion of a key that has no row is passed over
//! and counted as skipped.
//!
//! Source of the semantics: Flink 2.3's ChangelogNormalize (`DeduplicateFunctionHelper.processLastRowOnChangelog`).

use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{KeyGroup, Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, read_keyed};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, hash_key, key};

#[cfg(test)]
mod tests;

/// A normalization of upserts. The input must be routed by `keys`; the output takes rows back.
#[derive(Clone, Debug)]
pub struct NormalizeSpec {
    /// The primary key.
    pub keys: Vec<Expression>,
    /// The columns, of the input and of the output.
    pub schema: Schema,
    /// How long a key is kept that is not written (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
}

const SNAPSHOT_VERSION: u8 = 2;

/// Keeps the last row of every key.
pub struct Normalize {
    spec: NormalizeSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
    keys: KeyTable,
    /// By slot, as exact key bytes.
    rows: Vec<Box<[u8]>>,
    expiry: Option<Expiry>,
}

impl Normalize {
    /// The operator on one worker.
    pub fn new(spec: NormalizeSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        Ok(Normalize {
            types: schema.fields().iter().map(|field| field.data_type().clone()).collect(),
            schema,
            expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
            spec,
            context,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
            keys: KeyTable::default(),
            rows: Vec::new(),
        })
    }

    /// The slot of a key that is there and whose time is not over.
    fn live(&mut self, hash: u64, key: &[u8], now: Millis) -> Option<u32> {
        let slot = self.keys.find(hash, key)?;
        if self.expiry.as_ref().is_some_and(|expiry| expiry.is_expired(slot, now)) {
            self.forget(slot);
            return None;
        }
        Some(slot)
    }

    fn forget(&mut self, slot: u32) {
        self.rows[slot as usize] = Box::default();
        self.keys.remove(slot);
        self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
    }

    fn put(&mut self, slot: u32, row: &[u8]) {
        let slot = slot as usize;
        if slot >= self.rows.len() {
            self.rows.resize_with(slot + 1, Box::default);
        }
        self.rows[slot] = row.into();
    }
}

impl Operator<RowBatch> for Normalize {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let columns = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&columns, batch.num_rows())?.clone();
        let rows = self.row_encoder.encode(batch.columns.columns(), batch.num_rows())?.clone();
        let (mut changed, mut weights): (Vec<Box<[u8]>>, Vec<i64>) = (Vec::new(), Vec::new());
        let mut runs = WatermarkRuns::default();
        let mut unknown = 0;
        let now = self.context.clock.now();
        for (index, (key, row)) in keys.iter().zip(rows.iter()).enumerate() {
            let hash = hash_key(key);
            let slot = self.live(hash, key, now);
            runs.push(weights.len(), watermarks.before(index));
            if batch.weight(index) < 0 {
                let Some(slot) = slot else {
                    unknown += 1;
                    continue;
                };
                changed.push(std::mem::take(&mut self.rows[slot as usize]));
                weights.push(-1);
                self.keys.remove(slot);
                self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
                continue;
            }
            if let (Some(slot), Some(expiry)) = (slot, &mut self.expiry) {
                expiry.write(slot, now);
            }
            match slot {
                Some(slot) if *self.rows[slot as usize] == *row => continue,
                Some(slot) => {
                    changed.push(std::mem::replace(&mut self.rows[slot as usize], row.into()));
                    weights.push(-1);
                }
                None => {
                    let (slot, _) = self.keys.insert(hash, key);
                    self.put(slot, row);
                    self.expiry.iter_mut().for_each(|expiry| expiry.write(slot, now));
                }
            }
            changed.push(row.into());
            weights.push(1);
        }
        self.context.metrics.skipped.add(unknown);
        let columns = key::decode(&self.types, changed.iter().map(|row| &**row))?;
        let options = RecordBatchOptions::new().with_row_count(Some(changed.len()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        out.emit_with(RowBatch { columns, weights: Some(weights.into()) }, runs);
        Ok(())
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.expiry.as_ref()?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.expiry.as_mut().map(|expiry| expiry.take_expired(now)).unwrap_or_default();
        expired.into_iter().for_each(|slot| self.forget(slot));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut blobs = KeyedBlobs::new(SNAPSHOT_VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                put_bytes(blob, self.keys.key(slot));
                put_i64(blob, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
                put_bytes(blob, &self.rows[slot as usize]);
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let now = self.context.clock.now();
        read_keyed(&state, SNAPSHOT_VERSION, "a normalization of upserts", |_: KeyGroup, blob| {
            let key = blob.bytes()?;
            let (slot, _) = self.keys.insert(hash_key(key), key);
            let written = Millis(blob.i64()?);
            if let Some(expiry) = &mut self.expiry {
                // Where the time to live is new, it begins now.
                expiry.write(slot, if written.0 > 0 { written } else { now });
            }
            self.put(slot, blob.bytes()?);
            Ok(())
        })?;
        self.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
