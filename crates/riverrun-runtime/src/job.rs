//! A running job: its settings, its worker threads, and the handle to it.

use crate::batch::Batch;
use crate::checkpoint::service::CheckpointService;
use crate::checkpoint::{CheckpointConfig, CheckpointStatus};
use crate::control::ControlPlane;
use crate::flow::{Build, Flow, Layout};
use crate::identity::JobIdentity;
use crate::panics;
use crate::process::{self, ProcessLayout};
use crate::shared::{Blame, JobShared, WorkerShared};
use crate::snapshot::Snapshot;
use crate::turns::{Pace, Place, Role, Turns};
use riverrun_core::metrics::{JobMetrics, OperatorTotals};
use riverrun_core::{Clock, Epoch, Error, KeyGroup, Result, SystemClock};
use riverrun_state::checkpoint::{BlobStore, Manifest};
use riverrun_state::tier::{BackendKind, StateBackend};
use std::any::Any;
use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use timely::communication::allocator::ProcessBuilder;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::{Allocator, AllocatorBuilder, Config as Communication, Hooks, initialize_from};
use timely::worker::{Config as WorkerConfig, Worker};

/// A parked worker looks around after this time even if nobody woke it.
const LONGEST_PARK: Duration = Duration::from_millis(500);

/// The settings of a job that have defaults.
#[derive(Clone, Debug)]
pub struct JobOptions {
    /// Rows that trickle in leave a source after this time at the latest (`execution.buffer-timeout`).
    pub buffer_timeout: Duration,
    /// A source sends in tick n + this only when all of tick n has passed the whole job.
    pub ticks_in_flight: u32,
    /// Sources stop, and operators that multiply rows pause, while so many bytes are on their way in this process.
    pub bytes_in_flight: usize,
    /// How many batches an operator emits before those downstream get their turn.
    pub batches_per_turn: usize,
    /// How many key groups the job has (`pipeline.max-parallelism`).
    pub key_groups: u16,
    /// The time from barrier to barrier (`execution.checkpointing.interval`). `None`: only the one at the end.
    pub epoch_interval: Option<Duration>,
    /// How many complete snapshots are kept in memory. With none, and without checkpoints, operators leave none.
    pub retained_snapshots: usize,
    /// Where keyed state is kept (`state.backend.type`).
    pub state: Arc<StateBackend>,
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            buffer_timeout: Duration::from_millis(5),
            ticks_in_flight: 16,
            bytes_in_flight: 64 << 20,
            batches_per_turn: 16,
            key_groups: KeyGroup::DEFAULT_COUNT,
            epoch_interval: None,
            retained_snapshots: 1,
            state: StateBackend::in_memory(None),
        }
    }
}

/// What a job is started with.
#[derive(Clone, Debug)]
pub struct JobConfig {
    /// The job's name, for threads and messages.
    pub name: String,
    /// How many workers the job has, over all its processes.
    pub parallelism: usize,
    /// The settings that have defaults.
    pub options: JobOptions,
    /// Processing time.
    pub clock: Arc<dyn Clock>,
    /// What the job goes on from, taken at any parallelism.
    pub restore: Option<Arc<Snapshot>>,
    /// How its state is made durable. If it is, the identity says so too.
    pub checkpoints: Option<CheckpointConfig>,
    /// Who the job is. All its processes are given the same.
    pub identity: JobIdentity,
    /// Which of several processes this is. `None`: the only one.
    pub processes: Option<ProcessLayout>,
    /// In a simulation, who gives the threads their turns. `None`: the operating system.
    pub turns: Option<Arc<dyn Turns>>,
}

impl JobConfig {
    /// A job of one worker with the default settings.
    pub fn new(name: impl Into<String>) -> Self {
        JobConfig {
            name: name.into(),
            parallelism: 1,
            options: JobOptions::default(),
            clock: Arc::new(SystemClock),
            restore: None,
            checkpoints: None,
            identity: JobIdentity::ephemeral(),
            processes: None,
            turns: None,
        }
    }

    /// The same with so many workers.
    #[must_use]
    pub fn parallelism(mut self, parallelism: usize) -> Self {
        self.parallelism = parallelism;
        self
    }
}

/// Starts jobs.
#[derive(Debug)]
pub struct Job;

