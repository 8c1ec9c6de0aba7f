//! What a format is.

use arrow::array::RecordBatch;
use riverrun_core::{DataType, Error, OptionDef, Options, Result, RowBatch, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// Of ROW columns, by their position in a schema, the fields that are looked at; of a column that is not named here all are.
pub type RowFields = BTreeMap<usize, BTreeSet<usize>>;

/// What a decoder or encoder is made for.
#[derive(Clone, Debug)]
pub struct FormatSpec {
    /// The columns of the record, all of them, in the order of the table.
    pub schema: Schema,
    /// Which of them a decoder shall produce, in this order. Positional formats (CSV) still see the others.
    pub projection: Vec<usize>,
    /// A decoder may leave the other fields NULL.
    pub fields: RowFields,
    /// Keys and declared types of the format's own metadata, which a decoder gives behind the projected columns.
    pub metadata: Vec<(String, DataType)>,
    /// The format's options without its prefix: `ignore-parse-errors`, not `json.ignore-parse-errors`.
    pub options: Options,
    /// The session's time zone (`table.local-time-zone`).
    pub time_zone: chrono_tz::Tz,
}

/// A value that a format finds in a record beside the row: `METADATA FROM 'value.…'`.
#[derive(Clone, Debug)]
pub struct FormatMetadata {
    /// The key, behind `value.`.
    pub key: &'static str,
    /// Its type.
    pub data_type: DataType,
    /// What it is.
    pub doc: &'static str,
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

    /// Whether a batch can hold no more: flush before the next record. Only records of many megabytes come to that
    /// before the batch has its rows.
    fn is_full(&self) -> bool {
        false
    }

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
    ///
    /// After `None` the next call brings the same bytes and more behind them, so that a framer may remember how far it
    /// has looked; [`Framer::reset`] comes before other bytes.
    fn next(&mut self, bytes: &[u8], end: bool) -> Option<(usize, usize)>;

    /// Forgets a record that was begun.
    fn reset(&mut self) {}

    /// Whether every newline ends a record, so that a file may be cut anywhere into ranges, and a record that is too
    /// long be passed over up to the next newline.
    fn ends_at_newline(&self) -> bool {
        false
    }
}

/// Records that are lines: ended by `\n` or `\r\n`.
#[derive(Debug, Default)]
pub struct LineFramer {
    looked: usize,
}

impl Framer for LineFramer {
    #[inline]
    fn next(&mut self, bytes: &[u8], end: bool) -> Option<(usize, usize)> {
        let found = memchr::memchr(b'\n', bytes.get(self.looked..)?).map(|at| at + self.looked);
        let (content, next) = match found {
            Some(at) => (at, at + 1),
            None if end && !bytes.is_empty() => (bytes.len(), bytes.len()),
            None => {
                self.looked = bytes.len();
                return None;
            }
        };
        self.looked = 0;
        let content = if content > 0 && bytes[content - 1] == b'\r' { content - 1 } else { content };
        Some((content, next))
    }

    fn reset(&mut self) {
        self.looked = 0;
    }

    fn ends_at_newline(&self) -> bool {
        true
    }
}

/// Encoded rows: one run of bytes per row, without record separators unless they are asked for.
#[derive(Clone, Debug, Default)]
pub struct EncodedRows {
    /// All records, one after the other.
    pub data: Vec<u8>,
    /// Where each record ends, with its separator.
    pub ends: Vec<usize>,
    separator: Option<u8>,
}

impl EncodedRows {
    /// Records each of which ends with `separator`.
    pub fn ended_by(separator: u8) -> EncodedRows {
        EncodedRows { separator: Some(separator), ..EncodedRows::default() }
    }

    /// Ends the record at hand.
    pub fn end_row(&mut self) {
        if let Some(separator) = self.separator {
            self.data.push(separator);
        }
        self.ends.push(self.data.len());
    }

    /// The records in order, with their separators.
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

    /// Appends one record per row, of rows that are added or taken back once each.
    fn encode_changes(&mut self, batch: &RowBatch, out: &mut EncodedRows) -> Result<()> {
        match &batch.weights {
            Some(weights) if weights.iter().any(|weight| *weight < 0) => {
                Err(Error::bug("a format of plain rows can't take rows back"))
            }
            _ => self.encode(&batch.columns, out),
        }
    }

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

    /// Whether its records are changes: rows that are added and taken back. Their order matters, so that a file of them
    /// is read by one worker.
    fn is_changelog(&self) -> bool {
        false
    }

    /// What it finds in a record beside the row.
    fn metadata(&self) -> Vec<FormatMetadata> {
        Vec::new()
    }

    /// A decoder of records.
    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>>;

    /// An encoder of rows.
    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>>;

    /// What finds records in a file.
    fn framer(&self, options: &Options) -> Result<Box<dyn Framer>>;
}
