//! What the states share: walking the rows of a batch, slots of one type each, and their bytes.

use super::{AggregateFunction, AggregateState};
use crate::expression::truth;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, i256};
use riverrun_core::{Error, Result};
use std::any::Any;
use std::fmt::Debug;

/// Calls `step(row, slot, weight)` for every row that counts: its value is not null and the filter is
/// true. Inlined into each state, so that the usual case (no nulls, no filter, no
/// weights) is a plain loop.
#[inline(always)]
pub fn for_each_row(
    slots: &[u32],
    valid: Option<&BooleanBuffer>,
    weights: Option<&[i64]>,
    filter: Option<&BooleanArray>,
    mut step: impl FnMut(usize, usize, i64),
) {
    let mask = selection(valid, filter);
    match (&mask, weights) {
        (None, None) => {
            for (row, &slot) in slots.iter().enumerate() {
                step(row, slot as usize, 1);
            }
        }
        (Some(mask), None) => {
            for row in mask.set_indices() {
                step(row, slots[row] as usize, 1);
            }
        }
        (None, Some(weights)) => {
            for (row, (&slot, &weight)) in slots.iter().zip(weights).enumerate() {
                step(row, slot as usize, weight);
            }
        }
        (Some(mask), Some(weights)) => {
            for row in mask.set_indices() {
                step(row, slots[row] as usize, weights[row]);
            }
        }
    }
}

/// [`for_each_row`] for steps that can fail.
pub fn try_for_each_row(
    slots: &[u32],
    valid: Option<&BooleanBuffer>,
    weights: Option<&[i64]>,
    filter: Option<&BooleanArray>,
    mut step: impl FnMut(usize, usize, i64) -> Result<()>,
) -> Result<()> {
    let mask = selection(valid, filter);
    for (row, &slot) in slots.iter().enumerate() {
        let weight = weights.map_or(1, |weights| weights[row]);
        if weight != 0 && mask.as_ref().is_none_or(|mask| mask.value(row)) {
            step(row, slot as usize, weight)?;
        }
    }
    Ok(())
}

/// The rows where the argument is not null and the filter is true. `None`: all.
fn selection(valid: Option<&BooleanBuffer>, filter: Option<&BooleanArray>) -> Option<BooleanBuffer> {
    let filter = filter.map(truth);
    match (valid, filter) {
        (None, None) => None,
        (Some(valid), None) => Some(valid.clone()),
        (None, Some(filter)) => Some(filter),
        (Some(valid), Some(filter)) => Some(valid & &filter),
    }
}

/// The rows where a column is not null; `None` where it has no nulls.
pub fn validity(column: &dyn Array) -> Option<BooleanBuffer> {
    column.logical_nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.into_inner())
}

/// An argument of a primitive type.
pub fn primitive<T: ArrowPrimitiveType>(arguments: &[ArrayRef], index: usize) -> Result<&PrimitiveArray<T>> {
    typed(arguments, index)
}

/// An argument as the array that its type promises.
pub fn typed<A: Array + 'static>(arguments: &[ArrayRef], index: usize) -> Result<&A> {
    let argument = arguments.get(index).ok_or_else(|| Error::bug(format!("aggregate without argument {index}")))?;
    argument.as_any().downcast_ref().ok_or_else(|| {
        Error::bug(format!(
            "aggregate argument {index} is {}, not {}",
            argument.data_type(),
            std::any::type_name::<A>()
        ))
    })
}

/// What one kind of aggregate does with the value of one slot. [`Slots`] makes it an [`AggregateState`].
pub trait Kind: Clone + 'static {
    /// The value of a slot; its default is the empty one.
    type Slot: Default + Clone + 'static;

    /// Adds rows; see [`AggregateState::update`].
    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()>;

    /// Adds the rows of `from` to `into`.
    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()>;

    /// The values of these slots, in order.
    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef>;

    /// Looks at a slot's value, so that it is near when it is encoded.
    fn look_at(slot: &Self::Slot) -> bool {
        let _ = slot;
        false
    }

    /// Appends a slot's bytes.
    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>);

    /// Reads a slot's bytes.
    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot>;
}

