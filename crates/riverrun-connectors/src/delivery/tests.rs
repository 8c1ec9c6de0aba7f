//! Writers against a system in memory that loses connections, and jobs that crash between any two steps.

use super::*;
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch};
use arrow::datatypes::Int32Type;
use riverrun_core::clock::{Clock, ManualClock};
use riverrun_core::{Epoch, Millis, Result, RowBatch};
use riverrun_runtime::{JobIdentity, Sink, SinkContext, SinkState};
use riverrun_state::RestoredState;
use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

/// Only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A system that keeps rows and tokens, as all targets of one test see it.
#[derive(Clone, Default)]
struct System(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rows: Vec<i32>,
    tokens: HashMap<LaneName, (u64, Option<Epoch>)>,
    /// How often a token was set without rows.
    set: usize,
    /// Nobody gets an answer.
    away: bool,
    /// After so many more commits the answer is lost, though they stand.
    lose_answer_in: Option<usize>,
}

impl System {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn rows(&self) -> Vec<i32> {
        let mut rows = self.state().rows.clone();
        rows.sort_unstable();
        rows
    }
}

fn away() -> Trouble {
    Trouble::Away(Error::failure("nobody there"))
}

fn ids(batches: &[RowBatch]) -> Vec<i32> {
    batches.iter().flat_map(|batch| batch.columns.column(0).as_primitive::<Int32Type>().values().to_vec()).collect()
}

impl Target for System {
    fn write(&mut self, batches: &[RowBatch]) -> Outcome<()> {
        let mut state = self.state();
        if state.away {
            return Err(away());
        }
        state.rows.extend(ids(batches));
        Ok(())
    }

    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>> {
        let mut state = self.state();
        if state.away {
            return Err(away());
        }
        let entry = state.tokens.entry(lane.clone()).or_insert((generation, None));
        if entry.0 > generation {
            return Err(fenced(lane));
        }
        entry.0 = generation;
        Ok(entry.1)
    }

    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>> {
        let state = self.state();
        if state.away { Err(away()) } else { Ok(state.tokens.get(lane).and_then(|(_, token)| *token)) }
    }

    fn commit(&mut self, commit: &Commit, batches: &[RowBatch]) -> Outcome<Committed> {
        let Commit { lane, generation, before, epoch } = commit;
        let mut state = self.state();
        if state.away {
            return Err(away());
        }
        let (owner, token) = state.tokens[lane];
        if owner != *generation {
            return Err(fenced(lane));
        }
        if token >= Some(*epoch) || token < *before {
            return Ok(commit.standing(token));
        }
        state.tokens.insert(lane.clone(), (owner, Some(*epoch)));
        state.rows.extend(ids(batches));
        match &mut state.lose_answer_in {
            Some(0) => {
                state.lose_answer_in = None;
                return Err(away());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(Committed::Done)
    }

    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()> {
        let mut state = self.state();
        if state.away {
            return Err(away());
        }
        state.tokens.insert(lane.clone(), (generation, Some(epoch)));
        state.set += 1;
        Ok(())
    }

    fn disconnect(&mut self) {}
}

/// A system of which only its answer to a write matters.
struct Writing<F>(F);

impl<F: FnMut() -> Outcome<()> + Send + 'static> Target for Writing<F> {
    fn write(&mut self, _: &[RowBatch]) -> Outcome<()> {
        (self.0)()
    }

    fn fence(&mut self, _: &LaneName, _: u64) -> Outcome<Option<Epoch>> {
        Ok(None)
    }

    fn token(&mut self, _: &LaneName) -> Outcome<Option<Epoch>> {
        Ok(None)
    }

    fn commit(&mut self, _: &Commit, _: &[RowBatch]) -> Outcome<Committed> {
        Ok(Committed::Done)
    }

    fn set_token(&mut self, _: &LaneName, _: u64, _: Epoch) -> Outcome<()> {
        Ok(())
    }

    fn disconnect(&mut self) {}
}

fn spec(guarantee: Guarantee) -> DeliverySpec {
    DeliverySpec {
        table: "t".into(),
        columns: columns(&["id"]),
        lanes: None,
        guarantee,
        key: vec![],
        single: false,
        max_rows: 1,
        max_bytes: 1000,
        retries: 3,
        refresh: None,
    }
}

fn columns(names: &[&str]) -> Columns {
    Columns(names.iter().map(|name| ((*name).to_owned(), "INT".to_owned())).collect())
}

fn context(worker: usize, parallelism: usize, generation: u64) -> SinkContext {
    SinkContext {
        worker,
        parallelism,
        clock: Arc::new(ManualClock::default()),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false },
        id: "sink:t".into(),
        key_groups: 128,
    }
}

