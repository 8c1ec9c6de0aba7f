//! Which rows of a partition must be computed again, and what stands in their frames.

use super::OverColumn;
use crate::aggregate_call::BatchInputs;
use crate::aggregates::AggregateState;
use crate::event_time::timestamp_millis;
use crate::expression::evaluate;
use crate::over::{FrameStart, FrameUnit, OverCallSpec};
use crate::rank::list::{Entry, record};
use crate::rank::top_n::Ranking;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{concat, take, take_record_batch};
use riverrun_core::{Error, Millis, Result, RowBatch};
use riverrun_state::key;
use std::ops::Range;
use std::sync::Arc;

/// Frames that hold at most so many rows on average are computed one by one, all at once; longer ones by going on from
/// one to the next.
const SHORT: usize = 16;

/// How many rows are looked at at once for the end of a span of time.
const BLOCK: usize = 64;

/// Rows of one partition that are computed again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// The partition.
    pub slot: u32,
    /// The first row whose values are needed.
    pub context: usize,
    /// The first row that is computed.
    pub first: usize,
    /// The one behind the last.
    pub end: usize,
}

/// The rows at hand: those of all sections, one after the other.
struct Rows {
    input: RowBatch,
    /// Where each section begins.
    bases: Vec<usize>,
    /// Whether a row sorts like the one before it in its section.
    ties: Vec<bool>,
    /// The rows that are computed.
    computed: Vec<u32>,
}

impl OverColumn {
    /// What must be computed after rows came or went between two positions; `None` if there is nothing.
    pub(super) fn section(&self, slot: u32, first: usize, last: usize) -> Result<Option<Section>> {
        let rows = &self.values.partitions[slot as usize].rows;
        let ties = |at: usize| {
            let pair = at.checked_sub(1).and_then(|before| Some((rows.get(before)?, rows.get(at)?)));
            pair.is_some_and(|(before, entry)| entry.ties_with(before, &self.values.rows))
        };
        let lag = self.spec.longest_lag().unwrap_or(0);
        let ranked = self.spec.calls.iter().any(|call| matches!(call, OverCallSpec::Rank(_)));
        let aggregated = !self.calls.is_empty();
        let mut first = first;
        if self.spec.unit == FrameUnit::Range {
            // Rows that sort equal see each other: also those before one that went.
            first = first.saturating_sub(1);
            while ties(first) {
                first -= 1;
            }
        }
        let mut context = first.saturating_sub(lag);
        let mut end = last.saturating_add(1).saturating_add(lag);
        if ranked || (aggregated && self.spec.start == FrameStart::Unbounded) {
            (context, end) = (0, rows.len());
        } else if let FrameStart::Rows(count) = self.spec.start {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            context = context.min(first.saturating_sub(count));
            end = end.max(last.saturating_add(1).saturating_add(count));
        } else if let FrameStart::Span(span) = self.spec.start {
            context = context.min(self.span_begin(slot, first, span)?);
            end = end.max(self.span_end(slot, last, span)?);
        }
        end = end.min(rows.len());
        if self.spec.unit == FrameUnit::Range {
            while ties(end) {
                end += 1;
            }
            while ties(context) {
                context -= 1;
            }
        }
        Ok((first < end).then_some(Section { slot, context, first, end }))
    }

    /// The first row that the frame of the row at `first` can hold.
    fn span_begin(&self, slot: u32, first: usize, span: Millis) -> Result<usize> {
        let Some(Some(time)) = self.times(slot, first..first + 1)?.first().copied() else { return Ok(first) };
        let least = time.saturating_sub(span.0);
        let mut begin = first;
        while begin > 0 {
            let times = self.times(slot, begin.saturating_sub(BLOCK)..begin)?;
            let seen = times.iter().rev().take_while(|time| time.is_some_and(|time| time >= least)).count();
            begin -= seen;
            if seen < times.len() {
                break;
            }
        }
        Ok(begin)
    }

    /// The first row that sees no row up to `last`, nor one that went there, which was not later than what stands there now.
    fn span_end(&self, slot: u32, last: usize, span: Millis) -> Result<usize> {
        let length = self.values.partitions[slot as usize].rows.len();
        let Some(Some(time)) = self.times(slot, last..last.saturating_add(1))?.first().copied() else {
            return Ok(length);
        };
        let most = time.saturating_add(span.0);
        let mut end = last;
        while end < length {
            let times = self.times(slot, end..(end + BLOCK).min(length))?;
            let seeing = times.iter().take_while(|time| time.is_some_and(|time| time <= most)).count();
            end += seeing;
            if seeing < times.len() {
                break;
            }
        }
        Ok(end)
    }

