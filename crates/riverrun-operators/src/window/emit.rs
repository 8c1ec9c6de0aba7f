//! Aggregation per window and key with results before a window's end and after it: `table.exec.emit.*`.
//!
//! ```text
//!  first row        end of the window         end + allowed lateness
//!  ├─ early ─ early ─┼─ late ── late ──────────┤
//!                  on time                     the window is forgotten
//! ```
//!
//! A result that has changed since it was last sent takes the old one back: the output is updated. With a delay of zero a group's
//! result goes out at the end of each tick that has brought it rows; with another one as often as that of processing time, from
//! its first row on. Late rows without a delay of their own count at once. What waits for a late delay when its
//! window is forgotten never comes out, as in Flink.
//!
//! Windows that overlap do not share slices here: each has its own aggregates, since each has its own last result.
//!
//! Source of the semantics: Flink 2.3, `WindowEmitStrategy`, `EventTimeTriggers`, and its `AggregateWindowOperator`.

use super::borders::Window;
use super::finder::{Finder, Found, RowTimes};
use super::pane::Pane;
use super::results::Results;
use super::spec::{EmitStrategy, WindowAggregateSpec};
use crate::aggregate_call::BatchInputs;
use crate::expression::evaluate_all;
use crate::late::LateRows;
use arrow::array::ArrayRef;
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use riverrun_core::{Error, Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::tier::tables::Tables;
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState, hash_key, key};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

mod snapshot;
#[cfg(test)]
mod tests;

/// Aggregates per window and key, with early and late results.
#[derive(Debug)]
pub struct EmitAggregate {
    spec: WindowAggregateSpec,
    strategy: EmitStrategy,
    context: OperatorContext,
    finder: Finder,
    results: Results,
    encoder: KeyEncoder,
    /// For results that are compared and kept.
    result_encoder: KeyEncoder,
    /// The types of the aggregates' results.
    result_types: Vec<DataType>,
    windows: Tables<Window, Open>,
    /// When a window ends, and when it is forgotten.
    timers: BTreeSet<(Watermark, Moment, Window)>,
    /// When a group's result goes out by processing time.
    delayed: BTreeSet<(Millis, Window, u32)>,
    /// Groups whose results go out at the end of the tick.
    touched: BTreeMap<Window, Vec<u32>>,
    jobs: VecDeque<Job>,
    due: Watermark,
    backlog: Option<Rows>,
}

/// What happens to a window at a watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// Its results go out on time.
    End,
    /// It is forgotten.
    Forgotten,
}

/// A window that is kept.
#[derive(Debug)]
struct Open {
    pane: Pane,
    /// By the pane's slots.
    groups: Vec<Group>,
}

/// What is known of a group beside its aggregates.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The result that was sent last.
    sent: Option<Box<[u8]>>,
    /// Whether the on-time result has gone out.
    fired: bool,
    /// When its result goes out next.
    next: Option<Millis>,
    touched: bool,
    /// Whether rows have come since its result was last looked at.
    fresh: bool,
}

/// Results on their way out.
#[derive(Debug)]
struct Job {
    window: Window,
    slots: Vec<u32>,
    position: usize,
    /// Whether the window is forgotten then.
    last: bool,
}

/// A batch on its way into the windows.
#[derive(Debug)]
struct Rows {
    times: RowTimes,
    keys: KeyRows,
    inputs: BatchInputs,
    late: Option<LateRows>,
    count: usize,
    watermarks: WatermarkRuns,
    position: usize,
}

impl EmitAggregate {
    /// The operator on one worker.
    pub fn new(spec: WindowAggregateSpec, context: OperatorContext) -> Result<Self> {
        let Some(strategy) = spec.emit else { return Err(Error::bug("a window that is sent once needs no strategy")) };
        let finder = Finder::new(&spec.windowing)?;
        let results = Results::new(&spec, finder.zone().clone());
        let schema = spec.schema.to_arrow();
        let result_types = schema.fields().iter().skip(spec.keys.len()).take(spec.aggregates.len());
        Ok(EmitAggregate {
            finder,
            results,
            encoder: KeyEncoder::default(),
            result_encoder: KeyEncoder::exact(),
            result_types: result_types.map(|field| field.data_type().clone()).collect(),
            windows: context.tables(),
            timers: BTreeSet::new(),
            delayed: BTreeSet::new(),
            touched: BTreeMap::new(),
            jobs: VecDeque::new(),
            due: Watermark::MIN,
            backlog: None,
            strategy,
            spec,
            context,
        })
    }

