//! Filter and projection: `WHERE` and the expressions of a `SELECT`.

use crate::expression::{Expression, evaluate_all, evaluate_condition};
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use datafusion_physical_expr::expressions::Column;
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
    /// The input's columns that come out, if nothing is computed: a filter then copies no others.
    columns: Option<Vec<usize>>,
}

impl Calc {
    /// The operator on one worker.
    pub fn new(spec: CalcSpec, _context: OperatorContext) -> Result<Self> {
        let column = |projection: &Expression| projection.downcast_ref::<Column>().map(Column::index);
        let columns = spec.projections.iter().map(column).collect();
        Ok(Calc { schema: spec.schema.to_arrow(), spec, columns })
    }

    fn project(&self, batch: &RowBatch) -> Result<RowBatch> {
        let columns = evaluate_all(&self.spec.projections, &batch.columns)?;
        self.batch(columns, batch.num_rows(), batch.weights.clone())
    }

    /// Projects these rows only.
    fn project_rows(&self, batch: &RowBatch, rows: &UInt32Array) -> Result<RowBatch> {
        let Some(columns) = &self.columns else { return self.project(&batch.take(rows)?) };
        let columns = columns.iter().map(|&column| Ok(take(batch.columns.column(column), rows, None)?));
        let weights = batch.weights.as_ref();
        let weights = weights.map(|weights| rows.values().iter().map(|&row| weights[row as usize]).collect());
        self.batch(columns.collect::<Result<_>>()?, rows.len(), weights)
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize, weights: Option<ScalarBuffer<i64>>) -> Result<RowBatch> {
        // Without columns (SELECT of nothing but COUNT(*) above) the number of rows must be said.
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(RowBatch { columns, weights })
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
        out.emit_with(self.project_rows(&batch, &UInt32Array::from(kept))?, runs);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
