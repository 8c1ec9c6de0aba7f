//! The runtime: what carries batches, watermarks and barriers between operators.
//!
//! An operator implements [`Operator`], a source [`SourceReader`], a sink [`Sink`]; one driver runs
//! them all on Timely Dataflow, and none of them sees a type of timely's. The runtime is generic
//! over the [`Batch`]: Arrow for SQL, `Vec<T>` for typed Rust. It knows no SQL and no format.

pub mod batch;
pub mod operator;
pub mod route;
pub mod sink;
pub mod source;
pub mod watermarks;

pub use batch::Batch;
pub use operator::{Operator, OperatorContext, Output};
pub use route::{Route, Router};
pub use sink::{Sink, SinkContext, SinkState};
pub use source::{SourceContext, SourceOutput, SourceReader, SourceState, SplitId};
pub use watermarks::WatermarkRuns;
