//! SUM.

use super::column::{Kind, Number, Of, SlotFunction, for_each_row, primitive, validity};
use super::number::{Addend, add_wide, to_decimal};
use super::types::{input, nullable_if_empty, numeric};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, i256,
};
use riverrun_core::{Error, Result, TypeKind};
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "SUM",
    aliases: &[],
    syntax: "SUM([DISTINCT] number)",
    doc: "The sum in the type of the values, where integers wrap; of DECIMAL(p, s) it is DECIMAL(38, s), and NULL where that overflows.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
    let argument = numeric("SUM", arguments)?.data_type;
    let (kind, function): (TypeKind, Arc<dyn AggregateFunction>) = match &argument.kind {
        TypeKind::TinyInt => (TypeKind::TinyInt, Arc::new(SlotFunction(Of::<Int8Type>::TYPE))),
        TypeKind::SmallInt => (TypeKind::SmallInt, Arc::new(SlotFunction(Of::<Int16Type>::TYPE))),
        TypeKind::Int => (TypeKind::Int, Arc::new(SlotFunction(Of::<Int32Type>::TYPE))),
        TypeKind::BigInt => (TypeKind::BigInt, Arc::new(SlotFunction(Of::<Int64Type>::TYPE))),
        TypeKind::Float => (TypeKind::Float, Arc::new(SlotFunction(Of::<Float32Type>::TYPE))),
        TypeKind::Double => (TypeKind::Double, Arc::new(SlotFunction(Of::<Float64Type>::TYPE))),
        TypeKind::Decimal { scale, .. } => {
            (TypeKind::decimal(38, *scale), Arc::new(SlotFunction(DecimalSum { scale: *scale })))
        }
        other => return Err(Error::bug(format!("{other} is not numeric"))),
    };
    Ok(ResolvedAggregate {
        inputs: vec![input(0, arguments)],
        returns: kind.with_nullable(nullable_if_empty(argument, options)),
        function,
    })
}

/// A sum, and of how many values it is: without any it is NULL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Total<N> {
    /// The sum.
    pub sum: N,
    /// How many values.
    pub count: i64,
}

/// Sums of a type in that type.
impl<T: ArrowPrimitiveType> Kind for Of<T>
where
    T::Native: Addend,
{
    type Slot = Total<T::Native>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = primitive::<T>(arguments, 0)?;
        let values = column.values();
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            let total = &mut state[slot];
            total.sum = total.sum.add(values[row], weight);
            total.count += weight;
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        into.sum = into.sum.add(from.sum, 1);
        into.count += from.count;
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        Ok(Arc::new(slots.map(|total| (total.count != 0).then_some(total.sum)).collect::<PrimitiveArray<T>>()))
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.count != 0
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        slot.sum.put(out);
        slot.count.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        Ok(Total { sum: Number::get(bytes)?, count: Number::get(bytes)? })
    }
}

/// Exact sums of DECIMAL: more than 38 digits are NULL, but only while there are that many.
#[derive(Clone, Debug)]
struct DecimalSum {
    scale: u8,
}

impl Kind for DecimalSum {
    type Slot = Total<i256>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        add_decimals(state, slots, arguments, weights, filter)
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        merge_decimals(into, from);
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        let sums = slots.map(|total| if total.count == 0 { None } else { to_decimal(total.sum) });
        Ok(Arc::new(sums.collect::<Decimal128Array>().with_precision_and_scale(38, self.scale as i8)?))
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.count != 0
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        encode_decimals(slot, out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        decode_decimals(bytes)
    }
}

/// Adds a DECIMAL column to exact sums.
pub fn add_decimals(
    state: &mut [Total<i256>],
    slots: &[u32],
    arguments: &[ArrayRef],
    weights: Option<&[i64]>,
    filter: Option<&BooleanArray>,
) -> Result<()> {
    let column = primitive::<Decimal128Type>(arguments, 0)?;
    let values = column.values();
    for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
        let total = &mut state[slot];
        total.sum = add_wide(total.sum, values[row], weight);
        total.count += weight;
    });
    Ok(())
}

/// Adds one exact sum to another.
pub fn merge_decimals(into: &mut Total<i256>, from: &Total<i256>) {
    into.sum = into.sum.wrapping_add(from.sum);
    into.count += from.count;
}

/// Appends the bytes of an exact sum.
pub fn encode_decimals(total: &Total<i256>, out: &mut Vec<u8>) {
    let (low, high) = total.sum.to_parts();
    low.put(out);
    high.put(out);
    total.count.put(out);
}

/// Reads the bytes of an exact sum.
pub fn decode_decimals(bytes: &mut &[u8]) -> Result<Total<i256>> {
    let (low, high) = (u128::get(bytes)?, i128::get(bytes)?);
    Ok(Total { sum: i256::from_parts(low, high), count: i64::get(bytes)? })
}
