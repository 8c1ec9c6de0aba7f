//! Process 0's part: sets barriers, waits for the reports of all processes, puts the manifest, tells everyone, cleans up.

use super::{CheckpointConfig, CheckpointStatus, CheckpointSummary, Report};
use crate::shared::{Blame, JobShared};
use crate::turns::Place;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use riverrun_core::{Epoch, Error, Millis, Result, failpoint};
use riverrun_state::checkpoint::{
    BlobStore, Branch, CheckpointKind, History, JobEntry, Manifest, ManifestBody, Outcome, ProcessParts, Retention,
    export,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the last manifest is tried: there will be no other.
const LAST_ATTEMPTS: u32 = 6;

/// Files that crashes have left are looked for after so many checkpoints.
const COLLECT_EVERY: u64 = 200;

/// What the coordinator is told.
pub(crate) enum Event {
    /// A process has written its parts, or has failed to.
    Report(Report),
    /// Someone wants a savepoint.
    Savepoint(SavepointRequest),
    /// The workers of this process have ended.
    Ended,
}

/// A savepoint that is wanted.
pub(crate) struct SavepointRequest {
    pub(crate) target: Arc<dyn BlobStore>,
    /// Whether it is to be of the last checkpoint, since the job is being stopped.
    pub(crate) stop: bool,
    pub(crate) reply: Sender<Result<Manifest>>,
}

/// Tells every process that an epoch's checkpoint has been decided.
pub(crate) type Announce = Box<dyn Fn(Epoch) + Send>;

/// A checkpoint under way.
struct Pending {
    epoch: Epoch,
    since: Instant,
    started: Millis,
    reports: BTreeMap<usize, ProcessParts>,
    savepoints: Vec<SavepointRequest>,
}

/// Takes the checkpoints of a job.
pub(crate) struct Coordinator {
    shared: Arc<JobShared>,
    config: CheckpointConfig,
    processes: usize,
    events: Receiver<Event>,
    announce: Announce,
    history: History,
    retention: Retention,
    status: Arc<Mutex<CheckpointStatus>>,
    next: u64,
    pending: Option<Pending>,
    /// The last reports of processes whose workers have come to the end of all input.
    finals: BTreeMap<usize, (Epoch, Result<ProcessParts>)>,
    /// Savepoints for the next checkpoint.
    requests: Vec<SavepointRequest>,
    /// Savepoints for the last one.
    last_requests: Vec<SavepointRequest>,
    failures: u32,
    last_trigger: Instant,
    last_end: Instant,
}

impl Coordinator {
    /// Finds out where the history stands.
    pub(crate) fn new(
        shared: Arc<JobShared>,
        config: CheckpointConfig,
        processes: usize,
        events: Receiver<Event>,
        announce: Announce,
        status: Arc<Mutex<CheckpointStatus>>,
    ) -> Result<Self> {
        let history = History::new(config.store.clone());
        let next = history.numbers()?.last().map_or(1, |newest| newest + 1);
        let generation = shared.identity.generation;
        let base = config.base.as_ref().map(|base| base.body.id);
        let branch = base.map(|base| Branch { base, newest: next - 1, generation });
        let retention = Retention::open(history.clone(), config.schedule.retained, branch.as_ref())?;
        let start = shared.pace.now();
        Ok(Coordinator {
            shared,
            config,
            processes,
            events,
            announce,
            history,
            retention,
            status,
            next,
            pending: None,
            finals: BTreeMap::new(),
            requests: Vec::new(),
            last_requests: Vec::new(),
            failures: 0,
            last_trigger: start,
            last_end: start,
        })
    }

    /// Runs until the last checkpoint has been decided or the job has ended without it.
    pub(crate) fn run(mut self, place: &Place) {
        if let Err(error) = self.collect() {
            tracing::warn!("files that no checkpoint needs were not taken away: {}", error.in_one_line());
        }
        while let Some(event) = self.next_event(place) {
            match event {
                Some(Event::Ended) => break,
                Some(Event::Savepoint(request)) => self.request(request),
                Some(Event::Report(report)) => {
                    if self.take(report, place) {
                        break;
                    }
                }
                None => self.on_time(),
            }
        }
        let ended = || Error::failure("the job has ended");
        let open = self.pending.take().into_iter().flat_map(|pending| pending.savepoints);
        let waiting = std::mem::take(&mut self.requests).into_iter().chain(std::mem::take(&mut self.last_requests));
        for request in open.chain(waiting) {
            let _ = request.reply.send(Err(ended()));
        }
        while let Ok(event) = self.events.try_recv() {
            if let Event::Savepoint(request) = event {
                let _ = request.reply.send(Err(ended()));
            }
        }
    }

    /// What comes next: an event, or the time for something (`Some(None)`). `None`: nothing will come any more.
    fn next_event(&self, place: &Place) -> Option<Option<Event>> {
        match place.receive_until(&self.events, self.deadline()) {
            Ok(event) => Some(Some(event)),
            Err(RecvTimeoutError::Timeout) => Some(None),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// When something is to be done although nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let schedule = &self.config.schedule;
        if let Some(pending) = &self.pending {
            return Some(pending.since + schedule.timeout);
        }
        if !self.finals.is_empty() {
            return None;
        }
        if !self.requests.is_empty() {
            return Some(self.shared.pace.now());
        }
        schedule.interval.map(|interval| (self.last_trigger + interval).max(self.last_end + schedule.min_pause))
    }

    fn on_time(&mut self) {
        if self.deadline().is_none_or(|at| at > self.shared.pace.now()) {
            return;
        }
        match self.pending.take() {
            Some(pending) => {
                let seconds = self.config.schedule.timeout.as_secs_f32();
                let missing: Vec<String> = (0..self.processes)
                    .filter(|process| !pending.reports.contains_key(process))
                    .map(|process| process.to_string())
                    .collect();
                let error = Error::failure(format!("the checkpoint was not complete within {seconds} s"))
                    .detail(format!("the parts of process {} were missing", missing.join(", ")))
                    .hint("execution.checkpointing.timeout gives it more time");
                self.failed(pending, error);
            }
            None => self.trigger(),
        }
    }

    fn trigger(&mut self) {
        let started = self.shared.clock.now();
        self.last_trigger = self.shared.pace.now();
        let savepoints = std::mem::take(&mut self.requests);
        if let Err(error) = failpoint("barrier") {
            self.give_up(savepoints, error);
        } else if let Some(epoch) = self.shared.ticks.end_epoch() {
            tracing::debug!("a barrier ends epoch {}", epoch.0);
            self.pending =
                Some(Pending { epoch, since: self.shared.pace.now(), started, reports: BTreeMap::new(), savepoints });
        }
    }

    fn request(&mut self, request: SavepointRequest) {
        if request.stop { self.last_requests.push(request) } else { self.requests.push(request) }
    }

    /// Takes a report; true if it was all that there will be.
    fn take(&mut self, report: Report, place: &Place) -> bool {
        let Report { process, epoch, last, outcome } = report;
        if last {
            self.finals.insert(process, (epoch, outcome.clone()));
        }
        if let Some(mut pending) = self.pending.take() {
            match outcome {
                Ok(parts) if epoch == pending.epoch => {
                    pending.reports.insert(process, parts);
                    if pending.reports.len() == self.processes {
                        self.complete(pending);
                    } else {
                        self.pending = Some(pending);
                    }
                }
                Err(error) if epoch == pending.epoch && !last => self.failed(pending, error),
                _ => self.pending = Some(pending),
            }
        } else if let (Ok(parts), false) = (&outcome, last) {
            // It belongs to a checkpoint that has been given up.
            self.retention.loosen(written_by(parts));
        }
        self.finals.len() == self.processes && self.finish(place)
    }

    /// All processes have come to the end of their input: the last checkpoint. True, since nothing comes after it.
    fn finish(&mut self, place: &Place) -> bool {
        let mut savepoints = std::mem::take(&mut self.requests);
        savepoints.append(&mut self.last_requests);
        let mut started = self.shared.clock.now();
        if let Some(pending) = self.pending.take() {
            started = pending.started;
            savepoints.extend(pending.savepoints);
        }
        let mut last =
            Pending { epoch: Epoch(0), since: self.shared.pace.now(), started, reports: BTreeMap::new(), savepoints };
        for (process, (epoch, outcome)) in std::mem::take(&mut self.finals) {
            last.epoch = last.epoch.max(epoch);
            match outcome {
                Ok(parts) => {
                    last.reports.insert(process, parts);
                }
                Err(error) => {
                    self.fail_job(error.context("the last checkpoint could not be written"));
                    return true;
                }
            }
        }
        // Its decision may be there already: a barrier at the very end.
        if self.shared.decisions.newest().is_some_and(|newest| newest >= last.epoch) {
            let newest = self.history.read(self.next - 1);
            for request in last.savepoints {
                let manifest = newest.clone();
                let _ = request.reply.send(manifest.and_then(|m| export(&*self.config.store, &m, &*request.target)));
            }
            return true;
        }
        for attempt in 0.. {
            match self.decide(&last) {
                Ok(Some(manifest)) => {
                    self.decided(last, &manifest);
                    break;
                }
                Ok(None) => break,
                Err(error) if attempt == LAST_ATTEMPTS => {
                    self.fail_job(error.context("the last checkpoint could not be written"));
                    break;
                }
                Err(_) => place.sleep(Duration::from_millis(50 << attempt)),
            }
        }
        true
    }

    /// All parts are there.
    fn complete(&mut self, pending: Pending) {
        match self.decide(&pending) {
            Ok(Some(manifest)) => self.decided(pending, &manifest),
            Ok(None) => {}
            Err(error) => self.failed(pending, error),
        }
    }

    /// Puts the manifest. `None` if the job has ended meanwhile, or must.
    fn decide(&mut self, pending: &Pending) -> Result<Option<Manifest>> {
        loop {
            if self.shared.is_cancelled() {
                return Ok(None);
            }
            let manifest = self.manifest(pending);
            match self.history.decide(&manifest)? {
                Outcome::Decided => {
                    self.next += 1;
                    return Ok(Some(manifest));
                }
                Outcome::Earlier(earlier) => {
                    self.next = earlier.body.id + 1;
                    self.retention.keep(&earlier);
                    self.make_known(&earlier);
                }
                Outcome::Overtaken => {
                    let error = Error::failure("another start of this job has taken over").detail(format!(
                        "checkpoint {} is of another start than this one, which is number {} of the job",
                        self.next, self.shared.identity.generation
                    ));
                    self.fail_job(error);
                    return Ok(None);
                }
            }
        }
    }

    fn manifest(&self, pending: &Pending) -> Manifest {
        let parts = pending.reports.values().flat_map(|report| &report.parts);
        let body = ManifestBody {
            kind: CheckpointKind::Checkpoint,
            id: self.next,
            epoch: pending.epoch,
            nonce: crate::identity::random_id(),
            job: JobEntry {
                id: self.shared.identity.id.clone(),
                name: self.shared.name.clone(),
                generation: self.shared.identity.generation,
                parallelism: self.shared.layout.parallelism,
                key_groups: self.shared.options.key_groups,
                plan: self.config.plan,
            },
            started: pending.started,
            completed: self.shared.clock.now(),
            written: 0,
            base: self.config.base.as_ref().map(|base| base.body.id),
            finished: parts.clone().next().is_some() && parts.clone().all(|(_, part)| part.ended),
        };
        Manifest::assemble(body, pending.reports.values().cloned(), &self.config.signatures)
    }

    fn decided(&mut self, pending: Pending, manifest: &Manifest) {
        self.failures = 0;
        self.last_end = self.shared.pace.now();
        let summary = CheckpointSummary {
            id: manifest.body.id,
            epoch: manifest.body.epoch,
            duration: self.shared.pace.now().saturating_duration_since(pending.since),
            state_bytes: manifest.state_bytes(),
            written_bytes: manifest.body.written,
        };
        tracing::info!(
            "checkpoint {} of epoch {}: {} bytes of state, {} written, {:.3} s",
            summary.id,
            summary.epoch.0,
            summary.state_bytes,
            summary.written_bytes,
            summary.duration.as_secs_f64()
        );
        {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            status.completed += 1;
            status.latest = Some(summary);
        }
        if self.make_known(manifest)
            && let Err(error) = self.retention.decided(manifest)
        {
            tracing::warn!("an older checkpoint was not taken away: {}", error.in_one_line());
        }
        for request in pending.savepoints {
            let _ = request.reply.send(export(&*self.config.store, manifest, &*request.target));
        }
        if manifest.body.id.is_multiple_of(COLLECT_EVERY)
            && let Err(error) = self.collect()
        {
            tracing::warn!("files that no checkpoint needs were not taken away: {}", error.in_one_line());
        }
    }

    /// The decision travels to the workers. False if the job fails instead.
    fn make_known(&self, manifest: &Manifest) -> bool {
        if let Err(error) = failpoint("commit-notice") {
            self.fail_job(error);
            return false;
        }
        self.shared.decisions.decide(manifest.body.epoch);
        (self.announce)(manifest.body.epoch);
        true
    }

    fn failed(&mut self, pending: Pending, error: Error) {
        self.retention.loosen(pending.reports.values().flat_map(written_by));
        self.give_up(pending.savepoints, error);
    }

    /// A checkpoint has failed: its output belongs to the next one.
    fn give_up(&mut self, savepoints: Vec<SavepointRequest>, error: Error) {
        self.last_end = self.shared.pace.now();
        self.failures += 1;
        tracing::warn!("a checkpoint has failed, the {} in a row: {}", ordinal(self.failures), error.in_one_line());
        {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            status.failed += 1;
            status.last_failure = Some(error.clone());
        }
        for request in savepoints {
            let _ = request.reply.send(Err(error.clone()));
        }
        if self.config.schedule.tolerable_failures.is_some_and(|tolerable| self.failures > tolerable) {
            self.fail_job(
                error
                    .context("too many checkpoints have failed (execution.checkpointing.tolerable-failed-checkpoints)"),
            );
        }
    }

    fn fail_job(&self, error: Error) {
        self.shared.fail(Blame::Cause, error);
    }

    fn collect(&self) -> Result<()> {
        let collected = self.retention.collect(self.shared.clock.now())?;
        if collected > 0 {
            tracing::info!("{collected} files that no checkpoint needs were taken away");
        }
        Ok(())
    }
}

/// The files of a report; retention keeps those that a manifest names.
fn written_by(parts: &ProcessParts) -> Vec<String> {
    parts.files.iter().map(|file| file.name.clone()).collect()
}

/// The number as a word, or as `21st`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        _ if number == 1 => return "first".to_owned(),
        _ if number == 2 => return "second".to_owned(),
        _ if number == 3 => return "third".to_owned(),
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn a_number_in_a_row_has_the_ending_that_it_is_read_with() {
        let read = [1, 2, 3, 4, 11, 12, 13, 20, 21, 22, 23, 24, 111, 121].map(ordinal);
        let expected =
            ["first", "second", "third", "4th", "11th", "12th", "13th", "20th", "21st", "22nd", "23rd", "24th"];
        assert_eq!(read[..12], expected);
        assert_eq!(read[12..], ["111th", "121st"]);
    }
}
