//! Rows with weights into change events: an update is written as the deletion of the old row and the insertion of the new
//! one, as Flink writes it.

use crate::format::{EncodedRows, Encoder, FormatSpec};
use crate::json::JsonEncoder;
use arrow::array::RecordBatch;
use riverrun_core::{Result, RowBatch};

/// What stands around a row in an event.
#[derive(Clone, Copy, Debug)]
pub struct Wrapping {
    /// Before and behind a row that is added.
    pub insert: (&'static str, &'static str),
    /// Before and behind a row that is taken back.
    pub delete: (&'static str, &'static str),
}

/// An encoder of change events.
#[derive(Debug)]
pub struct ChangelogEncoder {
    rows: JsonEncoder,
    plain: EncodedRows,
    wrapping: Wrapping,
}

impl ChangelogEncoder {
    /// An encoder of rows of the whole schema.
    pub fn new(spec: &FormatSpec, wrapping: Wrapping) -> Result<ChangelogEncoder> {
        Ok(ChangelogEncoder { rows: JsonEncoder::new(spec)?, plain: EncodedRows::default(), wrapping })
    }

    fn wrap(&mut self, batch: &RecordBatch, weight: impl Fn(usize) -> i64, out: &mut EncodedRows) -> Result<()> {
        self.plain.clear();
        self.rows.encode(batch, &mut self.plain)?;
        for (index, row) in self.plain.iter().enumerate() {
            let (before, behind) = if weight(index) < 0 { self.wrapping.delete } else { self.wrapping.insert };
            out.data.extend_from_slice(before.as_bytes());
            out.data.extend_from_slice(row);
            out.data.extend_from_slice(behind.as_bytes());
            out.end_row();
        }
        Ok(())
    }
}

impl Encoder for ChangelogEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()> {
        self.wrap(batch, |_| 1, out)
    }

    fn encode_changes(&mut self, batch: &RowBatch, out: &mut EncodedRows) -> Result<()> {
        self.wrap(&batch.columns, |row| batch.weight(row), out)
    }
}
