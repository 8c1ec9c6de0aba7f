//! The time that it is: CURRENT_TIMESTAMP and its kin, from the context's clock.

use super::values::{self, DAY_MILLIS};
use super::zone;
use crate::functions::kernels::mismatch;
use crate::functions::{Argument, FunctionContext, FunctionDef, Kernel, Resolve, Resolved};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{Clock, DataType, Error, Result, TimestampKind, TypeKind};
use std::sync::Arc;

const fn now(name: &'static str, aliases: &'static [&'static str], doc: &'static str, resolve: Resolve) -> FunctionDef {
    FunctionDef { name, aliases, group: "temporal", syntax: name, doc, deterministic: false, resolve }
}

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    now(
        "CURRENT_TIMESTAMP",
        &["NOW", "CURRENT_ROW_TIMESTAMP"],
        "The instant at which the row is processed, a TIMESTAMP_LTZ(3).",
        |context, arguments| {
            resolved(context, "CURRENT_TIMESTAMP or NOW()", arguments, TypeKind::timestamp_ltz(3), |millis, _| millis)
        },
    ),
    now("LOCALTIMESTAMP", &[], "The local time, a TIMESTAMP(3).", |context, arguments| {
        resolved(context, "LOCALTIMESTAMP", arguments, TypeKind::timestamp(3), |_, local| local)
    }),
    now("CURRENT_DATE", &[], "The local date.", |context, arguments| {
        resolved(context, "CURRENT_DATE", arguments, TypeKind::Date, |_, local| local.div_euclid(DAY_MILLIS))
    }),
    now("CURRENT_TIME", &["LOCALTIME"], "The local time of day, a TIME(0).", |context, arguments| {
        resolved(context, "CURRENT_TIME", arguments, TypeKind::Time(0), |_, local| {
            local.rem_euclid(DAY_MILLIS) / 1_000 * 1_000
        })
    }),
    now("PROCTIME", &[], "Processing time, as a time attribute.", |context, arguments| {
        let kind = TypeKind::TimestampLtz { precision: 3, kind: TimestampKind::Proctime };
        resolved(context, "PROCTIME()", arguments, kind, |millis, _| millis)
    }),
    FunctionDef {
        syntax: "CURRENT_WATERMARK(time)",
        ..now(
            CURRENT_WATERMARK,
            &[],
            "The watermark before the row, for an event-time column; NULL as long as there is none.",
            current_watermark,
        )
    },
    now("SOURCE_WATERMARK", &[], "A watermark that the source knows: not there yet.", |_, _| {
        Err(Error::unsupported("SOURCE_WATERMARK")
            .hint("give the watermark as an expression: WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"))
    }),
];

/// The watermark before a row. The planner has an operator put it beside the row's columns, so that nothing is left to compute.
pub const CURRENT_WATERMARK: &str = "CURRENT_WATERMARK";

fn current_watermark(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let [time] = arguments else { return Err(mismatch("CURRENT_WATERMARK(time)", arguments)) };
    if time.data_type.kind.timestamp_kind() != TimestampKind::Rowtime {
        return Err(mismatch("CURRENT_WATERMARK(time)", arguments)
            .hint("declare WATERMARK FOR the column in its table and pass it on unchanged"));
    }
    let returns = time.data_type.without_time_attribute().with_nullable(true);
    Ok(Resolved { parameters: vec![time.data_type.clone()], returns, kernel: Arc::new(BesideTheRow) })
}

/// Stands where the planner has put no watermark beside the rows.
#[derive(Debug)]
struct BesideTheRow;

impl Kernel for BesideTheRow {
    fn invoke(&self, _arguments: &[ColumnarValue], _rows: usize) -> Result<ColumnarValue> {
        Err(Error::unsupported("CURRENT_WATERMARK outside of SELECT and WHERE"))
    }
}

/// Seconds since 1970, for UNIX_TIMESTAMP().
pub(super) fn unix_seconds(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    resolved(context, "UNIX_TIMESTAMP()", arguments, TypeKind::BigInt, |millis, _| millis.div_euclid(1_000))
}

/// `value` of the clock's milliseconds and of those of the local time; `syntax` says how it is called.
fn resolved(
    context: &FunctionContext,
    syntax: &str,
    arguments: &[Argument<'_>],
    kind: TypeKind,
    value: fn(i64, i64) -> i64,
) -> Result<Resolved> {
    if !arguments.is_empty() {
        let name = syntax.split([' ', '(']).next().unwrap_or(syntax);
        return Err(
            Error::input(format!("{name} takes no arguments, not even a precision")).hint(format!("write {syntax}"))
        );
    }
    let returns = kind.not_null();
    let clock = context.clock.clone();
    let kernel = Now { returns: returns.clone(), clock, zone: context.time_zone, value };
    Ok(Resolved { parameters: Vec::new(), returns, kernel: Arc::new(kernel) })
}

struct Now {
    returns: DataType,
    clock: Arc<dyn Clock>,
    zone: chrono_tz::Tz,
    value: fn(i64, i64) -> i64,
}

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("now")
    }
}

impl Kernel for Now {
    fn invoke(&self, _arguments: &[ColumnarValue], _rows: usize) -> Result<ColumnarValue> {
        let millis = self.clock.now().0;
        let value = (self.value)(millis, zone::to_local(self.zone, millis, 1_000));
        let array = values::column(&self.returns, 1, |_| Some(value))?;
        let scalar = ScalarValue::try_from_array(&array, 0).map_err(|error| Error::bug(error.to_string()))?;
        Ok(ColumnarValue::Scalar(scalar))
    }
}
