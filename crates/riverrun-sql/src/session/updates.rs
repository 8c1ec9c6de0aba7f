//! Settings of queries whose results are updated.

use super::SessionConfig;
use riverrun_core::{Millis, OptionDef, OptionType};
use riverrun_operators::group_aggregate::Phases;

/// `table.exec.sink.upsert-materialize`.
pub const UPSERT_MATERIALIZE: OptionDef = OptionDef::new(
    "table.exec.sink.upsert-materialize",
    OptionType::OneOf(&["AUTO", "NONE", "FORCE"]),
    Some("AUTO"),
    "Whether the rows of a sink's PRIMARY KEY are kept, so that the last to come is its row: AUTO where the query has another key.",
);
/// `table.exec.mini-batch.enabled`.
pub const MINI_BATCH: OptionDef = OptionDef::new(
    "table.exec.mini-batch.enabled",
    OptionType::Bool,
    Some("false"),
    "Updates are always consolidated per turn of the sources; when enabled, `table.exec.mini-batch.allow-latency` makes the turns longer.",
);
/// `table.exec.mini-batch.allow-latency`.
pub const MINI_BATCH_LATENCY: OptionDef = OptionDef::new(
    "table.exec.mini-batch.allow-latency",
    OptionType::Duration,
    Some("0 ms"),
    "How long a source collects rows for one turn, if mini-batches are enabled; it takes the place of `execution.buffer-timeout`.",
);
/// `table.exec.mini-batch.size`.
pub const MINI_BATCH_SIZE: OptionDef = OptionDef::new(
    "table.exec.mini-batch.size",
    OptionType::Int,
    Some("-1"),
    "How many rows a source collects for one batch, if mini-batches are enabled: at most `execution.batch-size`.",
);

/// `table.optimizer.agg-phase-strategy`.
pub const PHASES: OptionDef = OptionDef::new(
    "table.optimizer.agg-phase-strategy",
    OptionType::OneOf(&["AUTO", "ONE_PHASE", "TWO_PHASE"]),
    Some("AUTO"),
    "Whether GROUP BY aggregates rows on their workers before they are exchanged: AUTO as long as many rows of a turn share a key.",
);

/// `table.optimizer.distinct-agg.split.enabled`.
pub const SPLIT_DISTINCT: OptionDef = OptionDef::new(
    "table.optimizer.distinct-agg.split.enabled",
    OptionType::Bool,
    Some("false"),
    "Whether the different values of a DISTINCT in GROUP BY are told apart by all workers, and not by the owner of their key alone.",
);
/// `table.optimizer.distinct-agg.split.bucket-num`.
pub const SPLIT_DISTINCT_BUCKETS: OptionDef = OptionDef::new(
    "table.optimizer.distinct-agg.split.bucket-num",
    OptionType::Int,
    Some("1024"),
    "In how many parts Flink puts the values of a key. Here each is on its own, whatever the number.",
);

/// How the rows of a sink's key are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsertMaterialize {
    /// They are kept where the query's key is another one.
    Auto,
    /// They are never kept.
    None,
    /// They are always kept.
    Force,
}

impl SessionConfig {
    /// `table.exec.sink.upsert-materialize`.
    pub fn upsert_materialize(&self) -> UpsertMaterialize {
        let text = self.options.text(&UPSERT_MATERIALIZE).unwrap_or("AUTO").trim().to_ascii_uppercase();
        match text.as_str() {
            "NONE" => UpsertMaterialize::None,
            "FORCE" => UpsertMaterialize::Force,
            _ => UpsertMaterialize::Auto,
        }
    }

    /// `table.optimizer.agg-phase-strategy`.
    pub fn aggregate_phases(&self) -> Phases {
        let text = self.options.text(&PHASES).unwrap_or("AUTO").trim().to_ascii_uppercase();
        match text.as_str() {
            "ONE_PHASE" => Phases::One,
            "TWO_PHASE" => Phases::Two,
            _ => Phases::TwoWhereItPays,
        }
    }

    /// `table.optimizer.distinct-agg.split.enabled`.
    pub fn splits_distinct(&self) -> bool {
        self.options.bool(&SPLIT_DISTINCT).unwrap_or_default()
    }

    /// How long a source collects rows for a turn, by `table.exec.mini-batch.*`.
    pub(super) fn mini_batch_latency(&self) -> Option<Millis> {
        let enabled = self.options.bool(&MINI_BATCH).unwrap_or_default();
        self.duration(&MINI_BATCH_LATENCY).filter(|latency| enabled && latency.0 > 0)
    }

    /// A batch's size, by `table.exec.mini-batch.size`.
    pub(super) fn mini_batch_size(&self, most: usize) -> usize {
        let enabled = self.options.bool(&MINI_BATCH).unwrap_or_default();
        let size = self.options.int(&MINI_BATCH_SIZE).ok().flatten().filter(|size| enabled && *size > 0);
        size.and_then(|size| usize::try_from(size).ok()).map_or(most, |size| size.min(most))
    }

    /// What a `STATE_TTL` hint says, where there is one; else `table.exec.state.ttl`. `None` for ever.
    pub fn hinted_ttl(&self, hint: Option<Millis>) -> Option<Millis> {
        hint.map_or_else(|| self.state_ttl(), |ttl| Some(ttl).filter(|ttl| ttl.0 > 0))
    }

    /// `table.exec.state.ttl`; `None` for ever.
    pub fn state_ttl(&self) -> Option<Millis> {
        self.duration(&super::STATE_TTL).filter(|ttl| ttl.0 > 0)
    }
}
