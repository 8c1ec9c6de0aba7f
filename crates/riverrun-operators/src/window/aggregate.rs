//! Aggregation per window and key over TUMBLE, HOP, CUMULATE, or rows that carry their windows.
//!
//! Rows are added to the pane of their slice ([`Borders`]); a window that fires merges the panes of its slices. Windows
//! fire in the order of their ends, when the watermark reaches their last millisecond. A row is late, and only counted,
//! if the last window of its slice has fired; it counts in those that have not.
//!
//! [`Borders`]: super::borders::Borders
//!
//! Source of the semantics: Flink 2.3, "Window Aggregation", and its `SlicingWindowOperator`.

use super::borders::{Borders, Window};
use super::finder::{Finder, RowTimes};
use super::held::Behind;
use super::pane::Pane;
use super::results::Results;
use super::shares::{Segment, Share, deal};
use super::spec::WindowAggregateSpec;
use crate::aggregate_call::BatchInputs;
use crate::expression::evaluate_all;
use crate::late::LateRows;
use held::{HeldPane, PaneName};
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState, hash_key};
use std::collections::{BTreeMap, BTreeSet};

mod held;
mod snapshot;
#[cfg(test)]
mod tests;

/// Aggregates per window and key.
#[derive(Debug)]
pub struct WindowAggregate {
    spec: WindowAggregateSpec,
    context: OperatorContext,
    finder: Finder,
    results: Results,
    encoder: KeyEncoder,
    /// The groups of each slice that still belongs to a window to come.
    slices: BTreeMap<Window, HeldPane>,
    /// CUMULATE: by the windows' start, what has been merged so far.
    running: BTreeMap<i64, HeldPane>,
    behind: Behind<Pane>,
    /// The windows that fire next; of each slice at least the first of its windows that has not fired.
    timers: BTreeSet<Window>,
    /// Windows that fire by here are due.
    due: Watermark,
    firing: Option<Firing>,
    backlog: Option<Rows>,
}

/// A window whose results are going out.
#[derive(Debug)]
struct Firing {
    window: Window,
    source: Source,
    /// The next group to go out.
    position: usize,
}

#[derive(Debug)]
enum Source {
    Own(HeldPane),
    Merged(Pane),
    /// The running pane of CUMULATE windows with this start.
    Running(i64),
}

/// A batch on its way into the panes.
#[derive(Debug)]
struct Rows {
    times: RowTimes,
    /// One key after the other; empty if the operator has no keys.
    keys: KeyRows,
    hashes: Vec<u64>,
    inputs: BatchInputs,
    late: Option<LateRows>,
    count: usize,
    watermarks: WatermarkRuns,
    position: usize,
}

impl WindowAggregate {
    /// The operator on one worker.
    pub fn new(spec: WindowAggregateSpec, context: OperatorContext) -> Result<Self> {
        let finder = Finder::new(&spec.windowing)?;
        let results = Results::new(&spec, finder.zone().clone());
        Ok(WindowAggregate {
            finder,
            results,
            encoder: KeyEncoder::default(),
            slices: BTreeMap::new(),
            running: BTreeMap::new(),
            behind: Behind::default(),
            timers: BTreeSet::new(),
            due: Watermark::MIN,
            firing: None,
            backlog: None,
            spec,
            context,
        })
    }

    /// A pane, which may be new.
    fn held(&mut self, name: PaneName) -> &mut HeldPane {
        let (spec, context) = (&self.spec, &self.context);
        let new = || new_pane(spec, context, name);
        match name {
            PaneName::Slice(slice) => self.slices.entry(slice).or_insert_with(new),
            PaneName::Running(start) => self.running.entry(start).or_insert_with(new),
        }
    }

    fn prepare(&mut self, batch: &RowBatch, watermarks: &WatermarkRuns, late: Option<LateRows>) -> Result<Rows> {
        let times = self.finder.times(&batch.columns)?;
        let (mut keys, mut hashes) = (KeyRows::default(), Vec::new());
        if !self.spec.keys.is_empty() {
            let columns = evaluate_all(&self.spec.keys, &batch.columns)?;
            keys.clone_from(self.encoder.encode(&columns, batch.num_rows())?);
            keys.hash_into(&mut hashes);
        }
        let inputs = BatchInputs::new(&self.spec.aggregates, batch)?;
        let (count, watermarks) = (batch.num_rows(), watermarks.clone());
        Ok(Rows { times, keys, hashes, inputs, late, count, watermarks, position: 0 })
    }

