//! Aggregate functions of the user.

use super::rows::{FromRow, named_parameters};
use super::value::{IntoValue, Value, result};
use super::{Body, Signature, UserFunction};
use crate::functions::Argument;
use crate::parse::Returns;
use arrow::array::{Array, ArrayRef, BooleanArray};
use riverrun_core::{Error, Result};
use riverrun_operators::aggregates::{
    AggregateArgument, AggregateFunction, AggregateInput, AggregateOptions, AggregateState, ResolvedAggregate,
    UserAggregate,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An aggregate over rows, for [`UserFunction::aggregate`].
///
/// The state of a group is part of checkpoints, as serde writes it; a change of its shape makes them unreadable.
pub trait Aggregate: Send + Sync + 'static {
    /// What is kept of the rows of a group; its default is that of no rows.
    type State: Default + Clone + Serialize + DeserializeOwned + 'static;
    /// The arguments: a tuple of values, or of `Option`s where the function is to see NULL.
    type Arguments: FromRow;
    /// The result.
    type Output: IntoValue;
    /// Whether [`Aggregate::retract`] takes rows back: else the function is refused over updating inputs.
    const RETRACTS: bool = false;

    /// Adds a row.
    fn accumulate(&self, state: &mut Self::State, arguments: Self::Arguments) -> Result<()>;

    /// Takes a row back that was added before.
    fn retract(&self, state: &mut Self::State, arguments: Self::Arguments) -> Result<()> {
        let (_, _) = (state, arguments);
        Err(Error::bug("an aggregate that takes no rows back was asked to"))
    }

    /// Adds the rows of another group: windows that share slices, sessions that become one.
    fn merge(&self, state: &mut Self::State, other: &Self::State) -> Result<()>;

    /// The result over the rows so far.
    fn value(&self, state: &Self::State) -> Self::Output;
}

impl UserFunction {
    /// An aggregate function over rows.
    pub fn aggregate<A: Aggregate>(name: &str, aggregate: A) -> UserFunction {
        let signature = Signature {
            name: name.to_owned(),
            parameters: named_parameters(A::Arguments::parameters()),
            returns: Returns::Value(result::<A::Output>()),
        };
        let function = Arc::new(Rows { name: Arc::from(name), aggregate: Arc::new(aggregate) });
        let body = Signed { signature: signature.clone(), retracts: A::RETRACTS, function };
        UserFunction::rust(signature, Body::Aggregate(Arc::new(body)))
    }

    /// An aggregate function over columns: `median(x DOUBLE) RETURNS DOUBLE`, computed by states of the operators' own
    /// kind. `retracts` says whether rows of negative weight are taken back.
    pub fn vectorized_aggregate(
        signature: &str,
        retracts: bool,
        function: Arc<dyn AggregateFunction>,
    ) -> Result<UserFunction> {
        let signature = Signature::parse(signature)?;
        let body = Signed { signature: signature.clone(), retracts, function };
        Ok(UserFunction::rust(signature, Body::Aggregate(Arc::new(body))))
    }
}

/// An aggregate function with its signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What it takes and gives.
    pub signature: Signature,
    /// Whether it takes rows back.
    pub retracts: bool,
    /// What computes it.
    pub function: Arc<dyn AggregateFunction>,
}

impl UserAggregate for Signed {
    fn name(&self) -> &str {
        &self.signature.name
    }

    fn resolve(&self, arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
        let described: Vec<_> = arguments
            .iter()
            .map(|argument| Argument { data_type: argument.data_type, literal: argument.literal })
            .collect();
        let parameters = self.signature.check(&described)?;
        if options.retracting && !self.retracts {
            let name = &self.signature.name;
            return Err(Error::input(format!("the aggregate function {name} can't take rows back"))
                .detail("its input is updated, or its OVER window has a first row: rows leave it again")
                .hint(format!("give {name} a way to retract, or aggregate an append-only input")));
        }
        let inputs = parameters.into_iter().enumerate();
        Ok(ResolvedAggregate {
            inputs: inputs.map(|(argument, data_type)| AggregateInput { argument, data_type }).collect(),
            returns: self.signature.result_type(),
            function: self.function.clone(),
        })
    }
}

struct Rows<A> {
    name: Arc<str>,
    aggregate: Arc<A>,
}

impl<A> fmt::Debug for Rows<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<A: Aggregate> AggregateFunction for Rows<A> {
    fn create(&self) -> Box<dyn AggregateState> {
        Box::new(Slots { name: self.name.clone(), aggregate: self.aggregate.clone(), slots: Vec::new() })
    }
}

struct Slots<A: Aggregate> {
    name: Arc<str>,
    aggregate: Arc<A>,
    slots: Vec<A::State>,
}

impl<A: Aggregate> Slots<A> {
    fn named(&self) -> impl Fn(Error) -> Error + use<A> {
        let name = self.name.clone();
        move |error| error.context(format!("the function {name}"))
    }
}

impl<A: Aggregate> AggregateState for Slots<A> {
    fn grow(&mut self, slots: usize) {
        if slots > self.slots.len() {
            self.slots.resize_with(slots, A::State::default);
        }
    }

    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let named = self.named();
        for (row, &slot) in slots.iter().enumerate() {
            let weight = weights.map_or(1, |weights| weights[row]);
            if filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row)) {
                continue;
            }
            for _ in 0..weight.unsigned_abs() {
                let Some(arguments) = A::Arguments::from_row(arguments, row)? else { break };
                let state = &mut self.slots[slot as usize];
                match weight > 0 {
                    true => self.aggregate.accumulate(state, arguments),
                    false => self.aggregate.retract(state, arguments),
                }
                .map_err(&named)?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()> {
        let other: &dyn Any = other;
        let other: &Self =
            other.downcast_ref().ok_or_else(|| Error::bug("merge of the states of different functions"))?;
        for (&into, &from) in slots.iter().zip(other_slots) {
            self.aggregate.merge(&mut self.slots[into as usize], &other.slots[from as usize]).map_err(self.named())?;
        }
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        if into == from {
            return Ok(());
        }
        let from = std::mem::take(&mut self.slots[from as usize]);
        self.aggregate.merge(&mut self.slots[into as usize], &from).map_err(self.named())
    }

    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef> {
        let named = self.named();
        let values = slots
            .iter()
            .map(|&slot| self.aggregate.value(&self.slots[slot as usize]).into_value().map_err(&named))
            .collect::<Result<Vec<_>>>()?;
        Ok(<A::Output as IntoValue>::Value::column(values))
    }

    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        // Writing to memory fails only for types that serde can't write at all; then nothing is written, and
        // reading it back says so.
        if let Ok(bytes) = postcard::to_allocvec(&self.slots[slot as usize]) {
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(&bytes);
        }
    }

    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()> {
        let state = take_bytes(bytes)?;
        self.slots[slot as usize] = postcard::from_bytes(state).map_err(|error| {
            Error::failure(format!("the state of the function {} can't be read: {error}", self.name))
                .hint("has the shape of its state changed since the checkpoint?")
        })?;
        Ok(())
    }

    fn clear(&mut self, slot: u32) {
        self.slots[slot as usize] = A::State::default();
    }
}

/// The bytes of a state behind their length.
pub fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let short =
        || Error::failure("the state of an aggregate function ends too early").detail("the checkpoint is damaged");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    let (state, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
    *bytes = rest;
    Ok(state)
}
