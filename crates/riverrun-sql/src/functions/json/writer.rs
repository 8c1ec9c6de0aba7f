//! Columns of any type written as JSON.

use super::number::write_number;
use super::value::write_string;
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, PrimitiveArray, StringArray};
use arrow::datatypes::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use riverrun_core::java_text::{double_text, write_decimal, write_timestamp_fixed};
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::fmt::Write;

/// Whether values of a type can be written; an error names the type that can't.
pub fn check(data_type: &DataType) -> Result<()> {
    let refused = || Error::input(format!("{data_type} cannot be written as JSON"));
    match &data_type.kind {
        TypeKind::Boolean | TypeKind::Variant => Ok(()),
        kind if kind.is_numeric() || kind.is_character() || kind.is_binary() || kind.is_timestamp() => Ok(()),
        TypeKind::Array(element) => check(element),
        TypeKind::Map(key, value) if key.kind.is_character() => check(value),
        TypeKind::Map(key, _) => Err(refused().detail(format!("its keys are {key}")).hint("the keys must be texts")),
        TypeKind::Row(fields) => fields.iter().try_for_each(|field| check(&field.data_type)),
        TypeKind::Date | TypeKind::Time(_) => Err(refused().hint("CAST it to STRING")),
        _ => Err(refused()),
    }
}

