//! The story of one seed: a job that is started, disturbed and started again until it has come to its end.

use crate::baton::{Baton, Turn, note};
use crate::bugs::Bug;
use crate::faults::How;
use crate::pipeline::{self, World};
use crate::store::SimulatedStore;
use crate::support::Events;
use crate::target::Target;
use riverrun_core::{Error, KeyGroup, Result, Watermark};
use riverrun_runtime::identity::JobIdentity;
use riverrun_runtime::{CheckpointConfig, CheckpointSchedule, Job, JobConfig, JobHandle, JobOptions, Snapshot};
use riverrun_state::checkpoint::{History, Manifest, load, verify};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A job that is started so often goes round in circles.
const MOST_STARTS: u64 = 60;

/// A start that takes so many turns does not end.
const MOST_TURNS: usize = 300_000;

/// The errors that the faults of a simulation may end a job with.
const KNOWN: &[&str] = &[
    "the store is broken",
    "the connection to the target was lost",
    "a younger start of this job writes to the target",
    "another start of this job has taken over",
    "has ended before the job",
    "the checkpoint was not complete within",
    "the connection to another process was lost",
];

/// What has happened in a story, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub turns: u64,
    pub digest: u64,
    pub starts: u64,
    pub crashes: u64,
    /// Deaths of one of several processes.
    pub kills: u64,
    /// Processes that were stopped while another start went on, and went on themselves afterwards.
    pub suspended: u64,
    pub stops: u64,
    pub errors: u64,
    pub checkpoints: u64,
    /// Calls of the store and commits that were lost.
    pub faults: usize,
}

impl Told {
    pub fn add(&mut self, other: &Told) {
        self.turns += other.turns;
        self.digest ^= other.digest;
        self.starts += other.starts;
        self.crashes += other.crashes;
        self.kills += other.kills;
        self.suspended += other.suspended;
        self.stops += other.stops;
        self.errors += other.errors;
        self.checkpoints += other.checkpoints;
        self.faults += other.faults;
    }
}

/// How a start ends before its time.
#[derive(Clone, Copy)]
enum Fate {
    Crash,
    Kill,
    Suspend,
    Stop,
}

struct Story {
    baton: Arc<Baton>,
    world: World,
    lists: Vec<Arc<Events>>,
    store: Arc<SimulatedStore>,
    interval: Duration,
    /// The first so many starts do not go undisturbed.
    disturbed: u64,
    told: Told,
    suspended: Vec<usize>,
}

/// What a story is to contain beside what its seed makes of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    pub bug: Option<Bug>,
    /// Nothing but this happens: after so many calls of the store the next fails.
    pub store: Option<(usize, How)>,
    /// The same for commits.
    pub target: Option<(usize, How)>,
}

/// Runs a seed. An error says what is wrong with what it gave.
pub fn tell(seed: u64, plan: Plan) -> std::result::Result<Told, String> {
    let baton = Baton::new(seed);
    let splits = 1 + baton.below(5);
    let lists = pipeline::lists(&baton, splits);
    let store = Arc::new(SimulatedStore::new(&baton));
    let world = World { baton: baton.clone(), target: Target::default(), bug: plan.bug };
    let interval = Duration::from_millis([4, 15, 60][baton.below(3)]);
    let disturbed = baton.below(6) as u64;
    let disturbed = if plan.store.is_some() || plan.target.is_some() { 0 } else { disturbed };
    plan.store.into_iter().for_each(|(after, how)| store.faults.plan(after, how));
    plan.target.into_iter().for_each(|(after, how)| world.target.faults.plan(after, how));
    let told = Told::default();
    let mut story = Story { baton, world, lists, store, interval, disturbed, told, suspended: Vec::new() };
    story.run()?;
    let expected = pipeline::expected(&story.lists);
    compare(&story.world.target.rows(), &expected)?;
    (story.told.turns, story.told.digest) = story.baton.digest();
    story.told.faults = story.store.faults.failed() + story.world.target.faults.failed();
    Ok(story.told)
}

