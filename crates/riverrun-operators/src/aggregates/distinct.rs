//! DISTINCT, for any function: values reach it only when they come first and when they are gone.

use super::column::{Number, downcast, get_bytes, put_bytes, try_for_each_row};
use super::{AggregateFunction, AggregateState};
use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::datatypes::DataType as ArrowType;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use riverrun_core::Result;
use riverrun_state::{KeyEncoder, hash_key, key};
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A function over distinct values.
#[derive(Debug)]
pub struct Distinct {
    /// The function itself; its state is one for rows that can be taken back if these can.
    pub inner: Arc<dyn AggregateFunction>,
    /// The Arrow types of its inputs.
    pub inputs: Vec<ArrowType>,
}

impl AggregateFunction for Distinct {
    fn create(&self) -> Box<dyn AggregateState> {
        Box::new(DistinctState {
            inner: self.inner.create(),
            inputs: self.inputs.clone(),
            sets: Vec::new(),
            next: 0,
            encoder: KeyEncoder::exact(),
        })
    }
}

/// How often a value is there, and when it came first, so that merged sets keep the order.
#[derive(Clone, Copy, Debug)]
struct Seen {
    count: i64,
    since: u64,
}

/// Encoded values. Null arguments are values too; the function decides what it makes of them. A value of at most
/// [`SHORT`] bytes, so any number, stands in the table itself.
#[derive(Default)]
struct Set {
    short: HashMap<u128, Seen, Mixed>,
    long: HashMap<Box<[u8]>, Seen, FxBuildHasher>,
}

type Mixed = BuildHasherDefault<Mixer>;

/// Hashes short values: numbers, whose high bytes come first and are mostly the same. `FxHasher` carries what differs only upwards,
/// so that hundreds of such values have the same place in a table.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_key(bytes);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
        let [low, high] = [value as u64 ^ ODD[0], (value >> 64) as u64 ^ ODD[1]];
        let product = u128::from(low) * u128::from(high);
        let folded = product as u64 ^ (product >> 64) as u64;
        let product = u128::from(folded) * u128::from(ODD[0]);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const SHORT: usize = size_of::<u128>() - 1;

/// A short value and its length.
fn pack(value: &[u8]) -> Option<u128> {
    let mut bytes = [0; size_of::<u128>()];
    bytes[..SHORT].get_mut(..value.len())?.copy_from_slice(value);
    bytes[SHORT] = value.len() as u8;
    Some(u128::from_le_bytes(bytes))
}

impl Set {
    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn insert(&mut self, value: &[u8], seen: Seen) {
        match pack(value) {
            Some(value) => self.short.insert(value, seen),
            None => self.long.insert(value.into(), seen),
        };
    }

    /// Changes a count; says whether the value has come (1), gone (−1) or neither (0).
    fn change(&mut self, value: &[u8], weight: i64, since: u64) -> i64 {
        match pack(value) {
            Some(short) => match self.short.entry(short) {
                Entry::Vacant(entry) => begin(weight, since, |seen| {
                    entry.insert(seen);
                }),
                Entry::Occupied(mut entry) => {
                    let step = entry.get_mut().add(weight, since);
                    if entry.get().count == 0 {
                        entry.remove();
                    }
                    step
                }
            },
            None => {
                let Some(seen) = self.long.get_mut(value) else {
                    return begin(weight, since, |seen| {
                        self.long.insert(value.into(), seen);
                    });
                };
                let step = seen.add(weight, since);
                if seen.count == 0 {
                    self.long.remove(value);
                }
                step
            }
        }
    }

    /// The values in the order in which they came.
    fn in_order(&self) -> Vec<(Value<'_>, Seen)> {
        let short = self.short.iter().map(|(value, seen)| (Value::Short(value.to_le_bytes()), *seen));
        let long = self.long.iter().map(|(value, seen)| (Value::Long(value), *seen));
        let mut values: Vec<_> = short.chain(long).collect();
        values.sort_unstable_by_key(|(_, seen)| seen.since);
        values
    }
}

/// A value as it was encoded.
enum Value<'a> {
    /// With its length behind it.
    Short([u8; size_of::<u128>()]),
    Long(&'a [u8]),
}

impl Deref for Value<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Value::Short(bytes) => &bytes[..usize::from(bytes[SHORT])],
            Value::Long(bytes) => bytes,
        }
    }
}

