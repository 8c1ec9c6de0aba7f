//! What is computed once, and that it gives what the projections one by one would give.

use super::super::*;
use super::*;
use crate::functions::Kernel;
use crate::functions::nested::field;
use arrow::array::{Array, AsArray, Int32Array, StructArray};
use arrow::datatypes::{Field as ArrowField, Fields, Int32Type};
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Field, TypeKind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn int() -> DataType {
    TypeKind::Int.nullable()
}

/// Doubles a number; counts the rows that it was called for.
#[derive(Debug)]
struct Twice {
    rows: Arc<AtomicUsize>,
    total: Option<&'static str>,
}

impl Kernel for Twice {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        self.rows.fetch_add(rows, Relaxed);
        let array = arguments[0].clone().into_array(rows).unwrap();
        let twice: Int32Array = array.as_primitive::<Int32Type>().unary(|value| value * 2);
        Ok(ColumnarValue::Array(Arc::new(twice)))
    }

    fn total(&self) -> Option<&str> {
        self.total
    }
}

#[derive(Debug)]
struct IsAbove(i32);

impl Kernel for IsAbove {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let array = arguments[0].clone().into_array(rows).unwrap();
        let above = array.as_primitive::<Int32Type>().iter().map(|value| value.map(|value| value > self.0));
        Ok(ColumnarValue::Array(Arc::new(above.collect::<arrow::array::BooleanArray>())))
    }

    fn total(&self) -> Option<&str> {
        Some("IS ABOVE")
    }
}

fn column(index: usize) -> Expr {
    Expr::Column { index, data_type: int() }
}

fn above(expr: Expr, limit: i32) -> Expr {
    let kernel = Arc::new(IsAbove(limit));
    Expr::Call {
        name: format!("ABOVE {limit}"),
        kernel,
        arguments: vec![expr],
        data_type: TypeKind::Boolean.nullable(),
    }
}

struct Counted {
    rows: Arc<AtomicUsize>,
    total: Option<&'static str>,
}

impl Counted {
    /// Each call has a kernel of its own, as calls that are resolved have.
    fn twice(&self, expr: Expr) -> Expr {
        let kernel = Arc::new(Twice { rows: self.rows.clone(), total: self.total });
        Expr::Call { name: "TWICE".into(), kernel, arguments: vec![expr], data_type: int() }
    }

    fn total(name: &'static str) -> Self {
        Counted { rows: Arc::default(), total: Some(name) }
    }

    fn failing() -> Self {
        Counted { rows: Arc::default(), total: None }
    }
}

fn calc(filter: Option<Expr>, projections: &[Expr]) -> CalcSpec {
    CalcSpec {
        filter: filter.map(|filter| lower(&filter).unwrap()),
        projections: projections.iter().map(|projection| lower(projection).unwrap()).collect(),
        schema: Schema::new((0..projections.len()).map(|at| Field::new(format!("c{at}"), int())).collect()),
    }
}

fn numbers(values: &[i32]) -> RecordBatch {
    let schema = ArrowSchema::new(vec![ArrowField::new("n", ArrowType::Int32, true)]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int32Array::from(values.to_vec()))]).unwrap()
}

/// The rows that come out of the steps, and how many columns they add.
fn run(calcs: &[&CalcSpec], batch: RecordBatch) -> (Vec<Vec<i32>>, usize) {
    use riverrun_operators::calc::Calc;
    use riverrun_runtime::{Operator, Output, WatermarkRuns};
    let steps = steps(calcs).unwrap();
    let added = steps.steps.iter().filter(|step| matches!(step.action, Action::Add(_))).count();
    let mut calc = Calc::new(steps);
    let mut out = Output::new(riverrun_core::Watermark::MIN, 1);
    calc.on_batch(0, riverrun_core::RowBatch::append(batch), &WatermarkRuns::default(), &mut out).unwrap();
    let batch = out.take().pop().map(|(batch, _)| batch.columns);
    let rows = batch.map(|batch| {
        let row = |row| batch.columns().iter().map(|column| column.as_primitive::<Int32Type>().value(row)).collect();
        (0..batch.num_rows()).map(row).collect()
    });
    (rows.unwrap_or_default(), added)
}

#[test]
fn what_filter_and_projections_compute_is_computed_once() {
    let counted = Counted::total("TWICE");
    let twice = || counted.twice(column(0));
    let spec = calc(Some(above(twice(), 4)), &[column(0), twice(), counted.twice(twice())]);
    assert_eq!(run(&[&spec], numbers(&[1, 2, 3, 4])), (vec![vec![3, 6, 12], vec![4, 8, 16]], 1));
    // Of four rows once, and twice of it for the two that are left.
    assert_eq!(counted.rows.load(Relaxed), 4 + 2);
}

#[test]
fn what_can_fail_is_computed_where_it_stands() {
    let counted = Counted::failing();
    let twice = || counted.twice(column(0));
    let spec = calc(Some(above(twice(), 4)), &[twice()]);
    assert_eq!(run(&[&spec], numbers(&[1, 2, 3, 4])), (vec![vec![6], vec![8]], 0));
    assert_eq!(counted.rows.load(Relaxed), 4 + 2);
}

