//! Functions of dates, times, timestamps and intervals.
//!
//! Days and times of day are floored, not cut, so that they are right before 1970 too (Flink's are not: there
//! YEAR of 1969-12-31 23:59:59 is 1970). TIMESTAMP_LTZ is read in the session's time zone.

pub mod arithmetic;
pub mod calendar;
pub mod current;
pub mod extract;
pub mod format;
pub mod pattern;
pub mod round;
pub mod units;
pub mod unix;
pub mod values;
pub mod zone;

pub use arithmetic::{minus, negate, plus, times};

#[cfg(test)]
mod tests;
