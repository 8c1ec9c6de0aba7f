//! PERCENTILE: exact, interpolated between neighbours.

use super::column::{Kind, Number, SlotFunction, for_each_row, primitive, validity};
use super::min_max::add_count;
use super::types::{input_as, mismatch};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Float64Builder, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType as ArrowType, Field, Float64Type, Int64Type};
use datafusion_common::ScalarValue;
use riverrun_core::{Error, Result, TypeKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    name: "PERCENTILE",
    aliases: &[],
    syntax: "PERCENTILE(number, percentage [, frequency])",
    doc: "The exact percentile of the values, interpolated between neighbours; percentage is a constant between 0 and 1 or an array of them.",
    resolve,
}];

fn resolve(arguments: &[AggregateArgument<'_>], _: &AggregateOptions) -> Result<ResolvedAggregate> {
    const SUPPORTED: &str = "PERCENTILE(<NUMERIC>, <NUMERIC or ARRAY LITERAL> [, <INTEGER>])";
    let refuse = || mismatch("PERCENTILE", arguments, SUPPORTED);
    let (value, percentage, frequency) = match arguments {
        [value, percentage] => (value, percentage, None),
        [value, percentage, frequency] => (value, percentage, Some(frequency)),
        _ => return Err(refuse()),
    };
    if !value.data_type.kind.is_numeric() || frequency.is_some_and(|count| !count.data_type.kind.is_integer()) {
        return Err(refuse());
    }
    let (percentages, many) = percentages(percentage.literal.ok_or_else(refuse)?).ok_or_else(refuse)?;
    if let Some(wrong) = percentages.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(Error::input(format!("the percentage of PERCENTILE must be between 0 and 1, not {wrong}")));
    }
    let mut inputs = vec![input_as(0, arguments, TypeKind::Double)];
    if frequency.is_some() {
        inputs.push(input_as(2, arguments, TypeKind::BigInt));
    }
    let double = TypeKind::Double.nullable();
    let returns = if many { TypeKind::Array(Box::new(double)).nullable() } else { double };
    Ok(ResolvedAggregate {
        inputs,
        returns,
        function: Arc::new(SlotFunction(Percentile { percentages: percentages.into(), many })),
    })
}

/// The constant shares, and whether they are an array.
fn percentages(literal: &ScalarValue) -> Option<(Vec<f64>, bool)> {
    let doubles = |array: &ArrayRef| {
        let array = arrow::compute::cast(array, &ArrowType::Float64).ok()?;
        let array = array.as_primitive::<Float64Type>();
        (array.null_count() == 0).then(|| array.values().to_vec())
    };
    match literal {
        ScalarValue::List(list) => Some((doubles(&list.value(0))?, true)),
        scalar => Some((doubles(&scalar.to_array().ok()?)?, false)),
    }
}

#[derive(Clone, Debug)]
struct Percentile {
    percentages: Arc<[f64]>,
    many: bool,
}

/// Values in the order of their bits (see [`sortable`]), with how often each came.
type Counts = BTreeMap<i64, i64>;

/// Bits that sort as the DOUBLE does, NaN last.
fn sortable(value: f64) -> i64 {
    let bits = (if value.is_nan() { f64::NAN } else { value }).to_bits() as i64;
    bits ^ ((bits >> 63) & i64::MAX)
}

fn from_sortable(bits: i64) -> f64 {
    f64::from_bits((bits ^ ((bits >> 63) & i64::MAX)) as u64)
}

impl Percentile {
    /// The percentile at `share`: the value at position `1 + share · (n − 1)`, counted from 1.
    fn at(&self, counts: &Counts, total: i64, share: f64) -> f64 {
        let position = share * (total - 1) as f64;
        let (lower, higher) = (position.floor(), position.ceil());
        let mut live = counts.iter().filter(|(_, count)| **count > 0).peekable();
        let mut passed = 0;
        while let Some((&key, &count)) = live.next() {
            passed += count;
            let Some(&(&next, _)) = live.peek() else { return from_sortable(key) };
            if passed as f64 > higher {
                return from_sortable(key);
            }
            if passed as f64 > lower {
                return (higher - position) * from_sortable(key) + (position - lower) * from_sortable(next);
            }
        }
        f64::NAN
    }
}

impl Kind for Percentile {
    type Slot = Counts;

    fn update(
        &mut self,
        state: &mut [Counts],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = primitive::<Float64Type>(arguments, 0)?;
        let values = column.values();
        let frequencies = (arguments.len() > 1).then(|| primitive::<Int64Type>(arguments, 1)).transpose()?;
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            // A frequency that is NULL or not positive counts for nothing.
            let times = frequencies
                .map_or(1, |frequencies| if frequencies.is_valid(row) { frequencies.value(row).max(0) } else { 0 });
            add_count(&mut state[slot], sortable(values[row]), weight * times);
        });
        Ok(())
    }

    fn merge(&self, into: &mut Counts, from: &Counts) -> Result<()> {
        for (key, count) in from {
            add_count(into, *key, *count);
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Counts>) -> Result<ArrayRef> {
        let mut values = Float64Builder::new();
        let mut valid = Vec::new();
        for counts in slots {
            let total: i64 = counts.values().filter(|count| **count > 0).sum();
            valid.push(total > 0 && !self.percentages.is_empty());
            for share in self.percentages.iter() {
                values.append_option((total > 0).then(|| self.at(counts, total, *share)));
            }
        }
        let values: Float64Array = values.finish();
        if !self.many {
            return Ok(Arc::new(values));
        }
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(self.percentages.len(), valid.len()));
        let field = Arc::new(Field::new("item", ArrowType::Float64, true));
        Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(values), Some(NullBuffer::from(valid)))?))
    }

    fn encode(&self, slot: &Counts, out: &mut Vec<u8>) {
        (slot.len() as u32).put(out);
        for (key, count) in slot {
            key.put(out);
            count.put(out);
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Counts> {
        (0..u32::get(bytes)?).map(|_| Ok((i64::get(bytes)?, i64::get(bytes)?))).collect()
    }
}
