//! Operators whose results change from tick to tick, against what their rows should be at each.

use super::{Home, KEY_GROUPS, Table, context, lines, snapshot};
use crate::expression::Expression;
use crate::key_router::{KeyRouter, KeyRouterSpec};
use riverrun_core::{RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, Router, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

/// One tick: a row per line. `-` before a row takes it back.
pub type Tick = Vec<String>;

/// Numbers that are the same in every run.
pub fn random(seed: u64) -> impl FnMut(i64) -> i64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as i64) % below
    }
}

/// The rows that a changelog leaves, each as often as it is there.
pub fn left<'a>(changes: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
    for change in changes {
        let (row, weight) = change.strip_prefix("- ").map_or((change.as_str(), 1), |row| (row, -1));
        *rows.entry(row).or_insert(0) += weight;
    }
    let each = rows.into_iter().flat_map(|(row, count)| {
        assert!(count >= 0, "{row} was taken back more often than it came");
        std::iter::repeat_n(row.to_owned(), count as usize)
    });
    each.collect()
}

/// Runs an operator tick by tick.
pub struct TickTest<'a, F> {
    /// The input.
    pub table: &'a Table,
    /// What it is routed by.
    pub keys: &'a [Expression],
    /// Makes the operator of a worker.
    pub make: F,
}

impl<O: Operator<RowBatch>, F: Fn(OperatorContext) -> O> TickTest<'_, F> {
    /// What comes out of each tick on one worker, in its order.
    pub fn per_tick(&self, ticks: &[&[&str]]) -> Vec<String> {
        let ticks: Vec<Tick> = ticks.iter().map(|rows| rows.iter().map(|row| (*row).to_owned()).collect()).collect();
        self.outputs(&ticks, &[1], false, &[Home::Memory]).iter().map(|rows| rows.join("; ")).collect()
    }

    /// Whether after each tick the rows are those that `model` makes of all changes so far: as whole batches on one worker,
    /// and row by row with a snapshot after each tick, restored at another parallelism.
    pub fn check(&self, ticks: &[Tick], model: impl Fn(&[String]) -> Vec<String>) {
        self.check_rows(ticks, model, |output| left(output));
    }

    /// The same where a row that comes out replaces that of its key.
    pub fn check_upserts(
        &self,
        ticks: &[Tick],
        key: impl Fn(&str) -> String,
        model: impl Fn(&[String]) -> Vec<String>,
    ) {
        self.check_rows(ticks, model, |output| {
            let mut rows: BTreeMap<String, &str> = BTreeMap::new();
            for change in output {
                match change.strip_prefix("- ") {
                    Some(row) => assert!(rows.remove(&key(row)).is_some(), "{row} was not there"),
                    None => {
                        rows.insert(key(change), change);
                    }
                }
            }
            let mut rows: Vec<String> = rows.into_values().map(str::to_owned).collect();
            rows.sort();
            rows
        });
    }

    fn check_rows(
        &self,
        ticks: &[Tick],
        model: impl Fn(&[String]) -> Vec<String>,
        left: impl Fn(&[String]) -> Vec<String>,
    ) {
        let ways = [
            (&[1][..], false, &[Home::Memory][..]),
            (&[1], true, &[Home::Memory]),
            (&[3], false, &[Home::Memory]),
            (&[1, 3, 2, 4], true, &[Home::Memory]),
            (&[1], false, &[Home::Below]),
            (&[1, 3, 2, 4], true, &[Home::Below]),
            (&[1, 3, 2, 4], true, &[Home::Log]),
            (&[2, 1, 3], true, &[Home::Memory, Home::Below, Home::Log, Home::Below]),
        ];
        for (parallelism, restarts, homes) in ways {
            let (mut input, mut output) = (Vec::new(), Vec::new());
            for (number, rows) in self.outputs(ticks, parallelism, restarts, homes).into_iter().enumerate() {
                input.extend(ticks[number].iter().cloned());
                output.extend(rows);
                let mut expected = model(&input);
                expected.sort();
                assert_eq!(
                    left(&output),
                    expected,
                    "tick {number} of {ticks:#?} at {parallelism:?}, restarts: {restarts}, in {homes:?}"
                );
            }
        }
    }

    fn outputs(&self, ticks: &[Tick], parallelism: &[usize], restarts: bool, homes: &[Home]) -> Vec<Vec<String>> {
        let mut router = KeyRouter::new(KeyRouterSpec { keys: self.keys.to_vec(), key_groups: KEY_GROUPS });
        let start = |number: usize, parts: &[OperatorSnapshot]| -> Vec<O> {
            let count = parallelism[number % parallelism.len()];
            let home = homes[number % homes.len()];
            let each = (0..count).map(|worker| {
                let mut operator = (self.make)(home.of(context(worker, count)));
                operator.restore(RestoredState::assign(parts, worker, count, KEY_GROUPS).unwrap()).unwrap();
                operator
            });
            each.collect()
        };
        let mut workers = start(0, &[]);
        let mut all = Vec::new();
        for (number, tick) in ticks.iter().enumerate() {
            let mut rows = Vec::new();
            let whole = workers.len() == 1 && !restarts;
            let batches: Vec<Vec<&str>> = match whole {
                true => vec![tick.iter().map(String::as_str).collect()],
                false => tick.iter().map(|row| vec![row.as_str()]).collect(),
            };
            for batch in batches.iter().filter(|batch| !batch.is_empty()) {
                let batch = self.table.batch(batch);
                let mut targets = Vec::new();
                router.route(&batch, workers.len(), &mut targets).unwrap();
                let operator = &mut workers[targets[0] as usize];
                call(operator, &mut rows, |operator, out| {
                    operator.on_batch(0, batch, &WatermarkRuns::default(), out).unwrap();
                });
            }
            for operator in &mut workers {
                call(operator, &mut rows, |operator, out| operator.on_tick(out).unwrap());
            }
            all.push(rows);
            if restarts {
                let parts: Vec<_> = workers.iter_mut().map(snapshot).collect();
                workers = start(number + 1, &parts);
            }
        }
        all
    }
}

/// Calls an operator with room for one batch at a time.
fn call<O: Operator<RowBatch>>(
    operator: &mut O,
    rows: &mut Vec<String>,
    call: impl FnOnce(&mut O, &mut Output<RowBatch>),
) {
    let mut out = Output::new(Watermark::MIN, 1);
    call(operator, &mut out);
    loop {
        let batches = out.take();
        assert!(batches.len() <= 1);
        rows.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
        if !operator.has_more() {
            return;
        }
        operator.resume(&mut out).unwrap();
    }
}
