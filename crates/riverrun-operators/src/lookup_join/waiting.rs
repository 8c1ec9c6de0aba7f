//! Batches that wait for what is looked up for them, while others come (the hint LOOKUP).
//!
//! ```text
//!   batch ──► question on one of a few connections ──► answer ──► out, in the order in which batches came or answers do
//!                 ▲                                      │
//!                 └── after 'fixed-delay', 'max-attempts' times ◄── a key has no row ('retry-predicate' = 'lookup_miss')
//! ```
//!
//! The watermark stays behind the batches that wait. They are state: after a restore they are asked for anew.
//!
//! Source of the semantics: Flink 2.3, "Lookup Hints", `AsyncLookupJoinRunner`, `RetryableLookupFunctionDelegator`.

use super::whole::Loaded;
use super::{From, LookupJoin, Probe};
use crate::join::LEFT;
use crate::join::chunks::NO_ROW;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use riverrun_core::{Error, Millis, Result, RowBatch, Watermark};
use riverrun_runtime::{Output, WatermarkRuns};
use riverrun_state::blob::{BlobReader, put_bytes, put_i64, put_u32};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How often answers are looked for.
const POLL: Millis = Millis(1);

/// More connections would only stand in line at the database.
const MOST_CONNECTIONS: usize = 4;

/// How batches wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Batches go out as their answers come, not as they came themselves (`output-mode` = `allow_unordered`).
    pub unordered: bool,
    /// How many batches may wait (`capacity`).
    pub capacity: usize,
    /// How long a batch may wait (`timeout`).
    pub timeout: Millis,
    /// Whether a key without a row is asked for again.
    pub retry: Option<Retry>,
}

/// Asking again for keys without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How long after the answer (`fixed-delay`).
    pub delay: Millis,
    /// How often in all (`max-attempts`).
    pub attempts: u32,
}

impl Waits {
    /// How many questions are under way at the same time.
    pub(super) fn connections(&self) -> usize {
        self.capacity.clamp(1, MOST_CONNECTIONS)
    }
}

/// A batch that waits.
#[derive(Debug)]
pub(super) struct Held {
    pub batch: RowBatch,
    watermarks: WatermarkRuns,
    /// What the operator's watermark was before it.
    before: Watermark,
    slots: Vec<u32>,
    loaded: Option<Arc<Loaded>>,
    pinned: bool,
    state: HeldState,
    /// How often its keys were asked for again.
    retries: u32,
    deadline: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeldState {
    /// The answer is to come.
    Asked,
    /// It is asked for at this time.
    Until(Millis),
    /// All is at hand.
    Ready,
}

impl Held {
    pub fn new(batch: RowBatch, watermarks: WatermarkRuns, before: Watermark) -> Self {
        Held {
            batch,
            watermarks,
            before,
            slots: Vec::new(),
            loaded: None,
            pinned: false,
            state: HeldState::Ready,
            retries: 0,
            deadline: None,
        }
    }

    pub fn probe(self, slots: Vec<u32>, loaded: Option<Arc<Loaded>>, pinned: bool) -> Probe {
        let Held { batch, watermarks, before, .. } = self;
        Probe { batch, watermarks, before, slots, loaded, pinned, row: 0, cursor: None, matched: false }
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        put_i64(&mut bytes, self.before.0);
        put_u32(&mut bytes, self.retries);
        put_u32(&mut bytes, self.batch.num_rows() as u32);
        (0..self.batch.num_rows()).for_each(|row| put_i64(&mut bytes, self.batch.weight(row)));
        let mut writer = StreamWriter::try_new(Vec::new(), &self.batch.columns.schema())?;
        writer.write(&self.batch.columns)?;
        put_bytes(&mut bytes, &writer.into_inner()?);
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8], schema: &SchemaRef, now: Millis) -> Result<Held> {
        let mut blob = BlobReader::new(bytes);
        let before = Watermark(blob.i64()?);
        let retries = blob.u32()?;
        let weights = (0..blob.u32()?).map(|_| blob.i64()).collect::<Result<Vec<i64>>>()?;
        let batches = StreamReader::try_new(blob.bytes()?, None)?.collect::<Result<Vec<RecordBatch>, _>>()?;
        let columns = concat_batches(schema, &batches)?;
        let batch = RowBatch { columns, weights: Some(weights.into()) };
        let held = Held::new(batch, WatermarkRuns::default(), before);
        Ok(Held { state: HeldState::Until(now), retries, ..held })
    }
}

