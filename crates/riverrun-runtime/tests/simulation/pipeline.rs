//! The job that is simulated.
//!
//! ```text
//! lists of rows ─┬─► by key: counts per window (event-time timers) ─────────┬─► both, tagged ─► sink with a log per epoch,
//! (split by      └─► by key: delayed (processing-time timers) ─► totals ─────┘                   committed by token
//!  split)                                                        at the end
//! ```

use crate::baton::Baton;
use crate::bugs::Bug;
use crate::support::{ByKey, Event, Events, by_key, by_time};
use crate::target::{CommitSink, Target};
use riverrun_core::{KeyGroup, Millis, Result, Watermark};
use riverrun_runtime::{
    Build, Operator, OperatorContext, Output, Route, Sink, SinkContext, SourceContext, SourceOutput, SourceReader,
    SourceState, SplitId, WatermarkRuns,
};
use riverrun_state::{OperatorSnapshot, RestoredState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What is added to the keys of totals, so that they are told from counts.
const TOTALS: u32 = 1_000;
const WINDOW: i64 = 100;
const DELAY: i64 = 7;

/// What every part of the job knows of the simulation.
#[derive(Clone)]
pub struct World {
    pub baton: Arc<Baton>,
    pub target: Target,
    pub bug: Option<Bug>,
}

impl World {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes).unwrap()
}

/// What the job gives, told without it.
pub fn expected(lists: &[Arc<Events>]) -> Events {
    let mut counts: BTreeMap<(u32, i64), i64> = BTreeMap::new();
    let mut totals: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
    for (key, time, value) in lists.iter().flat_map(|list| list.iter()) {
        *counts.entry((*key, time.div_euclid(WINDOW) * WINDOW + WINDOW)).or_default() += 1;
        let total = totals.entry(*key).or_default();
        *total = (total.0 + 1, total.1 + value);
    }
    let counts = counts.into_iter().map(|((key, end), count)| (key, end, count));
    let totals = totals.into_iter().map(|(key, (count, sum))| (key + TOTALS, count, sum));
    let mut all: Events = counts.chain(totals).collect();
    all.sort_unstable();
    all
}

pub fn build(world: &World, lists: &[Arc<Events>]) -> Build<Events> {
    let (world, lists) = (world.clone(), lists.to_vec());
    Arc::new(move |flow| {
        let make = |context: SourceContext| Ok(Box::new(Lists::new(&context, &lists, &world)) as Box<_>);
        let rows = flow.source("rows", "rows", make, Some(by_time(10)))?.rows;
        let counts = flow.operator("counts", "counts", vec![(rows, by_key())], |context| {
            Ok(Box::new(Counts { context, world: world.clone(), counts: BTreeMap::new(), timers: BTreeMap::new() }))
        })?;
        let late = flow.operator("delay", "delay", vec![(rows, by_key())], |context| {
            Ok(Box::new(Delay { context, world: world.clone(), rows: BTreeMap::new(), timers: BTreeMap::new() }))
        })?;
        let totals = flow.operator("totals", "totals", vec![(late, by_key())], |context| {
            Ok(Box::new(Totals::new(context, &world)))
        })?;
        let both = vec![(counts, Route::Local), (totals, Route::By(Box::new(ByKey)))];
        let both = flow.operator("both", "both", both, |_| Ok(Box::new(Both)))?;
        let make = |context: SinkContext| Ok(Box::new(CommitSink::new(&context, &world)) as Box<dyn Sink<Events>>);
        flow.sink("sink", "sink", (both, Route::Local), make)
    })
}

/// Lists of rows, one per split, of which it reads as many at a time as the seed says.
struct Lists {
    splits: Vec<(SplitId, Arc<Events>, usize)>,
    world: World,
    opened: bool,
}

impl Lists {
    fn new(context: &SourceContext, lists: &[Arc<Events>], world: &World) -> Self {
        let mine = lists.iter().enumerate().filter(|(at, _)| at % context.parallelism == context.worker);
        let splits = mine.map(|(at, list)| (format!("split-{at}").into(), list.clone(), 0)).collect();
        Lists { splits, world: world.clone(), opened: false }
    }
}

