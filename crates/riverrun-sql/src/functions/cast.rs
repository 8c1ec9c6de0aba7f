//! CAST and TRY_CAST between all types, and the implicit casts of arguments.
//!
//! A cast of a column is a [`ArrayCast`]: a function from array to array, built once from the two types by [`rules`]; the casts of
//! collections hold those of their elements. Source of the semantics: Flink 2.3, "Data Types, CAST", and its results as measured.

use super::{FunctionContext, Kernel};
use arrow::array::ArrayRef;
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Error, Result};
use std::fmt;
use std::sync::Arc;

mod binary;
mod nested;
pub mod numeric;
mod rules;
pub(crate) use rules::array_cast;
pub mod string;
pub mod temporal;
#[cfg(test)]
mod tests;
mod text;

/// What happens to a value that has no counterpart in the target type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The job fails (CAST).
    Fail,
    /// The result is NULL (TRY_CAST).
    Null,
}

/// The cast of a whole array.
pub(crate) type ArrayCast = Arc<dyn Fn(&ArrayRef) -> Result<ArrayRef> + Send + Sync>;

/// The kernel that casts `from` to `to`, and the type of the result (`to` with the nullability that comes
/// out). `None` if Arrow's value is already right. An error if Flink has no such cast.
///
/// A DECIMAL too large for its type becomes NULL even where the type says NOT NULL; a sink then refuses it, as in Flink.
pub fn cast_kernel(
    context: &FunctionContext,
    from: &DataType,
    to: &DataType,
    on_failure: OnFailure,
) -> Result<(Option<Arc<dyn Kernel>>, DataType)> {
    let cast = rules::array_cast(context.time_zone, &from.kind, &to.kind, on_failure)?;
    let nullable = from.nullable || on_failure == OnFailure::Null;
    let kernel = cast.map(|cast| {
        let name = format!("CAST({} AS {})", from.kind, to.kind);
        Arc::new(CastKernel { name, cast }) as Arc<dyn Kernel>
    });
    Ok((kernel, to.with_nullable(nullable)))
}

/// Casts its one argument.
struct CastKernel {
    name: String,
    cast: ArrayCast,
}

impl fmt::Debug for CastKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Kernel for CastKernel {
    fn invoke(&self, arguments: &[ColumnarValue], _rows: usize) -> Result<ColumnarValue> {
        let bug = |error: datafusion_common::DataFusionError| Error::bug(format!("{}: {error}", self.name));
        match arguments {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array((self.cast)(array)?)),
            [ColumnarValue::Scalar(value)] => {
                let array = (self.cast)(&value.to_array_of_size(1).map_err(bug)?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(bug)?))
            }
            _ => Err(Error::bug(format!("{} with {} arguments", self.name, arguments.len()))),
        }
    }
}

/// A leaf cast got an array of another type than it was built for.
fn wrong_array(array: &ArrayRef, expected: &str) -> Error {
    Error::bug(format!("a cast from {expected} got an array of {}", array.data_type()))
}
