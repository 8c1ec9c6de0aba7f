//! The settings of checkpoints and restarts, named as in Flink.

use super::SessionConfig;
use riverrun_core::{Error, Millis, OptionDef, OptionType, Options, Result};
use riverrun_state::checkpoint::StoreOptions;

/// `execution.checkpointing.interval`.
pub const CHECKPOINT_INTERVAL: OptionDef = OptionDef::new(
    "execution.checkpointing.interval",
    OptionType::Duration,
    None,
    "How often a checkpoint is taken. Absent: only at the end of the input.",
);
/// `execution.checkpointing.mode`.
pub const CHECKPOINT_MODE: OptionDef = OptionDef::new(
    "execution.checkpointing.mode",
    OptionType::OneOf(&["EXACTLY_ONCE", "AT_LEAST_ONCE"]),
    Some("EXACTLY_ONCE"),
    "Barriers are always aligned, which costs no more here: AT_LEAST_ONCE is the same. What a sink promises is its own option.",
);
/// `execution.checkpointing.min-pause`.
pub const CHECKPOINT_MIN_PAUSE: OptionDef = OptionDef::new(
    "execution.checkpointing.min-pause",
    OptionType::Duration,
    Some("0 ms"),
    "How long it takes at the least from the end of a checkpoint to the next.",
);
/// `execution.checkpointing.timeout`.
pub const CHECKPOINT_TIMEOUT: OptionDef = OptionDef::new(
    "execution.checkpointing.timeout",
    OptionType::Duration,
    Some("10 min"),
    "A checkpoint that takes longer has failed.",
);
/// `execution.checkpointing.tolerable-failed-checkpoints`.
pub const CHECKPOINT_TOLERABLE_FAILURES: OptionDef = OptionDef::new(
    "execution.checkpointing.tolerable-failed-checkpoints",
    OptionType::Int,
    None,
    "How many checkpoints may fail in a row before the job does. Absent: the job goes on, with a warning for each.",
);
/// `execution.checkpointing.num-retained`.
pub const CHECKPOINT_RETAINED: OptionDef = OptionDef::new(
    "execution.checkpointing.num-retained",
    OptionType::Int,
    Some("1"),
    "How many checkpoints are kept.",
);
/// `state.checkpoints.num-retained`, the older name.
pub const CHECKPOINT_RETAINED_OLD: OptionDef = OptionDef::new(
    "state.checkpoints.num-retained",
    OptionType::Int,
    None,
    "The older name of execution.checkpointing.num-retained.",
);
/// `execution.checkpointing.dir`.
pub const CHECKPOINT_DIR: OptionDef = OptionDef::new(
    "execution.checkpointing.dir",
    OptionType::Text,
    None,
    "Where checkpoints are kept: a path, file:///path or s3://bucket/path. Absent: in the state directory.",
);
/// `state.checkpoints.dir`, the older name.
pub const CHECKPOINT_DIR_OLD: OptionDef =
    OptionDef::new("state.checkpoints.dir", OptionType::Text, None, "The older name of execution.checkpointing.dir.");
/// `execution.state-recovery.ignore-unclaimed-state`.
pub const IGNORE_UNCLAIMED_STATE: OptionDef = OptionDef::new(
    "execution.state-recovery.ignore-unclaimed-state",
    OptionType::Bool,
    Some("false"),
    "Whether state that no operator takes over is dropped, instead of refusing to start.",
);
/// `heartbeat.timeout`.
pub const HEARTBEAT_TIMEOUT: OptionDef = OptionDef::new(
    "heartbeat.timeout",
    OptionType::Duration,
    Some("20 s"),
    "A process of the job that has not been heard of for so long is lost.",
);
/// `restart-strategy.type`.
pub const RESTART_STRATEGY: OptionDef = OptionDef::new(
    "restart-strategy.type",
    OptionType::OneOf(&[
        "none",
        "off",
        "disable",
        "fixed-delay",
        "fixeddelay",
        "exponential-delay",
        "exponentialdelay",
        "failure-rate",
        "failurerate",
    ]),
    Some("none"),
    "What becomes of a job that has failed: none, or when it is started again from its last checkpoint.",
);
/// `restart-strategy.fixed-delay.attempts`.
pub const FIXED_ATTEMPTS: OptionDef =
    OptionDef::new("restart-strategy.fixed-delay.attempts", OptionType::Int, Some("1"), "How many restarts there are.");
