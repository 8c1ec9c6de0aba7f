//! The first of two phases of a GROUP BY: each worker aggregates its own rows of a tick before they are exchanged, so that a
//! key with very many rows costs its owner one row per worker and tick.
//!
//! ```text
//!   rows ─► LocalAggregate ─ by key ─► GroupAggregate
//!           per worker and tick        merges states, adds rows
//! ```
//!
//! Where few rows share a key it would only cost: then rows pass as they are, and every now and then a tick is aggregated to
//! see whether that still holds. Both kinds of batches have the same columns:
//!
//! | keys | arguments and filters of the calls | rows | one state per call |
//! |---|---|---|---|
//! | of the row | of the row | NULL | NULL |
//! | of the group | NULL | the sum of weights | encoded |
//!
//! What comes out belongs to its tick: nothing is kept beyond it, and nothing is part of a snapshot.
//!
//! Source of the semantics: Flink 2.3, "Performance Tuning", "Local-Global Aggregation".

use super::GroupAggregateSpec;
use crate::aggregate_call::{AggregateCall, CallInput};
use crate::aggregates::AggregateState;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, Int64Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema as ArrowSchema};
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, key};
use std::sync::Arc;

/// So many rows must share a key on average.
const PAYS: usize = 4;

/// After how many batches that passed as they were it is tried again.
const TRY_AGAIN: u32 = 64;

/// A tick with more groups goes out in parts.
const MOST_GROUPS: usize = 1 << 16;

/// Aggregates the rows of one worker and tick.
pub struct LocalAggregate {
    spec: GroupAggregateSpec,
    adaptive: bool,
    encoder: KeyEncoder,
    keys: KeyTable,
    states: Vec<Box<dyn AggregateState>>,
    /// By slot: the sum of weights.
    rows: Vec<i64>,
    /// The slots in the order of their first rows.
    order: Vec<u32>,
    /// The types of the keys and of the calls' inputs.
    types: [Vec<DataType>; 2],
    /// How many rows were taken in since the last time the groups went out.
    taken: usize,
    /// How many batches pass as they are before the next try.
    passing: u32,
    emitting: bool,
}

impl LocalAggregate {
    /// The operator on one worker.
    pub fn new(spec: GroupAggregateSpec, context: &OperatorContext) -> Self {
        // One worker alone has nothing to exchange.
        let passing = if context.parallelism == 1 { u32::MAX } else { 0 };
        LocalAggregate {
            adaptive: spec.phases == super::Phases::TwoWhereItPays,
            encoder: KeyEncoder::default(),
            keys: KeyTable::default(),
            states: spec.aggregates.iter().map(|call| call.function.create()).collect(),
            rows: Vec::new(),
            order: Vec::new(),
            types: Default::default(),
            taken: 0,
            passing,
            emitting: false,
            spec,
        }
    }

    fn take_in(&mut self, keys: &[ArrayRef], inputs: &[CallInput], batch: &RowBatch) -> Result<()> {
        let encoded = self.encoder.encode(keys, batch.num_rows())?;
        let mut hashes = Vec::new();
        encoded.hash_into(&mut hashes);
        let mut slots = Vec::new();
        self.keys.insert_rows(encoded, &hashes, &mut slots);
        let count = self.keys.slots();
        if count > self.rows.len() {
            self.rows.resize(count, i64::MIN);
            self.states.iter_mut().for_each(|state| state.grow(count));
        }
        for (row, &slot) in slots.iter().enumerate() {
            let rows = &mut self.rows[slot as usize];
            if *rows == i64::MIN {
                *rows = 0;
                self.order.push(slot);
            }
            *rows += batch.weight(row);
        }
        for (state, input) in self.states.iter_mut().zip(inputs) {
            state.update(&slots, &input.arguments, batch.weights.as_deref(), input.filter.as_ref())?;
        }
        self.taken += batch.num_rows();
        Ok(())
    }

    /// The groups, as far as there is room; they are gone afterwards.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while !self.order.is_empty() {
            if !out.has_room() {
                return Ok(());
            }
            let count = self.order.len().min(self.spec.batch_size.max(1));
            let slots: Vec<u32> = self.order.drain(..count).collect();
            let batch = self.groups(&slots)?;
            for slot in slots {
                self.keys.remove(slot);
                self.rows[slot as usize] = i64::MIN;
                self.states.iter_mut().for_each(|state| state.clear(slot));
            }
            out.emit(RowBatch::append(batch));
        }
        self.emitting = false;
        Ok(())
    }

    fn groups(&self, slots: &[u32]) -> Result<RecordBatch> {
        let [key_types, input_types] = &self.types;
        let mut columns = key::decode(key_types, slots.iter().map(|slot| self.keys.key(*slot)))?;
        columns.extend(input_types.iter().map(|data_type| new_null_array(data_type, slots.len())));
        columns.push(Arc::new(Int64Array::from_iter_values(slots.iter().map(|slot| self.rows[*slot as usize]))));
        let mut bytes = Vec::new();
        for state in &self.states {
            let mut column = BinaryBuilder::new();
            for slot in slots {
                bytes.clear();
                state.encode(*slot, &mut bytes);
                column.append_value(&bytes);
            }
            columns.push(Arc::new(column.finish()));
        }
        batch_of(columns, slots.len())
    }

    /// The groups of the tick, or of a part of it, go out; whether that paid says how it goes on.
    fn flush(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        if self.adaptive && self.order.len() * PAYS > self.taken {
            self.passing = TRY_AGAIN;
        }
        self.taken = 0;
        self.emitting = !self.order.is_empty();
        self.advance(out)
    }
}

