//! Every step of a checkpoint's way fails in every manner: each row is committed once all the same.
//!
//! Prints a table of the cells that held. Of all hits only with `MATRIX=all`, as `make chaos` has it; else of the first.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::failpoint::{arm, disarm};
use riverrun_core::{Epoch, KeyGroup, Result};
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::{
    Build, CheckpointConfig, CheckpointSchedule, Flow, Job, JobConfig, JobOptions, Operator, OperatorContext, Output,
    Route, Sink, SinkContext, SinkState, StreamId, WatermarkRuns,
};
use riverrun_state::checkpoint::{BlobStore, History, LocalStore, Put, load};
use riverrun_state::tier::memory::MemoryTier;
use riverrun_state::tier::{EncodeSlots, Resident, SlotValues, StateBackend};
use riverrun_state::{KeyRows, KeyTable, OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use support::*;

/// The steps, from the barrier to the commit and the restore.
const POINTS: &[&str] = &[
    "barrier",
    "source-snapshot",
    "operator-snapshot",
    "state-flush",
    "state-hard-link",
    "sink-snapshot",
    "checkpoint-upload",
    "checkpoint-uploaded",
    "part-report",
    "manifest-put",
    "manifest-put-done",
    "commit-notice",
    "sink-commit",
    "sink-committed",
    "clean-up",
    "clean-up-files",
    "restore",
    "source-restore",
    "sink-restore",
    "sink-restored",
];
const HITS: &[u32] = &[1, 2, 5];
/// What happens there.
const ACTIONS: &[&str] = &["error", "panic", "delay(30ms)", "kill"];

/// What is asked of a child process.
const CHILD: &str = "RIVERRUN_TEST_FAILPOINTS_FOLDER";
const ARMED: &str = "RIVERRUN_TEST_FAILPOINTS_ARMED";

/// What a lane has not committed yet.
type Log = (String, Vec<(u32, Events)>);

/// Commits each epoch of a lane as one file, put if absent: again is nothing new.
struct FileSink {
    target: LocalStore,
    lane: String,
    open: Events,
    log: Vec<(u32, Events)>,
}

impl FileSink {
    fn commit(&self, lane: &str, epoch: u32, rows: &Events) {
        let _: Put = self.target.put_if_absent(&format!("{lane}-{epoch}"), &serde_json::to_vec(rows).unwrap()).unwrap();
    }
}

impl Sink<Events> for FileSink {
    fn write(&mut self, batch: Events) -> Result<()> {
        self.open.extend(batch);
        Ok(())
    }

    fn poll(&mut self) -> Result<SinkState> {
        Ok(SinkState::Done)
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.log.push((epoch.0, std::mem::take(&mut self.open)));
        let log: Log = (self.lane.clone(), self.log.clone());
        Ok(OperatorSnapshot { split: vec![serde_json::to_vec(&log).unwrap()], ..OperatorSnapshot::default() })
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        let (complete, rest) = std::mem::take(&mut self.log).into_iter().partition(|(logged, _)| *logged <= epoch.0);
        self.log = rest;
        let complete: Vec<(u32, Events)> = complete;
        complete.iter().for_each(|(logged, rows)| self.commit(&self.lane, *logged, rows));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.split {
            let (lane, log): Log = serde_json::from_slice(element).unwrap();
            log.iter().for_each(|(epoch, rows)| self.commit(&lane, *epoch, rows));
        }
        Ok(())
    }
}

/// Replaces each number by the sum of its key's numbers so far, which are kept below memory.
struct Sums {
    keys: KeyTable,
    sums: Kept,
    resident: Resident,
}

#[derive(Default)]
struct Kept(Vec<i64>);

impl EncodeSlots for Kept {
    fn encode(&self, slot: u32, out: &mut Vec<u8>) {
        out.extend(self.0[slot as usize].to_le_bytes());
    }
}

impl SlotValues for Kept {
    fn grow(&mut self, slots: usize) {
        self.0.resize(self.0.len().max(slots), 0);
    }

    fn decode(&mut self, slot: u32, _hash: u64, value: &[u8]) -> Result<()> {
        self.0[slot as usize] = i64::from_le_bytes(value.try_into().unwrap());
        Ok(())
    }

    fn evict(&mut self, slot: u32, _hash: u64) {
        self.0[slot as usize] = 0;
    }
}

impl Sums {
    fn new(context: &OperatorContext) -> Self {
        Sums { keys: KeyTable::default(), sums: Kept::default(), resident: context.resident("", None) }
    }
}

impl Operator<Events> for Sums {
    fn on_batch(&mut self, _: usize, batch: Events, _: &WatermarkRuns, out: &mut Output<Events>) -> Result<()> {
        let mut keys = KeyRows::default();
        for (key, ..) in &batch {
            keys.data.extend(key.to_be_bytes());
            keys.ends.push(keys.data.len() as u32);
        }
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        keys.hash_into(&mut hashes);
        self.resident.slots(&mut self.keys, &mut self.sums, &keys, &hashes, &mut slots)?;
        let sums = batch.into_iter().zip(slots).map(|((key, time, number), slot)| {
            let sum = &mut self.sums.0[slot as usize];
            *sum += number;
            (key, time, *sum)
        });
        out.emit(sums.collect());
        self.resident.settle(&mut self.keys, &mut self.sums)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        let ticket = self.resident.freeze(&self.keys, &self.sums)?;
        Ok(ticket.map(OperatorSnapshot::of_tier).unwrap_or_default())
    }

    fn write_behind(&mut self) -> Result<bool> {
        self.resident.advance(&self.keys, &self.sums)
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.resident.restore(&state.tier("")?, &mut self.keys, &mut self.sums)
    }
}

/// Counts per window and key, and their sums so far.
fn counts(flow: &mut Flow<'_, Events>, rows: StreamId) -> Result<StreamId> {
    let counts =
        flow.operator("counts", "counts", vec![(rows, by_key())], |context| Ok(Box::new(WindowCount::new(context))))?;
    flow.operator("sums", "sums", vec![(counts, Route::Local)], |context| Ok(Box::new(Sums::new(&context))))
}

fn options() -> JobOptions {
    let state = StateBackend::tiered(Arc::new(MemoryTier), 2, 1).unwrap().from_bytes(0);
    JobOptions { state, ..JobOptions::default() }
}

/// What is committed when nothing fails.
fn undisturbed(lists: &[Arc<Events>]) -> Events {
    let collected = Collected::default();
    let (lists, to) = (lists.to_vec(), collected.clone());
    let build: Build<Events> = Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, None)?;
        let sums = counts(flow, rows)?;
        collect(flow, (sums, Route::Local), &to)
    });
    let config = JobConfig { options: options(), ..JobConfig::new("test") };
    finish(&Job::start(config, build).unwrap()).unwrap();
    collected.all()
}

