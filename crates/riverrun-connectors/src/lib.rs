//! Connectors: where tables live outside. One folder per system, one line each in the [`registry`].

pub mod blackhole;
pub mod connector;
pub mod datagen;
pub mod dead_letter;
pub mod delivery;
pub mod filesystem;
pub mod gate;
pub mod indexed;
#[cfg(feature = "jdbc")]
pub mod jdbc;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod lookup;
pub mod nexmark;
mod pattern;
pub mod print;
pub mod registry;
mod saved;
pub mod scratch;
mod threads;

pub use connector::{
    Connector, MetadataColumn, OnError, ProducedChanges, SinkFactory, SinkSpec, SourceFactory, SourceSpec,
};
