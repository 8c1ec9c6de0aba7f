//! OVER ordered by time: rows wait until the watermark has passed them, then come out in the order of their times, each
//! with its results, never to be taken back. By processing time they come out as they arrive.
//!
//! Rows that are due are computed in *waves*: the first row of every partition, then the second, … so that an
//! aggregate is called once per wave for many partitions, not once per row.
//!
//! A row is late, over all rows so far, if its time is not after the watermark; over a bounded frame, if a row of its
//! partition with a time not before its own has come out, as in Flink.
//!
//! Nothing leaves memory. Where there is a tier a barrier writes the partitions that have changed since the one before. One with
//! very many rows, waiting or in its frame, is written whole whenever it has changed.
//!
//! Source of the semantics: Flink 2.3, `AbstractRowTimeUnboundedPrecedingOver`, `RowTimeRowsBoundedPrecedingFunction`,
//! `RowTimeRangeBoundedPrecedingFunction`, and their processing-time kin. RANK, DENSE_RANK and LAG look at rows, also where
//! times are equal; Flink's look at the last of these.

use super::{FrameStart, FrameUnit, OverCallSpec, OverOrder, OverSpec};
use crate::aggregate_call::BatchInputs;
use crate::aggregates::AggregateState;
use crate::event_time::{null_row_time, timestamp_millis};
use crate::expiry::Expiry;
use crate::expression::{evaluate, evaluate_all};
use crate::late;
use crate::rank::top_n::Ranking;
use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::tier::Resident;
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, RowArena, key};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use waiting::WaitingLists;

mod snapshot;
#[cfg(test)]
mod tests;
mod waiting;

/// Computes OVER aggregates in the order of time.
pub struct OverTime {
    spec: OverSpec,
    context: OperatorContext,
    schema: SchemaRef,
    /// The types of the input's columns.
    types: Vec<DataType>,
    keys: KeyTable,
    resident: Resident,
    values: Values,
    waiting: Waiting,
    /// Rows that are due, in the order in which they come out.
    ready: VecDeque<Due>,
    watermark: Watermark,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// Rows that wait for the watermark, by time, each with its partition; of equal times in the order of arrival.
type Waiting = BTreeMap<i64, Vec<(u32, u32)>>;

/// What is kept of each partition.
struct Values {
    partitions: Vec<Partition>,
    /// One per aggregate among the calls; a slot per partition.
    states: Vec<Box<dyn AggregateState>>,
    rows: RowArena,
    expiry: Option<Expiry>,
    /// The rows that wait, by partition, where there is a tier.
    lists: Option<WaitingLists>,
}

impl Values {
    fn grow(&mut self, slots: usize) {
        if slots > self.partitions.len() {
            self.partitions.resize_with(slots, Partition::default);
            self.states.iter_mut().for_each(|state| state.grow(slots));
        }
    }

