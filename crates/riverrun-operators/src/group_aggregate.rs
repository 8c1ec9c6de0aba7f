//! GROUP BY: aggregates per key, updated as rows come and go.
//!
//! A group that a tick touches for the first time has its old result evaluated before its rows are added: the difference to the
//! new one is what goes out, and nothing of what was sent is kept. The output is consolidated per tick: a key whose result has changed gives one `−old` and one `+new` row, one whose
//! last row is gone only `−old`, one whose result is what it was nothing. Without keys there is one group; while it has no
//! rows it has no result either, but at the end of a batch job.
//!
//! Where rows are aggregated on each worker before they are exchanged ([`local`]), states come beside rows, and are merged.
//!
//! Source of the semantics: Flink 2.3, "Group Aggregation", and its `GroupAggFunction`.

pub mod local;

use crate::aggregate_call::AggregateCall;
use crate::aggregates::{AggregateState, Number};
use crate::each_change::Changes;
use crate::expiry::Expiry;
use crate::expression::{Expression, evaluate_all};
use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{interleave, take};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, KeyGroup, Millis, Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::read_keyed;
use riverrun_state::tier::{EncodeSlots, PutValue, Resident, SlotValues};
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
    /// How long a group is kept that gets no rows (`table.exec.state.ttl`); `None`: for ever.
    pub ttl: Option<Millis>,
    /// Whether rows are aggregated on their workers first.
    pub phases: Phases,
    /// How many rows a batch of results has at the most (`execution.batch-size`).
    pub batch_size: usize,
    /// Which changes come out.
    pub changes: Changes,
    /// Whether an aggregation without keys has a result at the end if there was no row (in batch mode, as in SQL; not in a stream).
    pub of_no_rows: bool,
}

/// Where rows are aggregated (`table.optimizer.agg-phase-strategy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phases {
    /// By the owners of their keys.
    One,
    /// On their own workers first, as long as many rows share a key.
    TwoWhereItPays,
    /// On their own workers first, always.
    Two,
}

impl GroupAggregateSpec {
    /// What rows are routed by: with two phases, the columns that the first one gives.
    pub fn routing(&self) -> Vec<Expression> {
        match self.phases {
            Phases::One => self.keys.clone(),
            _ => local::second_phase(self).0,
        }
    }
}

const SNAPSHOT_VERSION: u8 = 3;

/// Aggregates per key.
pub struct GroupAggregate {
    spec: GroupAggregateSpec,
    context: OperatorContext,
    schema: SchemaRef,
    key_types: Vec<DataType>,
    encoder: KeyEncoder,
    /// For results of types that cannot be compared as they are.
    results: [KeyEncoder; 2],
    keys: KeyTable,
    resident: Resident,
    values: Values,
    /// Where the states of a first phase begin, if there is one: the column that says how many rows each has.
    merged: Option<usize>,
    /// The groups that this tick has touched, in the order of the first touch.
    touched: Vec<Touched>,
    /// Old results, by the batch that touched their groups first.
    old: Vec<Vec<ArrayRef>>,
    /// The next of `touched` to go out; beyond it until the tick ends.
    position: usize,
    emitting: bool,
}

/// What is kept of each group.
struct Values {
    states: Vec<Box<dyn AggregateState>>,
    groups: Vec<Group>,
    expiry: Option<Expiry>,
}

impl Values {
    fn forget(&mut self, slot: u32) {
        self.groups[slot as usize].rows = 0;
        self.states.iter_mut().for_each(|state| state.clear(slot));
        if let Some(expiry) = &mut self.expiry {
            expiry.forget(slot);
        }
    }

    fn read(&mut self, slot: u32, value: &mut &[u8]) -> Result<()> {
        let written = Millis(i64::get(value)?);
        self.groups[slot as usize].rows = i64::get(value)?;
        if let Some(expiry) = &mut self.expiry {
            expiry.read(slot, written);
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, value))
    }
}

/// A value: when it was written, the number of rows, the aggregates.
impl EncodeSlots for Values {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        let written = |slot: u32| self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0);
        let heads: Vec<_> = slots.iter().map(|&slot| [written(slot), self.groups[slot as usize].rows]).collect();
        self.states.iter().for_each(|state| state.fetch(slots));
        for (head, &slot) in heads.iter().zip(slots) {
            put(slot, &mut |out| {
                head.iter().for_each(|number| number.put(out));
                self.states.iter().for_each(|state| state.encode(slot, out));
            });
        }
        Ok(())
    }
}

impl SlotValues for Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.groups.len() {
            self.groups.resize_with(slots, Group::default);
            self.states.iter_mut().for_each(|state| state.grow(slots));
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, mut value: &[u8]) -> Result<()> {
        self.read(slot, &mut value)
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.forget(slot);
    }

    fn is_pinned(&self, slot: u32) -> bool {
        self.groups[slot as usize].touched
    }
}

/// What is known of a group beside its key and its aggregates.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// How many rows it has: the sum of their weights.
    rows: i64,
    touched: bool,
}

