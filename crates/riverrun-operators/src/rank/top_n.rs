//! Top-N: of each key the rows between two ranks, updated as rows come and go.
//!
//! Over input that only grows, a key keeps the rows that can still get a rank: what is worse than all of them is
//! forgotten at once, mostly before its columns are looked at. Over input that takes rows back, all rows of a key are kept.
//! Each row remembers the rank with which it was sent; at the end of a tick the keys that were touched are walked through
//! as far as there are ranks to give, and the differences go out, first what is taken back.
//!
//! Source of the semantics: Flink 2.3, "Top-N", its `AppendOnlyTopNFunction` and `RetractableTopNFunction`. RANK and
//! DENSE_RANK, by which equal rows stand side by side, go beyond Flink.

use super::list::{Entry, keep, record};
use super::row_index::RowIndex;
use crate::each_change::Changes;
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate, evaluate_all};
use crate::sort_key::SortKey;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use riverrun_core::{Error, Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::read_keyed;
use riverrun_state::tier::{Resident, SlotValues as _};
use riverrun_state::{
    KeyEncoder, KeyOrder, KeyRows, KeyTable, OperatorSnapshot, RestoredState, RowArena, hash_key, key,
};
use std::cmp::Ordering;
use std::sync::Arc;
use values::{Group, Values};

#[cfg(test)]
mod tests;
mod values;

/// Which rows of a key come out. The input must be routed by `keys`.
#[derive(Clone, Debug)]
pub struct TopNSpec {
    /// PARTITION BY.
    pub keys: Vec<Expression>,
    /// ORDER BY.
    pub order: Vec<SortKey>,
    /// What a rank is.
    pub ranking: Ranking,
    /// The first rank that comes out, from 1.
    pub first: u64,
    /// The last one.
    pub last: LastRank,
    /// Whether the rank stands in a last column.
    pub emit_rank: bool,
    /// Whether the input can take rows back.
    pub retracting: bool,
    /// The columns of the input, and the rank.
    pub schema: Schema,
    /// How long a key is kept whose rows don't change (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
    /// Which changes come out.
    pub changes: Changes,
}

/// How rows that sort equal are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// ROW_NUMBER: one after the other, in the order of their arrival.
    RowNumber,
    /// RANK: all alike; the next rank counts them all.
    Rank,
    /// DENSE_RANK: all alike; the next rank is the next number.
    DenseRank,
}

/// The last rank that comes out.
#[derive(Clone, Debug)]
pub enum LastRank {
    /// The same for all keys.
    Constant(u64),
    /// A number in the rows: what the first row of a key says holds for the key.
    OfRow(Expression),
}

const VERSION: u8 = 2;

