//! Values of Arrow columns as values of a component.

use crate::types::{Bundle, Shape};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use riverrun_core::{Error, Result};
use wasmtime::component::Val;

/// The arguments of a row; `None` where there is no call since one is NULL that may not be.
pub fn arguments<'a>(
    columns: &[ArrayRef],
    row: usize,
    shapes: impl IntoIterator<Item = &'a Shape>,
) -> Result<Option<Vec<Val>>> {
    let mut values = Vec::with_capacity(columns.len());
    for (column, shape) in columns.iter().zip(shapes) {
        if column.is_null(row) && !shape.takes_null() {
            return Ok(None);
        }
        values.push(value(column.as_ref(), row, shape)?);
    }
    Ok(Some(values))
}

/// The arguments of a row in one value; `None` where one is NULL that may not be.
pub fn bundled(columns: &[ArrayRef], row: usize, bundle: &Bundle) -> Result<Option<Val>> {
    let values = match bundle {
        Bundle::Single(shape) => {
            let values = arguments(columns, row, [shape])?;
            return Ok(values.and_then(|mut values| values.pop()));
        }
        Bundle::Many(Shape::Tuple(shapes)) => arguments(columns, row, shapes)?.map(Val::Tuple),
        Bundle::Many(Shape::Record(fields)) => {
            let names = fields.iter().map(|(name, _)| name.clone());
            let values = arguments(columns, row, fields.iter().map(|(_, shape)| shape))?;
            values.map(|values| Val::Record(names.zip(values).collect()))
        }
        Bundle::Many(other) => return Err(Error::bug(format!("the values of a row are {other:?}"))),
    };
    Ok(values)
}

/// The value at a row, of a column of the Arrow type that the shape was made for.
fn value(column: &dyn Array, row: usize, shape: &Shape) -> Result<Val> {
    if let Shape::Optional(inner) = shape {
        return Ok(Val::Option(match column.is_null(row) {
            true => None,
            false => Some(Box::new(value(column, row, inner)?)),
        }));
    }
    if column.is_null(row) {
        return Err(Error::failure("NULL where the declaration of the function has NOT NULL"));
    }
    let found = match shape {
        Shape::Optional(_) => None,
        Shape::Bool => column.as_boolean_opt().map(|column| Val::Bool(column.value(row))),
        Shape::S8 => number::<Int8Type>(column, row).map(Val::S8),
        Shape::S16 => number::<Int16Type>(column, row).map(Val::S16),
        Shape::S32 => match column.data_type() {
            ArrowType::Date32 => number::<Date32Type>(column, row),
            ArrowType::Time32(TimeUnit::Millisecond) => number::<Time32MillisecondType>(column, row),
            _ => number::<Int32Type>(column, row),
        }
        .map(Val::S32),
        Shape::S64 => match column.data_type() {
            ArrowType::Timestamp(TimeUnit::Millisecond, _) => number::<TimestampMillisecondType>(column, row),
            ArrowType::Timestamp(TimeUnit::Microsecond, _) => number::<TimestampMicrosecondType>(column, row),
            ArrowType::Timestamp(TimeUnit::Nanosecond, _) => number::<TimestampNanosecondType>(column, row),
            _ => number::<Int64Type>(column, row),
        }
        .map(Val::S64),
        Shape::Float32 => number::<Float32Type>(column, row).map(Val::Float32),
        Shape::Float64 => number::<Float64Type>(column, row).map(Val::Float64),
        Shape::Text => column.as_string_opt::<i32>().map(|column| Val::String(column.value(row).to_owned())),
        Shape::Decimal => {
            column.as_primitive_opt::<Decimal128Type>().map(|column| Val::String(column.value_as_string(row)))
        }
        Shape::Bytes => {
            let bytes = column.as_binary_opt::<i32>().map(|column| column.value(row));
            bytes.map(|bytes| Val::List(bytes.iter().map(|byte| Val::U8(*byte)).collect()))
        }
        Shape::List(element) => {
            let Some(list) = column.as_list_opt::<i32>() else { return Err(odd(column, shape)) };
            let elements = list.value(row);
            let values = (0..elements.len()).map(|at| value(elements.as_ref(), at, element));
            Some(Val::List(values.collect::<Result<_>>()?))
        }
        Shape::Map(key, item) => {
            let Some(map) = column.as_map_opt() else { return Err(odd(column, shape)) };
            let entries = map.value(row);
            let pairs = (0..entries.len()).map(|at| {
                let (keys, items) = (entries.column(0), entries.column(1));
                Ok(Val::Tuple(vec![value(keys.as_ref(), at, key)?, value(items.as_ref(), at, item)?]))
            });
            Some(Val::List(pairs.collect::<Result<_>>()?))
        }
        Shape::Tuple(shapes) => {
            let Some(fields) = column.as_struct_opt() else { return Err(odd(column, shape)) };
            let values = fields.columns().iter().zip(shapes).map(|(field, shape)| value(field.as_ref(), row, shape));
            Some(Val::Tuple(values.collect::<Result<_>>()?))
        }
        Shape::Record(shapes) => {
            let Some(fields) = column.as_struct_opt() else { return Err(odd(column, shape)) };
            let values = fields.columns().iter().zip(shapes);
            let values = values.map(|(field, (name, shape))| Ok((name.clone(), value(field.as_ref(), row, shape)?)));
            Some(Val::Record(values.collect::<Result<_>>()?))
        }
    };
    found.ok_or_else(|| odd(column, shape))
}

fn number<T: ArrowPrimitiveType>(column: &dyn Array, row: usize) -> Option<T::Native> {
    column.as_primitive_opt::<T>().map(|column| column.value(row))
}

fn odd(column: &dyn Array, shape: &Shape) -> Error {
    Error::bug(format!("a component's function got {} for {shape:?}", column.data_type()))
}
