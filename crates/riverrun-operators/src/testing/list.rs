//! An aggregate that shows what went into it: the values of an INT column, joined by `+` in order.

use crate::aggregate_call::AggregateCall;
use crate::aggregates::{AggregateFunction, AggregateState};
use crate::expression::Expression;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::datatypes::Int32Type;
use riverrun_core::Result;
use std::any::Any;
use std::sync::Arc;

/// A call of it.
pub fn list(argument: Expression) -> AggregateCall {
    AggregateCall { function: Arc::new(List), arguments: vec![argument], filter: None }
}

#[derive(Debug)]
struct List;

impl AggregateFunction for List {
    fn create(&self) -> Box<dyn AggregateState> {
        Box::new(Lists(Vec::new()))
    }
}

#[derive(Debug)]
struct Lists(Vec<Vec<i32>>);

impl AggregateState for Lists {
    fn grow(&mut self, slots: usize) {
        self.0.resize(slots.max(self.0.len()), Vec::new());
    }

    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let values = arguments[0].as_primitive::<Int32Type>();
        for (row, &slot) in slots.iter().enumerate() {
            if values.is_null(row) || filter.is_some_and(|filter| !filter.is_valid(row) || !filter.value(row)) {
                continue;
            }
            let (list, value) = (&mut self.0[slot as usize], values.value(row));
            if weights.is_some_and(|weights| weights[row] < 0) {
                let at = list.iter().position(|other| *other == value).unwrap();
                list.remove(at);
            } else {
                list.push(value);
            }
        }
        Ok(())
    }

    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()> {
        let other = (other as &dyn Any).downcast_ref::<Lists>().unwrap();
        for (&into, &from) in slots.iter().zip(other_slots) {
            self.0[into as usize].extend(&other.0[from as usize]);
        }
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        let from = std::mem::take(&mut self.0[from as usize]);
        self.0[into as usize].extend(from);
        Ok(())
    }

    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef> {
        let text = |slot: &u32| self.0[*slot as usize].iter().map(i32::to_string).collect::<Vec<_>>().join("+");
        Ok(Arc::new(slots.iter().map(|slot| Some(text(slot))).collect::<StringArray>()))
    }

    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let list = &self.0[slot as usize];
        out.push(list.len() as u8);
        list.iter().for_each(|value| out.extend(value.to_le_bytes()));
    }

    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()> {
        let (length, rest) = bytes.split_first().unwrap();
        let (values, rest) = rest.split_at(usize::from(*length) * 4);
        self.0[slot as usize] = values.chunks(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect();
        *bytes = rest;
        Ok(())
    }

    fn clear(&mut self, slot: u32) {
        self.0[slot as usize].clear();
    }
}
