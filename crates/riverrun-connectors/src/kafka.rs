//! `kafka`: topics as tables, with Flink's options, on librdkafka.
//!
//! A source assigns its partitions itself (no consumer-group rebalancing), keeps its offsets in the
//! job's snapshots, and commits them to the group only when everything up to them has passed the
//! whole job. librdkafka works on threads of its own; one fetcher thread per worker hands its
//! messages over a bounded channel and wakes the worker.
//!
//! Source of the semantics: Flink's "Apache Kafka SQL Connector".

mod client;
mod columns;
mod connection;
mod fetcher;
mod gaps;
mod offsets;
mod options;
mod passed;
mod records;
mod scratch;
mod sink;
mod source;
mod target;
mod upsert;

pub use upsert::UpsertKafka;

use crate::connector::{Connector, MetadataColumn, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use crate::scratch::{Overrides, Scratch, ScratchSpec, set};
use riverrun_core::{DataType, OptionDef, Result, TypeKind};
use std::sync::Arc;

/// The connector.
#[derive(Debug)]
pub struct Kafka;

impl Connector for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn doc(&self) -> &'static str {
        "Reads and writes topics of Apache Kafka."
    }

    fn options(&self) -> &'static [OptionDef] {
        options::OPTIONS
    }

    fn takes_format(&self) -> bool {
        true
    }

    fn metadata(&self) -> Vec<MetadataColumn> {
        let column = |key, kind: TypeKind, nullable, writable, doc| MetadataColumn {
            key,
            data_type: kind.with_nullable(nullable),
            writable,
            doc,
        };
        let headers = TypeKind::Map(Box::new(TypeKind::STRING.not_null()), Box::new(TypeKind::BYTES.not_null()));
        vec![
            column("topic", TypeKind::STRING, false, false, "The topic of the record."),
            column("partition", TypeKind::Int, false, false, "The partition of the record."),
            column("headers", headers, false, true, "The headers of the record."),
            column("offset", TypeKind::BigInt, false, false, "The offset of the record in its partition."),
            column("timestamp", TypeKind::timestamp_ltz(3), false, true, "The timestamp of the record."),
            column("timestamp-type", TypeKind::STRING, false, false, "CreateTime, LogAppendTime or NoTimestampType."),
        ]
    }

    fn has_scratch(&self) -> bool {
        true
    }

    fn unnoticed(&self) -> Overrides {
        vec![set(options::COMMIT_OFFSETS.name, "false")]
    }

    fn scratch(&self, spec: &ScratchSpec) -> Result<Option<Scratch>> {
        scratch::scratch(spec, false).map(Some)
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        Ok(Arc::new(source::KafkaSource::new(spec)?))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Ok(Arc::new(sink::KafkaSink::new(spec)?))
    }
}

/// The type a metadata column has by itself, for checks of its declared type.
fn metadata_type(key: &str) -> Option<DataType> {
    Kafka.metadata().into_iter().find(|column| column.key == key).map(|column| column.data_type)
}