/// `restart-strategy.fixed-delay.delay`.
pub const FIXED_DELAY: OptionDef = OptionDef::new(
    "restart-strategy.fixed-delay.delay",
    OptionType::Duration,
    Some("1 s"),
    "The time before a restart.",
);
/// `restart-strategy.failure-rate.max-failures-per-interval`.
pub const RATE_FAILURES: OptionDef = OptionDef::new(
    "restart-strategy.failure-rate.max-failures-per-interval",
    OptionType::Int,
    Some("1"),
    "How many restarts there are within the interval.",
);
/// `restart-strategy.failure-rate.failure-rate-interval`.
pub const RATE_INTERVAL: OptionDef = OptionDef::new(
    "restart-strategy.failure-rate.failure-rate-interval",
    OptionType::Duration,
    Some("1 min"),
    "The interval in which failures are counted.",
);
/// `restart-strategy.failure-rate.delay`.
pub const RATE_DELAY: OptionDef = OptionDef::new(
    "restart-strategy.failure-rate.delay",
    OptionType::Duration,
    Some("1 s"),
    "The time before a restart.",
);
/// `restart-strategy.exponential-delay.initial-backoff`.
pub const EXPONENTIAL_INITIAL: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.initial-backoff",
    OptionType::Duration,
    Some("1 s"),
    "The time before the first restart.",
);
/// `restart-strategy.exponential-delay.max-backoff`.
pub const EXPONENTIAL_MAX: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.max-backoff",
    OptionType::Duration,
    Some("1 min"),
    "The longest time before a restart.",
);
/// `restart-strategy.exponential-delay.backoff-multiplier`.
pub const EXPONENTIAL_MULTIPLIER: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.backoff-multiplier",
    OptionType::Double,
    Some("1.5"),
    "By how much the time grows with each restart.",
);
/// `restart-strategy.exponential-delay.reset-backoff-threshold`.
pub const EXPONENTIAL_RESET: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    OptionType::Duration,
    Some("1 h"),
    "After so long without a failure the time is the initial one again.",
);
/// `restart-strategy.exponential-delay.jitter-factor`.
pub const EXPONENTIAL_JITTER: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.jitter-factor",
    OptionType::Double,
    Some("0.1"),
    "By how much of itself the time is varied at random.",
);
/// `restart-strategy.exponential-delay.attempts-before-reset-backoff`.
pub const EXPONENTIAL_ATTEMPTS: OptionDef = OptionDef::new(
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    OptionType::Int,
    None,
    "How many restarts there are before the job has failed for good. Absent: no limit.",
);

/// What the types of these options don't say.
pub(super) fn check_value(definition: &OptionDef, options: &Options, text: &str) -> Result<()> {
    const COUNT: (f64, f64) = (0.0, i32::MAX as f64);
    let wrong =
        |why: String| Err(Error::input(format!("'{text}' is no value for option '{}': {why}", definition.name)));
    let (least, most) = match definition.name {
        name if [CHECKPOINT_TIMEOUT.name, HEARTBEAT_TIMEOUT.name].contains(&name) => {
            return match options.duration(definition)? {
                Some(duration) if duration.0 <= 0 => wrong("it must be more than 0".to_owned()),
                _ => Ok(()),
            };
        }
        name if [CHECKPOINT_RETAINED.name, CHECKPOINT_RETAINED_OLD.name].contains(&name) => (1.0, 1e6),
        name if name == CHECKPOINT_TOLERABLE_FAILURES.name => COUNT,
        name if [FIXED_ATTEMPTS.name, RATE_FAILURES.name, EXPONENTIAL_ATTEMPTS.name].contains(&name) => COUNT,
        name if name == EXPONENTIAL_MULTIPLIER.name => (1.0, 1e6),
        name if name == EXPONENTIAL_JITTER.name => (0.0, 1.0),
        _ => return Ok(()),
    };
    let number = match definition.kind {
        OptionType::Double => options.double(definition)?,
        _ => options.int(definition)?.map(|number| number as f64),
    };
    match number {
        Some(number) if !(least..=most).contains(&number) => wrong(format!("it goes from {least} to {most}")),
        _ => Ok(()),
    }
}