/// A function whose state is one value of its own per slot.
#[derive(Clone, Debug)]
pub struct SlotFunction<K>(pub K);

impl<K: Kind + Debug + Send + Sync> AggregateFunction for SlotFunction<K> {
    fn create(&self) -> Box<dyn AggregateState> {
        Box::new(Slots { kind: self.0.clone(), slots: Vec::new() })
    }
}

/// The state of a [`SlotFunction`].
pub struct Slots<K: Kind> {
    kind: K,
    slots: Vec<K::Slot>,
}

impl<K: Kind> AggregateState for Slots<K> {
    fn grow(&mut self, slots: usize) {
        if slots > self.slots.len() {
            self.slots.resize_with(slots, K::Slot::default);
        }
    }

    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.kind.update(&mut self.slots, slots, arguments, weights, filter)
    }

    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()> {
        let other = downcast::<Self>(other)?;
        for (&into, &from) in slots.iter().zip(other_slots) {
            self.kind.merge(&mut self.slots[into as usize], &other.slots[from as usize])?;
        }
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        if into == from {
            return Ok(());
        }
        let from = std::mem::take(&mut self.slots[from as usize]);
        self.kind.merge(&mut self.slots[into as usize], &from)
    }

    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef> {
        self.kind.evaluate(slots.iter().map(|&slot| &self.slots[slot as usize]))
    }

    fn fetch(&self, slots: &[u32]) {
        let seen = slots.iter().filter(|slot| K::look_at(&self.slots[**slot as usize])).count();
        std::hint::black_box(seen);
    }

    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        self.kind.encode(&self.slots[slot as usize], out);
    }

    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()> {
        self.slots[slot as usize] = self.kind.decode(bytes)?;
        Ok(())
    }

    fn clear(&mut self, slot: u32) {
        self.slots[slot as usize] = K::Slot::default();
    }
}

/// A type that a kind works on, without a value of it.
pub struct Of<T: ?Sized>(std::marker::PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Of<T> {
    /// The type.
    pub const TYPE: Of<T> = Of(std::marker::PhantomData);
}

impl<T: ?Sized> Clone for Of<T> {
    fn clone(&self) -> Self {
        Self::TYPE
    }
}

impl<T: ?Sized> Debug for Of<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

/// The other state of a merge, which must be of the same function.
pub fn downcast<T: 'static>(other: &dyn AggregateState) -> Result<&T> {
    let other: &dyn Any = other;
    other.downcast_ref().ok_or_else(|| Error::bug("merge of the states of different aggregate functions"))
}

/// The exact key bytes of NULL, of whatever type.
pub const NULL: &[u8] = &[0];

/// The column of values that were encoded one by one by `KeyEncoder::exact`.
pub fn decode_column<'a>(data_type: &DataType, values: impl IntoIterator<Item = &'a [u8]>) -> Result<ArrayRef> {
    let mut columns = riverrun_state::key::decode(std::slice::from_ref(data_type), values)?;
    columns.pop().ok_or_else(|| Error::bug("one type, but no column"))
}

/// A number as bytes: whole ones in as many as they need, for most are small and a barrier writes very many; others little endian.
pub trait Number: Copy {
    /// Appends the bytes.
    fn put(self, out: &mut Vec<u8>);

    /// Reads them.
    fn get(bytes: &mut &[u8]) -> Result<Self>;
}

macro_rules! fixed {
    ($($number:ty)*) => {$(
        impl Number for $number {
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn get(bytes: &mut &[u8]) -> Result<Self> {
                let (head, rest) = bytes.split_first_chunk().ok_or_else(truncated)?;
                *bytes = rest;
                Ok(<$number>::from_le_bytes(*head))
            }
        }
    )*};
}

