//! The state of a window aggregation.
//!
//! A large pane is a table of its own ([`HeldPane`]), by the name that [`PaneName`] gives it. The others stand in the blobs of their key groups;
//! entries of such a blob, after the version byte:
//!
//! | entry | bytes |
//! |---|---|
//! | slice | `01`, end, start, number of groups, groups |
//! | running pane of CUMULATE | `02`, start, 0, number of groups, groups |
//! | window that fires (no longer written) | `03`, end, start |
//!
//! Which windows fire next says the union list: an element is an end and a start.

use super::held::PaneName;
use super::{Borders, Firing, Source, Window, WindowAggregate, new_pane};
use riverrun_core::{Error, Result};
use riverrun_state::blob::{BlobReader, put_i64, read_keyed};
use riverrun_state::{OperatorSnapshot, RestoredState};

const VERSION: u8 = 1;
const SLICE: u8 = 1;
const RUNNING: u8 = 2;
const TIMER: u8 = 3;

impl WindowAggregate {
    /// What the operator holds. The driver lets it emit what is due first.
    pub(super) fn take_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.firing.is_some() || self.backlog.is_some() {
            return Err(Error::bug("a snapshot of a window aggregation that has more to emit"));
        }
        let slices = self.slices.iter_mut().map(|(slice, held)| (PaneName::Slice(*slice), held));
        let running = self.running.iter_mut().map(|(start, held)| (PaneName::Running(*start), held));
        let panes = slices.chain(running).map(|(name, held)| {
            let (kind, window) = match name {
                PaneName::Slice(slice) => (SLICE, slice),
                PaneName::Running(start) => (RUNNING, Window { end: start, start: 0 }),
            };
            let mut head = vec![kind];
            put_window(&mut head, window);
            (name.table(), head, held)
        });
        let mut snapshot = self.behind.snapshot(&self.context, VERSION, panes.collect())?;
        // What fires next could be told from slices only together with the watermark.
        snapshot.union.extend(self.timers.iter().map(|window| {
            let mut element = Vec::with_capacity(16);
            put_window(&mut element, *window);
            element
        }));
        Ok(snapshot)
    }

    /// Writes a slice of what the last barrier has frozen; whether there may be more.
    pub(super) fn write_panes(&mut self) -> Result<bool> {
        let fires = match &mut self.firing {
            Some(Firing { source: Source::Own(held), .. }) => Some(held),
            _ => None,
        };
        self.behind.write(self.slices.values_mut().chain(self.running.values_mut()).chain(fires))
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        for table in state.tiers.keys() {
            let unknown =
                || Error::failure(format!("the state of a window aggregation has an unknown table '{table}'"));
            let name = PaneName::of_table(table).ok_or_else(unknown)?;
            let mut held = new_pane(&self.spec, &self.context, name);
            held.restore(&state.tier(table)?)?;
            if held.table().groups() > 0 {
                match name {
                    PaneName::Slice(slice) => self.slices.insert(slice, held),
                    PaneName::Running(start) => self.running.insert(start, held),
                };
            }
        }
        for element in &state.union {
            self.timers.insert(read_window(&mut BlobReader::new(element))?);
        }
        read_keyed(state, VERSION, "a window aggregation", |_, blob| {
            let kind = blob.u8()?;
            let window = read_window(blob)?;
            let name = match kind {
                SLICE => PaneName::Slice(window),
                RUNNING => PaneName::Running(window.end),
                TIMER => {
                    self.timers.insert(window);
                    return Ok(());
                }
                other => {
                    return Err(Error::failure(format!(
                        "the state of a window aggregation has an unknown entry {other}"
                    )));
                }
            };
            let held = self.held(name);
            (0..blob.u32()?).try_for_each(|_| held.decode(blob))
        })?;
        if !self.running.is_empty() && !matches!(self.finder.borders(), Some(Borders::Cumulate { .. })) {
            return Err(Error::failure("the state belongs to CUMULATE windows, and the query has others"));
        }
        Ok(())
    }
}

fn put_window(out: &mut Vec<u8>, window: Window) {
    put_i64(out, window.end);
    put_i64(out, window.start);
}

fn read_window(blob: &mut BlobReader<'_>) -> Result<Window> {
    Ok(Window { end: blob.i64()?, start: blob.i64()? })
}
