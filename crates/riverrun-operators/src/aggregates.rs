//! Aggregate functions: how a call is resolved, and the columnar state that computes it.
//!
//! A function is an [`AggregateDef`]: its names, its documentation, and a `resolve` that looks at the
//! argument types and answers with the types of its inputs, the result type and an
//! [`AggregateFunction`]. Callers go through [`AggregateDef::bind`], which adds what DISTINCT needs.
//! Definitions live in one file per kind below `aggregates/`, each with a
//! `pub const AGGREGATES: &[AggregateDef]`, and [`registry`] lists them.
//!
//! One [`AggregateState`] holds the state of a function for *all* groups of an operator, in dense slots that the
//! operator hands out: a batch is one call, not one call per row. Rows of weight −n take n equal rows back.
//!
//! Source of the semantics: Flink 2.3, "System (Built-in) Functions", and its results.

mod avg;
mod bitmap;
mod collect;
mod column;
mod count;
mod distinct;
mod first_last;
mod json;
mod min_max;
mod number;
mod percentile;
pub mod registry;
mod sequence;
mod single_value;
mod sum;
mod total;
mod types;
mod user;
mod variance;

use arrow::array::{ArrayRef, BooleanArray};
use datafusion_common::ScalarValue;
use riverrun_core::{DataType, Result};
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

pub(crate) use column::Number;
pub use registry::{aggregate, aggregates};
pub use user::{AggregateRef, UserAggregate};

/// An aggregate function, resolved for the types of one call. Shared by all workers; makes a state for each operator.
pub trait AggregateFunction: Debug + Send + Sync {
    /// A state without slots.
    fn create(&self) -> Box<dyn AggregateState>;
}

/// The state of one aggregate call in one operator: one value per slot.
///
/// Slots are numbers from 0 that the operator hands out to its groups (or to groups and windows).
/// A slot that was never updated, or has been cleared, is empty; evaluating it gives the function's value over no
/// rows. Calls name slots below the count last given to [`AggregateState::grow`]; others panic.
pub trait AggregateState: Any {
    /// Makes room for `slots` slots in all; new ones are empty. Never shrinks.
    fn grow(&mut self, slots: usize);

    /// Adds rows: row i goes to slot `slots[i]`, `weights[i]` times (negative: takes it back; absent: once).
    /// Rows where `filter` is not true are passed over. `arguments` has the Arrow types of
    /// [`ResolvedAggregate::inputs`], one value per row.
    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()>;

    /// Adds the rows of slot `other_slots[i]` of another state of the same function to slot `slots[i]`.
    /// Where order matters (FIRST_VALUE, LISTAGG) they count as later than those already there, except that FIRST_VALUE
    /// and LAST_VALUE of states of one operator remember the order in which rows came.
    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()>;

    /// Adds the rows of slot `from` to slot `into` of this state, and leaves `from` empty: two sessions become one.
    fn absorb(&mut self, into: u32, from: u32) -> Result<()>;

    /// The values of these slots, in this order, in the Arrow type of [`ResolvedAggregate::returns`].
    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef>;

    /// Appends the bytes of a slot, from which [`AggregateState::decode`] makes an equal one.
    fn encode(&self, slot: u32, out: &mut Vec<u8>);

    /// Brings the values of these slots near, which are to be encoded: one state's in one loop, so that many look-ups are under way at
    /// once.
    fn fetch(&self, slots: &[u32]) {
        let _ = slots;
    }

    /// Reads a slot that [`AggregateState::encode`] has written, and moves `bytes` past it.
    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()>;

    /// Empties a slot, so that it can be handed out again.
    fn clear(&mut self, slot: u32);
}

/// An argument of an aggregate call, before any cast.
#[derive(Clone, Copy, Debug)]
pub struct AggregateArgument<'a> {
    /// Its type.
    pub data_type: &'a DataType,
    /// Its value where it is a constant.
    pub literal: Option<&'a ScalarValue>,
    /// Whether it is a call that gives JSON (`JSON_OBJECT(…)`), which JSON aggregates nest instead of quoting.
    pub json: bool,
}

impl<'a> AggregateArgument<'a> {
    /// An argument that is no constant and no JSON.
    pub fn column(data_type: &'a DataType) -> Self {
        AggregateArgument { data_type, literal: None, json: false }
    }
}

/// How a call is written and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AggregateOptions {
    /// `f(DISTINCT x)`.
    pub distinct: bool,
    /// Whether the query has group keys (windows count as such): without them most results may be NULL.
    pub grouped: bool,
    /// `FILTER (WHERE …)`: a group may be left without rows.
    pub filtered: bool,
    /// Whether the input can take rows back; decides which state a function keeps.
    pub retracting: bool,
    /// `NULL ON NULL` (false) or `ABSENT ON NULL` (true) of JSON aggregates, where written.
    pub absent_on_null: Option<bool>,
}

/// A value that the operator hands to [`AggregateState::update`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateInput {
    /// Which argument of the call it is. Constants that are part of the function (a separator) are no inputs.
    pub argument: usize,
    /// The type it is implicitly cast to.
    pub data_type: DataType,
}

/// A resolved call.
#[derive(Clone, Debug)]
pub struct ResolvedAggregate {
    /// What [`AggregateState::update`] takes, in order.
    pub inputs: Vec<AggregateInput>,
    /// The type of the result.
    pub returns: DataType,
    /// What computes it.
    pub function: Arc<dyn AggregateFunction>,
}

/// How an aggregate function is resolved from the types of its arguments.
///
/// An error says what the function takes and what it got; the binder adds the place.
pub type ResolveAggregate = fn(&[AggregateArgument<'_>], &AggregateOptions) -> Result<ResolvedAggregate>;

/// An aggregate function as it stands in the registry.
#[derive(Clone, Copy)]
pub struct AggregateDef {
    /// The name, in upper case.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// How it is written: `LISTAGG(string [, separator])`.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// How a call is resolved, DISTINCT aside.
    pub resolve: ResolveAggregate,
}

impl AggregateDef {
    /// Resolves a call. `COUNT(*)` is a call without arguments.
    pub fn bind(&self, arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
        let resolved = (self.resolve)(arguments, options)?;
        // The extreme of distinct values is that of all.
        if matches!(self.name, "MIN" | "MAX") {
            return Ok(resolved);
        }
        Ok(with_distinct(resolved, options))
    }
}

/// The call over distinct values, if it is written so; without arguments there is nothing to be distinct.
fn with_distinct(mut resolved: ResolvedAggregate, options: &AggregateOptions) -> ResolvedAggregate {
    if options.distinct && !resolved.inputs.is_empty() {
        let inputs = resolved.inputs.iter().map(|input| input.data_type.to_arrow()).collect();
        resolved.function = Arc::new(distinct::Distinct { inner: resolved.function, inputs });
    }
    resolved
}

impl Debug for AggregateDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests;
