//! Filter and projection: `WHERE` and the expressions of a `SELECT`.

use crate::expression::{Expression, are_few, evaluate, evaluate_all, evaluate_condition, nameless, truth};
use arrow::array::{ArrayRef, BooleanArray, NullArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::FilterBuilder;
use arrow::datatypes::SchemaRef;
use datafusion_physical_expr::utils::collect_columns;
use riverrun_core::{Result, RowBatch, Schema};
use riverrun_runtime::{Operator, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeSet;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A filter, then a projection.
#[derive(Clone, Debug)]
pub struct CalcSpec {
    /// Keeps the rows for which this is true, not those for which it is NULL. `None` keeps all.
    pub filter: Option<Expression>,
    /// The columns that come out, computed from the rows that are kept.
    pub projections: Vec<Expression>,
    /// The schema of what comes out.
    pub schema: Schema,
}

/// What is done with each batch: of one filter and projection, or of several that follow each other.
#[derive(Clone, Debug)]
pub struct CalcSteps {
    /// The columns that the steps begin with, over those of the input: at next to no cost, a column or a field of a ROW.
    pub inputs: Vec<Expression>,
    /// What happens to them, in this order.
    pub steps: Vec<Step>,
    /// The columns that come out, over those of the inputs and then of the steps.
    pub projections: Vec<Expression>,
    /// The schema of what comes out.
    pub schema: Schema,
}

/// A step, over the columns of the inputs and those that steps before it have added.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Whether it never fails, so that it may be done for rows too that have been dropped.
    pub total: bool,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Adds a column.
    Add(Expression),
    /// Keeps the rows for which this is true.
    Keep(Expression),
}

impl Action {
    /// What is computed for it.
    pub fn expression(&self) -> &Expression {
        match self {
            Action::Add(expression) | Action::Keep(expression) => expression,
        }
    }

    /// The same with another expression.
    #[must_use]
    pub fn with(&self, expression: Expression) -> Action {
        match self {
            Action::Add(_) => Action::Add(expression),
            Action::Keep(_) => Action::Keep(expression),
        }
    }
}

/// Filters and projects. Columns that only pass through are not copied unless rows fall out.
#[derive(Debug)]
pub struct Calc {
    steps: CalcSteps,
    schema: SchemaRef,
    /// Of each step, and of the projections, the columns that are read from there on.
    needed: Vec<BTreeSet<usize>>,
}

impl Calc {
    /// The operator on one worker.
    pub fn new(steps: CalcSteps) -> Self {
        let mut reads: BTreeSet<usize> = steps.projections.iter().flat_map(columns_of).collect();
        let mut needed = vec![reads.clone()];
        for step in steps.steps.iter().rev() {
            reads.extend(columns_of(step.action.expression()));
            needed.push(reads.clone());
        }
        needed.reverse();
        Calc { schema: steps.schema.to_arrow(), steps, needed }
    }

    /// The rows that are kept, with what the projections read; `None` if there are none.
    fn kept(&self, batch: &RecordBatch) -> Result<Option<Selection>> {
        let mut rows = Selection::new(evaluate_all(&self.steps.inputs, batch)?, batch.num_rows())?;
        for (step, needed) in self.steps.steps.iter().zip(&self.needed) {
            if !step.total || rows.is_sparse() {
                rows.drop_others(needed)?;
            }
            match &step.action {
                Action::Add(expression) => rows.add(expression)?,
                Action::Keep(condition) => rows.keep(&evaluate_condition(condition, &rows.columns)?),
            }
            if rows.is_empty() {
                return Ok(None);
            }
        }
        if let Some(needed) = self.needed.last() {
            rows.drop_others(needed)?;
        }
        Ok(Some(rows))
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize, weights: Option<ScalarBuffer<i64>>) -> Result<RowBatch> {
        // Without columns (SELECT of nothing but COUNT(*) above) the number of rows must be said.
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(RowBatch { columns, weights })
    }
}

fn columns_of(expression: &Expression) -> impl Iterator<Item = usize> + use<> {
    collect_columns(expression).into_iter().map(|column| column.index())
}

/// Rows of a batch on their way through the steps.
struct Selection {
    columns: RecordBatch,
    /// Where the rows of the columns stand in the batch; `None`: they are all of it.
    positions: Option<Vec<u32>>,
    /// Which rows of the columns are kept; `None`: all.
    kept: Option<BooleanBuffer>,
}

impl Selection {
    fn new(columns: Vec<ArrayRef>, rows: usize) -> Result<Self> {
        Ok(Selection { columns: nameless(columns, rows)?, positions: None, kept: None })
    }

    /// How many rows are kept.
    fn count(&self) -> usize {
        self.kept.as_ref().map_or(self.columns.num_rows(), BooleanBuffer::count_set_bits)
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn is_sparse(&self) -> bool {
        are_few(self.count(), self.columns.num_rows())
    }

    fn add(&mut self, expression: &Expression) -> Result<()> {
        let column = evaluate(expression, &self.columns)?;
        let columns = self.columns.columns().iter().cloned().chain([column]).collect();
        self.columns = nameless(columns, self.columns.num_rows())?;
        Ok(())
    }

    fn keep(&mut self, condition: &BooleanArray) {
        let mut truth = truth(condition);
        if let Some(kept) = &self.kept {
            truth = &truth & kept;
        }
        self.kept = (truth.count_set_bits() < truth.len()).then_some(truth);
    }

    /// Drops the rows that are not kept, and of the columns those that nothing reads any more.
    fn drop_others(&mut self, needed: &BTreeSet<usize>) -> Result<()> {
        let Some(kept) = self.kept.take() else { return Ok(()) };
        let rows = kept.set_indices().map(|row| row as u32);
        let positions: Vec<u32> = match &self.positions {
            None => rows.collect(),
            Some(positions) => rows.map(|row| positions[row as usize]).collect(),
        };
        let predicate = FilterBuilder::new(&BooleanArray::new(kept, None)).optimize().build();
        let columns = self.columns.columns().iter().enumerate().map(|(index, column)| match needed.contains(&index) {
            true => Ok(predicate.filter(column)?),
            false => Ok(Arc::new(NullArray::new(positions.len())) as ArrayRef),
        });
        self.columns = nameless(columns.collect::<Result<_>>()?, positions.len())?;
        self.positions = Some(positions);
        Ok(())
    }
}

impl Operator<RowBatch> for Calc {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let Some(rows) = self.kept(&batch.columns)? else { return Ok(()) };
        let columns = evaluate_all(&self.steps.projections, &rows.columns)?;
        let num_rows = rows.columns.num_rows();
        let Some(positions) = rows.positions else {
            out.emit_with(self.batch(columns, num_rows, batch.weights)?, watermarks.clone());
            return Ok(());
        };
        let weights = batch.weights.map(|weights| positions.iter().map(|&row| weights[row as usize]).collect());
        out.emit_with(self.batch(columns, num_rows, weights)?, watermarks.select(&positions));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
