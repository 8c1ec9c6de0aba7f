//! The panes of a window aggregation, and their names.

use crate::aggregate_call::SelectedInputs;
use crate::window::borders::{Window, time_of_name};
use crate::window::held::Held;
use crate::window::pane::Pane;
use riverrun_core::Result;
use riverrun_state::KeyRows;

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
            PaneName::Slice(slice) => format!("slice-{}", slice.name()),
            PaneName::Running(start) => format!("running-{start:016x}"),
        }
    }

    /// What has this name.
    pub fn of_table(table: &str) -> Option<Self> {
        if let Some(start) = table.strip_prefix("running-") {
            return time_of_name(start).map(PaneName::Running);
        }
        Window::of_name(table.strip_prefix("slice-")?).map(PaneName::Slice)
    }
}

/// A pane in memory, and what of it is in a log.
pub type HeldPane = Held<Pane>;

impl HeldPane {
    /// The slot of a group, which may be new.
    pub fn slot(&mut self, hash: u64, key: &[u8]) -> u32 {
        self.table_mut().keys.insert(hash, key).0
    }

    /// Appends the slot of each row's group.
    pub fn slots(&mut self, keys: &KeyRows, hashes: &[u64], slots: &mut Vec<u32>) {
        self.table_mut().keys.insert_rows(keys, hashes, slots);
    }

    /// Adds rows whose groups have these slots.
    pub fn update(&mut self, slots: &[u32], inputs: &SelectedInputs<'_>) -> Result<()> {
        self.change(slots).update(slots, inputs)
    }

    /// Adds all groups of another pane.
    pub fn merge(&mut self, other: &Pane) -> Result<()> {
        let slots = self.table_mut().slots_of(other);
        self.change(&slots).merge(&slots, other)
    }
}
