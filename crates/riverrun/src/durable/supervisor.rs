//! A job that is started again when it fails, as `restart-strategy` says.

use crate::launch::Launch;
use riverrun_core::metrics::OperatorTotals;
use riverrun_core::{Clock, Error, ErrorKind, Millis, Result};
use riverrun_runtime::JobHandle;
use riverrun_sql::session::checkpointing::RestartStrategy;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Counts failures, and says what comes after each.
#[derive(Debug)]
pub(crate) struct Restarts {
    strategy: RestartStrategy,
    restarts: u64,
    failures: VecDeque<Millis>,
    backoff: Option<Millis>,
}

impl Restarts {
    pub(crate) fn new(strategy: RestartStrategy) -> Self {
        Restarts { strategy, restarts: 0, failures: VecDeque::new(), backoff: None }
    }

    /// A failure: after which delay the job is started again; `None` if it is not. `random` is between 0 and 1.
    pub(crate) fn failed(&mut self, now: Millis, random: f64) -> Option<Millis> {
        let last = self.failures.back().copied();
        self.failures.push_back(now);
        let delay = match self.strategy {
            RestartStrategy::None => None,
            RestartStrategy::FixedDelay { attempts, delay } => (self.restarts < attempts).then_some(delay),
            RestartStrategy::FailureRate { failures, interval, delay } => {
                while self.failures.front().is_some_and(|at| at.0 + interval.0 <= now.0) {
                    self.failures.pop_front();
                }
                (self.failures.len() as u64 <= failures).then_some(delay)
            }
            RestartStrategy::ExponentialDelay { initial, max, multiplier, reset, jitter, attempts } => {
                if last.is_some_and(|last| now.0 - last.0 > reset.0) {
                    (self.backoff, self.restarts) = (None, 0);
                }
                let grown = |backoff: Millis| Millis((backoff.0 as f64 * multiplier) as i64);
                let backoff = self.backoff.map_or(initial, grown).min(max);
                self.backoff = Some(backoff);
                let varied = backoff.0 as f64 * (1.0 + jitter * (2.0 * random - 1.0));
                attempts.is_none_or(|attempts| self.restarts < attempts).then_some(Millis(varied as i64).min(max))
            }
        };
        self.restarts += u64::from(delay.is_some());
        delay
    }
}

enum State {
    Running(JobHandle),
    /// The failure, and when to start again.
    Waiting(Error, Millis),
    Over,
}

/// A job with what starts it again.
pub(crate) struct SupervisedJob<'a> {
    launch: Launch<'a>,
    restarts: Restarts,
    clock: Arc<dyn Clock>,
    state: State,
    /// Of the last start.
    totals: Vec<OperatorTotals>,
    /// The most that the other processes of any start have had in memory.
    peak_memory: u64,
    stopping: bool,
}

impl<'a> SupervisedJob<'a> {
    /// Starts a job for the first time: an error then is no failure to recover from. `None` if there is nothing left to do.
    pub(crate) fn start(mut launch: Launch<'a>) -> Result<Option<Self>> {
        let Some(job) = launch.start()? else { return Ok(None) };
        let restarts = Restarts::new(launch.strategy());
        let clock = launch.session.clock();
        let state = State::Running(job);
        Ok(Some(SupervisedJob { launch, restarts, clock, state, totals: Vec::new(), peak_memory: 0, stopping: false }))
    }

