//! GROUP BY: aggregates per key, updated as rows come and go.
//!
//! The output is consolidated per tick: a key whose result has changed gives one `−old` and one `+new` row, one whose
//! last row is gone only `−old`, one whose result is what it was nothing. Without keys there is one group; while it has no
//! rows it has no result either.
//!
//! Source of the semantics: Flink 2.3, "Group Aggregation", and its `GroupAggFunction`.

use crate::aggregate_call::AggregateCall;
use crate::aggregates::AggregateState;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{KeyGroup, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, read_keyed};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, hash_key, key};

#[cfg(test)]
mod tests;

/// An aggregation per key. The input must be routed by `keys`; the output is an updating stream with those keys.
#[derive(Clone, Debug)]
pub struct GroupAggregateSpec {
    /// The group keys.
    pub keys: Vec<Expression>,
    /// The aggregates; none for SELECT DISTINCT. Functions must be resolved as retracting if the input is.
    pub aggregates: Vec<AggregateCall>,
    /// The schema of the output: keys, then aggregates.
    pub schema: Schema,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
}

const SNAPSHOT_VERSION: u8 = 1;

/// Aggregates per key.
pub struct GroupAggregate {
    spec: GroupAggregateSpec,
    context: OperatorContext,
    schema: SchemaRef,
    key_types: Vec<DataType>,
    value_types: Vec<DataType>,
    encoder: KeyEncoder,
    results: KeyEncoder,
    keys: KeyTable,
    states: Vec<Box<dyn AggregateState>>,
    groups: Vec<Group>,
    /// The slots that this tick has touched, in the order of the first touch.
    touched: Vec<u32>,
    /// The next of `touched` to go out; beyond it until the tick ends.
    position: usize,
    emitting: bool,
}

/// What is known of a group beside its key and its aggregates.
#[derive(Clone, Debug, Default)]
struct Group {
    /// How many rows it has: the sum of their weights.
    rows: i64,
    /// The result that went out last, as exact key bytes.
    sent: Option<Box<[u8]>>,
    touched: bool,
}

impl GroupAggregate {
    /// The operator on one worker.
    pub fn new(spec: GroupAggregateSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        let types: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        let (key_types, value_types) = types.split_at(spec.keys.len());
        Ok(GroupAggregate {
            key_types: key_types.to_vec(),
            value_types: value_types.to_vec(),
            schema,
            encoder: KeyEncoder::default(),
            results: KeyEncoder::exact(),
            keys: KeyTable::default(),
            states: spec.aggregates.iter().map(|call| call.function.create()).collect(),
            groups: Vec::new(),
            touched: Vec::new(),
            position: 0,
            emitting: false,
            spec,
            context,
        })
    }

    /// Makes the columns beside the keys as long as these.
    fn grow(&mut self) {
        let slots = self.keys.slots();
        if slots > self.groups.len() {
            self.groups.resize_with(slots, Group::default);
            self.states.iter_mut().for_each(|state| state.grow(slots));
        }
    }

    fn touch(&mut self, slot: u32) {
        let group = &mut self.groups[slot as usize];
        if !group.touched {
            group.touched = true;
            self.touched.push(slot);
        }
    }

    /// Emits the changes of the groups that were touched, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.touched.len() {
            if !out.has_room() {
                return Ok(());
            }
            // A group gives at most two rows.
            let end = self.touched.len().min(self.position + (self.spec.batch_size / 2).max(1));
            let slots = self.touched[self.position..end].to_vec();
            self.position = end;
            if let Some(batch) = self.changes(&slots)? {
                out.emit(batch);
            }
        }
        self.touched.clear();
        self.position = 0;
        self.emitting = false;
        Ok(())
    }

    /// What has changed in these groups; those without rows are gone afterwards.
    fn changes(&mut self, slots: &[u32]) -> Result<Option<RowBatch>> {
        let values = self.states.iter().map(|state| state.evaluate(slots)).collect::<Result<Vec<ArrayRef>>>()?;
        let values = self.results.encode(&values, slots.len())?;
        // Before each group changes, its old result: the rows point into these.
        let mut old: Vec<Option<Box<[u8]>>> = Vec::with_capacity(slots.len());
        let mut kept = Vec::with_capacity(slots.len());
        for (index, &slot) in slots.iter().enumerate() {
            let group = &mut self.groups[slot as usize];
            group.touched = false;
            let now = (group.rows > 0).then(|| values.row(index));
            if group.sent.as_deref() == now {
                old.push(None);
                kept.push(false);
                continue;
            }
            old.push(group.sent.take());
            group.sent = now.map(Into::into);
            kept.push(now.is_some());
        }
        let (mut rows, mut results, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (index, &slot) in slots.iter().enumerate() {
            if let Some(old) = &old[index] {
                rows.push(self.keys.key(slot));
                results.push(&**old);
                weights.push(-1);
            }
            if kept[index] {
                rows.push(self.keys.key(slot));
                results.push(values.row(index));
                weights.push(1);
            }
        }
        let batch = match rows.len() {
            0 => None,
            count => {
                let mut columns = key::decode(&self.key_types, rows)?;
                columns.extend(key::decode(&self.value_types, results)?);
                let options = RecordBatchOptions::new().with_row_count(Some(count));
                let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
                Some(RowBatch { columns, weights: Some(weights.into()) })
            }
        };
        for &slot in slots.iter().filter(|slot| self.groups[**slot as usize].rows == 0) {
            self.keys.remove(slot);
            self.states.iter_mut().for_each(|state| state.clear(slot));
        }
        Ok(batch)
    }
}

impl Operator<RowBatch> for GroupAggregate {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let columns = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        let mut hashes = Vec::new();
        keys.hash_into(&mut hashes);
        let mut slots = Vec::new();
        self.keys.insert_rows(keys, &hashes, &mut slots);
        self.grow();
        for (row, &slot) in slots.iter().enumerate() {
            self.groups[slot as usize].rows += batch.weight(row);
            self.touch(slot);
        }
        for (call, state) in self.spec.aggregates.iter().zip(&mut self.states) {
            let input = call.evaluate(&batch.columns)?;
            state.update(&slots, &input.arguments, batch.weights.as_deref(), input.filter.as_ref())?;
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

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut blobs = KeyedBlobs::new(SNAPSHOT_VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                let group = &self.groups[slot as usize];
                put_bytes(blob, self.keys.key(slot));
                put_i64(blob, group.rows);
                blob.push(u8::from(group.touched));
                blob.push(u8::from(group.sent.is_some()));
                if let Some(sent) = &group.sent {
                    put_bytes(blob, sent);
                }
                self.states.iter().for_each(|state| state.encode(slot, blob));
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        read_keyed(&state, SNAPSHOT_VERSION, "a group aggregation", |_: KeyGroup, blob| {
            let key = blob.bytes()?;
            let (slot, _) = self.keys.insert(hash_key(key), key);
            self.grow();
            let rows = blob.i64()?;
            let (touched, sent) = (blob.u8()? != 0, blob.u8()? != 0);
            let sent = if sent { Some(blob.bytes()?.into()) } else { None };
            self.groups[slot as usize] = Group { rows, sent, touched: false };
            if touched {
                self.touch(slot);
            }
            self.states.iter_mut().try_for_each(|state| state.decode(slot, blob.rest()))
        })
    }
}
