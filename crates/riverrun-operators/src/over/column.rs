//! OVER ordered by another column than time: a row that comes or goes changes the results of those behind it, which are
//! taken back and sent anew at the end of the tick.
//!
//! All rows of a partition are kept in their order, and those of a partition that was touched are computed again.
//!
//! Source of the semantics: Flink 2.3, `NonTimeRowsUnboundedPrecedingFunction` and `NonTimeRangeUnboundedPrecedingFunction`.

use super::{FrameStart, FrameUnit, OverCallSpec, OverOrder, OverSpec};
use crate::aggregate_call::{AggregateCall, BatchInputs};
use crate::aggregates::AggregateState;
use crate::expression::{evaluate, evaluate_all};
use crate::rank::list::{Entry, RankList, keep, record};
use crate::rank::row_index::RowIndex;
use crate::rank::top_n::Ranking;
use crate::sort_key::SortKey;
use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::{KeyEncoder, KeyOrder, KeyTable, OperatorSnapshot, RestoredState, RowArena, hash_key, key};
use std::sync::Arc;

#[cfg(test)]
mod tests;

const VERSION: u8 = 1;

/// Computes OVER aggregates in the order of a column.
pub struct OverColumn {
    spec: OverSpec,
    context: OperatorContext,
    order: SortKey,
    calls: Vec<AggregateCall>,
    schema: SchemaRef,
    /// The types of the input's columns, and of all.
    types: Vec<DataType>,
    all_types: Vec<DataType>,
    keys: KeyTable,
    /// The rows of each partition. What was sent of one is in `sent`, by one less than the entry says.
    partitions: Vec<RankList>,
    rows: RowArena,
    sent: RowArena,
    index: RowIndex,
    sequence: u64,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    /// Results that are to go out, among those that were sent; negative weights are forgotten afterwards.
    changes: Vec<(u32, i64)>,
    position: usize,
    emitting: bool,
    key_encoder: KeyEncoder,
    order_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

impl OverColumn {
    /// The operator on one worker.
    pub fn new(spec: OverSpec, context: OperatorContext) -> Result<Self> {
        let OverOrder::Column(order) = spec.order.clone() else {
            return Err(Error::bug("an OVER by a column over time"));
        };
        if spec.start != FrameStart::Unbounded {
            return Err(Error::bug("a bounded frame over another column than time"));
        }
        let schema = spec.schema.to_arrow();
        let all_types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        Ok(OverColumn {
            types: all_types[..all_types.len() - spec.calls.len()].to_vec(),
            all_types,
            calls: spec.aggregates(),
            order,
            spec,
            context,
            schema,
            keys: KeyTable::default(),
            partitions: Vec::new(),
            rows: RowArena::default(),
            sent: RowArena::default(),
            index: RowIndex::default(),
            sequence: 0,
            touched: Vec::new(),
            is_touched: Vec::new(),
            changes: Vec::new(),
            position: 0,
            emitting: false,
            key_encoder: KeyEncoder::default(),
            order_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    fn slot(&mut self, hash: u64, key: &[u8]) -> u32 {
        let (slot, new) = self.keys.insert(hash, key);
        if new {
            self.partitions.resize_with(self.keys.slots(), RankList::default);
            self.is_touched.resize(self.keys.slots(), false);
        }
        slot
    }

    fn touch(&mut self, slot: u32) {
        if !std::mem::replace(&mut self.is_touched[slot as usize], true) {
            self.touched.push(slot);
        }
    }

    fn take_in(&mut self, batch: &RowBatch) -> Result<()> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&keys, count)?.clone();
        let orders = [KeyOrder { descending: self.order.descending, nulls_last: !self.order.nulls_first }];
        let order = [evaluate(&self.order.expression, &batch.columns)?];
        let orders = self.order_encoder.encode_ordered(&order, &orders, count)?.clone();
        let rows = self.row_encoder.encode(batch.columns.columns(), count)?.clone();
        for (index, (key, row)) in keys.iter().zip(rows.iter()).enumerate() {
            let hash = hash_key(key);
            let slot = self.slot(hash, key);
            let weight = batch.weight(index);
            for _ in 0..weight.max(0) {
                self.sequence += 1;
                let order = orders.row(index);
                let number = keep(&mut self.rows, self.sequence, order, row);
                self.partitions[slot as usize].insert(&self.rows, order, Entry::new(order, number));
                self.index.insert(hash, row, number);
                self.touch(slot);
            }
            for _ in 0..weight.min(0).unsigned_abs() {
                let Some(number) = self.index.oldest(&self.rows, hash, row) else { continue };
                let Some(entry) = self.partitions[slot as usize].remove(&self.rows, number) else { continue };
                self.index.remove(hash, row, number);
                self.rows.remove(number);
                if let Some(sent) = entry.sent.checked_sub(1) {
                    self.changes.push((sent, -1));
                }
                self.touch(slot);
            }
        }
        Ok(())
    }

    /// Computes the partitions that were touched, and finds what has changed.
    fn find_changes(&mut self) -> Result<()> {
        let mut added = Vec::new();
        for slot in std::mem::take(&mut self.touched) {
            self.is_touched[slot as usize] = false;
            if self.partitions[slot as usize].len() == 0 {
                self.keys.remove(slot);
                continue;
            }
            let results = self.results(slot)?;
            let results = self.row_encoder.encode(results.columns(), results.num_rows())?;
            for (entry, result) in self.partitions[slot as usize].iter_mut().zip(results.iter()) {
                if let Some(sent) = entry.sent.checked_sub(1) {
                    if self.sent.get(sent) == result {
                        continue;
                    }
                    self.changes.push((sent, -1));
                }
                let sent = self.sent.insert(result);
                entry.sent = sent + 1;
                added.push((sent, 1));
            }
        }
        self.changes.append(&mut added);
        Ok(())
    }

    /// All rows of a partition with their results.
    fn results(&self, slot: u32) -> Result<RecordBatch> {
        let entries: Vec<Entry> = self.partitions[slot as usize].iter().copied().collect();
        let count = entries.len();
        let columns = key::decode(&self.types, entries.iter().map(|entry| record(&self.rows, entry.record).row))?;
        let schema = Arc::new(self.schema.project(&(0..self.types.len()).collect::<Vec<_>>())?);
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let input = RowBatch::append(RecordBatch::try_new_with_options(schema, columns, &options)?);
        // Where each group of rows that sort equal ends.
        let ties: Vec<bool> =
            (0..count).map(|at| at > 0 && entries[at].ties_with(&entries[at - 1], &self.rows)).collect();
        let mut aggregated = self.aggregated(&input, &ties)?.into_iter();
        let mut columns = input.columns.columns().to_vec();
        for call in &self.spec.calls {
            columns.push(match call {
                OverCallSpec::Aggregate(_) => {
                    aggregated.next().ok_or_else(|| Error::bug("an OVER aggregate without a result"))?
                }
                OverCallSpec::Rank(ranking) => Arc::new(ranks(*ranking, &ties)),
                OverCallSpec::Lag { value, rows, default } => {
                    let rows = *rows as usize;
                    let places: UInt32Array = (0..count).map(|at| at.checked_sub(rows).map(|at| at as u32)).collect();
                    let values = take(&evaluate(value, &input.columns)?, &places, None)?;
                    match default {
                        None => values,
                        Some(default) => {
                            let there: BooleanArray = (0..count).map(|at| Some(at >= rows)).collect();
                            zip(&there, &values, &evaluate(default, &input.columns)?)?
                        }
                    }
                }
            });
        }
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }

    fn aggregated(&self, input: &RowBatch, ties: &[bool]) -> Result<Vec<ArrayRef>> {
        let inputs = BatchInputs::new(&self.calls, input)?;
        let mut states: Vec<Box<dyn AggregateState>> = self.calls.iter().map(|call| call.function.create()).collect();
        states.iter_mut().for_each(|state| state.grow(1));
        let mut results: Vec<Vec<ArrayRef>> = vec![Vec::new(); states.len()];
        let mut places: Vec<u32> = Vec::with_capacity(ties.len());
        let mut first = 0;
        while first < ties.len() {
            let mut end = first + 1;
            while self.spec.unit == FrameUnit::Range && end < ties.len() && ties[end] {
                end += 1;
            }
            let rows: Vec<u32> = (first as u32..end as u32).collect();
            let selected = inputs.at(&rows)?;
            for ((state, input), results) in states.iter_mut().zip(&selected.calls).zip(&mut results) {
                state.update(&vec![0; rows.len()], &input.arguments, None, input.filter.as_ref())?;
                results.push(state.evaluate(&[0])?);
            }
            let step = places.last().map_or(0, |place| place + 1);
            places.extend(std::iter::repeat_n(step, rows.len()));
            first = end;
        }
        let places = UInt32Array::from(places);
        let each = results.into_iter().map(|steps| {
            let steps: Vec<&dyn Array> = steps.iter().map(AsRef::as_ref).collect();
            Ok(take(&concat(&steps)?, &places, None)?)
        });
        each.collect()
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.changes.len() {
            if !out.has_room() {
                return Ok(());
            }
            let end = self.changes.len().min(self.position + self.spec.batch_size.max(1));
            let changes = &self.changes[self.position..end];
            let columns = key::decode(&self.all_types, changes.iter().map(|(sent, _)| self.sent.get(*sent)))?;
            let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
            let weights = changes.iter().map(|(_, weight)| *weight).collect();
            out.emit(RowBatch { columns, weights: Some(weights) });
            for (sent, _) in changes.iter().filter(|(_, weight)| *weight < 0) {
                self.sent.remove(*sent);
            }
            self.position = end;
        }
        self.changes.clear();
        (self.position, self.emitting) = (0, false);
        Ok(())
    }
}

fn ranks(ranking: Ranking, ties: &[bool]) -> Int64Array {
    let (mut number, mut rank, mut dense) = (0, 0, 0);
    let each = ties.iter().map(|tie| {
        number += 1;
        if !tie {
            rank = number;
            dense += 1;
        }
        match ranking {
            Ranking::RowNumber => number,
            Ranking::Rank => rank,
            Ranking::DenseRank => dense,
        }
    });
    Int64Array::from_iter_values(each)
}

impl Operator<RowBatch> for OverColumn {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        self.take_in(&batch)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.find_changes()?;
        self.emitting = true;
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

