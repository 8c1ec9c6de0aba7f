//! Values of a component as Arrow columns.
//!
//! What a component gives has the type that was checked when the function was created, but not every value of that type is one
//! of the declared type: a text may be too long for its VARCHAR, a number no date.

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::{DataType, Error, Field, Result, TypeKind};
use std::ops::RangeInclusive;
use std::sync::Arc;
use wasmtime::component::Val;

/// The first and the last day that dates and times can be of: 0001-01-01 and 9999-12-31, from 1970-01-01 on.
const DAYS: RangeInclusive<i64> = -719_162..=2_932_896;
const DAY_MILLIS: i64 = 86_400_000;

/// A column of a declared type; `None` is NULL.
pub fn column(values: Vec<Option<Val>>, declared: &DataType) -> Result<ArrayRef> {
    let values: Vec<Option<Val>> = values.into_iter().map(|value| value.and_then(plain)).collect();
    macro_rules! numbers {
        ($array:ty, $variant:ident) => {{
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Val::$variant(value)) => Ok(Some(value)),
                Some(other) => Err(odd(&other, declared)),
            });
            Arc::new(read.collect::<Result<$array>>()?) as ArrayRef
        }};
    }
    let array: ArrayRef = match &declared.kind {
        TypeKind::Boolean => numbers!(BooleanArray, Bool),
        TypeKind::TinyInt => numbers!(Int8Array, S8),
        TypeKind::SmallInt => numbers!(Int16Array, S16),
        TypeKind::Int | TypeKind::IntervalMonths => numbers!(Int32Array, S32),
        TypeKind::BigInt | TypeKind::IntervalMillis => numbers!(Int64Array, S64),
        TypeKind::Float => numbers!(Float32Array, Float32),
        TypeKind::Double => numbers!(Float64Array, Float64),
        TypeKind::Date | TypeKind::Time(_) => {
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                // What is in range of a day or of dates is in range of the type.
                Some(Val::S32(value)) => moment(i64::from(value), declared).map(|value| Some(value as i32)),
                Some(other) => Err(odd(&other, declared)),
            });
            Arc::new(read.collect::<Result<Int32Array>>()?)
        }
        TypeKind::Timestamp { .. } | TypeKind::TimestampLtz { .. } => {
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Val::S64(value)) => moment(value, declared).map(Some),
                Some(other) => Err(odd(&other, declared)),
            });
            Arc::new(read.collect::<Result<Int64Array>>()?)
        }
        TypeKind::Decimal { precision, scale } => {
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Val::String(text)) => match decimal(&text, *precision, *scale) {
                    Some(value) => Ok(Some(value)),
                    None => Err(Error::failure(format!("it gave '{text}' for {}", declared.kind))),
                },
                Some(other) => Err(odd(&other, declared)),
            });
            let array = read.collect::<Result<Decimal128Array>>()?;
            Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
        }
        TypeKind::Char(_) | TypeKind::Varchar(_) => {
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Val::String(text)) => fitting(text.chars().count(), "characters", declared).map(|()| Some(text)),
                Some(other) => Err(odd(&other, declared)),
            });
            Arc::new(read.collect::<Result<StringArray>>()?)
        }
        TypeKind::Binary(_) | TypeKind::Varbinary(_) => {
            let read = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(value) => {
                    let bytes = bytes(value)?;
                    fitting(bytes.len(), "bytes", declared).map(|()| Some(bytes))
                }
            });
            let bytes = read.collect::<Result<Vec<Option<Vec<u8>>>>>()?;
            Arc::new(bytes.iter().map(|bytes| bytes.as_deref()).collect::<BinaryArray>())
        }
        TypeKind::Array(element) => {
            let (elements, offsets, nulls) = flat(values, declared)?;
            let elements = column(elements, element)?;
            let ArrowType::List(field) = declared.to_arrow() else { return Err(no_type(declared)) };
            Arc::new(ListArray::try_new(field, offsets, elements, nulls)?)
        }
        TypeKind::Map(key, item) => {
            let (pairs, offsets, nulls) = flat(values, declared)?;
            let fields = [Field::new("key", key.with_nullable(false)), Field::new("value", item.as_ref().clone())];
            let columns = columns(pairs, &fields)?;
            let ArrowType::Map(field, sorted) = declared.to_arrow() else { return Err(no_type(declared)) };
            let ArrowType::Struct(members) = field.data_type() else { return Err(no_type(declared)) };
            let entries = StructArray::try_new(members.clone(), columns, None)?;
            Arc::new(MapArray::try_new(field, offsets, entries, nulls, sorted)?)
        }
        TypeKind::Row(fields) => {
            let nulls: NullBuffer = values.iter().map(Option::is_some).collect::<Vec<bool>>().into();
            let rows = values.len();
            let columns = columns(values, fields)?;
            let ArrowType::Struct(members) = declared.to_arrow() else { return Err(no_type(declared)) };
            match members.is_empty() {
                true => Arc::new(StructArray::new_empty_fields(rows, Some(nulls))),
                false => Arc::new(StructArray::try_new(members, columns, Some(nulls))?),
            }
        }
        TypeKind::Null | TypeKind::Multiset(_) | TypeKind::Variant | TypeKind::Bitmap => return Err(no_type(declared)),
    };
    let wanted = declared.to_arrow();
    // Dates and times are numbers of another name.
    if *array.data_type() == wanted { Ok(array) } else { Ok(cast(&array, &wanted)?) }
}

