//! Key bytes back into columns.

use super::encode::{NULL, VALUE};
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanBuilder, ListArray, MapArray, NullArray, PrimitiveBuilder,
    StringBuilder, StructArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, FieldRef, Fields, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use riverrun_core::{Error, Result};
use std::sync::Arc;

/// The columns of these types that were encoded into `rows`, which hold nothing else.
pub fn decode<'a>(types: &[DataType], rows: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>> {
    let mut cursors: Vec<&[u8]> = rows.into_iter().collect();
    let columns = types.iter().map(|data_type| column(data_type, &mut cursors)).collect::<Result<Vec<_>>>()?;
    if cursors.iter().any(|rest| !rest.is_empty()) {
        return Err(damaged());
    }
    Ok(columns)
}

fn damaged() -> Error {
    Error::failure("stored key bytes do not fit the types of their columns")
        .detail("the state is damaged, or was written by a query with other types")
}

/// A value of one width from its ordered bytes.
trait FromOrdered<const N: usize>: Sized {
    fn from_ordered(bytes: [u8; N]) -> Self;
}

macro_rules! from_ordered_integer {
    ($($number:ty, $width:literal;)*) => {$(
        impl FromOrdered<$width> for $number {
            #[inline(always)]
            fn from_ordered(bytes: [u8; $width]) -> Self {
                <$number>::from_be_bytes(bytes) ^ <$number>::MIN
            }
        }
    )*};
}

from_ordered_integer!(i8, 1; i16, 2; i32, 4; i64, 8; i128, 16;);

macro_rules! from_ordered_float {
    ($($number:ty, $bits:ty, $width:literal;)*) => {$(
        impl FromOrdered<$width> for $number {
            #[inline(always)]
            fn from_ordered(bytes: [u8; $width]) -> Self {
                let bits = <$bits>::from_be_bytes(bytes);
                let sign: $bits = 1 << (<$bits>::BITS - 1);
                <$number>::from_bits(if bits & sign == 0 { !bits } else { bits ^ sign })
            }
        }
    )*};
}

from_ordered_float!(f32, u32, 4; f64, u64, 8;);

/// Reads the marker: whether a value follows.
#[inline]
fn marker(cursor: &mut &[u8]) -> Result<bool> {
    let (&marker, rest) = cursor.split_first().ok_or_else(damaged)?;
    *cursor = rest;
    match marker {
        NULL => Ok(false),
        VALUE => Ok(true),
        _ => Err(damaged()),
    }
}

#[inline]
fn array<const N: usize>(cursor: &mut &[u8]) -> Result<[u8; N]> {
    let (bytes, rest) = cursor.split_first_chunk::<N>().ok_or_else(damaged)?;
    *cursor = rest;
    Ok(*bytes)
}

fn fixed<T, const N: usize>(data_type: &DataType, cursors: &mut [&[u8]]) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: FromOrdered<N>,
{
    let mut builder = PrimitiveBuilder::<T>::with_capacity(cursors.len());
    for cursor in cursors {
        if marker(cursor)? {
            builder.append_value(T::Native::from_ordered(array(cursor)?));
        } else {
            builder.append_null();
        }
    }
    Ok(Arc::new(builder.finish().with_data_type(data_type.clone())))
}

/// Reads escaped bytes into `out`.
fn escaped(cursor: &mut &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    loop {
        let zero = cursor.iter().position(|&byte| byte == 0).ok_or_else(damaged)?;
        out.extend_from_slice(&cursor[..zero]);
        let follower = *cursor.get(zero + 1).ok_or_else(damaged)?;
        *cursor = &cursor[zero + 2..];
        match follower {
            0 => return Ok(()),
            0xFF => out.push(0),
            _ => return Err(damaged()),
        }
    }
}

