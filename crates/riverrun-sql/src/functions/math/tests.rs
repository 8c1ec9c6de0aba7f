use crate::functions::test_calls::{Constant, call, int, null_int};
use datafusion_common::ScalarValue;
use riverrun_core::TypeKind;

fn double(value: f64) -> Constant {
    (ScalarValue::from(value), TypeKind::Double.not_null())
}

fn tiny(value: i8) -> Constant {
    (ScalarValue::from(value), TypeKind::TinyInt.not_null())
}

fn big(value: i64) -> Constant {
    (ScalarValue::from(value), TypeKind::BigInt.not_null())
}

fn decimal(unscaled: i128, precision: u8, scale: u8) -> Constant {
    (ScalarValue::Decimal128(Some(unscaled), precision, scale as i8), TypeKind::decimal(precision, scale).not_null())
}

fn check(cases: Vec<(&str, Vec<Constant>, &str)>) {
    for (name, arguments, expected) in cases {
        assert_eq!(call(name, &arguments), expected, "{name} {arguments:?}");
    }
}

#[test]
fn rounding_is_half_away_from_zero() {
    check(vec![
        ("ROUND", vec![decimal(12345, 10, 2)], "DECIMAL(9, 0) NOT NULL: 123"),
        ("ROUND", vec![decimal(12345, 10, 2), int(1)], "DECIMAL(10, 1) NOT NULL: 123.5"),
        ("ROUND", vec![decimal(12345, 10, 2), int(-2)], "DECIMAL(9, 0) NOT NULL: 100"),
        ("ROUND", vec![decimal(12345, 10, 2), int(-3)], "DECIMAL(9, 0) NOT NULL: 0"),
        ("ROUND", vec![decimal(12345, 10, 2), int(5)], "DECIMAL(10, 2) NOT NULL: 123.45"),
        ("ROUND", vec![decimal(-25, 2, 1), int(0)], "DECIMAL(2, 0) NOT NULL: -3"),
        ("ROUND", vec![decimal(9999, 4, 2), int(1)], "DECIMAL(4, 1) NOT NULL: 100.0"),
        ("ROUND", vec![decimal(5, 1, 1)], "DECIMAL(1, 0) NOT NULL: 1"),
        ("ROUND", vec![double(1.005), int(2)], "DOUBLE NOT NULL: 1.01"),
        ("ROUND", vec![double(2.75), int(1)], "DOUBLE NOT NULL: 2.8"),
        ("ROUND", vec![double(-2.5)], "DOUBLE NOT NULL: -3.0"),
        ("ROUND", vec![double(2.75), int(-1)], "DOUBLE NOT NULL: 0.0"),
        ("ROUND", vec![double(7.5), int(-1)], "DOUBLE NOT NULL: 10.0"),
        ("ROUND", vec![double(1e300), int(2)], "DOUBLE NOT NULL: 1.0E300"),
        ("ROUND", vec![double(1.5e-9), int(9)], "DOUBLE NOT NULL: 2.0E-9"),
        ("ROUND", vec![int(1250), int(-2)], "INT NOT NULL: 1300"),
        ("ROUND", vec![int(i32::MAX), int(-1)], "INT NOT NULL: -2147483646"),
        ("ROUND", vec![big(i64::MAX), int(-1)], "BIGINT NOT NULL: -9223372036854775806"),
        ("ROUND", vec![tiny(7), int(-1)], "TINYINT NOT NULL: 10"),
        ("ROUND", vec![int(7), null_int()], "INT: null"),
        ("TRUNCATE", vec![decimal(-12345, 10, 2), int(1)], "DECIMAL(10, 1) NOT NULL: -123.4"),
        ("TRUNCATE", vec![decimal(12345, 10, 2), int(-1)], "DECIMAL(9, 0) NOT NULL: 120"),
        ("TRUNCATE", vec![double(1.9999999999), int(3)], "DOUBLE NOT NULL: 1.999"),
        ("TRUNCATE", vec![double(2.75), int(-1)], "DOUBLE NOT NULL: 0.0"),
        ("TRUNCATE", vec![int(7), int(-1)], "INT NOT NULL: 0"),
    ]);
    assert!(call("ROUND", &[double(f64::NAN), int(1)]).starts_with("Failure"));
    assert!(call("ROUND", &[int(1), big(1)]).starts_with("Input"));
}

#[test]
fn ceilings_and_floors_keep_the_type() {
    check(vec![
        ("CEIL", vec![decimal(999, 3, 1)], "DECIMAL(3, 0) NOT NULL: 100"),
        ("FLOOR", vec![decimal(-12345, 10, 2)], "DECIMAL(10, 0) NOT NULL: -124"),
        ("CEILING", vec![decimal(-12345, 10, 2)], "DECIMAL(10, 0) NOT NULL: -123"),
        ("FLOOR", vec![decimal(-5, 1, 1)], "DECIMAL(1, 0) NOT NULL: -1"),
        ("CEIL", vec![double(-0.275)], "DOUBLE NOT NULL: -0.0"),
        ("FLOOR", vec![int(7)], "INT NOT NULL: 7"),
    ]);
}

#[test]
fn signs_are_of_the_arguments_type() {
    check(vec![
        ("ABS", vec![int(i32::MIN)], "INT NOT NULL: -2147483648"),
        ("ABS", vec![tiny(-7)], "TINYINT NOT NULL: 7"),
        ("ABS", vec![double(-0.0)], "DOUBLE NOT NULL: 0.0"),
        ("SIGN", vec![tiny(-7)], "TINYINT NOT NULL: -1"),
        ("SIGN", vec![double(f64::NAN)], "DOUBLE NOT NULL: NaN"),
        ("SIGN", vec![decimal(-12345, 10, 2)], "DECIMAL(10, 2) NOT NULL: -1.00"),
    ]);
    assert!(call("ABS", &[crate::functions::test_calls::text("1")]).starts_with("Input"));
}

#[test]
fn logarithms_powers_and_angles_are_double() {
    check(vec![
        ("POWER", vec![int(2), int(10)], "DOUBLE NOT NULL: 1024.0"),
        ("SQRT", vec![int(-1)], "DOUBLE NOT NULL: NaN"),
        ("LOG", vec![int(2), int(8)], "DOUBLE NOT NULL: 3.0"),
        ("LOG", vec![int(1), int(8)], "DOUBLE NOT NULL: Infinity"),
        ("LOG", vec![int(0), int(8)], "DOUBLE NOT NULL: 0.0"),
        ("LN", vec![int(0)], "DOUBLE NOT NULL: -Infinity"),
        ("COT", vec![int(0)], "DOUBLE NOT NULL: Infinity"),
        ("DEGREES", vec![int(1)], "DOUBLE NOT NULL: 57.29577951308232"),
        ("RADIANS", vec![int(180)], "DOUBLE NOT NULL: 3.141592653589793"),
        ("LN", vec![null_int()], "DOUBLE: null"),
        ("PI", vec![], "DOUBLE NOT NULL: 3.141592653589793"),
        ("BIN", vec![tiny(-7)], "STRING NOT NULL: 1111111111111111111111111111111111111111111111111111111111111001"),
        ("BIN", vec![int(7)], "STRING NOT NULL: 111"),
    ]);
    assert!(call("ATAN2", &[decimal(1, 2, 1), double(1.0)]).starts_with("Input"));
}
