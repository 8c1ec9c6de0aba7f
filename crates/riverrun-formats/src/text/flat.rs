//! Values that are written in one piece, without structure: what JSON and CSV share.

use super::decimal::{self, Notation};
use super::{TimestampFormat, base64, float, time};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
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

/// A type whose values are written in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the types'")]
pub enum Flat {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal { scale: u8 },
    Text,
    Bytes,
    Date,
    Time,
    Timestamp { unit: TimeUnit, local_zone: bool },
}

impl Flat {
    /// The type of an Arrow column.
    pub fn of(data_type: &ArrowType) -> Result<Flat> {
        Ok(match data_type {
            ArrowType::Boolean => Flat::Boolean,
            ArrowType::Int8 => Flat::TinyInt,
            ArrowType::Int16 => Flat::SmallInt,
            ArrowType::Int32 => Flat::Int,
            ArrowType::Int64 => Flat::BigInt,
            ArrowType::Float32 => Flat::Float,
            ArrowType::Float64 => Flat::Double,
            ArrowType::Decimal128(_, scale) => Flat::Decimal { scale: (*scale).max(0) as u8 },
            ArrowType::Utf8 => Flat::Text,
            ArrowType::Binary => Flat::Bytes,
            ArrowType::Date32 => Flat::Date,
            ArrowType::Time32(TimeUnit::Millisecond) => Flat::Time,
            ArrowType::Timestamp(unit, zone) => Flat::Timestamp { unit: *unit, local_zone: zone.is_some() },
            other => return Err(Error::bug(format!("a column of type {other} can't be written as text"))),
        })
    }

    /// Whether a value stands without quotes in JSON: Booleans and numbers, except NaN and infinities.
    pub fn is_bare(self, array: &ArrayRef, row: usize) -> bool {
        match self {
            Flat::Float => array.as_primitive::<Float32Type>().value(row).is_finite(),
            Flat::Double => array.as_primitive::<Float64Type>().value(row).is_finite(),
            _ => self.is_number() || self == Flat::Boolean,
        }
    }

    /// Whether values are numbers.
    pub fn is_number(self) -> bool {
        !matches!(self, Flat::Boolean | Flat::Text | Flat::Bytes | Flat::Date | Flat::Time | Flat::Timestamp { .. })
    }

    /// Appends the value in row `row` of a column of this type, which is not NULL.
    pub fn write(self, out: &mut Vec<u8>, array: &ArrayRef, row: usize, style: &TextStyle) {
        match self {
            Flat::Boolean => out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" }),
            Flat::TinyInt => integer(out, array.as_primitive::<Int8Type>().value(row)),
            Flat::SmallInt => integer(out, array.as_primitive::<Int16Type>().value(row)),
            Flat::Int => integer(out, array.as_primitive::<Int32Type>().value(row)),
            Flat::BigInt => integer(out, array.as_primitive::<Int64Type>().value(row)),
            Flat::Float => float::write_float(out, array.as_primitive::<Float32Type>().value(row)),
            Flat::Double => float::write_double(out, array.as_primitive::<Float64Type>().value(row)),
            Flat::Decimal { scale } => {
                decimal::write(out, array.as_primitive::<Decimal128Type>().value(row), scale, style.notation);
            }
            Flat::Text => out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()),
            Flat::Bytes => out.extend_from_slice(base64::encode(array.as_binary::<i32>().value(row)).as_bytes()),
            Flat::Date => time::write_date(out, i64::from(array.as_primitive::<Date32Type>().value(row))),
            Flat::Time => {
                let millis = i64::from(array.as_primitive::<Time32MillisecondType>().value(row));
                time::write_time(out, millis * 1_000_000);
            }
            Flat::Timestamp { unit, local_zone } => {
                let value = match unit {
                    TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row),
                    TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
                    _ => array.as_primitive::<TimestampMillisecondType>().value(row),
                };
                time::write_timestamp(out, value, unit, style.timestamps, local_zone);
            }
        }
    }
}

fn integer(out: &mut Vec<u8>, value: impl Into<i64>) {
    let value: i64 = value.into();
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.extend_from_slice(&digits[at..]);
}
