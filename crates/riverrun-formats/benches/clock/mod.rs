//! The time on the processor where the system tells it (Linux), so that a busy machine does not show.

use std::time::{Duration, Instant};

/// The time that this thread has been on a processor, or any clock where that is not known.
pub fn clock(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The least time that a round of `work` takes.
pub fn best_of(rounds: usize, mut work: impl FnMut()) -> Duration {
    let rounds = (0..rounds).map(|_| {
        let origin = Instant::now();
        let start = clock(origin);
        work();
        clock(origin) - start
    });
    rounds.min().unwrap_or_default()
}
