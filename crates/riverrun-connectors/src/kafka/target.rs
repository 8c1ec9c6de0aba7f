//! A topic as the delivery thread sees it: one transaction per epoch, or records that are waited for.
//!
//! A lane's transactional id never changes, so that whoever takes the lane over ends what its predecessor has left open. The
//! token is an offset that a private group "commits" in the same transaction, for partition 0 of the topic; its metadata is the
//! generation that has written it.
//!
//! | | |
//! |---|---|
//! | transactional id | `PREFIX-SINK-LANE`; PREFIX is `sink.transactional-id-prefix`, or made of the job |
//! | group of the token | `PREFIX-SINK-LANE-JOB` |
//! | fencing | `init_transactions`: aborts the open transaction of the id, and refuses its earlier owner |
//!
//! Whoever asks for `init_transactions` is the owner from then on, an earlier generation that comes back too. It could write
//! nothing that is not decided and not written, but would hold up its successor: so a lane that is connected anew looks at the
//! token's generation before. The brokers' answer alone does not tell a later owner from a transaction that was open for too long.

use super::client::{self, REQUEST_TIMEOUT, failed};
use super::connection::{Connection, Deliveries, Isolation, KafkaProducer};
use super::records::{OutRecord, RecordEncoder};
use super::upsert::KeyChanges;
use crate::delivery::{Commit, Committed, LaneName, Outcome, Stop, Target, Trouble, connection_point, fenced};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use riverrun_core::{Epoch, Error, Result, RowBatch};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long to wait for room in the client, or for its answers, before looking whether anybody still waits for us.
const SLICE: Duration = Duration::from_millis(10);

/// How long a step of a transaction may take before it is asked for again.
const STEP: Duration = Duration::from_secs(10);

/// The topic.
pub struct KafkaTarget {
    pub(super) connection: Connection,
    pub(super) encoder: RecordEncoder,
    /// The key of upserts: of each the last change of an epoch or tick is written.
    pub(super) key: Vec<usize>,
    pub(super) stop: Stop,
    pub(super) producer: Option<Open>,
}

/// A producer that is connected.
pub struct Open {
    producer: KafkaProducer,
    deliveries: Arc<Deliveries>,
    /// The lane whose transactions it writes, and the consumer that stands for its private group.
    lane: Option<(LaneName, BaseConsumer)>,
    /// Whether the lane's token has been looked at since the producer was made.
    known: bool,
}

/// The token of a lane, as its group holds it.
#[derive(Clone, Copy, Default)]
struct Token {
    epoch: Option<Epoch>,
    /// Who has written it; nothing in one of an earlier version.
    generation: Option<u64>,
}

/// The transactional id of a lane.
fn transactional_id(lane: &LaneName) -> String {
    format!("{}-{}", lane.sink, lane.lane)
}

/// The group that holds a lane's token.
fn group_of(lane: &LaneName) -> String {
    format!("{}-{}", transactional_id(lane), lane.job)
}

impl KafkaTarget {
    fn failed(&self, error: &KafkaError) -> Error {
        failed(&format!("topic '{}'", self.connection.topic), &client::servers(&self.connection.options), error)
    }

    /// What can be done about an answer of the client.
    fn trouble(&self, error: &KafkaError, lane: Option<&LaneName>) -> Trouble {
        let told = self.failed(error);
        let code = error.rdkafka_error_code();
        if let Some(trouble) = lane.zip(code).and_then(|(lane, code)| of_lane(lane, code)) {
            return trouble;
        }
        let retriable = match error {
            KafkaError::Transaction(error) => error.is_retriable() || error.txn_requires_abort(),
            _ => false,
        };
        match client::trouble(told, error) {
            Trouble::Refused(told) if retriable => Trouble::Passing(told),
            trouble => trouble,
        }
    }

