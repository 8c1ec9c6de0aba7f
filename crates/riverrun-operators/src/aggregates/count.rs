//! COUNT.

use super::column::{Kind, Number, SlotFunction, for_each_row, validity};
use super::{AggregateArgument, AggregateDef, AggregateInput, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "COUNT",
    aliases: &[],
    syntax: "COUNT(*) | COUNT([DISTINCT] value)",
    doc: "The number of rows, or of those where the value is not NULL.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], _: &AggregateOptions) -> Result<ResolvedAggregate> {
    let inputs = match arguments {
        [] => Vec::new(),
        // A value that is never NULL need not be looked at, unless it is to be DISTINCT.
        [argument] => vec![AggregateInput { argument: 0, data_type: argument.data_type.clone() }],
        _ => return Err(Error::input("COUNT takes one value").detail(format!("{} were given", arguments.len()))),
    };
    Ok(ResolvedAggregate { inputs, returns: TypeKind::BigInt.not_null(), function: Arc::new(SlotFunction(Count)) })
}

/// Counts rows, those with a null argument left out.
#[derive(Clone, Debug)]
struct Count;

impl Kind for Count {
    type Slot = i64;

    fn update(
        &mut self,
        state: &mut [i64],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let valid = arguments.first().and_then(|argument| validity(argument));
        for_each_row(slots, valid.as_ref(), weights, filter, |_, slot, weight| state[slot] += weight);
        Ok(())
    }

    fn merge(&self, into: &mut i64, from: &i64) -> Result<()> {
        *into += from;
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a i64>) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from_iter_values(slots.copied())))
    }

    fn look_at(slot: &i64) -> bool {
        *slot != 0
    }

    fn encode(&self, slot: &i64, out: &mut Vec<u8>) {
        slot.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<i64> {
        i64::get(bytes)
    }
}