    /// When a window ends.
    fn end_of(&self, window: Window) -> Watermark {
        self.finder.zone().trigger(window.end)
    }

    /// When a window is forgotten.
    fn forgotten(&self, window: Window) -> Watermark {
        self.finder.zone().trigger(window.end.saturating_add(self.strategy.lateness.0))
    }

    fn prepare(&mut self, batch: &RowBatch, watermarks: &WatermarkRuns, late: Option<LateRows>) -> Result<Rows> {
        let keys = evaluate_all(&self.spec.keys, &batch.columns)?;
        Ok(Rows {
            times: self.finder.times(&batch.columns)?,
            keys: self.encoder.encode(&keys, batch.num_rows())?.clone(),
            inputs: BatchInputs::new(&self.spec.aggregates, batch)?,
            late,
            count: batch.num_rows(),
            watermarks: watermarks.clone(),
            position: 0,
        })
    }

    /// Takes the backlog in up to its end, or to where the watermark passes the end of a window or of its lateness.
    fn take_in(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut rows) = self.backlog.take() else { return Ok(()) };
        let Some(borders) = self.finder.borders() else {
            return Err(Error::bug("early results of rows that carry their windows"));
        };
        let RowTimes::Instants(instants) = &rows.times else { return Err(Error::bug("rows without time")) };
        let (watermarks, position) = (rows.watermarks.clone(), rows.position);
        let mut runs = watermarks.iter().filter(|(row, _)| *row > position).peekable();
        let mut watermark = watermarks.before(position);
        let mut earliest = self.next_timer().unwrap_or(Watermark::MAX);
        let mut shares: BTreeMap<Window, Vec<u32>> = BTreeMap::new();
        let mut found: Option<Found> = None;
        let mut of_slice: Vec<Window> = Vec::new();
        let mut end = rows.count;
        let mut late: Vec<u32> = Vec::new();
        for (row, &instant) in instants.iter().enumerate().skip(position) {
            if let Some((_, later)) = runs.next_if(|(start, _)| *start == row) {
                if later >= earliest {
                    end = row;
                    break;
                }
                // What of a slice is late may be more now.
                (watermark, found) = (later, None);
            }
            if !found.is_some_and(|found| found.covers(instant)) {
                let slice = found.insert(self.finder.find(instant)?).slice;
                of_slice.clear();
                let all = borders.windows(slice).iter();
                of_slice.extend(all.filter(|window| self.forgotten(*window) > watermark));
                if of_slice.is_empty() && borders.last_window(slice).is_none() {
                    // In the gap between two windows: it is not late.
                    found = None;
                    continue;
                }
                for window in &of_slice {
                    let moments = [self.end_of(*window), self.forgotten(*window)];
                    earliest = moments.into_iter().filter(|moment| *moment > watermark).fold(earliest, Ord::min);
                }
            }
            if of_slice.is_empty() {
                late.push(row as u32);
            }
            for window in &of_slice {
                shares.entry(*window).or_default().push(row as u32);
            }
        }
        self.context.metrics.late.add(late.len() as u64);
        if let Some(rows) = &rows.late {
            rows.emit(&late, &watermarks, out)?;
        }
        for (window, share) in shares {
            self.add(&rows, window, &share, watermark)?;
        }
        if end < rows.count {
            self.due = self.due.max(rows.watermarks.before(end));
            rows.position = end;
            self.backlog = Some(rows);
        }
        Ok(())
    }

    /// Adds rows to a window, and notes when their groups' results go out.
    fn add(&mut self, rows: &Rows, window: Window, share: &[u32], watermark: Watermark) -> Result<()> {
        let (end, forgotten) = (self.end_of(window), self.forgotten(window));
        let over = end <= watermark;
        self.timers.insert((forgotten, Moment::Forgotten, window));
        if !over {
            self.timers.insert((end, Moment::End, window));
        }
        let (aggregates, retracting) = (&self.spec.aggregates, self.spec.retracting);
        let mut held = self.windows.get_or_insert(window, || Open::new(aggregates, retracting));
        let keys = &mut held.table_mut().pane.keys;
        let insert = |&row: &u32| {
            let key = rows.keys.row(row as usize);
            keys.insert(hash_key(key), key).0
        };
        let slots: Vec<u32> = share.iter().map(insert).collect();
        let open = held.change(&slots);
        open.pane.update(&slots, &rows.inputs.at(share)?)?;
        open.groups.resize_with(open.pane.groups(), Group::default);
        let now = self.context.clock.now();
        for slot in slots {
            let group = &mut open.groups[slot as usize];
            group.fresh = true;
            let delay = match (group.fired, over) {
                (true, _) => self.strategy.late.unwrap_or(Millis(0)),
                (false, true) => Millis(0),
                (false, false) => match self.strategy.early {
                    Some(delay) => delay,
                    None => continue,
                },
            };
            if delay.0 > 0 {
                if group.next.is_none() {
                    let next = Millis(now.0.saturating_add(delay.0));
                    group.next = Some(next);
                    self.delayed.insert((next, window, slot));
                }
            } else if !group.touched {
                group.touched = true;
                self.touched.entry(window).or_default().push(slot);
            }
        }
        Ok(())
    }

    /// Fires what is due and takes in what waits, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if let Some(job) = self.jobs.pop_front() {
                if !out.has_room() {
                    self.jobs.push_front(job);
                    return Ok(());
                }
                self.emit(job, out)?;
            } else if let Some((_, moment, window)) = self.timers.first().copied().filter(|timer| timer.0 <= self.due) {
                self.timers.pop_first();
                self.fire(moment, window);
            } else if self.backlog.is_some() {
                self.take_in(out)?;
            } else {
                return Ok(());
            }
        }
    }

    fn fire(&mut self, moment: Moment, window: Window) {
        let touched = self.touched.remove(&window).unwrap_or_default();
        let Some(mut held) = self.windows.get_mut(window) else { return };
        let slots = match moment {
            Moment::Forgotten => touched,
            Moment::End => {
                let (mut slots, mut changed) = (Vec::new(), Vec::new());
                for (slot, group) in (0_u32..).zip(&held.table().groups) {
                    if !group.fired || group.touched {
                        slots.push(slot);
                    }
                    if !group.fired || group.next.is_some() {
                        changed.push(slot);
                    }
                }
                let open = held.change(&changed);
                for slot in changed {
                    let group = &mut open.groups[slot as usize];
                    // What was to come early has come with this; a late row begins anew.
                    if let Some(next) = group.next.take() {
                        self.delayed.remove(&(next, window, slot));
                    }
                    group.fired = true;
                }
                slots
            }
        };
        let open = held.table_mut();
        slots.iter().for_each(|slot| open.groups[*slot as usize].touched = false);
        self.jobs.push_back(Job { window, slots, position: 0, last: moment == Moment::Forgotten });
    }

    /// Emits the next changes of a job.
    fn emit(&mut self, mut job: Job, out: &mut Output<RowBatch>) -> Result<()> {
        // A group gives at most two rows.
        let end = job.slots.len().min(job.position + (self.spec.batch_size / 2).max(1));
        let slots = &job.slots[job.position..end];
        if let Some(changes) = self.changes(job.window, slots)? {
            out.emit(changes);
        }
        job.position = end;
        if end < job.slots.len() {
            self.jobs.push_front(job);
        } else if job.last
            && let Some(open) = self.windows.get(job.window)
        {
            for (slot, group) in (0_u32..).zip(&open.groups) {
                if let Some(next) = group.next {
                    self.delayed.remove(&(next, job.window, slot));
                }
            }
            self.windows.remove(job.window);
        }
        Ok(())
    }

    /// What has changed in these groups since their results were last sent.
    fn changes(&mut self, window: Window, slots: &[u32]) -> Result<Option<RowBatch>> {
        let Some(mut held) = self.windows.get_mut(window).filter(|_| !slots.is_empty()) else { return Ok(None) };
        let new = held.table().pane.evaluate(slots)?;
        let encoded = self.result_encoder.encode(&new, slots.len())?;
        let mut old: Vec<Box<[u8]>> = Vec::new();
        // The group and the result of each change.
        let (mut groups, mut results, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (&slot, result)) in slots.iter().zip(encoded.iter()).enumerate() {
            let open = held.table_mut();
            let exists = open.pane.has_rows(slot);
            let group = &mut open.groups[slot as usize];
            group.fresh = false;
            if group.sent.as_deref() == exists.then_some(result) {
                continue;
            }
            let group = &mut held.change(&[slot]).groups[slot as usize];
            let sent = std::mem::replace(&mut group.sent, exists.then(|| result.into()));
            if let Some(sent) = sent {
                groups.push(slot);
                results.push((0, old.len()));
                weights.push(-1);
                old.push(sent);
            }
            if exists {
                groups.push(slot);
                results.push((1, at));
                weights.push(1);
            }
        }
        if groups.is_empty() {
            return Ok(None);
        }
        let old = key::decode(&self.result_types, old.iter().map(|row| &**row))?;
        let mut aggregates: Vec<ArrayRef> = Vec::with_capacity(new.len());
        for (old, new) in old.iter().zip(&new) {
            aggregates.push(interleave(&[old.as_ref(), new.as_ref()], &results)?);
        }
        let keys = groups.iter().map(|&slot| held.table().pane.keys.key(slot));
        let changes = self.results.batch(keys, aggregates, window)?;
        Ok(Some(RowBatch { columns: changes.columns, weights: Some(weights.into()) }))
    }
}

