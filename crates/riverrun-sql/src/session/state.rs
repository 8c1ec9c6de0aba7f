//! The settings of keyed state: where it is, and how much memory it may take up.

use super::SessionConfig;
use riverrun_core::{OptionDef, OptionType};

/// `state.backend.type`.
pub const STATE_BACKEND: OptionDef = OptionDef::new(
    "state.backend.type",
    OptionType::OneOf(&["hashmap", "rocksdb"]),
    None,
    "Where keyed state is: in memory, or in memory as far as there is room and in RocksDB. Absent: rocksdb where it is built in.",
);
/// `state.backend`, the older name.
pub const STATE_BACKEND_OLD: OptionDef = OptionDef::new(
    "state.backend",
    OptionType::OneOf(&["hashmap", "rocksdb"]),
    None,
    "The older name of state.backend.type.",
);
/// `state.memory`.
pub const STATE_MEMORY: OptionDef = OptionDef::new(
    "state.memory",
    OptionType::Size,
    Some("1 gb"),
    "How much memory the keyed state of a process takes up, about, with the backend rocksdb.",
);
/// `state.memory.places`.
pub const STATE_PLACES: OptionDef = OptionDef::new(
    "state.memory.places",
    OptionType::Size,
    None,
    "How much of that the places of values that have left memory may take up (eight bytes each) before the values go into RocksDB. Absent: nine tenths; 0: they go there at once.",
);
/// `state.backend.rocksdb.localdir`.
pub const STATE_LOCAL_DIR: OptionDef = OptionDef::new(
    "state.backend.rocksdb.localdir",
    OptionType::Text,
    None,
    "Where RocksDB keeps its files while the job runs. Absent: in the state directory, or in that for temporary files.",
);
/// `execution.checkpointing.data-inline-threshold`.
pub const STATE_INLINE: OptionDef = OptionDef::new(
    "execution.checkpointing.data-inline-threshold",
    OptionType::Size,
    Some("1 mb"),
    "A state that is smaller and never left memory is part of the checkpoint as it is, without files of RocksDB.",
);

/// The settings of keyed state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSettings {
    /// `state.backend.type`: `hashmap` or `rocksdb`, if it was set.
    pub backend: Option<String>,
    /// `state.memory`, in bytes.
    pub memory: usize,
    /// `state.memory.places`, in bytes.
    pub places: Option<usize>,
    /// `state.backend.rocksdb.localdir`.
    pub local_dir: Option<String>,
    /// `execution.checkpointing.data-inline-threshold`, in bytes.
    pub inline: usize,
}

impl SessionConfig {
    /// The settings of keyed state.
    pub fn state(&self) -> StateSettings {
        let given = |definition| {
            let size = self.options.size(definition).ok().flatten();
            size.map(|size| usize::try_from(size).unwrap_or(usize::MAX))
        };
        let backend = self.options.text(&STATE_BACKEND).or_else(|| self.options.text(&STATE_BACKEND_OLD));
        StateSettings {
            backend: backend.map(|backend| backend.trim().to_ascii_lowercase()),
            memory: given(&STATE_MEMORY).unwrap_or(1 << 30),
            places: given(&STATE_PLACES),
            local_dir: self.options.text(&STATE_LOCAL_DIR).map(str::to_owned),
            inline: given(&STATE_INLINE).unwrap_or(1 << 20),
        }
    }
}
