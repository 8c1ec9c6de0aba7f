//! Tight loops over one or two columns of numbers, for kernels whose results Arrow's own don't give.
//!
//! A constant is read once. The value of a NULL row is computed too, where that can't fail, so that the loop has no branch.

use super::kernels::Arguments;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use riverrun_core::{Error, Result};
use std::sync::Arc;

/// An argument as its values: one value for a constant, else one per row.
pub struct Operand<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    constant: bool,
}

impl<'a, T: ArrowPrimitiveType> Operand<'a, T> {
    /// The argument at `position`.
    pub fn new(arguments: &'a Arguments, position: usize) -> Result<Self> {
        let (array, constant) = arguments.raw(position)?;
        Operand::of(array, constant)
    }

    /// An array, of one row if it is a constant.
    pub fn of(array: &'a ArrayRef, constant: bool) -> Result<Self> {
        let array = array.as_primitive_opt::<T>().ok_or_else(|| {
            Error::bug(format!("a kernel for {} got an array of {}", T::DATA_TYPE, array.data_type()))
        })?;
        Ok(Operand { array, constant })
    }

    fn is_null(&self) -> bool {
        self.constant && self.array.is_null(0)
    }

    fn nulls(&self) -> Option<&NullBuffer> {
        if self.constant { None } else { self.array.nulls() }
    }
}

/// The result of each row's value.
pub fn unary<T, O>(arguments: &Arguments, op: impl Fn(T::Native) -> O::Native) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let (array, _) = arguments.raw(0)?;
    let array = array
        .as_primitive_opt::<T>()
        .ok_or_else(|| Error::bug(format!("a kernel for {} got an array of {}", T::DATA_TYPE, array.data_type())))?;
    Ok(Arc::new(array.unary::<_, O>(op)))
}

/// The result of each row's two values.
pub fn binary<A, B, O>(arguments: &Arguments, op: impl Fn(A::Native, B::Native) -> O::Native) -> Result<ArrayRef>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let (left, right) = (Operand::<A>::new(arguments, 0)?, Operand::<B>::new(arguments, 1)?);
    let rows = arguments.rows();
    if left.is_null() || right.is_null() {
        return Ok(new_null_array(&O::DATA_TYPE, rows));
    }
    let (l, r) = (left.array.values(), right.array.values());
    let values: Vec<O::Native> = match (left.constant && rows != 1, right.constant && rows != 1) {
        (false, false) => l.iter().zip(r).map(|(&l, &r)| op(l, r)).collect(),
        (false, true) => l.iter().map(|&l| op(l, r[0])).collect(),
        (true, false) => r.iter().map(|&r| op(l[0], r)).collect(),
        (true, true) => vec![op(l[0], r[0]); rows],
    };
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    Ok(Arc::new(PrimitiveArray::<O>::try_new(ScalarBuffer::from(values), nulls)?))
}

/// The result of each row's two values, where `op` may fail the job; it sees no row with a NULL.
pub fn try_binary<A, B, O>(
    arguments: &Arguments,
    op: impl Fn(A::Native, B::Native) -> Result<O::Native>,
) -> Result<ArrayRef>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    optional_binary::<A, B, O>(arguments, |left, right| op(left, right).map(Some))
}

/// The result of each row's two values, `None` for NULL; `op` sees no row with a NULL.
pub fn optional_binary<A, B, O>(
    arguments: &Arguments,
    op: impl Fn(A::Native, B::Native) -> Result<Option<O::Native>>,
) -> Result<ArrayRef>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let (left, right) = (arguments.primitive::<A>(0)?, arguments.primitive::<B>(1)?);
    let values = (0..arguments.rows()).map(|row| match (left.get(row), right.get(row)) {
        (Some(left), Some(right)) => op(left, right),
        _ => Ok(None),
    });
    Ok(Arc::new(values.collect::<Result<PrimitiveArray<O>>>()?))
}

/// What is true of each value. By chunks, since with an index each access would be checked.
fn bits<T>(values: &[T], is: impl Fn(&T) -> bool) -> BooleanBuffer {
    let word =
        |values: &[T]| values.iter().enumerate().fold(0_u64, |word, (at, value)| word | u64::from(is(value)) << at);
    BooleanBuffer::new(values.chunks(64).map(word).collect::<Vec<u64>>().into(), 0, values.len())
}

/// What is true of each two values.
fn bits_of_pairs<T>(left: &[T], right: &[T], are: impl Fn(&T, &T) -> bool) -> BooleanBuffer {
    let word = |(left, right): (&[T], &[T])| {
        let pairs = left.iter().zip(right).enumerate();
        pairs.fold(0_u64, |word, (at, (left, right))| word | u64::from(are(left, right)) << at)
    };
    let words = left.chunks(64).zip(right.chunks(64)).map(word).collect::<Vec<u64>>();
    BooleanBuffer::new(words.into(), 0, left.len())
}

/// Whether each row's two values are as `op` says.
pub fn compare<T: ArrowPrimitiveType>(
    left: Operand<'_, T>,
    right: Operand<'_, T>,
    rows: usize,
    op: impl Fn(T::Native, T::Native) -> bool,
) -> BooleanArray {
    if left.is_null() || right.is_null() {
        return BooleanArray::new_null(rows);
    }
    let (l, r) = (left.array.values(), right.array.values());
    let values = match (left.constant, right.constant) {
        (false, false) => bits_of_pairs(&l[..rows], &r[..rows], |l, r| op(*l, *r)),
        (false, true) => bits(&l[..rows], |l| op(*l, r[0])),
        (true, false) => bits(&r[..rows], |r| op(l[0], *r)),
        (true, true) => BooleanBuffer::collect_bool(rows, |_| op(l[0], r[0])),
    };
    BooleanArray::new(values, NullBuffer::union(left.nulls(), right.nulls()))
}