/// When a failed job is started again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RestartStrategy {
    /// Never.
    None,
    /// So often, each time after the same delay.
    FixedDelay {
        /// How often.
        attempts: u64,
        /// The delay.
        delay: Millis,
    },
    /// As long as there are not too many failures within a time.
    FailureRate {
        /// How many within the interval.
        failures: u64,
        /// The interval.
        interval: Millis,
        /// The delay before each restart.
        delay: Millis,
    },
    /// After delays that grow.
    ExponentialDelay {
        /// The first delay.
        initial: Millis,
        /// The longest.
        max: Millis,
        /// By how much it grows.
        multiplier: f64,
        /// After so long without a failure it is the first again.
        reset: Millis,
        /// By how much of itself it varies.
        jitter: f64,
        /// How many restarts there are before the delay is the first again; `None` for no limit.
        attempts: Option<u64>,
    },
}

impl SessionConfig {
    /// `execution.checkpointing.interval`.
    pub fn checkpoint_interval(&self) -> Option<Millis> {
        self.duration(&CHECKPOINT_INTERVAL).filter(|interval| interval.0 > 0)
    }

    /// `execution.checkpointing.min-pause`.
    pub fn checkpoint_min_pause(&self) -> Millis {
        self.duration(&CHECKPOINT_MIN_PAUSE).unwrap_or(Millis(0))
    }

    /// `execution.checkpointing.timeout`.
    pub fn checkpoint_timeout(&self) -> Millis {
        self.duration(&CHECKPOINT_TIMEOUT).unwrap_or(Millis(600_000))
    }

    /// `execution.checkpointing.tolerable-failed-checkpoints`, if it was set.
    pub fn tolerable_failed_checkpoints(&self) -> Option<u32> {
        self.number(&CHECKPOINT_TOLERABLE_FAILURES).and_then(|count| u32::try_from(count).ok())
    }

    /// `execution.checkpointing.num-retained`, also by its older name.
    pub fn retained_checkpoints(&self) -> usize {
        let given = if self.options.given(CHECKPOINT_RETAINED.name).is_some() {
            self.number(&CHECKPOINT_RETAINED)
        } else {
            self.number(&CHECKPOINT_RETAINED_OLD)
        };
        given.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).max(1)
    }

    /// `execution.checkpointing.dir`, also by its older name.
    pub fn checkpoint_dir(&self) -> Option<&str> {
        self.options.text(&CHECKPOINT_DIR).or_else(|| self.options.text(&CHECKPOINT_DIR_OLD))
    }

    /// `s3.*`: how object stores are reached.
    pub fn store_options(&self) -> StoreOptions {
        self.options.iter().map(|(key, value)| (key.to_owned(), value.text.clone())).collect()
    }

    /// `execution.state-recovery.ignore-unclaimed-state`.
    pub fn ignores_unclaimed_state(&self) -> bool {
        self.options.bool(&IGNORE_UNCLAIMED_STATE).unwrap_or(false)
    }

    /// `heartbeat.timeout`.
    pub fn heartbeat_timeout(&self) -> Millis {
        self.duration(&HEARTBEAT_TIMEOUT).unwrap_or(Millis(20_000))
    }

    /// `restart-strategy.*`.
    pub fn restart_strategy(&self) -> RestartStrategy {
        let duration = |definition| self.duration(definition).unwrap_or(Millis(1_000));
        let count = |definition| self.number(definition).and_then(|count| u64::try_from(count).ok());
        let double = |definition| self.options.double(definition).ok().flatten();
        let kind = self.options.text(&RESTART_STRATEGY).unwrap_or("none").trim().to_ascii_lowercase();
        match kind.replace('-', "").as_str() {
            "fixeddelay" => RestartStrategy::FixedDelay {
                attempts: count(&FIXED_ATTEMPTS).unwrap_or(1),
                delay: duration(&FIXED_DELAY),
            },
            "failurerate" => RestartStrategy::FailureRate {
                failures: count(&RATE_FAILURES).unwrap_or(1),
                interval: duration(&RATE_INTERVAL),
                delay: duration(&RATE_DELAY),
            },
            "exponentialdelay" => RestartStrategy::ExponentialDelay {
                initial: duration(&EXPONENTIAL_INITIAL),
                max: duration(&EXPONENTIAL_MAX),
                multiplier: double(&EXPONENTIAL_MULTIPLIER).unwrap_or(1.5),
                reset: duration(&EXPONENTIAL_RESET),
                jitter: double(&EXPONENTIAL_JITTER).unwrap_or(0.1),
                attempts: count(&EXPONENTIAL_ATTEMPTS),
            },
            _ => RestartStrategy::None,
        }
    }

    fn number(&self, definition: &OptionDef) -> Option<i64> {
        self.options.int(definition).ok().flatten()
    }
}
