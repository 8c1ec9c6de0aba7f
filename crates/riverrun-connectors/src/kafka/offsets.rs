//! Where a source starts and ends in each partition.

use super::client::{REQUEST_TIMEOUT, failed, trouble};
use super::options;
use crate::delivery::{Outcome, Trouble};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};
use riverrun_core::{Error, OptionDef, Options, Result};
use std::collections::BTreeMap;

/// A partition of a topic.
pub type Partition = (String, i32);

/// How far a partition has been read, and where that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The next offset to read.
    pub offset: i64,
    /// The first offset that is not read, of a bounded table.
    pub end: Option<i64>,
}

impl Place {
    /// What two workers know of a partition together: one may not have known yet that it is the other's, and so have older news.
    pub fn further(self, other: Place) -> Place {
        Place { offset: self.offset.max(other.offset), end: self.end.or(other.end) }
    }
}

/// A place in each partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The oldest record there is.
    Earliest,
    /// After the newest record at the time of asking.
    Latest,
    /// The group's committed offset.
    Group,
    /// The first record at or after this time, in milliseconds.
    Timestamp(i64),
    /// These offsets by partition.
    Specific(BTreeMap<i32, i64>),
}

/// Where a source starts.
pub fn startup(options: &Options) -> Result<Bound> {
    bound(options, &options::STARTUP, &options::STARTUP_OFFSETS, &options::STARTUP_TIMESTAMP)
}

/// Where a source ends; `None`: never.
pub fn bounded(options: &Options) -> Result<Option<Bound>> {
    match options.text(&options::BOUNDED).unwrap_or_default() {
        mode if mode.eq_ignore_ascii_case("unbounded") => Ok(None),
        _ => bound(options, &options::BOUNDED, &options::BOUNDED_OFFSETS, &options::BOUNDED_TIMESTAMP).map(Some),
    }
}

fn bound(options: &Options, mode: &OptionDef, offsets: &OptionDef, timestamp: &OptionDef) -> Result<Bound> {
    let place = options.given(mode.name).and_then(|value| value.value_place);
    let mode = options.text(mode).unwrap_or_default();
    let missing = |definition: &OptionDef| {
        Error::input(format!("option '{}' is missing: mode '{mode}' needs it", definition.name))
            .hint(definition.doc)
            .at(place)
    };
    match mode.to_ascii_lowercase().as_str() {
        "earliest-offset" => Ok(Bound::Earliest),
        "latest-offset" => Ok(Bound::Latest),
        "group-offsets" if options.text(&options::GROUP).is_none() => {
            Err(Error::input("mode 'group-offsets' needs the option 'properties.group.id'")
                .hint("name a group, or set 'scan.startup.mode' to 'earliest-offset' or 'latest-offset'")
                .at(place))
        }
        "group-offsets" => Ok(Bound::Group),
        "timestamp" => options.int(timestamp)?.map(Bound::Timestamp).ok_or_else(|| missing(timestamp)),
        _ => {
            let given = options.given(offsets.name).ok_or_else(|| missing(offsets))?;
            let offsets = specific(&given.text).ok_or_else(|| {
                Error::input(format!("'{}' is no value for option '{}'", given.text, offsets.name))
                    .hint("write it like 'partition:0,offset:42;partition:1,offset:300'")
                    .at(given.value_place)
            })?;
            Ok(Bound::Specific(offsets))
        }
    }
}

fn specific(text: &str) -> Option<BTreeMap<i32, i64>> {
    let pairs = text.split(';').filter(|part| !part.trim().is_empty());
    pairs
        .map(|pair| {
            let (partition, offset) = pair.split_once(',')?;
            let partition = partition.trim().strip_prefix("partition:")?.trim().parse().ok()?;
            let offset = offset.trim().strip_prefix("offset:")?.trim().parse().ok()?;
            Some((partition, offset))
        })
        .collect()
}

