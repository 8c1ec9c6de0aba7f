//! MIN and MAX: the extreme value alone over append-only input, all values with their counts where rows can be taken back.

use super::column::{Kind, Number, Of, SlotFunction, for_each_row, get_bytes, put_bytes, typed, validity};
use super::types::{input, mismatch, nullable_if_empty, single};
use super::{AggregateArgument, AggregateDef, AggregateFunction, AggregateOptions, ResolvedAggregate};
use arrow::array::{ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use riverrun_core::{Error, Result};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// The definitions of this file.
pub const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "MIN",
        aliases: &[],
        syntax: "MIN(value)",
        doc: "The least of the values that are not NULL.",
        resolve: |arguments, options| resolve::<false>("MIN", arguments, options),
    },
    AggregateDef {
        name: "MAX",
        aliases: &[],
        syntax: "MAX(value)",
        doc: "The greatest of the values that are not NULL.",
        resolve: |arguments, options| resolve::<true>("MAX", arguments, options),
    },
];

fn resolve<const MAX: bool>(
    name: &str,
    arguments: &[AggregateArgument<'_>],
    options: &AggregateOptions,
) -> Result<ResolvedAggregate> {
    let argument = single(name, arguments)?.data_type.without_time_attribute();
    let retracting = options.retracting;
    let arrow = argument.to_arrow();
    let function = match &arrow {
        ArrowType::Boolean => byte_like::<bool, MAX>(retracting),
        ArrowType::Int8 => number::<Int8Type, MAX>(&arrow, retracting),
        ArrowType::Int16 => number::<Int16Type, MAX>(&arrow, retracting),
        ArrowType::Int32 => number::<Int32Type, MAX>(&arrow, retracting),
        ArrowType::Int64 => number::<Int64Type, MAX>(&arrow, retracting),
        ArrowType::Float32 => number::<Float32Type, MAX>(&arrow, retracting),
        ArrowType::Float64 => number::<Float64Type, MAX>(&arrow, retracting),
        ArrowType::Decimal128(_, _) => number::<Decimal128Type, MAX>(&arrow, retracting),
        ArrowType::Date32 => number::<Date32Type, MAX>(&arrow, retracting),
        ArrowType::Time32(_) => number::<Time32MillisecondType, MAX>(&arrow, retracting),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => number::<TimestampMillisecondType, MAX>(&arrow, retracting),
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => number::<TimestampMicrosecondType, MAX>(&arrow, retracting),
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => number::<TimestampNanosecondType, MAX>(&arrow, retracting),
        ArrowType::Utf8 if argument.kind.is_character() => byte_like::<str, MAX>(retracting),
        _ => return Err(mismatch(name, arguments, &format!("{name}(<COMPARABLE>)"))),
    };
    let returns = argument.with_nullable(nullable_if_empty(&argument, options));
    Ok(ResolvedAggregate { inputs: vec![input(0, arguments)], returns, function })
}

fn number<T: ArrowPrimitiveType, const MAX: bool>(data_type: &ArrowType, retracting: bool) -> Arc<dyn AggregateFunction>
where
    T::Native: Ordered,
{
    let column = Column { data_type: data_type.clone(), of: PhantomData::<Of<T>> };
    if retracting {
        Arc::new(SlotFunction(Values::<_, MAX>(column)))
    } else {
        Arc::new(SlotFunction(Extreme::<_, MAX>(column)))
    }
}

fn byte_like<T: ?Sized + 'static, const MAX: bool>(retracting: bool) -> Arc<dyn AggregateFunction>
where
    Of<T>: Read,
{
    if retracting {
        Arc::new(SlotFunction(Values::<_, MAX>(Of::<T>::TYPE)))
    } else {
        Arc::new(SlotFunction(Extreme::<_, MAX>(Of::<T>::TYPE)))
    }
}

/// How a column's values become comparable ones, and back.
///
/// NaN is contagious in both directions, as when Flink meets it first, and so independent of the order of rows: as a key
/// it is beyond every value.
trait Read: Debug + Clone + Send + Sync + 'static {
    type Key: Ord + Clone + Debug + 'static;
    type Array: arrow::array::Array + 'static;

    /// Replaces `slot` by the value at `row` if that is beyond it, without an allocation where it is not.
    fn offer<const MAX: bool>(column: &Self::Array, row: usize, slot: &mut Option<Self::Key>);

    fn key(column: &Self::Array, row: usize) -> Self::Key;

    /// Whether the key wins over all others, in MIN too.
    fn contagious(_: &Self::Key) -> bool {
        false
    }

    fn build<'a>(&self, keys: impl Iterator<Item = Option<&'a Self::Key>>) -> Result<ArrayRef>;

    fn put(key: &Self::Key, out: &mut Vec<u8>);

    fn get(bytes: &mut &[u8]) -> Result<Self::Key>;
}

