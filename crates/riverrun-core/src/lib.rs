//! What every crate of Riverrun shares: Flink's types, rows in Arrow, options, errors, time, metrics.
//!
//! This crate knows no dataflow, no SQL and no connector. It has no global state: the clock,
//! randomness and metrics are handed in.

pub mod batch;
pub mod bitmap;
pub mod calendar;
pub mod clock;
pub mod error;
pub mod failpoint;
pub mod format_value;
pub mod hash_order;
pub mod java_text;
pub mod metrics;
pub mod options;
pub mod owned_file;
pub mod row_kinds;
pub mod schema;
pub mod suggest;
pub mod time;
pub mod types;
pub mod zone;

pub use batch::{RowBatch, RowKind};
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind, Place, Result};
pub use failpoint::failpoint;
pub use format_value::{RowFormatter, RowWriter, TextStyle, ValueWriter, format_value};
pub use options::{OptionDef, OptionType, Options};
pub use row_kinds::RowKinds;
pub use schema::{Field, Schema};
pub use time::{Epoch, KeyGroup, Millis, Tick, Watermark};
pub use types::{DataType, TimestampKind, TypeKind};
