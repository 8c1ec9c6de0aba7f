//! How long keys with their values are.

use super::{EncodeSlots, SLICE, SlotKeys};

/// A slice is about so many bytes, and so many slots at the least.
const SLICE_BYTES: f64 = 1_048_576.0;
const LEAST_SLICE: usize = 64;

/// What is left of the average when one more is added.
const KEPT: f64 = 63.0 / 64.0;

/// So many values are looked at to learn how large they are.
const SAMPLED: usize = 64;

/// A moving average, in bytes; 0 before anything was written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MeanLength(f64);

impl MeanLength {
    /// So many of this length together were written.
    pub(crate) fn add(&mut self, length: usize, count: usize) {
        if count > 0 {
            let kept = KEPT.powi(i32::try_from(count).unwrap_or(i32::MAX));
            self.0 = self.0 * kept + length as f64 / count as f64 * (1.0 - kept);
        }
    }

    /// Whether nothing was written or looked at.
    pub(super) fn is_unknown(self) -> bool {
        self.0 == 0.0
    }

    /// Learns how long values are before any was written.
    pub(crate) fn sample<K: SlotKeys, V: EncodeSlots>(&mut self, keys: &K, values: &V) {
        let mut bytes = Vec::new();
        let step = (keys.len() / SAMPLED).max(1);
        let count = keys.live().step_by(step).take(SAMPLED).map(|slot| values.encode(slot, &mut bytes)).count();
        self.0 = bytes.len() as f64 / count.max(1) as f64;
    }

    /// About what slots take up in memory.
    pub(crate) fn of_slots<K: SlotKeys, V: EncodeSlots>(self, keys: &K, values: &V) -> usize {
        // A value takes up more than its bytes: what it is in, and what it has room for.
        let values = values.num_bytes().unwrap_or((keys.len() as f64 * 2.0 * self.0) as usize);
        keys.live_bytes() + 16 * keys.len() + values
    }

    /// How many slots are encoded at once.
    pub(crate) fn slots_of_a_slice(self) -> usize {
        ((SLICE_BYTES / self.0.max(1.0)) as usize).clamp(LEAST_SLICE, SLICE)
    }
}
