//! Formats: how bytes become Arrow columns, and columns bytes.
//!
//! A record-oriented format (JSON, CSV, a regular expression, raw bytes) gives a [`Decoder`] that
//! appends one record at a time straight into Arrow builders, an [`Encoder`], and a [`Framer`] that
//! finds the records in a file. The [`registry`] names them all; a format is one file and one line there.

pub mod format;
pub mod registry;

pub use format::{DecodeError, Decoder, EncodedRows, Encoder, Format, FormatSpec, Framer};