impl Operator<RowBatch> for EmitAggregate {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let late = LateRows::of(&batch, self.spec.windowing.zone().is_some(), out);
        self.backlog = Some(self.prepare(&batch, watermarks, late)?);
        self.due = self.due.max(watermarks.before(0));
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(watermark);
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.timers.first().map(|(watermark, ..)| *watermark)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.delayed.first().map(|(time, ..)| *time)
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        let mut due: BTreeMap<Window, Vec<u32>> = BTreeMap::new();
        while let Some((time, window, slot)) = self.delayed.first().copied().filter(|timer| timer.0 <= now) {
            self.delayed.pop_first();
            due.entry(window).or_default().push(slot);
            let Some(mut held) = self.windows.get_mut(window) else { continue };
            let Some(group) = held.table().groups.get(slot as usize) else { continue };
            // Where no rows have come the time that was written, some periods earlier, is as good: nothing goes out then.
            let open = if group.fresh { held.change(&[slot]) } else { held.table_mut() };
            let group = &mut open.groups[slot as usize];
            // From then on as often as the delay says, whether rows come or not; a clock that has leapt fires once.
            let delay = if group.fired { self.strategy.late } else { self.strategy.early };
            group.next = delay.filter(|delay| delay.0 > 0).map(|delay| {
                let periods = (now.0.saturating_sub(time.0)) / delay.0 + 1;
                Millis(time.0.saturating_add(periods.saturating_mul(delay.0)))
            });
            if let Some(next) = group.next {
                self.delayed.insert((next, window, slot));
            }
        }
        let jobs = due.into_iter().map(|(window, slots)| Job { window, slots, position: 0, last: false });
        self.jobs.extend(jobs);
        self.advance(out)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        for (window, slots) in std::mem::take(&mut self.touched) {
            if let Some(mut held) = self.windows.get_mut(window) {
                let open = held.table_mut();
                slots.iter().for_each(|slot| open.groups[*slot as usize].touched = false);
            }
            self.jobs.push_back(Job { window, slots, position: 0, last: false });
        }
        self.advance(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.on_tick(out)
    }

    fn has_more(&self) -> bool {
        !self.jobs.is_empty() || self.backlog.is_some() || self.next_timer().is_some_and(|timer| timer <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.take_snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.windows.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.take_over(&state)
    }
}