    /// The times of these rows of a partition, as far as they are there.
    fn times(&self, slot: u32, places: Range<usize>) -> Result<Vec<Option<i64>>> {
        let rows = self.values.partitions[slot as usize].rows.iter();
        let entries: Vec<Entry> = rows.skip(places.start).take(places.len()).copied().collect();
        self.times_of(&self.decoded(&entries)?)
    }

    fn times_of(&self, batch: &RecordBatch) -> Result<Vec<Option<i64>>> {
        let column = evaluate(&self.order.expression, batch)?;
        let millis = timestamp_millis(&column)?;
        Ok((0..batch.num_rows()).map(|row| column.is_valid(row).then(|| millis[row])).collect())
    }

    fn decoded(&self, entries: &[Entry]) -> Result<RecordBatch> {
        let columns =
            key::decode(&self.types, entries.iter().map(|entry| record(&self.values.rows, entry.record).row))?;
        let schema = Arc::new(self.schema.project(&(0..self.types.len()).collect::<Vec<_>>())?);
        let options = RecordBatchOptions::new().with_row_count(Some(entries.len()));
        Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// The rows that are computed, with their results.
    pub(super) fn results(&self, sections: &[Section]) -> Result<RecordBatch> {
        let rows = self.rows_of(sections)?;
        let places = UInt32Array::from(rows.computed.clone());
        let computed = take_record_batch(&rows.input.columns, &places)?;
        let mut aggregated = self.aggregated(sections, &rows)?.into_iter();
        let mut columns = computed.columns().to_vec();
        for call in &self.spec.calls {
            columns.push(match call {
                OverCallSpec::Aggregate(_) => {
                    aggregated.next().ok_or_else(|| Error::bug("an OVER aggregate without a result"))?
                }
                OverCallSpec::Rank(ranking) => take(&ranks(*ranking, sections, &rows), &places, None)?,
                OverCallSpec::Lag { value, rows: before, default } => {
                    let earlier: UInt32Array = earlier(*before as usize, sections, &rows).collect();
                    let values = take(&evaluate(value, &rows.input.columns)?, &earlier, None)?;
                    match default {
                        None => values,
                        Some(default) => {
                            let there: BooleanArray = earlier.iter().map(|row| Some(row.is_some())).collect();
                            zip(&there, &values, &evaluate(default, &computed)?)?
                        }
                    }
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }

    fn rows_of(&self, sections: &[Section]) -> Result<Rows> {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut bases, mut computed, mut ties) = (Vec::new(), Vec::new(), Vec::new());
        for section in sections {
            let base = entries.len();
            bases.push(base);
            let rows = self.values.partitions[section.slot as usize].rows.iter().skip(section.context);
            entries.extend(rows.take(section.end - section.context).copied());
            let tie = |at: usize| at > base && entries[at].ties_with(&entries[at - 1], &self.values.rows);
            ties.extend((base..entries.len()).map(tie));
            computed.extend((base + section.first - section.context..entries.len()).map(|at| at as u32));
        }
        Ok(Rows { input: RowBatch::append(self.decoded(&entries)?), bases, ties, computed })
    }

    /// The rows in the frame of each row that is computed.
    fn frames(&self, sections: &[Section], rows: &Rows) -> Result<Vec<Range<usize>>> {
        let times = match self.spec.start {
            FrameStart::Span(_) => self.times_of(&rows.input.columns)?,
            _ => Vec::new(),
        };
        let mut frames = Vec::with_capacity(rows.computed.len());
        for (section, &base) in sections.iter().zip(&rows.bases) {
            let length = section.end - section.context;
            let (mut start, mut behind) = (base, base);
            for at in base + section.first - section.context..base + length {
                if behind <= at {
                    behind = at + 1;
                    while self.spec.unit == FrameUnit::Range && behind < base + length && rows.ties[behind] {
                        behind += 1;
                    }
                }
                match self.spec.start {
                    FrameStart::Unbounded => {}
                    FrameStart::Rows(count) => {
                        start = start.max(at.saturating_sub(usize::try_from(count).unwrap_or(usize::MAX)));
                    }
                    FrameStart::Span(span) => {
                        let sees = |other: usize| match (times[at], times[other]) {
                            (Some(time), Some(other)) => other >= time.saturating_sub(span.0),
                            (None, None) => true,
                            _ => false,
                        };
                        while start < at && !sees(start) {
                            start += 1;
                        }
                    }
                }
                frames.push(start..behind);
            }
        }
        Ok(frames)
    }

    /// The results of the aggregates at the rows that are computed.
    fn aggregated(&self, sections: &[Section], rows: &Rows) -> Result<Vec<ArrayRef>> {
        if self.calls.is_empty() {
            return Ok(Vec::new());
        }
        let frames = self.frames(sections, rows)?;
        let inputs = BatchInputs::new(&self.calls, &rows.input)?;
        let mut states: Vec<Box<dyn AggregateState>> = self.calls.iter().map(|call| call.function.create()).collect();
        let in_all: usize = frames.iter().map(Range::len).sum();
        if in_all <= SHORT * frames.len() {
            return all_at_once(&mut states, &inputs, &frames);
        }
        one_by_one(&mut states, &inputs, &frames, sections)
    }
}

/// Every frame in a slot of its own.
fn all_at_once(
    states: &mut [Box<dyn AggregateState>],
    inputs: &BatchInputs,
    frames: &[Range<usize>],
) -> Result<Vec<ArrayRef>> {
    let slots: Vec<u32> =
        frames.iter().enumerate().flat_map(|(slot, frame)| std::iter::repeat_n(slot as u32, frame.len())).collect();
    let rows: UInt32Array = frames.iter().flat_map(|frame| frame.clone().map(|row| Some(row as u32))).collect();
    let all: Vec<u32> = (0..frames.len() as u32).collect();
    let every = inputs.all();
    let each = states.iter_mut().zip(every).map(|(state, input)| {
        state.grow(frames.len());
        let taken = input.arguments.iter().map(|argument| Ok(take(argument, &rows, None)?));
        let arguments = taken.collect::<Result<Vec<ArrayRef>>>()?;
        let filter = input.filter.as_ref().map(|filter| take(filter, &rows, None)).transpose()?;
        let filter = filter.as_ref().map(|filter| filter.as_boolean());
        state.update(&slots, &arguments, None, filter)?;
        state.evaluate(&all)
    });
    each.collect()
}

/// Each frame out of the one before it: some rows enter, some leave.
fn one_by_one(
    states: &mut [Box<dyn AggregateState>],
    inputs: &BatchInputs,
    frames: &[Range<usize>],
    sections: &[Section],
) -> Result<Vec<ArrayRef>> {
    states.iter_mut().for_each(|state| state.grow(sections.len()));
    let mut results: Vec<Vec<ArrayRef>> = vec![Vec::new(); states.len()];
    let mut places: Vec<u32> = Vec::with_capacity(frames.len());
    let (mut step, mut frame_at) = (0_u32, 0);
    for (slot, section) in sections.iter().enumerate() {
        let slot = slot as u32;
        let mut before: Option<Range<usize>> = None;
        for frame in &frames[frame_at..frame_at + section.end - section.first] {
            // Rows that sort equal share a frame.
            if before.as_ref() != Some(frame) {
                let known = before.take().unwrap_or(frame.start..frame.start);
                let change = |states: &mut [Box<dyn AggregateState>], rows: Range<usize>, weight: i64| -> Result<()> {
                    if rows.is_empty() {
                        return Ok(());
                    }
                    let rows: Vec<u32> = rows.map(|row| row as u32).collect();
                    let (slots, weights) = (vec![slot; rows.len()], vec![weight; rows.len()]);
                    let selected = inputs.at(&rows)?;
                    for (state, input) in states.iter_mut().zip(&selected.calls) {
                        state.update(&slots, &input.arguments, Some(&weights), input.filter.as_ref())?;
                    }
                    Ok(())
                };
                change(states, known.start..frame.start.min(known.end), -1)?;
                change(states, known.end.max(frame.start)..frame.end, 1)?;
                for (state, results) in states.iter().zip(&mut results) {
                    results.push(state.evaluate(&[slot])?);
                }
                step += 1;
                before = Some(frame.clone());
            }
            places.push(step - 1);
        }
        frame_at += section.end - section.first;
    }
    let places = UInt32Array::from(places);
    let each = results.into_iter().map(|steps| {
        let steps: Vec<&dyn Array> = steps.iter().map(AsRef::as_ref).collect();
        Ok(take(&concat(&steps)?, &places, None)?)
    });
    each.collect()
}

/// Of each row that is computed the one so many before it in its partition.
fn earlier<'a>(before: usize, sections: &'a [Section], rows: &'a Rows) -> impl Iterator<Item = Option<u32>> + use<'a> {
    sections.iter().zip(&rows.bases).flat_map(move |(section, &base)| {
        let first = base + section.first - section.context;
        (first..base + section.end - section.context)
            .map(move |at| at.checked_sub(before).filter(|at| *at >= base).map(|at| at as u32))
    })
}

/// The ranks of all rows at hand, which are whole partitions.
fn ranks(ranking: Ranking, sections: &[Section], rows: &Rows) -> Int64Array {
    let (mut number, mut rank, mut dense) = (0, 0, 0);
    let mut bases = rows.bases.iter().copied().take(sections.len()).peekable();
    let each = rows.ties.iter().enumerate().map(|(at, tie)| {
        if bases.next_if_eq(&at).is_some() {
            (number, rank, dense) = (0, 0, 0);
        }
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
