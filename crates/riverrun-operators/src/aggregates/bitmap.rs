//! BITMAP_BUILD_AGG and its kin: sets of integers, and how many there are in them.

use super::column::{Kind, Number, SlotFunction, get_bytes, put_bytes, try_for_each_row, typed, validity};
use super::min_max::add_count;
use super::types::{input, mismatch, single};
use super::{AggregateArgument, AggregateDef, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Int64Type};
use riverrun_core::{Error, Result, TypeKind};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

const fn definition(
    name: &'static str,
    syntax: &'static str,
    doc: &'static str,
    resolve: super::ResolveAggregate,
) -> AggregateDef {
    AggregateDef { name, aliases: &[], syntax, doc, resolve }
}

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[
    definition(
        "BITMAP_BUILD_AGG",
        "BITMAP_BUILD_AGG(int)",
        "The set of the integers, a negative one taken as unsigned.",
        |a, o| resolve("BITMAP_BUILD_AGG", a, o, Operation::Build, false),
    ),
    definition(
        "BITMAP_BUILD_CARDINALITY_AGG",
        "BITMAP_BUILD_CARDINALITY_AGG(int)",
        "How many different integers there are.",
        |a, o| resolve("BITMAP_BUILD_CARDINALITY_AGG", a, o, Operation::Build, true),
    ),
    definition("BITMAP_OR_AGG", "BITMAP_OR_AGG(bitmap)", "The integers that are in any of the sets.", |a, o| {
        resolve("BITMAP_OR_AGG", a, o, Operation::Or, false)
    }),
    definition(
        "BITMAP_OR_CARDINALITY_AGG",
        "BITMAP_OR_CARDINALITY_AGG(bitmap)",
        "How many integers are in any of the sets.",
        |a, o| resolve("BITMAP_OR_CARDINALITY_AGG", a, o, Operation::Or, true),
    ),
    definition("BITMAP_AND_AGG", "BITMAP_AND_AGG(bitmap)", "The integers that are in all of the sets.", |a, o| {
        resolve("BITMAP_AND_AGG", a, o, Operation::And, false)
    }),
    definition(
        "BITMAP_AND_CARDINALITY_AGG",
        "BITMAP_AND_CARDINALITY_AGG(bitmap)",
        "How many integers are in all of the sets.",
        |a, o| resolve("BITMAP_AND_CARDINALITY_AGG", a, o, Operation::And, true),
    ),
    definition(
        "BITMAP_XOR_AGG",
        "BITMAP_XOR_AGG(bitmap)",
        "The integers that are in an odd number of the sets.",
        |a, o| resolve("BITMAP_XOR_AGG", a, o, Operation::Xor, false),
    ),
    definition(
        "BITMAP_XOR_CARDINALITY_AGG",
        "BITMAP_XOR_CARDINALITY_AGG(bitmap)",
        "How many integers are in an odd number of the sets.",
        |a, o| resolve("BITMAP_XOR_CARDINALITY_AGG", a, o, Operation::Xor, true),
    ),
];

/// What is made of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    /// The values are integers.
    Build,
    Or,
    And,
    Xor,
}

fn resolve(
    name: &str,
    arguments: &[AggregateArgument<'_>],
    options: &AggregateOptions,
    operation: Operation,
    cardinality: bool,
) -> Result<ResolvedAggregate> {
    let kind = &single(name, arguments)?.data_type.kind;
    let (fits, supported) = match operation {
        Operation::Build => {
            (matches!(kind, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int), "TINYINT, SMALLINT or INT")
        }
        _ => (*kind == TypeKind::Bitmap, "BITMAP"),
    };
    if !fits {
        return Err(mismatch(name, arguments, &format!("{name}(<{supported}>)")));
    }
    let returns = if cardinality { TypeKind::BigInt } else { TypeKind::Bitmap };
    let function = Bitmap { operation, cardinality, retracting: options.retracting };
    Ok(ResolvedAggregate {
        inputs: vec![input(0, arguments)],
        returns: returns.nullable(),
        function: Arc::new(SlotFunction(function)),
    })
}

#[derive(Clone, Debug)]
struct Bitmap {
    operation: Operation,
    cardinality: bool,
    retracting: bool,
}

/// The set so far; where rows can be taken back, how often each integer came instead.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// How many values came that are not NULL.
    rows: i64,
    set: RoaringBitmap,
    counts: BTreeMap<u32, i64>,
}

