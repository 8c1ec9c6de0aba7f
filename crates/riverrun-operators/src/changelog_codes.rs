//! Changes as rows with a code, and back: FROM_CHANGELOG and TO_CHANGELOG.
//!
//! ```text
//!   +1 (1, ana)                     ('INSERT', 1, ana)
//!   −1 (1, ana)   ─ TO_CHANGELOG ►  ('UPDATE_BEFORE', 1, ana)   ─ FROM_CHANGELOG ►  the same changes
//!   +1 (1, eva)                     ('UPDATE_AFTER', 1, eva)
//! ```
//!
//! A row that is taken back and the row of the same key that follows it at once are an update; without a key, or with others
//! between, they are a deletion and an insertion.
//!
//! Source of the semantics: Flink 2.3, "Changelog Conversion" (FLIP-564). Rows whose code, or whose kind of change, is not
//! mapped are passed over, as there.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use riverrun_core::{Result, RowBatch, RowKind, Schema};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState};
use std::collections::HashMap;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Which way.
#[derive(Clone, Debug)]
pub enum Codes {
    /// Rows with a code become changes.
    From {
        /// The column of the code.
        op: usize,
        /// The kinds of change by their codes.
        kinds: Vec<(String, RowKind)>,
    },
    /// Changes become rows whose first column is a code.
    To {
        /// The columns of a key; none if no key is known.
        keys: Vec<usize>,
        /// The codes of the kinds of change.
        codes: Vec<(RowKind, String)>,
    },
}

/// A conversion.
#[derive(Clone, Debug)]
pub struct ChangelogCodesSpec {
    /// Which way.
    pub codes: Codes,
    /// The columns of the output.
    pub schema: Schema,
}

/// Converts changes to rows with codes, or back.
pub struct ChangelogCodes {
    spec: ChangelogCodesSpec,
    schema: SchemaRef,
    encoder: KeyEncoder,
    /// The last row of a batch, if it is taken back: the next batch may hold the other half of an update.
    held: Option<(RecordBatch, WatermarkRuns)>,
}

impl ChangelogCodes {
    /// The operator on one worker.
    pub fn new(spec: ChangelogCodesSpec, _context: &OperatorContext) -> Self {
        ChangelogCodes { schema: spec.schema.to_arrow(), spec, encoder: KeyEncoder::default(), held: None }
    }

    /// The changes that rows with codes stand for.
    fn read(&self, batch: &RecordBatch, op: usize, kinds: &[(String, RowKind)]) -> Result<(RowBatch, Vec<u32>)> {
        let kinds: HashMap<&str, RowKind> = kinds.iter().map(|(code, kind)| (code.as_str(), *kind)).collect();
        let codes = batch.column(op).as_string::<i32>();
        let (mut rows, mut weights): (Vec<u32>, Vec<i64>) = (Vec::new(), Vec::new());
        for row in 0..batch.num_rows() {
            let kind = if codes.is_null(row) { None } else { kinds.get(codes.value(row)) };
            if let Some(kind) = kind {
                rows.push(row as u32);
                weights.push(match kind {
                    RowKind::Insert | RowKind::UpdateAfter => 1,
                    RowKind::UpdateBefore | RowKind::Delete => -1,
                });
            }
        }
        let taken = take_record_batch(batch, &UInt32Array::from(rows.clone()))?;
        let columns = taken.columns().iter().enumerate().filter(|(at, _)| *at != op).map(|(_, column)| column.clone());
        let columns = self.batch(columns.collect(), rows.len())?;
        Ok((RowBatch { columns, weights: Some(weights.into()) }, rows))
    }

    fn batch(&self, columns: Vec<ArrayRef>, count: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }

    /// What kind of change each row is, as often as it comes.
    fn kinds(&mut self, batch: &RowBatch, keys: &[usize]) -> Result<Vec<(u32, RowKind)>> {
        let count = batch.num_rows();
        let columns: Vec<ArrayRef> = keys.iter().map(|key| batch.columns.column(*key).clone()).collect();
        let encoded = if keys.is_empty() { None } else { Some(self.encoder.encode(&columns, count)?) };
        let same = |row: usize| encoded.as_ref().is_some_and(|keys| keys.row(row) == keys.row(row + 1));
        let mut kinds = Vec::with_capacity(count);
        let mut after = false;
        for row in 0..count {
            let weight = batch.weight(row);
            let before = weight == -1 && row + 1 < count && batch.weight(row + 1) == 1 && same(row);
            let kind = match (weight < 0, before, after) {
                (true, true, _) => RowKind::UpdateBefore,
                (true, false, _) => RowKind::Delete,
                (false, _, true) => RowKind::UpdateAfter,
                (false, _, false) => RowKind::Insert,
            };
            after = before;
            kinds.extend((0..weight.unsigned_abs()).map(|_| (row as u32, kind)));
        }
        Ok(kinds)
    }

    fn write(&mut self, batch: &RowBatch, watermarks: &WatermarkRuns, out: &mut Output<RowBatch>) -> Result<()> {
        let Codes::To { keys, codes } = self.spec.codes.clone() else { return Ok(()) };
        let kinds = self.kinds(batch, &keys)?;
        let named = kinds.iter().filter_map(|(row, kind)| {
            codes.iter().find(|(known, _)| known == kind).map(|(_, code)| (*row, code.as_str()))
        });
        let (rows, names): (Vec<u32>, Vec<&str>) = named.unzip();
        let taken = take_record_batch(&batch.columns, &UInt32Array::from(rows.clone()))?;
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(names))];
        columns.extend(taken.columns().iter().cloned());
        let columns = self.batch(columns, rows.len())?;
        out.emit_with(RowBatch::append(columns), watermarks.select(&rows));
        Ok(())
    }

    fn flush(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let Some((row, watermarks)) = self.held.take() else { return Ok(()) };
        self.write(&RowBatch { columns: row, weights: Some(vec![-1].into()) }, &watermarks, out)
    }
}

impl Operator<RowBatch> for ChangelogCodes {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        if let Codes::From { op, kinds } = &self.spec.codes {
            let (batch, rows) = self.read(&batch.columns, *op, kinds)?;
            out.emit_with(batch, watermarks.select(&rows));
            return Ok(());
        }
        let (mut batch, mut watermarks) = (batch, watermarks.clone());
        if batch.num_rows() > 0 && batch.weight(0) == 1 {
            if let Some((row, _)) = self.held.take() {
                // Both halves go together, before the watermarks within the batch.
                let weights = std::iter::once(-1).chain((0..batch.num_rows()).map(|row| batch.weight(row)));
                let weights: Vec<i64> = weights.collect();
                let columns = concat_batches(&batch.columns.schema(), [&row, &batch.columns])?;
                batch = RowBatch { columns, weights: Some(weights.into()) };
                watermarks = WatermarkRuns::default();
            }
        } else {
            self.flush(out)?;
        }
        let count = batch.num_rows();
        if count > 0 && batch.weight(count - 1) == -1 {
            let last = [count as u32 - 1];
            self.held = Some((batch.columns.slice(count - 1, 1), watermarks.select(&last)));
            batch = batch.slice(0, count - 1);
        }
        self.write(&batch, &watermarks, out)
    }

    fn on_tick(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.flush(out)
    }

    fn on_end(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.flush(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        // What is held back goes out with its tick.
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