/// A group that a tick has touched.
#[derive(Clone, Copy, Debug)]
struct Touched {
    slot: u32,
    /// The old result: the list of them, and the place in it.
    old: Option<(u32, u32)>,
}

impl GroupAggregate {
    /// The operator on one worker.
    pub fn new(mut spec: GroupAggregateSpec, context: OperatorContext) -> Result<Self> {
        let mut merged = None;
        if spec.phases != Phases::One {
            let (keys, aggregates, rows) = local::second_phase(&spec);
            (spec.keys, spec.aggregates, merged) = (keys, aggregates, Some(rows));
        }
        let schema = spec.schema.to_arrow();
        let key_types = schema.fields().iter().take(spec.keys.len()).map(|field| field.data_type().clone()).collect();
        Ok(GroupAggregate {
            key_types,
            schema,
            encoder: KeyEncoder::default(),
            results: [KeyEncoder::exact(), KeyEncoder::exact()],
            keys: KeyTable::default(),
            merged,
            resident: context.resident("", spec.ttl),
            values: Values {
                states: spec.aggregates.iter().map(|call| call.function.create()).collect(),
                groups: Vec::new(),
                expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
            },
            touched: Vec::new(),
            old: Vec::new(),
            position: 0,
            emitting: false,
            spec,
            context,
        })
    }

    /// Notes which groups are touched for the first time in this tick, and their results before it.
    fn touch(&mut self, slots: &[u32]) -> Result<()> {
        let list = self.old.len() as u32;
        let mut with_result = Vec::new();
        let now = self.values.expiry.as_ref().map(Expiry::now);
        let Values { states, groups, expiry } = &mut self.values;
        for &slot in slots {
            let group = &mut groups[slot as usize];
            if group.touched {
                continue;
            }
            group.touched = true;
            if let (Some(expiry), Some(now)) = (expiry.as_mut(), now) {
                if expiry.is_expired(slot, now) {
                    group.rows = 0;
                    states.iter_mut().for_each(|state| state.clear(slot));
                }
                expiry.write(slot, now);
            }
            let old = (group.rows > 0).then_some((list, with_result.len() as u32));
            if old.is_some() {
                with_result.push(slot);
            }
            self.touched.push(Touched { slot, old });
        }
        if !with_result.is_empty() {
            self.old.push(self.evaluate(&with_result)?);
        }
        Ok(())
    }

    /// Adds the groups of a first phase to those here.
    fn merge(&mut self, batch: &RecordBatch, rows: usize, slots: &[u32]) -> Result<()> {
        let added = local::Groups::read(batch, &self.spec.aggregates, rows)?;
        let Values { groups, states, .. } = &mut self.values;
        slots.iter().zip(&added.rows).for_each(|(&slot, rows)| groups[slot as usize].rows += rows);
        let all: Vec<u32> = (0..slots.len() as u32).collect();
        states.iter_mut().zip(&added.states).try_for_each(|(state, other)| state.merge(slots, other.as_ref(), &all))
    }

    fn evaluate(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        self.values.states.iter().map(|state| state.evaluate(slots)).collect()
    }

