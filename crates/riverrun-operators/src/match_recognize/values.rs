//! What conditions and measures take from the rows of a match.

use super::Row;
use crate::aggregates::AggregateFunction;
use crate::expression::{Expression, from_datafusion};
use crate::pattern::{Node, Variable};
use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion_common::ScalarValue;
use riverrun_core::Result;
use std::rc::Rc;
use std::sync::Arc;

/// From which end rows are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// FIRST.
    First,
    /// LAST.
    Last,
}

/// A value of a match.
#[derive(Clone, Debug)]
pub enum MatchValue {
    /// An operand of one row.
    Row {
        /// Among the rows that are this variable; `None`: among all of the match.
        variable: Option<Variable>,
        /// From which end it is counted.
        end: End,
        /// How many rows from there.
        offset: usize,
        /// The operand.
        operand: usize,
        /// FINAL: of the whole match, also where its rows are shown one by one.
        whole: bool,
    },
    /// An aggregate over rows.
    Aggregate {
        /// Over the rows that are this variable; `None`: over all of the match.
        variable: Option<Variable>,
        /// What computes it.
        function: Arc<dyn AggregateFunction>,
        /// The operands that it takes.
        operands: Vec<usize>,
        /// FILTER: the BOOLEAN operand that must be true.
        filter: Option<usize>,
        /// FINAL.
        whole: bool,
    },
    /// MATCH_ROWTIME(): the time that had come when the match came out. That is the time of its last row, but for a match that
    /// had to wait for an earlier one. As in Flink: so no match is late for the windows behind.
    Rowtime {
        /// The operand whose type it has.
        operand: usize,
    },
    /// CLASSIFIER(): the name of the variable that the row is.
    Classifier,
    /// MATCH_NUMBER(): the number of the match in its partition, from 1.
    Number,
}

/// Expressions over values of a match.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The values, which are the columns that the expressions refer to.
    pub values: Vec<MatchValue>,
    /// Their names and types.
    pub schema: SchemaRef,
    /// The expressions.
    pub expressions: Vec<Expression>,
}

impl Computed {
    /// A batch of values, given by column.
    pub(super) fn batch(&self, values: Vec<Vec<ScalarValue>>, rows: usize) -> Result<RecordBatch> {
        let columns = values.into_iter().map(ScalarValue::iter_to_array).collect::<Result<Vec<ArrayRef>, _>>();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.map_err(from_datafusion)?;
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}

impl MatchValue {
    /// The value at `row` of the match that ends, so far, with `last`. A match that came out has its number and the time of that.
    pub(super) fn of(
        &self,
        row: &Node<Rc<Row>>,
        last: &Node<Rc<Row>>,
        (number, time): (i64, i64),
        variables: &[String],
        nulls: &[ScalarValue],
    ) -> Result<ScalarValue> {
        match self {
            MatchValue::Row { variable, end, offset, operand, whole } => {
                let from = if *whole { last } else { row };
                let mut rows = from.back().filter(|node| is(node, *variable));
                let found = match end {
                    End::Last => rows.nth(*offset),
                    End::First => {
                        let rows: Vec<_> = rows.collect();
                        rows.len().checked_sub(offset + 1).map(|at| rows[at])
                    }
                };
                Ok(found.map_or_else(|| nulls[*operand].clone(), |node| node.row.operands[*operand].clone()))
            }
            MatchValue::Aggregate { variable, function, operands, filter, whole } => {
                let from = if *whole { last } else { row };
                let mut rows: Vec<_> = from.back().filter(|node| is(node, *variable)).collect();
                rows.reverse();
                let mut state = function.create();
                state.grow(1);
                if !rows.is_empty() {
                    let column = |operand: &usize| {
                        ScalarValue::iter_to_array(rows.iter().map(|node| node.row.operands[*operand].clone()))
                            .map_err(from_datafusion)
                    };
                    let arguments = operands.iter().map(column).collect::<Result<Vec<_>>>()?;
                    let filter = filter.as_ref().map(column).transpose()?;
                    let filter = filter.as_ref().map(|filter| filter.as_boolean());
                    state.update(&vec![0; rows.len()], &arguments, None, filter)?;
                }
                ScalarValue::try_from_array(&state.evaluate(&[0])?, 0).map_err(from_datafusion)
            }
            MatchValue::Rowtime { operand } => ScalarValue::TimestampMillisecond(Some(time), None)
                .cast_to(&nulls[*operand].data_type())
                .map_err(from_datafusion),
            MatchValue::Classifier => Ok(ScalarValue::Utf8(variables.get(row.variable).cloned())),
            MatchValue::Number => Ok(ScalarValue::Int64(Some(number))),
        }
    }
}

fn is(node: &Node<Rc<Row>>, variable: Option<Variable>) -> bool {
    variable.is_none_or(|variable| variable == node.variable)
}
