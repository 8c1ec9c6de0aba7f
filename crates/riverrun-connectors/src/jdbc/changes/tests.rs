use super::*;
use arrow::array::{AsArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;
use std::sync::Arc;

/// Rows as `(weight, key, value)`.
fn batch(rows: &[(i64, i32, &str)]) -> RowBatch {
    let keys: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>());
    let values: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.2)).collect::<StringArray>());
    let columns = RecordBatch::try_from_iter([("k", keys), ("v", values)]).unwrap();
    RowBatch { columns, weights: Some(rows.iter().map(|row| row.0).collect()) }
}

fn upserts(batches: &[RowBatch]) -> (Vec<(i32, String)>, Vec<i32>) {
    let Changes::Upsert { puts, deletes } = Changes::new(batches, &[0]).unwrap() else { panic!() };
    let keys = |batch: &RecordBatch| batch.column(0).as_primitive::<Int32Type>().values().to_vec();
    let puts = puts.map_or_else(Vec::new, |puts| {
        let values = puts.column(1).as_string::<i32>();
        keys(&puts).into_iter().zip(values.iter().map(|value| value.unwrap().to_owned())).collect()
    });
    (puts, deletes.as_ref().map_or_else(Vec::new, keys))
}

fn put(key: i32, value: &str) -> (i32, String) {
    (key, value.to_owned())
}

#[test]
fn the_row_added_last_stands() {
    let batches = [batch(&[(1, 1, "a"), (1, 2, "b")]), batch(&[(-1, 1, "a"), (1, 1, "c")])];
    assert_eq!(upserts(&batches), (vec![put(1, "c"), put(2, "b")], vec![]));
}

#[test]
fn a_row_that_took_the_place_of_another_and_went_leaves_none() {
    let changes: [&[(i64, i32, &str)]; 3] = [&[(1, 1, "a")], &[(1, 1, "b")], &[(-1, 1, "b")]];
    assert_eq!(upserts(&changes.map(batch)), (vec![], vec![1]));
    assert_eq!(upserts(&[batch(&[(1, 1, "a"), (1, 1, "b"), (1, 1, "a"), (-1, 1, "a")])]), (vec![], vec![1]));
    assert_eq!(upserts(&[batch(&[(1, 1, "a"), (1, 1, "b"), (-1, 1, "b"), (1, 1, "c")])]), (vec![put(1, "c")], vec![]));
}

#[test]
fn a_row_that_came_and_went_is_deleted() {
    assert_eq!(upserts(&[batch(&[(1, 1, "a"), (-1, 1, "a"), (-1, 2, "b")])]), (vec![], vec![1, 2]));
}

#[test]
fn without_a_key_every_row_is_new() {
    let Changes::Append(batches) = Changes::new(&[batch(&[(1, 1, "a"), (2, 1, "a")])], &[]).unwrap() else { panic!() };
    assert_eq!(batches[0].num_rows(), 3);
    assert!(Changes::new(&[batch(&[(-1, 1, "a")])], &[]).is_err());
}
