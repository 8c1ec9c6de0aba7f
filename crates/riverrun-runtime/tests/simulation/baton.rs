//! The baton: of all threads of all jobs in a simulation the one that holds it runs, and a seed says who gets it next.
//!
//! The harness's thread gives a number of turns. Who pauses or ends hands the baton on, and after the last turn the
//! harness has it back; while it has it nothing moves. Time stands still but for what the seed adds to it, and for a jump to the
//! next moment that anyone waits for once nobody has anything left to do.

use crate::line::SimulatedLine;
use crate::random::Random;
use riverrun_core::{Clock, Millis};
use riverrun_runtime::turns::{Line, Role, Turns};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A thread that does not come back within this time has blocked on something that the simulation does not see.
const PATIENCE: Duration = Duration::from_secs(120);

/// So often in a row everyone must have found nothing to do before time jumps.
const IDLE_ROUNDS: usize = 3;

/// A thread: of which job, and what it does there.
pub type Key = (usize, Role);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    /// It will enter without anyone's help.
    Expected,
    Waiting,
    Running,
    Gone,
}

struct Actor {
    seat: Seat,
    entered: bool,
    until: Option<Duration>,
    /// One of so many turns is its own.
    slowness: usize,
    turn: Arc<Condvar>,
}

#[derive(Default)]
struct JobState {
    processes: usize,
    /// The workers of each process.
    threads: usize,
    /// The processes that are dead.
    crashed: BTreeSet<usize>,
    suspended: bool,
    /// From process to process.
    lines: BTreeMap<(usize, usize), Arc<SimulatedLine>>,
}

impl JobState {
    /// The process that a thread is of.
    fn process(&self, role: Role) -> usize {
        match role {
            Role::Worker(worker) => worker / self.threads.max(1),
            Role::Uploader(process) | Role::Closer(process) | Role::Listener { process, .. } => process,
            Role::Coordinator => 0,
        }
    }
}

struct State {
    random: Random,
    /// The time since the start.
    now: Duration,
    /// How long a turn takes at the most.
    pace: u64,
    actors: BTreeMap<Key, Actor>,
    jobs: BTreeMap<usize, JobState>,
    idle: usize,
    turns: u64,
    /// How many turns the harness has given and nobody has taken yet.
    left: usize,
    /// Why the last of them could not be taken.
    outcome: Turn,
    /// A digest of all choices: equal for equal runs.
    digest: u64,
}

/// What came of the turns that the harness gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// All were taken.
    Taken,
    /// Everyone who may run waits, and nothing will wake anyone.
    Stuck,
    /// Nobody who may run is left.
    Over,
}

/// The death of a thread in a crash.
struct Crash;

pub struct Baton {
    state: Mutex<State>,
    back: Condvar,
    start: Instant,
}

impl std::fmt::Debug for Baton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Baton")
    }
}

thread_local! {
    /// Which thread of which simulation this is.
    static HERE: RefCell<Option<(Arc<Baton>, Key)>> = const { RefCell::new(None) };
}

/// Gives the baton back in the middle of something, as in a call that goes over a network. Nothing outside a simulation.
pub fn pause_here() {
    let here = HERE.with_borrow(Clone::clone);
    if let Some((baton, key)) = here {
        baton.pause(key, true, None);
    }
}

/// Tells what happens, where that was asked for.
pub fn note(what: impl FnOnce() -> String) {
    if std::env::var_os("RIVERRUN_SIM_TRACE").is_some() {
        match HERE.with_borrow(Clone::clone) {
            Some((baton, (job, role))) => {
                eprintln!("{:>10.3} ms  start {job} {role:?}: {}", baton.lock().now.as_secs_f64() * 1e3, what());
            }
            None => eprintln!("{}", what()),
        }
    }
}

/// Whether this thread belongs to a simulation.
pub fn is_simulated() -> bool {
    HERE.with_borrow(Option::is_some)
}

