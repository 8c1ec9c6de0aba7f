//! The threads that make a process's checkpoints, from the job's start to its end.

use super::coordinator::{Coordinator, Event, SavepointRequest};
use super::uploader::{self, Handover, Handovers};
use super::{CheckpointConfig, CheckpointStatus, Report};
use crate::control::ControlPlane;
use crate::panics;
use crate::shared::{Blame, JobShared};
use crate::turns::{Place, Role};
use crossbeam_channel::{Sender, unbounded};
use riverrun_core::{Error, Result};
use riverrun_state::checkpoint::{BlobStore, Manifest, PartWriter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// This process's part in the checkpoints of a job. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct CheckpointService {
    handovers: Handovers,
    /// In process 0.
    coordinator: Option<(Sender<Event>, Arc<Mutex<Option<JoinHandle<()>>>>)>,
    status: Arc<Mutex<CheckpointStatus>>,
}

impl CheckpointService {
    /// Starts the threads. `control` is what connects the job's processes, if it has several.
    pub(crate) fn start(
        shared: &Arc<JobShared>,
        config: CheckpointConfig,
        process: usize,
        processes: usize,
        control: Option<&Arc<ControlPlane>>,
    ) -> Result<Self> {
        let mut writer = PartWriter::new(config.store.clone(), shared.identity.generation, process);
        if let Some(base) = &config.base {
            writer.know(base);
        }
        let (handovers, handed_over) = unbounded();
        let (events, happened) = unbounded();
        let status: Arc<Mutex<CheckpointStatus>> = Arc::default();
        let mut coordinator = None;
        if process == 0 {
            let announcer = control.cloned();
            let announce = Box::new(move |epoch| {
                if let Some(control) = &announcer {
                    control.decided(epoch);
                }
            });
            if let Some(control) = control {
                control.report_to(events.clone());
            }
            let running = Coordinator::new(shared.clone(), config, processes, happened, announce, status.clone())?;
            let job = shared.clone();
            let run = move || {
                let place = job.pace.enter(Role::Coordinator);
                guarded(&job, "the thread that takes checkpoints", || running.run(&place));
            };
            let thread = crate::job::spawn(format!("timely:checkpoints-{}", shared.name), run)?;
            coordinator = Some((events, Arc::new(Mutex::new(Some(thread)))));
        }
        let reporter = coordinator.as_ref().map(|(events, _)| events.clone());
        let control = control.cloned();
        let report = move |report: Report| match (&reporter, &control) {
            (Some(events), _) => {
                let _ = events.send(Event::Report(report));
            }
            (None, Some(control)) => control.report(&report),
            (None, None) => {}
        };
        let job = shared.clone();
        let run = move || {
            let place = job.pace.enter(Role::Uploader(process));
            guarded(&job, "the thread that writes state", || {
                uploader::run(writer, process, &handed_over, &place, report);
            });
        };
        drop(crate::job::spawn(format!("timely:upload-{}", shared.name), run)?);
        let hand_over = handovers.clone();
        shared.snapshots.hand_over_to(Box::new(move |epoch, parts, last| {
            let _ = hand_over.send(Some(Handover { epoch, parts, last }));
        }));
        Ok(CheckpointService { handovers, coordinator, status })
    }

    /// How it goes; process 0 alone knows.
    pub(crate) fn status(&self) -> CheckpointStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a savepoint, and waits for it.
    pub(crate) fn savepoint(&self, target: Arc<dyn BlobStore>, stop: Option<&dyn Fn()>) -> Result<Manifest> {
        let Some((events, _)) = &self.coordinator else {
            return Err(Error::bug("savepoints are taken by process 0"));
        };
        let (reply, answer) = unbounded();
        let ended = || Error::failure("the job has ended");
        events.send(Event::Savepoint(SavepointRequest { target, stop: stop.is_some(), reply })).map_err(|_| ended())?;
        if let Some(stop) = stop {
            stop();
        }
        answer.recv().map_err(|_| ended())?
    }

    /// The workers have ended. Nothing is decided any more when this returns.
    pub(crate) fn finish(&self, place: &Place) {
        let _ = self.handovers.send(None);
        if let Some((events, thread)) = &self.coordinator {
            let _ = events.send(Event::Ended);
            if let Some(thread) = thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
                place.await_end(Role::Coordinator);
                let _ = thread.join();
            }
        }
    }
}

/// Runs a thread's work; a panic of it fails the job.
fn guarded(shared: &JobShared, who: &str, work: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        let mut error = Error::bug(format!("{who} panicked: {}", panics::message(&*panic)));
        if let Some(place) = panics::take_place() {
            error = error.detail(format!("at {place}"));
        }
        shared.fail(Blame::Cause, error);
    }
}