fn job(lists: &[Arc<Events>], gate: &Arc<Gate>, target: PathBuf) -> Build<Events> {
    let (lists, gate) = (lists.to_vec(), gate.clone());
    Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, Some(&gate))?;
        let sums = counts(flow, rows)?;
        let make = |context: SinkContext| {
            let (target, lane) = (LocalStore::new(&target), format!("lane-{}", context.worker));
            Ok(Box::new(FileSink { target, lane, open: Vec::new(), log: Vec::new() }) as Box<_>)
        };
        flow.sink("sink", "sink", (sums, Route::Local), make)
    })
}

/// One start: goes on from the last checkpoint, to the end or to the first failure.
fn start_once(folder: &Path, lists: &[Arc<Events>], generation: u64) -> Result<()> {
    let store: Arc<dyn BlobStore> = Arc::new(LocalStore::new(folder.join("state")));
    let manifest = History::new(store.clone()).latest()?;
    let restored = manifest.as_ref().map(|manifest| load(&*store, manifest, |_: KeyGroup| true)).transpose()?;
    let schedule = CheckpointSchedule { interval: Some(Duration::from_millis(3)), ..CheckpointSchedule::default() };
    let config = JobConfig {
        restore: restored.map(Arc::new),
        checkpoints: Some(CheckpointConfig {
            store,
            base: manifest.map(Arc::new),
            plan: 1,
            signatures: BTreeMap::new(),
            schedule,
        }),
        identity: JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false },
        options: options(),
        ..JobConfig::new("test").parallelism(1 + generation as usize % 3)
    };
    let gate = Arc::new(Gate::default());
    let running = Job::start(config, job(lists, &gate, folder.join("out")))?;
    // Enough checkpoints for the fifth hit of every point; a failure may end it before.
    for _ in 0..2_000 {
        if running.wait_timeout(Duration::ZERO).is_some() || running.checkpoint_status().unwrap().completed >= 6 {
            break;
        }
        gate.open(1);
        std::thread::sleep(Duration::from_millis(1));
    }
    if generation == 1 {
        // A crash of its own, so that the restore is on the way too.
        running.cancel();
        finish(&running)?;
        return start_once(folder, lists, generation + 1);
    }
    gate.open(usize::MAX);
    finish(&running)
}

