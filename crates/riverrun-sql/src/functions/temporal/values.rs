//! Datetimes and intervals as columns of i64, whatever Arrow type holds them.

use crate::functions::kernels::Arguments;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Date32Type, Int32Type, Int64Type, Time32MillisecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use riverrun_core::types::timestamp_unit;
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

/// Milliseconds per day.
pub const DAY_MILLIS: i64 = 86_400_000;

/// How many of a type's units make a second: a timestamp's by its precision, else milliseconds.
pub fn per_second(kind: &TypeKind) -> i64 {
    match kind {
        TypeKind::Timestamp { precision, .. } | TypeKind::TimestampLtz { precision, .. } => {
            match timestamp_unit(*precision) {
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
                _ => 1_000,
            }
        }
        _ => 1_000,
    }
}

/// A column of integers, read row by row; a constant gives its value for every row.
#[derive(Debug)]
pub struct Longs {
    values: Int64Array,
    stride: usize,
}

impl Longs {
    /// The argument at a position: a number, datetime or interval.
    pub fn of(arguments: &Arguments, position: usize) -> Result<Longs> {
        let (array, constant) = arguments.raw(position)?;
        Ok(Longs { values: to_longs(array)?, stride: usize::from(!constant) })
    }

    /// The value of a row, `None` for NULL.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i64> {
        let row = row * self.stride;
        if self.values.is_null(row) { None } else { Some(self.values.value(row)) }
    }
}

fn wide<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef) -> Int64Array {
    let array = array.as_primitive::<T>();
    Int64Array::new(array.values().clone(), array.nulls().cloned())
}

fn narrow<T: ArrowPrimitiveType<Native = i32>>(array: &ArrayRef) -> Int64Array {
    array.as_primitive::<T>().unary(i64::from)
}

fn to_longs(array: &ArrayRef) -> Result<Int64Array> {
    Ok(match array.data_type() {
        ArrowType::Int64 => wide::<Int64Type>(array),
        ArrowType::Int32 => narrow::<Int32Type>(array),
        ArrowType::Date32 => narrow::<Date32Type>(array),
        ArrowType::Time32(TimeUnit::Millisecond) => narrow::<Time32MillisecondType>(array),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => wide::<TimestampMillisecondType>(array),
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => wide::<TimestampMicrosecondType>(array),
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => wide::<TimestampNanosecondType>(array),
        other => return Err(Error::bug(format!("a temporal function got {other}"))),
    })
}

/// A column of this type, of `rows` values.
pub fn column(data_type: &DataType, rows: usize, value: impl FnMut(usize) -> Option<i64>) -> Result<ArrayRef> {
    let values: Int64Array = (0..rows).map(value).collect();
    from_longs(data_type, values)
}

/// [`column()`] where a row may fail the job.
pub fn try_column(
    data_type: &DataType,
    rows: usize,
    value: impl FnMut(usize) -> Result<Option<i64>>,
) -> Result<ArrayRef> {
    let values = (0..rows).map(value).collect::<Result<Int64Array>>()?;
    from_longs(data_type, values)
}

fn from_longs(data_type: &DataType, values: Int64Array) -> Result<ArrayRef> {
    fn timestamps<T>(values: Int64Array, zone: Option<&Arc<str>>) -> ArrayRef
    where
        T: arrow::datatypes::ArrowTimestampType,
    {
        let (_, values, nulls) = values.into_parts();
        Arc::new(PrimitiveArray::<T>::new(values, nulls).with_timezone_opt(zone.cloned()))
    }
    fn narrowed<T: ArrowPrimitiveType<Native = i32>>(values: &Int64Array) -> ArrayRef {
        Arc::new(values.unary::<_, T>(|value| value as i32))
    }
    Ok(match data_type.to_arrow() {
        ArrowType::Int64 => Arc::new(values),
        ArrowType::Int32 => narrowed::<Int32Type>(&values),
        ArrowType::Date32 => narrowed::<Date32Type>(&values),
        ArrowType::Time32(_) => narrowed::<Time32MillisecondType>(&values),
        ArrowType::Timestamp(TimeUnit::Microsecond, zone) => {
            timestamps::<TimestampMicrosecondType>(values, zone.as_ref())
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, zone) => {
            timestamps::<TimestampNanosecondType>(values, zone.as_ref())
        }
        ArrowType::Timestamp(_, zone) => timestamps::<TimestampMillisecondType>(values, zone.as_ref()),
        other => return Err(Error::bug(format!("a temporal function gives {other}"))),
    })
}
