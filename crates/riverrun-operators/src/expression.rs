//! Evaluation of expressions over a batch, with errors as the user should see them.

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use arrow::error::ArrowError;
use datafusion_common::DataFusionError;
use datafusion_common::cast::as_boolean_array;
use datafusion_physical_expr::PhysicalExpr;
use riverrun_core::{Error, Result};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// An expression as the planner hands it over.
pub type Expression = Arc<dyn PhysicalExpr>;

/// The value of `expression` for each row.
pub fn evaluate(expression: &Expression, batch: &RecordBatch) -> Result<ArrayRef> {
    expression.evaluate(batch).and_then(|value| value.into_array(batch.num_rows())).map_err(from_datafusion)
}

/// The values of several expressions.
pub fn evaluate_all(expressions: &[Expression], batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
    expressions.iter().map(|expression| evaluate(expression, batch)).collect()
}

/// The truth of a condition for each row; NULL where it is unknown.
pub fn evaluate_condition(condition: &Expression, batch: &RecordBatch) -> Result<BooleanArray> {
    let value = evaluate(condition, batch)?;
    as_boolean_array(&value).cloned().map_err(from_datafusion)
}

/// The rows for which a condition is true, not those for which it is unknown.
pub fn truth(condition: &BooleanArray) -> BooleanBuffer {
    match condition.nulls() {
        Some(nulls) => condition.values() & nulls.inner(),
        None => condition.values().clone(),
    }
}

/// Columns by their places alone: what an expression reads.
pub fn nameless(columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<_> = columns.iter().map(|column| Field::new("", column.data_type().clone(), true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), columns, &options)
}

/// Whether so few of all rows are wanted that to pick them is less work than to do for the others too what is to be done.
pub fn are_few(wanted: usize, all: usize) -> bool {
    wanted * 4 < all * 3
}

/// An error of an expression. One of our own comes through DataFusion unchanged.
pub fn from_datafusion(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => Error::failure(other.to_string()),
        },
        DataFusionError::Context(_, inner) => from_datafusion(*inner),
        other => Error::failure(other.strip_backtrace()),
    }
}
