//! AVG.

use super::column::{Of, SlotFunction};
use super::number::{Integer, divide_half_up, from_doubles};
use super::total::{OfTotals, Total, Totals};
use super::types::{average_type, input, input_as, nullable_if_empty, numeric};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, i256,
};
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
        TypeKind::TinyInt => Arc::new(SlotFunction(Totals(IntegerAvg(Of::<Int8Type>::TYPE)))),
        TypeKind::SmallInt => Arc::new(SlotFunction(Totals(IntegerAvg(Of::<Int16Type>::TYPE)))),
        TypeKind::Int => Arc::new(SlotFunction(Totals(IntegerAvg(Of::<Int32Type>::TYPE)))),
        TypeKind::BigInt => Arc::new(SlotFunction(Totals(IntegerAvg(Of::<Int64Type>::TYPE)))),
        TypeKind::Decimal { scale, .. } => Arc::new(SlotFunction(Totals(DecimalAvg { scale: *scale }))),
        _ => {
            inputs = vec![input_as(0, arguments, TypeKind::Double)];
            Arc::new(SlotFunction(Totals(FloatAvg { returns: argument.kind.clone() })))
        }
    };
    let returns = average_type(&argument.kind).with_nullable(nullable_if_empty(argument, options));
    Ok(ResolvedAggregate { inputs, returns, function })
}

/// Means of integers: the sum wraps at 64 bits, the quotient is truncated.
#[derive(Clone, Debug)]
struct IntegerAvg<O>(O);

impl<T: ArrowPrimitiveType> OfTotals for IntegerAvg<Of<T>>
where
    T::Native: Integer,
{
    type Column = T;
    type Sum = i64;

    fn addend(value: T::Native) -> i64 {
        value.into()
    }

    fn results(&self, totals: impl Iterator<Item = Option<Total<i64>>>) -> Result<ArrayRef> {
        let means = totals.map(|total| total.map(|total| T::Native::narrow(total.sum.wrapping_div(total.count))));
        Ok(Arc::new(means.collect::<PrimitiveArray<T>>()))
    }
}

/// Means of FLOAT and DOUBLE, both summed as DOUBLE.
#[derive(Clone, Debug)]
struct FloatAvg {
    returns: TypeKind,
}

impl OfTotals for FloatAvg {
    type Column = Float64Type;
    type Sum = f64;

    fn addend(value: f64) -> f64 {
        value
    }

    fn results(&self, totals: impl Iterator<Item = Option<Total<f64>>>) -> Result<ArrayRef> {
        from_doubles(totals.map(|total| total.map(|total| total.sum / total.count as f64)), &self.returns)
    }
}

/// Means of DECIMAL from exact sums.
#[derive(Clone, Debug)]
struct DecimalAvg {
    scale: u8,
}

impl OfTotals for DecimalAvg {
    type Column = Decimal128Type;
    type Sum = i256;

    fn addend(value: i128) -> i256 {
        i256::from_i128(value)
    }

    fn results(&self, totals: impl Iterator<Item = Option<Total<i256>>>) -> Result<ArrayRef> {
        let scale = self.scale.max(6);
        let shift = scale - self.scale;
        let means = totals.map(|total| total.and_then(|total| divide_half_up(total.sum, shift, total.count)));
        Ok(Arc::new(means.collect::<Decimal128Array>().with_precision_and_scale(38, scale as i8)?))
    }
}