    fn refused(&self) -> impl Fn(KafkaError) -> Trouble + '_ {
        |error| self.trouble(&error, None)
    }

    /// The records of an epoch or of some ticks.
    fn records(&mut self, batches: &[RowBatch]) -> Result<VecDeque<OutRecord>> {
        let mut records = VecDeque::new();
        if self.key.is_empty() {
            batches.iter().try_for_each(|batch| self.encoder.encode(batch, &mut records))?;
            return Ok(records);
        }
        let mut changes = KeyChanges::new(self.key.clone());
        batches.iter().try_for_each(|batch| changes.add(batch.clone()))?;
        changes.take()?.iter().try_for_each(|batch| self.encoder.encode(batch, &mut records))?;
        Ok(records)
    }

    /// The producer, connected; of a lane's transactions if one is given.
    fn open(&mut self, lane: Option<&LaneName>) -> Outcome<Open> {
        if let Some(open) = self.producer.take()
            && open.lane.as_ref().map(|(lane, _)| lane) == lane
        {
            return Ok(open);
        }
        let deliveries = Arc::new(Deliveries::default());
        let id = lane.map(transactional_id);
        let producer = self.connection.producer(deliveries.clone(), Arc::new(|| {}), id.as_deref())?;
        if let Some(lane) = lane {
            producer.init_transactions(STEP).map_err(|error| self.trouble(&error, Some(lane)))?;
        }
        let lane = lane.map(|lane| Ok::<_, Error>((lane.clone(), self.group(lane)?))).transpose()?;
        Ok(Open { producer, deliveries, lane, known: false })
    }

    /// The producer of a lane that was opened before; connected anew, unless a later generation has written the lane since.
    fn reopen(&mut self, lane: &LaneName, generation: u64) -> Outcome<Open> {
        if self.producer.is_none() {
            // What is pending in the transaction of another is not waited for.
            let group = self.connection.consumer(&group_of(lane), Isolation::Uncommitted)?;
            if self.committed(&group)?.generation.is_some_and(|writer| writer > generation) {
                return Err(fenced(lane));
            }
        }
        self.open(Some(lane))
    }

    /// The consumer that stands for a lane's private group. It never reads anything.
    fn group(&self, lane: &LaneName) -> Result<BaseConsumer> {
        self.connection.consumer(&group_of(lane), Isolation::Committed)
    }

    fn token_list(&self, offset: Offset) -> Outcome<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.connection.topic, 0, offset).map_err(self.refused())?;
        Ok(list)
    }

    /// Hands records to the client and waits until all are acknowledged.
    fn send(&self, open: &Open, mut records: VecDeque<OutRecord>, lane: Option<&LaneName>) -> Outcome<()> {
        let failed = || {
            let failure = open.deliveries.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            failure.as_ref().map_or(Ok(()), |error| Err(self.trouble(error, lane)))
        };
        while let Some(record) = records.pop_front() {
            open.deliveries.in_flight.fetch_add(1, Ordering::AcqRel);
            let sent = open.producer.send(record.base(&self.connection.topic)).map_err(|(error, _)| error);
            match sent {
                Ok(()) => {}
                Err(error) => {
                    open.deliveries.in_flight.fetch_sub(1, Ordering::AcqRel);
                    if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                        return Err(self.trouble(&error, lane));
                    }
                    records.push_front(record);
                    failed()?;
                    self.wait(SLICE)?;
                }
            }
        }
        let mut slice = Duration::from_micros(200);
        // A flush lets the client send at once what it would still gather.
        while open.deliveries.in_flight.load(Ordering::Acquire) > 0 {
            let _ = open.producer.flush(slice);
            self.wait(Duration::ZERO)?;
            slice = (slice * 2).min(SLICE);
        }
        failed()
    }

    fn wait(&self, time: Duration) -> Outcome<()> {
        if self.stop.is_stopped() {
            return Err(Trouble::Refused(Error::failure("stopped")));
        }
        std::thread::sleep(time);
        Ok(())
    }

    /// The token that a lane's group holds.
    fn committed(&self, group: &BaseConsumer) -> Outcome<Token> {
        let list = self.token_list(Offset::Invalid)?;
        let found = group.committed_offsets(list, REQUEST_TIMEOUT).map_err(self.refused())?;
        let elements = found.elements();
        let Some(element) = elements.first() else { return Ok(Token::default()) };
        element.error().map_err(self.refused())?;
        let epoch = match element.offset() {
            Offset::Offset(epoch) => u32::try_from(epoch).ok().map(Epoch),
            _ => None,
        };
        Ok(Token { epoch, generation: epoch.and_then(|_| element.metadata().parse().ok()) })
    }

    /// The token of the lane that a producer writes.
    fn own_token(&self, open: &Open) -> Outcome<Option<Epoch>> {
        open.lane.as_ref().map_or(Ok(None), |(_, group)| Ok(self.committed(group)?.epoch))
    }

    /// Writes an epoch in one transaction, with its token.
    fn transact(&self, open: &Open, records: VecDeque<OutRecord>, commit: &Commit) -> Outcome<()> {
        let lane = &commit.lane;
        let refused = |error: KafkaError| self.trouble(&error, Some(lane));
        let metadata = open.lane.as_ref().and_then(|(_, group)| group.group_metadata());
        let metadata = metadata.ok_or_else(|| Error::bug("a consumer without a group"))?;
        open.producer.begin_transaction().map_err(refused)?;
        self.send(open, records, Some(lane))?;
        connection_point("token")?;
        let token = self.token_list(Offset::Offset(i64::from(commit.epoch.0)))?;
        if let Some(mut element) = token.find_partition(&self.connection.topic, 0) {
            element.set_metadata(commit.generation.to_string());
        }
        open.producer.send_offsets_to_transaction(&token, &metadata, STEP).map_err(refused)?;
        connection_point("target-commit")?;
        loop {
            match open.producer.commit_transaction(STEP) {
                Ok(()) => return Ok(()),
                // The same commit may be asked for again, and what it has come to is then said.
                Err(KafkaError::Transaction(error)) if error.is_retriable() => self.wait(SLICE)?,
                Err(error) => return Err(refused(error)),
            }
        }
    }
}

