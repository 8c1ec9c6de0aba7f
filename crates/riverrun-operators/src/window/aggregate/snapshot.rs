//! The state of a window aggregation by key group.
//!
//! Entries of a group's blob, after the version byte:
//!
//! | entry | bytes |
//! |---|---|
//! | slice | `01`, end, start, number of groups, groups |
//! | running pane of CUMULATE | `02`, start, 0, number of groups, groups |
//! | window that fires | `03`, end, start |

use super::{Borders, Window, WindowAggregate};
use crate::window::pane::Pane;
use riverrun_core::{Error, Result};
use riverrun_state::blob::{BlobReader, KeyedBlobs, put_i64, put_u32, read_keyed};
use riverrun_state::{OperatorSnapshot, RestoredState};

const VERSION: u8 = 1;
const SLICE: u8 = 1;
const RUNNING: u8 = 2;
const TIMER: u8 = 3;

impl WindowAggregate {
    /// What the operator holds. The driver lets it emit what is due first.
    pub(super) fn take_snapshot(&self) -> Result<OperatorSnapshot> {
        if self.firing.is_some() || self.backlog.is_some() {
            return Err(Error::bug("a snapshot of a window aggregation that has more to emit"));
        }
        let mut blobs = KeyedBlobs::new(VERSION);
        let slices = self.slices.iter().map(|(slice, pane)| (SLICE, *slice, pane));
        let running = self.running.iter().map(|(start, pane)| (RUNNING, Window { end: *start, start: 0 }, pane));
        for (kind, window, pane) in slices.chain(running) {
            for (group, slots) in pane.keys.by_group(self.context.key_groups) {
                let out = blobs.group(group);
                out.push(kind);
                put_i64(out, window.end);
                put_i64(out, window.start);
                put_u32(out, slots.len() as u32);
                slots.into_iter().for_each(|slot| pane.encode(slot, out));
            }
        }
        let mut keyed = blobs.into_inner();
        // Each group says which windows fire next, since only together with the watermark could it be told from slices.
        for out in keyed.values_mut() {
            for window in &self.timers {
                out.push(TIMER);
                put_i64(out, window.end);
                put_i64(out, window.start);
            }
        }
        Ok(OperatorSnapshot { keyed, ..OperatorSnapshot::default() })
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        read_keyed(state, VERSION, "a window aggregation", |_, blob| {
            let kind = blob.u8()?;
            let window = Window { end: blob.i64()?, start: blob.i64()? };
            let (aggregates, retracting) = (&self.spec.aggregates, self.spec.retracting);
            let new = || Pane::new(aggregates, retracting);
            match kind {
                SLICE => decode_groups(self.slices.entry(window).or_insert_with(new), blob),
                RUNNING => decode_groups(self.running.entry(window.end).or_insert_with(new), blob),
                TIMER => {
                    self.timers.insert(window);
                    Ok(())
                }
                other => Err(Error::failure(format!("the state of a window aggregation has an unknown entry {other}"))),
            }
        })?;
        if !self.running.is_empty() && !matches!(self.finder.borders(), Some(Borders::Cumulate { .. })) {
            return Err(Error::failure("the state belongs to CUMULATE windows, and the query has others"));
        }
        Ok(())
    }
}

fn decode_groups(pane: &mut Pane, blob: &mut BlobReader<'_>) -> Result<()> {
    let groups = blob.u32()?;
    (0..groups).try_for_each(|_| pane.decode(blob))
}
