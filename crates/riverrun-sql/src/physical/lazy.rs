//! AND, OR and CASE, evaluated only for the rows that need each operand.
//!
//! An operand sees a batch of the rows at hand, cut down to the columns that it reads: to pick rows is to copy them, so the fewer
//! columns the better. Where all rows need an operand nothing is copied. An operand that can't fail is evaluated for all rows too
//! where nearly all need it, or where it is less work than to pick them.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, UInt32Array};
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

    /// Its values for the rows at these positions (`None`: all); and whether they are those of all rows, where that was less work.
    fn evaluate(&self, batch: &RecordBatch, positions: Option<&[u32]>) -> Result<(ColumnarValue, bool)> {
        let rows = batch.num_rows();
        let asked = positions.map_or(rows, <[u32]>::len);
        let all = asked == rows || self.light || (self.total && !are_few(asked, rows));
        let columns = self.columns.iter().map(|&index| batch.column(index));
        let (arrays, num_rows) = match positions.filter(|_| !all) {
            None => (columns.cloned().collect(), rows),
            Some(positions) => {
                let rows = UInt32Array::from(positions.to_vec());
                (columns.map(|column| compute::take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?, asked)
            }
        };
        Ok((self.expr.evaluate(&nameless(arrays, num_rows)?)?, all))
    }

    /// Its truth for the rows at these positions (`None`: all), in their order.
    fn truth(&self, batch: &RecordBatch, positions: Option<&[u32]>) -> Result<Truth> {
        let (value, all) = self.evaluate(batch, positions)?;
        let rows = if all { batch.num_rows() } else { positions.map_or(0, <[u32]>::len) };
        let array = value.into_array(rows)?;
        match array.as_boolean_opt() {
            Some(booleans) => Ok(Truth { booleans: booleans.clone(), all }),
            None => internal_err!("a condition of type {}", array.data_type()),
        }
    }
}

/// What a condition is for rows.
struct Truth {
    booleans: BooleanArray,
    /// Whether for all rows of the batch, and not only for those it was asked for.
    all: bool,
}

impl Truth {
    /// Of the row at `position`, which is the `at`-th of those that were asked for; `None`: unknown.
    fn get(&self, at: usize, position: u32) -> Option<bool> {
        let row = if self.all { position as usize } else { at };
        self.booleans.is_valid(row).then(|| self.booleans.value(row))
    }
}

/// The positions of the rows at hand, each with its place among them.
fn each_row(positions: Option<&[u32]>, rows: usize) -> impl Iterator<Item = (usize, u32)> {
    (0..positions.map_or(rows, <[u32]>::len))
        .map(move |at| (at, positions.map_or(at as u32, |positions| positions[at])))
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
        let rows = batch.num_rows();
        // The value that decides: false for AND, true for OR.
        let deciding = !self.all;
        let mut values = BooleanBufferBuilder::new(rows);
        values.append_n(rows, self.all);
        let mut known = BooleanBufferBuilder::new(rows);
        known.append_n(rows, true);
        // Rows that no operand has decided yet; all while `None`.
        let mut open: Option<Vec<u32>> = None;
        for operand in &self.operands {
            if rows == 0 || open.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
            let truth = operand.truth(batch, open.as_deref())?;
            let mut remaining = Vec::new();
            for (at, position) in each_row(open.as_deref(), rows) {
                match truth.get(at, position) {
                    None => {
                        known.set_bit(position as usize, false);
                        remaining.push(position);
                    }
                    Some(value) if value == deciding => {
                        values.set_bit(position as usize, deciding);
                        known.set_bit(position as usize, true);
                    }
                    Some(_) => remaining.push(position),
                }
            }
            open = (remaining.len() < rows).then_some(remaining);
        }
        let nulls = arrow::buffer::NullBuffer::new(known.finish());
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(values.finish(), nulls))))
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

    /// Says that `outcome` is the result of the rows at `positions` (`None`: all) where it is not NULL; gives the positions of the
    /// others.
    fn choose_valid(&mut self, outcome: &Operand, batch: &RecordBatch, positions: Option<&[u32]>) -> Result<Vec<u32>> {
        let (values, all) = outcome.evaluate(batch, positions)?;
        let (array, constant) = self.add(values)?;
        let mut remaining = Vec::new();
        for (at, position) in each_row(positions, batch.num_rows()) {
            let row = row_of(at, position, constant, all);
            if self.arrays[array].is_valid(row) {
                self.rows[position as usize] = (array, row);
            } else {
                remaining.push(position);
            }
        }
        Ok(remaining)
    }

    /// Says that `outcome` is the result of the rows at `positions` (`None`: all).
    fn choose(&mut self, outcome: &Operand, batch: &RecordBatch, positions: Option<&[u32]>) -> Result<()> {
        if positions.is_some_and(<[u32]>::is_empty) {
            return Ok(());
        }
        let (values, all) = outcome.evaluate(batch, positions)?;
        let (array, constant) = self.add(values)?;
        for (at, position) in each_row(positions, batch.num_rows()) {
            self.rows[position as usize] = (array, row_of(at, position, constant, all));
        }
        Ok(())
    }
}

/// Where the result of a row stands: of the row at `position`, the `at`-th of those at hand.
fn row_of(at: usize, position: u32, constant: bool, all: bool) -> usize {
    match (constant, all) {
        (true, _) => 0,
        (false, true) => position as usize,
        (false, false) => at,
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
        let mut choice = Choice { arrays: Vec::new(), rows: vec![(0, 0); batch.num_rows()] };
        let mut open: Option<Vec<u32>> = None;
        for (condition, result) in &self.branches {
            if open.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
            let Condition::True(condition) = condition else {
                open = Some(choice.choose_valid(result, batch, open.as_deref())?);
                continue;
            };
            let taken = condition.truth(batch, open.as_deref())?;
            let (mut chosen, mut remaining) = (Vec::new(), Vec::new());
            for (at, position) in each_row(open.as_deref(), batch.num_rows()) {
                match taken.get(at, position) {
                    Some(true) => chosen.push(position),
                    _ => remaining.push(position),
                }
            }
            choice.choose(result, batch, Some(&chosen))?;
            open = Some(remaining);
        }
        choice.choose(&self.otherwise, batch, open.as_deref())?;
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
