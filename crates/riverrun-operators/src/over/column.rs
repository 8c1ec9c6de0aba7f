//! OVER whose results change: ordered by another column than time, or over rows that are updated and deleted. A row that
//! comes or goes changes the results of those behind it, which are taken back and sent anew at the end of the tick.
//!
//! All rows of a partition are kept in their order. Of a partition that was touched only the rows are computed again whose
//! frames can hold a row that came or went:
//!
//! ```text
//!   rows in order     a  b  c  d  e  f  g  h      ROWS BETWEEN 2 PRECEDING AND CURRENT ROW
//!   came or went               ^                  computed again: d e f, from the values of b to f
//! ```
//!
//! Nothing leaves memory. Where there is a tier a barrier writes the partitions that have changed since the one before, each of them
//! whole.
//!
//! Source of the semantics: Flink 2.3, `NonTimeRowsUnboundedPrecedingFunction` and `NonTimeRangeUnboundedPrecedingFunction`.
//! Flink has no bounded frames of this kind; theirs are those of OVER by time.

mod frames;
mod snapshot;

use super::{OverOrder, OverSpec};
use crate::aggregate_call::AggregateCall;
use crate::expiry::Expiry;
use crate::expression::{evaluate, evaluate_all};
use crate::rank::list::{Entry, RankList, keep, record};
use crate::rank::row_index::RowIndex;
use crate::sort_key::SortKey;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use frames::Section;
use riverrun_core::{Error, Millis, Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::tier::Resident;
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, RowArena, key};

#[cfg(test)]
mod tests;

/// Computes OVER aggregates that change.
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
    resident: Resident,
    values: Values,
    touched: Vec<u32>,
    /// Results that are to go out, among those that were sent; negative weights are forgotten afterwards.
    changes: Vec<(u32, i64)>,
    position: usize,
    emitting: bool,
    key_encoder: KeyEncoder,
    order_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// What is kept of each partition.
#[derive(Debug)]
struct Values {
    /// The rows of each partition. What was sent of one is in `sent`, by one less than the entry says.
    partitions: Vec<Partition>,
    rows: RowArena,
    sent: RowArena,
    index: RowIndex,
    sequence: u64,
    expiry: Option<Expiry>,
}

impl Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.partitions.len() {
            self.partitions.resize_with(slots, Partition::default);
        }
    }

    /// Forgets the rows of a partition, whose key has this hash. Nothing is taken back downstream.
    fn clear(&mut self, slot: u32, hash: u64) {
        for entry in std::mem::take(&mut self.partitions[slot as usize]).rows.iter() {
            self.index.remove(hash, record(&self.rows, entry.record).row, entry.record);
            self.rows.remove(entry.record);
            if let Some(sent) = entry.sent.checked_sub(1) {
                self.sent.remove(sent);
            }
        }
    }
}

/// The rows of one key.
#[derive(Clone, Debug, Default)]
struct Partition {
    rows: RankList,
    /// The positions between which rows came or went in this tick; the last one may be behind all rows.
    changed: Option<(usize, usize)>,
}

impl Partition {
    /// Notes that rows from here on stand one place further.
    fn came(&mut self, position: usize) {
        let (first, last) = self.changed.unwrap_or((position, position));
        let last = if last >= position { last + 1 } else { last };
        self.changed = Some((first.min(position), last.max(position)));
    }

    /// Notes that rows behind this one stand one place before.
    fn went(&mut self, position: usize) {
        let (first, last) = self.changed.unwrap_or((position, position));
        let last = if last > position { last - 1 } else { last };
        self.changed = Some((first.min(position), last.max(position)));
    }
}

impl OverColumn {
    /// The operator on one worker.
    pub fn new(spec: OverSpec, context: OperatorContext) -> Result<Self> {
        let OverOrder::Column(order) = spec.order.clone() else {
            return Err(Error::bug("an OVER by a column over time"));
        };
        let schema = spec.schema.to_arrow();
        let all_types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        Ok(OverColumn {
            types: all_types[..all_types.len() - spec.calls.len()].to_vec(),
            all_types,
            calls: spec.aggregates(),
            order,
            schema,
            keys: KeyTable::default(),
            resident: context.held(""),
            values: Values {
                partitions: Vec::new(),
                rows: RowArena::default(),
                sent: RowArena::default(),
                index: RowIndex::default(),
                sequence: 0,
                expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
            },
            touched: Vec::new(),
            changes: Vec::new(),
            position: 0,
            emitting: false,
            key_encoder: KeyEncoder::default(),
            order_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
            spec,
            context,
        })
    }

