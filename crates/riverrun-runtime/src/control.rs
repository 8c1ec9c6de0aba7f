//! The control connections of a job of several processes: ticks and epochs, heartbeats with metrics, the parts of
//! snapshots, and the news that one of them has failed.
//!
//! They form a star around process 0. A process that closes its connection without having said that it is done, or that
//! is not heard of for too long, is lost, and with it the job.

use crate::alignment::{Link, Progress, Tell};
use crate::checkpoint::Report;
use crate::checkpoint::coordinator::Event;
use crate::process::{PeakMemory, ProcessLayout, read_frame, write_frame};
use crate::shared::{Blame, JobShared};
use crate::snapshot::{OperatorPart, PartOnWire};
use crate::ticks::TickLink;
use crate::turns::{Line, Place, Role, Turns};
use crossbeam_channel::Sender;
use riverrun_core::metrics::OperatorTotals;
use riverrun_core::{Epoch, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A message longer than this is not one.
const LONGEST: usize = 1 << 30;

/// What the processes tell each other.
#[derive(Debug, Serialize, Deserialize)]
enum Control {
    /// From process 0: this tick is open. To process 0: something has been sent in this tick.
    Tick(u64),
    /// Still alive; to process 0 with what the sender has counted.
    Heartbeat(Counted),
    /// The parts that the sender's workers left for an epoch.
    Parts(Epoch, Vec<(String, usize, PartOnWire)>),
    /// The sender has written the parts of an epoch, its last ones or not: a report as JSON, or why it could not.
    Written { epoch: Epoch, last: bool, parts: std::result::Result<Vec<u8>, String> },
    /// From process 0: the checkpoint of an epoch has been decided.
    Decided(Epoch),
    /// How far aligned sources are: those of the sender, and from process 0 those of all.
    Aligned(Progress),
    /// The sender has failed.
    Failed { bug: bool, message: String, detail: Option<String>, hint: Option<String> },
    /// Sources stop reading.
    Stop,
    /// Everything ends at once.
    Cancel,
    /// The sender's workers have ended; what it has counted.
    Done(Counted),
}

/// What a process has counted; nothing from process 0, whose counts are no news to the others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Counted {
    totals: Vec<OperatorTotals>,
    /// The most memory that it has had, in bytes.
    peak_memory: u64,
}

/// How a peer is reached.
enum Way {
    Socket(Mutex<TcpStream>),
    /// In a simulation: the line to it, and the one from it.
    Lines(Arc<dyn Line>, Arc<dyn Line>),
}

struct Peer {
    index: usize,
    way: Way,
}

#[derive(Default)]
struct Reported {
    counted: Vec<Counted>,
    done: Vec<bool>,
}

/// This process's end of the control connections.
pub(crate) struct ControlPlane {
    shared: Arc<JobShared>,
    peers: Vec<Peer>,
    reported: Mutex<Reported>,
    changed: Condvar,
    closing: AtomicBool,
    peak_memory: Option<PeakMemory>,
    /// In process 0 of a job with checkpoints: where the others' reports go.
    reports: OnceLock<Sender<Event>>,
}

impl ControlPlane {
    /// Takes over the connections of the handshake, and starts to listen on them.
    pub(crate) fn start(
        shared: &Arc<JobShared>,
        layout: &ProcessLayout,
        sockets: Vec<(usize, TcpStream)>,
    ) -> Result<(Arc<Self>, Vec<JoinHandle<()>>)> {
        let failed = |error: std::io::Error| Error::failure(format!("the control connection fails: {error}"));
        let mut readers = Vec::new();
        let mut peers = Vec::new();
        for (index, socket) in sockets {
            // A peer that no longer reads must not hold up a worker.
            socket.set_write_timeout(Some(layout.heartbeat_timeout)).map_err(failed)?;
            socket.set_read_timeout(Some(layout.heartbeat_timeout)).map_err(failed)?;
            readers.push((index, socket.try_clone().map_err(failed)?));
            peers.push(Peer { index, way: Way::Socket(Mutex::new(socket)) });
        }
        let plane = Self::new(shared, peers, layout.peak_memory.clone());
        plane.connect(layout.index == 0);
        let mut threads = Vec::new();
        for (at, (index, mut socket)) in readers.into_iter().enumerate() {
            let plane = plane.clone();
            let timeout = layout.heartbeat_timeout;
            let name = format!("{}-control-{index}", shared.name);
            threads.push(crate::job::spawn(name, move || {
                plane.listen(at, index, timeout, || read_frame(&mut socket, LONGEST));
            })?);
        }
        let beating = plane.clone();
        let interval = (layout.heartbeat_timeout / 4).min(Duration::from_millis(500));
        threads.push(crate::job::spawn(format!("{}-heartbeat", shared.name), move || beating.beat(interval))?);
        Ok((plane, threads))
    }