/// A number that sorts.
trait Ordered: Number + Debug + Send + Sync + 'static {
    type Key: Ord + Copy + Debug + Number + 'static;

    fn key(self) -> Self::Key;

    fn value(key: Self::Key) -> Self;

    fn contagious(_: Self::Key) -> bool {
        false
    }
}

macro_rules! ordered_integers {
    ($($number:ty)*) => {$(
        impl Ordered for $number {
            type Key = $number;

            #[inline(always)]
            fn key(self) -> $number {
                self
            }

            fn value(key: $number) -> $number {
                key
            }
        }
    )*};
}

ordered_integers!(i8 i16 i32 i64 i128);

macro_rules! ordered_floats {
    ($($float:ty, $integer:ty, $shift:literal;)*) => {$(
        impl Ordered for $float {
            /// The bits in the order of the values: of negative ones all but the sign turned over.
            type Key = $integer;

            #[inline(always)]
            fn key(self) -> $integer {
                let value = if self.is_nan() { <$float>::NAN } else { self };
                let bits = value.to_bits() as $integer;
                bits ^ (((bits >> $shift) as $integer) & <$integer>::MAX)
            }

            fn value(key: $integer) -> $float {
                let bits = key ^ ((key >> $shift) & <$integer>::MAX);
                <$float>::from_bits(bits as _)
            }

            #[inline(always)]
            fn contagious(key: $integer) -> bool {
                key == <$float>::NAN.key()
            }
        }
    )*};
}

ordered_floats! {
    f32, i32, 31;
    f64, i64, 63;
}

/// Columns of a primitive type.
#[derive(Clone, Debug)]
struct Column<O> {
    data_type: ArrowType,
    of: PhantomData<O>,
}

impl<T: ArrowPrimitiveType> Read for Column<Of<T>>
where
    T::Native: Ordered,
{
    type Key = <T::Native as Ordered>::Key;
    type Array = PrimitiveArray<T>;

    #[inline(always)]
    fn offer<const MAX: bool>(column: &Self::Array, row: usize, slot: &mut Option<Self::Key>) {
        let key = column.values()[row].key();
        let beyond = match slot {
            None => true,
            Some(now) if MAX => key > *now,
            Some(now) => (key < *now && !T::Native::contagious(*now)) || T::Native::contagious(key),
        };
        if beyond {
            *slot = Some(key);
        }
    }

    fn key(column: &Self::Array, row: usize) -> Self::Key {
        column.values()[row].key()
    }

    fn contagious(key: &Self::Key) -> bool {
        T::Native::contagious(*key)
    }

    fn build<'a>(&self, keys: impl Iterator<Item = Option<&'a Self::Key>>) -> Result<ArrayRef> {
        let values: PrimitiveArray<T> = keys.map(|key| key.map(|key| T::Native::value(*key))).collect();
        Ok(Arc::new(values.with_data_type(self.data_type.clone())))
    }

    fn put(key: &Self::Key, out: &mut Vec<u8>) {
        key.put(out);
    }

    fn get(bytes: &mut &[u8]) -> Result<Self::Key> {
        Number::get(bytes)
    }
}

impl Read for Of<str> {
    type Key = String;
    type Array = StringArray;

    #[inline]
    fn offer<const MAX: bool>(column: &Self::Array, row: usize, slot: &mut Option<String>) {
        let value = column.value(row);
        match slot {
            None => *slot = Some(value.to_owned()),
            Some(now) => {
                if (MAX && value > now.as_str()) || (!MAX && value < now.as_str()) {
                    now.clear();
                    now.push_str(value);
                }
            }
        }
    }

    fn key(column: &Self::Array, row: usize) -> String {
        column.value(row).to_owned()
    }

