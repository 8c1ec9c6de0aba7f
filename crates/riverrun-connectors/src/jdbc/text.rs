//! Values in PostgreSQL's text form, which every type of its has: what COPY and casts read and write.
//!
//! | type | text |
//! |---|---|
//! | BYTES | `\x00ff` |
//! | TIMESTAMP_LTZ | `2024-03-01 10:00:00.5+00`: sessions are in UTC |
//! | ARRAY | `{1,NULL,"a b"}` |

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::Result;
use riverrun_formats::columns::{Column, Values};
use riverrun_formats::text::decimal::Notation;
use riverrun_formats::text::flat::{Flat, TextStyle};
use riverrun_formats::text::{self, NoValue, TimestampFormat};

const STYLE: TextStyle = TextStyle { timestamps: TimestampFormat::Sql, notation: Notation::Plain };

/// A column whose values are to become text.
pub enum TextColumn<'a> {
    /// Only NULLs.
    Null,
    /// Values in one piece.
    Flat(&'a ArrayRef, Flat<'a>),
    /// Lists, with their offsets and elements.
    List(&'a ArrayRef, &'a [i32], Box<TextColumn<'a>>),
}

impl<'a> TextColumn<'a> {
    /// A column of a table; its type was checked when the table was.
    pub fn new(array: &'a ArrayRef) -> Result<TextColumn<'a>> {
        Ok(match array.data_type() {
            ArrowType::Null => TextColumn::Null,
            ArrowType::List(_) => {
                let list = array.as_list::<i32>();
                TextColumn::List(array, list.value_offsets(), Box::new(TextColumn::new(list.values())?))
            }
            _ => TextColumn::Flat(array, Flat::of(array)?),
        })
    }

    /// Whether the value of a row is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            TextColumn::Null => true,
            TextColumn::Flat(array, _) | TextColumn::List(array, ..) => array.is_null(row),
        }
    }

    /// Appends the value of a row, which is not NULL.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            TextColumn::Null => {}
            TextColumn::Flat(_, Flat::Bytes(bytes)) => write_hex(bytes.value(row), out),
            TextColumn::Flat(_, flat) => flat.write(out, row, &STYLE),
            TextColumn::List(_, offsets, items) => {
                out.push(b'{');
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                for (index, item) in range.enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    items.write_element(item, out);
                }
                out.push(b'}');
            }
        }
    }

    fn write_element(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            _ if self.is_null(row) => out.extend_from_slice(b"NULL"),
            TextColumn::Flat(_, flat) if flat.is_number() => self.write(row, out),
            TextColumn::List(..) => self.write(row, out),
            _ => {
                let mut text = Vec::new();
                self.write(row, &mut text);
                out.push(b'"');
                for byte in text {
                    if matches!(byte, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(byte);
                }
                out.push(b'"');
            }
        }
    }

    /// The value of a row as text of its own.
    pub fn text(&self, row: usize) -> Option<String> {
        if self.is_null(row) {
            return None;
        }
        let mut out = Vec::new();
        self.write(row, &mut out);
        // All that is written is ASCII or comes from Arrow's strings.
        Some(String::from_utf8_lossy(&out).into_owned())
    }
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\x");
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Appends the value that a text of the server's stands for. Nothing is appended if it stands for none.
pub fn push(column: &mut Column, value: &str) -> Result<(), NoValue> {
    match &mut column.values {
        Values::Boolean(values) => values.append(match value {
            "t" | "true" => true,
            "f" | "false" => false,
            _ => return Err(NoValue),
        }),
        Values::Binary(bytes) => bytes.push(&hex(value).ok_or(NoValue)?),
        Values::Timestamp { values, unit, local_zone } => {
            // Sessions are in UTC.
            let value = if *local_zone { value.strip_suffix("+00").ok_or(NoValue)? } else { value };
            let value = text::time::parse_timestamp(value, TimestampFormat::Sql, false, *unit);
            values.push(value.ok_or(NoValue)?);
        }
        Values::Array { .. } => {
            let len = column.len();
            let mut rest = value.as_bytes();
            return match push_array(column, &mut rest) {
                Ok(()) if rest.is_empty() => Ok(()),
                _ => {
                    column.truncate(len);
                    Err(NoValue)
                }
            };
        }
        _ => return text::push_text(column, value, TimestampFormat::Sql, text::Dialect::Json),
    }
    column.pushed();
    Ok(())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// Reads `{…}` from the beginning of `rest`.
fn push_array(column: &mut Column, rest: &mut &[u8]) -> Result<(), NoValue> {
    let Values::Array { ends, item } = &mut column.values else { return Err(NoValue) };
    let skip = |rest: &mut &[u8], wanted: u8| match rest.split_first() {
        Some((&first, after)) if first == wanted => {
            *rest = after;
            true
        }
        _ => false,
    };
    if !skip(rest, b'{') {
        return Err(NoValue);
    }
    while !skip(rest, b'}') {
        let nested = matches!(item.values, Values::Array { .. });
        match rest.first() {
            Some(b'{') if nested => push_array(item, rest)?,
            Some(b'"') => push(item, &quoted(rest)?)?,
            Some(_) => {
                let end = rest.iter().position(|byte| matches!(byte, b',' | b'}')).ok_or(NoValue)?;
                let text = std::str::from_utf8(&rest[..end]).map_err(|_| NoValue)?;
                if text == "NULL" {
                    item.push_null()
                } else {
                    push(item, text)?
                }
                *rest = &rest[end..];
            }
            None => return Err(NoValue),
        }
        if !skip(rest, b',') && rest.first() != Some(&b'}') {
            return Err(NoValue);
        }
    }
    ends.push(item.len());
    column.pushed();
    Ok(())
}

fn quoted(rest: &mut &[u8]) -> Result<String, NoValue> {
    let mut text = Vec::new();
    let mut bytes = rest[1..].iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => {
                *rest = &rest[at + 2..];
                return String::from_utf8(text).map_err(|_| NoValue);
            }
            b'\\' => text.push(*bytes.next().ok_or(NoValue)?.1),
            byte => text.push(byte),
        }
    }
    Err(NoValue)
}

/// Appends a value as a field of COPY's text form.
pub fn escape(value: &[u8], out: &mut Vec<u8>) {
    for &byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
}

/// A field of COPY's text form as the value's text; `None` for NULL.
pub fn unescape<'a>(field: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if field == b"\\N" {
        return None;
    }
    if !field.contains(&b'\\') {
        return Some(field);
    }
    scratch.clear();
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        scratch.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'v') => 11,
                Some(&other) => other,
                None => b'\\',
            },
        });
    }
    Some(scratch)
}

#[cfg(test)]
mod tests;
