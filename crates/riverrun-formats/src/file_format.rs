//! Formats of whole files, which have no records that stand for themselves.

use crate::format::FormatSpec;
use arrow::array::RecordBatch;
use riverrun_core::{OptionDef, Result, RowBatch};
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// Reads one file in batches.
pub trait FileReader: Send {
    /// The next rows: columns in the order of the projection. `None` at the end.
    fn next(&mut self) -> Result<Option<RowBatch>>;
}

/// Writes one file.
pub trait FileWriter: Send {
    /// Appends rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// About how many bytes the file has by now.
    fn bytes(&self) -> u64;

    /// Writes what is left, and gives the file back.
    fn finish(self: Box<Self>) -> Result<File>;
}

/// A format of whole files.
pub trait FileFormat: Send + Sync {
    /// The name in `'format' = '…'`.
    fn name(&self) -> &'static str;

    /// What it is, in a sentence.
    fn doc(&self) -> &'static str;

    /// Its options, without the prefix of its name.
    fn options(&self) -> &'static [OptionDef];

    /// Refuses types and options that it does not know.
    fn check(&self, spec: &FormatSpec) -> Result<()>;

    /// The rows at which a file can be cut so that its parts are read by themselves, ascending; its end is the last.
    fn cuts(&self, path: &Path) -> Result<Vec<u64>>;

    /// A reader of some rows of a file that gives batches of at most `batch_size` rows.
    fn reader(
        &self,
        spec: &FormatSpec,
        path: &Path,
        rows: Range<u64>,
        batch_size: usize,
    ) -> Result<Box<dyn FileReader>>;

    /// A writer of rows of the whole schema.
    fn writer(&self, spec: &FormatSpec, file: File) -> Result<Box<dyn FileWriter>>;
}
