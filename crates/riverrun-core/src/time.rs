//! Units of time and order: event time, watermarks, epochs, ticks, key groups.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z, or a duration in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Millis(pub i64);

/// A promise that no row with an event time at or below it will come any more.
///
/// Milliseconds since 1970; [`Watermark::MIN`] before the first one, [`Watermark::MAX`] at the end
/// of bounded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Watermark(pub i64);

impl Watermark {
    /// Before anything is known.
    pub const MIN: Watermark = Watermark(i64::MIN);
    /// At the end of bounded input: everything pending fires.
    pub const MAX: Watermark = Watermark(i64::MAX);
}

impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Watermark::MIN => f.write_str("-"),
            Watermark::MAX => f.write_str("end"),
            Watermark(ms) => match chrono::DateTime::from_timestamp_millis(ms) {
                Some(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3f")),
                None => write!(f, "{ms} ms"),
            },
        }
    }
}

/// The number of a checkpoint barrier. All rows of epoch n stand before all rows of epoch n + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub u32);

/// One turn of a job's sources within an epoch: the unit of flow control and of consolidation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u32);

/// The share of the key space that a key falls into; the unit in which state moves on a rescale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyGroup(pub u16);

impl KeyGroup {
    /// How many key groups a job has by default (`pipeline.max-parallelism`).
    pub const DEFAULT_COUNT: u16 = 128;

    /// The group of a key with this hash, of `count` groups.
    #[inline]
    pub fn of_hash(hash: u64, count: u16) -> KeyGroup {
        // The high half times the count keeps the mapping free of a division and even.
        KeyGroup((((hash >> 32) * u64::from(count)) >> 32) as u16)
    }

    /// The worker that owns this group at `parallelism`: contiguous ranges, as in Flink.
    #[inline]
    pub fn worker(self, count: u16, parallelism: usize) -> usize {
        usize::from(self.0) * parallelism / usize::from(count)
    }
}
