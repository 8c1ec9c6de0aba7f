//! The state of windows with early and late results, by key group.
//!
//! Entries of a group's blob, after the version byte: a window's end and start and the number of its groups; of each group the key with its
//! aggregates, a byte of flags (1: the on-time result has gone out, 2: a result was sent, 4: one goes out by processing time), the result that was sent, and the time.

use super::{EmitAggregate, Group, Moment, Open};
use crate::window::borders::Window;
use crate::window::pane::Pane;
use riverrun_core::{Error, Millis, Result};
use riverrun_state::blob::{KeyedBlobs, put_bytes, put_i64, put_u32, read_keyed};
use riverrun_state::{OperatorSnapshot, RestoredState};

const VERSION: u8 = 1;
const FIRED: u8 = 1;
const SENT: u8 = 2;
const DELAYED: u8 = 4;

impl EmitAggregate {
    /// What the operator holds. The driver lets it emit what is due first, and ends the tick.
    pub(super) fn take_snapshot(&self) -> Result<OperatorSnapshot> {
        if !self.jobs.is_empty() || self.backlog.is_some() || !self.touched.is_empty() {
            return Err(Error::bug("a snapshot of windows that have more to emit"));
        }
        let mut blobs = KeyedBlobs::new(VERSION);
        for (window, open) in &self.windows {
            for (group, slots) in open.pane.keys.by_group(self.context.key_groups) {
                let out = blobs.group(group);
                put_i64(out, window.end);
                put_i64(out, window.start);
                put_u32(out, slots.len() as u32);
                for slot in slots {
                    let group = &open.groups[slot as usize];
                    open.pane.encode(slot, out);
                    let flag = |flag: u8, set: bool| if set { flag } else { 0 };
                    let (sent, delayed) = (flag(SENT, group.sent.is_some()), flag(DELAYED, group.next.is_some()));
                    out.push(flag(FIRED, group.fired) | sent | delayed);
                    if let Some(sent) = &group.sent {
                        put_bytes(out, sent);
                    }
                    if let Some(next) = group.next {
                        put_i64(out, next.0);
                    }
                }
            }
        }
        Ok(OperatorSnapshot { keyed: blobs.into_inner(), ..OperatorSnapshot::default() })
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        read_keyed(state, VERSION, "windows with early and late results", |_, blob| {
            let window = Window { end: blob.i64()?, start: blob.i64()? };
            self.timers.insert((self.forgotten(window), Moment::Forgotten, window));
            let end = self.end_of(window);
            let (aggregates, retracting) = (&self.spec.aggregates, self.spec.retracting);
            let new = || Open { pane: Pane::new(aggregates, retracting), groups: Vec::new() };
            let open = self.windows.entry(window).or_insert_with(new);
            for _ in 0..blob.u32()? {
                open.pane.decode(blob)?;
                let slot = open.groups.len() as u32;
                if open.pane.groups() != open.groups.len() + 1 {
                    return Err(Error::failure("the state of a window has a key twice"));
                }
                let flags = blob.u8()?;
                let sent = if flags & SENT != 0 { Some(blob.bytes()?.into()) } else { None };
                let next = if flags & DELAYED != 0 { Some(Millis(blob.i64()?)) } else { None };
                let fired = flags & FIRED != 0;
                if let Some(next) = next {
                    self.delayed.insert((next, window, slot));
                }
                if !fired {
                    self.timers.insert((end, Moment::End, window));
                }
                open.groups.push(Group { sent, fired, next, touched: false });
            }
            Ok(())
        })
    }
}
