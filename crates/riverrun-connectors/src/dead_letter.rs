//! Records that could not be decoded, as rows of a dead-letter table.

use arrow::array::{
    ArrayRef, BinaryBuilder, Int64Builder, RecordBatch, StringArray, StringBuilder, TimestampMillisecondBuilder,
};
use riverrun_core::{Clock, Field, Result, RowBatch, Schema, TypeKind};
use std::sync::Arc;

/// The column that says when a record was read.
pub const SEEN_AT: &str = "seen_at";

/// The columns of a dead letter. A dead-letter table has any of them, by name; `record` may also be a STRING.
pub fn schema() -> Schema {
    Schema::new(vec![
        Field::new("record", TypeKind::BYTES.not_null()),
        Field::new("reason", TypeKind::STRING.not_null()),
        Field::new("source", TypeKind::STRING.not_null()),
        Field::new("split", TypeKind::STRING.not_null()),
        Field::new("offset", TypeKind::BigInt.not_null()),
        Field::new(SEEN_AT, TypeKind::timestamp_ltz(3).not_null()),
    ])
}

/// Collects dead letters of one table.
#[derive(Debug)]
pub struct DeadLetters {
    table: String,
    clock: Arc<dyn Clock>,
    record: BinaryBuilder,
    reason: StringBuilder,
    split: StringBuilder,
    offset: Int64Builder,
    seen_at: TimestampMillisecondBuilder,
    rows: usize,
}

impl DeadLetters {
    /// An empty collection for the records of `table`.
    pub fn new(table: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        DeadLetters {
            table: table.into(),
            clock,
            record: BinaryBuilder::new(),
            reason: StringBuilder::new(),
            split: StringBuilder::new(),
            offset: Int64Builder::new(),
            seen_at: TimestampMillisecondBuilder::new(),
            rows: 0,
        }
    }

    /// Adds a record with the reason, the split (file or partition) and the offset it stands at.
    pub fn push(&mut self, record: &[u8], reason: &str, split: &str, offset: i64) {
        self.record.append_value(record);
        self.reason.append_value(reason);
        self.split.append_value(split);
        self.offset.append_value(offset);
        self.seen_at.append_value(self.clock.now().0);
        self.rows += 1;
    }

    /// How many records have been added since the last flush.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Takes the collected records as rows of [`schema`].
    pub fn flush(&mut self) -> Result<RowBatch> {
        let source = StringArray::from_iter_values(std::iter::repeat_n(&self.table, self.rows));
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.record.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(source),
            Arc::new(self.split.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.seen_at.finish().with_timezone("UTC")),
        ];
        Ok(RowBatch::append(RecordBatch::try_new(schema().to_arrow(), columns)?))
    }
}
