//! What SUM and AVG keep: a sum, and of how many values it is.

use super::column::{Kind, Number, for_each_row, primitive, validity};
use super::number::Addend;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::ArrowPrimitiveType;
use riverrun_core::Result;

/// A sum, and of how many values it is: without any it is NULL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Total<N> {
    /// The sum.
    pub sum: N,
    /// How many values.
    pub count: i64,
}

/// What is summed up, and what is made of the sums.
pub trait OfTotals: Clone + 'static {
    /// The column.
    type Column: ArrowPrimitiveType;

    /// What its values are summed up in.
    type Sum: Addend;

    /// A value as it is added.
    fn addend(value: <Self::Column as ArrowPrimitiveType>::Native) -> Self::Sum;

    /// The results, in order; of `None` there are no values.
    fn results(&self, totals: impl Iterator<Item = Option<Total<Self::Sum>>>) -> Result<ArrayRef>;
}

/// The kind of aggregate that keeps a [`Total`].
#[derive(Clone, Debug)]
pub struct Totals<F>(pub F);

impl<F: OfTotals> Kind for Totals<F> {
    type Slot = Total<F::Sum>;

    fn update(
        &mut self,
        state: &mut [Self::Slot],
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let column = primitive::<F::Column>(arguments, 0)?;
        let values = column.values();
        for_each_row(slots, validity(column).as_ref(), weights, filter, |row, slot, weight| {
            let total = &mut state[slot];
            total.sum = total.sum.add(F::addend(values[row]), weight);
            total.count += weight;
        });
        Ok(())
    }

    fn merge(&self, into: &mut Self::Slot, from: &Self::Slot) -> Result<()> {
        into.sum = into.sum.add(from.sum, 1);
        into.count += from.count;
        Ok(())
    }

    fn evaluate<'a>(&self, slots: impl Iterator<Item = &'a Self::Slot>) -> Result<ArrayRef> {
        self.0.results(slots.map(|total| (total.count != 0).then_some(*total)))
    }

    fn look_at(slot: &Self::Slot) -> bool {
        slot.count != 0
    }

    fn encode(&self, slot: &Self::Slot, out: &mut Vec<u8>) {
        slot.sum.put(out);
        slot.count.put(out);
    }

    fn decode(&mut self, bytes: &mut &[u8]) -> Result<Self::Slot> {
        Ok(Total { sum: Number::get(bytes)?, count: Number::get(bytes)? })
    }
}
