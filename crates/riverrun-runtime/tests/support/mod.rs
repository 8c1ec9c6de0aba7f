//! Sources, operators and sinks over `Vec<Event>` for the tests of the runtime.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test uses its own part of it")]

use riverrun_core::{Epoch, Error, KeyGroup, Millis, Result, Watermark};
use riverrun_runtime::{
    Batch, Build, Flow, Job, JobConfig, JobHandle, Operator, OperatorContext, Output, Route, Router, Sink, SinkState,
    SourceContext, SourceOutput, SourceReader, SourceState, SplitId, WatermarkRuns, WatermarkStrategy,
};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a test waits for what must come: only a broken test gets there.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A key, an event time, a value.
pub type Event = (u32, i64, i64);

/// What the tests' streams carry.
pub type Events = Vec<Event>;

fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::bug(error.to_string()))
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::bug(error.to_string()))
}

/// Lists of events, one per split; a split belongs to the worker of its number modulo the parallelism.
pub struct ListSource {
    splits: Vec<(SplitId, Arc<Events>, usize)>,
    step: usize,
    /// How many batches may be read; the source idles when they are used up, and goes on when there are more.
    gate: Option<Arc<Gate>>,
    opened: bool,
}

/// Lets a source read so many batches.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(usize, Vec<riverrun_runtime::source::Waker>)>,
}

impl Gate {
    pub fn open(&self, batches: usize) {
        let mut state = self.state.lock().unwrap();
        state.0 = state.0.saturating_add(batches);
        for waker in &state.1 {
            waker();
        }
    }

    fn pass(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let open = state.0 > 0;
        state.0 = state.0.saturating_sub(1);
        open
    }
}

impl ListSource {
    pub fn new(context: &SourceContext, lists: &[Arc<Events>], step: usize) -> Self {
        let mine = lists.iter().enumerate().filter(|(at, _)| at % context.parallelism == context.worker);
        let splits = mine.map(|(at, list)| (format!("split-{at}").into(), list.clone(), 0)).collect();
        ListSource { splits, step, gate: None, opened: false }
    }

    pub fn gated(mut self, gate: &Arc<Gate>, context: &SourceContext) -> Self {
        gate.state.lock().unwrap().1.push(context.waker.clone());
        self.gate = Some(gate.clone());
        self
    }
}

