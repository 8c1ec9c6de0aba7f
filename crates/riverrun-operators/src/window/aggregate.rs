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
use super::pane::Pane;
use super::results::Results;
use super::shares::{Segment, Share, deal};
use super::spec::WindowAggregateSpec;
use crate::aggregate_call::BatchInputs;
use crate::expression::evaluate_all;
use crate::late::LateRows;
use panes::{PaneName, Panes};
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState, hash_key};
use std::collections::BTreeSet;

mod panes;
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
    panes: Panes,
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
    /// A pane that is gone then.
    Last(PaneName),
    Merged(Pane),
    /// A pane that later windows need.
    Running(PaneName),
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
            panes: context.tables(),
            timers: BTreeSet::new(),
            due: Watermark::MIN,
            firing: None,
            backlog: None,
            spec,
            context,
        })
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
        let name = if cumulated { PaneName::Running(unfired.start) } else { PaneName::Slice(share.slice) };
        let mut held = self.panes.get_or_insert(name, || Pane::new(&self.spec.aggregates, self.spec.retracting));
        let keys = &mut held.table_mut().keys;
        let mut slots = Vec::with_capacity(share.rows.len());
        if rows.hashes.is_empty() {
            slots.resize(share.rows.len(), keys.insert(hash_key(&[]), &[]).0);
        } else if share.rows.len() == rows.hashes.len() {
            keys.insert_rows(&rows.keys, &rows.hashes, &mut slots);
        } else {
            let keyed = share.rows.iter().map(|&row| (rows.hashes[row as usize], rows.keys.row(row as usize)));
            slots.extend(keyed.map(|(hash, key)| keys.insert(hash, key).0));
        }
        held.change(&slots).update(&slots, &rows.inputs.at(&share.rows)?)
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
            None | Some(Borders::Tumble { .. }) => {
                let slice = PaneName::Slice(window);
                self.panes.get(slice).map(|_| Source::Last(slice))
            }
            Some(borders @ Borders::Hop { .. }) => self.merge_slices(&borders, window)?,
            Some(borders @ Borders::Cumulate { .. }) => self.cumulate(&borders, window)?,
        };
        self.firing = source.map(|source| Firing { window, source, position: 0 });
        Ok(())
    }

    fn merge_slices(&mut self, borders: &Borders, window: Window) -> Result<Option<Source>> {
        // The slices that end with this window.
        let last = PaneName::Slice(Window { end: window.end, start: i64::MAX });
        let is_over = |slice: Window| borders.last_window(slice).is_none_or(|last| last.end <= window.end);
        let over: Vec<PaneName> =
            self.panes.range(..=last).map(|(name, _)| name).filter(|name| name.slice().is_some_and(is_over)).collect();
        let inside: Vec<PaneName> = self.panes.range(panes::slices(window)).map(|(name, _)| name).collect();
        let (source, last) = match inside.as_slice() {
            [] => (None, None),
            // Nothing to merge, and nobody else needs it.
            [only] if over.contains(only) => (Some(Source::Last(*only)), Some(*only)),
            several => {
                let mut merged = Pane::new(&self.spec.aggregates, self.spec.retracting);
                // The newest slice first, as in Flink: what LISTAGG and ARRAY_AGG list depends on it.
                for pane in several.iter().rev().filter_map(|name| self.panes.get(*name)) {
                    let slots = merged.slots_of(pane);
                    merged.merge(&slots, pane)?;
                }
                (Some(Source::Merged(merged)), None)
            }
        };
        over.into_iter().filter(|name| Some(*name) != last).for_each(|name| self.panes.remove(name));
        if let Some(next) = borders.next_window(window)
            && self.panes.range(panes::slices(next)).next().is_some()
        {
            self.timers.insert(next);
        }
        Ok(source)
    }

    fn cumulate(&mut self, borders: &Borders, window: Window) -> Result<Option<Source>> {
        let Borders::Cumulate { step, .. } = *borders else { return Ok(None) };
        let added = PaneName::Slice(Window { start: window.end.saturating_sub(step), end: window.end });
        let running = PaneName::Running(window.start);
        let next = borders.next_window(window);
        if next.is_none() && self.panes.get(running).is_none() {
            // Nothing to merge, and nobody else needs it.
            return Ok(self.panes.get(added).map(|_| Source::Last(added)));
        }
        let merged = self.panes.beside(added, |pane, others| {
            let mut held = others.get_or_insert(running, || Pane::new(&self.spec.aggregates, self.spec.retracting));
            let slots = held.table_mut().slots_of(pane);
            held.change(&slots).merge(&slots, pane)
        });
        merged.transpose()?;
        self.panes.remove(added);
        if self.panes.get(running).is_none() {
            return Ok(None);
        }
        let Some(next) = next else { return Ok(Some(Source::Last(running))) };
        self.timers.insert(next);
        Ok(Some(Source::Running(running)))
    }

    /// Emits the next groups of the window that fires.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(mut firing) = self.firing.take() else { return Ok(()) };
        let pane = match &firing.source {
            Source::Merged(pane) => pane,
            Source::Last(name) | Source::Running(name) => {
                self.panes.get(*name).ok_or_else(|| Error::bug("a window fires that is gone"))?
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
        } else if let Source::Last(name) = firing.source {
            self.panes.remove(name);
        }
        Ok(())
    }
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
        self.panes.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.take_over(&state)
    }
}
