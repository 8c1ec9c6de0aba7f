//! What a format is.

use arrow::array::RecordBatch;
use riverrun_core::{OptionDef, Options, Result, RowBatch, Schema};

/// What a decoder or encoder is made for.
#[derive(Clone, Debug)]
pub struct FormatSpec {
    /// The columns of the record, all of them, in the order of the table.
    pub schema: Schema,
    /// Which of them a decoder shall produce, in this order. Positional formats (CSV) still see the others.
    pub projection: Vec<usize>,
    /// The format's options without its prefix: `ignore-parse-errors`, not `json.ignore-parse-errors`.
    pub options: Options,
    /// The session's time zone (`table.local-time-zone`).
    pub time_zone: chrono_tz::Tz,
}

/// A record that could not be decoded. Nothing of it has been appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DecodeError {
    /// Why, for a person: the column, what was expected and what was found.
    pub reason: String,
}

/// Decodes records one by one into columns.
pub trait Decoder: Send {
    /// Appends the rows of one record: usually one, none for a blank line or a tombstone, two for an update.
    ///
    /// With `ignore-parse-errors` a decoder follows Flink: a bad field becomes NULL or the record is
    /// passed over (`Ok(0)`, counted by [`Decoder::take_skipped`]).
    fn decode(&mut self, record: &[u8]) -> Result<usize, DecodeError>;

    /// How many rows have been appended since the last flush.
    fn rows(&self) -> usize;

    /// Takes the appended rows: columns in the order of the projection.
    fn flush(&mut self) -> Result<RowBatch>;

    /// How many records `ignore-parse-errors` has passed over since the last call.
    fn take_skipped(&mut self) -> u64 {
        0
    }
}

/// Finds records in a stretch of a file.
pub trait Framer: Send {
    /// The first record in `bytes`: where its content ends, and where the next one begins. `None`: the
    /// record is not complete yet. At the `end` of the file whatever is left is a record.
    fn next(&mut self, bytes: &[u8], end: bool) -> Option<(usize, usize)>;
}

/// Encoded rows: one run of bytes per row, without record separators.
#[derive(Clone, Debug, Default)]
pub struct EncodedRows {
    /// All records, one after the other.
    pub data: Vec<u8>,
    /// Where each record ends.
    pub ends: Vec<usize>,
}

impl EncodedRows {
    /// Ends the record at hand.
    pub fn end_row(&mut self) {
        self.ends.push(self.data.len());
    }

    /// The records in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, &end| {
            let record = &self.data[*start..end];
            *start = end;
            Some(record)
        })
    }

    /// Forgets the records, keeps the memory.
    pub fn clear(&mut self) {
        self.data.clear();
        self.ends.clear();
    }
}

/// Encodes rows into records.
pub trait Encoder: Send {
    /// Appends one record per row.
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()>;

    /// What stands at the head of a file (a CSV header), if anything.
    fn header(&self) -> Option<Vec<u8>> {
        None
    }
}

/// A record-oriented format.
pub trait Format: Send + Sync {
    /// The name in `'format' = '…'`.
    fn name(&self) -> &'static str;

    /// What it is, in a sentence.
    fn doc(&self) -> &'static str;

    /// Its options, without the prefix of its name.
    fn options(&self) -> &'static [OptionDef];

    /// A decoder of records.
    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>>;

    /// An encoder of rows.
    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>>;

    /// What finds records in a file.
    fn framer(&self, options: &Options) -> Result<Box<dyn Framer>>;
}
