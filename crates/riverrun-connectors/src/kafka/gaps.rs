//! Places at which a source is to go on and that a partition does not have: the brokers have removed their records before they
//! were read, or the topic is another one than before.

use super::client;
use super::offsets::{self, Partition};
use crate::delivery::Outcome;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use riverrun_core::{Error, Options, Result};

/// The option of it.
pub const OPTION: &str = "properties.auto.offset.reset";

/// What becomes of a partition that has no such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The job fails: rows are missing.
    Fail,
    /// It goes on from the oldest record.
    Earliest,
    /// It goes on from the end.
    Latest,
}

impl Reset {
    /// What a table asks for.
    pub fn of(options: &Options) -> Result<Reset> {
        let Some(given) = options.given(OPTION) else { return Ok(Reset::Fail) };
        match given.text.trim().to_ascii_lowercase().as_str() {
            "earliest" | "smallest" | "beginning" => Ok(Reset::Earliest),
            "latest" | "largest" | "end" => Ok(Reset::Latest),
            "none" | "error" => Ok(Reset::Fail),
            _ => Err(Error::input(format!("'{}' is no value for option '{OPTION}'", given.text))
                .hint("earliest, latest or none")
                .at(given.value_place)),
        }
    }

    /// Where a partition with the records from `low` up to `high` is gone on with instead of at `offset`; nothing if it has that.
    fn instead(self, table: &str, partition: &Partition, offset: i64, (low, high): (i64, i64)) -> Result<Option<i64>> {
        let (topic, number) = partition;
        let what = match offset {
            _ if offset < low => format!("the records from offset {offset} on are gone, the oldest one left is {low}"),
            _ if offset > high => format!("there is no offset {offset}, the partition ends at {high}"),
            _ => return Ok(None),
        };
        let what = format!("table '{table}', topic '{topic}', partition {number}: {what}");
        let (place, offset) = match self {
            Reset::Fail => {
                return Err(Error::failure(what)
                    .detail("they were removed before they were read ('retention.ms', 'retention.bytes'), or the topic was made anew")
                    .hint(format!("'{OPTION}' = 'earliest' goes on from the oldest record there is, 'latest' from the end")));
            }
            Reset::Earliest => ("the oldest record", low),
            Reset::Latest => ("the end", high),
        };
        tracing::warn!("{what}; it goes on from {place}, as '{OPTION}' says");
        Ok(Some(offset))
    }
}

/// Asks the brokers whether a partition has a place, and gives that or the one instead.
pub fn passed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    (table, options): (&str, &Options),
    partition: &Partition,
    offset: i64,
) -> Outcome<i64> {
    let records = offsets::watermarks(consumer, partition, &client::servers(options))?;
    Ok(Reset::of(options)?.instead(table, partition, offset, records)?.unwrap_or(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instead(reset: Reset, offset: i64) -> Result<Option<i64>> {
        reset.instead("t", &("x".to_owned(), 3), offset, (10, 20))
    }

    #[test]
    fn a_place_that_is_there_is_kept() {
        for offset in [10, 15, 20] {
            assert_eq!(instead(Reset::Fail, offset).unwrap(), None);
        }
    }

    #[test]
    fn records_that_are_gone_are_passed_over_only_if_that_is_wanted() {
        let error = instead(Reset::Fail, 7).unwrap_err();
        assert_eq!(
            error.message(),
            "table 't', topic 'x', partition 3: the records from offset 7 on are gone, the oldest one left is 10"
        );
        assert_eq!(
            error.detail_text(),
            Some(
                "they were removed before they were read ('retention.ms', 'retention.bytes'), or the topic was made anew"
            )
        );
        assert_eq!(
            error.hint_text(),
            Some(
                "'properties.auto.offset.reset' = 'earliest' goes on from the oldest record there is, 'latest' from the end"
            )
        );
        let error = instead(Reset::Fail, 21).unwrap_err();
        assert_eq!(
            error.message(),
            "table 't', topic 'x', partition 3: there is no offset 21, the partition ends at 20"
        );
        assert_eq!(instead(Reset::Earliest, 7).unwrap(), Some(10));
        assert_eq!(instead(Reset::Latest, 7).unwrap(), Some(20));
        assert_eq!(instead(Reset::Earliest, 21).unwrap(), Some(10));
    }
}
