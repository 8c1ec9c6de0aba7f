//! A pane whose barriers cost what has changed in it.

use crate::aggregate_call::SelectedInputs;
use crate::window::borders::Window;
use crate::window::pane::Pane;
use riverrun_core::Result;
use riverrun_state::KeyRows;
use riverrun_state::blob::BlobReader;
use riverrun_state::tier::{Resident, TierFiles, TierTicket};
use std::sync::Arc;

/// What a pane is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaneName {
    Slice(Window),
    /// The pane of the CUMULATE windows with this start.
    Running(i64),
}

impl PaneName {
    /// The name of its table in a checkpoint: times as 16 hexadecimal digits.
    pub fn table(self) -> String {
        match self {
            PaneName::Slice(Window { start, end }) => format!("slice-{start:016x}-{end:016x}"),
            PaneName::Running(start) => format!("running-{start:016x}"),
        }
    }

    /// What has this name.
    pub fn of_table(table: &str) -> Option<Self> {
        let time = |digits: &str| u64::from_str_radix(digits, 16).ok().map(u64::cast_signed);
        if let Some(start) = table.strip_prefix("running-") {
            return time(start).map(PaneName::Running);
        }
        let (start, end) = table.strip_prefix("slice-")?.split_once('-')?;
        Some(PaneName::Slice(Window { start: time(start)?, end: time(end)? }))
    }
}

/// A pane in memory, and what of it is in a log. Each pane has a log of its own, which goes with it.
#[derive(Debug)]
pub struct HeldPane {
    pane: Pane,
    resident: Box<Resident>,
}

impl HeldPane {
    /// An empty pane. Nothing of `resident` may leave memory.
    pub fn new(pane: Pane, resident: Resident) -> Self {
        HeldPane { pane, resident: Box::new(resident) }
    }

    /// The groups.
    pub fn pane(&self) -> &Pane {
        &self.pane
    }

    /// The slot of a group, which may be new.
    pub fn slot(&mut self, hash: u64, key: &[u8]) -> u32 {
        self.pane.keys.insert(hash, key).0
    }

    /// Appends the slot of each row's group.
    pub fn slots(&mut self, keys: &KeyRows, hashes: &[u64], slots: &mut Vec<u32>) {
        self.pane.keys.insert_rows(keys, hashes, slots);
    }

    /// Adds rows whose groups have these slots.
    pub fn update(&mut self, slots: &[u32], inputs: &SelectedInputs<'_>) -> Result<()> {
        self.resident.change(&self.pane.keys, &self.pane.values, slots);
        self.resident.clean_log();
        self.pane.update(slots, inputs)
    }

    /// Adds all groups of another pane.
    pub fn merge(&mut self, other: &Pane) -> Result<()> {
        let slots = self.pane.slots_of(other);
        self.resident.change(&self.pane.keys, &self.pane.values, &slots);
        self.resident.clean_log();
        self.pane.merge(&slots, other)
    }

    /// About how many bytes it takes up.
    pub fn num_bytes(&mut self) -> usize {
        self.resident.num_bytes_held(&self.pane.keys, &self.pane.values)
    }

    /// A barrier: what is in the pane now is what the promised files will hold. `None` if that is less than `least_bytes`, and never
    /// was more.
    pub fn freeze(&mut self, least_bytes: usize) -> Result<Option<TierTicket>> {
        self.resident.freeze_from(least_bytes, &self.pane.keys, &self.pane.values)
    }

    /// Whether a barrier is still being written.
    pub fn is_freezing(&self) -> bool {
        self.resident.is_freezing()
    }

    /// Writes a slice of what a barrier has frozen; whether there is more.
    pub fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.pane.keys, &self.pane.values)
    }

    /// Takes over the files of earlier runs.
    pub fn restore(&mut self, files: &[Arc<TierFiles>]) -> Result<()> {
        self.resident.restore(files, &mut self.pane.keys, &mut self.pane.values)
    }

    /// Reads a group that [`Pane::encode`] wrote.
    pub fn decode(&mut self, blob: &mut BlobReader<'_>) -> Result<()> {
        let slot = self.pane.decode(blob)?;
        self.resident.change(&self.pane.keys, &self.pane.values, &[slot]);
        Ok(())
    }
}
