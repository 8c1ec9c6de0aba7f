//! A session's settings: SET, RESET, `-D key=value`.

pub mod checkpointing;
mod ddl;
pub mod emit;
mod flink_options;
pub mod lookup;
pub mod star;
pub mod state;
pub mod updates;

pub use ddl::{Outcome, Rows, SchemaOf, execute_ddl};

use crate::functions::user::component::ComponentLoader;
use chrono_tz::Tz;
use riverrun_core::options::OptionValue;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Millis, OptionDef, OptionType, Options, Result};
use std::sync::Arc;

pub mod functions;
#[cfg(test)]
mod tests;

/// `table.local-time-zone`.
pub const LOCAL_TIME_ZONE: OptionDef = OptionDef::new(
    "table.local-time-zone",
    OptionType::Text,
    Some("default"),
    "The session's time zone: UTC, Europe/Berlin, GMT+02:00. `default` is UTC, whatever the machine's is.",
);
/// `table.dml-sync`.
pub const DML_SYNC: OptionDef = OptionDef::new(
    "table.dml-sync",
    OptionType::Bool,
    Some("false"),
    "Whether an INSERT runs to its end before the next statement.",
);
/// `pipeline.auto-watermark-interval`.
pub const AUTO_WATERMARK_INTERVAL: OptionDef = OptionDef::new(
    "pipeline.auto-watermark-interval",
    OptionType::Duration,
    Some("200 ms"),
    "A watermark is due when event time has moved by more than this.",
);
/// `pipeline.name`.
pub const PIPELINE_NAME: OptionDef =
    OptionDef::new("pipeline.name", OptionType::Text, None, "The job's name, in messages and metrics.");
/// `pipeline.max-parallelism`.
pub const MAX_PARALLELISM: OptionDef = OptionDef::new(
    "pipeline.max-parallelism",
    OptionType::Int,
    Some("128"),
    "How many key groups state is divided into: the most workers that a job can ever have.",
);
/// `parallelism.default`.
pub const PARALLELISM: OptionDef =
    OptionDef::new("parallelism.default", OptionType::Int, None, "How many workers run the job. Absent: one per core.");
/// `execution.buffer-timeout`.
pub const BUFFER_TIMEOUT: OptionDef = OptionDef::new(
    "execution.buffer-timeout",
    OptionType::Duration,
    Some("5 ms"),
    "How long a source waits for a batch to fill up.",
);
/// `execution.batch-size`.
pub const BATCH_SIZE: OptionDef =
    OptionDef::new("execution.batch-size", OptionType::Int, Some("8192"), "How many rows a batch has at the most.");
/// `execution.runtime-mode`.
pub const RUNTIME_MODE: OptionDef = OptionDef::new(
    "execution.runtime-mode",
    OptionType::OneOf(&["streaming", "batch", "automatic"]),
    Some("streaming"),
    "Bounded input is a stream that ends; `batch` allows what needs that end (ORDER BY any column).",
);
/// `table.exec.sink.not-null-enforcer`.
pub const NOT_NULL_ENFORCER: OptionDef = OptionDef::new(
    "table.exec.sink.not-null-enforcer",
    OptionType::OneOf(&["ERROR", "DROP"]),
    Some("ERROR"),
    "What becomes of a NULL for a NOT NULL column: ERROR fails the job, DROP leaves the row out.",
);
/// `table.exec.sink.type-length-enforcer`.
pub const TYPE_LENGTH_ENFORCER: OptionDef = OptionDef::new(
    "table.exec.sink.type-length-enforcer",
    OptionType::OneOf(&["IGNORE", "TRIM_PAD", "ERROR"]),
    Some("IGNORE"),
    "What becomes of a value longer or shorter than its CHAR, VARCHAR, BINARY or VARBINARY column.",
);
/// `table.exec.source.idle-timeout`.
pub const SOURCE_IDLE_TIMEOUT: OptionDef = OptionDef::new(
    "table.exec.source.idle-timeout",
    OptionType::Duration,
    Some("0 ms"),
    "After this long without rows a split no longer holds the watermark back; 0 is never.",
);
/// `table.exec.source.cdc-events-duplicate`.
pub const SOURCE_EVENTS_DUPLICATE: OptionDef = OptionDef::new(
    "table.exec.source.cdc-events-duplicate",
    OptionType::Bool,
    Some("false"),
    "Whether changes of a table may be read twice; they are then told by its PRIMARY KEY, and taken once.",
);
/// `table.exec.state.ttl`.
pub const STATE_TTL: OptionDef = OptionDef::new(
    "table.exec.state.ttl",
    OptionType::Duration,
    Some("0 ms"),
    "How long state that isn't touched is kept; 0 is for ever.",
);

