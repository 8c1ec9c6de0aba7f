use super::*;
use crate::testing::{Table, lines};
use arrow::array::AsArray;
use arrow::datatypes::{DataType as ArrowType, Int32Type, Schema as ArrowSchema};
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;
use riverrun_core::{Field, TypeKind, Watermark};
use std::sync::Mutex;

/// A filter and projections over columns, by their names.
fn steps(table: &Table, filters: &[Step], columns: &[&str], schema: Schema) -> CalcSteps {
    let names: Vec<_> = table.schema.fields.iter().map(|field| table.column(&field.name)).collect();
    let place = |name: &str| -> Expression { Arc::new(Column::new(name, table.schema.index_of(name).unwrap())) };
    let projections = columns.iter().map(|name| place(name)).collect();
    CalcSteps { inputs: names, steps: filters.to_vec(), projections, schema }
}

fn keep(condition: Expression) -> Step {
    Step { action: Action::Keep(condition), total: true }
}

fn run(
    filter: Option<&str>,
    columns: &[&str],
    rows: &[&str],
    runs: &WatermarkRuns,
) -> (Vec<String>, Vec<(usize, i64)>) {
    let table = Table::new("name STRING | old BOOLEAN | n INT");
    let filters: Vec<_> = filter.map(|name| keep(table.column(name))).into_iter().collect();
    let schema = Schema::new(
        columns.iter().map(|name| table.schema.fields[table.schema.index_of(name).unwrap()].clone()).collect(),
    );
    let spec = steps(&table, &filters, columns, schema);
    let mut calc = Calc::new(spec);
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
    let schema = Schema::new(vec![Field::new("other_name", TypeKind::Int.nullable())]);
    let spec = steps(&table, &[], &["n"], schema);
    let mut calc = Calc::new(spec);
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
    let spec = steps(&table, &[], &[], Schema::default());
    let mut calc = Calc::new(spec);
    let mut out = Output::new(Watermark::MIN, 1);
    calc.on_batch(0, table.batch(&["1", "2"]), &WatermarkRuns::default(), &mut out).unwrap();
    assert_eq!(out.take()[0].0.num_rows(), 2);
}

/// Whether a number is above a limit; remembers the numbers that it was asked for.
#[derive(Clone, Debug)]
struct Above(i32, Arc<Mutex<Vec<i32>>>);

impl PartialEq for Above {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Above {}

impl std::hash::Hash for Above {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Display for Above {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ABOVE {}", self.0)
    }
}

impl PhysicalExpr for Above {
    fn data_type(&self, _: &ArrowSchema) -> datafusion_common::Result<ArrowType> {
        Ok(ArrowType::Boolean)
    }

    fn nullable(&self, _: &ArrowSchema) -> datafusion_common::Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, batch: &RecordBatch) -> datafusion_common::Result<ColumnarValue> {
        let numbers = batch.column(0).as_primitive::<Int32Type>();
        self.1.lock().unwrap().extend(numbers.values());
        let above: Vec<bool> = numbers.values().iter().map(|number| *number > self.0).collect();
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::from(above))))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn PhysicalExpr>>,
    ) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
        Ok(self)
    }

    fn fmt_sql(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Keeps the numbers above the first limit and then those above the second one; gives what comes out, and the numbers that the
/// second filter was asked for.
fn above(limits: [i32; 2], total: bool) -> (Vec<String>, Vec<i32>) {
    let table = Table::new("n INT | name STRING");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let first = keep(Arc::new(Above(limits[0], Arc::default())));
    let second = Step { action: Action::Keep(Arc::new(Above(limits[1], asked.clone()))), total };
    let names = ["n", "name"].map(|name| table.schema.fields[table.schema.index_of(name).unwrap()].clone());
    let spec = steps(&table, &[first, second], &["name", "n"], Schema::new(vec![names[1].clone(), names[0].clone()]));
    // Nothing reads the numbers' column but the filters and one projection.
    let mut calc = Calc::new(spec);
    let mut out = Output::new(Watermark::MIN, 1);
    let rows = ["1 | a", "- 2 | b", "3 | c", "4 | d", "5 | e"];
    calc.on_batch(0, table.batch(&rows), &WatermarkRuns::default(), &mut out).unwrap();
    let rows = out.take().pop().map(|(batch, _)| lines(&batch)).unwrap_or_default();
    let asked = asked.lock().unwrap().clone();
    (rows, asked)
}

#[test]
fn what_can_fail_sees_only_the_rows_that_are_kept() {
    assert_eq!(above([1, 2], false), (vec!["c | 3".into(), "d | 4".into(), "e | 5".into()], vec![2, 3, 4, 5]));
}

#[test]
fn what_cannot_fail_sees_all_rows_while_few_have_fallen_out() {
    assert_eq!(above([1, 3], true), (vec!["d | 4".into(), "e | 5".into()], vec![1, 2, 3, 4, 5]));
    assert_eq!(above([2, 3], true), (vec!["d | 4".into(), "e | 5".into()], vec![3, 4, 5]));
}

#[test]
fn weights_and_watermarks_are_those_of_the_rows_that_are_left() {
    let (rows, _) = above([0, 1], true);
    assert_eq!(rows, ["- b | 2", "c | 3", "d | 4", "e | 5"]);
    // Dropped twice: by the first filter, and then by the second one.
    let (rows, _) = above([2, 4], true);
    assert_eq!(rows, ["e | 5"]);
    assert!(above([2, 9], true).0.is_empty());
}
