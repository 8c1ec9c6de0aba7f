//! AND, OR and CASE, evaluated only for the rows that need each operand.
//!
//! An operand sees a batch of the rows at hand, cut down to the columns that the whole expression
//! reads: filtering copies rows, so the fewer columns the better. Where all rows need an operand
//! nothing is copied, and constants and plain columns, which can't fail, are never filtered.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions, UInt32Array,
};
use arrow::compute;
use arrow::datatypes::{DataType as ArrowType, Schema as ArrowSchema};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, internal_err};
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{Column, Literal};
use datafusion_physical_expr::utils::collect_columns;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The columns that an expression reads.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Compact {
    columns: Vec<usize>,
}

impl Compact {
    fn new<'a>(exprs: impl Iterator<Item = &'a Arc<dyn PhysicalExpr>>) -> Self {
        let columns: BTreeSet<usize> =
            exprs.flat_map(|expr| collect_columns(expr).into_iter().map(|column| column.index())).collect();
        Compact { columns: columns.into_iter().collect() }
    }

    /// The expression over only these columns.
    fn expr(&self, expr: &Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let moved = Arc::clone(expr).transform(|node| {
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            match self.columns.binary_search(&column.index()) {
                Ok(index) => Ok(Transformed::yes(Arc::new(Column::new(column.name(), index)))),
                Err(_) => internal_err!("{column} was not collected"),
            }
        })?;
        Ok(moved.data)
    }

    fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let fields: Vec<_> = self.columns.iter().map(|&index| batch.schema_ref().field(index).clone()).collect();
        let arrays = self.columns.iter().map(|&index| batch.column(index).clone()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
    }
}

/// The rows at these positions.
fn take(batch: &RecordBatch, rows: &[u32]) -> Result<RecordBatch> {
    let rows = UInt32Array::from(rows.to_vec());
    let arrays =
        batch.columns().iter().map(|column| compute::take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), arrays, &options)?)
}

fn evaluate_condition(condition: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    let array = condition.evaluate(batch)?.into_array(batch.num_rows())?;
    match array.as_boolean_opt() {
        Some(booleans) => Ok(booleans.clone()),
        None => internal_err!("a condition of type {}", array.data_type()),
    }
}

/// AND or OR in three-valued logic.
#[derive(Debug)]
pub(super) struct Connective {
    compact: Compact,
    /// Over the input's columns.
    operands: Vec<Arc<dyn PhysicalExpr>>,
    /// Over the compact batch's.
    compacted: Vec<Arc<dyn PhysicalExpr>>,
    /// AND; else OR.
    all: bool,
}

impl Connective {
    pub(super) fn new(operands: Vec<Arc<dyn PhysicalExpr>>, all: bool) -> Result<Self> {
        let compact = Compact::new(operands.iter());
        let compacted = operands.iter().map(|operand| compact.expr(operand)).collect::<Result<_>>()?;
        Ok(Connective { compact, operands, compacted, all })
    }
}

impl PhysicalExpr for Connective {
    fn data_type(&self, _: &ArrowSchema) -> Result<ArrowType> {
        Ok(ArrowType::Boolean)
    }

    fn nullable(&self, _: &ArrowSchema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let whole = self.compact.batch(batch)?;
        // The value that decides: false for AND, true for OR.
        let deciding = !self.all;
        let mut values = BooleanBufferBuilder::new(rows);
        values.append_n(rows, self.all);
        let mut known = BooleanBufferBuilder::new(rows);
        known.append_n(rows, true);
        // Rows that no operand has decided yet, and the batch of only these; all rows while `None`.
        let mut open: Option<(Vec<u32>, RecordBatch)> = None;
        for (index, operand) in self.compacted.iter().enumerate() {
            let (positions, part) = match &open {
                None => (None, &whole),
                Some((positions, part)) => (Some(positions.as_slice()), part),
            };
            if part.num_rows() == 0 {
                break;
            }
            let results = evaluate_condition(operand, part)?;
            let mut remaining = Vec::new();
            for row in 0..results.len() {
                let position = positions.map_or(row, |positions| positions[row] as usize);
                if results.is_null(row) {
                    known.set_bit(position, false);
                    remaining.push(position as u32);
                } else if results.value(row) == deciding {
                    values.set_bit(position, deciding);
                    known.set_bit(position, true);
                } else {
                    remaining.push(position as u32);
                }
            }
            if index + 1 < self.operands.len() && remaining.len() < part.num_rows() {
                let part = take(&whole, &remaining)?;
                open = Some((remaining, part));
            }
        }
        let nulls = arrow::buffer::NullBuffer::new(known.finish());
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(values.finish(), nulls))))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.operands.iter().collect()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Connective::new(children, self.all)?))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Connective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, operand) in self.operands.iter().enumerate() {
            let between = if index == 0 {
                ""
            } else if self.all {
                " AND "
            } else {
                " OR "
            };
            write!(f, "{between}{operand}")?;
        }
        f.write_str(")")
    }
}

