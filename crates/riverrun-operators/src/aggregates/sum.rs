//! SUM.

use super::column::{Of, SlotFunction};
use super::number::{Addend, to_decimal};
use super::total::{OfTotals, Total, Totals};
use super::types::{input, nullable_if_empty, numeric};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, Decimal128Array, PrimitiveArray};
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
        TypeKind::TinyInt => (TypeKind::TinyInt, Arc::new(SlotFunction(Totals(Of::<Int8Type>::TYPE)))),
        TypeKind::SmallInt => (TypeKind::SmallInt, Arc::new(SlotFunction(Totals(Of::<Int16Type>::TYPE)))),
        TypeKind::Int => (TypeKind::Int, Arc::new(SlotFunction(Totals(Of::<Int32Type>::TYPE)))),
        TypeKind::BigInt => (TypeKind::BigInt, Arc::new(SlotFunction(Totals(Of::<Int64Type>::TYPE)))),
        TypeKind::Float => (TypeKind::Float, Arc::new(SlotFunction(Totals(Of::<Float32Type>::TYPE)))),
        TypeKind::Double => (TypeKind::Double, Arc::new(SlotFunction(Totals(Of::<Float64Type>::TYPE)))),
        TypeKind::Decimal { scale, .. } => {
            (TypeKind::decimal(38, *scale), Arc::new(SlotFunction(Totals(DecimalSum { scale: *scale }))))
        }
        other => return Err(Error::bug(format!("{other} is not numeric"))),
    };
    Ok(ResolvedAggregate {
        inputs: vec![input(0, arguments)],
        returns: kind.with_nullable(nullable_if_empty(argument, options)),
        function,
    })
}

/// Sums of a type in that type.
impl<T: ArrowPrimitiveType> OfTotals for Of<T>
where
    T::Native: Addend,
{
    type Column = T;
    type Sum = T::Native;

    fn addend(value: T::Native) -> T::Native {
        value
    }

    fn results(&self, totals: impl Iterator<Item = Option<Total<T::Native>>>) -> Result<ArrayRef> {
        Ok(Arc::new(totals.map(|total| Some(total?.sum)).collect::<PrimitiveArray<T>>()))
    }
}

/// Exact sums of DECIMAL: more than 38 digits are NULL, but only while there are that many.
#[derive(Clone, Debug)]
struct DecimalSum {
    scale: u8,
}

impl OfTotals for DecimalSum {
    type Column = Decimal128Type;
    type Sum = i256;

    fn addend(value: i128) -> i256 {
        i256::from_i128(value)
    }

    fn results(&self, totals: impl Iterator<Item = Option<Total<i256>>>) -> Result<ArrayRef> {
        let sums = totals.map(|total| to_decimal(total?.sum));
        Ok(Arc::new(sums.collect::<Decimal128Array>().with_precision_and_scale(38, self.scale as i8)?))
    }
}
