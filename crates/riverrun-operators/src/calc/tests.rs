use super::*;
use crate::testing::{Table, context, lines};
use riverrun_core::{Field, TypeKind, Watermark};

fn run(
    filter: Option<&str>,
    columns: &[&str],
    rows: &[&str],
    runs: &WatermarkRuns,
) -> (Vec<String>, Vec<(usize, i64)>) {
    let table = Table::new("name STRING | old BOOLEAN | n INT");
    let spec = CalcSpec {
        filter: filter.map(|name| table.column(name)),
        projections: columns.iter().map(|name| table.column(name)).collect(),
        schema: Schema::new(
            columns.iter().map(|name| table.schema.fields[table.schema.index_of(name).unwrap()].clone()).collect(),
        ),
    };
    let mut calc = Calc::new(spec, context(0, 1)).unwrap();
    let mut out = Output::new(Watermark::MIN, 1);
    calc.on_batch(0, table.batch(rows), runs, &mut out).unwrap();
    match out.take().pop() {
        Some((batch, runs)) => (lines(&batch), runs.iter().map(|(row, watermark)| (row, watermark.0)).collect()),
        None => (Vec::new(), Vec::new()),
    }
}

const ROWS: [&str; 4] = ["ada | true | 1", "bob | null | 2", "cyd | false | 3", "- dan | true | 4"];

#[test]
fn rows_pass_where_the_filter_is_true_not_where_it_is_null() {
    let (rows, _) = run(Some("old"), &["n", "name"], &ROWS, &WatermarkRuns::default());
    assert_eq!(rows, ["1 | ada", "- 4 | dan"]);
}

#[test]
fn watermarks_of_rows_that_fall_out_stand_before_the_next_one() {
    let mut runs = WatermarkRuns::constant(Watermark(1));
    runs.push(1, Watermark(5));
    runs.push(2, Watermark(7));
    assert_eq!(run(Some("old"), &["n"], &ROWS, &runs).1, [(0, 1), (1, 7)]);
}

#[test]
fn columns_that_pass_through_are_not_copied() {
    let table = Table::new("n INT");
    let spec = CalcSpec {
        filter: None,
        projections: vec![table.column("n")],
        schema: Schema::new(vec![Field::new("other_name", TypeKind::Int.nullable())]),
    };
    let mut calc = Calc::new(spec, context(0, 1)).unwrap();
    let batch = table.batch(&["1", "2"]);
    let mut out = Output::new(Watermark::MIN, 1);
    calc.on_batch(0, batch.clone(), &WatermarkRuns::default(), &mut out).unwrap();
    let (result, _) = out.take().remove(0);
    assert!(result.columns.column(0).to_data().ptr_eq(&batch.columns.column(0).to_data()));
    assert_eq!(result.schema().field(0).name(), "other_name");
}

#[test]
fn rows_without_columns_are_still_counted() {
    let table = Table::new("n INT");
    let spec = CalcSpec { filter: None, projections: Vec::new(), schema: Schema::default() };
    let mut calc = Calc::new(spec, context(0, 1)).unwrap();
    let mut out = Output::new(Watermark::MIN, 1);
    calc.on_batch(0, table.batch(&["1", "2"]), &WatermarkRuns::default(), &mut out).unwrap();
    assert_eq!(out.take()[0].0.num_rows(), 2);
}
