//! Jobs whose state is durable: crashed at any time and gone on from the last checkpoint, every row is committed once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use riverrun_core::{Epoch, Error, KeyGroup, Result};
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::{
    Build, CheckpointConfig, CheckpointSchedule, Job, JobConfig, JobHandle, ProcessLayout, Route, Sink, SinkContext,
    SinkState, SourceContext, SourceOutput, SourceReader, SourceState,
};
use riverrun_state::checkpoint::testing::{Fault, FaultyStore};
use riverrun_state::checkpoint::{BlobStore, History, LocalStore, Manifest, load, verify};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::*;

/// What a lane has not committed yet: its name, and rows by epoch.
type Log = (String, Vec<(u32, Events)>);

/// A database with commit tokens.
#[derive(Clone, Default)]
struct Database(Arc<Mutex<(BTreeMap<String, u32>, Events)>>);

impl Database {
    /// Rows and token in one transaction; what the token has passed already is nothing new.
    fn commit(&self, lane: &str, epoch: u32, rows: &Events) {
        let mut state = self.0.lock().unwrap();
        if state.0.get(lane).is_none_or(|token| *token < epoch) {
            state.0.insert(lane.to_owned(), epoch);
            state.1.extend(rows);
        }
    }

    fn rows(&self) -> Events {
        let mut rows = self.0.lock().unwrap().1.clone();
        rows.sort_unstable();
        rows
    }
}

/// Logs rows by epoch, and commits what has been decided.
struct CommitSink {
    database: Database,
    lane: String,
    open: Events,
    log: Vec<(u32, Events)>,
}

impl CommitSink {
    fn new(context: &SinkContext, database: &Database) -> Self {
        assert!(context.job.checkpoints);
        let lane = format!("{}-{}", context.job.id, context.worker);
        CommitSink { database: database.clone(), lane, open: Vec::new(), log: Vec::new() }
    }
}

impl Sink<Events> for CommitSink {
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
        complete.iter().for_each(|(logged, rows)| self.database.commit(&self.lane, *logged, rows));
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for element in &state.split {
            let (lane, log): Log = serde_json::from_slice(element).unwrap();
            log.iter().for_each(|(epoch, rows)| self.database.commit(&lane, *epoch, rows));
        }
        Ok(())
    }
}

/// Lists → window counts by key → a committing sink.
fn job(lists: &[Arc<Events>], gate: &Arc<Gate>, database: &Database) -> Build<Events> {
    let (lists, gate, database) = (lists.to_vec(), gate.clone(), database.clone());
    Arc::new(move |flow| {
        let rows = list_source(flow, "events", &lists, 16, Some(&gate))?;
        let counts = flow
            .operator("counts", "counts", vec![(rows, by_key())], |context| Ok(Box::new(WindowCount::new(context))))?;
        let make = |context: SinkContext| Ok(Box::new(CommitSink::new(&context, &database)) as Box<_>);
        flow.sink("sink", "sink", (counts, Route::Local), make)
    })
}

fn store(folder: &Path) -> Arc<dyn BlobStore> {
    Arc::new(LocalStore::new(folder))
}

fn latest(store: &Arc<dyn BlobStore>) -> Option<Manifest> {
    History::new(store.clone()).latest().unwrap()
}

fn every(interval: Duration) -> CheckpointSchedule {
    CheckpointSchedule { interval: Some(interval), ..CheckpointSchedule::default() }
}

/// The settings of a start that goes on from `manifest`.
fn config(
    store: &Arc<dyn BlobStore>,
    manifest: Option<&Manifest>,
    generation: u64,
    parallelism: usize,
    schedule: CheckpointSchedule,
) -> JobConfig {
    JobConfig {
        restore: manifest.map(|manifest| Arc::new(load(&**store, manifest, |_: KeyGroup| true).unwrap())),
        checkpoints: Some(CheckpointConfig {
            store: store.clone(),
            base: manifest.cloned().map(Arc::new),
            plan: 1,
            signatures: BTreeMap::new(),
            schedule,
        }),
        identity: JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false },
        ..JobConfig::new("test").parallelism(parallelism)
    }
}