    /// Emits the changes of the groups that were touched, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.position < self.touched.len() {
            if !out.has_room() {
                return Ok(());
            }
            // A group gives at most two rows.
            let end = self.touched.len().min(self.position + (self.spec.batch_size / 2).max(1));
            let touched = self.touched[self.position..end].to_vec();
            self.position = end;
            if let Some(batch) = self.changes(&touched)? {
                out.emit(batch);
            }
        }
        self.touched.clear();
        self.old.clear();
        self.position = 0;
        self.emitting = false;
        self.resident.settle(&mut self.keys, &mut self.values)
    }

    /// What has changed in these groups; those without rows are gone afterwards.
    fn changes(&mut self, touched: &[Touched]) -> Result<Option<RowBatch>> {
        let slots: Vec<u32> = touched.iter().map(|touched| touched.slot).collect();
        let new = self.evaluate(&slots)?;
        let places: Vec<(usize, usize)> =
            touched.iter().filter_map(|touched| touched.old).map(|(list, at)| (list as usize, at as usize)).collect();
        let mut old: Vec<ArrayRef> = Vec::with_capacity(new.len());
        for column in 0..new.len() {
            let lists: Vec<&dyn Array> = self.old.iter().map(|list| list[column].as_ref()).collect();
            old.push(if places.is_empty() { new[column].slice(0, 0) } else { interleave(&lists, &places)? });
        }
        // Of the groups that had a result, by their order: whether it is what it was.
        let had: UInt32Array =
            (0_u32..).zip(touched).filter(|(_, t)| t.old.is_some()).map(|(at, _)| Some(at)).collect();
        let same = self.same(&old, &new, &had)?;
        // The group and the result of each change: the old ones, then the new ones.
        let (mut groups, mut results, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let mut next_old = 0;
        for (at, touched) in touched.iter().enumerate() {
            let group = &mut self.values.groups[touched.slot as usize];
            group.touched = false;
            let exists = group.rows > 0;
            if touched.old.is_some() {
                let place = next_old;
                next_old += 1;
                if exists && same[place] {
                    continue;
                }
                groups.push(at as u32);
                results.push((0, place));
                weights.push(-1);
            }
            if exists {
                groups.push(at as u32);
                results.push((1, at));
                weights.push(1);
            }
        }
        let batch = match groups.len() {
            0 => None,
            count => {
                let groups = UInt32Array::from(groups);
                let keys = key::decode(&self.key_types, slots.iter().map(|slot| self.keys.key(*slot)))?;
                let mut columns =
                    keys.iter().map(|column| Ok(take(column, &groups, None)?)).collect::<Result<Vec<_>>>()?;
                for (old, new) in old.iter().zip(&new) {
                    columns.push(interleave(&[old.as_ref(), new.as_ref()], &results)?);
                }
                let options = RecordBatchOptions::new().with_row_count(Some(count));
                let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
                Some(RowBatch { columns, weights: Some(weights.into()) })
            }
        };
        for slot in slots {
            if self.values.groups[slot as usize].rows == 0 {
                self.remove(slot);
            }
        }
        Ok(batch)
    }

    /// For each old result whether it equals the new one at the place that `had` names.
    fn same(&mut self, old: &[ArrayRef], new: &[ArrayRef], had: &UInt32Array) -> Result<Vec<bool>> {
        let mut same = vec![true; had.len()];
        if had.is_empty() {
            return Ok(same);
        }
        let mut others: (Vec<ArrayRef>, Vec<ArrayRef>) = Default::default();
        for (old, new) in old.iter().zip(new) {
            let new = take(new, had, None)?;
            if old.data_type().is_nested() || old.data_type().is_floating() {
                // Floats are compared by their bits.
                others.0.push(old.clone());
                others.1.push(new);
                continue;
            }
            let equal = not_distinct(old, &new)?;
            same.iter_mut().zip(equal.values()).for_each(|(same, equal)| *same &= equal);
        }
        if !others.0.is_empty() {
            let [old, new] = &mut self.results;
            let (old, new) = (old.encode(&others.0, had.len())?, new.encode(&others.1, had.len())?);
            same.iter_mut().zip(old.iter().zip(new.iter())).for_each(|(same, (old, new))| *same &= old == new);
        }
        Ok(same)
    }

    /// Where there was no row at all, the owner of the only group takes it for one that has some, with nothing in its aggregates.
    fn add_group_of_no_rows(&mut self) -> Result<()> {
        let OperatorContext { key_groups, parallelism, worker, .. } = self.context;
        if KeyGroup::of_hash(hash_key(&[]), key_groups).worker(key_groups, parallelism) == worker {
            for slot in self.touch_keys(&[], 1)? {
                let rows = &mut self.values.groups[slot as usize].rows;
                *rows = (*rows).max(1);
            }
        }
        Ok(())
    }

    /// The slots of the groups of rows with these keys.
    fn touch_keys(&mut self, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>> {
        let keys = self.encoder.encode(columns, rows)?;
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.slots(&mut self.keys, &mut self.values, keys, &hashes, &mut slots)?;
        self.touch(&slots)?;
        Ok(slots)
    }

    fn remove(&mut self, slot: u32) {
        self.resident.remove(&self.keys, &self.values, slot);
        self.keys.remove(slot);
        self.values.forget(slot);
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
        let slots = self.touch_keys(&columns, batch.num_rows())?;
        if let Some(rows) = self.merged
            && batch.columns.column(rows).null_count() == 0
        {
            return self.merge(&batch.columns, rows, &slots);
        }
        let Values { groups, states, .. } = &mut self.values;
        match &batch.weights {
            None => slots.iter().for_each(|&slot| groups[slot as usize].rows += 1),
            Some(weights) => {
                slots.iter().zip(weights).for_each(|(&slot, weight)| groups[slot as usize].rows += weight);
            }
        }
        for (call, state) in self.spec.aggregates.iter().zip(states) {
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
        if self.spec.of_no_rows && self.spec.keys.is_empty() {
            self.add_group_of_no_rows()?;
        }
        self.on_tick(out)
    }

    fn has_more(&self) -> bool {
        self.emitting
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // A group is not taken away in the middle of a tick that has touched it.
        self.values.expiry.as_ref().filter(|_| self.touched.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        expired.into_iter().for_each(|slot| self.remove(slot));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if !self.touched.is_empty() {
            return Err(Error::bug("a snapshot of a group aggregation in the middle of a tick"));
        }
        self.resident.snapshot(&self.keys, &self.values, (SNAPSHOT_VERSION, self.context.key_groups))
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.values)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.resident.restore(&state.tier("")?, &mut self.keys, &mut self.values)?;
        let (keys, values, resident) = (&mut self.keys, &mut self.values, &mut self.resident);
        read_keyed(&state, SNAPSHOT_VERSION, "a group aggregation", |_: KeyGroup, blob| {
            let key = blob.bytes()?;
            let (slot, _) = keys.insert(hash_key(key), key);
            values.grow(keys.slots());
            values.read(slot, blob.rest())?;
            resident.restored(keys, values, slot)
        })?;
        self.values.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
