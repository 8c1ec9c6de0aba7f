//! One call of an aggregate function, as an operator computes it.

use crate::aggregates::AggregateFunction;
use crate::expression::{Expression, evaluate_all, evaluate_condition};
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use riverrun_core::Result;
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