    /// Per key group, for each key: its bytes, the number of its rows, and the rows in order, each by what it sorts by, its
    /// columns, when it came, and after a 1 what was sent of it.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut blobs = KeyedBlobs::new(VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                put_bytes(blob, self.keys.key(slot));
                put_u32(blob, self.partitions[slot as usize].len() as u32);
                for entry in self.partitions[slot as usize].iter() {
                    let record = record(&self.rows, entry.record);
                    put_bytes(blob, record.order);
                    put_bytes(blob, record.row);
                    put_i64(blob, record.sequence as i64);
                    blob.push(u8::from(entry.sent > 0));
                    if let Some(sent) = entry.sent.checked_sub(1) {
                        put_bytes(blob, self.sent.get(sent));
                    }
                }
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        read_keyed(&state, VERSION, "an OVER aggregation by a column", |_, blob| {
            let key = blob.bytes()?;
            let hash = hash_key(key);
            let slot = self.slot(hash, key);
            for _ in 0..blob.u32()? {
                let (order, row, sequence) = (blob.bytes()?, blob.bytes()?, blob.i64()? as u64);
                self.sequence = self.sequence.max(sequence);
                let number = keep(&mut self.rows, sequence, order, row);
                let mut entry = Entry::new(order, number);
                if blob.u8()? != 0 {
                    entry.sent = self.sent.insert(blob.bytes()?) + 1;
                }
                self.partitions[slot as usize].insert(&self.rows, order, entry);
                self.index.insert(hash, row, number);
            }
            Ok(())
        })
    }
}
