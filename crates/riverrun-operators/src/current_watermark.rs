//! The watermark before each row as a column: `CURRENT_WATERMARK(ts)`.
//!
//! Source: Flink, "System (Built-in) Functions", CURRENT_WATERMARK: NULL as long as there is none.

use arrow::array::{ArrayRef, RecordBatch, TimestampMillisecondArray};
use arrow::datatypes::SchemaRef;
use riverrun_core::{DataType, Result, RowBatch, Schema, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The input's columns, and the watermark behind them.
#[derive(Clone, Debug)]
pub struct CurrentWatermarkSpec {
    /// The type of the watermark: TIMESTAMP(3) or TIMESTAMP_LTZ(3).
    pub data_type: DataType,
    /// The schema of what comes out.
    pub schema: Schema,
}

/// Puts the watermark before each row behind its columns.
#[derive(Debug)]
pub struct CurrentWatermark {
    spec: CurrentWatermarkSpec,
    schema: SchemaRef,
}

impl CurrentWatermark {
    /// The operator on one worker.
    pub fn new(spec: CurrentWatermarkSpec, _context: OperatorContext) -> Result<Self> {
        Ok(CurrentWatermark { schema: spec.schema.to_arrow(), spec })
    }

    fn watermarks(&self, rows: usize, runs: &WatermarkRuns) -> ArrayRef {
        let mut values = vec![None; rows];
        for (first, watermark) in runs.iter() {
            let value = (watermark != Watermark::MIN).then_some(watermark.0);
            values[first.min(rows)..].fill(value);
        }
        Arc::new(TimestampMillisecondArray::from(values).with_data_type(self.spec.data_type.to_arrow()))
    }
}

impl Operator<RowBatch> for CurrentWatermark {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let mut columns = batch.columns.columns().to_vec();
        columns.push(self.watermarks(batch.num_rows(), watermarks));
        let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
        out.emit_with(RowBatch { columns, weights: batch.weights }, watermarks.clone());
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
