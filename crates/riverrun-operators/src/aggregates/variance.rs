//! VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP, by Welford's method in DOUBLE as in Flink 2.3.

use super::column::{Kind, Number, SlotFunction, for_each_row, primitive, validity};
use super::number::from_doubles;
use super::types::{average_type, input_as, nullable_if_empty, numeric};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::Float64Type;
use riverrun_core::{Result, TypeKind};
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "VAR_POP",
        aliases: &[],
        syntax: "VAR_POP([DISTINCT] number)",
        doc: "The variance of the values as a whole population, in their type.",
        resolve: |arguments, options| resolve("VAR_POP", arguments, options, Over::Population, false),
    },
    AggregateDef {
        name: "VAR_SAMP",
        aliases: &["VARIANCE"],
        syntax: "VAR_SAMP([DISTINCT] number)",
        doc: "The variance of the values as a sample, in their type; NULL for a single value.",
        resolve: |arguments, options| resolve("VAR_SAMP", arguments, options, Over::Sample, false),
    },
    AggregateDef {
        name: "STDDEV_POP",
        aliases: &[],
        syntax: "STDDEV_POP([DISTINCT] number)",
        doc: "The standard deviation of the values as a whole population, in their type.",
        resolve: |arguments, options| resolve("STDDEV_POP", arguments, options, Over::Population, true),
    },
    AggregateDef {
        name: "STDDEV_SAMP",
        aliases: &["STDDEV"],
        syntax: "STDDEV_SAMP([DISTINCT] number)",
        doc: "The standard deviation of the values as a sample, in their type; NULL for a single value.",
        resolve: |arguments, options| resolve("STDDEV_SAMP", arguments, options, Over::Sample, true),
    },
];

/// By what the squares are divided: n, or n − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Population,
    Sample,
}

fn resolve(
    name: &str,
    arguments: &[AggregateArgument<'_>],
    options: &AggregateOptions,
    over: Over,
    root: bool,
) -> Result<ResolvedAggregate> {
    let argument = numeric(name, arguments)?.data_type;
    let returns = average_type(&argument.kind);
    Ok(ResolvedAggregate {
        inputs: vec![input_as(0, arguments, TypeKind::Double)],
        returns: returns.clone().with_nullable(nullable_if_empty(argument, options)),
        function: Arc::new(SlotFunction(Variance { over, root, returns })),
    })
}

#[derive(Clone, Debug)]
struct Variance {
    over: Over,
    root: bool,
    returns: TypeKind,
}

/// How many values there are, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: i64,
    mean: f64,
    squares: f64,
}

impl Moments {
    #[inline(always)]
    fn add(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }

    fn retract(&mut self, value: f64) {
        self.count -= 1;
        if self.count == 0 {
            // Nothing is left: no rounding errors of the past either.
            *self = Moments::default();
            return;
        }
        let delta = value - self.mean;
        self.mean -= delta / self.count as f64;
        self.squares -= delta * (value - self.mean);
    }

    fn merge(&mut self, other: &Moments) {
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                *self = *other;
            }
            return;
        }
        let count = self.count + other.count;
        if count == 0 {
            *self = Moments::default();
            return;
        }
        let delta = other.mean - self.mean;
        self.mean += delta * other.count as f64 / count as f64;
        self.squares += other.squares + delta * delta * self.count as f64 * other.count as f64 / count as f64;
        self.count = count;
    }
}

impl Kind for Variance {
    type Slot = Moments;

    fn update(
        &mut self,
        state: &mut [Moments],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = primitive::<Float64Type>(arguments, 0)?;
        let values = column.values();
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            let moments = &mut state[slot];
            for _ in 0..weight {
                moments.add(values[row]);
            }
            for _ in weight..0 {
                moments.retract(values[row]);
            }
        });
        Ok(())
    }

    fn merge(&self, into: &mut Moments, from: &Moments) -> Result<()> {
        into.merge(from);
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Moments>) -> Result<ArrayRef> {
        let values = slots.map(|moments| {
            let divisor = match self.over {
                Over::Population => moments.count,
                Over::Sample => moments.count - 1,
            };
            let variance = (divisor > 0).then(|| moments.squares / divisor as f64);
            if self.root { variance.map(f64::sqrt) } else { variance }
        });
        from_doubles(values, &self.returns)
    }

    fn encode(&self, slot: &Moments, out: &mut Vec<u8>) {
        slot.count.put(out);
        slot.mean.put(out);
        slot.squares.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Moments> {
        Ok(Moments { count: i64::get(bytes)?, mean: f64::get(bytes)?, squares: f64::get(bytes)? })
    }
}
