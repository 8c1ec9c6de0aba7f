//! An operator that consolidates the changes of a tick, made to give each of them.
//!
//! A tick's rows come to it in parts in which each key occurs once, as if each part were a tick of its own. Whoever reads the
//! changes as versions of a key (a temporal join) sees those between, which the difference of a whole tick leaves out. Whoever
//! judges them by their time (a window) must see each before the watermark that held after it.

use crate::expression::{Expression, evaluate_all};
use riverrun_core::{Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState};
use std::collections::HashSet;

#[cfg(test)]
mod tests;

/// Which changes come out of an operator that consolidates those of a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changes {
    /// The difference that a tick makes.
    #[default]
    OfTicks,
    /// Each change of a key.
    Each,
    /// Each change of a key, with the watermark that held before the row that made it.
    EachInTime,
}

/// An operator that gets its input part by part.
pub struct EachChange<O> {
    inner: O,
    /// Of each input.
    keys: Vec<Vec<Expression>>,
    in_time: bool,
    encoder: KeyEncoder,
    waiting: Option<Waiting>,
    /// The watermark before the part that the operator has.
    watermark: Watermark,
}

/// A batch of which some rows have still to come to the operator.
struct Waiting {
    port: usize,
    batch: RowBatch,
    watermarks: WatermarkRuns,
    /// Where the parts begin that are left; the first one is the last here.
    parts: Vec<usize>,
}

impl<O: Operator<RowBatch>> EachChange<O> {
    /// Wraps an operator whose inputs are routed by these keys; `in_time`: each change goes out with its watermark.
    pub fn new(inner: O, keys: Vec<Vec<Expression>>, in_time: bool) -> Self {
        EachChange { inner, keys, in_time, encoder: KeyEncoder::default(), waiting: None, watermark: Watermark::MIN }
    }

    /// The operator as it is, or wrapped if each change is wanted.
    pub fn boxed(inner: O, keys: Vec<Vec<Expression>>, wanted: Changes) -> Box<dyn Operator<RowBatch>> {
        match wanted {
            Changes::OfTicks => Box::new(inner),
            Changes::Each | Changes::EachInTime => {
                Box::new(EachChange::new(inner, keys, wanted == Changes::EachInTime))
            }
        }
    }

    /// The rows at which a key comes again that the part before has, or another watermark.
    fn parts(&mut self, port: usize, batch: &RowBatch, watermarks: &WatermarkRuns) -> Result<Vec<usize>> {
        let columns = evaluate_all(&self.keys[port], &batch.columns)?;
        let keys = self.encoder.encode(&columns, batch.num_rows())?;
        let (mut seen, mut parts) = (HashSet::new(), vec![0]);
        let runs: HashSet<usize> =
            if self.in_time { watermarks.iter().map(|(row, _)| row).collect() } else { HashSet::new() };
        for (row, key) in keys.iter().enumerate() {
            if !seen.insert(key) || (row > 0 && runs.contains(&row)) {
                parts.push(row);
                seen.clear();
                seen.insert(key);
            }
        }
        parts.reverse();
        Ok(parts)
    }

    /// Calls the operator; what it emits goes out with the watermark of its part, where that is wanted.
    fn stamped(
        &mut self,
        out: &mut Output<RowBatch>,
        call: impl FnOnce(&mut O, &mut Output<RowBatch>) -> Result<()>,
    ) -> Result<()> {
        if !self.in_time {
            return call(&mut self.inner, out);
        }
        let mut own = Output::new(self.watermark, 1).with_late(out.wants_late());
        call(&mut self.inner, &mut own)?;
        for (batch, _) in own.take() {
            out.emit_with(batch, WatermarkRuns::constant(self.watermark));
        }
        own.take_late().into_iter().for_each(|batch| out.emit_late(batch));
        Ok(())
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while !self.inner.has_more()
            && out.has_room()
            && let Some(Waiting { port, batch, watermarks, parts }) = &mut self.waiting
        {
            let Some(start) = parts.pop() else {
                self.waiting = None;
                return Ok(());
            };
            let length = parts.last().copied().unwrap_or(batch.num_rows()) - start;
            let (port, part, runs) = (*port, batch.slice(start, length), watermarks.slice(start, length));
            self.watermark = runs.before(0);
            self.stamped(out, |inner, out| {
                inner.on_batch(port, part, &runs, out)?;
                inner.on_tick(out)
            })?;
        }
        Ok(())
    }
}

impl<O: Operator<RowBatch>> Operator<RowBatch> for EachChange<O> {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let parts = self.parts(port, &batch, watermarks)?;
        self.waiting = Some(Waiting { port, batch, watermarks: watermarks.clone(), parts });
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_watermark(watermark, out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.inner.next_timer()
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.inner.next_processing_timer()
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_processing_time(now, out)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_tick(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_end(out)
    }

    fn output_watermark(&self, watermark: Watermark) -> Watermark {
        self.inner.output_watermark(watermark)
    }

    fn needs_whole_ticks(&self) -> bool {
        self.inner.needs_whole_ticks()
    }

    fn has_more(&self) -> bool {
        self.waiting.is_some() || self.inner.has_more()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while self.inner.has_more() && out.has_room() {
            self.stamped(out, |inner, out| inner.resume(out))?;
        }
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.inner.snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.inner.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.inner.restore(state)
    }
}