/// Ranks rows per key.
#[derive(Debug)]
pub struct TopN {
    spec: TopNSpec,
    context: OperatorContext,
    schema: SchemaRef,
    /// The types of the input's columns.
    types: Vec<DataType>,
    order: Vec<Expression>,
    orders: Vec<KeyOrder>,
    keys: KeyTable,
    resident: Resident,
    values: Values,
    /// How many rows have come.
    sequence: u64,
    touched: Vec<u32>,
    changes: Vec<Change>,
    /// The next of `changes` to go out.
    position: usize,
    emitting: bool,
    /// Rows that are kept only until the changes have gone out.
    dead: Vec<u32>,
    key_encoder: KeyEncoder,
    order_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// A row that enters or leaves the result.
#[derive(Clone, Copy, Debug)]
struct Change {
    record: u32,
    rank: u32,
    weight: i64,
}

impl TopN {
    /// The operator on one worker.
    pub fn new(spec: TopNSpec, context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        let columns = schema.fields().len() - usize::from(spec.emit_rank);
        let types = schema.fields().iter().take(columns).map(|field| field.data_type().clone()).collect();
        let order = spec.order.iter().map(|key| key.expression.clone()).collect();
        let orders = spec.order.iter().map(SortKey::key_order);
        Ok(TopN {
            orders: orders.collect(),
            order,
            resident: context.resident("", spec.ttl),
            values: Values {
                groups: Vec::new(),
                expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
                rows: RowArena::default(),
                index: RowIndex::default(),
                retracting: spec.retracting,
            },
            spec,
            context,
            schema,
            types,
            keys: KeyTable::default(),
            sequence: 0,
            touched: Vec::new(),
            changes: Vec::new(),
            position: 0,
            emitting: false,
            dead: Vec::new(),
            key_encoder: KeyEncoder::default(),
            order_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    /// The last rank of each row's key, if rows say it.
    fn limits(&self, batch: &RecordBatch) -> Result<Option<ArrayRef>> {
        match &self.spec.last {
            LastRank::Constant(_) => Ok(None),
            LastRank::OfRow(expression) => Ok(Some(cast(&evaluate(expression, batch)?, &DataType::Int64)?)),
        }
    }

    fn limit(&self, limits: Option<&ArrayRef>, row: usize) -> u32 {
        match (&self.spec.last, limits) {
            (LastRank::Constant(last), _) => u32::try_from(*last).unwrap_or(u32::MAX),
            (_, Some(limits)) if limits.is_valid(row) => {
                u32::try_from(limits.as_primitive::<Int64Type>().value(row).max(0)).unwrap_or(u32::MAX)
            }
            _ => 0,
        }
    }

    /// The slots of keys, in memory.
    fn slots(&mut self, keys: &KeyRows) -> Result<Vec<u32>> {
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.read_slots(&mut self.keys, &mut self.values, keys, &hashes, &mut slots)?;
        Ok(slots)
    }

    /// Makes the group of a key, if it is new or has expired.
    fn group(&mut self, slot: u32, last: impl FnOnce(&Self) -> u32) {
        let group = &self.values.groups[slot as usize];
        let expiry = self.values.expiry.as_ref();
        let expired = group.known && !group.touched && expiry.is_some_and(|e| e.is_expired(slot, e.now()));
        if group.known && !expired {
            return;
        }
        self.resident.change(&self.keys, &self.values, &[slot]);
        self.values.clear(slot, self.keys.hash(slot));
        let last = last(self);
        self.values.groups[slot as usize] = Group { known: true, last, ..Group::default() };
    }

    fn touch(&mut self, slot: u32) {
        let group = &mut self.values.groups[slot as usize];
        if !group.touched {
            group.touched = true;
            self.touched.push(slot);
            if let Some(expiry) = &mut self.values.expiry {
                let now = expiry.now();
                expiry.write(slot, now);
            }
        }
    }

    /// Adds the rows that can get a rank.
    fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.spec.keys, batch)?;
        let keys = self.key_encoder.encode(&keys, count)?.clone();
        let orders = evaluate_all(&self.order, batch)?;
        let orders = self.order_encoder.encode_ordered(&orders, &self.orders, count)?.clone();
        let limits = self.limits(batch)?;
        // Only what may still get a rank is encoded: it grows no easier to reach one within the batch.
        let (mut candidates, mut slots): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for (row, slot) in self.slots(&keys)?.into_iter().enumerate() {
            self.group(slot, |this| this.limit(limits.as_ref(), row));
            if self.can_rank(&self.values.groups[slot as usize], orders.row(row)) {
                candidates.push(row as u32);
                slots.push(slot);
            }
        }
        if candidates.is_empty() {
            return Ok(());
        }
        let rows = if candidates.len() == count {
            self.row_encoder.encode(batch.columns(), count)?
        } else {
            let indices = UInt32Array::from(candidates.clone());
            let columns = batch.columns().iter().map(|column| take(column, &indices, None));
            self.row_encoder.encode(&columns.collect::<Result<Vec<_>, _>>()?, candidates.len())?
        };
        let rows = rows.clone();
        for ((&row, &slot), bytes) in candidates.iter().zip(&slots).zip(rows.iter()) {
            let order = orders.row(row as usize);
            if self.can_rank(&self.values.groups[slot as usize], order) {
                self.insert(slot, order, bytes);
                self.drop_worst(slot);
            }
        }
        Ok(())
    }

    /// Whether a row could get a rank if it were the last to arrive.
    fn can_rank(&self, group: &Group, order: &[u8]) -> bool {
        let full = match self.spec.ranking {
            Ranking::RowNumber | Ranking::Rank => group.list.len() >= group.last as usize,
            Ranking::DenseRank => group.full || group.last == 0,
        };
        if !full {
            return true;
        }
        match group.list.compare_last(&self.values.rows, order) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => self.spec.ranking != Ranking::RowNumber,
            Some(Ordering::Greater) | None => false,
        }
    }