    fn clear(&mut self, slot: u32) {
        for (_, row) in std::mem::take(&mut self.partitions[slot as usize]).recent {
            self.rows.remove(row);
        }
        self.states.iter_mut().for_each(|state| state.clear(slot));
    }
}

/// A row that is due.
#[derive(Clone, Copy, Debug)]
struct Due {
    time: i64,
    slot: u32,
    row: u32,
    /// The watermark that stood before it, where rows come out as they arrive.
    watermark: Watermark,
}

/// What is known of a partition beside its aggregates.
#[derive(Clone, Debug)]
struct Partition {
    /// The time of the last row that was due.
    last: i64,
    /// The time of the last row whose results were computed.
    computed: Option<i64>,
    /// How many rows have come out, and the ranks of the last one.
    count: i64,
    rank: i64,
    dense: i64,
    /// The last rows that came out, with their times: those in the frame, and those that LAG looks at.
    recent: VecDeque<(i64, u32)>,
    /// How many of them are in the frame.
    in_frame: usize,
    /// How many rows wait for the watermark.
    waiting: usize,
    /// In the chunk that is computed: the wave of its last row, from 1, and the place in it.
    wave: usize,
    place: usize,
}

impl Default for Partition {
    fn default() -> Self {
        Partition {
            last: i64::MIN,
            computed: None,
            count: 0,
            rank: 0,
            dense: 0,
            recent: VecDeque::new(),
            in_frame: 0,
            waiting: 0,
            wave: 0,
            place: 0,
        }
    }
}

/// One step of several partitions.
#[derive(Debug, Default)]
struct Wave {
    /// The partitions, one entry per step.
    slots: Vec<u32>,
    /// The rows of the chunk that enter frames, and their partitions.
    added: Vec<u32>,
    added_slots: Vec<u32>,
    /// The rows that leave frames, and their partitions.
    left: Vec<u32>,
    left_slots: Vec<u32>,
}

/// What walking through a chunk has found.
#[derive(Debug, Default)]
struct Walk {
    waves: Vec<Wave>,
    /// Of each row the wave and the place in it.
    places: Vec<(usize, usize)>,
    /// Per row: its number, rank and dense rank in its partition.
    ranks: Vec<[i64; 3]>,
    /// Per LAG the earlier row of each row.
    lags: Vec<Vec<Option<u32>>>,
    /// The rows that are not needed any more.
    released: Vec<u32>,
}

impl OverTime {
    /// The operator on one worker.
    pub fn new(spec: OverSpec, context: OperatorContext) -> Result<Self> {
        if matches!(spec.order, OverOrder::Column(_)) {
            return Err(Error::bug("an OVER by time over another column"));
        }
        let schema = spec.schema.to_arrow();
        let columns = schema.fields().len() - spec.calls.len();
        let resident = context.held("");
        Ok(OverTime {
            types: schema.fields().iter().take(columns).map(|field| field.data_type().clone()).collect(),
            keys: KeyTable::default(),
            values: Values {
                partitions: Vec::new(),
                states: spec.aggregates().iter().map(|call| call.function.create()).collect(),
                rows: RowArena::default(),
                expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
                lists: resident.is_tiered().then(WaitingLists::default),
            },
            resident,
            spec,
            context,
            schema,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            watermark: Watermark::MIN,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    /// Takes rows in: those that are due are computed later, all at once. Gives those that are late.
    fn take_in(&mut self, batch: &RecordBatch, watermarks: &WatermarkRuns) -> Result<Vec<u32>> {
        let count = batch.num_rows();
        let times = match &self.spec.order {
            OverOrder::EventTime(time) => {
                let column = evaluate(time, batch)?;
                if column.logical_null_count() > 0 {
                    return Err(null_row_time());
                }
                Some(timestamp_millis(&column)?)
            }
            _ => None,
        };
        let keys = evaluate_all(&self.spec.keys, batch)?;
        let keys = self.key_encoder.encode(&keys, count)?;
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.keys.insert_rows(keys, &hashes, &mut slots);
        self.values.grow(self.keys.slots());
        self.resident.change(&self.keys, &self.values, &slots);
        let rows = self.row_encoder.encode(batch.columns(), count)?.clone();
        let now = self.context.clock.now();
        let unbounded = self.spec.start == FrameStart::Unbounded;
        let mut late = Vec::new();
        for (index, (row, slot)) in rows.iter().zip(slots).enumerate() {
            self.write(slot, now);
            let Some(times) = &times else {
                let row = self.values.rows.insert(row);
                self.ready.push_back(Due { time: now.0, slot, row, watermark: watermarks.before(index) });
                continue;
            };
            self.pass(watermarks.before(index));
            let time = times[index];
            let passed = if unbounded { self.watermark.0 } else { self.values.partitions[slot as usize].last };
            if time <= passed && passed > i64::MIN {
                late.push(index as u32);
                continue;
            }
            let row = self.values.rows.insert(row);
            self.values.wait(&mut self.waiting, slot, (time, row));
        }
        Ok(late)
    }

    /// A row comes to a partition; if its time was over, it begins anew.
    fn write(&mut self, slot: u32, now: Millis) {
        let Some(expiry) = &mut self.values.expiry else { return };
        let expired = expiry.is_expired(slot, now);
        expiry.write(slot, now);
        if expired && self.values.partitions[slot as usize].waiting == 0 && self.ready.is_empty() {
            self.values.clear(slot);
        }
    }

    /// Makes due what a later watermark has passed.
    fn pass(&mut self, watermark: Watermark) {
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        let before = self.ready.len();
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= watermark.0) {
            let (time, rows) = first.remove_entry();
            let due = |(slot, row)| Due { time, slot, row, watermark: Watermark::MIN };
            self.ready.extend(rows.into_iter().map(due));
        }
        if self.resident.is_tiered() {
            let slots: Vec<u32> = self.ready.range(before..).map(|due| due.slot).collect();
            self.resident.change(&self.keys, &self.values, &slots);
        }
        for Due { time, slot, row, .. } in self.ready.range(before..).copied() {
            let partition = &mut self.values.partitions[slot as usize];
            partition.last = time;
            partition.waiting -= 1;
            if let Some(lists) = &mut self.values.lists {
                lists.remove(slot, row);
            }
        }
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while !self.ready.is_empty() {
            if !out.has_room() {
                return Ok(());
            }
            let mut end = self.ready.len().min(self.spec.batch_size.max(1));
            // Rows of one time see each other: they are not torn apart.
            while end < self.ready.len() && self.ready[end].time == self.ready[end - 1].time {
                end += 1;
            }
            let chunk: Vec<Due> = self.ready.drain(..end).collect();
            let mut watermarks = WatermarkRuns::default();
            for (row, due) in chunk.iter().enumerate() {
                watermarks.push(row, due.watermark);
            }
            out.emit_with(RowBatch::append(self.compute(&chunk)?), watermarks);
        }
        Ok(())
    }

    /// The rows of a chunk with their results.
    fn compute(&mut self, chunk: &[Due]) -> Result<RecordBatch> {
        let options = |rows: usize| RecordBatchOptions::new().with_row_count(Some(rows));
        let input_schema = Arc::new(self.schema.project(&(0..self.types.len()).collect::<Vec<_>>())?);
        let decoded = |arena: &RowArena, rows: &[u32]| -> Result<RowBatch> {
            let columns = key::decode(&self.types, rows.iter().map(|row| arena.get(*row)))?;
            let columns = RecordBatch::try_new_with_options(input_schema.clone(), columns, &options(rows.len()))?;
            Ok(RowBatch::append(columns))
        };
        let input = decoded(&self.values.rows, &chunk.iter().map(|due| due.row).collect::<Vec<_>>())?;
        let walk = walk(&self.spec, &mut self.values.partitions, chunk);
        let calls = self.spec.aggregates();
        let mut aggregated: Vec<ArrayRef> = Vec::with_capacity(calls.len());
        if !calls.is_empty() {
            let added = BatchInputs::new(&calls, &input)?;
            let left: Vec<u32> = walk.waves.iter().flat_map(|wave| wave.left.iter().copied()).collect();
            let left = BatchInputs::new(&calls, &decoded(&self.values.rows, &left)?)?;
            aggregated = aggregate(&mut self.values.states, &walk, &added, &left)?;
        }
        let mut columns = input.columns.columns().to_vec();
        let mut aggregated = aggregated.into_iter();
        let mut lags = walk.lags.iter();
        for call in &self.spec.calls {
            columns.push(match call {
                OverCallSpec::Aggregate(_) => {
                    aggregated.next().ok_or_else(|| Error::bug("an OVER aggregate without a result"))?
                }
                OverCallSpec::Rank(ranking) => {
                    let which = match ranking {
                        Ranking::RowNumber => 0,
                        Ranking::Rank => 1,
                        Ranking::DenseRank => 2,
                    };
                    Arc::new(Int64Array::from_iter_values(walk.ranks.iter().map(|ranks| ranks[which])))
                }
                OverCallSpec::Lag { value, default, .. } => {
                    let earlier = lags.next().ok_or_else(|| Error::bug("a LAG without rows"))?;
                    let found: Vec<u32> = earlier.iter().filter_map(|row| *row).collect();
                    let values = evaluate(value, &decoded(&self.values.rows, &found)?.columns)?;
                    let mut next = 0_u32..;
                    let places: UInt32Array = earlier.iter().map(|row| row.and_then(|_| next.next())).collect();
                    let values = take(&values, &places, None)?;
                    match default {
                        None => values,
                        Some(default) => {
                            let there: BooleanArray = earlier.iter().map(|row| Some(row.is_some())).collect();
                            zip(&there, &values, &evaluate(default, &input.columns)?)?
                        }
                    }
                }
            });
        }
        for row in walk.released {
            self.values.rows.remove(row);
        }
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options(chunk.len()))?)
    }
}

/// Goes through the rows of a chunk in their order: which step of its partition each belongs to, and what leaves frames.
fn walk(spec: &OverSpec, partitions: &mut [Partition], chunk: &[Due]) -> Walk {
    let lag_rows: Vec<usize> = spec
        .calls
        .iter()
        .filter_map(|call| match call {
            OverCallSpec::Lag { rows, .. } => Some(*rows as usize),
            _ => None,
        })
        .collect();
    let kept_for_lag = spec.longest_lag().unwrap_or(0);
    let framed = spec.start != FrameStart::Unbounded;
    let keeps = framed || kept_for_lag > 0;
    let mut walk = Walk { lags: vec![Vec::with_capacity(chunk.len()); lag_rows.len()], ..Walk::default() };
    // By arrival, rows of one moment see each other only where the frame is a span of time.
    let share = spec.unit == FrameUnit::Range
        && (matches!(spec.order, OverOrder::EventTime(_)) || matches!(spec.start, FrameStart::Span(_)));
    for (index, Due { time, slot, row, .. }) in chunk.iter().copied().enumerate() {
        let partition = &mut partitions[slot as usize];
        let peers = partition.computed.replace(time) == Some(time);
        partition.count += 1;
        if !peers {
            partition.rank = partition.count;
            partition.dense += 1;
        }
        walk.ranks.push([partition.count, partition.rank, partition.dense]);
        if !(peers && share && partition.wave > 0) {
            if walk.waves.len() == partition.wave {
                walk.waves.push(Wave::default());
            }
            let wave = &mut walk.waves[partition.wave];
            partition.wave += 1;
            partition.place = wave.slots.len();
            wave.slots.push(slot);
        }
        let wave = &mut walk.waves[partition.wave - 1];
        walk.places.push((partition.wave - 1, partition.place));
        wave.added.push(index as u32);
        wave.added_slots.push(slot);
        if !keeps {
            walk.lags.iter_mut().for_each(|lag| lag.push(Some(row)));
            walk.released.push(row);
            continue;
        }
        partition.recent.push_back((time, row));
        partition.in_frame += usize::from(framed);
        loop {
            let first = partition.recent.len() - partition.in_frame;
            let leaves = match spec.start {
                FrameStart::Unbounded => false,
                FrameStart::Rows(rows) => partition.in_frame as u64 > rows.saturating_add(1),
                FrameStart::Span(span) => partition.recent[first].0 < time.saturating_sub(span.0),
            };
            if !leaves {
                break;
            }
            wave.left.push(partition.recent[first].1);
            wave.left_slots.push(slot);
            partition.in_frame -= 1;
        }
        for (rows, lag) in lag_rows.iter().zip(&mut walk.lags) {
            let earlier = partition.recent.len().checked_sub(1 + rows);
            lag.push(earlier.map(|at| partition.recent[at].1));
        }
        while partition.recent.len() > partition.in_frame.max(kept_for_lag) {
            walk.released.extend(partition.recent.pop_front().map(|(_, row)| row));
        }
    }
    for due in chunk {
        partitions[due.slot as usize].wave = 0;
    }
    walk
}

/// The results of the aggregates, one per row of the chunk.
fn aggregate(
    states: &mut [Box<dyn AggregateState>],
    walk: &Walk,
    added: &BatchInputs,
    left: &BatchInputs,
) -> Result<Vec<ArrayRef>> {
    let mut results: Vec<Vec<ArrayRef>> = states.iter().map(|_| Vec::with_capacity(walk.waves.len())).collect();
    let mut firsts = Vec::with_capacity(walk.waves.len());
    let (mut first, mut next_left) = (0_u32, 0_u32);
    for wave in &walk.waves {
        let range: Vec<u32> = (next_left..next_left + wave.left.len() as u32).collect();
        next_left += wave.left.len() as u32;
        let leaving = left.at(&range)?;
        let weights = vec![-1; wave.left.len()];
        let entering = added.at(&wave.added)?;
        for (index, state) in states.iter_mut().enumerate() {
            if let Some(input) = leaving.calls.get(index) {
                state.update(&wave.left_slots, &input.arguments, Some(&weights), input.filter.as_ref())?;
            }
            let input = &entering.calls[index];
            state.update(&wave.added_slots, &input.arguments, None, input.filter.as_ref())?;
            results[index].push(state.evaluate(&wave.slots)?);
        }
        firsts.push(first);
        first += wave.slots.len() as u32;
    }
    let places: UInt32Array = walk.places.iter().map(|(wave, place)| Some(firsts[*wave] + *place as u32)).collect();
    let each = results.into_iter().map(|waves| {
        let waves: Vec<&dyn Array> = waves.iter().map(AsRef::as_ref).collect();
        Ok(take(&concat(&waves)?, &places, None)?)
    });
    each.collect()
}

impl Operator<RowBatch> for OverTime {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let late = self.take_in(&batch.columns, watermarks)?;
        self.context.metrics.late.add(late.len() as u64);
        if let OverOrder::EventTime(time) = &self.spec.order {
            late::emit_by_time(&batch, &late, time, watermarks, out)?;
        }
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.pass(watermark);
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.waiting.first_key_value().map(|(time, _)| Watermark(*time))
    }

    fn has_more(&self) -> bool {
        !self.ready.is_empty()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        // A partition is not taken away while rows of it are on their way out.
        self.values.expiry.as_ref().filter(|_| self.ready.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.values.expiry.as_mut().map(|expiry| expiry.find_expired(now)).unwrap_or_default();
        // Rows that wait for the watermark keep their partition, as in Flink.
        let (kept, gone): (Vec<u32>, Vec<u32>) =
            expired.into_iter().partition(|slot| self.values.partitions[*slot as usize].waiting > 0);
        self.resident.change(&self.keys, &self.values, &kept);
        for slot in gone {
            self.resident.remove(&self.keys, &self.values, slot);
            self.values.clear(slot);
            self.values.expiry.iter_mut().for_each(|expiry| expiry.forget(slot));
            self.keys.remove(slot);
        }
        if let Some(expiry) = &mut self.values.expiry {
            kept.into_iter().for_each(|slot| expiry.write(slot, now));
        }
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
