use super::*;
use crate::functions::registry::function;
use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array};
use arrow::datatypes::Int32Type;
use chrono_tz::Tz;
use datafusion_expr::ColumnarValue;
use riverrun_core::{SystemClock, format_value};

fn context() -> FunctionContext {
    FunctionContext::new(Tz::UTC, Arc::new(SystemClock))
}

/// The result's type and values, as text.
fn apply(name: &str, arguments: &[(TypeKind, ArrayRef)]) -> Result<(String, Vec<String>)> {
    let types: Vec<DataType> = arguments.iter().map(|(kind, _)| kind.clone().nullable()).collect();
    let described: Vec<Argument<'_>> = types.iter().map(|data_type| Argument { data_type, literal: None }).collect();
    let resolved = (function(name).unwrap().resolve)(&context(), &described)?;
    let rows = arguments[0].1.len();
    let values: Vec<ColumnarValue> = arguments
        .iter()
        .zip(&resolved.parameters)
        .map(|((kind, array), parameter)| {
            let from = kind.clone().nullable();
            let on_failure = crate::functions::cast::OnFailure::Fail;
            let (cast, _) = crate::functions::cast::cast_kernel(&context(), &from, parameter, on_failure).unwrap();
            let value = ColumnarValue::Array(array.clone());
            cast.map_or(value.clone(), |cast| cast.invoke(&[value], rows).unwrap())
        })
        .collect();
    let result = resolved.kernel.invoke(&values, rows)?.into_array(rows).unwrap();
    assert_eq!(result.data_type(), &resolved.returns.to_arrow());
    let texts = (0..rows).map(|row| {
        let mut text = String::new();
        format_value(result.as_ref(), row, &resolved.returns, &mut text).unwrap();
        text
    });
    Ok((resolved.returns.kind.to_string(), texts.collect()))
}

fn one(name: &str, arguments: &[(TypeKind, ArrayRef)]) -> (String, String) {
    let (kind, values) = apply(name, arguments).unwrap();
    (kind, values[0].clone())
}

fn int(value: i32) -> (TypeKind, ArrayRef) {
    (TypeKind::Int, Arc::new(Int32Array::from(vec![value])))
}

fn tiny(value: i8) -> (TypeKind, ArrayRef) {
    (TypeKind::TinyInt, Arc::new(Int8Array::from(vec![value])))
}

fn float(value: f32) -> (TypeKind, ArrayRef) {
    (TypeKind::Float, Arc::new(Float32Array::from(vec![value])))
}

fn double(value: f64) -> (TypeKind, ArrayRef) {
    (TypeKind::Double, Arc::new(Float64Array::from(vec![value])))
}

fn decimal(unscaled: i128, precision: u8, scale: u8) -> (TypeKind, ArrayRef) {
    let array = Decimal128Array::from(vec![unscaled]).with_precision_and_scale(precision, scale as i8).unwrap();
    (TypeKind::decimal(precision, scale), Arc::new(array))
}

fn pair(kind: &str, value: &str) -> (String, String) {
    (kind.to_owned(), value.to_owned())
}

#[test]
fn integers_wrap_at_their_width() {
    assert_eq!(one("+", &[tiny(127), tiny(1)]), pair("TINYINT", "-128"));
    assert_eq!(one("*", &[int(i32::MAX), int(2)]), pair("INT", "-2"));
    assert_eq!(one("/", &[int(i32::MIN), int(-1)]), pair("INT", "-2147483648"));
    assert_eq!(one("%", &[int(i32::MIN), int(-1)]), pair("INT", "0"));
    assert_eq!(one("/", &[int(-7), int(2)]), pair("INT", "-3"));
    assert_eq!(one("MOD", &[int(-7), int(3)]), pair("INT", "-1"));
    assert_eq!(one("%", &[int(300), tiny(7)]), pair("TINYINT", "6"));
    assert_eq!(one("NEGATE", &[int(i32::MIN)]), pair("INT", "-2147483648"));
    assert_eq!(one("+", &[int(7), tiny(7)]), pair("INT", "14"));
}