    fn insert(&mut self, slot: u32, order: &[u8], row: &[u8]) -> u32 {
        self.resident.change(&self.keys, &self.values, &[slot]);
        self.sequence += 1;
        let record = keep(&mut self.values.rows, self.sequence, order, row);
        self.values.groups[slot as usize].list.insert(&self.values.rows, order, Entry::new(order, record));
        self.touch(slot);
        record
    }

    /// Forgets the row that has fallen out of the ranks of a growing input.
    fn drop_worst(&mut self, slot: u32) {
        let group = &mut self.values.groups[slot as usize];
        if self.spec.ranking != Ranking::RowNumber || group.list.len() <= group.last as usize {
            return;
        }
        if let Some(worst) = group.list.pop() {
            match worst.sent {
                0 => self.values.rows.remove(worst.record),
                rank => {
                    group.visible -= 1;
                    self.changes.push(Change { record: worst.record, rank, weight: -1 });
                    self.dead.push(worst.record);
                }
            }
        }
    }

    /// Adds and removes rows of an input that takes rows back.
    fn update(&mut self, batch: &RowBatch) -> Result<()> {
        let count = batch.num_rows();
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        let keys = self.key_encoder.encode(&keys, count)?.clone();
        let orders = evaluate_all(&self.order, &batch.columns)?;
        let orders = self.order_encoder.encode_ordered(&orders, &self.orders, count)?.clone();
        let rows = self.row_encoder.encode(batch.columns.columns(), count)?.clone();
        let limits = self.limits(&batch.columns)?;
        for (index, (slot, row)) in self.slots(&keys)?.into_iter().zip(rows.iter()).enumerate() {
            let hash = self.keys.hash(slot);
            self.group(slot, |this| this.limit(limits.as_ref(), index));
            let weight = batch.weight(index);
            for _ in 0..weight.max(0) {
                let record = self.insert(slot, orders.row(index), row);
                self.values.index.insert(hash, row, record);
            }
            for _ in 0..weight.min(0).unsigned_abs() {
                self.remove(slot, hash, row);
            }
        }
        Ok(())
    }

    /// Takes back a row: of equal ones the first. One that was never there is passed over.
    fn remove(&mut self, slot: u32, hash: u64, row: &[u8]) {
        let Some(number) = self.values.index.oldest(&self.values.rows, hash, row) else { return };
        self.resident.change(&self.keys, &self.values, &[slot]);
        let group = &mut self.values.groups[slot as usize];
        let Some(entry) = group.list.remove(&self.values.rows, number) else { return };
        self.values.index.remove(hash, row, number);
        match entry.sent {
            0 => self.values.rows.remove(number),
            rank => {
                group.visible -= 1;
                self.changes.push(Change { record: number, rank, weight: -1 });
                self.dead.push(number);
            }
        }
        self.touch(slot);
    }

