//! Rust types as SQL values: what a function over rows takes and gives.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, StringArray,
};
use arrow::datatypes::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use riverrun_core::{DataType, Error, Result, TypeKind};
use std::sync::Arc;

/// A Rust type that is a SQL type.
pub trait Value: Sized {
    /// The SQL type.
    fn kind() -> TypeKind;

    /// The value at a row of a column of that type, which isn't NULL there.
    fn read(column: &dyn Array, row: usize) -> Option<Self>;

    /// A column of values.
    fn column(values: Vec<Option<Self>>) -> ArrayRef;
}

/// A parameter: a [`Value`], for which NULL is no argument (the call's result is NULL then), or an `Option` of one.
pub trait FromValue: Sized {
    /// The type without NULL.
    type Value: Value;
    /// Whether the function is called with NULL.
    const NULLABLE: bool;

    /// The argument; `None` for NULL is asked only of nullable ones.
    fn from_value(value: Option<Self::Value>) -> Option<Self>;
}

/// A result: a [`Value`], an `Option` of one, or a `Result` of either, whose error fails the job.
pub trait IntoValue: Sized {
    /// The type without NULL.
    type Value: Value;
    /// Whether it may be NULL.
    const NULLABLE: bool;

    /// The value.
    fn into_value(self) -> Result<Option<Self::Value>>;
}

macro_rules! values {
    ($($rust:ty, $kind:expr, $array:ty, |$column:ident, $row:ident| $read:expr;)*) => {$(
        impl Value for $rust {
            fn kind() -> TypeKind {
                $kind
            }

            fn read($column: &dyn Array, $row: usize) -> Option<Self> {
                $read
            }

            fn column(values: Vec<Option<Self>>) -> ArrayRef {
                Arc::new(values.into_iter().collect::<$array>())
            }
        }

        impl FromValue for $rust {
            type Value = $rust;
            const NULLABLE: bool = false;

            fn from_value(value: Option<$rust>) -> Option<$rust> {
                value
            }
        }

        impl IntoValue for $rust {
            type Value = $rust;
            const NULLABLE: bool = false;

            fn into_value(self) -> Result<Option<$rust>> {
                Ok(Some(self))
            }
        }
    )*};
}

values! {
    bool, TypeKind::Boolean, BooleanArray, |column, row| column.as_boolean_opt().map(|column| column.value(row));
    i8, TypeKind::TinyInt, Int8Array, |column, row| column.as_primitive_opt::<Int8Type>().map(|column| column.value(row));
    i16, TypeKind::SmallInt, Int16Array, |column, row| column.as_primitive_opt::<Int16Type>().map(|column| column.value(row));
    i32, TypeKind::Int, Int32Array, |column, row| column.as_primitive_opt::<Int32Type>().map(|column| column.value(row));
    i64, TypeKind::BigInt, Int64Array, |column, row| column.as_primitive_opt::<Int64Type>().map(|column| column.value(row));
    f32, TypeKind::Float, Float32Array, |column, row| column.as_primitive_opt::<Float32Type>().map(|column| column.value(row));
    f64, TypeKind::Double, Float64Array, |column, row| column.as_primitive_opt::<Float64Type>().map(|column| column.value(row));
    String, TypeKind::STRING, StringArray, |column, row| column.as_string_opt::<i32>().map(|column| column.value(row).to_owned());
    Vec<u8>, TypeKind::BYTES, BinaryArray, |column, row| column.as_binary_opt::<i32>().map(|column| column.value(row).to_vec());
}

impl<T: Value> FromValue for Option<T> {
    type Value = T;
    const NULLABLE: bool = true;

    fn from_value(value: Option<T>) -> Option<Self> {
        Some(value)
    }
}

impl<T: Value> IntoValue for Option<T> {
    type Value = T;
    const NULLABLE: bool = true;

    fn into_value(self) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<T: IntoValue> IntoValue for Result<T> {
    type Value = T::Value;
    const NULLABLE: bool = T::NULLABLE;

    fn into_value(self) -> Result<Option<T::Value>> {
        self?.into_value()
    }
}

/// The SQL type of a parameter. It may be NULL: what becomes of NULL is said by [`FromValue::NULLABLE`].
pub fn parameter<T: FromValue>() -> DataType {
    T::Value::kind().nullable()
}

/// The SQL type of a result.
pub fn result<T: IntoValue>() -> DataType {
    T::Value::kind().with_nullable(T::NULLABLE)
}

/// The argument of a row; `None` where the call is not made because it is NULL.
pub fn argument<T: FromValue>(columns: &[ArrayRef], position: usize, row: usize) -> Result<Option<T>> {
    let column = columns.get(position).ok_or_else(|| Error::bug(format!("a function without argument {position}")))?;
    if column.is_null(row) {
        return Ok(if T::NULLABLE { T::from_value(None) } else { None });
    }
    match T::Value::read(column, row) {
        Some(value) => Ok(T::from_value(Some(value))),
        None => Err(Error::bug(format!("a function got {} for {}", column.data_type(), T::Value::kind()))),
    }
}