impl SourceReader<Events> for Lists {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        if !std::mem::replace(&mut self.opened, true) {
            for (id, list, position) in &self.splits {
                if *position < list.len() {
                    out.open_split(id.clone());
                }
            }
        }
        let open: Vec<usize> =
            (0..self.splits.len()).filter(|at| self.splits[*at].2 < self.splits[*at].1.len()).collect();
        if open.is_empty() {
            return Ok(SourceState::Finished);
        }
        let baton = &self.world.baton;
        if baton.once_in(3) {
            return Ok(SourceState::Idle(Some(Duration::from_millis(1 + baton.below(30) as u64))));
        }
        let (id, list, position) = &mut self.splits[open[baton.below(open.len())]];
        let end = (*position + 1 + baton.below(16)).min(list.len());
        out.emit(id.clone(), list[*position..end].to_vec());
        *position = end;
        if end == list.len() {
            out.finish_split(id.clone());
        }
        Ok(SourceState::Ready)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let mut union = Vec::new();
        for (id, list, position) in &self.splits {
            let mut position = *position;
            if position > 0 && position < list.len() {
                position += usize::from(self.world.has(Bug::OffsetTooFar));
                position -= usize::from(self.world.has(Bug::OffsetTooNear));
            }
            union.push(encode(&(id.to_string(), position)));
        }
        Ok(OperatorSnapshot { union, ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.union {
            let (id, position): (String, usize) = decode(element);
            if let Some(split) = self.splits.iter_mut().find(|split| *split.0 == *id) {
                split.2 = position;
            }
        }
        Ok(())
    }
}

fn group(key: u32, count: u16) -> KeyGroup {
    KeyGroup::of_hash(riverrun_state::hash_key(&key.to_be_bytes()), count)
}

/// One blob per key group of those entries whose key is in it.
fn keyed<T>(entries: impl Iterator<Item = (u32, T)>, context: &OperatorContext) -> BTreeMap<KeyGroup, Vec<T>> {
    let mut groups: BTreeMap<KeyGroup, Vec<T>> = BTreeMap::new();
    for (key, entry) in entries {
        groups.entry(group(key, context.key_groups)).or_default().push(entry);
    }
    groups
}

fn blobs<T: Serialize>(groups: BTreeMap<KeyGroup, Vec<T>>) -> OperatorSnapshot {
    let keyed = groups.into_iter().map(|(group, list)| (group, encode(&list))).collect();
    OperatorSnapshot { keyed, ..OperatorSnapshot::default() }
}

/// A window's end and a key; whether there is a timer for it; the count.
type Count = (i64, u32, bool, i64);

/// Counts the rows of a key per window.
struct Counts {
    context: OperatorContext,
    world: World,
    counts: BTreeMap<(i64, u32), i64>,
    /// When a window fires; true if it was set since the last barrier.
    timers: BTreeMap<(i64, u32), bool>,
}

impl Operator<Events> for Counts {
    fn on_batch(&mut self, _: usize, batch: Events, watermarks: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        for (row, (key, time, _)) in batch.into_iter().enumerate() {
            let end = time.div_euclid(WINDOW) * WINDOW + WINDOW;
            if end - 1 > watermarks.before(row).0 {
                *self.counts.entry((end, key)).or_default() += 1;
                self.timers.entry((end, key)).or_insert(true);
            }
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output<Events>) -> Result<()> {
        let mut fired = Vec::new();
        while let Some((&(end, key), _)) = self.timers.first_key_value()
            && end - 1 <= watermark.0
        {
            self.timers.pop_first();
            fired.extend(self.counts.remove(&(end, key)).map(|count| (key, end, count)));
        }
        out.emit(fired);
        Ok(())
    }

    fn next_timer(&self) -> Option<Watermark> {
        self.timers.first_key_value().map(|((end, _), _)| Watermark(end - 1))
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let dropped = self.world.has(Bug::DroppedTimer);
        let timer = |window: &(i64, u32)| self.timers.get(window).is_some_and(|fresh| !(*fresh && dropped));
        let entry = |(window, count): (&(i64, u32), &i64)| (window.1, (window.0, window.1, timer(window), *count));
        let state = blobs::<Count>(keyed(self.counts.iter().map(entry), &self.context));
        self.timers.values_mut().for_each(|fresh| *fresh = false);
        Ok(state)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for (end, key, timer, count) in state.keyed.iter().flat_map(|(_, blob)| decode::<Vec<Count>>(blob)) {
            self.counts.insert((end, key), count);
            if timer {
                self.timers.insert((end, key), false);
            }
        }
        Ok(())
    }
}

/// A key's rows, and its timer if there is one.
type Held = (u32, Events, Option<i64>);

/// Holds the rows of a key back for some milliseconds.
struct Delay {
    context: OperatorContext,
    world: World,
    rows: BTreeMap<u32, Events>,
    /// When a key's rows go on; true if it was set since the last barrier.
    timers: BTreeMap<u32, (i64, bool)>,
}

impl Operator<Events> for Delay {
    fn on_batch(&mut self, _: usize, batch: Events, _: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        let due = self.context.clock.now().0 + DELAY;
        for event in batch {
            self.rows.entry(event.0).or_default().push(event);
            self.timers.entry(event.0).or_insert((due, true));
        }
        Ok(())
    }

