//! Flink's own options that have no effect here: a file that sets them runs, with a note.

use super::SESSION_OPTIONS;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Result};

/// The names, one a line: those of the option classes of Flink 2.3 with their deprecated ones, and well-known ones of earlier
/// releases and of connectors.
const NAMES: &str = include_str!("flink_options.txt");

/// Prefixes below which names are free, or too many to know: any name is taken.
const FREE_PREFIXES: &[&str] = &[
    "client.",
    "containerized.",
    "env.",
    "events.reporter.",
    "external-resource.",
    "flink.hadoop.",
    "fs.",
    "kubernetes.",
    "metrics.reporter.",
    "partition.fields.",
    "plugin.",
    "python.",
    "security.",
    "sql-client.",
    "sql-gateway.",
    "state.backend.forst.",
    "state.backend.rocksdb.metrics.",
    "table.catalog-store.",
    "table.exec.hive.",
    "table.exec.iceberg.",
    "traces.reporter.",
    "yarn.",
];

/// Prefixes whose names are listed: another name below them is taken too, if it is far from any that is known. It is one of
/// another release of Flink or of a library.
const LISTED_PREFIXES: &[&str] = &[
    "akka.",
    "blob.",
    "classloader.",
    "cluster.",
    "compiler.",
    "execution.",
    "heartbeat.",
    "high-availability.",
    "historyserver.",
    "io.",
    "job-result-store.",
    "jobmanager.",
    "jobstore.",
    "metrics.",
    "parallelism.",
    "pekko.",
    "pipeline.",
    "process.",
    "queryable-state.",
    "resourcemanager.",
    "rest.",
    "restart-strategy.",
    "s3.",
    "slotmanager.",
    "state.",
    "table.",
    "taskmanager.",
    "web.",
];

/// Other names of options that have an effect here.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("execution.buffer-timeout.interval", super::BUFFER_TIMEOUT.name),
    ("execution.savepoint.ignore-unclaimed-state", super::checkpointing::IGNORE_UNCLAIMED_STATE.name),
    ("restart-strategy", super::checkpointing::RESTART_STRATEGY.name),
];

/// Refuses a name that is neither one of ours nor one of Flink's, with the nearest of both.
pub fn check_name(key: &str) -> Result<()> {
    let starts_with = |prefixes: &[&str]| prefixes.iter().any(|prefix| key.starts_with(prefix));
    if NAMES.lines().any(|name| name == key) || starts_with(FREE_PREFIXES) {
        return Ok(());
    }
    let names = SESSION_OPTIONS.iter().map(|definition| definition.name).chain(NAMES.lines());
    match did_you_mean(key, names) {
        None if starts_with(LISTED_PREFIXES) => Ok(()),
        near => Err(Error::input(format!("there is no option '{key}'"))
            .hint(near.unwrap_or_else(|| "`riverrun options` lists those there are".to_owned()))),
    }
}

/// The name under which an option of Flink's has an effect here.
pub fn instead_of(key: &str) -> Option<&'static str> {
    OTHER_NAMES.iter().find(|(other, _)| *other == key).map(|(_, name)| *name)
}
