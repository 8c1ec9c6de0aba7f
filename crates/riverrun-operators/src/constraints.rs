//! What a sink's columns promise: NOT NULL, and the lengths of CHAR, VARCHAR, BINARY and VARBINARY.
//!
//! Source of the semantics: Flink 2.3, `table.exec.sink.not-null-enforcer` and `table.exec.sink.type-length-enforcer`.

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, RecordBatch, StringBuilder};
use riverrun_core::{Error, Field, Result, RowBatch, Schema, TypeKind};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// What becomes of a NULL in a NOT NULL column (`table.exec.sink.not-null-enforcer`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotNullEnforcer {
    /// The job fails.
    #[default]
    Error,
    /// The row is dropped, and counted as skipped.
    Drop,
}

/// What becomes of a string or bytes of another length than declared (`table.exec.sink.type-length-enforcer`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LengthEnforcer {
    /// It is written as it is.
    #[default]
    Ignore,
    /// What is too long is cut; CHAR is filled up with spaces, BINARY with zeros.
    TrimPad,
    /// The job fails.
    Error,
}

/// The constraints of a table that is written.
#[derive(Clone, Debug)]
pub struct ConstraintsSpec {
    /// The table's name, for messages.
    pub table: String,
    /// The sink's columns.
    pub schema: Schema,
    /// What becomes of NULLs.
    pub not_null: NotNullEnforcer,
    /// What becomes of wrong lengths.
    pub length: LengthEnforcer,
}

impl ConstraintsSpec {
    /// Whether any column has a constraint that is enforced; without one the operator can be left out.
    pub fn is_needed(&self) -> bool {
        self.schema.fields.iter().any(|field| {
            !field.data_type.nullable
                || (self.length != LengthEnforcer::Ignore && declared_length(&field.data_type.kind).is_some())
        })
    }
}

/// Enforces a sink's constraints.
#[derive(Debug)]
pub struct Constraints {
    spec: ConstraintsSpec,
    context: OperatorContext,
}

impl Constraints {
    /// The operator on one worker.
    pub fn new(spec: ConstraintsSpec, context: OperatorContext) -> Result<Self> {
        Ok(Constraints { spec, context })
    }

    /// The rows without a NULL where none may be; `None` if that is all of them.
    fn rows_without_null(&self, batch: &RowBatch) -> Result<Option<Vec<u32>>> {
        let mut dropped: Vec<bool> = Vec::new();
        for (field, column) in self.spec.schema.fields.iter().zip(batch.columns.columns()) {
            let nulls = if field.data_type.nullable { None } else { column.logical_nulls() };
            let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { continue };
            if self.spec.not_null == NotNullEnforcer::Error {
                return Err(self.null_error(field));
            }
            dropped.resize(batch.num_rows(), false);
            for (row, dropped) in dropped.iter_mut().enumerate() {
                *dropped |= nulls.is_null(row);
            }
        }
        if dropped.is_empty() {
            return Ok(None);
        }
        let kept: Vec<u32> = (0..batch.num_rows() as u32).filter(|&row| !dropped[row as usize]).collect();
        self.context.metrics.skipped.add((batch.num_rows() - kept.len()) as u64);
        Ok(Some(kept))
    }

    fn null_error(&self, field: &Field) -> Error {
        Error::failure(format!(
            "Column '{}' is NOT NULL, however, a null value is being written into it",
            field.name
        ))
        .detail(format!("table '{}', column '{} {}'", self.spec.table, field.name, field.data_type))
        .hint(
            "SET 'table.exec.sink.not-null-enforcer' = 'DROP' drops such rows (they are counted); or filter them, or \
             give them a value with COALESCE",
        )
    }

