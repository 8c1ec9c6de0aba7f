//! FIRST_VALUE and LAST_VALUE: of the values that are not NULL, the one that came first or last.

use super::column::{
    Kind, NULL, Number, SlotFunction, decode_column, get_bytes, put_bytes, try_for_each_row, validity,
};
use super::types::{input, nullable_if_empty, single};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType as ArrowType;
use hashbrown::HashMap;
use riverrun_core::{Error, Result};
use riverrun_state::KeyEncoder;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "FIRST_VALUE",
        aliases: &[],
        syntax: "FIRST_VALUE(value)",
        doc: "The first value that is not NULL, in the order in which rows came.",
        resolve: |arguments, options| resolve("FIRST_VALUE", arguments, options, false),
    },
    AggregateDef {
        name: "LAST_VALUE",
        aliases: &[],
        syntax: "LAST_VALUE(value)",
        doc: "The last value that is not NULL, in the order in which rows came.",
        resolve: |arguments, options| resolve("LAST_VALUE", arguments, options, true),
    },
];

fn resolve(
    name: &str,
    arguments: &[AggregateArgument<'_>],
    options: &AggregateOptions,
    last: bool,
) -> Result<ResolvedAggregate> {
    let argument = single(name, arguments)?.data_type.without_time_attribute();
    let data_type = argument.to_arrow();
    let function: Arc<dyn AggregateFunction> = if options.retracting {
        Arc::new(SlotFunction(All { data_type, last, order: Order::default() }))
    } else {
        Arc::new(SlotFunction(One { data_type, last, order: Order::default() }))
    };
    let returns = argument.with_nullable(nullable_if_empty(&argument, options));
    Ok(ResolvedAggregate { inputs: vec![input(0, arguments)], returns, function })
}

/// Numbers rows in the order in which they come. All states of a call share it: a window that merges the states of its
/// slices knows which rows came first.
#[derive(Clone, Debug, Default)]
struct Order(Arc<AtomicU64>);

impl Order {
    /// The first of `count` new numbers.
    fn take(&self, count: u64) -> u64 {
        self.0.fetch_add(count, Ordering::Relaxed)
    }

    /// Gives out no number up to this one any more: an earlier run did.
    fn pass(&self, number: u64) {
        self.0.fetch_max(number + 1, Ordering::Relaxed);
    }
}

/// The one value, over append-only input.
#[derive(Clone, Debug)]
struct One {
    data_type: ArrowType,
    last: bool,
    order: Order,
}

/// A value and when it came. No bytes: none came yet.
#[derive(Clone, Debug, Default)]
pub struct Came {
    at: u64,
    value: Vec<u8>,
}

impl Kind for One {
    type Slot = Came;

    fn update(
        &mut self,
        state: &mut [Came],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::bug("FIRST_VALUE of nothing"))?;
        let (last, start) = (self.last, self.order.take(slots.len() as u64));
        let mut encoder = KeyEncoder::exact();
        let values = encoder.encode(arguments, slots.len())?;
        try_for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, _| {
            let came = &mut state[slot];
            if came.value.is_empty() || last {
                came.at = start + row as u64;
                came.value.clear();
                came.value.extend_from_slice(values.row(row));
            }
            Ok(())
        })
    }

    fn merge(&self, into: &mut Came, from: &Came) -> Result<()> {
        if !from.value.is_empty() && (into.value.is_empty() || (from.at > into.at) == self.last) {
            *into = from.clone();
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Came>) -> Result<ArrayRef> {
        let values = slots.map(|came| if came.value.is_empty() { NULL } else { &came.value });
        decode_column(&self.data_type, values)
    }

    fn encode(&self, slot: &Came, out: &mut Vec<u8>) {
        slot.at.put(out);
        put_bytes(&slot.value, out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Came> {
        let came = Came { at: u64::get(bytes)?, value: get_bytes(bytes)?.to_vec() };
        self.order.pass(came.at);
        Ok(came)
    }
}

/// All values, where rows can be taken back.
#[derive(Clone, Debug)]
struct All {
    data_type: ArrowType,
    last: bool,
    order: Order,
}

/// Values by when they came, and the reverse.
#[derive(Clone, Debug, Default)]
pub struct History {
    values: BTreeMap<u64, Arc<[u8]>>,
    times: HashMap<Arc<[u8]>, BTreeSet<u64>>,
}

impl History {
    fn add(&mut self, at: u64, value: Arc<[u8]>) {
        self.values.insert(at, value.clone());
        self.times.entry(value).or_default().insert(at);
    }

    /// Takes the first of the equal values out. One that never came is passed over, as in Flink.
    fn remove(&mut self, value: &[u8]) {
        let Some(times) = self.times.get_mut(value) else { return };
        if let Some(at) = times.pop_first() {
            self.values.remove(&at);
        }
        if times.is_empty() {
            self.times.remove(value);
        }
    }
}

impl Kind for All {
    type Slot = History;

    fn update(
        &mut self,
        state: &mut [History],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::bug("FIRST_VALUE of nothing"))?;
        let came = weights.map_or(slots.len() as i64, |weights| weights.iter().filter(|weight| **weight > 0).sum());
        let mut next = self.order.take(came.unsigned_abs());
        let mut encoder = KeyEncoder::exact();
        let values = encoder.encode(arguments, slots.len())?;
        try_for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            let value = values.row(row);
            for _ in 0..weight {
                state[slot].add(next, value.into());
                next += 1;
            }
            for _ in weight..0 {
                state[slot].remove(value);
            }
            Ok(())
        })
    }

    fn merge(&self, into: &mut History, from: &History) -> Result<()> {
        for (at, value) in &from.values {
            into.add(*at, value.clone());
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a History>) -> Result<ArrayRef> {
        let values = slots.map(|history| {
            let mut all = history.values.values();
            if self.last { all.next_back() } else { all.next() }.map_or(NULL, |value| &**value)
        });
        decode_column(&self.data_type, values)
    }

    fn encode(&self, slot: &History, out: &mut Vec<u8>) {
        (slot.values.len() as u32).put(out);
        for (at, value) in &slot.values {
            at.put(out);
            put_bytes(value, out);
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<History> {
        let mut history = History::default();
        for _ in 0..u32::get(bytes)? {
            let at = u64::get(bytes)?;
            history.add(at, get_bytes(bytes)?.into());
            self.order.pass(at);
        }
        Ok(history)
    }
}