impl Baton {
    pub fn new(seed: u64) -> Arc<Self> {
        let mut random = Random::new(seed);
        let pace = random.pick(&[200, 1_000, 3_000]);
        let state = State {
            random,
            now: Duration::ZERO,
            pace,
            actors: BTreeMap::new(),
            jobs: BTreeMap::new(),
            idle: 0,
            turns: 0,
            left: 0,
            outcome: Turn::Taken,
            digest: 0,
        };
        Arc::new(Baton { state: Mutex::new(state), back: Condvar::new(), start: Instant::now() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that belongs to the run.
    pub fn below(&self, end: usize) -> usize {
        self.lock().random.below(end)
    }

    pub fn once_in(&self, times: usize) -> bool {
        self.lock().random.once_in(times)
    }

    /// How many turns there were, and the digest of who had them.
    pub fn digest(&self) -> (u64, u64) {
        let state = self.lock();
        (state.turns, state.digest)
    }

    /// A job of so many processes with so many workers each is about to start; gives what it is started with.
    pub fn expect(self: &Arc<Self>, job: usize, processes: usize, threads: usize) -> Arc<dyn Turns> {
        let mut state = self.lock();
        let workers = (0..processes * threads).map(Role::Worker);
        let uploaders = (0..processes).map(Role::Uploader);
        let listeners = (1..processes)
            .flat_map(|other| [Role::Listener { process: 0, peer: other }, Role::Listener { process: other, peer: 0 }]);
        for role in workers.chain(uploaders).chain([Role::Coordinator]).chain(listeners) {
            state.expect((job, role));
        }
        state.jobs.insert(job, JobState { processes, threads, ..JobState::default() });
        Arc::new(JobTurns { baton: self.clone(), job })
    }

    /// The threads of a job get no turns until they are resumed: its process is stopped.
    pub fn suspend(&self, job: usize, suspended: bool) {
        let mut state = self.lock();
        if let Some(job) = state.jobs.get_mut(&job) {
            job.suspended = suspended;
        }
        state.idle = 0;
    }

    /// Whether all threads of a job have ended.
    pub fn is_over(&self, job: usize) -> bool {
        self.lock().actors.iter().all(|((of, _), actor)| *of != job || actor.seat == Seat::Gone)
    }

    /// The death of a job: none of its threads does anything any more.
    pub fn crash(&self, job: usize) {
        let processes = self.lock().jobs.get(&job).map_or(0, |job| job.processes);
        for process in 0..processes {
            self.kill(job, process);
        }
    }

    /// The death of one process of a job. Those that are connected with it notice.
    pub fn kill(&self, job: usize, process: usize) {
        let mut state = self.settle(self.lock());
        state.left = 0;
        let Some(killed) = state.jobs.get_mut(&job) else { return };
        killed.crashed.insert(process);
        let lines = killed.lines.iter().filter(|((from, to), _)| *from == process || *to == process);
        lines.for_each(|(_, line)| line.close());
        let keys: Vec<Key> = state.actors.keys().filter(|key| state.is_crashed(**key)).copied().collect();
        for key in keys {
            if let Some(actor) = state.actors.get_mut(&key)
                && actor.seat == Seat::Waiting
            {
                actor.seat = Seat::Running;
                actor.turn.notify_one();
                state = self.settle(state);
            }
        }
        state.idle = 0;
    }

    /// Waits until nobody runs and everyone who is expected has come.
    fn settle<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let moving =
            |state: &mut State| state.actors.values().any(|actor| matches!(actor.seat, Seat::Running | Seat::Expected));
        let (state, waited) =
            self.back.wait_timeout_while(state, PATIENCE, moving).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            let moving: Vec<Key> = state
                .actors
                .iter()
                .filter(|(_, actor)| matches!(actor.seat, Seat::Running | Seat::Expected))
                .map(|(key, _)| *key)
                .collect();
            drop(state);
            panic!("threads block outside the simulation: {moving:?}");
        }
        state
    }

    /// Gives so many turns, or as many as there are to take.
    pub fn run(&self, turns: usize) -> Turn {
        let mut state = self.settle(self.lock());
        (state.left, state.outcome) = (turns, Turn::Taken);
        state.pass_on();
        self.settle(state).outcome
    }

    fn enter(self: &Arc<Self>, key: Key) {
        let mut state = self.lock();
        if state.is_crashed(key) {
            drop(state);
            resume_unwind(Box::new(Crash));
        }
        let actor = state.actors.get_mut(&key).filter(|actor| actor.seat == Seat::Expected);
        let Some(actor) = actor else { panic!("nobody expects {key:?}") };
        // One that dies before its first turn has no place to leave.
        actor.entered = false;
        HERE.set(Some((self.clone(), key)));
        self.wait(state, key, None);
    }

    fn pause(&self, key: Key, busy: bool, until: Option<Instant>) {
        // What a dying thread does on its way is not part of the run.
        if std::thread::panicking() {
            return;
        }
        let mut state = self.lock();
        state.idle = if busy { 0 } else { state.idle + 1 };
        state.note(key, 1 + u64::from(busy));
        let until = until.map(|until| until.saturating_duration_since(self.start));
        self.wait(state, key, until);
    }

    fn wait(&self, mut state: MutexGuard<'_, State>, key: Key, until: Option<Duration>) {
        let Some(actor) = state.actors.get_mut(&key) else { return };
        actor.seat = Seat::Waiting;
        actor.until = until;
        let turn = actor.turn.clone();
        self.hand_over(&mut state);
        let waiting = |state: &mut State| {
            !state.is_crashed(key) && state.actors.get(&key).is_some_and(|actor| actor.seat == Seat::Waiting)
        };
        let mut state = turn.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner);
        let crashed = state.is_crashed(key);
        if let Some(actor) = state.actors.get_mut(&key)
            && !std::mem::replace(&mut actor.entered, true)
            && crashed
        {
            actor.seat = Seat::Gone;
            self.hand_over(&mut state);
        }
        if crashed {
            drop(state);
            resume_unwind(Box::new(Crash));
        }
    }

