//! An operator with typed state and timers: gone on from every epoch, at any parallelism, with either backend.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Millis, Result, Watermark};
use riverrun_runtime::{Build, Job, JobConfig, JobOptions, Operator, OperatorContext, Output, Route, WatermarkRuns};
use riverrun_state::tier::StateBackend;
use riverrun_state::tier::memory::MemoryTier;
use riverrun_state::typed::{self, Key, MapState, State, Timers};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use support::*;

/// Counts the events of a key per window of 100 ms, as the runtime's other tests do it by hand.
struct Counts {
    context: OperatorContext,
    /// The count of each window of a key, by the window's end.
    counts: MapState<i64, i64>,
    ends: Timers,
}

impl Counts {
    fn new(context: OperatorContext) -> Self {
        Counts { counts: MapState::new(context.keyed("counts", None)), ends: Timers::new("ends"), context }
    }

    fn states(&mut self) -> [&mut dyn State; 2] {
        [&mut self.counts, &mut self.ends]
    }
}

impl Operator<Events> for Counts {
    fn on_batch(&mut self, _: usize, batch: Events, watermarks: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        for (row, (key, time, _)) in batch.into_iter().enumerate() {
            let end = time.div_euclid(100) * 100 + 100;
            if end - 1 <= watermarks.before(row).0 {
                self.context.metrics.late.add(1);
                continue;
            }
            let bytes = key.to_be_bytes();
            let key = Key::new(&bytes);
            self.counts.update(key, end, |count| Some(count.unwrap_or(0) + 1))?;
            self.ends.set(key, Millis(end - 1));
        }
        typed::settle(&mut self.states())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<Events>) -> Result<()> {
        let mut fired = Vec::new();
        while let Some((time, key)) = self.ends.pop(Millis(watermark.0)) {
            let key = Key::new(&key);
            let end = time.0 + 1;
            let count = self.counts.remove(key, &end)?.expect("a window with a timer has rows");
            fired.push((u32::from_be_bytes(key.bytes().try_into().expect("four bytes")), end, count));
        }
        out.emit(fired);
        Ok(())
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.ends.earliest().map(|time| Watermark(time.0))
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let key_groups = self.context.key_groups;
        typed::snapshot(&mut self.states(), key_groups)
    }

    fn write_behind(&mut self) -> Result<bool> {
        typed::write_behind(&mut self.states())
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        typed::restore(&mut self.states(), state)
    }
}

fn counts(lists: &[Arc<Events>], gate: Option<&Arc<Gate>>, collected: &Collected) -> Build<Events> {
    let (lists, gate, collected) = (lists.to_vec(), gate.cloned(), collected.clone());
    Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, gate.as_ref())?;
        let counts =
            flow.operator("counts", "counts", vec![(rows, by_key())], |context| Ok(Box::new(Counts::new(context))))?;
        collect(flow, (counts, Route::Local), &collected)
    })
}

#[test]
fn typed_state_and_timers_go_on_at_any_parallelism() {
    let lists = ordered_lists(4, 200);
    let undisturbed = Collected::default();
    finish(&start(1, window_job(&lists, None, &undisturbed))).unwrap();

    for (before, after) in [(1, 3), (2, 1), (3, 4)] {
        for tiered in [false, true] {
            let config = |parallelism: usize, restore| {
                let tier = Arc::new(MemoryTier);
                let state = match tiered {
                    true => StateBackend::tiered(tier, 10_000, 1).unwrap().from_bytes(0),
                    false => StateBackend::in_memory(Some(tier)),
                };
                let options = JobOptions { retained_snapshots: usize::MAX, state, ..JobOptions::default() };
                JobConfig { options, restore, ..JobConfig::new("test").parallelism(parallelism) }
            };
            let first = Collected::default();
            let gate = Arc::new(Gate::default());
            let job = Job::start(config(before, None), counts(&lists, Some(&gate), &first)).unwrap();
            for batches in [3, 8, 11] {
                gate.open(batches);
                let epoch = job.trigger_epoch().unwrap();
                assert!(job.wait_epoch(epoch, PATIENCE).is_some());
            }
            gate.open(usize::MAX);
            finish(&job).unwrap();
            assert_eq!(first.all(), undisturbed.all());
            for (epoch, snapshot) in job.snapshots() {
                let second = Collected::default();
                let job = Job::start(config(after, Some(snapshot)), counts(&lists, None, &second)).unwrap();
                finish(&job).unwrap();
                let mut events = first.until(epoch.0);
                events.extend(second.all());
                events.sort_unstable();
                assert_eq!(events, undisturbed.all(), "epoch {} of {before} workers on {after}", epoch.0);
            }
        }
    }
}
