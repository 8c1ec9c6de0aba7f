//! AND, OR and CASE, evaluated only for the rows that need each operand.
//!
//! An operand sees a batch of the rows at hand, cut down to the columns that it reads: to pick rows is to copy them, so the fewer
//! columns the better. Where all rows need an operand nothing is copied. An operand that can't fail is evaluated for all rows too
//! where nearly all need it, or where it is less work than to pick them.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute;
use arrow::datatypes::{DataType as ArrowType, Schema as ArrowSchema};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, internal_err};
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;
use riverrun_operators::expression::{are_few, nameless};
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An operand, over only the columns that it reads.
#[derive(Debug)]
struct Operand {
    columns: Vec<usize>,
    /// Over these columns.
    expr: Arc<dyn PhysicalExpr>,
    total: bool,
    light: bool,
}

impl Operand {
    fn new(expr: &Arc<dyn PhysicalExpr>) -> Result<Self> {
        let columns: BTreeSet<usize> = collect_columns(expr).into_iter().map(|column| column.index()).collect();
        let columns: Vec<usize> = columns.into_iter().collect();
        let moved = Arc::clone(expr).transform(|node| {
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            match columns.binary_search(&column.index()) {
                Ok(index) => Ok(Transformed::yes(Arc::new(Column::new(column.name(), index)))),
                Err(_) => internal_err!("{column} was not collected"),
            }
        })?;
        Ok(Operand { columns, expr: moved.data, total: super::is_total(expr), light: super::is_light(expr) })
    }

    /// Its values for some rows; and the positions of these, unless the values are those of all rows, where that was less work.
    fn evaluate(&self, batch: &RecordBatch, rows: &Rows) -> Result<(ColumnarValue, Option<UInt32Array>)> {
        let num_rows = batch.num_rows();
        let all = rows.count == num_rows || self.light || (self.total && !are_few(rows.count, num_rows));
        let columns = self.columns.iter().map(|&index| batch.column(index));
        if all {
            return Ok((self.expr.evaluate(&nameless(columns.cloned().collect(), num_rows)?)?, None));
        }
        let positions = UInt32Array::from_iter_values(rows.positions().map(|position| position as u32));
        let arrays = columns.map(|column| compute::take(column, &positions, None)).collect::<Result<Vec<_>, _>>()?;
        let value = self.expr.evaluate(&nameless(arrays, rows.count)?)?;
        Ok((value, Some(positions)))
    }

    /// Its truth for some rows.
    fn truth(&self, batch: &RecordBatch, rows: &Rows) -> Result<Truth> {
        let (value, positions) = self.evaluate(batch, rows)?;
        let array = value.into_array(positions.as_ref().map_or(batch.num_rows(), Array::len))?;
        let Some(booleans) = array.as_boolean_opt() else {
            return internal_err!("a condition of type {}", array.data_type());
        };
        let truth = Truth::of(booleans);
        Ok(match positions {
            None => truth,
            Some(positions) => Truth {
                is_true: scattered(&truth.is_true, positions.values(), batch.num_rows()),
                is_false: scattered(&truth.is_false, positions.values(), batch.num_rows()),
            },
        })
    }
}

/// Some of the rows of a batch.
struct Rows {
    set: BooleanBuffer,
    count: usize,
}

impl Rows {
    fn all(rows: usize) -> Self {
        Rows { set: BooleanBuffer::new_set(rows), count: rows }
    }

    fn of(set: BooleanBuffer) -> Self {
        Rows { count: set.count_set_bits(), set }
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.set.set_indices()
    }
}

/// Where a condition is true, and where it is false; elsewhere it is unknown. Says something of the rows that it was asked for.
struct Truth {
    is_true: BooleanBuffer,
    is_false: BooleanBuffer,
}

impl Truth {
    fn of(booleans: &BooleanArray) -> Self {
        let values = booleans.values();
        match booleans.nulls() {
            None => Truth { is_true: values.clone(), is_false: !values },
            Some(nulls) => Truth { is_true: values & nulls.inner(), is_false: &!values & nulls.inner() },
        }
    }
}

/// Bits at their positions among `rows` rows.
fn scattered(bits: &BooleanBuffer, positions: &[u32], rows: usize) -> BooleanBuffer {
    let mut all = BooleanBufferBuilder::new(rows);
    all.append_n(rows, false);
    bits.set_indices().for_each(|at| all.set_bit(positions[at] as usize, true));
    all.finish()
}

/// AND or OR in three-valued logic.
#[derive(Debug)]
pub(super) struct Connective {
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    operands: Vec<Operand>,
    /// AND; else OR.
    all: bool,
}

impl Connective {
    pub(super) fn new(exprs: Vec<Arc<dyn PhysicalExpr>>, all: bool) -> Result<Self> {
        let operands = exprs.iter().map(Operand::new).collect::<Result<_>>()?;
        Ok(Connective { exprs, operands, all })
    }

