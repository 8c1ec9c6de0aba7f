//! Generated tables: rows that follow from their index, the same at any parallelism and after a restore.
//!
//! The index space is dealt out in blocks to a fixed number of splits, and the splits to the workers:
//!
//! ```text
//! index   0 … b−1 | b … 2b−1 | … | 16b …
//! split         0 |        1 | … |     0
//! ```
//!
//! A worker always goes on with its split that is furthest behind, so that times that grow with the index stay together.

use arrow::array::RecordBatch;
use riverrun_core::{Clock, Error, Millis, Result, RowBatch};
use riverrun_runtime::source::SourceState;
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SplitId};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::sync::Arc;
use std::time::Duration;

pub mod random;
#[cfg(test)]
mod tests;

/// Makes rows from their index.
pub trait RowGenerator: 'static {
    /// The rows of these indices, in order.
    fn generate(&mut self, first: u64, rows: usize) -> Result<RecordBatch>;
}

/// How many rows there are, and how fast they come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How many rows there are; without end if absent.
    pub total: Option<u64>,
    /// How many rows come per second; as fast as they are taken if absent.
    pub per_second: Option<f64>,
}

/// How many workers can share a fast table.
const SPLITS: u64 = 16;
/// The longest run of indices in one split.
const LONGEST_BLOCK: u64 = 4096;
/// A slower table is one split's, whose watermark then waits for no other.
const SLOW: f64 = 1_000.0;
/// Rows at a pace come in batches at this distance, or further apart.
const BEAT: Millis = Millis(5);
const SNAPSHOT_VERSION: u8 = 2;

/// Reads one worker's splits.
#[derive(Debug)]
pub struct IndexedReader<G> {
    generator: G,
    clock: Arc<dyn Clock>,
    pace: Pace,
    batch_size: usize,
    block: u64,
    count: u64,
    splits: Vec<Split>,
    worker: usize,
    parallelism: usize,
    opened: bool,
    /// When reading began, and how many rows of the whole table were done by then.
    began: Option<Millis>,
    done_before: u64,
}

#[derive(Debug)]
struct Split {
    number: u64,
    id: SplitId,
    next: u64,
    finished: bool,
}

/// The splits of one worker, before their first rows.
fn own_splits(count: u64, block: u64, worker: usize, parallelism: usize) -> Vec<Split> {
    (0..count)
        .filter(|number| number % parallelism as u64 == worker as u64)
        .map(|number| Split { number, id: number.to_string().into(), next: number * block, finished: false })
        .collect()
}

impl<G: RowGenerator> IndexedReader<G> {
    /// A reader of one worker's share.
    pub fn new(generator: G, pace: Pace, batch_size: usize, context: SourceContext) -> Self {
        let (count, block) = match pace.per_second {
            Some(rate) if rate < SLOW => (1, LONGEST_BLOCK),
            // A tenth of a second goes round all splits.
            Some(rate) => (SPLITS, ((rate / 10.0) as u64 / SPLITS).clamp(1, LONGEST_BLOCK)),
            None => (SPLITS, LONGEST_BLOCK),
        };
        IndexedReader {
            generator,
            splits: own_splits(count, block, context.worker, context.parallelism),
            worker: context.worker,
            parallelism: context.parallelism,
            clock: context.clock,
            pace,
            batch_size: batch_size.max(1),
            block,
            count,
            opened: false,
            began: None,
            done_before: 0,
        }
    }

    /// The index before which rows are due now.
    fn due(&mut self) -> u64 {
        let total = self.pace.total.unwrap_or(u64::MAX);
        let Some(rate) = self.pace.per_second else { return total };
        let now = self.clock.now();
        let began = *self.began.get_or_insert(now);
        let elapsed = now.0.saturating_sub(began.0).max(0) as f64;
        let rows = (elapsed * rate / 1_000.0) as u64;
        self.done_before.saturating_add(rows).saturating_add(1).min(total)
    }

    /// How long until the row of this index is due.
    fn wait(&self, index: u64) -> Duration {
        let (Some(rate), Some(began)) = (self.pace.per_second, self.began) else { return Duration::ZERO };
        let at = index.saturating_sub(self.done_before) as f64 * 1_000.0 / rate;
        let left = at - (self.clock.now().0 - began.0) as f64;
        Duration::from_millis((left.ceil() as i64).max(BEAT.0) as u64)
    }

    /// The split that is furthest behind.
    fn next_split(&mut self) -> Option<&mut Split> {
        self.splits.iter_mut().filter(|split| !split.finished).min_by_key(|split| split.next)
    }
}

impl<G: RowGenerator> SourceReader<RowBatch> for IndexedReader<G> {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if !self.opened {
            self.opened = true;
            self.splits.iter().filter(|split| !split.finished).for_each(|split| out.open_split(split.id.clone()));
        }
        let (due, total) = (self.due(), self.pace.total.unwrap_or(u64::MAX));
        let (block, count) = (self.block, self.count);
        let mut room = self.batch_size as u64;
        while room > 0 {
            let Some(split) = self.next_split() else { return Ok(SourceState::Finished) };
            if split.next >= total {
                split.finished = true;
                out.finish_split(split.id.clone());
                continue;
            }
            if split.next >= due {
                let next = split.next;
                return Ok(SourceState::Idle(Some(self.wait(next))));
            }
            let first = split.next;
            let end = ((first / block + 1) * block).min(due).min(first + room);
            split.next = if end % block == 0 { end + (count - 1) * block } else { end };
            let id = split.id.clone();
            let batch = self.generator.generate(first, (end - first) as usize)?;
            out.emit(id, RowBatch::append(batch));
            room -= end - first;
        }
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let union = self.splits.iter().map(|split| {
            let mut element = vec![SNAPSHOT_VERSION];
            for number in [split.number, split.next, self.count, self.block] {
                element.extend(number.to_le_bytes());
            }
            element
        });
        Ok(OperatorSnapshot { union: union.collect(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        let mut least = None;
        for element in &state.union {
            let damaged = || Error::failure("the position of a generated table has an unknown format");
            let [SNAPSHOT_VERSION, rest @ ..] = element.as_slice() else { return Err(damaged()) };
            let (chunks, []) = rest.as_chunks() else { return Err(damaged()) };
            let [number, next, count, block] = chunks else { return Err(damaged()) };
            let [number, next, count, block] = [number, next, count, block].map(|chunk| u64::from_le_bytes(*chunk));
            if (count, block) != (self.count, self.block) {
                // Rows were dealt out at another rate: they stay with the splits that they had.
                (self.count, self.block) = (count.max(1), block.max(1));
                self.splits = own_splits(self.count, self.block, self.worker, self.parallelism);
            }
            least = Some(least.map_or(next, |least: u64| least.min(next)));
            if let Some(split) = self.splits.iter_mut().find(|split| split.number == number) {
                split.next = next;
            }
        }
        self.done_before = least.unwrap_or(0);
        Ok(())
    }
}
