//! One column's share of the key bytes.

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, GenericByteArray, ListArray, MapArray, PrimitiveArray,
    StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ByteArrayType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use riverrun_core::{Error, Result};

/// Says that a value follows.
pub const VALUE: u8 = 1;
/// Stands for NULL.
pub const NULL: u8 = 0;

/// A value as bytes of one width whose order is the values' order.
trait Ordered<const N: usize>: Copy {
    fn ordered(self, exact: bool) -> [u8; N];
}

macro_rules! ordered_integer {
    ($($number:ty, $width:literal;)*) => {$(
        impl Ordered<$width> for $number {
            #[inline(always)]
            fn ordered(self, _exact: bool) -> [u8; $width] {
                (self ^ <$number>::MIN).to_be_bytes()
            }
        }
    )*};
}

ordered_integer!(i8, 1; i16, 2; i32, 4; i64, 8; i128, 16;);

macro_rules! ordered_float {
    ($($number:ty, $bits:ty, $width:literal;)*) => {$(
        impl Ordered<$width> for $number {
            #[inline(always)]
            fn ordered(self, exact: bool) -> [u8; $width] {
                let value = if exact { self } else if self == 0.0 { 0.0 } else if self.is_nan() { <$number>::NAN } else { self };
                let bits = value.to_bits();
                let sign: $bits = 1 << (<$bits>::BITS - 1);
                (if bits & sign == 0 { bits | sign } else { !bits }).to_be_bytes()
            }
        }
    )*};
}

ordered_float!(f32, u32, 4; f64, u64, 8;);

/// A column, ready to be written row by row.
pub enum Column<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Fixed {
        width: u32,
        nulls: Option<&'a NullBuffer>,
        write: FixedWriter<'a>,
    },
    Bytes {
        nulls: Option<&'a NullBuffer>,
        values: &'a [u8],
        offsets: &'a [i32],
    },
    /// Nested values, encoded one by one beforehand.
    Encoded {
        data: Vec<u8>,
        ends: Vec<usize>,
    },
}

type FixedWriter<'a> = Box<dyn Fn(&mut [u8], &mut [u32]) + 'a>;

impl<'a> Column<'a> {
    pub fn new(column: &'a ArrayRef, exact: bool) -> Result<Self> {
        Ok(match column.data_type() {
            DataType::Null => Column::Null,
            DataType::Boolean => Column::Boolean(column.as_boolean()),
            DataType::Int8 => fixed::<Int8Type, 1>(column, exact),
            DataType::Int16 => fixed::<Int16Type, 2>(column, exact),
            DataType::Int32 => fixed::<Int32Type, 4>(column, exact),
            DataType::Int64 => fixed::<Int64Type, 8>(column, exact),
            DataType::Date32 => fixed::<Date32Type, 4>(column, exact),
            DataType::Time32(TimeUnit::Millisecond) => fixed::<Time32MillisecondType, 4>(column, exact),
            DataType::Timestamp(TimeUnit::Second, _) => fixed::<TimestampSecondType, 8>(column, exact),
            DataType::Timestamp(TimeUnit::Millisecond, _) => fixed::<TimestampMillisecondType, 8>(column, exact),
            DataType::Timestamp(TimeUnit::Microsecond, _) => fixed::<TimestampMicrosecondType, 8>(column, exact),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => fixed::<TimestampNanosecondType, 8>(column, exact),
            DataType::Decimal128(..) => fixed::<Decimal128Type, 16>(column, exact),
            DataType::Float32 => fixed::<Float32Type, 4>(column, exact),
            DataType::Float64 => fixed::<Float64Type, 8>(column, exact),
            DataType::Utf8 => bytes(column.as_string::<i32>()),
            DataType::Binary => bytes(column.as_binary::<i32>()),
            DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => {
                let (mut data, mut ends) = (Vec::new(), Vec::with_capacity(column.len()));
                for row in 0..column.len() {
                    put(column, row, exact, &mut data)?;
                    ends.push(data.len());
                }
                Column::Encoded { data, ends }
            }
            other => return Err(unsupported(other)),
        })
    }