    /// Finds what has changed in the keys of this tick.
    fn find_changes(&mut self) {
        let mut added: Vec<Change> = Vec::new();
        for slot in std::mem::take(&mut self.touched) {
            let group = &mut self.values.groups[slot as usize];
            group.touched = false;
            let (mut rank, mut position) = (0_u32, 0_u32);
            let mut left = group.visible;
            let mut previous: Option<Entry> = None;
            let mut ranked = 0;
            for entry in group.list.iter_mut() {
                position += 1;
                let ties = || previous.is_some_and(|previous| previous.ties_with(entry, &self.values.rows));
                rank = match self.spec.ranking {
                    Ranking::RowNumber => position,
                    Ranking::Rank if ties() => rank,
                    Ranking::Rank => position,
                    Ranking::DenseRank if ties() => rank,
                    Ranking::DenseRank => rank + 1,
                };
                if rank > group.last && left == 0 {
                    break;
                }
                if rank <= group.last {
                    ranked += 1;
                }
                left -= u32::from(entry.sent > 0);
                let within = u64::from(rank) >= self.spec.first && rank <= group.last;
                let now = match (within, self.spec.emit_rank) {
                    (false, _) => 0,
                    (true, false) => 1,
                    (true, true) => rank,
                };
                if entry.sent != now {
                    if entry.sent > 0 {
                        group.visible -= 1;
                        self.changes.push(Change { record: entry.record, rank: entry.sent, weight: -1 });
                    }
                    if now > 0 {
                        group.visible += 1;
                        added.push(Change { record: entry.record, rank: now, weight: 1 });
                    }
                    entry.sent = now;
                }
                previous = Some(*entry);
            }
            if self.spec.retracting {
                if group.list.len() == 0 {
                    *group = Group::default();
                    self.resident.remove(&self.keys, &self.values, slot);
                    self.keys.remove(slot);
                    if let Some(expiry) = &mut self.values.expiry {
                        expiry.forget(slot);
                    }
                }
            } else {
                // A growing input: what has no rank now never gets one.
                while group.list.len() > ranked {
                    self.dead.extend(group.list.pop().map(|entry| entry.record));
                }
                group.full = rank >= group.last;
            }
        }
        self.changes.append(&mut added);
    }

    /// Emits changes as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.changes.len() {
            if !out.has_room() {
                return Ok(());
            }
            let end = self.changes.len().min(self.position + self.spec.batch_size.max(1));
            let changes = &self.changes[self.position..end];
            let rows = changes.iter().map(|change| record(&self.values.rows, change.record).row);
            let mut columns = key::decode(&self.types, rows)?;
            if self.spec.emit_rank {
                let ranks = changes.iter().map(|change| i64::from(change.rank));
                columns.push(Arc::new(Int64Array::from_iter_values(ranks)));
            }
            let options = RecordBatchOptions::new().with_row_count(Some(changes.len()));
            let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
            let weights = changes.iter().map(|change| change.weight).collect();
            out.emit(RowBatch { columns, weights: Some(weights) });
            self.position = end;
        }
        self.changes.clear();
        (self.position, self.emitting) = (0, false);
        for record in self.dead.drain(..) {
            self.values.rows.remove(record);
        }
        self.resident.settle(&mut self.keys, &mut self.values)
    }
}

impl Operator<RowBatch> for TopN {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        _out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if self.spec.retracting { self.update(&batch) } else { self.append(&batch.columns) }
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.find_changes();
        self.emitting = true;
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        for slot in expired {
            self.resident.remove(&self.keys, &self.values, slot);
            self.values.evict(slot, self.keys.hash(slot));
            self.keys.remove(slot);
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    /// Per key group, for each key: its bytes, with a TTL when it was written, its last rank, the number of its rows, and the rows in order, each by what it
    /// sorts by, its columns, when it came and the rank with which it was sent.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut snapshot = self.resident.snapshot(&self.keys, &self.values, (VERSION, self.context.key_groups))?;
        if !snapshot.tiers.is_empty() {
            // What is not read at a restore can't say it.
            snapshot.union = vec![self.sequence.to_le_bytes().to_vec()];
        }
        Ok(snapshot)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let TopN { keys, values, resident, sequence, .. } = self;
        resident.restore(&state.tier("")?, keys, values)?;
        for counted in &state.union {
            let counted = counted.as_slice().try_into().map(u64::from_le_bytes);
            *sequence =
                (*sequence).max(counted.map_err(|_| Error::failure("the number of rows of a Top-N is damaged"))?);
        }
        read_keyed(&state, VERSION, "a Top-N", |_, blob| {
            let key = blob.bytes()?;
            let hash = hash_key(key);
            let (slot, _) = keys.insert(hash, key);
            values.grow(keys.slots());
            let written = Millis(blob.i64()?);
            let newest = values.read(slot, hash, written, blob)?;
            *sequence = (*sequence).max(newest);
            resident.restored(keys, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
