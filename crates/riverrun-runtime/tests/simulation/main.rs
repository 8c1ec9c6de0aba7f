//! A simulation of whole jobs: one seed, one run, with crashes, stopped processes, failing stores and targets, and restarts
//! at another parallelism. What stands in the target in the end must be what an undisturbed run gives.
//!
//! `make sim` runs 1,000 seeds. See docs/src/internals/simulation.md.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod baton;
mod bugs;
mod faults;
mod line;
mod pipeline;
mod random;
mod store;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod target;

use bugs::Bug;
use faults::How;
use pipeline::World;
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::{CheckpointConfig, CheckpointSchedule, Job, JobConfig};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};
use story::{Plan, Told, tell};

/// One seed, to repeat it.
const SEED: &str = "RIVERRUN_SIM_SEED";
/// How many seeds, from 0.
const SEEDS: &str = "RIVERRUN_SIM_SEEDS";

/// A short run on two processes.
const FAULTS_SEED: u64 = 5;

/// Within so many seeds a planted bug shows.
const SEEDS_PER_BUG: u64 = 30;

/// How a seed is repeated.
fn repeat(seed: u64) -> String {
    format!("repeat it by: {SEED}={seed} cargo test --workspace --test simulation every_seed")
}

/// What a simulated death makes of the threads around it is no news.
fn quiet() {
    static HOOK: Once = Once::new();
    HOOK.call_once(riverrun_runtime::install_panic_hook);
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_seed_gives_what_an_undisturbed_run_gives() {
    let seeds = match number(SEED) {
        Some(seed) => seed..seed + 1,
        None => 0..number(SEEDS).unwrap_or(100),
    };
    let next = AtomicU64::new(seeds.start);
    quiet();
    let (all, failed) = <(Mutex<Told>, Mutex<Vec<String>>)>::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        break;
                    }
                    match tell(seed, Plan::default()) {
                        Ok(told) => all.lock().unwrap().add(&told),
                        Err(wrong) => failed.lock().unwrap().push(format!("seed {seed}: {wrong}\n{}", repeat(seed))),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} seeds:\n{}", failed.len(), seeds.end - seeds.start, failed.join("\n"));
    let told = all.into_inner().unwrap();
    println!("{} seeds: {told:?}", seeds.end - seeds.start);
    // A simulation in which nothing happens proves nothing.
    if seeds.end - seeds.start >= 100 {
        let least = [told.crashes, told.suspended, told.stops, told.kills, told.errors, told.checkpoints];
        assert!(least.iter().all(|count| *count >= 20), "{told:?}");
    }
}

#[test]
fn a_seed_repeats_its_run_to_the_last_turn() {
    quiet();
    for seed in [3, 4] {
        let first = tell(seed, Plan::default()).unwrap();
        assert_eq!(tell(seed, Plan::default()).unwrap(), first, "seed {seed}");
        assert!(first.turns > 100, "{first:?}");
    }
    assert_ne!(tell(3, Plan::default()).unwrap().digest, tell(4, Plan::default()).unwrap().digest);
}

#[test]
fn what_is_expected_is_what_the_job_gives_on_real_threads() {
    let baton = baton::Baton::new(1);
    let lists = pipeline::lists(&baton, 3);
    let store = Arc::new(store::SimulatedStore::new(&baton));
    let world = World { baton: baton.clone(), target: target::Target::default(), bug: None };
    let config = JobConfig {
        checkpoints: Some(CheckpointConfig {
            store,
            base: None,
            plan: 1,
            signatures: BTreeMap::new(),
            schedule: CheckpointSchedule::default(),
        }),
        identity: JobIdentity { id: "job".into(), generation: 1, checkpoints: true, rewind: false },
        ..JobConfig::new("real").parallelism(2)
    };
    support::finish(&Job::start(config, pipeline::build(&world, &lists)).unwrap()).unwrap();
    assert_eq!(world.target.rows(), pipeline::expected(&lists));
}

/// The first seed that shows a bug, and how.
fn shown(bug: Bug) -> Option<(u64, String)> {
    (0..SEEDS_PER_BUG)
        .find_map(|seed| tell(seed, Plan { bug: Some(bug), ..Plan::default() }).err().map(|wrong| (seed, wrong)))
}

#[test]
fn every_planted_bug_is_found() {
    quiet();
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        match shown(bug) {
            Some((seed, wrong)) => println!("{:24} seed {seed:2}: {wrong}", format!("{bug:?}")),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found within {SEEDS_PER_BUG} seeds: {missed:?}");
}

/// Lets each call of an undisturbed run fail once, in every manner; gives how many there are.
fn every_call_fails(seed: u64, plan: impl Fn(usize, How) -> Plan) -> usize {
    quiet();
    let mut most = 0;
    for how in [How::CallLost, How::AnswerLost, How::ForGood] {
        for call in 0.. {
            let told = tell(seed, plan(call, how)).unwrap_or_else(|wrong| panic!("call {call}, {how:?}: {wrong}"));
            if told.faults == 0 {
                most = most.max(call);
                break;
            }
        }
    }
    most
}

#[test]
fn whichever_call_of_the_store_fails_nothing_is_lost_or_doubled() {
    let calls = every_call_fails(FAULTS_SEED, |call, how| Plan { store: Some((call, how)), ..Plan::default() });
    println!("{calls} calls of the store");
    assert!(calls > 20, "{calls}");
}

#[test]
fn whichever_commit_fails_nothing_is_lost_or_doubled() {
    let commits = every_call_fails(FAULTS_SEED, |call, how| Plan { target: Some((call, how)), ..Plan::default() });
    println!("{commits} commits");
    assert!(commits > 7, "{commits}");
}
