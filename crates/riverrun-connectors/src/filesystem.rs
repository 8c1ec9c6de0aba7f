//! `filesystem`: files and folders on this machine as tables.
//!
//! Options as in Flink 2.3, "FileSystem SQL Connector". Beyond it: `scan.tail` follows growing files as `tail -F` does,
//! `scan.max-record-size` keeps a broken file from filling the memory, and files may be compressed on both ways.

mod columns;
mod commit;
mod compression;
mod file_id;
mod later;
mod location;
mod part;
mod partition;
mod partition_time;
mod records;
mod scratch;
mod sink;
mod source;
mod split;
mod tail;
#[cfg(test)]
mod tests;
mod watch;

use crate::connector::{
    Connector, LookupWay, MetadataColumn, ProducedChanges, SinkFactory, SinkSpec, SourceFactory, SourceSpec,
};
use crate::lookup;
use crate::scratch::{Scratch, ScratchSpec};
use riverrun_core::{Error, OptionDef, OptionType, Options, Result, TypeKind};
use std::sync::Arc;

const PATH: OptionDef = OptionDef::required(
    "path",
    OptionType::Text,
    "A file, a folder (read with all its sub-folders) or a glob; names that begin with . or _ are passed over, unless a \
     glob says that character itself; file:///… too. What is written is always a folder.",
);
const MONITOR_INTERVAL: OptionDef = OptionDef::new(
    "source.monitor-interval",
    OptionType::Duration,
    None,
    "Looks for new files this often; the table then never ends.",
);
const PATH_PATTERN: OptionDef = OptionDef::new(
    "source.path.regex-pattern",
    OptionType::Text,
    None,
    "A regular expression: only files whose whole path matches it are read.",
);
const REPORT_STATISTICS: OptionDef = OptionDef::new(
    "source.report-statistics",
    OptionType::OneOf(&["NONE", "ALL"]),
    Some("NONE"),
    "Accepted for Flink's sake: its optimizer's statistics.",
);
const TAIL: OptionDef = OptionDef::new(
    "scan.tail",
    OptionType::Bool,
    Some("false"),
    "Follows the files as they grow, through rotation and truncation, as tail -F does; the table then never ends. \
     Compressed files that are there at the start are read whole.",
);
const STARTUP_MODE: OptionDef = OptionDef::new(
    "scan.startup.mode",
    OptionType::OneOf(&["earliest-offset", "latest-offset"]),
    Some("earliest-offset"),
    "Where scan.tail begins in the files that are there: at their beginning or at their end.",
);
const MAX_RECORD_SIZE: OptionDef = OptionDef::new(
    "scan.max-record-size",
    OptionType::Size,
    Some("16 mb"),
    "A longer record is broken: it is passed over up to the next newline; more than 0.",
);
const SPLIT_SIZE: OptionDef = OptionDef::new(
    "scan.split-size",
    OptionType::Size,
    Some("64 mb"),
    "A file whose records are lines is shared by several workers, if each of them gets this much of it.",
);
const DEFAULT_PARTITION: OptionDef = OptionDef::new(
    "partition.default-name",
    OptionType::Text,
    Some("__DEFAULT_PARTITION__"),
    "The folder's name for a partition column that is NULL or empty.",
);
const ROLL_SIZE: OptionDef = OptionDef::new(
    "sink.rolling-policy.file-size",
    OptionType::Size,
    Some("128 mb"),
    "A file that has grown to this size is complete.",
);
const ROLL_INTERVAL: OptionDef = OptionDef::new(
    "sink.rolling-policy.rollover-interval",
    OptionType::Duration,
    Some("30 min"),
    "A file that has been open for this long is complete.",
);
const CHECK_INTERVAL: OptionDef = OptionDef::new(
    "sink.rolling-policy.check-interval",
    OptionType::Duration,
    Some("1 min"),
    "How often the age of files is looked at.",
);
const COMPRESSION: OptionDef = OptionDef::new(
    "sink.compression",
    OptionType::OneOf(&["none", "gzip", "zstd"]),
    Some("none"),
    "How files are compressed.",
);
const SHUFFLE: OptionDef = OptionDef::new(
    "sink.shuffle-by-partition.enable",
    OptionType::Bool,
    Some("false"),
    "Accepted for Flink's sake: every worker writes the partitions of the rows it gets.",
);
const COMMIT_TRIGGER: OptionDef = OptionDef::new(
    "sink.partition-commit.trigger",
    OptionType::OneOf(&["process-time", "partition-time"]),
    Some("process-time"),
    "What a partition's time is: process-time, when its first file is begun; partition-time, what its values say.",
);
const COMMIT_DELAY: OptionDef = OptionDef::new(
    "sink.partition-commit.delay",
    OptionType::Duration,
    Some("0 s"),
    "How long after its time a partition is complete, by the clock or, for partition-time, by the watermark.",
);
const COMMIT_POLICY: OptionDef = OptionDef::new(
    "sink.partition-commit.policy.kind",
    OptionType::Text,
    None,
    "How a partition is said to be complete: success-file writes an empty file into its folder.",
);
const SUCCESS_FILE: OptionDef = OptionDef::new(
    "sink.partition-commit.success-file.name",
    OptionType::Text,
    Some("_SUCCESS"),
    "The name of that file.",
);
const AUTO_COMPACTION: OptionDef =
    OptionDef::new("auto-compaction", OptionType::Bool, Some("false"), "Merges small files; only false.");