#[test]
fn a_constant_meets_a_column() {
    let column: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    let int = TypeKind::Int.nullable();
    let argument = Argument { data_type: &int, literal: None };
    let resolved = (function("-").unwrap().resolve)(&context(), &[argument, argument]).unwrap();
    let ten = ColumnarValue::Scalar(datafusion_common::ScalarValue::Int32(Some(10)));
    let result = resolved.kernel.invoke(&[ten.clone(), ColumnarValue::Array(column)], 3).unwrap();
    let result = result.into_array(3).unwrap();
    assert_eq!(result.as_primitive::<Int32Type>(), &Int32Array::from(vec![Some(9), None, Some(7)]));
    assert!(matches!(resolved.kernel.invoke(&[ten.clone(), ten], 3).unwrap(), ColumnarValue::Scalar(_)));
}

#[test]
fn division_by_zero_fails_only_where_it_is_exact() {
    assert_eq!(apply("/", &[int(1), int(0)]).unwrap_err().message(), "/ by zero");
    assert_eq!(apply("/", &[decimal(1, 2, 1), int(0)]).unwrap_err().message(), "Division by zero");
    assert_eq!(one("/", &[double(1.0), int(0)]), pair("DOUBLE", "Infinity"));
    let null: ArrayRef = Arc::new(Int32Array::from(vec![None::<i32>]));
    assert_eq!(one("/", &[(TypeKind::Int, null), int(0)]).1, "null");
}

#[test]
fn float_against_double_is_of_the_left_type() {
    assert_eq!(one("*", &[float(1.5), double(2.75)]), pair("FLOAT", "4.125"));
    assert_eq!(one("-", &[double(2.75), float(1.5)]), pair("DOUBLE", "1.25"));
    assert_eq!(one("/", &[float(1.5), int(7)]), pair("FLOAT", "0.21428572"));
    assert_eq!(one("*", &[double(2.75), decimal(12345, 10, 2)]), pair("DOUBLE", "339.4875"));
    assert_eq!(one("+", &[decimal(12345, 10, 2), float(1.5)]), pair("DOUBLE", "124.95"));
}

#[test]
fn decimals_derive_their_types() {
    let d = || decimal(12345, 10, 2);
    let dd = || decimal(12_345_678_901_234_567_890_123_456_789_012_345_678, 38, 18);
    assert_eq!(one("+", &[d(), dd()]), pair("DECIMAL(38, 17)", "12345678901234568013.57345678901234568"));
    assert_eq!(one("*", &[d(), dd()]), pair("DECIMAL(38, 9)", "1524074060357407406035.740740604"));
    assert_eq!(one("/", &[d(), dd()]), pair("DECIMAL(38, 12)", "0E-12"));
    assert_eq!(one("*", &[dd(), int(10)]), pair("DECIMAL(38, 7)", "123456789012345678901.2345679"));
    assert_eq!(one("/", &[int(7), decimal(20, 2, 1)]), pair("DECIMAL(17, 6)", "3.500000"));
    assert_eq!(one("/", &[d(), int(7)]), pair("DECIMAL(21, 13)", "17.6357142857143"));
    assert_eq!(one("%", &[d(), decimal(7, 3, 2)]), pair("DECIMAL(3, 2)", "0.04"));
    assert_eq!(one("MOD", &[int(7), decimal(25, 2, 1)]), pair("DECIMAL(2, 1)", "2.0"));
    assert_eq!(one("%", &[decimal(99, 38, 0), int(7)]), pair("INT", "1"));
    assert_eq!(one("*", &[dd(), dd()]).1, "null");
}

#[test]
fn what_is_no_number_is_refused() {
    let text: (TypeKind, ArrayRef) = (TypeKind::STRING, Arc::new(arrow::array::StringArray::from(vec!["1"])));
    assert!(apply("+", &[text.clone(), int(1)]).is_err());
    assert!(apply("NEGATE", &[text]).is_err());
    assert!(apply("%", &[double(1.0), int(1)]).is_err());
    assert!(apply("+", &[(TypeKind::Null, Arc::new(arrow::array::NullArray::new(1))), int(1)]).is_err());
}

#[test]
fn bigint_meets_every_width() {
    let big: (TypeKind, ArrayRef) = (TypeKind::BigInt, Arc::new(Int64Array::from(vec![i64::MAX])));
    assert_eq!(one("+", &[big.clone(), int(1)]), pair("BIGINT", "-9223372036854775808"));
    let values = apply("%", &[big, tiny(10)]).unwrap();
    assert_eq!(values.0, "TINYINT");
    assert_eq!(values.1, ["7"]);
}