/// Seven bits to a byte, the lowest first; the eighth says that there are more.
macro_rules! unsigned {
    ($($number:ty)*) => {$(
        impl Number for $number {
            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                let mut rest = self;
                while rest >= 0x4000 {
                    out.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                match rest {
                    0..0x80 => out.push(rest as u8),
                    _ => out.extend_from_slice(&[rest as u8 | 0x80, (rest >> 7) as u8]),
                }
            }

            #[inline]
            fn get(bytes: &mut &[u8]) -> Result<Self> {
                if let [byte @ 0..0x80, rest @ ..] = *bytes {
                    *bytes = rest;
                    return Ok((*byte).into());
                }
                let mut number = 0;
                for shift in (0..<$number>::BITS).step_by(7) {
                    let (&byte, rest) = bytes.split_first().ok_or_else(truncated)?;
                    *bytes = rest;
                    number |= <$number>::from(byte & 0x7f) << shift;
                    if byte < 0x80 {
                        return Ok(number);
                    }
                }
                Err(truncated())
            }
        }
    )*};
}

/// The sign is the lowest bit, so that small negative numbers are short too.
macro_rules! signed {
    ($($number:ty, $unsigned:ty;)*) => {$(
        impl Number for $number {
            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                (((self << 1) ^ (self >> (<$number>::BITS - 1))) as $unsigned).put(out);
            }

            #[inline]
            fn get(bytes: &mut &[u8]) -> Result<Self> {
                let number = <$unsigned>::get(bytes)?;
                Ok((number >> 1) as $number ^ -((number & 1) as $number))
            }
        }
    )*};
}

fixed!(u8 i8 f32 f64);
unsigned!(u16 u32 u64 u128);
signed!(i16, u16; i32, u32; i64, u64; i128, u128;);

impl Number for i256 {
    fn put(self, out: &mut Vec<u8>) {
        let (low, high) = self.to_parts();
        low.put(out);
        high.put(out);
    }

    fn get(bytes: &mut &[u8]) -> Result<Self> {
        Ok(i256::from_parts(Number::get(bytes)?, Number::get(bytes)?))
    }
}

/// Appends a run of bytes with its length.
pub fn put_bytes(value: &[u8], out: &mut Vec<u8>) {
    (value.len() as u32).put(out);
    out.extend_from_slice(value);
}

/// Reads what [`put_bytes`] wrote.
pub fn get_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = u32::get(bytes)? as usize;
    let (value, rest) = bytes.split_at_checked(length).ok_or_else(truncated)?;
    *bytes = rest;
    Ok(value)
}

/// The error for state bytes that end too early.
pub fn truncated() -> Error {
    Error::failure("the state of an aggregate function ends too early").detail("the checkpoint is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<N: Number>(number: N) -> Vec<u8> {
        let mut out = Vec::new();
        number.put(&mut out);
        out
    }

    fn comes_back<N: Number + PartialEq + Debug>(numbers: &[N]) {
        for number in numbers {
            let out = bytes(*number);
            let mut rest = out.as_slice();
            assert_eq!(N::get(&mut rest).unwrap(), *number);
            assert!(rest.is_empty());
            // What is cut off is no number.
            assert!(N::get(&mut &out[..out.len() - 1]).is_err());
        }
    }

    #[test]
    fn numbers_are_as_long_as_they_need_to_be_and_come_back() {
        comes_back(&[0_u16, 127, 128, u16::MAX]);
        comes_back(&[0_u32, 127, 128, 16_383, 16_384, u32::MAX]);
        comes_back(&[0_u64, 1 << 35, u64::MAX]);
        comes_back(&[0_u128, 1 << 100, u128::MAX]);
        comes_back(&[0_i16, -1, i16::MIN, i16::MAX]);
        comes_back(&[0_i32, -64, 64, i32::MIN, i32::MAX]);
        comes_back(&[0_i64, -1, 1, 63, 64, -64, -65, i64::MIN, i64::MAX]);
        comes_back(&[0_i128, -1, i128::MIN, i128::MAX]);
        comes_back(&[0.0_f64, -1.5, f64::MAX]);
        assert_eq!([bytes(0_i64), bytes(-1_i64), bytes(63_i64)].map(|bytes| bytes.len()), [1, 1, 1]);
        assert_eq!([bytes(64_i64), bytes(-8192_i64), bytes(i64::MIN)].map(|bytes| bytes.len()), [2, 2, 10]);
    }
}