impl Target for KafkaTarget {
    fn write(&mut self, batches: &[RowBatch]) -> Outcome<()> {
        let records = self.records(batches)?;
        let open = self.open(None)?;
        self.send(&open, records, None)?;
        self.producer = Some(open);
        Ok(())
    }

    fn fence(&mut self, lane: &LaneName, _generation: u64) -> Outcome<Option<Epoch>> {
        // The producer of the lane before is done with it.
        self.producer = None;
        let mut open = self.open(Some(lane))?;
        let token = self.own_token(&open)?;
        open.known = true;
        self.producer = Some(open);
        Ok(token)
    }

    fn token(&mut self, lane: &LaneName) -> Outcome<Option<Epoch>> {
        Ok(self.committed(&self.group(lane)?)?.epoch)
    }

    fn commit(&mut self, commit: &Commit, batches: &[RowBatch]) -> Outcome<Committed> {
        let mut open = self.reopen(&commit.lane, commit.generation)?;
        // After a lost connection nobody knows what has become of the transaction before; its token does. One that has been
        // forgotten is no older one.
        if !open.known
            && let Some(token) = self.own_token(&open)?
        {
            open.known = true;
            if token >= commit.epoch || Some(token) < commit.before {
                self.producer = Some(open);
                return Ok(commit.standing(Some(token)));
            }
        }
        let records = self.records(batches)?;
        self.transact(&open, records, commit)?;
        open.known = true;
        self.producer = Some(open);
        Ok(Committed::Done)
    }

    fn set_token(&mut self, lane: &LaneName, generation: u64, epoch: Epoch) -> Outcome<()> {
        let mut open = self.reopen(lane, generation)?;
        // A transaction of nothing but the token.
        let commit = Commit { lane: lane.clone(), generation, before: None, epoch };
        self.transact(&open, VecDeque::new(), &commit)?;
        open.known = true;
        self.producer = Some(open);
        Ok(())
    }

    fn disconnect(&mut self) {
        self.producer = None;
    }
}

/// What an answer means for the owner of a lane, if it is about that. Either way the id is asked for anew: whether a later start has
/// it the token says, and what has been written.
fn of_lane(lane: &LaneName, code: RDKafkaErrorCode) -> Option<Trouble> {
    use RDKafkaErrorCode as Code;
    let id = transactional_id(lane);
    match code {
        Code::ProducerFenced | Code::InvalidProducerEpoch | Code::Fenced => {
            let error =
                Error::failure(format!("the brokers have given the transactional id '{id}' to another producer"));
            Some(Trouble::Passing(
                error
                    .detail("or have ended its transaction, open for longer than 'properties.transaction.timeout.ms'")
                    .hint("two jobs must not have the same 'sink.transactional-id-prefix'"),
            ))
        }
        Code::InvalidProducerIdMapping | Code::UnknownProducerId => {
            let error = Error::failure(format!("the brokers have forgotten the transactional id '{id}'"));
            Some(Trouble::Passing(error.hint(
                "they do where it is idle for 'transactional.id.expiration.ms', 7 days unless it is set: raise that of the brokers",
            )))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_the_brokers_have_forgotten_is_told_from_one_that_another_has() {
        let lane = LaneName { job: "j".into(), sink: "mine".into(), lane: 2 };
        let of = |code| match of_lane(&lane, code) {
            Some(Trouble::Passing(error)) => error,
            other => panic!("{other:?}: it is to be asked for anew"),
        };
        let error = of(RDKafkaErrorCode::InvalidProducerIdMapping);
        assert_eq!(error.message(), "the brokers have forgotten the transactional id 'mine-2'");
        assert!(error.hint_text().unwrap().contains("'transactional.id.expiration.ms'"), "{error}");
        let error = of(RDKafkaErrorCode::ProducerFenced);
        assert_eq!(error.message(), "the brokers have given the transactional id 'mine-2' to another producer");
        assert!(error.detail_text().unwrap().contains("'properties.transaction.timeout.ms'"), "{error}");
        assert!(error.hint_text().unwrap().contains("'sink.transactional-id-prefix'"), "{error}");
        assert!(of_lane(&lane, RDKafkaErrorCode::MessageSizeTooLarge).is_none());
    }
}
