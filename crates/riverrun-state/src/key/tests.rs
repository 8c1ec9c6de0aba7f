use super::*;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int8Array, Int32Array, Int64Array,
    ListArray, MapBuilder, StringArray, StringBuilder, StructArray, TimestampMillisecondArray,
};
use arrow::array::{AsArray, Int32Builder};
use arrow::datatypes::{DataType, Field, Fields, Int32Type};
use std::sync::Arc;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn keys(column: ArrayRef) -> Vec<String> {
    let rows = column.len();
    KeyEncoder::default().encode(&[column], rows).unwrap().iter().map(hex).collect()
}

/// A change of any of these bytes would move keys between groups, and make savepoints unreadable.
#[test]
fn the_encoding_is_pinned() {
    assert_eq!(
        keys(Arc::new(Int64Array::from(vec![Some(1), Some(-1), None]))),
        ["01 80 00 00 00 00 00 00 01", "01 7f ff ff ff ff ff ff ff", "00"]
    );
    assert_eq!(keys(Arc::new(Int8Array::from(vec![5, -128]))), ["01 85", "01 00"]);
    assert_eq!(keys(Arc::new(Int32Array::from(vec![256]))), ["01 80 00 01 00"]);
    assert_eq!(keys(Arc::new(Date32Array::from(vec![-1]))), ["01 7f ff ff ff"]);
    assert_eq!(keys(Arc::new(TimestampMillisecondArray::from(vec![2]))), ["01 80 00 00 00 00 00 00 02"]);
    let decimal = Decimal128Array::from(vec![-1]).with_precision_and_scale(10, 2).unwrap();
    assert_eq!(keys(Arc::new(decimal)), ["01 7f ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff"]);
    assert_eq!(
        keys(Arc::new(Float64Array::from(vec![1.0, -1.0, 0.0, -0.0, f64::NAN, -f64::NAN]))),
        [
            "01 bf f0 00 00 00 00 00 00",
            "01 40 0f ff ff ff ff ff ff",
            "01 80 00 00 00 00 00 00 00",
            "01 80 00 00 00 00 00 00 00",
            "01 ff f8 00 00 00 00 00 00",
            "01 ff f8 00 00 00 00 00 00",
        ]
    );
    assert_eq!(keys(Arc::new(BooleanArray::from(vec![Some(false), Some(true), None]))), ["01 00", "01 01", "00"]);
    assert_eq!(
        keys(Arc::new(StringArray::from(vec![Some("ab"), Some(""), Some("a\0b"), None]))),
        ["01 61 62 00 00", "01 00 00", "01 61 00 ff 62 00 00", "00"]
    );
    assert_eq!(keys(Arc::new(BinaryArray::from(vec![&b"\x00"[..]]))), ["01 00 ff 00 00"]);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), Some(vec![]), None]);
    assert_eq!(keys(Arc::new(list)), ["01 01 01 80 00 00 01 01 00 00", "01 00", "00"]);
    let row = StructArray::from(vec![(
        Arc::new(Field::new("a", DataType::Int8, true)),
        Arc::new(Int8Array::from(vec![Some(1), None])) as ArrayRef,
    )]);
    assert_eq!(keys(Arc::new(row)), ["01 01 81", "01 00"]);
    assert_eq!(keys(map(&[("b", 2), ("a", 1)])), keys(map(&[("a", 1), ("b", 2)])));
    assert_eq!(hash_key(b"riverrun"), 0x0634_EE12_57F8_1025);
    assert_eq!(hash_key(b""), 0x2D06_8005_38D3_94C2);
}

fn map(entries: &[(&str, i32)]) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for (key, value) in entries {
        builder.keys().append_value(key);
        builder.values().append_value(*value);
    }
    builder.append(true).unwrap();
    Arc::new(builder.finish())
}

#[test]
fn columns_come_back_from_their_bytes() {
    let strings: ArrayRef = Arc::new(StringArray::from(vec![Some("a\0\0é"), None, Some("")]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(-0.0), Some(f64::NEG_INFINITY), None]));
    let numbers = Int32Array::from(vec![Some(7), None, Some(-7)]);
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None, Some(3)]),
        None,
        Some(vec![]),
    ]));
    let fields = Fields::from(vec![
        Field::new("s", DataType::Utf8, true),
        Field::new("l", lists.data_type().clone(), true),
        Field::new("n", DataType::Int32, true),
    ]);
    let rows: ArrayRef = Arc::new(StructArray::new(
        fields,
        vec![strings.clone(), lists.clone(), Arc::new(numbers)],
        Some(vec![true, true, false].into()),
    ));
    let maps = arrow::compute::concat(&[&map(&[("b", 2), ("a", 1)]), &map(&[]), &map(&[("x", 0)])]).unwrap();
    let columns = [strings, floats, lists, rows, maps];
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    let mut encoder = KeyEncoder::exact();
    let back = decode(&types, encoder.encode(&columns, 3).unwrap().iter()).unwrap();
    for (column, back) in columns.iter().zip(&back) {
        assert_eq!(column, back);
    }
    assert!(back[1].as_primitive::<arrow::datatypes::Float64Type>().value(0).is_sign_negative());
}

#[test]
fn bytes_that_do_not_fit_are_an_error() {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["text"]));
    let mut encoder = KeyEncoder::default();
    let keys = encoder.encode(&[column], 1).unwrap();
    assert!(decode(&[DataType::Int64], keys.iter()).is_err());
    assert!(decode(&[DataType::Utf8, DataType::Utf8], keys.iter()).is_err());
    assert!(decode(&[], keys.iter()).is_err());
    for end in 0..keys.data.len() {
        assert!(decode(&[DataType::Utf8], [&keys.data[..end]]).is_err(), "cut at {end}");
    }
}

#[test]
fn the_order_of_the_bytes_is_the_order_of_the_rows() {
    let names: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), Some("a"), None, Some("a\0"), Some("a")]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), Some(4), None]));
    let sorted = |orders: &[KeyOrder]| {
        let mut encoder = KeyEncoder::default();
        let keys = encoder.encode_ordered(&[names.clone(), numbers.clone()], orders, 5).unwrap();
        let mut rows: Vec<usize> = (0..5).collect();
        rows.sort_by_key(|&row| keys.row(row).to_vec());
        rows
    };
    let ascending = KeyOrder::default();
    let descending = KeyOrder { descending: true, nulls_last: true };
    assert_eq!(sorted(&[ascending, ascending]), [2, 4, 1, 3, 0]);
    assert_eq!(sorted(&[ascending, descending]), [2, 1, 4, 3, 0]);
    assert_eq!(sorted(&[descending, ascending]), [0, 3, 4, 1, 2]);
    assert_eq!(sorted(&[KeyOrder { descending: true, nulls_last: false }, ascending]), [2, 0, 3, 4, 1]);
    assert_eq!(sorted(&[KeyOrder { descending: false, nulls_last: true }, ascending]), [4, 1, 3, 0, 2]);
}

#[test]
fn without_columns_every_key_is_empty() {
    let mut encoder = KeyEncoder::default();
    let keys = encoder.encode(&[], 3).unwrap();
    assert_eq!((keys.len(), keys.row(2)), (3, &[][..]));
}
