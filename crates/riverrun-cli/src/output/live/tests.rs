#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::LiveTable;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use riverrun_core::{Field, RowBatch, Schema, TypeKind};
use std::sync::Arc;

fn table() -> LiveTable {
    LiveTable::new(&Schema::new(vec![
        Field::new("page", TypeKind::STRING.nullable()),
        Field::new("n", TypeKind::BigInt.nullable()),
    ]))
}

fn change(table: &mut LiveTable, rows: &[(i64, &str, i64)]) {
    let pages: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)));
    let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2)));
    let columns = RecordBatch::try_from_iter([("page", pages), ("n", counts)]).unwrap();
    let weights: Vec<i64> = rows.iter().map(|row| row.0).collect();
    table.apply(&RowBatch { columns, weights: Some(weights.into()) }).unwrap();
}

#[test]
fn a_changed_row_stays_where_it_stands() {
    let mut table = table();
    change(&mut table, &[(1, "/a", 1), (1, "/b", 1), (1, "/c", 1)]);
    change(&mut table, &[(-1, "/a", 1), (1, "/a", 2)]);
    change(&mut table, &[(-1, "/b", 1)]);
    assert_eq!(table.lines(10, 80, "…"), ["page  n", "────  ─", "/a    2", "/c    1", "2 rows; 6 changes …"]);
}

#[test]
fn equal_rows_are_taken_back_one_by_one() {
    let mut table = table();
    change(&mut table, &[(2, "/a", 1)]);
    change(&mut table, &[(-1, "/a", 1)]);
    assert_eq!(table.lines(10, 80, ""), ["page  n", "────  ─", "/a    1", "1 row; 3 changes"]);
}

#[test]
fn what_has_no_room_is_counted() {
    let mut table = table();
    change(&mut table, &[(1, "/a", 1), (1, "/b", 2), (1, "/a long name", 3)]);
    assert_eq!(
        table.lines(1, 10, ""),
        ["page     …", "─────────…", "/a long n…", "3 rows, the last 1 shown; 3 changes"].map(|line| line.to_owned())
    );
}
