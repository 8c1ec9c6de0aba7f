//! What decoders of records into columns share: what becomes of a record that can't be read.

use crate::columns::Columns;
use crate::format::{DecodeError, Decoder};
use riverrun_core::{Result, RowBatch};

/// Reads records of a format.
pub trait ReadRecord: Send {
    /// Appends the rows of a record. What has been appended before an error is undone.
    fn read(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), String>;
}

/// A decoder whose rows are those of its columns.
#[derive(Debug)]
pub struct RecordDecoder<R> {
    reader: R,
    columns: Columns,
    broken: BrokenRecords,
    /// Whether NULL in a NOT NULL column breaks a record.
    checks_nulls: bool,
}

impl<R> RecordDecoder<R> {
    /// A decoder of these columns, which have no rows yet.
    pub(crate) fn over(columns: Columns, reader: R, ignores_errors: bool) -> Self {
        RecordDecoder { reader, columns, broken: BrokenRecords::new(ignores_errors), checks_nulls: true }
    }

    /// The same, taking NULL in any column: a row that is deleted may hold its key alone.
    pub(crate) fn with_nulls(self) -> Self {
        RecordDecoder { checks_nulls: false, ..self }
    }

    /// Sees that the rows from `from` on have no NULL where none may be.
    pub(crate) fn check_nulls(&self, from: usize) -> Result<(), String> {
        self.columns.check_nulls(from)
    }

    /// Forgets all but the first `rows` rows.
    pub(crate) fn undo_to(&mut self, rows: usize) {
        self.columns.undo_to(rows);
    }
}

impl<R: ReadRecord> Decoder for RecordDecoder<R> {
    fn decode(&mut self, record: &[u8]) -> Result<usize, DecodeError> {
        let before = self.columns.rows();
        self.columns.add_bytes(record.len());
        let read = self.reader.read(record, &mut self.columns);
        let read = if self.checks_nulls { read.and_then(|()| self.columns.check_nulls(before)) } else { read };
        match read {
            Ok(()) => Ok(self.columns.rows() - before),
            Err(reason) => {
                self.columns.undo_to(before);
                self.broken.one(reason)
            }
        }
    }

    fn rows(&self) -> usize {
        self.columns.rows()
    }

    fn is_full(&self) -> bool {
        self.columns.is_full()
    }

    fn flush(&mut self) -> Result<RowBatch> {
        self.columns.flush()
    }

    fn take_skipped(&mut self) -> u64 {
        self.broken.take_skipped()
    }
}

/// Records that can't be read: an error each, or passed over and counted.
#[derive(Debug)]
pub(crate) struct BrokenRecords {
    ignored: bool,
    skipped: u64,
}

impl BrokenRecords {
    pub(crate) fn new(ignored: bool) -> Self {
        BrokenRecords { ignored, skipped: 0 }
    }

    /// What a decoder answers to one of them, of which nothing has been appended.
    pub(crate) fn one(&mut self, reason: String) -> Result<usize, DecodeError> {
        if !self.ignored {
            return Err(DecodeError { reason });
        }
        self.skipped += 1;
        Ok(0)
    }

    /// How many have been passed over since the last call.
    pub(crate) fn take_skipped(&mut self) -> u64 {
        std::mem::take(&mut self.skipped)
    }
}

/// The text of a record.
pub(crate) fn text(record: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(record).map_err(|error| format!("invalid UTF-8 at byte {}", error.valid_up_to()))
}
