//! The state of a window aggregation: its panes ([`Tables`](riverrun_state::tier::tables::Tables)), and in the union list which windows
//! fire next: what fires could be told from slices only together with the watermark.

use super::{Borders, Window, WindowAggregate};
use crate::window::pane::Pane;
use riverrun_core::{Error, Result};
use riverrun_state::blob::BlobReader;
use riverrun_state::tier::tables::TableName;
use riverrun_state::{OperatorSnapshot, RestoredState};

const VERSION: u8 = 2;

/// What an element of the union list begins with that is a window.
const TIMER: u8 = 0;

impl WindowAggregate {
    /// What the operator holds. The driver lets it emit what is due first.
    pub(super) fn take_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.firing.is_some() || self.backlog.is_some() {
            return Err(Error::bug("a snapshot of a window aggregation that has more to emit"));
        }
        let mut snapshot = self.panes.snapshot(VERSION)?;
        snapshot.union.extend(self.timers.iter().map(|window| {
            let mut element = vec![TIMER];
            window.put(&mut element);
            element
        }));
        Ok(snapshot)
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        let new = || Pane::new(&self.spec.aggregates, self.spec.retracting);
        for timer in self.panes.restore(state, (VERSION, "a window aggregation"), new)? {
            let mut reader = BlobReader::new(timer);
            match reader.u8()? {
                TIMER => self.timers.insert(Window::read(&mut reader)?),
                other => {
                    return Err(Error::failure(format!(
                        "the state of a window aggregation has an unknown element {other}"
                    )));
                }
            };
        }
        let cumulates = matches!(self.finder.borders(), Some(Borders::Cumulate { .. }));
        if !cumulates && self.panes.iter().any(|(name, _)| name.slice().is_none()) {
            return Err(Error::failure("the state belongs to CUMULATE windows, and the query has others"));
        }
        Ok(())
    }
}