/// A value that was not there: kept unless it comes no times.
fn begin(weight: i64, since: u64, keep: impl FnOnce(Seen)) -> i64 {
    if weight != 0 {
        keep(Seen { count: weight, since });
    }
    i64::from(weight > 0)
}

impl Seen {
    fn add(&mut self, weight: i64, since: u64) -> i64 {
        let before = self.count;
        self.count += weight;
        if before <= 0 && self.count > 0 {
            self.since = since;
        }
        i64::from(self.count > 0) - i64::from(before > 0)
    }
}

struct DistinctState {
    inner: Box<dyn AggregateState>,
    inputs: Vec<ArrowType>,
    sets: Vec<Set>,
    next: u64,
    encoder: KeyEncoder,
}

impl DistinctState {
    /// Hands encoded values over to the function, with their slots and weights.
    fn forward(&mut self, values: &[(u32, i64, &[u8])]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let arguments = key::decode(&self.inputs, values.iter().map(|(_, _, value)| *value))?;
        let slots: Vec<u32> = values.iter().map(|(slot, _, _)| *slot).collect();
        let weights: Vec<i64> = values.iter().map(|(_, weight, _)| *weight).collect();
        let weights = weights.iter().any(|&weight| weight != 1).then_some(weights.as_slice());
        self.inner.update(&slots, &arguments, weights, None)
    }

    /// Adds a set of another slot, in the order in which its values came.
    fn add_set(&mut self, into: u32, from: &Set) -> Result<()> {
        let values = from.in_order();
        let mut changed: Vec<(u32, i64, &[u8])> = Vec::new();
        for (value, seen) in &values {
            let weight = self.sets[into as usize].change(value, seen.count, seen.since);
            if weight != 0 {
                changed.push((into, weight, value));
            }
        }
        self.forward(&changed)
    }
}

impl AggregateState for DistinctState {
    fn grow(&mut self, slots: usize) {
        self.inner.grow(slots);
        if slots > self.sets.len() {
            self.sets.resize_with(slots, Set::default);
        }
    }

    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let (mut rows, mut changed_slots, mut changed_weights) = (Vec::new(), Vec::new(), Vec::new());
        let (sets, next) = (&mut self.sets, self.next);
        let values = self.encoder.encode(arguments, slots.len())?;
        self.next += slots.len() as u64;
        try_for_each_row(slots, None, weights, filter, |row, slot, weight| {
            let weight = sets[slot].change(values.row(row), weight, next + row as u64);
            if weight != 0 {
                rows.push(row as u32);
                changed_slots.push(slot as u32);
                changed_weights.push(weight);
            }
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(rows);
        let arguments = arguments
            .iter()
            .map(|argument| Ok(arrow::compute::take(argument, &rows, None)?))
            .collect::<Result<Vec<_>>>()?;
        let weights = changed_weights.iter().any(|&weight| weight != 1).then_some(changed_weights.as_slice());
        self.inner.update(&changed_slots, &arguments, weights, None)
    }

    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()> {
        let other = downcast::<Self>(other)?;
        for (&into, &from) in slots.iter().zip(other_slots) {
            self.add_set(into, &other.sets[from as usize])?;
        }
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        if into == from {
            return Ok(());
        }
        let set = std::mem::take(&mut self.sets[from as usize]);
        self.inner.clear(from);
        self.add_set(into, &set)
    }

    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef> {
        self.inner.evaluate(slots)
    }

    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let set = &self.sets[slot as usize];
        (set.len() as u32).put(out);
        // In order, so that equal states give equal bytes.
        for (value, seen) in set.in_order() {
            put_bytes(&value, out);
            seen.count.put(out);
            seen.since.put(out);
        }
        self.inner.encode(slot, out);
    }

    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()> {
        let mut set = Set::default();
        for _ in 0..u32::get(bytes)? {
            let value = get_bytes(bytes)?;
            let seen = Seen { count: i64::get(bytes)?, since: u64::get(bytes)? };
            self.next = self.next.max(seen.since + 1);
            set.insert(value, seen);
        }
        self.sets[slot as usize] = set;
        self.inner.decode(slot, bytes)
    }

    fn clear(&mut self, slot: u32) {
        self.sets[slot as usize] = Set::default();
        self.inner.clear(slot);
    }
}
