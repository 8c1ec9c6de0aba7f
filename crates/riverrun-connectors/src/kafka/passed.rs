//! How far partitions have been read where what stands last gives no record: the rows of an aborted transaction, or ones that
//! compaction has taken away.

use super::offsets::Partition;
use rdkafka::Statistics;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often the client says how far it is. It takes whole seconds.
pub const INTERVAL_MS: &str = "1000";

/// The ends of partitions that have been come to, each after all records before it.
#[derive(Debug, Default)]
pub struct Passed(Mutex<BTreeMap<Partition, i64>>);

impl Passed {
    /// Takes note of what the client says of itself.
    pub fn note(&self, statistics: &Statistics) {
        let mut passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for topic in statistics.topics.values() {
            // Nothing of what was fetched before the end was seen is waiting to be handed over.
            let read = topic.partitions.values().filter(|partition| partition.fetchq_cnt == 0);
            for partition in read.filter(|partition| partition.eof_offset >= 0) {
                passed.insert((topic.topic.clone(), partition.partition), partition.eof_offset);
            }
        }
    }

    /// The end of a partition that was come to, if one was.
    pub fn end_of(&self, partition: &Partition) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(partition).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::statistics::{Partition as OfPartition, Topic};

    fn said(waiting: i64, eof_offset: i64) -> Statistics {
        let partition = OfPartition { partition: 3, fetchq_cnt: waiting, eof_offset, ..OfPartition::default() };
        let topic = Topic { topic: "t".to_owned(), partitions: [(3, partition)].into(), ..Topic::default() };
        Statistics { topics: [("t".to_owned(), topic)].into(), ..Statistics::default() }
    }

    #[test]
    fn an_end_is_come_to_when_nothing_before_it_is_left_to_read() {
        let passed = Passed::default();
        let partition = ("t".to_owned(), 3);
        for (waiting, end, known) in [(0, -1001, None), (2, 7, None), (0, 7, Some(7)), (1, 9, Some(7)), (0, 9, Some(9))]
        {
            passed.note(&said(waiting, end));
            assert_eq!(passed.end_of(&partition), known, "{waiting} {end}");
        }
        assert_eq!(passed.end_of(&("t".to_owned(), 2)), None);
    }
}
