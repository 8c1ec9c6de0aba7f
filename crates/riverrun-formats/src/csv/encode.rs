//! Columns into rows of CSV, with the text that Flink writes.

use super::{Dialect, check_types};
use crate::format::{EncodedRows, Encoder, FormatSpec};
use crate::text::TimestampFormat;
use crate::text::decimal::Notation;
use crate::text::flat::{Flat, TextStyle};
use crate::text::time::TimestampTexts;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::Result;

/// Jackson does not look into longer texts for whether they need quotes: they get them. Counted in Java's characters.
const LONGEST_UNQUOTED: usize = 24;

/// What a timestamp's text consists of beside the space between date and time.
const OF_TIMESTAMPS: &[u8] = b"0123456789-+:.Z";

/// Bytes of a row beside its texts, to begin with.
const BYTES_PER_COLUMN: usize = 16;

/// An encoder of rows.
#[derive(Debug)]
pub struct CsvEncoder {
    dialect: Dialect,
    style: TextStyle,
    /// A text with a character below this one is quoted.
    lowest_safe: char,
    /// Whether timestamps all stand in quotes or all without, and nothing in them is doubled.
    timestamps_alike: bool,
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
        let mut encoder = CsvEncoder { dialect, style, lowest_safe, timestamps_alike: false, scratch: Vec::new() };
        encoder.timestamps_alike = encoder.dialect.quote.is_none()
            || encoder.needs_quotes(b" ") && !encoder.has_doubled(b" ") && !encoder.has_doubled(OF_TIMESTAMPS);
        Ok(encoder)
    }

    /// Appends a text with the quotes that it needs; `doubles` is whether there may be something in it that is doubled.
    fn write_text(&self, out: &mut Vec<u8>, text: &[u8], doubles: bool) {
        let quote = match self.dialect.quote {
            Some(quote) if self.needs_quotes(text) => quote,
            _ => return out.extend_from_slice(text),
        };
        out.push(quote);
        let mut rest = text;
        while doubles && let Some(at) = self.next_doubled(rest) {
            out.extend_from_slice(&rest[..=at]);
            out.push(rest[at]);
            rest = &rest[at + 1..];
        }
        out.extend_from_slice(rest);
        out.push(quote);
    }

    fn needs_quotes(&self, text: &[u8]) -> bool {
        if is_long(text) {
            return true;
        }
        let escape = self.dialect.escape;
        if u32::from(self.lowest_safe) <= 0x80 {
            let lowest_safe = self.lowest_safe as u8;
            // Where there is none, one that is not safe anyway.
            let escape = escape.unwrap_or(0);
            let needs =
                |bytes: &[u8]| bytes.iter().fold(false, |any, &byte| any | (byte < lowest_safe) | (byte == escape));
            // Many bytes at a time, without a branch for each.
            let (chunks, rest) = text.as_chunks::<32>();
            return chunks.iter().any(|chunk| needs(chunk)) || needs(rest);
        }
        let escape = escape.map(char::from);
        String::from_utf8_lossy(text).chars().any(|character| character < self.lowest_safe || Some(character) == escape)
    }

    /// Where the next quote or escape character stands.
    fn next_doubled(&self, text: &[u8]) -> Option<usize> {
        match (self.dialect.quote, self.dialect.escape) {
            (Some(quote), Some(escape)) => memchr::memchr2(quote, escape, text),
            (Some(special), None) | (None, Some(special)) => memchr::memchr(special, text),
            (None, None) => None,
        }
    }

    fn has_doubled(&self, text: &[u8]) -> bool {
        self.next_doubled(text).is_some()
    }

    fn write_null(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.dialect.null_literal.as_deref().unwrap_or("").as_bytes());
    }

    fn write_delimiter(&self, out: &mut Vec<u8>) {
        match self.dialect.delimiter.as_bytes() {
            [delimiter] => out.push(*delimiter),
            delimiter => out.extend_from_slice(delimiter),
        }
    }

    fn write_field(&self, out: &mut Vec<u8>, column: &mut Column<'_>, row: usize, scratch: &mut Vec<u8>) {
        if column.is_null(row) {
            return self.write_null(out);
        }
        match &mut column.values {
            Values::Null => {}
            Values::Bare(flat) => flat.write(out, row, &self.style),
            Values::Timestamps { values, texts, quote } => {
                out.extend(*quote);
                texts.write(out, values[row]);
                out.extend(*quote);
            }
            Values::Text { texts, doubles } => self.write_text(out, texts.value(row).as_bytes(), *doubles),
            Values::Composed(parts) => {
                scratch.clear();
                parts.write(scratch, row, self);
                self.write_text(out, scratch, true);
            }
        }
    }
}

/// Whether a text of UTF-8 has more than [`LONGEST_UNQUOTED`] characters of UTF-16.
fn is_long(text: &[u8]) -> bool {
    // A character of UTF-16 is at most three bytes of UTF-8; four bytes are two.
    let certain = text.len() > 3 * LONGEST_UNQUOTED;
    let starts = || text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    let pairs = || text.iter().filter(|&&byte| byte >= 0xf0).count();
    certain || text.len() > LONGEST_UNQUOTED && starts() + pairs() > LONGEST_UNQUOTED
}