    fn leave(&self, key: Key) {
        HERE.set(None);
        let mut state = self.lock();
        if let Some(actor) = state.actors.get_mut(&key) {
            actor.seat = Seat::Gone;
        }
        state.idle = 0;
        state.note(key, 3);
        let (process, threads) = state.jobs.get(&key.0).map_or((0, 0), |job| (job.process(key.1), job.threads));
        let mut workers = process * threads..(process + 1) * threads;
        let gone = |worker| state.is_gone((key.0, Role::Worker(worker)));
        if matches!(key.1, Role::Worker(_)) && workers.all(gone) && !state.is_crashed(key) {
            // Whoever joins the workers goes on now.
            state.expect((key.0, Role::Closer(process)));
        }
        self.hand_over(&mut state);
    }

    /// Whoever holds the baton lets go of it: the next one has it, or the harness.
    fn hand_over(&self, state: &mut State) {
        state.pass_on();
        if !state.is_moving() {
            self.back.notify_all();
        }
    }
}

impl State {
    /// Whether someone runs, or someone who is expected has not come yet.
    fn is_moving(&self) -> bool {
        self.actors.values().any(|actor| matches!(actor.seat, Seat::Running | Seat::Expected))
    }

    /// Gives the next turn, if there is one left and nobody has it.
    fn pass_on(&mut self) {
        if self.left == 0 || self.is_moving() {
            return;
        }
        match self.choose() {
            Ok(key) => {
                self.left -= 1;
                let took = self.random.next() % self.pace;
                self.now += Duration::from_micros(took);
                self.turns += 1;
                self.note(key, 0);
                if let Some(actor) = self.actors.get_mut(&key) {
                    actor.seat = Seat::Running;
                    actor.turn.notify_one();
                }
            }
            Err(outcome) => (self.left, self.outcome) = (0, outcome),
        }
    }

    /// Who has the next turn. When nobody has anything to do time jumps to the next moment that anyone waits for.
    fn choose(&mut self) -> Result<Key, Turn> {
        let may_run = |(job, _): &Key| self.jobs.get(job).is_some_and(|job| !job.suspended);
        let waiting = self.actors.iter().filter(|(key, actor)| actor.seat == Seat::Waiting && may_run(key));
        let waiting: Vec<(Key, usize, Option<Duration>)> =
            waiting.map(|(key, actor)| (*key, actor.slowness, actor.until)).collect();
        if waiting.is_empty() {
            return Err(Turn::Over);
        }
        if self.idle > IDLE_ROUNDS * waiting.len() {
            let later = waiting.iter().filter_map(|(_, _, until)| *until).filter(|until| *until > self.now);
            self.now = later.min().ok_or(Turn::Stuck)?;
            self.idle = 0;
        }
        // When nothing happens everyone is asked in turn, so that a slow one is not taken for an idle one.
        if self.idle > 0 {
            return Ok(waiting[(self.turns % waiting.len() as u64) as usize].0);
        }
        loop {
            let (key, slowness, _) = waiting[self.random.below(waiting.len())];
            if self.random.once_in(slowness) {
                return Ok(key);
            }
        }
    }

    fn expect(&mut self, key: Key) {
        let slowness = self.random.pick(&[1, 1, 2, 8]);
        self.actors
            .insert(key, Actor { seat: Seat::Expected, entered: false, until: None, slowness, turn: Arc::default() });
    }

    fn is_crashed(&self, (job, role): Key) -> bool {
        self.jobs.get(&job).is_none_or(|job| job.crashed.contains(&job.process(role)))
    }

    fn is_gone(&self, key: Key) -> bool {
        self.actors.get(&key).is_none_or(|actor| actor.seat == Seat::Gone)
    }

    fn note(&mut self, (job, role): Key, what: u64) {
        let role = match role {
            Role::Worker(worker) => 8 + worker as u64,
            Role::Uploader(process) => 0x100 + process as u64,
            Role::Coordinator => 0x200,
            Role::Closer(process) => 0x300 + process as u64,
            Role::Listener { process, peer } => 0x400 + (process * 16 + peer) as u64,
        };
        let word = (job as u64) << 32 | role << 8 | what;
        self.digest = (self.digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

#[derive(Debug)]
struct JobTurns {
    baton: Arc<Baton>,
    job: usize,
}

impl Turns for JobTurns {
    fn enter(&self, role: Role) {
        self.baton.enter((self.job, role));
    }

    fn pause(&self, role: Role, busy: bool, until: Option<Instant>) {
        self.baton.pause((self.job, role), busy, until);
    }

    fn leave(&self, role: Role) {
        self.baton.leave((self.job, role));
    }

    fn has_left(&self, role: Role) -> bool {
        self.baton.lock().is_gone((self.job, role))
    }

    fn now(&self) -> Instant {
        self.baton.start + self.baton.lock().now
    }

    fn line(&self, from: usize, to: usize) -> Arc<dyn Line> {
        let mut state = self.baton.lock();
        let lines = &mut state.jobs.entry(self.job).or_default().lines;
        lines.entry((from, to)).or_default().clone()
    }
}

impl Clock for Baton {
    fn now(&self) -> Millis {
        Millis(1_000_000 + self.lock().now.as_millis() as i64)
    }
}
