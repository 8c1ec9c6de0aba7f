//! Who lets the threads of a job go on: the operating system, or in a simulation one at a time.
//!
//! All threads of a job that touch what others see have a [`Role`]. In production a place in the order costs nothing:
//! waits are those of channels and of timely. With [`Turns`] every wait becomes a pause, in which whoever owns
//! the turns chooses who goes on, so that one seed gives one run.

use crate::shared::WorkerShared;
use crate::stopwatch;
use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use timely::scheduling::activate::Activator;
use timely::worker::Worker;

/// What a thread of a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the operators of the worker of this number.
    Worker(usize),
    /// Writes the parts of the workers of this process.
    Uploader(usize),
    /// Decides on checkpoints.
    Coordinator,
    /// Winds up what is left of this process when all of its workers have ended.
    Closer(usize),
    /// Hears what `peer` tells `process`.
    Listener {
        /// The process that listens.
        process: usize,
        /// The process that speaks.
        peer: usize,
    },
}

/// What has come over a [`Line`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The next message.
    Message(Vec<u8>),
    /// Nothing yet.
    Nothing,
    /// Nothing, and there will be nothing more.
    Closed,
}

/// One direction of the connection of two processes of a simulated job.
pub trait Line: Send + Sync + Debug {
    /// Sends a message; to a closed line it is lost.
    fn send(&self, message: Vec<u8>);

    /// Takes what has come.
    fn hear(&self) -> Heard;

    /// Either end closes the line.
    fn close(&self);
}

/// Gives the threads of a job their turns. Of all threads that have entered one runs at a time, up to its next pause.
pub trait Turns: Send + Sync + Debug {
    /// A thread begins. Returns when it may go on.
    fn enter(&self, role: Role);

    /// A thread has done its turn, or has found nothing to do (not `busy`); without news it will have something at
    /// `until`. Returns when it may go on, for whatever reason. May unwind, which is the thread's death.
    fn pause(&self, role: Role, busy: bool, until: Option<Instant>);

    /// A thread ends.
    fn leave(&self, role: Role);

    /// Whether a thread has ended.
    fn has_left(&self, role: Role) -> bool;

    /// The time. It never goes back.
    fn now(&self) -> Instant;

    /// What carries messages from a process of the job to another one.
    fn line(&self, from: usize, to: usize) -> Arc<dyn Line>;
}

/// Where the places of a job's threads come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace(Option<Arc<dyn Turns>>);

impl Pace {
    pub(crate) fn new(turns: Option<Arc<dyn Turns>>) -> Self {
        Pace(turns)
    }

    /// The monotonic time of the job.
    pub(crate) fn now(&self) -> Instant {
        self.0.as_ref().map_or_else(stopwatch::now, |turns| turns.now())
    }

    /// A thread begins; it waits here for its first turn.
    pub(crate) fn enter(&self, role: Role) -> Place {
        if let Some(turns) = &self.0 {
            turns.enter(role);
        }
        Place { turns: self.0.clone(), role }
    }

    /// Where a worker's alarms are kept; `None`: by timely, which goes by the machine's clock.
    pub(crate) fn alarms(&self) -> Option<Rc<Alarms>> {
        self.0.as_ref().map(|_| Rc::default())
    }
}

/// The place of one thread in the order.
pub(crate) struct Place {
    turns: Option<Arc<dyn Turns>>,
    role: Role,
}

impl Place {
    /// Waits until `done` gives something or the time has come.
    fn poll<T>(
        turns: &dyn Turns,
        role: Role,
        until: Option<Instant>,
        mut done: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        // What was done before belongs to the turn that ends here.
        turns.pause(role, true, Some(turns.now()));
        loop {
            if let Some(found) = done() {
                return Some(found);
            }
            if until.is_some_and(|until| until <= turns.now()) {
                return None;
            }
            turns.pause(role, false, until);
        }
    }

    /// Waits for the next message until a moment.
    pub(crate) fn receive_until<T>(&self, from: &Receiver<T>, until: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match (&self.turns, until) {
            (None, None) => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
            (None, Some(until)) => from.recv_timeout(until.saturating_duration_since(stopwatch::now())),
            (Some(turns), until) => Self::poll(&**turns, self.role, until, || match from.try_recv() {
                Ok(message) => Some(Ok(message)),
                Err(TryRecvError::Disconnected) => Some(Err(RecvTimeoutError::Disconnected)),
                Err(TryRecvError::Empty) => None,
            })
            .unwrap_or(Err(RecvTimeoutError::Timeout)),
        }
    }

    /// Waits for the next message. `None` if there will be none.
    pub(crate) fn receive<T>(&self, from: &Receiver<T>) -> Option<T> {
        self.receive_until(from, None).ok()
    }

    /// Lets some time pass.
    pub(crate) fn sleep(&self, time: Duration) {
        match &self.turns {
            None => stopwatch::sleep(time),
            Some(turns) => {
                let _: Option<()> = Self::poll(&**turns, self.role, Some(turns.now() + time), || None);
            }
        }
    }

    /// Waits for the next message of another process.
    pub(crate) fn hear(&self, line: &dyn Line) -> Option<Vec<u8>> {
        let turns = self.turns.as_ref()?;
        Self::poll(&**turns, self.role, None, || match line.hear() {
            Heard::Message(message) => Some(Some(message)),
            Heard::Closed => Some(None),
            Heard::Nothing => None,
        })
        .flatten()
    }

    /// In a simulation waits until `done`, or so long; true. Elsewhere false: the caller waits by its own means.
    pub(crate) fn wait(&self, longest: Option<Duration>, mut done: impl FnMut() -> bool) -> bool {
        let Some(turns) = &self.turns else { return false };
        Self::poll(&**turns, self.role, longest.map(|longest| turns.now() + longest), || done().then_some(()));
        true
    }

    /// Waits until another thread may be joined without holding it up.
    pub(crate) fn await_end(&self, other: Role) {
        self.wait(None, || self.turns.as_ref().is_none_or(|turns| turns.has_left(other)));
    }

    /// One step of a worker, which waits at most `longest` if there is nothing to do.
    pub(crate) fn step(&self, timely: &mut Worker, shared: &WorkerShared, longest: Duration) {
        let Some(turns) = &self.turns else {
            timely.step_or_park(Some(longest));
            return;
        };
        let before = shared.progress.runs();
        if let Some(alarms) = &shared.alarms {
            alarms.ring(turns.now());
        }
        timely.step();
        let next = shared.alarms.as_ref().and_then(|alarms| alarms.next());
        turns.pause(self.role, shared.progress.runs() != before, next);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(turns) = &self.turns {
            turns.leave(self.role);
        }
    }
}

/// The alarms of a worker whose time is not the machine's.
#[derive(Default)]
pub(crate) struct Alarms(RefCell<Vec<(Instant, Activator)>>);

impl Alarms {
    pub(crate) fn add(&self, at: Instant, activator: &Activator) {
        self.0.borrow_mut().push((at, activator.clone()));
    }

    /// Activates what is due.
    fn ring(&self, now: Instant) {
        self.0.borrow_mut().retain(|(at, activator)| {
            if *at <= now {
                activator.activate();
            }
            *at > now
        });
    }

    fn next(&self) -> Option<Instant> {
        self.0.borrow().iter().map(|(at, _)| *at).min()
    }
}
