//! AVG.

use super::column::{Kind, Number, Of, SlotFunction, for_each_row, primitive, validity};
use super::number::{Integer, divide_half_up, from_doubles};
use super::sum::{Total, add_decimals, decode_decimals, encode_decimals, merge_decimals};
use super::types::{average_type, input, input_as, nullable_if_empty, numeric};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, i256};
use riverrun_core::{Result, TypeKind};
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "AVG",
    aliases: &[],
    syntax: "AVG([DISTINCT] number)",
    doc: "The mean in the type of the values: truncated for integers, DECIMAL(38, 6) or finer, half rounded up, for DECIMAL.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], options: &AggregateOptions) -> Result<ResolvedAggregate> {
    let argument = numeric("AVG", arguments)?.data_type;
    let mut inputs = vec![input(0, arguments)];
    let function: Arc<dyn AggregateFunction> = match &argument.kind {
        TypeKind::TinyInt => Arc::new(SlotFunction(IntegerAvg(Of::<Int8Type>::TYPE))),
        TypeKind::SmallInt => Arc::new(SlotFunction(IntegerAvg(Of::<Int16Type>::TYPE))),
        TypeKind::Int => Arc::new(SlotFunction(IntegerAvg(Of::<Int32Type>::TYPE))),
        TypeKind::BigInt => Arc::new(SlotFunction(IntegerAvg(Of::<Int64Type>::TYPE))),
        TypeKind::Decimal { scale, .. } => Arc::new(SlotFunction(DecimalAvg { scale: *scale })),
        _ => {
            inputs = vec![input_as(0, arguments, TypeKind::Double)];
            Arc::new(SlotFunction(FloatAvg { returns: argument.kind.clone() }))
        }
    };
    let returns = average_type(&argument.kind).with_nullable(nullable_if_empty(argument, options));
    Ok(ResolvedAggregate { inputs, returns, function })
}

/// Means of integers: the sum wraps at 64 bits, the quotient is truncated.
#[derive(Clone, Debug)]
struct IntegerAvg<O>(O);

impl<T: ArrowPrimitiveType> Kind for IntegerAvg<Of<T>>
where
    T::Native: Integer,
{
    type Slot = Total<i64>;

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
            let value: i64 = values[row].into();
            total.sum = total.sum.wrapping_add(value.wrapping_mul(weight));
            total.count += weight;
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        into.sum = into.sum.wrapping_add(from.sum);
        into.count += from.count;
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        let means =
            slots.map(|total| (total.count != 0).then(|| T::Native::narrow(total.sum.wrapping_div(total.count))));
        Ok(Arc::new(means.collect::<PrimitiveArray<T>>()))
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.count != 0
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        slot.sum.put(out);
        slot.count.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        Ok(Total { sum: i64::get(bytes)?, count: i64::get(bytes)? })
    }
}

/// Means of FLOAT and DOUBLE, both summed as DOUBLE.
#[derive(Clone, Debug)]
struct FloatAvg {
    returns: TypeKind,
}

impl Kind for FloatAvg {
    type Slot = Total<f64>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = primitive::<Float64Type>(arguments, 0)?;
        let values = column.values();
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            let total = &mut state[slot];
            total.sum += values[row] * weight as f64;
            total.count += weight;
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        into.sum += from.sum;
        into.count += from.count;
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        let means = slots.map(|total| (total.count != 0).then(|| total.sum / total.count as f64));
        from_doubles(means, &self.returns)
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.count != 0
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        slot.sum.put(out);
        slot.count.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        Ok(Total { sum: f64::get(bytes)?, count: i64::get(bytes)? })
    }
}

/// Means of DECIMAL from exact sums.
#[derive(Clone, Debug)]
struct DecimalAvg {
    scale: u8,
}

impl Kind for DecimalAvg {
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
        let scale = self.scale.max(6);
        let shift = scale - self.scale;
        let means =
            slots.map(|total| if total.count == 0 { None } else { divide_half_up(total.sum, shift, total.count) });
        Ok(Arc::new(means.collect::<Decimal128Array>().with_precision_and_scale(38, scale as i8)?))
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