fn column(data_type: &DataType, cursors: &mut [&[u8]]) -> Result<ArrayRef> {
    match data_type {
        DataType::Null => {
            for cursor in cursors.iter_mut() {
                marker(cursor)?;
            }
            Ok(Arc::new(NullArray::new(cursors.len())))
        }
        DataType::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(cursors.len());
            for cursor in cursors {
                if marker(cursor)? {
                    builder.append_value(array::<1>(cursor)? == [1]);
                } else {
                    builder.append_null();
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Int8 => fixed::<Int8Type, 1>(data_type, cursors),
        DataType::Int16 => fixed::<Int16Type, 2>(data_type, cursors),
        DataType::Int32 => fixed::<Int32Type, 4>(data_type, cursors),
        DataType::Int64 => fixed::<Int64Type, 8>(data_type, cursors),
        DataType::Date32 => fixed::<Date32Type, 4>(data_type, cursors),
        DataType::Time32(TimeUnit::Millisecond) => fixed::<Time32MillisecondType, 4>(data_type, cursors),
        DataType::Timestamp(TimeUnit::Second, _) => fixed::<TimestampSecondType, 8>(data_type, cursors),
        DataType::Timestamp(TimeUnit::Millisecond, _) => fixed::<TimestampMillisecondType, 8>(data_type, cursors),
        DataType::Timestamp(TimeUnit::Microsecond, _) => fixed::<TimestampMicrosecondType, 8>(data_type, cursors),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => fixed::<TimestampNanosecondType, 8>(data_type, cursors),
        DataType::Decimal128(..) => fixed::<Decimal128Type, 16>(data_type, cursors),
        DataType::Float32 => fixed::<Float32Type, 4>(data_type, cursors),
        DataType::Float64 => fixed::<Float64Type, 8>(data_type, cursors),
        DataType::Utf8 => {
            let (mut builder, mut value) = (StringBuilder::with_capacity(cursors.len(), 0), Vec::new());
            for cursor in cursors {
                if marker(cursor)? {
                    escaped(cursor, &mut value)?;
                    builder.append_value(std::str::from_utf8(&value).map_err(|_| damaged())?);
                } else {
                    builder.append_null();
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Binary => {
            let (mut builder, mut value) = (BinaryBuilder::with_capacity(cursors.len(), 0), Vec::new());
            for cursor in cursors {
                if marker(cursor)? {
                    escaped(cursor, &mut value)?;
                    builder.append_value(&value);
                } else {
                    builder.append_null();
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        DataType::Struct(fields) => Ok(Arc::new(fields_of(fields, cursors)?)),
        DataType::List(item) => {
            let (offsets, nulls, elements) = elements(item, cursors)?;
            Ok(Arc::new(ListArray::try_new(item.clone(), offsets, elements, nulls)?))
        }
        DataType::Map(entry, sorted) => {
            let (offsets, nulls, entries) = elements(entry, cursors)?;
            let entries = entries.as_any().downcast_ref::<StructArray>().ok_or_else(damaged)?.clone();
            Ok(Arc::new(MapArray::try_new(entry.clone(), offsets, entries, nulls, *sorted)?))
        }
        other => Err(Error::bug(format!("no key encoding of {other}"))),
    }
}

fn fields_of(fields: &Fields, cursors: &mut [&[u8]]) -> Result<StructArray> {
    let valid = cursors.iter_mut().map(marker).collect::<Result<Vec<bool>>>()?;
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        // A NULL row wrote nothing for its fields: each reads as NULL.
        let mut present: Vec<&[u8]> =
            cursors.iter().zip(&valid).map(|(&cursor, &valid)| if valid { cursor } else { &[NULL] }).collect();
        columns.push(column(field.data_type(), &mut present)?);
        for ((cursor, rest), &valid) in cursors.iter_mut().zip(present).zip(&valid) {
            if valid {
                *cursor = rest;
            }
        }
    }
    let nulls = Some(NullBuffer::new(BooleanBuffer::from(valid))).filter(|nulls| nulls.null_count() > 0);
    Ok(StructArray::try_new_with_length(fields.clone(), columns, nulls, cursors.len())?)
}

type Elements = (OffsetBuffer<i32>, Option<NullBuffer>, ArrayRef);

/// The elements of all rows in one array, and where each row's begin.
fn elements(item: &FieldRef, cursors: &mut [&[u8]]) -> Result<Elements> {
    let (mut found, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for cursor in cursors.iter_mut() {
        let before = found.len();
        valid.push(marker(cursor)?);
        while valid.last() == Some(&true) && marker(cursor)? {
            let element = *cursor;
            skip(item.data_type(), cursor)?;
            found.push(&element[..element.len() - cursor.len()]);
        }
        lengths.push(found.len() - before);
    }
    let array = column(item.data_type(), &mut found)?;
    let nulls = Some(NullBuffer::new(BooleanBuffer::from(valid))).filter(|nulls| nulls.null_count() > 0);
    Ok((OffsetBuffer::from_lengths(lengths), nulls, array))
}

/// Moves the cursor past one value.
fn skip(data_type: &DataType, cursor: &mut &[u8]) -> Result<()> {
    if !marker(cursor)? {
        return Ok(());
    }
    let width = match data_type {
        DataType::Null => 0,
        DataType::Boolean | DataType::Int8 => 1,
        DataType::Int16 => 2,
        DataType::Int32 | DataType::Date32 | DataType::Time32(_) | DataType::Float32 => 4,
        DataType::Int64 | DataType::Timestamp(..) | DataType::Float64 => 8,
        DataType::Decimal128(..) => 16,
        DataType::Utf8 | DataType::Binary => return skip_escaped(cursor),
        DataType::Struct(fields) => return fields.iter().try_for_each(|field| skip(field.data_type(), cursor)),
        DataType::List(item) | DataType::Map(item, _) => {
            while marker(cursor)? {
                skip(item.data_type(), cursor)?;
            }
            return Ok(());
        }
        other => return Err(Error::bug(format!("no key encoding of {other}"))),
    };
    *cursor = cursor.get(width..).ok_or_else(damaged)?;
    Ok(())
}

fn skip_escaped(cursor: &mut &[u8]) -> Result<()> {
    loop {
        let zero = cursor.iter().position(|&byte| byte == 0).ok_or_else(damaged)?;
        let follower = *cursor.get(zero + 1).ok_or_else(damaged)?;
        *cursor = &cursor[zero + 2..];
        if follower == 0 {
            return Ok(());
        }
    }
}
