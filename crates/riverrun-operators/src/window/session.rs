//! Aggregation per session and key.
//!
//! A row extends the sessions of its key that it touches, and makes them one. A session goes out when the watermark
//! reaches its last millisecond; a row is late if the session that it would be in is over by then.
//!
//! Source of the semantics: Flink 2.3, "Window Aggregation" over SESSION, and its `UnslicingWindowOperator`.

use super::local_time::LocalTime;
use super::results::Results;
use super::sessions::{SessionBatch, SessionState, SessionValues, Sessions};
use super::spec::{WindowAggregateSpec, WindowKind, Windowing};
use crate::aggregate_call::BatchInputs;
use crate::aggregates::AggregateState;
use crate::expression::Expression;
use crate::late::LateRows;
use riverrun_core::{Error, Result, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_i64};
use riverrun_state::{KeyEncoder, KeyRows, OperatorSnapshot, RestoredState};

#[cfg(test)]
mod tests;

const VERSION: u8 = 1;

/// Aggregates per session and key.
pub struct SessionAggregate {
    spec: WindowAggregateSpec,
    context: OperatorContext,
    time: Expression,
    results: Results,
    encoder: KeyEncoder,
    sessions: Sessions,
    states: States,
    due: Watermark,
    backlog: Option<(SessionBatch, BatchInputs, Option<LateRows>)>,
}

/// The aggregates of all sessions, by slot.
struct States {
    states: Vec<Box<dyn AggregateState>>,
    /// How many rows each session has, where rows can be taken back.
    counts: Option<Vec<i64>>,
}

impl States {
    fn grow(&mut self, slots: usize) {
        self.states.iter_mut().for_each(|state| state.grow(slots));
        if let Some(counts) = &mut self.counts {
            counts.resize(slots.max(counts.len()), 0);
        }
    }

    fn clear(&mut self, slot: u32) {
        self.states.iter_mut().for_each(|state| state.clear(slot));
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = 0;
        }
    }
}

/// How many rows a session has, where they can be taken back, and its aggregates.
impl SessionValues for States {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        if let Some(counts) = &self.counts {
            put_i64(out, counts[slot as usize]);
        }
        self.states.iter().for_each(|state| state.encode(slot, out));
    }

    fn decode(&mut self, slot: u32, blob: &mut BlobReader<'_>) -> Result<()> {
        self.grow(slot as usize + 1);
        if let Some(counts) = &mut self.counts {
            counts[slot as usize] = blob.i64()?;
        }
        self.states.iter_mut().try_for_each(|state| state.decode(slot, blob.rest()))
    }
}

/// Rows that have found their sessions, to be added in one go.
struct Pending<'a> {
    states: &'a mut States,
    inputs: &'a BatchInputs,
    rows: Vec<u32>,
    slots: Vec<u32>,
}

impl Pending<'_> {
    fn flush(&mut self) -> Result<()> {
        let Some(last) = self.slots.iter().max() else { return Ok(()) };
        self.states.grow(*last as usize + 1);
        let inputs = self.inputs.at(&self.rows)?;
        let weights = inputs.weights.as_deref();
        for (state, input) in self.states.states.iter_mut().zip(&inputs.calls) {
            state.update(&self.slots, &input.arguments, weights, input.filter.as_ref())?;
        }
        if let Some(counts) = &mut self.states.counts {
            for (at, &slot) in self.slots.iter().enumerate() {
                counts[slot as usize] += weights.map_or(1, |weights| weights[at]);
            }
        }
        self.rows.clear();
        self.slots.clear();
        Ok(())
    }
}

impl SessionState for Pending<'_> {
    fn values(&self) -> &impl SessionValues {
        self.states
    }

    fn add(&mut self, row: u32, slot: u32) -> Result<()> {
        self.rows.push(row);
        self.slots.push(slot);
        Ok(())
    }

    fn absorb(&mut self, into: u32, from: u32) -> Result<()> {
        self.flush()?;
        self.states.grow(into.max(from) as usize + 1);
        self.states.states.iter_mut().try_for_each(|state| state.absorb(into, from))?;
        if let Some(counts) = &mut self.states.counts {
            counts[into as usize] += std::mem::take(&mut counts[from as usize]);
        }
        Ok(())
    }
}