/// The batches that wait, in the order in which they came.
#[derive(Debug)]
pub(super) struct Waiting {
    batches: VecDeque<(u64, Held)>,
    next: u64,
    /// Per connection the batches it was asked for, with the slots of the keys.
    open: Vec<VecDeque<(u64, Vec<u32>)>>,
    polled: Millis,
}

impl Waiting {
    pub fn new(connections: usize) -> Self {
        let open = (0..connections).map(|_| VecDeque::new()).collect();
        Waiting { batches: VecDeque::new(), next: 0, open, polled: Millis(0) }
    }

    pub fn push(&mut self, held: Held) -> u64 {
        self.next += 1;
        self.batches.push_back((self.next, held));
        self.next
    }

    pub fn watermarks(&self) -> impl Iterator<Item = Watermark> + '_ {
        self.batches.iter().map(|(_, held)| held.before)
    }

    pub fn next_timer(&self) -> Option<Millis> {
        let asked = self.open.iter().any(|open| !open.is_empty()).then_some(Millis(self.polled.0 + POLL.0));
        let until = self.batches.iter().filter_map(|(_, held)| match held.state {
            HeldState::Until(time) => Some(time),
            _ => None,
        });
        until.chain(asked).min()
    }

    pub fn encode(&self) -> Result<Vec<Vec<u8>>> {
        self.batches.iter().map(|(_, held)| held.encode()).collect()
    }

    fn held(&mut self, id: u64) -> Option<&mut Held> {
        self.batches.iter_mut().find(|(known, _)| *known == id).map(|(_, held)| held)
    }

    fn is_full(&self, capacity: usize) -> bool {
        self.batches.len() >= capacity.max(1)
    }
}

