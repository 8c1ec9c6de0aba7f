//! Values and rows as text: as Flink's `Row` prints them, and as CAST turns them into strings.
//!
//! | value | [`TextStyle::Row`] | [`TextStyle::Cast`] |
//! |---|---|---|
//! | NULL | `null` | `NULL` (within a collection) |
//! | BOOLEAN | `true` | `TRUE` |
//! | DECIMAL | `0E-12` | `0.000000000000` |
//! | TIMESTAMP(3) | `2024-03-01T10:00` | `2024-03-01 10:00:00.000` |
//! | TIMESTAMP_LTZ(3) | `2024-03-01T10:00:00Z` | in the session's zone |
//! | TIME(0) | `10:00` | `10:00:00` |
//! | TIME(3) | `10:00:00.500` | `10:00:00.5` |
//! | BYTES | `[104, -61]` | UTF-8 text |
//! | intervals | `PT26H`, `P13M` | `+1 02:00:00.000`, `+1-01` |
//! | ARRAY, MAP | `[a, null]`, `{k=v}` | `[a, NULL]`, `{k=v}` |
//! | | entries in the order of Java's `HashMap` | in the map's order, of a MULTISET sorted by their text |
//! | ROW | `+I[a, b]` | `(a, b)` |

use crate::bitmap::write_bitmap;
use crate::java_text as java;
use crate::types::{DataType, TypeKind};
use crate::zone::offset_at_instant;
use crate::{Error, Result, RowKind};
use arrow::array::{
    Array, AsArray, BinaryArray, BooleanArray, Decimal128Array, GenericByteArray, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, ByteArrayType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use chrono_tz::Tz;
use java_order::hash_code;
use std::fmt::Write;

mod java_order;

/// For whom values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// As Flink's `Row` prints them: results, the print connector.
    Row,
    /// As CAST turns them into strings, in a session of this time zone.
    Cast(Tz),
}

/// Writes the value of `array` at `row` as Flink's `Row` prints it.
///
/// For many values of one array make a [`ValueWriter`] once.
pub fn format_value(array: &dyn Array, row: usize, data_type: &DataType, out: &mut String) -> Result<()> {
    ValueWriter::new(array, data_type, TextStyle::Row)?.write(row, out);
    Ok(())
}

/// Writes whole rows: `+I[a, 1]`.
#[derive(Clone, Debug)]
pub struct RowFormatter {
    types: Vec<DataType>,
}

impl RowFormatter {
    /// A formatter of rows with columns of these types.
    pub fn new(types: impl IntoIterator<Item = DataType>) -> Self {
        RowFormatter { types: types.into_iter().collect() }
    }

    /// A writer of this batch's rows.
    pub fn rows<'a>(&self, columns: &'a RecordBatch) -> Result<RowWriter<'a>> {
        let writers = columns
            .columns()
            .iter()
            .zip(&self.types)
            .map(|(column, data_type)| ValueWriter::new(column.as_ref(), data_type, TextStyle::Row));
        Ok(RowWriter { columns: writers.collect::<Result<_>>()? })
    }
}

/// Writes the rows of one batch.
#[derive(Debug)]
pub struct RowWriter<'a> {
    columns: Vec<ValueWriter<'a>>,
}

impl RowWriter<'_> {
    /// Writes a row as Flink's `Row.toString`: `-U[a, 1]`.
    pub fn write(&self, row: usize, kind: RowKind, out: &mut String) {
        out.push_str(kind.short());
        out.push('[');
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            column.write(row, out);
        }
        out.push(']');
    }

    /// Writes one value of a row.
    pub fn write_value(&self, row: usize, column: usize, out: &mut String) {
        self.columns[column].write(row, out);
    }
}

/// Writes the values of one array.
#[derive(Debug)]
pub struct ValueWriter<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
    style: TextStyle,
}

