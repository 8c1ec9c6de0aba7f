//! OVER ordered by time: rows wait until the watermark has passed them, then come out in the order of their times, each
//! with its results, never to be taken back. By processing time they come out as they arrive.
//!
//! Rows that are due are computed in *waves*: the first row of every partition, then the second, … so that an
//! aggregate is called once per wave for many partitions, not once per row.
//!
//! A row is late, over all rows so far, if its time is not after the watermark; over a bounded frame, if a row of its
//! partition with a time not before its own has come out, as in Flink.
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
use crate::late::LateRows;
use crate::rank::top_n::Ranking;
use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use riverrun_core::{Error, Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::{KeyEncoder, KeyTable, OperatorSnapshot, RestoredState, RowArena, hash_key, key};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[cfg(test)]
mod tests;

const VERSION: u8 = 2;

/// Computes OVER aggregates in the order of time.
pub struct OverTime {
    spec: OverSpec,
    context: OperatorContext,
    schema: SchemaRef,
    /// The types of the input's columns.
    types: Vec<DataType>,
    keys: KeyTable,
    partitions: Vec<Partition>,
    /// One per aggregate among the calls; a slot per partition.
    states: Vec<Box<dyn AggregateState>>,
    rows: RowArena,
    /// Rows that wait for the watermark, by time; of equal times in the order of arrival.
    waiting: BTreeMap<i64, Vec<(u32, u32)>>,
    /// Rows that are due, in the order in which they come out.
    ready: VecDeque<Due>,
    watermark: Watermark,
    expiry: Option<Expiry>,
    key_encoder: KeyEncoder,
    row_encoder: KeyEncoder,
}

/// A row that is due.
#[derive(Clone, Copy, Debug)]
struct Due {
    time: i64,
    slot: u32,
    row: u32,
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
        Ok(OverTime {
            types: schema.fields().iter().take(columns).map(|field| field.data_type().clone()).collect(),
            states: spec.aggregates().iter().map(|call| call.function.create()).collect(),
            expiry: spec.ttl.map(|ttl| Expiry::new(ttl, context.clock.clone())),
            spec,
            context,
            schema,
            keys: KeyTable::default(),
            partitions: Vec::new(),
            rows: RowArena::default(),
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            watermark: Watermark::MIN,
            key_encoder: KeyEncoder::default(),
            row_encoder: KeyEncoder::exact(),
        })
    }

    fn slot(&mut self, key: &[u8]) -> u32 {
        let (slot, new) = self.keys.insert(hash_key(key), key);
        if new {
            self.partitions.resize_with(self.keys.slots(), Partition::default);
            self.states.iter_mut().for_each(|state| state.grow(self.keys.slots()));
        }
        slot
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
        let keys = self.key_encoder.encode(&keys, count)?.clone();
        let rows = self.row_encoder.encode(batch.columns(), count)?.clone();
        let now = self.context.clock.now();
        let unbounded = self.spec.start == FrameStart::Unbounded;
        let mut late = Vec::new();
        for (index, (key, row)) in keys.iter().zip(rows.iter()).enumerate() {
            let slot = self.slot(key);
            self.write(slot, now);
            let Some(times) = &times else {
                let row = self.rows.insert(row);
                self.ready.push_back(Due { time: now.0, slot, row });
                continue;
            };
            self.pass(watermarks.before(index));
            let time = times[index];
            let passed = if unbounded { self.watermark.0 } else { self.partitions[slot as usize].last };
            if time <= passed && passed > i64::MIN {
                late.push(index as u32);
                continue;
            }
            let row = self.rows.insert(row);
            self.waiting.entry(time).or_default().push((slot, row));
            self.partitions[slot as usize].waiting += 1;
        }
        Ok(late)
    }

    /// A row comes to a partition; if its time was over, it begins anew.
    fn write(&mut self, slot: u32, now: Millis) {
        let Some(expiry) = &mut self.expiry else { return };
        let expired = expiry.is_expired(slot, now);
        expiry.write(slot, now);
        if expired && self.partitions[slot as usize].waiting == 0 && self.ready.is_empty() {
            self.clear(slot);
        }
    }

    fn clear(&mut self, slot: u32) {
        for (_, row) in std::mem::take(&mut self.partitions[slot as usize]).recent {
            self.rows.remove(row);
        }
        self.states.iter_mut().for_each(|state| state.clear(slot));
    }

    /// Makes due what a later watermark has passed.
    fn pass(&mut self, watermark: Watermark) {
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        while let Some(first) = self.waiting.first_entry() {
            if *first.key() > watermark.0 {
                return;
            }
            let (time, rows) = first.remove_entry();
            for (slot, row) in rows {
                let partition = &mut self.partitions[slot as usize];
                partition.last = time;
                partition.waiting -= 1;
                self.ready.push_back(Due { time, slot, row });
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
            let batch = self.compute(&chunk)?;
            out.emit(RowBatch::append(batch));
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
        let input = decoded(&self.rows, &chunk.iter().map(|due| due.row).collect::<Vec<_>>())?;
        let walk = walk(&self.spec, &mut self.partitions, chunk);
        let calls = self.spec.aggregates();
        let mut aggregated: Vec<ArrayRef> = Vec::with_capacity(calls.len());
        if !calls.is_empty() {
            let added = BatchInputs::new(&calls, &input)?;
            let left: Vec<u32> = walk.waves.iter().flat_map(|wave| wave.left.iter().copied()).collect();
            let left = BatchInputs::new(&calls, &decoded(&self.rows, &left)?)?;
            aggregated = aggregate(&mut self.states, &walk, &added, &left)?;
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
                    let values = evaluate(value, &decoded(&self.rows, &found)?.columns)?;
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
            self.rows.remove(row);
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
    for (index, Due { time, slot, row }) in chunk.iter().copied().enumerate() {
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
        if !late.is_empty()
            && let OverOrder::EventTime(time) = &self.spec.order
        {
            let local = matches!(evaluate(time, &batch.columns)?.data_type(), DataType::Timestamp(_, Some(_)));
            if let Some(rows) = LateRows::of(&batch, local, out) {
                rows.emit(&late, watermarks, out)?;
            }
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
        self.expiry.as_ref().filter(|_| self.ready.is_empty())?.next_timer()
    }

    fn on_processing_time(&mut self, now: Millis, _out: &mut Output<RowBatch>) -> Result<()> {
        let expired = self.expiry.as_mut().map(|expiry| expiry.take_expired(now)).unwrap_or_default();
        for slot in expired {
            match (self.partitions[slot as usize].waiting, &mut self.expiry) {
                // Rows that wait for the watermark keep their partition, as in Flink.
                (1.., Some(expiry)) => expiry.write(slot, now),
                _ => {
                    self.clear(slot);
                    self.keys.remove(slot);
                }
            }
        }
        Ok(())
    }

    /// The watermark for all; per key group, for each key: its bytes, with a TTL when it was written, the last times, the number of rows and their ranks, the
    /// rows that are kept and how many of them are in the frame, the rows that wait, and the aggregates.
    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut waiting: BTreeMap<u32, Vec<(i64, u32)>> = BTreeMap::new();
        for (time, rows) in &self.waiting {
            for (slot, row) in rows {
                waiting.entry(*slot).or_default().push((*time, *row));
            }
        }
        let put_rows = |blob: &mut Vec<u8>, rows: &mut dyn ExactSizeIterator<Item = (i64, u32)>| {
            put_u32(blob, rows.len() as u32);
            for (time, row) in rows {
                put_i64(blob, time);
                put_bytes(blob, self.rows.get(row));
            }
        };
        let mut blobs = KeyedBlobs::new(VERSION);
        for (group, slots) in self.keys.by_group(self.context.key_groups) {
            let blob = blobs.group(group);
            for slot in slots {
                let partition = &self.partitions[slot as usize];
                put_bytes(blob, self.keys.key(slot));
                put_i64(blob, self.expiry.as_ref().map_or(0, |expiry| expiry.written(slot).0));
                put_i64(blob, partition.last);
                blob.push(u8::from(partition.computed.is_some()));
                put_i64(blob, partition.computed.unwrap_or_default());
                put_i64(blob, partition.count);
                put_i64(blob, partition.rank);
                put_i64(blob, partition.dense);
                put_u32(blob, partition.in_frame as u32);
                put_rows(blob, &mut partition.recent.iter().copied());
                put_rows(blob, &mut waiting.remove(&slot).unwrap_or_default().into_iter());
                self.states.iter().for_each(|state| state.encode(slot, blob));
            }
        }
        let union = vec![self.watermark.0.to_le_bytes().to_vec()];
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), union, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let watermarks = state.union.iter().map(|bytes| BlobReader::new(bytes).i64()).collect::<Result<Vec<_>>>()?;
        self.watermark = watermarks.into_iter().min().map_or(Watermark::MIN, Watermark);
        let now = self.context.clock.now();
        read_keyed(&state, VERSION, "an OVER aggregation", |_, blob| {
            let slot = self.slot(blob.bytes()?);
            let written = Millis(blob.i64()?);
            if let Some(expiry) = &mut self.expiry {
                // Where the time to live is new, it begins now.
                expiry.write(slot, if written.0 > 0 { written } else { now });
            }
            let last = blob.i64()?;
            let computed = blob.u8()? != 0;
            let computed = Some(blob.i64()?).filter(|_| computed);
            let (count, rank, dense) = (blob.i64()?, blob.i64()?, blob.i64()?);
            let in_frame = blob.u32()? as usize;
            let mut recent = VecDeque::new();
            for _ in 0..blob.u32()? {
                recent.push_back((blob.i64()?, self.rows.insert(blob.bytes()?)));
            }
            let waiting = blob.u32()? as usize;
            for _ in 0..waiting {
                let (time, row) = (blob.i64()?, self.rows.insert(blob.bytes()?));
                self.waiting.entry(time).or_default().push((slot, row));
            }
            let read =
                Partition { last, computed, count, rank, dense, recent, in_frame, waiting, ..Partition::default() };
            self.partitions[slot as usize] = read;
            self.states.iter_mut().try_for_each(|state| state.decode(slot, blob.rest()))
        })?;
        self.expiry.iter_mut().for_each(Expiry::restored);
        Ok(())
    }
}
