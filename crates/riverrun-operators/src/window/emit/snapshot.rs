//! The state of windows with early and late results.

use super::{EmitAggregate, Group, Moment, Open};
use crate::aggregate_call::AggregateCall;
use crate::window::pane::Pane;
use riverrun_core::{Error, Millis, Result};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64};
use riverrun_state::tier::EncodeSlots;
use riverrun_state::tier::tables::HeldTable;
use riverrun_state::{KeyTable, OperatorSnapshot, RestoredState};

const VERSION: u8 = 2;
const FIRED: u8 = 1;
const SENT: u8 = 2;
const DELAYED: u8 = 4;

impl Open {
    /// A window without groups.
    pub(super) fn new(aggregates: &[AggregateCall], retracting: bool) -> Self {
        Open { pane: Pane::new(aggregates, retracting), groups: Vec::new() }
    }
}

/// A value: the group's aggregates, a byte of flags (1: the on-time result has gone out, 2: a result was sent, 4: one goes out by processing
/// time), the result that was sent, and the time.
impl EncodeSlots for Open {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        let group = &self.groups[slot as usize];
        self.pane.encode(slot, out);
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

impl HeldTable for Open {
    fn keys(&self) -> &KeyTable {
        &self.pane.keys
    }

    fn read(&mut self, key: &[u8], value: &mut BlobReader<'_>) -> Result<u32> {
        let slot = self.pane.read(key, value)?;
        let flags = value.u8()?;
        let sent = if flags & SENT != 0 { Some(value.bytes()?.into()) } else { None };
        let next = if flags & DELAYED != 0 { Some(Millis(value.i64()?)) } else { None };
        self.groups.resize_with(self.pane.groups(), Group::default);
        self.groups[slot as usize] = Group { sent, fired: flags & FIRED != 0, next, touched: false, fresh: true };
        Ok(slot)
    }
}

impl EmitAggregate {
    /// What the operator holds. The driver lets it emit what is due first, and ends the tick.
    pub(super) fn take_snapshot(&mut self) -> Result<OperatorSnapshot> {
        if !self.jobs.is_empty() || self.backlog.is_some() || !self.touched.is_empty() {
            return Err(Error::bug("a snapshot of windows that have more to emit"));
        }
        self.windows.snapshot(VERSION)
    }

    /// Takes over the key groups of an earlier run.
    pub(super) fn take_over(&mut self, state: &RestoredState) -> Result<()> {
        let (aggregates, retracting) = (&self.spec.aggregates, self.spec.retracting);
        let new = || Open::new(aggregates, retracting);
        self.windows.restore(state, (VERSION, "windows with early and late results"), new)?;
        for (window, open) in self.windows.iter() {
            self.timers.insert((self.forgotten(window), Moment::Forgotten, window));
            for (slot, group) in (0_u32..).zip(&open.groups) {
                if let Some(next) = group.next {
                    self.delayed.insert((next, window, slot));
                }
                if !group.fired {
                    self.timers.insert((self.end_of(window), Moment::End, window));
                }
            }
        }
        Ok(())
    }
}