#[test]
fn what_only_some_rows_need_is_not_computed_for_all() {
    let counted = Counted::total("TWICE");
    let when = |limit| Expr::Case {
        branches: vec![(above(column(0), limit), counted.twice(column(0)))],
        otherwise: Box::new(column(0)),
        data_type: int(),
    };
    let spec = calc(None, &[when(3), when(2)]);
    assert_eq!(run(&[&spec], numbers(&[1, 2, 3, 4])).0, [[1, 1], [2, 2], [3, 6], [8, 8]]);
    assert_eq!(counted.rows.load(Relaxed), 1 + 2);
}

#[test]
fn a_column_that_the_next_projection_reads_twice_is_computed_once_even_if_it_can_fail() {
    let counted = Counted::failing();
    let below = calc(Some(above(column(0), 1)), &[counted.twice(column(0)), column(0)]);
    let next = calc(Some(above(column(0), 4)), &[column(0), column(1), column(0)]);
    let last = calc(None, &[column(2), column(1)]);
    assert_eq!(run(&[&below, &next, &last], numbers(&[1, 2, 3, 4])), (vec![vec![6, 3], vec![8, 4]], 1));
    assert_eq!(counted.rows.load(Relaxed), 3);
}

#[test]
fn a_column_that_nothing_reads_is_not_computed() {
    let counted = Counted::failing();
    let below = calc(None, &[counted.twice(column(0)), column(0)]);
    let last = calc(None, &[column(1)]);
    assert_eq!(run(&[&below, &last], numbers(&[7])), (vec![vec![7]], 0));
    assert_eq!(counted.rows.load(Relaxed), 0);
}

#[test]
fn columns_that_are_added_before_others_move_them() {
    let (first, second) = (Counted::total("TWICE"), Counted::failing());
    // The second one is added since the next projection reads it twice; the first one, which is found later, goes before it.
    let below = calc(Some(above(first.twice(column(0)), 2)), &[second.twice(first.twice(column(0))), column(0)]);
    let next = calc(None, &[column(0), column(1), column(0), first.twice(column(1))]);
    assert_eq!(run(&[&below, &next], numbers(&[1, 2])), (vec![vec![8, 2, 8, 4]], 2));
    assert_eq!((first.rows.load(Relaxed), second.rows.load(Relaxed)), (2, 1));
}

#[test]
fn what_is_met_before_all_rows_need_it_stays_where_it_is() {
    let (counted, other) = (Counted::total("TWICE"), Counted::total("OTHER"));
    // The first condition asks for it only where the number is not above 1, the second one for all rows that are left.
    let boolean = TypeKind::Boolean.nullable();
    let some = Expr::Or(vec![above(column(0), 1), above(counted.twice(column(0)), 2)], boolean);
    let all = above(counted.twice(column(0)), 1);
    let filter = Expr::And(vec![some, all], TypeKind::Boolean.nullable());
    let spec = calc(Some(filter), &[counted.twice(column(0)), other.twice(column(0)), column(0)]);
    let next = calc(None, &[column(0), column(1), column(1), column(2), other.twice(column(2))]);
    let rows = vec![vec![4, 4, 4, 2, 4], vec![8, 8, 8, 4, 8]];
    // What was added since the next projection reads it twice is then no more than another name of what is shared.
    assert_eq!(run(&[&spec, &next], numbers(&[0, 1, 2, 4])), (rows, 3));
    // For two rows by the first condition, then for the two that are left.
    assert_eq!((counted.rows.load(Relaxed), other.rows.load(Relaxed)), (2 + 2, 2));
}

#[test]
fn of_a_row_only_the_fields_that_are_read_go_on() {
    let row = TypeKind::Row(vec![Field::new("a", int()), Field::new("b", int())]).nullable();
    let whole = || Expr::Column { index: 0, data_type: row.clone() };
    let spec = calc(Some(above(field(whole(), 1).unwrap(), 5)), &[field(whole(), 1).unwrap()]);
    let steps = steps(&[&spec]).unwrap();
    assert_eq!(steps.inputs.len(), 1);
    let fields: Fields =
        vec![ArrowField::new("a", ArrowType::Int32, true), ArrowField::new("b", ArrowType::Int32, true)].into();
    let columns: Vec<Arc<dyn Array>> =
        vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(Int32Array::from(vec![5, 6]))];
    let structs = StructArray::new(fields.clone(), columns, None);
    let schema = ArrowSchema::new(vec![ArrowField::new("r", ArrowType::Struct(fields), true)]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(structs)]).unwrap();
    assert_eq!(run(&[&spec], batch).0, [[6]]);
}

#[test]
fn constants_pass_from_one_projection_to_the_next() {
    let one = Expr::Literal { value: ScalarValue::Int32(Some(1)), data_type: int() };
    let below = calc(None, &[one, column(0)]);
    let next = calc(Some(above(column(1), 1)), &[column(0), column(0)]);
    assert_eq!(run(&[&below, &next], numbers(&[1, 2])), (vec![vec![1, 1]], 0));
}
