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
    let maps = maps.finish();
    assert_eq!(row_text(&maps, kind.clone()), ["{a=null, b=1}"]);
    assert_eq!(text(&maps, kind, TextStyle::Cast(Tz::UTC)), ["{b=1, a=NULL}"]);

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

/// The keys of a map in the order in which its entries are written; `kind` is theirs.
fn key_order(keys: ArrayRef, kind: TypeKind) -> String {
    use arrow::array::MapArray;
    let values = Arc::new(Int32Array::from(vec![0; keys.len()])) as ArrayRef;
    let offsets = OffsetBuffer::from_lengths([keys.len()]);
    let entries = StructArray::from(vec![
        (Arc::new(ArrowField::new("key", keys.data_type().clone(), false)), keys),
        (Arc::new(ArrowField::new("value", arrow::datatypes::DataType::Int32, true)), values),
    ]);
    let field = Arc::new(ArrowField::new("entries", entries.data_type().clone(), false));
    let map = MapArray::new(field, offsets, entries, None, false);
    let kind = TypeKind::Map(Box::new(kind.not_null()), Box::new(TypeKind::Int.nullable()));
    row_text(&map, kind)[0].replace("=0", "")
}

/// The orders are those that Flink printed.
#[test]
fn maps_are_written_in_the_order_of_javas_hash_map() {
    let words = "the quick brown fox jumps over a lazy dog while thirty seven striped zebras graze near some muddy river banks \
                 under open skies today größe 日本 😀 Zürich";
    let first = |count: usize| {
        key_order(Arc::new(StringArray::from_iter_values(words.split_whitespace().take(count))), TypeKind::STRING)
    };
    assert_eq!(first(5), "{the, quick, jumps, brown, fox}");
    assert_eq!(first(12), "{the, over, a, quick, lazy, jumps, seven, brown, while, dog, fox, thirty}");
    assert_eq!(first(13), "{over, a, striped, quick, lazy, jumps, seven, brown, while, fox, the, dog, thirty}");
    assert_eq!(
        first(28),
        "{zebras, some, quick, lazy, jumps, seven, while, fox, Zürich, today, near, over, a, striped, graze, banks, muddy, \
         日本, brown, the, größe, 😀, skies, river, under, dog, open, thirty}"
    );
    assert_eq!(key_order(Arc::new(Int32Array::from(vec![2, 1, 17, 16])), TypeKind::Int), "{16, 1, 17, 2}");
}

#[test]
fn keys_of_all_types_have_javas_hash_codes() {
    use arrow::array::{Date32Array, Float64Array, Int64Array};
    let longs = Int64Array::from(vec![-5, 4_294_967_296_000, 17, -1]);
    assert_eq!(key_order(Arc::new(longs), TypeKind::BigInt), "{-1, 17, -5, 4294967296000}");
    let doubles = Float64Array::from(vec![1.5, -2.25, 1e300, 0.0, 3.0]);
    assert_eq!(key_order(Arc::new(doubles), TypeKind::Double), "{0.0, -2.25, 1.0E300, 1.5, 3.0}");
    assert_eq!(key_order(Arc::new(BooleanArray::from(vec![true, false])), TypeKind::Boolean), "{false, true}");
    let dates = Date32Array::from(vec![19_783, -1, 19_782, 10_957, 19_553]);
    assert_eq!(
        key_order(Arc::new(dates), TypeKind::Date),
        "{2023-07-15, 1969-12-31, 2024-02-29, 2024-03-01, 2000-01-01}"
    );
    let times = Time32MillisecondArray::from(vec![36_000_000, 86_399_000, 1_000, 45_296_000]);
    assert_eq!(key_order(Arc::new(times), TypeKind::Time(0)), "{23:59:59, 00:00:01, 10:00, 12:34:56}");
    let at = |millis: Vec<i64>| Arc::new(TimestampMillisecondArray::from(millis)) as ArrayRef;
    assert_eq!(
        key_order(at(vec![1_709_287_200_123, -1, 1_709_287_200_456, 978_307_200_000]), TypeKind::timestamp(3)),
        "{2024-03-01T10:00:00.456, 2024-03-01T10:00:00.123, 1969-12-31T23:59:59.999, 2001-01-01T00:00}"
    );
    assert_eq!(
        key_order(at(vec![1_709_287_200_123, -1, 1_709_287_200_456, 5_000]), TypeKind::timestamp_ltz(3)),
        "{1970-01-01T00:00:05Z, 2024-03-01T10:00:00.123Z, 1969-12-31T23:59:59.999Z, 2024-03-01T10:00:00.456Z}"
    );
    let decimals = |values: Vec<i128>, precision: u8| {
        let array = Decimal128Array::from(values).with_precision_and_scale(precision, 2).unwrap();
        key_order(Arc::new(array), TypeKind::decimal(precision, 2))
    };
    assert_eq!(decimals(vec![150, -225, 10_000, 1, 777], 5), "{0.01, 100.00, 7.77, 1.50, -2.25}");
    assert_eq!(
        decimals(
            vec![
                1_234_567_890_123_456_789_012,
                -9_999_999_999_999_999_999_999,
                100,
                -725,
                12_345_678_901_234_567_890_123_456
            ],
            30
        ),
        "{-99999999999999999999.99, 12345678901234567890.12, -7.25, 123456789012345678901234.56, 1.00}"
    );
}