/// What is missing, and what is too much.
fn compare(found: &Events, expected: &Events) -> std::result::Result<(), String> {
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).take(5).collect();
    let surplus: Vec<_> = found.iter().filter(|row| !expected.contains(row)).take(5).collect();
    if !missing.is_empty() || !surplus.is_empty() {
        return Err(format!("missing {missing:?}, too much {surplus:?}"));
    }
    if found.len() != expected.len() {
        return Err(format!("{} rows stand twice", found.len() - expected.len()));
    }
    Ok(())
}

impl Story {
    fn history(&self) -> History {
        History::new(self.store.clone())
    }

    fn run(&mut self) -> std::result::Result<(), String> {
        let mut over = false;
        for generation in 1..=MOST_STARTS {
            let calm = generation > self.disturbed;
            self.store.faults.once_in(if calm { 0 } else { [0, 0, 15, 80][self.baton.below(4)] });
            self.world.target.faults.once_in(if calm { 0 } else { [0, 0, 10, 40][self.baton.below(4)] });
            let said = |error: Error| format!("start {generation}: {error:?}");
            let manifest = self.history().latest().map_err(said)?;
            if over && manifest.as_ref().is_some_and(|manifest| manifest.body.finished) {
                break;
            }
            let handles = self.start(generation, manifest, calm).map_err(said)?;
            let fate = (!calm).then(|| {
                let fate = [Fate::Crash, Fate::Kill, Fate::Suspend, Fate::Stop][self.baton.below(4)];
                (self.baton.below(1_200), fate)
            });
            over = self.follow(generation as usize, &handles, fate)?;
            if generation == MOST_STARTS {
                return Err("it never came to its end".to_owned());
            }
        }
        // Those that were stopped go on, and find that it is over.
        for job in std::mem::take(&mut self.suspended) {
            note(|| format!("start {job} goes on"));
            self.baton.suspend(job, false);
        }
        if self.baton.run(MOST_TURNS) != Turn::Over {
            return Err("a start that was overtaken does not end".to_owned());
        }
        let last = self.history().latest().map_err(|error| format!("{error:?}"))?;
        let last = last.ok_or("there is no checkpoint")?;
        self.told.checkpoints = last.body.id;
        let problems = verify(&*self.store, &last);
        if problems.is_empty() { Ok(()) } else { Err(format!("the last checkpoint: {problems:?}")) }
    }

