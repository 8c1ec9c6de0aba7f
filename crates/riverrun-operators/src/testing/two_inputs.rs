//! Operators of two inputs in tests: scripts of rows for either, random changelogs, and restarts at other parallelisms.

use super::{Home, KEY_GROUPS, Table, context, lines, snapshot};
use crate::expression::Expression;
use crate::key_router::{KeyRouter, KeyRouterSpec};
use riverrun_core::{RowBatch, Watermark};
use riverrun_runtime::{Operator, OperatorContext, Output, Router, WatermarkRuns};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;

/// The workers of one operator with two inputs, and what came out of them.
pub struct Workers<O> {
    make: Box<dyn Fn(OperatorContext) -> O>,
    keys: [Vec<Expression>; 2],
    workers: Vec<(O, OperatorContext)>,
    watermark: Watermark,
    room: usize,
    lines: Vec<String>,
    home: Home,
    barrier: Option<Barrier>,
}

/// A barrier that may still be being written, and what has come since.
struct Barrier {
    parts: Vec<OperatorSnapshot>,
    watermark: Watermark,
    lines: usize,
    calls: Vec<Call>,
}

/// What workers were given.
#[derive(Clone)]
enum Call {
    Rows(usize, RowBatch),
    Watermark(Watermark),
}

impl<O: Operator<RowBatch>> Workers<O> {
    /// One worker, with room for so many batches of output at a time.
    pub fn new(keys: [Vec<Expression>; 2], room: usize, make: impl Fn(OperatorContext) -> O + 'static) -> Self {
        let first = context(0, 1);
        let workers = vec![(make(first.clone()), first)];
        Workers {
            make: Box::new(make),
            keys,
            workers,
            watermark: Watermark::MIN,
            room,
            lines: Vec::new(),
            home: Home::Memory,
            barrier: None,
        }
    }

    /// Where keyed state is after the next restart: one of three.
    pub fn home(&mut self, number: u64) {
        self.home = Home::ALL[number as usize % 3];
    }

    fn call(&mut self, worker: usize, call: impl FnOnce(&mut O, &mut Output<RowBatch>)) {
        let (operator, _) = &mut self.workers[worker];
        let mut out = Output::new(self.watermark, self.room);
        call(operator, &mut out);
        loop {
            let batches = out.take();
            assert!(batches.len() <= self.room);
            self.lines.extend(batches.iter().flat_map(|(batch, _)| lines(batch)));
            if !operator.has_more() {
                return;
            }
            out = Output::new(self.watermark, self.room);
            operator.resume(&mut out).unwrap();
        }
    }

    /// Rows of one input, to the workers that own their keys.
    pub fn rows(&mut self, port: usize, table: &Table, rows: &[&str]) {
        self.batch(port, table.batch(rows));
    }

    fn batch(&mut self, port: usize, batch: RowBatch) {
        if let Some(barrier) = &mut self.barrier {
            barrier.calls.push(Call::Rows(port, batch.clone()));
        }
        let rows = batch.num_rows();
        let keys = self.keys[port].clone();
        let mut targets = Vec::new();
        let mut router = KeyRouter::new(KeyRouterSpec { keys, key_groups: KEY_GROUPS });
        router.route(&batch, self.workers.len(), &mut targets).unwrap();
        for worker in 0..self.workers.len() {
            let own: Vec<u32> = (0..rows as u32).filter(|row| targets[*row as usize] == worker as u32).collect();
            if own.is_empty() {
                continue;
            }
            let batch = batch.take(&own.into()).unwrap();
            let runs = WatermarkRuns::constant(self.watermark);
            self.call(worker, |operator, out| operator.on_batch(port, batch, &runs, out).unwrap());
        }
    }

    /// A watermark of both inputs.
    pub fn watermark(&mut self, watermark: Watermark) {
        if let Some(barrier) = &mut self.barrier {
            barrier.calls.push(Call::Watermark(watermark));
        }
        self.watermark = self.watermark.max(watermark);
        let watermark = self.watermark;
        for worker in 0..self.workers.len() {
            self.call(worker, |operator, out| operator.on_watermark(watermark, out).unwrap());
        }
    }

    /// The end of both inputs.
    pub fn end(&mut self) {
        self.watermark(Watermark::MAX);
        self.tick();
        for worker in 0..self.workers.len() {
            self.call(worker, |operator, out| operator.on_end(out).unwrap());
        }
    }

    /// The end of a tick.
    pub fn tick(&mut self) {
        for worker in 0..self.workers.len() {
            self.call(worker, |operator, out| operator.on_tick(out).unwrap());
        }
    }

    /// A snapshot, restored by so many workers.
    pub fn restart(&mut self, parallelism: usize) {
        self.barrier = None;
        let parts: Vec<_> = self.workers.iter_mut().map(|(operator, _)| snapshot(operator)).collect();
        self.restore(&parts, parallelism);
    }

    fn restore(&mut self, parts: &[OperatorSnapshot], parallelism: usize) {
        self.workers = (0..parallelism)
            .map(|worker| {
                let context = context(worker, parallelism);
                let context = self.home.of(context);
                let mut operator = (self.make)(context.clone());
                let state = RestoredState::assign(parts, worker, parallelism, KEY_GROUPS).unwrap();
                operator.restore(state).unwrap();
                (operator, context)
            })
            .collect();
    }

    /// A barrier. What it has frozen is written later, by [`Workers::crash`] or by the next barrier.
    pub fn barrier(&mut self) {
        let parts = self.workers.iter_mut().map(|(operator, _)| operator.snapshot().unwrap()).collect();
        let (watermark, lines) = (self.watermark, self.lines.len());
        self.barrier = Some(Barrier { parts, watermark, lines, calls: Vec::new() });
    }

    /// The last barrier, if there was one, restored by so many workers, and what has come since once more.
    pub fn crash(&mut self, parallelism: usize) {
        let Some(Barrier { parts, watermark, lines, calls }) = self.barrier.take() else { return };
        for (operator, _) in &mut self.workers {
            while operator.write_behind().unwrap() {}
        }
        self.restore(&parts, parallelism);
        self.watermark = watermark;
        self.lines.truncate(lines);
        for call in calls {
            match call {
                Call::Rows(port, batch) => self.batch(port, batch),
                Call::Watermark(watermark) => self.watermark(watermark),
            }
        }
    }

    /// Now and then a restart, a barrier, or a crash, which goes back to it; with keyed state wherever it may be, at any
    /// parallelism.
    pub fn disturb(&mut self, random: &mut Random) {
        match random.below(20) {
            0 => {
                self.home(random.below(3));
                self.restart(1 + random.below(4) as usize);
            }
            1 | 2 => self.barrier(),
            3 | 4 => self.crash(1 + random.below(4) as usize),
            _ => {}
        }
    }

    /// The operator on the first worker.
    pub fn first(&self) -> &O {
        &self.workers[0].0
    }

    /// What came out since the last time.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// How many rows were late.
    pub fn late(&self) -> u64 {
        self.workers.iter().map(|(_, context)| context.metrics.late.get()).sum()
    }
}

/// A multiset of rows as text.
pub type Bag = BTreeMap<String, i64>;

/// Applies changes, `- ` before those that take a row back.
pub fn apply(bag: &mut Bag, changes: impl IntoIterator<Item = String>) {
    for change in changes {
        let (row, weight) = change.strip_prefix("- ").map_or((change.as_str(), 1), |row| (row, -1));
        let count = bag.entry(row.to_owned()).or_insert(0);
        *count += weight;
        if *count == 0 {
            bag.remove(row);
        }
    }
}

/// Random numbers that are the same in every run.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}
