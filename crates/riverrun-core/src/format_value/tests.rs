use super::*;
use crate::Field;
use arrow::array::{
    ArrayRef, Int32Array, ListArray, MapBuilder, StringBuilder, StructArray, Time32MillisecondArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{Field as ArrowField, Int32Type as I32};
use std::sync::Arc;

fn row_text(array: &dyn Array, kind: TypeKind) -> Vec<String> {
    text(array, kind, TextStyle::Row)
}

fn text(array: &dyn Array, kind: TypeKind, style: TextStyle) -> Vec<String> {
    let data_type = kind.nullable();
    let writer = ValueWriter::new(array, &data_type, style).unwrap();
    (0..array.len())
        .map(|row| {
            let mut out = String::new();
            writer.write(row, &mut out);
            out
        })
        .collect()
}

#[test]
fn scalars_in_both_styles() {
    let cast = TextStyle::Cast(Tz::UTC);
    let booleans = BooleanArray::from(vec![Some(true), None]);
    assert_eq!(row_text(&booleans, TypeKind::Boolean), ["true", "null"]);
    assert_eq!(text(&booleans, TypeKind::Boolean, cast), ["TRUE", "NULL"]);
    let bytes = BinaryArray::from(vec![&b"h\xc3"[..]]);
    assert_eq!(row_text(&bytes, TypeKind::BYTES), ["[104, -61]"]);
    let times = Time32MillisecondArray::from(vec![36_000_000, 36_001_050]);
    assert_eq!(row_text(&times, TypeKind::Time(3)), ["10:00", "10:00:01.050"]);
    assert_eq!(text(&times, TypeKind::Time(0), cast), ["10:00:00", "10:00:01"]);
    assert_eq!(text(&times, TypeKind::Time(1), cast), ["10:00:00.0", "10:00:01.0"]);
    assert_eq!(text(&times, TypeKind::Time(3), cast), ["10:00:00.0", "10:00:01.05"]);
    let millis = TimestampMillisecondArray::from(vec![1_709_287_200_000]);
    assert_eq!(row_text(&millis, TypeKind::timestamp(3)), ["2024-03-01T10:00"]);
    assert_eq!(row_text(&millis, TypeKind::timestamp_ltz(3)), ["2024-03-01T10:00:00Z"]);
    assert_eq!(text(&millis, TypeKind::timestamp(3), cast), ["2024-03-01 10:00:00.000"]);
    let berlin = TextStyle::Cast(Tz::Europe__Berlin);
    assert_eq!(text(&millis, TypeKind::timestamp_ltz(0), berlin), ["2024-03-01 11:00:00"]);
}

#[test]
fn collections_nest() {
    let lists = ListArray::from_iter_primitive::<I32, _, _>([Some(vec![Some(3), None]), None, Some(vec![])]);
    let kind = TypeKind::Array(Box::new(TypeKind::Int.nullable()));
    assert_eq!(row_text(&lists, kind.clone()), ["[3, null]", "null", "[]"]);
    assert_eq!(text(&lists, kind, TextStyle::Cast(Tz::UTC)), ["[3, NULL]", "NULL", "[]"]);

    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Array::builder(2));
    maps.keys().append_value("b");
    maps.values().append_value(1);
    maps.keys().append_value("a");
    maps.values().append_null();
    maps.append(true).unwrap();
    let kind = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::Int.nullable()));
    assert_eq!(row_text(&maps.finish(), kind), ["{a=null, b=1}"]);

    let rows = StructArray::from(vec![
        (
            Arc::new(ArrowField::new("x", arrow::datatypes::DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![7])) as ArrayRef,
        ),
        (
            Arc::new(ArrowField::new("y", arrow::datatypes::DataType::Utf8, true)),
            Arc::new(StringArray::from(vec!["a"])) as ArrayRef,
        ),
    ]);
    let kind =
        TypeKind::Row(vec![Field::new("x", TypeKind::Int.nullable()), Field::new("y", TypeKind::STRING.nullable())]);
    assert_eq!(row_text(&rows, kind.clone()), ["+I[7, a]"]);
    assert_eq!(text(&rows, kind, TextStyle::Cast(Tz::UTC)), ["(7, a)"]);
}

#[test]
fn whole_rows_carry_their_kind() {
    let batch = RecordBatch::try_from_iter([
        ("a", Arc::new(StringArray::from(vec![Some("x"), None])) as ArrayRef),
        ("n", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
    ])
    .unwrap();
    let formatter = RowFormatter::new([TypeKind::STRING.nullable(), TypeKind::Int.not_null()]);
    let rows = formatter.rows(&batch).unwrap();
    let mut out = String::new();
    rows.write(0, RowKind::Insert, &mut out);
    rows.write(1, RowKind::UpdateBefore, &mut out);
    assert_eq!(out, "+I[x, 1]-U[null, 2]");
}

#[test]
fn an_array_of_another_type_is_an_error() {
    let numbers = Int32Array::from(vec![1]);
    assert!(format_value(&numbers, 0, &TypeKind::STRING.nullable(), &mut String::new()).is_err());
}
