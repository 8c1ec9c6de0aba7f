//! The groups of one slice or window, and their aggregates, in columns.

use crate::aggregate_call::{AggregateCall, SelectedInputs};
use crate::aggregates::AggregateState;
use arrow::array::ArrayRef;
use riverrun_core::Result;
use riverrun_state::blob::{BlobReader, put_bytes, put_i64};
use riverrun_state::tier::{EncodeSlots, SlotValues};
use riverrun_state::{KeyTable, hash_key};

/// The aggregates of one slice by key. A key's slot in [`Pane::keys`] is its slot in [`Pane::values`]; slots are never freed,
/// since a pane is dropped as a whole.
pub struct Pane {
    /// From group keys to slots.
    pub keys: KeyTable,
    /// What each group has.
    pub values: PaneValues,
}

/// The aggregates of a pane by slot.
pub struct PaneValues {
    states: Vec<Box<dyn AggregateState>>,
    /// How many rows each group has, where rows can be taken back.
    counts: Option<Vec<i64>>,
}

impl Pane {
    /// A pane without groups.
    pub fn new(aggregates: &[AggregateCall], retracting: bool) -> Self {
        let states = aggregates.iter().map(|call| call.function.create()).collect();
        Pane { keys: KeyTable::default(), values: PaneValues { states, counts: retracting.then(Vec::new) } }
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.keys.slots()
    }

    /// Adds rows whose slots have been handed out by [`Pane::keys`].
    pub fn update(&mut self, slots: &[u32], inputs: &SelectedInputs<'_>) -> Result<()> {
        self.values.grow(self.keys.slots());
        let weights = inputs.weights.as_deref();
        for (state, input) in self.values.states.iter_mut().zip(&inputs.calls) {
            state.update(slots, &input.arguments, weights, input.filter.as_ref())?;
        }
        if let Some(counts) = &mut self.values.counts {
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
        self.values.grow(self.keys.slots());
        slots
    }

    /// Adds all groups of another pane, which have the slots of [`Pane::slots_of`].
    pub fn merge(&mut self, slots: &[u32], other: &Pane) -> Result<()> {
        let from: Vec<u32> = other.keys.live().collect();
        for (state, other) in self.values.states.iter_mut().zip(&other.values.states) {
            state.merge(slots, other.as_ref(), &from)?;
        }
        if let (Some(counts), Some(others)) = (&mut self.values.counts, &other.values.counts) {
            for (&into, &from) in slots.iter().zip(&from) {
                counts[into as usize] += others[from as usize];
            }
        }
        Ok(())
    }

    /// Whether a group has rows, and so a result.
    pub fn has_rows(&self, slot: u32) -> bool {
        self.values.counts.as_ref().is_none_or(|counts| counts[slot as usize] != 0)
    }

    /// The results of these groups: one column per aggregate.
    pub fn evaluate(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        self.values.states.iter().map(|state| state.evaluate(slots)).collect()
    }

    /// Appends one group, so that [`Pane::decode`] can read it.
    pub fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        put_bytes(out, self.keys.key(slot));
        self.values.encode(slot, out);
    }

    /// Reads a group that [`Pane::encode`] wrote; its slot. A key stands in one pane of a snapshot only once.
    pub fn decode(&mut self, blob: &mut BlobReader<'_>) -> Result<u32> {
        let key = blob.bytes()?;
        let (slot, _) = self.keys.insert(hash_key(key), key);
        self.values.grow(self.keys.slots());
        self.values.read(slot, blob)?;
        Ok(slot)
    }
}

impl PaneValues {
    fn read(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()> {
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = blob.i64()?;
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, blob.rest()))
    }
}

/// A value: the number of rows, if that is known, and the aggregates.
impl EncodeSlots for PaneValues {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        if let Some(counts) = &self.counts {
            put_i64(out, counts[slot as usize]);
        }
        self.states.iter().for_each(|state| state.encode(slot, out));
    }
}

impl SlotValues for PaneValues {
    fn grow(&mut self, slots: usize) {
        self.states.iter_mut().for_each(|state| state.grow(slots));
        if let Some(counts) = &mut self.counts {
            counts.resize(slots, 0);
        }
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        self.read(slot, &mut BlobReader::new(value))
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.states.iter_mut().for_each(|state| state.clear(slot));
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = 0;
        }
    }
}

impl std::fmt::Debug for Pane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pane").field("groups", &self.groups()).finish_non_exhaustive()
    }
}
