//! CAST and TRY_CAST between all types, and the implicit casts of arguments.

use super::{FunctionContext, Kernel};
use riverrun_core::{DataType, Error, Result};
use std::sync::Arc;

/// What happens to a value that has no counterpart in the target type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The job fails (CAST).
    Fail,
    /// The result is NULL (TRY_CAST).
    Null,
}

/// The kernel that casts `from` to `to`, and the type of the result (`to` with the nullability that comes
/// out). `None` if Arrow's value is already right. An error if Flink has no such cast.
pub fn cast_kernel(
    context: &FunctionContext,
    from: &DataType,
    to: &DataType,
    on_failure: OnFailure,
) -> Result<(Option<Arc<dyn Kernel>>, DataType)> {
    let _ = (context, on_failure);
    Err(Error::unsupported(format!("the cast from {from} to {to}")))
}
