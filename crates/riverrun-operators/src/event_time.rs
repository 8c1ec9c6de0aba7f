//! Event time out of rows: milliseconds from timestamp columns, and the watermark of each row.

use crate::expression::{Expression, evaluate};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{
    DataType as ArrowType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::source::WatermarkExpression;

#[cfg(test)]
mod tests;

/// The milliseconds of a timestamp column, finer units rounded down. Values at NULLs mean nothing.
pub fn timestamp_millis(column: &ArrayRef) -> Result<ScalarBuffer<i64>> {
    let scaled = |values: &ScalarBuffer<i64>, divisor: i64| values.iter().map(|v| v.div_euclid(divisor)).collect();
    Ok(match column.data_type() {
        ArrowType::Timestamp(TimeUnit::Second, _) => {
            column.as_primitive::<TimestampSecondType>().values().iter().map(|v| v.saturating_mul(1_000)).collect()
        }
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            column.as_primitive::<TimestampMillisecondType>().values().clone()
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            scaled(column.as_primitive::<TimestampMicrosecondType>().values(), 1_000)
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            scaled(column.as_primitive::<TimestampNanosecondType>().values(), 1_000_000)
        }
        other => return Err(Error::bug(format!("event time must be a timestamp, not {other}"))),
    })
}

/// The error of a row without event time.
pub fn null_row_time() -> Error {
    Error::failure("RowTime field should not be null, please convert it to a non-null long value.")
        .hint("filter out the rows whose time is NULL, or give them one in a computed column")
}

/// The watermarks of `WATERMARK FOR row_time AS watermark`.
///
/// As in Flink a NULL time fails the job; a NULL watermark does not move it.
pub fn watermark_expression(row_time: Expression, watermark: Expression) -> WatermarkExpression<RowBatch> {
    Box::new(move |batch| {
        if evaluate(&row_time, &batch.columns)?.logical_null_count() > 0 {
            return Err(null_row_time());
        }
        let column = evaluate(&watermark, &batch.columns)?;
        let mut millis = timestamp_millis(&column)?.to_vec();
        if let Some(nulls) = column.nulls() {
            for (row, value) in millis.iter_mut().enumerate() {
                if nulls.is_null(row) {
                    *value = i64::MIN;
                }
            }
        }
        Ok(millis)
    })
}