impl Job {
    /// Starts a job: `build` is called once on each worker's thread.
    ///
    /// An error of `build`, of an operator, or a panic on any worker ends the job; [`JobHandle::wait`] gives the first.
    pub fn start<B: Batch>(config: JobConfig, build: Build<B>) -> Result<JobHandle> {
        if config.parallelism == 0 {
            return Err(Error::input("the parallelism must be at least 1"));
        }
        let processes = config.processes.as_ref().map_or(1, |layout| layout.processes.max(1));
        if !config.parallelism.is_multiple_of(processes) {
            return Err(Error::input(format!(
                "a parallelism of {} can't be shared evenly by {processes} processes",
                config.parallelism
            )));
        }
        if processes > 1 && config.checkpoints.is_none() && config.options.state.kind() != BackendKind::HashMap {
            return Err(Error::bug("without checkpoints the state of several processes can only be in memory"));
        }
        let threads = config.parallelism / processes;
        let index = config.processes.as_ref().map_or(0, |layout| layout.index);
        let layout =
            Layout { worker: 0, parallelism: config.parallelism, first: index * threads, threads, serialized: false };
        let shared = Self::shared(&config, layout);
        match config.processes.filter(|_| processes > 1) {
            None => {
                let threads = if threads == 1 { Communication::Thread } else { Communication::Process(threads) };
                let (builders, _) = threads.try_build().map_err(Error::failure)?;
                JobHandle::launch(shared, builders, None, config.checkpoints, build)
            }
            Some(layout) => {
                let connections = process::connect(&layout, config.parallelism)?;
                let sockets = connections.handles();
                let (control, listeners) = ControlPlane::start(&shared, &layout, connections.control)?;
                let hooks = Hooks::default();
                let inner = ProcessBuilder::new_typed_vector(threads, hooks.refill.clone(), None);
                let (builders, guard) =
                    initialize_networking_from_sockets(inner, connections.data, layout.index, threads, hooks)
                        .map_err(|error| Error::failure(format!("the processes can't be connected: {error}")))?;
                let builders = builders.into_iter().map(AllocatorBuilder::Tcp).collect();
                let network = Network { control, listeners, sockets, guard: Box::new(guard) };
                JobHandle::launch(shared, builders, Some(network), config.checkpoints, build)
            }
        }
    }

    fn shared(config: &JobConfig, layout: Layout) -> Arc<JobShared> {
        let identity = JobIdentity { checkpoints: config.checkpoints.is_some(), ..config.identity.clone() };
        JobShared::new(
            config.name.clone(),
            identity,
            config.options.clone(),
            config.clock.clone(),
            Pace::new(config.turns.clone()),
            config.restore.clone(),
            layout,
        )
    }

    /// Starts all processes of a job in this one, for a simulation: what they tell each other goes over the lines of
    /// [`JobConfig::turns`], and their rows are serialized between all workers. Gives a handle to each.
    pub fn start_simulated<B: Batch>(config: &JobConfig, processes: usize, build: &Build<B>) -> Result<Vec<JobHandle>> {
        let Some(turns) = &config.turns else { return Err(Error::bug("a simulation without turns")) };
        let threads = config.parallelism / processes.max(1);
        let workers = Communication::ProcessBinary(threads * processes);
        let (builders, _) = workers.try_build().map_err(Error::failure)?;
        let mut builders = builders.into_iter();
        let mut handles = Vec::new();
        for index in 0..processes {
            let (parallelism, first) = (threads * processes, index * threads);
            let layout = Layout { worker: 0, parallelism, first, threads, serialized: true };
            let shared = Self::shared(config, layout);
            let (control, listeners) = ControlPlane::start_on_lines(&shared, &**turns, index, processes)?;
            let network = Network { control, listeners, sockets: Vec::new(), guard: Box::new(()) };
            let builders = builders.by_ref().take(threads).collect();
            handles.push(JobHandle::launch(
                shared,
                builders,
                Some(network),
                config.checkpoints.clone(),
                build.clone(),
            )?);
        }
        Ok(handles)
    }
}

/// What connects a process with the others of its job.
struct Network {
    control: Arc<ControlPlane>,
    listeners: Vec<JoinHandle<()>>,
    sockets: Vec<TcpStream>,
    guard: Box<dyn Any + Send>,
}

/// How long the cause of a lost connection is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