    /// Takes the backlog in up to its end, or to where the watermark passes a window's end.
    fn take_in(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut rows) = self.backlog.take() else { return Ok(()) };
        let timer = self.next_timer();
        let Segment { shares, end, watermark } =
            deal(&mut self.finder, &rows.times, &rows.watermarks, rows.position, timer)?;
        for share in &shares {
            if share.late {
                self.context.metrics.late.add(share.rows.len() as u64);
                if let Some(late) = &rows.late {
                    late.emit(&share.rows, &rows.watermarks, out)?;
                }
            } else {
                self.add(&rows, share, watermark)?;
            }
        }
        if end < rows.count {
            self.due = self.due.max(rows.watermarks.before(end));
            rows.position = end;
            self.backlog = Some(rows);
        }
        Ok(())
    }

    /// Adds one slice's rows to its pane.
    fn add(&mut self, rows: &Rows, share: &Share, watermark: Watermark) -> Result<()> {
        // None in the gap between two windows of a HOP.
        let Some(unfired) = self.finder.first_unfired(share.slice, watermark) else { return Ok(()) };
        self.timers.insert(unfired);
        let cumulated =
            matches!(self.finder.borders(), Some(Borders::Cumulate { .. })) && unfired.end > share.slice.end;
        // If the slice's own window has fired, the slice is part of what has been merged.
        let pane = self.held(if cumulated { PaneName::Running(unfired.start) } else { PaneName::Slice(share.slice) });
        let mut slots = Vec::with_capacity(share.rows.len());
        if rows.hashes.is_empty() {
            slots.resize(share.rows.len(), pane.slot(hash_key(&[]), &[]));
        } else if share.rows.len() == rows.hashes.len() {
            pane.slots(&rows.keys, &rows.hashes, &mut slots);
        } else {
            let keyed = share.rows.iter().map(|&row| (rows.hashes[row as usize], rows.keys.row(row as usize)));
            slots.extend(keyed.map(|(hash, key)| pane.slot(hash, key)));
        }
        pane.update(&slots, &rows.inputs.at(&share.rows)?)
    }

    /// Fires what is due and takes in what waits, as far as there is room.
    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if self.firing.is_some() {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            } else if self.next_timer().is_some_and(|timer| timer <= self.due) {
                self.fire()?;
            } else if self.backlog.is_some() {
                self.take_in(out)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Takes the next window's groups together.
    fn fire(&mut self) -> Result<()> {
        let Some(window) = self.timers.pop_first() else { return Ok(()) };
        let source = match self.finder.borders() {
            None | Some(Borders::Tumble { .. }) => self.slices.remove(&window).map(Source::Own),
            Some(borders @ Borders::Hop { .. }) => self.merge_slices(&borders, window)?,
            Some(borders @ Borders::Cumulate { .. }) => self.cumulate(&borders, window)?,
        };
        self.firing = source.map(|source| Firing { window, source, position: 0 });
        Ok(())
    }

    fn merge_slices(&mut self, borders: &Borders, window: Window) -> Result<Option<Source>> {
        let first = Window { end: window.start.saturating_add(1), start: i64::MIN };
        let last = Window { end: window.end, start: i64::MAX };
        // The slices that end with this window.
        let over: Vec<Window> = self
            .slices
            .range(..=last)
            .map(|(slice, _)| *slice)
            .filter(|slice| borders.last_window(*slice).is_none_or(|last| last.end <= window.end))
            .collect();
        let next = borders.next_window(window);
        let mut inside = self.slices.range(first..=last).map(|(slice, _)| *slice);
        let merged = match (inside.next(), inside.next()) {
            (None, _) => None,
            // Nothing to merge, and nobody else needs it.
            (Some(only), None) if over.contains(&only) => self.slices.remove(&only).map(Source::Own),
            _ => {
                let mut merged = Pane::new(&self.spec.aggregates, self.spec.retracting);
                // The newest slice first, as in Flink: what LISTAGG and ARRAY_AGG list depends on it.
                for held in self.slices.range(first..=last).rev().map(|(_, held)| held) {
                    let slots = merged.slots_of(held.table());
                    merged.merge(&slots, held.table())?;
                }
                Some(Source::Merged(merged))
            }
        };
        for slice in over {
            self.slices.remove(&slice).into_iter().for_each(|held| self.behind.leave(held));
        }
        if let Some(next) = next {
            let first = Window { end: next.start.saturating_add(1), start: i64::MIN };
            if self.slices.range(first..=Window { end: next.end, start: i64::MAX }).next().is_some() {
                self.timers.insert(next);
            }
        }
        Ok(merged)
    }

    fn cumulate(&mut self, borders: &Borders, window: Window) -> Result<Option<Source>> {
        let Borders::Cumulate { step, .. } = *borders else { return Ok(None) };
        let slice = Window { start: window.end.saturating_sub(step), end: window.end };
        let added = self.slices.remove(&slice);
        let next = borders.next_window(window);
        if let Some(added) = added {
            if next.is_none() && !self.running.contains_key(&window.start) {
                // Nothing to merge, and nobody else needs it.
                return Ok(Some(Source::Own(added)));
            }
            self.held(PaneName::Running(window.start)).merge(added.table())?;
            self.behind.leave(added);
        }
        let Some(next) = next else { return Ok(self.running.remove(&window.start).map(Source::Own)) };
        if !self.running.contains_key(&window.start) {
            return Ok(None);
        }
        self.timers.insert(next);
        Ok(Some(Source::Running(window.start)))
    }

    /// Emits the next groups of the window that fires.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut firing) = self.firing.take() else { return Ok(()) };
        let pane = match &firing.source {
            Source::Own(held) => held.table(),
            Source::Merged(pane) => pane,
            Source::Running(start) => {
                self.running.get(start).ok_or_else(|| Error::bug("a window fires that is gone"))?.table()
            }
        };
        let end = pane.groups().min(firing.position + self.spec.batch_size.max(1));
        let slots: Vec<u32> = (firing.position as u32..end as u32).filter(|&slot| pane.has_rows(slot)).collect();
        if !slots.is_empty() {
            let keys = slots.iter().map(|&slot| pane.keys.key(slot));
            out.emit(self.results.batch(keys, pane.evaluate(&slots)?, firing.window)?);
        }
        firing.position = end;
        if end < pane.groups() {
            self.firing = Some(firing);
        } else if let Source::Own(held) = firing.source {
            self.behind.leave(held);
        }
        Ok(())
    }
}

fn new_pane(spec: &WindowAggregateSpec, context: &OperatorContext, name: PaneName) -> HeldPane {
    HeldPane::new(Pane::new(&spec.aggregates, spec.retracting), context.held(&name.table()))
}

impl Operator<RowBatch> for WindowAggregate {
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
        self.timers.first().map(|window| self.finder.zone().trigger(window.end))
    }

    fn has_more(&self) -> bool {
        self.firing.is_some() || self.backlog.is_some() || self.next_timer().is_some_and(|timer| timer <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.take_snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.write_panes()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.take_over(&state)
    }
}
