use super::*;
use riverrun_core::{DataType, Field, TypeKind};

/// The texts as values of a type, and these as text again.
fn there_and_back(data_type: DataType, texts: &[Option<&str>]) -> Vec<Option<String>> {
    let mut column = Column::new(Field::new("c", data_type)).unwrap();
    for text in texts {
        match text {
            Some(text) => push(&mut column, text).unwrap_or_else(|_| panic!("{text}")),
            None => column.push_null(),
        }
    }
    let array = column.finish().unwrap();
    let column = TextColumn::new(&array).unwrap();
    (0..texts.len()).map(|row| column.text(row)).collect()
}

#[track_caller]
fn keeps(kind: TypeKind, texts: &[&str]) {
    let texts: Vec<Option<&str>> = texts.iter().copied().map(Some).chain([None]).collect();
    let back = there_and_back(kind.nullable(), &texts);
    assert_eq!(back.iter().map(Option::as_deref).collect::<Vec<_>>(), texts);
}

#[test]
fn values_come_back_as_they_went() {
    keeps(TypeKind::BigInt, &["-9223372036854775808", "0"]);
    keeps(TypeKind::Double, &["1.5", "NaN", "-Infinity"]);
    keeps(TypeKind::decimal(10, 2), &["12345678.90", "-0.01"]);
    keeps(TypeKind::STRING, &["", "a\tb\\c\n"]);
    keeps(TypeKind::BYTES, &["\\x", "\\x00ff10"]);
    keeps(TypeKind::Date, &["2024-02-29"]);
    keeps(TypeKind::Time(3), &["23:59:59.999", "00:00:00"]);
    keeps(TypeKind::timestamp(6), &["2024-02-29 12:34:56.789012", "1969-12-31 23:59:59"]);
    let ints = TypeKind::Int.nullable();
    keeps(TypeKind::Array(Box::new(ints.clone())), &["{}", "{1,NULL,-3}"]);
    keeps(TypeKind::Array(Box::new(TypeKind::Array(Box::new(ints)).nullable())), &["{{1,2},{3,4}}"]);
    keeps(TypeKind::Array(Box::new(TypeKind::STRING.nullable())), &[r#"{"a","b\"c","\\d",NULL,"NULL","{,}"}"#]);
}

#[test]
fn booleans_and_local_times_are_read_in_the_servers_form() {
    assert_eq!(
        there_and_back(TypeKind::Boolean.nullable(), &[Some("t"), Some("f")]),
        [Some("true".into()), Some("false".into())]
    );
    let local = TypeKind::timestamp_ltz(3).nullable();
    assert_eq!(there_and_back(local, &[Some("2024-03-01 10:00:00.5+00")]), [Some("2024-03-01 10:00:00.5Z".into())]);
    let unquoted = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    assert_eq!(there_and_back(unquoted.nullable(), &[Some("{a,b c}")]), [Some(r#"{"a","b c"}"#.into())]);
}

#[test]
fn what_is_no_value_leaves_nothing_behind() {
    for (kind, text) in [
        (TypeKind::Int, "1.5"),
        (TypeKind::timestamp(3), "infinity"),
        (TypeKind::BYTES, "\\x1"),
        (TypeKind::Array(Box::new(TypeKind::Int.nullable())), "{1,x}"),
        (TypeKind::Array(Box::new(TypeKind::Int.nullable())), "{1"),
    ] {
        let mut column = Column::new(Field::new("c", kind.nullable())).unwrap();
        assert!(push(&mut column, text).is_err(), "{text}");
        column.push_null();
        assert_eq!(column.finish().unwrap().len(), 1);
    }
}

#[test]
fn fields_of_copy_are_escaped() {
    let value = b"a\\b\nc\td\r";
    let mut out = Vec::new();
    escape(value, &mut out);
    assert_eq!(out, b"a\\\\b\\nc\\td\\r");
    assert_eq!(unescape(&out, &mut Vec::new()), Some(value.as_slice()));
    assert_eq!(unescape(b"\\N", &mut Vec::new()), None);
    assert_eq!(unescape(b"\\\\N", &mut Vec::new()), Some(b"\\N".as_slice()));
}