/// An array, downcast once.
#[derive(Debug)]
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    TinyInt(&'a [i8]),
    SmallInt(&'a [i16]),
    Int(&'a [i32]),
    BigInt(&'a [i64]),
    Float(&'a [f32]),
    Double(&'a [f64]),
    Decimal { values: &'a Decimal128Array, scale: u8 },
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
    Bitmap(&'a BinaryArray),
    Date(&'a [i32]),
    Time { millis: &'a [i32], precision: u8 },
    Timestamp { values: &'a [i64], per_second: i64, precision: u8, local: bool },
    Months(&'a [i32]),
    Millis(&'a [i64]),
    Array { offsets: &'a OffsetBuffer<i32>, elements: Box<ValueWriter<'a>> },
    Map { offsets: &'a OffsetBuffer<i32>, keys: Box<ValueWriter<'a>>, values: Box<ValueWriter<'a>>, counted: bool },
    Row(Vec<ValueWriter<'a>>),
}

impl<'a> ValueWriter<'a> {
    /// A writer of the values of `array`, which hold a `data_type`.
    pub fn new(array: &'a dyn Array, data_type: &DataType, style: TextStyle) -> Result<Self> {
        let values = Values::new(array, data_type, style)?;
        Ok(ValueWriter { nulls: array.nulls(), values, style })
    }

    /// Writes the value at `row`.
    pub fn write(&self, row: usize, out: &mut String) {
        if matches!(self.values, Values::Null) || self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            out.push_str(if self.style == TextStyle::Row { "null" } else { "NULL" });
            return;
        }
        match self.style {
            TextStyle::Row => self.write_row_style(row, out),
            TextStyle::Cast(zone) => self.write_cast_style(row, zone, out),
        }
    }

    fn write_row_style(&self, row: usize, out: &mut String) {
        match &self.values {
            Values::Boolean(values) => out.push_str(if values.value(row) { "true" } else { "false" }),
            Values::Decimal { values, scale } => java::write_decimal(values.value(row), *scale, out),
            Values::Bytes(values) => {
                out.push('[');
                for (index, byte) in values.value(row).iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let _ = write!(out, "{comma}{}", *byte as i8);
                }
                out.push(']');
            }
            Values::Time { millis, .. } => java::write_time(i64::from(millis[row]) * 1_000_000, out),
            Values::Timestamp { values, per_second, local: false, .. } => {
                java::write_timestamp(values[row], *per_second, out);
            }
            Values::Timestamp { values, per_second, .. } => java::write_instant(values[row], *per_second, out),
            Values::Months(months) => java::write_period(months[row], out),
            Values::Millis(millis) => java::write_duration(millis[row], out),
            Values::Row(fields) => write_list("+I[", fields.iter().map(|field| (field, row)), "]", out),
            _ => self.write_common(row, out),
        }
    }

    fn write_cast_style(&self, row: usize, zone: Tz, out: &mut String) {
        match &self.values {
            Values::Boolean(values) => out.push_str(if values.value(row) { "TRUE" } else { "FALSE" }),
            Values::Decimal { values, scale } => java::write_decimal_plain(values.value(row), *scale, out),
            Values::Bytes(values) => out.push_str(&String::from_utf8_lossy(values.value(row))),
            Values::Time { millis, precision } => {
                java::write_time_cast(i64::from(millis[row]) * 1_000_000, *precision, out);
            }
            Values::Timestamp { values, per_second, precision, local } => {
                let offset = if *local { offset_at_instant(zone, values[row].div_euclid(*per_second)) } else { 0 };
                java::write_timestamp_fixed(values[row] + offset * per_second, *per_second, *precision, out);
            }
            Values::Months(months) => java::write_month_interval(months[row], out),
            Values::Millis(millis) => java::write_day_interval(millis[row], out),
            Values::Row(fields) => write_list("(", fields.iter().map(|field| (field, row)), ")", out),
            _ => self.write_common(row, out),
        }
    }

    /// What both styles write alike.
    fn write_common(&self, row: usize, out: &mut String) {
        let _ = match &self.values {
            Values::TinyInt(values) => write!(out, "{}", values[row]),
            Values::SmallInt(values) => write!(out, "{}", values[row]),
            Values::Int(values) => write!(out, "{}", values[row]),
            Values::BigInt(values) => write!(out, "{}", values[row]),
            Values::Float(values) => {
                java::write_float(values[row], out);
                Ok(())
            }
            Values::Double(values) => {
                java::write_double(values[row], out);
                Ok(())
            }
            Values::Text(values) => out.write_str(values.value(row)),
            Values::Bitmap(values) => {
                write_bitmap(values.value(row), out);
                Ok(())
            }
            Values::Date(days) => {
                java::write_date(i64::from(days[row]), out);
                Ok(())
            }
            Values::Array { offsets, elements } => {
                write_list("[", range(offsets, row).map(|element| (elements.as_ref(), element)), "]", out);
                Ok(())
            }
            Values::Map { offsets, keys, values, counted } => {
                write_map(self.entries(range(offsets, row), keys, values, *counted), out)
            }
            _ => Ok(()),
        };
    }
}

impl ValueWriter<'_> {
    /// The texts of a map's entries in the order of the style; `counted` if it is a multiset.
    fn entries(
        &self,
        entries: std::ops::Range<usize>,
        keys: &ValueWriter<'_>,
        values: &ValueWriter<'_>,
        counted: bool,
    ) -> Vec<String> {
        let is_row = self.style == TextStyle::Row;
        let hash = |entry| if is_row { hash_code(keys, entry) } else { None };
        let mut texts: Vec<_> = entries.map(|entry| (hash(entry), map_entry(keys, values, entry))).collect();
        let hashed = is_row && texts.iter().all(|(hash, _)| hash.is_some());
        // A multiset has no order of its own, nor has Java's map of keys whose hash codes differ from run to run.
        if counted || is_row && !hashed {
            texts.sort_unstable_by(|(_, left), (_, right)| left.cmp(right));
        }
        if hashed {
            java_order::sort(&mut texts);
        }
        texts.into_iter().map(|(_, text)| text).collect()
    }
}

fn write_list<'w, 'a: 'w>(
    open: &str,
    values: impl Iterator<Item = (&'w ValueWriter<'a>, usize)>,
    close: &str,
    out: &mut String,
) {
    out.push_str(open);
    for (index, (writer, row)) in values.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        writer.write(row, out);
    }
    out.push_str(close);
}

fn write_map(entries: Vec<String>, out: &mut String) -> std::fmt::Result {
    out.push('{');
    for (index, entry) in entries.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(out, "{comma}{entry}")?;
    }
    out.push('}');
    Ok(())
}

fn map_entry(keys: &ValueWriter<'_>, values: &ValueWriter<'_>, entry: usize) -> String {
    let mut text = String::new();
    keys.write(entry, &mut text);
    text.push('=');
    values.write(entry, &mut text);
    text
}

fn range(offsets: &OffsetBuffer<i32>, row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

impl<'a> Values<'a> {
    fn new(array: &'a dyn Array, data_type: &DataType, style: TextStyle) -> Result<Self> {
        let mismatch = || Error::bug(format!("an array of {} does not hold {data_type}", array.data_type()));
        let child =
            |array: &'a dyn Array, data_type: &DataType| ValueWriter::new(array, data_type, style).map(Box::new);
        if array.data_type() == &arrow::datatypes::DataType::Null {
            return Ok(Values::Null);
        }
        let values = match &data_type.kind {
            TypeKind::Null => Some(Values::Null),
            TypeKind::Boolean => array.as_boolean_opt().map(Values::Boolean),
            TypeKind::TinyInt => slice::<Int8Type>(array).map(Values::TinyInt),
            TypeKind::SmallInt => slice::<Int16Type>(array).map(Values::SmallInt),
            TypeKind::Int => slice::<Int32Type>(array).map(Values::Int),
            TypeKind::BigInt => slice::<Int64Type>(array).map(Values::BigInt),
            TypeKind::Float => slice::<Float32Type>(array).map(Values::Float),
            TypeKind::Double => slice::<Float64Type>(array).map(Values::Double),
            TypeKind::Decimal { scale, .. } => {
                primitive::<Decimal128Type>(array).map(|values| Values::Decimal { values, scale: *scale })
            }
            TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Variant => byte_array(array).map(Values::Text),
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => byte_array(array).map(Values::Bytes),
            TypeKind::Bitmap => byte_array(array).map(Values::Bitmap),
            TypeKind::Date => slice::<Date32Type>(array).map(Values::Date),
            TypeKind::Time(precision) => {
                slice::<Time32MillisecondType>(array).map(|millis| Values::Time { millis, precision: *precision })
            }
            TypeKind::Timestamp { precision, .. } => timestamp(array, *precision, false),
            TypeKind::TimestampLtz { precision, .. } => timestamp(array, *precision, true),
            TypeKind::IntervalMonths => slice::<Int32Type>(array).map(Values::Months),
            TypeKind::IntervalMillis => slice::<Int64Type>(array).map(Values::Millis),
            TypeKind::Array(element) => {
                let list = array.as_list_opt::<i32>().ok_or_else(mismatch)?;
                let elements = child(list.values().as_ref(), element)?;
                Some(Values::Array { offsets: list.offsets(), elements })
            }
            TypeKind::Multiset(element) => {
                let map = array.as_map_opt().ok_or_else(mismatch)?;
                let (keys, values) = (child(map.keys().as_ref(), element)?, TypeKind::Int.not_null());
                let values = child(map.values().as_ref(), &values)?;
                Some(Values::Map { offsets: map.offsets(), keys, values, counted: true })
            }
            TypeKind::Map(key, value) => {
                let map = array.as_map_opt().ok_or_else(mismatch)?;
                let (keys, values) = (child(map.keys().as_ref(), key)?, child(map.values().as_ref(), value)?);
                Some(Values::Map { offsets: map.offsets(), keys, values, counted: false })
            }
            TypeKind::Row(fields) => {
                let columns = array.as_struct_opt().ok_or_else(mismatch)?.columns();
                let writers = fields
                    .iter()
                    .zip(columns)
                    .map(|(field, column)| ValueWriter::new(column.as_ref(), &field.data_type, style));
                Some(Values::Row(writers.collect::<Result<_>>()?))
            }
        };
        values.ok_or_else(mismatch)
    }
}

fn primitive<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<&PrimitiveArray<T>> {
    array.as_primitive_opt::<T>()
}

fn slice<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<&[T::Native]> {
    primitive::<T>(array).map(|values| values.values().as_ref())
}

fn byte_array<T: ByteArrayType<Offset = i32>>(array: &dyn Array) -> Option<&GenericByteArray<T>> {
    array.as_bytes_opt::<T>()
}

fn timestamp(array: &dyn Array, precision: u8, local: bool) -> Option<Values<'_>> {
    let (values, per_second) = match precision {
        0..=3 => (slice::<TimestampMillisecondType>(array)?, 1_000),
        4..=6 => (slice::<TimestampMicrosecondType>(array)?, 1_000_000),
        _ => (slice::<TimestampNanosecondType>(array)?, 1_000_000_000),
    };
    Some(Values::Timestamp { values, per_second, precision, local })
}

#[cfg(test)]
mod tests;
