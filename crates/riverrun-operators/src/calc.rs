//! Filter and projection: `WHERE` and the expressions of a `SELECT`.

use crate::expression::{Expression, evaluate_all, evaluate_condition};
use arrow::array::{Array, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Result, RowBatch, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

/// A filter, then a projection.
#[derive(Clone, Debug)]
pub struct CalcSpec {
    /// Keeps the rows for which this is true, not those for which it is NULL. `None` keeps all.
    pub filter: Option<Expression>,
    /// The columns that come out, computed from the rows that are kept.
    pub projections: Vec<Expression>,
    /// The schema of what comes out.
    pub schema: Schema,
}

/// Filters and projects. Columns that only pass through are not copied unless rows fall out.
#[derive(Debug)]
pub struct Calc {
    spec: CalcSpec,
    schema: SchemaRef,
}

impl Calc {
    /// The operator on one worker.
    pub fn new(spec: CalcSpec, _context: OperatorContext) -> Result<Self> {
        let schema = spec.schema.to_arrow();
        Ok(Calc { spec, schema })
    }

    fn project(&self, batch: &RowBatch) -> Result<RowBatch> {
        let columns = evaluate_all(&self.spec.projections, &batch.columns)?;
        // Without columns (SELECT of nothing but COUNT(*) above) the number of rows must be said.
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(RowBatch { columns, weights: batch.weights.clone() })
    }
}

/// The positions at which a condition is true.
fn true_rows(condition: &BooleanArray) -> Vec<u32> {
    let truth = match condition.nulls() {
        Some(nulls) => condition.values() & nulls.inner(),
        None => condition.values().clone(),
    };
    truth.set_indices().map(|row| row as u32).collect()
}

impl Operator<RowBatch> for Calc {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let Some(filter) = &self.spec.filter else {
            out.emit_with(self.project(&batch)?, watermarks.clone());
            return Ok(());
        };
        let kept = true_rows(&evaluate_condition(filter, &batch.columns)?);
        if kept.is_empty() {
            return Ok(());
        }
        if kept.len() == batch.num_rows() {
            out.emit_with(self.project(&batch)?, watermarks.clone());
            return Ok(());
        }
        let runs = watermarks.select(&kept);
        let batch = batch.take(&UInt32Array::from(kept))?;
        out.emit_with(self.project(&batch)?, runs);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