fn writer(system: &System, guarantee: Guarantee, context: SinkContext) -> DeliveryWriter {
    DeliveryWriter::start(spec(guarantee), system.clone(), Stop::default(), context).unwrap()
}

fn batch(ids: &[i32]) -> RowBatch {
    let column: ArrayRef = Arc::new(Int32Array::from(ids.to_vec()));
    RowBatch::append(RecordBatch::try_from_iter([("id", column)]).unwrap())
}

fn settle(sink: &mut DeliveryWriter) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while sink.poll()? != SinkState::Done {
        assert!(Instant::now() < end, "it is never done");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn snapshot(sink: &mut DeliveryWriter, epoch: u32) -> Vec<Vec<u8>> {
    sink.snapshot(Epoch(epoch)).unwrap().union
}

/// The writers of a job that goes on from these parts.
fn restored(
    system: &System,
    guarantee: Guarantee,
    parts: &[Vec<u8>],
    parallelism: usize,
    generation: u64,
) -> Vec<DeliveryWriter> {
    let start = |worker| {
        let mut sink = writer(system, guarantee, context(worker, parallelism, generation));
        sink.restore(RestoredState { union: parts.to_vec(), ..RestoredState::default() }).unwrap();
        sink
    };
    (0..parallelism).map(start).collect()
}

#[test]
fn rows_stand_when_their_epoch_is_decided_and_not_before() {
    let system = System::default();
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    snapshot(&mut sink, 0);
    sink.write(batch(&[2])).unwrap();
    sink.on_epoch_complete(Epoch(0)).unwrap();
    while system.rows().is_empty() {
        sink.poll().unwrap();
    }
    assert_eq!(system.rows(), [1]);
}

#[test]
fn what_a_failed_checkpoint_would_have_written_belongs_to_the_next() {
    let system = System::default();
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    for epoch in 0..3 {
        sink.write(batch(&[epoch])).unwrap();
        snapshot(&mut sink, epoch as u32);
    }
    sink.on_epoch_complete(Epoch(2)).unwrap();
    settle(&mut sink).unwrap();
    assert_eq!(system.rows(), [0, 1, 2]);
}

#[test]
fn a_barrier_does_not_wait_for_a_system_that_is_away() {
    let system = System::default();
    system.state().away = true;
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    for epoch in 0..3 {
        sink.write(batch(&[epoch])).unwrap();
        let parts = snapshot(&mut sink, epoch as u32);
        assert_eq!(LanePart::decode(&parts[0]).unwrap().logs.len(), epoch as usize + 1);
        sink.on_epoch_complete(Epoch(epoch as u32)).unwrap();
    }
    assert!(sink.ready());
    sink.write(batch(&[9; 1000])).unwrap();
    assert!(!sink.ready(), "the sources wait when the log is full");
    snapshot(&mut sink, 3);
    sink.on_epoch_complete(Epoch(3)).unwrap();
    system.state().away = false;
    settle(&mut sink).unwrap();
    assert_eq!(system.rows()[..4], [0, 1, 2, 9]);
    assert!(sink.ready());
}

#[test]
fn a_commit_whose_answer_was_lost_is_not_repeated() {
    let system = System::default();
    system.state().lose_answer_in = Some(0);
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    snapshot(&mut sink, 0);
    sink.on_epoch_complete(Epoch(0)).unwrap();
    settle(&mut sink).unwrap();
    assert_eq!(system.rows(), [1]);
}

/// An epoch of one row, decided and written.
fn commit_one(sink: &mut DeliveryWriter, epoch: u32) -> Result<()> {
    sink.write(batch(&[epoch as i32]))?;
    snapshot(sink, epoch);
    sink.on_epoch_complete(Epoch(epoch))?;
    settle(sink)
}

#[test]
fn commits_that_a_system_has_lost_are_not_passed_over() {
    let system = System::default();
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    commit_one(&mut sink, 0).unwrap();
    commit_one(&mut sink, 1).unwrap();
    let lane = LaneName { job: "job".into(), sink: "sink:t".into(), lane: 0 };
    // A copy takes over that had not got the last one.
    system.state().tokens.insert(lane, (1, Some(Epoch(0))));
    system.state().rows.pop();
    let error = commit_one(&mut sink, 2).unwrap_err();
    assert_eq!(error.message(), "table 't' has lost its commit token: epoch 1 was committed, it says epoch 0");
    assert!(error.hint_text().unwrap().contains("has a copy of it taken over that lagged behind?"), "{error}");
    assert_eq!(system.rows(), [0]);
}

#[test]
fn the_token_of_a_lane_without_rows_is_written_once_more_in_time() {
    let system = System::default();
    let clock = Arc::new(ManualClock::default());
    let context = SinkContext { clock: clock.clone(), ..context(0, 1, 1) };
    let spec = DeliverySpec { refresh: Some(Millis(1_000)), ..spec(Guarantee::ExactlyOnce) };
    let mut sink = DeliveryWriter::start(spec, system.clone(), Stop::default(), context).unwrap();
    let pass = |sink: &mut DeliveryWriter, millis| {
        clock.set(Millis(clock.now().0 + millis));
        snapshot(sink, 9);
        sink.on_epoch_complete(Epoch(9)).unwrap();
        settle(sink).unwrap();
        system.state().set
    };
    assert_eq!(pass(&mut sink, 5_000), 0, "there is none yet");
    commit_one(&mut sink, 0).unwrap();
    assert_eq!(pass(&mut sink, 999), 0);
    assert_eq!(pass(&mut sink, 1), 1);
    assert_eq!(pass(&mut sink, 999), 1);
    assert_eq!(pass(&mut sink, 1_000), 2);
    assert_eq!(system.state().tokens.values().next(), Some(&(1, Some(Epoch(0)))));
    assert_eq!(system.rows(), [0]);
}

#[test]
fn every_checkpoint_can_be_restored_at_any_parallelism_and_twice() {
    for (committed, parallelism) in (0..4).flat_map(|committed| [1, 2, 4].map(|p| (committed, p))) {
        let system = System::default();
        let mut sinks: Vec<_> =
            (0..2).map(|worker| writer(&system, Guarantee::ExactlyOnce, context(worker, 2, 1))).collect();
        let mut parts = Vec::new();
        for epoch in 0..3 {
            parts.clear();
            for (worker, sink) in sinks.iter_mut().enumerate() {
                sink.write(batch(&[epoch * 10 + worker as i32])).unwrap();
                parts.extend(snapshot(sink, epoch as u32));
            }
        }
        // The crash comes when some of the epochs are committed, in one of the lanes.
        if committed > 0 {
            sinks[1].on_epoch_complete(Epoch(committed - 1)).unwrap();
            while system.rows().len() < committed as usize {
                sinks[1].poll().unwrap();
            }
        }
        drop(sinks);
        for generation in 2..4 {
            let mut sinks = restored(&system, Guarantee::ExactlyOnce, &parts, parallelism, generation);
            for sink in &mut sinks {
                sink.poll().unwrap();
            }
            for sink in &mut sinks {
                settle(sink).unwrap();
            }
            assert_eq!(system.rows(), [0, 1, 10, 11, 20, 21], "{committed} committed, {parallelism} workers");
        }
    }
}

#[test]
fn new_rows_come_after_all_old_ones_of_every_lane() {
    let system = System::default();
    let mut sinks: Vec<_> =
        (0..2).map(|worker| writer(&system, Guarantee::ExactlyOnce, context(worker, 2, 1))).collect();
    let mut parts = Vec::new();
    for (worker, sink) in sinks.iter_mut().enumerate() {
        sink.write(batch(&[worker as i32])).unwrap();
        parts.extend(snapshot(sink, 0));
    }
    drop(sinks);
    let mut sinks = restored(&system, Guarantee::ExactlyOnce, &parts, 2, 2);
    // The second worker is late: the first one's new rows wait for what it has to finish.
    sinks[0].write(batch(&[5])).unwrap();
    snapshot(&mut sinks[0], 1);
    sinks[0].on_epoch_complete(Epoch(1)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    sinks[0].poll().unwrap();
    assert_eq!(system.state().rows, [0]);
    sinks[1].poll().unwrap();
    settle(&mut sinks[0]).unwrap();
    assert_eq!(system.state().rows, [0, 1, 5]);
}

#[test]
fn a_checkpoint_taken_while_old_lanes_are_unfinished_still_holds_them() {
    let system = System::default();
    let mut sinks: Vec<_> =
        (0..3).map(|worker| writer(&system, Guarantee::ExactlyOnce, context(worker, 3, 1))).collect();
    let mut parts = Vec::new();
    for (worker, sink) in sinks.iter_mut().enumerate() {
        sink.write(batch(&[worker as i32])).unwrap();
        parts.extend(snapshot(sink, 0));
    }
    drop(sinks);
    system.state().away = true;
    let mut sinks = restored(&system, Guarantee::ExactlyOnce, &parts, 2, 2);
    let mut parts = Vec::new();
    for (worker, sink) in sinks.iter_mut().enumerate() {
        sink.write(batch(&[10 + worker as i32])).unwrap();
        parts.extend(snapshot(sink, 1));
    }
    drop(sinks);
    system.state().away = false;
    let mut sinks = restored(&system, Guarantee::ExactlyOnce, &parts, 1, 3);
    settle(&mut sinks[0]).unwrap();
    assert_eq!(system.rows(), [0, 1, 2, 10, 11]);
}

/// A key may have gone into another lane at each start: its rows are written in the order in which they came all the same.
#[test]
fn rows_of_a_start_wait_for_those_of_the_start_before_in_every_lane() {
    let system = System::default();
    system.state().away = true;
    let mut sinks: Vec<_> =
        (0..2).map(|worker| writer(&system, Guarantee::ExactlyOnce, context(worker, 2, 1))).collect();
    let mut parts = Vec::new();
    for start in 0..3 {
        parts.clear();
        for (worker, sink) in sinks.iter_mut().enumerate() {
            sink.write(batch(&[start * 10 + worker as i32])).unwrap();
            parts.extend(snapshot(sink, start as u32));
        }
        sinks = restored(&system, Guarantee::ExactlyOnce, &parts, 3 + start as usize % 2, start as u64 + 2);
    }
    system.state().away = false;
    // All but the one that finishes lane 0.
    for sink in &mut sinks[1..] {
        sink.poll().unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(system.rows(), [1]);
    for sink in &mut sinks {
        sink.poll().unwrap();
    }
    for sink in &mut sinks {
        settle(sink).unwrap();
    }
    let starts: Vec<i32> = system.state().rows.iter().map(|row| row / 10).collect();
    assert_eq!(starts, [0, 0, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn a_writer_whose_lane_was_taken_over_can_not_commit() {
    let system = System::default();
    let mut old = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    old.write(batch(&[1])).unwrap();
    let parts = snapshot(&mut old, 0);
    while system.state().tokens.is_empty() {
        old.poll().unwrap();
    }
    let mut new = restored(&system, Guarantee::ExactlyOnce, &parts, 1, 2);
    settle(&mut new[0]).unwrap();
    old.write(batch(&[2])).unwrap();
    snapshot(&mut old, 1);
    old.on_epoch_complete(Epoch(1)).unwrap();
    let error = settle(&mut old).unwrap_err();
    assert_eq!(error.message(), "cannot write table 't': a later start of the job has taken over lane 0 of 'sink:t'");
    assert_eq!(system.rows(), [1]);
}

#[test]
fn an_older_checkpoint_than_what_was_written_is_refused() {
    let system = System::default();
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    let parts = snapshot(&mut sink, 0);
    sink.write(batch(&[2])).unwrap();
    snapshot(&mut sink, 1);
    sink.on_epoch_complete(Epoch(1)).unwrap();
    settle(&mut sink).unwrap();
    drop(sink);
    let error = settle(&mut restored(&system, Guarantee::ExactlyOnce, &parts, 1, 2)[0]).unwrap_err();
    assert_eq!(
        error.message(),
        "table 't' already holds what this job wrote up to epoch 1, but the checkpoint is of epoch 0"
    );
    let error = settle(&mut writer(&system, Guarantee::ExactlyOnce, context(0, 1, 3))).unwrap_err();
    assert!(error.message().ends_with("but it starts without a checkpoint"), "{error}");
    assert_eq!(error.hint_text(), Some("another --state-dir runs the file as a new job"));
}

/// A run has committed epochs 0 and 1; the parts of a checkpoint of epoch 2, whose rows are still to be written if it is `pending`.
fn committed_two(system: &System, pending: bool) -> Vec<Vec<u8>> {
    let mut sink = writer(system, Guarantee::ExactlyOnce, context(0, 1, 1));
    commit_one(&mut sink, 0).unwrap();
    commit_one(&mut sink, 1).unwrap();
    if pending {
        sink.write(batch(&[2])).unwrap();
    }
    snapshot(&mut sink, 2)
}

#[test]
fn a_token_that_has_disappeared_is_an_error() {
    let system = System::default();
    let parts = committed_two(&system, true);
    let lost = |system: &System| settle(&mut restored(system, Guarantee::ExactlyOnce, &parts, 1, 2)[0]).unwrap_err();
    let error = lost(&System::default());
    assert_eq!(error.message(), "table 't' has lost its commit token: epoch 1 was committed, it says nothing");
    assert_eq!(
        error.hint_text(),
        Some(
            "is it another table, was the table of tokens emptied, the system restored from a backup, or has a copy of it taken over \
             that lagged behind? The same command with --rewind goes on with the table as it is: rows up to epoch 1 are not written \
             again, those after it are, also where the table holds them. Without --from, another --state-dir runs the file as a new job"
        )
    );
    let lane = LaneName { job: "job".into(), sink: "sink:t".into(), lane: 0 };
    system.state().tokens.insert(lane, (1, Some(Epoch(0))));
    let error = lost(&system);
    assert_eq!(error.message(), "table 't' has lost its commit token: epoch 1 was committed, it says epoch 0");
    let earlier = "; --rewind with --from a checkpoint of epoch 0 or before it writes all again that came after that. Without --from, ";
    assert!(error.hint_text().unwrap().contains(earlier), "{error}");
}

/// The next start of the job, or a new job that begins with its savepoint.
fn with_fresh_target(parts: &[Vec<u8>], job: &str, parallelism: usize) -> (System, Vec<DeliveryWriter>) {
    let fresh = System::default();
    let start = |worker| {
        let mut context = context(worker, parallelism, 2);
        context.job.id = job.into();
        context.job.rewind = true;
        let mut sink = writer(&fresh, Guarantee::ExactlyOnce, context);
        sink.restore(RestoredState { union: parts.to_vec(), ..RestoredState::default() }).unwrap();
        sink
    };
    let sinks = (0..parallelism).map(start).collect();
    (fresh, sinks)
}

#[test]
fn another_table_gets_what_the_checkpoint_still_holds_and_what_follows_if_that_is_wanted() {
    for (job, parallelism, pending) in
        ["job", "other"].into_iter().flat_map(|job| [(job, 1, true), (job, 2, true), (job, 1, false), (job, 2, false)])
    {
        let parts = committed_two(&System::default(), pending);
        let (fresh, mut sinks) = with_fresh_target(&parts, job, parallelism);
        for sink in &mut sinks {
            sink.poll().unwrap();
        }
        for sink in &mut sinks {
            settle(sink).unwrap();
        }
        for epoch in [3, 4] {
            sinks[0].write(batch(&[epoch as i32])).unwrap();
            for sink in &mut sinks {
                snapshot(sink, epoch);
                sink.on_epoch_complete(Epoch(epoch)).unwrap();
                settle(sink).unwrap();
            }
        }
        let expected = if pending { vec![2, 3, 4] } else { vec![3, 4] };
        assert_eq!(fresh.rows(), expected, "{job}, {parallelism} workers");
    }
}

#[test]
fn a_start_that_is_overtaken_writes_nothing_into_the_other_table_either() {
    let parts = committed_two(&System::default(), true);
    let (fresh, mut sinks) = with_fresh_target(&parts, "job", 1);
    settle(&mut sinks[0]).unwrap();
    let parts = snapshot(&mut sinks[0], 3);
    let mut later = restored(&fresh, Guarantee::ExactlyOnce, &parts, 1, 3);
    settle(&mut later[0]).unwrap();
    sinks[0].write(batch(&[3])).unwrap();
    snapshot(&mut sinks[0], 4);
    sinks[0].on_epoch_complete(Epoch(4)).unwrap();
    let error = settle(&mut sinks[0]).unwrap_err();
    assert_eq!(error.message(), "cannot write table 't': a later start of the job has taken over lane 0 of 'sink:t'");
    assert_eq!(fresh.rows(), [2]);
}

#[test]
fn commits_that_are_lost_while_a_job_runs_are_an_error_also_if_it_was_rewound() {
    let parts = committed_two(&System::default(), true);
    let (fresh, mut sinks) = with_fresh_target(&parts, "job", 1);
    settle(&mut sinks[0]).unwrap();
    fresh.state().tokens.values_mut().for_each(|(_, token)| *token = None);
    let error = commit_one(&mut sinks[0], 3).unwrap_err();
    assert_eq!(error.message(), "table 't' has lost its commit token: epoch 2 was committed, it says nothing");
    assert!(error.hint_text().unwrap().ends_with("Start the job again: it says which ways there are"), "{error}");
}

#[test]
fn at_least_once_repeats_what_was_not_confirmed_and_loses_nothing() {
    let system = System::default();
    system.state().away = true;
    let mut sink = writer(&system, Guarantee::AtLeastOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    sink.write(batch(&[2])).unwrap();
    let parts = snapshot(&mut sink, 0);
    // The rows arrive after all, but the job has crashed.
    system.state().away = false;
    settle(&mut sink).unwrap();
    drop(sink);
    for sink in &mut restored(&system, Guarantee::AtLeastOnce, &parts, 2, 2) {
        settle(sink).unwrap();
    }
    assert_eq!(system.rows(), [1, 1, 2, 2]);
}

/// A job of one guarantee leaves a checkpoint while the system is away, and one of another goes on from it.
#[test]
fn rows_that_were_to_come_at_least_once_are_committed_by_a_job_that_writes_exactly_once() {
    let system = System::default();
    // An earlier run has committed in this lane.
    let lane = LaneName { job: "job".into(), sink: "sink:t".into(), lane: 0 };
    system.state().tokens.insert(lane, (1, Some(Epoch(3))));
    system.state().away = true;
    let mut first = writer(&system, Guarantee::AtLeastOnce, context(0, 2, 2));
    let mut second = writer(&system, Guarantee::AtLeastOnce, context(1, 2, 2));
    let mut parts = Vec::new();
    for (sink, rows) in [(&mut first, [1, 2]), (&mut second, [3, 4])] {
        // The first row is on its way, the second at hand.
        sink.write(batch(&rows[..1])).unwrap();
        sink.write(batch(&rows[1..])).unwrap();
        parts.extend(snapshot(sink, 5));
    }
    let [mut again] = restored(&system, Guarantee::AtLeastOnce, &parts, 1, 3).try_into().ok().unwrap();
    again.write(batch(&[5])).unwrap();
    let parts = snapshot(&mut again, 6);
    drop((first, second, again));
    system.state().away = false;
    settle(&mut restored(&system, Guarantee::ExactlyOnce, &parts, 1, 4)[0]).unwrap();
    // A thread that is about to end may have written its rows too.
    let mut different = system.rows();
    different.dedup();
    assert_eq!(different, [1, 2, 3, 4, 5]);
}

#[test]
fn a_log_that_can_not_be_read_is_an_error() {
    let system = System::default();
    let mut sink = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    let part = snapshot(&mut sink, 0).remove(0);
    let told = |bytes: &[u8]| LanePart::decode(bytes).unwrap_err().message().to_owned();
    for length in [1, 3, 20, part.len() - 1] {
        assert_eq!(told(&part[..length]), "the log of a sink in the checkpoint is damaged", "{length} bytes");
    }
    let other = [&[9], &part[1..]].concat();
    assert_eq!(told(&other), "the log of a sink in the checkpoint is of a version that is not known");
}

#[test]
fn rows_that_are_still_to_be_written_need_the_columns_that_they_had() {
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let system = System::default();
        system.state().away = true;
        let mut sink = writer(&system, guarantee, context(0, 1, 1));
        sink.write(batch(&[1])).unwrap();
        let parts = snapshot(&mut sink, 0);
        // A thread that is about to end may still write to the other one.
        let system = System::default();
        let later = |names: &[&str], parts: &[Vec<u8>]| {
            let spec = DeliverySpec { columns: columns(names), ..spec(guarantee) };
            let mut sink = DeliveryWriter::start(spec, system.clone(), Stop::default(), context(0, 1, 2)).unwrap();
            sink.restore(RestoredState { union: parts.to_vec(), ..RestoredState::default() })?;
            settle(&mut sink)
        };
        let refused = later(&["number"], &parts).unwrap_err();
        assert_eq!(refused.message(), "table 't' has other columns than the rows that are still to be written to it");
        assert_eq!(refused.detail_text(), Some("the checkpoint has rows of (id INT), the table is (number INT)"));
        assert_eq!(
            refused.hint_text(),
            Some("run the statements as they were until these rows are written: a savepoint with --stop leaves none")
        );
        assert!(system.rows().is_empty());
        later(&["id"], &parts).unwrap();
        assert_eq!(system.rows(), [1]);
        if guarantee == Guarantee::ExactlyOnce {
            // What stands there already is not written again, and may have had any columns.
            later(&["number"], &parts).unwrap();
            assert_eq!(system.rows(), [1]);
        }
    }
}

#[test]
fn without_a_promise_rows_that_were_not_written_are_gone() {
    let system = System::default();
    system.state().away = true;
    let mut sink = writer(&system, Guarantee::None, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    assert!(snapshot(&mut sink, 0).is_empty());
}

#[test]
fn rows_of_a_key_go_back_to_the_worker_that_owns_it_now() {
    let system = System::default();
    system.state().away = true;
    let keyed = |context| {
        let spec = DeliverySpec { key: vec![0], ..spec(Guarantee::AtLeastOnce) };
        DeliveryWriter::start(spec, system.clone(), Stop::default(), context).unwrap()
    };
    let mut sink = keyed(context(0, 1, 1));
    sink.write(batch(&[1, 2, 3, 4, 5, 6, 7, 8])).unwrap();
    let parts = snapshot(&mut sink, 0);
    drop(sink);
    system.state().away = false;
    let mut written = Vec::new();
    for worker in 0..2 {
        let mut sink = keyed(context(worker, 2, 2));
        sink.restore(RestoredState { union: parts.clone(), ..RestoredState::default() }).unwrap();
        settle(&mut sink).unwrap();
        written.push(std::mem::take(&mut system.state().rows));
    }
    assert!(written.iter().all(|rows| !rows.is_empty()), "{written:?}");
    let mut all = written.concat();
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn an_answer_that_may_pass_is_asked_for_so_many_times() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let spec = DeliverySpec { retries: 1, ..spec(Guarantee::AtLeastOnce) };
    let counted = attempts.clone();
    let full = Writing(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(Trouble::Passing(Error::failure("the server is full")))
    });
    let mut sink = DeliveryWriter::start(spec, full, Stop::default(), context(0, 1, 1)).unwrap();
    sink.write(batch(&[1])).unwrap();
    assert_eq!(settle(&mut sink).unwrap_err().message(), "cannot write table 't': the server is full");
    assert_eq!(attempts.load(Ordering::SeqCst), 2);
}

#[test]
fn a_worker_is_woken_when_its_thread_has_panicked() {
    let (wake, woken) = crossbeam_channel::unbounded();
    let mut context = context(0, 1, 1);
    context.waker = Arc::new(move || {
        let _ = wake.send(());
    });
    let broken = Writing(|| panic!("the client is broken"));
    let mut sink = DeliveryWriter::start(spec(Guarantee::AtLeastOnce), broken, Stop::default(), context).unwrap();
    sink.write(batch(&[1])).unwrap();
    // Nothing else calls the sink again: its input has ended.
    let _ = sink.poll();
    woken.recv_timeout(PATIENCE).expect("nobody wakes the worker");
    assert_eq!(sink.poll().unwrap_err().message(), "lost the thread that writes table 't'");
}

/// A run of one worker has committed epochs 0 and 1; then the checkpoint of epoch 0 is gone on from, by `parallelism` workers.
fn gone_back(system: &System, parallelism: usize, rewind: bool) -> Vec<DeliveryWriter> {
    let mut sink = writer(system, Guarantee::ExactlyOnce, context(0, 1, 1));
    sink.write(batch(&[1])).unwrap();
    let parts = snapshot(&mut sink, 0);
    sink.on_epoch_complete(Epoch(0)).unwrap();
    sink.write(batch(&[2])).unwrap();
    snapshot(&mut sink, 1);
    sink.on_epoch_complete(Epoch(1)).unwrap();
    settle(&mut sink).unwrap();
    drop(sink);
    let start = |worker| {
        let mut context = context(worker, parallelism, 2);
        context.job.rewind = rewind;
        let mut sink = writer(system, Guarantee::ExactlyOnce, context);
        sink.restore(RestoredState { union: parts.clone(), ..RestoredState::default() }).unwrap();
        sink
    };
    (0..parallelism).map(start).collect()
}

#[test]
fn an_older_checkpoint_is_refused() {
    let system = System::default();
    let error = settle(&mut gone_back(&system, 1, false)[0]).unwrap_err();
    assert_eq!(
        error.message(),
        "table 't' already holds what this job wrote up to epoch 1, but the checkpoint is of epoch 0"
    );
    assert_eq!(
        error.detail_text(),
        Some("lane 0 of sink 'sink:t', job job: going on from here would write the rows after it once more")
    );
    assert_eq!(
        error.hint_text(),
        Some(
            "go on from the newest checkpoint; --rewind goes on from this one and writes them again; \
             another --state-dir runs the file as a new job"
        )
    );
    assert_eq!(system.rows(), [1, 2]);
}

#[test]
fn an_older_checkpoint_is_gone_on_from_if_that_is_wanted() {
    for parallelism in [1, 2] {
        let system = System::default();
        let mut sinks = gone_back(&system, parallelism, true);
        sinks.iter_mut().for_each(|sink| settle(sink).unwrap());
        // The source gives the row of epoch 1 once more, and goes on.
        for (epoch, row) in [(1, 2), (2, 3)] {
            sinks[0].write(batch(&[row])).unwrap();
            for sink in &mut sinks {
                snapshot(sink, epoch);
                sink.on_epoch_complete(Epoch(epoch)).unwrap();
                settle(sink).unwrap();
            }
        }
        assert_eq!(system.rows(), [1, 2, 2, 3], "the row after the checkpoint came twice, and none is missing");
    }
}

/// Lane 1 was opened after the checkpoint, and has written since.
#[test]
fn a_lane_that_is_not_in_the_older_checkpoint_is_looked_at_too() {
    for rewind in [false, true] {
        let system = System::default();
        let lane = LaneName { job: "job".into(), sink: "sink:t".into(), lane: 1 };
        system.state().tokens.insert(lane, (1, Some(Epoch(1))));
        let mut first = writer(&system, Guarantee::ExactlyOnce, context(0, 1, 1));
        let parts = snapshot(&mut first, 0);
        drop(first);
        let mut context = context(1, 2, 2);
        context.job.rewind = rewind;
        let mut second = writer(&system, Guarantee::ExactlyOnce, context);
        second.restore(RestoredState { union: parts, ..RestoredState::default() }).unwrap();
        second.write(batch(&[7])).unwrap();
        snapshot(&mut second, 1);
        second.on_epoch_complete(Epoch(1)).unwrap();
        assert_eq!(settle(&mut second).is_ok(), rewind);
        assert_eq!(system.rows(), if rewind { vec![7] } else { vec![] });
    }
}
