//! The panes of a window aggregation, and their names.

use crate::window::borders::Window;
use crate::window::pane::Pane;
use riverrun_core::{Error, Result};
use riverrun_state::blob::BlobReader;
use riverrun_state::tier::tables::{TableName, Tables};
use std::ops::RangeInclusive;

/// The groups of each slice that still belongs to a window to come, and what CUMULATE has merged.
pub type Panes = Tables<PaneName, Pane>;

/// What a pane is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaneName {
    /// The rows of one slice.
    Slice(Window),
    /// What has been merged so far of the CUMULATE windows with this start.
    Running(i64),
}

impl PaneName {
    /// The slice whose pane it is.
    pub fn slice(self) -> Option<Window> {
        match self {
            PaneName::Slice(slice) => Some(slice),
            PaneName::Running(_) => None,
        }
    }
}

/// The names of the slices of a window.
pub fn slices(window: Window) -> RangeInclusive<PaneName> {
    let first = Window { end: window.start.saturating_add(1), start: i64::MIN };
    let last = Window { end: window.end, start: i64::MAX };
    PaneName::Slice(first)..=PaneName::Slice(last)
}

const SLICE: u8 = 1;
const RUNNING: u8 = 2;

impl TableName for PaneName {
    fn put(self, out: &mut Vec<u8>) {
        let (kind, window) = match self {
            PaneName::Slice(slice) => (SLICE, slice),
            PaneName::Running(start) => (RUNNING, Window { end: start, start }),
        };
        out.push(kind);
        window.put(out);
    }

    fn read(blob: &mut BlobReader<'_>) -> Result<Self> {
        let (kind, window) = (blob.u8()?, Window::read(blob)?);
        match kind {
            SLICE => Ok(PaneName::Slice(window)),
            RUNNING => Ok(PaneName::Running(window.end)),
            other => Err(Error::failure(format!("the state of a window aggregation has an unknown table {other}"))),
        }
    }
}