impl PartialEq for Connective {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all && self.operands == other.operands
    }
}

impl Eq for Connective {}

impl Hash for Connective {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.all.hash(state);
        self.operands.hash(state);
    }
}

/// `CASE WHEN … THEN … ELSE … END`.
#[derive(Debug)]
pub(super) struct Case {
    compact: Compact,
    /// Condition, result, condition, result, …, ELSE, over the input's columns.
    operands: Vec<Arc<dyn PhysicalExpr>>,
    /// Over the compact batch's.
    branches: Vec<(Condition, Outcome)>,
    otherwise: Outcome,
    data_type: ArrowType,
}

/// When a branch is taken.
#[derive(Debug)]
enum Condition {
    True(Arc<dyn PhysicalExpr>),
    /// Where its result is not NULL, as in COALESCE: the result is computed once, and `RAND()` asked once.
    ResultIsNotNull,
}

/// A result of a CASE.
#[derive(Debug)]
struct Outcome {
    expr: Arc<dyn PhysicalExpr>,
    /// A column or a constant: evaluated over the whole batch, since it can't fail.
    plain: bool,
}

impl Case {
    /// A CASE of conditions and results in turn, with ELSE at the end.
    pub(super) fn new(operands: Vec<Arc<dyn PhysicalExpr>>, data_type: ArrowType) -> Result<Self> {
        let compact = Compact::new(operands.iter());
        let outcome = |expr: &Arc<dyn PhysicalExpr>| -> Result<Outcome> {
            let plain = expr.downcast_ref::<Column>().is_some() || expr.downcast_ref::<Literal>().is_some();
            Ok(Outcome { expr: compact.expr(expr)?, plain })
        };
        let Some((last, pairs)) = operands.split_last() else { return internal_err!("CASE without results") };
        let branches = pairs
            .chunks_exact(2)
            .map(|pair| {
                let condition = match super::tested_for_null(&pair[0]) {
                    Some(tested) if tested.as_ref() == pair[1].as_ref() => Condition::ResultIsNotNull,
                    _ => Condition::True(compact.expr(&pair[0])?),
                };
                Ok((condition, outcome(&pair[1])?))
            })
            .collect::<Result<_>>()?;
        let otherwise = outcome(last)?;
        Ok(Case { compact, operands, branches, otherwise, data_type })
    }
}

impl PartialEq for Case {
    fn eq(&self, other: &Self) -> bool {
        self.operands == other.operands && self.data_type == other.data_type
    }
}

impl Eq for Case {}

impl Hash for Case {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.operands.hash(state);
        self.data_type.hash(state);
    }
}

/// The results of the branches, and for each row which of them it takes.
struct Choice {
    arrays: Vec<ArrayRef>,
    rows: Vec<(usize, usize)>,
}

impl Choice {
    /// Says that `values` are the results of the rows at `positions` (`None`: all) where they are not NULL; gives the
    /// positions of the others.
    fn choose_valid(&mut self, values: ColumnarValue, positions: Option<&[u32]>, rows: usize) -> Result<Vec<u32>> {
        let (values, constant) = match values {
            ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
            ColumnarValue::Array(values) => (values, false),
        };
        let array = self.arrays.len();
        let mut remaining = Vec::new();
        for at in 0..positions.map_or(rows, <[u32]>::len) {
            let position = positions.map_or(at as u32, |positions| positions[at]);
            let row = if constant { 0 } else { at };
            if values.is_valid(row) {
                self.rows[position as usize] = (array, row);
            } else {
                remaining.push(position);
            }
        }
        self.arrays.push(values);
        Ok(remaining)
    }

