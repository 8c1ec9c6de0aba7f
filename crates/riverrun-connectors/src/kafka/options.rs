//! The options of a Kafka table.

use crate::delivery::Guarantee;
use riverrun_core::{OptionDef, OptionType};

const STARTUP_MODES: &[&str] = &["earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"];
const BOUNDED_MODES: &[&str] = &["unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets"];

pub const TOPIC: OptionDef =
    OptionDef::new("topic", OptionType::List, None, "The topic; for a source also several: 'a;b'.");
pub const TOPIC_PATTERN: OptionDef = OptionDef::new(
    "topic-pattern",
    OptionType::Text,
    None,
    "A regular expression: the source reads every topic whose whole name matches, new ones too.",
);
pub const SERVERS: OptionDef = OptionDef::required(
    "properties.bootstrap.servers",
    OptionType::Text,
    "The brokers to connect to first: 'host:9092,other:9092'.",
);
pub const GROUP: OptionDef = OptionDef::new(
    "properties.group.id",
    OptionType::Text,
    None,
    "The consumer group whose offsets are committed, and read by 'group-offsets'.",
);
pub const FORMAT: OptionDef =
    OptionDef::new("format", OptionType::Text, None, "The format of the record's value; the same as 'value.format'.");
pub const VALUE_FORMAT: OptionDef =
    OptionDef::new("value.format", OptionType::Text, None, "The format of the record's value.");
pub const KEY_FORMAT: OptionDef =
    OptionDef::new("key.format", OptionType::Text, None, "The format of the record's key; needs 'key.fields'.");
pub const KEY_FIELDS: OptionDef =
    OptionDef::new("key.fields", OptionType::List, None, "The columns that make up the key: 'a;b'.");
pub const KEY_PREFIX: OptionDef = OptionDef::new(
    "key.fields-prefix",
    OptionType::Text,
    Some(""),
    "A prefix of the key's columns in the table that their names in the key don't have.",
);
pub const VALUE_INCLUDE: OptionDef = OptionDef::new(
    "value.fields-include",
    OptionType::OneOf(&["ALL", "EXCEPT_KEY"]),
    Some("ALL"),
    "Whether the key's columns are part of the value too.",
);
pub const STARTUP: OptionDef = OptionDef::new(
    "scan.startup.mode",
    OptionType::OneOf(STARTUP_MODES),
    Some("group-offsets"),
    "Where a source starts to read.",
);
pub const STARTUP_OFFSETS: OptionDef = OptionDef::new(
    "scan.startup.specific-offsets",
    OptionType::Text,
    None,
    "For 'specific-offsets': 'partition:0,offset:42;partition:1,offset:300'.",
);
pub const STARTUP_TIMESTAMP: OptionDef = OptionDef::new(
    "scan.startup.timestamp-millis",
    OptionType::Int,
    None,
    "For 'timestamp': milliseconds since 1970; reads from the first record at or after it.",
);
pub const BOUNDED: OptionDef =
    OptionDef::new("scan.bounded.mode", OptionType::OneOf(BOUNDED_MODES), Some("unbounded"), "Where a source ends.");
pub const BOUNDED_OFFSETS: OptionDef = OptionDef::new(
    "scan.bounded.specific-offsets",
    OptionType::Text,
    None,
    "For 'specific-offsets': the first offset of each partition that is not read.",
);
pub const BOUNDED_TIMESTAMP: OptionDef = OptionDef::new(
    "scan.bounded.timestamp-millis",
    OptionType::Int,
    None,
    "For 'timestamp': the first record at or after it is not read.",
);
pub const DISCOVERY: OptionDef = OptionDef::new(
    "scan.topic-partition-discovery.interval",
    OptionType::Duration,
    Some("5 min"),
    "How often to look for new topics and partitions; 0: never.",
);
pub const COMMIT_OFFSETS: OptionDef = OptionDef::new(
    "scan.commit-offsets",
    OptionType::Bool,
    Some("true"),
    "Whether the offsets of the group are committed.",
);
pub const PARTITIONER: OptionDef = OptionDef::new(
    "sink.partitioner",
    OptionType::OneOf(&["default", "fixed", "round-robin"]),
    Some("default"),
    "How a sink chooses partitions: by the hash of the key, which is that of the Java client (any of them without a key), one per worker, or in turn.",
);
pub const TRANSACTIONAL_ID_PREFIX: OptionDef = OptionDef::new(
    "sink.transactional-id-prefix",
    OptionType::Text,
    None,
    "For exactly-once: what the transactional ids of the writers begin with; made of the job if absent.",
);

pub const PROPERTIES: OptionDef = OptionDef::new(
    "properties.*",
    OptionType::Text,
    None,
    "Any property of the Kafka client (librdkafka's names; the Java client's where both have it): sasl, ssl, …",
);
pub const VALUE_OPTIONS: OptionDef = OptionDef::new(
    "value.*",
    OptionType::Text,
    None,
    "Options of the value's format: 'value.json.ignore-parse-errors'.",
);
pub const KEY_OPTIONS: OptionDef =
    OptionDef::new("key.*", OptionType::Text, None, "Options of the key's format: 'key.json.ignore-parse-errors'.");

/// All of them, for validation and documentation.
pub const OPTIONS: &[OptionDef] = &[
    TOPIC,
    TOPIC_PATTERN,
    SERVERS,
    GROUP,
    PROPERTIES,
    FORMAT,
    VALUE_FORMAT,
    VALUE_OPTIONS,
    KEY_FORMAT,
    KEY_FIELDS,
    KEY_PREFIX,
    KEY_OPTIONS,
    VALUE_INCLUDE,
    STARTUP,
    STARTUP_OFFSETS,
    STARTUP_TIMESTAMP,
    BOUNDED,
    BOUNDED_OFFSETS,
    BOUNDED_TIMESTAMP,
    DISCOVERY,
    COMMIT_OFFSETS,
    PARTITIONER,
    Guarantee::OPTION,
    Guarantee::MAX_BYTES,
    TRANSACTIONAL_ID_PREFIX,
];
