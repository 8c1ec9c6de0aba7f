//! `raw`: the record's bytes as the one column of the table.
//!
//! Options and mapping as in Flink 2.3, "Raw Format". A record of the wrong length for a number is broken, as there; so
//! is one that is no text in the charset, where Flink puts `�` for what it can't read.

#[cfg(test)]
mod tests;

use crate::columns::{Columns, Values};
use crate::format::{Decoder, EncodedRows, Encoder, Format, FormatSpec, Framer, LineFramer};
use crate::records::{ReadRecord, RecordDecoder};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType as ArrowType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use riverrun_core::{Error, OptionDef, OptionType, Options, Result, TypeKind};
use std::borrow::Cow;

const CHARSET: OptionDef = OptionDef::new(
    "charset",
    OptionType::OneOf(&["UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16LE", "UTF-16BE"]),
    Some("UTF-8"),
    "The charset of a STRING.",
);
const ENDIANNESS: OptionDef = OptionDef::new(
    "endianness",
    OptionType::OneOf(&["big-endian", "little-endian"]),
    Some("big-endian"),
    "Which byte of a number comes first.",
);

/// The format.
#[derive(Debug)]
pub struct Raw;

impl Format for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn doc(&self) -> &'static str {
        "The bytes of a record as the one column of the table."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[CHARSET, ENDIANNESS]
    }

    fn decoder(&self, spec: &FormatSpec) -> Result<Box<dyn Decoder>> {
        check(spec)?;
        let reader = RawReader { charset: Charset::new(&spec.options), little_endian: little_endian(&spec.options) };
        Ok(Box::new(RecordDecoder::over(Columns::new(&spec.schema, &spec.projection)?, reader, false)))
    }

    fn encoder(&self, spec: &FormatSpec) -> Result<Box<dyn Encoder>> {
        check(spec)?;
        Ok(Box::new(RawEncoder { charset: Charset::new(&spec.options), little_endian: little_endian(&spec.options) }))
    }

    fn framer(&self, _options: &Options) -> Result<Box<dyn Framer>> {
        Ok(Box::new(LineFramer::default()))
    }
}

fn check(spec: &FormatSpec) -> Result<()> {
    let [field] = spec.schema.fields.as_slice() else {
        return Err(Error::input(format!(
            "format 'raw' needs a table of one column, and this has {}",
            spec.schema.len()
        ))
        .detail(format!("columns: {}", spec.schema))
        .hint("keep one physical column; computed and METADATA columns don't count"));
    };
    match field.data_type.kind {
        TypeKind::Boolean
        | TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::Char(_)
        | TypeKind::Varchar(_)
        | TypeKind::Binary(_)
        | TypeKind::Varbinary(_) => Ok(()),
        _ => Err(Error::input(format!("format 'raw' can't hold type {}", field.data_type.kind))
            .hint("use STRING, BYTES, BOOLEAN or a number type")),
    }
}

fn little_endian(options: &Options) -> bool {
    options.text(&ENDIANNESS).is_some_and(|text| text.trim().eq_ignore_ascii_case("little-endian"))
}

/// How a STRING is held in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { little_endian: bool },
}

impl Charset {
    fn new(options: &Options) -> Charset {
        match options.text(&CHARSET).unwrap_or_default().trim().to_ascii_uppercase().as_str() {
            "US-ASCII" => Charset::Ascii,
            "ISO-8859-1" => Charset::Latin1,
            "UTF-16LE" => Charset::Utf16 { little_endian: true },
            "UTF-16BE" => Charset::Utf16 { little_endian: false },
            _ => Charset::Utf8,
        }
    }

