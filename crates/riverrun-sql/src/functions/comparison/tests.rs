use super::*;
use crate::functions::cast::{OnFailure, cast_kernel};
use crate::functions::registry::function;
use crate::functions::test_calls::{Constant, boolean, int, null_int, text};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::SystemClock;

fn context() -> FunctionContext {
    FunctionContext::new(chrono_tz::UTC, Arc::new(SystemClock))
}

/// Whether `name` holds of values that come as columns; `None` for NULL, an error's message otherwise.
fn holds(name: &str, values: &[Constant]) -> std::result::Result<Option<bool>, String> {
    let arguments: Vec<_> = values.iter().map(|(_, data_type)| Argument { data_type, literal: None }).collect();
    let resolved =
        (function(name).unwrap().resolve)(&context(), &arguments).map_err(|error| error.message().to_owned())?;
    let columns: Vec<_> = values
        .iter()
        .zip(&resolved.parameters)
        .map(|((value, from), to)| {
            let column = ColumnarValue::Array(value.to_array_of_size(2).unwrap());
            match cast_kernel(&context(), from, to, OnFailure::Fail).unwrap().0 {
                Some(cast) => cast.invoke(&[column], 2).map_err(|error| error.message().to_owned()),
                None => Ok(column),
            }
        })
        .collect::<std::result::Result<_, String>>()?;
    let result = resolved.kernel.invoke(&columns, 2).map_err(|error| error.message().to_owned())?;
    match ScalarValue::try_from_array(&result.into_array(2).unwrap(), 1).unwrap() {
        ScalarValue::Boolean(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn double(value: f64) -> Constant {
    (ScalarValue::from(value), TypeKind::Double.not_null())
}

fn decimal(unscaled: i128, precision: u8, scale: u8) -> Constant {
    (ScalarValue::Decimal128(Some(unscaled), precision, scale as i8), TypeKind::decimal(precision, scale).not_null())
}

fn null() -> Constant {
    (ScalarValue::Null, TypeKind::Null.nullable())
}

fn date(days: i32) -> Constant {
    (ScalarValue::Date32(Some(days)), TypeKind::Date.not_null())
}

fn row(x: Option<i32>, y: i32) -> Constant {
    use arrow::array::{Int32Array, StructArray};
    use riverrun_core::Field;
    let kind =
        TypeKind::Row(vec![Field::new("x", TypeKind::Int.nullable()), Field::new("y", TypeKind::Int.nullable())]);
    let arrow::datatypes::DataType::Struct(fields) = kind.clone().not_null().to_arrow() else { panic!() };
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(vec![x])), Arc::new(Int32Array::from(vec![y]))];
    (ScalarValue::Struct(Arc::new(StructArray::new(fields, columns, None))), kind.not_null())
}

#[test]
fn numbers_meet_exactly() {
    assert_eq!(holds("=", &[int(7), decimal(70, 2, 1)]), Ok(Some(true)));
    assert_eq!(holds(">", &[decimal(12345, 10, 2), int(7)]), Ok(Some(true)));
    assert_eq!(holds("=", &[decimal(1, 38, 0), decimal(1, 38, 38)]), Ok(Some(false)));
    assert_eq!(holds(">=", &[decimal(1, 38, 0), decimal(1, 38, 38)]), Ok(Some(true)));
    assert_eq!(holds("<>", &[int(7), null_int()]), Ok(None));
    assert_eq!(holds("=", &[null(), null()]), Ok(None));
    assert_eq!(holds("<", &[null(), int(1)]), Ok(None));
}

#[test]
fn nan_equals_nothing_and_zero_has_no_sign() {
    assert_eq!(holds("=", &[double(f64::NAN), double(f64::NAN)]), Ok(Some(false)));
    assert_eq!(holds("<>", &[double(f64::NAN), double(f64::NAN)]), Ok(Some(true)));
    assert_eq!(holds("<", &[double(f64::NAN), double(1.0)]), Ok(Some(false)));
    assert_eq!(holds("=", &[double(0.0), double(-0.0)]), Ok(Some(true)));
}

#[test]
fn text_equals_no_number_but_is_ordered_as_one() {
    assert!(holds("=", &[text("7"), int(7)]).is_err());
    assert!(holds("<>", &[int(7), text("7")]).is_err());
    assert_eq!(holds("<", &[text("42"), int(100)]), Ok(Some(true)));
    assert_eq!(holds(">=", &[int(100), text("42.9")]), Ok(Some(true)));
    assert_eq!(holds("<", &[text("x"), int(1)]), Err("For input string: 'x'. Invalid character found.".to_owned()));
    assert_eq!(holds("IN", &[text("x"), int(1)]), Ok(Some(false)));
    assert_eq!(holds("IN", &[int(7), text("7"), text("8")]), Ok(Some(true)));
}

#[test]
fn text_is_read_as_a_date() {
    assert_eq!(holds("=", &[date(19797), text("2024-03-15")]), Ok(Some(true)));
    assert_eq!(holds("=", &[date(19797), text("x")]), Ok(Some(false)));
    assert_eq!(holds("<>", &[text("x"), date(19797)]), Ok(Some(false)));
    let (day, data_type) = date(19797);
    let nullable = (day, data_type.with_nullable(true));
    assert_eq!(holds("=", &[nullable.clone(), text("x")]), Ok(None));
    assert_eq!(holds("<>", &[text("x"), nullable.clone()]), Ok(None));
    assert_eq!(holds("<>", &[text("2024-03-14"), nullable]), Ok(Some(true)));
    assert_eq!(holds("<>", &[boolean(true), text("x")]), Ok(Some(true)));
    assert_eq!(holds("<>", &[boolean(true), text("true")]), Ok(Some(false)));
    assert_eq!(holds("<", &[text("2024-03-14"), date(19797)]), Ok(Some(true)));
    assert!(holds("<", &[text("x"), date(19797)]).is_err());
    assert!(holds("=", &[boolean(true), int(1)]).is_err());
}

#[test]
fn char_compares_with_its_padding() {
    assert_eq!(holds("=", &[text("ab   "), text("ab")]), Ok(Some(false)));
    assert_eq!(holds("<", &[text("a"), text("é")]), Ok(Some(true)));
}

#[test]
fn a_text_that_means_no_time_neither_equals_one_nor_differs_from_it() {
    let time = |kind: DataType| (ScalarValue::TimestampMillisecond(Some(0), None), kind);
    let sure = || time(TypeKind::timestamp(3).not_null());
    assert_eq!(holds("IS DISTINCT FROM", &[sure(), text("x")]), Ok(Some(false)));
    assert_eq!(holds("IS NOT DISTINCT FROM", &[sure(), text("x")]), Ok(Some(false)));
    assert_eq!(holds("IS DISTINCT FROM", &[sure(), text("1970-01-01 00:00:00")]), Ok(Some(false)));
    assert_eq!(holds("IS DISTINCT FROM", &[sure(), text("1970-01-02 00:00:00")]), Ok(Some(true)));
    // What may be NULL is asked whether it is equal.
    assert_eq!(holds("IS DISTINCT FROM", &[time(TypeKind::timestamp(3).nullable()), text("x")]), Ok(Some(true)));
}

#[test]
fn distinct_treats_null_as_a_value() {
    assert_eq!(holds("IS DISTINCT FROM", &[int(7), null_int()]), Ok(Some(true)));
    assert_eq!(holds("IS DISTINCT FROM", &[null_int(), null_int()]), Ok(Some(false)));
    assert_eq!(holds("IS NOT DISTINCT FROM", &[int(7), int(7)]), Ok(Some(true)));
    assert_eq!(holds("IS NOT DISTINCT FROM", &[null(), null()]), Ok(Some(true)));
    assert_eq!(holds("IS DISTINCT FROM", &[int(7), null()]), Ok(Some(true)));
    assert_eq!(holds("IS DISTINCT FROM", &[row(None, 1), row(None, 1)]), Ok(Some(false)));
}

#[test]
fn in_and_between_are_three_valued() {
    assert_eq!(holds("IN", &[int(7), int(1), null()]), Ok(None));
    assert_eq!(holds("IN", &[int(7), int(7), null()]), Ok(Some(true)));
    assert_eq!(holds("IN", &[null_int(), int(7)]), Ok(None));
    assert_eq!(holds("BETWEEN", &[int(7), null_int(), int(3)]), Ok(Some(false)));
    assert_eq!(holds("BETWEEN", &[int(7), null_int(), int(9)]), Ok(None));
    assert_eq!(holds("BETWEEN", &[int(7), int(8), int(1)]), Ok(Some(false)));
    assert_eq!(holds("BETWEEN SYMMETRIC", &[int(7), int(8), int(1)]), Ok(Some(true)));
    assert_eq!(holds("BETWEEN", &[int(7), int(1), decimal(75, 2, 1)]), Ok(Some(true)));
    assert_eq!(holds("BETWEEN", &[text("42"), int(1), int(100)]), Ok(Some(true)));
}

#[test]
fn rows_are_equal_as_their_fields_are_with_null_for_a_value() {
    assert_eq!(holds("=", &[row(Some(1), 2), row(Some(1), 2)]), Ok(Some(true)));
    assert_eq!(holds("=", &[row(None, 2), row(None, 2)]), Ok(Some(true)));
    assert_eq!(holds("=", &[row(None, 2), row(Some(1), 2)]), Ok(Some(false)));
    assert_eq!(holds("<>", &[row(None, 2), row(None, 2)]), Ok(Some(false)));
    assert_eq!(holds("IN", &[row(None, 2), row(Some(1), 2), row(None, 2)]), Ok(Some(true)));
    let null = (ScalarValue::try_from(&row(None, 1).1.to_arrow()).unwrap(), row(None, 1).1.with_nullable(true));
    assert_eq!(holds("=", &[null.clone(), row(None, 2)]), Ok(None));
    assert_eq!(holds("=", &[null.clone(), null]), Ok(None));
    assert!(holds("<", &[row(Some(1), 2), row(Some(1), 2)]).is_err());
}

#[test]
fn constructed_rows_are_found_by_each_of_their_fields() {
    assert_eq!(holds("ROW IN", &[row(None, 2), row(None, 2)]), Ok(None));
    assert_eq!(holds("ROW IN", &[row(None, 2), row(Some(1), 3)]), Ok(Some(false)));
    assert_eq!(holds("ROW IN", &[row(Some(1), 2), row(None, 2), row(Some(1), 2)]), Ok(Some(true)));
}

#[test]
fn a_map_with_a_null_value_equals_none() {
    use arrow::array::{Int32Builder, MapBuilder, StringBuilder};
    let map = |value: Option<i32>| -> Constant {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        maps.keys().append_value("k");
        maps.values().append_option(value);
        maps.append(true).unwrap();
        let kind = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::Int.nullable())).not_null();
        let built = arrow::compute::cast(&maps.finish(), &kind.to_arrow()).unwrap();
        (ScalarValue::try_from_array(&built, 0).unwrap(), kind)
    };
    assert_eq!(holds("=", &[map(Some(1)), map(Some(1))]), Ok(Some(true)));
    assert_eq!(holds("=", &[map(None), map(None)]), Ok(Some(false)));
    assert_eq!(holds("<>", &[map(None), map(None)]), Ok(Some(true)));
    assert_eq!(holds("IS NOT DISTINCT FROM", &[map(None), map(None)]), Ok(Some(true)));
}

#[test]
fn timestamps_of_all_precisions_meet() {
    let millis =
        (ScalarValue::TimestampMillisecond(Some(253_402_300_799_000), None), TypeKind::timestamp(3).not_null());
    let nanos = (ScalarValue::TimestampNanosecond(Some(1), None), TypeKind::timestamp(9).not_null());
    assert_eq!(holds(">", &[millis.clone(), nanos.clone()]), Ok(Some(true)));
    assert_eq!(holds("=", &[nanos, millis.clone()]), Ok(Some(false)));
    let instant = ScalarValue::TimestampMicrosecond(Some(253_402_300_799_000_000), Some("UTC".into()));
    assert_eq!(holds("=", &[(instant, TypeKind::timestamp_ltz(6).not_null()), millis]), Ok(Some(true)));
}

#[test]
fn a_float_is_in_a_list_of_decimals() {
    let float = (ScalarValue::from(0.1f32), TypeKind::Float.not_null());
    assert_eq!(holds("IN", &[float.clone(), decimal(1, 2, 1), int(7)]), Ok(Some(true)));
    assert_eq!(holds("=", &[float, decimal(1, 2, 1)]), Ok(Some(false)));
}
