//! Barriers that are written while rows come behind them.

use super::{Home, KEY_GROUPS, Table, context, lines, millis, snapshot};
use riverrun_core::clock::ManualClock;
use riverrun_core::{Clock, Millis, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One worker, and what time it is there.
struct Worker<O> {
    operator: O,
    clock: ManualClock,
    watermark: Watermark,
}

impl<O: Operator<RowBatch>> Worker<O> {
    fn new(make: &impl Fn(OperatorContext) -> O, home: Home, (now, watermark): (Millis, Watermark)) -> Self {
        let clock = ManualClock::new(now);
        let context = OperatorContext { clock: Arc::new(clock.clone()), ..context(0, 1) };
        Worker { operator: make(home.of(context)), clock, watermark }
    }

    fn time(&self) -> (Millis, Watermark) {
        (self.clock.now(), self.watermark)
    }

    fn call(&mut self, rows: &mut Vec<String>, call: impl FnOnce(&mut O, &mut Output<RowBatch>)) {
        let mut out = Output::new(self.watermark, 1);
        call(&mut self.operator, &mut out);
        loop {
            rows.extend(out.take().iter().flat_map(|(batch, _)| lines(batch)));
            if !self.operator.has_more() {
                return;
            }
            self.operator.resume(&mut out).unwrap();
        }
    }

    /// What comes out of a tick, sorted. Rows that follow on each other are one batch.
    fn tick(&mut self, table: &Table, tick: &[&str]) -> String {
        let mut rows = Vec::new();
        let is_row = |line: &str| !line.starts_with(['~', '@']);
        for step in tick.chunk_by(|one, other| is_row(one) && is_row(other)) {
            if let Some(time) = step[0].strip_prefix('~') {
                self.watermark = Watermark(millis(time));
                let watermark = self.watermark;
                self.call(&mut rows, |operator, out| operator.on_watermark(watermark, out).unwrap());
            } else if let Some(time) = step[0].strip_prefix('@') {
                let now = Millis(millis(time));
                self.clock.set(now);
                if self.operator.next_processing_timer().is_some_and(|timer| timer <= now) {
                    self.call(&mut rows, |operator, out| operator.on_processing_time(now, out).unwrap());
                }
            } else {
                let runs = WatermarkRuns::constant(self.watermark);
                self.call(&mut rows, |operator, out| operator.on_batch(0, table.batch(step), &runs, out).unwrap());
            }
        }
        self.call(&mut rows, |operator, out| operator.on_tick(out).unwrap());
        rows.sort();
        rows.join("; ")
    }
}

/// What comes out of each tick of a script, whose lines are those of [`timed`](super::timed), on one worker.
///
/// Where there is a log, a barrier comes before each tick, and none of it is written before the tick is over. It must hold what
/// there was before, and an operator that is restored from it give what the first one gave from there on.
pub fn behind_barriers<O: Operator<RowBatch>>(
    table: &Table,
    make: impl Fn(OperatorContext) -> O,
    script: &str,
) -> Vec<String> {
    let script: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let ticks: Vec<&[&str]> = script.split(|line| *line == "--").collect();
    let start = (Millis(millis("00:00:00")), Watermark::MIN);
    let mut plain = Worker::new(&make, Home::Memory, start);
    let (held, expected): (Vec<OperatorSnapshot>, Vec<String>) =
        ticks.iter().map(|tick| (plain.operator.snapshot().unwrap(), plain.tick(table, tick))).unzip();
    let mut logged = Worker::new(&make, Home::Log, start);
    for (number, tick) in ticks.iter().enumerate() {
        let time = logged.time();
        let at_barrier = logged.operator.snapshot().unwrap();
        assert!(at_barrier.keyed.is_empty(), "barrier {number} is not in a log");
        assert_eq!(logged.tick(table, tick), expected[number], "tick {number}");
        while logged.operator.write_behind().unwrap() {}
        for home in Home::ALL {
            let mut restored = Worker::new(&make, home, time);
            let state = RestoredState::assign(&[&at_barrier], 0, 1, KEY_GROUPS).unwrap();
            restored.operator.restore(state).unwrap();
            if home == Home::Memory {
                let found = restored.operator.snapshot().unwrap();
                assert_eq!(sorted_bytes(&found), sorted_bytes(&held[number]), "what barrier {number} holds");
            }
            for (later, tick) in ticks.iter().enumerate().skip(number) {
                let found = restored.tick(table, tick);
                assert_eq!(found, expected[later], "tick {later} after a restore from barrier {number}, in {home:?}");
            }
        }
    }
    expected
}

/// The bytes of all blobs, in whatever order partitions and their rows stand.
fn sorted_bytes(snapshot: &OperatorSnapshot) -> Vec<u8> {
    let mut bytes: Vec<u8> = snapshot.keyed.values().chain(&snapshot.union).flatten().copied().collect();
    bytes.sort_unstable();
    bytes
}

/// How many bytes the barrier after each tick of a script adds to the log.
pub fn bytes_per_barrier<O: Operator<RowBatch>>(
    table: &Table,
    make: impl Fn(OperatorContext) -> O,
    ticks: &[Vec<&str>],
) -> Vec<u64> {
    let mut worker = Worker::new(&make, Home::Log, (Millis(0), Watermark::MIN));
    let mut known = BTreeSet::new();
    let mut added = |at_barrier: &OperatorSnapshot| {
        let mut size = 0;
        for (table, ticket) in &at_barrier.tiers {
            for file in &ticket.wait().unwrap().files {
                let new = known.insert((table.clone(), file.name.clone()));
                size += if new { file.size().unwrap() } else { 0 };
            }
        }
        size
    };
    let each = ticks.iter().map(|tick| {
        worker.tick(table, tick);
        added(&snapshot(&mut worker.operator))
    });
    each.collect()
}
