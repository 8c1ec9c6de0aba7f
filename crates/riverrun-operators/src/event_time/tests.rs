use super::*;
use crate::testing::{Table, column, millis};
use arrow::array::{RecordBatch, TimestampMicrosecondArray, TimestampNanosecondArray};
use std::sync::Arc;

fn watermarks(rows: &[&str]) -> Result<Vec<i64>> {
    let table = Table::new("ts TIME | mark TIME");
    watermark_expression(table.column("ts"), table.column("mark"))(&table.batch(rows))
}

#[test]
fn each_row_allows_a_watermark() {
    let rows = ["10:00:05 | 10:00:00", "1969-12-31 23:59:59.999 | 1969-12-31 23:59:59"];
    assert_eq!(watermarks(&rows).unwrap(), [millis("10:00"), -1_000]);
}

#[test]
fn a_null_watermark_does_not_move_it() {
    assert_eq!(watermarks(&["10:00:05 | null"]).unwrap(), [i64::MIN]);
}

#[test]
fn a_null_time_fails_the_job() {
    let error = watermarks(&["10:00 | 10:00", "null | null"]).unwrap_err();
    assert_eq!(error.message(), "RowTime field should not be null, please convert it to a non-null long value.");
}

#[test]
fn finer_times_round_down() {
    let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_999, -1]));
    assert_eq!(timestamp_millis(&micros).unwrap().to_vec(), [1, -1]);
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_999_999, -1]));
    let batch = RecordBatch::try_from_iter([("ts", nanos)]).unwrap();
    let values = watermark_expression(column("ts", 0), column("ts", 0))(&RowBatch::append(batch)).unwrap();
    assert_eq!(values, [1, -1]);
}