/// The oldest offset of a partition and the one after its newest.
pub fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    (topic, partition): &Partition,
    servers: &str,
) -> Outcome<(i64, i64)> {
    let asked = consumer.fetch_watermarks(topic, *partition, REQUEST_TIMEOUT);
    asked.map_err(|error| refused(&format!("cannot read the offsets of topic '{topic}'"), servers, &error))
}

fn refused(what: &str, servers: &str, error: &KafkaError) -> Trouble {
    trouble(failed(what, servers, error), error)
}

/// An answer about many partitions, if it has one for each.
fn of_all(answer: TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    answer.elements().iter().try_for_each(TopicPartitionListElem::error)?;
    Ok(answer)
}

/// The offsets that `bound` means in these partitions, as the brokers see them now. As an end, an
/// offset is the first that is not read.
pub fn resolve<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    bound: &Bound,
    partitions: &[Partition],
    reset_to_latest: bool,
    servers: &str,
) -> Outcome<BTreeMap<Partition, i64>> {
    let watermarks = |partition: &Partition| watermarks(consumer, partition, servers);
    let mut found = BTreeMap::new();
    match bound {
        Bound::Earliest | Bound::Latest => {
            for partition in partitions {
                let (low, high) = watermarks(partition)?;
                found.insert(partition.clone(), if *bound == Bound::Earliest { low } else { high });
            }
        }
        Bound::Specific(offsets) => {
            for partition in partitions {
                let (low, _) = watermarks(partition)?;
                found.insert(partition.clone(), offsets.get(&partition.1).copied().unwrap_or(low));
            }
        }
        Bound::Timestamp(time) => {
            let mut list = TopicPartitionList::new();
            for (topic, partition) in partitions {
                list.add_partition_offset(topic, *partition, Offset::Offset(*time))
                    .map_err(|error| refused("cannot ask for offsets by time", servers, &error))?;
            }
            let answer = consumer.offsets_for_times(list, REQUEST_TIMEOUT).and_then(of_all);
            let answer = answer.map_err(|error| refused("cannot read offsets by time", servers, &error))?;
            for element in answer.elements() {
                let partition = (element.topic().to_owned(), element.partition());
                let offset = match element.offset() {
                    Offset::Offset(offset) if offset >= 0 => offset,
                    _ => watermarks(&partition)?.1,
                };
                found.insert(partition, offset);
            }
        }
        Bound::Group => {
            let mut list = TopicPartitionList::new();
            for (topic, partition) in partitions {
                list.add_partition(topic, *partition);
            }
            let answer = committed(consumer, list, servers)?;
            for element in answer.elements() {
                let partition = (element.topic().to_owned(), element.partition());
                let offset = match element.offset() {
                    Offset::Offset(offset) if offset >= 0 => offset,
                    // Nothing committed yet: as `auto.offset.reset` says.
                    _ => {
                        let (low, high) = watermarks(&partition)?;
                        if reset_to_latest { high } else { low }
                    }
                };
                found.insert(partition, offset);
            }
        }
    }
    Ok(found)
}

/// The group's committed offsets. A fresh coordinator answers "loading" for a moment: asked again.
fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: TopicPartitionList,
    servers: &str,
) -> Outcome<TopicPartitionList> {
    use rdkafka::error::RDKafkaErrorCode as Code;
    let mut tries = 0;
    loop {
        match consumer.committed_offsets(list.clone(), REQUEST_TIMEOUT).and_then(of_all) {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                let passing = matches!(
                    error.rdkafka_error_code(),
                    Some(Code::CoordinatorLoadInProgress | Code::CoordinatorNotAvailable | Code::NotCoordinator)
                );
                tries += 1;
                if !passing || tries > 20 {
                    return Err(refused("cannot read the group's offsets", servers, &error));
                }
                std::thread::sleep(std::time::Duration::from_millis(250));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specific_offsets_are_read_per_partition() {
        let read = specific("partition:0,offset:42;partition:1,offset:300").unwrap();
        assert_eq!(read, BTreeMap::from([(0, 42), (1, 300)]));
        assert_eq!(specific("partition:0"), None);
        assert_eq!(specific("offset:1,partition:2"), None);
    }
}
