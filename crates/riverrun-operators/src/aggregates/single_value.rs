//! SINGLE_VALUE: the value of a group's only row.

use super::column::{Kind, NULL, Number, SlotFunction, decode_column, get_bytes, put_bytes, try_for_each_row};
use super::types::{input, mismatch, nullable_if_empty, single};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType as ArrowType;
use riverrun_core::{Error, Result};
use riverrun_state::KeyEncoder;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "SINGLE_VALUE",
    aliases: &[],
    syntax: "SINGLE_VALUE(value)",
    doc: "The value of the only row, NULL or not. A group of more rows fails the job.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
    let argument = single("SINGLE_VALUE", arguments)?.data_type.without_time_attribute();
    let data_type = argument.to_arrow();
    if data_type.is_nested() {
        return Err(mismatch("SINGLE_VALUE", arguments, "SINGLE_VALUE(value) of a value that is no collection"));
    }
    let returns = argument.with_nullable(nullable_if_empty(&argument, options));
    let function = Arc::new(SlotFunction(Single { data_type }));
    Ok(ResolvedAggregate { inputs: vec![input(0, arguments)], returns, function })
}

#[derive(Clone, Debug)]
struct Single {
    data_type: ArrowType,
}

/// How many rows there are, and the value of the last one to come.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    count: i64,
    value: Vec<u8>,
}

impl Kind for Single {
    type Slot = Rows;

    fn update(
        &mut self,
        state: &mut [Rows],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let mut encoder = KeyEncoder::exact();
        let values = encoder.encode(arguments, slots.len())?;
        try_for_each_row(slots, None, weights, filter, |row, slot, weight| {
            let rows = &mut state[slot];
            rows.count += weight;
            if weight > 0 {
                rows.value.clear();
                rows.value.extend_from_slice(values.row(row));
            }
            Ok(())
        })
    }

    fn merge(&self, into: &mut Rows, from: &Rows) -> Result<()> {
        into.count += from.count;
        if from.count > 0 {
            into.value.clone_from(&from.value);
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Rows>) -> Result<ArrayRef> {
        let slots: Vec<&Rows> = slots.collect();
        // A row may be taken back after the one that replaces it has come; results are asked for when all have.
        if slots.iter().any(|rows| rows.count > 1) {
            return Err(Error::input("SINGLE_VALUE has got more than one row")
                .hint("group by what tells the rows apart, or take MIN, MAX, FIRST_VALUE or LAST_VALUE"));
        }
        let values = slots.iter().map(|rows| if rows.count < 1 { NULL } else { &rows.value });
        decode_column(&self.data_type, values)
    }

    fn encode(&self, rows: &Rows, out: &mut Vec<u8>) {
        rows.count.put(out);
        put_bytes(&rows.value, out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Rows> {
        Ok(Rows { count: i64::get(bytes)?, value: get_bytes(bytes)?.to_vec() })
    }
}
