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
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, read_keyed};
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues};
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
    resident: Resident,
    values: Values,
    /// Keys that may have no row any more.
    maybe_empty: Vec<u32>,
}

/// The rows of all keys.
struct Values {
    /// By slot, as exact key bytes.
    rows: Vec<Option<Box<[u8]>>>,
    expiry: Option<Expiry>,
}

impl Values {
    fn written(&self, slot: u32) -> i64 {
        self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0)
    }

    fn forget(&mut self, slot: u32) {
        self.rows[slot as usize] = None;
        self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
    }

    fn read(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()> {
        let written = Millis(blob.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        self.rows[slot as usize] = Some(blob.bytes()?.into());
        Ok(())
    }
}

/// A value: when it was written, and the row.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_i64(out, self.written(slot));
        put_bytes(out, self.rows[slot as usize].as_deref().unwrap_or_default());
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.rows.len() {
            self.rows.resize(slots, None);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        self.read(slot, &mut BlobReader::new(value))
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.forget(slot);
    }
}

impl Normalize {
    /// The operator on one worker.
    pub fn new(spec: NormalizeSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        Ok(Normalize {
            types: schema.fields().iter().map(|field| field.data_type().clone()).collect(),
            schema,
            resident: context.resident("", spec.ttl),
            values: Values { rows: Vec::new(), expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())) },
            spec,
            context,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
            keys: KeyTable::default(),
            maybe_empty: Vec::new(),
        })
    }

    /// A row of a key is about to come or go; one whose time is over has gone before.
    fn touch(&mut self, slot: u32, now: Millis) {
        self.resident.change(&self.keys, &self.values, &[slot]);
        if self.values.expiry.as_ref().is_some_and(|expiry| expiry.is_expired(slot, now)) {
            self.values.forget(slot);
        }
    }

    /// Drops keys without a row, and makes room.
    fn settle(&mut self) -> Result<()> {
        for slot in std::mem::take(&mut self.maybe_empty) {
            if self.keys.is_live(slot) && self.values.rows[slot as usize].is_none() {
                self.resident.remove(&self.keys, &self.values, slot);
                self.keys.remove(slot);
            }
        }
        self.resident.settle(&mut self.keys, &mut self.values)
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
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.read_slots(&mut self.keys, &mut self.values, &keys, &hashes, &mut slots)?;
        for (index, (&slot, row)) in slots.iter().zip(rows.iter()).enumerate() {
            runs.push(weights.len(), watermarks.before(index));
            let is_there = self.values.rows[slot as usize].is_some();
            if batch.weight(index) < 0 {
                if is_there {
                    self.touch(slot, now);
                }
                self.maybe_empty.push(slot);
                let Some(before) = self.values.rows[slot as usize].take() else {
                    unknown += 1;
                    continue;
                };
                changed.push(before);
                weights.push(-1);
                self.values.forget(slot);
                continue;
            }
            // An equal row changes only when its key was written, where that is kept.
            let is_equal = self.values.rows[slot as usize].as_deref() == Some(row);
            if is_equal && self.values.expiry.is_none() {
                continue;
            }
            self.touch(slot, now);
            self.values.expiry.iter_mut().for_each(|expiry| expiry.write(slot, now));
            let before = self.values.rows[slot as usize].replace(row.into());
            if let Some(before) = before {
                if *before == *row {
                    continue;
                }
                changed.push(before);
                weights.push(-1);
            }
            changed.push(row.into());
            weights.push(1);
        }
        self.context.metrics.skipped.add(unknown);
        let columns = key::decode(&self.types, changed.iter().map(|row| &**row))?;
        let options = RecordBatchOptions::new().with_row_count(Some(changed.len()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        out.emit_with(RowBatch { columns, weights: Some(weights.into()) }, runs);
        self.settle()
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.values.expiry.as_ref()?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        for slot in expired {
            self.resident.remove(&self.keys, &self.values, slot);
            self.values.forget(slot);
            self.keys.remove(slot);
        }
        Ok(())
    }

    /// Per key group, for each key: its bytes, with a TTL when it was written, and its row.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.resident.snapshot(&self.keys, &self.values, (SNAPSHOT_VERSION, self.context.key_groups))
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let Normalize { keys, values, resident, .. } = self;
        resident.restore(&state.tier("")?, keys, values)?;
        read_keyed(&state, SNAPSHOT_VERSION, "a normalization of upserts", |_: KeyGroup, blob| {
            let key = blob.bytes()?;
            let (slot, _) = keys.insert(hash_key(key), key);
            values.grow(keys.slots());
            values.read(slot, blob)?;
            resident.restored(keys, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