/// A column as what its fields are written from.
struct Column<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    /// What never stands in quotes.
    Bare(Flat<'a>),
    /// Timestamps that always stand in these quotes, if there are any, and have nothing in them that is doubled.
    Timestamps {
        values: &'a [i64],
        texts: TimestampTexts,
        quote: Option<u8>,
    },
    /// Texts; `doubles` is whether there is something in any of them that is doubled.
    Text {
        texts: &'a StringArray,
        doubles: bool,
    },
    /// What is put together before it is known whether it needs quotes.
    Composed(Parts<'a>),
}

impl<'a> Column<'a> {
    fn new(array: &'a ArrayRef, encoder: &CsvEncoder) -> Result<Column<'a>> {
        let values = match Parts::new(array)? {
            Parts::Null => Values::Null,
            Parts::Flat(_, flat) if flat.is_number() || matches!(flat, Flat::Boolean(_)) => Values::Bare(flat),
            Parts::Flat(_, Flat::Text(texts)) => Values::Text { texts, doubles: encoder.has_doubled(all_bytes(texts)) },
            Parts::Flat(_, Flat::Timestamp { values, unit, local_zone }) if encoder.timestamps_alike => {
                let texts = TimestampTexts::new(unit, encoder.style.timestamps, local_zone);
                Values::Timestamps { values, texts, quote: encoder.dialect.quote }
            }
            parts => Values::Composed(parts),
        };
        Ok(Column { nulls: array.nulls(), values })
    }

    fn is_null(&self, row: usize) -> bool {
        matches!(self.values, Values::Null) || self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }
}

/// The bytes of all texts of a column.
fn all_bytes(texts: &StringArray) -> &[u8] {
    let offsets = texts.value_offsets();
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    &texts.value_data()[first as usize..last as usize]
}

/// What the text of a field is put together from.
enum Parts<'a> {
    Null,
    Flat(&'a ArrayRef, Flat<'a>),
    List(&'a ArrayRef, &'a [i32], Box<Parts<'a>>),
    Row(&'a ArrayRef, Vec<Parts<'a>>),
}

impl<'a> Parts<'a> {
    fn new(array: &'a ArrayRef) -> Result<Parts<'a>> {
        Ok(match array.data_type() {
            ArrowType::Null => Parts::Null,
            ArrowType::List(_) => {
                let list = array.as_list::<i32>();
                Parts::List(array, list.value_offsets(), Box::new(Parts::new(list.values())?))
            }
            ArrowType::Struct(_) => {
                Parts::Row(array, array.as_struct().columns().iter().map(Parts::new).collect::<Result<_>>()?)
            }
            _ => Parts::Flat(array, Flat::of(array)?),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Parts::Null => true,
            Parts::Flat(array, _) | Parts::List(array, ..) | Parts::Row(array, _) => array.is_null(row),
        }
    }

    /// Appends the text of a field that is not NULL.
    fn write(&self, out: &mut Vec<u8>, row: usize, encoder: &CsvEncoder) {
        match self {
            Parts::Null => {}
            Parts::Flat(_, flat) => flat.write(out, row, &encoder.style),
            Parts::List(_, offsets, item) => {
                let entries = offsets[row] as usize..offsets[row + 1] as usize;
                write_elements(out, entries.map(|entry| (&**item, entry)), encoder);
            }
            Parts::Row(_, fields) => write_elements(out, fields.iter().map(|field| (field, row)), encoder),
        }
    }
}

/// Appends the elements of an array or row: without quotes.
fn write_elements<'a>(out: &mut Vec<u8>, elements: impl Iterator<Item = (&'a Parts<'a>, usize)>, encoder: &CsvEncoder) {
    for (index, (element, row)) in elements.enumerate() {
        if index > 0 {
            out.extend_from_slice(encoder.dialect.element_delimiter.as_bytes());
        }
        match element {
            _ if element.is_null(row) => encoder.write_null(out),
            Parts::Flat(_, flat) => flat.write(out, row, &encoder.style),
            // Refused when the encoder was made.
            Parts::Null | Parts::List(..) | Parts::Row(..) => {}
        }
    }
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()> {
        let mut columns = batch.columns().iter().map(|array| Column::new(array, self)).collect::<Result<Vec<_>>>()?;
        let texts = columns.iter().map(|column| match column.values {
            Values::Text { texts, .. } => all_bytes(texts).len(),
            _ => 0,
        });
        out.data.reserve(texts.sum::<usize>() + batch.num_rows() * columns.len() * BYTES_PER_COLUMN);
        out.ends.reserve(batch.num_rows());
        let mut scratch = std::mem::take(&mut self.scratch);
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter_mut().enumerate() {
                if index > 0 {
                    self.write_delimiter(&mut out.data);
                }
                self.write_field(&mut out.data, column, row, &mut scratch);
            }
            out.end_row();
        }
        self.scratch = scratch;
        Ok(())
    }
}
