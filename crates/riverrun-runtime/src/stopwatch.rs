//! Real time for what is measured, and for waits that have nothing to do with a row's time.

use crate::flow::Seat;
use riverrun_core::metrics::Counter;
use std::time::{Duration, Instant};

/// The machine's monotonic clock. Durations that users set in event or processing time go by the job's clock instead.
#[allow(clippy::disallowed_methods, reason = "the one place of this crate that reads the monotonic clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits on a thread that has nothing else to do.
#[allow(clippy::disallowed_methods, reason = "the one place of this crate that sleeps")]
pub(crate) fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// Counts the time of one turn of an operator.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Stopwatch(now())
    }

    /// Nanoseconds since the start.
    pub(crate) fn elapsed(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    pub(crate) fn stop(self, busy: &Counter) {
        busy.add(self.0.elapsed().as_nanos() as u64);
    }
}

/// Activates an operator after a while; of several wishes only the earliest is pending.
#[derive(Default)]
pub(crate) struct Alarm(Option<Instant>);

impl Alarm {
    /// Activates the operator within `wait`.
    pub(crate) fn within(&mut self, wait: Duration, seat: &Seat) {
        let now = seat.worker.job.pace.now();
        let at = now + wait;
        if self.0.is_none_or(|pending| pending <= now || at < pending) {
            self.0 = Some(at);
            match &seat.worker.alarms {
                None => seat.activator.activate_after(wait),
                Some(alarms) => alarms.add(at, &seat.activator),
            }
        }
    }
}