/// `sink.late-rows`.
pub const LATE_ROWS: OptionDef = OptionDef::new(
    "sink.late-rows",
    OptionType::Text,
    None,
    "The table that rows go to which come too late for a window or an OVER. Absent: they are dropped, and counted.",
);

/// The options that are acted on.
pub const SESSION_OPTIONS: &[OptionDef] = &[
    LOCAL_TIME_ZONE,
    DML_SYNC,
    AUTO_WATERMARK_INTERVAL,
    PIPELINE_NAME,
    MAX_PARALLELISM,
    PARALLELISM,
    BUFFER_TIMEOUT,
    BATCH_SIZE,
    RUNTIME_MODE,
    NOT_NULL_ENFORCER,
    TYPE_LENGTH_ENFORCER,
    SOURCE_IDLE_TIMEOUT,
    SOURCE_EVENTS_DUPLICATE,
    STATE_TTL,
    LATE_ROWS,
    star::COLUMN_EXPANSION,
    emit::EARLY_FIRE,
    emit::EARLY_FIRE_DELAY,
    emit::LATE_FIRE,
    emit::LATE_FIRE_DELAY,
    emit::ALLOW_LATENESS,
    updates::UPSERT_MATERIALIZE,
    updates::PHASES,
    updates::SPLIT_DISTINCT,
    updates::SPLIT_DISTINCT_BUCKETS,
    updates::MINI_BATCH,
    updates::MINI_BATCH_LATENCY,
    updates::MINI_BATCH_SIZE,
    lookup::CAPACITY,
    lookup::TIMEOUT,
    lookup::OUTPUT_MODE,
    checkpointing::CHECKPOINT_INTERVAL,
    checkpointing::CHECKPOINT_MODE,
    checkpointing::CHECKPOINT_MIN_PAUSE,
    checkpointing::CHECKPOINT_TIMEOUT,
    checkpointing::CHECKPOINT_TOLERABLE_FAILURES,
    checkpointing::CHECKPOINT_RETAINED,
    checkpointing::CHECKPOINT_RETAINED_OLD,
    checkpointing::CHECKPOINT_DIR,
    checkpointing::CHECKPOINT_DIR_OLD,
    checkpointing::IGNORE_UNCLAIMED_STATE,
    checkpointing::HEARTBEAT_TIMEOUT,
    checkpointing::RESTART_STRATEGY,
    checkpointing::FIXED_ATTEMPTS,
    checkpointing::FIXED_DELAY,
    checkpointing::RATE_FAILURES,
    checkpointing::RATE_INTERVAL,
    checkpointing::RATE_DELAY,
    checkpointing::EXPONENTIAL_INITIAL,
    checkpointing::EXPONENTIAL_MAX,
    checkpointing::EXPONENTIAL_MULTIPLIER,
    checkpointing::EXPONENTIAL_RESET,
    checkpointing::EXPONENTIAL_JITTER,
    checkpointing::EXPONENTIAL_ATTEMPTS,
    state::STATE_BACKEND,
    state::STATE_BACKEND_OLD,
    state::STATE_MEMORY,
    state::STATE_PLACES,
    state::STATE_LOCAL_DIR,
    state::STATE_INLINE,
    riverrun_state::checkpoint::S3_ACCESS_KEY,
    riverrun_state::checkpoint::S3_SECRET_KEY,
    riverrun_state::checkpoint::S3_ENDPOINT,
    riverrun_state::checkpoint::S3_REGION,
    riverrun_state::checkpoint::S3_REGION_OLD,
    riverrun_state::checkpoint::S3_PATH_STYLE,
    riverrun_state::checkpoint::S3_PATH_STYLE_NEW,
];

