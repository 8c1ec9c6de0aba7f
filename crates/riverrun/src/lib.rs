//! Riverrun for Rust programs: sessions that run Flink SQL, and the jobs they start.
//!
//! A [`Session`] holds a catalog and options. A [`Script`] is a text of statements; [`run_script`] executes them in order,
//! as `riverrun run` does, and tells a [`Host`] what happens.

mod collect;
pub mod durable;
pub mod functions;
mod launch;
mod log;
pub mod rehearsal;
mod results;
mod run;
mod script;
mod session;
mod state;
pub mod testing;

pub use results::{RowConsumer, SharedConsumer};
pub use run::{Cluster, Control, Host, JobReport, RunOptions, run_script};
pub use script::Script;
pub use session::{Session, StartOptions};

/// The connectors and what they are.
pub mod connectors {
    pub use riverrun_connectors::connector::{COMMON_OPTIONS, common_options};
    pub use riverrun_connectors::registry::{connector, connectors, left_out};
    pub use riverrun_connectors::{Connector, MetadataColumn};
}

/// The formats and what they are.
pub mod formats {
    pub use riverrun_formats::registry::{file_formats, format, formats, names, options};
    pub use riverrun_formats::{EncodedRows, Encoder, Format, FormatSpec, RowFields};
}

pub use riverrun_core as core;
pub use riverrun_operators as operators;
pub use riverrun_runtime as runtime;
pub use riverrun_sql as sql;
