use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::{DataType, Watermark};

fn run(spec: ConstraintsSpec, rows: &[&str]) -> Result<(Vec<String>, u64)> {
    let table = Table::new("customer STRING | n INT");
    let context = context(0, 1);
    let mut operator = Constraints::new(spec, context.clone())?;
    let mut out = Output::new(Watermark::MIN, 1);
    operator.on_batch(0, table.batch(rows), &WatermarkRuns::default(), &mut out)?;
    Ok((out.take().iter().flat_map(|(batch, _)| lines(batch)).collect(), context.metrics.skipped.get()))
}

fn orders(customer: DataType, not_null: NotNullEnforcer, length: LengthEnforcer) -> ConstraintsSpec {
    let schema = Schema::new(vec![Field::new("customer", customer), Field::new("n", TypeKind::Int.nullable())]);
    ConstraintsSpec { table: "orders".to_owned(), schema, not_null, length }
}

#[test]
fn a_null_in_a_not_null_column_fails_the_job_with_column_and_table() {
    let spec = orders(TypeKind::STRING.not_null(), NotNullEnforcer::Error, LengthEnforcer::Ignore);
    let error = run(spec, &["ada | 1", "null | 2"]).unwrap_err();
    assert_eq!(error.message(), "Column 'customer' is NOT NULL, however, a null value is being written into it");
    assert_eq!(error.detail_text(), Some("table 'orders', column 'customer STRING NOT NULL'"));
    assert!(error.hint_text().unwrap().contains("table.exec.sink.not-null-enforcer"));
}

#[test]
fn such_rows_can_be_dropped_and_counted() {
    let spec = orders(TypeKind::STRING.not_null(), NotNullEnforcer::Drop, LengthEnforcer::Ignore);
    assert_eq!(run(spec, &["ada | null", "null | 2"]).unwrap(), (vec!["ada | null".to_owned()], 1));
}

#[test]
fn what_is_too_long_is_cut_and_char_is_filled_up() {
    let rows = ["äöü | 1", "a | 2", "null | 3"];
    let varchar = orders(TypeKind::Varchar(2).nullable(), NotNullEnforcer::Error, LengthEnforcer::TrimPad);
    assert_eq!(run(varchar, &rows).unwrap().0, ["äö | 1", "a | 2", "null | 3"]);
    let char = orders(TypeKind::Char(2).nullable(), NotNullEnforcer::Error, LengthEnforcer::TrimPad);
    assert_eq!(run(char, &rows).unwrap().0, ["äö | 1", "a  | 2", "null | 3"]);
}

#[test]
fn by_default_lengths_are_not_looked_at() {
    let spec = orders(TypeKind::Varchar(2).nullable(), NotNullEnforcer::Error, LengthEnforcer::Ignore);
    assert!(!spec.is_needed());
    assert_eq!(run(spec, &["abc | 1"]).unwrap().0, ["abc | 1"]);
}

#[test]
fn a_wrong_length_can_fail_the_job() {
    let spec = orders(TypeKind::Char(2).nullable(), NotNullEnforcer::Error, LengthEnforcer::Error);
    let error = run(spec, &["abc | 1"]).unwrap_err();
    assert_eq!(error.message(), "Column 'customer' is CHAR(2), however, a value of length 3 is being written into it");
}