    fn enforce_lengths(&self, batch: RowBatch) -> Result<RowBatch> {
        let mut columns: Vec<ArrayRef> = batch.columns.columns().to_vec();
        for (field, column) in self.spec.schema.fields.iter().zip(&mut columns) {
            let Some(length) = declared_length(&field.data_type.kind) else { continue };
            let fits = match &field.data_type.kind {
                TypeKind::Char(_) | TypeKind::Varchar(_) => length.check_strings(column),
                _ => length.check_bytes(column),
            };
            let Some(actual) = fits else { continue };
            if self.spec.length == LengthEnforcer::Error {
                return Err(self.length_error(field, actual));
            }
            *column = match &field.data_type.kind {
                TypeKind::Char(_) | TypeKind::Varchar(_) => length.adjust_strings(column),
                _ => length.adjust_bytes(column),
            };
        }
        let columns = RecordBatch::try_new(batch.columns.schema(), columns)?;
        Ok(RowBatch { columns, weights: batch.weights })
    }

    fn length_error(&self, field: &Field, actual: usize) -> Error {
        Error::failure(format!(
            "Column '{}' is {}, however, a value of length {actual} is being written into it",
            field.name, field.data_type.kind
        ))
        .detail(format!("table '{}', column '{}'", self.spec.table, field.name))
        .hint("SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD' cuts and fills up; 'IGNORE' writes it as it is")
    }
}

/// A declared length: characters of a string, or bytes.
#[derive(Clone, Copy)]
struct Length {
    length: usize,
    /// CHAR and BINARY: shorter values are filled up.
    exact: bool,
}

fn declared_length(kind: &TypeKind) -> Option<Length> {
    let (length, exact) = match *kind {
        TypeKind::Char(length) | TypeKind::Binary(length) => (length, true),
        TypeKind::Varchar(length) | TypeKind::Varbinary(length) => (length, false),
        _ => return None,
    };
    (length != riverrun_core::types::MAX_LENGTH).then_some(Length { length: length as usize, exact })
}

impl Length {
    fn fits(self, length: usize) -> bool {
        if self.exact { length == self.length } else { length <= self.length }
    }

    /// The length of the first string that does not fit.
    fn check_strings(self, column: &ArrayRef) -> Option<usize> {
        column.as_string::<i32>().iter().flatten().map(|text| text.chars().count()).find(|&length| !self.fits(length))
    }

    fn check_bytes(self, column: &ArrayRef) -> Option<usize> {
        column.as_binary::<i32>().iter().flatten().map(<[u8]>::len).find(|&length| !self.fits(length))
    }

    fn adjust_strings(self, column: &ArrayRef) -> ArrayRef {
        let column = column.as_string::<i32>();
        let mut out = StringBuilder::with_capacity(column.len(), column.value_data().len());
        let mut padded = String::new();
        for value in column {
            let Some(text) = value else {
                out.append_null();
                continue;
            };
            let end = text.char_indices().nth(self.length).map_or(text.len(), |(at, _)| at);
            let characters = text[..end].chars().count();
            if self.exact && characters < self.length {
                padded.clear();
                padded.push_str(text);
                padded.extend(std::iter::repeat_n(' ', self.length - characters));
                out.append_value(&padded);
            } else {
                out.append_value(&text[..end]);
            }
        }
        Arc::new(out.finish())
    }

    fn adjust_bytes(self, column: &ArrayRef) -> ArrayRef {
        let column = column.as_binary::<i32>();
        let mut out = BinaryBuilder::with_capacity(column.len(), column.value_data().len());
        let mut padded = Vec::new();
        for value in column {
            let Some(bytes) = value else {
                out.append_null();
                continue;
            };
            padded.clear();
            padded.extend_from_slice(&bytes[..bytes.len().min(self.length)]);
            if self.exact {
                padded.resize(self.length, 0);
            }
            out.append_value(&padded);
        }
        Arc::new(out.finish())
    }
}

impl Operator<RowBatch> for Constraints {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let (mut batch, mut watermarks) = (batch, watermarks.clone());
        if let Some(kept) = self.rows_without_null(&batch)? {
            watermarks = watermarks.select(&kept);
            batch = batch.take(&kept.into())?;
        }
        if self.spec.length != LengthEnforcer::Ignore {
            batch = self.enforce_lengths(batch)?;
        }
        out.emit_with(batch, watermarks);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