const LOOKUP_CACHE: OptionDef = OptionDef::new(
    "lookup.cache",
    OptionType::OneOf(&["FULL"]),
    Some("FULL"),
    "A file can't be asked by key: a lookup join holds all its rows.",
);

/// The connector.
#[derive(Debug)]
pub struct Filesystem;

impl Connector for Filesystem {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn doc(&self) -> &'static str {
        "Files and folders on this machine."
    }

    fn options(&self) -> &'static [OptionDef] {
        &[
            PATH,
            MONITOR_INTERVAL,
            PATH_PATTERN,
            REPORT_STATISTICS,
            TAIL,
            STARTUP_MODE,
            MAX_RECORD_SIZE,
            SPLIT_SIZE,
            DEFAULT_PARTITION,
            ROLL_SIZE,
            ROLL_INTERVAL,
            CHECK_INTERVAL,
            COMPRESSION,
            SHUFFLE,
            COMMIT_TRIGGER,
            COMMIT_DELAY,
            partition_time::ZONE,
            partition_time::KIND,
            partition_time::PATTERN,
            partition_time::FORMATTER,
            COMMIT_POLICY,
            SUCCESS_FILE,
            AUTO_COMPACTION,
            LOOKUP_CACHE,
            lookup::STRATEGY,
            lookup::INTERVAL,
            lookup::SCHEDULE,
            lookup::TIME,
            lookup::DAYS,
        ]
    }

    fn takes_format(&self) -> bool {
        true
    }

    fn metadata(&self) -> Vec<MetadataColumn> {
        let column = |key, data_type, doc| MetadataColumn { key, data_type, writable: false, doc };
        vec![
            column("file.path", TypeKind::STRING.not_null(), "The file's whole path."),
            column("file.name", TypeKind::STRING.not_null(), "The file's name without its folders."),
            column("file.size", TypeKind::BigInt.not_null(), "How many bytes the file has."),
            column(
                "file.modification-time",
                TypeKind::timestamp_ltz(3).not_null(),
                "When the file was last written to.",
            ),
        ]
    }

    fn lookups(&self, options: &Options) -> LookupWay {
        let grows = options.given(MONITOR_INTERVAL.name).is_some() || matches!(options.bool(&TAIL), Ok(true));
        match ProducedChanges::of_format(options) {
            ProducedChanges::Append if !grows => LookupWay::Whole,
            _ => LookupWay::None,
        }
    }

    fn has_scratch(&self) -> bool {
        true
    }

    fn scratch(&self, spec: &ScratchSpec) -> Result<Option<Scratch>> {
        Ok(Some(scratch::scratch(spec)))
    }

    fn takes_files(&self) -> bool {
        true
    }

    fn overwrites(&self) -> bool {
        true
    }

    fn check(&self, source: SourceSpec, sink: SinkSpec) -> Result<()> {
        let read = source::FileSource::new(source).map(drop);
        // What can only be written is a table too.
        read.or_else(|error| sink::FileSink::new(sink).map(drop).map_err(|_| error))
    }

    fn source(&self, spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        let source = source::FileSource::new(spec)?;
        source.check_place()?;
        Ok(Arc::new(source))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        Ok(Arc::new(sink::FileSink::new(spec)?))
    }
}

/// The path that a table names.
fn path_text<'a>(options: &'a Options, table: &str) -> Result<&'a str> {
    options
        .text(&PATH)
        .ok_or_else(|| Error::bug(format!("table {table} has no 'path', which was looked for when it was made")))
}

/// The format that a table of files names, and that format's options.
fn format_name(options: &riverrun_core::Options, table: &str) -> Result<String> {
    match options.given("format") {
        Some(value) => Ok(value.text.trim().to_owned()),
        None => Err(Error::input(format!("option 'format' is missing for table {table}"))
            .hint("say how the files are written: 'format' = 'json', 'csv', 'raw', 'regex' or 'parquet'")),
    }
}

/// What went wrong with a file: what was tried, where, and what to do.
fn io_error(what: &str, path: &std::path::Path, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::PermissionDenied => Some("give the user that runs the job the right to it"),
        std::io::ErrorKind::NotFound => Some("check the path; it is relative to the folder the job was started in"),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Some("free space, or let 'path' name a folder on another disk; the job can be run again")
        }
        std::io::ErrorKind::AlreadyExists => Some("a file has that name; let 'path' name a folder"),
        std::io::ErrorKind::NotADirectory => Some("a part of the path is a file; let 'path' name a folder"),
        std::io::ErrorKind::ReadOnlyFilesystem => Some("let 'path' name a folder on a disk that may be written"),
        _ => None,
    };
    Error::failure(format!("can't {what} {}: {}", path.display(), plain(error))).hint_opt(hint)
}

/// The operating system's words without its error number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