    /// Waits at most so long for the end, for good.
    pub(crate) fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<()>> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Running(job) => match job.wait_timeout(timeout) {
                None => {
                    self.launch.note_checkpoints(&job);
                    self.state = State::Running(job);
                    None
                }
                Some(outcome) => {
                    self.totals = job.totals();
                    self.peak_memory = self.peak_memory.max(job.peak_memory_of_others());
                    match outcome {
                        Ok(()) => Some(self.launch.ended()),
                        Err(error) => self.failed(error),
                    }
                }
            },
            State::Waiting(error, until) => {
                if self.stopping {
                    return Some(Err(error));
                }
                let left = until.0 - self.clock.now().0;
                if left > 0 {
                    self.state = State::Waiting(error, until);
                    std::thread::park_timeout(timeout.min(Duration::from_millis(left as u64)));
                    return None;
                }
                match self.launch.start() {
                    Ok(Some(job)) => {
                        self.state = State::Running(job);
                        None
                    }
                    Ok(None) => Some(Ok(())),
                    Err(error) => self.failed(error),
                }
            }
            State::Over => Some(Ok(())),
        }
    }

    fn failed(&mut self, error: Error) -> Option<Result<()>> {
        if self.stopping || error.kind() == ErrorKind::Input {
            return Some(Err(error));
        }
        let random = f64::from(self.clock.now().0.unsigned_abs() as u32 % 1_000) / 1_000.0;
        let Some(delay) = self.restarts.failed(self.clock.now(), random) else { return Some(Err(error)) };
        tracing::warn!("the job has failed and is started again in {} ms: {}", delay.0, error.in_one_line());
        self.state = State::Waiting(error, Millis(self.clock.now().0 + delay.0));
        None
    }

    /// The counters of the start that runs, or of the last one.
    pub(crate) fn totals(&self) -> Vec<OperatorTotals> {
        match &self.state {
            State::Running(job) => job.totals(),
            _ => self.totals.clone(),
        }
    }

    /// Which job of the script it is, from 0.
    pub(crate) fn number(&self) -> usize {
        self.launch.number
    }

    /// The sum of the most memory that each of its processes has had but this one, of the start that has had most.
    pub(crate) fn peak_memory_of_others(&self) -> u64 {
        self.peak_memory
    }

    /// Ends the job in good order.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
        if let State::Running(job) = &self.state {
            job.stop();
        }
    }

    /// Ends the job at once.
    pub(crate) fn cancel(&mut self) {
        self.stopping = true;
        if let State::Running(job) = &self.state {
            job.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(strategy: RestartStrategy, failures: &[i64]) -> Vec<Option<i64>> {
        let mut restarts = Restarts::new(strategy);
        failures.iter().map(|at| restarts.failed(Millis(*at), 0.5).map(|delay| delay.0)).collect()
    }

    #[test]
    fn without_a_strategy_a_failure_is_final() {
        assert_eq!(delays(RestartStrategy::None, &[0]), [None]);
    }

    #[test]
    fn a_fixed_delay_restarts_so_often() {
        let strategy = RestartStrategy::FixedDelay { attempts: 2, delay: Millis(10) };
        assert_eq!(delays(strategy, &[0, 1, 2]), [Some(10), Some(10), None]);
    }

    #[test]
    fn a_failure_rate_counts_within_its_interval() {
        let strategy = RestartStrategy::FailureRate { failures: 2, interval: Millis(100), delay: Millis(5) };
        assert_eq!(delays(strategy, &[0, 50, 120, 130]), [Some(5), Some(5), Some(5), None]);
    }

    #[test]
    fn exponential_delays_grow_to_a_limit_and_begin_again_after_a_quiet_time() {
        let strategy = RestartStrategy::ExponentialDelay {
            initial: Millis(100),
            max: Millis(350),
            multiplier: 2.0,
            reset: Millis(1_000),
            jitter: 0.0,
            attempts: None,
        };
        assert_eq!(delays(strategy, &[0, 1, 2, 3, 2_000]), [Some(100), Some(200), Some(350), Some(350), Some(100)]);
    }

    #[test]
    fn exponential_delays_end_after_so_many_attempts() {
        let strategy = RestartStrategy::ExponentialDelay {
            initial: Millis(100),
            max: Millis(1_000),
            multiplier: 2.0,
            reset: Millis(1_000),
            jitter: 0.0,
            attempts: Some(2),
        };
        assert_eq!(delays(strategy, &[0, 1, 2]), [Some(100), Some(200), None]);
    }
}