    fn take_in(&mut self, batch: &RowBatch) -> Result<()> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&keys, count)?;
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.keys.insert_rows(keys, &hashes, &mut slots);
        self.values.grow(self.keys.slots());
        self.resident.change(&self.keys, &self.values, &slots);
        let orders = [self.order.key_order()];
        let order = [evaluate(&self.order.expression, &batch.columns)?];
        let orders = self.order_encoder.encode_ordered(&order, &orders, count)?.clone();
        let rows = self.row_encoder.encode(batch.columns.columns(), count)?.clone();
        let now = self.context.clock.now();
        for (index, ((hash, slot), row)) in hashes.into_iter().zip(slots).zip(rows.iter()).enumerate() {
            self.write(slot, now);
            let values = &mut self.values;
            let weight = batch.weight(index);
            for _ in 0..weight.max(0) {
                values.sequence += 1;
                let order = orders.row(index);
                let number = keep(&mut values.rows, values.sequence, order, row);
                let partition = &mut values.partitions[slot as usize];
                let position = partition.rows.insert(&values.rows, order, Entry::new(order, number));
                partition.came(position);
                values.index.insert(hash, row, number);
            }
            for _ in 0..weight.min(0).unsigned_abs() {
                let Some(number) = values.index.oldest(&values.rows, hash, row) else { continue };
                let partition = &mut values.partitions[slot as usize];
                let Some((position, entry)) = partition.rows.remove_at(&values.rows, number) else { continue };
                partition.went(position);
                values.index.remove(hash, row, number);
                values.rows.remove(number);
                if let Some(sent) = entry.sent.checked_sub(1) {
                    self.changes.push((sent, -1));
                }
            }
        }
        Ok(())
    }

    /// A partition is written; if its time was over, its rows are gone before.
    fn write(&mut self, slot: u32, now: Millis) {
        if let Some(expiry) = &mut self.values.expiry {
            let expired = self.values.partitions[slot as usize].changed.is_none() && expiry.is_expired(slot, now);
            expiry.write(slot, now);
            if expired {
                self.values.clear(slot, self.keys.hash(slot));
            }
        }
        let partition = &mut self.values.partitions[slot as usize];
        if partition.changed.is_none() {
            // Nothing has moved yet: a row that is taken back but not there moves nothing either.
            partition.changed = Some((usize::MAX, 0));
            self.touched.push(slot);
        }
    }

    /// Forgets a partition.
    fn remove(&mut self, slot: u32) {
        self.resident.remove(&self.keys, &self.values, slot);
        self.values.clear(slot, self.keys.hash(slot));
        self.values.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
        self.keys.remove(slot);
    }

    /// Computes what may have changed in the partitions that were touched, many at once, and finds what has.
    fn find_changes(&mut self) -> Result<()> {
        let mut added = Vec::new();
        let mut sections: Vec<Section> = Vec::new();
        let mut rows = 0;
        for slot in std::mem::take(&mut self.touched) {
            let partition = &mut self.values.partitions[slot as usize];
            let changed = partition.changed.take();
            if partition.rows.len() == 0 {
                self.remove(slot);
                continue;
            }
            let Some((first, last)) = changed.filter(|(first, last)| first <= last) else { continue };
            if let Some(section) = self.section(slot, first, last)? {
                rows += section.end - section.context;
                sections.push(section);
            }
            if rows >= self.spec.batch_size.max(1) {
                self.compare(&std::mem::take(&mut sections), &mut added)?;
                rows = 0;
            }
        }
        self.compare(&sections, &mut added)?;
        self.changes.append(&mut added);
        Ok(())
    }

    /// Computes these rows, and notes those whose results are not what was sent.
    fn compare(&mut self, sections: &[Section], added: &mut Vec<(u32, i64)>) -> Result<()> {
        if sections.is_empty() {
            return Ok(());
        }
        let results = self.results(sections)?;
        let results = self.row_encoder.encode(results.columns(), results.num_rows())?;
        let mut results = results.iter();
        for section in sections {
            let entries = self.values.partitions[section.slot as usize].rows.iter_mut();
            for entry in entries.skip(section.first).take(section.end - section.first) {
                let result =
                    results.next().ok_or_else(|| Error::bug("a row of an OVER aggregation without results"))?;
                if let Some(sent) = entry.sent.checked_sub(1) {
                    if self.values.sent.get(sent) == result {
                        continue;
                    }
                    self.changes.push((sent, -1));
                }
                let sent = self.values.sent.insert(result);
                entry.sent = sent + 1;
                added.push((sent, 1));
            }
        }
        Ok(())
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.changes.len() {
            if !out.has_room() {
                return Ok(());
            }
            let end = self.changes.len().min(self.position + self.spec.batch_size.max(1));
            let changes = &self.changes[self.position..end];
            let columns = key::decode(&self.all_types, changes.iter().map(|(sent, _)| self.values.sent.get(*sent)))?;
            let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
            let weights = changes.iter().map(|(_, weight)| *weight).collect();
            out.emit(RowBatch { columns, weights: Some(weights) });
            for (sent, _) in changes.iter().filter(|(_, weight)| *weight < 0) {
                self.values.sent.remove(*sent);
            }
            self.position = end;
        }
        self.changes.clear();
        (self.position, self.emitting) = (0, false);
        Ok(())
    }
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

    fn next_processing_timer(&self) -> Option<Millis> {
        // A partition is not taken away in the middle of a tick that has touched it.
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty() && !self.emitting)?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        expired.into_iter().for_each(|slot| self.remove(slot));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.take_snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.take_over(&state)
    }
}
