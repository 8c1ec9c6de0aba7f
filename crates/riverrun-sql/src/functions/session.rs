//! What the session says of itself: CURRENT_DATABASE.

use super::kernels::{kernel, mismatch};
use super::{Argument, FunctionContext, FunctionDef, Resolved};
use arrow::array::{ArrayRef, StringArray};
use riverrun_core::{Result, TypeKind};
use std::sync::Arc;

const SYNTAX: &str = "CURRENT_DATABASE()";

/// The function.
pub const FUNCTIONS: &[FunctionDef] =
    &[FunctionDef::new("session", "CURRENT_DATABASE", SYNTAX, "The database in use, as USE has set it", resolve)];

fn resolve(context: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !arguments.is_empty() {
        return Err(mismatch(SYNTAX, arguments));
    }
    let database = Arc::clone(&context.database);
    Ok(Resolved {
        parameters: Vec::new(),
        returns: TypeKind::STRING.not_null(),
        kernel: kernel("CURRENT_DATABASE", move |arguments| {
            let names = StringArray::from_iter_values(std::iter::repeat_n(&*database, arguments.rows()));
            Ok(Arc::new(names) as ArrayRef)
        }),
    })
}
