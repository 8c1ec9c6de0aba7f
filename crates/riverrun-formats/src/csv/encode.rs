//! Columns into rows of CSV, with the text that Flink writes.

use super::{Dialect, check_types};
use crate::format::{EncodedRows, Encoder, FormatSpec};
use crate::text::TimestampFormat;
use crate::text::decimal::Notation;
use crate::text::flat::{Flat, TextStyle};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::Result;

/// Jackson does not look into longer texts for whether they need quotes: they get them.
const LONGEST_UNQUOTED: usize = 24;

/// An encoder of rows.
#[derive(Debug)]
pub struct CsvEncoder {
    dialect: Dialect,
    style: TextStyle,
    /// A text with a character below this one is quoted.
    lowest_safe: char,
    scratch: Vec<u8>,
}

impl CsvEncoder {
    /// An encoder of rows of the whole schema.
    pub fn new(spec: &FormatSpec) -> Result<CsvEncoder> {
        check_types(&spec.schema)?;
        let dialect = Dialect::new(&spec.options)?;
        let delimiter = dialect.delimiter.chars().next().unwrap_or(',');
        let highest = u32::from(delimiter.max(dialect.quote.map_or('"', char::from)).max('\r'));
        let scientific = spec.options.bool(&super::SCIENTIFIC)?;
        let style = TextStyle {
            timestamps: TimestampFormat::Sql,
            notation: if scientific { Notation::Scientific } else { Notation::Plain },
        };
        let lowest_safe = char::from_u32(highest + 1).unwrap_or(char::MAX);
        Ok(CsvEncoder { dialect, style, lowest_safe, scratch: Vec::new() })
    }

    fn write_text(&self, out: &mut Vec<u8>, text: &str) {
        let Some(quote) = self.dialect.quote else {
            out.extend_from_slice(text.as_bytes());
            return;
        };
        let escape = self.dialect.escape;
        if !self.needs_quotes(text) {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        out.push(quote);
        let mut rest = text.as_bytes();
        while let Some(at) = memchr::memchr2(quote, escape.unwrap_or(quote), rest) {
            out.extend_from_slice(&rest[..=at]);
            out.push(rest[at]);
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        out.push(quote);
    }

    fn needs_quotes(&self, text: &str) -> bool {
        let escape = self.dialect.escape;
        // A text has at most as many of Java's characters as it has bytes.
        (text.len() > LONGEST_UNQUOTED && text.encode_utf16().nth(LONGEST_UNQUOTED).is_some())
            || text.chars().any(|c| c < self.lowest_safe || Some(c) == escape.map(char::from))
    }

    fn write_null(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.dialect.null_literal.as_deref().unwrap_or("").as_bytes());
    }
}

/// A column as what its values are written from.
enum Writer<'a> {
    Null,
    Flat(&'a ArrayRef, Flat),
    List(&'a ArrayRef, &'a [i32], Box<Writer<'a>>),
    Row(&'a ArrayRef, Vec<Writer<'a>>),
}

impl<'a> Writer<'a> {
    fn new(array: &'a ArrayRef) -> Result<Writer<'a>> {
        Ok(match array.data_type() {
            ArrowType::Null => Writer::Null,
            ArrowType::List(_) => {
                let list = array.as_list::<i32>();
                Writer::List(array, list.value_offsets(), Box::new(Writer::new(list.values())?))
            }
            ArrowType::Struct(_) => {
                Writer::Row(array, array.as_struct().columns().iter().map(Writer::new).collect::<Result<_>>()?)
            }
            other => Writer::Flat(array, Flat::of(other)?),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Writer::Null => true,
            Writer::Flat(array, _) | Writer::List(array, ..) | Writer::Row(array, _) => array.is_null(row),
        }
    }

    /// Appends the value as an element of an array or row: without quotes.
    fn write_element(&self, out: &mut Vec<u8>, row: usize, encoder: &CsvEncoder) {
        match self {
            _ if self.is_null(row) => encoder.write_null(out),
            Writer::Flat(array, flat) => flat.write(out, array, row, &encoder.style),
            // Refused when the encoder was made.
            Writer::Null | Writer::List(..) | Writer::Row(..) => {}
        }
    }
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()> {
        let columns = batch.columns().iter().map(Writer::new).collect::<Result<Vec<_>>>()?;
        let mut scratch = std::mem::take(&mut self.scratch);
        let between = self.dialect.element_delimiter.as_bytes();
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.data.extend_from_slice(self.dialect.delimiter.as_bytes());
                }
                if column.is_null(row) {
                    self.write_null(&mut out.data);
                    continue;
                }
                scratch.clear();
                match column {
                    Writer::Null => continue,
                    Writer::Flat(array, flat) if flat.is_number() || *flat == Flat::Boolean => {
                        flat.write(&mut out.data, array, row, &self.style);
                        continue;
                    }
                    Writer::Flat(array, Flat::Text) => {
                        self.write_text(&mut out.data, array.as_string::<i32>().value(row));
                        continue;
                    }
                    Writer::Flat(array, flat) => flat.write(&mut scratch, array, row, &self.style),
                    Writer::List(_, offsets, item) => {
                        for (index, entry) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
                            if index > 0 {
                                scratch.extend_from_slice(between);
                            }
                            item.write_element(&mut scratch, entry, self);
                        }
                    }
                    Writer::Row(_, fields) => {
                        for (index, field) in fields.iter().enumerate() {
                            if index > 0 {
                                scratch.extend_from_slice(between);
                            }
                            field.write_element(&mut scratch, row, self);
                        }
                    }
                }
                self.write_text(&mut out.data, &String::from_utf8_lossy(&scratch));
            }
            out.end_row();
        }
        self.scratch = scratch;
        Ok(())
    }
}
