//! Windows of processing time: an operator of event-time windows that the clock drives in place of watermarks.
//!
//! A row's time is the moment at which its batch comes to the operator, so no row is late. A window fires when the clock has
//! reached its end. Those that are open when input ends are dropped, as in Flink: their end has not come.

use super::spec::Windowing;
use crate::expression::Expression;
use arrow::array::{Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Clock, Error, Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Runs a window operator by the clock.
pub struct Clocked {
    inner: Box<dyn Operator<RowBatch>>,
    clock: Arc<dyn Clock>,
    /// The column that holds the clock's time; `None` where rows carry their windows.
    time: Option<usize>,
    /// The latest time that was seen: it never goes back, though the clock may be set.
    now: Millis,
}

impl Clocked {
    /// Runs `inner` by the clock, if its windows are of processing time.
    pub fn wrap(
        windowing: &Windowing,
        clock: Arc<dyn Clock>,
        inner: Box<dyn Operator<RowBatch>>,
    ) -> Result<Box<dyn Operator<RowBatch>>> {
        Ok(match windowing {
            Windowing::Time { processing: true, time, .. } => Clocked::by_column(inner, clock, time)?,
            Windowing::Attached { processing: true, .. } => Clocked::boxed(inner, clock, None),
            _ => inner,
        })
    }

    /// Runs `inner` by the clock; `time`, a column, is what it takes for event time.
    pub fn by_column(
        inner: Box<dyn Operator<RowBatch>>,
        clock: Arc<dyn Clock>,
        time: &Expression,
    ) -> Result<Box<dyn Operator<RowBatch>>> {
        Ok(Clocked::boxed(inner, clock, Some(column_of(time)?)))
    }

    /// Runs `inner` by the clock; `time` is the column that it takes for event time.
    pub fn boxed(
        inner: Box<dyn Operator<RowBatch>>,
        clock: Arc<dyn Clock>,
        time: Option<usize>,
    ) -> Box<dyn Operator<RowBatch>> {
        Box::new(Clocked { inner, clock, time, now: Millis(i64::MIN) })
    }

    fn now(&mut self) -> Millis {
        self.now = self.now.max(self.clock.now());
        self.now
    }

    /// The watermark at a time: windows that end by then are over.
    fn watermark(now: Millis) -> Watermark {
        Watermark(now.0.saturating_sub(1))
    }
}

fn column_of(time: &Expression) -> Result<usize> {
    let column = time.downcast_ref::<Column>().map(Column::index);
    column.ok_or_else(|| Error::bug("a processing time that is no column"))
}

/// The batch with the clock's time in a column.
fn stamped(batch: RowBatch, column: usize, now: Millis) -> Result<RowBatch> {
    let (schema, rows) = (batch.columns.schema(), batch.num_rows());
    let mut columns = batch.columns.columns().to_vec();
    let Some(place) = columns.get_mut(column) else { return Err(Error::bug("no column for the processing time")) };
    *place = cast(&Int64Array::from_value(now.0, rows), schema.field(column).data_type())?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let columns = RecordBatch::try_new_with_options(schema, columns, &options)?;
    Ok(RowBatch { columns, weights: batch.weights })
}

impl std::fmt::Debug for Clocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clocked").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Operator<RowBatch> for Clocked {
    fn on_batch(
        &mut self,
        port: usize,
        batch: RowBatch,
        _watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let now = self.now();
        let Some(column) = self.time else {
            // A row whose window has ended on its way here makes that window fire once more, as in Flink.
            return self.inner.on_batch(port, batch, &WatermarkRuns::default(), out);
        };
        let batch = stamped(batch, column, now)?;
        self.inner.on_batch(port, batch, &WatermarkRuns::constant(Clocked::watermark(now)), out)
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        let end = self.inner.next_timer().map(|timer| Millis(timer.0.saturating_add(1)));
        [end, self.inner.next_processing_timer()].into_iter().flatten().min()
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<RowBatch>) -> Result<()> {
        self.now = self.now.max(now);
        if self.inner.next_processing_timer().is_some_and(|timer| timer <= self.now) {
            self.inner.on_processing_time(self.now, out)?;
        }
        if self.inner.has_more() {
            return Ok(());
        }
        self.inner.on_watermark(Clocked::watermark(self.now), out)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_tick(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.on_end(out)
    }

    fn has_more(&self) -> bool {
        self.inner.has_more()
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.inner.resume(out)
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
