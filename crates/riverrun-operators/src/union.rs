//! UNION ALL: several inputs of the same column types become one stream.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// The union of inputs whose columns have the same Arrow types; names come from `schema`.
#[derive(Clone, Debug)]
pub struct UnionSpec {
    /// The schema of what comes out.
    pub schema: Schema,
}

/// Hands on the rows of all inputs as they arrive. The driver holds the watermark at the minimum of the inputs.
#[derive(Debug)]
pub struct Union {
    schema: SchemaRef,
}

impl Union {
    /// The operator on one worker.
    pub fn new(spec: UnionSpec, _context: OperatorContext) -> Result<Self> {
        Ok(Union { schema: spec.schema.to_arrow() })
    }
}

impl Operator<RowBatch> for Union {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns =
            RecordBatch::try_new_with_options(self.schema.clone(), batch.columns.columns().to_vec(), &options)?;
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
