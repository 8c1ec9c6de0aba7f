//! Formats: how bytes become Arrow columns, and columns bytes.
//!
//! A record-oriented format (JSON, CSV, a regular expression, raw bytes) gives a [`Decoder`] that
//! appends one record at a time straight into Arrow builders, an [`Encoder`], and a [`Framer`] that
//! finds the records in a file. The [`registry`] names them all; a format is one file and one line there.

pub mod changelog;
pub mod columns;
pub mod csv;
pub mod file_format;
pub mod format;
pub mod json;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod raw;
mod records;
pub mod regex;
pub mod registry;
#[cfg(test)]
mod testing;
pub mod text;

pub use file_format::{FileFormat, FileReader, FileWriter};
pub use format::{
    DecodeError, Decoder, EncodedRows, Encoder, Format, FormatMetadata, FormatSpec, Framer, LineFramer, RowFields,
};