impl Bitmap {
    fn add(&self, state: &mut Set, value: &RoaringBitmap, weight: i64) {
        state.rows += weight;
        if self.retracting {
            value.iter().for_each(|integer| add_count(&mut state.counts, integer, weight));
            return;
        }
        match self.operation {
            Operation::Build | Operation::Or => state.set |= value,
            Operation::And if state.rows == weight => state.set = value.clone(),
            Operation::And => state.set &= value,
            // An even number of times is none.
            Operation::Xor if weight % 2 == 0 => {}
            Operation::Xor => state.set ^= value,
        }
    }

    fn result(&self, state: &Set) -> RoaringBitmap {
        if !self.retracting {
            return state.set.clone();
        }
        let kept = state.counts.iter().filter(|(_, count)| match self.operation {
            Operation::Build | Operation::Or => **count > 0,
            Operation::And => **count == state.rows,
            Operation::Xor => **count % 2 != 0,
        });
        kept.map(|(integer, _)| *integer).collect()
    }
}

fn read(bytes: &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|error| Error::failure("the bytes are no bitmap").detail(error.to_string()))
}

/// The bytes of a set, in their one form.
fn write(mut set: RoaringBitmap) -> Result<Vec<u8>> {
    set.optimize();
    let mut bytes = Vec::new();
    set.serialize_into(&mut bytes).map_err(|error| Error::bug(format!("a bitmap: {error}")))?;
    Ok(bytes)
}

impl Kind for Bitmap {
    type Slot = Set;

    fn update(
        &mut self,
        state: &mut [Set],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        if self.operation != Operation::Build {
            let column: &BinaryArray = typed(arguments, 0)?;
            return try_for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
                self.add(&mut state[slot], &read(column.value(row))?, weight);
                Ok(())
            });
        }
        let column = arguments.first().ok_or_else(|| Error::bug("BITMAP_BUILD_AGG of nothing"))?;
        let column = cast(column, &ArrowType::Int64)?;
        let values = super::column::primitive::<Int64Type>(std::slice::from_ref(&column), 0)?.values().clone();
        try_for_each_row(slots, validity(&column).as_ref(), weights, filter, |row, slot, weight| {
            let (state, integer) = (&mut state[slot], values[row] as u32);
            state.rows += weight;
            if self.retracting {
                add_count(&mut state.counts, integer, weight);
            } else {
                state.set.insert(integer);
            }
            Ok(())
        })
    }

    fn merge(&self, into: &mut Set, from: &Set) -> Result<()> {
        if self.retracting {
            into.rows += from.rows;
            from.counts.iter().for_each(|(integer, count)| add_count(&mut into.counts, *integer, *count));
        } else if from.rows > 0 {
            match self.operation {
                Operation::Build | Operation::Or => into.set |= &from.set,
                Operation::And if into.rows == 0 => into.set = from.set.clone(),
                Operation::And => into.set &= &from.set,
                Operation::Xor => into.set ^= &from.set,
            }
            into.rows += from.rows;
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Set>) -> Result<ArrayRef> {
        let sets = slots.map(|state| (state.rows > 0).then(|| self.result(state)));
        if self.cardinality {
            return Ok(Arc::new(sets.map(|set| set.map(|set| set.len() as i64)).collect::<Int64Array>()));
        }
        let mut bytes = BinaryBuilder::new();
        for set in sets {
            bytes.append_option(set.map(write).transpose()?);
        }
        Ok(Arc::new(bytes.finish()))
    }

    fn encode(&self, slot: &Set, out: &mut Vec<u8>) {
        slot.rows.put(out);
        // Writing into memory can't fail.
        put_bytes(&write(slot.set.clone()).unwrap_or_default(), out);
        (slot.counts.len() as u32).put(out);
        for (integer, count) in &slot.counts {
            integer.put(out);
            count.put(out);
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Set> {
        Ok(Set {
            rows: i64::get(bytes)?,
            set: read(get_bytes(bytes)?)?,
            counts: (0..u32::get(bytes)?).map(|_| Ok((u32::get(bytes)?, i64::get(bytes)?))).collect::<Result<_>>()?,
        })
    }
}