/// The settings of a session.
#[derive(Clone, Debug, Default)]
pub struct SessionConfig {
    options: Options,
    components: Option<Arc<dyn ComponentLoader>>,
    /// Whether UNLOAD MODULE has taken `core` away. Its functions work all the same.
    core_unloaded: bool,
}

impl SessionConfig {
    /// All options that were set.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The same settings with what runs functions of WebAssembly components; without it they are refused.
    #[must_use]
    pub fn with_components(mut self, loader: Arc<dyn ComponentLoader>) -> Self {
        self.components = Some(loader);
        self
    }

    /// What runs functions of WebAssembly components.
    pub(crate) fn components(&self) -> Option<&dyn ComponentLoader> {
        self.components.as_deref()
    }

    /// Sets an option. The answer is a note where nothing comes of it. An unknown key is refused with the nearest one.
    pub fn set(&mut self, key: &str, value: OptionValue) -> Result<Option<String>> {
        let Some(definition) = SESSION_OPTIONS.iter().find(|definition| definition.name == key) else {
            flink_options::check_name(key).map_err(|error| error.at(value.key_place))?;
            self.options.insert(key, value);
            let instead = flink_options::instead_of(key).map(|name| format!("; '{name}' has"));
            return Ok(Some(format!("the option '{key}' has no effect here{}", instead.unwrap_or_default())));
        };
        let mut one = Options::default();
        one.insert(key, value.clone());
        one.validate("the session", &[std::slice::from_ref(definition)])?;
        check_value(definition, &one).map_err(|error| error.at(value.value_place))?;
        self.options.insert(key, value);
        Ok(None)
    }

    /// Sets an option that stands in no text: `-D key=value`.
    pub fn set_text(&mut self, key: &str, text: &str) -> Result<Option<String>> {
        self.set(key, OptionValue { text: text.to_owned(), key_place: None, value_place: None })
    }

    /// Takes back what was set: one option, or all. An unknown key is refused as by [`SessionConfig::set`].
    pub fn reset(&mut self, key: Option<&str>) -> Result<()> {
        let Some(key) = key else {
            self.options = Options::default();
            return Ok(());
        };
        if !SESSION_OPTIONS.iter().any(|definition| definition.name == key) {
            flink_options::check_name(key)?;
        }
        self.options.remove(key);
        Ok(())
    }

    /// `table.local-time-zone`.
    pub fn time_zone(&self) -> Tz {
        self.options.text(&LOCAL_TIME_ZONE).and_then(time_zone).unwrap_or(Tz::UTC)
    }

    /// `table.dml-sync`.
    pub fn dml_sync(&self) -> bool {
        self.options.bool(&DML_SYNC).unwrap_or(false)
    }

    /// `pipeline.auto-watermark-interval`.
    pub fn auto_watermark_interval(&self) -> Millis {
        self.duration(&AUTO_WATERMARK_INTERVAL).unwrap_or(Millis(200))
    }

    /// `pipeline.name`.
    pub fn pipeline_name(&self) -> Option<&str> {
        self.options.text(&PIPELINE_NAME)
    }

    /// `pipeline.max-parallelism`.
    pub fn max_parallelism(&self) -> u16 {
        self.options.int(&MAX_PARALLELISM).ok().flatten().and_then(|count| u16::try_from(count).ok()).unwrap_or(128)
    }

    /// `parallelism.default`, if it was set.
    pub fn parallelism(&self) -> Option<usize> {
        self.options.given(PARALLELISM.name)?;
        self.options.int(&PARALLELISM).ok().flatten().and_then(|count| usize::try_from(count).ok())
    }

    /// `execution.buffer-timeout`, or what mini-batches put in its place.
    pub fn buffer_timeout(&self) -> Millis {
        self.mini_batch_latency().or_else(|| self.duration(&BUFFER_TIMEOUT)).unwrap_or(Millis(5))
    }

    /// `execution.batch-size`.
    pub fn batch_size(&self) -> usize {
        let size = self.options.int(&BATCH_SIZE).ok().flatten().and_then(|size| usize::try_from(size).ok());
        self.mini_batch_size(size.unwrap_or(8192))
    }

