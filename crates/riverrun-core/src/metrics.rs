//! What a job counts: rows, bytes and rows astray per operator, and where its watermark stands.

use crate::time::Watermark;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A number that only grows. Relaxed: a reader may see it a moment late.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `count`.
    #[inline]
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The largest of many numbers. Relaxed, as [`Counter`] is.
#[derive(Debug, Default)]
pub struct Peak(AtomicU64);

impl Peak {
    /// One of the numbers.
    pub fn note(&self, number: u64) {
        self.0.fetch_max(number, Ordering::Relaxed);
    }

    /// The largest so far; 0 if there was none.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one operator, table source or table sink on one worker.
#[derive(Debug)]
pub struct OperatorMetrics {
    /// Rows that came in.
    pub rows_in: Counter,
    /// Rows that went out.
    pub rows_out: Counter,
    /// Bytes read from or written to the outside.
    pub bytes: Counter,
    /// Rows dropped because their window had closed.
    pub late: Counter,
    /// Broken rows that a policy skipped.
    pub skipped: Counter,
    /// Broken rows that went to a dead-letter table.
    pub dead: Counter,
    /// Nanoseconds spent in the operator.
    pub busy: Counter,
    /// The longest that a checkpoint has kept the operator from its rows, in nanoseconds: at the barrier, or while it wrote
    /// behind it.
    pub pause: Peak,
    watermark: AtomicI64,
}

impl Default for OperatorMetrics {
    fn default() -> Self {
        OperatorMetrics {
            rows_in: Counter::default(),
            rows_out: Counter::default(),
            bytes: Counter::default(),
            late: Counter::default(),
            skipped: Counter::default(),
            dead: Counter::default(),
            busy: Counter::default(),
            pause: Peak::default(),
            watermark: AtomicI64::new(Watermark::MIN.0),
        }
    }
}

impl OperatorMetrics {
    /// Where the operator's event time stands.
    pub fn watermark(&self) -> Watermark {
        Watermark(self.watermark.load(Ordering::Relaxed))
    }

    /// Says where the operator's event time stands.
    pub fn set_watermark(&self, watermark: Watermark) {
        self.watermark.store(watermark.0, Ordering::Relaxed);
    }
}

/// What an operator is to its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorRole {
    /// Reads a table.
    Source,
    /// Computes.
    Operator,
    /// Writes a table.
    Sink,
}

/// The sum of an operator's counters over all its workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorTotals {
    /// The operator's stable id.
    pub id: String,
    /// The name to show: the table's for sources and sinks.
    pub name: String,
    /// Source, operator or sink.
    pub role: OperatorRole,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// Bytes read from or written to the outside.
    pub bytes: u64,
    /// Rows dropped because their window had closed.
    pub late: u64,
    /// Broken rows that a policy skipped.
    pub skipped: u64,
    /// Broken rows that went to a dead-letter table.
    pub dead: u64,
    /// Nanoseconds spent in the operator.
    pub busy: u64,
    /// The longest that a checkpoint has kept one of its workers from its rows, in nanoseconds.
    #[serde(default)]
    pub pause: u64,
    /// The least watermark of its workers that have one.
    pub watermark: i64,
}

impl OperatorTotals {
    /// Adds those of the same operator in another process.
    pub fn add(&mut self, other: &OperatorTotals) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        self.bytes += other.bytes;
        self.late += other.late;
        self.skipped += other.skipped;
        self.dead += other.dead;
        self.busy += other.busy;
        self.pause = self.pause.max(other.pause);
        // A process without splits never gets a watermark.
        self.watermark = match [self.watermark, other.watermark] {
            [known, unknown] | [unknown, known] if unknown == Watermark::MIN.0 => known,
            [one, other] => one.min(other),
        };
    }
}

/// The metrics of one job: every worker registers its operators here.
#[derive(Clone, Debug, Default)]
pub struct JobMetrics(Arc<Mutex<BTreeMap<String, Registered>>>);

#[derive(Debug)]
struct Registered {
    name: String,
    role: OperatorRole,
    order: usize,
    workers: Vec<Arc<OperatorMetrics>>,
}

impl JobMetrics {
    /// The counters of one worker's share of the operator `id`.
    pub fn register(&self, id: &str, name: &str, role: OperatorRole) -> Arc<OperatorMetrics> {
        let metrics = Arc::new(OperatorMetrics::default());
        let mut operators = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let order = operators.len();
        operators
            .entry(id.to_owned())
            .or_insert_with(|| Registered { name: name.to_owned(), role, order, workers: Vec::new() })
            .workers
            .push(metrics.clone());
        metrics
    }

    /// The totals of all operators, in the order in which they were registered.
    pub fn totals(&self) -> Vec<OperatorTotals> {
        let operators = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = operators.iter().collect();
        rows.sort_by_key(|(_, operator)| operator.order);
        rows.into_iter().map(|(id, operator)| operator.totals(id)).collect()
    }
}

impl Registered {
    /// The least watermark of the workers that have one: a worker without splits never gets any.
    fn watermark(&self) -> Watermark {
        let known = self.workers.iter().map(|metrics| metrics.watermark()).filter(|known| *known != Watermark::MIN);
        known.min().unwrap_or(Watermark::MIN)
    }

    fn totals(&self, id: &str) -> OperatorTotals {
        let sum = |counter: fn(&OperatorMetrics) -> &Counter| self.workers.iter().map(|m| counter(m).get()).sum();
        OperatorTotals {
            id: id.to_owned(),
            name: self.name.clone(),
            role: self.role,
            rows_in: sum(|m| &m.rows_in),
            rows_out: sum(|m| &m.rows_out),
            bytes: sum(|m| &m.bytes),
            late: sum(|m| &m.late),
            skipped: sum(|m| &m.skipped),
            dead: sum(|m| &m.dead),
            busy: sum(|m| &m.busy),
            pause: self.workers.iter().map(|metrics| metrics.pause.get()).max().unwrap_or(0),
            watermark: self.watermark().0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_processes_counts_are_added_and_the_longest_pause_is_kept() {
        let metrics = JobMetrics::default();
        let operator = metrics.register("1", "t", OperatorRole::Source);
        operator.rows_out.add(2);
        operator.bytes.add(20);
        operator.pause.note(7);
        let mut one = metrics.totals().remove(0);
        let mut other = OperatorTotals { rows_out: 3, bytes: 30, pause: 9, watermark: 5, ..one.clone() };
        one.add(&other);
        assert_eq!((one.rows_out, one.bytes, one.pause), (5, 50, 9));
        // One that has no split has no watermark, and holds none back.
        assert_eq!(one.watermark, 5);
        other.watermark = Watermark::MIN.0;
        one.add(&other);
        assert_eq!(one.watermark, 5);
        other.watermark = 3;
        one.add(&other);
        assert_eq!(one.watermark, 3);
    }
}
