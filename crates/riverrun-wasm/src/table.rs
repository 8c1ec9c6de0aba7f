//! Table functions: any number of rows for each row.

use crate::instance::Pool;
use crate::output;
use crate::scalar::{Caller, inputs};
use crate::types::TableCall;
use datafusion_expr::ColumnarValue;
use riverrun_core::{Error, Field, Result};
use riverrun_sql::functions::Kernel;
use riverrun_sql::functions::user::table::TableRows;
use riverrun_sql::functions::user::{Signature, as_value};
use riverrun_sql::parse::Returns;
use wasmtime::component::Val;

/// A table function of a component.
#[derive(Debug)]
pub struct Table {
    name: String,
    caller: Caller,
    /// Whether a row is the value of the only column.
    single: bool,
    columns: Vec<Field>,
}

impl Table {
    /// The function that is the first export of a pool.
    pub fn new(signature: &Signature, plan: TableCall, pool: Pool) -> Result<Table> {
        let Returns::Table(columns) = signature.returns.clone() else {
            return Err(Error::bug("a table function without columns"));
        };
        let caller = Caller { call: plan.call, pool };
        Ok(Table { name: signature.name.clone(), caller, single: plan.single, columns })
    }
}

impl Kernel for Table {
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        let (inputs, rows) = inputs(arguments, rows)?;
        let mut counts = Vec::with_capacity(rows);
        let mut found: Vec<Option<Val>> = Vec::new();
        for table in self.caller.call(&inputs, rows)? {
            let before = found.len();
            found.extend(table.map_or_else(|| Ok(Vec::new()), output::list)?.into_iter().map(Some));
            counts.push(found.len() - before);
        }
        let columns = match (self.single, self.columns.as_slice()) {
            (true, [column]) => output::column(found, &column.data_type).map(|column| vec![column]),
            _ => output::columns(found, &self.columns),
        };
        let columns = columns.map_err(|error| self.caller.named(&error))?;
        as_value(TableRows { counts, columns }.into_array(&self.name, &self.columns, rows)?, arguments)
    }
}
