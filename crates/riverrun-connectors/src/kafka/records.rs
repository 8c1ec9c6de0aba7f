//! Rows as records: key, value, partition, timestamp and headers.

use super::columns::{Layout, Part};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMillisecondType;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use riverrun_core::{Result, RowBatch};
use riverrun_formats::{EncodedRows, Encoder, RowFields};

/// How a record's partition is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioner {
    /// By the client.
    Client,
    /// One per worker.
    Fixed,
    /// In turn.
    RoundRobin,
}

/// A record that is to be sent.
pub struct OutRecord {
    key: Option<Vec<u8>>,
    /// Nothing: a tombstone.
    value: Option<Vec<u8>>,
    partition: Option<i32>,
    timestamp: Option<i64>,
    headers: Option<OwnedHeaders>,
}

impl OutRecord {
    /// As the client takes it.
    pub fn base<'a>(&'a self, topic: &'a str) -> BaseRecord<'a, [u8], [u8]> {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        if let Some(value) = &self.value {
            record = record.payload(value);
        }
        if let Some(key) = &self.key {
            record = record.key(key);
        }
        if let Some(partition) = self.partition {
            record = record.partition(partition);
        }
        if let Some(timestamp) = self.timestamp {
            record = record.timestamp(timestamp);
        }
        if let Some(headers) = &self.headers {
            record = record.headers(headers.clone());
        }
        record
    }

    /// The bytes of its value.
    pub fn bytes(&self) -> u64 {
        self.value.as_ref().map_or(0, Vec::len) as u64
    }
}

/// Where a row's metadata columns stand.
#[derive(Clone, Copy, Debug)]
pub struct MetadataPositions {
    /// The timestamp's column.
    pub timestamp: Option<usize>,
    /// The headers' column.
    pub headers: Option<usize>,
}

/// Encodes one worker's rows.
pub struct RecordEncoder {
    /// Whether a row that is taken back is a tombstone.
    upsert: bool,
    key: Option<Box<dyn Encoder>>,
    value: Box<dyn Encoder>,
    key_columns: Vec<usize>,
    value_columns: Vec<usize>,
    metadata: MetadataPositions,
    partitioner: Partitioner,
    partitions: i32,
    worker: i32,
    next: i32,
}

impl RecordEncoder {
    /// An encoder of rows of this layout; `partitions` is how many the topic has, where that matters.
    pub fn new(
        layout: &Layout,
        metadata: MetadataPositions,
        partitioner: Partitioner,
        partitions: i32,
        worker: usize,
    ) -> Result<RecordEncoder> {
        let encoder = |part: &Part| {
            part.format.encoder(&part.spec((0..part.columns.len()).collect(), &RowFields::new(), layout.time_zone))
        };
        Ok(RecordEncoder {
            upsert: layout.upsert,
            key: layout.key.as_ref().map(encoder).transpose()?,
            value: encoder(&layout.value)?,
            key_columns: layout.key.as_ref().map(|key| key.columns.clone()).unwrap_or_default(),
            value_columns: layout.value.columns.clone(),
            metadata,
            partitioner,
            partitions,
            worker: worker as i32,
            next: worker as i32,
        })
    }

    /// The records of these rows, in order.
    pub fn encode(&mut self, batch: &RowBatch, out: &mut impl Extend<OutRecord>) -> Result<()> {
        let batch = batch.clone().one_by_one()?;
        let part = |columns: &[usize]| -> Result<RecordBatch> { Ok(batch.columns.project(columns)?) };
        let (mut keys, mut values) = (EncodedRows::default(), EncodedRows::default());
        let weights = batch.weights.clone().filter(|_| !self.upsert);
        let value = RowBatch { columns: part(&self.value_columns)?, weights };
        self.value.encode_changes(&value, &mut values)?;
        if let Some(encoder) = &mut self.key {
            encoder.encode(&part(&self.key_columns)?, &mut keys)?;
        }
        let times = self.metadata.timestamp;
        let times = times.map(|column| batch.columns.column(column).as_primitive::<TimestampMillisecondType>());
        let headers = self.metadata.headers.map(|column| batch.columns.column(column).as_map());
        let mut key_rows = keys.iter();
        for (row, value) in values.iter().enumerate().take(batch.num_rows()) {
            let timestamp = times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
            let headers = headers.filter(|headers| headers.is_valid(row)).map(|headers| {
                let entries = headers.value(row);
                let (names, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_binary::<i32>());
                (0..entries.len()).fold(OwnedHeaders::new(), |all, entry| {
                    let value = values.is_valid(entry).then(|| values.value(entry));
                    all.insert(Header { key: names.value(entry), value })
                })
            });
            let key = key_rows.next().map(<[u8]>::to_vec);
            let value = (!self.upsert || batch.weight(row) > 0).then(|| value.to_vec());
            let partition = self.partition();
            out.extend([OutRecord { key, value, partition, timestamp, headers }]);
        }
        Ok(())
    }

    fn partition(&mut self) -> Option<i32> {
        match self.partitioner {
            Partitioner::Client => None,
            Partitioner::Fixed => Some(self.worker % self.partitions),
            Partitioner::RoundRobin => {
                self.next = (self.next + 1) % self.partitions;
                Some(self.next)
            }
        }
    }
}