/// Says what is missing and what is too much.
fn assert_same(found: &Events, expected: &Events, seed: u64) {
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
    let surplus: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "seed {seed}: missing {missing:?}, too much {surplus:?}");
    assert_eq!(found.len(), expected.len(), "seed {seed}: rows were committed twice");
}

fn expected(lists: &[Arc<Events>]) -> Events {
    let undisturbed = Collected::default();
    finish(&start(1, window_job(lists, None, &undisturbed))).unwrap();
    undisturbed.all()
}

/// Lets a source read a little at a time, until told to end.
fn trickle(gate: &Arc<Gate>, steps: usize) {
    for _ in 0..steps {
        gate.open(1);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_job_that_is_crashed_again_and_again_commits_every_row_once() {
    let lists = ordered_lists(4, 600);
    let expected = expected(&lists);
    for seed in 0..4_u64 {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let database = Database::default();
        for generation in 1.. {
            let manifest = latest(&store);
            let parallelism = [1, 2, 4, 3][(seed + generation) as usize % 4];
            let gate = Arc::new(Gate::default());
            let config = config(&store, manifest.as_ref(), generation, parallelism, every(Duration::from_millis(8)));
            let running = Job::start(config, job(&lists, &gate, &database)).unwrap();
            if generation == 6 {
                gate.open(usize::MAX);
                finish(&running).unwrap();
                break;
            }
            trickle(&gate, ((seed * 7 + generation * 13) % 40) as usize + 5);
            running.cancel();
            finish(&running).unwrap();
        }
        assert_same(&database.rows(), &expected, seed);
        let last = latest(&store).unwrap();
        assert!(last.body.finished);
        assert_eq!(verify(&*store, &last), Vec::<String>::new());

        // A finished job that is started again has nothing left to do.
        let again = config(&store, Some(&last), 7, 2, every(Duration::from_millis(8)));
        finish(&Job::start(again, job(&lists, &Arc::new(Gate::default()), &database)).unwrap()).unwrap();
        assert_eq!(database.rows(), expected);
    }
}

/// The settings of all processes of a start.
fn processes(count: usize, config: &JobConfig) -> Vec<JobConfig> {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    let layout = |index| ProcessLayout {
        listener: (index == 0).then(|| listener.clone()),
        job_id: config.identity.id.clone(),
        generation: config.identity.generation,
        ..ProcessLayout::new(count, index, address.clone())
    };
    (0..count).map(|index| JobConfig { processes: Some(layout(index)), ..config.clone() }).collect()
}

fn start_all(configs: Vec<JobConfig>, build: &Build<Events>) -> Vec<JobHandle> {
    let start = |config| {
        let build = build.clone();
        std::thread::spawn(move || Job::start(config, build).unwrap())
    };
    let threads: Vec<_> = configs.into_iter().map(start).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn every_process_writes_its_own_parts_and_one_manifest_names_them_all() {
    let lists = ordered_lists(4, 8000);
    let expected = expected(&lists);
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let database = Database::default();
    for (generation, count, parallelism) in [(1, 2, 2), (2, 2, 4), (3, 1, 2), (4, 3, 3), (5, 2, 2)] {
        let manifest = latest(&store);
        let gate = Arc::new(Gate::default());
        let config = config(&store, manifest.as_ref(), generation, parallelism, every(Duration::from_millis(20)));
        let configs = if count == 1 { vec![config] } else { processes(count, &config) };
        let jobs = start_all(configs, &job(&lists, &gate, &database));
        if generation == 5 {
            gate.open(usize::MAX);
        } else {
            let before = manifest.as_ref().map_or(0, |manifest| manifest.body.id);
            trickle(&gate, 100);
            let start = Instant::now();
            while latest(&store).is_none_or(|manifest| manifest.body.id <= before + 1) {
                assert!(start.elapsed() < PATIENCE, "no checkpoints in generation {generation}");
                gate.open(1);
                std::thread::sleep(Duration::from_millis(20));
            }
            jobs[0].cancel();
        }
        for job in &jobs {
            finish(job).unwrap();
        }
        let writers = latest(&store).unwrap().operators["counts"].parts.len();
        assert!(generation != 2 || writers == 4);
    }
    assert_eq!(database.rows(), expected);
}

#[test]
fn a_stopped_job_goes_on_where_it_stopped() {
    let lists = ordered_lists(4, 400);
    let expected = expected(&lists);
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let database = Database::default();
    let gate = Arc::new(Gate::default());
    let running =
        Job::start(config(&store, None, 1, 2, CheckpointSchedule::default()), job(&lists, &gate, &database)).unwrap();
    trickle(&gate, 30);
    running.stop();
    finish(&running).unwrap();
    let stopped = latest(&store).unwrap();
    assert!(!stopped.body.finished);
    assert_eq!(running.checkpoint_status().unwrap().completed, 1);
    gate.open(usize::MAX);
    let again = config(&store, Some(&stopped), 2, 4, CheckpointSchedule::default());
    finish(&Job::start(again, job(&lists, &gate, &database)).unwrap()).unwrap();
    assert_eq!(database.rows(), expected);
}

#[test]
fn a_savepoint_is_taken_while_the_job_runs_or_as_its_last_act() {
    let lists = ordered_lists(4, 400);
    let expected = expected(&lists);
    for stop in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let job_store = store(&folder.path().join("job"));
        let target = store(&folder.path().join("savepoint"));
        let (before, after) = <(Database, Database)>::default();
        let gate = Arc::new(Gate::default());
        let schedule = every(Duration::from_millis(10));
        let running =
            Job::start(config(&job_store, None, 1, 2, schedule.clone()), job(&lists, &gate, &before)).unwrap();
        trickle(&gate, 30);
        let savepoint = running.savepoint(target.clone(), stop).unwrap();
        if stop {
            finish(&running).unwrap();
        } else {
            trickle(&gate, 5);
            running.cancel();
            finish(&running).unwrap();
        }
        // It needs nothing of the job's own folder.
        std::fs::rename(folder.path().join("job"), folder.path().join("gone")).unwrap();
        assert_eq!(verify(&*target, &savepoint), Vec::<String>::new());
        gate.open(usize::MAX);
        // Another job, in another folder, at another parallelism.
        let mut other = config(&target, Some(&savepoint), 1, 3, schedule);
        other.identity.id = "other".into();
        let checkpoints = other.checkpoints.as_mut().unwrap();
        (checkpoints.store, checkpoints.base) = (job_store, None);
        finish(&Job::start(other, job(&lists, &gate, &after)).unwrap()).unwrap();
        if stop {
            let mut rows = before.rows();
            rows.extend(after.rows());
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows, expected);
        } else {
            assert!(after.rows().iter().all(|row| expected.contains(row)));
        }
        let error = running.savepoint(target, false).unwrap_err();
        assert_eq!(error.message(), "the job has ended");
    }
}

#[test]
fn a_failed_checkpoint_leaves_its_output_to_the_next() {
    let lists = ordered_lists(4, 400);
    let expected = expected(&lists);
    for at in [0, 4, 5, 6, 7, 8, 9, 10, 13, 17, 22] {
        let folder = tempfile::tempdir().unwrap();
        let good = store(folder.path());
        let faulty: Arc<dyn BlobStore> = Arc::new(FaultyStore::new(good.clone(), at, Fault::Refused, false));
        let database = Database::default();
        let gate = Arc::new(Gate::default());
        let config = config(&faulty, None, 1, 2, every(Duration::from_millis(5)));
        let Ok(running) = Job::start(config, job(&lists, &gate, &database)) else {
            assert!(at < 4, "only a store that can't be listed keeps a job from its start");
            continue;
        };
        trickle(&gate, 40);
        gate.open(usize::MAX);
        finish(&running).unwrap();
        assert_eq!(database.rows(), expected, "fault at {at}");
        assert!(latest(&good).unwrap().body.finished);
    }
}

/// A source that counts its snapshots and what it is told of them.
struct Told {
    list: ListSource,
    snapshots: Arc<AtomicUsize>,
    complete: Arc<Mutex<Vec<Epoch>>>,
}

impl SourceReader<Events> for Told {
    fn poll(&mut self, out: &mut SourceOutput<Events>) -> Result<SourceState> {
        self.list.poll(out)
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.snapshots.fetch_add(1, Ordering::SeqCst);
        self.list.snapshot()
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.complete.lock().unwrap().push(epoch);
        Ok(())
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.list.restore(state)
    }
}

#[test]
fn a_source_is_told_of_each_snapshot_also_of_one_whose_checkpoint_has_failed() {
    let lists = ordered_lists(1, 400);
    for at in 4..16 {
        let folder = tempfile::tempdir().unwrap();
        let faulty: Arc<dyn BlobStore> = Arc::new(FaultyStore::new(store(folder.path()), at, Fault::Refused, false));
        let (snapshots, complete) = <(Arc<AtomicUsize>, Arc<Mutex<Vec<Epoch>>>)>::default();
        let (lists, gate, taken, told) =
            (lists.clone(), Arc::new(Gate::default()), snapshots.clone(), complete.clone());
        let gated = gate.clone();
        let build: Build<Events> = Arc::new(move |flow| {
            let make = |context: SourceContext| {
                let list = ListSource::new(&context, &lists, 16).gated(&gated, &context);
                Ok(Box::new(Told { list, snapshots: taken.clone(), complete: told.clone() }) as Box<_>)
            };
            let rows = flow.source("events", "events", make, None)?.rows;
            collect(flow, (rows, Route::Local), &Collected::default())
        });
        let running = Job::start(config(&faulty, None, 1, 1, every(Duration::from_millis(5))), build).unwrap();
        trickle(&gate, 30);
        gate.open(usize::MAX);
        finish(&running).unwrap();
        let complete = complete.lock().unwrap();
        assert!(
            complete.is_sorted() && complete.len() == snapshots.load(Ordering::SeqCst),
            "fault at {at}: {complete:?}"
        );
    }
}

#[test]
fn more_failed_checkpoints_than_tolerated_fail_the_job() {
    let lists = ordered_lists(4, 400);
    let folder = tempfile::tempdir().unwrap();
    let broken: Arc<dyn BlobStore> = Arc::new(FaultyStore::new(store(folder.path()), 4, Fault::Refused, true));
    let gate = Arc::new(Gate::default());
    let schedule = CheckpointSchedule { tolerable_failures: Some(2), ..every(Duration::from_millis(5)) };
    let running = Job::start(config(&broken, None, 1, 2, schedule), job(&lists, &gate, &Database::default())).unwrap();
    trickle(&gate, 10);
    let error = finish(&running).unwrap_err();
    assert!(error.message().starts_with("too many checkpoints have failed"), "{error:?}");
    assert!(error.message().ends_with("the store is broken"), "{error:?}");
    assert_eq!(running.checkpoint_status().unwrap().failed, 3);
}

#[test]
fn a_job_whose_last_checkpoint_cannot_be_written_fails() {
    let lists = ordered_lists(2, 50);
    let folder = tempfile::tempdir().unwrap();
    let broken: Arc<dyn BlobStore> = Arc::new(FaultyStore::new(store(folder.path()), 3, Fault::Refused, true));
    let gate = Arc::new(Gate::default());
    gate.open(usize::MAX);
    let database = Database::default();
    let config = config(&broken, None, 1, 2, CheckpointSchedule::default());
    let error = finish(&Job::start(config, job(&lists, &gate, &database)).unwrap()).unwrap_err();
    assert_eq!(error.message(), "the last checkpoint could not be written: the store is broken");
    assert_eq!(database.rows(), []);
}

#[test]
fn a_generation_that_was_overtaken_ends_without_a_commit() {
    let lists = ordered_lists(4, 400);
    let expected = expected(&lists);
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (old, new) = <(Database, Database)>::default();
    let stale_gate = Arc::new(Gate::default());
    let never = CheckpointSchedule::default();
    let stale = Job::start(config(&store, None, 1, 2, never.clone()), job(&lists, &stale_gate, &old)).unwrap();
    trickle(&stale_gate, 5);
    let gate = Arc::new(Gate::default());
    gate.open(usize::MAX);
    finish(&Job::start(config(&store, None, 2, 2, never), job(&lists, &gate, &new)).unwrap()).unwrap();
    stale_gate.open(usize::MAX);
    let error = finish(&stale).unwrap_err();
    assert_eq!(error.message(), "another start of this job has taken over");
    assert_eq!((old.rows(), new.rows()), (Vec::new(), expected));
}

#[test]
fn a_checkpoint_that_takes_too_long_has_failed_and_the_job_goes_on() {
    let lists = ordered_lists(2, 100);
    let expected = expected(&lists);
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn BlobStore> = Arc::new(SlowStore(store(folder.path())));
    let database = Database::default();
    let gate = Arc::new(Gate::default());
    let schedule = CheckpointSchedule { timeout: Duration::from_millis(10), ..every(Duration::from_millis(10)) };
    let running = Job::start(config(&store, None, 1, 2, schedule), job(&lists, &gate, &database)).unwrap();
    let mut status = running.checkpoint_status().unwrap();
    while status.failed == 0 {
        std::thread::sleep(Duration::from_millis(5));
        status = running.checkpoint_status().unwrap();
    }
    let failure: Error = status.last_failure.unwrap();
    assert_eq!(failure.message(), "the checkpoint was not complete within 0.01 s");
    gate.open(usize::MAX);
    finish(&running).unwrap();
    assert_eq!(database.rows(), expected);
}

#[test]
fn between_the_end_of_a_checkpoint_and_the_next_barrier_there_is_a_pause() {
    let lists = ordered_lists(2, 20_000);
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let gate = Arc::new(Gate::default());
    let (min_pause, retained) = (Duration::from_millis(25), 100);
    let schedule = CheckpointSchedule { min_pause, retained, ..every(Duration::from_millis(1)) };
    let running = Job::start(config(&store, None, 1, 2, schedule), job(&lists, &gate, &Database::default())).unwrap();
    while running.checkpoint_status().unwrap().completed < 4 {
        assert!(running.wait_timeout(Duration::ZERO).is_none(), "the input has ended first");
        trickle(&gate, 1);
    }
    gate.open(usize::MAX);
    finish(&running).unwrap();
    let manifests: Vec<Manifest> =
        History::new(store).entries().unwrap().into_iter().map(|e| e.manifest.unwrap()).collect();
    // The last one is not for the clock: it is taken when the input has ended.
    for pair in manifests[..manifests.len() - 1].windows(2) {
        let pause = pair[1].body.started.0 - pair[0].body.completed.0;
        assert!(pause >= min_pause.as_millis() as i64 - 1, "{pause} ms");
    }
}

/// Takes its time to write.
#[derive(Debug)]
struct SlowStore(Arc<dyn BlobStore>);

impl BlobStore for SlowStore {
    fn describe(&self, name: &str) -> String {
        self.0.describe(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        std::thread::sleep(Duration::from_millis(30));
        self.0.put(name, bytes)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<riverrun_state::checkpoint::Put> {
        self.0.put_if_absent(name, bytes)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.0.get(name)
    }

    fn list(&self, folder: &str) -> Result<Vec<riverrun_state::checkpoint::StoredFile>> {
        self.0.list(folder)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.0.delete(name)
    }
}