    /// Whether `execution.runtime-mode` is `batch`.
    pub fn is_batch(&self) -> bool {
        self.options.text(&RUNTIME_MODE).is_some_and(|mode| mode.trim().eq_ignore_ascii_case("batch"))
    }

    /// Whether `table.exec.sink.not-null-enforcer` drops rows instead of failing.
    pub fn drops_null_rows(&self) -> bool {
        self.options.text(&NOT_NULL_ENFORCER).is_some_and(|text| text.trim().eq_ignore_ascii_case("DROP"))
    }

    /// `table.exec.source.cdc-events-duplicate`.
    pub fn source_events_duplicate(&self) -> bool {
        self.options.bool(&SOURCE_EVENTS_DUPLICATE).unwrap_or_default()
    }

    /// `table.exec.sink.type-length-enforcer`, in upper case.
    pub fn type_length_enforcer(&self) -> String {
        self.options.text(&TYPE_LENGTH_ENFORCER).unwrap_or("IGNORE").trim().to_ascii_uppercase()
    }

    /// `sink.late-rows`: the table that late rows go to.
    pub fn late_rows(&self) -> Option<&str> {
        self.options.text(&LATE_ROWS).map(str::trim).filter(|table| !table.is_empty())
    }

    /// `table.exec.source.idle-timeout`; `None` for never.
    pub fn source_idle_timeout(&self) -> Option<Millis> {
        self.duration(&SOURCE_IDLE_TIMEOUT).filter(|timeout| timeout.0 > 0)
    }

    fn duration(&self, definition: &OptionDef) -> Option<Millis> {
        self.options.duration(definition).ok().flatten()
    }
}

/// What a definition's type doesn't say.
fn check_value(definition: &OptionDef, options: &Options) -> Result<()> {
    let text = options.text(definition).unwrap_or_default();
    if definition.name == LOCAL_TIME_ZONE.name && time_zone(text).is_none() {
        return Err(Error::input(format!("there is no time zone '{text}'")).hint(
            did_you_mean(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
                .unwrap_or_else(|| "write it like 'UTC', 'Europe/Berlin' or 'GMT+02:00'".to_owned()),
        ));
    }
    checkpointing::check_value(definition, options, text)?;
    if definition.name == star::COLUMN_EXPANSION.name {
        star::ColumnExpansion::parse(text)?;
    }
    let range = match definition.name {
        name if name == MAX_PARALLELISM.name => 1..=32_768,
        name if name == PARALLELISM.name => 1..=32_768,
        name if name == BATCH_SIZE.name => 1..=1 << 20,
        name if name == updates::SPLIT_DISTINCT_BUCKETS.name => 1..=i64::from(i32::MAX),
        _ => return Ok(()),
    };
    match options.int(definition)? {
        Some(number) if !range.contains(&number) => Err(Error::input(format!(
            "'{text}' is no value for option '{}': it goes from {} to {}",
            definition.name,
            range.start(),
            range.end()
        ))),
        _ => Ok(()),
    }
}

/// The value of an option as it may be shown: not of those that hold secrets.
pub fn shown_value<'a>(key: &str, text: &'a str) -> &'a str {
    let secret = ["secret", "password", "token"].iter().any(|word| key.contains(word));
    if secret { "******" } else { text }
}

/// The time zone of this name. Whole hours from UTC are taken too: `GMT+02:00`, `UTC+2`, `+02:00`.
pub fn time_zone(name: &str) -> Option<Tz> {
    let name = name.trim();
    if name.eq_ignore_ascii_case("default") || name.eq_ignore_ascii_case("Z") {
        return Some(Tz::UTC);
    }
    if let Ok(zone) = name.parse() {
        return Some(zone);
    }
    let offset = name.strip_prefix("GMT").or_else(|| name.strip_prefix("UTC")).unwrap_or(name);
    let (sign, hours) = match offset.as_bytes().first()? {
        b'+' => ('-', &offset[1..]),
        b'-' => ('+', &offset[1..]),
        _ => return None,
    };
    let hours = hours.strip_suffix(":00").unwrap_or(hours).parse::<u8>().ok()?;
    // The names below Etc have their signs the other way round.
    if hours == 0 { Some(Tz::UTC) } else { format!("Etc/GMT{sign}{hours}").parse().ok() }
}