impl SourceReader<Events> for ListSource {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        if !std::mem::replace(&mut self.opened, true) {
            for (id, list, position) in &self.splits {
                if *position < list.len() {
                    out.open_split(id.clone());
                }
            }
        }
        let Some(at) = self.splits.iter().position(|(_, list, position)| *position < list.len()) else {
            return Ok(SourceState::Finished);
        };
        if let Some(gate) = &self.gate
            && !gate.pass()
        {
            return Ok(SourceState::Idle(None));
        }
        let (id, list, position) = &mut self.splits[at];
        let end = (*position + self.step).min(list.len());
        out.emit(id.clone(), list[*position..end].to_vec());
        *position = end;
        if end == list.len() {
            out.finish_split(id.clone());
        }
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let union: Result<Vec<_>> =
            self.splits.iter().map(|(id, _, position)| encode(&(id.to_string(), *position))).collect();
        Ok(OperatorSnapshot { union: union?, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.union {
            let (id, position): (String, usize) = decode(element)?;
            if let Some(split) = self.splits.iter_mut().find(|split| *split.0 == *id) {
                split.2 = position;
            }
        }
        Ok(())
    }
}

/// `WATERMARK FOR time AS time`.
pub fn by_time(interval: i64) -> WatermarkStrategy<Events> {
    WatermarkStrategy {
        expression: Box::new(|batch| Ok(batch.iter().map(|event| event.1).collect())),
        interval: Millis(interval),
        idle_timeout: None,
        max_ahead: None,
        alignment: None,
    }
}

fn group(key: u32, count: u16) -> KeyGroup {
    KeyGroup::of_hash(riverrun_state::hash_key(&key.to_be_bytes()), count)
}

/// Events to the worker that owns their key.
pub struct ByKey;

impl Router<Events> for ByKey {
    fn route(&mut self, batch: &Events, parallelism: usize, targets: &mut Vec<u32>) -> Result<()> {
        let count = KeyGroup::DEFAULT_COUNT;
        targets.extend(batch.iter().map(|event| group(event.0, count).worker(count, parallelism) as u32));
        Ok(())
    }
}

pub fn by_key() -> Route<Events> {
    Route::By(Box::new(ByKey))
}

/// Counts the events of a key per window of 100 ms: emits (key, end of the window, count).
pub struct WindowCount {
    context: OperatorContext,
    windows: BTreeMap<(i64, u32), i64>,
}

impl WindowCount {
    pub fn new(context: OperatorContext) -> Self {
        WindowCount { context, windows: BTreeMap::new() }
    }
}

impl Operator<Events> for WindowCount {
    fn on_batch(&mut self, _: usize, batch: Events, watermarks: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        for (row, (key, time, _)) in batch.into_iter().enumerate() {
            let end = time.div_euclid(100) * 100 + 100;
            if end - 1 <= watermarks.before(row).0 {
                self.context.metrics.late.add(1);
            } else {
                *self.windows.entry((end, key)).or_default() += 1;
            }
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<Events>) -> Result<()> {
        let mut fired = Vec::new();
        while let Some(((end, key), count)) = self.windows.first_key_value().map(|(window, count)| (*window, *count))
            && end - 1 <= watermark.0
        {
            self.windows.pop_first();
            fired.push((key, end, count));
        }
        out.emit(fired);
        Ok(())
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.windows.first_key_value().map(|((end, _), _)| Watermark(end - 1))
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut groups: BTreeMap<KeyGroup, Vec<(i64, u32, i64)>> = BTreeMap::new();
        for ((end, key), count) in &self.windows {
            groups.entry(group(*key, self.context.key_groups)).or_default().push((*end, *key, *count));
        }
        let keyed: Result<_> = groups.into_iter().map(|(group, list)| Ok((group, encode(&list)?))).collect();
        Ok(OperatorSnapshot { keyed: keyed?, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for (_, blob) in &state.keyed {
            let list: Vec<(i64, u32, i64)> = decode(blob)?;
            self.windows.extend(list.into_iter().map(|(end, key, count)| ((end, key), count)));
        }
        Ok(())
    }
}

/// What a sink was given, by the epoch that it became part of.
#[derive(Clone, Default)]
pub struct Collected(pub Arc<Mutex<BTreeMap<u32, Events>>>);

impl Collected {
    /// Everything, sorted.
    pub fn all(&self) -> Events {
        self.until(u32::MAX)
    }

    /// What belongs to the epochs up to this one, sorted.
    pub fn until(&self, epoch: u32) -> Events {
        let epochs = self.0.lock().unwrap();
        let mut events: Events = epochs.range(..=epoch).flat_map(|(_, events)| events.iter().copied()).collect();
        events.sort_unstable();
        events
    }
}

/// Collects what it is given; it is seen when its epoch has been snapshotted.
pub struct CollectSink {
    collected: Collected,
    pending: Events,
}

impl CollectSink {
    pub fn new(collected: &Collected) -> Self {
        CollectSink { collected: collected.clone(), pending: Vec::new() }
    }
}

impl Sink<Events> for CollectSink {
    fn write(&mut self, batch: Events) -> Result<()> {
        self.pending.extend(batch);
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.collected.0.lock().unwrap().entry(epoch.0).or_default().append(&mut self.pending);
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// A function of each batch.
pub struct Map<F>(pub F);

impl<F: FnMut(Events, &mut Output<Events>) -> Result<()> + 'static> Operator<Events> for Map<F> {
    fn on_batch(&mut self, _: usize, batch: Events, runs: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        let _ = runs;
        (self.0)(batch, out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// An operator that is a function of each batch.
pub fn map(f: impl FnMut(Events, &mut Output<Events>) -> Result<()> + 'static) -> Box<dyn Operator<Events>> {
    Box::new(Map(f))
}

/// Passes every batch on.
pub fn forward(batch: Events, out: &mut Output<Events>) -> Result<()> {
    out.emit(batch);
    Ok(())
}

/// Adds a source of lists to a flow.
pub fn list_source(
    flow: &mut Flow<'_, Events>,
    id: &str,
    lists: &[Arc<Events>],
    step: usize,
    gate: Option<&Arc<Gate>>,
) -> Result<riverrun_runtime::StreamId> {
    let make = |context: SourceContext| -> Result<Box<dyn SourceReader<Events>>> {
        let source = ListSource::new(&context, lists, step);
        Ok(match gate {
            Some(gate) => Box::new(source.gated(gate, &context)),
            None => Box::new(source),
        })
    };
    Ok(flow.source(id, id, make, Some(by_time(10)))?.rows)
}

/// Adds a collecting sink to a flow.
pub fn collect(
    flow: &mut Flow<'_, Events>,
    input: (riverrun_runtime::StreamId, Route<Events>),
    collected: &Collected,
) -> Result<()> {
    flow.sink("sink", "sink", input, |_| Ok(Box::new(CollectSink::new(collected))))
}

/// Lists of events in some disorder: `count` lists of `rows` events each, over 20 keys.
pub fn lists(count: usize, rows: usize) -> Vec<Arc<Events>> {
    (0..count)
        .map(|list| {
            let event = |row: usize| {
                let jitter = (row * 7919 + list * 31) % 13;
                let key = ((row * 31 + list * 17) % 20) as u32;
                (key, (row * 3 - row.min(jitter)) as i64 + 1000, row as i64)
            };
            Arc::new((0..rows).map(event).collect())
        })
        .collect()
}

/// The same in the order of their times, so that no row is ever late.
pub fn ordered_lists(count: usize, rows: usize) -> Vec<Arc<Events>> {
    let sorted = |list: &Arc<Events>| {
        let mut list = list.to_vec();
        list.sort_by_key(|event| event.1);
        Arc::new(list)
    };
    lists(count, rows).iter().map(sorted).collect()
}

/// Lists → window counts by key → a collecting sink.
pub fn window_job(lists: &[Arc<Events>], gate: Option<&Arc<Gate>>, collected: &Collected) -> Build<Events> {
    let (lists, gate, collected) = (lists.to_vec(), gate.cloned(), collected.clone());
    Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, gate.as_ref())?;
        let counts = flow
            .operator("counts", "counts", vec![(rows, by_key())], |context| Ok(Box::new(WindowCount::new(context))))?;
        collect(flow, (counts, Route::Local), &collected)
    })
}

/// Starts a job of so many workers.
pub fn start<B: Batch>(parallelism: usize, build: Build<B>) -> JobHandle {
    Job::start(JobConfig::new("test").parallelism(parallelism), build).unwrap()
}

/// Waits for the end of a job; a hang fails the test.
pub fn finish(job: &JobHandle) -> Result<()> {
    job.wait_timeout(PATIENCE).expect("the job hangs")
}
