//! VALUES: constant expressions computed into rows.

use crate::expr::Expr;
use crate::physical::lower;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::compute;
use arrow::datatypes::Schema as ArrowSchema;
use riverrun_core::{Result, Schema};
use riverrun_operators::expression::evaluate;
use std::sync::Arc;

/// The rows of constant expressions (which read no column) as one batch.
pub fn constant_rows(rows: &[Vec<Expr>], schema: &Schema) -> Result<RecordBatch> {
    let one_row = RecordBatch::try_new_with_options(
        Arc::new(ArrowSchema::empty()),
        Vec::new(),
        &RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    let columns = (0..schema.len())
        .map(|column| {
            let values =
                rows.iter().map(|row| evaluate(&lower(&row[column])?, &one_row)).collect::<Result<Vec<ArrayRef>>>()?;
            let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
            match values.is_empty() {
                true => Ok(new_empty_array(&schema.fields[column].data_type.to_arrow())),
                false => Ok(compute::concat(&values)?),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(schema.to_arrow(), columns, &options)?)
}
