//! Aggregates: an interface of functions over a state of bytes.
//!
//! The state of a group lies in the operator's slot, not in an instance: it is what checkpoints hold, and any instance can go on
//! with it. No bytes are the state of no rows.

use crate::instance::{Lease, Pool};
use crate::types::AggregateCalls;
use crate::{BATCH, input, output};
use arrow::array::{Array, ArrayRef, BooleanArray};
use riverrun_core::{DataType, Error, Result};
use riverrun_operators::aggregates::{AggregateFunction, AggregateState};
use riverrun_sql::functions::user::Signature;
use riverrun_sql::functions::user::aggregate::{Signed, take_bytes};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::Val;

/// Where the functions are in the pool: the order of [`AGGREGATE`](crate::export::AGGREGATE).
const ACCUMULATE: usize = 0;
const MERGE: usize = 1;
const VALUE: usize = 2;
const RETRACT: usize = 3;

/// An aggregate of a component.
pub struct Aggregate {
    pool: Arc<Pool>,
    calls: Arc<AggregateCalls>,
    returns: DataType,
}

impl Aggregate {
    /// The aggregate with its signature.
    pub fn signed(signature: Signature, calls: AggregateCalls, pool: Arc<Pool>) -> Signed {
        let (retracts, returns) = (calls.retracts, signature.result_type());
        let function = Aggregate { pool, calls: Arc::new(calls), returns };
        Signed { signature, retracts, function: Arc::new(function) }
    }
}

impl fmt::Debug for Aggregate {
    /// The name alone, by which state finds its function again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pool, f)
    }
}

impl AggregateFunction for Aggregate {
    fn create(&self) -> Box<dyn AggregateState> {
        let (pool, calls, returns) = (self.pool.clone(), self.calls.clone(), self.returns.clone());
        Box::new(Slots { pool, calls, returns, states: Vec::new() })
    }
}

struct Slots {
    pool: Arc<Pool>,
    calls: Arc<AggregateCalls>,
    returns: DataType,
    states: Vec<Vec<u8>>,
}

impl Slots {
    /// Calls a function that gives a state from a state.
    fn step(&self, lease: &mut Lease<'_>, function: usize, state: &[u8], other: Val) -> Result<Vec<u8>> {
        output::bytes(lease.call(function, &[state_value(state), other])?)
    }

    fn merged(&self, lease: &mut Lease<'_>, state: &[u8], other: &[u8]) -> Result<Vec<u8>> {
        match (state, other) {
            // Nothing to add, and nothing to add it to.
            (state, []) => Ok(state.to_vec()),
            ([], other) => Ok(other.to_vec()),
            (state, other) => self.step(lease, MERGE, state, state_value(other)),
        }
    }
}

fn state_value(state: &[u8]) -> Val {
    Val::List(state.iter().map(|byte| Val::U8(*byte)).collect())
}

impl AggregateState for Slots {
    fn grow(&mut self, slots: usize) {
        if slots > self.states.len() {
            self.states.resize_with(slots, Vec::new);
        }
    }

    fn update(
        &mut self,
        slots: &[u32],
        arguments: &[ArrayRef],
        weights: Option<&[i64]>,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let mut order: Vec<usize> = (0..slots.len())
            .filter(|&row| !filter.is_some_and(|filter| filter.is_null(row) || !filter.value(row)))
            .collect();
        // The rows of a group go over together, in the order in which they came.
        order.sort_by_key(|&row| slots[row]);
        let weight = |row: usize| weights.map_or(1, |weights| weights[row]);
        let pool = self.pool.clone();
        let mut lease = pool.lease();
        let mut rows: Vec<Val> = Vec::new();
        for (position, &row) in order.iter().enumerate() {
            let (slot, back) = (slots[row], weight(row) < 0);
            let bundled = input::bundled(arguments, row, &self.calls.row);
            if let Some(value) = bundled.map_err(|error| pool.told(error.message()))? {
                let times = usize::try_from(weight(row).unsigned_abs()).unwrap_or(usize::MAX);
                for _ in 0..times {
                    rows.push(value.clone());
                    if rows.len() == BATCH {
                        self.pass(&mut lease, slot, back, &mut rows)?;
                    }
                }
            }
            let goes_on =
                order.get(position + 1).is_some_and(|&next| slots[next] == slot && (weight(next) < 0) == back);
            if !goes_on {
                self.pass(&mut lease, slot, back, &mut rows)?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, slots: &[u32], other: &dyn AggregateState, other_slots: &[u32]) -> Result<()> {
        let other: &dyn Any = other;
        let other: &Self =
            other.downcast_ref().ok_or_else(|| Error::bug("merge of the states of different functions"))?;
        let pool = self.pool.clone();
        let mut lease = pool.lease();
        for (&into, &from) in slots.iter().zip(other_slots) {
            let merged = self.merged(&mut lease, &self.states[into as usize], &other.states[from as usize])?;
            self.states[into as usize] = merged;
        }
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        if into == from {
            return Ok(());
        }
        let from = std::mem::take(&mut self.states[from as usize]);
        let pool = self.pool.clone();
        let merged = self.merged(&mut pool.lease(), &self.states[into as usize], &from)?;
        self.states[into as usize] = merged;
        Ok(())
    }

    fn evaluate(&self, slots: &[u32]) -> Result<ArrayRef> {
        let mut lease = self.pool.lease();
        let values = slots
            .iter()
            .map(|&slot| lease.call(VALUE, &[state_value(&self.states[slot as usize])]).map(Some))
            .collect::<Result<Vec<_>>>()?;
        output::column(values, &self.returns).map_err(|error| self.pool.told(error.message()))
    }

    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let state = &self.states[slot as usize];
        out.extend_from_slice(&(state.len() as u32).to_le_bytes());
        out.extend_from_slice(state);
    }

    fn decode(&mut self, slot: u32, bytes: &mut &[u8]) -> Result<()> {
        self.states[slot as usize] = take_bytes(bytes)?.to_vec();
        Ok(())
    }

    fn clear(&mut self, slot: u32) {
        self.states[slot as usize] = Vec::new();
    }
}

impl Slots {
    /// Hands rows of a group over, and leaves none.
    fn pass(&mut self, lease: &mut Lease<'_>, slot: u32, back: bool, rows: &mut Vec<Val>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let function = if back { RETRACT } else { ACCUMULATE };
        let rows = Val::List(std::mem::take(rows));
        let state = self.step(lease, function, &self.states[slot as usize], rows)?;
        self.states[slot as usize] = state;
        Ok(())
    }
}
