use super::*;
use arrow::array::{AsArray, Float64Array, Int32Array, StringArray};
use chrono_tz::Tz;
use riverrun_core::{SystemClock, TypeKind, format_value};

fn context() -> FunctionContext {
    FunctionContext::new(Tz::UTC, Arc::new(SystemClock))
}

/// Casts an array, and gives the values as text; an error as `!message`.
fn cast(array: ArrayRef, from: TypeKind, to: TypeKind, on_failure: OnFailure) -> Vec<String> {
    let (kernel, data_type) = match cast_kernel(&context(), &from.nullable(), &to.nullable(), on_failure) {
        Ok(resolved) => resolved,
        Err(error) => return vec![format!("!{}", error.message())],
    };
    let rows = array.len();
    let result = match kernel {
        None => array,
        Some(kernel) => match kernel.invoke(&[ColumnarValue::Array(array)], rows) {
            Ok(ColumnarValue::Array(array)) => array,
            Ok(ColumnarValue::Scalar(_)) => panic!("a column became a constant"),
            Err(error) => return vec![format!("!{}", error.message())],
        },
    };
    assert_eq!(result.data_type(), &data_type.to_arrow());
    (0..rows)
        .map(|row| {
            let mut text = String::new();
            format_value(result.as_ref(), row, &data_type, &mut text).unwrap();
            text
        })
        .collect()
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn cast_text(text: &str, to: TypeKind) -> String {
    cast(texts(&[text]), TypeKind::STRING, to, OnFailure::Fail).remove(0)
}

#[test]
fn text_becomes_an_integer() {
    assert_eq!(cast_text(" 123 ", TypeKind::Int), "123");
    assert_eq!(cast_text("1.9", TypeKind::Int), "1");
    assert_eq!(cast_text(".5", TypeKind::Int), "0");
    assert_eq!(cast_text("-9223372036854775808", TypeKind::BigInt), "-9223372036854775808");
    assert_eq!(cast_text("2147483648", TypeKind::Int), "!For input string: '2147483648'. Overflow.");
    assert_eq!(cast_text("1e2", TypeKind::Int), "!For input string: '1e2'. Invalid character found.");
    assert_eq!(cast_text("", TypeKind::Int), "!For input string: ''. Input is empty.");
    let try_cast = cast(texts(&["x", "7"]), TypeKind::STRING, TypeKind::TinyInt, OnFailure::Null);
    assert_eq!(try_cast, ["null", "7"]);
}

#[test]
fn text_becomes_a_floating_point_number_as_in_java() {
    for (text, value) in
        [("1.5", "1.5"), ("1d", "1.0"), ("0x1p3", "8.0"), ("NaN", "NaN"), ("-Infinity", "-Infinity"), (" 2 ", "2.0")]
    {
        assert_eq!(cast_text(text, TypeKind::Double), value);
    }
    for text in ["inf", "nan", "abc", "1_0", "--1"] {
        assert_eq!(cast_text(text, TypeKind::Double), format!("!For input string: \"{text}\""));
    }
    assert_eq!(cast_text("0.1", TypeKind::Float), "0.1");
    assert_eq!(cast_text("", TypeKind::Double), "!empty String");
}

#[test]
fn text_becomes_a_decimal_rounded_half_up() {
    let to = TypeKind::decimal(5, 2);
    assert_eq!(cast_text(" 1.5 ", to.clone()), "1.50");
    assert_eq!(cast_text("-1.005", to.clone()), "-1.01");
    assert_eq!(cast_text("12.3e1", to.clone()), "123.00");
    assert_eq!(cast_text("0.004e-400", to.clone()), "0.00");
    assert_eq!(cast_text("1234.5", to.clone()), "!For input string: '1234.5'. Overflow.");
    assert_eq!(cast_text("x", to.clone()), "!For input string: 'x'. Invalid character found.");
    assert_eq!(cast_text(".", to), "!For input string: '.'. Invalid character found.");
}

#[test]
fn numbers_wrap_and_saturate() {
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![300, -1]));
    assert_eq!(cast(ints.clone(), TypeKind::Int, TypeKind::TinyInt, OnFailure::Fail), ["44", "-1"]);
    assert_eq!(cast(ints, TypeKind::Int, TypeKind::decimal(3, 1), OnFailure::Fail), ["null", "-1.0"]);
    let doubles: ArrayRef = Arc::new(Float64Array::from(vec![1e300, f64::NAN, -2.75]));
    assert_eq!(cast(doubles.clone(), TypeKind::Double, TypeKind::Int, OnFailure::Fail), ["2147483647", "0", "-2"]);
    assert_eq!(cast(doubles.slice(0, 1), TypeKind::Double, TypeKind::decimal(38, 0), OnFailure::Fail), ["null"]);
    assert_eq!(cast(doubles.slice(2, 1), TypeKind::Double, TypeKind::decimal(10, 1), OnFailure::Fail), ["-2.8"]);
    assert_eq!(cast(doubles, TypeKind::Double, TypeKind::decimal(10, 1), OnFailure::Null), ["null", "null", "-2.8"]);
}

