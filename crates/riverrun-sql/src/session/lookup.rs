//! Settings of lookup joins that do not make the worker wait.

use super::SessionConfig;
use riverrun_core::{Millis, OptionDef, OptionType};

/// `table.exec.async-lookup.buffer-capacity`.
pub const CAPACITY: OptionDef = OptionDef::new(
    "table.exec.async-lookup.buffer-capacity",
    OptionType::Int,
    Some("100"),
    "How many batches may wait for what is looked up for them, where a hint LOOKUP says 'async'.",
);
/// `table.exec.async-lookup.timeout`.
pub const TIMEOUT: OptionDef = OptionDef::new(
    "table.exec.async-lookup.timeout",
    OptionType::Duration,
    Some("3 min"),
    "How long a batch may wait for it; then the job fails.",
);
/// `table.exec.async-lookup.output-mode`.
pub const OUTPUT_MODE: OptionDef = OptionDef::new(
    "table.exec.async-lookup.output-mode",
    OptionType::OneOf(&["ORDERED", "ALLOW_UNORDERED"]),
    Some("ORDERED"),
    "Whether batches that wait may overtake one another; those of changelogs never do.",
);

impl SessionConfig {
    /// `table.exec.async-lookup.buffer-capacity`.
    pub fn lookup_capacity(&self) -> usize {
        let capacity = self.options.int(&CAPACITY).ok().flatten().and_then(|count| usize::try_from(count).ok());
        capacity.unwrap_or(100).max(1)
    }

    /// `table.exec.async-lookup.timeout`.
    pub fn lookup_timeout(&self) -> Millis {
        self.duration(&TIMEOUT).unwrap_or(Millis(180_000))
    }

    /// Whether `table.exec.async-lookup.output-mode` lets batches overtake one another.
    pub fn lookup_unordered(&self) -> bool {
        self.options.text(&OUTPUT_MODE).is_some_and(|mode| mode.trim().eq_ignore_ascii_case("ALLOW_UNORDERED"))
    }
}
