//! Operators that go by the clock as well as by watermarks, against what comes out of each tick.

use super::{Home, KEY_GROUPS, Table, Way, lines, millis, snapshot};
use crate::expression::Expression;
use crate::key_router::{KeyRouter, KeyRouterSpec};
use riverrun_core::clock::ManualClock;
use riverrun_core::{Millis, RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, Router, WatermarkRuns};
use riverrun_state::RestoredState;
use std::sync::Arc;

const WAYS: &[Way] = &[
    Way { whole_batches: false, room: usize::MAX, parallelism: &[1], restarts: false, homes: &[Home::Memory] },
    Way { whole_batches: false, room: 1, parallelism: &[1], restarts: true, homes: &[Home::Memory] },
    Way { whole_batches: false, room: usize::MAX, parallelism: &[3], restarts: false, homes: &[Home::Memory] },
    Way { whole_batches: false, room: 1, parallelism: &[1, 3, 2, 4], restarts: true, homes: &[Home::Memory] },
    Way { whole_batches: false, room: usize::MAX, parallelism: &[1], restarts: false, homes: &[Home::Below] },
    Way { whole_batches: false, room: 1, parallelism: &[1, 3, 2, 4], restarts: true, homes: &[Home::Log] },
    Way {
        whole_batches: false,
        room: 1,
        parallelism: &[2, 1, 3],
        restarts: true,
        homes: &[Home::Memory, Home::Below, Home::Log, Home::Below],
    },
];

/// What comes out of each tick of a script, sorted, and how many rows were late: the same at any parallelism, and where the operator is restored after
/// each tick. A line is a row, `~ watermark`, `@ time of the clock`, or `--`, which ends the tick. Input ends with the script.
pub fn timed<O: Operator<RowBatch>>(
    table: &Table,
    keys: &[Expression],
    make: impl Fn(OperatorContext) -> O,
    script: &str,
) -> (Vec<String>, u64) {
    let mut first: Option<(Vec<String>, u64)> = None;
    for way in WAYS {
        let found = run(table, keys, &make, script, *way);
        match &first {
            None => first = Some(found),
            Some(expected) => assert_eq!(&found, expected, "{way:?}"),
        }
    }
    first.unwrap()
}

struct Worker<O> {
    operator: O,
    room: usize,
}

impl<O: Operator<RowBatch>> Worker<O> {
    fn call(&mut self, rows: &mut Vec<String>, call: impl FnOnce(&mut O, &mut Output<RowBatch>)) {
        let mut out = Output::new(Watermark::MIN, self.room);
        call(&mut self.operator, &mut out);
        loop {
            let batches = out.take();
            assert!(batches.len() <= self.room);
            rows.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
            if !self.operator.has_more() {
                return;
            }
            self.operator.resume(&mut out).unwrap();
        }
    }
}

fn run<O: Operator<RowBatch>>(
    table: &Table,
    keys: &[Expression],
    make: &impl Fn(OperatorContext) -> O,
    script: &str,
    way: Way,
) -> (Vec<String>, u64) {
    let clock = Arc::new(ManualClock::new(Millis(millis("00:00:00"))));
    let metrics = Arc::new(riverrun_core::metrics::OperatorMetrics::default());
    let start = |number: usize| -> Vec<Worker<O>> {
        let parallelism = way.parallelism[number % way.parallelism.len()];
        let home = way.homes[number % way.homes.len()];
        let each = (0..parallelism).map(|worker| {
            let context = OperatorContext {
                clock: clock.clone(),
                metrics: metrics.clone(),
                ..super::context(worker, parallelism)
            };
            Worker { operator: make(home.of(context)), room: way.room }
        });
        each.collect()
    };
    let mut router = KeyRouter::new(KeyRouterSpec { keys: keys.to_vec(), key_groups: KEY_GROUPS });
    let mut group = start(0);
    let mut watermark = Watermark::MIN;
    let (mut ticks, mut rows) = (Vec::new(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()).chain(["--"]) {
        if let Some(time) = line.strip_prefix('~') {
            watermark = Watermark(millis(time));
            group.iter_mut().for_each(|w| w.call(&mut rows, |o, out| o.on_watermark(watermark, out).unwrap()));
        } else if let Some(time) = line.strip_prefix('@') {
            let now = Millis(millis(time));
            clock.set(now);
            for worker in &mut group {
                if worker.operator.next_processing_timer().is_some_and(|timer| timer <= now) {
                    worker.call(&mut rows, |operator, out| operator.on_processing_time(now, out).unwrap());
                }
            }
        } else if line == "--" {
            group.iter_mut().for_each(|w| w.call(&mut rows, |operator, out| operator.on_tick(out).unwrap()));
            rows.sort();
            ticks.push(std::mem::take(&mut rows).join("; "));
            if way.restarts {
                let parts: Vec<_> = group.iter_mut().map(|worker| snapshot(&mut worker.operator)).collect();
                group = start(ticks.len());
                let parallelism = group.len();
                for (number, worker) in group.iter_mut().enumerate() {
                    let state = RestoredState::assign(&parts, number, parallelism, KEY_GROUPS).unwrap();
                    worker.operator.restore(state).unwrap();
                }
            }
        } else {
            let batch = table.batch(&[line]);
            let mut targets = Vec::new();
            router.route(&batch, group.len(), &mut targets).unwrap();
            let runs = WatermarkRuns::constant(watermark);
            let worker = &mut group[targets[0] as usize];
            worker.call(&mut rows, |operator, out| operator.on_batch(0, batch, &runs, out).unwrap());
        }
    }
    for worker in &mut group {
        worker.call(&mut rows, |operator, out| operator.on_watermark(Watermark::MAX, out).unwrap());
        worker.call(&mut rows, |operator, out| operator.on_tick(out).unwrap());
        worker.call(&mut rows, |operator, out| operator.on_end(out).unwrap());
    }
    rows.sort();
    ticks.push(rows.join("; "));
    (ticks, metrics.late.get())
}
