use super::*;
use crate::functions::test_calls::{Constant, call, int, null_int, text};
use datafusion_common::ScalarValue;

fn double(value: f64) -> Constant {
    (ScalarValue::from(value), TypeKind::Double.not_null())
}

#[test]
fn the_extreme_is_null_if_any_value_is() {
    assert_eq!(call("GREATEST", &[int(7), int(3), int(9)]), "INT NOT NULL: 9");
    assert_eq!(call("LEAST", &[int(7), int(3), int(9)]), "INT NOT NULL: 3");
    assert_eq!(call("LEAST", &[int(7), null_int()]), "INT: null");
    assert_eq!(call("GREATEST", &[null_int(), int(7)]), "INT: null");
    assert_eq!(call("GREATEST", &[text("a"), text("B"), text("c")]), "CHAR(1) NOT NULL: c");
}

#[test]
fn nan_is_the_largest() {
    assert_eq!(call("GREATEST", &[double(1.5), double(f64::NAN)]), "DOUBLE NOT NULL: NaN");
    assert_eq!(call("LEAST", &[double(1.5), double(-f64::NAN)]), "DOUBLE NOT NULL: 1.5");
}

#[test]
fn columns_meet_constants() {
    use arrow::array::{AsArray, Int32Array};
    use arrow::datatypes::Int32Type;
    use datafusion_expr::ColumnarValue;
    use std::sync::Arc;
    let int = TypeKind::Int.nullable();
    let argument = Argument { data_type: &int, literal: None };
    let context = FunctionContext::new(chrono_tz::UTC, Arc::new(riverrun_core::SystemClock));
    let resolved = extreme("GREATEST(value, …)", true, &context, &[argument, argument]).unwrap();
    let column = || ColumnarValue::Array(Arc::new(Int32Array::from(vec![Some(1), None, Some(8)])));
    let five = || ColumnarValue::Scalar(ScalarValue::from(5));
    for arguments in [[five(), column()], [column(), five()]] {
        let result = resolved.kernel.invoke(&arguments, 3).unwrap().into_array(3).unwrap();
        assert_eq!(result.as_primitive::<Int32Type>(), &Int32Array::from(vec![Some(5), None, Some(8)]));
    }
}

#[test]
fn what_has_no_order_is_refused() {
    let null = (ScalarValue::Null, TypeKind::Null.nullable());
    assert!(call("GREATEST", &[int(1), null]).starts_with("Input"));
    assert!(call("GREATEST", &[int(1), text("a")]).starts_with("Input"));
    assert!(call("GREATEST", &[]).starts_with("Input"));
}
