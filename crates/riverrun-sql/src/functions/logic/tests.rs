use crate::functions::test_calls::{Constant, boolean, call, int};
use datafusion_common::ScalarValue;
use riverrun_core::TypeKind;

fn null_boolean() -> Constant {
    (ScalarValue::Boolean(None), TypeKind::Boolean.nullable())
}

#[test]
fn tests_never_answer_null() {
    for (name, of_true, of_false, of_null) in [
        ("IS TRUE", true, false, false),
        ("IS NOT TRUE", false, true, true),
        ("IS FALSE", false, true, false),
        ("IS NOT FALSE", true, false, true),
        ("IS UNKNOWN", false, false, true),
        ("IS NOT UNKNOWN", true, true, false),
        ("IS NULL", false, false, true),
        ("IS NOT NULL", true, true, false),
    ] {
        for (value, expected) in [(boolean(true), of_true), (boolean(false), of_false), (null_boolean(), of_null)] {
            assert_eq!(call(name, &[value]), format!("BOOLEAN NOT NULL: {expected}"), "{name}");
        }
    }
    assert_eq!(call("IS NULL", &[int(1)]), "BOOLEAN NOT NULL: false");
    assert!(call("IS TRUE", &[int(1)]).starts_with("Input"));
}

#[test]
fn not_keeps_null() {
    assert_eq!(call("NOT", &[null_boolean()]), "BOOLEAN: null");
    assert_eq!(call("NOT", &[boolean(true)]), "BOOLEAN NOT NULL: false");
    assert!(call("NOT", &[int(1)]).starts_with("Input"));
}
