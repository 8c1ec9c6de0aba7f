//! INTERSECT and EXCEPT, with and without ALL.
//!
//! Of each row only the number on either side is kept: the rows themselves are the keys, and NULL equals NULL. What follows
//! from the numbers comes out once per tick, as far as it has changed.

use crate::each_change::Changes;
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate_all};
use crate::join::{LEFT, RIGHT};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_i64, read_keyed};
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, hash_key, key};
use std::fmt;

#[cfg(test)]
mod tests;

/// What is made of two multisets of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperation {
    /// Rows of both sides.
    Intersect {
        /// As often as they are on both.
        all: bool,
    },
    /// Rows of the left side that are not on the right one.
    Except {
        /// As often as they are more there.
        all: bool,
    },
}

impl SetOperation {
    /// How often a row comes out that is so often on the left and on the right.
    fn times(self, left: i64, right: i64) -> i64 {
        match self {
            SetOperation::Intersect { all: true } => left.min(right).max(0),
            SetOperation::Intersect { all: false } => i64::from(left > 0 && right > 0),
            SetOperation::Except { all: true } => (left - right.max(0)).max(0),
            SetOperation::Except { all: false } => i64::from(left > 0 && right <= 0),
        }
    }
}

impl fmt::Display for SetOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SetOperation::Intersect { all: false } => "INTERSECT",
            SetOperation::Intersect { all: true } => "INTERSECT ALL",
            SetOperation::Except { all: false } => "EXCEPT",
            SetOperation::Except { all: true } => "EXCEPT ALL",
        })
    }
}

/// An operation on two inputs of the same Arrow types, which must be routed by all their columns.
#[derive(Clone, Debug)]
pub struct SetOperationSpec {
    /// Which.
    pub operation: SetOperation,
    /// All columns of each side.
    pub keys: [Vec<Expression>; 2],
    /// The columns of the output.
    pub schema: Schema,
    /// Whether the output can take rows back.
    pub retracts: bool,
    /// How long a row is kept that comes no more (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// How many rows a batch of the output has at the most.
    pub batch_size: usize,
    /// Which changes come out: [`EachChange`](crate::each_change::EachChange) makes each of them.
    pub changes: Changes,
}

const VERSION: u8 = 2;

/// Counts equal rows of two inputs.
#[derive(Debug)]
pub struct SetOperator {
    spec: SetOperationSpec,
    context: OperatorContext,
    schema: SchemaRef,
    types: Vec<DataType>,
    encoder: KeyEncoder,
    rows: KeyTable,
    resident: Resident,
    values: Values,
    touched: Vec<u32>,
    emitting: bool,
}

/// How often each row is there.
#[derive(Debug)]
struct Values {
    counts: Vec<Count>,
    expiry: Option<Expiry>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sides: [i64; 2],
    sent: i64,
    touched: bool,
}

impl Values {
    fn forget(&mut self, slot: u32) {
        self.counts[slot as usize] = Count::default();
        self.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
    }