    /// Adds the length of this column's bytes to each row's.
    pub fn add_lengths(&self, lengths: &mut [u32]) {
        match self {
            Column::Null => lengths.iter_mut().for_each(|length| *length += 1),
            Column::Boolean(array) => add_fixed(lengths, array.nulls(), 1),
            Column::Fixed { width, nulls, .. } => add_fixed(lengths, *nulls, *width),
            Column::Bytes { nulls, values, offsets } => {
                for (row, length) in lengths.iter_mut().enumerate() {
                    let null = nulls.is_some_and(|nulls| nulls.is_null(row));
                    let value = &values[offsets[row] as usize..offsets[row + 1] as usize];
                    *length += if null { 1 } else { escaped_length(value) as u32 + 1 };
                }
            }
            Column::Encoded { ends, .. } => {
                let mut start = 0;
                for (length, &end) in lengths.iter_mut().zip(ends) {
                    *length += (end - start) as u32;
                    start = end;
                }
            }
        }
    }

    /// Writes this column's bytes at each row's cursor, and moves the cursors past them.
    pub fn write(&self, data: &mut [u8], cursors: &mut [u32]) {
        match self {
            // The buffer is all zeros.
            Column::Null => cursors.iter_mut().for_each(|cursor| *cursor += 1),
            Column::Boolean(array) => {
                write_fixed(array.nulls(), data, cursors, |row| [u8::from(array.value(row))]);
            }
            Column::Fixed { write, .. } => write(data, cursors),
            Column::Bytes { nulls, values, offsets } => {
                for (row, cursor) in cursors.iter_mut().enumerate() {
                    let at = *cursor as usize;
                    if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                        *cursor += 1;
                        continue;
                    }
                    let value = &values[offsets[row] as usize..offsets[row + 1] as usize];
                    data[at] = VALUE;
                    *cursor += 1 + write_escaped(value, &mut data[at + 1..]) as u32;
                }
            }
            Column::Encoded { data: encoded, ends } => {
                let mut start = 0;
                for (cursor, &end) in cursors.iter_mut().zip(ends) {
                    let at = *cursor as usize;
                    data[at..at + end - start].copy_from_slice(&encoded[start..end]);
                    *cursor += (end - start) as u32;
                    start = end;
                }
            }
        }
    }
}

fn unsupported(data_type: &DataType) -> Error {
    Error::bug(format!("no key encoding of {data_type}"))
}

fn fixed<'a, T, const N: usize>(column: &'a ArrayRef, exact: bool) -> Column<'a>
where
    T: ArrowPrimitiveType,
    T::Native: Ordered<N>,
{
    let array: &PrimitiveArray<T> = column.as_primitive();
    let write = move |data: &mut [u8], cursors: &mut [u32]| {
        let values = array.values();
        write_fixed(array.nulls(), data, cursors, |row| values[row].ordered(exact));
    };
    Column::Fixed { width: N as u32, nulls: array.nulls(), write: Box::new(write) }
}

fn bytes<T: ByteArrayType<Offset = i32>>(array: &GenericByteArray<T>) -> Column<'_> {
    Column::Bytes { nulls: array.nulls(), values: array.value_data(), offsets: array.value_offsets() }
}

fn add_fixed(lengths: &mut [u32], nulls: Option<&NullBuffer>, width: u32) {
    match nulls {
        None => lengths.iter_mut().for_each(|length| *length += 1 + width),
        Some(nulls) => {
            for (length, valid) in lengths.iter_mut().zip(nulls) {
                *length += if valid { 1 + width } else { 1 };
            }
        }
    }
}

#[inline(always)]
fn write_fixed<const N: usize>(
    nulls: Option<&NullBuffer>,
    data: &mut [u8],
    cursors: &mut [u32],
    value: impl Fn(usize) -> [u8; N],
) {
    for (row, cursor) in cursors.iter_mut().enumerate() {
        let at = *cursor as usize;
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            *cursor += 1;
            continue;
        }
        let cell = &mut data[at..at + 1 + N];
        cell[0] = VALUE;
        cell[1..].copy_from_slice(&value(row));
        *cursor += 1 + N as u32;
    }
}

/// The length of bytes with every `00` as `00 FF`, and `00 00` at their end.
fn escaped_length(value: &[u8]) -> usize {
    value.len() + value.iter().filter(|&&byte| byte == 0).count() + 2
}