#[test]
fn texts_are_cut_and_padded_by_code_points() {
    assert_eq!(cast_text("hello", TypeKind::Varchar(3)), "hel");
    assert_eq!(cast_text("😀😀", TypeKind::Char(3)), "😀😀 ");
    assert_eq!(cast_text("", TypeKind::Binary(2)), "[0, 0]");
    let booleans: ArrayRef = Arc::new(arrow::array::BooleanArray::from(vec![true]));
    assert_eq!(cast(booleans, TypeKind::Boolean, TypeKind::Varchar(2), OnFailure::Fail), ["TR"]);
}

#[test]
fn text_becomes_dates_and_times() {
    assert_eq!(cast_text("2024-3-5", TypeKind::Date), "2024-03-05");
    assert_eq!(cast_text(" 2024-03-15 ", TypeKind::Date), "2024-03-15");
    assert_eq!(cast_text("2024", TypeKind::Date), "2024-01-01");
    assert_eq!(cast_text("2024-03-15 13:14:15", TypeKind::Date), "2024-03-15");
    for text in ["2024-02-30", "2024-13-01", "2024/03/15", "20240315", "-0001-01-01", ""] {
        assert_eq!(cast_text(text, TypeKind::Date), format!("!For input string: '{text}'."));
    }
    assert_eq!(cast_text("13:14:15.6", TypeKind::Time(0)), "13:14:15");
    assert_eq!(cast_text("13", TypeKind::Time(0)), "13:00");
    assert!(cast_text("13:60:00", TypeKind::Time(0)).starts_with('!'));
    assert_eq!(cast_text("2024-02-30 01:02:03.4567", TypeKind::timestamp(3)), "2024-02-29T01:02:03.456");
    assert_eq!(cast_text("2024-3-5 1:2:3", TypeKind::timestamp(9)), "2024-03-05T01:02:03");
    assert_eq!(cast_text("2024-03-05", TypeKind::timestamp_ltz(0)), "2024-03-05T00:00:00Z");
    for text in ["2024-03-15 13:14", "2024-03-15T13:14:15", "2024-03-15 13:14:15+01:00", " 2024-03-15", "abc"] {
        assert!(cast_text(text, TypeKind::timestamp(3)).starts_with('!'), "{text}");
    }
}

#[test]
fn a_try_cast_of_an_array_is_null_if_an_element_fails() {
    let mut builder = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    builder.append_value([Some("1"), None]);
    builder.append_value([Some("x")]);
    let array: ArrayRef = Arc::new(builder.finish());
    let list = |kind: TypeKind| TypeKind::Array(Box::new(kind.nullable()));
    let result = cast(array.clone(), list(TypeKind::STRING), list(TypeKind::Int), OnFailure::Null);
    assert_eq!(result, ["[1, null]", "null"]);
    let result = cast(array, list(TypeKind::STRING), list(TypeKind::Int), OnFailure::Fail);
    assert_eq!(result, ["!For input string: 'x'. Invalid character found."]);
}

#[test]
fn a_try_cast_of_a_map_is_null_if_a_key_fails() {
    use arrow::array::{MapBuilder, StringBuilder};
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in [&["1", "2"][..], &["x"], &[], &["3"]] {
        for key in row {
            maps.keys().append_value(key);
            maps.values().append_value("7");
        }
        maps.append(true).unwrap();
    }
    let of = |key: TypeKind, value: TypeKind| TypeKind::Map(Box::new(key.nullable()), Box::new(value.nullable()));
    let to = of(TypeKind::Int, TypeKind::Int);
    let from = of(TypeKind::STRING, TypeKind::STRING);
    let cast = cast(Arc::new(maps.finish()), from, to, OnFailure::Null);
    assert_eq!(cast, ["{1=7, 2=7}", "null", "{}", "{3=7}"]);
}

#[test]
fn a_zone_decides_between_instants_and_local_times() {
    let berlin = FunctionContext::new(Tz::Europe__Berlin, Arc::new(SystemClock));
    let (from, to) = (TypeKind::STRING.not_null(), TypeKind::timestamp_ltz(3).not_null());
    let (kernel, _) = cast_kernel(&berlin, &from, &to, OnFailure::Fail).unwrap();
    let instant = kernel.unwrap().invoke(&[ColumnarValue::Array(texts(&["2024-07-01 12:00:00"]))], 1).unwrap();
    let (kernel, _) = cast_kernel(&berlin, &to, &TypeKind::STRING.not_null(), OnFailure::Fail).unwrap();
    let text = kernel.unwrap().invoke(&[instant], 1).unwrap().into_array(1).unwrap();
    assert_eq!(text.as_string::<i32>().value(0), "2024-07-01 12:00:00.000");
}

#[test]
fn what_flink_does_not_cast_is_refused() {
    for (from, to) in [
        (TypeKind::Int, TypeKind::BYTES),
        (TypeKind::Int, TypeKind::Date),
        (TypeKind::timestamp(3), TypeKind::BigInt),
        (TypeKind::BYTES, TypeKind::Int),
        (TypeKind::IntervalMillis, TypeKind::BigInt),
        (TypeKind::Time(0), TypeKind::Date),
    ] {
        let result = cast_kernel(&context(), &from.clone().not_null(), &to.clone().not_null(), OnFailure::Fail);
        assert!(result.is_err(), "{from} to {to}");
    }
}
