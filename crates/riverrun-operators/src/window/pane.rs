//! The groups of one slice or window, and their aggregates, in columns.

use crate::aggregate_call::{AggregateCall, SelectedInputs};
use crate::aggregates::AggregateState;
use arrow::array::ArrayRef;
use riverrun_core::Result;
use riverrun_state::blob::{BlobReader, put_i64};
use riverrun_state::tier::tables::HeldTable;
use riverrun_state::tier::{EncodeSlots, PutValue};
use riverrun_state::{KeyTable, hash_key};

/// The aggregates of one slice or window by key.
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
        let states = aggregates.iter().map(|call| call.function.create()).collect();
        Pane { keys: KeyTable::default(), states, counts: retracting.then(Vec::new) }
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.keys.slots()
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

    /// The slots that the groups of another pane have here, in the order of theirs.
    pub fn slots_of(&mut self, other: &Pane) -> Vec<u32> {
        let slots = other.keys.live();
        let slots = slots.map(|slot| self.keys.insert(other.keys.hash(slot), other.keys.key(slot)).0).collect();
        self.grow();
        slots
    }

    /// Adds all groups of another pane, which have the slots of [`Pane::slots_of`].
    pub fn merge(&mut self, slots: &[u32], other: &Pane) -> Result<()> {
        let from: Vec<u32> = other.keys.live().collect();
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            state.merge(slots, other.as_ref(), &from)?;
        }
        if let (Some(counts), Some(others)) = (&mut self.counts, &other.counts) {
            for (&into, &from) in slots.iter().zip(&from) {
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

    /// Makes room for all groups.
    fn grow(&mut self) {
        let slots = self.keys.slots();
        self.states.iter_mut().for_each(|state| state.grow(slots));
        if let Some(counts) = &mut self.counts {
            counts.resize(slots, 0);
        }
    }
}

/// A value: the number of rows, if that is known, and the aggregates.
impl EncodeSlots for Pane {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let _ = self.encode_each(&[slot], &mut |_, append| append(out));
    }

    fn encode_each(&self, slots: &[u32], put: &mut PutValue<'_>) -> Result<()> {
        self.states.iter().for_each(|state| state.fetch(slots));
        for &slot in slots {
            put(slot, &mut |out| {
                if let Some(counts) = &self.counts {
                    put_i64(out, counts[slot as usize]);
                }
                self.states.iter().for_each(|state| state.encode(slot, out));
            });
        }
        Ok(())
    }
}

impl HeldTable for Pane {
    fn keys(&self) -> &KeyTable {
        &self.keys
    }

    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32> {
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.grow();
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = value.i64()?;
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, value.rest()))?;
        Ok(slot)
    }
}

impl std::fmt::Debug for Pane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pane").field("groups", &self.groups()).finish_non_exhaustive()
    }
}
