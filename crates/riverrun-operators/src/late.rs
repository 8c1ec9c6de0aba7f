//! Rows that came too late for an operator, on their way to a table of their own (`sink.late-rows`).
//!
//! A late row is the operator's input row, and beside it what has passed: the watermark that stood before the row, and the kind of change that it is.

use crate::expression::{Expression, evaluate};
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::{DataType, Field, Result, RowBatch, RowKind, Schema, TypeKind, Watermark};
use riverrun_runtime::{Output, WatermarkRuns};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The column that holds the watermark before which a row should have come; NULL once input has ended.
pub const WATERMARK_COLUMN: &str = "late_watermark";

/// The column that holds the kind of change: `+I`, or `-D` for a row that is taken back.
pub const KIND_COLUMN: &str = "late_kind";

/// The columns of late rows: those of the operator's input, then the watermark and the kind of change.
pub fn late_schema(input: &Schema, local: bool) -> Schema {
    let mut fields = input.fields.clone();
    fields.push(Field::new(WATERMARK_COLUMN, watermark_type(local)));
    fields.push(Field::new(KIND_COLUMN, TypeKind::STRING.not_null()));
    Schema::new(fields)
}

fn watermark_type(local: bool) -> DataType {
    if local { TypeKind::timestamp_ltz(3).nullable() } else { TypeKind::timestamp(3).nullable() }
}

/// Hands on rows of a batch of an operator's input that are late by this event time.
pub fn emit_by_time(
    batch: &RowBatch,
    rows: &[u32],
    time: &Expression,
    watermarks: &WatermarkRuns,
    out: &mut Output<RowBatch>,
) -> Result<()> {
    if rows.is_empty() || !out.wants_late() {
        return Ok(());
    }
    let local = matches!(evaluate(time, &batch.columns)?.data_type(), ArrowType::Timestamp(_, Some(_)));
    LateRows { batch: batch.clone(), local }.emit(rows, watermarks, out)
}

/// Late rows of a batch that is worked on in parts: the batch, if somebody reads its late rows.
#[derive(Clone, Debug)]
pub struct LateRows {
    batch: RowBatch,
    /// Whether the time is TIMESTAMP_LTZ.
    local: bool,
}

impl LateRows {
    /// For a batch of the operator's input; `None` where nobody reads late rows.
    pub fn of(batch: &RowBatch, local: bool, out: &Output<RowBatch>) -> Option<LateRows> {
        out.wants_late().then(|| LateRows { batch: batch.clone(), local })
    }

    /// Hands these rows on.
    pub fn emit(&self, rows: &[u32], watermarks: &WatermarkRuns, out: &mut Output<RowBatch>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let taken = take_record_batch(&self.batch.columns, &UInt32Array::from(rows.to_vec()))?;
        let known = |row: &u32| Some(watermarks.before(*row as usize)).filter(|watermark| *watermark < Watermark::MAX);
        let times: Int64Array = rows.iter().map(|row| known(row).map(|watermark| watermark.0)).collect();
        let kinds = rows.iter().map(|&row| match self.batch.weight(row as usize) {
            ..0 => Some(RowKind::Delete.short()),
            _ => Some(RowKind::Insert.short()),
        });
        let kinds: ArrayRef = Arc::new(kinds.collect::<StringArray>());
        let mut columns = taken.columns().to_vec();
        columns.extend([cast(&times, &watermark_type(self.local).to_arrow())?, kinds]);
        let schema = taken.schema();
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        for field in [
            Field::new(WATERMARK_COLUMN, watermark_type(self.local)),
            Field::new(KIND_COLUMN, TypeKind::STRING.not_null()),
        ] {
            fields.push(Arc::new(field.to_arrow()));
        }
        let schema = Arc::new(arrow::datatypes::Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        out.emit_late(RowBatch::append(RecordBatch::try_new_with_options(schema, columns, &options)?));
        Ok(())
    }
}