    /// The connections of process `index` of `processes` of a simulated job. They have no heartbeats: a line is never silent.
    pub(crate) fn start_on_lines(
        shared: &Arc<JobShared>,
        turns: &dyn Turns,
        index: usize,
        processes: usize,
    ) -> Result<(Arc<Self>, Vec<JoinHandle<()>>)> {
        let others = if index == 0 { 1..processes } else { 0..1 };
        let peer = |peer| Peer { index: peer, way: Way::Lines(turns.line(index, peer), turns.line(peer, index)) };
        let plane = Self::new(shared, others.map(peer).collect(), None);
        plane.connect(index == 0);
        let mut threads = Vec::new();
        for (at, peer) in plane.peers.iter().enumerate() {
            let Way::Lines(_, from) = &peer.way else { continue };
            let (from, job, peer, listening) = (from.clone(), shared.clone(), peer.index, plane.clone());
            threads.push(crate::job::spawn(format!("timely:control-{peer}"), move || {
                let place = job.pace.enter(Role::Listener { process: index, peer });
                listening.listen(at, peer, Duration::ZERO, || {
                    let message = place.hear(&*from).ok_or(std::io::ErrorKind::UnexpectedEof)?;
                    postcard::from_bytes(&message).map_err(std::io::Error::other)
                });
            })?);
        }
        Ok((plane, threads))
    }

    fn new(shared: &Arc<JobShared>, peers: Vec<Peer>, peak_memory: Option<PeakMemory>) -> Arc<Self> {
        let count = peers.len();
        Arc::new(ControlPlane {
            shared: shared.clone(),
            peers,
            reported: Mutex::new(Reported { counted: vec![Counted::default(); count], done: vec![false; count] }),
            changed: Condvar::new(),
            closing: AtomicBool::new(false),
            peak_memory,
            reports: OnceLock::new(),
        })
    }

    /// The processes that this one is connected with.
    pub(crate) fn peers(&self) -> impl Iterator<Item = usize> {
        self.peers.iter().map(|peer| peer.index)
    }

    fn connect(self: &Arc<Self>, first: bool) {
        let weak = Arc::downgrade(self);
        let send = move |message: Control| {
            if let Some(plane) = weak.upgrade() {
                plane.send(&message);
            }
        };
        let aligned = send.clone();
        let aligned: Tell = Box::new(move |progress| aligned(Control::Aligned(progress)));
        self.shared.alignment.connect(if first { Link::All(aligned) } else { Link::Own(aligned) });
        let tick = send.clone();
        self.shared.ticks.connect(if first {
            TickLink::Announce(Box::new(move |time| tick(Control::Tick(time))))
        } else {
            TickLink::Request(Box::new(move |time| tick(Control::Tick(time))))
        });
        if first {
            self.shared.snapshots.expect_from(self.peers.len());
        } else {
            let parts = send.clone();
            self.shared.snapshots.send_to(Box::new(move |epoch, list| {
                let list = list.into_iter().map(|(id, worker, part)| (id, worker, PartOnWire::from(part)));
                parts(Control::Parts(epoch, list.collect()));
            }));
        }
        let _ = self.shared.on_failure.set(Box::new(move |error| {
            send(Control::Failed {
                bug: error.kind() == ErrorKind::Bug,
                message: error.message().to_owned(),
                detail: error.detail_text().map(str::to_owned),
                hint: error.hint_text().map(str::to_owned),
            });
        }));
    }

    fn send(&self, message: &Control) {
        for peer in &self.peers {
            match &peer.way {
                Way::Socket(socket) => {
                    let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
                    // Whether the peer is lost is found out by its reader, which also knows what it said before.
                    let _ = write_frame(&mut *socket, message);
                }
                Way::Lines(to, _) => to.send(postcard::to_stdvec(message).unwrap_or_default()),
            }
        }
    }

    /// Process 0: the reports of the others go there.
    pub(crate) fn report_to(&self, reports: Sender<Event>) {
        let _ = self.reports.set(reports);
    }

    /// Another process: tells process 0 what has been written.
    pub(crate) fn report(&self, report: &Report) {
        let parts = match &report.outcome {
            Ok(parts) => serde_json::to_vec(parts).map_err(|error| error.to_string()),
            Err(error) => Err(error.message().to_owned()),
        };
        self.send(&Control::Written { epoch: report.epoch, last: report.last, parts });
    }

    /// Process 0: an epoch's checkpoint has been decided.
    pub(crate) fn decided(&self, epoch: Epoch) {
        self.send(&Control::Decided(epoch));
    }

    /// Every process ends in good order.
    pub(crate) fn stop(&self) {
        self.send(&Control::Stop);
    }

    /// Every process ends at once.
    pub(crate) fn cancel(&self) {
        self.send(&Control::Cancel);
    }

