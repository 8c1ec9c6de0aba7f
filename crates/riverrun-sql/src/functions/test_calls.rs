//! How tests call a function: by name, with constants or columns.

use super::registry::function;
use super::{Argument, FunctionContext};
use arrow::array::ArrayRef;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::format_value::format_value;
use riverrun_core::{DataType, Error, Result, SystemClock, TypeKind};
use std::sync::Arc;

/// A constant of a type.
pub type Constant = (ScalarValue, DataType);

/// A text literal: CHAR(n) NOT NULL.
pub fn text(value: &str) -> Constant {
    (ScalarValue::from(value), TypeKind::Char(value.chars().count() as u32).not_null())
}

/// A NULL of STRING.
pub fn null_text() -> Constant {
    (ScalarValue::Utf8(None), TypeKind::STRING.nullable())
}

/// An INT literal.
pub fn int(value: i32) -> Constant {
    (ScalarValue::from(value), TypeKind::Int.not_null())
}

/// A NULL of INT.
pub fn null_int() -> Constant {
    (ScalarValue::Int32(None), TypeKind::Int.nullable())
}

/// A BOOLEAN literal.
pub fn boolean(value: bool) -> Constant {
    (ScalarValue::from(value), TypeKind::Boolean.not_null())
}

/// BYTES.
pub fn bytes(value: &[u8]) -> Constant {
    (ScalarValue::Binary(Some(value.to_vec())), TypeKind::BYTES.not_null())
}

/// The result type and the array of one row that a call of constants gives.
pub fn call_array(name: &str, arguments: &[Constant]) -> Result<(DataType, ArrayRef)> {
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock));
    let definition = function(name).ok_or_else(|| Error::bug(format!("no function {name}")))?;
    let described: Vec<_> =
        arguments.iter().map(|(value, data_type)| Argument { data_type, literal: Some(value) }).collect();
    let resolved = (definition.resolve)(&context, &described)?;
    assert_eq!(resolved.parameters.len(), arguments.len());
    let values: Vec<_> = arguments
        .iter()
        .zip(&resolved.parameters)
        .map(|((value, _), parameter)| {
            ColumnarValue::Scalar(if value.data_type() == parameter.to_arrow() {
                value.clone()
            } else {
                value.cast_to(&parameter.to_arrow()).expect("an implicit cast")
            })
        })
        .collect();
    let array = resolved.kernel.invoke(&values, 1)?.into_array(1).expect("an array");
    assert_eq!(array.data_type(), &resolved.returns.to_arrow(), "{name}");
    Ok((resolved.returns, array))
}

/// What a call of constants gives, as a constant for another call.
pub fn constant(name: &str, arguments: &[Constant]) -> Constant {
    let (data_type, array) = call_array(name, arguments).expect("a constant");
    (ScalarValue::try_from_array(&array, 0).expect("a value"), data_type)
}

/// The type and the value that a call of constants gives, as Flink prints them: `CHAR(3) NOT NULL: abc`.
pub fn call(name: &str, arguments: &[Constant]) -> String {
    match call_array(name, arguments) {
        Ok((data_type, array)) => {
            let mut printed = format!("{data_type}: ");
            format_value(&array, 0, &data_type, &mut printed).expect("a printable value");
            printed
        }
        Err(error) => format!("{error:?}"),
    }
}
