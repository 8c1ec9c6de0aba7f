//! Windows: how rows find them, and what is computed over them.
//!
//! | operator | SQL |
//! |---|---|
//! | [`WindowAssign`](assign::WindowAssign) | `TABLE(TUMBLE(…))` whose rows are used one by one |
//! | [`WindowAggregate`](aggregate::WindowAggregate) | `GROUP BY window_start, window_end, …` over TUMBLE, HOP, CUMULATE, or windowed rows |
//! | [`EmitAggregate`](emit::EmitAggregate) | the same with early and late results (`table.exec.emit.*`) |
//! | [`SessionAggregate`](session::SessionAggregate) | the same over SESSION |
//! | [`WindowTopN`](top_n::WindowTopN) | `ROW_NUMBER() OVER (PARTITION BY window_start, window_end, … ORDER BY …) <= n` |
//! | [`WindowDeduplicate`](deduplicate::WindowDeduplicate) | the same with n = 1, ordered by the time column |
//!
//! A window fires when the watermark reaches its last millisecond, and is gone after that: a row for it is late. Windows of
//! processing time are run by the clock ([`Clocked`](clocked::Clocked)).
//! Source of the semantics: Flink 2.3, "Windowing TVF", "Window Aggregation", "Window Top-N", "Window Deduplication".

pub mod aggregate;
pub mod assign;
pub mod borders;
pub mod clocked;
pub mod deduplicate;
pub mod emit;
mod finder;
pub mod local_time;
#[cfg(test)]
mod model;
mod pane;
mod results;
pub mod session;
mod session_rows;
mod sessions;
mod shares;
pub mod spec;
pub mod top_n;

use riverrun_core::{Result, RowBatch};
use riverrun_runtime::{Operator, OperatorContext};

/// The operator of an aggregation over any window function.
pub fn aggregate(spec: spec::WindowAggregateSpec, context: OperatorContext) -> Result<Box<dyn Operator<RowBatch>>> {
    let (windowing, clock) = (spec.windowing.clone(), context.clock.clone());
    let operator: Box<dyn Operator<RowBatch>> = match spec.windowing {
        spec::Windowing::Time { kind: spec::WindowKind::Session { .. }, .. } => {
            Box::new(session::SessionAggregate::new(spec, context)?)
        }
        _ if spec.emit.is_some() => Box::new(emit::EmitAggregate::new(spec, context)?),
        _ => Box::new(aggregate::WindowAggregate::new(spec, context)?),
    };
    clocked::Clocked::wrap(&windowing, clock, operator)
}
