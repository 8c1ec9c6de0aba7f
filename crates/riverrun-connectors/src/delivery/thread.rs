//! The thread that writes for one worker: unit by unit, each as often as it takes.

use super::lane::{Columns, EpochLog, LaneName, LanePart};
use super::{Outcome, Stop, Trouble, connection_point};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
use riverrun_core::{Epoch, Error, Result, RowBatch};
use riverrun_runtime::source::Waker;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait before something is tried again: at first, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Shorter waits are not worth a word: the workers of a job wait for each other's locks.
const WORTH_TELLING: Duration = Duration::from_millis(400);

/// How often to look whether another worker has finished an old lane.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The other system, as one thread sees it. It connects by itself where there is no connection.
pub trait Target: Send + 'static {
    /// Writes rows, all of them or none if the system can do that.
    fn write(&mut self, batches: &[RowBatch]) -> Outcome<()>;

    /// Takes a lane over: whoever opened it in an earlier generation can't commit any more. Gives its token, if it has one.
    fn fence(&mut self, lane: &LaneName, generation: u64) -> Outcome<Option<Epoch>>;

    /// The token of a lane, without taking it over.
    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>>;

    /// Writes rows and moves the token of a fenced lane, both or neither.
    fn commit(&mut self, commit: &Commit, batches: &[RowBatch]) -> Outcome<Committed>;

    /// Sets the token of a fenced lane. Where that moves it back, the rows of the epochs after it are written once more.
    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()>;

    /// Forgets the connection: the next call makes a new one.
    fn disconnect(&mut self);
}

/// What a lane's rows are written as.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The lane.
    pub lane: LaneName,
    /// Who writes it.
    pub generation: u64,
    /// The token that stood before, if one is known.
    pub before: Option<Epoch>,
    /// The token that stands afterwards.
    pub epoch: Epoch,
}

/// What has become of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Rows and token stand, maybe since an earlier attempt.
    Done,
    /// The system has lost commits, such as one that a copy has taken over for which lagged behind: it holds this token.
    Lost(Option<Epoch>),
}

impl Commit {
    /// What a token says to a commit that has not moved it.
    pub fn standing(&self, found: Option<Epoch>) -> Committed {
        if found >= Some(self.epoch) { Committed::Done } else { Committed::Lost(found) }
    }
}

/// What the worker asks of the thread.
pub enum Order {
    /// Write these rows as they are.
    Write(Arc<EpochLog>),
    /// Take over this lane, after all others of an earlier run have been finished.
    Open {
        /// The lane that is written from now on.
        lane: LaneName,
        /// The start of the job.
        generation: u64,
        /// Old lanes that this thread is to finish.
        mine: Vec<LanePart>,
        /// All old lanes, and the epochs of their logs.
        all: Vec<(LaneName, Vec<Epoch>)>,
        /// Logs after one of these epochs are written when all lanes have written those up to it.
        restarts: Vec<Epoch>,
        /// Whether an earlier run is gone on from.
        restored: bool,
        /// The epoch of the checkpoint that is gone on from, if it holds a lane.
        checkpoint: Option<Epoch>,
        /// Whether the system may hold more than the checkpoint says, and what follows it is written once more; or less, and what is
        /// missing stays so.
        rewind: bool,
    },
    /// Write this log in the lane that is open.
    Commit(Arc<EpochLog>),
    /// Write the token of the lane that is open once more: the system forgets it in time.
    Refresh,
}

/// The worker's end of the thread. When it is dropped the thread ends with what it is at, or gives up waiting.
#[derive(Debug)]
pub struct Delivery {
    orders: Sender<Order>,
    reports: Receiver<Result<()>>,
    stop: Stop,
    table: String,
}

impl Delivery {
    /// Starts the thread. `retries` is how often an answer that may pass is asked for again.
    pub fn start(
        target: impl Target,
        (table, columns): (&str, &Columns),
        retries: usize,
        stop: Stop,
        waker: Waker,
    ) -> Result<Delivery> {
        let (orders, asked) = unbounded::<Order>();
        let (report, reports) = unbounded();
        let mut desk =
            Desk { target, table: table.to_owned(), columns: columns.clone(), retries, stop: stop.clone(), lane: None };
        let at_end = waker.clone();
        let run = move || {
            while let Ok(order) = asked.recv() {
                let done = desk.follow(&order);
                let failed = done.is_err();
                if report.send(done).is_err() {
                    return;
                }
                waker();
                if failed || desk.stop.is_stopped() {
                    return;
                }
            }
        };
        let thread = threads::spawn("sink-delivery", at_end, run);
        thread.map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        Ok(Delivery { orders, reports, stop, table: table.to_owned() })
    }

