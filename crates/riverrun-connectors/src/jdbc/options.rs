//! The options of a table in a database.

use crate::delivery::Guarantee;
use crate::lookup;
use riverrun_core::{Error, OptionDef, OptionType, Options, Result};

pub const URL: OptionDef = OptionDef::required(
    "url",
    OptionType::Text,
    "The database: 'jdbc:postgresql://host:5432/name?sslmode=require' or 'jdbc:sqlite:/path/to/file'.",
);
pub const TABLE: OptionDef = OptionDef::required(
    "table-name",
    OptionType::Text,
    "The table in the database; in PostgreSQL also 'schema.table'.",
);
pub const USERNAME: OptionDef = OptionDef::new(
    "username",
    OptionType::Text,
    None,
    "The user to connect as. Needs 'password' too where one is set.",
);
pub const PASSWORD: OptionDef = OptionDef::new("password", OptionType::Text, None, "The user's password.");
pub const DRIVER: OptionDef = OptionDef::new(
    "driver",
    OptionType::Text,
    None,
    "The Java class of a driver: accepted so that a file still loads in Flink; has no effect.",
);
pub const RETRY_TIMEOUT: OptionDef = OptionDef::new(
    "connection.max-retry-timeout",
    OptionType::Duration,
    Some("60 s"),
    "How long one attempt to connect, or to find out that a connection is dead, may take.",
);
pub const PARTITION_COLUMN: OptionDef = OptionDef::new(
    "scan.partition.column",
    OptionType::Text,
    None,
    "A column of whole numbers by which several workers share a scan; needs the other three 'scan.partition.*'.",
);
pub const PARTITION_NUM: OptionDef =
    OptionDef::new("scan.partition.num", OptionType::Int, None, "Into how many parts the scan is cut.");
pub const PARTITION_LOWER: OptionDef = OptionDef::new(
    "scan.partition.lower-bound",
    OptionType::Int,
    None,
    "The smallest value of the partition column that is read.",
);
pub const PARTITION_UPPER: OptionDef = OptionDef::new(
    "scan.partition.upper-bound",
    OptionType::Int,
    None,
    "The largest value of the partition column that is read.",
);
pub const FETCH_SIZE: OptionDef = OptionDef::new(
    "scan.fetch-size",
    OptionType::Int,
    Some("0"),
    "How many rows one batch of a scan has at the most; 0: as the job's batches.",
);
pub const AUTO_COMMIT: OptionDef = OptionDef::new(
    "scan.auto-commit",
    OptionType::Bool,
    Some("true"),
    "Of Flink's Java driver: rows are streamed here with either value.",
);
pub const MAX_ROWS: OptionDef = OptionDef::new(
    "sink.buffer-flush.max-rows",
    OptionType::Int,
    Some("100"),
    "How many rows are worth a transaction of their own while more of the same kind are coming.",
);
pub const FLUSH_INTERVAL: OptionDef = OptionDef::new(
    "sink.buffer-flush.interval",
    OptionType::Duration,
    Some("1 s"),
    "Accepted for Flink's sake: rows are written as soon as the database is done with those before them.",
);
pub const MAX_RETRIES: OptionDef = OptionDef::new(
    "sink.max-retries",
    OptionType::Int,
    Some("3"),
    "How often a write is tried again after an answer that may pass: a deadlock, a full server. \
     A lost connection is waited for without end.",
);
pub const LOOKUP_CACHE: OptionDef = OptionDef::new(
    "lookup.cache",
    OptionType::OneOf(&["NONE", "PARTIAL", "FULL"]),
    Some("NONE"),
    "Whether a lookup join keeps the rows that it has looked up (PARTIAL), or holds the whole table (FULL).",
);
const LOOKUP_MAX_ROWS: OptionDef = OptionDef::new(
    "lookup.partial-cache.max-rows",
    OptionType::Int,
    None,
    "How many rows the cache holds at the most.",
);
const LOOKUP_EXPIRE_WRITE: OptionDef = OptionDef::new(
    "lookup.partial-cache.expire-after-write",
    OptionType::Duration,
    None,
    "How long a row stays in the cache after it was looked up.",
);
const LOOKUP_EXPIRE_ACCESS: OptionDef = OptionDef::new(
    "lookup.partial-cache.expire-after-access",
    OptionType::Duration,
    None,
    "How long a row stays in the cache after it was used.",
);
const LOOKUP_MISSING: OptionDef = OptionDef::new(
    "lookup.partial-cache.cache-missing-key",
    OptionType::Bool,
    Some("true"),
    "Whether the cache also holds that there is no row for a key.",
);
const OLD_MAX_ROWS: OptionDef = OptionDef::new(
    "lookup.cache.max-rows",
    OptionType::Int,
    None,
    "An older name: with lookup.cache.ttl it makes a PARTIAL cache of so many rows.",
);
const OLD_TTL: OptionDef = OptionDef::new(
    "lookup.cache.ttl",
    OptionType::Duration,
    None,
    "An older name: how long after it was looked up a row stays in that cache.",
);
const OLD_MISSING: OptionDef = OptionDef::new(
    "lookup.cache.caching-missing-key",
    OptionType::Bool,
    Some("true"),
    "An older name of lookup.partial-cache.cache-missing-key, for that cache.",
);
pub const LOOKUP_RETRIES: OptionDef = OptionDef::new(
    "lookup.max-retries",
    OptionType::Int,
    Some("3"),
    "How often a lookup is tried again after it has failed.",
);

/// All of them, for validation and documentation.
pub const OPTIONS: &[OptionDef] = &[
    URL,
    TABLE,
    USERNAME,
    PASSWORD,
    DRIVER,
    RETRY_TIMEOUT,
    PARTITION_COLUMN,
    PARTITION_NUM,
    PARTITION_LOWER,
    PARTITION_UPPER,
    FETCH_SIZE,
    AUTO_COMMIT,
    MAX_ROWS,
    FLUSH_INTERVAL,
    MAX_RETRIES,
    Guarantee::OPTION,
    Guarantee::MAX_BYTES,
    LOOKUP_CACHE,
    LOOKUP_MAX_ROWS,
    LOOKUP_EXPIRE_WRITE,
    LOOKUP_EXPIRE_ACCESS,
    LOOKUP_MISSING,
    OLD_MAX_ROWS,
    OLD_TTL,
    OLD_MISSING,
    LOOKUP_RETRIES,
    lookup::STRATEGY,
    lookup::INTERVAL,
    lookup::SCHEDULE,
    lookup::TIME,
    lookup::DAYS,
];

/// A whole-number option that must not be negative.
pub fn count(options: &Options, definition: &OptionDef) -> Result<Option<usize>> {
    let Some(value) = options.int(definition)? else { return Ok(None) };
    usize::try_from(value).map(Some).map_err(|_| {
        Error::input(format!("'{}' = '{value}': it can't be negative", definition.name))
            .at(options.given(definition.name).and_then(|given| given.value_place))
    })
}
