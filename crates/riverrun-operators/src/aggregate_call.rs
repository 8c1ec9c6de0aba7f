//! One call of an aggregate function, as an operator computes it.

use crate::aggregates::AggregateFunction;
use crate::expression::{Expression, evaluate_all, evaluate_condition};
use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::take;
use riverrun_core::{Result, RowBatch};
use std::borrow::Cow;
use std::sync::Arc;

/// `f(arguments) FILTER (WHERE filter)` over the operator's input.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// What computes it.
    pub function: Arc<dyn AggregateFunction>,
    /// The inputs that the function takes, in the types that it takes them.
    pub arguments: Vec<Expression>,
    /// Only rows for which this is true count.
    pub filter: Option<Expression>,
}

/// The values that a call needs of a batch.
#[derive(Clone, Debug)]
pub struct CallInput {
    /// The inputs of the function.
    pub arguments: Vec<ArrayRef>,
    /// Which rows count.
    pub filter: Option<BooleanArray>,
}

impl AggregateCall {
    /// Evaluates what the call needs of a batch.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<CallInput> {
        let arguments = evaluate_all(&self.arguments, batch)?;
        let filter = self.filter.as_ref().map(|filter| evaluate_condition(filter, batch)).transpose()?;
        Ok(CallInput { arguments, filter })
    }
}

/// The inputs of several calls at some rows of a batch.
#[derive(Clone, Debug, Default)]
pub struct SelectedInputs<'a> {
    /// What each call needs.
    pub calls: Vec<CallInput>,
    /// The rows' weights, where the stream has them.
    pub weights: Option<Cow<'a, [i64]>>,
}

/// What several calls need of a batch.
#[derive(Clone, Debug)]
pub struct BatchInputs {
    calls: Vec<CallInput>,
    weights: Option<ScalarBuffer<i64>>,
}

impl BatchInputs {
    /// Evaluates what `calls` need of `batch`.
    pub fn new(calls: &[AggregateCall], batch: &RowBatch) -> Result<Self> {
        let calls = calls.iter().map(|call| call.evaluate(&batch.columns)).collect::<Result<_>>()?;
        Ok(BatchInputs { calls, weights: batch.weights.clone() })
    }

    /// What each call needs, of all rows.
    pub fn all(&self) -> &[CallInput] {
        &self.calls
    }

    /// The inputs and weights of these rows, which ascend. Nothing is copied where they are one run.
    pub fn at(&self, rows: &[u32]) -> Result<SelectedInputs<'_>> {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else { return Ok(SelectedInputs::default()) };
        let (first, count) = (first as usize, rows.len());
        let weights = self.weights.as_deref();
        if last as usize - first + 1 == count {
            let calls = self.calls.iter().map(|call| CallInput {
                arguments: call.arguments.iter().map(|argument| argument.slice(first, count)).collect(),
                filter: call.filter.as_ref().map(|filter| filter.slice(first, count)),
            });
            let weights = weights.map(|weights| Cow::Borrowed(&weights[first..first + count]));
            return Ok(SelectedInputs { calls: calls.collect(), weights });
        }
        let indices = UInt32Array::from(rows.to_vec());
        let mut calls = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            let arguments =
                call.arguments.iter().map(|argument| Ok(take(argument, &indices, None)?)).collect::<Result<_>>()?;
            let filter = call.filter.as_ref().map(|filter| take(filter, &indices, None)).transpose()?;
            calls.push(CallInput { arguments, filter: filter.map(|filter| filter.as_boolean().clone()) });
        }
        let weights = weights.map(|all| rows.iter().map(|&row| all[row as usize]).collect());
        Ok(SelectedInputs { calls, weights: weights.map(Cow::Owned) })
    }
}