    /// Asks for something. Orders are followed in turn.
    pub fn ask(&self, order: Order) {
        // A thread that has ended has said why.
        let _ = self.orders.send(order);
    }

    /// Whether one more order has been followed; the error if one could not be.
    pub fn settled(&self) -> Result<bool> {
        match self.reports.try_recv() {
            Ok(done) => done.map(|()| true),
            Err(TryRecvError::Empty) => Ok(false),
            Err(TryRecvError::Disconnected) => {
                Err(Error::failure(format!("lost the thread that writes table '{}'", self.table)))
            }
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// The thread's end.
struct Desk<T> {
    target: T,
    table: String,
    columns: Columns,
    retries: usize,
    stop: Stop,
    lane: Option<OpenLane>,
}

/// A lane that has been taken over.
struct OpenLane {
    name: LaneName,
    generation: u64,
    /// The token that is known to stand.
    token: Option<Epoch>,
}

/// A lane of an earlier run, and what it still has to write.
struct OldLane {
    lane: OpenLane,
    logs: VecDeque<Arc<EpochLog>>,
}

impl<T: Target> Desk<T> {
    fn follow(&mut self, order: &Order) -> Result<()> {
        match order {
            Order::Write(log) => self.persist(|target| {
                connection_point("sink-write")?;
                target.write(&log.batches)?;
                connection_point("commit-answer")
            }),
            Order::Open { lane, generation, mine, all, restarts, restored, checkpoint, rewind } => {
                let mut unfinished = Vec::new();
                let mut taken_over = mine.iter();
                for end in restarts.iter().map(|epoch| Some(*epoch)).chain([None]) {
                    let is_due = |epoch: Epoch| end.is_none_or(|end| epoch <= end);
                    for old in &mut unfinished {
                        self.write_due(old, is_due)?;
                    }
                    for part in taken_over.by_ref() {
                        if let Some(mut old) = self.take_over(part, lane, *generation, *rewind)? {
                            self.write_due(&mut old, is_due)?;
                            unfinished.push(old);
                        }
                    }
                    for (old, epochs) in all {
                        self.wait_for(old, epochs.iter().copied().filter(|epoch| is_due(*epoch)).max())?;
                    }
                }
                let mut token = self.fence(lane, *generation)?;
                match token {
                    Some(token) if !restored => return Err(ahead(&self.table, lane, token, None)),
                    // A lane that was opened after the checkpoint, at another parallelism.
                    Some(found) => {
                        if let Some(checkpoint) = checkpoint.filter(|checkpoint| found > *checkpoint) {
                            self.rewind(lane, *generation, found, checkpoint, *rewind)?;
                            token = Some(checkpoint);
                        }
                    }
                    None => {}
                }
                self.lane = Some(OpenLane { name: lane.clone(), generation: *generation, token });
                Ok(())
            }
            Order::Commit(log) => {
                let mut lane = self.lane.take().ok_or_else(|| Error::bug("a log without an open lane"))?;
                self.commit(&mut lane, log)?;
                self.lane = Some(lane);
                Ok(())
            }
            Order::Refresh => {
                let Some(OpenLane { name, generation, token: Some(token) }) = &self.lane else { return Ok(()) };
                let (name, generation, token) = (name.clone(), *generation, *token);
                self.persist(|target| target.set_token(&name, generation, token))
            }
        }
    }

    /// Takes a lane over.
    fn fence(&mut self, lane: &LaneName, generation: u64) -> Result<Option<Epoch>> {
        self.persist(|target| {
            connection_point("fence")?;
            target.fence(lane, generation)
        })
    }

    /// Writes a log with its token. What has become of a commit without an answer, the next attempt finds out.
    fn commit(&mut self, lane: &mut OpenLane, log: &EpochLog) -> Result<()> {
        let (name, before) = (&lane.name, lane.token);
        let commit = Commit { lane: name.clone(), generation: lane.generation, before, epoch: log.epoch };
        let committed = self.persist(|target| {
            connection_point("sink-write")?;
            let committed = target.commit(&commit, &log.batches)?;
            connection_point("commit-answer")?;
            Ok(committed)
        })?;
        if let Committed::Lost(found) = committed {
            let error = gone(&self.table, name, before, found);
            return Err(error.hint(format!("{LOST_HOW} Start the job again: it says which ways there are")));
        }
        lane.token = Some(log.epoch);
        let rows: usize = log.batches.iter().map(RowBatch::num_rows).sum();
        tracing::info!("table {}: epoch {} is committed, rows: {rows} ({})", self.table, log.epoch.0, lane.name);
        Ok(())
    }

    /// Takes an old lane over; gives what it still has to write.
    fn take_over(&mut self, part: &LanePart, own: &LaneName, generation: u64, rewind: bool) -> Result<Option<OldLane>> {
        let generation = if part.name.job == own.job {
            generation
        } else {
            // The lane of a job whose savepoint this one goes on from. If it has written all, it may well be alive.
            let token = self.persist(|target| target.token(&part.name))?;
            if part.goal().is_none_or(|goal| token.is_some_and(|token| token >= goal)) {
                if let Some(known) = part.token.filter(|known| token.is_none_or(|token| token < *known)) {
                    tracing::warn!(
                        "table '{}' knows nothing of epoch {}, which {} wrote",
                        self.table,
                        known.0,
                        part.name
                    );
                }
                return Ok(None);
            }
            part.generation + 1
        };
        // First fence, then read: a commit of the earlier run may still be on its way.
        let mut token = self.fence(&part.name, generation)?;
        if let Some(token) = token.filter(|token| *token > part.epoch) {
            // All logs of the checkpoint were written before.
            self.rewind(&part.name, generation, token, part.epoch, rewind)?;
            return Ok(None);
        }
        if let Some(known) = part.token.filter(|known| token.is_none_or(|token| token < *known)) {
            if !rewind {
                let known = Some(known);
                return Err(gone(&self.table, &part.name, known, token).hint(ways_on(known, token)));
            }
            self.leave_out(part, generation, known)?;
            token = Some(known);
        }
        let logs = part.logs.iter().filter(|log| token.is_none_or(|token| log.epoch > token)).cloned();
        let logs: VecDeque<_> = logs.collect();
        if logs.is_empty() {
            return Ok(None);
        }
        self.columns.check(part, &self.table)?;
        Ok(Some(OldLane { lane: OpenLane { name: part.name.clone(), generation, token }, logs }))
    }

    /// Writes the logs of an old lane that are due.
    fn write_due(&mut self, old: &mut OldLane, is_due: impl Fn(Epoch) -> bool) -> Result<()> {
        while let Some(log) = old.logs.pop_front_if(|log| is_due(log.epoch)) {
            self.commit(&mut old.lane, &log)?;
        }
        Ok(())
    }

    /// The system holds more than the checkpoint says: an error, unless that may be written once more.
    fn rewind(&mut self, lane: &LaneName, generation: u64, token: Epoch, to: Epoch, allowed: bool) -> Result<()> {
        if !allowed {
            return Err(ahead(&self.table, lane, token, Some(to)));
        }
        tracing::warn!(
            "table '{}': what was written in epochs {} to {} is written once more",
            self.table,
            to.0 + 1,
            token.0
        );
        self.persist(|target| target.set_token(lane, generation, to))
    }

    /// The system does not hold what the checkpoint counts on: another table, or an older state of it. What it lacks stays missing.
    fn leave_out(&mut self, part: &LanePart, generation: u64, known: Epoch) -> Result<()> {
        let rows: usize = part.logs.iter().flat_map(|log| &log.batches).map(RowBatch::num_rows).sum();
        tracing::warn!(
            "table '{}': what was written up to epoch {} and is not in it stays missing; the {rows} rows that the checkpoint holds \
             are written ({})",
            self.table,
            known.0,
            part.name
        );
        self.persist(|target| target.set_token(&part.name, generation, known))
    }

    /// Waits until another worker has finished an old lane.
    fn wait_for(&mut self, lane: &LaneName, goal: Option<Epoch>) -> Result<()> {
        let Some(goal) = goal else { return Ok(()) };
        while self.persist(|target| target.token(lane))?.is_none_or(|token| token < goal) {
            pause(LOOK_AGAIN, &self.stop)?;
        }
        Ok(())
    }

    /// Does something as often as it takes: without end while the system is away, some times after another answer.
    fn persist<R>(&mut self, mut attempt: impl FnMut(&mut T) -> Outcome<R>) -> Result<R> {
        let table = &self.table;
        let (mut refusals, mut wait) = (0, FIRST_WAIT);
        loop {
            if self.stop.is_stopped() {
                return Err(stopped());
            }
            let trouble = match attempt(&mut self.target) {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble.context(&format!("cannot write table '{table}'")),
            };
            self.target.disconnect();
            match trouble {
                _ if self.stop.is_stopped() => return Err(stopped()),
                Trouble::Away(_) if wait < WORTH_TELLING => {}
                Trouble::Away(error) => tracing::warn!(table, "waiting, and trying again: {}", told(&error)),
                Trouble::Passing(error) if refusals < self.retries => {
                    refusals += 1;
                    tracing::warn!(table, "trying again ({refusals} of {}): {}", self.retries, told(&error));
                }
                trouble => return Err(trouble.into_error()),
            }
            pause(wait, &self.stop)?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// The system knows of commits that the checkpoint does not.
fn ahead(table: &str, lane: &LaneName, token: Epoch, checkpoint: Option<Epoch>) -> Error {
    let (found, hint) = match checkpoint {
        Some(checkpoint) => (
            format!("the checkpoint is of epoch {}", checkpoint.0),
            "go on from the newest checkpoint; --rewind goes on from this one and writes them again; \
             another --state-dir runs the file as a new job",
        ),
        None => ("it starts without a checkpoint".to_owned(), "another --state-dir runs the file as a new job"),
    };
    Error::failure(format!("table '{table}' already holds what this job wrote up to epoch {}, but {found}", token.0))
        .detail(format!("{lane}: going on from here would write the rows after it once more"))
        .hint(hint)
}

/// The system has forgotten commits that are known to have stood.
fn gone(table: &str, lane: &LaneName, known: Option<Epoch>, token: Option<Epoch>) -> Error {
    let known =
        known.map_or_else(|| "its lane was opened".to_owned(), |known| format!("epoch {} was committed", known.0));
    let found = token.map_or_else(|| "nothing".to_owned(), |token| format!("epoch {}", token.0));
    Error::failure(format!("table '{table}' has lost its commit token: {known}, it says {found}"))
        .detail(format!("{lane}: what has been written can't be told from what has not"))
}

/// How a token is lost.
const LOST_HOW: &str = "is it another table, was the table of tokens emptied, the system restored from a backup, or has a copy of it \
    taken over that lagged behind?";

/// What a start can do whose tokens are lost.
fn ways_on(known: Option<Epoch>, token: Option<Epoch>) -> String {
    let known = known.map_or(0, |known| known.0);
    let earlier = token.map_or_else(String::new, |token| {
        format!(
            "; --rewind with --from a checkpoint of epoch {} or before it writes all again that came after that",
            token.0
        )
    });
    format!(
        "{LOST_HOW} The same command with --rewind goes on with the table as it is: rows up to epoch {known} are not written \
         again, those after it are, also where the table holds them{earlier}. Without --from, another --state-dir runs the file as a new job"
    )
}

fn stopped() -> Error {
    Error::failure("stopped")
}

fn told(error: &Error) -> String {
    error
        .detail_text()
        .or(error.hint_text())
        .map_or_else(|| error.message().to_owned(), |detail| format!("{} ({detail})", error.message()))
}

/// Sleeps, unless nobody waits any more.
fn pause(wait: Duration, stop: &Stop) -> Result<()> {
    const SLICE: Duration = Duration::from_millis(50);
    let mut left = wait;
    loop {
        if stop.is_stopped() {
            return Err(stopped());
        }
        if left.is_zero() {
            return Ok(());
        }
        let slice = left.min(SLICE);
        std::thread::sleep(slice);
        left -= slice;
    }
}