    /// The text; where it is none, the first byte that can't be read.
    fn decode<'a>(self, bytes: &'a [u8]) -> Result<Cow<'a, str>, usize> {
        match self {
            Charset::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| error.valid_up_to()),
            Charset::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                None => Charset::Utf8.decode(bytes),
                Some(at) => Err(at),
            },
            Charset::Latin1 => Ok(bytes.iter().map(|&b| b as char).collect()),
            Charset::Utf16 { little_endian } => {
                let units = bytes.chunks_exact(2).map(|pair| match (pair, little_endian) {
                    (&[a, b], true) => u16::from_le_bytes([a, b]),
                    (&[a, b], false) => u16::from_be_bytes([a, b]),
                    _ => 0,
                });
                let mut text = String::with_capacity(bytes.len());
                let mut at = 0;
                for character in char::decode_utf16(units) {
                    let character = character.map_err(|_| at)?;
                    text.push(character);
                    at += 2 * character.len_utf16();
                }
                if bytes.len().is_multiple_of(2) { Ok(Cow::Owned(text)) } else { Err(at) }
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Ascii => "US-ASCII",
            Charset::Latin1 => "ISO-8859-1",
            Charset::Utf16 { little_endian: true } => "UTF-16LE",
            Charset::Utf16 { little_endian: false } => "UTF-16BE",
        }
    }

    fn encode(self, text: &str, out: &mut Vec<u8>) {
        let below = |limit: u32| text.chars().map(move |c| if u32::from(c) < limit { c as u32 as u8 } else { b'?' });
        match self {
            Charset::Utf8 => out.extend_from_slice(text.as_bytes()),
            Charset::Ascii => out.extend(below(0x80)),
            Charset::Latin1 => out.extend(below(0x100)),
            Charset::Utf16 { little_endian: true } => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Charset::Utf16 { little_endian: false } => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        }
    }
}

struct RawReader {
    charset: Charset,
    little_endian: bool,
}

impl ReadRecord for RawReader {
    fn read(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), String> {
        if let Some(column) = columns.columns.first_mut() {
            let little = self.little_endian;
            let wrong = |expected: usize| {
                format!(
                    "column `{}`: expected {expected} bytes for {}, found {}",
                    column.field.name,
                    column.field.data_type.kind,
                    record.len()
                )
            };
            macro_rules! number {
                ($values:expr, $type:ty) => {{
                    let bytes = record.try_into().map_err(|_| wrong(size_of::<$type>()))?;
                    $values.push(if little { <$type>::from_le_bytes(bytes) } else { <$type>::from_be_bytes(bytes) });
                }};
            }
            match &mut column.values {
                Values::Boolean(values) => {
                    let [byte] = record else { return Err(wrong(1)) };
                    values.append(*byte != 0);
                }
                Values::TinyInt(values) => number!(values, i8),
                Values::SmallInt(values) => number!(values, i16),
                Values::Int(values) => number!(values, i32),
                Values::BigInt(values) => number!(values, i64),
                Values::Float(values) => number!(values, f32),
                Values::Double(values) => number!(values, f64),
                Values::Text(bytes) => match self.charset.decode(record) {
                    Ok(text) => bytes.push(text.as_bytes()),
                    Err(at) => return Err(format!("invalid {} at byte {at}", self.charset.name())),
                },
                Values::Binary(bytes) => bytes.push(record),
                _ => return Err("format raw can't hold this type".to_owned()),
            }
            column.pushed();
        }
        columns.end_row();
        Ok(())
    }
}

struct RawEncoder {
    charset: Charset,
    little_endian: bool,
}

impl Encoder for RawEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()> {
        let Some(column) = batch.columns().first() else {
            return Err(Error::bug("a raw row without a column"));
        };
        let little = self.little_endian;
        macro_rules! number {
            ($type:ty, $row:expr) => {{
                let value = column.as_primitive::<$type>().value($row);
                out.data.extend_from_slice(&if little { value.to_le_bytes() } else { value.to_be_bytes() });
            }};
        }
        for row in 0..batch.num_rows() {
            // A NULL is an empty record: Flink's is no record at all, which a file can't show.
            if !column.is_null(row) {
                match column.data_type() {
                    ArrowType::Boolean => out.data.push(u8::from(column.as_boolean().value(row))),
                    ArrowType::Int8 => number!(Int8Type, row),
                    ArrowType::Int16 => number!(Int16Type, row),
                    ArrowType::Int32 => number!(Int32Type, row),
                    ArrowType::Int64 => number!(Int64Type, row),
                    ArrowType::Float32 => number!(Float32Type, row),
                    ArrowType::Float64 => number!(Float64Type, row),
                    ArrowType::Utf8 => self.charset.encode(column.as_string::<i32>().value(row), &mut out.data),
                    ArrowType::Binary => out.data.extend_from_slice(column.as_binary::<i32>().value(row)),
                    other => return Err(Error::bug(format!("a raw column of type {other}"))),
                }
            }
            out.end_row();
        }
        Ok(())
    }
}
