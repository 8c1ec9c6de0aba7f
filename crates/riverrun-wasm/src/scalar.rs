//! Scalar functions: a value for each row.

use crate::instance::Pool;
use crate::types::Call;
use crate::{BATCH, input, output};
use arrow::array::ArrayRef;
use datafusion_expr::ColumnarValue;
use riverrun_core::{DataType, Result};
use riverrun_sql::functions::Kernel;
use riverrun_sql::functions::user::{Signature, arrays, as_value};
use wasmtime::component::Val;

/// A scalar function of a component.
#[derive(Debug)]
pub struct Scalar {
    caller: Caller,
    returns: DataType,
}

impl Scalar {
    /// The function that is the first export of a pool.
    pub fn new(signature: &Signature, call: Call, pool: Pool) -> Scalar {
        Scalar { caller: Caller { call, pool }, returns: signature.result_type() }
    }
}

impl Kernel for Scalar {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let (columns, rows) = inputs(arguments, rows)?;
        let values = self.caller.call(&columns, rows)?;
        let array = output::column(values, &self.returns).map_err(|error| self.caller.named(&error))?;
        as_value(array, arguments)
    }
}

/// The arguments as columns; constants alone are one row.
pub fn inputs(arguments: &[ColumnarValue], rows: usize) -> Result<(Vec<ArrayRef>, usize)> {
    let constant =
        !arguments.is_empty() && arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { rows };
    Ok((arrays(arguments, rows)?, rows))
}

/// What calls the first export of a pool over rows.
#[derive(Debug)]
pub struct Caller {
    /// How it is called.
    pub call: Call,
    /// Its instances.
    pub pool: Pool,
}

impl Caller {
    /// What the function gives for each row; `None` where NULL means that there is no call.
    pub fn call(&self, columns: &[ArrayRef], rows: usize) -> Result<Vec<Option<Val>>> {
        let mut lease = self.pool.lease();
        let mut given: Vec<Option<Val>> = std::iter::repeat_with(|| None).take(rows).collect();
        let mut waiting: Vec<usize> = Vec::new();
        let mut lists: Vec<Vec<Val>> = vec![Vec::new(); self.call.parameters.len()];
        for row in 0..rows {
            let arguments = input::arguments(columns, row, &self.call.parameters);
            if let Some(arguments) = arguments.map_err(|error| self.named(&error))? {
                if !self.call.batched {
                    given[row] = Some(lease.call(0, &arguments)?);
                    continue;
                }
                waiting.push(row);
                lists.iter_mut().zip(arguments).for_each(|(list, argument)| list.push(argument));
            }
            if waiting.len() == BATCH || (row + 1 == rows && !waiting.is_empty()) {
                let lists: Vec<Val> = lists.iter_mut().map(|list| Val::List(std::mem::take(list))).collect();
                let values = output::list(lease.call(0, &lists)?)?;
                if values.len() != waiting.len() {
                    let (found, wanted) = (values.len(), waiting.len());
                    return Err(self.pool.told(format!("it gave {found} values for {wanted} rows")));
                }
                for (row, value) in waiting.drain(..).zip(values) {
                    given[row] = Some(value);
                }
            }
        }
        Ok(given)
    }

    /// The error with the function's name.
    pub fn named(&self, error: &riverrun_core::Error) -> riverrun_core::Error {
        self.pool.told(error.message())
    }
}