/// The columns of rows that are tuples or records; those of a NULL row are NULL.
pub fn columns(rows: Vec<Option<Val>>, fields: &[Field]) -> Result<Vec<ArrayRef>> {
    let mut values: Vec<Vec<Option<Val>>> = fields.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        let members: Vec<Option<Val>> = match row.and_then(plain) {
            None => fields.iter().map(|_| None).collect(),
            Some(Val::Tuple(members)) => members.into_iter().map(Some).collect(),
            Some(Val::Record(members)) => members.into_iter().map(|(_, member)| Some(member)).collect(),
            Some(other) => return Err(Error::bug(format!("a component gave {other:?} for a row"))),
        };
        if members.len() != fields.len() {
            return Err(Error::bug(format!("a component gave {} values for {} columns", members.len(), fields.len())));
        }
        for (column, member) in values.iter_mut().zip(members) {
            column.push(member);
        }
    }
    values.into_iter().zip(fields).map(|(values, field)| column(values, &field.data_type)).collect()
}

/// The values of a list.
pub fn list(value: Val) -> Result<Vec<Val>> {
    match value {
        Val::List(values) => Ok(values),
        other => Err(Error::bug(format!("a component gave {other:?} for a list"))),
    }
}

/// The bytes of a list of them.
pub fn bytes(value: Val) -> Result<Vec<u8>> {
    let bytes = list(value)?.into_iter().map(|byte| match byte {
        Val::U8(byte) => Ok(byte),
        other => Err(Error::bug(format!("a component gave {other:?} for a byte"))),
    });
    bytes.collect()
}

/// A value without its `option`.
fn plain(value: Val) -> Option<Val> {
    match value {
        Val::Option(value) => value.map(|value| *value),
        value => Some(value),
    }
}

/// The elements of lists, one after another, and where each list ends.
type Flat = (Vec<Option<Val>>, OffsetBuffer<i32>, Option<NullBuffer>);

fn flat(lists: Vec<Option<Val>>, declared: &DataType) -> Result<Flat> {
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect::<Vec<bool>>().into();
    let mut elements = Vec::new();
    let mut lengths = Vec::with_capacity(lists.len());
    for value in lists {
        let values = value.map_or_else(|| Ok(Vec::new()), list)?;
        lengths.push(values.len());
        elements.extend(values.into_iter().map(Some));
    }
    if i32::try_from(elements.len()).is_err() {
        return Err(Error::failure(format!("it gave {} elements for {declared}", elements.len())));
    }
    Ok((elements, OffsetBuffer::from_lengths(lengths), Some(nulls)))
}

/// A date or time in the unit that it is held in, cut to its precision.
fn moment(value: i64, declared: &DataType) -> Result<i64> {
    let (unit, digits, precision) = match &declared.kind {
        TypeKind::Date => (1, 0, 0),
        TypeKind::Time(precision) => (DAY_MILLIS, 3, *precision),
        TypeKind::Timestamp { precision, .. } | TypeKind::TimestampLtz { precision, .. } => match precision {
            0..=3 => (DAY_MILLIS, 3, *precision),
            4..=6 => (DAY_MILLIS * 1_000, 6, *precision),
            _ => (DAY_MILLIS * 1_000_000, 9, *precision),
        },
        _ => return Err(no_type(declared)),
    };
    let days = value.div_euclid(unit);
    let within = if matches!(declared.kind, TypeKind::Time(_)) { days == 0 } else { DAYS.contains(&days) };
    if !within {
        return Err(Error::failure(format!("it gave {value} for {}", declared.kind)));
    }
    let step = 10_i64.pow(u32::from(digits - precision.min(digits)));
    Ok(value - value.rem_euclid(step))
}

/// The unscaled value of a number in text; `None` where it is no number, or doesn't fit without rounding.
fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = usize::from(scale);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.trim_matches('.').is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > scale {
        return None;
    }
    let unscaled: i128 = format!("{whole}{fraction:0<scale$}").parse().ok()?;
    let fits = unscaled < 10_i128.checked_pow(u32::from(precision))?;
    fits.then_some(if negative { -unscaled } else { unscaled })
}

/// Refuses a text or bytes of another length than declared.
fn fitting(length: usize, what: &str, declared: &DataType) -> Result<()> {
    let fits = match declared.kind {
        TypeKind::Char(room) | TypeKind::Binary(room) => length == room as usize,
        TypeKind::Varchar(room) | TypeKind::Varbinary(room) => length <= room as usize,
        _ => true,
    };
    match fits {
        true => Ok(()),
        false => Err(Error::failure(format!("it gave {length} {what} for {}", declared.kind))),
    }
}

fn odd(value: &Val, declared: &DataType) -> Error {
    Error::bug(format!("a component gave {value:?} for {declared}"))
}

fn no_type(declared: &DataType) -> Error {
    Error::bug(format!("no component gives {declared}"))
}