    fn start(&mut self, generation: u64, manifest: Option<Manifest>, calm: bool) -> Result<Vec<JobHandle>> {
        let from = manifest.as_ref().map(|manifest| (manifest.body.id, manifest.body.epoch));
        let restore = manifest.as_ref().map(|manifest| load(&*self.store, manifest, |_: KeyGroup| true)).transpose()?;
        let restore = restore.map(|snapshot| Arc::new(self.damage(snapshot)));
        let (processes, threads) = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (3, 1)][self.baton.below(7)];
        let schedule = CheckpointSchedule {
            interval: Some(self.interval),
            timeout: Duration::from_millis(if calm { 60_000 } else { [50, 1_000][self.baton.below(2)] }),
            tolerable_failures: if calm { None } else { [None, Some(1)][self.baton.below(2)] },
            retained: 1 + self.baton.below(2),
            ..CheckpointSchedule::default()
        };
        let options = JobOptions {
            ticks_in_flight: [1, 2, 16][self.baton.below(3)],
            batches_per_turn: [1, 16][self.baton.below(2)],
            ..JobOptions::default()
        };
        let config = JobConfig {
            options,
            clock: self.baton.clone(),
            restore,
            checkpoints: Some(CheckpointConfig {
                store: self.store.clone(),
                base: manifest.map(Arc::new),
                plan: 1,
                signatures: BTreeMap::new(),
                schedule,
            }),
            identity: JobIdentity { id: "job".into(), generation, checkpoints: true, rewind: false },
            turns: Some(self.baton.expect(generation as usize, processes, threads)),
            ..JobConfig::new("sim").parallelism(processes * threads)
        };
        self.told.starts += 1;
        note(|| format!("start {generation}: {processes} processes of {threads} workers, from {from:?}"));
        let build = pipeline::build(&self.world, &self.lists);
        if processes > 1 {
            Job::start_simulated(&config, processes, &build)
        } else {
            Ok(vec![Job::start(config, build)?])
        }
    }

    /// The bugs of a restore.
    fn damage(&self, mut snapshot: Snapshot) -> Snapshot {
        let Some(parts) = snapshot.operators.get_mut("counts") else { return snapshot };
        match self.world.bug {
            Some(Bug::GroupToWrongWorker) => {
                for part in parts {
                    if let Some((group, blob)) = part.state.keyed.pop_last() {
                        let other = KeyGroup((group.0 + KeyGroup::DEFAULT_COUNT / 2) % KeyGroup::DEFAULT_COUNT);
                        part.state.keyed.entry(other).or_insert(blob);
                    }
                }
            }
            Some(Bug::LateWatermark) => {
                for part in parts.iter_mut().filter(|part| part.watermark != Watermark::MIN && !part.ended) {
                    part.watermark = Watermark(part.watermark.0 + 150);
                }
            }
            Some(Bug::LostPart) if parts.len() > 1 => drop(parts.pop()),
            _ => {}
        }
        snapshot
    }

    /// Gives turns until the start has ended or met its fate. Whether it has ended well.
    fn follow(
        &mut self,
        job: usize,
        handles: &[JobHandle],
        fate: Option<(usize, Fate)>,
    ) -> std::result::Result<bool, String> {
        let mut taken = 0;
        while taken < MOST_TURNS {
            if self.baton.is_over(job) {
                return self.judge(job, handles);
            }
            match fate {
                Some((at, Fate::Crash)) if at == taken => {
                    self.told.crashes += 1;
                    note(|| format!("start {job} crashes"));
                    self.baton.crash(job);
                    return Ok(false);
                }
                Some((at, Fate::Kill)) if at == taken => {
                    self.told.kills += 1;
                    note(|| format!("a process of start {job} is killed"));
                    // Of one process it is the job's death.
                    self.baton.kill(job, self.baton.below(handles.len()));
                }
                Some((at, Fate::Suspend)) if at == taken => {
                    self.told.suspended += 1;
                    note(|| format!("start {job} is suspended"));
                    self.suspended.push(job);
                    self.baton.suspend(job, true);
                    return Ok(false);
                }
                Some((at, Fate::Stop)) if at == taken => {
                    self.told.stops += 1;
                    note(|| format!("start {job} is to stop"));
                    handles[0].stop();
                }
                _ => {}
            }
            let mut turns = if self.suspended.is_empty() { 1_000 } else { 1 + self.baton.below(300) };
            if let Some((at, _)) = fate.filter(|(at, _)| *at > taken) {
                turns = turns.min(at - taken);
            }
            if self.baton.run(turns) == Turn::Stuck {
                return Err(format!("start {job}: after {taken} turns everyone waits for someone else"));
            }
            taken += turns;
            if !self.suspended.is_empty() && self.baton.once_in(2) {
                let job = self.suspended.remove(0);
                note(|| format!("start {job} goes on"));
                self.baton.suspend(job, false);
            }
        }
        Err(format!("start {job} does not end"))
    }

    /// Whether all processes of a job have ended well; an error if one has ended with what no fault explains. One that was
    /// killed says nothing.
    fn judge(&mut self, job: usize, handles: &[JobHandle]) -> std::result::Result<bool, String> {
        note(|| format!("start {job} is over"));
        let results: Vec<_> = handles.iter().map(|handle| handle.wait_timeout(Duration::ZERO)).collect();
        results.iter().flatten().filter_map(|result| result.as_ref().err()).for_each(|e| note(|| format!("{e:?}")));
        let errors: Vec<&Error> = results.iter().flatten().filter_map(|result| result.as_ref().err()).collect();
        self.told.errors += u64::from(!errors.is_empty());
        let unknown = errors.iter().find(|error| !KNOWN.iter().any(|known| error.message().contains(known)));
        match unknown {
            Some(error) => Err(format!("start {job}: {error:?}")),
            None => Ok(results.iter().all(|result| matches!(result, Some(Ok(()))))),
        }
    }
}