    fn build<'a>(&self, keys: impl Iterator<Item = Option<&'a String>>) -> Result<ArrayRef> {
        Ok(Arc::new(keys.collect::<StringArray>()))
    }

    fn put(key: &String, out: &mut Vec<u8>) {
        put_bytes(key.as_bytes(), out);
    }

    fn get(bytes: &mut &[u8]) -> Result<String> {
        String::from_utf8(get_bytes(bytes)?.to_vec()).map_err(|_| Error::failure("a string in state is not UTF-8"))
    }
}

impl Read for Of<bool> {
    type Key = bool;
    type Array = BooleanArray;

    #[inline]
    fn offer<const MAX: bool>(column: &Self::Array, row: usize, slot: &mut Option<bool>) {
        let value = column.value(row);
        *slot = Some(slot.map_or(value, |now| if MAX { now | value } else { now & value }));
    }

    fn key(column: &Self::Array, row: usize) -> bool {
        column.value(row)
    }

    fn build<'a>(&self, keys: impl Iterator<Item = Option<&'a bool>>) -> Result<ArrayRef> {
        Ok(Arc::new(keys.map(|key| key.copied()).collect::<BooleanArray>()))
    }

    fn put(key: &bool, out: &mut Vec<u8>) {
        out.push(u8::from(*key));
    }

    fn get(bytes: &mut &[u8]) -> Result<bool> {
        Ok(u8::get(bytes)? != 0)
    }
}

/// The extreme value so far.
#[derive(Clone, Debug)]
struct Extreme<R, const MAX: bool>(R);

impl<R: Read, const MAX: bool> Kind for Extreme<R, MAX> {
    type Slot = Option<R::Key>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column: &R::Array = typed(arguments, 0)?;
        if weights.is_some_and(|weights| weights.iter().any(|&weight| weight < 0)) {
            return Err(Error::bug("MIN or MAX of append-only input was asked to take a row back"));
        }
        for_each_row(slots, validity(column).as_ref(), None, filter, |row, slot, _| {
            R::offer::<MAX>(column, row, &mut state[slot]);
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        let Some(from) = from else { return Ok(()) };
        let beyond = match into {
            None => true,
            Some(now) if MAX => from > now,
            Some(now) => (from < now && !R::contagious(now)) || R::contagious(from),
        };
        if beyond {
            *into = Some(from.clone());
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        self.0.build(slots.map(Option::as_ref))
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.is_some()
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        match slot {
            None => out.push(0),
            Some(key) => {
                out.push(1);
                R::put(key, out);
            }
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        Ok(if u8::get(bytes)? == 0 { None } else { Some(R::get(bytes)?) })
    }
}

/// All values with how often each is there. A row that is taken back before it came leaves a negative count.
#[derive(Clone, Debug)]
struct Values<R, const MAX: bool>(R);

impl<R: Read, const MAX: bool> Kind for Values<R, MAX> {
    type Slot = BTreeMap<R::Key, i64>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column: &R::Array = typed(arguments, 0)?;
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            add_count(&mut state[slot], R::key(column, row), weight);
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        for (key, count) in from {
            add_count(into, key.clone(), *count);
        }
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        fn live<'a, K>((key, count): (&'a K, &'a i64)) -> Option<&'a K> {
            (*count > 0).then_some(key)
        }
        self.0.build(slots.map(|values| {
            let greatest = values.iter().rev().find_map(live);
            if MAX {
                greatest
            } else {
                greatest.filter(|key| R::contagious(key)).or_else(|| values.iter().find_map(live))
            }
        }))
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        (slot.len() as u32).put(out);
        for (key, count) in slot {
            R::put(key, out);
            count.put(out);
        }
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        (0..u32::get(bytes)?).map(|_| Ok((R::get(bytes)?, i64::get(bytes)?))).collect()
    }
}

/// Adds to a count, and forgets what is there no times.
pub fn add_count<K: Ord>(counts: &mut BTreeMap<K, i64>, key: K, weight: i64) {
    use std::collections::btree_map::Entry;
    match counts.entry(key) {
        Entry::Vacant(entry) => {
            if weight != 0 {
                entry.insert(weight);
            }
        }
        Entry::Occupied(mut entry) => {
            *entry.get_mut() += weight;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