    /// The operands of an AND.
    pub(super) fn conjuncts(&self) -> Option<&[Arc<dyn PhysicalExpr>]> {
        self.all.then_some(&self.exprs)
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
        // Rows that no operand has decided yet.
        let mut open = Rows::all(batch.num_rows());
        let mut unknown = BooleanBuffer::new_unset(batch.num_rows());
        for operand in &self.operands {
            if open.is_empty() {
                break;
            }
            let Truth { is_true, is_false } = operand.truth(batch, &open)?;
            unknown = &unknown | &!&(&is_true | &is_false);
            // FALSE decides an AND, TRUE an OR.
            let decided = if self.all { is_false } else { is_true };
            open = Rows::of(&open.set & &!&decided);
        }
        let values = if self.all { open.set.clone() } else { !&open.set };
        let nulls = NullBuffer::new(!&(&unknown & &open.set));
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(values, nulls))))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.exprs.iter().collect()
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
        for (index, operand) in self.exprs.iter().enumerate() {
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
        self.all == other.all && self.exprs == other.exprs
    }
}

impl Eq for Connective {}

impl Hash for Connective {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.all.hash(state);
        self.exprs.hash(state);
    }
}

/// `CASE WHEN … THEN … ELSE … END`.
#[derive(Debug)]
pub(super) struct Case {
    /// Condition, result, condition, result, …, ELSE.
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    branches: Vec<(Condition, Operand)>,
    otherwise: Operand,
    data_type: ArrowType,
}

/// When a branch is taken.
#[derive(Debug)]
enum Condition {
    True(Operand),
    /// Where its result is not NULL, as in COALESCE: the result is computed once, and `RAND()` asked once.
    ResultIsNotNull,
}

impl Case {
    /// A CASE of conditions and results in turn, with ELSE at the end.
    pub(super) fn new(exprs: Vec<Arc<dyn PhysicalExpr>>, data_type: ArrowType) -> Result<Self> {
        let Some((last, pairs)) = exprs.split_last() else { return internal_err!("CASE without results") };
        let branches = pairs
            .chunks_exact(2)
            .map(|pair| {
                let condition = match super::tested_for_null(&pair[0]) {
                    Some(tested) if tested.as_ref() == pair[1].as_ref() => Condition::ResultIsNotNull,
                    _ => Condition::True(Operand::new(&pair[0])?),
                };
                Ok((condition, Operand::new(&pair[1])?))
            })
            .collect::<Result<_>>()?;
        let otherwise = Operand::new(last)?;
        Ok(Case { exprs, branches, otherwise, data_type })
    }
}

impl PartialEq for Case {
    fn eq(&self, other: &Self) -> bool {
        self.exprs == other.exprs && self.data_type == other.data_type
    }
}

impl Eq for Case {}

impl Hash for Case {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.exprs.hash(state);
        self.data_type.hash(state);
    }
}

/// The results of the branches, and for each row which of them it takes.
struct Choice {
    arrays: Vec<ArrayRef>,
    rows: Vec<(usize, usize)>,
}

impl Choice {
    /// One more array of results; gives its number, and whether it is one result for all rows.
    fn add(&mut self, values: ColumnarValue) -> Result<(usize, bool)> {
        let (values, constant) = match values {
            ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
            ColumnarValue::Array(values) => (values, false),
        };
        self.arrays.push(values);
        Ok((self.arrays.len() - 1, constant))
    }

    /// Says that `outcome` is the result of rows where it is not NULL; gives the others.
    fn choose_valid(&mut self, outcome: &Operand, batch: &RecordBatch, rows: &Rows) -> Result<Rows> {
        let (values, positions) = outcome.evaluate(batch, rows)?;
        let (array, constant) = self.add(values)?;
        let mut others = BooleanBufferBuilder::new(batch.num_rows());
        others.append_n(batch.num_rows(), false);
        let valid = self.arrays[array].logical_nulls();
        for (position, row) in places(rows, positions.is_some(), constant) {
            if valid.as_ref().is_none_or(|valid| valid.is_valid(row)) {
                self.rows[position] = (array, row);
            } else {
                others.set_bit(position, true);
            }
        }
        Ok(Rows::of(others.finish()))
    }

    /// Says that `outcome` is the result of rows.
    fn choose(&mut self, outcome: &Operand, batch: &RecordBatch, rows: &Rows) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (values, positions) = outcome.evaluate(batch, rows)?;
        let (array, constant) = self.add(values)?;
        places(rows, positions.is_some(), constant).for_each(|(position, row)| self.rows[position] = (array, row));
        Ok(())
    }
}

/// The positions of rows, each with where its result stands among those of [`Operand::evaluate`].
fn places(rows: &Rows, picked: bool, constant: bool) -> impl Iterator<Item = (usize, usize)> + '_ {
    rows.positions().enumerate().map(move |(at, position)| {
        let row = match (constant, picked) {
            (true, _) => 0,
            (false, true) => at,
            (false, false) => position,
        };
        (position, row)
    })
}

impl PhysicalExpr for Case {
    fn data_type(&self, _: &ArrowSchema) -> Result<ArrowType> {
        Ok(self.data_type.clone())
    }

    fn nullable(&self, _: &ArrowSchema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let mut choice = Choice { arrays: Vec::new(), rows: vec![(0, 0); batch.num_rows()] };
        let mut open = Rows::all(batch.num_rows());
        for (condition, result) in &self.branches {
            if open.is_empty() {
                break;
            }
            let Condition::True(condition) = condition else {
                open = choice.choose_valid(result, batch, &open)?;
                continue;
            };
            let taken = condition.truth(batch, &open)?.is_true;
            choice.choose(result, batch, &Rows::of(&open.set & &taken))?;
            open = Rows::of(&open.set & &!&taken);
        }
        choice.choose(&self.otherwise, batch, &open)?;
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
        self.exprs.iter().collect()
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
        let mut operands = self.exprs.as_slice();
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
