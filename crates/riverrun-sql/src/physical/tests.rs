//! What lazy evaluation promises.

use super::*;
use crate::bind::conditional::{and, or};
use arrow::array::{Array, AsArray, BooleanArray, Int32Array};
use arrow::datatypes::{DataType as ArrowType, Field as ArrowField, Int32Type};
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, TypeKind};

fn boolean() -> DataType {
    TypeKind::Boolean.nullable()
}

fn int() -> DataType {
    TypeKind::Int.nullable()
}

fn column(index: usize, data_type: DataType) -> Expr {
    Expr::Column { index, data_type }
}

/// A condition that fails wherever it is evaluated for a row whose first argument is 0, and else is true.
#[derive(Debug)]
struct NotZero;

impl Kernel for NotZero {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let array = arguments[0].clone().into_array(rows).unwrap();
        let values = array.as_primitive::<Int32Type>();
        if values.iter().any(|value| value == Some(0)) {
            return Err(Error::failure("it met a zero"));
        }
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::from(vec![true; rows]))))
    }
}

fn not_zero(index: usize) -> Expr {
    Expr::Call {
        name: "NOT_ZERO".into(),
        kernel: Arc::new(NotZero),
        arguments: vec![column(index, int())],
        data_type: boolean(),
    }
}

/// A batch of a number and a condition.
fn batch(numbers: Vec<i32>, conditions: Vec<Option<bool>>) -> RecordBatch {
    let schema = ArrowSchema::new(vec![
        ArrowField::new("n", ArrowType::Int32, true),
        ArrowField::new("c", ArrowType::Boolean, true),
    ]);
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(Int32Array::from(numbers)), Arc::new(BooleanArray::from(conditions))];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn booleans(expr: &Expr, batch: &RecordBatch) -> Result<Vec<Option<bool>>> {
    let value = lower(expr)?.evaluate(batch).map_err(internal)?;
    let array = value.into_array(batch.num_rows()).map_err(internal)?;
    Ok(array.as_boolean().iter().collect())
}

#[test]
fn and_does_not_evaluate_what_is_already_false() {
    let condition = and(vec![column(1, boolean()), not_zero(0)]);
    let rows = batch(vec![1, 0, 3], vec![Some(true), Some(false), Some(true)]);
    assert_eq!(booleans(&condition, &rows).unwrap(), [Some(true), Some(false), Some(true)]);
}

#[test]
fn and_evaluates_what_is_still_unknown() {
    let condition = and(vec![column(1, boolean()), not_zero(0)]);
    assert_eq!(booleans(&condition, &batch(vec![1], vec![None])).unwrap(), [None]);
    let error = booleans(&condition, &batch(vec![0], vec![None])).unwrap_err();
    assert_eq!(error.message(), "it met a zero");
}

#[test]
fn or_does_not_evaluate_what_is_already_true() {
    let condition = or(vec![column(1, boolean()), not_zero(0)]);
    let rows = batch(vec![0, 1, 2], vec![Some(true), Some(false), None]);
    assert_eq!(booleans(&condition, &rows).unwrap(), [Some(true), Some(true), Some(true)]);
}

#[test]
fn three_valued_logic_over_all_pairs() {
    let values = [Some(true), Some(false), None];
    let literal = |value: Option<bool>| Expr::Literal { value: ScalarValue::Boolean(value), data_type: boolean() };
    for left in values {
        for right in values {
            let rows = batch(vec![1], vec![left]);
            let both = booleans(&Expr::And(vec![column(1, boolean()), literal(right)], boolean()), &rows).unwrap();
            let either = booleans(&Expr::Or(vec![column(1, boolean()), literal(right)], boolean()), &rows).unwrap();
            let expected_both = match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            let expected_either = match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            assert_eq!((both[0], either[0]), (expected_both, expected_either), "{left:?}, {right:?}");
        }
    }
}

#[test]
fn a_branch_of_case_sees_only_its_rows() {
    let case = Expr::Case {
        branches: vec![(column(1, boolean()), not_zero(0))],
        otherwise: Box::new(Expr::Literal { value: ScalarValue::Boolean(Some(false)), data_type: boolean() }),
        data_type: boolean(),
    };
    let rows = batch(vec![0, 5, 0], vec![Some(false), Some(true), None]);
    assert_eq!(booleans(&case, &rows).unwrap(), [Some(false), Some(true), Some(false)]);
}

#[test]
fn case_puts_results_of_all_branches_in_order() {
    let number = |value| Expr::Literal { value: ScalarValue::Int32(Some(value)), data_type: int() };
    let case = Expr::Case {
        branches: vec![(column(1, boolean()), column(0, int()))],
        otherwise: Box::new(number(-1)),
        data_type: int(),
    };
    let rows = batch(vec![7, 8, 9], vec![Some(true), None, Some(true)]);
    let value = lower(&case).unwrap().evaluate(&rows).unwrap().into_array(3).unwrap();
    assert_eq!(value.as_primitive::<Int32Type>().values().to_vec(), [7, -1, 9]);
}

#[test]
fn case_without_rows_has_the_right_type() {
    let case = Expr::Case {
        branches: vec![(column(1, boolean()), column(0, int()))],
        otherwise: Box::new(column(0, int())),
        data_type: int(),
    };
    let value = lower(&case).unwrap().evaluate(&batch(vec![], vec![])).unwrap().into_array(0).unwrap();
    assert_eq!((value.len(), value.data_type()), (0, &ArrowType::Int32));
}

#[test]
fn columns_in_lazy_expressions_can_be_moved() {
    use datafusion_common::tree_node::{Transformed, TreeNode};
    let condition = lower(&and(vec![column(1, boolean()), not_zero(0)])).unwrap();
    let moved = condition
        .transform(|node| {
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            Ok(Transformed::yes(Arc::new(Column::new(column.name(), column.index() + 1)) as Arc<dyn PhysicalExpr>))
        })
        .unwrap()
        .data;
    let rows = batch(vec![1, 0], vec![Some(true), Some(false)]);
    let wide = RecordBatch::try_from_iter([
        ("x", rows.column(0).clone()),
        ("n", rows.column(0).clone()),
        ("c", rows.column(1).clone()),
    ])
    .unwrap();
    let value = moved.evaluate(&wide).unwrap().into_array(2).unwrap();
    assert_eq!(value.as_boolean().iter().collect::<Vec<_>>(), [Some(true), Some(false)]);
}