impl Network {
    /// This process's workers have ended.
    fn finish(self, shared: &JobShared, place: &Place, process: usize) {
        if shared.failure().is_some_and(|(blame, _)| blame == Blame::Consequence) {
            self.control.wait_for_cause(PATIENCE, place);
        }
        if shared.failure().is_some() {
            // Whoever reads from a peer that hangs would wait for ever.
            for socket in &self.sockets {
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
        // Timely's threads panic when a connection breaks, and again when they are joined.
        let guard = self.guard;
        if catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err() && !shared.is_cancelled() {
            shared.fail(Blame::Consequence, Error::failure("the connection to another process was lost"));
            self.control.wait_for_cause(PATIENCE, place);
        }
        self.control.finish(place);
        self.control.close();
        for peer in self.control.peers() {
            place.await_end(Role::Listener { process, peer });
        }
        for listener in self.listeners {
            let _ = listener.join();
        }
    }
}

/// A started job. Clones are handles to the same one; dropping them does not end it.
#[derive(Clone)]
pub struct JobHandle {
    shared: Arc<JobShared>,
    control: Option<Arc<ControlPlane>>,
    checkpoints: Option<CheckpointService>,
    result: Arc<(Mutex<Option<Result<()>>>, Condvar)>,
}

impl std::fmt::Debug for JobHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobHandle").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl JobHandle {
    fn launch<B: Batch>(
        shared: Arc<JobShared>,
        builders: Vec<AllocatorBuilder>,
        network: Option<Network>,
        checkpoints: Option<CheckpointConfig>,
        build: Build<B>,
    ) -> Result<Self> {
        let control = network.as_ref().map(|network| network.control.clone());
        let Layout { parallelism, first, threads, .. } = shared.layout;
        let start = |config| {
            CheckpointService::start(&shared, config, first / threads, parallelism / threads, control.as_ref())
        };
        let checkpoints = checkpoints.map(start).transpose()?;
        let handle = JobHandle { shared: shared.clone(), control, checkpoints, result: Arc::default() };
        let context = shared.clone();
        let workers = initialize_from(builders, Box::new(()), move |allocator| work(&context, allocator, &build))
            .map_err(|error| Error::failure(format!("the workers can't be started: {error}")))?;
        let result = handle.result.clone();
        let epochs = match shared.options.epoch_interval {
            // With checkpoints their coordinator ends the epochs.
            Some(interval) if handle.checkpoints.is_none() => {
                Some(end_epochs(shared.clone(), result.clone(), interval)?)
            }
            _ => None,
        };
        let service = handle.checkpoints.clone();
        let process = first / threads;
        // Its name tells the panic hook that what timely panics about here is told as the job's error.
        spawn(format!("timely:join-{}", shared.name), move || {
            for ended in workers.join() {
                // Panics of the dataflow are caught on its thread; what is left are those of timely's own start.
                if let Err(error) = ended {
                    shared.fail(Blame::Consequence, Error::failure(format!("a worker could not start: {error}")));
                }
            }
            let place = shared.pace.enter(Role::Closer(process));
            if shared.failure().is_some() || shared.is_cancelled() {
                // What is lost is not decided any more; of what has ended well the last decision has been made.
                service.iter().for_each(|service| service.finish(&place));
            }
            if let Some(network) = network {
                network.finish(&shared, &place, process);
            }
            service.iter().for_each(|service| service.finish(&place));
            shared.snapshots.close();
            shared.options.state.close(shared.snapshots.are_kept());
            let outcome = shared.failure().map_or(Ok(()), |(_, error)| Err(error));
            *result.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            result.1.notify_all();
            if let Some(epochs) = epochs {
                let _ = epochs.join();
            }
        })?;
        Ok(handle)
    }

    /// Waits until the job has ended. Ok if its input has ended, or it was stopped or cancelled.
    pub fn wait(&self) -> Result<()> {
        let guard = self.result.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = self.result.1.wait_while(guard, |result| result.is_none()).unwrap_or_else(PoisonError::into_inner);
        ended.clone().unwrap_or(Ok(()))
    }

    /// Waits at most so long. `None` if the job has not ended by then.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<()>> {
        let guard = self.result.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.result.1.wait_timeout_while(guard, timeout, |result| result.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Ends the job in good order: sources stop reading, what has been read is written, sinks flush. Event time does not
    /// end by it, so no window fires before its time.
    pub fn stop(&self) {
        if let Some(control) = &self.control {
            control.stop();
        }
        self.shared.stop();
    }

    /// Ends the job at once. What is on its way is lost.
    pub fn cancel(&self) {
        if let Some(control) = &self.control {
            control.cancel();
        }
        self.shared.cancel();
    }

    /// The counters of this process's operators.
    pub fn metrics(&self) -> JobMetrics {
        self.shared.metrics.clone()
    }

    /// The totals of all operators; in process 0 those of all processes, as of their last heartbeat or their end.
    pub fn totals(&self) -> Vec<OperatorTotals> {
        self.control.as_ref().map_or_else(|| self.shared.metrics.totals(), |control| control.totals())
    }

    /// In process 0 the sum of the most memory that each of the other processes has had, in bytes, as far as these were given
    /// [`ProcessLayout::peak_memory`].
    pub fn peak_memory_of_others(&self) -> u64 {
        self.control.as_ref().map_or(0, |control| control.peak_memory_of_others())
    }

    /// The bytes on their way between this process's operators: now, and the most there ever were.
    pub fn bytes_in_flight(&self) -> (usize, usize) {
        (self.shared.budget.live(), self.shared.budget.peak())
    }

    /// The complete snapshots that are kept, by epoch. After the end the last one is that of the end.
    pub fn snapshots(&self) -> BTreeMap<Epoch, Arc<Snapshot>> {
        self.shared.snapshots.all()
    }

    /// How the checkpoints go. In process 0 of a job that has them.
    pub fn checkpoint_status(&self) -> Option<CheckpointStatus> {
        self.checkpoints.as_ref().map(CheckpointService::status)
    }

    /// Takes a savepoint into an empty folder, and waits for it; with `stop` it is the last thing that the job does.
    pub fn savepoint(&self, target: Arc<dyn BlobStore>, stop: bool) -> Result<Manifest> {
        let Some(checkpoints) = &self.checkpoints else {
            return Err(Error::input("a job without checkpoints has no savepoints").hint("run it with --state-dir"));
        };
        let end = || self.stop();
        checkpoints.savepoint(target, stop.then_some(&end as &dyn Fn()))
    }

    /// Puts a barrier behind what has been read so far; gives the epoch that it ends.
    pub fn trigger_epoch(&self) -> Option<Epoch> {
        self.shared.ticks.end_epoch()
    }

    /// Waits until all of an epoch has passed the whole job. `None` if the job ends without it, or the time is over.
    pub fn wait_epoch(&self, epoch: Epoch, timeout: Duration) -> Option<Arc<Snapshot>> {
        self.shared.snapshots.wait(epoch, timeout)
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts threads")]
pub(crate) fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let started = std::thread::Builder::new().name(name).spawn(run);
    started.map_err(|error| Error::failure(format!("a thread can't be started: {error}")))
}

/// Ends an epoch after each interval, once the one before has passed.
fn end_epochs(
    shared: Arc<JobShared>,
    result: Arc<(Mutex<Option<Result<()>>>, Condvar)>,
    interval: Duration,
) -> Result<JoinHandle<()>> {
    spawn(format!("{}-epochs", shared.name), move || {
        loop {
            let guard = result.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = result.1.wait_timeout_while(guard, interval, |result| result.is_none());
            if waited.unwrap_or_else(PoisonError::into_inner).0.is_some() {
                return;
            }
            if let Some(epoch) = shared.ticks.end_epoch() {
                // A barrier that takes longer than the interval puts the next one off.
                while shared.snapshots.wait(epoch, interval).is_none() && !shared.snapshots.is_closed() {}
            }
        }
    })
}

/// Runs one worker until its dataflow has ended or the job is cancelled.
fn work<B: Batch>(shared: &Arc<JobShared>, allocator: Allocator, build: &Build<B>) {
    shared.register_thread(std::thread::current());
    let worker = allocator.index();
    let place = shared.pace.enter(Role::Worker(worker));
    let run = || -> Result<()> {
        let mut timely = Worker::new(WorkerConfig::default(), allocator, Some(crate::stopwatch::now()));
        let layout = Layout { worker, ..shared.layout };
        let context =
            WorkerShared { job: shared.clone(), progress: Rc::default(), alarms: shared.pace.alarms(), worker };
        let mut flow = Flow::new(context.clone(), layout);
        build(&mut flow)?;
        timely.dataflow_named::<u64, _, _>(&shared.name, |scope| flow.assemble(scope))?;
        while timely.has_dataflows() && !shared.is_cancelled() {
            place.step(&mut timely, &context, LONGEST_PARK);
        }
        for dataflow in timely.installed_dataflows() {
            timely.drop_dataflow(dataflow);
        }
        Ok(())
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => shared.fail(Blame::Cause, error),
        Err(panic) => {
            let said = panics::message(&*panic);
            // What timely says when a peer is gone is no cause.
            if ["timely communication error", "poisoned", "MergeQueue"].iter().any(|word| said.contains(word)) {
                let error = Error::failure("the connection to another process was lost").detail(said);
                shared.fail(Blame::Consequence, error);
            } else {
                let mut error = Error::bug(format!("worker {worker} panicked: {said}"));
                if let Some(place) = panics::take_place() {
                    error = error.detail(format!("at {place}"));
                }
                shared.fail(Blame::Cause, error);
            }
        }
    }
}
