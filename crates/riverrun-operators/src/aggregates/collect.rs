//! COLLECT: the values as a multiset.

use super::column::{Kind, Number, SlotFunction, decode_column, get_bytes, put_bytes, try_for_each_row, validity};
use super::min_max::add_count;
use super::types::{input, single};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, Int32Array, MapArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType as ArrowType, FieldRef};
use riverrun_core::{Error, Result, TypeKind};
use riverrun_state::KeyEncoder;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "COLLECT",
    aliases: &[],
    syntax: "COLLECT([DISTINCT] value)",
    doc: "The values that are not NULL as a multiset: each with how often it came.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], _: &AggregateOptions) -> Result<ResolvedAggregate> {
    let element = single("COLLECT", arguments)?.data_type.without_time_attribute();
    let returns = TypeKind::Multiset(Box::new(element)).not_null();
    let ArrowType::Map(entries, _) = returns.to_arrow() else { return Err(Error::bug("a MULTISET is no map")) };
    Ok(ResolvedAggregate {
        inputs: vec![input(0, arguments)],
        returns,
        function: Arc::new(SlotFunction(Collect { entries })),
    })
}

#[derive(Clone, Debug)]
struct Collect {
    entries: FieldRef,
}

impl Kind for Collect {
    type Slot = BTreeMap<Box<[u8]>, i64>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::bug("COLLECT of nothing"))?;
        let mut encoder = KeyEncoder::exact();
        let values = encoder.encode(arguments, slots.len())?;
        try_for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            add_count(&mut state[slot], values.row(row).into(), weight);
            Ok(())
        })
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        for (value, count) in from {
            add_count(into, value.clone(), *count);
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        let ArrowType::Struct(fields) = self.entries.data_type() else {
            return Err(Error::bug("the entries of a multiset are no struct"));
        };
        let (mut values, mut counts, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        for slot in slots {
            let before = counts.len();
            for (value, count) in slot {
                if *count > 0 {
                    values.push(&**value);
                    counts.push(i32::try_from(*count).unwrap_or(i32::MAX));
                }
            }
            lengths.push(counts.len() - before);
        }
        let columns: Vec<ArrayRef> =
            vec![decode_column(fields[0].data_type(), values)?, Arc::new(Int32Array::from(counts))];
        let entries = StructArray::try_new(fields.clone(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(MapArray::try_new(self.entries.clone(), offsets, entries, None, false)?))
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        (slot.len() as u32).put(out);
        for (value, count) in slot {
            put_bytes(value, out);
            count.put(out);
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        (0..u32::get(bytes)?).map(|_| Ok((get_bytes(bytes)?.into(), i64::get(bytes)?))).collect()
    }
}