    fn read(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<Count> {
        let written = Millis(blob.i64()?);
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        let sides = [blob.i64()?, blob.i64()?];
        let count = Count { sides, sent: blob.i64()?, touched: false };
        self.counts[slot as usize] = count;
        Ok(count)
    }
}

/// A value: when it was written, and how often the row is on the left, on the right and out.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let count = &self.counts[slot as usize];
        put_i64(out, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
        put_i64(out, count.sides[LEFT]);
        put_i64(out, count.sides[RIGHT]);
        put_i64(out, count.sent);
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.counts.len() {
            self.counts.resize(slots, Count::default());
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        self.read(slot, &mut BlobReader::new(value)).map(|_| ())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.forget(slot);
    }

    fn is_pinned(&self, slot: u32) -> bool {
        self.counts[slot as usize].touched
    }
}

impl SetOperator {
    /// The operator on one worker.
    pub fn new(spec: SetOperationSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        Ok(SetOperator {
            types: schema.fields().iter().map(|field| field.data_type().clone()).collect(),
            schema,
            encoder: KeyEncoder::default(),
            rows: KeyTable::default(),
            resident: context.resident("", spec.ttl),
            values: Values { counts: Vec::new(), expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())) },
            touched: Vec::new(),
            emitting: false,
            spec,
            context,
        })
    }

    /// A row comes; if its time was over, it is counted anew, and what was sent of it stays.
    fn write(&mut self, slot: u32, now: Millis) {
        if let Some(expiry) = &mut self.values.expiry {
            let count = &mut self.values.counts[slot as usize];
            if !count.touched && expiry.is_expired(slot, now) {
                *count = Count::default();
            }
            expiry.write(slot, now);
        }
    }

    fn touch(&mut self, slot: u32) {
        let count = &mut self.values.counts[slot as usize];
        if !count.touched {
            count.touched = true;
            self.touched.push(slot);
        }
    }

    /// Emits what has changed, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let limit = self.spec.batch_size.max(1);
        while !self.touched.is_empty() {
            if !out.has_room() {
                return Ok(());
            }
            let (mut slots, mut weights): (Vec<u32>, Vec<i64>) = (Vec::new(), Vec::new());
            let mut done = 0;
            while done < self.touched.len() && slots.len() < limit {
                let slot = self.touched[done];
                let count = &mut self.values.counts[slot as usize];
                let wanted = self.spec.operation.times(count.sides[LEFT], count.sides[RIGHT]);
                while count.sent != wanted && slots.len() < limit {
                    let step = (wanted - count.sent).signum();
                    count.sent += step;
                    slots.push(slot);
                    weights.push(step);
                }
                if count.sent != wanted {
                    break;
                }
                done += 1;
            }
            let finished: Vec<u32> = self.touched.drain(..done).collect();
            if let Some(batch) = self.batch(&slots, weights)? {
                out.emit(batch);
            }
            for slot in finished {
                let count = &mut self.values.counts[slot as usize];
                count.touched = false;
                if count.sides == [0, 0] {
                    self.remove(slot);
                }
            }
        }
        self.emitting = false;
        self.resident.settle(&mut self.rows, &mut self.values)
    }

    fn remove(&mut self, slot: u32) {
        self.resident.remove(&self.rows, &self.values, slot);
        self.values.forget(slot);
        self.rows.remove(slot);
    }

    fn batch(&self, slots: &[u32], weights: Vec<i64>) -> Result<Option<RowBatch>> {
        if slots.is_empty() {
            return Ok(None);
        }
        let columns = key::decode(&self.types, slots.iter().map(|&slot| self.rows.key(slot)))?;
        let options = RecordBatchOptions::new().with_row_count(Some(slots.len()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(Some(RowBatch { columns, weights: self.spec.retracts.then(|| weights.into()) }))
    }
}

impl Operator<RowBatch> for SetOperator {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let columns = evaluate_all(&self.spec.keys[port], &batch.columns)?;
        let rows = self.encoder.encode(&columns, batch.num_rows())?;
        let mut hashes = Vec::new();
        rows.hash_into(&mut hashes);
        let mut slots = Vec::new();
        self.resident.slots(&mut self.rows, &mut self.values, rows, &hashes, &mut slots)?;
        let now = self.context.clock.now();
        for (row, &slot) in slots.iter().enumerate() {
            self.write(slot, now);
            self.values.counts[slot as usize].sides[port] += batch.weight(row);
            self.touch(slot);
        }
        Ok(())
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.emitting = !self.touched.is_empty();
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // A row is not taken away in the middle of a tick that has touched it.
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        expired.into_iter().for_each(|slot| self.remove(slot));
        Ok(())
    }

    /// Per key group, for each row: its bytes, with a TTL when it came last, how often it is on the left, on the right and out.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.resident.is_tiered() && !self.touched.is_empty() {
            return Err(Error::bug("a snapshot of INTERSECT or EXCEPT in the middle of a tick"));
        }
        self.resident.snapshot(&self.rows, &self.values, (VERSION, self.context.key_groups))
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.rows, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let SetOperator { spec, rows, values, resident, touched, .. } = self;
        resident.restore(&state.tier("")?, rows, values)?;
        read_keyed(&state, VERSION, "INTERSECT or EXCEPT", |_, blob| {
            let row = blob.bytes()?;
            let (slot, _) = rows.insert(hash_key(row), row);
            values.grow(rows.slots());
            let Count { sides, sent, .. } = values.read(slot, blob)?;
            // What the last tick did not get to.
            if sent != spec.operation.times(sides[LEFT], sides[RIGHT]) || sides == [0, 0] {
                values.counts[slot as usize].touched = true;
                touched.push(slot);
            }
            resident.restored(rows, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
