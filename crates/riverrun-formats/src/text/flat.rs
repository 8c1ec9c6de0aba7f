//! Values that are written in one piece, without structure: what JSON and CSV share.

use super::decimal::{self, Notation};
use super::{TimestampFormat, base64, float, time};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray, Time32MillisecondArray,
};
use arrow::datatypes::{
    DataType as ArrowType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use riverrun_core::{Error, Result};

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub struct TextStyle {
    /// Timestamps.
    pub timestamps: TimestampFormat,
    /// Decimals.
    pub notation: Notation,
}

/// A column of a type whose values are written in one piece.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the types'")]
pub enum Flat<'a> {
    Boolean(&'a BooleanArray),
    TinyInt(&'a Int8Array),
    SmallInt(&'a Int16Array),
    Int(&'a Int32Array),
    BigInt(&'a Int64Array),
    Float(&'a Float32Array),
    Double(&'a Float64Array),
    Decimal { values: &'a Decimal128Array, scale: u8 },
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
    Date(&'a Date32Array),
    Time(&'a Time32MillisecondArray),
    Timestamp { values: &'a [i64], unit: TimeUnit, local_zone: bool },
}

impl<'a> Flat<'a> {
    /// The values of an Arrow column.
    pub fn of(array: &'a ArrayRef) -> Result<Flat<'a>> {
        Ok(match array.data_type() {
            ArrowType::Boolean => Flat::Boolean(array.as_boolean()),
            ArrowType::Int8 => Flat::TinyInt(array.as_primitive()),
            ArrowType::Int16 => Flat::SmallInt(array.as_primitive()),
            ArrowType::Int32 => Flat::Int(array.as_primitive()),
            ArrowType::Int64 => Flat::BigInt(array.as_primitive()),
            ArrowType::Float32 => Flat::Float(array.as_primitive()),
            ArrowType::Float64 => Flat::Double(array.as_primitive()),
            ArrowType::Decimal128(_, scale) => {
                Flat::Decimal { values: array.as_primitive(), scale: (*scale).max(0) as u8 }
            }
            ArrowType::Utf8 => Flat::Text(array.as_string()),
            ArrowType::Binary => Flat::Bytes(array.as_binary()),
            ArrowType::Date32 => Flat::Date(array.as_primitive()),
            ArrowType::Time32(TimeUnit::Millisecond) => Flat::Time(array.as_primitive()),
            ArrowType::Timestamp(unit, zone) => {
                let values = match unit {
                    TimeUnit::Nanosecond => longs::<TimestampNanosecondType>(array),
                    TimeUnit::Microsecond => longs::<TimestampMicrosecondType>(array),
                    _ => longs::<TimestampMillisecondType>(array),
                };
                Flat::Timestamp { values, unit: *unit, local_zone: zone.is_some() }
            }
            other => return Err(Error::bug(format!("a column of type {other} can't be written as text"))),
        })
    }

    /// Whether a value stands without quotes in JSON: Booleans and numbers, except NaN and infinities.
    pub fn is_bare(self, row: usize) -> bool {
        match self {
            Flat::Float(values) => values.value(row).is_finite(),
            Flat::Double(values) => values.value(row).is_finite(),
            _ => self.is_number() || matches!(self, Flat::Boolean(_)),
        }
    }

    /// Whether values are numbers.
    pub fn is_number(self) -> bool {
        match self {
            Flat::TinyInt(_) | Flat::SmallInt(_) | Flat::Int(_) | Flat::BigInt(_) => true,
            Flat::Float(_) | Flat::Double(_) | Flat::Decimal { .. } => true,
            Flat::Boolean(_) | Flat::Text(_) | Flat::Bytes(_) => false,
            Flat::Date(_) | Flat::Time(_) | Flat::Timestamp { .. } => false,
        }
    }

    /// Appends the value in row `row`, which is not NULL.
    pub fn write(self, out: &mut Vec<u8>, row: usize, style: &TextStyle) {
        match self {
            Flat::Boolean(values) => out.extend_from_slice(if values.value(row) { b"true" } else { b"false" }),
            Flat::TinyInt(values) => integer(out, values.value(row)),
            Flat::SmallInt(values) => integer(out, values.value(row)),
            Flat::Int(values) => integer(out, values.value(row)),
            Flat::BigInt(values) => integer(out, values.value(row)),
            Flat::Float(values) => float::write_float(out, values.value(row)),
            Flat::Double(values) => float::write_double(out, values.value(row)),
            Flat::Decimal { values, scale } => decimal::write(out, values.value(row), scale, style.notation),
            Flat::Text(values) => out.extend_from_slice(values.value(row).as_bytes()),
            Flat::Bytes(values) => out.extend_from_slice(base64::encode(values.value(row)).as_bytes()),
            Flat::Date(values) => time::write_date(out, i64::from(values.value(row))),
            Flat::Time(values) => time::write_time(out, i64::from(values.value(row)) * 1_000_000),
            Flat::Timestamp { values, unit, local_zone } => {
                time::write_timestamp(out, values[row], unit, style.timestamps, local_zone);
            }
        }
    }
}

fn longs<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef) -> &[i64] {
    array.as_primitive::<T>().values()
}

fn integer(out: &mut Vec<u8>, value: impl Into<i64>) {
    out.extend_from_slice(itoa::Buffer::new().format(value.into()).as_bytes());
}