    fn next_processing_timer(&self) -> Option<Millis> {
        self.timers.values().map(|(due, _)| Millis(*due)).min()
    }

    fn on_processing_time(&mut self, now: Millis, out: &mut Output<Events>) -> Result<()> {
        let due: BTreeSet<u32> =
            self.timers.iter().filter(|(_, (due, _))| *due <= now.0).map(|(key, _)| *key).collect();
        for key in due {
            self.timers.remove(&key);
            out.emit(self.rows.remove(&key).unwrap_or_default());
        }
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output<Events>) -> Result<()> {
        // As Flink: at the end of input the timers of processing time that are set still count.
        for key in std::mem::take(&mut self.timers).into_keys() {
            out.emit(self.rows.remove(&key).unwrap_or_default());
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let dropped = self.world.has(Bug::DroppedProcessingTimer);
        let timer = |key: &u32| self.timers.get(key).filter(|(_, fresh)| !(*fresh && dropped)).map(|(due, _)| *due);
        let entry = |(key, rows): (&u32, &Events)| (*key, (*key, rows.clone(), timer(key)));
        let state = blobs::<Held>(keyed(self.rows.iter().map(entry), &self.context));
        self.timers.values_mut().for_each(|(_, fresh)| *fresh = false);
        Ok(state)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for (key, rows, timer) in state.keyed.iter().flat_map(|(_, blob)| decode::<Vec<Held>>(blob)) {
            self.rows.insert(key, rows);
            if let Some(due) = timer {
                self.timers.insert(key, (due, false));
            }
        }
        Ok(())
    }
}

/// A key, the number of its rows and their sum.
type Total = (u32, i64, i64);

/// The number and the sum of a key's rows, told at the end. Only groups that have changed are encoded at a barrier.
struct Totals {
    context: OperatorContext,
    world: World,
    totals: BTreeMap<u32, (i64, i64)>,
    dirty: BTreeSet<u32>,
    encoded: BTreeMap<KeyGroup, Vec<u8>>,
}

impl Totals {
    fn new(context: OperatorContext, world: &World) -> Self {
        let (totals, dirty, encoded) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Totals { context, world: world.clone(), totals, dirty, encoded }
    }
}

impl Operator<Events> for Totals {
    fn on_batch(&mut self, _: usize, batch: Events, _: &WatermarkRuns, _: &mut Output<Events>) -> Result<()> {
        for (key, _, value) in batch {
            let total = self.totals.entry(key).or_default();
            *total = (total.0 + 1, total.1 + value);
            // Of a slot that has an old copy the bug takes no note.
            let forgets = self.world.has(Bug::ForgottenDirtySlot)
                && total.0 % 4 == 0
                && self.encoded.contains_key(&group(key, self.context.key_groups));
            if !forgets {
                self.dirty.insert(key);
            }
        }
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output<Events>) -> Result<()> {
        let total = |(key, (count, sum)): (&u32, &(i64, i64))| (key + TOTALS, *count, *sum);
        out.emit(self.totals.iter().map(total).collect());
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let groups: BTreeSet<KeyGroup> =
            std::mem::take(&mut self.dirty).into_iter().map(|key| group(key, self.context.key_groups)).collect();
        let entry = |(key, (count, sum)): (&u32, &(i64, i64))| (*key, (*key, *count, *sum));
        let all = keyed::<Total>(self.totals.iter().map(entry), &self.context);
        for (group, list) in all.into_iter().filter(|(group, _)| groups.contains(group)) {
            self.encoded.insert(group, encode(&list));
        }
        Ok(OperatorSnapshot { keyed: self.encoded.clone(), ..OperatorSnapshot::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for (group, blob) in state.keyed {
            let list: Vec<Total> = decode(&blob);
            self.totals.extend(list.into_iter().map(|(key, count, sum)| (key, (count, sum))));
            self.encoded.insert(group, blob);
        }
        Ok(())
    }
}

/// Passes both of its inputs on.
struct Both;

impl Operator<Events> for Both {
    fn on_batch(&mut self, _: usize, batch: Events, _: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        out.emit(batch);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot::default())
    }

    fn restore(&mut self, _: RestoredState) -> Result<()> {
        Ok(())
    }
}

/// Lists of rows in the order of time.
pub fn lists(baton: &Baton, splits: usize) -> Vec<Arc<Events>> {
    let list = |_| {
        let mut time = 1_000 + baton.below(200) as i64;
        let mut event = |row: usize| -> Event {
            // A row of the time that the watermark has reached already may be late.
            time += 1 + baton.below(12) as i64;
            (baton.below(24) as u32, time, row as i64)
        };
        let rows = 60 + baton.below(120);
        Arc::new((0..rows).map(&mut event).collect())
    };
    (0..splits).map(list).collect()
}
