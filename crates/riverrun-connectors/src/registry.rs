//! All connectors, by name.

use crate::connector::Connector;

/// The connectors that this binary was built with.
pub fn connectors() -> &'static [&'static dyn Connector] {
    &[
        &crate::print::Print,
        &crate::blackhole::Blackhole,
        &crate::filesystem::Filesystem,
        &crate::nexmark::Nexmark,
        &crate::datagen::Datagen,
        #[cfg(feature = "jdbc")]
        &crate::jdbc::Jdbc,
        #[cfg(feature = "kafka")]
        &crate::kafka::Kafka,
        #[cfg(feature = "kafka")]
        &crate::kafka::UpsertKafka,
    ]
}

/// The connector of this name.
pub fn connector(name: &str) -> Option<&'static dyn Connector> {
    connectors().iter().copied().find(|connector| connector.name() == name)
}

/// Connectors and formats that exist but were left out of this binary: (name, cargo feature).
pub fn left_out() -> Vec<(&'static str, &'static str)> {
    let mut missing = Vec::new();
    if cfg!(not(feature = "kafka")) {
        missing.push(("kafka", "kafka"));
        missing.push(("upsert-kafka", "kafka"));
    }
    if cfg!(not(feature = "jdbc")) {
        missing.push(("jdbc", "jdbc"));
    }
    if cfg!(not(feature = "parquet")) {
        missing.push(("parquet", "parquet"));
    }
    missing
}