/// Writes the values of one column.
pub enum JsonWriter<'a> {
    /// BOOLEAN.
    Boolean(&'a BooleanArray),
    /// TINYINT.
    Int8(&'a PrimitiveArray<Int8Type>),
    /// SMALLINT.
    Int16(&'a PrimitiveArray<Int16Type>),
    /// INT.
    Int32(&'a PrimitiveArray<Int32Type>),
    /// BIGINT.
    Int64(&'a PrimitiveArray<Int64Type>),
    /// FLOAT, written as the DOUBLE of its value.
    Float32(&'a PrimitiveArray<Float32Type>),
    /// DOUBLE.
    Float64(&'a PrimitiveArray<Float64Type>),
    /// DECIMAL, with its scale.
    Decimal(&'a Decimal128Array, u8),
    /// CHAR, VARCHAR.
    Text(&'a StringArray),
    /// VARIANT: JSON already.
    Json(&'a StringArray),
    /// BINARY, VARBINARY, as base64.
    Binary(&'a BinaryArray),
    /// Timestamps in parts of a second, and what follows them: `Z` for TIMESTAMP_LTZ.
    Timestamp(Timestamps<'a>, &'static str),
    /// ARRAY: its offsets, nulls and elements.
    Array(&'a arrow::array::ListArray, Box<JsonWriter<'a>>),
    /// MAP with its keys and values.
    Map(&'a arrow::array::MapArray, &'a StringArray, Box<JsonWriter<'a>>),
    /// ROW: its fields, sorted by name.
    Row(&'a arrow::array::StructArray, Vec<(String, JsonWriter<'a>)>),
}

/// Timestamps by their unit.
pub enum Timestamps<'a> {
    /// Milliseconds.
    Millis(&'a PrimitiveArray<TimestampMillisecondType>),
    /// Microseconds.
    Micros(&'a PrimitiveArray<TimestampMicrosecondType>),
    /// Nanoseconds.
    Nanos(&'a PrimitiveArray<TimestampNanosecondType>),
}

impl<'a> JsonWriter<'a> {
    /// The writer of a column of this type, which [`check`] has accepted.
    pub fn new(array: &'a ArrayRef, data_type: &DataType) -> Result<Self> {
        Self::of(array, data_type).ok_or_else(|| Error::bug(format!("a {data_type} came as {}", array.data_type())))?
    }

    fn of(array: &'a ArrayRef, data_type: &DataType) -> Option<Result<Self>> {
        use arrow::datatypes::TimeUnit;
        Some(Ok(match &data_type.kind {
            TypeKind::Boolean => JsonWriter::Boolean(array.as_boolean_opt()?),
            TypeKind::TinyInt => JsonWriter::Int8(array.as_primitive_opt()?),
            TypeKind::SmallInt => JsonWriter::Int16(array.as_primitive_opt()?),
            TypeKind::Int => JsonWriter::Int32(array.as_primitive_opt()?),
            TypeKind::BigInt => JsonWriter::Int64(array.as_primitive_opt()?),
            TypeKind::Float => JsonWriter::Float32(array.as_primitive_opt()?),
            TypeKind::Double => JsonWriter::Float64(array.as_primitive_opt()?),
            TypeKind::Decimal { scale, .. } => JsonWriter::Decimal(array.as_primitive_opt::<Decimal128Type>()?, *scale),
            TypeKind::Char(_) | TypeKind::Varchar(_) => JsonWriter::Text(array.as_string_opt()?),
            TypeKind::Variant => JsonWriter::Json(array.as_string_opt()?),
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => JsonWriter::Binary(array.as_binary_opt()?),
            TypeKind::Timestamp { precision, .. } | TypeKind::TimestampLtz { precision, .. } => {
                let zone = if matches!(data_type.kind, TypeKind::TimestampLtz { .. }) { "Z" } else { "" };
                let timestamps = match timestamp_unit(*precision) {
                    TimeUnit::Microsecond => Timestamps::Micros(array.as_primitive_opt()?),
                    TimeUnit::Nanosecond => Timestamps::Nanos(array.as_primitive_opt()?),
                    _ => Timestamps::Millis(array.as_primitive_opt()?),
                };
                JsonWriter::Timestamp(timestamps, zone)
            }
            TypeKind::Array(element) => {
                let list = array.as_list_opt::<i32>()?;
                match JsonWriter::new(list.values(), element) {
                    Ok(elements) => JsonWriter::Array(list, Box::new(elements)),
                    Err(error) => return Some(Err(error)),
                }
            }
            TypeKind::Map(_, value) => {
                let map = array.as_map_opt()?;
                match JsonWriter::new(map.values(), value) {
                    Ok(values) => JsonWriter::Map(map, map.keys().as_string_opt()?, Box::new(values)),
                    Err(error) => return Some(Err(error)),
                }
            }
            TypeKind::Row(fields) => {
                let row = array.as_struct_opt()?;
                let mut writers = Vec::with_capacity(fields.len());
                for (field, column) in fields.iter().zip(row.columns()) {
                    match JsonWriter::new(column, &field.data_type) {
                        Ok(writer) => writers.push((field.name.clone(), writer)),
                        Err(error) => return Some(Err(error)),
                    }
                }
                writers.sort_by(|(a, _), (b, _)| a.cmp(b));
                JsonWriter::Row(row, writers)
            }
            _ => return None,
        }))
    }

    fn array(&self) -> &dyn Array {
        match self {
            JsonWriter::Boolean(array) => array,
            JsonWriter::Int8(array) => array,
            JsonWriter::Int16(array) => array,
            JsonWriter::Int32(array) => array,
            JsonWriter::Int64(array) => array,
            JsonWriter::Float32(array) => array,
            JsonWriter::Float64(array) => array,
            JsonWriter::Decimal(array, _) => array,
            JsonWriter::Text(array) | JsonWriter::Json(array) => array,
            JsonWriter::Binary(array) => array,
            JsonWriter::Timestamp(Timestamps::Millis(array), _) => array,
            JsonWriter::Timestamp(Timestamps::Micros(array), _) => array,
            JsonWriter::Timestamp(Timestamps::Nanos(array), _) => array,
            JsonWriter::Array(array, _) => array,
            JsonWriter::Map(array, ..) => array,
            JsonWriter::Row(array, _) => array,
        }
    }

    /// Whether the value at `row` is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        self.array().is_null(row)
    }

    /// Writes the value at `row`.
    pub fn write(&self, row: usize, out: &mut String) {
        if self.is_null(row) {
            return out.push_str("null");
        }
        // Writing to a String never fails.
        let _ = match self {
            JsonWriter::Boolean(array) => write!(out, "{}", array.value(row)),
            JsonWriter::Int8(array) => write!(out, "{}", array.value(row)),
            JsonWriter::Int16(array) => write!(out, "{}", array.value(row)),
            JsonWriter::Int32(array) => write!(out, "{}", array.value(row)),
            JsonWriter::Int64(array) => write!(out, "{}", array.value(row)),
            JsonWriter::Float32(array) => return write_double(f64::from(array.value(row)), out),
            JsonWriter::Float64(array) => return write_double(array.value(row), out),
            JsonWriter::Decimal(array, scale) => return write_decimal(array.value(row), *scale, out),
            JsonWriter::Text(array) => return write_string(array.value(row), out),
            JsonWriter::Json(array) => {
                out.push_str(array.value(row));
                Ok(())
            }
            JsonWriter::Binary(array) => {
                out.push('"');
                STANDARD.encode_string(array.value(row), out);
                out.push('"');
                Ok(())
            }
            JsonWriter::Timestamp(timestamps, zone) => return write_timestamp(timestamps, row, zone, out),
            JsonWriter::Array(array, elements) => {
                let offsets = array.value_offsets();
                out.push('[');
                for place in offsets[row]..offsets[row + 1] {
                    if place > offsets[row] {
                        out.push(',');
                    }
                    elements.write(place as usize, out);
                }
                out.push(']');
                Ok(())
            }
            JsonWriter::Map(array, keys, values) => {
                let offsets = array.value_offsets();
                let mut places: Vec<usize> = (offsets[row] as usize..offsets[row + 1] as usize).collect();
                places.sort_by_key(|place| keys.value(*place));
                out.push('{');
                for (index, place) in places.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(keys.value(place), out);
                    out.push(':');
                    values.write(place, out);
                }
                out.push('}');
                Ok(())
            }
            JsonWriter::Row(_, fields) => {
                out.push('{');
                for (index, (name, field)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    field.write(row, out);
                }
                out.push('}');
                Ok(())
            }
        };
    }
}

/// As Java's BigDecimal of it: 1e10 is `1.0E+10`. What is no number becomes a string.
fn write_double(value: f64, out: &mut String) {
    let text = double_text(value);
    if value.is_finite() { write_number(&text, out) } else { write_string(&text, out) }
}

/// `"2024-01-01T00:00:00.12"`: seconds always, of their fraction what is not zero.
fn write_timestamp(timestamps: &Timestamps<'_>, row: usize, zone: &str, out: &mut String) {
    let (value, per_second, digits) = match timestamps {
        Timestamps::Millis(array) => (array.value(row), 1_000, 3),
        Timestamps::Micros(array) => (array.value(row), 1_000_000, 6),
        Timestamps::Nanos(array) => (array.value(row), 1_000_000_000, 9),
    };
    let start = out.len();
    write_timestamp_fixed(value, per_second, digits, out);
    let end = out.trim_end_matches('0').trim_end_matches('.').len();
    if out[start..].contains('.') {
        out.truncate(end);
    }
    // Dates and times have a space between them; ISO 8601 has a T.
    let text = out.split_off(start).replacen(' ', "T", 1);
    out.extend(["\"", &text, zone, "\""]);
}