    /// Says that `outcome` is the result of the rows at `positions` (`None`: all).
    fn choose(&mut self, outcome: &Outcome, whole: &RecordBatch, positions: Option<&[u32]>) -> Result<()> {
        let array = self.arrays.len();
        let part;
        let batch = match positions {
            Some([]) => return Ok(()),
            Some(positions) if !outcome.plain && positions.len() < whole.num_rows() => {
                part = take(whole, positions)?;
                &part
            }
            _ => whole,
        };
        let (values, constant) = match outcome.expr.evaluate(batch)? {
            ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
            ColumnarValue::Array(values) => (values, false),
        };
        self.arrays.push(values);
        let whole_batch = batch.num_rows() == whole.num_rows();
        match positions {
            None => {
                for (row, entry) in self.rows.iter_mut().enumerate() {
                    *entry = (array, if constant { 0 } else { row });
                }
            }
            Some(positions) => {
                for (at, &position) in positions.iter().enumerate() {
                    let row = if constant {
                        0
                    } else if whole_batch {
                        position as usize
                    } else {
                        at
                    };
                    self.rows[position as usize] = (array, row);
                }
            }
        }
        Ok(())
    }
}

impl PhysicalExpr for Case {
    fn data_type(&self, _: &ArrowSchema) -> Result<ArrowType> {
        Ok(self.data_type.clone())
    }

    fn nullable(&self, _: &ArrowSchema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let whole = self.compact.batch(batch)?;
        let mut choice = Choice { arrays: Vec::new(), rows: vec![(0, 0); batch.num_rows()] };
        let mut open: Option<Vec<u32>> = None;
        for (condition, result) in &self.branches {
            let part;
            let candidates = match &open {
                None => &whole,
                Some(positions) if positions.is_empty() => break,
                Some(positions) => {
                    part = take(&whole, positions)?;
                    &part
                }
            };
            let condition = match condition {
                Condition::True(condition) => condition,
                Condition::ResultIsNotNull => {
                    let values = result.expr.evaluate(candidates)?;
                    open = Some(choice.choose_valid(values, open.as_deref(), candidates.num_rows())?);
                    continue;
                }
            };
            let taken = evaluate_condition(condition, candidates)?;
            let (mut chosen, mut remaining) = (Vec::new(), Vec::new());
            for row in 0..taken.len() {
                let position = open.as_ref().map_or(row as u32, |positions| positions[row]);
                if taken.is_valid(row) && taken.value(row) {
                    chosen.push(position);
                } else {
                    remaining.push(position);
                }
            }
            choice.choose(result, &whole, Some(&chosen))?;
            open = Some(remaining);
        }
        choice.choose(&self.otherwise, &whole, open.as_deref())?;
        if choice.arrays.is_empty() {
            return Ok(ColumnarValue::Array(arrow::array::new_empty_array(&self.data_type)));
        }
        let arrays: Vec<&dyn Array> = choice.arrays.iter().map(|array| array.as_ref()).collect();
        if let [_] = arrays.as_slice()
            && choice.rows.iter().enumerate().all(|(row, chosen)| chosen.1 == row)
            && arrays[0].len() == batch.num_rows()
        {
            return Ok(ColumnarValue::Array(choice.arrays.remove(0)));
        }
        Ok(ColumnarValue::Array(compute::interleave(&arrays, &choice.rows)?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.operands.iter().collect()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Case::new(children, self.data_type.clone())?))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CASE")?;
        let mut operands = self.operands.as_slice();
        while let [when, then, rest @ ..] = operands {
            write!(f, " WHEN {when} THEN {then}")?;
            operands = rest;
        }
        match operands {
            [otherwise] => write!(f, " ELSE {otherwise} END"),
            _ => f.write_str(" END"),
        }
    }
}
