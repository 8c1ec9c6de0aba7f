//! Window deduplication: of each window and key, the first or the last row by event time.
//!
//! It is a Top-1 by the time column, apart from ties: of equal times the first row to arrive is the first, and the last
//! to arrive the last.
//!
//! Source of the semantics: Flink 2.3, "Window Deduplication", and its `WindowDeduplicateOperator`.

use super::spec::{WindowDeduplicateSpec, WindowTopNSpec};
use super::top_n::{Ties, WindowTopN};
use crate::sort_key::SortKey;
use riverrun_core::{Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// Keeps one row of each window and key.
#[derive(Debug)]
pub struct WindowDeduplicate(WindowTopN);

impl WindowDeduplicate {
    /// The operator on one worker.
    pub fn new(spec: WindowDeduplicateSpec, context: OperatorContext) -> Result<Self> {
        let order = SortKey { expression: spec.time, descending: spec.keep_last, nulls_first: !spec.keep_last };
        let top = WindowTopNSpec {
            windowing: spec.windowing,
            keys: spec.keys,
            order: vec![order],
            first: 1,
            last: 1,
            emit_rank: spec.emit_rank,
            schema: spec.schema,
            batch_size: spec.batch_size,
        };
        let ties = if spec.keep_last { Ties::Last } else { Ties::First };
        Ok(WindowDeduplicate(WindowTopN::with_ties(top, ties, context)?))
    }
}

impl Operator<RowBatch> for WindowDeduplicate {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        self.0.on_batch(port, batch, watermarks, out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.on_watermark(watermark, out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.0.next_timer()
    }

    fn has_more(&self) -> bool {
        self.0.has_more()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.0.resume(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.0.snapshot()
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.0.write_behind()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.0.restore(state)
    }
}