    fn listen(&self, at: usize, index: usize, timeout: Duration, mut next: impl FnMut() -> std::io::Result<Control>) {
        let others = index == 0;
        loop {
            match next() {
                Ok(Control::Tick(time)) if others => self.shared.ticks.announce(time),
                Ok(Control::Tick(used)) => self.shared.ticks.request_after(used),
                Ok(Control::Heartbeat(counted)) => {
                    self.reported.lock().unwrap_or_else(PoisonError::into_inner).counted[at] = counted;
                }
                Ok(Control::Parts(epoch, parts)) => {
                    let parts = parts.into_iter().map(|(id, worker, part)| (id, worker, OperatorPart::from(part)));
                    self.shared.snapshots.receive(epoch, parts);
                }
                Ok(Control::Written { epoch, last, parts }) => {
                    let outcome = parts.map_err(Error::failure).and_then(|parts| {
                        serde_json::from_slice(&parts)
                            .map_err(|error| Error::bug(format!("a report of parts: {error}")))
                    });
                    if let Some(reports) = self.reports.get() {
                        let _ = reports.send(Event::Report(Report { process: index, epoch, last, outcome }));
                    }
                }
                Ok(Control::Decided(epoch)) => self.shared.decisions.decide(epoch),
                Ok(Control::Aligned(progress)) => self.shared.alignment.hear(index, progress),
                Ok(Control::Failed { bug, message, detail, hint }) => {
                    let mut error = if bug { Error::bug(message) } else { Error::failure(message) };
                    if let Some(detail) = detail {
                        error = error.detail(detail);
                    }
                    self.shared.fail(Blame::Cause, error.hint_opt(hint));
                    self.changed.notify_all();
                }
                Ok(Control::Stop) => {
                    if !others && !self.shared.is_stopping() {
                        self.stop();
                    }
                    self.shared.stop();
                }
                Ok(Control::Cancel) => {
                    if !others && !self.shared.is_cancelled() {
                        self.cancel();
                    }
                    self.shared.cancel();
                }
                Ok(Control::Done(counted)) => {
                    let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
                    if !counted.totals.is_empty() {
                        reported.counted[at] = counted;
                    }
                    reported.done[at] = true;
                    self.changed.notify_all();
                }
                Err(error) => {
                    self.lost(at, index, &error, timeout);
                    return;
                }
            }
        }
    }

    fn lost(&self, at: usize, index: usize, error: &std::io::Error, timeout: Duration) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        // A worker that has noticed the broken connection first has ended the job already, without knowing the cause.
        let cancelled = self.shared.is_cancelled() && self.shared.failure().is_none();
        if !reported.done[at] && !self.closing.load(Ordering::SeqCst) && !cancelled {
            let silent = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
            let error = if silent {
                Error::failure(format!("process {index} has not been heard of for {} s", timeout.as_secs_f32()))
            } else {
                Error::failure(format!("process {index} has ended before the job"))
                    .hint("It was killed or has crashed: see its output.")
            };
            self.shared.fail(Blame::Cause, error);
        }
        reported.done[at] = true;
        self.changed.notify_all();
    }

    fn beat(&self, interval: Duration) {
        loop {
            let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            let closing = |_: &mut Reported| !self.closing.load(Ordering::SeqCst);
            let waited = self.changed.wait_timeout_while(reported, interval, closing);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            self.send(&Control::Heartbeat(self.counted()));
        }
    }

    fn counted(&self) -> Counted {
        if self.peers.first().is_none_or(|peer| peer.index != 0) {
            return Counted::default();
        }
        let peak_memory = self.peak_memory.as_ref().map_or(0, |peak_memory| peak_memory());
        Counted { totals: self.shared.metrics.totals(), peak_memory }
    }

    /// The sum of the most memory that each of the other processes has had, as far as they have reported it.
    pub(crate) fn peak_memory_of_others(&self) -> u64 {
        let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.counted.iter().map(|counted| counted.peak_memory).sum()
    }

    /// The totals of all processes, as far as they have been reported.
    pub(crate) fn totals(&self) -> Vec<OperatorTotals> {
        let mut all = self.shared.metrics.totals();
        let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        for other in reported.counted.iter().flat_map(|counted| &counted.totals) {
            match all.iter_mut().find(|known| known.id == other.id) {
                Some(known) => known.add(other),
                None => all.push(other.clone()),
            }
        }
        all
    }

    /// Waits until the cause of a failure is known, if a peer is about to tell it.
    pub(crate) fn wait_for_cause(&self, patience: Duration, place: &Place) {
        let unknown = |reported: &mut Reported| {
            self.shared.failure().is_none_or(|(blame, _)| blame != Blame::Cause)
                && reported.done.iter().any(|done| !done)
        };
        let lock = || self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if place.wait(Some(patience), || !unknown(&mut lock())) {
            return;
        }
        let reported = lock();
        drop(self.changed.wait_timeout_while(reported, patience, unknown));
    }

    /// This process's workers have ended: says so, and waits until the others have too.
    pub(crate) fn finish(&self, place: &Place) {
        self.send(&Control::Done(self.counted()));
        let all_done = || {
            let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            reported.done.iter().all(|done| *done) || self.shared.is_cancelled()
        };
        if place.wait(None, all_done) {
            return;
        }
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        while reported.done.iter().any(|done| !done) && !self.shared.is_cancelled() {
            let waited = self.changed.wait_timeout(reported, Duration::from_millis(100));
            reported = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Closes the connections.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        for peer in &self.peers {
            match &peer.way {
                Way::Socket(socket) => {
                    let _ = socket.lock().unwrap_or_else(PoisonError::into_inner).shutdown(Shutdown::Both);
                }
                Way::Lines(to, from) => {
                    to.close();
                    from.close();
                }
            }
        }
    }
}
