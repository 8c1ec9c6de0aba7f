//! The runtime: what carries batches, watermarks and barriers between operators.
//!
//! An operator implements [`Operator`], a source [`SourceReader`], a sink [`Sink`]; one driver runs
//! them all on Timely Dataflow, and none of them sees a type of timely's. The runtime is generic
//! over the [`Batch`]: Arrow for SQL, `Vec<T>` for typed Rust. It knows no SQL and no format.

mod alignment;
pub mod batch;
mod budget;
mod channel;
pub mod checkpoint;
mod control;
mod decisions;
mod driver;
pub mod flow;
pub mod identity;
mod intake;
pub mod job;
mod message;
pub mod operator;
mod panics;
pub mod process;
pub mod route;
mod shared;
pub mod sink;
mod sink_driver;
pub mod snapshot;
pub mod source;
mod source_driver;
pub mod split_watermarks;
mod stopwatch;
mod ticks;
mod timestamp;
pub mod turns;
mod watermark_tracker;
pub mod watermarks;

pub use batch::Batch;
pub use checkpoint::{CheckpointConfig, CheckpointSchedule, CheckpointStatus, CheckpointSummary};
pub use flow::{Build, Flow, SourceStreams, StreamId};
pub use identity::JobIdentity;
pub use job::{Job, JobConfig, JobHandle, JobOptions};
pub use operator::{Operator, OperatorContext, Output};
pub use panics::install_panic_hook;
pub use process::ProcessLayout;
pub use route::{Route, Router};
pub use sink::{Sink, SinkContext, SinkState};
pub use snapshot::{OperatorPart, Snapshot};
pub use source::{
    Alignment, MaxAhead, SourceContext, SourceOutput, SourceReader, SourceState, SplitId, WatermarkStrategy,
};
pub use watermarks::WatermarkRuns;
