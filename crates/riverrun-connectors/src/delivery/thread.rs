//! The thread that writes for one worker: unit by unit, each as often as it takes.

use super::{Outcome, Stop, Trouble};
use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
use riverrun_core::{Error, Result, RowBatch};
use riverrun_runtime::source::Waker;
use std::time::Duration;

/// How long to wait before something is tried again: at first, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Rows that are written together.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// The rows, in the order in which they came.
    pub batches: Vec<RowBatch>,
    /// Their size in memory.
    pub bytes: usize,
}

/// The other system, as one thread sees it.
pub trait Target: Send + 'static {
    /// Writes a unit, connecting first where there is no connection.
    fn write(&mut self, unit: &Unit) -> Outcome<()>;

    /// Forgets the connection: the next write makes a new one.
    fn disconnect(&mut self);
}

/// The worker's end of the thread. When it is dropped the thread ends with what it is at, or gives up waiting.
#[derive(Debug)]
pub struct Delivery {
    orders: Sender<Unit>,
    reports: Receiver<Result<usize>>,
    stop: Stop,
    table: String,
    open: usize,
    bytes: usize,
}

impl Delivery {
    /// Starts the thread. `retries` is how often an answer that may pass is asked for again.
    pub fn start(mut target: impl Target, table: &str, retries: usize, stop: Stop, waker: Waker) -> Result<Delivery> {
        let (orders, units) = unbounded::<Unit>();
        let (report, reports) = unbounded();
        let thread_stop = stop.clone();
        let name = table.to_owned();
        let run = move || {
            while let Ok(unit) = units.recv() {
                let written = persist(&mut target, &name, retries, &thread_stop, |target| target.write(&unit));
                let failed = written.is_err();
                if report.send(written.map(|()| unit.bytes)).is_err() {
                    return;
                }
                waker();
                if failed || thread_stop.is_stopped() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("sink-delivery".into()).spawn(run);
        thread.map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        Ok(Delivery { orders, reports, stop, table: table.to_owned(), open: 0, bytes: 0 })
    }

    /// Hands a unit over.
    pub fn write(&mut self, unit: Unit) {
        self.open += 1;
        self.bytes += unit.bytes;
        // A thread that has ended has said why.
        let _ = self.orders.send(unit);
    }

    /// How many units are not written yet.
    pub fn open(&self) -> usize {
        self.open
    }

    /// How many bytes those have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes note of what has been written; the error if writing has come to its end.
    pub fn settle(&mut self) -> Result<()> {
        loop {
            match self.reports.try_recv() {
                Ok(written) => {
                    self.bytes -= written?;
                    self.open -= 1;
                }
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => {
                    return Err(Error::failure(format!("lost the thread that writes table '{}'", self.table)));
                }
            }
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Does something as often as it takes: without end while the system is away, `retries` times after another answer.
fn persist<T, R>(
    target: &mut T,
    table: &str,
    retries: usize,
    stop: &Stop,
    mut attempt: impl FnMut(&mut T) -> Outcome<R>,
) -> Result<R>
where
    T: Target,
{
    let (mut refusals, mut wait) = (0, FIRST_WAIT);
    loop {
        let trouble = match attempt(target) {
            Ok(done) => return Ok(done),
            Err(trouble) => trouble.context(&format!("cannot write table '{table}'")),
        };
        target.disconnect();
        match trouble {
            Trouble::Away(error) => tracing::warn!(table, "waiting, and trying again: {}", told(&error)),
            Trouble::Passing(error) if refusals < retries => {
                refusals += 1;
                tracing::warn!(table, "trying again ({refusals} of {retries}): {}", told(&error));
            }
            trouble => return Err(trouble.into_error()),
        }
        pause(wait, stop)?;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

fn told(error: &Error) -> String {
    error.detail_text().map_or_else(|| error.message().to_owned(), |detail| format!("{} ({detail})", error.message()))
}

/// Sleeps, unless nobody waits any more.
fn pause(wait: Duration, stop: &Stop) -> Result<()> {
    const SLICE: Duration = Duration::from_millis(50);
    let mut left = wait;
    while !left.is_zero() {
        if stop.is_stopped() {
            return Err(Error::failure("stopped"));
        }
        let slice = left.min(SLICE);
        std::thread::sleep(slice);
        left -= slice;
    }
    Ok(())
}
