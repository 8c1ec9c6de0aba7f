//! Columns into JSON, with the text that Flink writes.

use super::decode::check_key;
use crate::format::{EncodedRows, Encoder, FormatSpec};
use crate::text::decimal::Notation;
use crate::text::flat::{Flat, TextStyle};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::{DataType, Error, Result, TypeKind};

/// An encoder of rows as JSON objects.
#[derive(Debug)]
pub struct JsonEncoder {
    names: Vec<Vec<u8>>,
    style: Style,
}

#[derive(Debug)]
struct Style {
    text: TextStyle,
    ignore_null_fields: bool,
}

impl JsonEncoder {
    /// An encoder of rows of the whole schema.
    pub fn new(spec: &FormatSpec) -> Result<JsonEncoder> {
        for field in &spec.schema.fields {
            check_type(&field.data_type)?;
        }
        let options = &spec.options;
        let plain = options.bool(&super::PLAIN_DECIMALS)?;
        let style = Style {
            text: TextStyle {
                timestamps: super::timestamp_format(options),
                notation: if plain { Notation::Plain } else { Notation::Scientific },
            },
            ignore_null_fields: options.bool(&super::IGNORE_NULL_FIELDS)?,
        };
        Ok(JsonEncoder { names: spec.schema.fields.iter().map(|field| quoted_name(&field.name)).collect(), style })
    }
}

/// `"name":`
fn quoted_name(name: &str) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(name.len() + 3);
    write_string(&mut quoted, name, true);
    quoted.push(b':');
    quoted
}

fn check_type(data_type: &DataType) -> Result<()> {
    match &data_type.kind {
        TypeKind::Array(item) => check_type(item),
        TypeKind::Map(key, value) => {
            check_key(data_type, key)?;
            check_type(value)
        }
        TypeKind::Multiset(key) => check_key(data_type, key),
        TypeKind::Row(fields) => fields.iter().try_for_each(|field| check_type(&field.data_type)),
        TypeKind::Bitmap => Err(Error::unsupported(format!("writing type {data_type} as JSON"))),
        _ => Ok(()),
    }
}

impl Encoder for JsonEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedRows) -> Result<()> {
        let columns = batch.columns().iter().map(Writer::new).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            write_row(&mut out.data, &self.names, &columns, row, &self.style)?;
            out.end_row();
        }
        Ok(())
    }
}

/// A column as what its values are written from: the types are looked at once per batch.
enum Writer<'a> {
    Null,
    Flat(&'a ArrayRef, Flat<'a>),
    List { array: &'a ArrayRef, offsets: &'a [i32], item: Box<Writer<'a>> },
    Map { array: &'a ArrayRef, offsets: &'a [i32], keys: &'a ArrayRef, value: Box<Writer<'a>> },
    Row { array: &'a ArrayRef, names: Vec<Vec<u8>>, fields: Vec<Writer<'a>> },
}

impl<'a> Writer<'a> {
    fn new(array: &'a ArrayRef) -> Result<Writer<'a>> {
        match array.data_type() {
            ArrowType::Null => Ok(Writer::Null),
            ArrowType::List(_) => {
                let list = array.as_list::<i32>();
                Ok(Writer::List { array, offsets: list.value_offsets(), item: Box::new(Writer::new(list.values())?) })
            }
            ArrowType::Map(_, _) => {
                let map = array.as_map();
                let value = Box::new(Writer::new(map.values())?);
                Ok(Writer::Map { array, offsets: map.value_offsets(), keys: map.keys(), value })
            }
            ArrowType::Struct(fields) => {
                let columns = array.as_struct().columns();
                Ok(Writer::Row {
                    array,
                    names: fields.iter().map(|field| quoted_name(field.name())).collect(),
                    fields: columns.iter().map(Writer::new).collect::<Result<_>>()?,
                })
            }
            _ => Ok(Writer::Flat(array, Flat::of(array)?)),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Writer::Null => true,
            Writer::Flat(array, _)
            | Writer::List { array, .. }
            | Writer::Map { array, .. }
            | Writer::Row { array, .. } => array.is_null(row),
        }
    }

    fn write(&self, out: &mut Vec<u8>, row: usize, style: &Style) -> Result<()> {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Writer::Null => {}
            Writer::Flat(_, Flat::Text(texts)) => write_string(out, texts.value(row), true),
            Writer::Flat(_, flat) => {
                let bare = flat.is_bare(row);
                if !bare {
                    out.push(b'"');
                }
                flat.write(out, row, &style.text);
                if !bare {
                    out.push(b'"');
                }
            }
            Writer::List { offsets, item, .. } => {
                out.push(b'[');
                for (index, entry) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write(out, entry, style)?;
                }
                out.push(b']');
            }
            Writer::Map { offsets, keys, value, .. } => {
                let keys = keys.as_string::<i32>();
                out.push(b'{');
                let mut first = true;
                for entry in offsets[row] as usize..offsets[row + 1] as usize {
                    if !first {
                        out.push(b',');
                    }
                    first = false;
                    write_string(out, keys.value(entry), true);
                    out.push(b':');
                    value.write(out, entry, style)?;
                }
                out.push(b'}');
            }
            Writer::Row { names, fields, .. } => write_row(out, names, fields, row, style)?,
        }
        Ok(())
    }
}

fn write_row(out: &mut Vec<u8>, names: &[Vec<u8>], fields: &[Writer<'_>], row: usize, style: &Style) -> Result<()> {
    out.push(b'{');
    let mut first = true;
    for (name, field) in names.iter().zip(fields) {
        if style.ignore_null_fields && field.is_null(row) {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(name);
        field.write(out, row, style)?;
    }
    out.push(b'}');
    Ok(())
}

/// Appends a string in quotes, escaped as Jackson does it: control characters, and with `surrogates` characters beyond
/// the basic plane as pairs of escapes.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str, surrogates: bool) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let special = byte < 0x20 || byte == b'"' || byte == b'\\' || (surrogates && byte >= 0xf0);
        if !special {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        done = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            _ => {
                let character = text[at..].chars().next().unwrap_or_default();
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
                }
                done = at + character.len_utf8();
            }
        }
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}
