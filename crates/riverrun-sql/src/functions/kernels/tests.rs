use super::*;
use arrow::datatypes::Int32Type;

fn utf8(text: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::from(text))
}

#[test]
fn a_constant_gives_its_value_for_every_row() {
    let column: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    let concat = kernel("concat", |arguments| {
        let (a, b) = (arguments.text(0)?, arguments.text(1)?);
        texts(arguments.rows(), |row, out| {
            out.push_str(a.get(row)?);
            out.push_str(b.get(row)?);
            Some(())
        })
    });
    let result = concat.invoke(&[ColumnarValue::Array(column), utf8("!")], 3).unwrap().into_array(3).unwrap();
    assert_eq!(result.as_string::<i32>(), &StringArray::from(vec![Some("a!"), None, Some("c!")]));
}

#[test]
fn constants_alone_give_a_constant() {
    let length = kernel("length", |arguments| {
        let text = arguments.text(0)?;
        Ok(primitives::<Int32Type>(arguments.rows(), |row| Some(text.get(row)?.len() as i32)))
    });
    match length.invoke(&[utf8("four")], 1000).unwrap() {
        ColumnarValue::Scalar(value) => assert_eq!(value, ScalarValue::from(4i32)),
        ColumnarValue::Array(_) => panic!("an array"),
    }
}

#[test]
fn a_call_that_does_not_fit_says_what_is_taken() {
    let int = TypeKind::Int.not_null();
    let error =
        accept("UPPER(string)", &[Argument { data_type: &int, literal: None }], &[Accept::Text], 1).unwrap_err();
    assert_eq!(error.message(), "UPPER cannot be applied to (INT NOT NULL)");
    assert_eq!(error.detail_text(), Some("it is written UPPER(string)"));
}

#[test]
fn an_operator_between_its_operands_is_named() {
    for (syntax, name) in
        [("string || string", "||"), ("(start, end) OVERLAPS (start, end)", "OVERLAPS"), ("MAP[key, value, …]", "MAP")]
    {
        assert_eq!(mismatch(syntax, &[]).message(), format!("{name} cannot be applied to ()"));
    }
}