/// Starts until it ends well; every start is a generation of its own.
fn start_until_good(folder: &Path, lists: &[Arc<Events>]) {
    let mut said = Vec::new();
    for attempt in 0..12 {
        // The first start is two.
        let generation = if attempt == 0 { 1 } else { attempt + 2 };
        // Reading the checkpoint back happens on this thread.
        match catch_unwind(AssertUnwindSafe(|| start_once(folder, lists, generation))) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => said.push(error.message().to_owned()),
            Err(_) => said.push("panicked".to_owned()),
        }
    }
    panic!("it never ended well: {said:?}");
}

fn committed(folder: &Path) -> Events {
    let target = LocalStore::new(folder.join("out"));
    let mut rows: Events = Vec::new();
    // A death in the middle of a put leaves a hidden file.
    for file in target.list("").unwrap().iter().filter(|file| !file.name.starts_with('.')) {
        let part: Events = serde_json::from_slice(&target.get(&file.name).unwrap().unwrap()).unwrap();
        rows.extend(part);
    }
    rows.sort_unstable();
    rows
}

fn input() -> Vec<Arc<Events>> {
    ordered_lists(3, 4_000)
}

/// The process that is killed, and the one that goes on after it.
#[test]
fn a_child_of_the_matrix() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    arm(&std::env::var(ARMED).unwrap_or_default()).unwrap();
    start_until_good(Path::new(&folder), &input());
}

fn spawn(folder: &Path, armed: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_child_of_the_matrix"])
        .envs([(CHILD, folder.to_str().unwrap()), (ARMED, armed)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.unwrap().success()
}

#[test]
fn every_row_is_committed_once_whatever_fails_wherever() {
    riverrun_runtime::install_panic_hook();
    let lists = input();
    let expected = undisturbed(&lists);
    let (mut ran, mut failed) = (0, Vec::new());
    let only = std::env::var("POINT").ok();
    let hits = if std::env::var("MATRIX").is_ok_and(|matrix| matrix == "all") { HITS } else { &HITS[..1] };
    println!("{:22} {:>8} {:>8} {:>8} {:>8}", "point", "error", "panic", "delay", "kill");
    for point in POINTS.iter().filter(|point| only.as_deref().is_none_or(|only| only == **point)) {
        let mut line = format!("{point:22}");
        for action in ACTIONS {
            let mut held = 0;
            for hit in hits {
                ran += 1;
                let folder = tempfile::tempdir().unwrap();
                let armed = format!("{action}@{point}:{hit}");
                if *action == "kill" {
                    // A point that is not hit so often kills nobody; otherwise the next process goes on.
                    let _ = spawn(folder.path(), &armed) || spawn(folder.path(), "");
                } else {
                    arm(&armed).unwrap();
                    start_until_good(folder.path(), &lists);
                    disarm();
                }
                if committed(folder.path()) == expected {
                    held += 1;
                } else {
                    failed.push(format!("{point} {action} hit {hit}"));
                }
            }
            line += &format!(" {:>8}", format!("{held}/{}", hits.len()));
        }
        println!("{line}");
    }
    println!("{ran} cells ran, {} held", ran - failed.len());
    assert!(failed.is_empty(), "{failed:?}");
}
