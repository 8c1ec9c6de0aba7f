use super::*;
use crate::testing::spec;
use arrow::array::{Int32Array, Int64Array, StringArray};
use std::io::Write;

fn write(path: &Path) {
    let spec = spec(&[("id", TypeKind::Int), ("name", TypeKind::STRING), ("d", TypeKind::decimal(10, 2))], &[]);
    let mut writer = Parquet.writer(&spec, File::create(path).expect("file")).expect("writer");
    let batch = RecordBatch::try_new(
        spec.schema.to_arrow(),
        vec![
            Arc::new(Int32Array::from(vec![1, 2, 3])),
            Arc::new(StringArray::from(vec![Some("a"), None, Some("c")])),
            Arc::new(
                arrow::array::Decimal128Array::from(vec![150, 250, 350])
                    .with_precision_and_scale(10, 2)
                    .expect("decimal"),
            ),
        ],
    )
    .expect("batch");
    writer.write(&batch).expect("write");
    assert!(writer.bytes() > 0);
    writer.finish().expect("finish").flush().expect("flush");
}

#[test]
fn what_is_written_is_read_back_by_name_with_only_the_columns_wanted() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.parquet");
    write(&path);
    // Another order, another width, a column that is not there.
    let mut wanted = spec(&[("gone", TypeKind::Int), ("id", TypeKind::BigInt), ("name", TypeKind::STRING)], &[]);
    wanted.projection = vec![1, 0];
    let mut reader = Parquet.reader(&wanted, &path, 1..3, 10).expect("reader");
    let batch = reader.next().expect("read").expect("rows").columns;
    assert_eq!(batch.num_columns(), 2);
    assert_eq!(batch.column(0).as_any().downcast_ref::<Int64Array>().expect("BIGINT").values(), &[2, 3]);
    assert_eq!(batch.column(1).null_count(), 2);
    assert!(reader.next().expect("read").is_none());
}

#[test]
fn a_file_can_be_cut_at_its_row_groups() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.parquet");
    write(&path);
    assert_eq!(Parquet.cuts(&path).expect("cuts"), [3]);
    let mut reader = Parquet.reader(&spec(&[("id", TypeKind::Int)], &[]), &path, 1..2, 10).expect("reader");
    assert_eq!(reader.next().expect("read").expect("rows").num_rows(), 1);
    assert!(reader.next().expect("read").is_none());
}

#[test]
fn a_count_needs_no_columns() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.parquet");
    write(&path);
    let mut wanted = spec(&[("id", TypeKind::Int)], &[]);
    wanted.projection = vec![];
    let mut reader = Parquet.reader(&wanted, &path, 0..u64::MAX, 2).expect("reader");
    assert_eq!(reader.next().expect("read").expect("rows").num_rows(), 2);
    assert_eq!(reader.next().expect("read").expect("rows").num_rows(), 1);
}

#[test]
fn mistakes_name_the_file_and_the_column() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.parquet");
    write(&path);
    let wanted = spec(&[("name", TypeKind::Int)], &[]);
    let error = Parquet.reader(&wanted, &path, 0..u64::MAX, 2).expect("reader").next().expect_err("no number");
    assert!(error.message().ends_with("column `name` is Utf8 in the file, and does not fit Int32"), "{error}");
    std::fs::write(&path, "no parquet").expect("write");
    let error = Parquet.reader(&wanted, &path, 0..u64::MAX, 2).err().expect("no parquet");
    assert!(error.message().starts_with("can't read") && error.hint_text().is_some(), "{error:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_says_what_to_do() {
    let full = File::options().write(true).open("/dev/full").expect("device");
    let spec = spec(&[("id", TypeKind::Int)], &[]);
    let error = Parquet.writer(&spec, full).and_then(|writer| writer.finish()).expect_err("full");
    assert_eq!(error.message(), "can't write Parquet: No space left on device");
    assert!(error.hint_text().expect("hint").starts_with("free space"));
}
