//! The groups of one slice or window, and their aggregates, in columns.

use crate::aggregate_call::{AggregateCall, SelectedInputs};
use crate::aggregates::AggregateState;
use arrow::array::ArrayRef;
use riverrun_core::Result;
use riverrun_state::blob::{BlobReader, put_bytes, put_i64};
use riverrun_state::{KeyTable, hash_key};

/// The aggregates of one slice by key. A key's slot in [`Pane::keys`] is its slot in every state; slots are never freed,
/// since a pane is dropped as a whole.
pub struct Pane {
    /// From group keys to slots.
    pub keys: KeyTable,
    states: Vec<Box<dyn AggregateState>>,
    /// How many rows each group has, where rows can be taken back.
    counts: Option<Vec<i64>>,
}

impl Pane {
    /// A pane without groups.
    pub fn new(aggregates: &[AggregateCall], retracting: bool) -> Self {
        Pane {
            keys: KeyTable::default(),
            states: aggregates.iter().map(|call| call.function.create()).collect(),
            counts: retracting.then(Vec::new),
        }
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.keys.slots()
    }

    fn grow(&mut self) {
        let groups = self.keys.slots();
        self.states.iter_mut().for_each(|state| state.grow(groups));
        if let Some(counts) = &mut self.counts {
            counts.resize(groups, 0);
        }
    }

    /// Adds rows whose slots have been handed out by [`Pane::keys`].
    pub fn update(&mut self, slots: &[u32], inputs: &SelectedInputs<'_>) -> Result<()> {
        self.grow();
        let weights = inputs.weights.as_deref();
        for (state, input) in self.states.iter_mut().zip(&inputs.calls) {
            state.update(slots, &input.arguments, weights, input.filter.as_ref())?;
        }
        if let Some(counts) = &mut self.counts {
            for (row, &slot) in slots.iter().enumerate() {
                counts[slot as usize] += weights.map_or(1, |weights| weights[row]);
            }
        }
        Ok(())
    }

    /// Adds all groups of another pane.
    pub fn merge(&mut self, other: &Pane) -> Result<()> {
        let from: Vec<u32> = other.keys.live().collect();
        let into: Vec<u32> =
            from.iter().map(|&slot| self.keys.insert(other.keys.hash(slot), other.keys.key(slot)).0).collect();
        self.grow();
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            state.merge(&into, other.as_ref(), &from)?;
        }
        if let (Some(counts), Some(others)) = (&mut self.counts, &other.counts) {
            for (&into, &from) in into.iter().zip(&from) {
                counts[into as usize] += others[from as usize];
            }
        }
        Ok(())
    }

    /// Whether a group has rows, and so a result.
    pub fn has_rows(&self, slot: u32) -> bool {
        self.counts.as_ref().is_none_or(|counts| counts[slot as usize] != 0)
    }

    /// The results of these groups: one column per aggregate.
    pub fn evaluate(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        self.states.iter().map(|state| state.evaluate(slots)).collect()
    }

    /// Appends one group, so that [`Pane::decode`] can read it.
    pub fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_bytes(out, self.keys.key(slot));
        if let Some(counts) = &self.counts {
            put_i64(out, counts[slot as usize]);
        }
        for state in &self.states {
            state.encode(slot, out);
        }
    }

    /// Reads a group that [`Pane::encode`] wrote. A key stands in one pane of a snapshot only once.
    pub fn decode(&mut self, blob: &mut BlobReader<'_>) -> Result<()> {
        let key = blob.bytes()?;
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.grow();
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = blob.i64()?;
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, blob.rest()))
    }
}

impl std::fmt::Debug for Pane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pane").field("groups", &self.groups()).finish_non_exhaustive()
    }
}