impl SessionAggregate {
    /// The operator on one worker.
    pub fn new(spec: WindowAggregateSpec, context: OperatorContext) -> Result<Self> {
        let Windowing::Time { kind: WindowKind::Session { gap }, time, zone, .. } = &spec.windowing else {
            return Err(Error::bug("a session aggregation over other windows"));
        };
        if gap.0 <= 0 {
            return Err(Error::input("the gap of a SESSION must be positive"));
        }
        let zone = LocalTime::new(*zone);
        Ok(SessionAggregate {
            time: time.clone(),
            results: Results::new(&spec, zone.clone()),
            encoder: KeyEncoder::default(),
            sessions: Sessions::new(gap.0, zone, context.held("")),
            states: States {
                states: spec.aggregates.iter().map(|call| call.function.create()).collect(),
                counts: spec.retracting.then(Vec::new),
            },
            due: Watermark::MIN,
            backlog: None,
            spec,
            context,
        })
    }

    fn advance(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        loop {
            if self.sessions.next_timer().is_some_and(|timer| timer <= self.due) {
                if !out.has_room() {
                    return Ok(());
                }
                self.emit(out)?;
            } else if let Some((mut batch, inputs, late)) = self.backlog.take() {
                let mut pending =
                    Pending { states: &mut self.states, inputs: &inputs, rows: Vec::new(), slots: Vec::new() };
                let taken = self.sessions.take_in(&mut batch, &mut pending)?;
                pending.flush()?;
                self.context.metrics.late.add(taken.late.len() as u64);
                if let Some(late) = &late {
                    late.emit(&taken.late, &batch.watermarks, out)?;
                }
                if let Some(watermark) = taken.stopped {
                    self.due = self.due.max(watermark);
                    self.backlog = Some((batch, inputs, late));
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Emits the next sessions that are over.
    fn emit(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        let (mut keys, mut windows, mut slots) = (KeyRows::default(), Vec::new(), Vec::new());
        while slots.len() < self.spec.batch_size.max(1)
            && let Some(session) = self.sessions.pop(self.due, &mut keys, &self.states)
        {
            let gone = self.states.counts.as_ref().is_some_and(|counts| counts[session.slot as usize] == 0);
            if gone {
                keys.ends.pop();
                keys.data.truncate(keys.ends.last().map_or(0, |end| *end as usize));
                self.states.clear(session.slot);
                self.sessions.free(session.slot);
            } else {
                windows.push(session.window);
                slots.push(session.slot);
            }
        }
        if slots.is_empty() {
            return Ok(());
        }
        let aggregates = self.states.states.iter().map(|state| state.evaluate(&slots)).collect::<Result<_>>()?;
        let keys: Vec<&[u8]> = keys.iter().collect();
        out.emit(self.results.batch_of(keys.into_iter(), aggregates, windows.into_iter())?);
        for slot in slots {
            self.states.clear(slot);
            self.sessions.free(slot);
        }
        Ok(())
    }
}

impl std::fmt::Debug for SessionAggregate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionAggregate").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Operator<RowBatch> for SessionAggregate {
    fn on_batch(
        &mut self,
        _port: usize,
        batch: RowBatch,
        watermarks: &WatermarkRuns,
        out: &mut Output<RowBatch>,
    ) -> Result<()> {
        let inputs = BatchInputs::new(&self.spec.aggregates, &batch)?;
        let rows = SessionBatch::new(&self.time, &self.spec.keys, &mut self.encoder, &batch.columns, watermarks)?;
        self.backlog = Some((rows, inputs, LateRows::of(&batch, self.spec.windowing.zone().is_some(), out)));
        self.due = self.due.max(watermarks.before(0));
        self.advance(out)
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<RowBatch>) -> Result<()> {
        self.due = self.due.max(watermark);
        self.advance(out)
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.sessions.next_timer()
    }

    fn has_more(&self) -> bool {
        self.backlog.is_some() || self.sessions.next_timer().is_some_and(|timer| timer <= self.due)
    }

    fn resume(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        self.advance(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        if self.has_more() {
            return Err(Error::bug("a snapshot of a session aggregation that has more to emit"));
        }
        self.sessions.snapshot(VERSION, self.context.key_groups, &self.states)
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.sessions.write_behind(&self.states)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.sessions.restore(&state, VERSION, "a session aggregation", &mut self.states)
    }
}