/// A row as it is, in the columns of both phases.
fn passed(keys: Vec<ArrayRef>, inputs: Vec<CallInput>, count: usize) -> Result<RecordBatch> {
    let states = inputs.len();
    let mut columns = keys;
    columns.extend(inputs.into_iter().flat_map(flattened));
    columns.push(new_null_array(&DataType::Int64, count));
    columns.extend((0..states).map(|_| new_null_array(&DataType::Binary, count)));
    batch_of(columns, count)
}

/// The columns of a call: arguments, then the filter.
fn flattened(input: CallInput) -> impl Iterator<Item = ArrayRef> {
    let filter = input.filter.map(|filter| Arc::new(filter) as ArrayRef);
    input.arguments.into_iter().chain(filter)
}

fn batch_of(columns: Vec<ArrayRef>, count: usize) -> Result<RecordBatch> {
    let field = |(at, column): (usize, &ArrayRef)| Field::new(format!("c{at}"), column.data_type().clone(), true);
    let schema = ArrowSchema::new(columns.iter().enumerate().map(field).collect::<Vec<_>>());
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)?)
}

/// The second phase over the columns of the first: its keys, its calls, and where `rows` stands.
pub(super) fn second_phase(spec: &GroupAggregateSpec) -> (Vec<Expression>, Vec<AggregateCall>, usize) {
    let mut next = 0;
    let mut column = || {
        next += 1;
        Arc::new(Column::new(&format!("c{}", next - 1), next - 1)) as Expression
    };
    let keys = spec.keys.iter().map(|_| column()).collect();
    let calls = spec.aggregates.iter().map(|call| AggregateCall {
        function: call.function.clone(),
        arguments: call.arguments.iter().map(|_| column()).collect(),
        filter: call.filter.as_ref().map(|_| column()),
    });
    let calls = calls.collect();
    (keys, calls, next)
}

/// The groups of a batch out of the first phase, read into states of their own.
pub(super) struct Groups {
    /// How many rows each has.
    pub rows: Vec<i64>,
    /// The state of each call, the group's number being its slot.
    pub states: Vec<Box<dyn AggregateState>>,
}

impl Groups {
    /// Reads a batch, whose column `rows` is followed by the states.
    pub fn read(batch: &RecordBatch, calls: &[AggregateCall], rows: usize) -> Result<Groups> {
        let counts = batch.column(rows).as_primitive::<Int64Type>().values().to_vec();
        let states = calls.iter().zip(rows + 1..).map(|(call, column)| {
            let mut state = call.function.create();
            state.grow(counts.len());
            let encoded = batch.column(column).as_binary::<i32>();
            for slot in 0..counts.len() {
                let mut bytes = encoded.value(slot);
                state.decode(slot as u32, &mut bytes)?;
            }
            Ok(state)
        });
        let states = states.collect::<Result<_>>()?;
        Ok(Groups { rows: counts, states })
    }
}

impl Operator<RowBatch> for LocalAggregate {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let inputs =
            self.spec.aggregates.iter().map(|call| call.evaluate(&batch.columns)).collect::<Result<Vec<_>>>()?;
        if self.passing > 0 && self.order.is_empty() {
            if self.passing != u32::MAX {
                self.passing -= 1;
            }
            let columns = passed(keys, inputs, batch.num_rows())?;
            out.emit_with(RowBatch { columns, weights: batch.weights }, watermarks.clone());
            return Ok(());
        }
        if self.types[1].is_empty() {
            let of = |column: &ArrayRef| column.data_type().clone();
            let inputs = inputs.iter().cloned().flat_map(flattened).map(|column| of(&column)).collect();
            self.types = [keys.iter().map(of).collect(), inputs];
        }
        self.take_in(&keys, &inputs, &batch)?;
        if self.order.len() > MOST_GROUPS {
            self.flush(out)?;
        }
        Ok(())
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.flush(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.flush(out)
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        match self.order.is_empty() {
            true => Ok(OperatorSnapshot::default()),
            false => Err(Error::bug("a snapshot of a local aggregation in the middle of a tick")),
        }
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
