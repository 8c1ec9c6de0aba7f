#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use super::*;
use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use riverrun_core::{Field, Schema, TypeKind};

fn schema() -> Schema {
    Schema::new(vec![Field::new("id", TypeKind::Int.not_null()), Field::new("name", TypeKind::STRING.nullable())])
}

fn batch(rows: &[(i64, i32, &str)]) -> RowBatch {
    let ids = Int32Array::from_iter_values(rows.iter().map(|row| row.1));
    let names = StringArray::from_iter_values(rows.iter().map(|row| row.2));
    let columns = RecordBatch::try_new(schema().to_arrow(), vec![Arc::new(ids), Arc::new(names)]).unwrap();
    RowBatch { columns, weights: Some(rows.iter().map(|row| row.0).collect()) }
}

/// What is written of the changes of one turn.
fn written(batches: &[&[(i64, i32, &str)]]) -> Vec<String> {
    let mut changes = KeyChanges::new(vec![0]);
    batches.iter().for_each(|rows| changes.add(batch(rows)).unwrap());
    let mut lines = Vec::new();
    for batch in changes.take().unwrap() {
        let (ids, names) =
            (batch.columns.column(0).as_primitive::<Int32Type>(), batch.columns.column(1).as_string::<i32>());
        lines.extend(
            (0..ids.len()).map(|row| format!("{:+} {} {}", batch.weight(row), ids.value(row), names.value(row))),
        );
    }
    assert!(changes.take().unwrap().is_empty());
    lines
}

#[test]
fn an_update_is_one_record() {
    assert_eq!(written(&[&[(-1, 1, "old"), (1, 1, "new"), (1, 2, "b")]]), ["+1 1 new", "+1 2 b"]);
    assert_eq!(written(&[&[(1, 1, "old")], &[(1, 1, "new")]]), ["+1 1 new"]);
}

#[test]
fn a_row_that_is_gone_is_a_tombstone() {
    assert_eq!(written(&[&[(-1, 1, "a")]]), ["-1 1 a"]);
    assert_eq!(written(&[&[(-1, 1, "a"), (1, 1, "b")], &[(-1, 1, "b")]]), ["-1 1 b"]);
}

#[test]
fn a_row_that_took_the_place_of_another_and_went_leaves_none() {
    assert_eq!(written(&[&[(1, 1, "a")], &[(1, 1, "b")], &[(-1, 1, "b")]]), ["-1 1 b"]);
    // An earlier epoch may have written one of the key.
    assert_eq!(written(&[&[(1, 1, "a"), (-1, 1, "a")]]), ["-1 1 a"]);
}

#[test]
fn a_table_without_a_primary_key_is_refused() {
    let mut options = Options::default();
    for (key, value) in [("topic", "t"), ("key.format", "json"), ("value.format", "json")] {
        options.set(key, value);
    }
    let error = Layout::upsert("t", &schema(), &options, &[], chrono_tz::UTC).err().expect("refused");
    assert_eq!(error.message(), "table 't' of the connector 'upsert-kafka' has no PRIMARY KEY");
    options.set("value.format", "debezium-json");
    let error = Layout::upsert("t", &schema(), &options, &[0], chrono_tz::UTC).err().expect("refused");
    assert_eq!(error.message(), "'debezium-json' can't be the value's format of 'upsert-kafka'");
}

#[test]
fn records_are_versions_of_rows_and_tombstones() {
    use super::super::columns::RecordDecoder;
    use super::super::fetcher::Record;
    let mut options = Options::default();
    for (key, value) in [("topic", "t"), ("key.format", "json"), ("value.format", "json")] {
        options.set(key, value);
    }
    let layout = Layout::upsert("t", &schema(), &options, &[0], chrono_tz::UTC).unwrap();
    let mut decoder = RecordDecoder::new(&layout, &[0, 1], &Default::default(), &[]).unwrap();
    let record = |key: &str, value: Option<&str>| Record {
        topic: "t".into(),
        partition: 0,
        offset: 0,
        timestamp: 0,
        timestamp_type: "CreateTime",
        key: Some(key.into()),
        value: value.map(Into::into),
        headers: Vec::new(),
    };
    decoder.decode(&record(r#"{"id":1}"#, Some(r#"{"id":1,"name":"a"}"#))).unwrap();
    decoder.decode(&record(r#"{"id":1}"#, None)).unwrap();
    let batch = decoder.flush().unwrap();
    assert_eq!(batch.weights.as_deref(), Some(&[1, -1][..]));
    assert_eq!(batch.columns.column(0).as_primitive::<Int32Type>().values(), &[1, 1]);
    assert!(batch.columns.column(1).is_null(1));
}