/// Writes escaped bytes to the front of `out`; the number written.
fn write_escaped(value: &[u8], out: &mut [u8]) -> usize {
    if !value.contains(&0) {
        out[..value.len()].copy_from_slice(value);
        out[value.len()..value.len() + 2].fill(0);
        return value.len() + 2;
    }
    let mut at = 0;
    for &byte in value {
        out[at] = byte;
        at += 1;
        if byte == 0 {
            out[at] = 0xFF;
            at += 1;
        }
    }
    out[at..at + 2].fill(0);
    at + 2
}

fn put_fixed<T, const N: usize>(column: &dyn Array, row: usize, exact: bool, out: &mut Vec<u8>)
where
    T: ArrowPrimitiveType,
    T::Native: Ordered<N>,
{
    out.extend_from_slice(&column.as_primitive::<T>().value(row).ordered(exact));
}

fn put_escaped(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + escaped_length(value), 0);
    write_escaped(value, &mut out[start..]);
}

/// Appends one value of any type: the way of nested ones.
fn put(column: &dyn Array, row: usize, exact: bool, out: &mut Vec<u8>) -> Result<()> {
    if column.is_null(row) || column.data_type() == &DataType::Null {
        out.push(NULL);
        return Ok(());
    }
    out.push(VALUE);
    match column.data_type() {
        DataType::Boolean => out.push(u8::from(column.as_boolean().value(row))),
        DataType::Int8 => put_fixed::<Int8Type, 1>(column, row, exact, out),
        DataType::Int16 => put_fixed::<Int16Type, 2>(column, row, exact, out),
        DataType::Int32 => put_fixed::<Int32Type, 4>(column, row, exact, out),
        DataType::Int64 => put_fixed::<Int64Type, 8>(column, row, exact, out),
        DataType::Date32 => put_fixed::<Date32Type, 4>(column, row, exact, out),
        DataType::Time32(TimeUnit::Millisecond) => put_fixed::<Time32MillisecondType, 4>(column, row, exact, out),
        DataType::Timestamp(TimeUnit::Second, _) => put_fixed::<TimestampSecondType, 8>(column, row, exact, out),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            put_fixed::<TimestampMillisecondType, 8>(column, row, exact, out);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            put_fixed::<TimestampMicrosecondType, 8>(column, row, exact, out);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            put_fixed::<TimestampNanosecondType, 8>(column, row, exact, out);
        }
        DataType::Decimal128(..) => put_fixed::<Decimal128Type, 16>(column, row, exact, out),
        DataType::Float32 => put_fixed::<Float32Type, 4>(column, row, exact, out),
        DataType::Float64 => put_fixed::<Float64Type, 8>(column, row, exact, out),
        DataType::Utf8 => put_escaped(column.as_string::<i32>().value(row).as_bytes(), out),
        DataType::Binary => put_escaped(column.as_binary::<i32>().value(row), out),
        DataType::List(_) => put_list(column.as_list(), row, exact, out)?,
        DataType::Map(..) => put_map(column.as_map(), row, exact, out)?,
        DataType::Struct(_) => put_fields(column.as_struct(), row, exact, out)?,
        other => return Err(unsupported(other)),
    }
    Ok(())
}

fn put_list(list: &ListArray, row: usize, exact: bool, out: &mut Vec<u8>) -> Result<()> {
    let elements = list.value(row);
    for element in 0..elements.len() {
        out.push(VALUE);
        put(&elements, element, exact, out)?;
    }
    out.push(NULL);
    Ok(())
}

fn put_fields(fields: &StructArray, row: usize, exact: bool, out: &mut Vec<u8>) -> Result<()> {
    fields.columns().iter().try_for_each(|field| put(field, row, exact, out))
}

fn put_map(map: &MapArray, row: usize, exact: bool, out: &mut Vec<u8>) -> Result<()> {
    let entries = map.value(row);
    let mut encoded = Vec::with_capacity(entries.len());
    for entry in 0..entries.len() {
        let mut bytes = vec![VALUE, VALUE];
        put_fields(&entries, entry, exact, &mut bytes)?;
        encoded.push(bytes);
    }
    // Keys are unique, so the order of the entries is that of the keys.
    if !exact {
        encoded.sort_unstable();
    }
    out.extend(encoded.into_iter().flatten());
    out.push(NULL);
    Ok(())
}