impl LookupJoin {
    /// A batch comes that may wait. If too many wait already, the worker does until one is through.
    pub(super) fn hold(&mut self, mut held: Held, out: &mut Output<RowBatch>) -> Result<()> {
        let Some(waits) = self.spec.waits else { return Ok(()) };
        let now = self.context.clock.now();
        held.deadline = Some(Millis(now.0.saturating_add(waits.timeout.0)));
        self.find(&mut held)?;
        let id = self.waiting.push(held);
        self.ask(id)?;
        self.collect()?;
        while self.waiting.is_full(waits.capacity) && self.probes.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
            self.collect()?;
        }
        self.advance(out)
    }

    /// Sends out all batches that wait; at the end of input.
    pub(super) fn drain(&mut self, out: &mut Output<RowBatch>) -> Result<()> {
        while !self.waiting.batches.is_empty() {
            self.collect()?;
            if !self.waiting.batches.is_empty() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        self.advance(out)
    }

    /// The slots of a batch's keys. What it needs of the cache stays until it is through.
    fn find(&mut self, held: &mut Held) -> Result<()> {
        match &self.from {
            From::Whole(table) => {
                let loaded = table.current(&self.context.clock)?;
                held.slots = loaded.slots(&self.spec.keys[LEFT], &held.batch.columns)?.slots;
                held.loaded = Some(loaded);
            }
            From::Asked(_) if !held.pinned => {
                held.slots = self.keys.slots(LEFT, &held.batch.columns)?;
                self.grow();
                for &slot in held.slots.iter().filter(|slot| **slot != NO_ROW) {
                    self.pins[slot as usize] += 1;
                }
                held.pinned = true;
            }
            From::Asked(_) => {}
        }
        Ok(())
    }

    pub(super) fn unpin(&mut self, slots: &[u32]) {
        for &slot in slots.iter().filter(|slot| **slot != NO_ROW) {
            let pins = &mut self.pins[slot as usize];
            *pins = pins.saturating_sub(1);
        }
    }

    /// Asks for what a batch lacks.
    fn ask(&mut self, id: u64) -> Result<()> {
        let now = self.context.clock.now();
        let Some(held) = self.waiting.held(id) else { return Ok(()) };
        if let From::Whole(table) = &self.from {
            let loaded = table.current(&self.context.clock)?;
            let found = loaded.slots(&self.spec.keys[LEFT], &held.batch.columns)?;
            (held.slots, held.loaded) = (found.slots, Some(loaded));
            held.state = again(self.spec.waits, held, found.misses, now);
            return Ok(());
        }
        let (batch, slots, retried) = (held.batch.columns.clone(), held.slots.clone(), held.retries > 0);
        if retried {
            // That there is no row is what is doubted.
            for &slot in slots.iter().filter(|slot| **slot != NO_ROW) {
                if let Some(known) = self.known[slot as usize].as_mut().filter(|known| known.absent) {
                    known.asked = true;
                }
            }
        }
        let question = self.question(&batch, &slots)?;
        let From::Asked(tables) = &mut self.from else { return Ok(()) };
        let state = match question {
            None => HeldState::Ready,
            Some(question) => {
                let open = &mut self.waiting.open;
                let least = (0..open.len()).min_by_key(|connection| open[*connection].len()).unwrap_or_default();
                tables[least].ask(question.keys)?;
                open[least].push_back((id, question.slots));
                HeldState::Asked
            }
        };
        if let Some(held) = self.waiting.held(id) {
            held.state = state;
        }
        Ok(())
    }

    /// Takes in answers, asks again where it is time, and lets batches go that have all they need.
    pub(super) fn collect(&mut self) -> Result<()> {
        let now = self.context.clock.now();
        self.waiting.polled = now;
        for connection in 0..self.waiting.open.len() {
            while !self.waiting.open[connection].is_empty() {
                let From::Asked(tables) = &mut self.from else { break };
                let Some(answer) = tables[connection].poll()? else { break };
                let Some((id, asked)) = self.waiting.open[connection].pop_front() else { break };
                let missing = !self.answered(&asked, answer)?.is_empty();
                if let Some(held) = self.waiting.held(id) {
                    held.state = again(self.spec.waits, held, missing, now);
                }
            }
        }
        let due: Vec<u64> =
            self.waiting.batches.iter().filter(|(_, held)| held.is_due(now)).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(position) = self.waiting.batches.iter().position(|(known, _)| *known == id) {
                let (_, mut held) = self.waiting.batches.swap_remove_back(position).ok_or_else(lost)?;
                self.find(&mut held)?;
                self.waiting.batches.push_back((id, held));
            }
            self.waiting.batches.make_contiguous().sort_unstable_by_key(|(id, _)| *id);
            self.ask(id)?;
        }
        if let Some((_, held)) = self.waiting.batches.iter().find(|(_, held)| held.is_over(now)) {
            let waited = self.spec.waits.map_or(0, |waits| waits.timeout.0);
            return Err(Error::failure(format!(
                "a lookup of {} rows took longer than {waited} ms",
                held.batch.num_rows()
            ))
            .hint("see why the table answers slowly, or raise 'timeout' in the hint LOOKUP"));
        }
        let unordered = self.spec.waits.is_some_and(|waits| waits.unordered);
        let mut at = 0;
        while let Some((_, held)) = self.waiting.batches.get(at) {
            if held.state == HeldState::Ready {
                let Some((_, mut held)) = self.waiting.batches.remove(at) else { break };
                let (slots, loaded) = (std::mem::take(&mut held.slots), held.loaded.take());
                let pinned = held.pinned;
                self.probes.push_back(held.probe(slots, loaded, pinned));
            } else if unordered {
                at += 1;
            } else {
                break;
            }
        }
        Ok(())
    }
}

impl Held {
    fn is_due(&self, now: Millis) -> bool {
        matches!(self.state, HeldState::Until(time) if time <= now)
    }

    fn is_over(&self, now: Millis) -> bool {
        self.state == HeldState::Asked && self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// What becomes of a batch whose answer has come.
fn again(waits: Option<Waits>, held: &mut Held, missing: bool, now: Millis) -> HeldState {
    match waits.and_then(|waits| waits.retry) {
        Some(retry) if missing && held.retries < retry.attempts => {
            held.retries += 1;
            HeldState::Until(Millis(now.0.saturating_add(retry.delay.0)))
        }
        _ => HeldState::Ready,
    }
}

fn lost() -> Error {
    Error::bug("a batch that waits for a lookup was lost")
}
